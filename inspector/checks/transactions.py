"""Transactions that neither committed nor aborted. Read-only.

Read `offset_gaps` for the positions that markers take.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.checks import Finding, Grouped, Look, Severity
from inspector.event import Flag, format_time

_ROWS = "SELECT seq, log_id, position, time_us FROM event WHERE flags & ? ORDER BY log_id, position, sub"
_HANGING_US = 15 * 60 * 1_000_000
"""Kafka's default for the longest a transaction may take (transaction.max.timeout.ms)."""


class Transactions:
    """Records of transactions that are still open."""

    name = "transactions"
    title = "Transactions that hang"
    assumes = "a transaction ends within 15 minutes, the most that a broker allows by default"
    legal = "a capture that ended in the middle of a transaction cannot know how it ended"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log."""
        groups, first_us, last_us = Grouped(), dict[int, int](), dict[int, int]()
        for seq, log_id, position, time_us in look.rows(_ROWS, (int(Flag.open),)):
            groups.add(log_id, seq, position)
            if time_us is not None:
                first_us.setdefault(log_id, time_us)
        for log in look.logs():
            if (group := groups.groups.get(log.id)) is None:
                continue
            ((newest,),) = look.reader.select("SELECT max_time_us FROM log WHERE id = ?", (log.id,))
            last_us[log.id] = newest or 0
            since = first_us.get(log.id)
            is_hanging = since is not None and last_us[log.id] - since > _HANGING_US
            text = f"{log.label}: {group.count:,} records belong to transactions that are open" + (
                f" since {format_time(since)}; readers of committed records wait there" if is_hanging else ""
            )
            place = (log.report.log, log.report.partition, group.first, group.last, group.events)
            yield Finding(self.name, Severity.warning if is_hanging else Severity.info, text, group.count, *place)
