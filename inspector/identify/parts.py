"""The rows of one log as events, and the parts of all logs put together as a batch. Knows rules only as candidates.

Read `rules` for how a column is found.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import TypeVar, cast

import orjson

from inspector.decoders import Decoded, joined
from inspector.event import EventBatch, Flag, RecordBatch, Schema, StreamRef, TimeKind
from inspector.identify.convert import MAX_TEXT
from inspector.identify.rows import Rows
from inspector.identify.rules import Candidate, Column, category_of, merged, resolve

T = TypeVar("T")
Candidates = Mapping[str, Sequence[Candidate]]

_PLAIN_FIELDS = ("type", "version", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
EVENT_TIME = "event_time"
"""In `extra`: what a rule found and could not use as the event's time."""
SOURCE = "source"
"""In `extra`: what the source said and a column does not show: a field the profile overrides, an error of its own."""
_CONTROL = int(Flag.control)
_TOMBSTONE = int(Flag.tombstone)
_UNTOLD = int(Flag.damaged | Flag.control)
"""A value that a file does not tell is no null."""
_EVENT = int(TimeKind.event)


@dataclass(slots=True)
class Part:
    """The rows of one log: `rows` are their places in the batch; the columns are as in EventBatch."""

    rows: Sequence[int]
    decoded: Decoded
    columns: dict[str, list[object]]
    streams: list[Sequence[StreamRef]]
    time_us: list[int | None]
    time_kind: list[int]
    extra: dict[int, dict[str, object]] = field(default_factory=dict)
    """Place in the batch → raw values that could not be used."""
    key_schemas: frozenset[Schema] = frozenset()


def taken(column: Sequence[T], rows: Sequence[int]) -> Sequence[T]:
    """The values of `rows`; a range stands for all."""
    return column if isinstance(rows, range) else [column[row] for row in rows]


def without_markers(records: RecordBatch, rows: Sequence[int]) -> Sequence[bytes | None]:
    """The values of `rows` to be decoded: not those of control records, which are Kafka's own and say nothing of an application."""
    values = taken(records.value, rows)
    if not any(bits & _CONTROL for bits in records.flags.values()):
        return values
    flags = records.flags
    return [None if flags.get(row, 0) & _CONTROL else value for row, value in zip(rows, values, strict=True)]


def identified(
    view: Rows, candidates: Candidates, records: RecordBatch, rows: Sequence[int], decoded: Decoded, overridden: Collection[str] = ()
) -> Part:
    """What the rules find in the rows of one log; `overridden` are the fields that the profile takes from elsewhere."""
    count = len(view)
    columns = {name: list(resolve(candidates[name], view) or [None] * count) for name in _PLAIN_FIELDS}
    part = Part(
        rows=rows,
        decoded=decoded,
        columns=columns,
        streams=_streams(view, candidates, columns["version"]),
        time_us=list(taken(records.time_us, rows)),
        time_kind=list(taken(records.time_kind, rows)),
        key_schemas=view.key_schemas,
    )
    _put_times(part, view, candidates["time"])
    for name in overridden:
        _keep_overridden(part, name, view.envelope.get(name, ()))
    return part


def _keep_overridden(part: Part, name: str, given: Sequence[object]) -> None:
    """A field that the source knows and the profile takes from elsewhere is not lost, nor that the source had nothing."""
    for row, value in zip(part.rows, given, strict=False):
        said = part.extra.setdefault(row, {}).setdefault(SOURCE, {})
        cast("dict[str, object]", said)[name] = value


def _streams(view: Rows, candidates: Candidates, versions: Column) -> list[Sequence[StreamRef]]:
    """Each row's stream, if a rule names one; its category is found by the same rule, or else by its own."""
    names: Column | None = None
    categories: Column = [None] * len(view)
    for candidate in candidates["stream"]:
        found = candidate.found(view)
        if found is None:
            continue
        read = candidate.read(view, found)
        if candidate.split or candidate.category:
            own = [None if name is None else _own_category(candidate, str(name)) for name in read]
            categories = (
                own if names is None else [new if name is None else old for name, old, new in zip(names, categories, own, strict=True)]
            )
        names = read if names is None else merged(names, read)
        if None not in names:
            break
    if names is None:
        return [()] * len(view)
    if None in categories:
        categories = merged(merged(categories, resolve(candidates["category"], view) or categories), [view.log] * len(view))
    triples = cast("zip[tuple[str, str, int | None]]", zip(categories, names, versions, strict=True))
    if None not in names:
        # what StreamRef._make does, without a Python call per event
        return list(zip(map(tuple.__new__, repeat(StreamRef), triples), strict=True))
    return [() if name is None else (StreamRef(category, name, version),) for category, name, version in triples]


