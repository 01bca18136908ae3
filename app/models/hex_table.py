"""Bytes as rows of sixteen, or eight where room is short: place, hexadecimal, ASCII. Up to 2^31 bytes.

Holds the pages in view and does no I/O: `page_wanted` says what is missing, `take_page` brings it. Read `app.hex_view`.
"""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from app import style
from app.models.roles import COLOR, DISPLAY, FONT, NO_INDEX, SPOKEN, Index

ROW_BYTES, NARROW_BYTES = 16, 8
PAGE_BYTES = 64 * 1024
_MOST_PAGES = 64
HEADERS = ("place", "bytes", "text")
_TONES = ("faint", "text", "dim")


class HexTable(QAbstractTableModel):
    """The bytes that were shown last, none at first."""

    page_wanted = Signal(object, object)
    """`(life, start)`: the page of bytes from `start` on, of what is shown in this life."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size = 0
        self.per_row = ROW_BYTES
        """Bytes of a row."""
        self.life = 0
        """Counts what was shown; a page of an older life is dropped."""
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self._asked: set[int] = set()
        self._fixed = style.fixed_font()

    def show_size(self, size: int) -> None:
        """Shows other bytes, so many; they are asked for when they come into view."""
        self.beginResetModel()
        self.life += 1
        self.size = size
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()

    def set_per_row(self, count: int) -> None:
        """Has so many bytes in a row; what is known stays known."""
        if count != self.per_row:
            self.beginResetModel()
            self.per_row = count
            self.endResetModel()

    def take_page(self, life: int, start: int, page: bytes) -> None:
        """Takes the bytes that were asked for."""
        if life != self.life:
            return
        self._asked.discard(start)
        self._pages[start] = page
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)
        first = start // self.per_row
        last = min(first + PAGE_BYTES // self.per_row, self.rowCount()) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(HEADERS) - 1))

    def row_bytes(self, row: int) -> bytes | None:
        """The bytes of a row; None while they are on their way."""
        start = row * self.per_row // PAGE_BYTES * PAGE_BYTES
        page = self._pages.get(start)
        if page is None:
            if start not in self._asked:
                self._asked.add(start)
                self.page_wanted.emit(self.life, start)
            return None
        place = row * self.per_row - start
        return page[place : place + self.per_row]

    # ---- the model

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Rows of bytes."""
        return 0 if parent.isValid() else -(-self.size // self.per_row)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Place, bytes, text."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and int(role) == DISPLAY else None

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, SPOKEN, FONT, COLOR} or not index.isValid():
            return None
        if role == FONT:
            return self._fixed
        if role == COLOR:
            return style.color(_TONES[index.column()])
        if index.column() == 0:
            return f"{index.row() * self.per_row:08x}"
        part = self.row_bytes(index.row())
        if part is None:
            return "…"
        return hex_text(part) if index.column() == 1 else ascii_text(part)


def hex_text(part: bytes) -> str:
    """Up to sixteen bytes, in groups of eight."""
    return f"{part[:8].hex(' ')}  {part[8:].hex(' ')}".rstrip()


def ascii_text(part: bytes) -> str:
    """The printable ASCII of bytes, a point for every other."""
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
