"""The model of the navigator: one flat list of rows, opened in place; a row stays the same thing when others come and go.

Read `navigator_content` for the rows, `panes.navigator` for where they come from.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from PySide6.QtCore import QAbstractTableModel, QObject

from app import style
from app.models.navigator_content import Entry
from app.models.roles import ALIGNED, COLOR, DISPLAY, NO_INDEX, RIGHT, SWATCH, TIP, Index
from app.plain import tip
from inspector.text import visible


class NavigatorModel(QAbstractTableModel):
    """The rows of a content: name and count."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._swatches: Mapping[str, object] = {}

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Shows these rows; those that stay are the same rows wherever they go, and keep selection and scrolling."""
        self._swatches = style.series_colors({entry.swatch for entry in entries if entry.swatch})
        wanted = {entry.key: entry for entry in entries}
        new = list(wanted.values())
        self._remove_others(wanted.keys())
        self._arrange({entry.key: place for place, entry in enumerate(new)})
        self._insert_missing(new)
        self._entries = new
        if new:
            self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, 1))

    def _remove_others(self, wanted: Container[tuple[str, ...]]) -> None:
        row = len(self._entries)
        while row > 0:
            last, row = row, row - 1
            if self._entries[row].key in wanted:
                continue
            while row > 0 and self._entries[row - 1].key not in wanted:
                row -= 1
            self.beginRemoveRows(NO_INDEX, row, last - 1)
            del self._entries[row:last]
            self.endRemoveRows()

    def _arrange(self, places: Mapping[tuple[str, ...], int]) -> None:
        """Brings the rows that stay into their new order."""
        ordered = sorted(self._entries, key=lambda entry: places[entry.key])
        if [entry.key for entry in ordered] == [entry.key for entry in self._entries]:
            return
        self.layoutAboutToBeChanged.emit()
        before, rows = self.persistentIndexList(), {entry.key: row for row, entry in enumerate(ordered)}
        after = [self.index(rows[self._entries[index.row()].key], index.column()) for index in before]
        self._entries = ordered
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _insert_missing(self, new: Sequence[Entry]) -> None:
        row = 0
        while row < len(new):
            first = row
            while row < len(new) and (first >= len(self._entries) or self._entries[first].key != new[row].key):
                row += 1
            if row > first:
                self.beginInsertRows(NO_INDEX, first, row - 1)
                self._entries[first:first] = new[first:row]
                self.endInsertRows()
            row = max(row, first + 1)

    def entry(self, index: Index) -> Entry | None:
        """The row's entry; None for none."""
        return self._entries[index.row()] if index.isValid() and index.row() < len(self._entries) else None

    def row_of(self, key: tuple[str, ...]) -> int:
        """The row of a key; −1 when it is not listed."""
        return next((row for row, entry in enumerate(self._entries) if entry.key == key), -1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Rows that are listed."""
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """Name and count."""
        return 0 if parent.isValid() else 2

    def data(self, index: Index, role: int = DISPLAY) -> object:
        """Texts, and how they look."""
        role = int(role)
        if role not in {DISPLAY, COLOR, TIP, ALIGNED, SWATCH} or not index.isValid():
            return None
        entry, is_name = self._entries[index.row()], index.column() == 0
        if role == DISPLAY:
            return _name(entry) if is_name else entry.count
        if role == ALIGNED:
            return None if is_name else RIGHT
        if role == COLOR:
            return style.color(entry.role if is_name or entry.role == "warn" else "dim")
        if role == SWATCH:
            return self._swatches.get(entry.swatch) if is_name and entry.swatch else None
        return tip(entry.words or entry.text)


def _name(entry: Entry) -> str:
    sign = {None: "", True: "▾ ", False: "▸ "}[entry.opens]
    return f"{'    ' * entry.level}{sign}{visible(entry.text)}"
