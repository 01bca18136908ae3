"""What can be copied of a replay: the state, a value, its path, the command; and the menu that offers it.

Read `panes.replay` for its use.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from app.models.replay_words import command
from app.replay_tabs import ReplayTabs
from app.replaying import Replaying
from app.state_view import StateView


class ReplayCopies(QObject):
    """The copies of one pane. `show_setter` is what the menu offers besides."""

    def __init__(
        self, path: Path, replaying: Replaying, view: StateView, tabs: ReplayTabs, show_setter: Callable[[QModelIndex], None]
    ) -> None:
        super().__init__(view)
        self._tabs = tabs
        self._path, self._replaying, self._view, self._show_setter = path, replaying, view, show_setter
        for keys, act in ((QKeySequence(QKeySequence.StandardKey.Copy), self.value), (QKeySequence("Ctrl+Shift+C"), self.state)):
            QShortcut(keys, view, act, context=Qt.ShortcutContext.WidgetShortcut)
        view.customContextMenuRequested.connect(self._menu)

    def state(self) -> None:
        """Copies the whole state as JSON."""
        self._copy("")

    def value(self) -> None:
        """Copies the current row's value as JSON."""
        node = self._view.current()
        if node is not None and node.is_there:
            self._copy(node.path)
        elif node is not None:
            QGuiApplication.clipboard().setText(node.before)

    def path(self) -> None:
        """Copies the current row's place in the state, as a JSON pointer."""
        if (node := self._view.current()) is not None:
            QGuiApplication.clipboard().setText(node.path)

    def command(self) -> None:
        """Copies the command that prints what is shown."""
        replaying = self._replaying
        if replaying.stream is not None and replaying.look:
            said = command(str(self._path), replaying.stream, replaying.look, replaying.place, replaying.reducer)
            QGuiApplication.clipboard().setText(replaying.said(said))

    def _copy(self, path: str) -> None:
        if self._replaying.look:
            self._replaying.copy(path, QGuiApplication.clipboard().setText)

    def _menu(self, at: QPoint) -> None:
        menu, node = QMenu(self._view), self._view.tree.node(self._view.indexAt(at))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if node is not None:
            menu.addAction("Copy value", self.value)
            menu.addAction("Copy path", self.path)
            menu.addSeparator()
            menu.addAction("History of this field", lambda: self._tabs.show_field(node.path))
            menu.addAction("Unpin" if node.path in self._tabs.pins else "Pin", lambda: self._tabs.toggle_pin(node.path))
            menu.addSeparator()
        menu.addAction("Copy state as JSON", self.state)
        menu.addAction("Copy command", self.command)
        if node is not None and node.set_by is not None:
            menu.addSeparator()
            menu.addAction("Show the event that set this", lambda: self._show_setter(self._view.currentIndex()))
        menu.popup(self._view.viewport().mapToGlobal(at))
