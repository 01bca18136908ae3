"""Values that no decoder could read, and rows that are damaged. Read-only.

Read `conflicts` for values that were read twice and differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inspector.checks import Finding, Grouped, Look, Severity
from inspector.event import Flag

_ROWS = "SELECT seq, log_id, position, flags, error FROM event WHERE flags & ? AND flags & ? = 0 ORDER BY log_id, position, sub"
_NUMBER = re.compile(r"(?<=byte )\d[\d,]*|(?<=line )\d[\d,]*|(?<=character )\d[\d,]*")
_MOST_REASONS = 20


class Undecodable:
    """Events whose value could not be read."""

    name = "undecodable"
    title = "Values that could not be read"
    assumes = "the decoder was chosen rightly and had the schemas it needs"
    legal = "a schema may be missing, the value encrypted, or the log may carry something else than documents"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per log and reason."""
        wanted, hidden = int(Flag.undecodable | Flag.damaged), int(Flag.control)
        labels = {log.id: log for log in look.logs()}
        groups = Grouped()
        reasons: dict[int, set[str]] = {}
        for seq, log_id, position, flags, error in look.rows(_ROWS, (wanted, hidden)):
            reason = _NUMBER.sub("…", str(error or "no reason is noted"))[:200]
            seen = reasons.setdefault(log_id, set())
            if reason not in seen and len(seen) >= _MOST_REASONS:
                reason = "other reasons"
            seen.add(reason)
            groups.add((log_id, bool(flags & Flag.damaged), reason), seq, position)
        for (log_id, is_damaged, reason), group in groups.groups.items():
            if (log := labels.get(log_id)) is None:
                continue
            what = "damaged" if is_damaged else "undecodable"
            text = f"{log.label}: {group.count:,} {'record is' if group.count == 1 else 'records are'} {what}: {reason}"
            place = (log.report.log, log.report.partition, group.first, group.last, group.events)
            yield Finding(self.name, Severity.warning, text, group.count, *place)
