"""Numbers of a state over the life of a stream: the value at some paths after each event that changed it. No I/O of its own.

One pass folds event by event in place, and is made in parts. What is kept is bounded: of many points the least and the
greatest of each stretch stay. Read `field_history` for a path's changes one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

from inspector.reducers import ABSENT, FoldBatch, FoldError, FoldEvent, Reducer, batch_of
from inspector.replay.field_history import steps_of, value_at
from inspector.replay.folding import Failure
from inspector.replay.sameness import same
from inspector.replay.walk import Fetch, Progress

MOST_PATHS = 8
MOST_POINTS = 2_000
_STRETCHES = 400
"""A line that is thinned keeps the first, last, least and greatest point, and a gap, of each of so many stretches."""
_SLICE = 200

Number = int | float | Decimal


class Point(NamedTuple):
    """A value after `place` events; None where the path has no number then."""

    place: int
    time_us: int | None
    value: Number | None


class Line:
    """The points of one path among `total` events."""

    def __init__(self, path: str, total: int) -> None:
        self.path = path
        self.changes = 0
        self._steps, self._total = steps_of(path), max(total, 1)
        self._points: list[Point] = []
        self._last: object = ABSENT

    def take(self, place: int, event: FoldEvent, state: object) -> None:
        """Notes the value after an event, if it is another one than before."""
        found = value_at(state, self._steps)
        value = found if isinstance(found, int | float | Decimal) and not isinstance(found, bool) else None
        if value is self._last or (self._last is ABSENT and value is None) or same(value, self._last):
            return
        self._last = value
        self.changes += 1
        self._points.append(Point(place, event.time_us, value))
        if len(self._points) > 2 * MOST_POINTS:
            self._points = self._thinned()

    @property
    def points(self) -> list[Point]:
        """At most `MOST_POINTS` points."""
        return self._points if len(self._points) <= MOST_POINTS else self._thinned()

    def _thinned(self) -> list[Point]:
        stretches: dict[int, list[Point]] = {}
        for point in self._points:
            stretches.setdefault((point.place - 1) * _STRETCHES // self._total, []).append(point)
        return [point for stretch in stretches.values() for point in _most_telling(stretch)]


def _most_telling(points: Sequence[Point]) -> Iterable[Point]:
    numbers = [point for point in points if point.value is not None]
    gaps = [point for point in points if point.value is None][-1:]
    ends = [min(numbers, key=itemgetter(2)), max(numbers, key=itemgetter(2))] if numbers else []
    kept = {point.place: point for point in (points[0], *ends, *gaps, points[-1])}
    return [kept[place] for place in sorted(kept)]


class SeriesRun:
    """The lines of some paths, of as many events as were folded so far."""

    def __init__(self, places: Sequence[int], fetch: Fetch, reducer: Reducer, paths: Sequence[str]) -> None:
        self.lines = [Line(path, len(places)) for path in paths]
        self.applied = 0
        self.failure: Failure | None = None
        self._places, self._fetch, self._reducer = places, fetch, reducer
        self._state = reducer.initial()

    @property
    def is_done(self) -> bool:
        """Whether all that can be folded is."""
        return self.failure is not None or self.applied >= len(self._places)

    def go_on(self, progress: Progress) -> None:
        """Folds until the end, or until `progress` raises."""
        while not self.is_done:
            events = self._fetch(self._places[self.applied : self.applied + _SLICE])
            if not events:
                self._places = self._places[: self.applied]
                return
            try:
                documents = batch_of(events).documents
            except FoldError as error:
                events, self.failure = events[: error.place], Failure(events[error.place], error.reason)
                documents = batch_of(events).documents
            self._fold(events, documents)
            progress(self.applied)

    def _fold(self, events: Sequence[FoldEvent], documents: Sequence[object]) -> None:
        for event, document in zip(events, documents, strict=True):
            try:
                self._state = self._reducer.fold(self._state, FoldBatch([event], [document]))
            except FoldError as error:
                self.failure = Failure(event, error.reason)
                return
            self.applied += 1
            for line in self.lines:
                line.take(self.applied, event, self._state)
