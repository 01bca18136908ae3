"""The view of a state: which levels are open survives each new state, so that nothing jumps while a slider is dragged.

Read `models.state_tree` for what it shows, `panes.replay` for its use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStackedWidget, QTreeView, QWidget

from app.models.replay_words import nothing_words
from app.models.state_rows import Node
from app.models.state_tree import StateTree

_NAME_PX, _SETTER_PX = 116, 130
_NAME_SHARE, _SETTER_SHARE = 0.25, 0.3
"""Of a wide view; in a narrow one the pixels above."""


class StateView(QTreeView):
    """A tree of one `StateTree`."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = StateTree(self)
        self.open_paths: set[str] = set()
        self._closed: set[str] = set()
        self._revealed: set[str] = set()
        self._is_showing = False
        self.setModel(self.tree)
        self.setAccessibleName("State")
        self.setUniformRowHeights(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.header().resizeSection(0, _NAME_PX)
        self.header().resizeSection(2, _SETTER_PX)
        self.setHorizontalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setIndentation(14)
        self.header().setMinimumSectionSize(40)
        self.expanded.connect(lambda index: self._note(index, is_open=True))
        self.collapsed.connect(lambda index: self._note(index, is_open=False))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names and setters have more room in a wide view."""
        super().resizeEvent(event)
        width = event.size().width()
        if width != event.oldSize().width():
            self.header().resizeSection(0, max(_NAME_PX, int(width * _NAME_SHARE)))
            self.header().resizeSection(2, max(_SETTER_PX, int(width * _SETTER_SHARE)))

    def forget(self) -> None:
        """Another stream: no level is open."""
        self.open_paths.clear()
        self._revealed.clear()
        self._closed.clear()

    def show_state(self, levels: Mapping[str, Mapping[str, Any]], small: Iterable[str] = (), revealed: Iterable[str] = ()) -> None:
        """Shows a state in place of the one before; the place and the current row stay.

        `small` levels are opened unless they were closed before; `revealed` ones too, and closed again by the next state.
        """
        self._is_showing = True
        self.tree.show_state(levels)
        lasting = self.open_paths | (set(small) - self._closed)
        passing = set(revealed) - self._closed - lasting
        for path in self._revealed - lasting - passing:
            if (index := self.tree.index_of(path)).isValid():
                self.collapse(index)
        self._revealed = passing
        for path in sorted(lasting | passing):
            self._open(path)
        self._is_showing = False

    def show_scalar(self, whole: Mapping[str, Any]) -> None:
        """Shows a state that is no container."""
        self.tree.show_scalar(whole)

    def _open(self, path: str) -> None:
        index = self.tree.index_of(path)
        if index.isValid():
            self.expand(index)
            self.tree.fetchMore(index)

    def wanted_paths(self) -> list[str]:
        """The levels that are open: a state's answer is to bring them along."""
        waiting, found = [QModelIndex()], list[str]()
        while waiting:
            parent = waiting.pop()
            for row in range(self.tree.rowCount(parent)):
                index = self.tree.index(row, 0, parent)
                node = self.tree.node(index)
                if node is not None and node.inner and self.isExpanded(index):
                    found.append(node.path)
                    waiting.append(index)
        return sorted({*found, *self.open_paths}, key=lambda path: path.count("/"))

    def dim(self, *, on: bool) -> None:
        """Shows that an answer is awaited, without taking the focus away."""
        if self.tree.is_dimmed != on:
            self.tree.is_dimmed = on
            self.viewport().update()

    def _note(self, index: QModelIndex, *, is_open: bool) -> None:
        node = self.tree.node(index)
        if node is not None and not self._is_showing:
            (self.open_paths.add if is_open else self.open_paths.discard)(node.path)
            (self._closed.discard if is_open else self._closed.add)(node.path)

    def current(self) -> Node | None:
        """The current row's value."""
        return self.tree.node(self.currentIndex())


class StateStack(QStackedWidget):
    """The state of a `look`, or the widget that says, with `say(sentence, hint)`, why there is none."""

    def __init__(self, no_state: QWidget, say: Callable[[str, str], None]) -> None:
        super().__init__()
        self.view, self._no_state, self._say = StateView(), no_state, say
        self.addWidget(self.view)
        self.addWidget(no_state)

    def show_look(self, look: Mapping[str, Any]) -> None:
        """Shows what the fold process answered."""
        outermost, kind = look["levels"].get("") or {}, look["whole"]["kind"]
        if kind in {"object", "array", "absent"}:
            self.view.show_state(look["levels"], look["small"], look["revealed"])
        else:
            self.view.show_scalar(look["whole"])
        is_nothing = kind == "absent" and not outermost.get("removed")
        if is_nothing:
            self._say(*nothing_words(look))
        self.setCurrentWidget(self._no_state if is_nothing else self.view)
