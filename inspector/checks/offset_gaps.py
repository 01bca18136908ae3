"""Positions that should be there and are not: inside what was read, and what was never read. Read-only.

Read `version_gaps` for the same within a stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.checks import MOST_EVENTS, Finding, Log, Look, Severity
from inspector.sources.file_runs import NOT_IN_FILES

_POSITIONS = (
    "SELECT before, position, seq_before, seq FROM (SELECT position, seq, lag(position) OVER w AS before, lag(seq) OVER w AS seq_before "
    "FROM event WHERE log_id = ? AND position >= ? AND position < ? WINDOW w AS (ORDER BY position, sub)) WHERE position > before + 1"
)
"""Is answered from the index of positions alone."""
_FIRST = "SELECT position, seq FROM event WHERE log_id = ? AND position >= ? AND position < ? ORDER BY position LIMIT 1"
_LAST = "SELECT position, seq FROM event WHERE log_id = ? AND position >= ? AND position < ? ORDER BY position DESC LIMIT 1"
_HAS_TRANSACTIONS = "SELECT 1 FROM event WHERE log_id = ? AND flags & 14 LIMIT 1"


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
_SEGMENTS = _Why(
    Severity.info,
    "the segment files hold none there, which is what compaction leaves",
    "compaction removes records that a later one of the same key replaces; the files cannot tell that from records that were cut out",
)
_FILE = _Why(
    Severity.info, "they are not in the files", "an export may have been filtered, and a compacted or transactional log has holes itself"
)
_FILE_WHOLE = _Why(
    Severity.info,
    "the file shows that nothing was there when it was made",
    "compaction, transaction markers and retention leave such holes; a file cannot show what was removed before it was made",
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
_BY_KIND: Mapping[str, _Why] = {"kafka": _KAFKA, "kafka-log": _SEGMENTS, "file": _FILE_WHOLE, "sqlite": _SQLITE, "postgresql": _SEQUENCE}


@dataclass(slots=True)
class _Hole:
    """Positions `[first, last]` without a record, `count` of them, and the numbers of the events beside."""

    first: int
    last: int
    count: int
    events: list[int] = field(default_factory=list)


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
            has_transactions = look.one(_HAS_TRANSACTIONS, (log.id,)) is not None
            left_out: list[_Hole] = []
            for segment in log.report.coverage:
                start, end = int(str(segment["from"])), int(str(segment["to"]))
                if str(segment.get("reason") or "") == NOT_IN_FILES:
                    left_out.append(_Hole(start, end - 1, end - start))
                elif segment["state"] == "read":
                    yield from self._inside(look, log, start, end, _why(log, str(segment.get("isolation") or ""), has_transactions))
                else:
                    yield self._absent(log, segment, start, end)
            yield from self._left_out(look, log, left_out)

    def _inside(self, look: Look, log: Log, start: int, end: int, why: _Why) -> Iterator[Finding]:
        """The holes of one stretch that was read, as one finding where their cause is known, else one by one."""
        holes = _holes(look, log.id, start, end)
        if why.severity is Severity.info:
            if (hole := _joined(holes)) is not None:
                text = f"{log.label}: {_spread(hole)} no record: {why.words}"
                yield self._finding(log, hole, text, why)
            return
        for hole in holes:
            text = f"{log.label}: {_span(hole.first, hole.last)} hold{'s' if hole.count == 1 else ''} no record; {why.words}"
            yield self._finding(log, hole, text, why)

    def _left_out(self, look: Look, log: Log, holes: Sequence[_Hole]) -> Iterator[Finding]:
        """What files leave out, as one finding."""
        for hole in holes[:MOST_EVENTS]:
            hole.events = [*look.seqs(log.id, hole.first - 1, hole.first - 1)[:1], *look.seqs(log.id, hole.last + 1, hole.last + 1)[:1]]
        if (whole := _joined(holes)) is not None:
            yield self._finding(log, whole, f"{log.label}: {_spread(whole)} no record: {_FILE.words}", _FILE)

    def _finding(self, log: Log, hole: _Hole, text: str, why: _Why) -> Finding:
        place = (log.report.log, log.report.partition, hole.first, hole.last, hole.events)
        return Finding(self.name, why.severity, text, hole.count, *place, legal_because=why.legal)

    def _absent(self, log: Log, segment: Mapping[str, object], start: int, end: int) -> Finding:
        reason = str(segment.get("reason") or "") or (f"read through the filter {segment.get('filter')}" if segment.get("filter") else "")
        is_damage = reason.startswith("damaged")
        text = f"{log.label}: {_span(start, end - 1)} {'is' if end - start == 1 else 'are'} not here: {reason or 'not read'}"
        severity = Severity.warning if is_damage else Severity.info
        return Finding(self.name, severity, text, end - start, log.report.log, log.report.partition, start, end - 1, legal_because=reason)


def _holes(look: Look, log_id: int, start: int, end: int) -> Iterator[_Hole]:
    """Positions of `[start, end)` that hold nothing, in their order."""
    place = (log_id, start, end)
    if start >= end:
        return
    if not (first := look.reader.select(_FIRST, place)):
        yield _Hole(start, end - 1, end - start)
        return
    ((lowest, seq),) = first
    if lowest > start:
        yield _Hole(start, lowest - 1, lowest - start, [seq])
    for before, after, seq_before, seq_after in look.rows(_POSITIONS, place):
        yield _Hole(before + 1, after - 1, after - before - 1, [seq_before, seq_after])
    ((highest, seq),) = look.reader.select(_LAST, place)
    if highest < end - 1:
        yield _Hole(highest + 1, end - 1, end - 1 - highest, [seq])


def _joined(holes: Iterable[_Hole]) -> _Hole | None:
    """All of them as one, with the events beside the first ones; None without any."""
    joined: _Hole | None = None
    for hole in holes:
        if joined is None:
            joined = hole
            continue
        joined.last, joined.count = hole.last, joined.count + hole.count
        if len(joined.events) < MOST_EVENTS:
            joined.events = list(dict.fromkeys([*joined.events, *hole.events]))[:MOST_EVENTS]
    return joined


def _why(log: Log, isolation: str, has_transactions: bool) -> _Why:
    if log.is_compacted:
        return _COMPACTED
    if log.kind in {"kafka", "kafka-log"} and isolation == "committed":
        return _COMMITTED
    if log.kind == "kafka" and has_transactions:
        return _MARKERS
    return _BY_KIND.get(log.kind, _KAFKA)


def _spread(hole: _Hole) -> str:
    """Which positions: all of a stretch, or some of it."""
    if hole.count == hole.last - hole.first + 1:
        return f"{_span(hole.first, hole.last)} hold{'s' if hole.count == 1 else ''}"
    return f"{hole.count:,} positions between {hole.first:,} and {hole.last:,} hold"


def _span(first: int, last: int) -> str:
    return f"position {first:,}" if first == last else f"positions {first:,} to {last:,}"
