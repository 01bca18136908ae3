"""What a plot shows: a metric, how its lines are told apart, of which events, how they are drawn, and from when on it is an alarm.

Pure; no Qt, no I/O. Read `profile` for where plots are kept, `inspector.metrics` for what can be plotted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.models.toml_parts import boolean, choice, only, problem_of, short, text
from inspector.errors import UsageError
from inspector.mask_text import toml_string

LINEAR, LOG, STACKED = "linear", "log", "stacked"
SCALES = (LINEAR, LOG, STACKED)
MOST_PLOTS = 24
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number of the metric's unit, and the side of it that is an alarm."""

    value: float
    is_above: bool = True

    def is_crossed(self, value: float) -> bool:
        """Whether a number is on the side of the alarm; what is not known is not."""
        return value > self.value if self.is_above else value < self.value

    def words(self) -> str:
        """`above 100`"""
        return f"{'above' if self.is_above else 'below'} {self.value:,.12g}"


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One plot. `by` is empty for the metric's first label."""

    metric: str
    by: str = ""
    filter: str = ""
    scale: str = LINEAR
    has_table: bool = False
    threshold: Threshold | None = None


def standard(by: str = "log") -> tuple[PlotSpec, ...]:
    """The plots that are there without being asked for."""
    return PlotSpec("events", by), PlotSpec("bytes", by)


def threshold_of(typed: str, *, is_above: bool) -> Threshold | None:
    """The threshold that is typed as a number; None for none. Raises UsageError for what is no number."""
    digits = typed.strip().replace(",", "").replace("_", "")
    if not digits:
        return None
    try:
        value = float(digits)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{short(typed)} is no number such as 100 or 0.5")
    return Threshold(value, is_above)


# ---- in a profile's file


def lines_of(plots: Sequence[PlotSpec]) -> list[str]:
    """The plots as tables of a TOML file."""
    lines: list[str] = []
    for plot in plots:
        lines += ["", "[[plots]]", f"metric = {toml_string(plot.metric)}", f"by = {toml_string(plot.by)}"]
        lines += [f"filter = {toml_string(plot.filter)}"] if plot.filter else []
        lines += [f"scale = {toml_string(plot.scale)}"] if plot.scale != LINEAR else []
        lines += ["table = true"] if plot.has_table else []
        if (threshold := plot.threshold) is not None:
            lines.append(f"{'above' if threshold.is_above else 'below'} = {threshold.value!r}")
    return lines


def plots_of(found: object, check_filter: Callable[[str], str]) -> tuple[PlotSpec, ...]:
    """The plots of such tables. Raises UsageError that says what is wrong, and at which place."""
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise UsageError("plots: write [[plots]], in double brackets, once for each plot")
    if len(found) > MOST_PLOTS:
        raise UsageError(f"plots: at most {MOST_PLOTS}")
    return tuple(_plot(table, f"plots[{number}].", check_filter) for number, table in enumerate(found, 1))


def _plot(table: Mapping[str, Any], at: str, check_filter: Callable[[str], str]) -> PlotSpec:
    only(table, at, "metric by filter scale table above below")
    metric, by, wanted = text(table, at, "metric"), text(table, at, "by", ""), text(table, at, "filter", "")
    for name, value in (("metric", metric), ("by", by)):
        if len(value) > _MOST_NAME or not value.isprintable():
            raise UsageError(f"{at}{name}: a name has at most {_MOST_NAME} characters, and nothing in it that cannot be seen")
    if wanted and (problem := problem_of(wanted, check_filter)):
        raise UsageError(f"{at}filter: {problem}")
    scale = choice(table, at, "scale", SCALES, LINEAR)
    return PlotSpec(metric, by, wanted, scale, boolean(table, at, "table", usual=False), _threshold(table, at))


def _threshold(table: Mapping[str, Any], at: str) -> Threshold | None:
    sides = [side for side in ("above", "below") if side in table]
    if len(sides) > 1:
        raise UsageError(f"{at}below: a plot has one threshold, above or below")
    if not sides:
        return None
    value = table[sides[0]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise UsageError(f"{at}{sides[0]}: a number is wanted, not {short(value)}")
    try:
        return Threshold(float(value), sides[0] == "above")
    except OverflowError:
        raise UsageError(f"{at}{sides[0]}: a number is wanted, not {short(value)}") from None
