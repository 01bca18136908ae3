"""The list of events on real captures: orders, filters, jumps, copying and following, with real keys and clicks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app import style
from app.event_menu import EventMenu
from app.event_view import EventView
from app.messages import Messages
from app.models.event_columns import KEY, LOG, NAMES, OFFSET, TYPE, VALUE
from app.models.event_table import EventTable
from app.models.profile import ColumnChoices
from app.panes.events import EventsPane
from app.selection import Selection
from app.session import Session
from inspector.capture import listing, looking
from inspector.capture.asking import Watermark
from inspector.capture.reader import CaptureReader
from inspector.event import Flag
from tests.app.captures import START_US, Growing, capture

_WAIT_MS = 60_000
_POPUP = pytest.mark.qt_log_ignore("This plugin does not support")
_CONTROL = Qt.KeyboardModifier.ControlModifier
Open = Callable[..., EventsPane]


@pytest.fixture
def open_pane(qtbot: QtBot, qapp: QApplication, messages: Messages) -> Iterator[Open]:
    """Opens the pane of a capture and waits until something is listed."""
    style.apply(qapp, "light")
    sessions: list[Session] = []

    def opened(path: Path, *, rows: int | None = None, width: int = 900) -> EventsPane:
        session = Session(path, messages)
        sessions.append(session)
        pane = EventsPane(session, Selection(session))
        qtbot.addWidget(pane)
        pane.resize(width, 500)
        pane.show()
        session.start()
        qtbot.waitUntil(lambda: pane.model.rows > 0 if rows is None else pane.model.rows == rows, timeout=_WAIT_MS)
        return pane

    yield opened
    for session in sessions:
        session.close()


def text(pane: EventsPane, row: int, column: int) -> str:
    """What a cell shows."""
    return str(pane.model.data(pane.model.index(row, column)))


def wait_for_text(qtbot: QtBot, pane: EventsPane, row: int) -> None:
    """Waits until a row is read."""
    qtbot.waitUntil(lambda: text(pane, row, KEY) != "", timeout=_WAIT_MS)


def wait_for_seq(qtbot: QtBot, pane: EventsPane, seq: int) -> None:
    """Waits until an event is the current one."""
    qtbot.waitUntil(lambda: pane._selection.seq == seq, timeout=_WAIT_MS)


def listed(pane: EventsPane) -> list[int]:
    """The numbers of all rows."""
    return [pane.model.seq_of(row) for row in range(pane.model.rows)]


def narrow(qtbot: QtBot, pane: EventsPane, filter_text: str) -> None:
    """Puts a filter in force and waits until the search is over."""
    pane._selection.choose_filter(filter_text)
    qtbot.waitUntil(lambda: pane.lister.wish.filter == filter_text and pane.lister.is_done, timeout=_WAIT_MS)


def order(qtbot: QtBot, pane: EventsPane, name: str, *, newest_first: bool = False) -> None:
    """Lists in another order and waits until it is there."""
    pane.set_order(name, newest_first=newest_first)
    wanted = (name, newest_first)
    qtbot.waitUntil(lambda: (pane.lister.wish.order, pane.lister.wish.newest_first) == wanted and pane.lister.is_done, timeout=_WAIT_MS)


# ---- orders


def test_the_current_event_and_its_place_survive_another_order(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane.choose_row(1_500)
    place = pane.view.place_in_view(1_500)
    assert place > 0
    for name, newest_first in (("time", False), ("time", True), ("log", True), ("arrival", True), ("arrival", False)):
        order(qtbot, pane, name, newest_first=newest_first)
        row = pane.view.currentIndex().row()
        assert pane.model.seq_of(row) == pane._selection.seq == 1_501
        assert pane.view.place_in_view(row) == place
    assert pane.view.currentIndex().row() == 1_500


def test_a_click_on_a_header_lists_by_it_and_turns_it_round(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 50))
    header = pane.view.header
    at = QPoint(header.sectionViewportPosition(1) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: pane.lister.wish.order == "time", timeout=_WAIT_MS)
    assert pane.model.headerData(1, Qt.Orientation.Horizontal) == "time (UTC) ↑"
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: pane.lister.wish.newest_first, timeout=_WAIT_MS)
    assert listed(pane)[:2] == [50, 49]
    assert "newest first" in pane.order_button.text()


def test_a_list_that_is_being_made_says_at_least(qtbot: QtBot, open_pane: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "PAGE", 50)
    monkeypatch.setattr("app.lister.advance", lambda reader, walk, **_: listing.advance(reader, walk, budget_s=0))
    pane = open_pane(capture(tmp_path / "a.evcap", 2_000))
    notes: list[str] = []
    pane.lister.progressed.connect(lambda: notes.append(pane.note.whole_text()))
    order(qtbot, pane, "log")
    assert any(note.startswith("at least ") and "listed " in note for note in notes)
    assert pane.note.whole_text() == "2,000 events"


# ---- filters and ranges


def test_a_filter_narrows_the_list_and_counts_what_it_cannot_be_asked_of(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(100)
        growing.append_values([b"\xff"] * 3, flags=Flag.undecodable)
    pane = open_pane(tmp_path / "a.evcap")
    narrow(qtbot, pane, "data.total > 90")
    assert listed(pane) == list(range(92 - 1, 101))
    assert pane.note.whole_text() == "10 of 103"
    assert pane.unasked_button.text() == "3 not applicable"
    with qtbot.waitSignal(pane.lister.accepted, timeout=_WAIT_MS):
        QTest.mouseClick(pane.unasked_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: listed(pane) == [101, 102, 103], timeout=_WAIT_MS)
    assert pane.unasked_button.isHidden()
    pane._selection.back()
    qtbot.waitUntil(lambda: listed(pane) == list(range(92 - 1, 101)), timeout=_WAIT_MS)


@pytest.mark.parametrize(("what", "text"), [("stream", 'stream == "order-3" && category == "orders"'), ("key", 'key == "order-3"')])
def test_what_is_followed_is_in_order_of_time_and_back_restores_filter_place_and_event(
    qtbot: QtBot, open_pane: Open, tmp_path: Path, what: str, text: str
) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 600))
    narrow(qtbot, pane, "seq > 10")
    order(qtbot, pane, "log", newest_first=True)
    pane.view.put_on_top(120)
    seq = pane.model.seq_of(next(row for row in range(125, 200) if pane.model.seq_of(row) % 50 == 4))
    pane.choose_row(pane.model.row_of(seq))
    pane.view.put_on_top(122)
    before = listed(pane)
    pane.follow_from(what)
    qtbot.waitUntil(lambda: pane._selection.filter == text and pane.lister.wish.filter == text and pane.lister.is_done, timeout=_WAIT_MS)
    assert pane.lister.wish.order == "time"
    assert not pane.lister.wish.newest_first
    assert listed(pane) == [number for number in range(1, 601) if number % 50 == 4]
    assert pane._selection.seq == seq
    pane._selection.back()
    qtbot.waitUntil(lambda: pane.lister.wish.filter == "seq > 10" and pane.lister.is_done, timeout=_WAIT_MS)
    assert (pane.lister.wish.order, pane.lister.wish.newest_first) == ("log", True)
    assert listed(pane) == before
    assert pane._selection.seq == seq
    assert pane.view.top_row == 122
    assert pane.model.seq_of(pane.view.currentIndex().row()) == seq


def test_an_order_that_is_chosen_while_something_is_followed_is_the_list_s_own(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 600))
    pane.choose_row(2)
    pane.follow_from("key")
    qtbot.waitUntil(lambda: pane.lister.wish.order == "time" and pane.lister.is_done, timeout=_WAIT_MS)
    order(qtbot, pane, "arrival")
    assert pane.lister.wish.order == "arrival"
    pane._selection.choose_filter("")
    qtbot.waitUntil(lambda: pane.model.rows == 600, timeout=_WAIT_MS)
    assert pane.lister.wish.order == "arrival"


def test_what_an_event_lacks_cannot_be_followed(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3))
    pane.follow_from("stream")
    assert "choose an event first" in pane.notice.text.whole_text()
    pane.choose_row(1)
    pane.follow_from("correlation_id")
    qtbot.waitUntil(lambda: "no correlation id" in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    assert pane._selection.filter == ""


def test_the_newest_matches_come_first_and_a_search_can_be_stopped_and_go_on(
    qtbot: QtBot, open_pane: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PAGE", 50)
    monkeypatch.setattr("app.lister.advance", lambda reader, walk, **_: listing.advance(reader, walk, budget_s=0))
    pane = open_pane(capture(tmp_path / "a.evcap", 5_000))
    order(qtbot, pane, "arrival", newest_first=True)
    pane._selection.choose_filter("position % 10 == 0")
    qtbot.waitUntil(lambda: pane.lister.is_searching, timeout=_WAIT_MS)
    pane.stop_button.click()
    assert pane.lister.is_stopped
    assert listed(pane)[0] == 4_991
    note = pane.note.whole_text()
    assert " of at least " in note
    assert "searched " in note
    assert "stopped" in note
    found = pane.model.rows
    assert pane.stop_button.text() == "Go on"
    pane.stop_button.click()
    qtbot.waitUntil(lambda: pane.lister.is_done, timeout=_WAIT_MS)
    assert found < pane.model.rows == 500
    assert listed(pane) == list(range(4_991, 0, -10))
    assert not pane.stop_button.isVisible()


def test_a_wrong_filter_is_said_in_the_panel_and_changes_nothing(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    pane._selection.choose_filter("typ == 3")
    qtbot.waitUntil(pane.notice.isVisible, timeout=_WAIT_MS)
    said = pane.notice.text.whole_text()
    assert "column 1" in said
    assert "did you mean type?" in said
    assert pane.model.rows == 20
    narrow(qtbot, pane, "position == 3")
    assert not pane.notice.isVisible()
    assert listed(pane) == [4]


def test_the_order_can_change_under_a_wrong_filter(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    pane._selection.choose_filter("typ == 3")
    qtbot.waitUntil(pane.notice.isVisible, timeout=_WAIT_MS)
    order(qtbot, pane, "arrival", newest_first=True)
    assert listed(pane)[0] == 20


def test_the_way_back_from_a_filter_leads_to_the_same_event(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane.choose_row(2_000)
    narrow(qtbot, pane, "position < 10")
    assert pane._selection.seq == 2_001
    assert not pane.view.currentIndex().isValid()
    pane.choose_row(3)
    pane._selection.back()
    qtbot.waitUntil(lambda: pane.view.currentIndex().row() == 2_000, timeout=_WAIT_MS)
    assert pane.view.place_in_view(2_000) >= 0
    assert pane._selection.seq == 2_001


def test_selecting_all_is_seen_until_a_row_is_chosen(open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    QTest.keyClick(pane.view, Qt.Key.Key_A, _CONTROL)
    assert pane.note.whole_text() == "all 20 selected"
    at = QPoint(20, pane.view.height() - 30)  # the state of an ordinary event: nothing is written there
    assert pane.view.grab().toImage().pixelColor(at) == style.color("selection")
    pane.choose_row(5)
    assert pane.view.grab().toImage().pixelColor(at) == style.color("panel")
    assert pane.note.whole_text() == "20 events"


def test_nothing_found_says_what_was_searched_and_offers_the_way_back(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    narrow(qtbot, pane, 'type == "Nothing"')
    assert "20 events were searched" in pane.empty._hint.whole_text()
    pane._clear.click()
    qtbot.waitUntil(lambda: pane.model.rows == 20, timeout=_WAIT_MS)
    assert pane.view.isVisible()


def test_new_matches_come_to_a_filtered_list(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(100)
        pane = open_pane(growing.path)
        narrow(qtbot, pane, "position % 50 == 0")
        growing.append(200)
        qtbot.waitUntil(lambda: pane.model.rows == 6, timeout=_WAIT_MS)
        assert listed(pane) == [1, 51, 101, 151, 201, 251]
        qtbot.waitUntil(lambda: pane.note.whole_text() == "6 of 300", timeout=_WAIT_MS)


def test_a_time_range_bounds_every_order(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 500))
    pane._selection.choose_time_range((START_US + 100_000, START_US + 110_000))
    qtbot.waitUntil(lambda: pane.model.rows == 10 and pane.lister.is_done, timeout=_WAIT_MS)
    for name in ("time", "log", "arrival"):
        order(qtbot, pane, name)
        assert listed(pane) == list(range(101, 111))
    assert "10 in the time range" in pane.note.whole_text()
    pane._selection.back()
    qtbot.waitUntil(lambda: pane.model.rows == 500, timeout=_WAIT_MS)


def test_coming_to_the_list_chooses_nothing_and_the_first_key_chooses_what_is_in_view(open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane.view.put_on_top(1_000)
    QApplication.sendEvent(pane.view, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert not pane.view.currentIndex().isValid()
    assert pane._selection.seq == 0
    QTest.keyClick(pane.view, Qt.Key.Key_Down)
    assert (pane.view.currentIndex().row(), pane.view.top_row) == (1_000, 1_000)
    pane._selection.choose_event(0)
    QTest.keyClick(pane.view, Qt.Key.Key_Up)
    assert pane.view.top_row == 1_000
    assert pane.view.place_in_view(pane.view.currentIndex().row()) >= 10
    pane._selection.choose_event(0)
    QTest.keyClick(pane.view, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert (pane.view.currentIndex().row(), pane.view.top_row) == (0, 0)


# ---- following


@pytest.mark.parametrize("name", ["arrival", "time"])
def test_newest_first_what_comes_on_top_moves_neither_list_nor_selection(qtbot: QtBot, open_pane: Open, tmp_path: Path, name: str) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(300)
        pane = open_pane(growing.path)
        order(qtbot, pane, name, newest_first=True)
        pane.choose_row(3)
        top = pane.model.seq_of(pane.view.top_row)
        growing.append(50)
        qtbot.waitUntil(lambda: pane.model.rows == 350, timeout=_WAIT_MS)
        assert pane.model.seq_of(pane.view.top_row) == top == 300
        assert pane.view.currentIndex().row() == 53
        assert pane._selection.seq == 297
        assert pane._new.text() == "▲ 50 new"
        QTest.mouseClick(pane._new, Qt.MouseButton.LeftButton)
        assert pane.is_stuck
        growing.append(10)
        qtbot.waitUntil(lambda: pane.model.rows == 360, timeout=_WAIT_MS)
        assert pane.view.verticalScrollBar().value() == 0
        assert pane._selection.seq == 297
        QTest.keyClick(pane.view, Qt.Key.Key_PageDown)
        assert not pane.is_stuck


def test_the_oldest_go_from_every_list(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(300)
        pane = open_pane(growing.path)
        order(qtbot, pane, "time", newest_first=True)
        pane.choose_row(299)
        growing.remove_oldest(100)
        qtbot.waitUntil(lambda: pane.model.rows == 200, timeout=_WAIT_MS)
        assert listed(pane)[-1] == 101
        assert pane._selection.seq == 1
        assert not pane.view.currentIndex().isValid()


def test_an_event_chosen_elsewhere_is_shown_in_the_list(open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane._selection.choose_event(2_000)
    assert pane.view.currentIndex().row() == 1_999
    assert pane.view.place_in_view(1_999) >= 0


# ---- jumps


def jump(qtbot: QtBot, pane: EventsPane, wanted: str) -> None:
    """Types a jump into its box, as a user does."""
    pane.view.setFocus()
    QTest.keyClick(pane.view, Qt.Key.Key_G, _CONTROL)
    qtbot.waitUntil(lambda: pane.jump_bar.isVisible() and pane.to_do.here().newest_us is not None, timeout=_WAIT_MS)
    pane.jump_bar.box.clear()
    QTest.keyClicks(pane.jump_bar.box, wanted)
    QTest.keyClick(pane.jump_bar.box, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("wanted", "seq"),
    [
        ("2026-11-23T08:00:01.500Z", 1_501),
        ("08:00:01.5", 1_501),
        ("shop.orders/0:1234", 1_235),
        ("1234", 1_235),
        ("#77", 77),
        ("-1s", 2_000),
    ],
)
def test_a_jump_goes_there_without_filtering(qtbot: QtBot, open_pane: Open, tmp_path: Path, wanted: str, seq: int) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane.choose_row(0)
    jump(qtbot, pane, wanted)
    qtbot.waitUntil(lambda: pane._selection.seq == seq, timeout=_WAIT_MS)
    assert pane.model.rows == 3_000
    assert pane.view.place_in_view(seq - 1) >= 0
    assert not pane.notice.isVisible()
    assert not pane.jump_bar.isVisible()


@pytest.mark.parametrize(
    ("wanted", "said", "seq"),
    [
        ("2026-11-24", "the nearest is 2026-11-23 08:00:00.099000 UTC", 100),
        ("9999", "no record at offset 9,999 of shop.orders/0 in the capture; the nearest is 99", 100),
        ("#1000", "there are #1 to #100", 100),
        ("v7", "no version 7 of order-9", 10),
        ("nowhere/1:5", "there is no nowhere/1 in the capture", 10),
    ],
)
def test_where_nothing_is_the_nearest_is_named(qtbot: QtBot, open_pane: Open, tmp_path: Path, wanted: str, said: str, seq: int) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 100))
    pane.choose_row(9)
    jump(qtbot, pane, wanted)
    qtbot.waitUntil(lambda: said in pane.notice.text.whole_text(), timeout=_WAIT_MS)
    assert pane._selection.seq in {seq, 10, 60}


def test_a_jump_to_what_the_filter_leaves_out_goes_near_and_says_so(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 1_000))
    narrow(qtbot, pane, "position % 100 == 0")
    jump(qtbot, pane, "#640")
    qtbot.waitUntil(lambda: pane._selection.seq == 601, timeout=_WAIT_MS)
    assert "not in this list; the nearest in it is #601" in pane.notice.text.whole_text()


def test_what_cannot_be_a_jump_is_explained_and_escape_leaves(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 10))
    jump(qtbot, pane, "soon")
    assert "write a time" in pane.jump_bar.meaning.whole_text()
    QTest.keyClick(pane.jump_bar.box, Qt.Key.Key_Escape)
    assert not pane.jump_bar.isVisible()
    assert pane.view.hasFocus()


def test_a_moment_that_another_pane_points_at_is_gone_to(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 3_000))
    pane._selection.go_to_moment((START_US + 1_234_000, START_US + 1_235_000))
    qtbot.waitUntil(lambda: pane._selection.seq == 1_235, timeout=_WAIT_MS)


def test_the_neighbours_in_the_stream_are_one_key_away(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 200))
    pane.choose_row(60)
    pane.view.setFocus()
    QTest.keyClick(pane.view, Qt.Key.Key_Period, _CONTROL)
    qtbot.waitUntil(lambda: pane._selection.seq == 111, timeout=_WAIT_MS)
    for seq in (61, 11):
        QTest.keyClick(pane.view, Qt.Key.Key_Comma, _CONTROL)
        wait_for_seq(qtbot, pane, seq)
    QTest.keyClick(pane.view, Qt.Key.Key_Comma, _CONTROL)
    qtbot.waitUntil(lambda: "no earlier event of this stream" in pane.notice.text.whole_text(), timeout=_WAIT_MS)


# ---- the menu


def opened_menu(pane: EventsPane, row: int, column: int) -> EventMenu:
    """The menu of a cell."""
    pane._open_menu(pane.model.index(row, column), pane.mapToGlobal(QPoint(10, 10)))
    return next(menu for menu in pane.findChildren(EventMenu) if menu.isVisible())


def press(menu: QMenu, words: str) -> None:
    """Triggers the action whose text begins so."""
    next(action for action in menu.actions() if action.text().startswith(words)).trigger()
    menu.close()


@_POPUP
@pytest.mark.parametrize(
    ("column", "exclude", "rows"),
    [(KEY, False, 4), (KEY, True, 196), (OFFSET, False, 1), (LOG, False, 200), (VALUE, False, 1), (TYPE, True, 0)],
)
def test_a_cell_becomes_a_filter(qtbot: QtBot, open_pane: Open, tmp_path: Path, column: int, exclude: bool, rows: int) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 200))
    wait_for_text(qtbot, pane, 7)
    pane.choose_row(7)
    press(opened_menu(pane, 7, column), "Exclude" if exclude else "Filter by")
    qtbot.waitUntil(lambda: bool(pane.lister.wish.filter) and pane.lister.is_done, timeout=_WAIT_MS)
    assert pane.model.rows == rows


@_POPUP
def test_a_cell_can_be_joined_to_the_filter_in_every_way(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 200))
    wait_for_text(qtbot, pane, 7)
    narrow(qtbot, pane, "position < 20")
    wait_for_text(qtbot, pane, 7)
    menu = opened_menu(pane, 7, OFFSET)
    qtbot.waitUntil(menu.joins.isEnabled, timeout=_WAIT_MS)
    words = [action.text() for action in menu.joins.actions() if action.text()]
    assert words == ["position == 7", "Only this", "And this", "Or this", "And not this", "Or not this"]
    press(menu.joins, "Only this")
    qtbot.waitUntil(lambda: pane.lister.wish.filter == "position == 7" and pane.lister.is_done, timeout=_WAIT_MS)
    assert pane.model.rows == 1


def test_a_second_cell_narrows_further(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 200))
    narrow(qtbot, pane, "position < 60 || position > 190")
    pane.to_do.filter_by(8, KEY, exclude=False)
    qtbot.waitUntil(lambda: "&&" in pane.lister.wish.filter and pane.lister.is_done, timeout=_WAIT_MS)
    assert listed(pane) == [8, 58]


@_POPUP
def test_the_stream_of_a_row_can_be_replayed(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    wait_for_text(qtbot, pane, 7)
    with qtbot.waitSignal(pane._selection.replay_wanted) as asked:
        press(opened_menu(pane, 7, VALUE), "Replay this stream")
    assert asked.args == [8]


@pytest.mark.parametrize(
    ("what", "expected"),
    [("key", "order-7"), ("value", '{"order_id":"order-7","total":7.50}'), ("position", "shop.orders/0:7")],
)
def test_an_event_is_copied_as(qtbot: QtBot, open_pane: Open, tmp_path: Path, what: str, expected: str) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    pane.choose_row(7)
    QGuiApplication.clipboard().clear()
    pane.copy_as(what)
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == expected, timeout=_WAIT_MS)


def test_the_command_lists_the_same(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 20))
    narrow(qtbot, pane, 'key == "order-7"')
    order(qtbot, pane, "time", newest_first=True)
    pane.copy_command()
    path = tmp_path / "a.evcap"
    assert QGuiApplication.clipboard().text() == f"eventscope events {path} --filter 'key == \"order-7\"' --order time --reverse"


# ---- columns, zone, room


def test_columns_are_shown_hidden_moved_and_remembered_by_name(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 20)
    pane = open_pane(path)
    header = pane.view.header
    for words in ("Actor", "Key size"):
        next(action for action in header.menu().actions() if action.text() == words).trigger()
    header.show_column("type", on=False)
    header.moveSection(header.visualIndex(NAMES.index("value")), 1)
    header.resizeSection(KEY, 222)
    other = open_pane(path)
    other.view.restore_columns(pane.view.columns())
    restored = other.view.header
    assert restored.is_shown("actor")
    assert restored.is_shown("key_bytes")
    assert not restored.is_shown("type")
    assert restored.visualIndex(NAMES.index("value")) == 1
    assert restored.sectionSize(KEY) == 222
    restored.reset_columns()
    assert restored.is_shown("type")
    assert not restored.is_shown("actor")
    assert other.view.columns() == ColumnChoices()


def test_columns_that_are_not_there_are_left_out(open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 5))
    pane.view.restore_columns(ColumnChoices({"none": True}, {"none": 90, "key": 9_000_000}, ("none", "key"), ("data.",)))
    assert pane.view.header.is_shown("value")
    assert pane.view.columns() == ColumnChoices({}, {"key": 4_000}, ("key",))


@pytest.mark.parametrize("width", [560, 640, 760, 900, 1_300])
def test_the_value_is_readable_without_scrolling_sideways(open_pane: Open, tmp_path: Path, width: int) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 5), width=width)
    header = pane.view.header
    assert pane.view.horizontalScrollBar().maximum() == 0
    assert header.sectionSize(VALUE) >= 150
    assert all(header.is_shown(name) for name in ("state", "time", "key", "type"))


def test_the_state_has_its_word_at_every_width(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([None], flags=Flag.tombstone)
        growing.append_values([b"x"], flags=Flag.undecodable)
    for width in (600, 1_500):
        pane = open_pane(growing.path, width=width)
        wait_for_text(qtbot, pane, 0)
        shown = [f"{text(pane, row, 0)} {text(pane, row, VALUE)}" for row in range(2)]
        assert ("∅" in shown[0], "!" in shown[1]) == (True, True)
        assert ("tombstone" in shown[0], "undecodable" in shown[1]) == (True, True)


def test_times_are_shown_in_the_chosen_zone(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 5), width=1_500)
    pane.set_zone(ZoneInfo("Asia/Kolkata"))
    qtbot.waitUntil(lambda: text(pane, 0, 1) == "2026-11-23 13:30:00.000000", timeout=_WAIT_MS)
    assert pane.model.headerData(1, Qt.Orientation.Horizontal) == "time (Asia/Kolkata)"


# ---- what must hold


class Counted(EventTable):
    """Counts what Qt asks."""

    calls = 0

    def data(self, index: Any, role: int = 0) -> Any:
        """As ever, counted."""
        self.calls += 1
        return super().data(index, role)


def test_end_jump_and_select_all_of_ten_million_rows_ask_for_little(qtbot: QtBot, qapp: QApplication) -> None:
    model = Counted()
    view = EventView(model)
    qtbot.addWidget(view)
    view.resize(640, 420)
    view.show()
    model.set_watermark(Watermark(1, 10_000_000))
    qapp.processEvents()
    model.calls = 0
    QTest.keyClick(view, Qt.Key.Key_End, _CONTROL)
    qapp.processEvents()
    assert view.currentIndex().row() == 9_999_999
    view.choose_row(5_000_000)
    qapp.processEvents()
    QTest.keyClick(view, Qt.Key.Key_A, _CONTROL)
    qapp.processEvents()
    assert view.is_all_selected
    assert 0 < model.calls < 3_000


def test_no_question_to_the_file_is_asked_in_the_gui_thread(
    qtbot: QtBot, open_pane: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = capture(tmp_path / "a.evcap", 2_000)
    threads: set[threading.Thread] = set()
    inside, opening = CaptureReader.each, CaptureReader.__init__

    def each(self: CaptureReader, *arguments: Any) -> Any:
        threads.add(threading.current_thread())
        return inside(self, *arguments)

    def opened(self: CaptureReader, at: Path) -> None:
        threads.add(threading.current_thread())
        opening(self, at)

    monkeypatch.setattr(CaptureReader, "each", each)
    monkeypatch.setattr(CaptureReader, "__init__", opened)
    pane = open_pane(path)
    pane.choose_row(1_000)
    for name in ("time", "log"):
        order(qtbot, pane, name, newest_first=True)
    narrow(qtbot, pane, "position % 7 == 0")
    jump(qtbot, pane, "#77")
    qtbot.waitUntil(lambda: pane._selection.seq == 78, timeout=_WAIT_MS)
    pane.view.selectAll()
    pane.copy()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().count("\n") == pane.model.rows - 1, timeout=_WAIT_MS)
    pane.to_do.filter_by(78, KEY, exclude=True)
    qtbot.waitUntil(lambda: "&&" in pane.lister.wish.filter and pane.lister.is_done, timeout=_WAIT_MS)
    assert threads
    assert threading.main_thread() not in threads


def test_everything_to_click_or_write_in_has_a_name(open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 5))
    for widget in (pane, pane.view, pane.view.header, pane.order_button, pane.jump_bar, pane.jump_bar.box, pane.notice):
        assert widget.accessibleName()


def test_a_filter_without_the_current_event_shows_what_is_around_its_place(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    session = Session(capture(tmp_path / "a.evcap", 5_000), messages)
    session.start()
    selection = Selection()
    pane = EventsPane(session, selection)
    qtbot.addWidget(pane)
    pane.resize(800, 500)
    pane.show()
    qtbot.waitUntil(lambda: pane.model.rows == 5_000, timeout=_WAIT_MS)
    pane.choose_row(2_503)
    selection.choose_filter('stream == "order-7"')
    qtbot.waitUntil(lambda: pane.model.rows == 100 and pane.lister.is_done, timeout=_WAIT_MS)
    assert pane.model.seq_of(50) == 2_508
    assert pane.view.place_in_view(50) >= 0
    assert selection.seq == 2_504
    selection.choose_filter("")
    qtbot.waitUntil(lambda: pane.view.currentIndex().row() == 2_503, timeout=_WAIT_MS)
    session.close()


def test_a_place_is_a_column_that_is_filled_filtered_by_kept_and_taken_away(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 300))
    qtbot.waitUntil(lambda: text(pane, 0, KEY) != "", timeout=_WAIT_MS)
    pane.choose_row(2)
    pane._selection.show_column("data.total")
    column = len(NAMES)
    assert pane.view.selectionModel().isSelected(pane.model.index(2, column))
    qtbot.waitUntil(lambda: text(pane, 7, column) == "7.50", timeout=_WAIT_MS)
    header = pane.view.header
    assert header.is_shown("data.total")
    assert header.visualIndex(NAMES.index("value")) > header.visualIndex(column)
    with qtbot.waitSignal(pane._selection.filter_changed, timeout=_WAIT_MS):
        pane.to_do.filter_by(8, column, exclude=False)
    assert pane._selection.filter == "data.total == 7.50"
    qtbot.waitUntil(lambda: listed(pane) == [8], timeout=_WAIT_MS)
    state = pane.view.columns()
    (action,) = [action for action in header.menu().actions() if action.text() == "data.total"]
    action.setChecked(False)
    assert pane.model.columnCount() == column
    pane.view.restore_columns(state)
    assert header.is_shown("data.total")
    pane.view.restore_columns(ColumnChoices(added=("data.total", "type", "data.")))
    assert [place.text for place in pane.model.columns.places] == ["data.total"]
    header.reset_columns()
    assert pane.model.columnCount() == column


def test_places_of_the_filter_are_offered_as_columns(qtbot: QtBot, open_pane: Open, tmp_path: Path) -> None:
    pane = open_pane(capture(tmp_path / "a.evcap", 30))
    narrow(qtbot, pane, 'data.total > 3 && data["a&b"] != 1')
    (wanted,) = [action for action in pane.view.header.menu().actions() if action.text() == "Add data.total"]
    assert any(action.text() == 'Add data["a&&b"]' for action in pane.view.header.menu().actions())
    wanted.trigger()
    assert pane.view.header.is_shown("data.total")
    assert not any(action.text() == "Add data.total" for action in pane.view.header.menu().actions())
