"""Events that a consumer has skipped: its checkpoint was past their positions before they could be seen. Read-only.

A database's writers take their numbers first and commit later, so a lower position may come to be seen after a higher one. The source
notes of such an event which checkpoints had passed it (see `sources.postgres_late`); what a later run of a capture finds new below
positions that it had read is compared with the checkpoints of the runs before. Lag does not show it: it is 0 all the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.event import Flag
from inspector.lag.counting import log_id
from inspector.sources.groups import Place
from inspector.sources.postgres_late import KEY, SKIPPED_BY

_LATE = (
    f"SELECT seq, position, captured_us, coalesce(json_extract(extra, '$.{KEY}.{SKIPPED_BY}'), '[]') FROM event "
    "WHERE log_id = ? AND flags & ? AND position < ? AND extra IS NOT NULL AND json_extract(extra, ?) IS NOT NULL ORDER BY position"
)
_RUNS = "SELECT started_us FROM run ORDER BY started_us"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that a consumer has not dealt with, though its checkpoint says so."""

    seq: int
    position: int


def skipped(reader: CaptureReader, consumer: str, place: Place, commits: Sequence[tuple[int, int]]) -> list[Skipped]:
    """The events that a consumer has skipped, by position. `commits` are (time in microseconds, the next position that it reads)."""
    log = log_id(reader, place)
    if log is None or not commits:
        return []
    runs = [int(started_us) for (started_us,) in reader.select(_RUNS)]
    found = []
    for seq, position, captured_us, names in reader.select(_LATE, (log, int(Flag.late), commits[-1][1], f"$.{KEY}")):
        began_us = max((started_us for started_us in runs if started_us <= captured_us), default=captured_us)
        was_passed = consumer in _names(names) or any(time_us < began_us and following > position for time_us, following in commits)
        is_read_again = any(time_us >= captured_us and following <= position for time_us, following in commits)
        if was_passed and not is_read_again:
            found.append(Skipped(int(seq), int(position)))
    return found


def _names(text: str) -> Sequence[str]:
    try:
        names = json.loads(text)
    except ValueError:
        return ()
    return names if isinstance(names, list) else ()
