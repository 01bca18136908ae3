"""The palette: type some letters of what you want to do, Enter does it. Read `app.actions` for what there is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from app import style
from app.actions import Action, found
from inspector.text import visible

_SHOWN = 14
_WIDTH_PX = 520


class Palette(QDialog):
    """Closes with Enter, which does what is marked, and with Esc, which does nothing."""

    def __init__(self, actions: Sequence[Action], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._actions = list(actions)
        self._found: list[Action] = []
        self.setAccessibleName("Command palette")
        self.text = QLineEdit()
        self.text.setAccessibleName("What to do")
        self.text.setPlaceholderText("What do you want to do?")
        self.text.textChanged.connect(self._search)
        self.text.installEventFilter(self)
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName("Actions")
        self.table.horizontalHeader().hide()
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(style.ROW_PX)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.table.cellClicked.connect(lambda row, _column: self._run(row))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.text)
        layout.addWidget(self.table)
        self.resize(_WIDTH_PX, 60 + _SHOWN * style.ROW_PX)
        self._search("")

    def open_over(self, window: QWidget) -> None:
        """Shows it in the upper middle of a window."""
        self.move(
            window.mapToGlobal(window.rect().topLeft()).x() + (window.width() - self.width()) // 2,
            window.mapToGlobal(window.rect().topLeft()).y() + 60,
        )
        self.show()
        self.text.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        """A click elsewhere closes it."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.hide()

    def _search(self, text: str) -> None:
        self._found = found(self._actions, text)
        self.table.setRowCount(len(self._found))
        for row, action in enumerate(self._found):
            for column, words in enumerate((f"{action.group}: {action.words}", action.keys_text())):
                item = QTableWidgetItem(visible(words))
                item.setForeground(style.color("text" if column == 0 else "dim"))
                self.table.setItem(row, column, item)
        if self._found:
            self.table.selectRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up, Down and Enter are the list's while typing goes on."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and watched is self.text:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step and self._found:
                self.table.selectRow((self.table.currentRow() + step) % len(self._found))
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._run(self.table.currentRow())
                return True
        return False

    def _run(self, row: int) -> None:
        self.hide()
        if 0 <= row < len(self._found):
            self._found[row].run()
        self.deleteLater()
