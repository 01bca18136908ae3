"""One event id more than once in a log: delivered again, or two events that claim to be one. Read-only.

Bytes are compared within SQLite, two records at a time: an id that stands for a million events takes no more memory than one for
two. Read `conflicts` for one position read with different bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity
from inspector.event import Flag

_REPEATED = (
    "SELECT log.source_id, log.name, event.event_id, event.seq, log.partition, event.position "
    "FROM (SELECT e.event_id AS id, l.source_id AS source, l.name AS name FROM event e JOIN log l ON l.id = e.log_id "
    "WHERE e.event_id IS NOT NULL AND e.flags & :hidden = 0 GROUP BY 1, 2, 3 HAVING count(*) > 1) AS twice "
    "JOIN event ON event.event_id = twice.id JOIN log ON log.id = event.log_id AND log.source_id = twice.source AND log.name = twice.name "
    "WHERE event.flags & :hidden = 0 ORDER BY 1, 2, 3, 4"
)
_IS_SAME = (
    "SELECT a.key IS b.key AND a.value IS b.value AND x.value_bytes IS y.value_bytes "
    f"AND (x.flags & {int(Flag.oversize)} = 0 OR x.extra IS y.extra) "
    "FROM record a JOIN event x ON x.seq = a.seq JOIN record b ON b.seq = ? JOIN event y ON y.seq = b.seq WHERE a.seq = ?"
)
"""A value that was cut has its digest among what is extra."""
_VALUES_KEPT = "SELECT coalesce(json_extract(settings, '$.values'), 1) FROM capture LIMIT 1"


@dataclass(slots=True)
class _Copies:
    """Events with one id, or all repeated ones of a log."""

    count: int = 0
    partitions: set[int] = field(default_factory=set)
    first: int = 0
    last: int = 0
    events: list[int] = field(default_factory=list)
    is_same: bool = True

    def add(self, seq: int, partition: int, position: int) -> None:
        """One more event."""
        self.first, self.last = (min(self.first, position), max(self.last, position)) if self.count else (position, position)
        self.count += 1
        self.partitions.add(partition)
        if len(self.events) < MOST_EVENTS:
            self.events.append(seq)

    def join(self, other: _Copies) -> None:
        """Those of one more id."""
        self.first, self.last = (min(self.first, other.first), max(self.last, other.last)) if self.partitions else (other.first, other.last)
        self.count += other.count - 1
        self.partitions |= other.partitions
        self.events += other.events[: max(0, MOST_EVENTS - len(self.events))]

    def place(self) -> tuple[int | None, int | None, int | None, list[int]]:
        """Partition and positions as a finding has them, where all are in one partition."""
        if len(self.partitions) != 1:
            return None, None, None, self.events
        return next(iter(self.partitions)), self.first, self.last, self.events


class DuplicateIds:
    """Events of one log that have the same id."""

    name = "duplicate-ids"
    title = "Event ids that occur more than once"
    assumes = "an event's id is its own within its log, and the rule that finds it looks in the right place"
    legal = "delivery at least once sends an event again; consumers are expected to drop the second one"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log for what was delivered again, one per id whose events differ."""
        how = "with the same bytes" if look.one(_VALUES_KEPT) else "with the same key and as many bytes; their values were not kept"
        for (_, log), ids in groupby(look.rows(_REPEATED, {"hidden": HIDDEN}), key=lambda row: (row[0], row[1])):
            again = _Copies()
            for event_id, rows in groupby(ids, key=lambda row: row[2]):
                copies = _gathered(look, rows)
                if copies.is_same:
                    again.join(copies)
                else:
                    yield self._conflict(log, event_id, copies)
            if again.count:
                text = f"{log}: {again.count:,} event{'s were' if again.count != 1 else ' was'} delivered more than once, {how}"
                yield Finding(self.name, Severity.info, text, again.count, log, *again.place())

    def _conflict(self, log: str, event_id: str, copies: _Copies) -> Finding:
        text = f"{log}: {copies.count:,} events have the id {event_id[:80]} and are not the same"
        legal = "what the rule takes for the event's id may be that of its aggregate or of its command"
        return Finding(self.name, Severity.error, text, copies.count, log, *copies.place(), legal_because=legal)


def _gathered(look: Look, rows: Iterator[tuple[Any, ...]]) -> _Copies:
    """The events of one id; they are compared with the first one until one differs."""
    copies = _Copies()
    for _, _, _, seq, partition, position in rows:
        if copies.count and copies.is_same:
            copies.is_same = bool(look.one(_IS_SAME, (copies.events[0], seq)))
        copies.add(seq, partition, position)
    return copies
