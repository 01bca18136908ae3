"""Numbers of a state over the stream's life: pinned paths as stepped lines, the moment shown as a cursor. A click goes there.

Read `replay_page` for pages, `plot_axes` for the axes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.fold import Answer
from app.legend import Legend
from app.models.replay_rows import honest_words, shown_path
from app.plot_axes import AmountAxis, TimeAxis, dress, line_colors
from app.replay_page import ReplayPage
from app.replaying import Replaying

MOST_PATHS = 7
Point = Sequence[Any]
"""`[place, time in µs or None, number or None]`"""


def has_rising_times(points: Sequence[Point]) -> bool:
    """Whether every point has a time and none is before the one before it: then time is the axis, else the place is."""
    times = [point[1] for point in points]
    return None not in times and all(one <= other for one, other in pairwise(times))


def height(number: Any) -> float:
    """How high a number is drawn; none for what is no number, and for one that no double holds."""
    try:
        found = np.nan if number is None else float(number)
    except OverflowError:
        return np.nan
    return found if np.isfinite(found) else np.nan


class _LifeAxis(TimeAxis):
    """The stream's life: times in a zone, or numbers of events where times do not rise."""

    is_by_time = True

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """The texts of ticks."""
        return super().tickStrings(values, _scale, spacing) if self.is_by_time else [f"{round(value):,}" for value in values]

    def tickSpacing(self, low: float, high: float, size_px: float) -> list[tuple[float, float]]:
        """Steps that clocks have, or whole numbers."""
        if self.is_by_time:
            return super().tickSpacing(low, high, size_px)
        least = (high - low) / max(size_px / 60, 1)
        steps = (digit * 10**power for power in range(10) for digit in (1, 2, 5))
        return [(float(next((step for step in steps if step >= least), 10**10)), 0.0)]


