"""Plots with pyqtgraph, drawn from rollups and never from events; here the throughput, to a picture without a window.

Times are drawn by our own axis, in UTC: pyqtgraph's follows the system's zone.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app import style
from inspector.capture.rollup import Throughput
from inspector.text import visible

_MOST_LINES = 7
_CLOCK_STEPS = (1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)


def time_axis() -> pg.AxisItem:
    """An axis of Unix seconds, written as UTC."""
    axis = pg.AxisItem("bottom")
    axis.tickStrings = _tick_texts
    axis.tickSpacing = _tick_steps
    return axis


def _tick_texts(values: Sequence[float], _scale: float, spacing: float) -> list[str]:
    """The texts of ticks: the date when they are a day or more apart, with seconds when less than a minute."""
    shape = "%Y-%m-%d" if spacing >= 86_400 else "%H:%M" if spacing >= 60 else "%H:%M:%S"
    return [datetime.fromtimestamp(value, UTC).strftime(shape) for value in values]


def _tick_steps(low: float, high: float, size_px: float) -> list[tuple[float, float]]:
    """Steps that clocks have, at least 80 pixels apart."""
    least = (high - low) / max(size_px / 80, 1)
    return [(next((step for step in _CLOCK_STEPS if step >= least), _CLOCK_STEPS[-1]), 0.0)]


class ThroughputPlot:
    """Events a second over time, a line for each name, in `widget`; the eighth and further names are one line, "others"."""

    def __init__(self) -> None:
        look = style.tokens()
        self.widget = pg.PlotWidget(background=look.panel, axisItems={"bottom": time_axis()}, antialias=True)
        item = self.widget.getPlotItem()
        item.setDownsampling(auto=True, mode="peak")
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=False, y=True, alpha=0.12)
        for side in ("left", "bottom"):
            item.getAxis(side).setPen(pg.mkPen(look.line))
            item.getAxis(side).setTextPen(pg.mkPen(look.dim))
        item.addLegend(offset=(-10, 4), colCount=4, labelTextColor=look.dim)
        self._lines: dict[str, pg.PlotDataItem] = {}

    def show_throughput(self, found: Throughput, title: str) -> None:
        """Draws what was found; lines that exist are only given new data."""
        self.widget.setTitle(title, color=style.tokens().dim, size="9pt")
        lines = _lines(found)
        colors = {**style.series_colors(set(lines) - {_OTHERS}), _OTHERS: style.color("faint")}
        times = found.first_s + np.arange(len(next(iter(lines.values()), [])), dtype=np.float64) * found.width_s
        for name, rates in lines.items():
            self._line(name, colors[name]).setData(times, rates)

    def _line(self, name: str, color: QColor) -> pg.PlotDataItem:
        if name not in self._lines:
            self._lines[name] = self.widget.plot([], [], name=html.escape(visible(name)), pen=pg.mkPen(color, width=1))
        return self._lines[name]


_OTHERS = "others"


def _lines(found: Throughput) -> dict[str, np.ndarray]:
    """Rates by name, the busiest first."""
    busiest = sorted(found.events.items(), key=lambda line: -sum(line[1]))
    lines = {name or "no type": np.asarray(events, dtype=np.float64) / found.width_s for name, events in busiest[:_MOST_LINES]}
    if rest := busiest[_MOST_LINES:]:
        lines[_OTHERS] = np.sum([np.asarray(events, dtype=np.float64) for _, events in rest], axis=0) / found.width_s
    return lines


def draw_throughput(found: Throughput, by: str, target: Path, *, width_px: int = 1200, height_px: int = 480) -> bool:
    """Draws the throughput into the PNG `target`; False when it cannot be written."""
    plot = ThroughputPlot()
    plot.widget.resize(width_px, height_px)
    day = datetime.fromtimestamp(found.first_s, UTC).strftime("%Y-%m-%d")
    plot.show_throughput(found, f"events/s by {by} · {found.width_s:,} s steps · from {day} · event time (UTC)")
    plot.widget.show()
    QApplication.processEvents()
    written = bool(plot.widget.grab().save(str(target), "PNG"))
    plot.widget.close()
    return written
