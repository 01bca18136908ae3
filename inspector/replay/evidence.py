"""What a capture knows about the logs a stream is in: the account that a verdict on its history rests on. Reads only.

A stream named by a record's key lives in the partitions where its events are, since a key goes to one partition; one
named by a rule may be in any partition of its logs. Read `history` for the verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspector import values
from inspector.capture.coverage import Segment
from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import UNFIT, StreamFacts, StreamInfo, stream_facts
from inspector.reducers import FoldEvent
from inspector.replay.history import LogAccount
from inspector.sources.file_runs import ROW_NUMBERS

_BASE_SAMPLE = 50
"""So many streams of a category are looked at to learn with which version they begin."""


@dataclass(frozen=True, slots=True)
class LogFacts:
    """One log that may hold the stream's events."""

    id: int
    name: str
    partition: int
    kind: str
    first: int | None
    end: int | None
    max_time_us: int | None
    rules: Mapping[str, object]
    compacted: bool
    has_row_numbers: bool
    """Whether its positions are numbers of rows in a file: where none stands, the row is of another log."""
    without_document: int
    """So many of the stream's events here have a value of which no document was made though nothing went wrong: text or bytes."""

    @property
    def label(self) -> str:
        """The log for people."""
        return f"{self.name}/{self.partition}"


SourceLogs = Sequence[tuple[Any, ...]]
"""The logs of one source, as `source_logs` gives them."""


@damage_is_said
def logs_of(reader: CaptureReader, stream: StreamInfo, facts: StreamFacts | None = None) -> list[LogFacts]:
    """The logs that hold, or may hold, events of `stream`; `facts` of it, where they are known already."""
    return logs_among(source_logs(reader, stream.source_id), own_logs(reader, stream, facts), stream.category)


def own_logs(reader: CaptureReader, stream: StreamInfo, facts: StreamFacts | None = None) -> dict[int, int]:
    """The logs that a stream's events are in, each with how many of them have a value that is no document.

    `facts`, where they are known already.
    """
    facts = facts or stream_facts(reader, stream.id)
    if facts.first_log == facts.last_log:
        return {facts.first_log: facts.without_document} if facts.first_log else {}
    return dict(
        reader.select(
            f"SELECT event.log_id, count(*) FILTER (WHERE {UNFIT}) "
            "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ? GROUP BY event.log_id",
            (stream.id,),
        )
    )


@damage_is_said
def source_logs(reader: CaptureReader, source_id: int) -> SourceLogs:
    """All logs of a source, by name and partition."""
    return reader.select(
        "SELECT log.id, log.name, log.partition, source.kind, log.first_position, log.end_position, log.max_time_us, log.rules, "
        "source.attributes, log.incarnation "
        "FROM log JOIN source ON source.id = log.source_id WHERE source.id = ? ORDER BY log.name, log.partition, log.id",
        (source_id,),
    )


def logs_among(rows: SourceLogs, own: Mapping[int, int], category: str) -> list[LogFacts]:
    """Those that hold, or may hold, events of a stream of `category`; `own` is as `own_logs` gives it."""
    names = {row[1] for row in rows if row[0] in own}
    by_key = names == {category}
    return [_facts(row, own.get(row[0], 0)) for row in rows if row[0] in own or (not by_key and row[1] in names)]


def _facts(row: tuple[Any, ...], without_document: int) -> LogFacts:
    log_id, name, partition, kind, first, end, max_time_us, rules, attributes, incarnation = row
    compacted = _table(attributes).get("compacted")
    is_compacted = isinstance(compacted, list) and name in compacted
    has_row_numbers = str(incarnation).startswith(ROW_NUMBERS)
    return LogFacts(log_id, name, partition, kind, first, end, max_time_us, _table(rules), is_compacted, has_row_numbers, without_document)


def _table(text: object) -> dict[str, object]:
    value = json.loads(text) if isinstance(text, str) and text else {}
    return value if isinstance(value, dict) else {}


