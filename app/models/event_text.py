"""One event as text: its fields, document, headers and bytes, escaped and cut to what a pane should hold. No Qt.

Made on a worker thread. Nothing is parsed into values: digits, key order and duplicate keys stay as they are.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from app.models.event_rows import flags_tip, shown_time
from inspector.capture.reader import Event
from inspector.event import TimeKind
from inspector.text import bytes_text, visible, visible_lines

FIRST_CHARACTERS = 64 * 1024
"""So much of each text is shown at first."""
MOST_CHARACTERS = 8 << 20
"""So much when everything is asked for; beyond it, `eventscope events` writes it all."""
_NAME_WIDTH = 13
_PROSE = frozenset({"error", "flags"})
_PROSE_WIDTH = 42
# in slices: one call over megabytes would keep the window's thread waiting
_PIECE = re.compile(r'\s*([\[\]{},:"]|[^\s\[\]{},:"]{1,8192})')
_IN_STRING = re.compile(r'(?:[^"\\]|\\.){1,8192}', re.DOTALL)
_MARKS = frozenset("[]{},:")
_OPEN, _CLOSE = {"{": "}", "[": "]"}, {"}", "]"}
_MOST_INDENT = 40


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """The texts of the pane's tabs. `is_cut`: there is more to show."""

    seq: int
    fields: str
    headers: str
    header_count: int
    value: str
    hex: str
    is_cut: bool


def shown_event(event: Event, *, most: int = FIRST_CHARACTERS) -> ShownEvent:
    """The texts of an event, each at most about `most` characters long."""
    headers = json.loads(event.headers) if event.headers else []
    document, document_cut = _document(event, most)
    value, value_cut = _value(event.value, most)
    raw = event.value or b""
    rows = most // 76
    return ShownEvent(
        seq=event.seq,
        fields="\n".join(_fields(event)) + document,
        headers=_cut("\n".join(_headers(headers)), most) or "This event has no headers.",
        header_count=len(headers),
        value=value,
        hex="\n".join(_hex(raw[: rows * 16])) if raw else value,
        is_cut=document_cut or value_cut or len(raw) > rows * 16,
    )


def _fields(event: Event) -> Iterator[str]:
    """The lines of everything known but the document; what is unknown has no line."""
    kind = TimeKind.text(event.time_kind)
    pairs: tuple[tuple[str, str | int | None], ...] = (
        ("log", f"{visible(event.log)} / {event.partition}"),
        ("offset", f"{event.position:,}" + (f" part {event.sub}" if event.sub else "")),
        ("number", f"{event.seq:,}"),
        ("id", event.event_id),
        ("type", event.type),
        ("schema ver.", event.schema_version),
        ("stream", event.stream),
        ("category", event.category),
        ("version", event.version),
        ("time", f"{shown_time(event.time_us)} UTC {kind}" if event.time_us is not None else "none"),
        ("recorded", f"{shown_time(event.printed_recorded_us)} UTC" if event.printed_recorded_us is not None else None),
        ("captured", f"{shown_time(event.captured_us)} UTC"),
        ("correlation", event.correlation_id),
        ("causation", event.causation_id),
        ("actor", event.actor),
        ("key", "null" if event.key is None else bytes_text(event.key[:1024])),
        ("value", "null" if event.value_bytes is None else f"{event.value_bytes:,} bytes"),
        ("decoder", event.decoder),
        ("error", event.error),
        ("flags", flags_tip(event.flags, None)),
    )
    for name, value in pairs:
        if value not in {None, ""}:
            yield f"{name:<{_NAME_WIDTH}}{_prose(str(value)) if name in _PROSE else visible(str(value))}"


def _prose(text: str) -> str:
    """Sentences on lines of their own, broken between words, under each other."""
    lines = (part for line in text.split("\n") for part in textwrap.wrap(visible(line), _PROSE_WIDTH))
    return f"\n{'':{_NAME_WIDTH}}".join(lines)


def _document(event: Event, most: int) -> tuple[str, bool]:
    """The documents, indented, under their names; and whether they were cut."""
    parts: list[str] = []
    is_cut = False
    for name, text in (("data", event.data), ("metadata", event.metadata), ("extra", event.extra)):
        if text is not None and text != "{}":
            shown = indented(text, most)
            is_cut |= len(shown) >= most
            parts.append(f"\n\n{name}\n{visible_lines(shown)}")
    return "".join(parts), is_cut


def indented(text: str, most: int) -> str:
    """JSON `text` over several lines, its tokens as they are; stops after about `most` characters."""
    parts: list[str] = []
    depth = size = 0
    before = ""
    for piece, mark in _pieces(text):
        depth -= mark in _CLOSE
        if before == "," or (before in _OPEN and mark != _OPEN[before]) or (mark in _CLOSE and before not in _OPEN):
            parts.append("\n" + "  " * min(depth, _MOST_INDENT))
            size += len(parts[-1])
        parts.append(": " if mark == ":" else piece)
        size += len(parts[-1])
        depth += mark in _OPEN
        before = mark
        if size > most:
            break
    return "".join(parts)[:most]


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The tokens of a JSON text without the space between them, long ones in slices: (characters, what it marks or empty)."""
    place = 0
    while found := _PIECE.match(text, place):
        place = found.end()
        yield found[1], found[1] if found[1] in _MARKS else ""
        if found[1] == '"':
            while inside := _IN_STRING.match(text, place):
                place = inside.end()
                yield inside[0], ""
            yield text[place : place + 1], ""
            place += 1


def _headers(headers: list[list[object]]) -> Iterator[str]:
    """One line a header, in order, duplicates too."""
    width = min(max((len(str(name)) for name, _ in headers), default=0), 40) + 2
    for name, value in headers:
        if value is None:
            text = "null"
        elif isinstance(value, dict):
            text = f"base64 {value.get('base64', '')}"
        else:
            text = str(value)
        yield f"{visible(str(name)):<{width}}{visible(text)}"


def _value(value: bytes | None, most: int) -> tuple[str, bool]:
    if value is None:
        return "The value is null, or was not stored.", False
    if not value:
        return "The value is empty: 0 bytes.", False
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        return f"The value is not UTF-8 text (at byte {error.start:,}); see its bytes in Hex.", False
    return visible_lines(text[:most]), len(text) > most


def _hex(value: bytes) -> Iterator[str]:
    """Lines of 16 bytes: place, hexadecimal, and the printable ASCII."""
    for place in range(0, len(value), 16):
        part = value[place : place + 16]
        pairs = part.hex(" ")
        ascii_ = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        yield f"{place:08x}  {pairs[:23]:<23}  {pairs[24:]:<23}  {ascii_}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most]
