"""Positions that should be there and are not: inside what was read, and what was never read. Read-only.

Read `version_gaps` for the same within a stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inspector.checks import Finding, Log, Look, Severity

_POSITIONS = (
    "SELECT position, before, flags FROM (SELECT position, lag(position) OVER w AS before, lag(flags) OVER w AS flags FROM event "
    "WHERE log_id = ? AND position >= ? AND position < ? WINDOW w AS (ORDER BY position, sub)) WHERE position > before + 1"
)
_EDGES = "SELECT min(position), max(position) FROM event WHERE log_id = ? AND position >= ? AND position < ?"


@dataclass(frozen=True, slots=True)
class _Why:
    """What a hole inside a stretch that was read means there."""

    severity: Severity
    words: str
    legal: str


_COMPACTED = _Why(Severity.info, "the log is compacted", "compaction removes records that a later one of the same key replaces")
_COMMITTED = _Why(
    Severity.info, "only committed records were read", "transaction markers and records of aborted transactions take positions too"
)
_MARKERS = _Why(
    Severity.info,
    "the log has transactions, whose markers take positions that no consumer is given",
    "each transaction ends with a marker that takes one position",
)
_KAFKA = _Why(
    Severity.warning,
    "nothing in the capture explains it",
    "transaction markers, compaction and retention leave such holes; segment files or a capture with --isolation both tell which",
)
_FILE = _Why(
    Severity.info, "they are not in the files", "an export may have been filtered, and a compacted or transactional log has holes itself"
)
_SQLITE = _Why(
    Severity.warning,
    "rows were there and are gone: SQLite gives no position to what is rolled back",
    "INSERT OR IGNORE on an AUTOINCREMENT key uses up numbers, and a retention job deletes rows on purpose",
)
_SEQUENCE = _Why(
    Severity.info,
    "the store's sequence went on without a row",
    "a sequence is not given back when a transaction is rolled back; rows that commit late come below newer ones",
)
_BY_KIND: Mapping[str, _Why] = {"kafka": _KAFKA, "kafka-log": _COMPACTED, "file": _FILE, "sqlite": _SQLITE, "postgresql": _SEQUENCE}


class OffsetGaps:
    """Holes between the positions of a log, and stretches that were not read."""

    name = "offset-gaps"
    title = "Positions that are missing"
    assumes = "positions of a log are given one after the other, and what was read was read whole"
    legal = "logs have holes of their own: compaction, transaction markers, aborted records, retention"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per stretch and cause."""
        for log in look.logs():
            if log.is_file:
                continue
            has_transactions = bool(look.reader.select("SELECT 1 FROM event WHERE log_id = ? AND flags & 14 LIMIT 1", (log.id,)))
            for segment in log.report.coverage:
                start, end = int(str(segment["from"])), int(str(segment["to"]))
                if segment["state"] == "read":
                    yield from self._inside(look, log, start, end, _why(log, str(segment.get("isolation") or ""), has_transactions))
                else:
                    yield self._absent(log, segment, start, end)

    def _inside(self, look: Look, log: Log, start: int, end: int, why: _Why) -> Iterator[Finding]:
        """The holes of one stretch that was read, as one finding where their cause is known, else one by one."""
        holes = [(before + 1, position - 1) for position, before, _ in look.rows(_POSITIONS, (log.id, start, end))]
        ((lowest, highest),) = look.reader.select(_EDGES, (log.id, start, end))
        if lowest is None:
            holes = [(start, end - 1)]
        else:
            holes = [*([(start, lowest - 1)] if lowest > start else []), *holes, *([(highest + 1, end - 1)] if highest < end - 1 else [])]
        if not holes:
            return
        if why.severity is Severity.info:
            missing = sum(last - first + 1 for first, last in holes)
            text = f"{log.label}: {missing:,} positions between {holes[0][0]:,} and {holes[-1][1]:,} hold no record: {why.words}"
            yield self._finding(look, log, holes[0][0], holes[-1][1], missing, text, why)
            return
        for first, last in holes:
            text = f"{log.label}: {_span(first, last)} hold{'s' if first == last else ''} no record; {why.words}"
            yield self._finding(look, log, first, last, last - first + 1, text, why)

    def _finding(self, look: Look, log: Log, first: int, last: int, count: int, text: str, why: _Why) -> Finding:
        beside = [*look.seqs(log.id, first - 1, first - 1), *look.seqs(log.id, last + 1, last + 1)]
        place = (log.report.log, log.report.partition, first, last, beside)
        return Finding(self.name, why.severity, text, count, *place, legal_because=why.legal)

    def _absent(self, log: Log, segment: Mapping[str, object], start: int, end: int) -> Finding:
        reason = str(segment.get("reason") or "") or (f"read through the filter {segment.get('filter')}" if segment.get("filter") else "")
        is_damage = reason.startswith("damaged")
        text = f"{log.label}: {_span(start, end - 1)} {'is' if end - start == 1 else 'are'} not here: {reason or 'not read'}"
        severity = Severity.warning if is_damage else Severity.info
        return Finding(self.name, severity, text, end - start, log.report.log, log.report.partition, start, end - 1, legal_because=reason)


def _why(log: Log, isolation: str, has_transactions: bool) -> _Why:
    if log.is_compacted:
        return _COMPACTED
    if log.kind == "kafka" and isolation == "committed":
        return _COMMITTED
    if log.kind == "kafka" and has_transactions:
        return _MARKERS
    return _BY_KIND.get(log.kind, _KAFKA)


def _span(first: int, last: int) -> str:
    return f"position {first:,}" if first == last else f"positions {first:,} to {last:,}"
