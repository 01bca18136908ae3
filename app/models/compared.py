"""What differs between two events: fields, headers, documents, by path; objects whatever their order. No Qt; runs on a worker thread.

Read `inspector.replay.changes` for how documents are compared, `models.change_table` for the rows on screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal

from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.header_table import parsed_headers
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.event import Flag
from inspector.query.json_path import path_step
from inspector.replay.changes import Change, changes
from inspector.values import index_in, parse_exactly, to_json

MOST_BYTES = 2_000_000
"""A larger document is not looked into: reading it would hold the interpreter for too long."""
MOST_ROWS = 10_000
_FIELDS = (
    ("log", "log"),
    ("partition", "partition"),
    ("type", "type"),
    ("schema_version", "schema_version"),
    ("stream", "stream"),
    ("category", "category"),
    ("version", "version"),
    ("correlation_id", "correlation_id"),
    ("causation_id", "causation_id"),
    ("actor", "actor"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: `op` is add, remove or replace; the texts are what stands there in A and in B, empty for nothing."""

    op: str
    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Events `a` and `b` in a few words each, what differs, how much more there is, and what could not be compared."""

    a: str
    b: str
    rows: tuple[Difference, ...]
    left_out: int = 0
    note: str = ""


def compared(reader: CaptureReader, a: int, b: int, zone: tzinfo = UTC) -> Comparison:
    """Compares the events with these numbers. What is gone or too large is said in `note`."""
    events = [reader.event(seq, most_bytes=MOST_BYTES) for seq in (a, b)]
    if events[0] is None or events[1] is None:
        gone = [f"#{seq:,}" for seq, event in zip((a, b), events, strict=True) if event is None]
        return Comparison(f"#{a:,}", f"#{b:,}", (), 0, f"{' and '.join(gone)} is no longer in the capture: the keep limit removed it")
    one, other = events[0], events[1]
    rows = [*_fields(one, other, zone), *_documents(one, other), *_headers(one, other), *_bytes(one, other)]
    return Comparison(_words(one), _words(other), tuple(rows[:MOST_ROWS]), max(len(rows) - MOST_ROWS, 0), _note(one, other))


def _words(event: Event) -> str:
    version = "" if event.version is None else f" v{event.version:,}"
    return f"#{event.seq:,} {event.type or 'event'}{version} {event.stream or ''}".rstrip()


def _fields(a: Event, b: Event, zone: tzinfo) -> Iterator[Difference]:
    for path, attribute in _FIELDS:
        yield from _texts(path, _said(getattr(a, attribute)), _said(getattr(b, attribute)))
    times = [f"{shown_time(event.time_us, zone)} {zone_name(zone)}" if event.time_us is not None else "" for event in (a, b)]
    yield from _texts("time", times[0], times[1])
    yield from _texts("flags", ", ".join(Flag.names(a.flags)), ", ".join(Flag.names(b.flags)))


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _texts(path: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference("replace" if before and after else "add" if after else "remove", path, before, after)


def _headers(a: Event, b: Event) -> Iterator[Difference]:
    """Headers of one name are compared in their order; the order of names says nothing."""
    sides: list[object] = []
    for event in (a, b):
        values: dict[str, list[object]] = {}
        for header in parsed_headers(event.headers):
            values.setdefault(header.name, []).append(None if header.raw is None else header.text)
        sides.append({name: found[0] if len(found) == 1 else found for name, found in values.items()})
    yield from _changed("headers", sides[0], sides[1])


def _documents(a: Event, b: Event) -> Iterator[Difference]:
    for name in ("data", "metadata"):
        texts = [getattr(event, name) for event in (a, b)]
        if None not in texts:
            yield from _changed(name, _value(texts[0]), _value(texts[1]))


class _Digits(Decimal):
    """A number that is compared by its value and shown with the digits it was written with."""

    digits: str

    def __new__(cls, digits: str) -> _Digits:
        made = super().__new__(cls, digits)
        made.digits = digits
        return made

    def __str__(self) -> str:
        return self.digits


def _value(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_first_wins, parse_int=_Digits, parse_float=_Digits)
    except RecursionError:
        return parse_exactly(text)


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _changed(root: str, before: object, after: object) -> Iterator[Difference]:
    for change in changes(before, after):
        yield Difference(change.op, place(root, change, before, after), _json(change, "remove"), _json(change, "add"))


def _json(change: Change, op: str) -> str:
    """What stands in A (`remove`) or B (`add`)."""
    if change.op not in {op, "replace"}:
        return ""
    return to_json(change.old if op == "remove" else change.new)


def place(root: str, change: Change, before: object, after: object) -> str:
    """A change's place as the filter language writes it, such as `data.items[0].sku`."""
    path = root
    for step in change.path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        path = path_step(path, name, is_element=isinstance(before, list) or isinstance(after, list))
        before, after = _inside(before, name), _inside(after, name)
    return path


def _inside(value: object, name: str) -> object:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and (place := index_in(value, name)) is not None:
        return value[place]
    return None


def _bytes(a: Event, b: Event) -> Iterator[Difference]:
    """Keys always; values where there are no two documents to compare."""
    yield from _raw("key", a.key, b.key, a.key_bytes, b.key_bytes)
    if a.data is None or b.data is None:
        yield from _raw("value", a.value, b.value, a.value_bytes, b.value_bytes)


def _raw(path: str, a: bytes | None, b: bytes | None, a_size: int | None, b_size: int | None) -> Iterator[Difference]:
    if a != b or a_size != b_size:
        where = "" if a is None or b is None else f", other from byte {_first_other(a, b):,} on"
        yield Difference("replace", path, _sized(a_size), f"{_sized(b_size)}{where}")


def _first_other(a: bytes, b: bytes) -> int:
    """The first place where two different byte strings differ."""
    low, high = 0, min(len(a), len(b))
    while low < high:  # halves: a slice is compared at once, a loop over bytes would take seconds
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _sized(size: int | None) -> str:
    return "null" if size is None else f"{size:,} bytes"


def _note(a: Event, b: Event) -> str:
    large = [
        f"#{event.seq:,}" for event in (a, b) if event.value is None and event.value_bytes is not None and event.value_bytes > MOST_BYTES
    ]
    return f"{_listed(large)}: the value is over {MOST_BYTES // 1_000_000} MB and is not looked into" if large else ""


def _listed(parts: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(parts))
