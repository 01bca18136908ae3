"""A capture with masks in the window: what is hidden is in no widget, no model and no copy, until it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.plain import PlainLabel
from inspector.masks import SIGN
from tests.app.test_actions import run
from tests.app.test_hostile_window import look_at
from tests.app.test_window import shown, wait_for_event
from tests.capture.test_masked import CANARY, made

_WAIT_MS = 60_000
_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
_COPIES = (
    "Copy as JSON lines",
    "Copy the event as a JSON line",
    "Copy the value",
    "Copy the value as hex",
    "Copy the value as base64",
    "Copy the key",
    "Copy the command that writes this record",
    "Copy the state as JSON",
)


def texts_of(window: QWidget) -> list[str]:
    """Whatever a look at the window or a screen reader would give."""
    texts = []
    for widget in window.findChildren(QWidget):
        texts += [widget.accessibleName(), widget.toolTip(), widget.accessibleDescription()]
        if isinstance(widget, PlainLabel):
            texts.append(widget.whole_text())
        if isinstance(widget, QLineEdit):
            texts.append(widget.text())
        if isinstance(widget, QPlainTextEdit):
            texts.append(widget.toPlainText())
        if isinstance(widget, QAbstractItemView):
            texts += cells(widget)
    return texts


def cells(view: QAbstractItemView) -> list[str]:
    found, waiting, model = [], [QModelIndex()], view.model()
    while model is not None and waiting:
        parent = waiting.pop()
        for row in range(model.rowCount(parent)):
            for column in range(model.columnCount(parent)):
                index = model.index(row, column, parent)
                found += [str(model.data(index, role) or "") for role in _ROLES]
            waiting.append(model.index(row, 0, parent))
    return found


@pytest.fixture
def masked(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    shown(qtbot, window, made(tmp_path / "a.evcap"), 4)
    qtbot.waitUntil(window.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    return window


def everything(qtbot: QtBot, window: MainWindow) -> list[str]:
    """The texts of the window while all of it is gone through."""
    assert window.panes is not None
    navigator, texts = window.panes.navigator_pane, []
    qtbot.waitUntil(lambda: navigator.model.rowCount() > 2, timeout=_WAIT_MS)
    for entry in list(navigator.model._entries):
        if entry.opens is False:
            navigator._open(entry, on=True)
    qtbot.wait(100)
    for seq in (1, 2, 3, 4):
        look_at(qtbot, window, seq)
        qtbot.wait(150)
        window.panes.event_pane.tree.view.expandAll()
        texts += texts_of(window)
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    window.panes.event_pane.compare_with()
    window.events.choose_row(1)
    wait_for_event(qtbot, window, 2)
    qtbot.wait(150)
    return texts + texts_of(window)


def test_nothing_in_the_window_has_what_is_hidden(qtbot: QtBot, masked: MainWindow) -> None:
    texts = everything(qtbot, masked)
    assert [text for text in texts if CANARY in text] == []
    assert any(SIGN in text for text in texts)
    assert masked.chrome.toolbar.masks.text() == "Masked"


@pytest.mark.parametrize("words", _COPIES)
def test_no_copy_has_what_is_hidden(qtbot: QtBot, masked: MainWindow, words: str) -> None:
    masked.events.choose_row(0)
    wait_for_event(qtbot, masked, 1)
    qtbot.waitUntil(lambda: masked.replay.controls.applied.whole_text() == "after 1 of 2 events", timeout=_WAIT_MS)
    QGuiApplication.clipboard().setText("nothing")
    run(masked, words)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() != "nothing", timeout=_WAIT_MS)
    copied = QGuiApplication.clipboard().text()
    assert CANARY not in copied
    assert CANARY.encode().hex() not in copied.replace(" ", "")


def test_what_is_hidden_makes_no_filter(qtbot: QtBot, masked: MainWindow) -> None:
    assert masked.panes is not None
    fields, hidden = masked.panes.event_pane.tree, 0
    for seq in (1, 2, 3, 4):
        look_at(qtbot, masked, seq)
        qtbot.wait(150)
        fields.view.expandAll()
        waiting = [QModelIndex()]
        while waiting:
            parent = waiting.pop()
            for row in range(fields.tree.rowCount(parent)):
                index = fields.tree.index(row, 0, parent)
                waiting.append(index)
                hidden += SIGN in str(index.siblingAtColumn(1).data())
                assert SIGN not in fields.tree.filter_text(index)
    assert hidden > 0


def test_it_is_shown_once_that_was_asked_and_hidden_again_at_once(qtbot: QtBot, masked: MainWindow) -> None:
    masked.events.choose_row(0)
    wait_for_event(qtbot, masked, 1)
    button, question = masked.chrome.toolbar.masks, masked.chrome.question
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert question.isVisible()
    assert button.text() == "Masked"
    QTest.mouseClick(question._action, Qt.MouseButton.LeftButton)
    assert button.text() == "! Unmasked"
    qtbot.waitUntil(lambda: masked.events.model.rows == 4, timeout=_WAIT_MS)
    wait_for_event(qtbot, masked, 1)
    qtbot.waitUntil(lambda: any(CANARY in text for text in texts_of(masked)), timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: masked.replay.controls.applied.whole_text() == "after 1 of 2 events", timeout=_WAIT_MS)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Masked"
    assert [text for text in texts_of(masked) if CANARY in text] == []
    assert [text for text in everything(qtbot, masked) if CANARY in text] == []
