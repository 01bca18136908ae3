"""What is asked of all aggregates: which category, at which moment by which clock, and which of them. Knows no session.

Read `panes.states` for what is done with it.
"""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app import style
from app.plain import set_tip
from app.replay_controls import ClockBox

_FRAME_PX, _LEAST_TIME, _MOST_TIME = 26, 8, 27
"""Of the box for a time: what is beside its text, and of how many characters that is at least and at most."""
_WIDE_PX = 800


class StatesQuestion(QWidget):
    """The boxes, in one line; in a narrow pane the filter has a line of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.category, self.time, self.clock, self.filter = QComboBox(), QLineEdit(), ClockBox(), QLineEdit()
        self.category.setAccessibleName("Category")
        self.category.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for box in (self.category, self.clock):
            box.setMinimumContentsLength(5)  # where room is short
        self.time.setAccessibleName("Moment")
        self.time.setPlaceholderText("now")
        self.time.setFont(style.fixed_font())
        self.time.textChanged.connect(lambda _text: self._fit_time())
        self._fit_time()
        set_tip(self.time, "The moment: 14:03, 2026-11-23, -15m, a whole RFC 3339 time; empty for all events")
        self.filter.setAccessibleName("Filter states")
        self.filter.setPlaceholderText("Filter, e.g. state.balance < 0")
        self.filter.setFont(style.fixed_font())
        self.filter.setClearButtonEnabled(True)
        self.here = QPushButton("At this event")
        set_tip(self.here, "The moment of the current event")
        self._lay_out()

    def _lay_out(self) -> None:
        when = QHBoxLayout()
        for widget in (self.category, self.time, self.clock, self.here):
            when.addWidget(widget)
        when.addStretch(1)
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, 2)
        for line in (when, self._lines):
            line.setSpacing(style.GAP_PX)
        self._lines.addLayout(when)
        self._lines.addWidget(self.filter, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One line, or two."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= _WIDE_PX
        self._lines.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)

    def _fit_time(self) -> None:
        """What is written is seen whole; the filter has what it does not need."""
        character_px = QFontMetrics(self.time.font()).horizontalAdvance("0")
        length = min(max(len(self.time.text()), _LEAST_TIME), _MOST_TIME)
        self.time.setFixedWidth(length * character_px + _FRAME_PX)
