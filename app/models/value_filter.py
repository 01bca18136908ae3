"""A cell's value as a filter: what "filter by this value" and "exclude this value" mean. Pure; no Qt, no I/O.

Read `inspector.query` for the language.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from app.models.event_rows import SIGNS
from inspector.capture.rows import Event
from inspector.event import format_time
from inspector.masks import SIGN

_IS_EMPTY = "value_bytes == 0"
MOST_BYTES = 2_000
"""A longer key or value makes no filter that anyone could read."""


def value_filter(event: Event, column: str, *, exclude: bool = False) -> str:
    """The filter that an event's value in `column` stands for; empty when it stands for none, as what is masked does."""
    same = _same(event, column)
    if SIGN in same:
        return ""
    if not same or not exclude:
        return same
    if column in _RAW and (raw := getattr(event, column)) is not None:
        same = f"{column} == {_bytes_literal(raw)}"  # of bytes that are no text, a comparison with text says nothing
    # of an event without such a value the comparison says nothing: it is not this value, so it stays
    nullable = "value_bytes" if same == _IS_EMPTY else _FIELDS.get(column)
    return f"({nullable} == null || !({same}))" if nullable and not same.endswith("== null") else f"!({same})"


def _same(event: Event, column: str) -> str:
    made = _MAKERS.get(column)
    if made is not None:
        return made(event)
    field = _FIELDS.get(column)
    if field is None:
        return ""
    value = getattr(event, _ATTRIBUTES.get(column, column))
    return f"{field} == {_literal(value)}"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | int) else ""


def _bytes(name: str, value: bytes | None) -> str:
    if value is None:
        return f"{name} == null"
    if len(value) > MOST_BYTES:
        return ""
    try:
        return f"{name} == {_literal(value.decode())}"
    except UnicodeDecodeError:
        return f"{name} == {_bytes_literal(value)}"


def _bytes_literal(value: bytes) -> str:
    """Bytes as the filter language writes them: what is not plain is escaped."""
    plain = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else "\\x" + f"{byte:02x}" for byte in value)
    return f'b"{"".join(plain)}"'


def _log(event: Event) -> str:
    return f"log == {_literal(event.log)} && partition == {event.partition}"


def _time(name: str, time_us: int | None) -> str:
    text = format_time(time_us)
    return f"{name} == null" if text is None else f'{name} == timestamp("{text}")'


def _state(event: Event) -> str:
    if flag := next((flag for flag, _ in SIGNS if flag & event.flags), None):
        return f'"{flag.name}" in flags'
    if event.value_bytes is None:
        return "value == null"
    return _IS_EMPTY if event.value_bytes == 0 else ""


_MAKERS: dict[str, Callable[[Event], str]] = {
    "state": _state,
    "log": _log,
    "offset": lambda event: f"position == {event.position}",
    "time": lambda event: _time("time", event.time_us),
    "recorded": lambda event: _time("recorded_time", event.printed_recorded_us),
    "captured": lambda event: _time("captured_time", event.captured_us),
    "key": lambda event: _bytes("key", event.key),
    "value": lambda event: _bytes("value", event.value),
    "seq": lambda event: f"seq == {event.seq}",
    "key_bytes": lambda event: "" if event.key is None else f"size(key) == {len(event.key)}",
}
_FIELDS = {
    "type": "type",
    "version": "version",
    "stream": "stream",
    "category": "category",
    "actor": "actor",
    "id": "id",
    "correlation_id": "correlation_id",
    "causation_id": "causation_id",
    "value_bytes": "value_bytes",
    "key_bytes": "key",
    "key": "key",
    "value": "value",
    "time": "time",
    "recorded": "recorded_time",
}
"""Column → the field that may be missing."""
_RAW = {"key", "value"}
_ATTRIBUTES = {"id": "event_id"}
