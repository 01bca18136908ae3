"""A projection as series over time: a line for each group, a step for each window. Read `inspector.projections` for the numbers.

A step without events is zero for counts, sums and rates, unknown for the rest; of `last` it is what it was before. The same
object goes on from where it was when it is asked again, so that a capture that grows costs what came since.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from inspector.capture.reader import CaptureReader
from inspector.capture.steps import time_span
from inspector.errors import UsageError
from inspector.metrics import Answer, Question, check_by, gathered, grid
from inspector.projections import Projection, State, library
from inspector.projections.answer import notes, row_of
from inspector.projections.by_code import Function, function, look_at
from inspector.projections.spec import CLOCKS, Measure
from inspector.projections.writing import checked
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from inspector.user_code import IN_WINDOW, USUAL, is_code, split
from inspector.user_code.codes import Codes
from inspector.values import parse_exactly

_SPANS = {
    "recorded_time": "SELECT min(recorded_us), max(recorded_us) FROM event WHERE recorded_kind = 3 OR time_kind = 1",
    "captured_time": "SELECT min(captured_us), max(captured_us) FROM event",
}
Group = tuple[str, ...]
"""The JSON text of each label."""
_ADDITIVE = ("count", "sum", "rate")
_MOST_STATES = 4
_CLOCK_WORDS = dict(zip(CLOCKS, ("event time", "recorded time", "captured time"), strict=True))


class ProjectionMetric:
    """The measures of one projection; its lines are its groups, and `by` says which measure."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.name = f"projection:{projection.name}"
        self.title = projection.shown
        self.unit = projection.unit
        self.labels = tuple(one.name for one in projection.measures)
        self._states: dict[str, State] = {}

    @classmethod
    def of(cls, spec: str) -> ProjectionMetric:
        """That of a TOML file, of a projection's name, or of a `FILE.py[:function]`. Raises UsageError."""
        made = FunctionMetric(spec) if is_code(spec) else cls(library.find(spec))
        made.name = f"projection:{spec}"
        return made

    @classmethod
    def stamp(cls, spec: str) -> Hashable:
        """What is another one when its file was changed."""
        try:
            path = split(spec)[0] if is_code(spec) else library.path_of(spec)
            found = None if path is None else path.stat()
        except (OSError, UsageError):
            return None
        return None if found is None else (str(path), found.st_mtime_ns, found.st_size, found.st_ino)

    @staticmethod
    def choices() -> Sequence[str]:
        """The user's own, and those that ship with the program."""
        return library.readable()

    def answer(self, reader: CaptureReader, question: Question) -> Answer | None:
        """See `Metric.answer`."""
        self._prepare(question)
        measure = self.projection.measure(check_by(self, question.by))
        span = _span_us(reader, self.projection.clock)
        if span is None:
            return None
        if question.step_us is None and question.span_us is None and question.last_us is None:
            question = replace(question, step_us=self._own_step(span[0], span[1]))
        steps = grid(question, span[0], span[1])
        state = self._state(reader, question, steps.step_us)
        state.advance(reader)
        place = self.labels.index(measure.name)
        lines: dict[Group, dict[int, float | None]] = {}
        beyond = 0
        for key, kept in state.book.cells.items():
            row = row_of(state.projection, key, kept)
            try:
                number = _number(list(row.values.values())[place])
            except OverflowError:
                number, beyond = None, beyond + 1
            lines.setdefault(key[1:], {})[steps.place(row.window_us or 0)] = number
        names = _names(lines)
        series = {names[group]: _filled(measure, found, steps.length) for group, found in lines.items()}
        clock, said = _CLOCK_WORDS[self.projection.clock], notes(state)
        if beyond:
            said.append(f"{measure.name}: {beyond:,} value{' is' if beyond == 1 else 's are'} too large to be drawn")
        return Answer(self.name, self.unit, steps.first_us, steps.step_us, gathered(series), clock=clock, notes=said)

    def _prepare(self, question: Question) -> None:
        """Nothing: what a file says is read. A function is looked at again."""

    def _begun(self, projection: Projection) -> State:
        return State(projection)

    def _own_step(self, low_us: int, high_us: int) -> int | None:
        """The window of the projection where that gives a plot."""
        window_us = self.projection.window_us
        return window_us if window_us is not None and (high_us - low_us) // window_us < 2_000 else None

    def _state(self, reader: CaptureReader, question: Question, step_us: int) -> State:
        """The state for such a question, which goes on where there is one."""
        projection = replace(
            self.projection, window_us=step_us, include_aborted=question.include_aborted or self.projection.include_aborted
        )
        if question.filter:
            projection = replace(projection, filter=_both(projection.filter, question.filter))
        digest = f"{checked(projection).digest} {reader.path} {reader.masks is not None}"
        state = self._states.pop(digest, None) or self._begun(projection)
        self._states[digest] = state
        for oldest in list(self._states)[:-_MOST_STATES]:
            del self._states[oldest]
        return state


