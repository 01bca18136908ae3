"""What a field of the open capture means, said by the user: asks in a dialog, then has the capture decoded again, in a bar.

The command line does the work, as a process of its own. Read `dialogs.this_field` for the question, `child` for the process,
`inspector.redecode` for what it does.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal

from app.child import Child
from app.dialogs.decode_again import DecodeAgainDialog, Places, places_in
from app.dialogs.this_field import ThisFieldDialog
from app.fetching import Fetching
from app.messages import Messages
from app.models.version_rows import waiting_words
from app.notice import Notice, thin_bar
from app.own_rules import own_rules
from app.selection import Selection
from app.session import Session
from inspector.capture.versions import Report, report
from inspector.ingest import FINISHING

_LOOK_MS = 20
_PATIENCE_MS = 120_000
"""A decode that is stopped still puts the marks of late events right: a minute or so for 50 million events."""
_END_MS = 8_000


class DecodeBar(Notice):
    """Hidden until something is decoded. One job at a time, of the capture that is followed."""

    decoded = Signal()
    """The capture means something else now: everything is to be read anew."""
    copy_wanted = Signal()
    """The user wants a copy of the capture, one that can be changed."""

    def __init__(self, messages: Messages, zone: Callable[[], tzinfo]) -> None:
        super().__init__("Decoding")
        self.setObjectName("panel")
        self._messages, self._zone = messages, zone
        self._session: Session | None = None
        self._selection: Selection | None = None
        self._child: Child | None = None
        self._leaving: list[Child] = []
        self._told: Mapping[str, Any] = {}
        self._places, self._asked = Places(), Places()
        """Where schemas are looked for now, and what was asked last."""
        self._is_waiting = self._is_stopped = self._is_due = False
        self._bar = thin_bar("How much is decoded", 100)
        self._letting_go = QTimer(self, interval=_LOOK_MS)
        self._letting_go.timeout.connect(self._start_when_free)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._bar)

    @property
    def is_running(self) -> bool:
        """Whether something is being decoded, or about to be."""
        return self._child is not None or self._letting_go.isActive()

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Goes with another capture; what is being decoded ends where it is."""
        self.end(wait_ms=0)
        self._session, self._selection, self._is_waiting = session, selection, False
        self._is_due, self._places, self._asked = False, Places(), Places()
        self._bar.hide()
        self._dismiss.show()
        self.hide()
        if session is not None and selection is not None:
            selection.meaning_wanted.connect(self.ask)
            selection.decoding_wanted.connect(self.ask_again)
            session.capture_ended.connect(lambda _error: self._captured(session))

    def _captured(self, session: Session) -> None:
        if self._is_waiting and session is self._session and not Fetching.of(session).makes_room:
            self._begin()

    def ask(self, field: str, place: str) -> None:
        """Asks for everything that a rule needs to be written."""
        if self._session is None or self._selection is None or not self._selection.seq:
            return
        try:
            dialog = ThisFieldDialog(self._session, self._selection.seq, field, place, self._zone(), self.window())
        except OSError as error:
            self.say(f"there is no folder for your rules: {error}", role="bad")
            return
        dialog.written.connect(lambda stops_capture: self.decode(stops_capture=bool(stops_capture), places=Places()))
        dialog.copy_wanted.connect(self.copy_wanted)
        dialog.open()

    def ask_again(self) -> None:
        """Asks where schemas may be found, and decodes the capture again with them."""
        session = self._session
        if session is None:
            return
        before = self._asked if self._asked != Places() else places_in(session.asked[1])

        def ask(found: Report) -> None:
            dialog = DecodeAgainDialog(before, waiting_words(found), self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.wanted.connect(self.decode_with)
            dialog.open()

        session.work.run(report, ask, lambda _error: ask(Report()), lane="what waits")

    def decode_with(self, places: Places) -> None:
        """Decodes the open capture again, with schemas from there too."""
        self._asked = places
        self.decode(places=places)

    def decode(self, *, stops_capture: bool = False, places: Places | None = None) -> None:
        """Decodes the open capture again by the user's rules; while it is captured or decoded, when that has ended.

        Schemas that it lacks are looked for in `places`; None: where they were looked for last.
        """
        session = self._session
        self._places = self._places if places is None else places
        self._is_due = self.is_running
        if session is None or self.is_running:
            return
        if not (session.is_capturing or Fetching.of(session).makes_room):
            self._begin()
            return
        self._is_waiting = True
        if stops_capture:
            session.stop_capture()
            self.say("the capture is being stopped; then it is decoded again")
        else:
            sentence = f"{'' if self._places != Places() else 'the rule is written; '}this capture is decoded again when the capture ends"
            self.say(sentence, action="Stop the capture now", acted=lambda: self.decode(stops_capture=True))

    def stop(self) -> None:
        """Ends it where it is: what was decoded stays so."""
        self._is_stopped = True
        if self._child is not None:
            self._child.stop()
            self.say("decoding is being stopped …")

    def end(self, wait_ms: int = _END_MS) -> None:
        """Ends it for good and hears no more of it; what was decoded stays so."""
        self._letting_go.stop()
        child, self._child = self._child, None
        if child is not None:
            for signal in (child.progressed, child.said, child.ended):
                signal.disconnect()
            child.stop()
            self._leaving.append(child)
        for leaving in self._leaving if wait_ms else ():
            leaving.end(wait_ms)
        self._leaving = [leaving for leaving in self._leaving if leaving.is_running]

    # ---- the process

    def _begin(self) -> None:
        session, self._is_waiting = self._session, False
        if session is not None:
            self._told, self._is_stopped = {}, False
            self.say("this capture is being decoded again …", action="Stop", acted=self.stop)
            self._dismiss.hide()
            self._bar.setValue(0)
            self._bar.show()
            session.let_go()
            self._letting_go.start()

    def _start_when_free(self) -> None:
        """A reader that takes the file for unchanging must be gone before it is changed."""
        session = self._session
        if session is None or not session.work.has_let_go:
            return
        self._letting_go.stop()
        if self._is_stopped:
            self._over("")
            return
        command = ["decode", str(session.path), *own_rules(), *self._places.options]
        self._messages.say("note", f"$ eventscope {shlex.join(command)}")
        child = self._child = Child(
            [*command, "--progress", "json", "--format", "jsonl", "--stop-with-stdin"],
            self.window(),
            config=self._places.config,
            patience_ms=_PATIENCE_MS,
        )
        child.progressed.connect(self._progressed)
        child.said.connect(self._messages.say)
        child.ended.connect(self._over)
        child.start()

    def _progressed(self, line: Mapping[str, Any]) -> None:
        session = self._session
        if session is None:
            return
        if "decoded" in line:
            self._told = line
        elif line.get("type") == "state" and line.get("text") == FINISHING:
            session.let_go()
        elif line.get("type") == "progress":
            self._show_progress(session, int(line.get("events") or 0))

    def _show_progress(self, session: Session, events: int) -> None:
        if not self._bar.value():
            session.read_again()
        total = session.watermark.events if session.watermark is not None else 0
        self._bar.setValue(max(1, min(events * 100 // max(total, 1), 100)))
        if not self._is_stopped:
            self.text.show_text(f"→ this capture is being decoded again: {events:,} of {total:,} events")

    def _over(self, error: str) -> None:
        child, self._child = self._child, None
        self._bar.hide()
        self._dismiss.show()
        if child is not None:
            child.deleteLater()
        session = self._session
        if session is None:
            return
        session.read_again(is_over=True)
        if self._is_due:  # another rule was written meanwhile
            self._is_due = False
            self._begin()
        elif error:
            self.say(error, role="bad", action="Try again", acted=self.decode)
        else:
            self.say(_outcome(self._told, was_stopped=self._is_stopped), role="warn" if self._is_stopped else "dim", **self._next())
        if not self.is_running:
            self.decoded.emit()

    def _next(self) -> dict[str, Any]:
        return {"action": "Decode all of it", "acted": self.decode} if self._is_stopped else {}


def _outcome(told: Mapping[str, Any], *, was_stopped: bool) -> str:
    decoded, changed, undecodable = (int(told.get(name) or 0) for name in ("decoded", "changed", "undecodable"))
    words = f"{decoded:,} events decoded again, {changed:,} of them mean something else now"
    if undecodable:
        words += f"; {undecodable:,} undecodable"
    return f"{words}; stopped: the rest means what it meant before" if was_stopped else words
