"""A user's hand in tests: real clicks, chords, drags and typed texts on real windows, counted against a budget."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

_WAIT_MS = 60_000
_NONE = Qt.KeyboardModifier.NoModifier
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Hand:
    """One click, chord, drag or typed text is one interaction; more than `most` fail."""

    def __init__(self, qtbot: QtBot, window: QWidget, most: int) -> None:
        self._qtbot, self._window, self._most = qtbot, window, most
        self.spent = 0

    def _spend(self) -> None:
        self.spent += 1
        assert self.spent <= self._most, f"more than {self._most} interactions"

    def click(self, widget: QWidget, at: QPoint, button: Qt.MouseButton = _LEFT) -> None:
        """Clicks where a widget has `at`."""
        self._spend()
        handle, place = widget.window().windowHandle(), widget.mapTo(widget.window(), at)
        QTest.mouseMove(handle, place + QPoint(3, 0))  # a second press in the place of the last one is taken for its double click
        QTest.mouseMove(handle, place)
        QTest.mouseClick(handle, button, _NONE, place)

    def menu(self, widget: QWidget, at: QPoint) -> QMenu:
        """Opens the menu of what is there."""
        self.click(widget, at, _RIGHT)
        return self.opened()

    def opened(self) -> QMenu:
        """The menu that is open, once it is."""
        self._qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu), timeout=_WAIT_MS)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu

    def choose(self, menu: QMenu, words: str) -> None:
        """Clicks the entry of a menu that begins with `words`, once it can be."""
        self._qtbot.waitUntil(
            lambda: any(action.text().startswith(words) and action.isEnabled() for action in menu.actions()), timeout=_WAIT_MS
        )
        action = next(action for action in menu.actions() if action.text().startswith(words))
        self.click(menu, menu.actionGeometry(action).center())

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Presses a chord, wherever the keyboard is."""
        self._spend()
        QTest.keyClick((QApplication.activePopupWidget() or self._window).windowHandle(), key, modifiers)

    def type(self, text: str) -> None:
        """Types a text where the cursor is."""
        self._spend()
        focused = QApplication.focusWidget()
        assert focused is not None
        QTest.keyClicks(focused, text)

    def drag(self, widget: QWidget, start: QPoint, end: QPoint) -> None:
        """Drags from one place of a widget to another."""
        self._spend()
        handle, first, last = widget.window().windowHandle(), *(widget.mapTo(widget.window(), at) for at in (start, end))
        QTest.mousePress(handle, _LEFT, _NONE, first)
        for at in ((first + last) / 2, last):
            QTest.mouseMove(handle, at)
        QTest.mouseRelease(handle, _LEFT, _NONE, last)
