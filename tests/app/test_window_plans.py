"""Whatever the window asks while a capture is looked at, no question goes through all events: every connection is listened to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.jump import AtNumber
from app.main_window import MainWindow
from tests.app.captures import START_US, capture
from tests.app.test_window import shown, wait_for_event
from tests.capture.plans import Plans, recorded

_EVENTS = 20_000
_WAIT_MS = 60_000


@pytest.fixture
def plans() -> Iterator[Plans]:
    with recorded() as heard:
        yield heard


def test_looking_around_goes_through_no_table_of_events(plans: Plans, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", _EVENTS), _EVENTS)
    selection, lister = window.selection, pane.lister
    assert selection is not None

    def listed() -> None:
        qtbot.waitUntil(lambda: lister.is_done and lister.wish == pane.wish, timeout=_WAIT_MS)

    for order, newest_first in (("log", False), ("time", True), ("arrival", True)):
        pane.set_order(order, newest_first=newest_first)
        listed()
    for text in ("data.total > 19990", 'stream == "order-7"', 'data.order_id == "order-7"', "!has(data.total)", "order-7"):
        selection.choose_filter(text)
        listed()
        assert pane.model.rows or "!" in text
    window.chrome.indexing.index("data.order_id")
    qtbot.waitUntil(lambda: "looked up" in window.chrome.indexing.text.whole_text(), timeout=_WAIT_MS)
    selection.choose_filter('data.order_id == "order-7" && data.total > 5')
    listed()
    assert lister.is_looked_up
    selection.choose_time_range((START_US, START_US + 5_000_000))
    listed()
    pane.clear_filter()
    listed()
    for row in (0, _EVENTS // 2, _EVENTS - 1):
        pane.choose_row(row)
        wait_for_event(qtbot, window, selection.seq)
    pane.jump_bar.wanted.emit(AtNumber(77))
    wait_for_event(qtbot, window, 77)
    pane.follow_from("stream")
    qtbot.waitUntil(lambda: "stream ==" in selection.filter, timeout=_WAIT_MS)
    listed()
    selection.back()
    listed()
    assert plans.uses("found USING PRIMARY KEY")
    assert [(step, sql) for step, sql in plans.scans() if not step.startswith("SCAN stream")] == []
