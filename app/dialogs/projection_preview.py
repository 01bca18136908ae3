"""The numbers of a projection that is being written, from the open capture: a part of a large one first, all of it when asked.

Counts in a worker, slice by slice, and goes on while the capture grows. Read `models.projected` for the numbers, `projection` for
the form.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app import style
from app.event_rows_view import RowsView
from app.models.projected import WINDOW, Projected, go_on
from app.models.text_table import TextTable
from app.notice import Notice, thin_bar
from app.plain import PlainLabel, set_tip
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.projections import Projection, State
from inspector.text import shortened, visible

_AGAIN_MS = 1_000
_MOST_CHARACTERS, _WIDE_PX, _LEAST_PX = 60, 150, 76


class ProjectionPreview(QWidget):
    """Shows what `show_projection` is told."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._state: State | None = None
        self._asked: list[object] = []
        """Holds the question that is asked; another one, or none, drops it."""
        self._wants_all = self._is_whole = False
        self._headers: Sequence[str] = ()
        self.projection: Projection | None = None
        self.part, self.left_out = PlainLabel(role="title", elided=True), PlainLabel(role="dim", elided=True)
        self.busy, self.notice = thin_bar("Events are being counted", 0), Notice("About the numbers")
        self.table = TextTable((), self)
        self.view = RowsView(self.table, "Numbers", [], least_px=_LEAST_PX)
        self.count_all = QPushButton("Count all")
        self.count_all.setProperty("role", "plain")
        self.count_all.setAutoDefault(False)
        set_tip(self.count_all, "Goes on until all events of the capture are counted")
        self.count_all.clicked.connect(self._count_all)
        self.count_all.hide()
        head, layout = QHBoxLayout(), QVBoxLayout(self)
        head.addWidget(self.part, 1)
        head.addWidget(self.count_all)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(head)
        for each in (self.busy, self.left_out, self.notice):
            layout.addWidget(each)
        layout.addWidget(self.view, 1)
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._go_on)
        session.watermark_changed.connect(self._grown)

    def show_projection(self, projection: Projection | None) -> None:
        """Counts this one, unless it is the one that is shown; None: it can be none, and what is shown stands back."""
        before, self.projection = self.projection, projection
        if projection is None:
            self.drop()
            self._state = None
            self.view.setEnabled(False)
        elif before is None or self._state is None or not _same(before, projection):
            self._state, self._wants_all = State(projection), False
            self.view.setEnabled(False)
            self.notice.hide()
            self._go_on()

    def drop(self) -> None:
        """Counts no more."""
        self._asked.clear()
        self._again.stop()
        self.busy.hide()

    def _go_on(self) -> None:
        """Asks a worker to look at a further part."""
        state, asked, waiting = self._state, object(), self._asked
        if state is None:
            return
        waiting[:] = [asked]
        self.busy.show()

        def look(reader: CaptureReader) -> Projected:
            return go_on(reader, state, lambda: asked not in waiting)

        self._session.work.run(look, self._looked, self._failed, lane="projection")

    def _looked(self, found: Projected) -> None:
        self._asked.clear()
        self.busy.hide()
        self._is_whole = found.is_whole
        if self._headers != found.headers:
            self._headers = found.headers
            self._show_columns(found.headers, found.right)
        tones = ["bad" if is_alarming else "text" for is_alarming in found.alarming] if any(found.alarming) else []
        self.table.show_rows(found.rows, tones)
        self.view.setEnabled(True)
        self.part.show_text(found.sentence)
        self.left_out.show_text("; ".join(found.notes))
        self.left_out.setVisible(bool(found.notes))
        self.count_all.setVisible(not found.is_whole)
        self.count_all.setEnabled(not self._wants_all)
        if not found.is_whole and self._wants_all:
            self._go_on()

    def _show_columns(self, headers: Sequence[str], right: Sequence[int]) -> None:
        """A table of other columns is another model."""
        before, last = self.table, len(headers) - 1
        self.table = TextTable([visible(shortened(name, _MOST_CHARACTERS)) for name in headers], self, right=right, toned=[last])
        self.view.setModel(self.table)
        self.view.fit_columns(
            [_WIDE_PX if name == WINDOW or (place == last and place not in right) else 0 for place, name in enumerate(headers)]
        )
        before.deleteLater()

    def _failed(self, sentence: str) -> None:
        self._asked.clear()
        self.busy.hide()
        projection, self._state = self.projection, None
        if sentence != "stopped":
            self.notice.say(sentence, role="bad", action="Try again", acted=lambda: self.show_projection(projection))

    def _count_all(self) -> None:
        self._wants_all = True
        self.count_all.setEnabled(False)
        self._go_on()

    def _grown(self, _what: object = None) -> None:
        """A capture that grows is counted on, once it was counted to its end."""
        if self._state is not None and not self._asked and self._is_whole and not self._again.isActive():
            self._again.start()


def _same(one: Projection, other: Projection) -> bool:
    """Whether two projections give the same rows; what they are called does not count."""

    def counted(projection: Projection) -> tuple[object, ...]:
        return projection.digest, projection.labels, projection.measures, projection.alarms

    return counted(one) == counted(other)
