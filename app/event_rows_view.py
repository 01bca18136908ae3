"""A plain table of rows for the event pane's tabs: one row is chosen at a time, nothing is measured, Ctrl+C and a menu copy.

Knows no session. Read `header_view`, `hex_view` and `event_compare` for its users.
"""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from app import style

_NAMED_PX = 240


class RowsView(QTableView):
    """Rows of `model`; `widths` are those of its columns in pixels, 0 for those that share the rest, at least `least_px` each."""

    copy_wanted = Signal()
    menu_wanted = Signal(object, object)
    """`(index, place on the screen)`"""

    def __init__(self, model: QAbstractTableModel, name: str, widths: list[int], *, least_px: int = 60) -> None:
        super().__init__()
        self.setModel(model)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setMinimumSectionSize(style.ROW_PX)
        rows.setDefaultSectionSize(style.ROW_PX)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setHighlightSections(False)
        columns.setMinimumSectionSize(40)
        self._widths, self._least_px = widths, least_px

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the columns without a width of their own what room there is."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_columns(self._widths)

    def fit_columns(self, widths: list[int]) -> None:
        """Has columns of other widths; those of 0 share the room that is left, and their names, unless very long, have room."""
        self._widths, header = widths, self.horizontalHeader()
        share = max((self.viewport().width() - sum(widths)) // max(widths.count(0), 1), self._least_px)
        for column, width in enumerate(widths):
            header.resizeSection(column, width or max(share, min(header.sectionSizeHint(column), _NAMED_PX)))

    def row(self) -> int:
        """The current row; −1 for none."""
        return self.currentIndex().row()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy is ours."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with the row under the pointer, or with the current one when it was a key."""
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index: QModelIndex = self.currentIndex() if is_key else self.indexAt(event.pos())
        if index.isValid():
            at = self.visualRect(index).bottomLeft() if is_key else event.pos()
            self.menu_wanted.emit(index, self.viewport().mapToGlobal(QPoint(at)))
