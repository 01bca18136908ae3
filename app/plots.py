"""Plots with pyqtgraph, drawn from rollups and never from events: lines over time, gaps, a crosshair, a brush.

Times are drawn by our own axis in the zone asked for: pyqtgraph's follows the system's. Read `panes.metrics` for the pane.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication

from app import style
from app.time_ticks import CLOCK_STEPS_S, tick_text
from inspector.capture.rollup import Throughput
from inspector.text import visible

MOST_LINES = 7
OTHERS = "others"

_PREFIXES = {0: "", 3: " k", 6: " M", 9: " G", 12: " T"}

Line = NDArray[np.float64]


class TimeAxis(pg.AxisItem):
    """An axis of Unix seconds, written in a zone."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        super().__init__("bottom")
        self.zone = zone

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """The texts of ticks: the date when they are a day or more apart, with seconds when less than a minute."""
        return [tick_text(int(value * 1_000_000), int(max(spacing, 1) * 1_000_000), self.zone) for value in values]

    def tickSpacing(self, low: float, high: float, size_px: float) -> list[tuple[float, float]]:
        """Steps that clocks have, at least 80 pixels apart."""
        least = (high - low) / max(size_px / 80, 1)
        return [(next((step for step in CLOCK_STEPS_S if step >= least), CLOCK_STEPS_S[-1]), 0.0)]


class AmountAxis(pg.AxisItem):
    """An axis of amounts: small ones as they are, great ones in thousands and more, the unit's name never scaled."""

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """The texts of ticks, all with the same prefix and no more digits than tell them apart."""
        greatest = max(map(abs, values), default=0.0)
        power = next((power for power in sorted(_PREFIXES, reverse=True) if greatest >= 10**power), 0)
        step = spacing / 10**power
        digits = next((digits for digits in range(9) if abs(round(step, digits) - step) <= step * 1e-6), 9)
        return [f"{value / 10**power:.{digits}f}{_PREFIXES[power] if value else ''}" for value in values]


@dataclass(frozen=True, slots=True)
class Hatched:
    """A stretch of time, in Unix seconds, of which something is not here."""

    from_s: float
    until_s: float
    text: str


class _Box(pg.ViewBox):
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


def dress(plot: Any) -> style.Tokens:
    """Gives a plot's ground, grid and axes the colours of now, which are returned for the rest of it."""
    look, item = style.tokens(), plot.getPlotItem()
    plot.setBackground(look.panel)
    item.showGrid(x=False, y=True, alpha=0.12)
    for side in ("left", "bottom"):
        item.getAxis(side).setPen(pg.mkPen(look.line))
        item.getAxis(side).setTextPen(pg.mkPen(look.dim))
        item.getAxis(side).setTickFont(plot.font())
    return look


