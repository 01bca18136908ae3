"""The steps of testing a connection, as they happen: sign, word, sentence. Knows no process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from app import style
from app.plain import PlainLabel

_LONGEST = 1_000
_MOST = 60


class Steps(QFrame):
    """Hidden until `begin`. `add` takes the lines of `eventscope logs --check`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName("Steps of the test")
        self.lines: list[str] = []
        """What is shown, one text per step, for reading out and for copying."""
        self._scroll = QScrollArea()
        self._scroll.setAccessibleName("Steps")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._running = PlainLabel(role="faint")
        self._scroll.viewport().setAutoFillBackground(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, style.GAP_PX, 1, style.GAP_PX)
        layout.addWidget(self._scroll)
        self.hide()

    def begin(self) -> None:
        """Empties the list and says that the test runs."""
        self.lines = []
        page = QWidget()
        page.setObjectName("steps")
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(0, 0, style.INSIDE_PX, 0)
        self._grid.setHorizontalSpacing(style.INSIDE_PX)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(2, 1)
        self._running = PlainLabel("… testing", role="faint")
        self._grid.addWidget(self._running, 1_000, 0, 1, 3)
        self._grid.setRowStretch(1_001, 1)
        self._scroll.setWidget(page)
        page.setAutoFillBackground(False)
        self.show()

    def add(self, told: Mapping[str, Any]) -> None:
        """One step, done or failed."""
        works, name, text = told.get("works") is True, str(told.get("step", "")), str(told.get("text", ""))
        self._row(works, name, text.removeprefix(f"{name}: "))

    def end(self, error: str) -> None:
        """The test is over; `error` is said when no step says it."""
        self._running.hide()
        if error:
            self._row(False, "", error)

    def _row(self, works: bool, name: str, text: str) -> None:
        if len(self.lines) >= _MOST:
            return
        sign = PlainLabel("✓ ok" if works else "✗ failed", role="ok" if works else "bad")
        sentence = PlainLabel(text[:_LONGEST])
        sentence.setWordWrap(True)
        row = len(self.lines)
        for column, label in enumerate((sign, PlainLabel(name, role="dim"), sentence)):
            self._grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop if column < 2 else Qt.AlignmentFlag(0))
        self.lines.append(f"{sign.whole_text()} {name}: {sentence.whole_text()}")
        bar = self._scroll.verticalScrollBar()
        bar.setValue(bar.maximum())
