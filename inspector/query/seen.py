"""What a capture has to offer to somebody who writes a filter: types, categories, logs, header names, places of documents.

Looks at few events, so that it takes no longer for a large capture. Read `completion` for the use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from inspector.capture.reader import CaptureReader
from inspector.query.completion import Known

_SAMPLE = 600
_MOST_BYTES = 32_768
_MOST_PLACES = 2_000
_MOST_VALUES = 200
_DEEPEST = 7
_KINDS = {str: "text", bool: "true or false", int: "number", float: "number", list: "list", dict: "object", type(None): "null"}
_PARTS = (
    "SELECT CASE WHEN length(event.data) <= :most THEN json(event.data) END, CASE WHEN length(event.metadata) <= :most THEN "
    "json(event.metadata) END, CASE WHEN length(record.headers) <= :most THEN record.headers END, stream.name "
    "FROM event LEFT JOIN record ON record.seq = event.seq LEFT JOIN stream ON stream.id = event.stream_id WHERE event.seq = :seq"
)


def known(reader: CaptureReader) -> Known:
    """Types, categories and logs by how many events they have; headers and places of a sample, the usual ones first."""
    mark = reader.watermark()
    step = max(mark.events // _SAMPLE, 1)
    places: Counter[tuple[str | int, ...]] = Counter()
    kinds: dict[tuple[str | int, ...], str] = {}
    headers: Counter[str] = Counter()
    streams: Counter[str] = Counter()
    for seq in {*range(mark.first_seq, mark.last_seq + 1, step), *range(max(mark.last_seq - 50, mark.first_seq), mark.last_seq + 1)}:
        for data, metadata, head, stream in reader.select(reader.shown(_PARTS), {"seq": seq, "most": _MOST_BYTES}):
            for root, text in (("data", data), ("metadata", metadata)):
                for place, kind in _places((root,), _read(text)):
                    if place in kinds or len(kinds) < _MOST_PLACES:
                        places[place] += 1
                        kinds.setdefault(place, kind)
            headers.update({pair[0] for pair in _read(head) or [] if isinstance(pair, list) and pair and isinstance(pair[0], str)})
            streams.update([stream] if isinstance(stream, str) else [])
    usual = {place: kinds[place] for place, _ in places.most_common()}
    values = {**_values(reader), "stream": [name for name, _ in streams.most_common(_MOST_VALUES)]}
    return Known(values, [name for name, _ in headers.most_common(_MOST_VALUES)], usual)


def _values(reader: CaptureReader) -> dict[str, list[str]]:
    asked = {
        "type": "SELECT type.name FROM type WHERE events > 0 ORDER BY events DESC LIMIT :most",
        "category": "SELECT category.name FROM category WHERE events > 0 ORDER BY events DESC LIMIT :most",
        "log": "SELECT DISTINCT name FROM log ORDER BY name LIMIT :most",
        "decoder": "SELECT DISTINCT decoder FROM log WHERE decoder IS NOT NULL LIMIT :most",
    }
    return {name: [str(row[0]) for row in reader.select(reader.shown(sql), {"most": _MOST_VALUES})] for name, sql in asked.items()}


def _read(text: Any) -> Any:
    try:
        return orjson.loads(text) if text else None
    except (ValueError, TypeError):
        return None


def _places(at: tuple[str | int, ...], value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if len(at) > 1:
        yield at, _KINDS.get(type(value), "")
    if len(at) > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _places((*at, name), each)
    elif isinstance(value, list) and value:
        yield from _places((*at, 0), value[0])
