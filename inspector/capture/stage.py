"""Turning a batch of events into a small in-memory database that the writer can append without the interpreter's lock.

Handing rows between threads one by one is slower than writing them in one thread (the lock changes hands at every
row). So the reading thread fills this database, passes its bytes on, and the writing thread needs only a few
`INSERT … SELECT`. The bytes hold a table `row`, its streams in `row_stream`, and the dictionaries `type`, `category`
and `stream` with numbers of their own. Read `writer` next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import apsw
import orjson

from inspector.event import FROM_VALUE, EventBatch, Flag, RecordBatch

OVERSIZE_BYTES = 256 * 1024 * 1024
OVERSIZE_KEPT_BYTES = 1024 * 1024

_TABLES = """
CREATE TABLE row (n INTEGER PRIMARY KEY, log, position, time_us, time_kind, recorded_us, recorded_kind, type, stream, version, event_id,
  schema_ref, schema_version, correlation_id, causation_id, actor, decoder, error, flags, metadata, extra, data, key, headers, value);
CREATE TABLE row_stream (stream, n, version);
CREATE TABLE type (id INTEGER PRIMARY KEY, name, real);
CREATE TABLE category (id INTEGER PRIMARY KEY, name, real);
CREATE TABLE stream (id INTEGER PRIMARY KEY, category, name, real);
"""
_INSERT_ROW = f"INSERT INTO row VALUES ({', '.join('?' * 25)})"


@dataclass(slots=True)
class Staged:
    """One batch ready to append. `lowest` is the smallest position per log of the plan, `latest_us` its newest time."""

    image: bytes
    rows: int
    bytes: int
    lowest: dict[int, int]
    counts: dict[int, int]
    sizes: dict[int, int]
    latest_us: dict[int, int]
    undecodable: int = 0
    has_repeats: bool = False
    """A position stands in it twice."""
    envelope: tuple[str, ...] = ()
    """The fields that the source itself knows of these events."""


@dataclass(slots=True)
class _Names:
    """Names of one batch, numbered from 1 in the order met."""

    numbers: dict[object, int] = field(default_factory=dict)

    def number(self, name: object) -> int:
        return self.numbers.setdefault(name, len(self.numbers) + 1)


class Stager:
    """Fills staging databases for one reader; not shared between threads.

    `latest_us` maps a log of the plan to its newest time so far: what comes with an older one is late.
    """

    def __init__(self, latest_us: dict[int, int] | None = None) -> None:
        self._connection = apsw.Connection(":memory:")
        self._connection.execute("PRAGMA page_size = 16384; PRAGMA journal_mode = off; PRAGMA synchronous = off")
        self._connection.execute(_TABLES)
        self.latest_us = dict(latest_us or {})

    def stage(self, batch: EventBatch) -> Staged:
        """`batch` as a database image. Marks late events and cuts values over 256 MB (both in the batch's columns)."""
        records = batch.records
        _cut_oversize(batch)
        self._mark_late(batch)
        types, categories, streams = _Names(), _Names(), _Names()
        stream_rows = _stream_rows(batch, categories, streams)
        connection = self._connection
        connection.execute("BEGIN; DELETE FROM row; DELETE FROM row_stream; DELETE FROM type; DELETE FROM category; DELETE FROM stream")
        connection.executemany(_INSERT_ROW, _rows(batch, types, _first(stream_rows, len(batch))))
        connection.executemany("INSERT INTO row_stream VALUES (?, ?, ?)", stream_rows)
        for table, names in (("type", types), ("category", categories)):
            numbered = [(number, str(name)) for name, number in names.numbers.items()]
            connection.executemany(f"INSERT INTO {table} (id, name) VALUES (?, ?)", numbered)
        connection.executemany(
            "INSERT INTO stream (id, category, name) VALUES (?, ?, ?)",
            [(number, place[0], place[1]) for place, number in streams.numbers.items() if isinstance(place, tuple)],
        )
        connection.execute("COMMIT")
        sizes = _sizes(records)
        return Staged(
            image=connection.serialize("main"),
            rows=len(batch),
            bytes=sum(sizes.values()),
            lowest=_lowest(records),
            counts=_counts(records.log),
            sizes=sizes,
            latest_us=dict(self.latest_us),
            undecodable=sum(1 for bits in batch.flags if bits & Flag.undecodable),
            has_repeats=len(set(zip(records.log, records.position, strict=True))) < len(batch),
            envelope=tuple(sorted(records.envelope)),
        )

    def _mark_late(self, batch: EventBatch) -> None:
        """Late = a time below the running maximum of its partition."""
        latest, flags = self.latest_us, batch.flags
        for row, (log, time_us) in enumerate(zip(batch.records.log, batch.time_us, strict=True)):
            if time_us is None:
                continue
            newest = latest.get(log)
            if newest is None or time_us >= newest:
                latest[log] = time_us
            else:
                flags[row] |= Flag.late

    def close(self) -> None:
        """Lets go of the staging memory."""
        self._connection.close()


def _rows(batch: EventBatch, types: _Names, stream: Sequence[int | None]) -> Iterable[tuple[object, ...]]:
    records = batch.records
    count = len(batch)
    number = types.number
    data = [1 if item is FROM_VALUE else item for item in batch.data]
    return zip(
        range(1, count + 1),
        records.log,
        records.position,
        batch.time_us,
        batch.time_kind,
        records.time_us,
        records.time_kind,
        [None if name is None else number(name) for name in batch.type],
        stream,
        batch.version,
        batch.event_id,
        batch.schema_ref,
        batch.schema_version,
        batch.correlation_id,
        batch.causation_id,
        batch.actor,
        batch.decoder,
        batch.error,
        batch.flags,
        batch.metadata,
        batch.extra,
        data,
        records.key,
        records.headers or repeat(None, count),
        records.value,
        strict=True,
    )


def _stream_rows(batch: EventBatch, categories: _Names, streams: _Names) -> list[tuple[int, int, int | None]]:
    """(stream, row from 1, version) of every row that has a stream, in row order."""
    category, stream = categories.number, streams.number
    return [(stream((category(ref.category), ref.name)), row, ref.version) for row, refs in enumerate(batch.streams, 1) for ref in refs]


def _first(stream_rows: Sequence[tuple[int, int, int | None]], count: int) -> list[int | None]:
    """The first stream of each row."""
    first: list[int | None] = [None] * count
    for stream, row, _ in reversed(stream_rows):
        first[row - 1] = stream
    return first


def _lowest(records: RecordBatch) -> dict[int, int]:
    lowest: dict[int, int] = {}
    for log, position in zip(records.log, records.position, strict=True):
        if log not in lowest or position < lowest[log]:
            lowest[log] = position
    return lowest


def _counts(logs: Sequence[int]) -> dict[int, int]:
    return {log: logs.count(log) for log in set(logs)}


def _sizes(records: RecordBatch) -> dict[int, int]:
    sizes = dict.fromkeys(set(records.log), 0)
    for log, key, value in zip(records.log, records.key, records.value, strict=True):
        sizes[log] += len(key or b"") + len(value or b"")
    return sizes


def _cut_oversize(batch: EventBatch) -> None:
    """A value over 256 MB keeps its first 1 MB, its length, its SHA-256 and a flag; it has no document."""
    values = batch.records.value
    for row, value in enumerate(values):
        if value is None or len(value) <= OVERSIZE_BYTES:
            continue
        extra = orjson.loads(batch.extra[row] or "{}")
        extra["oversize"] = {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}
        batch.extra[row] = orjson.dumps(extra).decode()
        batch.flags[row] |= Flag.oversize
        batch.data[row] = None
        values[row] = value[:OVERSIZE_KEPT_BYTES]
