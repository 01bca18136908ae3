"""Rows of aggregate rules that are edited in place; a row that is wrong says why. No I/O.

Read `inspector.aggregate_rows` for what a row is, `dialogs.rules` for the view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from app import style
from app.models.roles import COLOR, DISPLAY, EDIT, FONT, NO_INDEX, TIP, Index
from app.plain import tip
from inspector.aggregate_rows import VERBS, Row, mistake
from inspector.text import visible

HEADERS = ("events of type", "do", "place in the state", "value", "when")
COLUMNS = tuple(field.name for field in fields(Row))
TYPE, VERB, TARGET, VALUE, WHEN = range(len(COLUMNS))


class RuleTable(QAbstractTableModel):
    """`rows` are what is written now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._mistakes: list[str] = []
        self._fixed = style.fixed_font()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Shows other rows."""
        self.beginResetModel()
        self.rows, self._mistakes = list(rows), [mistake(row) for row in rows]
        self.endResetModel()

    def add(self, row: Row, place: int) -> int:
        """Puts a row at a place; the place it has."""
        place = max(0, min(place, len(self.rows)))
        self.beginInsertRows(NO_INDEX, place, place)
        self.rows.insert(place, row)
        self._mistakes.insert(place, mistake(row))
        self.endInsertRows()
        return place

    def remove(self, place: int) -> None:
        """Takes a row away."""
        if 0 <= place < len(self.rows):
            self.beginRemoveRows(NO_INDEX, place, place)
            del self.rows[place], self._mistakes[place]
            self.endRemoveRows()

    def first_mistake(self) -> str:
        """What is wrong with the first row that is, in words."""
        return next((f"row {number}: {words}" for number, words in enumerate(self._mistakes, 1) if words), "")

    # ---- the model

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """One row a rule's action."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """As `HEADERS`."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> object:
        """The columns' names."""
        return HEADERS[section] if orientation is Qt.Orientation.Horizontal and int(role) == DISPLAY else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All cells that mean something can be edited."""
        found = super().flags(index)
        if not index.isValid():
            return found
        verb = self.rows[index.row()].verb
        is_idle = (index.column() == VALUE and verb in {"remove", "delete"}) or (index.column() == TARGET and verb == "delete")
        return found if is_idle else found | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, EDIT, COLOR, TIP, FONT} or not index.isValid():
            return None
        row, wrong = self.rows[index.row()], self._mistakes[index.row()]
        text = str(getattr(row, COLUMNS[index.column()]))
        if role == EDIT:
            return text
        if role == DISPLAY:
            return VERBS[text] if index.column() == VERB else visible(text)
        if role == FONT:
            return self._fixed if index.column() in {TARGET, VALUE, WHEN} else None
        if role == COLOR:
            return style.color("bad") if wrong else None
        return tip(wrong or text)

    def setData(self, index: Index, value: object, role: int = EDIT) -> bool:
        """Takes what was typed."""
        if int(role) != EDIT or not index.isValid():
            return False
        row = replace(self.rows[index.row()], **{COLUMNS[index.column()]: str(value).strip()})
        if index.column() == VERB:
            if row.verb not in VERBS:
                return False
            row = replace(
                row, target="" if row.verb == "delete" else row.target, value="" if row.verb in {"remove", "delete"} else row.value
            )
        self.rows[index.row()], self._mistakes[index.row()] = row, mistake(row)
        self.dataChanged.emit(self.index(index.row(), 0), self.index(index.row(), len(HEADERS) - 1))
        return True
