"""How far consumers are behind over time, from what was noted while a source was captured (`sources.samples`): positions, seconds, pace.

A sample holds until the next one is overdue; after that nothing is known, which is a gap and not zero.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from inspector.capture.reader import CaptureReader
from inspector.capture.samples import Line, Of, lines
from inspector.errors import UsageError
from inspector.metrics import SECOND_US, Answer, Grid, Metric, Question, check_by, gathered, grid
from inspector.sources.samples import COMMITTED, LAG_POSITIONS, LAG_TIME

_LABELS = ("consumer", "partition", "log", "all")
_OVERDUE = 2.5
"""In intervals between samples."""
_CLOCK = "time of looking"


class Lag:
    """Positions that are not read yet."""

    name = "lag"
    title = "Positions behind"
    unit = "positions"
    labels: tuple[str, ...] = _LABELS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return _answer(self, reader, question, LAG_POSITIONS, _last, sum)


class LagTime:
    """The age of the next unread record; of several partitions that of the oldest."""

    name = "lag-time"
    title = "Time behind"
    unit = "s"
    labels: tuple[str, ...] = _LABELS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return _answer(self, reader, question, LAG_TIME, _last, max)


class CommitRate:
    """Positions that are committed a second; below zero where a consumer was set back."""

    name = "commit-rate"
    title = "Positions committed a second"
    unit = "positions/s"
    labels: tuple[str, ...] = _LABELS

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        return _answer(self, reader, question, COMMITTED, _pace, sum)


Steps = Callable[[Line, Grid], list[float | None]]
Together = Callable[[Sequence[float]], float]


def _answer(metric: Metric, reader: CaptureReader, question: Question, of: str, steps: Steps, together: Together) -> Answer | None:
    by = check_by(metric, question.by)
    if question.filter:
        raise UsageError(f"{metric.name} is measured of consumers and not counted from events: leave the filter out")
    found = {key: line for key, line in lines(reader, of).items() if len(key.parts) == 3}
    if not found:
        return None
    over = grid(question, min(line[0][0] for line in found.values()), max(line[-1][0] for line in found.values()))
    parts: dict[str, list[list[float | None]]] = {}
    for key, line in found.items():
        parts.setdefault(_label(key, by), []).append(steps(line, over))
    return Answer(metric.name, metric.unit, over.first_us, over.step_us, gathered(_joined(parts, together)), clock=_CLOCK)


def _label(key: Of, by: str) -> str:
    consumer, log, partition = key.parts
    return {"consumer": str(consumer), "partition": f"{consumer}: {log} / {partition}", "log": str(log), "all": "all consumers"}[by]


def _joined(parts: Mapping[str, Sequence[Sequence[float | None]]], together: Together) -> dict[str, list[float | None]]:
    """One line for each label; a step of which one part is not known is made of the others."""

    def one(column: Sequence[float | None]) -> float | None:
        known = [value for value in column if value is not None]
        return together(known) if known else None

    return {label: [one(column) for column in zip(*columns, strict=True)] for label, columns in parts.items()}


def _overdue_us(line: Line) -> float:
    """How long after a sample nothing is known any more."""
    return _OVERDUE * median([later - earlier for (earlier, _), (later, _) in pairwise(line)] or [SECOND_US])


def _last(line: Line, over: Grid) -> list[float | None]:
    """The newest value that holds at the end of each step."""
    held_us, values = max(_overdue_us(line), over.step_us), list[float | None]()
    for _, last, end_us in _around(line, over):
        values.append(line[last][1] if last >= 0 and end_us - line[last][0] <= held_us else None)
    return values


def _pace(line: Line, over: Grid) -> list[float | None]:
    """The change a second from the last sample before each step to the last one in it; of a step without one, as it was last seen."""
    held_us, values = max(_overdue_us(line), over.step_us), list[float | None]()
    for first, last, end_us in _around(line, over):
        seen = line[max(0, min(first, last - 1)) : last + 1]
        is_held = len(seen) > 1 and all(later - earlier <= held_us for earlier, later in pairwise([*(at for at, _ in seen), end_us]))
        values.append((seen[-1][1] - seen[0][1]) * SECOND_US / (seen[-1][0] - seen[0][0]) if is_held else None)
    return values


def _around(line: Line, over: Grid) -> Iterator[tuple[int, int, int]]:
    """For each step the places of the last sample before it and before its end (-1: none), and where it ends."""
    times = [at for at, _ in line]
    before = bisect_left(times, over.first_us) - 1
    for number in range(1, over.length + 1):
        end_us = over.first_us + number * over.step_us
        last = bisect_left(times, end_us) - 1
        yield before, last, end_us
        before = last
