"""The table of events: how it scrolls, what it lets the user choose, where it stays while rows come and go. Knows no session.

Nothing here walks rows: choosing everything is a word, not a list. Read `event_header` for its columns, `panes.events` for
what it is used for.
"""

from __future__ import annotations

import contextlib

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from app import style
from app.event_header import EventHeader
from app.models.durations import Reference
from app.models.event_columns import COLUMNS, KEY, LOG, NAMES, SINCE_REFERENCE, STREAM
from app.models.event_table import EventTable
from app.models.profile import ColumnChoices
from inspector.errors import QueryError

_UP = {Qt.Key.Key_Up, Qt.Key.Key_PageUp, Qt.Key.Key_Home}
_DOWN = {Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_End}
_ENDS = {QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd}
_WHOLE_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_BACK = {QAbstractItemView.CursorAction.MoveUp, QAbstractItemView.CursorAction.MovePageUp, QAbstractItemView.CursorAction.MovePrevious}


class _Middle(QStyledItemDelegate):
    """Cuts in the middle: the partition behind a long topic and the number behind a common beginning stay readable."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """The usual option, cut elsewhere."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle


class EventView(QTableView):
    """The table; its selection is one current row, or logically everything."""

    scrolled_by_user = Signal(object)
    """`(direction)`: −1 up, 1 down, 0 anywhere."""
    all_chosen = Signal()
    copy_wanted = Signal()
    losing = Signal(object, object)
    """`(first, last)`: these rows are about to go."""
    menu_wanted = Signal(object, object)
    """`(index, place on the screen)`"""

    def __init__(self, model: EventTable) -> None:
        super().__init__()
        self.is_all_selected = False
        self._column = -1
        """The column that was current last: it stays so while no row is."""
        self.setAccessibleName("Events")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(style.ROW_PX)
        rows.setDefaultSectionSize(style.ROW_PX)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.header = EventHeader(model.columns)
        self.setHorizontalHeader(self.header)
        self.table = model
        model.rowsAboutToBeRemoved.connect(self._rows_go)  # before Qt makes another row the current one
        self.setModel(model)
        self._top_seq = 0
        self.header.attend()
        self.header.narrowed.connect(model.set_narrow)
        self.header.added.connect(self._take_added)
        self.header.wanted.connect(self.add_column)
        self.header.unwanted.connect(model.remove_column)
        model.columnsInserted.connect(self._columns_changed)
        model.columnsRemoved.connect(self._columns_changed)
        middle = _Middle(self)
        for column in (LOG, KEY, STREAM):
            self.setItemDelegateForColumn(column, middle)
        model.rowsInserted.connect(self._rows_came)
        model.rowsRemoved.connect(self._rows_went)
        model.layoutAboutToBeChanged.connect(self._note_top)
        model.layoutChanged.connect(self._back_to_top)
        self.verticalScrollBar().sliderPressed.connect(lambda: self.scrolled_by_user.emit(0))
        self.verticalScrollBar().installEventFilter(self)

    # ---- columns

    def columns(self) -> ColumnChoices:
        """What the user made of the columns."""
        return self.header.columns()

    def restore_columns(self, made: ColumnChoices) -> None:
        """What was once given by `columns`."""
        self.header.restore_columns(made)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the columns to the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.header.fit(self.viewport().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, and dashes where positions between two of them were not read."""
        super().paintEvent(event)
        top = self.top_row
        if top < 0:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QPen(style.color("warn"), 1, Qt.PenStyle.DashLine))
        last = min(top + self.viewport().height() // style.ROW_PX + 1, self.table.rows - 1)
        for row in range(top, last + 1):
            if (known := self.table.known(row)) is not None and known.unread_before:
                y = self.rowViewportPosition(row)
                painter.drawLine(0, y, self.viewport().width(), y)
        painter.end()

    # ---- staying where it is

    @property
    def top_row(self) -> int:
        """The row at the top of what is in view; −1 for none."""
        return self.rowAt(0)

    def place_in_view(self, row: int) -> int:
        """How many rows down from the top a row is in view; −1 when it is not."""
        last = self.rowAt(self.viewport().height() - 1)
        is_seen = self.top_row >= 0 and self.top_row <= row and (last < 0 or row <= last)
        return row - self.top_row if is_seen else -1

    def put_on_top(self, row: int) -> None:
        """Scrolls so that a row is the first in view."""
        self.updateGeometries()
        self.verticalScrollBar().setValue(max(row, 0))

    def _rows_go(self, _parent: QModelIndex, first: int, last: int) -> None:
        self.losing.emit(first, last)

    def _rows_came(self, _parent: QModelIndex, first: int, last: int) -> None:
        """Rows came before those in view, which stay in view."""
        bar = self.verticalScrollBar()
        if first <= bar.value() and first + (last - first + 1) < self.table.rows:
            self.put_on_top(bar.value() + last - first + 1)

    def _rows_went(self, _parent: QModelIndex, first: int, last: int) -> None:
        bar = self.verticalScrollBar()
        if first < bar.value():
            bar.setValue(max(first, bar.value() - (last - first + 1)))

    def _note_top(self) -> None:
        self._top_seq = self.table.seq_of(self.top_row)

    def _back_to_top(self) -> None:
        if self._top_seq and (row := self.table.row_of(self._top_seq)) >= 0:
            self.put_on_top(row)

    def tell_since(self, reference: Reference | None) -> None:
        """Tells times relative to an event, in a column that is there as long as there is one."""
        self.table.set_reference(reference)
        self.header.expect(frozenset({NAMES[SINCE_REFERENCE]} if reference is not None else ()))

    # ---- added columns

    def add_column(self, text: str) -> None:
        """Shows a place of the events in a column of its own, and brings it into view. Raises QueryError for no place."""
        number = self.table.add_column(text)
        self.scrollTo(self.table.index(max(self.top_row, 0), number))

    def _columns_changed(self) -> None:
        self.header.take_columns()
        if (current := self.currentIndex()).isValid() and self.selectionModel().hasSelection():
            self.selectionModel().select(current, _WHOLE_ROW)

    def _take_added(self, texts: list[str]) -> None:
        for number in range(len(self.table.columns) - 1, len(COLUMNS) - 1, -1):
            self.table.remove_column(number)
        for text in texts:
            with contextlib.suppress(QueryError):  # kept by another version
                self.table.add_column(text)

    # ---- choosing

    def choose_row(self, row: int, *, at: int | None = None) -> None:
        """Makes a row current; brings it into view, or to the `at`-th place of what is in view."""
        index = self._index(row)
        self.selectionModel().setCurrentIndex(index, _WHOLE_ROW)
        if at is None:
            self.scrollTo(index)
        else:
            self.put_on_top(row - at)

    def _index(self, row: int) -> QModelIndex:
        """A row's cell in the column that was current last, or in the first that is seen."""
        column = self._column
        if not 0 <= column < self.table.columnCount() or self.isColumnHidden(column):
            column = max(self.header.logicalIndexAt(2), 0)
        return self.table.index(row, column)

    def currentChanged(self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex) -> None:
        """Notes the column."""
        super().currentChanged(current, previous)
        if current.isValid():
            self._column = current.column()

    def selectAll(self) -> None:
        """Chooses everything without walking it."""
        self.is_all_selected = True
        self.all_chosen.emit()

    # ---- keys and wheel

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Coming here chooses nothing: an item view would make the first row current, far from what is in view."""
        QAbstractScrollArea.focusInEvent(self, event)
        self.viewport().update()

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Where a key goes; while nothing is current that is a row in view."""
        if self.currentIndex().isValid() or self.top_row < 0:
            return super().moveCursor(action, modifiers)
        if action in _ENDS and modifiers & Qt.KeyboardModifier.ControlModifier:
            return self._index(0 if action is QAbstractItemView.CursorAction.MoveHome else self.table.rows - 1)
        if action not in _BACK:
            return self._index(self.top_row)
        last = self.rowAt(self.viewport().height() - style.ROW_PX)
        return self._index(last if last >= 0 else self.table.rows - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy is ours; keys that move are the user's scrolling."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
            return
        if event.key() in _UP | _DOWN:
            self.scrolled_by_user.emit(-1 if event.key() in _UP else 1)
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks what to do with the cell under the pointer, or with the current one when it was a key."""
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).bottomLeft() if is_key else event.pos()
            self.menu_wanted.emit(index, self.viewport().mapToGlobal(QPoint(place)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel is the user's scrolling."""
        if turned := event.angleDelta().y():
            self.scrolled_by_user.emit(-1 if turned > 0 else 1)
        super().wheelEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel over the scroll bar counts too."""
        if watched is self.verticalScrollBar() and isinstance(event, QWheelEvent):
            self.scrolled_by_user.emit(-1 if event.angleDelta().y() > 0 else 1)
        return False
