"""One event id more than once in a log: delivered again, or two events that claim to be one. Read-only.

Read `conflicts` for one position read with different bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from inspector.checks import HIDDEN, MOST_EVENTS, Finding, Look, Severity

_REPEATED = (
    "SELECT log.source_id, log.name, event.event_id, event.seq, log.partition, event.position, record.key, record.value "
    "FROM (SELECT e.event_id AS id, l.source_id AS source, l.name AS name FROM event e JOIN log l ON l.id = e.log_id "
    "WHERE e.event_id IS NOT NULL AND e.flags & :hidden = 0 GROUP BY 1, 2, 3 HAVING count(*) > 1) AS twice "
    "JOIN event ON event.event_id = twice.id JOIN log ON log.id = event.log_id AND log.source_id = twice.source AND log.name = twice.name "
    "JOIN record ON record.seq = event.seq WHERE event.flags & :hidden = 0 ORDER BY 1, 2, 3, 4"
)


class DuplicateIds:
    """Events of one log that have the same id."""

    name = "duplicate-ids"
    title = "Event ids that occur more than once"
    assumes = "an event's id is its own within its log, and the rule that finds it looks in the right place"
    legal = "delivery at least once sends an event again; consumers are expected to drop the second one"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log for what was delivered again, one per id whose events differ."""
        for (_, log), ids in groupby(look.rows(_REPEATED, {"hidden": HIDDEN}), key=lambda row: (row[0], row[1])):
            again: list[tuple[Any, ...]] = []
            count = 0
            for event_id, rows in groupby(ids, key=lambda row: row[2]):
                copies = list(rows)
                if len({(row[6], row[7]) for row in copies}) > 1:
                    yield self._conflict(log, event_id, copies)
                else:
                    count += len(copies) - 1
                    again.extend(copies[: max(0, MOST_EVENTS - len(again))])
            if count:
                yield self._again(log, count, again)

    def _conflict(self, log: str, event_id: str, copies: list[tuple[Any, ...]]) -> Finding:
        positions = [row[5] for row in copies]
        text = f"{log}: {len(copies):,} events have the id {event_id[:80]} and are not the same"
        partition = copies[0][4] if len({row[4] for row in copies}) == 1 else None
        return Finding(
            self.name,
            Severity.error,
            text,
            len(copies),
            log,
            partition,
            min(positions),
            max(positions),
            [row[3] for row in copies[:MOST_EVENTS]],
            legal_because="what the rule takes for the event's id may be that of its aggregate or of its command",
        )

    def _again(self, log: str, count: int, copies: list[tuple[Any, ...]]) -> Finding:
        text = f"{log}: {count:,} event{'s were' if count != 1 else ' was'} delivered more than once, with the same bytes"
        partition = copies[0][4] if len({row[4] for row in copies}) == 1 else None
        positions = [row[5] for row in copies] if partition is not None else [None]
        return Finding(self.name, Severity.info, text, count, log, partition, positions[0], positions[-1], [row[3] for row in copies])
