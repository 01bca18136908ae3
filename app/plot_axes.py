"""What all plots share: an axis of time in a zone, an axis of amounts, the colours of ground, grid and lines.

Times are drawn by our own axis in the zone asked for: pyqtgraph's follows the system's. Read `plots` and `replay_plot` for the plots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QColor

from app import style
from app.models.bar_counts import OTHERS
from app.time_ticks import CLOCK_STEPS_S, tick_text

_PREFIXES = {0: "", 3: " k", 6: " M", 9: " G", 12: " T"}
_LEAST_TICK_PX, _CLOCK_PX, _SECONDS_PX = 24, 56, 80


class TimeAxis(pg.AxisItem):
    """An axis of Unix seconds, written in a zone."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        super().__init__("bottom")
        self.zone = zone

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """The texts of ticks: the date when they are a day or more apart, with seconds when less than a minute."""
        return [tick_text(int(value * 1_000_000), int(max(spacing, 1) * 1_000_000), self.zone) for value in values]

    def tickSpacing(self, low: float, high: float, size_px: float) -> list[tuple[float, float]]:
        """Steps that clocks have, so far apart that their texts have room."""

        def has_room(step: int) -> bool:
            return step * size_px >= (high - low) * (_CLOCK_PX if step >= 60 else _SECONDS_PX)

        return [(next(filter(has_room, CLOCK_STEPS_S), CLOCK_STEPS_S[-1]), 0.0)]


class AmountAxis(pg.AxisItem):
    """An axis of amounts: small ones as they are, great ones in thousands and more, the unit's name never scaled.

    `is_log`: what is drawn are decimal logarithms, and what is written the amounts.
    """

    def __init__(self) -> None:
        super().__init__("left")
        self.enableAutoSIPrefix(False)
        self.is_log = False

    def tickSpacing(self, low: float, high: float, size_px: float) -> list[tuple[float, float]]:
        """Whole decades where they are logarithms, at least 24 pixels apart."""
        if not self.is_log:
            found: list[tuple[float, float]] = super().tickSpacing(low, high, size_px)
            return found
        return [(float(max(1, math.ceil((high - low) * _LEAST_TICK_PX / max(size_px, 1)))), 0.0)]

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """The texts of ticks, all with the same prefix and no more digits than tell them apart; of logarithms each with its own."""
        if self.is_log:
            return [_short_amount(10.0**value) for value in values]
        greatest = max(map(abs, values), default=0.0)
        power = next((power for power in sorted(_PREFIXES, reverse=True) if greatest >= 10**power), 0)
        step = spacing / 10**power
        digits = next((digits for digits in range(9) if abs(round(step, digits) - step) <= step * 1e-6), 9)
        return [f"{value / 10**power:.{digits}f}{_PREFIXES[power] if value else ''}" for value in values]


def _short_amount(value: float) -> str:
    power = next((power for power in sorted(_PREFIXES, reverse=True) if value * 1.000_001 >= 10**power), 0)
    return f"{value / 10**power:.3g}{_PREFIXES[power]}"


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


def line_colors(names: Mapping[str, object]) -> dict[str, QColor]:
    """A colour for each line; what is summed up as others is faint."""
    colors = style.series_colors(set(names) - {OTHERS})
    return {name: colors[name] if name != OTHERS else style.color("faint") for name in names}
