"""The list of events in arrival order: the full row count, a sparse cache of pages, and nothing else. No I/O, no SQL.

Row → number is arithmetic. A page that is missing is asked for by `page_wanted` and comes by `supply`. Read
`event_rows` for how a page is made, `panes.events` for who fetches.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont

from app import style
from app.models.event_rows import PAGE_ROWS, SERIOUS, STRUCK, Page, Row
from app.plain import tip
from inspector.capture.reader import Watermark

MOST_ROWS = (2**31 - 1) // style.ROW_PX - 2**20
"""Qt hangs when the rows together are 2³¹ pixels high."""
CACHE_BYTES = 64 << 20
_MOST_ASKED = 2
_MOST_WAITING = 6
_EVICTED_AT_ONCE = 1 << 20


class Column(NamedTuple):
    """A column: its header, its usual width in characters, whether numbers, whether fixed-pitch, whether dim."""

    header: str
    width: int
    is_number: bool = False
    is_fixed: bool = False
    is_dim: bool = False


COLUMNS = (
    Column("", 1),
    Column("time (UTC)", 26, is_fixed=True, is_dim=True),
    Column("log / partition", 16, is_dim=True),
    Column("offset", 6, is_number=True, is_fixed=True, is_dim=True),
    Column("key", 14, is_fixed=True),
    Column("type", 17),
    Column("ver.", 4, is_number=True, is_fixed=True, is_dim=True),
    Column("stream", 14, is_fixed=True),
    Column("value", 30, is_fixed=True),
)

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_ALIGN = int(Qt.ItemDataRole.TextAlignmentRole)
_FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)
_FONT = int(Qt.ItemDataRole.FontRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTER = int(Qt.AlignmentFlag.AlignCenter)

_Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page that is wanted by the model in its present life; an answer to an older life is dropped."""

    life: int
    number: int


