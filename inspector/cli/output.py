"""How results are printed: JSON lines for programs, a table for people. Formats only at this edge; no queries here.

In JSON lines a document keeps the digits of its numbers: its text is put in as it is stored, never parsed again.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from inspector.event import Flag, TimeKind, format_time
from inspector.text import bytes_text, visible

if TYPE_CHECKING:
    from inspector.capture.rows import Event

_MEASURED_ROWS = 200
_MAX_WIDTH = 60


def chosen_format(asked: str | None) -> str:
    """`table` on a terminal, `jsonl` otherwise, unless one was asked for."""
    return asked or ("table" if sys.stdout.isatty() else "jsonl")


def bytes_json(value: bytes | None) -> str | dict[str, str] | None:
    """Text when the bytes are UTF-8, `{"base64": …}` when not, None for null."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def event_line(event: Event) -> str:
    """One event as a JSON line with every field of the contract."""
    head = {
        "seq": event.seq,
        "log": event.log,
        "partition": event.partition,
        "position": event.position,
        "time": format_time(event.time_us),
        "time_kind": TimeKind.text(event.time_kind),
        "recorded_time": format_time(event.printed_recorded_us),
        "captured_time": format_time(event.captured_us),
        "key": bytes_json(event.key),
        "value": bytes_json(event.value),
    }
    middle = {
        "stream": event.stream,
        "category": event.category,
        "version": event.version,
        "type": event.type,
        "id": event.event_id,
        "schema_version": event.schema_version,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "actor": event.actor,
    }
    tail = {
        "decoder": event.decoder,
        "error": event.error,
        "flags": Flag.names(event.flags),
        "value_bytes": event.value_bytes,
    }
    parts = [
        _inner(head),
        f'"headers": {_on_its_line(event.headers or "[]")}',
        _inner(middle),
        f'"data": {event.data or "null"}',
        f'"metadata": {event.metadata or "null"}',
        _inner(tail),
        f'"extra": {event.extra or "null"}',
    ]
    return "{" + ", ".join(parts) + "}"


def _on_its_line(text: str) -> str:
    """JSON text as it is; as one JSON string what is none, or would begin a line of its own: a stranger's file may hold anything."""
    try:
        orjson.loads(text)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
    return text if "\n" not in text and "\r" not in text else json.dumps(text, ensure_ascii=False)


def _inner(values: Mapping[str, object]) -> str:
    return _ENCODE(values)[1:-1]


_ENCODE = json.JSONEncoder(ensure_ascii=False).encode


EVENT_COLUMNS = ("seq", "time (UTC)", "log", "partition", "position", "key", "type", "version", "stream", "flags", "value")


def event_row(event: Event) -> dict[str, object]:
    """One event as a row of the table for people."""
    return {
        "seq": event.seq,
        "time (UTC)": (format_time(event.time_us) or "").replace("T", " ").removesuffix("Z"),
        "log": event.log,
        "partition": event.partition,
        "position": event.position,
        "key": bytes_text(event.key),
        "type": event.type,
        "version": event.version,
        "stream": event.stream,
        "flags": " ".join(Flag.names(event.flags)),
        "value": _value_text(event),
    }


def _value_text(event: Event) -> str:
    """What a value says: its document, or its own text or bytes where there is none."""
    document = event.printed_document
    return bytes_text((event.value or b"")[:200]) if document is None else document[:200]


def print_events(events: Iterable[Event], *, format_: str | None) -> int:
    """Prints events as they come; returns how many."""
    count = 0
    if chosen_format(format_) == "jsonl":
        for event in events:
            sys.stdout.write(event_line(event) + "\n")
            count += 1
        return count

    def counted() -> Iterable[dict[str, object]]:
        nonlocal count
        for event in events:
            count += 1
            yield event_row(event)

    _print_table(counted(), EVENT_COLUMNS)
    return count


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, format_: str | None) -> None:
    """Prints rows: JSON lines with every key, or a table of `columns`."""
    if chosen_format(format_) == "jsonl":
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    else:
        _print_table(rows, columns)


def print_scope(scope: Mapping[str, object]) -> None:
    """Says on standard error what was asked, read and absent, so that no list ends in silence."""
    if sys.stderr.isatty():
        print(visible(f"{scope['stopped'] or 'stopped: unknown'}; read {scope['read']}; absent {scope['absent']}"), file=sys.stderr)
    else:
        print(json.dumps({"scope": scope}, ensure_ascii=False), file=sys.stderr)


def _print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A table whose widths come from its first rows; numbers stand right, text is cut and made safe."""
    waiting = iter(rows)
    first = list(islice(waiting, _MEASURED_ROWS))
    numeric = {name for name in columns if first and all(isinstance(row.get(name), int | float | None) for row in first)}
    widths = {name: max([len(name), *(len(_cell(row.get(name))) for row in first)]) for name in columns}
    sys.stdout.write(_line({name: name for name in columns}, columns, widths, numeric))
    for row in (*first, *waiting):
        sys.stdout.write(_line(row, columns, widths, numeric))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…"


def _line(row: Mapping[str, Any], columns: Sequence[str], widths: Mapping[str, int], numeric: set[str]) -> str:
    cells = [_cell(row.get(name)).rjust(widths[name]) if name in numeric else _cell(row.get(name)).ljust(widths[name]) for name in columns]
    return "  ".join(cells).rstrip() + "\n"
