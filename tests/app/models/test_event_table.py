"""The list's model: scripts of growth, eviction, late and stale pages, under Qt's own model tester."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.event_columns import COLUMNS, STATE, TIME, VALUE
from app.models.event_rows import PAGE_ROWS, Page, Row
from app.models.event_table import EventTable
from app.models.listed_rows import MOST_ROWS
from app.models.page_cache import PageRequest
from inspector.capture.asking import Watermark
from inspector.capture.looking import Numbers
from inspector.errors import QueryError
from inspector.event import Flag

_COLUMN = 4


class Asked:
    """The requests of a model, answered when told to."""

    def __init__(self, model: EventTable) -> None:
        self.model = model
        self.requests: list[PageRequest] = []
        model.page_wanted.connect(self.requests.append)

    def answer(self, *, size_bytes: int = 1000) -> None:
        """Answers all open requests as the capture is now."""
        requests, self.requests[:] = list(self.requests), []
        for request in requests:
            self.model.supply(request, page(request.seqs, size_bytes=size_bytes))


def page(seqs: Sequence[int], *, size_bytes: int = 1000, flags: int = 0, time: str = "", word: str = "") -> Page:
    """Rows whose cells say their event's number."""

    def row(seq: int) -> Row:
        cells = [str(seq)] * len(COLUMNS)
        cells[TIME] = time or cells[TIME]
        return Row(seq, flags, "late" if flags else "", tuple(cells), word, time_us=seq * 1_000)

    return Page({seq: row(seq) for seq in seqs}, size_bytes)


def numbers(*seqs: int) -> Numbers:
    """Numbers as a list takes them."""
    return np.array(seqs, dtype=np.int64)


def listed(model: EventTable) -> list[int]:
    """The numbers of all rows."""
    return [model.seq_of(row) for row in range(model.rowCount())]


def watched(qtbot: QtBot, most_rows: int = MOST_ROWS) -> tuple[EventTable, Asked]:
    """A model with Qt's tester on it."""
    model = EventTable(most_rows=most_rows)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(model)
    return model, Asked(model)


def text(model: EventTable, row: int) -> str:
    """What a row shows."""
    return str(model.data(model.index(row, _COLUMN)))


def wait_for(qtbot: QtBot, asked: Asked) -> None:
    """Waits until pages are asked for."""
    qtbot.waitUntil(lambda: bool(asked.requests), timeout=2000)


def test_an_empty_capture_has_no_rows(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.set_watermark(Watermark(0, 0))
    assert model.rowCount() == 0


def test_a_missing_cell_is_empty_asked_for_once_and_comes_later(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 300))
    assert [text(model, row) for row in (0, 1, 2)] == ["", "", ""]
    wait_for(qtbot, asked)
    assert asked.requests[0].seqs == tuple(range(1, PAGE_ROWS + 1))
    with qtbot.waitSignal(model.dataChanged):
        asked.answer()
    assert text(model, 0) == "1"


def test_growth_is_one_insert_and_keeps_what_is_known(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    asked.answer()
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.set_watermark(Watermark(1, 25))
    assert inserted == [(10, 24)]
    assert text(model, 9) == "10"
    assert text(model, 24) == ""
    wait_for(qtbot, asked)
    asked.answer()
    assert text(model, 24) == "25"


def test_only_what_is_not_known_is_asked_for_after_the_growth(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    model.set_watermark(Watermark(1, 20))
    request = asked.requests.pop()
    model.supply(request, page(request.seqs))
    assert text(model, 15) == ""
    wait_for(qtbot, asked)
    assert asked.requests[0].seqs == tuple(range(11, 21))


def test_an_answer_to_an_older_life_is_dropped(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 100))
    text(model, 0)
    wait_for(qtbot, asked)
    stale = asked.requests.pop()
    model.set_watermark(Watermark(1, 50))
    model.supply(stale, Page({1: Row(1, 0, "", ("stale",) * len(COLUMNS))}, 10))
    assert text(model, 0) == ""
    assert model.rowCount() == 50


def test_rows_that_went_at_the_head_move_the_others_up(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 1000))
    text(model, 600)
    wait_for(qtbot, asked)
    asked.answer()
    removed: list[tuple[int, int]] = []
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    model.set_watermark(Watermark(301, 1010))
    assert removed == [(0, 299)]
    assert (model.rowCount(), model.row_of(601), model.row_of(300), model.seq_of(0)) == (710, 300, -1, 301)
    assert text(model, 300) == "601"