class EventTable(QAbstractTableModel):
    """Events `first_seq` to `last_seq`; a row's number is `first_seq` + row."""

    page_wanted = Signal(object)
    """`(PageRequest)`: answer with `supply` or `refuse`."""
    head_evicted = Signal(object)
    """`(rows)`: so many rows went at the head, just now."""

    def __init__(self, parent: QObject | None = None, *, cache_bytes: int = CACHE_BYTES, most_rows: int = MOST_ROWS) -> None:
        super().__init__(parent)
        self.first_seq, self.last_seq = 1, 0
        self._life = 0
        self._cache_bytes, self._most_rows = cache_bytes, most_rows
        self._pages: OrderedDict[int, Page] = OrderedDict()
        self._size_bytes = 0
        self._recent = -1
        self._asked: dict[int, int] = {}
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._pump = QTimer(self, singleShot=True, interval=0)
        self._pump.timeout.connect(self._ask)
        self._fixed = style.fixed_font()
        self._struck = {fixed: _struck(self._fixed if fixed else QFont()) for fixed in (False, True)}
        self._colors: dict[str, QColor] = {}
        self.refresh_look()

    # ---- how far the capture is

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.last_seq - self.first_seq + 1

    def set_watermark(self, mark: Watermark) -> None:
        """Follows the capture: rows go at the head, then one insert at the end."""
        if mark.last_seq < self.last_seq:
            self._restart()
        if not mark.last_seq:
            return
        if not self.rows:
            self.first_seq, self.last_seq = mark.first_seq, mark.first_seq - 1
        first = max(mark.first_seq, self._cap_first(mark.last_seq))
        self._evict(min(first, self.last_seq + 1))
        if not self.rows:
            self.first_seq, self.last_seq = first, first - 1
        if mark.last_seq > self.last_seq:
            self.beginInsertRows(_NO_INDEX, self.rows, mark.last_seq - self.first_seq)
            self.last_seq = mark.last_seq
            self.endInsertRows()

    def _cap_first(self, last_seq: int) -> int:
        """The first number to show when not all rows fit; moved in blocks, so that it moves seldom."""
        if last_seq - self.first_seq + 1 <= self._most_rows:
            return self.first_seq
        return last_seq - self._most_rows + 1 + min(_EVICTED_AT_ONCE, self._most_rows // 4)

    def _evict(self, first_seq: int) -> None:
        gone = first_seq - self.first_seq
        if gone <= 0:
            return
        self.beginRemoveRows(_NO_INDEX, 0, gone - 1)
        self.first_seq = first_seq
        for number in [number for number in self._pages if (number + 1) * PAGE_ROWS <= first_seq]:
            self._drop(number)
        self.endRemoveRows()
        self.head_evicted.emit(gone)

    def _restart(self) -> None:
        """Another capture took the file's place: everything known is void."""
        self.beginResetModel()
        self._life += 1
        self._pages.clear()
        self._asked.clear()
        self._waiting.clear()
        self._size_bytes = 0
        self.first_seq, self.last_seq = 1, 0
        self.endResetModel()

    # ---- pages

    def seq_of(self, row: int) -> int:
        """The number of the event in a row; 0 for no such row."""
        return self.first_seq + row if 0 <= row < self.rows else 0

    def row_of(self, seq: int) -> int:
        """The row of an event, −1 when it is not in the list."""
        return seq - self.first_seq if self.first_seq <= seq <= self.last_seq else -1

    def shown(self, row: int) -> Row | None:
        """What is known of a row; asks for its page when it is missing."""
        seq = self.first_seq + row
        number = seq // PAGE_ROWS
        page = self._pages.get(number)
        if page is not None:
            known = page.rows.get(seq)
            if known is not None:
                if number != self._recent:
                    self._recent = number
                    self._pages.move_to_end(number)
                return known
        self._want(number)
        return None

    def _want(self, number: int) -> None:
        if self._asked.get(number, -1) >= min(self.last_seq, (number + 1) * PAGE_ROWS - 1):
            return
        self._waiting[number] = None
        self._waiting.move_to_end(number)
        if not self._pump.isActive():
            self._pump.start()

    def _ask(self) -> None:
        """Asks for the pages wanted last; what was scrolled past long ago is forgotten, and wanted again if seen again."""
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        while self._waiting and len(self._asked) < _MOST_ASKED:
            number, _ = self._waiting.popitem()
            if number in self._asked:
                continue
            self._asked[number] = self.last_seq
            self.page_wanted.emit(PageRequest(self._life, number))

    def supply(self, request: PageRequest, page: Page) -> None:
        """Takes a page that was asked for."""
        if request.life != self._life:
            return
        self._asked.pop(request.number, None)
        self._drop(request.number)
        if (request.number + 1) * PAGE_ROWS > self.first_seq:
            self._pages[request.number] = page
            self._size_bytes += page.size_bytes
            while self._size_bytes > self._cache_bytes and len(self._pages) > 1:
                self._drop(next(iter(self._pages)))
            self._changed(request.number)
        self._again()

    def refuse(self, request: PageRequest) -> None:
        """A page could not be read; it is asked for again when it is next painted."""
        if request.life == self._life:
            self._asked.pop(request.number, None)
            self._again()

    def _again(self) -> None:
        if self._waiting and not self._pump.isActive():
            self._pump.start()

    def _drop(self, number: int) -> None:
        page = self._pages.pop(number, None)
        if page is not None:
            self._size_bytes -= page.size_bytes

    def _changed(self, number: int) -> None:
        low = max(number * PAGE_ROWS, self.first_seq) - self.first_seq
        high = min((number + 1) * PAGE_ROWS - 1, self.last_seq) - self.first_seq
        if high >= low:
            self.dataChanged.emit(self.index(low, 0), self.index(high, len(COLUMNS) - 1))

    # ---- what Qt asks

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else self.rows

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = _DISPLAY) -> Any:
        """The text, colour or font of a cell; what is not there yet is asked for."""
        if role == _DISPLAY:
            row = self.shown(index.row())
            return row.cells[index.column()] if row is not None else ""
        if role == _FONT:
            return self._font(index)
        if role == _FOREGROUND:
            return self._color(index)
        if role == _ALIGN:
            column = index.column()
            return _CENTER if column == 0 else _RIGHT if COLUMNS[column].is_number else _LEFT
        if role in {_TIP, _ACCESSIBLE} and index.isValid():
            return self._words(index, role)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """The header of a column."""
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(COLUMNS):
            if role == _DISPLAY:
                return COLUMNS[section].header
            if role == _ALIGN:
                return _RIGHT if COLUMNS[section].is_number else _LEFT
        return None

    def refresh_look(self) -> None:
        """Takes the colours of the tokens anew."""
        self._colors = {name: style.color(name) for name in ("text", "dim", "faint", "warn", "bad")}

    def _font(self, index: _Index) -> QFont | None:
        is_fixed = COLUMNS[index.column()].is_fixed
        row = self._known(index.row())
        if row is not None and row.flags & STRUCK and index.column():
            return self._struck[is_fixed]
        return self._fixed if is_fixed else None

    def _color(self, index: _Index) -> QColor:
        column, row = index.column(), self._known(index.row())
        if row is not None and row.flags:
            if column == 0:
                return self._colors["bad" if row.flags & SERIOUS else "warn"]
            if row.flags & STRUCK:
                return self._colors["faint"]
        return self._colors["dim" if COLUMNS[column].is_dim else "text"]

    def _words(self, index: _Index, role: int) -> str | None:
        row = self._known(index.row())
        if row is None:
            return None
        words = row.tip if index.column() == 0 else row.cells[index.column()]
        return tip(words) if role == _TIP else words

    def _known(self, row: int) -> Row | None:
        seq = self.first_seq + row
        page = self._pages.get(seq // PAGE_ROWS)
        return page.rows.get(seq) if page is not None else None


def _struck(font: QFont) -> QFont:
    struck = QFont(font)
    struck.setStrikeOut(True)
    return struck
