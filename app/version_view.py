"""The view of types and versions: what is open and chosen stays so while counts change. Knows no session.

Read `models.version_tree` for the rows, `panes.schemas` for its use.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeView

from app import style
from app.models.version_rows import VersionRow
from app.models.version_tree import VersionTree

_EVENTS_PX, _KIND_PX, _NAME_SHARE = 104, 100, 0.55
_LEAST_NAME_PX = 190
_A_TIME, _INSIDE_PX = "2026-11-23 08:00:00", 18
_NARROW_PX, _NARROWER_PX = 700, 470


class VersionView(QTreeView):
    """One or two rows are chosen: two are compared."""

    chosen = Signal(object)
    """`(rows)`: none, one, or two in the order in which they stand."""
    opened = Signal(object)
    """`(row)` of a type."""
    events_wanted = Signal(object)
    """`(row)`: its events are wanted."""
    menu_wanted = Signal(object, object)
    """`(row, place on the screen)`"""
    copy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tree = VersionTree(self)
        self._open: set[tuple[str, ...]] = set()
        self._is_showing = False
        self.setModel(self.tree)
        self.setAccessibleName("Types and their versions")
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.header().setStretchLastSection(True)
        self.header().setMinimumSectionSize(40)
        self.header().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.expanded.connect(lambda index: self._note(index, is_open=True))
        self.collapsed.connect(lambda index: self._note(index, is_open=False))
        self.activated.connect(self._activated)
        self.selectionModel().selectionChanged.connect(self._tell_chosen)

    def show_rows(self, rows: Sequence[VersionRow]) -> None:
        """Shows what is there now; rows that were there stay open and chosen."""
        keys, current = [row.key for row in self.chosen_rows()], self.tree.row_of(self.currentIndex())
        place = self.verticalScrollBar().value()
        self._is_showing = True
        if self.tree.show_rows(rows):
            for key in self._open:
                self.expand(self.tree.find(key))
            if current is not None:
                self.setCurrentIndex(self.tree.find(current.key))
            self._choose(keys)
            self.verticalScrollBar().setValue(place)
        self._is_showing = False

    def open_row(self, key: tuple[str, ...]) -> None:
        """Opens a type."""
        self.expand(self.tree.find(key))

    def open_types(self) -> list[VersionRow]:
        """The types that are open."""
        return [row for row in self.tree.rows if row.key in self._open]

    def chosen_rows(self) -> list[VersionRow]:
        """The chosen rows, as they stand."""
        rows = [(self.tree.row_of(index), index) for index in self.selectionModel().selectedRows()]
        listed = sorted(((one.parent().row(), one.row()), row) for row, one in rows if row is not None)
        return [row for _, row in listed]

    def _choose(self, keys: Sequence[tuple[str, ...]]) -> None:
        flags = self.selectionModel().SelectionFlag
        self.clearSelection()
        for key in keys:
            if (index := self.tree.find(key)).isValid():
                self.selectionModel().select(index, flags.Select | flags.Rows)

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        row = self.tree.row_of(index)
        if row is None or self._is_showing:
            return
        (self._open.add if is_open else self._open.discard)(row.key)
        if is_open:
            self.opened.emit(row)

    def _tell_chosen(self) -> None:
        if not self._is_showing:
            self.chosen.emit(self.chosen_rows()[-2:])

    def _activated(self, index: QModelIndex) -> None:
        if (row := self.tree.row_of(index)) is not None:
            self.events_wanted.emit(row)

    # ---- keys, menu, room

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy is ours."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with a row."""
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_key else self.indexAt(event.pos())
        if (row := self.tree.row_of(index)) is not None:
            at = self.visualRect(index).bottomLeft() if is_key else event.pos()
            self.menu_wanted.emit(row, self.viewport().mapToGlobal(QPoint(at)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where room is short, the times go first, then kind and origin."""
        super().resizeEvent(event)
        if event.size().width() == event.oldSize().width():
            return
        width = event.size().width()
        for column, least in ((2, _NARROW_PX), (3, _NARROW_PX), (4, _NARROWER_PX), (5, _NARROWER_PX)):
            self.setColumnHidden(column, width < least)
        time_px = QFontMetrics(style.fixed_font()).horizontalAdvance(_A_TIME) + _INSIDE_PX
        for column in (2, 3):
            self.header().resizeSection(column, time_px)
        self.header().resizeSection(1, _EVENTS_PX)
        self.header().resizeSection(4, _KIND_PX)
        is_alone = self.isColumnHidden(5)
        self.header().setStretchLastSection(not is_alone)
        left = width - sum(self.header().sectionSize(column) for column in (1, 2, 3, 4) if not self.isColumnHidden(column))
        self.header().resizeSection(0, left if is_alone else max(int(left * _NAME_SHARE), min(_LEAST_NAME_PX, left - style.ROW_PX)))
