"""The line that says which of its stream's events the current one is, and goes to the one before and after.

Knows the selection and the session's workers. Read `models.stream_place` for the look-up.
"""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app import style
from app.models.stream_place import StreamPlace, stream_place
from app.plain import PlainLabel, set_tip
from app.selection import Selection
from app.session import Session

_STEP_PX = 30


class StreamLine(QWidget):
    """`‹ › 12 of 131 in order-4711`."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__()
        self._session, self._selection = session, selection
        self.place = StreamPlace(0)
        self.previous, self.next = QPushButton("‹"), QPushButton("›")
        self.words = PlainLabel(role="dim", elided=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, style.INSIDE_PX, 2)
        layout.setSpacing(2)
        for button, name in ((self.previous, "Previous event of this stream"), (self.next, "Next event of this stream")):
            button.setAccessibleName(name)
            button.setFixedWidth(_STEP_PX)
            set_tip(button, name)
            layout.addWidget(button)
        layout.addWidget(self.words, 1)
        self.previous.clicked.connect(self.go_to_previous)
        self.next.clicked.connect(self.go_to_next)
        selection.event_changed.connect(self.ask)
        self._show(StreamPlace(0))

    def go_to_previous(self) -> None:
        """Makes the event before in this stream the current one."""
        self._go(self.place.previous)

    def go_to_next(self) -> None:
        """Makes the event after in this stream the current one."""
        self._go(self.place.next)

    def _go(self, seq: int) -> None:
        if seq and self.place.seq == self._selection.seq:
            self._selection.choose_event(seq)

    def ask(self, seq: int) -> None:
        """Looks up the place of an event; the stream may have grown since."""
        if seq:
            self._session.work.run(lambda reader: stream_place(reader, seq), self._show, self._fail, lane="place in stream")
        else:
            self._show(StreamPlace(0))

    def _fail(self, error: str) -> None:
        if error != "stopped":
            self._show(StreamPlace(0))

    def _show(self, place: StreamPlace) -> None:
        self.place = place
        self.words.show_text(place.words if place.seq else "")
        self.previous.setEnabled(place.previous > 0)
        self.next.setEnabled(place.next > 0)
