"""The list of events: which event stands in which row (`rows`), a sparse cache of what they look like, and nothing else.

No I/O, no SQL. What is missing is asked for by `page_wanted` and comes by `supply`. Read `event_rows` for how a page is made,
`app.lister` for who finds the numbers of a list that is no arithmetic.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.models.color_rules import Painted
from app.models.durations import Reference, exact, short
from app.models.event_columns import COLUMNS, SINCE, SINCE_REFERENCE, Columns
from app.models.event_look import CellLook
from app.models.event_rows import PAGE_ROWS, Page, Row
from app.models.listed_rows import MOST_ROWS, ListedRows
from app.models.page_cache import PageCache, PageRequest
from app.models.roles import ALIGNED, BACK, COLOR, DISPLAY, FONT, NO_INDEX, SPOKEN, TIP, Index
from app.models.rows import Listing, Span
from app.plain import tip
from inspector.query.places import field_place

CACHE_BYTES = 64 << 20
_MOST_ASKED = 2
_MOST_WAITING = 6

_UNDER = frozenset({FONT, BACK})


class EventTable(ListedRows):
    """The rows of `ListedRows` with what they look like."""

    page_wanted = Signal(object)
    """`(PageRequest)`: answer with `supply` or `refuse`."""
    rules_changed = Signal(object)
    """`(tuple[Painted, ...])`: rows are coloured by other rules."""

    def __init__(self, parent: QObject | None = None, *, cache_bytes: int = CACHE_BYTES, most_rows: int = MOST_ROWS) -> None:
        super().__init__(parent, most_rows)
        self.columns = Columns()
        self.look = CellLook(self.columns)
        self.zone: tzinfo = UTC
        self.rules: tuple[Painted, ...] = ()
        self.reference: Reference | None = None
        self.cache = PageCache(cache_bytes)
        self._memo_row = -1
        self._memo: Row | None = None
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._pump = QTimer(self, singleShot=True, interval=0)
        self._pump.timeout.connect(self._ask)

    # ---- pages

    def restart(self) -> None:
        """Another capture took the file's place, or times look different: nothing that was read is valid."""
        self.cache.clear()
        self._shifted()
        self._all_changed()

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

    def _begin(self, listed: Span | Listing) -> None:
        self._waiting.clear()
        super()._begin(listed)

    def _shifted(self) -> None:
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
            self.dataChanged.emit(self.index(0, 0), self.index(self.rows - 1, len(self.columns) - 1))

    # ---- columns

    def add_column(self, text: str) -> int:
        """Shows a place in a column of its own, the last; one that is there stays. Gives its number. Raises QueryError for no place."""
        name = field_place(text).text
        if (number := self.columns.number(name)) < 0:
            number = len(self.columns)
            self.beginInsertColumns(NO_INDEX, number, number)
            self.columns.add(name)
            self.cache.clear()
            self._shifted()
            self.endInsertColumns()
        return number

    def remove_column(self, number: int) -> None:
        """Takes an added column away."""
        if len(COLUMNS) <= number < len(self.columns):
            self.beginRemoveColumns(NO_INDEX, number, number)
            self.columns.remove(number)
            self.cache.clear()
            self._shifted()
            self.endRemoveColumns()

    # ---- looks

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in another zone."""
        if zone != self.zone:
            self.zone = zone
            self.look.day = ""
            self.restart()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def set_rules(self, rules: tuple[Painted, ...]) -> None:
        """Colours rows by other rules."""
        if rules != self.rules:
            self.rules = rules
            self.restart()
            self.rules_changed.emit(rules)

    def refresh_look(self) -> None:
        """Takes the colours of the tokens anew."""
        self.look.refresh()
        self._all_changed()

    def set_arrow(self, column: int, arrow: str) -> None:
        """Says in the header of a column that it gives the order."""
        if (column, arrow) != self.look.arrow:
            self.look.arrow = (column, arrow)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

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

    def set_reference(self, reference: Reference | None) -> None:
        """Tells times relative to another event, or to none."""
        if reference != self.reference:
            self.reference = reference
            if self.rows:
                self.dataChanged.emit(self.index(0, SINCE_REFERENCE), self.index(self.rows - 1, SINCE_REFERENCE))

    def _since(self, row: Row, number: int, column: int, *, in_full: bool = False) -> str:
        """The length of time that a cell tells; empty where one of the two times is missing, or not read yet."""
        if column == SINCE_REFERENCE:
            if self.reference is None or row.seq == self.reference.seq:
                return "" if self.reference is None else "reference"
            from_us: int | None = self.reference.time_us
        else:
            above = self.shown(number - 1)
            from_us = above.time_us if above is not None else None
        if from_us is None or row.time_us is None:
            return ""
        return short(row.time_us - from_us) if column in self.look.narrow and not in_full else exact(row.time_us - from_us)

    def _since_words(self, column: int) -> str:
        """What a column of lengths of time counts from."""
        if column != SINCE_REFERENCE:
            return "time since the row above, as they are listed"
        if self.reference is None:
            return "time since the reference; T makes the current event the reference"
        return f"time since event #{self.reference.seq:,}; Shift+T ends that"

    # ---- what Qt asks

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else self.rows

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = DISPLAY) -> Any:
        """The text, colour or font of a cell; what is not there yet is asked for."""
        if role == DISPLAY:
            return self._text(index.row(), index.column())
        if role == COLOR:
            return self.look.color(self.known(index.row()), index.column())
        if role in _UNDER:
            shown = self.known(index.row())
            return self.look.font(shown, index.column()) if role == FONT else self.look.background(shown)
        if role == ALIGNED:
            return self.look.alignment(index.column())
        if role in {TIP, SPOKEN} and index.isValid() and (known := self.known(index.row())) is not None:
            return self._words(known, index.row(), index.column(), is_tip=role == TIP)
        return None

    def _text(self, number: int, column: int) -> str:
        row = self.shown(number)
        if row is None:
            return ""
        return self._since(row, number, column) if column in SINCE else self.look.text(row, column)

    def _words(self, row: Row, number: int, column: int, *, is_tip: bool) -> str:
        if column in SINCE:
            text = self._since(row, number, column, in_full=True)
            return tip(text) if is_tip else text
        return self.look.tip(row, column) if is_tip else self.look.words(row, column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        """The header of a column."""
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(self.columns):
            if role == DISPLAY:
                return self.look.header(section, self.zone)
            if role == ALIGNED:
                return self.look.alignment(section)
            if role == SPOKEN:
                return self.columns[section].words
            if role == TIP and section in SINCE:
                return tip(self._since_words(section))
        return None
