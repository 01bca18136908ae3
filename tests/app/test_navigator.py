"""The navigator: what it lists, what it opens, what a row filters by, and that a look at it is not disturbed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.models.navigator import NavigatorModel
from app.models.navigator_content import Content, Entry, literal, short
from app.panes.navigator import NavigatorPane
from app.selection import Selection
from app.session import Session
from inspector.capture import within
from inspector.capture.asking import EventQuery
from inspector.capture.overview import Overview, Partition
from inspector.capture.reader import CaptureReader
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from tests.app.captures import Growing
from tests.replay.captures import KAFKA, STORE, Log, Written, write

_WAIT_MS = 60_000
_HOSTILE = 'or"der\\ <b>\u202e'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two sources; a topic of two partitions of which one lost records; 250 streams of one category."""
    many = [Written(n, '{"n":1}', stream=f"order-{n:03d}", category="order", type="OrderPlaced") for n in range(250)]
    odd = [Written(n, '{"n":1}', stream=_HOSTILE, category=_HOSTILE, type=_HOSTILE) for n in range(3)]
    path = write(tmp_path / "a.evcap", [Log(many, "orders"), Log(odd, "orders", 1, first=0, end=9, absent=[(3, 9, "retention")])], KAFKA)
    return write(path, [Log([Written(0, "{}", stream="s-1", category="stock", type="Stocked")], "stored_events")], STORE)


Opened = tuple[NavigatorPane, Selection]


@pytest.fixture
def opened(qtbot: QtBot, path: Path, messages: Messages) -> Iterator[Opened]:
    session = Session(path, messages)
    session.start()
    selection = Selection()
    pane = NavigatorPane(session, selection)
    QAbstractItemModelTester(pane.model, QAbstractItemModelTester.FailureReportingMode.Fatal, pane)
    qtbot.addWidget(pane)
    pane.resize(260, 700)
    pane.show()
    qtbot.waitUntil(lambda: pane.model.rowCount() > 0, timeout=_WAIT_MS)
    yield pane, selection
    session.close()


def listed(pane: NavigatorPane) -> list[str]:
    return [str(pane.model.data(pane.model.index(row, 0))).strip() for row in range(pane.model.rowCount())]


def entry(pane: NavigatorPane, text: str) -> tuple[int, Entry]:
    for row in range(pane.model.rowCount()):
        found = pane.model.entry(pane.model.index(row, 0))
        if found is not None and found.text == text:
            return row, found
    raise AssertionError(f"{text} is not listed: {listed(pane)}")


def test_logs_streams_and_types_are_listed_with_their_counts(opened: Opened) -> None:
    pane, _ = opened
    assert listed(pane)[:5] == ["▾ logs", "kafka://localhost:9092", "▸ orders", "sqlite:///shop.db", "stored_events"]
    assert {"▾ streams", "▸ order", "▾ types", "OrderPlaced"} <= set(listed(pane))
    orders = entry(pane, "orders")[1]
    assert (orders.count, orders.role) == ("▲ 253 of 259", "warn")
    assert "6 retention" in orders.words


def test_a_log_opens_into_its_partitions(opened: Opened) -> None:
    pane, selection = opened
    pane.view.selectRow(entry(pane, "orders")[0])
    QTest.keyClick(pane.view, Qt.Key.Key_Right)
    row, partition = entry(pane, "partition 1")
    assert partition.count == "▲ 3 of 9"
    pane.view.selectRow(row)
    QTest.keyClick(pane.view, Qt.Key.Key_Return)
    assert selection.filter == 'log == "orders" && partition == 1'
    pane.view.selectRow(entry(pane, "orders")[0])
    QTest.keyClick(pane.view, Qt.Key.Key_Left)
    assert "partition 1" not in listed(pane)


