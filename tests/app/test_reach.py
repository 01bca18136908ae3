"""What a capture names as its source is a stranger's word: nothing is asked of it, and no secret goes there, before the user says so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import reach
from app.access import Access, can_be_asked
from app.fetching import Stage
from app.main_window import MainWindow
from app.messages import Messages
from app.session import Session
from tests.app.captures import capture
from tests.app.keyrings import memory_keyring
from tests.app.test_window import shown

_WAIT_MS = 60_000


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who would like to be asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_asked(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_a_strangers_source_is_asked_nothing_before_a_click_that_shows_where_it_is(
    qtbot: QtBot, window: MainWindow, listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_READABLE_S", 0.0)
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    path, url = capture(tmp_path / "a.evcap", 300), f"kafka://127.0.0.1:{listener.getsockname()[1]}"
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE source SET uri = ?", (url,))
    connection.execute("UPDATE log SET first_position = 0, end_position = 900000; UPDATE event SET position = position + 800000")
    connection.execute("UPDATE coverage SET from_position = from_position + 800000, to_position = to_position + 800000")
    connection.close()
    with memory_keyring():
        shown(qtbot, window, path, 300)
        assert window.panes is not None
        mine = window.panes.reach
        qtbot.waitUntil(lambda: window.events.lister.is_done, timeout=_WAIT_MS)
        mine.offer_older()
        qtbot.waitUntil(lambda: mine.fetching.stage is Stage.offered, timeout=_WAIT_MS)
        assert url in mine.bar.text.whole_text()
        QTest.mouseClick(mine.bar.more, Qt.MouseButton.LeftButton)
        for _ in range(3):
            QTest.keyClick(window.events.view, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClick(window.events.view, Qt.Key.Key_PageUp)
        qtbot.wait(2_500)
        assert mine.fetching.stage is Stage.offered
        assert not was_asked(listener)
        QTest.mouseClick(mine.bar.main, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: was_asked(listener), timeout=_WAIT_MS)
        mine.fetching.stop()


def test_what_a_capture_was_begun_with_goes_to_that_place_only(messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    session = Session(tmp_path / "a.evcap", messages)
    monkeypatch.setattr(Session, "asked", (["kafka://mine:9092/orders", "--config", "-"], "sasl.password=hunter2"))
    access, told = Access(session), list[str]()
    for url in (
        "kafka://evil:9092",
        "kafka://mine:9092.evil",
        "kafka://mine:9092,evil:9092",
        "kafka://mine:9092@evil",
        "sqlite://mine:9092",
    ):
        access.config(url, told.append)
        assert not access.is_known(url)
    assert told == [""] * 5
    access.config("kafka://mine:9092", told.append)
    assert told[-1] == "sasl.password=hunter2"
    session.close()


@pytest.mark.parametrize("url", ["-o=x", " kafka://a", "http://a", "kafka:a", "file:///etc/passwd", "kafka://" + "a" * 1_000, ""])
def test_an_address_of_no_kind_we_read_is_never_asked(url: str) -> None:
    assert not can_be_asked(url)


def test_an_address_that_is_none_is_no_crash() -> None:
    assert can_be_asked("kafka://[")
