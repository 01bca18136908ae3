"""Scenarios that a window for looking into logs has to pass, with real keys and clicks and no more of them than are allowed.

A filter from a row, a filter typed wrong and then right, a spike that is brushed, a peak that is clicked; and a filter from every
place where a value is shown.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.models.event_columns import TYPE
from app.models.plot_spec import PlotSpec
from tests.app.captures import Growing
from tests.app.hand import Hand
from tests.app.test_window import shown, wait_for_cell
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # menus off the screen
START_US = 1_795_420_800_000_000
_STEP_US, _CALM = 500_000, 1_200
_SPIKE_US, _SPIKE, _SPIKE_STEP_US = START_US + 300_250_000, 400, 5_001
_TYPES = ("OrderPlaced", "OrderPaid", "OrderShipped")
FIRST_PAGE_S = 0.3


def spike_times() -> list[int]:
    return [_SPIKE_US + number * _SPIKE_STEP_US for number in range(_SPIKE)]


def calm_times() -> list[int]:
    return [START_US + number * _STEP_US for number in range(_CALM)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of orders of three types, and two seconds of payments of one stream in the middle of them."""
    orders = [
        Written(number, f'{{"n":{number},"total":{number}.5}}', f"order-{number % 40}", time_us=time_us, type=_TYPES[number % 3])
        for number, time_us in enumerate(calm_times())
    ]
    payments = [
        Written(number, f'{{"n":{number},"total":{number}.25}}', "account-hot", time_us=time_us, type="PaymentTaken")
        for number, time_us in enumerate(spike_times())
    ]
    return write(tmp_path_factory.mktemp("scenarios") / "a.evcap", [Log(orders, "shop.orders"), Log(payments, "shop.payments")])


@pytest.fixture
def open_window(qtbot: QtBot, window: MainWindow, path: Path) -> MainWindow:
    """The window with the capture, everything read, the keyboard in the list."""
    shown(qtbot, window, path, _CALM + _SPIKE)
    window.activateWindow()
    assert window.panes is not None
    timeline, navigator = window.panes.timeline_pane, window.panes.navigator_pane
    qtbot.waitUntil(
        lambda: timeline.view.bars.number > 0 and not timeline._is_asking and not timeline._resized.isActive(), timeout=_WAIT_MS
    )
    qtbot.waitUntil(lambda: navigator.model.rowCount() > 5, timeout=_WAIT_MS)
    wait_for_cell(qtbot, window.events, 1, TYPE, "OrderPaid")
    window.events.take_focus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.events.view, timeout=_WAIT_MS)
    return window


def cell_place(window: MainWindow, row: int, column: int) -> QPoint:
    view = window.events.view
    return view.viewport().mapTo(view, view.visualRect(view.table.index(row, column)).center())


def wait_for_rows(qtbot: QtBot, window: MainWindow, rows: int) -> None:
    lister = window.events.lister
    qtbot.waitUntil(lambda: lister.is_done and lister.wish == lister.wanted and window.events.model.rows == rows, timeout=_WAIT_MS)


def navigator_counts(window: MainWindow) -> dict[str, str]:
    assert window.panes is not None
    model = window.panes.navigator_pane.model
    entries = [model.entry(model.index(row, 0)) for row in range(model.rowCount())]
    return {entry.text: entry.count for entry in entries if entry is not None}


# ---- scenario 2: from a row to its type


def by_menu(hand: Hand, window: MainWindow) -> None:
    view = window.events.view
    hand.choose(hand.menu(view, cell_place(window, 1, TYPE)), "Filter by type OrderPaid")


def by_submenu(hand: Hand, window: MainWindow) -> None:
    menu = hand.menu(window.events.view, cell_place(window, 1, TYPE))
    hand.choose(menu, "As filter")
    hand.choose(hand.opened(), "Only this")


def by_key(hand: Hand, _window: MainWindow) -> None:
    hand.press(Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)


def by_cell_key(hand: Hand, _window: MainWindow) -> None:
    hand.press(Qt.Key.Key_Equal)