class TimeLines(pg.PlotWidget):
    """Lines over time. `clicked(second)` and `brushed((from, until))` say what was pointed at."""

    clicked = Signal(object)
    brushed = Signal(object)
    hovered = Signal(object)
    """`(place)` in the lines under the crosshair; None for none."""
    menu_wanted = Signal(object, object, object)
    """`((from_us, until_us), name, place on the screen)`: what to do with a line at a step; None for none of them."""

    def __init__(self, name: str) -> None:
        self._axis, self._box = TimeAxis(), _Box()
        super().__init__(viewBox=self._box, axisItems={"bottom": self._axis, "left": AmountAxis()}, antialias=True)
        self.setAccessibleName(name)
        self.viewport().setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.times: Line = np.empty(0)
        self.lines: dict[str, Line] = {}
        self._width_s = 1
        self.items_by_name: dict[str, pg.PlotDataItem] = {}
        self._hatches: list[tuple[pg.LinearRegionItem, pg.TextItem]] = []
        self._brush = pg.LinearRegionItem(movable=False)
        self._cross = pg.InfiniteLine(angle=90)
        self._place: int | None = None
        self._prepare()

    def _prepare(self) -> None:
        item = self.getPlotItem()
        item.setDownsampling(auto=True, mode="peak")
        item.setMenuEnabled(False)
        item.hideButtons()
        self._brush.hide()
        self._cross.hide()
        for extra in (self._brush, self._cross):
            self.addItem(extra, ignoreBounds=True)
        self._box.clicked.connect(self.clicked.emit)
        self._box.brushed.connect(self._brushed)
        self.scene().sigMouseMoved.connect(lambda at: self._point(self._box.mapSceneToView(at).x()))
        self.dress()

    def dress(self) -> None:
        """The colours of now: light or dark."""
        look = dress(self)
        self._cross.setPen(pg.mkPen(look.accent))
        self._brush.setBrush(QBrush(style.wash("accent")))
        for name, color in line_colors(self.items_by_name).items():
            self.items_by_name[name].setPen(pg.mkPen(color, width=1))

    # ---- what is shown

    def set_zone(self, zone: tzinfo) -> None:
        """Writes times in this zone."""
        self._axis.zone = zone
        self._axis.picture = None
        self._axis.update()

    def show_lines(self, first_s: int, width_s: int, lines: Mapping[str, Line]) -> None:
        """Draws these lines; those that exist are only given new data."""
        self._width_s, self.lines = width_s, dict(lines)
        self.times = first_s + np.arange(len(next(iter(lines.values()), ())), dtype=np.float64) * width_s
        if set(lines) != set(self.items_by_name):
            self._make_items(lines)
        for name, values in lines.items():
            # a line of one point has no length: it is shown as a dot
            item = self.items_by_name[name]
            item.setData(self.times, values, symbol="o" if len(values) == 1 else None, symbolSize=6, symbolBrush=item.opts["pen"].color())
        if len(self.times):
            self.setXRange(self.times[0], max(self.times[-1], self.times[0] + width_s), padding=0.01)

    def _make_items(self, lines: Mapping[str, Line]) -> None:
        for name in [name for name in self.items_by_name if name not in lines]:
            self.removeItem(self.items_by_name.pop(name))
        for name, color in line_colors(lines).items():
            pen = pg.mkPen(color, width=1)
            if name in self.items_by_name:
                self.items_by_name[name].setPen(pen)
            else:
                self.items_by_name[name] = self.plot([], [], pen=pen)

    def show_hatched(self, stretches: Sequence[Hatched]) -> None:
        """Hatches what was not read, with its number."""
        while len(self._hatches) < len(stretches):
            pair = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None)), pg.TextItem(anchor=(0, 0))
            for extra in pair:
                self.addItem(extra, ignoreBounds=True)
            self._hatches.append(pair)
        for place, (region, text) in enumerate(self._hatches):
            is_used = place < len(stretches)
            region.setVisible(is_used)
            text.setVisible(is_used)
            if is_used:
                stretch = stretches[place]
                region.setBrush(style.hatching())
                region.setRegion((stretch.from_s, stretch.until_s))
                text.setText(visible(stretch.text), style.color("dim"))
                text.setPos(stretch.from_s, self.viewRange()[1][1])

    def show_brush(self, stretch: tuple[float, float] | None) -> None:
        """Shows the range in force."""
        self._brush.setVisible(stretch is not None)
        if stretch is not None:
            self._brush.setRegion(stretch)

    # ---- pointing

    def step_at(self, second: float) -> tuple[int, int]:
        """`[from, until)` in microseconds of the step whose point is nearest to a moment; the second itself where there is none."""
        if not len(self.times):
            return int(second * 1_000_000), int(second * 1_000_000) + 1_000_000
        place = max(0, min(round((second - self.times[0]) / self._width_s), len(self.times) - 1))
        return int(self.times[place]) * 1_000_000, (int(self.times[place]) + self._width_s) * 1_000_000

    def point(self, place: int | None) -> None:
        """Puts the crosshair at a place of the lines."""
        self._place = place if place is None or not len(self.times) else max(0, min(place, len(self.times) - 1))
        self._cross.setVisible(self._place is not None)
        if self._place is not None and len(self.times):
            self._cross.setPos(self.times[self._place])

    def _point(self, second: float) -> None:
        place = round((second - self.times[0]) / self._width_s) if len(self.times) else -1
        inside = 0 <= place < len(self.times)
        self.point(place if inside else None)
        self.hovered.emit(self._place)

    def _brushed(self, stretch: tuple[float, float], is_finished: bool) -> None:
        self.show_brush(stretch)
        if is_finished:
            self.brushed.emit(stretch)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        """Left and right move the crosshair, Enter goes to its moment."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if ev.key() in steps and len(self.times):
            self.point((len(self.times) if self._place is None else self._place) + steps[Qt.Key(ev.key())])
            self.hovered.emit(self._place)
        elif ev.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._place is not None and len(self.times):
            self.clicked.emit(float(self.times[self._place]))
        else:
            super().keyPressEvent(ev)

    def name_at(self, second: float, amount: float) -> str | None:
        """The line that is nearest to an amount at a moment; None when it is further away than a tenth of the plot's height."""
        if not len(self.times):
            return None
        place = max(0, min(round((second - self.times[0]) / self._width_s), len(self.times) - 1))
        low, high = self.viewRange()[1]
        away = {name: abs(values[place] - amount) for name, values in self.lines.items()}
        name = min(away, key=lambda each: away[each])
        return name if away[name] <= (high - low) / 10 else None

    def contextMenuEvent(self, ev: QContextMenuEvent) -> None:
        """Asks what to do with the line under the pointer, or with the step under the crosshair when it was a key."""
        ev.accept()
        if ev.reason() is QContextMenuEvent.Reason.Keyboard:
            span = None if self._place is None or not len(self.times) else self.step_at(self.times[self._place])
            self.menu_wanted.emit(span, None, self.mapToGlobal(self.rect().center()))
            return
        at = self._box.mapSceneToView(self.mapToScene(ev.pos()))
        span = self.step_at(at.x()) if len(self.times) else None
        self.menu_wanted.emit(span, self.name_at(at.x(), at.y()), ev.globalPos())

    def leaveEvent(self, ev: QEvent) -> None:
        """No crosshair without a mouse."""
        super().leaveEvent(ev)
        self.point(None)
        self.hovered.emit(None)


