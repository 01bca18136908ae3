"""The window reaches for what the capture has not: at the list's end, at a jump, for a filter; and a running capture goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import fold, reach, style
from app.fetch_bar import FetchBar
from app.fetching import Stage
from app.main_window import MainWindow
from app.messages import Messages
from inspector.capture.reader import CaptureReader
from tests.app.keyrings import memory_keyring
from tests.kafka import captures
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

_WAIT_MS = 60_000
_NOON_MS = 1_795_435_200_000
_COUNT = 12_000
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    style.apply(qapp, "light")
    with memory_keyring():
        made = MainWindow(Messages(qapp), QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
        qtbot.addWidget(made)
        made.resize(1440, 900)
        made.show()
        yield made
        made.close()
        fold.wait_for_all()


@pytest.fixture
def topic(cluster: Cluster, name: str) -> str:
    """12,000 records, every tenth of a second one; every 5,000th is a needle."""
    name = f"deep-{name.rpartition('-')[2]}"
    cluster.create(name, 1, retention_ms=3_600_000_000_000)
    fill(cluster, name, 0, _COUNT)
    return name


def fill(cluster: Cluster, topic: str, first: int, count: int) -> None:
    producer = cluster.producer(linger_ms=20)
    for number in range(first, first + count):
        value = b'{"n":%d,"needle":%s}' % (number, b"true" if number % 5_000 == 17 else b"false")
        producer.produce(topic, value, b"key", 0, timestamp=_NOON_MS + number * 100)
    assert producer.flush(30) == 0


def rows(window: MainWindow) -> int:
    return window.events.model.rows if window.panes is not None else 0


def bar(window: MainWindow) -> FetchBar:
    assert window.panes is not None
    return window.panes.reach.bar


def stage(window: MainWindow) -> Stage:
    assert window.panes is not None
    return window.panes.reach.fetching.stage


def said(window: MainWindow) -> str:
    return bar(window).text.whole_text()


def open_last(qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str, *options: str) -> None:
    """The last 100 records, as `Connect` reads them."""
    window.open_source(f"{cluster.url}/{topic}", ["--from=-100", *options])
    qtbot.waitUntil(lambda: rows(window) == 100, timeout=_WAIT_MS)
    if not options:
        qtbot.waitUntil(lambda: window.session is not None and not window.session.is_capturing, timeout=_WAIT_MS)


def test_scrolling_on_at_the_end_offers_what_is_older_with_its_number_and_time_left_then_reads_it(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_last(qtbot, window, cluster, topic)
    QTest.keyClick(window.events.view, Qt.Key.Key_Home, CTRL)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    assert f"11,900 older positions of {topic} (1 partition) were not read; 5,000 of them next" in said(window)
    assert bar(window).more.text() == "All 11,900"
    qtbot.waitUntil(lambda: "the oldest go in" in said(window), timeout=_WAIT_MS)
    assert rows(window) == 100
    monkeypatch.setattr(reach, "_READABLE_S", 0.0)
    QTest.keyClick(window.events.view, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: rows(window) == 5_100, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    assert "read 5,000 of 5,000 positions" in said(window)
    qtbot.waitUntil(lambda: window.events.lister.wish.order == "time" and window.events.lister.is_done, timeout=_WAIT_MS)
    assert window.session is not None
    with CaptureReader(window.session.path) as reader:
        assert sorted(event.position for event in reader.events()) == list(range(6_900, 12_000))
    QTest.keyClick(window, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: "6,900 older" in said(window), timeout=_WAIT_MS)
    QTest.mouseClick(bar(window).more, Qt.MouseButton.LeftButton)
    assert "all 6,900" in said(window)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rows(window) == _COUNT, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: "nothing older is left" in window.events.notice.text.whole_text(), timeout=_WAIT_MS)


@pytest.mark.parametrize(("typed", "position"), [("1234", 1_234), ("2026-11-23T12:05:00Z", 3_000)])
def test_a_jump_to_what_was_not_read_offers_it_and_goes_there(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str, typed: str, position: int
) -> None:
    open_last(qtbot, window, cluster, topic)
    window.events.choose_row(50)
    QTest.keyClick(window.events.view, Qt.Key.Key_G, CTRL)
    QTest.keyClicks(window.events.jump_bar.box, typed)
    QTest.keyClick(window.events.jump_bar.box, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    assert "not read" in said(window)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)

    def is_there() -> bool:
        assert window.session is not None
        assert window.selection is not None
        with CaptureReader(window.session.path) as reader:
            event = reader.event(window.selection.seq)
        return event is not None and event.position == position

    qtbot.waitUntil(is_there, timeout=_WAIT_MS)


def test_what_a_filter_matches_is_found_in_the_source_stopped_and_gone_on_with(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str
) -> None:
    open_last(qtbot, window, cluster, topic)
    QTest.keyClicks(window.chrome.filter.box, "data.needle == true")
    QTest.keyClick(window.chrome.filter.box, Qt.Key.Key_Return)
    assert window.panes is not None
    button = window.panes.reach.find_button
    qtbot.waitUntil(button.isVisible, timeout=_WAIT_MS)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    assert "11,900 positions of" in said(window)
    assert "were not searched for data.needle == true" in said(window)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stage(window) is Stage.reading, timeout=_WAIT_MS)
    window.panes.reach.fetching.stop()
    qtbot.waitUntil(lambda: stage(window) in {Stage.stopped, Stage.done}, timeout=_WAIT_MS)
    if stage(window) is Stage.stopped:
        assert said(window).startswith("! stopped: searched ")
        QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: rows(window) == 3, timeout=_WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: "nothing left to search" in window.events.notice.text.whole_text(), timeout=_WAIT_MS)
    assert window.session is not None
    assert captures.coverage(window.session.path) == [(topic, 0, [(0, 11_900, "scanned", None, 3), (11_900, 12_000, "read", None, 100)])]


def test_a_capture_that_follows_makes_room_and_goes_on_with_nothing_lost(
    qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str
) -> None:
    open_last(qtbot, window, cluster, topic, "--follow")
    QTest.keyClick(window, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    fill(cluster, topic, _COUNT, 50)
    qtbot.waitUntil(lambda: stage(window) is Stage.done, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: rows(window) == 5_150, timeout=_WAIT_MS)
    assert window.session is not None
    qtbot.waitUntil(lambda: window.session is not None and window.session.is_capturing, timeout=_WAIT_MS)
    qtbot.waitUntil(window.chrome.toolbar.stop.isEnabled, timeout=_WAIT_MS)
    fill(cluster, topic, _COUNT + 50, 10)
    qtbot.waitUntil(lambda: rows(window) == 5_160, timeout=_WAIT_MS)


def test_a_source_that_is_gone_is_said_and_what_came_is_kept(qtbot: QtBot, window: MainWindow, own_broker: Broker, name: str) -> None:
    cluster = Cluster(own_broker)
    cluster.create(name, 1)
    fill(cluster, name, 0, 6_000)
    open_last(qtbot, window, cluster, name)
    own_broker.kill()
    QTest.keyClick(window, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: stage(window) is Stage.failed, timeout=_WAIT_MS)
    assert "nothing answers" in said(window)
    assert rows(window) == 100
    own_broker.start()
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rows(window) == 5_100, timeout=_WAIT_MS)


def test_a_file_opened_again_reaches_for_its_source(qtbot: QtBot, window: MainWindow, cluster: Cluster, topic: str, tmp_path: Path) -> None:
    out = tmp_path / "kept.evcap"
    captures.run("capture", f"{cluster.url}/{topic}", "-o", out, "--from=-100")
    window.open_capture(out)
    qtbot.waitUntil(lambda: rows(window) == 100, timeout=_WAIT_MS)
    QTest.keyClick(window, Qt.Key.Key_Up, CTRL | SHIFT)
    qtbot.waitUntil(lambda: stage(window) is Stage.offered, timeout=_WAIT_MS)
    QTest.mouseClick(bar(window).main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rows(window) == 5_100, timeout=_WAIT_MS)
