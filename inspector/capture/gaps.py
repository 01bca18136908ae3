"""When a capture has not read: stretches of positions that are absent, as stretches of time between their neighbours.

Read-only. Read `coverage` for the reasons, `rollup` for the numbers that these gaps interrupt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.capture.coverage import NOT_DELIVERED
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, log_reports
from inspector.sources.file_runs import NOT_IN_FILES, PARTLY

_NONE = {NOT_DELIVERED, NOT_IN_FILES, PARTLY}
"""Reasons that are no gap in the reading: perhaps the log never had more."""
MOST_GAPS = 40
"""So many gaps, the largest, are looked up; each takes two look-ups by position."""


@dataclass(frozen=True, slots=True)
class Gap:
    """`positions` of `log` partition `partition` are absent for `reason`.

    They lie between the times of the events before and after them, in microseconds; None where there is no such event.
    """

    log: str
    partition: int
    positions: int
    reason: str
    from_us: int | None
    until_us: int | None


def gaps(reader: CaptureReader, reports: Sequence[LogReport] | None = None) -> list[Gap]:
    """The largest gaps of all logs, the earliest first; what a log perhaps never had (holes of compaction, or of a file) is none."""
    found = [
        (int(str(segment["to"])) - int(str(segment["from"])), report, segment)
        for report in (log_reports(reader) if reports is None else reports)
        for segment in report.coverage
        if segment["state"] == "absent" and segment["reason"] not in _NONE and segment["to"] != segment["from"]
    ]
    largest = sorted(found, key=lambda item: -item[0])[:MOST_GAPS]
    placed = [
        Gap(
            report.log,
            report.partition,
            positions,
            str(segment["reason"]),
            _time(reader, _BEFORE, report.id, int(str(segment["from"]))),
            _time(reader, _AFTER, report.id, int(str(segment["to"]))),
        )
        for positions, report, segment in largest
    ]
    return sorted(placed, key=lambda gap: (gap.from_us if gap.from_us is not None else -(2**63), gap.log, gap.partition))


def _time(reader: CaptureReader, nearest: str, log_id: int, position: int) -> int | None:
    """The time of the nearest event on one side."""
    rows = reader.select(nearest, (log_id, position))
    return int(rows[0][0]) if rows else None


_BEFORE = "SELECT time_us FROM event WHERE log_id = ? AND position < ? AND time_us IS NOT NULL ORDER BY position DESC LIMIT 1"
_AFTER = "SELECT time_us FROM event WHERE log_id = ? AND position >= ? AND time_us IS NOT NULL ORDER BY position LIMIT 1"
