"""Rules proposed from the events of a category: which types there are, what stands in them, and what setting it all would be.

Reads a capture. Read `aggregate_rows` for rows, `many` for all streams of a category.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inspector.aggregate_rows import Row, target_text
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamEvent, StreamInfo, stream_batches
from inspector.values import parse_exactly

MOST_EVENTS = 2_000
MOST_TYPES = 100
MOST_FIELDS = 40
_STREAMS = 50
_OTHERS = (
    "SELECT stream.id FROM stream JOIN category ON category.id = stream.category_id WHERE category.name = ? AND stream.id != ? "
    "ORDER BY stream.id LIMIT ?"
)


@dataclass(slots=True)
class Seen:
    """What events of one type hold: how many were looked at, and how many of them have each field."""

    events: int = 0
    fields: Counter[str] = field(default_factory=Counter)


def seen_types(reader: CaptureReader, stream: StreamInfo) -> dict[str, Seen]:
    """The types of a stream's category by name, from the stream itself and then others: at most `MOST_EVENTS` events."""
    others = [row[0] for row in reader.select(_OTHERS, (stream.category, stream.id, _STREAMS))]
    found: dict[str, Seen] = {}
    left = MOST_EVENTS
    for stream_id in (stream.id, *others):
        for events in stream_batches(reader, stream_id, size=200):
            _note(found, events[:left])
            left -= len(events)
            if left <= 0:
                return found
    return found


def _note(found: dict[str, Seen], events: Iterable[StreamEvent]) -> None:
    for event in events:
        name = event.type or ""
        if name not in found and len(found) >= MOST_TYPES:
            continue
        seen = found.setdefault(name, Seen())
        seen.events += 1
        try:
            document = parse_exactly(event.data) if event.data is not None else None
        except ValueError:
            continue
        for key in document if isinstance(document, dict) else ():
            if key in seen.fields or len(seen.fields) < MOST_FIELDS:
                seen.fields[key] += 1


def proposed(types: Mapping[str, Seen]) -> list[Row]:
    """Rows that set every field which events of a type hold: where `merge` would end, to be changed from there."""
    rows = []
    for name, seen in types.items():
        for key in seen.fields:
            if not key or '"' in key or any(sign in key for sign in "{}"):
                continue
            place = target_text((key,))
            rows.append(Row(f'"{name}"' if "," in name else name or "*", "set", place, f"data.{place}"))
    return rows


def places(types: Mapping[str, Seen]) -> list[str]:
    """Places in the documents that a value may come from, sorted."""
    keys = {key for seen in types.values() for key in seen.fields if key and '"' not in key}
    return sorted(f"data.{target_text((key,))}" for key in keys)
