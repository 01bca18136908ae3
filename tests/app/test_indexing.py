"""Indexing fields from the window: menus, palette and dialog, what is said, what waits for the capture, what is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.dialogs.indexes import IndexesDialog
from app.main_window import MainWindow
from inspector.capture import fields, indexing
from inspector.capture.reader import CaptureReader
from inspector.demo.store import ShopStore
from inspector.query.lookups import indexable
from inspector.settings import captures_dir
from tests.app.captures import capture
from tests.app.test_window import choose_action, shown, wait_for_event, wait_for_rows

_WAIT_MS = 60_000
FILTER = 'data.order_id == "order-7"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return capture(tmp_path / "a.evcap", 1_000)


def said(window: MainWindow) -> str:
    return window.chrome.indexing.text.whole_text() if window.chrome.indexing.isVisible() else ""


def wait_for(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.waitUntil(lambda: text in said(window), timeout=_WAIT_MS)


def chosen(menu: QMenu, words: str) -> QAction:
    (action,) = [action for action in menu.actions() if action.text() == words]
    return action


def places(path: Path) -> list[str]:
    with CaptureReader(path) as reader:
        return [index.place for index in indexing.indexes(reader) if index.is_current]


def row_at(window: MainWindow, *names: str) -> QModelIndex:
    assert window.panes is not None
    tree, index = window.panes.event_pane.tree, QModelIndex()
    for name in names:
        index = next(child for row in range(tree.tree.rowCount(index)) if (child := tree.tree.index(row, 0, index)).data() == name)
        tree.view.expand(index)
    tree.view.setCurrentIndex(index)
    return index


def test_a_field_is_indexed_from_the_tree_and_the_filter_looked_up(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    pane = shown(qtbot, window, path, 1_000)
    assert window.selection is not None
    window.selection.choose_filter(FILTER)
    wait_for_rows(qtbot, pane, 20)
    assert "of 1,000" in pane.note.whole_text()
    window.selection.choose_event(8)
    wait_for_event(qtbot, window, 8)
    assert window.panes is not None
    menu = window.panes.event_pane.tree.menu_of(row_at(window, "data", "order_id"))
    action = chosen(menu, "Index this field")
    assert "looked up" in action.toolTip()
    action.trigger()
    wait_for(qtbot, window, "data.order_id is indexed: filters on it are looked up (")
    assert "beside the capture" in said(window)
    qtbot.waitUntil(lambda: pane.note.whole_text() == "20 events, looked up", timeout=_WAIT_MS)
    assert window.selection.seq == 8
    assert places(path) == ["data.order_id"]


def test_the_header_of_a_column_and_the_menu_of_filters_offer_it(
    qtbot: QtBot, window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = shown(qtbot, window, path, 1_000)
    assert window.selection is not None
    header = pane.view.header
    window.selection.show_column("data.total")
    number = header._columns.number("data.total")
    qtbot.waitUntil(lambda: header.sectionSize(number) > 0)
    at = QPoint(header.sectionViewportPosition(number) + 3, 5)
    monkeypatch.setattr(QMenu, "popup", lambda *_: None)
    QApplication.sendEvent(header.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, header.viewport().mapToGlobal(at)))
    chosen(header.findChildren(QMenu)[-1], "Index data.total").trigger()
    wait_for(qtbot, window, "data.total is indexed")
    assert all("Index" not in action.text() for action in header.menu(header._columns.number("type")).actions())
    assert chosen(header.menu(header._columns.number("correlation_id")), "Index correlation_id")
    window.selection.choose_filter(FILTER)
    chosen(window.chrome.filter.make_menu(), "Index data.order_id").trigger()
    wait_for(qtbot, window, "data.order_id is indexed")
    assert places(path) == ["data.order_id", "data.total"]


def test_the_palette_indexes_all_fields_of_the_filter(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    shown(qtbot, window, path, 1_000)
    assert window.selection is not None
    window.selection.choose_filter('data.order_id == "order-7" && data.total > 3 && headers["a"] == "b"')
    choose_action(window, "Index the fields of the filter")
    wait_for(qtbot, window, "data.order_id and data.total are indexed: filters on them are looked up")
    assert places(path) == ["data.order_id", "data.total"]


def test_the_dialog_lists_drops_and_indexes(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    shown(qtbot, window, path, 1_000)
    choose_action(window, "Indexed fields")
    dialog = window.findChild(IndexesDialog)
    assert dialog is not None

    def lines() -> list[str]:
        return [dialog.list.item(row).text() for row in range(dialog.list.count())]

    assert lines() == ["No field is indexed."]
    assert not dialog.drop_button.isEnabled()
    QTest.keyClicks(dialog.place, "data.tot")
    QTest.keyClicks(dialog.place, "al")
    QTest.keyClick(dialog.place, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: lines()[0].startswith("data.total   "), timeout=_WAIT_MS)
    assert "beside the capture" in lines()[0]
    QTest.keyClicks(dialog.place, "type")
    assert not dialog.index_button.isEnabled()
    assert "not yet" in dialog.note.whole_text()
    QTest.mouseClick(dialog.drop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lines() == ["No field is indexed."], timeout=_WAIT_MS)
    assert "dropped" in said(window)
    assert places(path) == []


def test_it_waits_for_a_capture_that_runs(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = capture(tmp_path / "a.evcap", 1_000)
    shown(qtbot, window, path, 1_000)
    session, bar = window.session, window.chrome.indexing
    assert session is not None
    runs = [True]
    monkeypatch.setattr(type(session), "is_capturing", property(lambda _self: runs[0]))
    bar.index("data.total")
    assert said(window) == "→ data.total will be indexed when the capture has stopped"
    bar.index("data.order_id")
    assert said(window) == "→ data.total and data.order_id will be indexed when the capture has stopped"
    assert places(path) == []
    runs[0] = False
    session.capture_ended.emit("")
    wait_for(qtbot, window, "data.total and data.order_id are indexed: ")
    assert places(path) == ["data.order_id", "data.total"]


def test_what_waited_for_a_real_capture_is_inside_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    ShopStore(tmp_path / "shop.db").close()
    window.open_source(f"sqlite:///{tmp_path / 'shop.db'}", ["--follow"])
    session = window.session
    assert session is not None
    qtbot.waitUntil(lambda: session.watermark is not None, timeout=_WAIT_MS)
    window.chrome.indexing.index("data.order_id")
    assert "will be indexed when the capture has stopped" in said(window)
    window.stop_capture()
    wait_for(qtbot, window, "data.order_id is indexed: ")
    assert "kept in the capture" in said(window)
    assert [file.name for file in session.path.parent.iterdir()] == [session.path.name]
    assert places(session.path) == ["data.order_id"]


def test_a_capture_without_a_place_of_its_own_has_it_inside_and_stays_one_file(qtbot: QtBot, window: MainWindow) -> None:
    path = capture(captures_dir() / "a.evcap", 1_000)
    pane = shown(qtbot, window, path, 1_000)
    assert window.selection is not None
    window.selection.choose_filter(FILTER)
    wait_for_rows(qtbot, pane, 20)
    window.chrome.indexing.index("data.order_id")
    wait_for(qtbot, window, "kept in the capture)")
    qtbot.waitUntil(lambda: pane.note.whole_text() == "20 events, looked up", timeout=_WAIT_MS)
    assert [file.name for file in path.parent.iterdir()] == ["a.evcap"]
    window.chrome.indexing.drop("data.order_id")
    wait_for(qtbot, window, "is dropped")
    qtbot.waitUntil(lambda: pane.note.whole_text() == "20 of 1,000", timeout=_WAIT_MS)


def test_the_next_start_removes_indexes_of_captures_that_are_gone(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    indexing.create(path, *indexable("data.total"))
    path.unlink()
    window.library.start()
    qtbot.waitUntil(lambda: list(fields.folder().iterdir()) == [], timeout=_WAIT_MS)


def test_what_is_stopped_leaves_nothing(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    shown(qtbot, window, path, 1_000)
    bar = window.chrome.indexing
    bar.index("data.total")
    assert "every event is looked at once" in said(window)
    bar._action.click()
    assert said(window) == "→ Stopped; data.total is not indexed"
    bar.index("data.order_id")
    wait_for(qtbot, window, "data.order_id is indexed: ")
    assert not list(fields.folder().glob("*.part"))


@pytest.mark.parametrize("place", ["type", "headers['a']"])
def test_what_cannot_be_indexed_is_said(qtbot: QtBot, window: MainWindow, path: Path, place: str) -> None:
    shown(qtbot, window, path, 1_000)
    window.chrome.indexing.index(place)
    assert said(window).startswith("✕ ")
    assert "cannot be indexed" in said(window)


def test_a_file_that_cannot_be_indexed_is_said(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    shown(qtbot, window, path, 1_000)
    path.unlink()
    window.chrome.indexing.index("data.total")
    wait_for(qtbot, window, "✕ there is no capture")
    window.close_capture()
    assert said(window) == ""
