"""The view of an event's tree: what is open stays open from event to event; copies, finds, and filters by a value.

Read `models.event_tree` for the rows, `panes.event` for its use.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu, QTreeView, QVBoxLayout, QWidget

from app.models.event_tree import EventTree, Field
from app.models.value_filter import combined
from app.selection import Selection

_NAME_PX, _VALUE_PX = 116, 206


class EventTreeView(QWidget):
    """The tree, with a box to find a name or value in what is open (Ctrl+F)."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self._selection = selection
        self.tree = EventTree(self)
        self._open: set[str] = {"data"}
        self._closed: set[str] = set()
        self._is_showing = False
        self.view = QTreeView()
        self.view.setModel(self.tree)
        self.view.setAccessibleName("Event fields and document")
        self.view.setUniformRowHeights(True)
        self.view.setIndentation(14)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.header().setStretchLastSection(True)
        self.view.header().resizeSection(0, _NAME_PX)
        self.view.header().resizeSection(1, _VALUE_PX)
        self.view.header().setMinimumSectionSize(40)
        self.find_box = QLineEdit()
        self.find_box.setAccessibleName("Find in this event")
        self.find_box.setPlaceholderText("Find a name or value in this event; Enter for the next")
        self.find_box.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.find_box)
        layout.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        self._connect()

    def _connect(self) -> None:
        self.view.expanded.connect(lambda index: self._note(index, is_open=True))
        self.view.collapsed.connect(lambda index: self._note(index, is_open=False))
        self.view.customContextMenuRequested.connect(self._menu)
        self.find_box.returnPressed.connect(self.find_next)
        inside = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence.StandardKey.Copy, self.view, self.copy_value, context=Qt.ShortcutContext.WidgetShortcut)
        QShortcut(QKeySequence.StandardKey.Find, self, self.open_find, context=inside)
        QShortcut(QKeySequence("Esc"), self.find_box, self.find_box.hide, context=Qt.ShortcutContext.WidgetShortcut)

    def show_fields(self, fields: Sequence[Field]) -> None:
        """Shows an event; the place stays."""
        bar = self.view.verticalScrollBar()
        place = bar.value()
        self._is_showing = True
        self.tree.show_fields(fields)
        self._expand_below(QModelIndex())
        self._is_showing = False
        bar.setValue(place)

    def _expand_below(self, parent: QModelIndex) -> None:
        for row in range(self.tree.rowCount(parent)):
            index = self.tree.index(row, 0, parent)
            path = self.tree.path(index)
            if self.tree.hasChildren(index) and path in self._open and path not in self._closed:
                self.tree.fetchMore(index)
                self.view.expand(index)
                self._expand_below(index)

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        if not self._is_showing and (path := self.tree.path(index)):
            (self._open.add if is_open else self._open.discard)(path)
            (self._closed.discard if is_open else self._closed.add)(path)

    # ---- finding

    def open_find(self) -> None:
        """Into the box to find something."""
        self.find_box.show()
        self.find_box.setFocus()
        self.find_box.selectAll()

    def find_next(self) -> None:
        """To the next row that has what is in the box."""
        found = self.tree.find(self.find_box.text(), self.view.currentIndex().siblingAtColumn(0))
        if found.isValid():
            self.view.setCurrentIndex(found)
            self.view.scrollTo(found)

    # ---- copying and filtering

    def copy_value(self) -> None:
        """Copies the current row's value: a text as it is, anything else as JSON."""
        QGuiApplication.clipboard().setText(self.tree.text(self.view.currentIndex()))

    def copy_json(self) -> None:
        """Copies the current row's value as JSON."""
        QGuiApplication.clipboard().setText(self.tree.json_text(self.view.currentIndex()))

    def copy_path(self) -> None:
        """Copies where the current row is, as the filter language writes it."""
        QGuiApplication.clipboard().setText(self.tree.path(self.view.currentIndex()))

    def filter_by(self, *, exclude: bool = False) -> None:
        """Shows only the events with this value here, or all but those."""
        if text := self.tree.filter_text(self.view.currentIndex()):
            wanted = f"!({text})" if exclude else text
            self._selection.choose_filter(combined(self._selection.filter, wanted) if exclude else wanted)

    def _menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        self.view.setCurrentIndex(index)
        menu, text = QMenu(self), self.tree.filter_text(index)
        if text:
            menu.addAction("Filter by this value", self.filter_by)
            menu.addAction("Exclude this value", lambda: self.filter_by(exclude=True))
            menu.addSeparator()
        menu.addAction("Copy value", self.copy_value)
        menu.addAction("Copy as JSON", self.copy_json)
        if self.tree.path(index):
            menu.addAction("Copy path", self.copy_path)
        menu.popup(self.view.viewport().mapToGlobal(at))
