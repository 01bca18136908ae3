"""Parts of a plot: what is hatched, what is marked, where the mouse drags and clicks, which line is near. Read `plots` for the plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal


@dataclass(frozen=True, slots=True)
class Hatched:
    """A stretch of time, in Unix seconds, of which something is not here."""

    from_s: float
    until_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to know about a moment, in Unix seconds; `role` names its colour."""

    at_s: float
    text: str
    role: str = "accent"
    is_of_all: bool = False
    """It is of the time of looking and not of an event: it is shown whatever a plot is of."""


class PlotBox(pg.ViewBox):
    """Drags are a stretch of time, clicks a moment; nothing is moved by the mouse."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=False, y=False)

    brushed = Signal(object, object)
    clicked = Signal(object)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        """A stretch of time."""
        ev.accept()
        start, end = self.mapToView(ev.buttonDownPos()).x(), self.mapToView(ev.pos()).x()
        self.brushed.emit((min(start, end), max(start, end)), bool(ev.isFinish()))

    def mouseClickEvent(self, ev: Any) -> None:
        """A moment."""
        if ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.clicked.emit(self.mapToView(ev.pos()).x())

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        """Left to what is around."""
        ev.ignore()


def nearest(heights: Mapping[str, float], height: float, room: Sequence[float], *, is_stacked: bool) -> str | None:
    """The name whose line is nearest, or whose part of a stack a height is in; None for none near."""
    known = {name: each for name, each in heights.items() if not np.isnan(each)}
    if is_stacked:
        return next((name for name, each in known.items() if 0 <= height <= each), None)
    name = min(known, key=lambda each: abs(known[each] - height), default=None)
    return name if name is not None and abs(known[name] - height) <= (room[1] - room[0]) / 10 else None
