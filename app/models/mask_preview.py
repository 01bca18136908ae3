"""An event as it would be with other masks: for the form in which they are written. Runs on a worker; no Qt.

What the capture itself hides stays hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from app.models.event_text import indented
from inspector.capture.masked import open_masked
from inspector.capture.rows import Event
from inspector.masks import SIGN
from inspector.text import bytes_text, visible_lines

_MOST_BYTES = 64_000
_FIELDS = {"stream": "stream", "category": "category", "event_id": "id"}
_FIELDS |= {name: name for name in ("correlation_id", "causation_id", "actor", "error")}
"""Attribute → what a mask calls it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """`hidden` signs stand in the text; `own` of them would stand there without the rules that were asked about."""

    text: str
    hidden: int = 0
    own: int = 0


def preview(path: Path, seq: int, rules: str) -> Preview:
    """The event with this number under the capture's own masks and `rules`. Raises UsageError, CaptureError."""
    text, own = _shown(path, seq, rules), _shown(path, seq, "")
    return Preview(text, text.count(SIGN), own.count(SIGN))


def _shown(path: Path, seq: int, rules: str) -> str:
    with open_masked(path, rules=rules) as reader:
        event = reader.event(seq, most_bytes=_MOST_BYTES)
    return "This event is no longer in the capture." if event is None else _text(event)


def _text(event: Event) -> str:
    lines = [f"key: {bytes_text(event.key)}"] if event.key is not None else []
    lines += [f"{words}: {value}" for name, words in _FIELDS.items() if (value := getattr(event, name)) is not None]
    lines += [f"header {name}: {_header(value)}" for name, value in _pairs(event.headers)]
    for name in ("data", "metadata", "extra"):
        if document := getattr(event, name):
            lines.append(f"{name}: {indented(document, _MOST_BYTES)}")
    if event.data is None and event.value is not None:
        lines.append(f"value: {bytes_text(event.value[:_MOST_BYTES])}")
    return visible_lines("\n".join(lines))


def _pairs(headers: str | None) -> list[tuple[str, object]]:
    found = orjson.loads(headers) if headers else []
    return [(str(name), value) for name, value in found] if isinstance(found, list) else []


def _header(value: object) -> str:
    return value if isinstance(value, str) else "null" if value is None else orjson.dumps(value).decode()
