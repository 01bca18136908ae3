"""What the source said it has against what is here: the end of a log, and what a store notes of itself. Read-only.

A store's claims (numbers given, versions of streams) are kept in the table `claim` with where the log ended in the same instant;
they are compared only where the log is here up to there. Read `offset_gaps` for holes in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.checks import MOST_EVENTS, Finding, Log, Look, Severity

_LAST = "SELECT max(position) FROM event WHERE log_id = ?"
_HAS_CLAIMS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'claim'"
_SEQUENCE = (
    "SELECT value, log_end FROM claim WHERE source_id = ? AND log = ? AND kind = 'sequence' AND value IS NOT NULL ORDER BY id DESC LIMIT 1"
)
_STREAMS = (
    "SELECT c.category, c.name, c.value, c.log_end FROM claim c WHERE c.source_id = :source AND c.log = :log AND c.kind = 'stream' "
    "AND c.value IS NOT NULL AND c.log_end <= :reached AND c.id = (SELECT max(n.id) FROM claim n WHERE n.source_id = c.source_id "
    "AND n.kind = c.kind AND n.store_table = c.store_table AND n.log = c.log AND n.category = c.category AND n.name = c.name) "
    "ORDER BY c.id"
)
_HELD = (
    "SELECT x.version, x.seq FROM stream s JOIN category k ON k.id = s.category_id JOIN event_stream x ON x.stream_id = s.id "
    "JOIN event e ON e.seq = x.seq WHERE s.source_id = ? AND s.name = ? AND ? IN ('', k.name) AND e.log_id = ? AND e.position < ? "
    "AND x.version IS NOT NULL ORDER BY x.version DESC, x.seq DESC LIMIT 1"
)
_LEGAL_STREAMS = "a store may archive events, or count in its table of streams what it keeps elsewhere, such as snapshots"
_MOST_NAMED = 3


@dataclass(slots=True)
class _Streams:
    """Streams that stand elsewhere than the store's table says: how many, and the first of them in words."""

    count: int = 0
    named: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    def add(self, text: str, seq: int | None) -> None:
        """One more."""
        self.count += 1
        if len(self.named) < _MOST_NAMED:
            self.named.append(text)
        if seq is not None and len(self.events) < MOST_EVENTS:
            self.events.append(seq)


class Tail:
    """Logs whose end is not here, or lies below where it once was."""

    name = "tail"
    title = "The end of a log against what its source says"
    assumes = "the source told the truth about its end when it was last asked"
    legal = "a capture that was stopped, or that goes on, has not read all yet; AUTOINCREMENT numbers are used up by ignored rows too"

    def run(self, look: Look) -> Iterator[Finding]:
        """At most four findings per log."""
        has_claims = look.one(_HAS_CLAIMS) is not None
        for log in look.logs():
            if log.is_file:
                continue
            reached = max((int(str(one["to"])) for one in log.report.coverage if one["state"] == "read"), default=None)
            if reached is None:
                continue
            if log.report.end is not None and log.report.end > reached:
                left = log.report.end - reached
                text = f"{log.label}: the source had {left:,} positions beyond what was read (its end was {log.report.end:,})"
                place = (log.report.log, log.report.partition, reached, log.report.end - 1)
                yield Finding(self.name, Severity.info, text, left, *place)
            yield from self._store_head(look, log, _head(look, log, reached) if has_claims else None)
            if has_claims and _is_whole(log, reached):
                yield from self._stream_heads(look, log, reached)

    def _store_head(self, look: Look, log: Log, claimed: int | None) -> Iterator[Finding]:
        """A store that counts its numbers itself tells of rows deleted at the end."""
        tables = log.attributes.get("tables")
        facts = tables.get(log.report.log) if isinstance(tables, dict) else None
        head = claimed if claimed is not None else facts.get("head") if isinstance(facts, dict) else None
        last = look.one(_LAST, (log.id,))
        if isinstance(head, int) and last is not None and head > last:
            text = f"{log.label}: the store gave out positions up to {head:,}, but its last row is {last:,}: the end was deleted"
            place = (log.report.log, log.report.partition, last + 1, head, look.seqs(log.id, last, last))
            yield Finding(self.name, Severity.warning, text, head - last, *place)

    def _stream_heads(self, look: Look, log: Log, reached: int) -> Iterator[Finding]:
        """Streams whose newest event here is another than the store's own table of streams says."""
        below, above = _Streams(), _Streams()
        bindings = {"source": log.report.source_id, "log": log.report.log, "reached": reached}
        for category, name, version, log_end in look.rows(_STREAMS, bindings):
            held = look.reader.select(_HELD, (log.report.source_id, name, category, log.id, log_end))
            here, seq = held[0] if held else (None, None)
            # `$all` and its like are orders that the store makes of all its events, not streams that were written to
            if here == version or (here is None and name.startswith("$")):
                continue
            newest = "no event is here" if here is None else f"the newest event here {here:,}"
            streams = below if here is None or here < version else above
            streams.add(f"{category}{'/' if category else ''}{name}: {version:,} there, {newest}", seq)
        if below.count:
            yield self._heads(log, below, "lacks its newest events" if below.count == 1 else "lack their newest events")
        if above.count:
            yield self._heads(log, above, f"{'is' if above.count == 1 else 'are'} further than the store's table of streams says")

    def _heads(self, log: Log, streams: _Streams, what: str) -> Finding:
        named = "; ".join(streams.named) + ("; …" if streams.count > len(streams.named) else "")
        text = f"{log.label}: {streams.count:,} stream{'' if streams.count == 1 else 's'} {what} ({named})"
        place = (log.report.log, log.report.partition, None, None, streams.events)
        return Finding(self.name, Severity.warning, text, streams.count, *place, legal_because=_LEGAL_STREAMS)


def _head(look: Look, log: Log, reached: int) -> int | None:
    """The highest position that the store says it ever gave, where the log is here up to where it ended then."""
    for value, log_end in look.reader.select(_SEQUENCE, (log.report.source_id, log.report.log)):
        return int(value) if log_end is not None and log_end <= reached else None
    return None


def _is_whole(log: Log, reached: int) -> bool:
    """Whether all up to there was read: what was not may hold the newest events of a stream."""
    first = log.report.first
    return first is not None and any(
        one["state"] == "read" and int(str(one["from"])) <= first and int(str(one["to"])) >= reached for one in log.report.coverage
    )
