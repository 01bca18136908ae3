"""A record's headers as rows, in order: null, empty, bytes and repeats by sign and word. Holds one event's headers; no I/O.

Read `app.header_view` for the view.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from PySide6.QtCore import QObject

from app import style
from app.models.event_rows import EMPTY, NULL
from app.models.list_table import ListTable
from app.models.roles import COLOR, DISPLAY, FONT, TIP, Index
from app.plain import tip
from inspector.masks import SIGN
from inspector.text import visible

HEADERS = ("name", "value", "")
_SHOWN_CHARACTERS = 300
_MOST_FILTER = 2_000


@dataclass(frozen=True, slots=True)
class Header:
    """One header: `raw` is None for null; `is_text` says that its bytes are UTF-8."""

    name: str
    raw: bytes | None
    is_text: bool = True
    is_repeat: bool = False
    """The name was there before."""

    @property
    def text(self) -> str:
        """The value as text; bytes that are none as `0x…`; empty for null."""
        if self.raw is None:
            return ""
        return self.raw.decode(errors="surrogatepass") if self.is_text else f"0x{self.raw.hex()}"

    @property
    def state(self) -> str:
        """What is special, in a word or two; empty for nothing."""
        words = ["null"] if self.raw is None else ["empty"] if not self.raw else [] if self.is_text else ["bytes"]
        return ", ".join([*words, *(["≠ again"] if self.is_repeat else [])])

    def filter_text(self, *, exclude: bool = False) -> str:
        """The filter for events with (or without) this header and value; empty where the language has none."""
        place = f"headers[{json.dumps(self.name, ensure_ascii=False)}]"
        if self.raw is None:
            same = f"{place} == null"
        elif self.is_text and len(self.raw) <= _MOST_FILTER:
            same = f"{place} == {json.dumps(self.text, ensure_ascii=False)}"
        else:
            return ""
        if SIGN in same:
            return ""
        return f"(!has({place}) || !({same}))" if exclude else same


def parsed_headers(text: str | None) -> list[Header]:
    """The headers of an event's JSON text `[[name, value], …]`; what a stranger's file holds instead is no header."""
    try:
        pairs = json.loads(text) if text else []
    except (ValueError, RecursionError):
        pairs = []
    seen: set[str] = set()
    found = []
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str):
            name = pair[0]
            raw, is_text = _raw(pair[1])
            found.append(Header(name, raw, is_text, name in seen))
            seen.add(name)
    return found


def _raw(value: object) -> tuple[bytes | None, bool]:
    if value is None:
        return None, True
    if isinstance(value, dict):
        try:
            return base64.b64decode(str(value.get("base64", ""))), False
        except binascii.Error:
            return b"", False
    return str(value).encode(errors="surrogatepass"), True


class HeaderTable(ListTable[Header]):
    """The headers that were shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(HEADERS, parent)
        self._fixed = style.fixed_font()

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, FONT, COLOR, TIP} or not index.isValid():
            return None
        header, column = self.rows[index.row()], index.column()
        if role == FONT:
            return self._fixed
        if role == COLOR:
            return style.color(_tone(header, column))
        if role == TIP:
            return tip(_cut(header.name if column == 0 else header.text, 2_000))
        return (visible(_cut(header.name)), _value(header), header.state)[column]


def _tone(header: Header, column: int) -> str:
    if column == 1:
        return "text" if header.raw else "faint"
    return "dim" if column == 0 else "warn" if header.is_repeat else "faint"


def _value(header: Header) -> str:
    if header.raw is None:
        return NULL
    return visible(_cut(header.text)) if header.raw else EMPTY


def _cut(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
