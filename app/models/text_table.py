"""Rows of plain texts as a table, each row with a tone. For short lists; knows nothing of what they say.

Read `dialogs.importing` and `dialogs.details` for users.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt

from app import style
from app.models.list_table import ListTable
from app.models.roles import ALIGNED, COLOR, DISPLAY, TIP, Index
from app.plain import tip
from inspector.text import shortened, visible

_SHOWN_CHARACTERS = 300


class TextTable(ListTable[Sequence[str]]):
    """`right` are the columns of numbers, `toned` those that have a row's tone, without any all."""

    def __init__(
        self, headers: Sequence[str], parent: QObject | None = None, *, right: Sequence[int] = (), toned: Sequence[int] = ()
    ) -> None:
        super().__init__(headers, parent, right=right)
        self._toned = frozenset(toned or range(len(headers)))
        self._tones: list[str] = []

    def show_rows(self, rows: Sequence[Sequence[str]], tones: Sequence[str] = ()) -> None:
        """Shows other rows; `tones` are names of colours, one for each row."""
        self._tones = list(tones)
        super().show_rows(list(rows))

    def name_columns(self, headers: Sequence[str]) -> None:
        """Gives the columns other names; there are as many."""
        self.headers = tuple(headers)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.headers) - 1)

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, COLOR, TIP, ALIGNED} or not index.isValid():
            return None
        text = self.rows[index.row()][index.column()]
        if role == DISPLAY:
            return visible(shortened(text, _SHOWN_CHARACTERS))
        if role == COLOR:
            is_toned = index.row() < len(self._tones) and index.column() in self._toned
            return style.color(self._tones[index.row()]) if is_toned else None
        if role == ALIGNED:
            return self.side(index.column())
        return tip(text)