@pytest.mark.parametrize(("narrow", "most"), [(by_menu, 2), (by_submenu, 3), (by_key, 1), (by_cell_key, 1)])
def test_a_row_narrows_the_list_to_its_type_and_esc_restores_it(
    qtbot: QtBot, open_window: MainWindow, narrow: Callable[[Hand, MainWindow], None], most: int
) -> None:
    window, taken_s = open_window, []
    view = window.events.view
    Hand(qtbot, window, 1).click(view, cell_place(window, 1, TYPE))  # the row that the user is at
    assert window.events.model.columns[view.currentIndex().column()].name == "type"
    for _ in range(3):
        hand = Hand(qtbot, window, most)
        narrow(hand, window)
        begun_s = time.monotonic()
        qtbot.waitUntil(lambda: window.events.lister.wish.filter == 'type == "OrderPaid"', timeout=_WAIT_MS)
        taken_s.append(time.monotonic() - begun_s)
        wait_for_rows(qtbot, window, _CALM // 3)
        assert window.events.note.whole_text() == f"{_CALM // 3} of {_CALM + _SPIKE:,}"
        box = window.chrome.filter.box
        assert box.text() == 'type == "OrderPaid"'
        assert box.isEnabled()
        assert not box.isReadOnly()
        assert window.selection is not None
        assert window.selection.seq == 2
        Hand(qtbot, window, 1).press(Qt.Key.Key_Escape)
        wait_for_rows(qtbot, window, _CALM + _SPIKE)
        assert box.text() == ""
        assert window.selection.seq == 2
    assert min(taken_s) <= FIRST_PAGE_S


def test_the_filter_that_was_set_can_be_edited_on(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    by_menu(Hand(qtbot, window, 2), window)
    wait_for_rows(qtbot, window, _CALM // 3)
    hand = Hand(qtbot, window, 4)
    hand.press(Qt.Key.Key_Slash)
    hand.press(Qt.Key.Key_End)
    hand.type(" && data.n < 100")
    hand.press(Qt.Key.Key_Return)
    wait_for_rows(qtbot, window, 33)


# ---- scenario 3: a wrong filter, then a right one


def test_a_wrong_filter_is_said_with_its_place_and_a_right_one_applied(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    bar = window.chrome.filter
    Hand(qtbot, window, 1).press(Qt.Key.Key_Slash)  # the cursor is in the box
    hand = Hand(qtbot, window, 2)
    hand.type('type == "OrderPaid" && total > 500')
    hand.press(Qt.Key.Key_Return)
    assert bar.box.property("role") == "bad"
    assert bar.box.help is not None
    assert bar.box.help.isVisible()
    assert "total" in bar.box.accessibleDescription()
    assert bar.box.cursorPosition() == len('type == "OrderPaid" && ')
    assert window.events.model.rows == _CALM + _SPIKE
    assert window.selection is not None
    assert window.selection.filter == ""
    hand = Hand(qtbot, window, 2)
    hand.type("data.")  # where the cursor was put
    assert bar.box.property("role") == "ok"
    hand.press(Qt.Key.Key_Return)
    wait_for_rows(qtbot, window, len([n for n in range(_CALM) if n % 3 == 1 and n + 0.5 > 500]))
    assert not bar.box.help.isVisible()


def test_completion_offers_fields_headers_and_places_of_the_documents(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with Growing(tmp_path / "b.evcap") as growing:
        growing.append_values([b'{"order":{"total":1,"odd name":2}}'] * 10, headers='[["trace-id","abc"]]')
    shown(qtbot, window, tmp_path / "b.evcap", 10)
    bar = window.chrome.filter
    for typed, offered in (("sch", "schema_version"), ('headers["', "trace-id"), ("data.", "order"), ("data.order.", "odd name")):
        bar.take_focus()
        Hand(qtbot, window, 1).type(typed)
        qtbot.waitUntil(partial(offered_is, window, offered), timeout=_WAIT_MS)
        bar.revert()


def offered_is(window: MainWindow, text: str) -> bool:
    return text in offers(window)


def offers(window: MainWindow) -> list[str]:
    popup = window.chrome.filter.box.help
    assert popup is not None
    return [str(popup.table.model().index(row, 0).data()) for row in range(popup.table.rowCount())] if popup.table.isVisible() else []


def test_an_answer_to_an_older_filter_is_never_shown(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    accepted: list[str] = []
    window.events.lister.accepted.connect(lambda: accepted.append(window.events.lister.wish.filter))
    assert window.session is not None
    work = window.session.work
    for text in ("data.n < 10", "data.n < 20", "data.n < 30"):
        window.chrome.filter.take_focus()
        hand = Hand(qtbot, window, 2)
        hand.type(text)
        window.chrome.filter.apply()  # without a turn of the event loop: the answer before is on its way here
        until_s = time.monotonic() + 10
        while work._asked() and time.monotonic() < until_s:
            time.sleep(0.001)
    wait_for_rows(qtbot, window, 60)
    assert accepted == ["data.n < 30"]


# ---- scenario 6: a spike that is brushed


def spike_drag(window: MainWindow) -> tuple[QPoint, QPoint]:
    """From just inside the first bar of the spike to just inside the last."""
    assert window.panes is not None
    view = window.panes.timeline_pane.view
    first, last = (view.bars.bar_at(at) for at in (spike_times()[0], spike_times()[-1]))
    assert first is not None
    assert last is not None
    return QPoint(view.x_of(view.bars.span(first)[0]) + 1, 30), QPoint(view.x_of(view.bars.span(last)[1]) - 1, 30)


def inside(span: tuple[int, int]) -> int:
    return sum(span[0] <= at < span[1] for at in (*calm_times(), *spike_times()))


def test_a_brushed_spike_is_what_every_pane_shows(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    timeline = window.panes.timeline_pane
    before = navigator_counts(window)
    start, end = spike_drag(window)
    if end.x() - start.x() < 6:
        end.setX(start.x() + 6)
    Hand(qtbot, window, 1).drag(timeline.view, start, end)
    span = window.selection.time_range
    assert span is not None
    assert span[0] <= spike_times()[0] < spike_times()[-1] < span[1]
    wait_for_rows(qtbot, window, inside(span))
    assert window.events.note.whole_text() == f"{inside(span)} in the time range"
    qtbot.waitUntil(lambda: navigator_counts(window).get("in the time range") == str(inside(span)), timeout=_WAIT_MS)
    counts = navigator_counts(window)
    assert counts["shop.payments"] == counts["PaymentTaken"] == counts["account-hot"] == str(_SPIKE)
    assert counts["shop.orders"] == str(inside(span) - _SPIKE)
    names = list(counts)
    assert names.index("account-hot") < min(place for place, name in enumerate(names) if name.startswith("order-"))
    assert timeline.range_box.text().startswith("2026-11-23 08:05:0")
    assert "UTC" in window.chrome.look.words.whole_text()
    Hand(qtbot, window, 1).press(Qt.Key.Key_Escape)
    wait_for_rows(qtbot, window, _CALM + _SPIKE)
    qtbot.waitUntil(lambda: navigator_counts(window) == before, timeout=_WAIT_MS)
    assert timeline.range_box.text() == ""


def test_edges_below_a_second_are_exact_dragged_and_typed(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    timeline = window.panes.timeline_pane
    timeline.look_at((_SPIKE_US, _SPIKE_US + 2_000_000))
    qtbot.waitUntil(lambda: timeline.view.bars.width_us < 100_000 and not timeline._is_asking, timeout=_WAIT_MS)
    bars = timeline.view.bars
    low, high = bars.span(3)[0], bars.span(40)[1]
    start, end = timeline.view.x_of(low) + 1, timeline.view.x_of(high) - 1
    Hand(qtbot, window, 1).drag(timeline.view, QPoint(start, 30), QPoint(end, 30))
    assert window.selection.time_range == (low, high)
    assert (low % 1_000_000, high % 1_000_000) != (0, 0)
    wait_for_rows(qtbot, window, inside((low, high)))
    third = spike_times()[2]
    Hand(qtbot, window, 1).press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    hand = Hand(qtbot, window, 2)
    hand.type(f"2026-11-23T08:05:00.{third % 1_000_000:06d}Z .. 2026-11-23T08:05:00.{(third + 5_002) % 1_000_000:06d}Z")
    hand.press(Qt.Key.Key_Return)
    assert window.selection.time_range == (third, third + 5_002)
    wait_for_rows(qtbot, window, 2)


def test_filter_and_range_are_undone_step_by_step_and_done_again(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    by_menu(Hand(qtbot, window, 2), window)
    wait_for_rows(qtbot, window, _CALM // 3)
    start, end = spike_drag(window)
    Hand(qtbot, window, 1).drag(window.panes.timeline_pane.view, start, QPoint(max(end.x(), start.x() + 6), 30))
    narrowed = window.selection.look.filter, window.selection.look.time_range
    assert all(narrowed)
    alt = Qt.KeyboardModifier.AltModifier
    Hand(qtbot, window, 1).press(Qt.Key.Key_Escape)
    assert (window.selection.filter, window.selection.time_range) == ("", None)
    Hand(qtbot, window, 1).press(Qt.Key.Key_Left, alt)
    assert (window.selection.filter, window.selection.time_range) == narrowed
    Hand(qtbot, window, 1).press(Qt.Key.Key_Left, alt)
    assert (window.selection.filter, window.selection.time_range) == (narrowed[0], None)
    Hand(qtbot, window, 1).press(Qt.Key.Key_Left, alt)
    wait_for_rows(qtbot, window, _CALM + _SPIKE)
    Hand(qtbot, window, 2).press(Qt.Key.Key_Right, alt)
    wait_for_rows(qtbot, window, _CALM // 3)


def test_events_looked_at_are_gone_through_with_keys(qtbot: QtBot, open_window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window, clock = open_window, itertools.count()
    assert window.selection is not None
    monkeypatch.setattr(window.selection._visited, "_clock", lambda: float(next(clock)))
    for row in (1, 7, 3):
        Hand(qtbot, window, 1).click(window.events.view, cell_place(window, row, TYPE))
    hand = Hand(qtbot, window, 3)
    went = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        hand.press(key, Qt.KeyboardModifier.AltModifier)
        went.append(window.selection.seq)
    assert went == [8, 2, 8]
    assert window.events.view.currentIndex().row() == 7


# ---- scenario 7: the peak


def peak(window: MainWindow) -> tuple[QPoint, tuple[int, int]]:
    """Where the tallest bar is, and its time."""
    assert window.panes is not None
    view = window.panes.timeline_pane.view
    totals = np.sum([*view.bars.counts.values()], axis=0)
    span = view.bars.span(int(totals.argmax()))
    return QPoint((view.x_of(span[0]) + view.x_of(span[1])) // 2, 40), span


@pytest.mark.parametrize(("text", "newest_first"), [("", False), ("", True), ('type == "PaymentTaken" && data.n % 7 == 3', False)])
def test_a_click_on_the_peak_selects_a_row_of_its_bar(qtbot: QtBot, open_window: MainWindow, text: str, newest_first: bool) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    window.events.set_order("arrival", newest_first=newest_first)
    window.selection.choose_filter(text)
    wait_for_rows(qtbot, window, len(range(3, _SPIKE, 7)) if text else _CALM + _SPIKE)
    at, span = peak(window)
    Hand(qtbot, window, 1).click(window.panes.timeline_pane.view, at)
    qtbot.waitUntil(lambda: window.selection is not None and window.selection.seq > 0, timeout=_WAIT_MS)
    seq = window.selection.seq
    time_us = [*calm_times(), *spike_times()][seq - 1]
    assert span[0] <= time_us < span[1]
    row = window.events.model.row_of(seq)
    assert row == window.events.view.currentIndex().row() >= 0
    assert window.events.view.place_in_view(row) >= 0
    assert not window.events.notice.isVisible()


def test_a_click_on_a_wide_bar_that_begins_empty_stays_in_the_bar(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    hour_us = 3_600_000_000
    times = [START_US + number * hour_us - 1_000_000 for number in range(1, 3_000)]
    path = write(tmp_path / "c.evcap", [Log([Written(n, "{}", time_us=at) for n, at in enumerate(times)])])
    shown(qtbot, window, path, len(times))
    assert window.panes is not None
    timeline = window.panes.timeline_pane
    qtbot.waitUntil(
        lambda: timeline.view.bars.number > 0 and not timeline._is_asking and not timeline._resized.isActive(), timeout=_WAIT_MS
    )
    bars = timeline.view.bars
    assert bars.width_us >= hour_us
    span = bars.span(bars.number // 2)
    Hand(qtbot, window, 1).click(timeline.view, QPoint((timeline.view.x_of(span[0]) + timeline.view.x_of(span[1])) // 2, 40))
    qtbot.waitUntil(lambda: window.selection is not None and window.selection.seq > 0, timeout=_WAIT_MS)
    assert window.selection is not None
    assert span[0] <= times[window.selection.seq - 1] < span[1]


@pytest.mark.parametrize("text", ["", "data.n % 2 == 1"])
def test_from_the_peak_to_its_largest_event_and_the_largest_of_the_matches(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, text: str
) -> None:
    sizes = [(number * 7919) % 1_000 for number in range(400)]
    values = [json.dumps({"n": number, "pad": "x" * size}) for number, size in enumerate(sizes)]
    times = [START_US + number * 1_000 + (60_000_000 if number >= 300 else 0) for number in range(400)]
    path = write(tmp_path / "c.evcap", [Log([Written(n, values[n], time_us=at) for n, at in enumerate(times)])])
    shown(qtbot, window, path, 400)
    assert window.panes is not None
    assert window.selection is not None
    window.selection.choose_filter(text)
    wait_for_rows(qtbot, window, 200 if text else 400)
    timeline = window.panes.timeline_pane
    qtbot.waitUntil(
        lambda: timeline.view.bars.number > 0 and not timeline._is_asking and not timeline._resized.isActive(), timeout=_WAIT_MS
    )
    at, span = peak(window)
    hand = Hand(qtbot, window, 2)
    hand.choose(hand.menu(timeline.view, at), "Go to the largest event here")
    qtbot.waitUntil(lambda: window.selection is not None and window.selection.seq > 0, timeout=_WAIT_MS)
    within = [n for n in range(400) if span[0] <= times[n] < span[1] and (not text or n % 2)]
    assert window.selection.seq == max(within, key=lambda n: (len(values[n]), -n)) + 1
    assert window.events.model.row_of(window.selection.seq) == window.events.view.currentIndex().row()


# ---- a filter from every place


def from_tree(hand: Hand, window: MainWindow) -> QMenu:
    assert window.panes is not None
    view = window.panes.event_pane.tree.view
    model = view.model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    index = next(index for index in rows if str(index.data()) == "type")
    view.scrollTo(index)
    return hand.menu(view, view.viewport().mapTo(view, view.visualRect(index).center()))


def from_navigator(hand: Hand, window: MainWindow) -> QMenu:
    assert window.panes is not None
    pane = window.panes.navigator_pane
    row = next(row for row in range(pane.model.rowCount()) if "OrderPaid" in str(pane.model.index(row, 0).data()))
    pane.view.scrollTo(pane.model.index(row, 0))
    return hand.menu(pane.view, pane.view.viewport().mapTo(pane.view, pane.view.visualRect(pane.model.index(row, 0)).center()))


def from_legend(hand: Hand, window: MainWindow) -> QMenu:
    assert window.panes is not None
    legend = window.panes.timeline_pane.legend
    return hand.menu(legend, legend.places()["OrderPaid"].center())


def from_bar(hand: Hand, window: MainWindow) -> QMenu:
    assert window.panes is not None
    view = window.panes.timeline_pane.view
    return hand.menu(view, bar_part(window, "OrderPaid"))


def bar_part(window: MainWindow, name: str) -> QPoint:
    """A place within the part of a bar that is of a name."""
    assert window.panes is not None
    view = window.panes.timeline_pane.view
    for bar in range(view.bars.number):
        middle = (view.x_of(view.bars.span(bar)[0]) + view.x_of(view.bars.span(bar)[1])) // 2
        for y in range(view.height()):
            at = QPoint(middle, y)
            if view.part_at(at) == (bar, name):
                return at
    raise AssertionError(name)


def from_metrics(hand: Hand, window: MainWindow) -> QMenu:
    assert window.panes is not None
    pane = window.panes.metrics_pane
    legend = pane.cards[0].legend
    return hand.menu(legend, legend.places()["OrderPaid"].center())


@pytest.mark.parametrize("place", [from_tree, from_navigator, from_legend, from_bar, from_metrics])
def test_what_is_shown_anywhere_becomes_a_filter_in_every_way(
    qtbot: QtBot, open_window: MainWindow, place: Callable[[Hand, MainWindow], QMenu]
) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    window.panes.metrics_pane.choose((PlotSpec("events", "type"),), ("all", "auto"))
    qtbot.waitUntil(lambda: window.panes is not None and "OrderPaid" in window.panes.metrics_pane.cards[0].plot.lines, timeout=_WAIT_MS)
    window.events.choose_row(1)
    qtbot.waitUntil(lambda: window.panes is not None and window.panes.event_pane.shown is not None, timeout=_WAIT_MS)
    before, same = "data.n < 600", 'type == "OrderPaid"'
    ways = {
        "Only this": (same, _CALM // 3),
        "And this": (f"{before} && {same}", 200),
        "Or this": (f"{before} || {same}", _CALM // 3 + 400 + _SPIKE),
        "And not this": (None, 400 + _SPIKE),
        "Or not this": (None, _CALM + _SPIKE - 200),
    }
    for words, (text, rows) in ways.items():
        window.selection.choose_filter(before)
        wait_for_rows(qtbot, window, 600 + _SPIKE)
        window.events.choose_row(1)
        hand = Hand(qtbot, window, 3)
        menu = place(hand, window)
        hand.choose(menu, "As filter")
        ways_menu = hand.opened()
        action = next(action for action in ways_menu.actions() if action.text() == words)
        told = action.toolTip()
        hand.choose(ways_menu, words)
        wait_for_rows(qtbot, window, rows)
        assert text is None or window.selection.filter == text
        assert same.replace('"', "&quot;") in told


def test_a_header_of_the_current_event_becomes_a_filter(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    rows = [
        Written(n, "{}", time_us=START_US + n, headers=json.dumps([["trace", "x"], ["region", "eu" if n % 4 else "us"]])) for n in range(80)
    ]
    shown(qtbot, window, write(tmp_path / "c.evcap", [Log(rows)]), 80)
    assert window.panes is not None
    assert window.selection is not None
    pane = window.panes.event_pane
    window.events.choose_row(0)
    qtbot.waitUntil(lambda: pane.shown is not None and pane.tabs.tabText(1) == "Headers 2", timeout=_WAIT_MS)
    hand, view = Hand(qtbot, window, 4), pane.headers.view
    hand.click(pane.tabs.tabBar(), pane.tabs.tabBar().tabRect(1).center())
    at = view.viewport().mapTo(view, view.visualRect(view.model().index(1, 1)).center())
    hand.choose(hand.menu(view, at), "As filter")
    hand.choose(hand.opened(), "Only this")
    wait_for_rows(qtbot, window, 20)
    assert window.selection.filter == 'headers["region"] == "us"'


def test_a_plot_has_its_menu_by_keyboard_too(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    assert window.panes is not None
    assert window.selection is not None
    view = window.panes.timeline_pane.view
    view.setFocus()
    view.point(0)
    hand = Hand(qtbot, window, 0)
    QApplication.postEvent(view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), view.mapToGlobal(QPoint())))
    menu = hand.opened()
    words = [action.text() for action in menu.actions() if action.text()]
    assert words[:3] == ["Go to this moment", "Go to the largest event here", "Only this time"]
    assert "PaymentTaken" in [action.text() for action in menu.actions()]
    hand = Hand(qtbot, window, 4)
    for _ in range(3):
        hand.press(Qt.Key.Key_Down)
    hand.press(Qt.Key.Key_Return)
    assert window.selection.time_range == view.bars.span(0)
