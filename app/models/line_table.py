"""The lines of a plot as rows: name, newest value, least, greatest, mean, in an order of one's own. No I/O.

Read `plotted` for the numbers, `plot_card` for the view.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from app.models.plotted import Line, amount, summary
from app.plain import tip
from inspector.text import shortened, visible

Index = QModelIndex | QPersistentModelIndex
HEADERS = ("line", "latest", "min", "max", "mean")
_NONE = QModelIndex()
_SHOWN_CHARACTERS = 300
_DISPLAY, _COLOR, _TIP, _ALIGNED, _DECORATION = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.DecorationRole,
    )
)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
Row = tuple[str, float, float, float, float]


class LineTable(QAbstractTableModel):
    """All lines, as the answer has them until a column is sorted by; `unit` is said with the exact numbers."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._colors: Mapping[str, QColor] = {}
        self._unit = ""
        self._order: tuple[int, bool] | None = None

    def show_lines(self, lines: Mapping[str, Line], colors: Mapping[str, QColor], unit: str) -> None:
        """Shows these lines; the same ones as before keep their rows, and what is chosen stays chosen."""
        self._colors, self._unit = colors, unit
        found = [self._row(name, values) for name, values in lines.items()]
        if {row[0] for row in found} != {row[0] for row in self.rows}:
            self.beginResetModel()
            self.rows = self._sorted(found)
            self.endResetModel()
            return
        self._put(self._sorted(found))
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(HEADERS) - 1))

    @staticmethod
    def _row(name: str, values: Line) -> Row:
        found = summary(values)
        return name, found.latest, found.least, found.greatest, found.mean

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Puts the rows in the order of a column; what is unknown comes last."""
        self._order = (column, order is Qt.SortOrder.DescendingOrder) if 0 <= column < len(HEADERS) else None
        self._put(self._sorted(self.rows))

    def _sorted(self, rows: list[Row]) -> list[Row]:
        if self._order is None:
            return rows
        column, is_turned = self._order
        if column == 0:
            return sorted(rows, key=lambda row: row[0].casefold(), reverse=is_turned)
        known = [row for row in rows if not math.isnan(float(row[column]))]
        ordered = sorted(known, key=lambda row: float(row[column]), reverse=is_turned)
        return ordered + [row for row in rows if math.isnan(float(row[column]))]

    def _put(self, rows: list[Row]) -> None:
        """The same rows, maybe in another order and with other numbers."""
        if [row[0] for row in rows] == [row[0] for row in self.rows]:
            self.rows = rows
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        names = [self.rows[index.row()][0] for index in before]
        places = {row[0]: place for place, row in enumerate(rows)}
        self.rows = rows
        after = [self.index(places[name], index.column()) for name, index in zip(names, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def row_of(self, name: str) -> int:
        """Where a line is; −1 for nowhere."""
        return next((place for place, row in enumerate(self.rows) if row[0] == name), -1)

    def rowCount(self, parent: Index = _NONE) -> int:
        """As Qt says."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NONE) -> int:
        """As Qt says."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names; the unit when they are pointed at."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(HEADERS):
            return None
        if int(role) == _ALIGNED:
            return _RIGHT if section else None
        if int(role) == _TIP:
            return tip(f"{HEADERS[section]}, {self._unit}") if section and self._unit else None
        return HEADERS[section] if int(role) == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Names and numbers; the exact number when it is pointed at."""
        role = int(role)
        if role not in {_DISPLAY, _TIP, _ALIGNED, _DECORATION, _COLOR} or not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == _ALIGNED:
            return _RIGHT if column else None
        if column == 0:
            if role == _DECORATION:
                return self._colors.get(row[0])
            return {_DISPLAY: visible(shortened(row[0], _SHOWN_CHARACTERS)), _TIP: tip(row[0])}.get(role)
        value = float(row[column])
        if role == _DISPLAY:
            return amount(value)
        return tip(f"{value!r} {self._unit}") if role == _TIP and not math.isnan(value) else None
