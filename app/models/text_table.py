"""Rows of plain texts as a table, each row with a tone. For short lists; knows nothing of what they say.

Read `dialogs.importing` and `dialogs.details` for users.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.plain import tip
from inspector.text import shortened, visible

Index = QModelIndex | QPersistentModelIndex
_NONE = QModelIndex()
_SHOWN_CHARACTERS = 300
_DISPLAY, _COLOR, _TIP, _ALIGNED = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
    )
)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TextTable(QAbstractTableModel):
    """`right` are the columns of numbers, `toned` those that have a row's tone, without any all."""

    def __init__(
        self, headers: Sequence[str], parent: QObject | None = None, *, right: Sequence[int] = (), toned: Sequence[int] = ()
    ) -> None:
        super().__init__(parent)
        self._headers, self._right = list(headers), frozenset(right)
        self._toned = frozenset(toned or range(len(headers)))
        self.rows: list[Sequence[str]] = []
        self._tones: list[str] = []

    def show_rows(self, rows: Sequence[Sequence[str]], tones: Sequence[str] = ()) -> None:
        """Shows other rows; `tones` are names of colours, one for each row."""
        self.beginResetModel()
        self.rows, self._tones = list(rows), list(tones)
        self.endResetModel()

    def name_columns(self, headers: Sequence[str]) -> None:
        """Gives the columns other names; there are as many."""
        self._headers = list(headers)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._headers) - 1)

    def rowCount(self, parent: Index = _NONE) -> int:
        """As Qt says."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NONE) -> int:
        """As Qt says."""
        return 0 if parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._headers):
            return None
        if int(role) == _ALIGNED:
            return _RIGHT if section in self._right else None
        return self._headers[section] if int(role) == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _COLOR, _TIP, _ALIGNED} or not index.isValid():
            return None
        text = self.rows[index.row()][index.column()]
        if role == _DISPLAY:
            return visible(shortened(text, _SHOWN_CHARACTERS))
        if role == _COLOR:
            is_toned = index.row() < len(self._tones) and index.column() in self._toned
            return style.color(self._tones[index.row()]) if is_toned else None
        if role == _ALIGNED:
            return _RIGHT if index.column() in self._right else None
        return tip(text)
