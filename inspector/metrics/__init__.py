"""The door for metrics: numbers over time that are computed from a capture, the same while it grows and long after.

A metric is one file and one entry point in `eventscope.metrics`. It is asked a `Question` and answers with `Series` on one grid of
steps. What was measured outside the events (a consumer's position, say) is noted in the capture as samples while it is seen, so
that a saved session shows its plots. Read `throughput` for an example, `samples` for what is noted, `cli.metrics` for who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import isfinite
from typing import Protocol, cast

from inspector import plugins
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import check_steps, fitting_s
from inspector.capture.steps import HEADER, OTHERS, Tally, is_label, tallies, time_span
from inspector.errors import UsageError
from inspector.event import format_time
from inspector.query import condition

SECOND_US = 1_000_000
MOST_SERIES = 200
"""Lines of one answer; the events of the rest are in one more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a metric.

    `by` is one of the metric's labels, empty for its first; `span_us` is `[from, until)` in its own clock, None for all there
    is, or on one side; `last_us` the newest stretch instead; `step_us` the width of a step, None for the shortest usual one that
    gives at most `most_points`.
    """

    by: str = ""
    span_us: tuple[int | None, int | None] | None = None
    last_us: int | None = None
    step_us: int | None = None
    most_points: int = 400
    filter: str = ""
    include_aborted: bool = False
    is_named: bool = False
    """Whether the user named the metric just now, so that a function of theirs may run; else only one that was allowed before."""

    def with_step(self, step_us: int) -> Question:
        """The same, in steps of this width."""
        return replace(self, step_us=step_us)


@dataclass(frozen=True, slots=True)
class Series:
    """One line: a value for each step, None where nothing is known (not zero)."""

    label: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """Lines on one grid: step `n` is `[first_us + n * step_us, first_us + (n + 1) * step_us)`; all series are equally long."""

    metric: str
    unit: str
    first_us: int
    step_us: int
    series: Sequence[Series]
    clock: str = "event time"
    notes: Sequence[str] = ()
    """What keeps the numbers from being the whole truth, in sentences: what was left out and how much."""

    @property
    def length(self) -> int:
        """Steps."""
        return max((len(line.values) for line in self.series), default=0)

    def times_us(self) -> range:
        """Where the steps begin."""
        return range(self.first_us, self.first_us + self.length * self.step_us, self.step_us)


COLUMNS = ("time", "metric", "label", "value", "unit")
"""What a row of an answer has, wherever it is printed, copied or saved."""


def rows(answer: Answer, first: int = 0, until: int | None = None) -> Iterator[dict[str, object]]:
    """The steps `[first, until)` of an answer, a row of `COLUMNS` for each step and line, in the order of time."""
    for place in range(first, answer.length if until is None else until):
        time = format_time(answer.first_us + place * answer.step_us)
        for line in answer.series:
            yield {"time": time, "metric": answer.metric, "label": line.label, "value": line.values[place], "unit": answer.unit}


class Metric(Protocol):
    """Numbers over time.

    `name` is how it is asked for, `title` how it is shown; `labels` are what its lines can be told apart by, the first without
    being asked.
    """

    name: str
    title: str
    unit: str
    labels: tuple[str, ...]

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """The numbers asked for; None where the capture has nothing of the kind.

        Raises:
            UsageError: a label, filter or step that cannot be.
            CaptureError: the file is damaged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """The steps of an answer: `length` of them, each `step_us` wide, from `first_us` on (a multiple of the width)."""

    first_us: int
    step_us: int
    length: int

    def place(self, time_us: int) -> int:
        """The step that a time falls in; below zero or from `length` on when it is outside."""
        return (time_us - self.first_us) // self.step_us


