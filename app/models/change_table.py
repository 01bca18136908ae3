"""The differences of two events as rows: sign and place, what stands in A, what in B. Holds one comparison; no I/O.

Read `models.compared` for the rows, `app.event_compare` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import style
from app.models.compared import Difference
from app.plain import tip
from inspector.text import visible

Index = QModelIndex | QPersistentModelIndex

HEADERS = ("place", "A", "B")
SIGNS = {"add": "+", "replace": "~", "remove": "−"}
WORDS = {"add": "only in B", "replace": "differs", "remove": "only in A"}
_TONES = {"add": "ok", "replace": "warn", "remove": "bad"}
_NONE = QModelIndex()
_SHOWN_CHARACTERS, _TIP_CHARACTERS = 300, 2_000
_DISPLAY, _FONT, _COLOR, _TIP = (
    int(role)
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.FontRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole)
)


class ChangeTable(QAbstractTableModel):
    """The comparison that was shown last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[Difference] = ()
        self._fixed = style.fixed_font()

    def show_rows(self, rows: Sequence[Difference]) -> None:
        """Shows other differences."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _NONE) -> int:
        """One row a difference."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NONE) -> int:
        """Place, A, B."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and int(role) == _DISPLAY else None

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {_DISPLAY, _FONT, _COLOR, _TIP} or not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == _FONT:
            return self._fixed
        if role == _COLOR:
            return style.color(_TONES[row.op] if column == 0 else "text")
        text = (f"{SIGNS[row.op]} {row.path}", row.before, row.after)[column]
        if role == _TIP:
            return tip(f"{row.path}\n{WORDS[row.op]}" if column == 0 else text[:_TIP_CHARACTERS])
        return visible(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text):,} characters)")


def line(row: Difference) -> str:
    """A difference as one line of text, for copying."""
    arrow = " → ".join(part for part in (row.before, row.after) if part)
    return f"{SIGNS[row.op]} {row.path}: {arrow}"