class StatePlot(pg.PlotWidget):
    """Stepped lines. `place_chosen(place)` says what was clicked."""

    place_chosen = Signal(object)

    def __init__(self) -> None:
        self._axis = _LifeAxis()
        super().__init__(axisItems={"bottom": self._axis, "left": AmountAxis()}, antialias=False)
        self.setAccessibleName("Pinned numbers over the stream")
        self.viewport().setAccessibleName("Pinned numbers over the stream")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lines: dict[str, list[Point]] = {}
        self.is_by_time = True
        self._items: dict[str, pg.PlotDataItem] = {}
        self._cursor = pg.InfiniteLine(angle=90)
        self._at = 0
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        self.addItem(self._cursor, ignoreBounds=True)
        self.scene().sigMouseClicked.connect(self._clicked)
        self.dress()

    def dress(self) -> None:
        """The colours of now."""
        self._cursor.setPen(pg.mkPen(dress(self).accent, width=2))
        for name, color in line_colors(self._items).items():
            self._items[name].setPen(pg.mkPen(color, width=1))

    def changeEvent(self, ev: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(ev)
        if ev.type() is QEvent.Type.PaletteChange and hasattr(self, "_cursor"):
            self.dress()

    def set_zone(self, zone: tzinfo) -> None:
        """Writes times in this zone."""
        self._axis.zone = zone
        self._axis.picture = None
        self._axis.update()

    def show_lines(self, lines: Mapping[str, list[Point]]) -> None:
        """Draws these lines, by path."""
        self.lines = {name: points for name, points in lines.items() if points}
        self.is_by_time = all(map(has_rising_times, self.lines.values()))
        self._axis.is_by_time = self.is_by_time
        for name in [name for name in self._items if name not in self.lines]:
            self.removeItem(self._items.pop(name))
        for name, color in line_colors(self.lines).items():
            if name not in self._items:
                self._items[name] = self.plot([], [], stepMode="right", connect="finite")
            points = self.lines[name]
            heights = np.array([height(point[2]) for point in points])
            is_drawn = not np.isnan(heights).all()
            self._items[name].setData(
                np.array([self._x(point) for point in points]) if is_drawn else [],
                heights if is_drawn else [],
                pen=pg.mkPen(color, width=1),
                symbol="o" if len(points) <= 60 else None,
                symbolSize=5,
                symbolPen=None,
                symbolBrush=color,
            )
        self.getPlotItem().autoRange()
        self.show_place(self._at)

    def _x(self, point: Point) -> float:
        return point[1] / 1_000_000 if self.is_by_time else float(point[0])

    def show_place(self, place: int) -> None:
        """Puts the cursor where the state is."""
        self._at = place
        points = max(self.lines.values(), key=len, default=[])
        at = bisect_left(points, place + 1, key=lambda point: int(point[0])) - 1
        self._cursor.setVisible(at >= 0)
        if at >= 0:
            self._cursor.setPos(self._x(points[at]))

    def _clicked(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(self.getPlotItem().vb.mapSceneToView(event.scenePos()).x())

    def choose(self, x: float) -> None:
        """Goes to the event whose point is nearest."""
        points = [point for line in self.lines.values() for point in line]
        if points:
            self.place_chosen.emit(int(min(points, key=lambda point: abs(self._x(point) - x))[0]))

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Left and right go to the change before and after."""
        places = sorted({int(point[0]) for line in self.lines.values() for point in line})
        if ev.key() in {Qt.Key.Key_Left, Qt.Key.Key_Right} and places:
            before = [place for place in places if place < self._at]
            after = [place for place in places if place > self._at]
            wanted = before[-1:] if ev.key() == Qt.Key.Key_Left else after[:1]
            if wanted:
                self.place_chosen.emit(wanted[0])
        else:
            super().keyPressEvent(ev)


class PlotPage(ReplayPage):
    """The pinned paths as lines, and a table of their points beside them."""

    title = "Plot"
    unpinned = Signal(object)
    """`(path)`: it is to be pinned no more."""

    def __init__(self, replaying: Replaying) -> None:
        super().__init__(replaying, ("event", "path", "number"), [70, 150, 0])
        self.paths: list[str] = []
        self.legend, self.plot, self._both = Legend(), StatePlot(), QWidget()
        both = QVBoxLayout(self._both)
        both.setContentsMargins(4, 0, 4, 4)
        both.setSpacing(2)
        both.addWidget(self.legend)
        both.addWidget(self.plot, 1)
        self.stack.addWidget(self._both)
        self.as_table = self.add_button("Table", "The numbers instead of the lines")
        self.as_table.setCheckable(True)
        self.as_table.toggled.connect(lambda _on: self._turn())
        self.plot.place_chosen.connect(self.place_wanted.emit)

    def show_paths(self, paths: Sequence[str]) -> None:
        """Plots other paths."""
        self.paths = list(paths)[:MOST_PATHS]
        self.look_again()

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self.plot.set_zone(zone)
        super().set_zone(zone)

    def refresh(self) -> None:
        """Asks for the series of the whole stream; the cursor follows the state."""
        if not self.paths:
            self.say("")
            self.say_honest("")
            self.as_table.hide()
            self.show_none("No field is pinned.", "The menu of a row of the state has Pin: a number is plotted here.")
            return
        self.replaying.ask("series", self._show, lane="series", failed=self.fail, paths=self.paths)

    def _show(self, answer: Answer) -> None:
        lines = {shown_path(one["path"]): one["points"] for one in answer["series"]}
        points = sum(map(len, lines.values()))
        self.say_honest(honest_words(answer.get("honest")))
        if not answer["done"]:
            self.replaying.ask("series", self._show, lane="series", failed=self.fail, paths=self.paths)
        applied = "" if answer["done"] else f"{answer['applied']:,} events so far · "
        if not points:
            self.say(applied)
            if answer["done"]:
                self.as_table.hide()
                self.show_none("The pinned fields hold no numbers.", "Text and lists are shown above the state.")
            return
        changes = sum(int(one["changes"]) for one in answer["series"])
        beyond = sum(point[2] is not None and np.isnan(height(point[2])) for line in lines.values() for point in line)
        self.plot.show_lines(lines)
        self.plot.show_place(int(self.replaying.look.get("place", 0)))
        by = "event time" if self.plot.is_by_time else "events of the stream, since their times do not rise"
        undrawn = f" · {beyond:,} too large to be drawn, see Table" if beyond else ""
        self.say(f"{applied}{changes:,} change{'' if changes == 1 else 's'} over {by}{undrawn}")
        self.legend.show_colors(line_colors(self.plot.lines))
        rows = sorted((int(point[0]), name, point[2]) for name, line in lines.items() for point in line)
        self.table.show_rows([[f"{place:,}", name, "no number" if number is None else f"{number}"] for place, name, number in rows])
        self.as_table.show()
        self._turn()

    def _turn(self) -> None:
        if self.plot.lines:
            self.stack.setCurrentWidget(self.view if self.as_table.isChecked() else self._both)
