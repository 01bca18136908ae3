"""A list of things under columns: what the models of such lists have in common. No I/O.

Read `roles` for what is asked of a model, `attempt_table` for one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from app.models.roles import ALIGNED, DISPLAY, NO_INDEX, RIGHT, Index

T = TypeVar("T")


class ListTable(QAbstractTableModel, Generic[T]):
    """`rows` under `headers`; `right` are the columns of numbers. Each kind has its own `data`."""

    def __init__(self, headers: Sequence[str], parent: QObject | None = None, *, right: Collection[int] = ()) -> None:
        super().__init__(parent)
        self.headers, self.right = tuple(headers), frozenset(right)
        self.rows: Sequence[T] = ()

    def show_rows(self, rows: Sequence[T]) -> None:
        """Shows other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """One for each."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """What is said of each."""
        return 0 if parent.isValid() else len(self.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names; those of numbers stand right, as their cells do."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.headers):
            return None
        if int(role) == ALIGNED:
            return self.side(section)
        return self.headers[section] if int(role) == DISPLAY else None

    def side(self, column: int) -> int | None:
        """Where the texts of a column stand; None: left."""
        return RIGHT if column in self.right else None
