"""What a store kept as the state of a stream, against the replay at that version. Reads a capture.

A store's table of snapshots is a log of its own, whose records have the stream's name as their key. Read `sources.sql` for
how they are captured, `desk` for who asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.event import format_time
from inspector.masks import has_sign
from inspector.reducers import ABSENT
from inspector.replay import Progress, at_version
from inspector.replay.changes import Change, changes
from inspector.replay.story import Story

_PAGE = 50
_ROWS = (
    "SELECT event.seq, event.version, event.time_us, event.error, json(event.data) FROM log CROSS JOIN event ON event.log_id = log.id "
    "CROSS JOIN record ON record.seq = event.seq WHERE log.source_id = ? AND log.name IN (SELECT value FROM json_each(?)) "
    "AND record.key = (SELECT CAST(stream.name AS BLOB) FROM stream WHERE stream.id = ?) AND event.seq > ? ORDER BY event.seq LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One snapshot. `is_equal` is None where `reason` says why it cannot be compared, or what was not.

    `path` is the first place where they differ, with what was kept and what was replayed there, `ABSENT` for nothing; `part` is
    where in the snapshot's document the state is.
    """

    seq: int
    version: int | None
    time_us: int | None
    is_equal: bool | None
    path: str | None = None
    kept: object = ABSENT
    replayed: object = ABSENT
    part: str = ""
    reason: str = ""

    def told(self, value: Callable[[object], object]) -> dict[str, object]:
        """As it is printed or sent; `value` gives what stands for the two values where they differ."""
        differs = self.is_equal is False
        return {
            "seq": self.seq,
            "version": self.version,
            "time": format_time(self.time_us),
            "is_equal": self.is_equal,
            "part": self.part,
            "path": self.path,
            "kept": value(self.kept) if differs else None,
            "replayed": value(self.replayed) if differs else None,
            "reason": self.reason,
        }


class _Row(NamedTuple):
    seq: int
    version: int | None
    time_us: int | None
    error: str | None
    data: str | None


def compared(story: Story, *, after: int = 0, progress: Progress | None = None) -> Iterator[Compared]:
    """The snapshots of a stream after the event `after`, in the order they were read."""
    tables = _tables(story.reader, story.replay.stream.source_id)
    while tables:
        bindings = (story.replay.stream.source_id, json.dumps(tables), story.stream_id, after, _PAGE)
        rows = [_Row(*row) for row in story.reader.select(story.reader.shown(_ROWS), bindings)]
        for row in rows:
            yield _compared(story, row, progress)
        if len(rows) < _PAGE:
            return
        after = rows[-1].seq


def _tables(reader: CaptureReader, source_id: int) -> list[str]:
    """The logs of a source that hold snapshots."""
    rows = reader.select("SELECT attributes FROM source WHERE id = ?", (source_id,))
    try:
        found = json.loads(rows[0][0] or "{}").get("tables", {}) if rows else {}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return []
    if not isinstance(found, dict):
        return []
    return [name for name, told in found.items() if isinstance(told, dict) and told.get("kind") == "snapshots"]


def _compared(story: Story, row: _Row, progress: Progress | None) -> Compared:
    plain = Compared(row.seq, row.version, row.time_us, None)
    if row.data is None:
        return _refused(plain, f"the snapshot cannot be read{': ' + row.error if row.error else ''}")
    if row.version is None or not story.replay.has_versions:
        return _refused(plain, "the snapshot or the stream has no versions, so that nothing says which state it is")
    found = story.find(at_version(row.version), progress, quick=True)
    if found.stand.failure is not None:
        return _refused(plain, f"the replay ends before it: event {found.stand.failure.event.seq} could not be folded")
    if found.stand.last is None or found.stand.last.version != row.version:
        return _refused(plain, f"version {row.version} is not among the stream's events in the capture")
    try:
        document = values.parse(row.data)
    except ValueError as error:
        return _refused(plain, f"the snapshot cannot be read: {error}")
    part, kept = _part(document, found.stand.state)
    return _told(plain, part, kept, found.stand.state)


def _refused(plain: Compared, reason: str) -> Compared:
    return Compared(plain.seq, plain.version, plain.time_us, None, reason=reason)


def _part(document: object, state: object) -> tuple[str, object]:
    """The state inside a snapshot's document, and where it is: Python's `eventsourcing` puts it under `state`.

    What that package notes for itself (`_created_on`) is left out where the replay has nothing of that name.
    """
    if not (isinstance(document, dict) and isinstance(document.get("state"), dict) and "topic" in document):
        return "", document
    names = state if isinstance(state, dict) else {}
    return "/state", {name: value for name, value in document["state"].items() if name in names or not name.startswith("_")}


def _told(plain: Compared, part: str, kept: object, state: object) -> Compared:
    found = changes(kept, state)
    seen = next((change for change in found if not _is_hidden(change)), None)
    place = (plain.seq, plain.version, plain.time_us)
    if seen is not None:
        old, new = ABSENT if seen.op == "add" else seen.old, ABSENT if seen.op == "remove" else seen.new
        return Compared(*place, False, seen.path, old, new, part)
    if found or has_sign([state, kept]):
        return Compared(*place, None, part=part, reason="what masks hide cannot be compared; all the rest is equal")
    return Compared(*place, True, part=part)


def _is_hidden(change: Change) -> bool:
    return has_sign([change.old, change.new])
