"""The view of a state: which levels are open survives each new state, so that nothing jumps while a slider is dragged.

Read `models.state_tree` for what it shows, `panes.replay` for its use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QTreeView

from app.models.state_tree import Node, StateTree

_SMALL = 8
"""An outer value with so few children is opened by itself."""
_LOOKED_AT = 200
_NAME_PX, _VALUE_PX = 124, 150


class StateView(QTreeView):
    """A tree of one `StateTree`."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = StateTree(self)
        self.open_paths: set[str] = set()
        self._closed: set[str] = set()
        self._is_showing = False
        self.setModel(self.tree)
        self.setAccessibleName("State")
        self.setUniformRowHeights(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header().setStretchLastSection(True)
        self.header().resizeSection(0, _NAME_PX)
        self.header().resizeSection(1, _VALUE_PX)
        self.setHorizontalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setIndentation(14)
        self.header().setMinimumSectionSize(40)
        self.expanded.connect(lambda index: self._note(index, is_open=True))
        self.collapsed.connect(lambda index: self._note(index, is_open=False))
        QShortcut(QKeySequence.StandardKey.Copy, self, self.copy_value, context=Qt.ShortcutContext.WidgetShortcut)

    def forget(self) -> None:
        """Another stream: no level is open."""
        self.open_paths.clear()
        self._closed.clear()

    def show_state(self, levels: Mapping[str, Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]) -> None:
        """Shows a state in place of the one before; the place and the current row stay."""
        bar = self.verticalScrollBar()
        place, current = bar.value(), self.current()
        self._is_showing = True
        self.tree.show_state(levels, changes)
        for path in sorted(self.open_paths & levels.keys()):
            self.expand(self.tree.index_of(path))
        self._is_showing = False
        for row in range(min(self.tree.rowCount(), _LOOKED_AT)):
            index = self.tree.index(row, 0)
            node = self.tree.node(index)
            if node is not None and 0 < node.count <= _SMALL and node.path not in self._closed:
                self.expand(index)
        if current is not None:
            self.setCurrentIndex(self.tree.index_of(current.path))
        bar.setValue(place)

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        node = self.tree.node(index)
        if node is not None and not self._is_showing:
            (self.open_paths.add if is_open else self.open_paths.discard)(node.path)
            (self._closed.discard if is_open else self._closed.add)(node.path)

    def current(self) -> Node | None:
        """The current row's value."""
        return self.tree.node(self.currentIndex())

    def copy_value(self) -> None:
        """Copies the current row's value."""
        if (node := self.current()) is not None:
            QGuiApplication.clipboard().setText(node.text)

    def copy_path(self) -> None:
        """Copies the current row's place in the state, as a JSON pointer."""
        if (node := self.current()) is not None:
            QGuiApplication.clipboard().setText(node.path)
