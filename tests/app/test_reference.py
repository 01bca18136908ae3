"""The time reference: set and taken away by key, menu and palette, told in columns, shown on the timeline, there whatever is listed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app.event_menu import EventMenu
from app.main_window import MainWindow
from app.models.durations import Reference
from app.models.event_columns import COLUMNS, SINCE_ABOVE, SINCE_REFERENCE, VALUE
from app.models.event_rows import PAGE_ROWS, Page, Row
from app.models.event_table import EventTable
from app.models.page_cache import PageRequest
from app.panes.events import EventsPane
from inspector.capture.asking import Watermark
from tests.app.captures import START_US, capture
from tests.app.test_actions import run
from tests.app.test_window import shown, wait_for_event
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_SHIFT = Qt.KeyboardModifier.ShiftModifier


def cell(model: EventTable, row: int, column: int, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> str:
    """What a cell says."""
    return str(model.data(model.index(row, column), int(role)))


def refer(qtbot: QtBot, window: MainWindow, row: int) -> EventsPane:
    """Makes a row's event the reference with the key."""
    pane = window.events
    pane.choose_row(row)
    wait_for_event(qtbot, window, pane.model.seq_of(row))
    pane.take_focus()
    assert window.selection is not None
    with qtbot.waitSignal(window.selection.reference_changed, timeout=_WAIT_MS):
        QTest.keyClick(window, Qt.Key.Key_T)
    return pane


def test_t_tells_times_since_the_current_event_and_again_it_does_not(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    assert not pane.view.header.is_shown("since_reference")
    refer(qtbot, window, 100)
    model = pane.model
    assert window.selection is not None
    assert window.selection.reference == Reference(101, START_US + 100_000)
    assert pane.view.header.is_shown("since_reference")
    qtbot.waitUntil(lambda: model.known(99) is not None, timeout=_WAIT_MS)
    assert [cell(model, row, SINCE_REFERENCE) for row in (98, 99, 100, 101)] == ["−2 ms", "−1 ms", "reference", "+1 ms"]
    tip = str(model.headerData(SINCE_REFERENCE, Qt.Orientation.Horizontal, int(Qt.ItemDataRole.ToolTipRole)))
    assert "since event #101; Shift+T ends that" in tip
    refer(qtbot, window, 100)
    assert window.selection.reference is None
    assert not pane.view.header.is_shown("since_reference")
    assert cell(model, 99, SINCE_REFERENCE) == ""


def test_the_reference_outlives_filters_and_orders_and_is_gone_to(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    refer(qtbot, window, 100)
    assert window.selection is not None
    window.selection.choose_filter('key == "order-7"')
    qtbot.waitUntil(lambda: pane.model.rows == 6, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: pane.model.known(0) is not None, timeout=_WAIT_MS)
    assert cell(pane.model, 0, SINCE_REFERENCE) == "−93 ms"
    assert cell(pane.model, 1, SINCE_ABOVE) == "+50 ms"
    pane.set_order("time", newest_first=True)
    qtbot.waitUntil(lambda: cell(pane.model, 0, SINCE_REFERENCE) == "+157 ms", timeout=_WAIT_MS)
    assert cell(pane.model, 1, SINCE_ABOVE) == "−50 ms"
    run(window, "Clear filter and range")
    qtbot.waitUntil(lambda: pane.model.rows == 300, timeout=_WAIT_MS)
    pane.choose_row(0)
    run(window, "Go to the time reference")
    wait_for_event(qtbot, window, 101)


def test_the_timeline_marks_the_reference_and_says_how_to_end_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    assert window.panes is not None
    timeline = window.panes.timeline_pane
    qtbot.waitUntil(lambda: timeline.view.bars.number > 0, timeout=_WAIT_MS)
    before = timeline.view.grab().toImage()
    refer(qtbot, window, 100)
    assert timeline.view.reference_us == START_US + 100_000
    assert timeline.note.whole_text().startswith("Δ 08:00:00: Shift+T ends it · ")
    assert timeline.view.grab().toImage() != before
    QTest.keyClick(window, Qt.Key.Key_T, _SHIFT)
    assert timeline.view.reference_us is None
    assert "Δ" not in timeline.note.whole_text()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_menu_of_a_cell_sets_the_reference_and_ends_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    qtbot.waitUntil(lambda: pane.model.known(5) is not None, timeout=_WAIT_MS)
    assert window.selection is not None
    for words, seq in (("Make this the time reference", 6), ("No longer the time reference", None)):
        pane._open_menu(pane.model.index(5, SINCE_REFERENCE), QPoint(0, 0))
        (menu,) = [menu for menu in pane.findChildren(EventMenu) if menu.isVisible()]
        (action,) = [action for action in menu.actions() if action.text().startswith(words)]
        assert not menu.actions()[0].isEnabled()
        with qtbot.waitSignal(window.selection.reference_changed, timeout=_WAIT_MS):
            action.trigger()
        assert (window.selection.reference.seq if window.selection.reference else None) == seq
        menu.close()


def test_a_column_that_was_hidden_stays_hidden_and_one_that_was_shown_stays(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 300), 300)
    header = pane.view.header
    header.show_column("since_above", on=True)
    refer(qtbot, window, 3)
    header.show_column("since_reference", on=False)
    refer(qtbot, window, 9)
    assert not header.is_shown("since_reference")
    state = pane.view.columns()
    header.reset_columns()
    assert (header.is_shown("since_reference"), header.is_shown("since_above")) == (True, False)
    pane.view.restore_columns(state)
    assert (header.is_shown("since_reference"), header.is_shown("since_above")) == (False, True)
    assert header.visualIndex(SINCE_ABOVE) < header.visualIndex(VALUE)


def test_an_event_without_a_time_has_no_length_and_is_no_reference(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    events = [Written(number, "{}", "a", time_us=START_US + number) for number in range(3)]
    path = write(tmp_path / "a.evcap", [Log(events)])
    with closing(apsw.Connection(str(path))) as file:
        file.execute("UPDATE event SET time_us = NULL WHERE seq = 2")
    pane = shown(qtbot, window, path, 3)
    refer(qtbot, window, 0)
    model = pane.model
    qtbot.waitUntil(lambda: model.known(2) is not None, timeout=_WAIT_MS)
    assert [cell(model, row, SINCE_REFERENCE) for row in range(3)] == ["reference", "", "+2 µs"]
    assert [cell(model, row, SINCE_ABOVE) for row in range(3)] == ["", "", ""]
    pane.choose_row(1)
    wait_for_event(qtbot, window, 2)
    QTest.keyClick(window, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: "has no time" in pane.notice.text.whole_text(), timeout=_WAIT_MS)


@pytest.mark.parametrize("width", [640, 900])
def test_the_value_is_readable_beside_the_lengths(qtbot: QtBot, window: MainWindow, tmp_path: Path, width: int) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 5), 5)
    refer(qtbot, window, 0)
    pane.view.header.fit(width)
    assert pane.view.header.sectionSize(VALUE) >= 150