def grid(question: Question, low_us: int, high_us: int) -> Grid:
    """The steps for times from `low_us` to `high_us`, both included.

    Raises:
        UsageError: the step asked for is not positive, or gives more than `MOST_STEPS` steps.
    """
    if question.span_us is not None:
        from_us, until_us = question.span_us
        low_us = low_us if from_us is None else from_us
        high_us = max(high_us if until_us is None else until_us - 1, low_us)
    elif question.last_us is not None:
        low_us = max(low_us, high_us - question.last_us + 1)
    step_us = question.step_us
    if step_us is None:
        step_us = fitting_s((high_us - low_us) // SECOND_US, question.most_points) * SECOND_US
    if step_us <= 0:
        raise UsageError("a step must be longer than nothing: say for instance 1m")
    first_us = low_us // step_us * step_us
    length = high_us // step_us - first_us // step_us + 1
    check_steps(length)
    return Grid(first_us, step_us, length)


def check_by(metric: Metric, by: str) -> str:
    """The label asked for, the metric's first when none is. Raises UsageError for one that it does not have."""
    wanted = by or metric.labels[0]
    if wanted not in metric.labels and not (f"{HEADER}NAME" in metric.labels and is_label(wanted)):
        raise UsageError(f"{metric.name} is not told by {wanted!r}; by {', '.join(metric.labels)}")
    return wanted


def gathered(lines: Mapping[str, Sequence[float | None]], most: int = MOST_SERIES) -> list[Series]:
    """Lines by their size, the largest first; beyond `most`, the rest is added up in one line."""

    def size(values: Sequence[float | None]) -> float:
        return sum(abs(value) for value in values if value is not None)

    ordered = sorted(lines.items(), key=lambda line: (line[0] == OTHERS, -size(line[1]), line[0]))
    whole = len(ordered) if len(ordered) <= most + 1 else most
    series = [Series(label, values) for label, values in ordered[:whole]]
    if rest := [values for _, values in ordered[whole:]]:
        series.append(Series(f"({len(rest):,} others)", [_added(column) for column in zip(*rest, strict=True)]))
    return series


def tallied(
    metric: Metric, reader: CaptureReader, question: Question, measure: str, value: Callable[[Tally, int], float], *, empty: float | None
) -> Answer | None:
    """An answer from the events themselves: `value` of each step's tally of `measure` (SQL) and the step's width.

    `empty` is the value of a step without events. Raises as `Metric.answer`.
    """
    by, span = check_by(metric, question.by), time_span(reader)
    if span is None:
        return None
    low_us, high_us, untimed = span
    steps = grid(question, low_us, high_us)
    found = tallies(
        reader,
        by=by,
        measure=measure,
        first_us=steps.first_us,
        step_us=steps.step_us,
        length=steps.length,
        condition=condition(question.filter) if question.filter else None,
        most=MOST_SERIES,
    )
    lines = {
        label: [value(places[place], steps.step_us) if place in places else empty for place in range(steps.length)]
        for label, places in found.items()
    }
    notes = [f"{untimed:,} events without a time are not in it"] if untimed else []
    return Answer(metric.name, metric.unit, steps.first_us, steps.step_us, gathered(lines), notes=notes)


def _added(column: Sequence[float | None]) -> float | None:
    known = [value for value in column if value is not None]
    total = sum(known)
    return total if known and isfinite(total) else None


def names() -> tuple[str, ...]:
    """The metrics there are; of those that are told apart by what follows a colon, the ones that have a name."""
    found: list[str] = []
    for name in plugins.names("metrics"):
        choices = getattr(plugins.load("metrics", name), "choices", None)
        found += [name] if choices is None else [f"{name}:{choice}" for choice in choices()]
    return tuple(found)


def metric(name: str) -> Metric:
    """The metric of this name, such as `events` or `projection:FILE.toml`, as its file is now; the same object while it does not change.

    Raises UsageError naming those there are.
    """
    kind, _, of = name.partition(":")
    try:
        loaded = plugins.load("metrics", kind)
    except LookupError:
        raise UsageError(f"no metric named {name!r}; known: {', '.join(names())}") from None
    if isinstance(loaded, type) and hasattr(loaded, "of"):
        chosen = cast("type[_Chosen]", loaded)
        return _made(chosen, of, chosen.stamp(of))
    return _usual(cast("type[Metric]", loaded))


@lru_cache(maxsize=64)
def _made(kind: type[_Chosen], of: str, _stamp: object) -> Metric:
    return kind.of(of)


@cache
def _usual(kind: type[Metric]) -> Metric:
    return kind()


class _Chosen(Protocol):
    """A metric of which there are many."""

    @classmethod
    def of(cls, choice: str) -> Metric:
        """The one named so. Raises UsageError."""
        ...

    @classmethod
    def stamp(cls, choice: str) -> Hashable:
        """What is another one when the one named so was changed."""
        ...