def test_a_category_shows_its_streams_a_page_at_a_time(qtbot: QtBot, opened: Opened) -> None:
    pane, _ = opened
    pane.activate(pane.model.index(entry(pane, "streams")[0], 0))
    assert "▸ order" not in listed(pane)
    pane.activate(pane.model.index(entry(pane, "streams")[0], 0))
    pane._open(entry(pane, "order")[1], on=True)
    qtbot.waitUntil(lambda: "more …" in listed(pane), timeout=_WAIT_MS)
    assert sum(text.startswith("order-") for text in listed(pane)) == 100
    for _ in range(2):
        pane.activate(pane.model.index(entry(pane, "more …")[0], 0))
        with qtbot.waitSignal(pane.model.rowsInserted, timeout=_WAIT_MS):
            pass
    assert sum(text.startswith("order-") for text in listed(pane)) == 250


def test_a_search_finds_streams_and_says_where_it_looked(qtbot: QtBot, opened: Opened) -> None:
    pane, selection = opened
    QTest.keyClicks(pane.search, "DER-24")
    qtbot.waitUntil(lambda: "order-249" in listed(pane), timeout=_WAIT_MS)
    assert sum(text.startswith("order-") for text in listed(pane)) == 10
    QTest.keyClick(pane.search, Qt.Key.Key_Return)
    QTest.keyClick(pane.view, Qt.Key.Key_Return)
    assert selection.filter == 'stream == "order-249" && category == "order"'
    pane.search.setText("nobody")
    qtbot.waitUntil(lambda: "no stream contains “nobody” among 252" in listed(pane), timeout=_WAIT_MS)


def test_a_row_with_a_hostile_name_filters_to_its_events(path: Path, opened: Opened) -> None:
    pane, _ = opened
    found = entry(pane, _HOSTILE)[1]
    with CaptureReader(path) as reader:
        condition = compile_filter(found.filter, CAPTURED).condition()
        assert len(list(reader.events(EventQuery(condition=condition)))) == 3
    assert "\u202e" not in "".join(listed(pane))


def test_a_refresh_moves_neither_place_nor_selection(qtbot: QtBot, opened: Opened) -> None:
    pane, _ = opened
    row = entry(pane, "OrderPlaced")[0]
    pane.view.selectRow(row)
    resets: list[None] = []
    pane.model.modelReset.connect(lambda: resets.append(None))
    pane.refresh()
    qtbot.waitUntil(lambda: not pane._is_asking, timeout=_WAIT_MS)
    assert pane.view.currentIndex().row() == row
    assert resets == []


def test_a_stream_can_be_replayed_from_here(qtbot: QtBot, opened: Opened) -> None:
    pane, selection = opened
    pane._open(entry(pane, "stock")[1], on=True)
    qtbot.waitUntil(lambda: "s-1" in listed(pane), timeout=_WAIT_MS)
    with qtbot.waitSignal(selection.replay_wanted, timeout=_WAIT_MS):
        pane.replay(entry(pane, "s-1")[1])
    assert selection.seq == 254


def test_notes_and_marks_are_listed_and_lead_to_their_events(qtbot: QtBot, opened: Opened) -> None:
    pane, selection = opened
    pane._session.notes.add(7, "<b>odd</b>")
    qtbot.waitUntil(lambda: "<b>odd</b>" in listed(pane), timeout=_WAIT_MS)
    pane._session.notes.toggle_mark(9)
    qtbot.waitUntil(lambda: "★ marked" in listed(pane), timeout=_WAIT_MS)
    row, note = entry(pane, "<b>odd</b>")
    assert note.count == "#7"
    pane.activate(pane.model.index(row, 0))
    assert selection.seq == 7


@given(st.text())
def test_a_literal_is_what_the_language_reads_back(text: str) -> None:
    assert json.loads(literal(text)) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (9_999, "9,999"), (10_000, "10 k"), (512_300, "512 k"), (1_284_907, "1,285 k"), (12_345_678, "12.3 M")]
)
def test_counts_are_short(count: int, text: str) -> None:
    assert short(count) == text


