"""Positions that were read twice with different bytes. Read-only.

Read `duplicate_ids` for one id at two positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.checks import MOST_EVENTS, Finding, Look, Severity

_ROWS = (
    "SELECT conflict.log_id, conflict.position, event.seq FROM conflict LEFT JOIN event ON event.log_id = conflict.log_id "
    "AND event.position = conflict.position AND event.sub = conflict.sub ORDER BY 1, 2"
)


class Conflicts:
    """Records that changed between two readings."""

    name = "conflicts"
    title = "Records that were read again with other bytes"
    assumes = "a log is only appended to: what stands at a position stays"
    legal = "the store was put back from a copy, a row was corrected or masked in place, or two clusters carry the same name"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log."""
        rows: dict[int, list[tuple[int, int | None]]] = {}
        for log_id, position, seq in look.rows(_ROWS):
            rows.setdefault(log_id, []).append((position, seq))
        for log in look.logs():
            if not (found := rows.get(log.id)):
                continue
            positions = sorted({position for position, _ in found})
            text = f"{log.label}: {len(positions):,} positions were read again with other bytes; the first reading is shown"
            events = [seq for _, seq in found if seq is not None][:MOST_EVENTS]
            place = (log.report.log, log.report.partition, positions[0], positions[-1], events)
            yield Finding(self.name, Severity.error, text, len(positions), *place)
