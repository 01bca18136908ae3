"""Which records of a partition are of committed, aborted, open or unknown transactions. Pure; sees batches in file order.

Told by the producer's id alone: with Kafka's transaction protocol 2 a marker carries the epoch after that of its data (KIP-890).
A marker that was damaged away decides nothing, so what was open before a damaged stretch is unknown, until the next marker
shows what came after it. Read `survey` for who feeds this.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

Place = tuple[int, int]
"""(number of the file, byte in it): where a batch begins. Not its offset, which nothing protects."""


class State(StrEnum):
    """What became of a record's transaction."""

    committed = "committed"
    aborted = "aborted"
    open = "open"
    unknown = "unknown"


@dataclass(slots=True)
class _Open:
    """A transaction without its end so far: its first batch and first offset."""

    place: Place
    offset: int


@dataclass(frozen=True, slots=True)
class Aborted:
    """One aborted transaction, as `.txnindex` has it: producer, first offset here, offset of the marker."""

    producer_id: int
    first: int
    last: int


@dataclass(slots=True)
class _Stretch:
    """Batches `[start, end]` of one producer that were not committed."""

    start: Place
    end: Place
    state: State


@dataclass(slots=True)
class Transactions:
    """What is known of one partition; `finish` once all batches were seen, then `state_of` tells."""

    end: int = 0
    stable: int = 0
    """The last stable offset: the first of the earliest open transaction, else the end."""
    aborted: list[Aborted] = field(default_factory=list)
    committed: int = 0
    """How many transactions were committed."""
    unknown: int = 0
    """How many stretches cannot be decided."""
    _open: dict[int, _Open] = field(default_factory=dict)
    _stretches: dict[int, list[_Stretch]] = field(default_factory=dict)

    def began_before(self, producer_id: int, first_offset: int, place: Place = (0, 0)) -> None:
        """A producer snapshot says that a transaction was open when the file began."""
        self._open[producer_id] = _Open(place, first_offset)

    def data(self, place: Place, producer_id: int, base: int) -> None:
        """A transactional batch of records."""
        if producer_id not in self._open:
            self._open[producer_id] = _Open(place, base)

    def ended(self, place: Place, producer_id: int, offset: int, *, is_commit: bool) -> None:
        """A marker; one without data here is normal: its data lies in an earlier file, or was compacted away."""
        found = self._open.pop(producer_id, None)
        if found is None:
            return
        if is_commit:
            self.committed += 1
        else:
            self.aborted.append(Aborted(producer_id, found.offset, offset))
            self._keep(producer_id, found.place, place, State.aborted)

    def damaged(self, place: Place) -> None:
        """Something before `place` could not be read: it may have held the end of any open transaction, and the next one's beginning."""
        for producer_id, found in self._open.items():
            self._keep(producer_id, found.place, place, State.unknown)
            self.unknown += 1
        self._open = {}

    def finish(self, end: int) -> None:
        """All was seen; the log ends at offset `end`."""
        self.end = end
        self.stable = min([end, *(found.offset for found in self._open.values())])
        for producer_id, found in self._open.items():
            self._keep(producer_id, found.place, (1 << 62, 0), State.open)

    @property
    def open(self) -> list[tuple[int, int]]:
        """(producer, first offset) of what has no end, the earliest first."""
        return sorted(((producer_id, found.offset) for producer_id, found in self._open.items()), key=lambda one: one[1])

    def state_of(self, place: Place, producer_id: int) -> State:
        """What became of the transactional batch at `place`."""
        stretches = self._stretches.get(producer_id, [])
        number = bisect_right(stretches, place, key=lambda stretch: stretch.start) - 1
        return stretches[number].state if number >= 0 and place <= stretches[number].end else State.committed

    def _keep(self, producer_id: int, start: Place, end: Place, state: State) -> None:
        self._stretches.setdefault(producer_id, []).append(_Stretch(start, end, state))
