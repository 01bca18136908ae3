"""Types and their versions as a tree of two levels. Holds the rows that were read last, and no I/O.

Read `version_rows` for what the rows say, `panes.schemas` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from app import style
from app.models.roles import ALIGNED, COLOR, DISPLAY, FONT, NO_INDEX, RIGHT, TIP, Index
from app.models.version_rows import COLUMNS, VersionRow, without_inner
from app.plain import tip
from inspector.text import shortened, visible

_SHOWN_CHARACTERS = 300
_EVENTS, _FIRST, _LAST = 1, 2, 3


class VersionTree(QAbstractItemModel):
    """The rows of `version_rows`. An index below a type carries the type's row, counted from 1."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[VersionRow] = ()
        self._fixed = style.fixed_font()

    def show_rows(self, rows: Sequence[VersionRow]) -> bool:
        """Shows other rows; False when they are the same ones with other cells, so that nothing had to be reset."""
        if _keys(rows) != _keys(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return True
        before, self.rows = self.rows, rows
        for place, (old, new) in enumerate(zip(before, rows, strict=True)):
            if without_inner(old) != without_inner(new):
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))
            if old.inner != new.inner:
                above = self.index(place, 0)
                self.dataChanged.emit(self.index(0, 0, above), self.index(len(new.inner) - 1, len(COLUMNS) - 1, above))
        return False

    def row_of(self, index: Index) -> VersionRow | None:
        """What a row says; None for no row."""
        if not index.isValid():
            return None
        above = int(index.internalId())
        return self.rows[above - 1].inner[index.row()] if above else self.rows[index.row()]

    def find(self, key: tuple[str, ...]) -> QModelIndex:
        """The row with a key; an invalid index for none."""
        for place, row in enumerate(self.rows):
            if row.key == key:
                return self.index(place, 0)
            for inner, one in enumerate(row.inner):
                if one.key == key:
                    return self.index(inner, 0, self.index(place, 0))
        return QModelIndex()

    # ---- the model

    def index(self, row: int, column: int, parent: Index = NO_INDEX) -> QModelIndex:
        """The index of a type, or of a version below one."""
        if not (0 <= row < self.rowCount(parent) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = NO_INDEX) -> QModelIndex:  # type: ignore[override]
        """The type of a version."""
        above = int(index.internalId()) if index.isValid() else 0
        return self.createIndex(above - 1, 0, 0) if above else QModelIndex()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Types, or the versions of one."""
        if not parent.isValid():
            return len(self.rows)
        return 0 if parent.column() > 0 or parent.internalId() else len(self.rows[parent.row()].inner)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """What is said of each."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names, over numbers to the right."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if int(role) == ALIGNED and section == _EVENTS:
            return RIGHT
        return COLUMNS[section] if int(role) == DISPLAY else None

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role, row = int(role), self.row_of(index)
        if row is None or role not in {DISPLAY, FONT, COLOR, TIP, ALIGNED}:
            return None
        column = index.column()
        if role == DISPLAY:
            return visible(shortened(row.cells[column], _SHOWN_CHARACTERS))
        if role == FONT:
            return self._fixed if column in {_EVENTS, _FIRST, _LAST} else None
        if role == COLOR:
            return style.color(row.role if column == 0 or row.role != "text" else "text" if column == _EVENTS else "dim")
        if role == ALIGNED:
            return RIGHT if column == _EVENTS else None
        return tip("\n".join(part for part in (row.cells[column], row.tip if column in {0, 5} else "") if part))


def _keys(rows: Sequence[VersionRow]) -> list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    return [(row.key, tuple(one.key for one in row.inner)) for row in rows]
