"""The pages of the replay pane with a real fold process: two moments, what if, a field's history, plots, pins, clocks, playing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app import fold
from app.messages import Messages
from app.models.text_table import TextTable
from app.panes.replay import ReplayPane
from app.replay_page import ReplayPage
from app.selection import Selection
from app.session import Session
from inspector.event import Flag, parse_time
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_NOON_US = parse_time("2026-11-23T12:00:00Z")
_MINUTE_US = 60_000_000


def account() -> list[Written]:
    """Six events of an account, a minute apart; the fifth is aborted, and the fourth was recorded an hour late."""
    amounts = [100, 80, 80, 50, 999, -10]
    events = []
    for place, balance in enumerate(amounts):
        time_us = _NOON_US + place * _MINUTE_US
        document: dict[str, Any] = {"balance": balance, "note": {"by": f"teller-{place % 2}"}}
        events.append(
            Written(
                place,
                json.dumps(document),
                "account-1",
                place + 1,
                time_us,
                ("Opened", "Withdrawn")[place > 0],
                flags=int(Flag.aborted) if place == 4 else 0,
                actor="ann",
                category="account",
                recorded_us=time_us + (60 * _MINUTE_US if place == 3 else 0),
            )
        )
    return events


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[ReplayPane]:
    path = write(tmp_path / "a.evcap", [Log(account())])
    session = Session(path, messages)
    session.start()
    selection = Selection()
    made = ReplayPane(session, selection)
    qtbot.addWidget(made)
    made.resize(460, 700)
    made.show()
    selection.choose_event(6)
    qtbot.waitUntil(lambda: made.replaying.look.get("place") == 5 and bool(made.controls.slider.strip.cells), timeout=_WAIT_MS)
    yield made
    session.close()
    fold.wait_for_all()


def rows(page: ReplayPage) -> list[list[str]]:
    return [list(row) for row in page.table.rows]


def at(qtbot: QtBot, pane: ReplayPane, place: int) -> None:
    pane.go_to_count(place)
    qtbot.waitUntil(lambda: pane.replaying.look.get("place") == place, timeout=_WAIT_MS)


def test_the_strip_has_the_events_that_count(pane: ReplayPane) -> None:
    cells = pane.controls.slider.strip.cells
    assert [cell.name for cell in cells] == ["Opened", *["Withdrawn"] * 4]
    assert cells[4].note == "1 aborted before it"
    assert (pane.controls.slider.maximum(), pane.controls.slider.value()) == (5, 5)


def test_changes_of_the_last_event(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.turn_to(pane.tabs.changes)
    assert rows(pane.tabs.changes) == [["~ balance", "50", "-10"]]
    at(qtbot, pane, 3)
    assert rows(pane.tabs.changes) == [["~ note.by", '"teller-1"', '"teller-0"']]
    at(qtbot, pane, 0)
    assert pane.tabs.changes.empty.sentence() == "No event is applied yet."


def test_two_moments(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.controls.slider.setFocus()
    QTest.keyClick(pane.controls.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: pane.replaying.look.get("place") == 0, timeout=_WAIT_MS)
    at(qtbot, pane, 1)
    pane.show_second(5)
    diff = pane.tabs.diff
    assert pane.tabs.current is diff
    qtbot.waitUntil(lambda: rows(diff) == [["~ balance", "100", "-10"], ["~ note.by", '"teller-0"', '"teller-1"']], timeout=_WAIT_MS)
    assert diff.table.headerData(1, Qt.Orientation.Horizontal) == "A after v1"
    assert diff.table.headerData(2, Qt.Orientation.Horizontal) == "B after v6"
    at(qtbot, pane, 5)
    qtbot.waitUntil(lambda: diff.empty.sentence() == "The two states are equal.", timeout=_WAIT_MS)
    diff.clear.click()
    assert pane.controls.slider.second is None
    assert diff.empty.sentence() == "Only one moment is chosen."


def test_what_if_an_event_had_not_happened(pane: ReplayPane, qtbot: QtBot) -> None:
    page = pane.tabs.what_if
    pane.tabs.turn_to(page)
    assert page.empty.sentence() == "No event is left out."
    page.leave_out.click()
    qtbot.waitUntil(lambda: rows(page) == [["~ balance", "-10", "50"]], timeout=_WAIT_MS)
    assert page.said.whole_text() == "without v6 Withdrawn · 1 difference"
    assert page.honest.whole_text() == "! This is not what happened."
    page.put_back.click()
    qtbot.waitUntil(lambda: page.empty.sentence() == "No event is left out." and not pane.replaying.look.get("left_out"), timeout=_WAIT_MS)


def test_the_history_of_a_field_leads_to_its_events(pane: ReplayPane, qtbot: QtBot) -> None:
    page = pane.tabs.field
    pane.tabs.show_field("/balance")
    qtbot.waitUntil(lambda: len(page.table.rows) == 4, timeout=_WAIT_MS)
    assert [row[3] for row in rows(page)] == ["50 → -10", "80 → 50", "100 → 80", "100"]
    assert [row[0] for row in rows(page)] == ["v6", "v4", "v2", "v1"]
    assert rows(page)[0][1] == "2026-11-23 12:05:00"
    page.view.setCurrentIndex(page.table.index(1, 0))
    page.view.activated.emit(page.table.index(1, 0))
    assert pane._selection.seq == 4
    assert pane.controls.pin.isChecked()
    page.copy_row()
    assert QGuiApplication.clipboard().text() == "v4\t2026-11-23 12:03:00\tWithdrawn\t80 → 50"


def test_a_field_that_was_never_there(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.show_field("/nothing")
    qtbot.waitUntil(lambda: pane.tabs.field.empty.sentence() == "Nothing set this field up to here.", timeout=_WAIT_MS)


def test_pins_are_shown_and_plotted(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.toggle_pin("/balance")
    pane.tabs.toggle_pin("/note/by")
    at(qtbot, pane, 2)
    qtbot.waitUntil(
        lambda: [list(row) for row in pane.tabs.pinned.rows] == [["balance", "80"], ["note.by", '"teller-1"']], timeout=_WAIT_MS
    )
    plot = pane.tabs.plot
    pane.tabs.turn_to(plot)
    qtbot.waitUntil(lambda: "balance" in plot.plot.lines, timeout=_WAIT_MS)
    assert [(point[0], point[2]) for point in plot.plot.lines["balance"]] == [(1, 100), (2, 80), (4, 50), (5, -10)]
    assert plot.plot.is_by_time
    wanted: list[object] = []
    plot.place_wanted.connect(wanted.append)
    plot.plot.choose((_NOON_US + 3 * _MINUTE_US) / 1_000_000)
    qtbot.waitUntil(lambda: pane.replaying.look.get("place") == 4, timeout=_WAIT_MS)
    assert wanted == [4]
    QTest.keyClick(plot.plot, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: pane.replaying.look.get("place") == 5, timeout=_WAIT_MS)
    plot.as_table.click()
    assert rows(plot)[0] == ["1", "balance", "100"]
    pane.tabs.toggle_pin("/balance")
    pane.tabs.toggle_pin("/note/by")
    qtbot.waitUntil(lambda: plot.empty.sentence() == "No field is pinned.", timeout=_WAIT_MS)


def test_another_zone_holds_in_the_strip_too(pane: ReplayPane) -> None:
    slider = pane.controls.slider
    assert "2026-11-23 12:00:00" in slider.words_at(slider.x_of(0) + 2)
    pane.set_zone(ZoneInfo("Asia/Tokyo"))
    assert "2026-11-23 21:00:00" in slider.words_at(slider.x_of(0) + 2)


def test_both_clocks(pane: ReplayPane, qtbot: QtBot) -> None:
    time, clock = pane.controls.time, pane.controls.clock
    for words, balance in (("event time", "50"), ("known by", "80")):
        clock.setCurrentText(words)
        time.setFocus()
        time.setText("2026-11-23T12:03:30Z")
        time.setModified(True)
        with qtbot.waitSignal(pane.replaying.looked, timeout=_WAIT_MS):
            pane.go_to_time()
        level = pane.replaying.look["levels"][""]["children"]
        assert next(child["text"] for child in level if child["key"] == "balance") == balance, words
    assert "known_at" in pane.replaying.here


def test_aborted_events_can_be_folded_in_and_it_is_said(pane: ReplayPane, qtbot: QtBot) -> None:
    chip = pane.controls.aborted
    assert chip.text() == "1 aborted left out"
    chip.click()
    qtbot.waitUntil(lambda: chip.text() == "1 aborted folded in", timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: "aborted" in pane.controls.history.whole_text(), timeout=_WAIT_MS)
    assert pane.controls.history.whole_text().startswith("! ")
    chip.click()
    qtbot.waitUntil(lambda: chip.text() == "1 aborted left out", timeout=_WAIT_MS)


def test_a_stream_is_played(pane: ReplayPane, qtbot: QtBot) -> None:
    at(qtbot, pane, 0)
    pane.controls.pace_chosen.emit("600 times as fast")
    pane.controls.play.click()
    assert pane.controls.play.text() == "Stop"
    qtbot.waitUntil(lambda: not pane.player.is_playing, timeout=_WAIT_MS)
    assert pane.replaying.look["place"] == 5
    assert pane.controls.play.text() == "Play"


def test_a_stream_without_snapshots(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.turn_to(pane.tabs.snapshots)
    wanted = "The store kept no snapshot of this stream."
    qtbot.waitUntil(lambda: pane.tabs.snapshots.empty.sentence() == wanted, timeout=_WAIT_MS)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # menus off the screen
def test_the_menu_of_the_state_has_history_and_pin(pane: ReplayPane, qtbot: QtBot) -> None:
    index = pane.tree.index_of("/balance")
    pane.view.setCurrentIndex(index)
    pane.view.customContextMenuRequested.emit(pane.view.visualRect(index).center())
    menu = next(menu for menu in pane.view.findChildren(QMenu) if menu.isVisible())
    names = [action.text() for action in menu.actions()]
    assert {"History of this field", "Pin", "Copy value"} <= set(names)
    next(action for action in menu.actions() if action.text() == "History of this field").trigger()
    menu.close()
    assert pane.tabs.current is pane.tabs.field
    qtbot.waitUntil(lambda: len(pane.tabs.field.table.rows) == 4, timeout=_WAIT_MS)


def test_rows_of_pages_keep_the_rules_of_models() -> None:
    table = TextTable(("a", "b"))
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_rows([["1", "2"]], ["ok"])
    table.name_columns(("c", "d"))
    assert table.headerData(1, Qt.Orientation.Horizontal) == "d"
    table.show_rows([])
