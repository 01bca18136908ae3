"""The answer of a metric as lines to draw: unknown values as gaps, no more points than pixels, stacked, summed up. No Qt, no I/O.

Read `inspector.metrics` for answers, `plots` for the drawing.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.models.bar_counts import OTHERS, shown_name
from app.models.plot_spec import PlotSpec
from inspector.event import format_time
from inspector.export import Cells
from inspector.metrics import COLUMNS, SECOND_US, Answer, Question, rows

MOST_LINES = 40
"""Drawn in one plot; the table beside it has all."""
_LIVE_CUT_US = 60 * SECOND_US

Line = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plotted:
    """An answer with its lines as arrays, the largest first; `times` are where the steps begin, in Unix seconds."""

    answer: Answer
    question: Question
    times: Line
    lines: Mapping[str, Line]

    @property
    def step_s(self) -> float:
        """How wide a step is."""
        return self.answer.step_us / SECOND_US

    def span_us(self, place: int) -> tuple[int, int]:
        """`[from, until)` of a step."""
        first_us = self.answer.first_us + place * self.answer.step_us
        return first_us, first_us + self.answer.step_us

    def place(self, second: float) -> int | None:
        """The step whose point is nearest to a moment; None where there is none within half a step."""
        if not len(self.times) or not math.isfinite(second):
            return None
        place = round((second - float(self.times[0])) / self.step_s)
        return place if 0 <= place < len(self.times) else None


def plotted(answer: Answer, question: Question, *, is_live: bool = False) -> Plotted:
    """The lines of an answer. Of what is live the newest step of a rate is left out: it is still being filled, and would be a dip."""
    length = answer.length
    is_filling = is_live and answer.unit.endswith("/s") and answer.step_us <= _LIVE_CUT_US
    shown = length - 1 if is_filling and length > 1 else length
    lines = {shown_name(series.label): np.array(series.values, dtype=np.float64)[:shown] for series in answer.series}
    times = answer.first_us / SECOND_US + np.arange(shown, dtype=np.float64) * (answer.step_us / SECOND_US)
    return Plotted(answer, question, times, lines)


def drawn(lines: Mapping[str, Line], *, is_stacked: bool = False) -> dict[str, Line]:
    """The lines that are drawn, at most `MOST_LINES`; of a stack the rest is one more, so that its height is that of all."""
    kept = dict(list(lines.items())[:MOST_LINES])
    rest = list(lines.values())[MOST_LINES:]
    if rest and is_stacked:
        kept[OTHERS] = _summed(rest)
    return kept


def stacked(lines: Mapping[str, Line]) -> dict[str, Line]:
    """Each line on top of those before it; what is unknown adds nothing, and is a gap where all are unknown."""
    found: dict[str, Line] = {}
    below: Line | None = None
    for name, values in lines.items():
        below = values if below is None else _summed([below, values])
        found[name] = below
    return found


def _summed(lines: list[Line]) -> Line:
    whole = np.vstack(lines)
    return np.where(np.isnan(whole).all(axis=0), np.nan, np.nansum(whole, axis=0))


def decimated(times: Line, values: Line, most: int) -> tuple[Line, Line]:
    """At most `most` points or a few more that have the least and the greatest of every stretch: no spike is lost.

    A stretch of which nothing is known is a gap.
    """
    each = -(-2 * len(values) // max(most, 2))
    if each <= 2:
        return times, values
    whole = len(values) // each * each
    low = np.fmin.reduce(values[:whole].reshape(-1, each), axis=1)
    high = np.fmax.reduce(values[:whole].reshape(-1, each), axis=1)
    points = np.empty(2 * len(low))
    points[0::2], points[1::2] = low, high
    where = np.repeat(times[:whole:each], 2)
    if whole < len(values):
        rest = values[whole:]
        points = np.append(points, [np.fmin.reduce(rest), np.fmax.reduce(rest)])
        where = np.append(where, [times[-1], times[-1]])
    return where, points


def alone(values: Line) -> NDArray[np.bool_]:
    """Which values are known while those beside them are not: a line has no length there."""
    known = ~np.isnan(values)
    beside = np.zeros(len(values), dtype=bool)
    beside[1:] |= known[:-1]
    beside[:-1] |= known[1:]
    return known & ~beside


@dataclass(frozen=True, slots=True)
class Summary:
    """Of what is known of one line; not a number where nothing is."""

    latest: float
    least: float
    greatest: float
    mean: float


def summary(values: Line) -> Summary:
    """The newest value that is known, the least, the greatest, and the mean."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Summary(math.nan, math.nan, math.nan, math.nan)
    return Summary(float(known[-1]), float(known.min()), float(known.max()), float(known.mean()))


def crossed(spec: PlotSpec, lines: Mapping[str, Line]) -> dict[str, float]:
    """The lines whose newest value that is known is on the alarm's side of the threshold, with that value."""
    if spec.threshold is None:
        return {}
    newest = {name: summary(values).latest for name, values in lines.items()}
    return {name: value for name, value in newest.items() if spec.threshold.is_crossed(value)}


def amount(value: float) -> str:
    """A number as a plot tells it: whole when it is large, with decimals when it is small."""
    if math.isnan(value):
        return "unknown"
    if value == 0 or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.3g}"


# ---- to take away


def csv_text(answer: Answer) -> str:
    """All numbers of an answer as `eventscope metrics --format csv` prints them: no spreadsheet takes a name for a formula."""
    cells = Cells[dict[str, object]](COLUMNS, lambda row: [row[name] for name in COLUMNS])
    return cells.head() + "".join(map(cells.of, rows(answer)))


def command(answer: Answer, question: Question, path: Path) -> str:
    """The command that prints these numbers, for a shell."""
    words = ["eventscope", "metrics", str(path), "--metric", answer.metric]
    words += ["--by", question.by] if question.by else []
    words += ["--every", _span_text(answer.step_us)]
    words += [f"--filter={question.filter}"] if question.filter else []
    if question.span_us is not None or question.last_us is not None:
        until_us = answer.first_us + answer.length * answer.step_us
        bounds = (("--from", answer.first_us), ("--until", until_us))
        words += [word for option, time_us in bounds for word in (option, format_time(time_us) or "")]
    return shlex.join(words)


def _span_text(step_us: int) -> str:
    whole_s, rest_us = divmod(step_us, SECOND_US)
    return f"{step_us // 1_000}ms" if rest_us else f"{whole_s}s"
