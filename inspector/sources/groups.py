"""Consumer groups as a source tells of them: how far each one is in every partition, and who reads it. Values; no I/O.

Read `kafka_groups` for who asks, `inspector.lag` for what follows from several looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspector.sources.samples import COMMITTED, LAG_POSITIONS, LAG_TIME, LOG_END, MEMBERS, Sample, label_of

Place = tuple[str, int]
"""A log and its partition."""


@dataclass(frozen=True, slots=True)
class Member:
    """One consumer of a group, with the partitions that it reads now."""

    id: str
    client_id: str
    host: str
    instance_id: str = ""
    places: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a group is in one partition. None where it is not known.

    `committed` is the next position to be read, None where nothing was committed. `first` and `end` are the partition's own;
    from `stable_end` on stands what open transactions hold back. `next_position` and `next_time_us` are of the first record at or
    after `committed` that a reader of committed records gets.
    """

    place: Place
    committed: int | None = None
    first: int | None = None
    end: int | None = None
    stable_end: int | None = None
    next_position: int | None = None
    next_time_us: int | None = None
    is_read_out: bool = False
    """It was looked for the next record, and there is none."""
    error: str = ""

    @property
    def positions(self) -> int | None:
        """Positions that are not read yet; those that retention took are not among them."""
        if self.committed is None or self.end is None:
            return None
        return max(0, self.end - max(self.committed, self.first or 0))

    @property
    def uncommitted(self) -> int:
        """Positions of a partition in which nothing was committed: whether they will be read is up to the consumer's settings."""
        return max(0, (self.end or 0) - (self.first or 0)) if self.committed is None else 0

    @property
    def lost(self) -> int:
        """Positions that retention took before they were read."""
        return max(0, (self.first or 0) - self.committed) if self.committed is not None else 0

    @property
    def beyond(self) -> int:
        """Positions by which what is committed lies beyond the end: those of a log that is gone."""
        return 0 if self.committed is None or self.end is None else max(0, self.committed - self.end)

    def behind_us(self, now_us: int) -> int | None:
        """The age of the next unread record; 0 where nothing is unread, None where that is not known."""
        if self.positions == 0 or self.is_read_out:
            return 0
        return None if self.next_time_us is None else max(0, now_us - self.next_time_us)


@dataclass(frozen=True, slots=True)
class Group:
    """One consumer group. `kind` is "classic" or "consumer" (KIP-848); `error` says why it could not be looked at."""

    name: str
    kind: str = ""
    state: str = ""
    assignor: str = ""
    members: Sequence[Member] = ()
    standings: Sequence[Standing] = ()
    error: str = ""

    def member_of(self, place: Place) -> Member | None:
        """Who reads a partition now."""
        return next((member for member in self.members if place in member.places), None)


@dataclass(frozen=True, slots=True)
class GroupsLook:
    """What was seen at one moment. `requests` is how often the cluster was asked."""

    time_us: int
    groups: Sequence[Group]
    requests: int = 0
    notes: Sequence[str] = ()

    def samples(self) -> Iterator[Sample]:
        """What is kept of it."""
        ends: dict[Place, int] = {}
        for group in self.groups:
            if not group.error:
                yield Sample(MEMBERS, label_of(group.name), self.time_us, len(group.members))
            for one in group.standings:
                if one.end is not None:
                    ends[one.place] = one.end
                yield from self._of(group.name, one)
        for place, end in ends.items():
            yield Sample(LOG_END, label_of(*place), self.time_us, end)

    def _of(self, name: str, one: Standing) -> Iterator[Sample]:
        label = label_of(name, *one.place)
        behind_us = one.behind_us(self.time_us)
        if one.committed is not None:
            yield Sample(COMMITTED, label, self.time_us, one.committed)
        if one.positions is not None:
            yield Sample(LAG_POSITIONS, label, self.time_us, one.positions)
        if behind_us is not None:
            yield Sample(LAG_TIME, label, self.time_us, behind_us / 1e6)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as the cluster noted it; no `position`: it was forgotten or deleted."""

    group: str
    place: Place
    position: int | None
    time_us: int


@dataclass(frozen=True, slots=True)
class GroupsPast:
    """What the cluster still knows of earlier commits, in the order they were made, and where logs ended at some moments.

    `notes` say what is missing, and why.
    """

    commits: Sequence[Commit] = ()
    ends: Sequence[tuple[int, Place, int]] = ()
    """(time in microseconds, partition, the position after its last record then)."""
    notes: Sequence[str] = field(default_factory=tuple)


class GroupsReader(Protocol):
    """Looks at the consumer groups of a source without being seen by them."""

    def look(self, names: Sequence[str] = ()) -> GroupsLook:
        """The named groups, each with the time of its next unread record; none named: all, without those times.

        What cannot be known of one group is said there and keeps nothing from the others. Raises SourceError when nothing answers.
        """

    def past(self, look: GroupsLook) -> GroupsPast:
        """What can be known of the time before that look. Raises SourceError when nothing answers."""

    def keys(self, place: Place, position: int, most: int) -> list[bytes | None]:
        """The keys of at most so many records from a position on; fewer where they do not come at once."""

    def close(self) -> None:
        """Lets go of everything; may be called twice."""