def test_everything_going_at_once_leaves_the_new_rows(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    model.set_watermark(Watermark(500, 520))
    assert (model.rowCount(), model.seq_of(0)) == (21, 500)


def test_more_rows_than_a_view_can_show_are_the_newest_ones(qtbot: QtBot) -> None:
    model, _ = watched(qtbot, most_rows=100)
    model.set_watermark(Watermark(1, 90))
    model.set_watermark(Watermark(1, 250))
    assert model.rowCount() <= 100
    assert model.seq_of(model.rowCount() - 1) == 250


def test_the_cap_keeps_a_list_under_two_to_the_31_pixels() -> None:
    assert MOST_ROWS * 22 < 2**31


def test_the_cache_is_bounded_by_bytes(qtbot: QtBot) -> None:
    model = EventTable(cache_bytes=10_000)
    asked = Asked(model)
    model.set_watermark(Watermark(1, PAGE_ROWS * 40))
    for row in range(0, PAGE_ROWS * 40, PAGE_ROWS):
        text(model, row)
        wait_for(qtbot, asked)
        asked.answer(size_bytes=4000)
    assert len(model.cache.pages) == 2
    assert text(model, 0) == ""


def test_the_newest_wish_is_read_first_and_old_ones_are_forgotten(qtbot: QtBot) -> None:
    model = EventTable()
    asked = Asked(model)
    model.set_watermark(Watermark(1, PAGE_ROWS * 100))
    for place in range(50):
        text(model, place * PAGE_ROWS + PAGE_ROWS)
    wait_for(qtbot, asked)
    assert asked.requests[0].seqs[0] == 50 * PAGE_ROWS + 1
    assert len(model._waiting) < 10


def test_a_refused_page_is_asked_for_again_when_painted_again(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    model.refuse(asked.requests.pop())
    text(model, 0)
    wait_for(qtbot, asked)


def test_looking_at_ten_million_rows_asks_for_few_pages(qtbot: QtBot) -> None:
    model = EventTable()
    asked = Asked(model)
    model.set_watermark(Watermark(1, 10_000_000))
    for row in range(9_999_950, 10_000_000):
        for column in range(len(COLUMNS)):
            model.data(model.index(row, column))
    wait_for(qtbot, asked)
    assert len(asked.requests) == 1


def test_an_aborted_event_has_a_sign_words_and_is_struck_out(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    model.supply(asked.requests[0], page(asked.requests[0].seqs, flags=Flag.aborted))
    assert model.data(model.index(0, _COLUMN), Qt.ItemDataRole.FontRole).strikeOut()
    assert "late" in model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)


def test_numbers_are_right_aligned(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    assert model.data(model.index(0, 3), Qt.ItemDataRole.TextAlignmentRole) & int(Qt.AlignmentFlag.AlignRight)


def test_newest_first_new_events_come_on_top(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.show_everything(Watermark(1, 5), newest_first=True)
    assert listed(model) == [5, 4, 3, 2, 1]
    kept = QPersistentModelIndex(model.index(1, 0))
    model.set_watermark(Watermark(3, 7))
    assert listed(model) == [7, 6, 5, 4, 3]
    assert kept.row() == model.row_of(4)


def test_a_list_takes_rows_anywhere_and_keeps_what_is_selected(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.show_listing()
    model.append(numbers(10, 30, 20))
    kept = QPersistentModelIndex(model.index(1, 0))
    model.insert([(0, numbers(40)), (2, numbers(50, 60)), (3, numbers(70))])
    assert listed(model) == [40, 10, 30, 50, 60, 20, 70]
    assert kept.row() == model.row_of(30) == 2


def test_rows_in_many_places_are_one_rearrangement(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.show_listing()
    model.append(np.arange(0, 1_000, 2, dtype=np.int64))
    kept = [QPersistentModelIndex(model.index(row, 0)) for row in (0, 250, 499)]
    inserted: list[int] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append(last - first + 1))
    model.insert([(place + 1, numbers(2 * place + 1)) for place in range(500)])
    assert listed(model) == list(range(1_000))
    assert inserted == [500]
    assert [index.row() for index in kept] == [0, 500, 998]


def test_a_list_lets_go_of_what_the_capture_let_go(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.show_listing()
    model.append(np.array([place % 7 * 100 + place for place in range(700)], dtype=np.int64))
    before = listed(model)
    kept = QPersistentModelIndex(model.index(699, 0))
    model.set_watermark(Watermark(400, 2_000))
    assert listed(model) == [seq for seq in before if seq >= 400]
    assert model.seq_of(kept.row()) == before[699]


def test_what_is_known_of_an_event_outlives_another_order(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    asked.answer()
    model.show_listing()
    model.append(numbers(7, 3))
    assert [text(model, row) for row in range(2)] == ["7", "3"]


def test_another_zone_reads_times_again_and_says_so_in_the_header(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    asked.answer()
    with qtbot.waitSignal(model.headerDataChanged):
        model.set_zone(ZoneInfo("Europe/Berlin"))
    assert model.headerData(TIME, Qt.Orientation.Horizontal) == "time (Europe/Berlin)"
    assert text(model, 0) == ""


def test_where_there_is_no_room_times_are_short_and_the_state_stands_before_the_value(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 3))
    text(model, 0)
    wait_for(qtbot, asked)
    request = asked.requests[0]
    rows = {
        **page([1], time="2026-11-23 14:03:29.670000", flags=Flag.undecodable, word="undecodable").rows,
        **page([2], time="2026-11-22 14:03:29.670000").rows,
        **page([3], time="2025-11-23 14:03:29.670000").rows,
    }
    model.supply(request, Page(rows, 100))
    assert model.data(model.index(0, STATE)) == "1 undecodable"
    model.set_narrow(frozenset({STATE, TIME}))
    assert [model.data(model.index(row, TIME)) for row in range(3)] == ["14:03:29.670", "11-22 14:03", "2025-11-23"]
    assert model.data(model.index(0, STATE)) == "1"
    assert model.data(model.index(0, VALUE)) == "undecodable · 1"
    assert "2026-11-23 14:03:29.670000" in model.data(model.index(0, TIME), Qt.ItemDataRole.ToolTipRole)


def test_places_are_columns_behind_the_usual_ones(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.set_watermark(Watermark(1, 300))
    assert model.add_column(" data.total") == len(COLUMNS)
    assert model.add_column('headers["a"]') == len(COLUMNS) + 1
    assert model.add_column("data.total") == len(COLUMNS)
    assert model.columnCount() == len(COLUMNS) + 2
    assert model.headerData(len(COLUMNS), Qt.Orientation.Horizontal) == "total"
    assert [place.text for place in model.columns.places] == ["data.total", 'headers["a"]']
    model.remove_column(len(COLUMNS))
    model.remove_column(3)
    assert model.columnCount() == len(COLUMNS) + 1
    with pytest.raises(QueryError):
        model.add_column("type")