def _own_category(candidate: Candidate, name: str) -> str | None:
    return candidate.category or category_of(name, candidate.split)


def _put_times(part: Part, view: Rows, candidates: Sequence[Candidate]) -> None:
    """The event's own time where a rule finds one; what was found and cannot be used is kept as it is in `extra`."""
    result: Column | None = None
    for candidate in candidates:
        found = candidate.found(view)
        if found is None:
            continue
        read = candidate.read(view, found)
        if None in read:
            _keep_raw(part, found, read)
        result = read if result is None else merged(result, read)
        if None not in result:
            break
    if result is None:
        return
    times = cast("Sequence[int | None]", result)
    part.time_us = [recorded if time_us is None else time_us for time_us, recorded in zip(times, part.time_us, strict=True)]
    part.time_kind = [kind if time_us is None else _EVENT for time_us, kind in zip(times, part.time_kind, strict=True)]
    for place, time_us in enumerate(times) if part.extra else ():
        if time_us is not None:
            part.extra.pop(part.rows[place], None)


def _keep_raw(part: Part, found: Column, read: Column) -> None:
    for place, (raw, time_us) in enumerate(zip(found, read, strict=True)):
        if time_us is None and isinstance(raw, str | int | float) and len(str(raw)) <= MAX_TEXT:
            part.extra.setdefault(part.rows[place], {EVENT_TIME: raw})


def assembled(records: RecordBatch, parts: Sequence[Part]) -> EventBatch:
    """All parts as one batch in the order of the records, with what the source says of rows merged in."""
    count = len(records)

    def whole(columns: Sequence[list[T]]) -> list[T]:
        if len(parts) == 1:
            return columns[0]
        found: list[T | None] = [None] * count
        for part, column in zip(parts, columns, strict=True):
            for row, value in zip(part.rows, column, strict=True):
                found[row] = value
        return cast("list[T]", found)

    def plain(name: str) -> list[str | None]:
        return cast("list[str | None]", whole([part.columns[name] for part in parts]))

    batch = EventBatch(
        records=records,
        decoder=whole([part.decoded.decoder for part in parts]),
        data=whole([part.decoded.data for part in parts]),
        error=whole([part.decoded.error for part in parts]),
        flags=whole([part.decoded.flags for part in parts]),
        time_us=whole([part.time_us for part in parts]),
        time_kind=whole([part.time_kind for part in parts]),
        type=plain("type"),
        version=cast("list[int | None]", whole([part.columns["version"] for part in parts])),
        event_id=plain("id"),
        schema=whole([part.decoded.schema for part in parts]),
        schema_version=plain("schema_version"),
        correlation_id=plain("correlation_id"),
        causation_id=plain("causation_id"),
        actor=plain("actor"),
        metadata=plain("metadata"),
        extra=_extra(records, parts),
        streams=whole([part.streams for part in parts]),
        key_schemas=frozenset().union(*(part.key_schemas for part in parts)),
    )
    _merge_marks(batch)
    return batch


def _merge_marks(batch: EventBatch) -> None:
    """The source's flags and errors of rows, and the mark of a null value."""
    records, flags = batch.records, batch.flags
    if None in records.value:
        for row, value in enumerate(records.value):
            if value is None and not records.flags.get(row, 0) & _UNTOLD:
                flags[row] |= _TOMBSTONE
    for row, bits in records.flags.items():
        flags[row] |= int(bits)
    for row, reason in records.error.items():
        batch.error[row] = joined(reason, batch.error[row])


def _extra(records: RecordBatch, parts: Sequence[Part]) -> list[str | None]:
    given = records.envelope.get("extra")
    found: dict[int, dict[str, object]] = {}
    for row, value in enumerate(given or ()):
        if value is not None:
            found[row] = _as_object(value)
    for source in (records.extra, *(part.extra for part in parts)):
        for row, values in source.items():
            found[row] = {**found[row], **values} if row in found else values
    for row, reason in records.error.items():
        known = found.get(row, {})
        said = known.get(SOURCE)
        found[row] = {**known, SOURCE: {**(said if isinstance(said, dict) else {}), "error": reason}}
    column: list[str | None] = [None] * len(records)
    last: dict[str, object] | None = None
    text = ""
    for row, values in found.items():
        # rows of one batch of a log's file share one object
        text = text if values is last else _json(values)
        column[row], last = text, values
    return column


def _as_object(value: object) -> dict[str, object]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except ValueError:
            return {"extra": value}
    return value if isinstance(value, dict) else {"extra": value}


def _json(values: Mapping[str, object]) -> str:
    try:
        return orjson.dumps(values, default=str).decode()
    except TypeError:  # an integer of more than 64 bits
        return json.dumps(values, default=str)
