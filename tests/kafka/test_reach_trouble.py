"""Reading more from the source while other things happen: Stop in the toolbar, panes made anew, a jump in between."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.fetching import Stage
from app.main_window import MainWindow
from tests.kafka.helpers import Cluster
from tests.kafka.test_reach_window import _WAIT_MS, CTRL, SHIFT, bar, open_last, rows, said, stage, topic, window

__all__ = ["topic", "window"]
_LEFT = Qt.MouseButton.LeftButton


def offer_older(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window.events.view, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)


@pytest.mark.parametrize("when", [Stage.waiting, Stage.reading])
def test_stop_in_the_toolbar_also_ends_the_capture_that_made_room(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str, when: Stage
) -> None:
    open_last(qtbot, window, cluster, topic, "--follow")
    session = window.session
    assert session is not None
    offer_older(qtbot, window)
    QTest.mouseClick(bar(window).main, _LEFT)
    qtbot.waitUntil(lambda: stage(window) is when, timeout=_WAIT_MS)
    QTest.mouseClick(window.chrome.toolbar.stop, _LEFT)
    qtbot.waitUntil(lambda: stage(window) in {Stage.stopped, Stage.done} and not session.is_capturing, timeout=_WAIT_MS)
    qtbot.wait(500)
    assert not session.is_capturing
    assert not window.chrome.toolbar.stop.isVisible()
    if stage(window) is Stage.stopped:
        QTest.mouseClick(bar(window).main, _LEFT)
    qtbot.waitUntil(lambda: rows(window) == 5_100, timeout=_WAIT_MS)


def test_panes_made_anew_go_on_with_what_was_offered(qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str) -> None:
    open_last(qtbot, window, cluster, topic)
    offer_older(qtbot, window)
    window._look_again()  # as masks that are taken off do
    assert "11,900 older positions" in said(window)
    assert bar(window).isVisible()
    assert bar(window).more.isVisible()
    QTest.mouseClick(bar(window).main, _LEFT)
    window._look_again()
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: rows(window) == 5_100 and window.events.lister.wish.order == "time", timeout=_WAIT_MS)


def test_a_jump_while_something_is_read_does_not_change_where_that_leads(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str
) -> None:
    open_last(qtbot, window, cluster, topic)
    window.events.choose_row(50)
    offer_older(qtbot, window)
    QTest.mouseClick(bar(window).main, _LEFT)
    QTest.keyClick(window.events.view, Qt.Key.Key_G, CTRL)
    QTest.keyClicks(window.events.jump_bar.box, "1234")
    QTest.keyClick(window.events.jump_bar.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: rows(window) == 5_100 and window.events.lister.wish.order == "time", timeout=_WAIT_MS)


def test_an_index_and_a_decoding_that_wait_for_the_capture_do_not_take_the_room_that_it_makes(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str
) -> None:
    open_last(qtbot, window, cluster, topic, "--follow")
    window.chrome.indexing.index("data.n")
    window.chrome.decoding.decode()
    offer_older(qtbot, window)
    QTest.mouseClick(bar(window).main, _LEFT)
    session = window.session
    assert session is not None
    qtbot.waitUntil(lambda: stage(window) is Stage.done and session.is_capturing, timeout=_WAIT_MS)
    assert window.chrome.indexing.text.whole_text().endswith("data.n will be indexed when the capture has stopped")
    assert "decoded again when the capture ends" in window.chrome.decoding.text.whole_text()
    qtbot.waitUntil(window.chrome.toolbar.stop.isEnabled, timeout=_WAIT_MS)
    QTest.mouseClick(window.chrome.toolbar.stop, _LEFT)
    qtbot.waitUntil(lambda: "5,100 events decoded again" in window.chrome.decoding.text.whole_text(), timeout=_WAIT_MS)
