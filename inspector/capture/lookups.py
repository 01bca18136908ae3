"""Events found through an index instead of looking at all: by stream, and by what fields were indexed. No Qt.

What is found may match; whether it does is still asked of the filter. Read `listing` for the use, `fields` for indexed fields.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import reduce

import numpy as np
import orjson

from inspector.capture.asking import EventQuery, Watermark
from inspector.capture.condition import Lookup
from inspector.capture.fields import Bound, indexed
from inspector.capture.looking import Numbers
from inspector.capture.reader import CaptureReader

MOST = 200_000
"""So many events are looked at one by one at most; a filter that leaves more is quicker asked of all in turn."""
STREAMS = (
    "SELECT id FROM stream WHERE source_id IN (SELECT id FROM source) AND category_id IN (SELECT id FROM category) "
    "AND name IN (SELECT value FROM json_each(?))"
)
"""By the unique index on source, category and name."""
STREAM_SEQS = "SELECT json_group_array(seq) FROM (SELECT seq FROM event_stream WHERE stream_id = ?1 AND seq BETWEEN ?2 AND ?3 LIMIT ?4)"
_NONE: Numbers = np.empty(0, np.int64)
_ULPS = 4
"""A number's nearest double may differ by some of these between versions of SQLite; what is found besides does not match."""


def candidates(reader: CaptureReader, lookups: Sequence[Lookup], mark: Watermark) -> Numbers | None:
    """The numbers, ascending, of all events up to `mark` that may fulfil `lookups`; None when no index says so, or too many do."""
    found: list[Numbers] = []
    for field in dict.fromkeys(lookup.field for lookup in lookups):
        of_field = [lookup for lookup in lookups if lookup.field == field]
        numbers = _of_streams(reader, of_field[0], mark) if field == "stream" else _of_field(reader, of_field, mark)
        if numbers is not None:
            found.append(numbers)
    return reduce(np.intersect1d, found) if found else None


def looked_up(reader: CaptureReader, query: EventQuery) -> EventQuery:
    """The same query, of only those events that an index says may match where one does."""
    if query.condition is None or query.condition.lookups == ():
        return query
    found = candidates(reader, query.condition.lookups, reader.watermark())
    return query if found is None else replace(query, among=tuple(found.tolist()))


def _of_streams(reader: CaptureReader, lookup: Lookup, mark: Watermark) -> Numbers | None:
    names = orjson.dumps([value for value in lookup.values if isinstance(value, str)]).decode()
    parts: list[Numbers] = []
    room = MOST
    for (stream_id,) in reader.select(STREAMS, (names,)):
        ((text,),) = reader.select(STREAM_SEQS, (stream_id, mark.first_seq, mark.last_seq, room + 1))
        parts.append(np.array(orjson.loads(text), dtype=np.int64))
        room -= len(parts[-1])
        if room < 0:
            return None
    return np.unique(np.concatenate(parts)) if parts else _NONE


def _of_field(reader: CaptureReader, lookups: Sequence[Lookup], mark: Watermark) -> Numbers | None:
    index = indexed(reader, lookups[0].field)
    if index is None:
        return None
    parts: list[Numbers] = []
    room = MOST
    with closing(index):
        for low, high in intervals(lookups):
            parts.append(index.between(low, high, mark, room + 1))
            room -= len(parts[-1])
            if room < 0:
                return None
    return np.unique(np.concatenate(parts)) if parts else _NONE


def intervals(lookups: Sequence[Lookup]) -> list[tuple[Bound, Bound]]:
    """Where an index has all that may fulfil the `lookups` of one field: from, to, both inclusive."""
    for lookup in lookups:
        if lookup.operator == "=":
            return [_around(value) for value in lookup.values]
    kind = str if isinstance(lookups[0].values[0], str) else (int, Decimal)
    low, high = _ends(lookups[0])
    for lookup in lookups[1:]:
        if isinstance(lookup.values[0], kind):
            other_low, other_high = _ends(lookup)
            low, high = _later(low, other_low), _earlier(high, other_high)
    return [(low, high)]


def _ends(lookup: Lookup) -> tuple[Bound, Bound]:
    (value,) = lookup.values
    low, high = _around(value)
    if lookup.operator in {"<", "<="}:
        return ("" if isinstance(value, str) else -math.inf), high
    return low, (b"" if isinstance(value, str) else math.inf)


def _later(one: Bound, other: Bound) -> Bound:
    return max(one, other, key=_ordered)


def _earlier(one: Bound, other: Bound) -> Bound:
    return min(one, other, key=_ordered)


def _ordered(bound: Bound) -> tuple[int, float, bytes]:
    """A bound's place as SQLite orders values: numbers, texts by their bytes, bytes."""
    if isinstance(bound, str):
        return 1, 0.0, bound.encode("utf-8", "surrogatepass")
    return (2, 0.0, bound) if isinstance(bound, bytes) else (0, bound, b"")


def _around(value: str | int | Decimal) -> tuple[Bound, Bound]:
    if isinstance(value, str):
        return value, value
    try:
        near = float(value)
    except OverflowError:
        near = math.inf if value > 0 else -math.inf
    if math.isinf(near):
        return (sys.float_info.max, near) if near > 0 else (near, -sys.float_info.max)
    more = _ULPS * math.ulp(near)
    return near - more, near + more
