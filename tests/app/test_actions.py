"""Actions: one table for shortcuts, palette and help; everything reachable by keyboard; the window obeys them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from app.actions import Action, found
from app.dialogs.help import sheet
from app.dialogs.palette import Palette
from app.dialogs.preferences import PreferencesDialog
from app.main_window import MainWindow
from app.preferences import Preferences
from tests.app.captures import capture

_WAIT_MS = 60_000
_NAMED = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QPlainTextEdit, QSlider)


def opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    window.open_capture(capture(tmp_path / "a.evcap", 100))
    qtbot.waitUntil(lambda: window.events.model.rows == 100, timeout=_WAIT_MS)
    return window


def test_no_keys_mean_two_things_and_every_action_is_in_the_palette(window: MainWindow) -> None:
    keys = Counter(action.keys for action in window.actions_table if action.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert len({(action.group, action.words) for action in window.actions_table}) == len(window.actions_table)
    listed = sheet(window.actions_table)
    assert all(action.words in listed for action in window.actions_table)


def test_every_widget_that_takes_input_has_a_name(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, _NAMED)
        and not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
        and widget.window() is window
        and widget.isVisible()
    ]
    assert [f"{type(widget).__name__} in {type(widget.parent()).__name__}" for widget in nameless] == []


def test_the_palette_does_what_is_typed(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (palette,) = window.findChildren(Palette)
    QTest.keyClicks(palette.text, "order by tim")
    QTest.keyClick(palette.text, Qt.Key.Key_Return)
    assert not palette.isVisible()
    qtbot.waitUntil(lambda: window.events.lister.wish.order == "time", timeout=_WAIT_MS)


def test_what_is_not_possible_is_not_offered(window: MainWindow) -> None:
    words = [action.words for action in found(window.actions_table, "")]
    assert "Open a capture, or files to import" in words
    assert "Replay the stream of this event" not in words


@given(st.text(max_size=8))
def test_any_text_finds_only_actions_that_have_its_letters(text: str) -> None:
    table = [Action("Events", words, lambda: None) for words in ("Stick to newest", "Go to a time", "Order by log")]
    for action in found(table, text):
        words = f"{action.words} {action.group}".lower()
        assert all(letter in words for letter in text.lower().replace(" ", ""))


def test_filters_are_said_in_words_and_undone(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    assert window.selection is not None
    window.selection.choose_filter('type == "OrderPlaced"')
    assert window.chrome.look.isVisible()
    assert "OrderPlaced" in window.chrome.look.words.whole_text()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.selection.filter == ""
    assert not window.chrome.look.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.selection.filter == 'type == "OrderPlaced"'


def test_panes_are_hidden_and_remembered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert window.panes is not None
    assert not window.panes.is_shown("Navigator")
    window.open_capture(capture(tmp_path / "b.evcap", 10))
    assert window.panes is not None
    assert not window.panes.is_shown("Navigator")


def test_a_dropped_capture_is_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(capture(tmp_path / "a.evcap", 7)))])
    copy, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.chrome.dropEvent(QDropEvent(QPointF(5, 5), copy, data, buttons, keys))
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 7, timeout=_WAIT_MS)


def run(window: MainWindow, words: str) -> None:
    """Does what the palette has under these words."""
    (action,) = [action for action in window.actions_table if action.words == words]
    assert action.is_possible(), words
    action.run()


@pytest.mark.parametrize(
    ("words", "copied"),
    [
        ("Copy the value", '{"order_id":"order-3","total":3.50}'),
        ("Copy the value as base64", "eyJvcmRlcl9pZCI6Im9yZGVyLTMiLCJ0b3RhbCI6My41MH0="),
        ("Copy the key", "order-3"),
    ],
)
def test_parts_of_the_event_are_copied_from_the_palette(qtbot: QtBot, window: MainWindow, tmp_path: Path, words: str, copied: str) -> None:
    opened(qtbot, window, tmp_path)
    window.events.choose_row(3)
    QGuiApplication.clipboard().clear()
    run(window, words)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == copied, timeout=_WAIT_MS)


def test_tabs_of_the_event_have_keys(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    window.events.choose_row(3)
    assert window.panes is not None
    tabs = window.panes.event_pane.tabs
    qtbot.waitUntil(tabs.isVisible, timeout=_WAIT_MS)
    for place, key in enumerate((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5)):
        QTest.keyClick(window, key, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        assert tabs.currentIndex() == place


def test_the_replay_is_pinned_and_its_state_copied_from_the_palette(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    window.events.choose_row(3)
    qtbot.waitUntil(lambda: window.replay.controls.applied.whole_text() == "after 1 of 2 events", timeout=_WAIT_MS)
    run(window, "Stay on this stream, or follow the selection")
    assert window.replay.controls.pin.isChecked()
    run(window, "Copy the state as JSON")
    qtbot.waitUntil(lambda: "order-3" in QGuiApplication.clipboard().text(), timeout=_WAIT_MS)


def test_f6_goes_round_all_panes(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    window.events.choose_row(3)
    assert window.panes is not None
    panes = [
        window.panes.events_pane,
        window.panes.metrics_pane,
        window.panes.event_pane,
        window.panes.replay_pane,
        window.panes.timeline_pane,
        window.panes.navigator_pane,
    ]
    qtbot.waitUntil(lambda: window.replay.controls.applied.whole_text() == "after 1 of 2 events", timeout=_WAIT_MS)
    window.activateWindow()
    window.events.take_focus()
    for pane in [*panes[1:], panes[0]]:
        QTest.keyClick(window, Qt.Key.Key_F6)
        assert pane.isAncestorOf(window.focusWidget())
    for pane in reversed(panes):
        QTest.keyClick(window, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
        assert pane.isAncestorOf(window.focusWidget())


def test_a_note_is_written_with_two_keys_and_found_again(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    window.events.choose_row(3)
    QTest.keyClick(window, Qt.Key.Key_C)
    assert window.note_bar is not None
    QTest.keyClicks(window.note_bar.text, "seen twice")
    QTest.keyClick(window.note_bar.text, Qt.Key.Key_Return)
    assert window.session is not None
    notes = window.session.notes
    qtbot.waitUntil(lambda: [note.text for note in notes.of(4)] == ["seen twice"], timeout=_WAIT_MS)


def test_preferences_hold_at_once_and_are_remembered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    opened(qtbot, window, tmp_path)
    dialog = PreferencesDialog(Preferences(), window)
    dialog.changed.connect(window.preferring.prefer)
    dialog.zone.setCurrentText("Europe/Berlin")
    assert window.panes is not None
    assert window.panes.replay_pane.controls.zone.whole_text() == "Europe/Berlin"
    dialog.zone.setCurrentText("Nowhere/Land")
    assert "no zone is named" in dialog.wrong.whole_text()
    assert Preferences.remembered(window._settings).zone == "Europe/Berlin"


@pytest.mark.parametrize("name", ["UTC", "system", "Asia/Kolkata"])
def test_zones_are_found_by_name(name: str) -> None:
    assert Preferences(zone=name).tzinfo() is not None
