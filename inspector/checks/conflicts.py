"""Positions that were read twice with different bytes. Read-only.

Read `duplicate_ids` for one id at two positions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from inspector.checks import Finding, Grouped, Look, Severity

_ROWS = (
    "SELECT conflict.log_id, conflict.position, event.seq FROM conflict LEFT JOIN event ON event.log_id = conflict.log_id "
    "AND event.position = conflict.position AND event.sub = conflict.sub ORDER BY 1, 2, event.sub"
)


class Conflicts:
    """Records that changed between two readings."""

    name = "conflicts"
    title = "Records that were read again with other bytes"
    assumes = "a log is only appended to: what stands at a position stays"
    legal = "the store was put back from a copy, a row was corrected or masked in place, or two clusters carry the same name"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log."""
        groups, counts, before = Grouped(), Counter[int](), None
        for log_id, position, seq in look.rows(_ROWS):
            if (log_id, position) != before:
                counts[log_id] += 1
            before = (log_id, position)
            groups.add(log_id, seq, position)
        for log in look.logs():
            if (group := groups.groups.get(log.id)) is None:
                continue
            count = counts[log.id]
            read = "position was" if count == 1 else "positions were"
            text = f"{log.label}: {count:,} {read} read again with other bytes; the first reading is shown"
            place = (log.report.log, log.report.partition, group.first, group.last, group.events)
            yield Finding(self.name, Severity.error, text, count, *place)
