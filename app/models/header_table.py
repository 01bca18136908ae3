"""A record's headers as rows, in order: null, empty, bytes and repeats by sign and word. Holds one event's headers; no I/O.

Read `app.header_view` for the view.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.models.event_rows import EMPTY, NULL
from app.plain import tip
from inspector.masks import SIGN
from inspector.text import visible

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("name", "value", "")
_NONE = QModelIndex()
_SHOWN_CHARACTERS = 300
_MOST_FILTER = 2_000
_DISPLAY, _FONT, _COLOR, _TIP = (
    int(role)
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.FontRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole)
)


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


class HeaderTable(QAbstractTableModel):
    """The headers that were shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.headers: Sequence[Header] = ()
        self._fixed = style.fixed_font()

    def show_headers(self, headers: Sequence[Header]) -> None:
        """Shows other headers."""
        self.beginResetModel()
        self.headers = headers
        self.endResetModel()

    def rowCount(self, parent: Index = _NONE) -> int:
        """One row a header."""
        return 0 if parent.isValid() else len(self.headers)

    def columnCount(self, parent: Index = _NONE) -> int:
        """Name, value, what is special."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and int(role) == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _FONT, _COLOR, _TIP} or not index.isValid():
            return None
        header, column = self.headers[index.row()], index.column()
        if role == _FONT:
            return self._fixed
        if role == _COLOR:
            return style.color(_tone(header, column))
        if role == _TIP:
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
