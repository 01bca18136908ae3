"""Why a value does not decode, or what else it may be: every decoder tried on the current event's value, the likeliest first.

Decoders run on a worker thread, over what the capture holds: nobody else is asked. Read `inspector.capture.explaining` for the
work, `app.models.attempt_table` for the rows.
"""

from __future__ import annotations

import shlex

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.models.attempt_table import STOPPED, AttemptTable
from app.notice import thin_bar
from app.plain import PlainLabel, PlainText, set_role, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.explaining import Explained, Tried, explained
from inspector.text import visible_lines

_BUSY_MS = 200


class ExplainDialog(QDialog):
    """Stays open beside the window and follows its current event."""

    byte_wanted = Signal(object)
    """`(place)`: somebody wants to see this byte of the current event's value."""

    def __init__(self, session: Session, selection: Selection, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("What this value may be")
        self.resize(960, 540)
        self._session, self._selection = session, selection
        self.found: Explained | None = None
        self.table = AttemptTable(self)
        self.view = RowsView(self.table, "Decoders that were tried", [136, 84, 0, 92, 230])
        self.heading, self.reason = PlainLabel(role="title", elided=True), PlainLabel(role="warn", elided=True)
        self.outcome, self.preview = PlainLabel(role="dim", elided=True), PlainText("What the decoder read")
        self.busy = thin_bar("Decoders are being tried", 0)
        self.empty = Empty("Nothing is tried yet.", "")
        self.go, self.copy, self.command = QPushButton("Go to the byte"), QPushButton("Copy what it read"), QPushButton("Copy the command")
        self.again, self.shut = QPushButton("Decode again …"), QPushButton("Close")
        self._late = QTimer(self, singleShot=True, interval=_BUSY_MS)
        self._late.timeout.connect(self.busy.show)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        for button in (self.go, self.copy, self.command, self.again, self.shut):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        set_tip(self.go, "Shows in the bytes where this decoder had to stop")
        set_tip(self.again, "Decodes the capture again from its stored bytes, with schemas from a folder or a registry")
        set_tip(self.command, "The command that decodes this event again")
        whole = QWidget()
        parts = QVBoxLayout(whole)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(style.GAP_PX)
        parts.addWidget(self.view, 3)
        parts.addWidget(self.outcome)
        parts.addWidget(self.preview, 2)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(whole)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.GAP_PX)
        for button in (self.go, self.copy, self.command):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.again)
        buttons.addWidget(self.shut)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(style.GAP_PX)
        for widget in (self.heading, self.reason, self.busy):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 1)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.view.selectionModel().currentRowChanged.connect(lambda index, _before: self._chosen(index.row()))
        self.view.clicked.connect(self._clicked)
        self.view.activated.connect(lambda _index: self.go_to_byte())
        self.view.copy_wanted.connect(self.copy_read)
        self.go.clicked.connect(lambda _on: self.go_to_byte())
        self.copy.clicked.connect(lambda _on: self.copy_read())
        self.command.clicked.connect(lambda _on: self.copy_command())
        self.again.clicked.connect(lambda _on: self._selection.decode_again())
        self.shut.clicked.connect(lambda _on: self.close())
        self._selection.event_changed.connect(self._follow)

    def ask(self, seq: int) -> None:
        """Tries every decoder on an event's value."""
        self._late.start()
        self.heading.show_text(f"Event #{seq:,}")
        self._session.work.run(lambda reader: explained(reader, seq), self._show, self._fail, lane="explain")

    def _follow(self, seq: int) -> None:
        if self.isVisible() and seq:
            self.ask(seq)

    def _show(self, found: Explained) -> None:
        self._settle()
        self.found = found
        self.heading.show_text(f"Event #{found.seq:,} · value of {found.size:,} bytes")
        self.reason.show_text(f"! {found.reason}" if found.reason else "")
        self.reason.setVisible(bool(found.reason))
        self.table.show_rows(found.tried)
        self._stack.setCurrentIndex(0 if found.refused else 1)
        self.empty.show_text(f"{found.refused[:1].upper()}{found.refused[1:]}.", "Copy the command below: it runs outside this window.")
        if found.tried:
            self.view.setCurrentIndex(self.table.index(0, 0))
        self._chosen(0 if found.tried else -1)

    def _fail(self, error: str) -> None:
        self._settle()
        if error != "stopped":
            self.reason.show_text(f"✕ decoders could not be tried: {error}")
            self.reason.show()

    def _settle(self) -> None:
        self._late.stop()
        self.busy.hide()

    def current(self) -> Tried | None:
        """The decoder that is chosen."""
        row = self.view.row()
        return self.table.rows[row] if 0 <= row < len(self.table.rows) else None

    def _chosen(self, _row: int) -> None:
        one = self.current()
        self.go.setEnabled(one is not None and one.stopped_at is not None)
        self.go.setText("Go to the byte" if one is None or one.stopped_at is None else f"Go to byte {one.stopped_at:,}")
        self.copy.setEnabled(one is not None and bool(one.preview))
        said = "" if one is None else f"{one.decoder} could not read it:" if one.error else f"{one.decoder} reads:"
        self.outcome.show_text(said)
        set_role(self.outcome, "dim" if one is None or not one.error else "bad" if one.sureness > 0 else "dim")
        self.preview.show_text(visible_lines(one.error or one.preview) if one is not None else "")

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == STOPPED:
            self.go_to_byte()

    def go_to_byte(self) -> None:
        """Asks for the byte where the chosen decoder had to stop."""
        one = self.current()
        if one is not None and one.stopped_at is not None:
            self.byte_wanted.emit(one.stopped_at)

    def copy_read(self) -> None:
        """Copies what the chosen decoder read."""
        if (one := self.current()) is not None and one.preview:
            QGuiApplication.clipboard().setText(one.preview)

    def copy_command(self) -> None:
        """Copies the command that decodes this event again."""
        if self.found is not None:
            words = ["eventscope", "decode", str(self._session.path), "--filter", f"seq == {self.found.seq}"]
            QGuiApplication.clipboard().setText(shlex.join(words))
