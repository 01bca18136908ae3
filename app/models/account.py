"""What the status bar says of a capture: what is here of what there was, and what is lost. Runs on a worker. No Qt.

Read `session` for when it is counted, `inspector.capture.report` for the account this is taken from.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from inspector.capture import inputs
from inspector.capture.asking import Watermark
from inspector.capture.coverage import NOT_DELIVERED, NOT_FETCHED, REMOVED_BY_KEEP
from inspector.capture.reader import CaptureReader
from inspector.capture.report import log_reports
from inspector.capture.rollup import FlagTally
from inspector.event import Flag

_NOT_LOST = frozenset({NOT_FETCHED, REMOVED_BY_KEEP, NOT_DELIVERED})
"""Reasons that are a choice, or the log's own doing."""


@dataclass(frozen=True, slots=True)
class Account:
    """What the status bar says. `available` counts positions, an upper bound of records; `is_final` is False for "at least"."""

    captured: int
    available: int
    undecodable: int
    aborted: int
    lost: int
    lost_reason: str
    is_final: bool
    size_bytes: int
    free_bytes: int
    inputs: int = 0
    """Files that were read into the capture."""


def account_of(reader: CaptureReader, path: Path, tally: FlagTally, mark: Watermark) -> Account:
    """Counts what is new since the last time."""
    tally.advance(reader, mark)
    reports = log_reports(reader)
    lost: dict[str, int] = {}
    for segment in (segment for report in reports for segment in report.coverage if segment["state"] == "absent"):
        if (reason := str(segment["reason"] or "")) not in _NOT_LOST:
            lost[reason] = lost.get(reason, 0) + int(str(segment["to"])) - int(str(segment["from"]))
    sizes = [file.stat().st_size for file in (path, path.with_name(path.name + "-wal")) if file.exists()]
    return Account(
        captured=mark.events,
        available=sum(max(report.captured, (report.end or 0) - (report.first or 0)) for report in reports),
        undecodable=tally.count(Flag.undecodable),
        aborted=tally.count(Flag.aborted),
        lost=sum(lost.values()),
        lost_reason=", ".join(f"{count:,} {reason}" for reason, count in lost.items()),
        is_final=tally.complete,
        size_bytes=sum(sizes),
        free_bytes=shutil.disk_usage(path.parent).free,
        inputs=inputs.count(reader),
    )
