"""A value as text: as it was read, or its document indented; escaped, and cut to what a pane should hold. No Qt.

Made on a worker thread. Nothing is parsed into values: digits, key order and duplicate keys stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inspector.capture.pieces import Sizes, piece
from inspector.capture.reader import CaptureReader
from inspector.text import visible_lines

FIRST_CHARACTERS = 64 * 1024
"""So much of each text is shown at first."""
MOST_CHARACTERS = 8 << 20
"""So much when everything is asked for; beyond it, `eventscope events` writes it all."""
# in slices: one call over megabytes would keep the window's thread waiting
_PIECE = re.compile(r'\s*([\[\]{},:"]|[^\s\[\]{},:"]{1,8192})')
_IN_STRING = re.compile(r'(?:[^"\\]|\\.){1,8192}', re.DOTALL)
_MARKS = frozenset("[]{},:")
_OPEN, _CLOSE = {"{": "}", "[": "]"}, {"}", "]"}
_MOST_INDENT = 40


@dataclass(frozen=True, slots=True)
class ValueText:
    """The value as it was read, and its document indented (empty for none). `is_cut`: there is more to show."""

    raw: str
    document: str = ""
    is_cut: bool = False


def value_text(reader: CaptureReader, seq: int, sizes: Sizes, *, most: int = FIRST_CHARACTERS) -> ValueText:
    """The texts of an event's value, each at most about `most` characters long."""
    raw = raw_text(piece(reader, seq, "value", 0, most) if sizes.value else b"", sizes.value)
    document = ""
    if sizes.data is not None:
        sql = reader.shown("SELECT substr(json(event.data), 1, :most) FROM event WHERE seq = :seq")
        rows = reader.select(sql, {"seq": seq, "most": most})
        document = visible_lines(indented(str(rows[0][0]), most)) if rows else ""
    return ValueText(raw, document, is_cut=(sizes.value or 0) > most or len(document) >= most)


def raw_text(start: bytes, size: int | None) -> str:
    """The text of a value of `size` bytes that starts with `start`; a sentence where it has none."""
    if size is None:
        return "The value is null, or was not stored."
    if not size:
        return "The value is empty: 0 bytes."
    try:
        return visible_lines(start.decode())
    except UnicodeDecodeError as error:
        if len(start) < size and error.start > len(start) - 4 and error.reason == "unexpected end of data":
            return visible_lines(start[: error.start].decode())  # cut inside a character
        return f"The value is not UTF-8 text (at byte {error.start:,}); see its bytes in Hex."


def indented(text: str, most: int) -> str:
    """JSON `text` over several lines, its tokens as they are; stops after about `most` characters."""
    parts: list[str] = []
    depth = size = 0
    before = ""
    for part, mark in _pieces(text):
        depth -= mark in _CLOSE
        if before == "," or (before in _OPEN and mark != _OPEN[before]) or (mark in _CLOSE and before not in _OPEN):
            parts.append("\n" + "  " * min(depth, _MOST_INDENT))
            size += len(parts[-1])
        parts.append(": " if mark == ":" else part)
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