@given(st.lists(st.lists(st.integers(0, 12), unique=True), min_size=1, max_size=6))
def test_lists_become_one_another_by_removing_and_inserting(lists: list[list[int]]) -> None:
    model = NavigatorModel()
    shown: list[tuple[str, ...]] = []
    model.rowsInserted.connect(lambda _parent, first, last: shown.__setitem__(slice(first, first), [("?",)] * (last - first + 1)))
    model.rowsRemoved.connect(lambda _parent, first, last: shown.__delitem__(slice(first, last + 1)))
    kept: dict[str, QPersistentModelIndex] = {}
    for numbers in lists:
        model.show_entries([Entry(("type", str(number)), str(number)) for number in numbers])
        assert len(shown) == model.rowCount() == len(numbers)
        assert [str(model.data(model.index(row, 0))) for row in range(len(numbers))] == [str(number) for number in numbers]
        for name, index in kept.items():
            assert index.isValid() == (int(name) in numbers)
            assert not index.isValid() or model.data(index) == name
        kept = {str(number): QPersistentModelIndex(model.index(row, 0)) for row, number in enumerate(numbers)}


def test_the_chosen_row_stays_the_same_thing_when_ranks_change() -> None:
    model = NavigatorModel()
    chosen = QItemSelectionModel(model)
    entries = [Entry(("type", name), name) for name in ("OrderPlaced", "Paid", "Shipped")]
    model.show_entries(entries)
    chosen.setCurrentIndex(model.index(1, 0), QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows)
    model.show_entries([entries[1], Entry(("type", "New"), "New"), entries[2], entries[0]])
    assert model.data(chosen.currentIndex()) == "Paid"
    assert {index.row() for index in chosen.selectedIndexes()} == {0}


def test_counts_and_rates_go_on_while_a_capture_grows(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(100)
        session = Session(growing.path, messages)
        session.start()
        pane = NavigatorPane(session, Selection())
        qtbot.addWidget(pane)
        pane.show()
        qtbot.waitUntil(lambda: pane.model.rowCount() > 0, timeout=_WAIT_MS)
        pane._open(entry(pane, "orders")[1], on=True)
        qtbot.waitUntil(lambda: "order-7" in listed(pane), timeout=_WAIT_MS)
        assert entry(pane, "order-7")[1].count == "2"
        growing.append(500)
        qtbot.waitUntil(lambda: "/s ·" in entry(pane, "shop.orders")[1].count, timeout=_WAIT_MS)
        qtbot.waitUntil(lambda: entry(pane, "order-7")[1].count == "12", timeout=_WAIT_MS)
        qtbot.waitUntil(lambda: entry(pane, "shop.orders")[1].count == "600", timeout=_WAIT_MS)
        session.close()


def test_a_capture_without_streams_says_why() -> None:
    part = Partition("kafka://a", "orders", 0, 5, 5, 100)
    (section, hint) = [row for row in Content(overview=Overview([part])).entries() if row.key[1] == "streams"]
    assert (section.text, section.count) == ("streams", "0")
    assert "no rule found a stream" in hint.text
    assert "eventscope decode" in hint.words


def test_with_a_range_the_counts_are_its_own_and_its_busiest_streams_come_first(qtbot: QtBot, opened: Opened) -> None:
    pane, selection = opened
    selection.choose_time_range((100_000_000, 120_500_000))
    qtbot.waitUntil(lambda: "in the time range" in listed(pane), timeout=_WAIT_MS)
    assert entry(pane, "in the time range")[1].count == entry(pane, "orders")[1].count == entry(pane, "OrderPlaced")[1].count == "21"
    assert entry(pane, "streams")[1].count == "21"
    assert [text for text in listed(pane) if text.startswith("order-")] == [f"order-{n}" for n in range(100, 110)]
    assert "the busiest of 21" in listed(pane)
    assert "Stocked" not in listed(pane)
    pane._open(entry(pane, "order")[1], on=True)
    qtbot.waitUntil(lambda: "order-249" in listed(pane), timeout=_WAIT_MS)
    assert entry(pane, "order-249")[1].count == ""
    selection.back()
    qtbot.waitUntil(lambda: entry(pane, "order-249")[1].count == "1", timeout=_WAIT_MS)
    assert "in the time range" not in listed(pane)


def test_a_range_that_is_too_long_to_be_counted_is_said(qtbot: QtBot, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    pane, selection = opened
    monkeypatch.setattr(within, "MOST_COUNTED", 5)
    selection.choose_time_range((0, 10**12))
    qtbot.waitUntil(lambda: "counts are of all times" in listed(pane), timeout=_WAIT_MS)
    assert entry(pane, "OrderPlaced")[1].count == "250"