class FunctionMetric(ProjectionMetric):
    """That of a user's function, which runs in a process of its own; only once it was allowed, unless it was named just now."""

    def __init__(self, named: str) -> None:
        super().__init__(look_at(named))
        self._named = named
        self._codes: dict[bool, Codes] = {}
        self._function: Function | None = None

    def _prepare(self, question: Question) -> None:
        """Raises UsageError for a mistake in the file; ConsentError where it may not run."""
        codes = self._codes.setdefault(question.is_named, Codes(asks=not question.is_named))
        found = function(self._named, USUAL if question.is_named else IN_WINDOW, codes)
        if self._function is None or found.projection.digest != self._function.projection.digest:
            self._states.clear()  # another function: also one that imports another module
        self._function, self.projection = found, found.projection
        self.labels = tuple(one.name for one in found.projection.measures)

    def _begun(self, projection: Projection) -> State:
        assert self._function is not None
        return self._function.state(projection=projection)


def _both(one: str, other: str) -> str:
    """A filter that asks both; a search for a text is made a call."""
    if compile_filter(other, CAPTURED).is_search:
        other = f"search({json.dumps(other.strip().removeprefix('text:').strip(), ensure_ascii=False)})"
    return f"({one}) && ({other})" if one else other


def _span_us(reader: CaptureReader, clock: str) -> tuple[int, int] | None:
    """The first and last time of events by a clock, in microseconds; None where none has one."""
    if clock == "time":
        span = time_span(reader)
        return None if span is None else span[:2]
    ((low, high),) = reader.select(_SPANS[clock])
    return None if low is None else (int(low), int(high))


def _names(groups: Iterable[Group]) -> dict[Group, str]:
    """What groups are called; those that would be called alike (a number and a text, say) are written as JSON."""
    names = {group: " / ".join(map(_label, group)) for group in groups}
    while alike := {name for name, count in Counter(names.values()).items() if count > 1}:
        names = {group: " / ".join(group) if name in alike else name for group, name in names.items()}
    return names


def _label(text: str) -> str:
    found = parse_exactly(text)
    return "(none)" if found is None else found if isinstance(found, str) else json.dumps(found, default=str)


def _number(value: object) -> float | None:
    """As a double. Raises OverflowError for one that none holds."""
    return float(value) if isinstance(value, int | float | Decimal | Fraction) else None


def _filled(measure: Measure, found: Mapping[int, float | None], length: int) -> list[float | None]:
    """The values of the steps; what came before the first is known of the last values."""
    if measure.operation == "last":
        lasting: list[float | None] = [None] * length
        known: float | None = None
        at = sorted(found)
        for number, place in enumerate(at):
            known = found[place]
            end = at[number + 1] if number + 1 < len(at) else length
            for step in range(max(0, place), min(end, length)):
                lasting[step] = known
        return lasting
    empty = 0.0 if measure.operation in _ADDITIVE else None
    return [found.get(step, empty) for step in range(length)]
