"""Streams of a capture: finding one by name, and its events in replay order. Read-only; folds nothing.

Read `replay` for who folds.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from operator import lt
from typing import Any, NamedTuple

from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag
from inspector.reducers import UNREADABLE

BATCH_CHARACTERS = 8 * 1024 * 1024
SAYS_WHY = int(UNREADABLE | Flag.aborted | Flag.control)
"""Flags of events that have no document for a reason of their own."""
_CANDIDATES_SHOWN = 20
_NAMED = 200
"""So many events are read at once where each is named."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One aggregate's stream, with the counts the capture keeps of it."""

    id: int
    source: str
    source_id: int
    category: str
    name: str
    events: int
    first_us: int | None
    last_us: int | None


class StreamEvent(NamedTuple):
    """One event of a stream, as a fold needs it. `data` is JSON text.

    A named tuple, because a fold reads many: making 100,000 takes 0.03 s, as frozen dataclasses 0.2 s.
    """

    seq: int
    log_id: int
    position: int
    sub: int
    time_us: int | None
    version: int | None
    type: str | None
    flags: int
    event_id: str | None
    actor: str | None
    data: str | None
    recorded_us: int | None


event_of: Callable[[Any], StreamEvent] = partial(tuple.__new__, StreamEvent)
"""A row as an event; half as long as `_make`, which counts the columns of each."""

_STREAM = (
    "SELECT stream.id, source.uri, source.id, category.name, stream.name, stream.events, stream.first_us, stream.last_us FROM stream "
    "JOIN source ON source.id = stream.source_id JOIN category ON category.id = stream.category_id"
)


def streams(reader: CaptureReader, *, category: str | None = None) -> Iterator[StreamInfo]:
    """Every stream (of one category), by category and name."""
    sql = f"{_STREAM} WHERE (?1 IS NULL OR category.name = ?1) ORDER BY category.name, stream.name, source.id"
    for row in reader.each(reader.shown(sql), (category,)):
        yield StreamInfo(*row)


def find_stream(reader: CaptureReader, text: str, source: str | None = None) -> StreamInfo:
    """The one stream written `name` or `category/name`, in the source whose address contains `source`.

    Both parts may hold slashes. Raises UsageError with the candidates when there are several, with near names when none.
    """
    found = [StreamInfo(*row) for row in reader.select(f"{reader.shown(_STREAM)} WHERE stream.name = ?", (text,))]
    for cut in (place for place, character in enumerate(text) if character == "/"):
        parts = (text[cut + 1 :], text[:cut])
        found += [StreamInfo(*row) for row in reader.select(f"{reader.shown(_STREAM)} WHERE stream.name = ? AND category.name = ?", parts)]
    if source is not None:
        found = [stream for stream in found if source in (stream.source, str(stream.source_id)) or source in stream.source]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{text!r} is the name of {len(found)} streams; say which: {_listed(found)}")
    raise UsageError(f"there is no stream {text!r}{_near(reader, text)}")


def stream_of(reader: CaptureReader, seq: int) -> StreamInfo | None:
    """The stream of the event of this number; None when it is in none, or not here."""
    rows = reader.select(f"{reader.shown(_STREAM)} WHERE stream.id = (SELECT stream_id FROM event WHERE seq = ?)", (seq,))
    return StreamInfo(*rows[0]) if rows else None


def _listed(found: list[StreamInfo]) -> str:
    listed = [f"{stream.category}/{stream.name} --source {stream.source}" for stream in found[:_CANDIDATES_SHOWN]]
    return ", ".join(listed) + (", …" if len(found) > _CANDIDATES_SHOWN else "")