@damage_is_said
def accounts(reader: CaptureReader, logs: Sequence[LogFacts], last: FoldEvent | None, last_log: int | None) -> list[LogAccount]:
    """The account of each log, up to the `last` event folded in the log it stood in."""
    found = []
    for log in logs:
        upto = last.position + 1 if last is not None and log.id == last_log else None
        rows = reader.select(
            "SELECT from_position, to_position, state, reason, filter, isolation, records FROM coverage WHERE log_id = ? "
            "ORDER BY from_position",
            (log.id,),
        )
        segments = [_cut(reader, log.id, Segment(*row), upto) for row in rows if upto is None or row[0] < upto]
        if log.has_row_numbers:
            segments = [replace(segment, records=segment.end - segment.start) for segment in segments]
        claims = log.kind == "file" and not log.has_row_numbers
        base = 0 if log.kind == "kafka" or claims else 1
        found.append(LogAccount(log.label, segments, base, log.first, log.end, upto, log.compacted, claims))
    return found


def _cut(reader: CaptureReader, log_id: int, segment: Segment, upto: int | None) -> Segment:
    """`segment` up to `upto`, its records counted again when some positions have none."""
    if upto is None or segment.end <= upto:
        return segment
    if segment.records == segment.end - segment.start:
        return replace(segment, end=upto, records=upto - segment.start)
    ((records,),) = reader.select(
        "SELECT count(DISTINCT position) FROM event WHERE log_id = ? AND position >= ? AND position < ?", (log_id, segment.start, upto)
    )
    return replace(segment, end=upto, records=records)


@damage_is_said
def turning_points(reader: CaptureReader, log: LogFacts) -> list[int]:
    """Positions between which an `upto` of the log's account changes nothing: the ends of stretches, and where records begin to lack."""
    rows = reader.select("SELECT from_position, to_position, state, records FROM coverage WHERE log_id = ?", (log.id,))
    points = {0 if log.kind == "kafka" else 1}
    for start, end, _, records in rows:
        points |= {start, end}
        if records != end - start:
            points.add(_first_without(reader, log.id, start, end))
    return sorted(points)


def _first_without(reader: CaptureReader, log_id: int, start: int, end: int) -> int:
    """The first position of `[start, end)` at which no event is; `end` when there is none."""
    expected = start
    sql = "SELECT position FROM event WHERE log_id = ? AND position >= ? AND position < ? ORDER BY position"
    for (position,) in reader.each(sql, (log_id, start, end)):
        if position > expected:
            break
        expected = position + 1
    return expected


@damage_is_said
def unread_tails(reader: CaptureReader, logs: Sequence[LogFacts], at_us: int | None) -> list[str]:
    """Sentences on what the source had at the end of each log that was not read; with `at_us`, only where it may matter."""
    absent = []
    for log in logs:
        ((covered,),) = reader.select("SELECT max(to_position) FROM coverage WHERE log_id = ? AND state <> 'absent'", (log.id,))
        passed = at_us is not None and log.max_time_us is not None and log.max_time_us > at_us
        if log.end is not None and (covered or 0) < log.end and not passed:
            absent.append(f"{log.label}: positions {covered or log.first or 0}–{log.end - 1} at the end were not read")
    return absent


@damage_is_said
def base_version(reader: CaptureReader, stream: StreamInfo) -> int | None:
    """0 when some stream of the same source and category begins with version 0; None when nothing says so."""
    rows = reader.select(
        "SELECT EXISTS (SELECT 1 FROM (SELECT id FROM stream WHERE source_id = ?1 AND category_id = "
        "(SELECT category_id FROM stream WHERE id = ?2) LIMIT ?3) AS s WHERE "
        "(SELECT version FROM event_stream x WHERE x.stream_id = s.id ORDER BY seq LIMIT 1) = 0)",
        (stream.source_id, stream.id, _BASE_SAMPLE),
    )
    return 0 if rows[0][0] else None


def first_document(reader: CaptureReader, stream: StreamInfo) -> object:
    """The document of the first of the stream's events to arrive that has one, or None; also None where it cannot be read."""
    rows = reader.select(
        reader.shown("SELECT json(event.data) FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ? ")
        + "AND event.data IS NOT NULL ORDER BY x.seq LIMIT 1",
        (stream.id,),
    )
    try:
        return values.parse(rows[0][0]) if rows else None
    except ValueError:
        return None  # folding it says why


@damage_is_said
def stores_values(reader: CaptureReader) -> bool:
    """Whether values are in the capture at all."""
    ((settings,),) = reader.select("SELECT settings FROM capture LIMIT 1")
    return bool(_table(settings).get("values", True))
