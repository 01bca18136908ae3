"""The account of one log: which positions are read, scanned through a filter, or absent, and why. Pure; no SQL, no I/O.

Segments of a log never overlap. What is better known wins: a full read over a scan over an absence; and among full
reads the isolation that keeps more (both, then uncommitted, then committed). Read `writer` for how it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from inspector.event import without_ranges

RETENTION = "retention"
NOT_FETCHED = "not fetched"
REMOVED_BY_KEEP = "removed by the keep limit"
NOT_DELIVERED = "not delivered (compaction, marker or aborted)"

UNDECIDED = "uncommitted"
"""The isolation of what was read under `both` and of which it is not known yet what was aborted."""

_ISOLATION_RANK = {"": 2, "committed": 1, "uncommitted": 2, "both": 3}


@dataclass(frozen=True, slots=True)
class Segment:
    """Positions `[start, end)` of one log in one state; `records` is None when it must be counted anew."""

    start: int
    end: int
    state: str
    reason: str = ""
    filter: str | None = None
    isolation: str = ""
    records: int | None = 0

    def rank(self) -> int:
        """How much is known: a higher rank replaces a lower one."""
        if self.reason == REMOVED_BY_KEEP:
            return 100
        return {"absent": 0, "scanned": 10, "read": 20}[self.state] + _ISOLATION_RANK.get(self.isolation, 0)

    def kind(self) -> tuple[str, str, str | None, str]:
        """What two neighbours must share to be one."""
        return self.state, self.reason, self.filter, self.isolation


def put(segments: Iterable[Segment], new: Segment) -> list[Segment]:
    """`segments` with `new` laid over them by rank, in order; neighbours of one kind are joined.

    A position scanned through two filters has become scanned through either of them.
    """
    if new.start >= new.end:
        return sorted(segments, key=lambda segment: segment.start)
    kept: list[Segment] = []
    pieces: list[Segment] = []
    stronger: list[tuple[int, int]] = []
    for old in segments:
        low, high = max(old.start, new.start), min(old.end, new.end)
        if low >= high:
            kept.append(old)
        elif old.state == new.state == "scanned" and old.filter != new.filter and old.isolation == new.isolation:
            kept.extend(_outside(old, new))
            either = f"({old.filter}) || ({new.filter})"
            pieces.append(replace(new, start=low, end=high, filter=either, records=None))
            stronger.append((low, high))
        elif old.rank() > new.rank():
            kept.append(old)
            stronger.append((low, high))
        else:
            kept.extend(_outside(old, new))
    for start, end in without_ranges(new.start, new.end, stronger):
        assert end is not None
        whole = (start, end) == (new.start, new.end)
        pieces.append(new if whole else replace(new, start=start, end=end, records=None))
    return _joined([*kept, *pieces])


def _outside(old: Segment, new: Segment) -> list[Segment]:
    """The parts of `old` that `new` does not touch."""
    parts = [(old.start, min(old.end, new.start)), (max(old.start, new.end), old.end)]
    return [replace(old, start=start, end=end, records=None) for start, end in parts if start < end]


def _joined(segments: list[Segment]) -> list[Segment]:
    joined: list[Segment] = []
    for segment in sorted(segments, key=lambda item: item.start):
        if joined and joined[-1].end == segment.start and joined[-1].kind() == segment.kind():
            last = joined.pop()
            counted = None if last.records is None or segment.records is None else last.records + segment.records
            joined.append(replace(last, end=segment.end, records=counted))
        else:
            joined.append(segment)
    return joined


def already_read(segments: Iterable[Segment], isolation: str) -> list[tuple[int, int]]:
    """The ranges that need not be read again for a full read under `isolation`.

    Ranges that are gone for good (retention) or were removed on purpose are not asked for again either.
    """
    return [
        (segment.start, segment.end)
        for segment in segments
        if (segment.state == "read" and segment.isolation == isolation)
        or (segment.state == "absent" and segment.reason in {RETENTION, REMOVED_BY_KEEP})
    ]


def already_scanned(segments: Iterable[Segment], isolation: str, filter_text: str) -> list[tuple[int, int]]:
    """The ranges that need not be read again through `filter_text`: read in full, or scanned with the same filter."""
    scanned = [
        (segment.start, segment.end)
        for segment in segments
        if segment.state == "scanned" and segment.isolation == isolation and segment.filter == filter_text
    ]
    return already_read(segments, isolation) + scanned
