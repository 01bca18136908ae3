"""The picture of bars over time: stacked counts, what was not read, ticks for single events, a scale below. Paints; knows no mouse.

Read `bars_view` for the widget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from app import style
from app.time_ticks import ticks

LEFT_PX, BOTTOM_PX, TOP_PX, RIGHT_PX = 52, 18, 6, 10
_TICK_PX = 6
_ROOM_PX = 60

Counts = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch of time of which something is not here, and how much."""

    from_us: int
    until_us: int
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """What is shown. `counts` are stacked in their order, each with its colour."""

    first_us: int = 0
    width_us: int = 1
    counts: Counts = field(default_factory=dict)
    colors: Mapping[str, QColor] = field(default_factory=dict)
    unread: Sequence[Unread] = ()
    late_us: Sequence[int] = ()
    noted_us: Sequence[int] = ()

    @property
    def number(self) -> int:
        """How many bars there are."""
        return len(next(iter(self.counts.values()), ()))

    def bar_at(self, time_us: int) -> int | None:
        """The bar of a moment."""
        place = (time_us - self.first_us) // self.width_us
        return int(place) if 0 <= place < self.number else None

    def name_at(self, bar: int, events: float) -> str | None:
        """Whose part of a bar lies so many events above its foot; None above its top."""
        top = 0
        for name, counts in self.counts.items():
            top += int(counts[bar])
            if events < top:
                return name
        return None

    def span(self, bar: int) -> tuple[int, int]:
        """`[from, until)` of a bar."""
        low = self.first_us + bar * self.width_us
        return low, low + self.width_us

    @property
    def until_us(self) -> int:
        """Where the last one ends."""
        return self.first_us + self.number * self.width_us


@dataclass(frozen=True, slots=True)
class Scale:
    """Where moments are in a picture of that size; `view` is `[from, until)` of what is seen, in microseconds."""

    view: tuple[int, int]
    width_px: int
    height_px: int

    @property
    def plot(self) -> QRect:
        """Where the bars are."""
        return QRect(LEFT_PX, TOP_PX, max(self.width_px - LEFT_PX - RIGHT_PX, 1), max(self.height_px - TOP_PX - BOTTOM_PX, 1))

    def x_of(self, time_us: int) -> int:
        """The pixel of a moment, within some room beside the picture."""
        low, high = self.view
        share = min(max((time_us - low) / (high - low), -1.0), 2.0)
        return LEFT_PX + round(share * self.plot.width())

    def time_at(self, x_px: float) -> int:
        """The moment at a pixel, within what is seen."""
        low, high = self.view
        share = min(max((x_px - LEFT_PX) / self.plot.width(), 0.0), 1.0)
        return low + round(share * (high - low))


def paint(picture: QPixmap, bars: Bars, scale: Scale, zone: tzinfo) -> None:
    """Everything that does not move."""
    painter, plot = QPainter(picture), scale.plot
    tallest = tallest_of(bars, scale.view)
    painter.setPen(style.color("dim"))
    painter.drawText(QRect(0, plot.top() - 4, LEFT_PX - 6, 16), int(Qt.AlignmentFlag.AlignRight), short_count(tallest))
    painter.drawText(QRect(0, plot.bottom() - 11, LEFT_PX - 6, 16), int(Qt.AlignmentFlag.AlignRight), "0")
    painter.fillRect(plot.left(), plot.bottom(), plot.width(), 1, style.color("line"))
    for time_us, text in ticks(*scale.view, plot.width(), zone):
        at = scale.x_of(time_us)
        painter.fillRect(at, plot.bottom(), 1, 4, style.color("line"))
        painter.drawText(QRect(at - _ROOM_PX, plot.bottom() + 3, 2 * _ROOM_PX, BOTTOM_PX), int(Qt.AlignmentFlag.AlignHCenter), text)
    painter.setClipRect(plot.adjusted(0, -TOP_PX, 0, 0))
    hatched = _paint_unread(painter, bars, scale)
    if tallest:
        _paint_bars(painter, bars, scale, tallest)
    _say_unread(painter, bars, hatched, plot)
    for times, color in ((bars.late_us, "warn"), (bars.noted_us, "accent")):
        for time_us in times:
            painter.fillRect(scale.x_of(time_us) - 1, plot.top() - TOP_PX, 3, _TICK_PX, style.color(color))
    painter.end()


def tallest_of(bars: Bars, view: tuple[int, int]) -> int:
    """Of the bars that are seen."""
    if not bars.number:
        return 0
    whole = np.sum([*bars.counts.values()], axis=0)
    first = max((view[0] - bars.first_us) // bars.width_us, 0)
    seen = whole[first : max((view[1] - 1 - bars.first_us) // bars.width_us + 1, 0)]
    return int(seen.max()) if len(seen) else 0


def _paint_bars(painter: QPainter, bars: Bars, scale: Scale, tallest: int) -> None:
    plot, base = scale.plot, np.zeros(bars.number, np.int64)
    edges = [scale.x_of(bars.first_us + place * bars.width_us) for place in range(bars.number + 1)]
    gap = 1 if edges[-1] - edges[0] >= 4 * bars.number else 0
    factor = plot.height() / tallest
    for name, counts in bars.counts.items():
        top = base + counts
        for place in np.flatnonzero(counts).tolist():
            left, right = edges[place], edges[place + 1]
            if right < plot.left() or left > plot.right():
                continue
            high, low = round(int(top[place]) * factor), round(int(base[place]) * factor)
            height = max(high - low, 1 if not base[place] else 0)  # a single event is seen, however tall the others are
            painter.fillRect(left, plot.bottom() - low - height, max(right - left - gap, 1), height, bars.colors[name])
        base = top


def _paint_unread(painter: QPainter, bars: Bars, scale: Scale) -> list[QRect]:
    found = []
    for stretch in bars.unread:
        left, right = scale.x_of(stretch.from_us), scale.x_of(stretch.until_us)
        found.append(QRect(left, scale.plot.top(), max(right - left, 2), scale.plot.height()))
        painter.fillRect(found[-1], style.hatching())
    return found


def _say_unread(painter: QPainter, bars: Bars, where: Sequence[QRect], plot: QRect) -> None:
    """What is not there, over everything: it must be readable."""
    for stretch, whole in zip(bars.unread, where, strict=True):
        seen = whole.intersected(plot)
        if seen.width() > _ROOM_PX:
            text = painter.fontMetrics().elidedText(stretch.text, Qt.TextElideMode.ElideRight, seen.width() - 12)
            box = painter.fontMetrics().boundingRect(text).adjusted(-3, 0, 3, 0)
            box.moveTopLeft(seen.topLeft() + QPoint(4, 1))
            painter.fillRect(box, style.color("panel"))
            painter.setPen(style.color("text"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


def short_count(count: int) -> str:
    """A count as the scale has room for it."""
    for unit, size in ((" M", 1_000_000), (" k", 10_000)):
        if count >= size:
            scale = 1_000_000 if unit == " M" else 1_000
            return f"{count / scale:.1f}".rstrip("0").rstrip(".") + unit
    return f"{count:,}"
