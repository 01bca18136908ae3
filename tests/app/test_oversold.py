"""Which event oversold the article: the demo's own stock, found from its stream in three actions, with a real hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.hand import Hand
from tests.app.test_window import shown
from tests.demo.story import told
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_SKU = "stock-teapot-1926"
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # menus off the screen


def stock_events() -> list[Written]:
    """The article's stream as the demo's shop tells it."""
    events = [event for event in told() if event.stream == _SKU and event.category.name == "stock"]
    return [
        Written(
            place,
            json.dumps(event.data),
            event.stream,
            event.version,
            event.time_us,
            event.type,
            event_id=event.id,
            actor=event.actor,
            category="stock",
        )
        for place, event in enumerate(events)
    ]


def test_the_event_that_oversold_is_found_in_three_actions(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    events = stock_events()
    documents = [json.loads(event.data or "{}") for event in events]
    guilty = next(place for place, document in enumerate(documents) if document["available"] < 0)
    assert documents[guilty]["available"] == -1
    pane = shown(qtbot, window, write(tmp_path / "demo.evcap", [Log(events, "shop.inventory")]), len(events))
    window.resize(1440, 900)
    pane.choose_row(guilty + 1)
    replay = window.replay
    qtbot.waitUntil(lambda: replay.tree.index_of("/available").isValid(), timeout=_WAIT_MS)
    view, hand = replay.view, Hand(qtbot, window, most=3)

    # the stream's state is seen; 1 and 2: what is the history of its pieces?
    qtbot.waitUntil(lambda: not view.visualRect(replay.tree.index_of("/available")).isEmpty(), timeout=_WAIT_MS)
    at = view.viewport().mapTo(view, view.visualRect(replay.tree.index_of("/available")).center())
    hand.choose(hand.menu(view, at), "History of this field")
    field = replay.tabs.field
    qtbot.waitUntil(lambda: bool(field.table.rows), timeout=_WAIT_MS)

    # 3: the one that took it below zero
    row = next(place for place, cells in enumerate(field.table.rows) if cells[3].endswith("→ -1"))
    field.view.scrollTo(field.table.index(row, 0))
    place = field.view.visualRect(field.table.index(row, 0)).center()
    hand.click(field.view, field.view.viewport().mapTo(field.view, place))
    assert window.selection is not None
    assert window.selection.seq == guilty + 1
    qtbot.waitUntil(
        lambda: window.panes is not None and window.panes.event_pane.shown is not None and window.panes.event_pane.shown.seq == guilty + 1,
        timeout=_WAIT_MS,
    )
