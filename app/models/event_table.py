"""The list of events: which event stands in which row (`rows`), a sparse cache of what they look like, and nothing else.

No I/O, no SQL. What is missing is asked for by `page_wanted` and comes by `supply`. Read `event_rows` for how a page is made,
`app.lister` for who finds the numbers of a list that is no arithmetic.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from app import style
from app.models.event_columns import COLUMNS
from app.models.event_look import CellLook
from app.models.event_rows import PAGE_ROWS, Page, Row
from app.models.page_cache import PageCache, PageRequest
from app.models.rows import Listing, Span
from inspector.capture.looking import Numbers
from inspector.capture.reader import Watermark

MOST_ROWS = (2**31 - 1) // style.ROW_PX - 2**20
"""Qt hangs when the rows together are 2³¹ pixels high."""
CACHE_BYTES = 64 << 20
_MOST_ASKED = 2
_MOST_WAITING = 6
_MOST_RUNS = 32
"""So many insertions or removals are told to Qt one by one, at 0.7 ms each; more are told as one rearrangement, if that is quicker."""
_REARRANGED_IN_A_RUN = 14_000
"""Rows that are rearranged in the time that one insertion takes."""
_EVICTED_AT_ONCE = 1 << 20

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_ALIGN = int(Qt.ItemDataRole.TextAlignmentRole)
_FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)
_FONT = int(Qt.ItemDataRole.FontRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)
_ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)

_Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class EventTable(QAbstractTableModel):
    """Either everything as it arrived (`show_everything`, `set_watermark`), or a list (`show_listing`, `append`, `insert`)."""

    page_wanted = Signal(object)
    """`(PageRequest)`: answer with `supply` or `refuse`."""

    def __init__(self, parent: QObject | None = None, *, cache_bytes: int = CACHE_BYTES, most_rows: int = MOST_ROWS) -> None:
        super().__init__(parent)
        self.listed: Span | Listing = Span()
        self.look = CellLook()
        self.zone: tzinfo = UTC
        self._most_rows = most_rows
        self.cache = PageCache(cache_bytes)
        self._memo_row = -1
        self._memo: Row | None = None
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._pump = QTimer(self, singleShot=True, interval=0)
        self._pump.timeout.connect(self._ask)

    # ---- what is listed

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.listed)

    @property
    def _most_runs(self) -> int:
        return max(_MOST_RUNS, self.rows // _REARRANGED_IN_A_RUN)

    @property
    def room(self) -> int:
        """How many rows more a view can show."""
        return self._most_rows - self.rows

    def show_everything(self, mark: Watermark | None, *, newest_first: bool = False) -> None:
        """Lists all events as they arrived, from now on by `set_watermark`."""
        span = Span(newest_first)
        if mark is not None and mark.last_seq:
            span = Span(newest_first, self._cap_first(mark.first_seq, mark.last_seq), mark.last_seq)
        self._begin(span)

    def show_listing(self) -> None:
        """Lists nothing; rows come by `append` and `insert`."""
        self._begin(Listing())

    def _begin(self, listed: Span | Listing) -> None:
        self.beginResetModel()
        self.listed = listed
        self._shifted()
        self._waiting.clear()
        self.endResetModel()

    def restart(self) -> None:
        """Another capture took the file's place, or times look different: nothing that was read is valid."""
        self.cache.clear()
        self._shifted()
        self._all_changed()

    def set_watermark(self, mark: Watermark) -> None:
        """Follows the capture: the oldest go, and (of everything) the new ones come by one insert."""
        if isinstance(self.listed, Listing):
            self._remove_runs(self.listed.runs_below(mark.first_seq))
            return
        if mark.last_seq < self.listed.last_seq:
            self._begin(Span(self.listed.newest_first))
            self.restart()
        if not mark.last_seq:
            return
        span = self.listed
        if not self.rows:
            span.first_seq, span.last_seq = mark.first_seq, mark.first_seq - 1
        first = self._cap_first(max(mark.first_seq, span.first_seq), mark.last_seq)
        self._evict(span, min(first, span.last_seq + 1))
        if not self.rows:
            span.first_seq, span.last_seq = first, first - 1
        if (count := mark.last_seq - span.last_seq) > 0:
            row = 0 if span.newest_first else self.rows
            self.beginInsertRows(_NO_INDEX, row, row + count - 1)
            span.last_seq = mark.last_seq
            self._shifted()
            self.endInsertRows()

    def _cap_first(self, first_seq: int, last_seq: int) -> int:
        """The first number to show when not all rows fit; moved in blocks, so that it moves seldom."""
        if last_seq - first_seq + 1 <= self._most_rows:
            return first_seq
        return last_seq - self._most_rows + 1 + min(_EVICTED_AT_ONCE, self._most_rows // 4)

    def _evict(self, span: Span, first_seq: int) -> None:
        if (gone := first_seq - span.first_seq) > 0:
            row = self.rows - gone if span.newest_first else 0
            self.beginRemoveRows(_NO_INDEX, row, row + gone - 1)
            span.first_seq = first_seq
            self._shifted()
            self.endRemoveRows()

    def append(self, seqs: Numbers) -> None:
        """Puts rows at the end of the list."""
        self.insert([(self.rows, seqs)])

    def insert(self, runs: Sequence[tuple[int, Numbers]]) -> None:
        """Puts each run before a row of the list as it is now; runs come in the order of their rows."""
        assert isinstance(self.listed, Listing)
        if len(runs) > self._most_runs:
            whole, count = self.listed.whole(), self.rows
            self.insert([(count, np.concatenate([seqs for _, seqs in runs]))])
            at = np.concatenate([np.full(len(seqs), row) for row, seqs in runs])
            self._rearrange(np.insert(whole, at, np.concatenate([seqs for _, seqs in runs])))
            return
        for row, seqs in reversed(runs):
            if len(seqs):
                self.beginInsertRows(_NO_INDEX, row, row + len(seqs) - 1)
                self.listed.insert(row, seqs)
                self._shifted()
                self.endInsertRows()

    def _remove_runs(self, runs: Sequence[tuple[int, int]]) -> None:
        """Takes stretches of rows away, the last first."""
        assert isinstance(self.listed, Listing)
        if len(runs) > self._most_runs:
            whole = self.listed.whole()
            gone = np.zeros(len(whole), bool)
            for row, count in runs:
                gone[row : row + count] = True
            self._rearrange(np.concatenate([whole[~gone], whole[gone]]))
            runs = [(int((~gone).sum()), int(gone.sum()))]
        for row, count in runs:
            self.beginRemoveRows(_NO_INDEX, row, row + count - 1)
            self.listed.remove(row, count)
            self._shifted()
            self.endRemoveRows()

    def _rearrange(self, seqs: Numbers) -> None:
        """Gives the same rows another order; what is selected stays selected."""
        assert isinstance(self.listed, Listing)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [self.listed.at(index.row()) for index in before]
        self.listed.take_all(seqs)
        self._shifted()
        after = [self.index(self.listed.row_of(seq), index.column()) for seq, index in zip(kept, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def seq_of(self, row: int) -> int:
        """The number of the event in a row; 0 for no such row."""
        return self.listed.at(row) if 0 <= row < self.rows else 0

    def row_of(self, seq: int) -> int:
        """The row of an event, −1 when it is not in the list."""
        return self.listed.row_of(seq)

    # ---- pages

    def shown(self, row: int) -> Row | None:
        """What is known of a row; asks for it when it is missing."""
        known = self.known(row)
        if known is None and 0 <= row < self.rows:
            self._want(row)
        return known

    def known(self, row: int) -> Row | None:
        """What is known of a row."""
        if row == self._memo_row:
            return self._memo
        if not 0 <= row < self.rows:
            return None
        known = self.cache.get(self.listed.at(row))
        if known is not None:
            self._memo_row, self._memo = row, known
        return known

    def _shifted(self) -> None:
        """Rows are others than they were."""
        self._memo_row, self._memo = -1, None

    def _want(self, row: int) -> None:
        if self.cache.is_asked(self.listed.at(row)):
            return
        number = row // PAGE_ROWS
        self._waiting[number] = None
        self._waiting.move_to_end(number)
        if not self._pump.isActive():
            self._pump.start()

    def _ask(self) -> None:
        """Asks for the pages wanted last; what was scrolled past long ago is forgotten, and wanted again if seen again."""
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        while self._waiting and len(self.cache.asked) < _MOST_ASKED:
            number, _ = self._waiting.popitem()
            last = min((number + 1) * PAGE_ROWS, self.rows) - 1
            request = self.cache.request(self.listed.part(number * PAGE_ROWS, last) if last >= number * PAGE_ROWS else ())
            if request is not None:
                self.page_wanted.emit(request)

    def supply(self, request: PageRequest, page: Page) -> None:
        """Takes rows that were asked for."""
        if not self.cache.answered(request):
            return
        self.cache.put(request, page)
        self.look.take_days(page.rows.values())
        self._shifted()
        self._all_changed()
        self._again()

    def refuse(self, request: PageRequest) -> None:
        """Rows could not be read; they are asked for again when they are next painted."""
        if self.cache.answered(request):
            self._again()

    def _again(self) -> None:
        if self._waiting and not self._pump.isActive():
            self._pump.start()

    def _all_changed(self) -> None:
        """Cells look different; a view paints again what is in view, however many rows are named here."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rows - 1, len(COLUMNS) - 1))

    # ---- looks

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in another zone."""
        if zone != self.zone:
            self.zone = zone
            self.look.day = ""
            self.restart()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def refresh_look(self) -> None:
        """Takes the colours of the tokens anew."""
        self.look.refresh()
        self._all_changed()

    def set_arrow(self, column: int, arrow: str) -> None:
        """Says in the header of a column that it gives the order."""
        if (column, arrow) != self.look.arrow:
            self.look.arrow = (column, arrow)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def set_narrow(self, columns: frozenset[int]) -> None:
        """Says which columns have no room for their whole text, and take a shorter one."""
        if columns != self.look.narrow:
            self.look.narrow = columns
            self._all_changed()

    def set_dimmed(self, *, on: bool) -> None:
        """Dims what is shown: it is what was asked for before."""
        if on != self.look.is_dimmed:
            self.look.is_dimmed = on
            self._all_changed()

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
            return self.look.text(row, index.column()) if row is not None else ""
        if role == _FOREGROUND:
            return self.look.color(self.known(index.row()), index.column())
        if role == _FONT:
            return self.look.font(self.known(index.row()), index.column())
        if role == _ALIGN:
            return self.look.alignment(index.column())
        if role in {_TIP, _ACCESSIBLE} and index.isValid() and (known := self.known(index.row())) is not None:
            return self.look.tip(known, index.column()) if role == _TIP else self.look.words(known, index.column())
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """The header of a column."""
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(COLUMNS):
            if role == _DISPLAY:
                return self.look.header(section, self.zone)
            if role == _ALIGN:
                return self.look.alignment(section)
            if role == _ACCESSIBLE:
                return COLUMNS[section].words
        return None
