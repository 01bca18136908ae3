"""The filter in the toolbar, with real keys: typed, completed, wrong and right, reverted, kept, and used again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.filter_bar import FilterBar
from app.main_window import MainWindow
from tests.app.captures import capture
from tests.app.test_window import shown

_WAIT_MS = 60_000


@pytest.fixture
def window(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """The window with a capture of 300 events."""
    shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    return window


def typed(window: MainWindow, text: str) -> FilterBar:
    """Goes to the box by its key and types."""
    QTest.keyClick(window.events.view, Qt.Key.Key_Slash)
    QTest.keyClicks(window.chrome.filter.box, text)
    return window.chrome.filter


def listed(bar: FilterBar) -> list[str]:
    """What is offered."""
    assert bar.box.help is not None
    table = bar.box.help.table
    return [str(table.model().index(row, 0).data()) for row in range(table.rowCount())] if table.isVisible() else []


def test_a_filter_is_typed_and_obeyed(qtbot: QtBot, window: MainWindow) -> None:
    bar = typed(window, "position < 3")
    assert bar.box.property("role") == "ok"
    assert bar.box.accessibleDescription() == "position is less than 3"
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.events.model.rows == 3, timeout=_WAIT_MS)
    assert window.events.view.hasFocus() or QApplication.focusWidget() is None
    assert bar.box.help is not None
    assert not bar.box.help.isVisible()


def test_a_wrong_filter_is_said_and_changes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    bar = typed(window, "position < 3 && typ == 1")
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    assert bar.box.property("role") == "bad"
    assert "did you mean type?" in bar.box.accessibleDescription()
    assert bar.box.cursorPosition() == 16
    assert window.selection is not None
    assert window.selection.filter == ""
    assert window.events.model.rows == 300
    QTest.keyClick(bar.box, Qt.Key.Key_Escape)
    QTest.keyClick(bar.box, Qt.Key.Key_Escape)
    assert bar.box.text() == ""
    assert bar.box.property("role") == ""


def test_names_values_and_places_of_the_capture_are_offered(qtbot: QtBot, window: MainWindow) -> None:
    bar = typed(window, "ty")
    assert listed(bar)[0] == "type"
    QTest.keyClick(bar.box, Qt.Key.Key_Tab)
    assert bar.box.text() == "type"
    QTest.keyClicks(bar.box, " == ")
    qtbot.waitUntil(lambda: bool(bar.box.known.values), timeout=_WAIT_MS)
    first = bar.box.known.values["type"][0]
    qtbot.waitUntil(lambda: first in listed(bar), timeout=_WAIT_MS)
    QTest.keyClick(bar.box, Qt.Key.Key_Down)
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    assert bar.box.text() == f'type == "{first}"'
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    assert window.selection is not None
    assert window.selection.filter == f'type == "{first}"'


def test_filters_used_before_come_back(qtbot: QtBot, window: MainWindow) -> None:
    for text in ("position < 3", "position < 5"):
        bar = typed(window, text)
        QTest.keyClick(bar.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.events.model.rows == 5, timeout=_WAIT_MS)
    window.chrome.look.clear()
    bar = typed(window, "")
    QTest.keyClick(bar.box, Qt.Key.Key_Down)
    assert listed(bar) == ["position < 5", "position < 3"]
    QTest.keyClick(bar.box, Qt.Key.Key_Down)
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.events.model.rows == 3, timeout=_WAIT_MS)


def test_the_box_follows_what_filters_elsewhere(qtbot: QtBot, window: MainWindow) -> None:
    assert window.selection is not None
    window.selection.choose_filter("position == 7")
    assert window.chrome.filter.box.text() == "position == 7"
    window.selection.back()
    assert window.chrome.filter.box.text() == ""


def test_a_filter_is_kept_until_it_is_not(window: MainWindow) -> None:
    bar = typed(window, "position < 3")
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    chosen(bar, "Keep this filter")
    assert bar.store.kept == ["position < 3"]
    chosen(bar, "Keep this filter no more")
    assert bar.store.kept == []
    chosen(bar, "Forget those used before")
    assert bar.store.used == []


def chosen(bar: FilterBar, words: str) -> None:
    """Chooses something in the menu of filters."""
    (action,) = [action for action in bar.make_menu().actions() if action.text() == words]
    action.trigger()


def test_a_filter_over_what_is_masked_is_not_remembered(window: MainWindow) -> None:
    assert window.session is not None
    window.session.masks = 3
    bar = typed(window, "position < 3")
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    assert bar.store.used == []


def test_a_second_capture_has_the_filter_of_its_own(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    bar = typed(window, "position < 3")
    QTest.keyClick(bar.box, Qt.Key.Key_Return)
    first = window.selection
    shown(qtbot, window, capture(tmp_path / "b.evcap", 20), 20)
    assert bar.box.text() == ""
    assert first is not None
    window.close_capture()
    assert not bar.isVisible()
