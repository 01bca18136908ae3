"""Turning a batch of events into a small in-memory database that the writer can append without the interpreter's lock.

Handing rows between threads one by one is slower than writing them in one thread (the lock changes hands at every
row). So the reading thread fills this database, passes its bytes on, and the writing thread needs only a few
`INSERT … SELECT`. The bytes hold a table `row`, its streams in `row_stream`, and the dictionaries `type`, `category`,
`stream` and `schema` with numbers of their own. Read `writer` next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import apsw
import orjson

from inspector.capture.schemas import staged_rows
from inspector.event import FROM_VALUE, EventBatch, Flag, RecordBatch, Schema

OVERSIZE_BYTES = 256 * 1024 * 1024
OVERSIZE_KEPT_BYTES = 1024 * 1024

_TABLES = """
CREATE TABLE row (n INTEGER PRIMARY KEY, log, position, time_us, time_kind, recorded_us, recorded_kind, type, stream, version, event_id,
  schema, schema_version, correlation_id, causation_id, actor, decoder, error, flags, metadata, extra, data, key, headers, value);
CREATE TABLE row_stream (stream, n, version);
CREATE TABLE type (id INTEGER PRIMARY KEY, name, real);
CREATE TABLE category (id INTEGER PRIMARY KEY, name, real);
CREATE TABLE stream (id INTEGER PRIMARY KEY, category, name, real);
CREATE TABLE schema (id INTEGER PRIMARY KEY, registry, wire, subject, version, kind, text, refs, compiled, error, digest, real);
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
    latest_us: dict[int, int]
    undecodable: int = 0
    has_repeats: bool = False
    """A position stands in it twice."""
    envelope: tuple[str, ...] = ()
    """The fields that the source itself knows of these events."""


_UNDECODABLE, _LATE = int(Flag.undecodable), int(Flag.late)
"""Plain numbers: an enum's operators cost a microsecond each, once per row."""


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
        types = _numbered(batch.type)
        streams: dict[tuple[str, str], int] = {}
        stream_rows = _stream_rows(batch, streams)
        categories = _numbered([category for category, _ in streams])
        connection = self._connection
        connection.execute(
            "BEGIN; DELETE FROM row; DELETE FROM row_stream; DELETE FROM type; DELETE FROM category; DELETE FROM stream; DELETE FROM schema"
        )
        schemas = _schema_numbers([*batch.schema, *batch.key_schemas] if batch.key_schemas else batch.schema)
        connection.executemany(_INSERT_ROW, _rows(batch, types, schemas, _first(stream_rows, len(batch))))
        connection.executemany("INSERT INTO schema VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", staged_rows(schemas))
        connection.executemany("INSERT INTO row_stream VALUES (?, ?, ?)", stream_rows)
        for table, names in (("type", types), ("category", categories)):
            connection.executemany(f"INSERT INTO {table} (name, id) VALUES (?, ?)", names.items())
        connection.executemany(
            "INSERT INTO stream (id, category, name) VALUES (?, ?, ?)",
            [(number, categories[category], name) for (category, name), number in streams.items()],
        )
        connection.execute("COMMIT")
        return Staged(
            image=connection.serialize("main"),
            rows=len(batch),
            bytes=sum(map(len, filter(None, records.key))) + sum(map(len, filter(None, records.value))),
            lowest=_lowest(records),
            counts={log: records.log.count(log) for log in set(records.log)},
            latest_us=dict(self.latest_us),
            undecodable=sum(1 for bits in batch.flags if bits & _UNDECODABLE),
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
                flags[row] |= _LATE

    def close(self) -> None:
        """Lets go of the staging memory."""
        self._connection.close()


def _rows(
    batch: EventBatch, types: dict[str, int], schemas: dict[Schema, int], stream: Sequence[int | None]
) -> Iterable[tuple[object, ...]]:
    records = batch.records
    count = len(batch)
    number = types.get
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
        [None if schema is None else schemas[schema] for schema in batch.schema] if schemas else batch.schema,
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


def _numbered(names: Sequence[str | None]) -> dict[str, int]:
    """Names numbered from 1 in the order met."""
    return {name: number for number, name in enumerate((name for name in dict.fromkeys(names) if name is not None), 1)}


def _schema_numbers(schemas: Sequence[Schema | None]) -> dict[Schema, int]:
    """The schemas that a batch names, numbered from 1; one that was missing and is found meanwhile counts as found."""
    met = {schema for schema in set(schemas) if schema is not None}
    return {schema: number for number, schema in enumerate(sorted(met, key=lambda one: (one.registry, one.wire, one.subject)), 1)}


def _stream_rows(batch: EventBatch, numbers: dict[tuple[str, str], int]) -> list[tuple[int, int, int | None]]:
    """(stream, row from 1, version) of every row that has a stream, in row order; new streams are added to `numbers`."""
    rows = []
    for row, refs in enumerate(batch.streams, 1):
        for category, name, version in refs:
            place = (category, name)
            number = numbers.get(place)
            if number is None:
                number = numbers[place] = len(numbers) + 1
            rows.append((number, row, version))
    return rows


def _first(stream_rows: Sequence[tuple[int, int, int | None]], count: int) -> list[int | None]:
    """The first stream of each row."""
    first: list[int | None] = [None] * count
    for stream, row, _ in reversed(stream_rows):
        first[row - 1] = stream
    return first


def _lowest(records: RecordBatch) -> dict[int, int]:
    """The smallest position of each log: its first, because those of one log come in order."""
    lowest = dict(zip(reversed(records.log), reversed(records.position), strict=True))
    newest = dict(zip(records.log, records.position, strict=True))
    return {log: min(position, newest[log]) for log, position in lowest.items()}


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
