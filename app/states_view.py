"""The table of all aggregates at a moment: columns as wide as their names, a click on a header, a row to copy. Knows no session.

Read `models.states_table` for the rows, `panes.states` for what is asked.
"""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication

from app import style
from app.event_rows_view import RowsView
from app.models.states_table import StatesTable, shown_place
from app.models.wish import StatesWish

_STREAM_PX, _COUNT_PX, _NUMBER_PX, _TEXT_PX, _LAST_PX, _MOST_PX = 160, 76, 80, 110, 230, 200


class StatesView(RowsView):
    """`table` has the rows."""

    def __init__(self) -> None:
        self.table = StatesTable()
        super().__init__(self.table, "Aggregates", [_STREAM_PX, _COUNT_PX, _COUNT_PX, 0], least_px=_LAST_PX)
        self.table.setParent(self)
        self.horizontalHeader().setSectionsClickable(True)
        self.copy_wanted.connect(self.copy_row)

    def show_table(self, wish: StatesWish, total: int, numbers: Collection[str]) -> None:
        """Shows other rows, so many; `numbers` are the places that mostly hold numbers."""
        self.table.show_order(wish.sort, is_reversed=wish.is_reversed)
        self.table.show_table(total, wish.places, numbers)
        places = [self._width(place, _NUMBER_PX if place in numbers else _TEXT_PX) for place in wish.places]
        self.fit_columns([_STREAM_PX, *places, _COUNT_PX, _COUNT_PX, 0])

    def _width(self, place: str, least_px: int) -> int:
        """Of a column: its name and an arrow have room, unless the name is very long."""
        font = QFont(self.horizontalHeader().font())
        font.setWeight(QFont.Weight.DemiBold)
        named_px = QFontMetrics(font).horizontalAdvance(f"{shown_place(place)} ↑") + 2 * style.INSIDE_PX
        return max(least_px, min(named_px, _MOST_PX))

    def copy_row(self) -> None:
        """Copies the current row, its texts parted by tabs."""
        if self.row() >= 0 and (line := self.table.line(self.row())):
            QGuiApplication.clipboard().setText(line)
