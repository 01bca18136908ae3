"""The status line: how much is captured, how fast, what was lost or could not be read, what it takes on the disk."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app import style
from app.messages import Message
from app.models.account import Account
from app.plain import PlainLabel, announce, set_role, set_tip
from app.profile_button import ProfileButton
from app.profiles import Profiles
from app.selection import Selection
from app.session import Session
from inspector.capture.explaining import decoder_words
from inspector.text import shortened

_DECODER_CHARACTERS = 48


class StatusLine(QWidget):
    """The numbers of one session; `messages` opens the message log, `inputs` what is known of files, `profile` the menu of profiles."""

    def __init__(self, session: Session, profiles: Profiles, selection: Selection) -> None:
        super().__init__()
        self._session = session
        self.decoder = PlainLabel(role="dim")
        self.captured, self.rate, self.lost = PlainLabel(role="dim"), PlainLabel(role="dim"), PlainLabel(role="dim")
        self.undecodable, self.aborted, self.disk = PlainLabel(role="dim"), PlainLabel(role="dim"), PlainLabel(role="dim")
        self.state = PlainLabel(role="faint", elided=True)
        self.messages, self.profile, self.inputs = QPushButton(), ProfileButton(profiles), QPushButton()
        set_tip(self.inputs, "What is known of the files, and what they prove")
        self.inputs.hide()
        self._unseen = 0
        layout = QHBoxLayout(self)
        layout.setContentsMargins(style.MARGIN_PX + 2, 0, style.MARGIN_PX + 2, 2)
        layout.setSpacing(20)
        for label in (self.captured, self.rate, self.lost, self.undecodable, self.aborted, self.disk):
            layout.addWidget(label)
        layout.addWidget(self.inputs)
        layout.addWidget(self.state, 1)
        layout.addWidget(self.messages)
        layout.addWidget(self.decoder)
        layout.addWidget(PlainLabel("UTC", role="dim"))
        layout.addWidget(self.profile)
        self.rate.hide()
        self.decoder.hide()
        selection.event_changed.connect(self._ask_decoder)
        session.account_changed.connect(self.show_account)
        session.rate_changed.connect(self.show_rate)
        session.state_changed.connect(self.show_state)
        session.messages.added.connect(self._message_added)
        self.messages.clicked.connect(self.show_seen)
        self.show_seen()

    def show_seen(self) -> None:
        """The messages have been looked at."""
        self._unseen = 0
        self.messages.setText("Messages")
        set_role(self.messages, "")

    def _message_added(self, message: Message) -> None:
        if message.level == "error":
            self._unseen += 1
            self.messages.setText(f"Messages · {self._unseen:,} {'error' if self._unseen == 1 else 'errors'}")
            set_role(self.messages, "bad")

    def show_account(self, account: Account) -> None:
        """Shows the counts; one that is not final says "at least"."""
        least = "" if account.is_final else "at least "
        available = max(account.available, account.captured)
        self.captured.show_text(f"{account.captured:,} captured of {available:,}")
        set_tip(self.captured, "Available counts positions in the logs: compaction and transaction markers leave some without a record")
        self.lost.show_text(f"lost {account.lost:,}")
        set_role(self.lost, "bad" if account.lost else "dim")
        set_tip(self.lost, account.lost_reason or "Nothing that was asked for was gone before it could be read")
        self.undecodable.show_text(f"{least}{account.undecodable:,} undecodable")
        set_role(self.undecodable, "warn" if account.undecodable else "dim")
        self.aborted.show_text(f"{least}{account.aborted:,} aborted")
        self.inputs.setText(f"imported from {account.inputs:,} {'file' if account.inputs == 1 else 'files'}")
        self.inputs.setVisible(account.inputs > 0)
        self.disk.show_text(f"capture {shown_size(account.size_bytes)} · {shown_size(account.free_bytes)} free")
        set_tip(self.disk, f"{account.size_bytes:,} bytes; {account.free_bytes:,} bytes are free on its disk")

    def _ask_decoder(self, seq: int) -> None:
        if not seq:
            self.show_decoder(("", False))
            return
        self._session.work.run(lambda reader: decoder_words(reader, seq), self.show_decoder, lambda _error: None, lane="decoder")

    def show_decoder(self, found: tuple[str, bool]) -> None:
        """Says by what the current event was decoded: its decoder and schema, and whether that is missing."""
        words, is_missing = found
        self.decoder.show_text(shortened(f"{'! ' if is_missing else ''}{words}" if words else "", _DECODER_CHARACTERS))
        set_role(self.decoder, "warn" if is_missing else "dim")
        set_tip(self.decoder, "By what the current event was decoded" if not is_missing else "The schema this event names is missing")
        self.decoder.setVisible(bool(words))

    def show_state(self, text: str) -> None:
        """Shows what the capture says of its connection."""
        self.state.show_text(text)
        if text:
            announce(self, text)

    def show_rate(self, rate: float | None) -> None:
        """Shows the rate of the running capture; nothing when none runs."""
        self.rate.show_text("" if rate is None else f"{rate:,.0f} /s")
        self.rate.setVisible(rate is not None)


def shown_size(size_bytes: int) -> str:
    """`412 MB`, in powers of 1,000 and three digits."""
    size, units = float(size_bytes), ["bytes", "kB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.0f} {units[0]}" if size >= 99.5 or units[0] == "bytes" else f"{size:.3g} {units[0]}"
