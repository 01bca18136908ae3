"""Folding the batches of one stream up to a moment, whole or step by step, stopping at an event that fails. No I/O.

Read `tally` for what is counted on the way, and the package for what is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from inspector.capture.streams import StreamEvent
from inspector.event import Flag
from inspector.masks import SIGN
from inspector.reducers import FoldError, FoldEvent, Reducer, batch_of
from inspector.replay.changes import Change, changes
from inspector.replay.question import NOW, Moment
from inspector.replay.tally import Tally
from inspector.state_size import EVENT_BYTES, TOO_LARGE, Growing

SLICE = 200
"""So many events are folded between two calls of `progress`: a slow reducer of a user can be stopped in between."""
LEFT_OUT = int(Flag.aborted)
"""Events with any of these flags are no part of the stream's history."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The event that could not be folded, and why."""

    event: FoldEvent
    reason: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Which events are folded: up to `moment` and not in `without` (numbers in the capture), at most `most` of them.

    `by_version` is true when the stream is in version order, so that nothing follows a version above the moment's.
    """

    moment: Moment = NOW
    by_version: bool = False
    without: frozenset[int] = frozenset()
    most: int | None = None
    with_aborted: bool = False

    @property
    def count(self) -> int | None:
        """How many events the moment is, where it means a number of them."""
        return self.moment.count if self.by_version or self.moment.version is None else self.moment.version


@dataclass(slots=True)
class Folded:
    """A state and how it came about. `last` is the last event applied."""

    state: object
    applied: int = 0
    last: FoldEvent | None = None
    failure: Failure | None = None
    skipped_aborted: int = 0
    left_out: list[FoldEvent] = field(default_factory=list)
    """Events that `without` named."""
    included_aborted: int = 0
    """Aborted events that were folded in."""
    duplicates: int = 0
    """Events applied that repeat the version or the id of an earlier one."""
    is_reached: bool = False
    """Whether the place that the moment names was come to."""
    aborted_version: int | None = None
    """The highest version, up to that of the moment, of the aborted events that were left out."""
    tally: Tally = field(default_factory=Tally)
    """What stands in the stream up to `last`."""


class Stopped(NamedTuple):
    """An event that could not be folded, after so many that were applied."""

    failure: Failure
    applied: int


def recorded_us(event: FoldEvent) -> int | None:
    """When an event was recorded; its own time where nothing says it."""
    recorded = event.recorded_us if isinstance(event, StreamEvent) else None
    return event.time_us if recorded is None else recorded


Batches = Callable[[], Iterable[Sequence[FoldEvent]]]
"""Gives a stream's events in replay order from the start, as often as it is called."""


class Selection:
    """Takes the events that count out of each batch, counting the others in `folded`."""

    def __init__(self, limits: Limits, folded: Folded) -> None:
        self._limits = limits
        self._folded = folded
        self._seen = Tally()
        self._offered = 0
        self._taken = 0
        self._ids: set[str] = set()
        self._with_id = 0
        self.is_complete = False
        """True when no later batch can have an event that counts."""

    def of(self, events: Sequence[FoldEvent]) -> list[FoldEvent]:
        """The events of the next batch that are to be folded."""
        events = self._through(events)
        left_out = 0 if self._limits.with_aborted else LEFT_OUT
        committed = [event for event in events if not event.flags & left_out]
        aborted = [event for event in events if event.flags & left_out] if len(committed) < len(events) else []
        within = self._within(committed)
        chosen = self._first(within)
        end = chosen[-1] if self.is_complete and self._limits.count is not None and chosen else None
        is_cut = self.is_complete and self._limits.count is not None
        kept = self._without(chosen)
        chosen = self._most(kept)
        if self._limits.most is not None and self.is_complete and self._taken >= self._limits.most:
            end, is_cut = (chosen[-1] if chosen else None), True
        if aborted:
            among = self._within(aborted)
            self._note_aborted(among)
            self._folded.skipped_aborted += self._before_end(events, end, among) if is_cut else len(among)
        if self._limits.with_aborted:
            self._folded.included_aborted += sum(1 for event in chosen if event.flags & LEFT_OUT)
        self._count(committed, chosen, aborted)
        return chosen

    def _note_aborted(self, aborted: list[FoldEvent]) -> None:
        if self._limits.moment.version is not None and self._limits.by_version:
            found = [self._folded.aborted_version, *(event.version for event in aborted)]
            self._folded.aborted_version = max((version for version in found if version is not None), default=None)

    def _through(self, events: Sequence[FoldEvent]) -> Sequence[FoldEvent]:
        """Those up to the event that the moment names."""
        seq = self._limits.moment.seq
        place = next((place for place, event in enumerate(events) if event.seq == seq), None) if seq is not None else None
        if place is None:
            return events
        self.is_complete = True
        return events[: place if self._limits.moment.is_before else place + 1]

    def _within(self, events: list[FoldEvent]) -> list[FoldEvent]:
        """Those up to the moment's version (in a stream in version order) or time."""
        moment = self._limits.moment
        if moment.version is not None and self._limits.by_version:
            version = moment.version
            within = [event for event in events if event.version is not None and event.version <= version]
            self.is_complete = self.is_complete or len(within) < len(events)
            return within
        at, known = moment.time_us, moment.known_us
        if at is not None:
            events = [event for event in events if event.time_us is not None and event.time_us <= at]
        if known is not None:
            events = [event for event in events if (when := recorded_us(event)) is not None and when <= known]
        return events

    def _first(self, events: list[FoldEvent]) -> list[FoldEvent]:
        """Those up to the n-th event, where the moment's version means that."""
        count = self._limits.count
        if count is None:
            return events
        first = events[: count - self._offered]
        self._offered += len(first)
        self.is_complete = self._offered >= count
        return first

    def _before_end(self, events: Sequence[FoldEvent], end: FoldEvent | None, aborted: list[FoldEvent]) -> int:
        """How many of `aborted` stand before the event that ended the selection."""
        places = {event.seq: place for place, event in enumerate(events)}
        return sum(1 for event in aborted if end is not None and places[event.seq] < places[end.seq])

    def _without(self, events: list[FoldEvent]) -> list[FoldEvent]:
        without = self._limits.without
        if not without:
            return events
        kept = []
        for event in events:
            if event.seq in without:
                self._folded.left_out.append(event)
            else:
                kept.append(event)
        return kept

    def _most(self, events: list[FoldEvent]) -> list[FoldEvent]:
        most = self._limits.most
        if most is not None:
            events = events[: most - self._taken]
            self._taken += len(events)
            self.is_complete = self.is_complete or self._taken >= most
        return events

    def _count(self, committed: list[FoldEvent], chosen: list[FoldEvent], aborted: list[FoldEvent]) -> None:
        """Takes into the tally what stands up to the last event chosen; what follows waits for another one."""
        if not chosen:
            self._seen.add(committed, aborted)
            return
        end = len(committed)
        while committed[end - 1] is not chosen[-1]:
            end -= 1
        self._seen.add(committed[:end], aborted)
        self._folded.tally = self._seen.copied()
        later = {event.seq for event in committed[end:]} if self._folded.left_out else ()
        left_out = sum(1 for event in self._folded.left_out if event.seq not in later)
        self._folded.tally.passed_over = self._seen.events - self._folded.applied - len(chosen) - left_out
        self._seen.add(committed[end:])
        ids = [event.event_id for event in chosen if event.event_id is not None and event.event_id != SIGN]
        self._with_id += len(ids)
        self._ids.update(ids)
        self._folded.duplicates = max(self._folded.tally.repeated_versions, self._with_id - len(self._ids))


