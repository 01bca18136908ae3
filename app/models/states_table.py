"""All aggregates of a category as rows that are asked for when they can be seen. Holds pages of texts; asks through a signal.

Read `inspector.replay.process` for the rows, `panes.states` for the view.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from app import style
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.roles import ALIGNED, COLOR, DISPLAY, FONT, NO_INDEX, RIGHT, TIP, Index
from app.plain import tip
from inspector.event import parse_time
from inspector.text import shortened, visible

PAGE_ROWS = 100
MOST_ROWS = 2_000_000
"""A table of more rows is cut there: a view cannot scroll through them by pixels."""
_PAGES = 40
FIXED = ("stream", "version", "events", "last event")
"""What is known of each: the stream stands first, the others after the places of its state."""
_ORDERS = ("stream", "version", "applied", "time")
_TONES = {"string": "ok", "number": "accent", "boolean": "accent", "null": "faint", "absent": "faint"}
_SHOWN_CHARACTERS = 200

Row = Mapping[str, Any]


class StatesTable(QAbstractTableModel):
    """The rows of one table, or of what was found in it."""

    page_wanted = Signal(object)
    """`(offset)`: the rows from there on are looked at and not here."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.total = 0
        self.columns: list[str] = []
        self._numbers: frozenset[str] = frozenset()
        self._order = ("", "")
        self.zone: tzinfo = UTC
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._asked: set[int] = set()
        self._fixed = style.fixed_font()

    # ---- what is shown

    def show_table(self, total: int, columns: Sequence[str], numbers: Collection[str] = ()) -> None:
        """Another table: no row of it is here yet. `numbers` are those of the columns that mostly hold numbers."""
        self.beginResetModel()
        self.total, self.columns, self._numbers = min(total, MOST_ROWS), list(columns), frozenset(numbers)
        self._pages.clear()
        self._asked.clear()
        self.endResetModel()

    def show_page(self, offset: int, rows: Sequence[Row]) -> None:
        """Rows that were asked for."""
        self._asked.discard(offset)
        self._pages[offset] = list(rows)
        self._pages.move_to_end(offset)
        while len(self._pages) > _PAGES:
            self._pages.popitem(last=False)
        if self.total:
            last = min(offset + PAGE_ROWS, self.total) - 1
            self.dataChanged.emit(self.index(offset, 0), self.index(last, self.columnCount() - 1))

    def forget_asked(self) -> None:
        """What was asked for does not come: it may be asked for again."""
        self._asked.clear()

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self.zone = zone
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
        if self.total:
            self.dataChanged.emit(self.index(0, 0), self.index(self.total - 1, self.columnCount() - 1))

    def row(self, number: int) -> Row | None:
        """A row that is here; it is asked for when it is not."""
        offset = number - number % PAGE_ROWS
        page = self._pages.get(offset)
        if page is None:
            if offset not in self._asked:
                self._asked.add(offset)
                self.page_wanted.emit(offset)
            return None
        self._pages.move_to_end(offset)
        return page[number - offset] if number - offset < len(page) else None

    # ---- the model

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """One row an aggregate."""
        return 0 if parent.isValid() else self.total

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """The stream, places of its state, and what else is known of it."""
        return 0 if parent.isValid() else len(FIXED) + len(self.columns)

    def place_of(self, column: int) -> int | None:
        """Which of `columns` a column shows; None for one of `FIXED`."""
        return column - 1 if 1 <= column <= len(self.columns) else None

    def fixed_of(self, column: int) -> int:
        """Which of `FIXED` another column shows."""
        return column if column == 0 else column - len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names; those of numbers stand right, as their cells do."""
        role = int(role)
        if orientation is not Qt.Orientation.Horizontal or section >= self.columnCount():
            return None
        if role == ALIGNED:
            return RIGHT if self.is_number(section) else None
        if role != DISPLAY:
            return None
        place = self.place_of(section)
        name = FIXED[self.fixed_of(section)] if place is None else shown_place(self.columns[place])
        zone = f" ({zone_name(self.zone)})" if section == self.columnCount() - 1 else ""
        return f"{name}{zone}{self._order[1] if self.order_of(section) == self._order[0] else ''}"

    def order_of(self, column: int) -> str:
        """What rows are ordered by that are ordered by a column."""
        place = self.place_of(column)
        return _ORDERS[self.fixed_of(column)] if place is None else self.columns[place]

    def show_order(self, order: str, *, is_reversed: bool) -> None:
        """Says in its header by which column rows are ordered; empty for none."""
        self._order = (order, " ↓" if is_reversed else " ↑")
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.columnCount() - 1)

    def is_number(self, column: int) -> bool:
        """Whether a column is one of numbers."""
        place = self.place_of(column)
        return self.fixed_of(column) in {1, 2} if place is None else self.columns[place] in self._numbers

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, COLOR, TIP, ALIGNED, FONT} or not index.isValid():
            return None
        column = index.column()
        if role == FONT:
            return self._fixed if self.place_of(column) is not None else None
        row = self.row(index.row())
        if row is None:
            return "…" if role == DISPLAY and column == 0 else None
        if role == ALIGNED:
            place = self.place_of(column)
            is_number = self.is_number(column) if place is None else _cell(row, place).get("kind") == "number"
            return RIGHT if is_number else None
        if role == COLOR:
            return self._color(row, column)
        text = self._text(row, column)
        return tip(_words(row) if column == 0 else text) if role == TIP else visible(shortened(text, _SHOWN_CHARACTERS))

    def line(self, number: int) -> str:
        """A row's texts, parted by tabs; empty while it is not here."""
        row = self.row(number)
        return "" if row is None else "\t".join(visible(self._text(row, column)) for column in range(self.columnCount()))

    def _text(self, row: Row, column: int) -> str:
        if (place := self.place_of(column)) is not None:
            return str(_cell(row, place).get("text", "")) or ("" if place or row["is"] == "there" else str(row["is"]))
        last = row.get("last") or {}
        time = shown_time(parse_time(last["time"]), self.zone).removesuffix(".000000") if last.get("time") else ""
        version = "" if row["version"] is None else f"{row['version']:,}"
        said = " ".join(part for part in (time, str(last.get("type") or "")) if part)
        return (str(row["stream"]), version, f"{row['applied']:,}", said)[self.fixed_of(column)]

    def _color(self, row: Row, column: int) -> object:
        if row.get("failed_at"):
            return style.color("bad")
        if row["is"] != "there":
            return style.color("faint")
        if column == 0 and row.get("history") not in {"whole", ""}:
            return style.color("warn")
        place = self.place_of(column)
        return style.color("text" if place is None else _TONES.get(str(_cell(row, place).get("kind")), "text"))


def shown_place(place: str) -> str:
    """A place of a state as a header names it."""
    return place.removeprefix("state.")


def _cell(row: Row, place: int) -> Mapping[str, str]:
    cells = row["cells"]
    return cells[place] if place < len(cells) else {}


def _words(row: Row) -> str:
    """A row's stream, and what is to be known of its state."""
    said = [str(row["stream"]), str(row["source"])]
    if row["is"] != "there":
        said.append(f"it is {row['is']} at this moment")
    if (failed := row.get("failed_at")) is not None:
        said.append(f"event #{failed['seq']} could not be applied: {failed['reason']}")
    if row.get("history"):
        said.append(f"history: {str(row['history']).replace('_', ' ')}")
    if row.get("skipped_aborted"):
        said.append(f"{row['skipped_aborted']:,} aborted events left out")
    return "\n".join(said)
