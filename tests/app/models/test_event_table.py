"""The list's model: scripts of growth, eviction, late and stale pages, under Qt's own model tester."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.event_rows import PAGE_ROWS, Page, Row
from app.models.event_table import COLUMNS, MOST_ROWS, EventTable, PageRequest
from inspector.capture.reader import Watermark
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
            self.model.supply(request, page(request.number, self.model.last_seq, size_bytes=size_bytes))


def page(number: int, last_seq: int, *, size_bytes: int = 1000, flags: int = 0) -> Page:
    """A page whose cells say their event's number."""
    seqs = range(max(1, number * PAGE_ROWS), min((number + 1) * PAGE_ROWS - 1, last_seq) + 1)
    return Page(number, {seq: Row(seq, flags, "late" if flags else "", (str(seq),) * len(COLUMNS)) for seq in seqs}, size_bytes)


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
    assert {request.number for request in asked.requests} <= {0, 1}
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


def test_a_page_read_before_the_growth_is_asked_for_again(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    text(model, 0)
    wait_for(qtbot, asked)
    model.set_watermark(Watermark(1, 20))
    request = asked.requests.pop()
    model.supply(request, page(request.number, 10))
    assert text(model, 15) == ""
    wait_for(qtbot, asked)
    asked.answer()
    assert text(model, 15) == "16"


def test_an_answer_to_an_older_life_is_dropped(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 100))
    text(model, 0)
    wait_for(qtbot, asked)
    stale = asked.requests.pop()
    model.set_watermark(Watermark(1, 50))
    model.supply(stale, Page(stale.number, {1: Row(1, 0, "", ("stale",) * len(COLUMNS))}, 10))
    assert text(model, 0) == ""
    assert model.rowCount() == 50


def test_rows_that_went_at_the_head_move_the_others_up(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 1000))
    text(model, 600)
    wait_for(qtbot, asked)
    asked.answer()
    with qtbot.waitSignal(model.head_evicted) as evicted:
        model.set_watermark(Watermark(301, 1010))
    assert evicted.args == [300]
    assert (model.rowCount(), model.row_of(601), model.row_of(300), model.seq_of(0)) == (710, 300, -1, 301)
    assert text(model, 300) == "601"


def test_a_page_that_comes_after_its_rows_went_is_not_kept(qtbot: QtBot) -> None:
    model, asked = watched(qtbot)
    model.set_watermark(Watermark(1, 1000))
    text(model, 0)
    wait_for(qtbot, asked)
    model.set_watermark(Watermark(900, 1200))
    asked.answer()
    assert text(model, 0) == ""
    wait_for(qtbot, asked)
    asked.answer()
    assert text(model, 0) == "900"


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
    assert len(model._pages) == 2
    assert text(model, 0) == ""


def test_the_newest_wish_is_read_first_and_old_ones_are_forgotten(qtbot: QtBot) -> None:
    model = EventTable()
    asked = Asked(model)
    model.set_watermark(Watermark(1, PAGE_ROWS * 100))
    for place in range(50):
        text(model, place * PAGE_ROWS + PAGE_ROWS)
    wait_for(qtbot, asked)
    assert asked.requests[0].number == 50
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
    model.supply(asked.requests.pop(), page(0, 10, flags=Flag.aborted))
    assert model.data(model.index(0, _COLUMN), Qt.ItemDataRole.FontRole).strikeOut()
    assert "late" in model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)


def test_numbers_are_right_aligned(qtbot: QtBot) -> None:
    model, _ = watched(qtbot)
    model.set_watermark(Watermark(1, 10))
    assert model.data(model.index(0, 3), Qt.ItemDataRole.TextAlignmentRole) & int(Qt.AlignmentFlag.AlignRight)
