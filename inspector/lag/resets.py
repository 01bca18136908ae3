"""The resets that a capture has noted: commits of consumers that went back, by the time at which they were seen. Read-only; SQL only.

Much cheaper than `report.recorded`, which tells the same among all else: for who asks every few seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.lag.motion import Reset
from inspector.sources.groups import Place
from inspector.sources.samples import COMMITTED, parts_of

_SEEN = """
SELECT label, time_us, before, value FROM (
  SELECT label, time_us, value, lag(value) OVER (PARTITION BY label ORDER BY time_us) AS before FROM sample WHERE metric = ?
) WHERE value < before ORDER BY time_us DESC, label LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class SetBack:
    """A consumer that reads again, and where."""

    consumer: str
    place: Place
    reset: Reset


def seen(reader: CaptureReader, most: int) -> Sequence[SetBack]:
    """The newest resets, at most so many, the oldest first. Raises CaptureError when the file is damaged."""
    found = []
    for label, time_us, before, after in reader.select(_SEEN, (COMMITTED, most)):
        match parts_of(str(label)):
            case (int(), str(consumer), str(log), int(partition)):
                found.append(SetBack(consumer, (log, partition), Reset(int(time_us), int(before), int(after))))
    return found[::-1]
