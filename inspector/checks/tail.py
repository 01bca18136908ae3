"""What the source said it has against what is here: the end of a log, the head that a store notes itself. Read-only.

Read `offset_gaps` for holes in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.checks import Finding, Log, Look, Severity

_LAST = "SELECT max(position) FROM event WHERE log_id = ?"


class Tail:
    """Logs whose end is not here, or lies below where it once was."""

    name = "tail"
    title = "The end of a log against what its source says"
    assumes = "the source told the truth about its end when it was last asked"
    legal = "a capture that was stopped, or that goes on, has not read all yet; AUTOINCREMENT numbers are used up by ignored rows too"

    def run(self, look: Look) -> Iterator[Finding]:
        """At most two findings per log."""
        for log in look.logs():
            if log.is_file:
                continue
            reached = max((int(str(one["to"])) for one in log.report.coverage if one["state"] == "read"), default=None)
            if reached is not None and log.report.end is not None and log.report.end > reached:
                left = log.report.end - reached
                text = f"{log.label}: the source had {left:,} positions beyond what was read (its end was {log.report.end:,})"
                place = (log.report.log, log.report.partition, reached, log.report.end - 1)
                yield Finding(self.name, Severity.info, text, left, *place)
            yield from self._store_head(look, log)

    def _store_head(self, look: Look, log: Log) -> Iterator[Finding]:
        """A store that counts its numbers itself (`head` of its table's facts) tells of rows deleted at the end."""
        tables = log.attributes.get("tables")
        facts = tables.get(log.report.log) if isinstance(tables, dict) else None
        head = facts.get("head") if isinstance(facts, dict) else None
        ((last,),) = look.reader.select(_LAST, (log.id,))
        if isinstance(head, int) and last is not None and head > last:
            text = f"{log.label}: the store gave out positions up to {head:,}, but its last row is {last:,}: the end was deleted"
            place = (log.report.log, log.report.partition, last + 1, head, look.seqs(log.id, last, last))
            yield Finding(self.name, Severity.warning, text, head - last, *place)