def _near(reader: CaptureReader, text: str) -> str:
    prefix = text[: max(1, len(text) // 2)]
    rows = reader.select(
        reader.shown("SELECT stream.name FROM stream WHERE name >= ?1 AND name < ?1 || char(1114111) LIMIT 500"), (prefix,)
    )
    near = get_close_matches(text, [row[0] for row in rows], n=3)
    return f"; near: {', '.join(near)}" if near else ""


def has_versions(reader: CaptureReader, stream_id: int) -> bool:
    """Whether every event of the stream has a version, so that versions give the order."""
    ((missing,),) = reader.select("SELECT EXISTS (SELECT 1 FROM event_stream WHERE stream_id = ? AND version IS NULL)", (stream_id,))
    return not missing


UNFIT = f"event.data IS NULL AND event.value_bytes > 0 AND event.flags & {SAYS_WHY} = 0"
"""The condition for an event with a value of which no document was made though nothing went wrong."""
_EVENT = (
    "SELECT event.seq, event.log_id, event.position, event.sub, event.time_us, x.version, type.name, event.flags, "
    "event.event_id, event.actor, json(event.data), event.recorded_us "
    "FROM event_stream x CROSS JOIN event ON event.seq = x.seq LEFT JOIN type ON type.id = event.type_id"
)


def stream_batches(reader: CaptureReader, stream_id: int, *, size: int = 2000) -> Iterator[list[StreamEvent]]:
    """A stream's events in replay order, in batches of at most `size`, and of some `BATCH_CHARACTERS` of JSON.

    By version where every event has one, else by log, partition and position; several logs are merged by time, each
    keeping its own order.
    """
    seqs = replay_order(reader, stream_id)
    # mostly replay order is that of arrival: then a stretch of numbers is a batch, twice as quick as naming each number
    read = _rows_between if seqs == sorted(seqs) else _rows_of
    for start in range(0, len(seqs), size):
        batch, characters = list[StreamEvent](), 0
        for event in read(reader, stream_id, seqs[start : start + size]):
            batch.append(event)
            characters += len(event.data or "")
            if characters > BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch


def _rows_between(reader: CaptureReader, stream_id: int, seqs: Sequence[int]) -> Iterator[StreamEvent]:
    sql = f"{reader.shown(_EVENT)} WHERE x.stream_id = ? AND x.seq BETWEEN ? AND ? ORDER BY x.seq"
    return map(event_of, reader.each(sql, (stream_id, seqs[0], seqs[-1])))


def _rows_of(reader: CaptureReader, stream_id: int, seqs: Sequence[int]) -> Iterator[StreamEvent]:
    for start in range(0, len(seqs), _NAMED):
        yield from _events(reader, stream_id, seqs[start : start + _NAMED])


def replay_order(reader: CaptureReader, stream_id: int) -> list[int]:
    """The numbers of a stream's events in replay order."""
    return (_by_version if has_versions(reader, stream_id) else _by_position)(reader, stream_id)


def stream_extent(reader: CaptureReader, stream_id: int) -> tuple[int, int, int]:
    """How many events a stream has here, and the numbers of the first and the last: another answer means that it changed."""
    ends = ", ".join(f"(SELECT {end}(x.seq) FROM event_stream x WHERE x.stream_id = :stream)" for end in ("min", "max"))
    rows = reader.select(f"SELECT stream.events, {ends} FROM stream WHERE stream.id = :stream", {"stream": stream_id})
    count, first, last = rows[0] if rows else (0, 0, 0)
    return count, first or 0, last or 0


def names_of_types(reader: CaptureReader, numbers: Sequence[int]) -> dict[int, str | None]:
    """The names of types, by their numbers."""
    sql = reader.shown("SELECT type.id, type.name FROM json_each(?) j CROSS JOIN type ON type.id = j.value")
    return dict(reader.select(sql, (json.dumps(list(numbers)),)))


class StreamFacts(NamedTuple):
    """What one look at all events of a stream tells: the least and the greatest number of their logs, how many have a value of which no
    document was made though nothing went wrong, the greatest of their flags (0: none has any), and the bytes of the largest document."""

    first_log: int
    last_log: int
    without_document: int
    flags: int
    largest: int


def stream_facts(reader: CaptureReader, stream_id: int) -> StreamFacts:
    """Those of a stream; all 0 for one without events. Raises CaptureError when the file is damaged."""
    (row,) = reader.select(
        f"SELECT min(event.log_id), max(event.log_id), count(*) FILTER (WHERE {UNFIT}), max(event.flags), max(length(event.data)) "
        "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ?",
        (stream_id,),
    )
    facts = StreamFacts(*[0 if value is None else value for value in row])
    if not all(isinstance(value, int) for value in facts):
        raise CaptureError(f"{reader.path} is damaged: events of a stream hold values of other kinds than they should; use another copy")
    return facts


def stream_events(reader: CaptureReader, stream_id: int, seqs: Sequence[int]) -> list[StreamEvent]:
    """The events of a stream with these numbers, in this order; those that are gone are left out."""
    if not seqs:
        return []
    # in the order of arrival a stretch of numbers is twice as quick as naming each number
    return (_stretch if all(map(lt, seqs, seqs[1:])) and len(seqs) > 1 else _events)(reader, stream_id, seqs)


def events_named(reader: CaptureReader, stream_id: int, text: str) -> list[int]:
    """The numbers of a stream's events that `text` names, be it a number or an id, by number."""
    rows = reader.select(
        "SELECT x.seq FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ?1 AND "
        "(x.seq = ?2 OR event.event_id = ?3) ORDER BY x.seq <> ifnull(?2, -1), x.seq",
        (stream_id, int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None, text),
    )
    return [row[0] for row in rows]


def event_named(reader: CaptureReader, stream_id: int, text: str) -> int | None:
    """The number of the first of them, which is that of this number where there is one; None for none."""
    if text.isascii() and text.isdigit() and len(text) <= 18:
        rows = reader.select("SELECT x.seq FROM event_stream x WHERE x.stream_id = ? AND x.seq = ?", (stream_id, int(text)))
        if rows:
            return int(rows[0][0])
    named = events_named(reader, stream_id, text)
    return named[0] if named else None


def stream_by_id(reader: CaptureReader, stream_id: int) -> StreamInfo:
    """The stream of this number. Raises UsageError when there is none."""
    rows = reader.select(f"{reader.shown(_STREAM)} WHERE stream.id = ?", (stream_id,))
    if not rows:
        raise UsageError("this stream is no longer in the capture")
    return StreamInfo(*rows[0])


def stream_stretch(reader: CaptureReader, stream_id: int, first: int, last: int) -> list[StreamEvent]:
    """The events of a stream with numbers from `first` to `last`, in the order they arrived."""
    rows = reader.select(f"{reader.shown(_EVENT)} WHERE x.stream_id = ? AND x.seq BETWEEN ? AND ? ORDER BY x.seq", (stream_id, first, last))
    return list(map(StreamEvent._make, rows))


def _stretch(reader: CaptureReader, stream_id: int, seqs: Sequence[int]) -> list[StreamEvent]:
    """Those between the first and the last number; named one by one where others of the stream stand between them."""
    first, last = seqs[0], seqs[-1]
    if last - first >= len(seqs):
        within = "SELECT count(*) FROM event_stream x WHERE x.stream_id = ? AND x.seq BETWEEN ? AND ?"
        ((count,),) = reader.select(within, (stream_id, first, last))
        if count > len(seqs):
            return _events(reader, stream_id, seqs)
    rows = reader.select(f"{reader.shown(_EVENT)} WHERE x.stream_id = ? AND x.seq BETWEEN ? AND ? ORDER BY x.seq", (stream_id, first, last))
    return list(map(event_of, rows))


def _events(reader: CaptureReader, stream_id: int, seqs: Sequence[int]) -> list[StreamEvent]:
    marks = ", ".join("?" * len(seqs))
    rows = reader.select(f"{reader.shown(_EVENT)} WHERE x.stream_id = ? AND x.seq IN ({marks})", [stream_id, *seqs])
    found = {row[0]: event_of(row) for row in rows}
    return [found[seq] for seq in seqs if seq in found]


def _by_version(reader: CaptureReader, stream_id: int) -> list[int]:
    rows = reader.select(
        "SELECT x.seq FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ? "
        "ORDER BY x.version, event.log_id, event.position, event.sub",
        (stream_id,),
    )
    return [row[0] for row in rows]


def _by_position(reader: CaptureReader, stream_id: int) -> list[int]:
    rows = reader.select(
        "SELECT event.log_id, event.seq, event.time_us FROM event_stream x CROSS JOIN event ON event.seq = x.seq JOIN "
        "log ON log.id = event.log_id "
        "WHERE x.stream_id = ? ORDER BY log.name, log.partition, log.id, event.position, event.sub",
        (stream_id,),
    )
    by_log: dict[int, list[tuple[int, int | None]]] = {}
    for log_id, seq, time_us in rows:
        by_log.setdefault(log_id, []).append((seq, time_us))
    if len(by_log) == 1:
        (only,) = by_log.values()
        return [seq for seq, _ in only]
    return [item[-1] for item in heapq.merge(*(_timed(place, events) for place, events in enumerate(by_log.values())))]


def _timed(place: int, events: list[tuple[int, int | None]]) -> Iterator[tuple[Any, ...]]:
    """One log's events keyed by the running maximum of their times, so that merging never turns their own order round."""
    newest = -(2**63)
    for turn, (seq, time_us) in enumerate(events):
        newest = max(newest, time_us if time_us is not None else newest)
        yield newest, place, turn, seq
