"""What a capture has, for a navigator: sources, logs and partitions, categories, types, and streams a page at a time.

Read-only; nothing here grows with the number of streams but a search, which looks through their names. Read `streams` for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.capture.coverage import NOT_DELIVERED
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, log_reports

PAGE = 100


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: events here, positions the source has (an upper bound of records), bytes, and what is absent by reason."""

    source: str
    log: str
    partition: int
    captured: int
    available: int
    bytes: int
    absent: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        """Source, log and partition."""
        return self.source, self.log, self.partition


@dataclass(frozen=True, slots=True)
class Named:
    """A category or type with its events."""

    id: int
    name: str
    events: int


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream in a list."""

    id: int
    source: str
    category: str
    name: str
    events: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything but streams. `streams` is how many there are."""

    partitions: list[Partition] = field(default_factory=list)
    categories: list[Named] = field(default_factory=list)
    types: list[Named] = field(default_factory=list)
    streams: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Streams of a search or a category, the newest first. `has_more` when there are others after `streams`."""

    streams: list[StreamRow]
    has_more: bool


def overview(reader: CaptureReader) -> Overview:
    """What there is now."""
    return Overview(
        [_partition(report) for report in log_reports(reader)],
        [Named(*row) for row in reader.select(reader.shown(_CATEGORIES))],
        [Named(*row) for row in reader.select(reader.shown(_TYPES))],
        int(reader.select("SELECT count(*) FROM stream")[0][0]),
    )


def _partition(report: LogReport) -> Partition:
    absent: dict[str, int] = {}
    for segment in report.coverage:
        reason = str(segment["reason"] or "")
        if segment["state"] == "absent" and reason != NOT_DELIVERED:
            absent[reason] = absent.get(reason, 0) + int(str(segment["to"])) - int(str(segment["from"]))
    available = max(report.captured, (report.end or 0) - (report.first or 0))
    return Partition(report.source, report.log, report.partition, report.captured, available, report.bytes, tuple(absent.items()))


_CATEGORIES = "SELECT category.id, category.name, events FROM category WHERE events > 0 ORDER BY events DESC, name"
_TYPES = "SELECT type.id, type.name, events FROM type WHERE events > 0 ORDER BY events DESC, name"
_ROWS = (
    "SELECT stream.id, source.uri, category.name, stream.name, stream.events FROM stream "
    "JOIN source ON source.id = stream.source_id JOIN category ON category.id = stream.category_id"
)
_OF_CATEGORY = f"{_ROWS} WHERE stream.category_id = ? AND stream.id < ? AND stream.events > 0 ORDER BY stream.id DESC LIMIT ?"
_WITH_NAME = f"{_ROWS} WHERE stream.name LIKE ? ESCAPE '\\' AND stream.id < ? AND stream.events > 0 ORDER BY stream.id DESC LIMIT ?"
_ABOVE_ALL = 2**62


def streams_of(reader: CaptureReader, category_id: int, *, after_id: int | None = None, limit: int = PAGE) -> Found:
    """Streams of a category, those seen first last; after the one of `after_id`."""
    return _found(reader, _OF_CATEGORY, category_id, after_id, limit)


def streams_like(reader: CaptureReader, text: str, *, after_id: int | None = None, limit: int = PAGE) -> Found:
    """Streams whose name contains `text`, whatever its case (of ASCII letters)."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _found(reader, _WITH_NAME, f"%{escaped}%", after_id, limit)


def _found(reader: CaptureReader, sql: str, what: object, after_id: int | None, limit: int) -> Found:
    rows = reader.select(reader.shown(sql), (what, _ABOVE_ALL if after_id is None else after_id, limit + 1))
    return Found([StreamRow(*row) for row in rows[:limit]], len(rows) > limit)


def newest_event(reader: CaptureReader, stream_id: int) -> int:
    """The number of a stream's newest event; 0 for none."""
    rows = reader.select("SELECT max(seq) FROM event_stream WHERE stream_id = ?", (stream_id,))
    return int(rows[0][0] or 0)