def line_colors(names: Mapping[str, object]) -> dict[str, QColor]:
    """A colour for each line; what is summed up as others is faint."""
    colors = style.series_colors(set(names) - {OTHERS})
    return {name: colors[name] if name != OTHERS else style.color("faint") for name in names}


def busiest(counts: Mapping[str, Sequence[int]], width_s: int) -> dict[str, Line]:
    """Counts as rates a second by name, the busiest first; the eighth and further names are one line, "others"."""
    ordered = sorted(counts.items(), key=lambda line: -sum(line[1]))
    lines: dict[str, Line] = {name or "none": np.asarray(values, dtype=np.float64) / width_s for name, values in ordered[:MOST_LINES]}
    if rest := ordered[MOST_LINES:]:
        lines[OTHERS] = np.sum([np.asarray(values, dtype=np.float64) for _, values in rest], axis=0) / width_s
    return lines


def draw_throughput(found: Throughput, by: str, target: Path, *, width_px: int = 1200, height_px: int = 480) -> bool:
    """Draws the events a second into the PNG `target`; False when it cannot be written."""
    plot = TimeLines("events/s")
    plot.resize(width_px, height_px)
    legend = plot.getPlotItem().addLegend(offset=(-10, 4), colCount=4, labelTextColor=style.tokens().dim)
    day = datetime.fromtimestamp(found.first_s, UTC).strftime("%Y-%m-%d")
    title = f"events/s by {by} · {found.width_s:,} s steps · from {day} · event time (UTC)"
    plot.setTitle(title, color=style.tokens().dim, size="9pt")
    plot.show_lines(found.first_s, found.width_s, busiest(found.events, found.width_s))
    for name, item in plot.items_by_name.items():
        legend.addItem(item, html.escape(visible(name)))
    plot.show()
    QApplication.processEvents()
    written = bool(plot.grab().save(str(target), "PNG"))
    plot.close()
    return written