# ---- the model alone


def times(request: PageRequest, model: EventTable) -> None:
    """Answers a request: event n is at n seconds and some, of day lengths."""
    rows = {seq: Row(seq, 0, "", ("x",) * len(COLUMNS), time_us=seq * 3_661_000_001) for seq in request.seqs}
    model.supply(request, Page(rows, 100))


def test_what_is_above_is_unknown_until_its_page_is_read(qtbot: QtBot) -> None:
    model = EventTable()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(model)
    asked: list[PageRequest] = []
    model.page_wanted.connect(asked.append)
    model.set_watermark(Watermark(1, 3 * PAGE_ROWS))
    qtbot.waitUntil(lambda: bool(asked), timeout=_WAIT_MS)
    asked.clear()
    model.cache.clear()
    assert cell(model, PAGE_ROWS, SINCE_ABOVE) == ""
    qtbot.waitUntil(lambda: bool(asked), timeout=_WAIT_MS)
    (request,) = asked
    assert request.seqs[0] == PAGE_ROWS + 1
    times(asked.pop(), model)
    assert cell(model, PAGE_ROWS, SINCE_ABOVE) == ""
    qtbot.waitUntil(lambda: bool(asked), timeout=_WAIT_MS)
    times(asked.pop(), model)
    assert cell(model, PAGE_ROWS, SINCE_ABOVE) == "+1 h 01 min 01.000001 s"
    assert cell(model, 0, SINCE_ABOVE) == ""


def test_where_there_is_no_room_a_length_is_short_and_its_tooltip_whole(qtbot: QtBot) -> None:
    model = EventTable()
    asked: list[PageRequest] = []
    model.page_wanted.connect(asked.append)
    model.set_watermark(Watermark(1, 3))
    cell(model, 0, SINCE_REFERENCE)
    qtbot.waitUntil(lambda: bool(asked), timeout=_WAIT_MS)
    times(asked.pop(), model)
    with qtbot.waitSignal(model.dataChanged):
        model.set_reference(Reference(9, 0))
    model.set_narrow(frozenset({SINCE_REFERENCE}))
    assert cell(model, 0, SINCE_REFERENCE) == "+1 h 01 min"
    assert "+1 h 01 min 01.000001 s" in cell(model, 0, SINCE_REFERENCE, Qt.ItemDataRole.ToolTipRole)
    assert cell(model, 0, SINCE_REFERENCE, Qt.ItemDataRole.AccessibleTextRole) == "+1 h 01 min 01.000001 s"
