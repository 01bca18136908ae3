"""What the sources have and the capture has not: stretches of positions that nobody read, by partition. Read-only.

Counts positions as the source had them when it was last looked at: an upper bound of records. Read `report` for the account
this is taken from, `sources.spans` for how a reading is narrowed to such stretches.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from inspector.capture.coverage import NOT_FETCHED
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, log_reports

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Unread:
    """One partition: its unread stretches `[start, end)` in order, and the first and last (exclusive) position that was read."""

    uri: str
    log: str
    partition: int
    ranges: tuple[Range, ...]
    read_from: int | None = None
    read_to: int | None = None

    @property
    def count(self) -> int:
        """Positions that were not read."""
        return sum(end - start for start, end in self.ranges)

    @property
    def older(self) -> tuple[Range, ...]:
        """The unread stretches below the first position that was read; all of them where nothing was."""
        return tuple(found for found in self.ranges if self.read_from is None or found[1] <= self.read_from)

    @property
    def newer(self) -> tuple[Range, ...]:
        """The unread stretches above the last position that was read."""
        return tuple(found for found in self.ranges if self.read_to is not None and found[0] >= self.read_to)

    def around(self, position: int, before: int, after: int) -> Range | None:
        """So many positions around one that was not read, within its stretch; None when it was read or is not there."""
        for start, end in self.ranges:
            if start <= position < end:
                return max(start, position - before), min(end, position + after)
        return None


def unread(reader: CaptureReader, filter_text: str = "") -> list[Unread]:
    """The partitions of which something was not read, or with a filter: neither read nor searched through it.

    Of a log that was made again only its present life counts: the others cannot be read any more.
    """
    lives: dict[tuple[str, str, int], LogReport] = {}
    for report in log_reports(reader):
        key = report.source, report.log, report.partition
        if key not in lives or lives[key].id < report.id:
            lives[key] = report
    found = (_unread(report, filter_text) for report in lives.values())
    return [part for part in found if part.ranges]


_BEFORE = """
SELECT event.seq, event.position - max(log.first_position, coalesce(
  (SELECT to_position FROM coverage c WHERE c.log_id = event.log_id AND c.from_position < event.position
   ORDER BY c.from_position DESC LIMIT 1), 0))
FROM event CROSS JOIN log ON log.id = event.log_id
WHERE event.seq IN (SELECT value FROM json_each(:seqs)) AND event.sub = 0 AND event.position > log.first_position AND NOT EXISTS (
  SELECT 1 FROM coverage c WHERE c.log_id = event.log_id AND c.from_position < event.position AND c.to_position >= event.position)
"""
"""What was never fetched has no row in the account: the position before such an event lies in no stretch of it."""


def unread_before(reader: CaptureReader, seqs: Sequence[int]) -> dict[int, int]:
    """Those of the events `seqs` just before which positions were not read, with how many; looked up, nothing is scanned."""
    found: dict[int, int] = dict(reader.select(_BEFORE, {"seqs": json.dumps(list(map(int, seqs)))}))
    return found


def last_of(ranges: Sequence[Range], most: int) -> tuple[Range, ...]:
    """The last `most` positions of `ranges`."""
    taken: list[Range] = []
    for start, end in reversed(ranges):
        if most <= 0:
            break
        taken.append((max(start, end - most), end))
        most -= end - taken[-1][0]
    return tuple(reversed(taken))


def first_of(ranges: Sequence[Range], most: int) -> tuple[Range, ...]:
    """The first `most` positions of `ranges`."""
    taken: list[Range] = []
    for start, end in ranges:
        if most <= 0:
            break
        taken.append((start, min(end, start + most)))
        most -= taken[-1][1] - start
    return tuple(taken)


def _unread(report: LogReport, filter_text: str) -> Unread:
    read = [segment for segment in report.coverage if segment["state"] == "read"]
    ranges = _joined(_range(segment) for segment in report.coverage if _is_unread(segment, filter_text))
    low, high = (_range(read[0])[0], _range(read[-1])[1]) if read else (None, None)
    return Unread(report.source, report.log, report.partition, ranges, low, high)


def _is_unread(segment: Mapping[str, object], filter_text: str) -> bool:
    if segment["state"] == "scanned":
        return segment.get("filter") != filter_text
    return segment["state"] == "absent" and segment["reason"] == NOT_FETCHED


def _range(segment: Mapping[str, object]) -> Range:
    return int(str(segment["from"])), int(str(segment["to"]))


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Neighbours as one."""
    joined: list[Range] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(joined)