def fold(
    batches: Batches, reducer: Reducer, limits: Limits, progress: Callable[[int], None] | None = None, stopped: Stopped | None = None
) -> Folded:
    """The state at the limits' moment. An event that fails stops the fold: the state is the one before it.

    `progress` is called with the number applied every `SLICE` events at least and may raise to end the work. `stopped`, where it is
    known which event fails.
    """
    failure = None if stopped is None else stopped.failure
    limits = limits if stopped is None else replace(limits, most=stopped.applied)
    while True:
        folded = Folded(reducer.initial())
        failed = _fold_all(batches, reducer, limits, folded, progress)
        if failed is None:
            folded.failure = failure
            return folded
        # what a failed fold left of the state is undefined: fold again, to just before the failing event
        failure = failed
        limits = replace(limits, most=folded.applied)


def _fold_all(batches: Batches, reducer: Reducer, limits: Limits, folded: Folded, progress: Callable[[int], None] | None) -> Failure | None:
    """Folds into `folded` until the end or a failure; then only the number applied means something."""
    selection, growing = Selection(limits, folded), Growing(folded.state)
    if limits.most == 0:
        return None
    for events in batches():
        chosen = selection.of(events)
        for start in range(0, len(chosen), SLICE):
            part = chosen[start : start + SLICE]
            try:
                folded.state = reducer.fold(folded.state, batch_of(part))
            except FoldError as error:
                folded.applied += error.place
                return Failure(part[error.place], error.reason)
            if growing.is_too_large(folded.state, added_by(part)):
                return Failure(part[0], TOO_LARGE)
            folded.applied += len(part)
            folded.last = part[-1]
            if progress is not None:
                progress(folded.applied)
        if selection.is_complete:
            break
    folded.is_reached = selection.is_complete
    return None


def added_by(events: Sequence[FoldEvent]) -> int:
    """At most about so many bytes events add to a state that keeps all of them."""
    return sum(len(event.data or "") + EVENT_BYTES for event in events)


@dataclass(frozen=True, slots=True)
class Step:
    """One event, the changes it made, and the state after it."""

    event: FoldEvent
    changes: list[Change]
    state: object


def steps(batches: Batches, reducer: Reducer, limits: Limits) -> Iterator[Step]:
    """Every event that `fold` would apply with the changes it makes, up to the one that fails."""
    folded = Folded(reducer.initial())
    selection = Selection(limits, folded)
    state, growing = folded.state, Growing(folded.state)
    for events in batches():
        for event in selection.of(events):
            try:
                after = reducer.step(state, event, batch_of([event]).documents[0])
            except FoldError:
                return
            if growing.is_too_large(after, added_by([event])):
                return
            yield Step(event, changes(state, after), after)
            state = after
            folded.applied += 1
        if selection.is_complete:
            return
