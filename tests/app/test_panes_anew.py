"""Panes that are made anew, for masks or another meaning of the events, go on where those before were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.captures import Growing
from tests.app.test_window import shown

_WAIT_MS = 60_000
_COUNT = 3_000


@pytest.fixture
def growing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> Iterator[Growing]:
    with Growing(tmp_path / "a.evcap") as made:
        made.append(_COUNT)
        shown(qtbot, window, made.path, _COUNT)
        yield made


def _anew(qtbot: QtBot, window: MainWindow) -> None:
    for _ in range(3):  # while the panes before still have questions on their way
        window._look_again()
    qtbot.waitUntil(lambda: window.events.model.rows == _COUNT, timeout=_WAIT_MS)
    qtbot.wait(300)


def test_they_stay_at_the_newest(qtbot: QtBot, window: MainWindow, growing: Growing) -> None:
    window.events.choose_row(7)
    window.events.stick(on=True)
    _anew(qtbot, window)
    assert window.events.is_stuck
    assert window.chrome.toolbar.stick.isChecked()
    assert window.selection is not None
    assert window.selection.seq == 8
    growing.append(500)
    bar = window.events.view.verticalScrollBar
    qtbot.waitUntil(lambda: window.events.model.rows == _COUNT + 500 and bar().value() == bar().maximum(), timeout=_WAIT_MS)


def test_they_stand_still(qtbot: QtBot, window: MainWindow, growing: Growing) -> None:
    window.events.pause(on=True)
    _anew(qtbot, window)
    assert window.events.is_paused
    assert window.chrome.toolbar.pause.isChecked()
    growing.append(500)
    qtbot.waitUntil(lambda: "500 new" in window.events._new.text(), timeout=_WAIT_MS)
    assert window.events.model.rows == _COUNT


@pytest.mark.usefixtures("growing")
def test_a_stream_that_is_followed_stays_in_the_order_of_time(qtbot: QtBot, window: MainWindow) -> None:
    window.events.choose_row(7)
    window.events.follow_from("stream")
    qtbot.waitUntil(lambda: window.events.lister.wish.order == "time" and window.events.model.rows == 60, timeout=_WAIT_MS)
    window._look_again()
    qtbot.waitUntil(lambda: window.events.lister.is_done and window.events.model.rows == 60, timeout=_WAIT_MS)
    assert window.events.lister.wish.order == "time"
    assert window.events.own_order == ("arrival", False)
