"""The events of a stream that count, in replay order, and which of them a moment means. Pure.

Read `capture.stream_columns` for where they come from, `folding` for the same choice made batch by batch, `clocks` for what
is said of two clocks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import le

from inspector.capture.stream_columns import NONE, StreamColumns
from inspector.errors import UsageError
from inspector.replay.folding import LEFT_OUT
from inspector.replay.question import Moment
from inspector.replay.tally import Tally

_TALLY_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The places of the events up to a moment, ascending; `range(n)` where they are the first n.

    `aborted` is how many aborted events were left out up to it, `is_reached` whether it is a place that was come to.
    """

    places: Sequence[int]
    aborted: int
    is_reached: bool = False


class Order:
    """A place is the number of events that count before an event; aborted ones count only `with_aborted`."""

    def __init__(self, columns: StreamColumns, *, with_aborted: bool = False) -> None:
        self.columns = columns
        self.aborted_at = array("q", [at for at, flags in columns.flagged if flags & LEFT_OUT])
        """Where the aborted events stand among all of them."""
        self.with_aborted = with_aborted
        self._skips = not with_aborted and bool(self.aborted_at)
        self.counted: Sequence[int] = range(len(columns.seqs))
        """Where the events that count stand among all of them."""
        if self._skips:
            aborted = set(self.aborted_at)
            self.counted = array("q", [at for at in self.counted if at not in aborted])
        self.seqs = self._of(columns.seqs)
        self.versions = self._of(columns.versions)
        self._tallies = [Tally()]

    def _of(self, column: array[int]) -> array[int]:
        return array("q", [column[at] for at in self.counted]) if self._skips else column

    @cached_property
    def times_us(self) -> array[int]:
        """Their own times."""
        return self._of(self.columns.times_us)

    @cached_property
    def known_us(self) -> array[int]:
        """When each was recorded; its own time where that is not known."""
        return self._of(self._known_of_all)

    @cached_property
    def _known_of_all(self) -> array[int]:
        recorded_us = self.columns.recorded_us
        return array("q", map(_known, recorded_us, self.columns.times_us)) if NONE in recorded_us else recorded_us

    @cached_property
    def _by_time(self) -> bool:
        return _ascends(self.times_us)

    @cached_property
    def _by_known(self) -> bool:
        return _ascends(self.known_us)

    def __len__(self) -> int:
        return len(self.counted)

    @property
    def skipped(self) -> int:
        """How many aborted events are left out."""
        return len(self.aborted_at) if self._skips else 0

    def tally(self, place: int) -> Tally:
        """The facts about the first `place` events."""
        at = place // _TALLY_EVERY
        while len(self._tallies) <= at:
            start = (len(self._tallies) - 1) * _TALLY_EVERY
            self._tallies.append(self._tallied(start, start + _TALLY_EVERY))
        return self._tallied(at * _TALLY_EVERY, place)

    def _tallied(self, start: int, stop: int) -> Tally:
        """The facts about the first `stop` events, from those about the first `start`."""
        tally = self._tallies[start // _TALLY_EVERY].copied()
        tally.add_versions(_optional(self.versions[start:stop]), _optional(self._aborted_versions(start, stop)))
        return tally

    def _aborted_versions(self, start: int, stop: int) -> list[int]:
        """Those of the aborted events left out between the last of the first `start` events and the last of the first `stop`."""
        if not self._skips or stop <= start:
            return []
        low = bisect_left(self.aborted_at, self.counted[start - 1]) if start else 0
        high = bisect_left(self.aborted_at, self.counted[stop - 1])
        return [self.columns.versions[at] for at in self.aborted_at[low:high]]

    def aborted_version(self, version: int) -> int | None:
        """The highest version up to this one of the aborted events that are left out."""
        found = (self.columns.versions[at] for at in self.aborted_at) if self._skips else ()
        return max((one for one in found if NONE < one <= version), default=None)

    def same_start(self, other: Order) -> int:
        """How many events from the start are the same in both."""
        both = min(len(self), len(other))
        if self.seqs[:both] == other.seqs[:both]:
            return both
        return next(place for place, pair in enumerate(zip(self.seqs, other.seqs, strict=False)) if pair[0] != pair[1])

    def repeated_ids(self, places: Sequence[int]) -> int:
        """How many of these events have the id of an earlier one of them."""
        ids = self.columns.ids
        if ids is None:
            return 0
        found = [ids[self.counted[place]] for place in places]
        told = [one for one in found if one]
        return len(told) - len(set(told))

    def place_of(self, seq: int) -> int:
        """The place of the event with this number, or of the next one when it is aborted. Raises UsageError for one elsewhere."""
        return bisect_left(self.counted, self.at(seq))

    def at(self, seq: int) -> int:
        """Where an event stands among all of the stream. Raises UsageError for one that is not in it."""
        seqs = self.columns.seqs
        at = bisect_left(seqs, seq) if self.columns.is_by_arrival else seqs.index(seq) if seq in seqs else len(seqs)
        if at < len(seqs) and seqs[at] == seq:
            return at
        raise UsageError(f"event {seq} is not in this stream any more")

    def is_aborted(self, seq: int) -> bool:
        """Whether the event with this number is. Raises UsageError for one that is not in the stream."""
        at = self.at(seq)
        place = bisect_left(self.aborted_at, at)
        return place < len(self.aborted_at) and self.aborted_at[place] == at

    def choice(self, moment: Moment, *, by_version: bool) -> Choice:
        """The events up to a moment; `by_version` says that the order is that of versions."""
        if moment.seq is not None:
            at = self.at(moment.seq) + (0 if moment.is_before else 1)
            return self._first(bisect_left(self.counted, at), at, is_reached=True)
        count = moment.count if moment.count is not None or by_version else moment.version
        if count is not None:
            at = self.counted[count - 1] + 1 if 0 < count <= len(self) else 0 if count == 0 else len(self.columns.seqs)
            return self._first(min(count, len(self)), at, is_reached=count <= len(self))
        if moment.version is not None:
            return self._up_to(moment.version)
        return self._timed(moment) if moment.is_timed else self._first(len(self), len(self.columns.seqs))

    def _first(self, count: int, at: int, *, is_reached: bool = False) -> Choice:
        return Choice(range(count), self.skipped_before(at), is_reached)

    def skipped_before(self, at: int) -> int:
        """How many aborted events are left out among the first `at` of all."""
        return bisect_left(self.aborted_at, at) if self._skips else 0

    def skipped_within(self, moment: Moment, at: int) -> int:
        """How many aborted events that are not after the moment are left out among the first `at` of all."""
        return sum(1 for aborted in self.aborted_at if aborted < at and self._is_within(aborted, moment)) if self._skips else 0

    def _up_to(self, version: int) -> Choice:
        place = bisect_right(self.versions, version)
        columns = self.columns
        aborted = sum(1 for at in self.aborted_at if columns.versions[at] <= version) if self._skips else 0
        return Choice(range(place), aborted, place < len(self))

    def _timed(self, moment: Moment) -> Choice:
        places: Sequence[int] = range(len(self))
        if moment.time_us is not None:
            places = _up_to(places, self.times_us, moment.time_us, ascends=self._by_time)
        if moment.known_us is not None:
            places = _up_to(places, self.known_us, moment.known_us, ascends=self._by_known)
        if not isinstance(places, range) and len(places) and places[-1] == len(places) - 1:
            places = range(len(places))
        return Choice(places or range(0), self.skipped_within(moment, len(self.columns.seqs)))

    def _is_within(self, at: int, moment: Moment) -> bool:
        time_us, known_us = self.columns.times_us[at], self._known_of_all[at]
        in_time = moment.time_us is None or NONE < time_us <= moment.time_us
        return in_time and (moment.known_us is None or NONE < known_us <= moment.known_us)


def _known(recorded_us: int, time_us: int) -> int:
    return time_us if recorded_us == NONE else recorded_us


def _ascends(column: array[int]) -> bool:
    """Whether a column never goes back and has everything."""
    return not len(column) or (column[0] != NONE and all(map(le, column, column[1:])))


def _up_to(places: Sequence[int], column: array[int], limit: int, *, ascends: bool) -> Sequence[int]:
    """Those of the places where a column is at most the limit."""
    if ascends and isinstance(places, range):
        return range(min(len(places), bisect_right(column, limit)))
    return array("q", [place for place in places if NONE < column[place] <= limit])


def _optional(column: Sequence[int]) -> list[int | None]:
    return [None if value == NONE else value for value in column] if NONE in column else list(column)
