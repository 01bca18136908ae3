"""The program as started from a shell: the demo shows events arriving; hooks bring errors to the messages."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import qWarning
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.messages import Hooks, Messages
from inspector import settings


def test_the_demo_shows_events_arriving(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.start_demo(["--history", "6000", "--rate", "100"], tmp_path / "demo.evcap")
    pane, session, line = window.events, window.session, window.status_line
    assert pane is not None
    assert session is not None
    assert line is not None
    qtbot.waitUntil(lambda: pane.model.rows > 3_000, timeout=60_000)
    so_far = pane.model.rows
    qtbot.waitUntil(lambda: pane.model.rows > so_far + 20, timeout=30_000)
    qtbot.waitUntil(lambda: "captured of" in line.captured.text(), timeout=5_000)
    assert pane.is_stuck
    with qtbot.waitSignal(session.capture_ended, timeout=20_000) as ended:
        window.stop_capture()
    assert ended.args == [""]
    assert sorted(path.name for path in tmp_path.glob("demo.evcap*")) == ["demo.evcap"]


def test_the_demo_never_mixes_two_stories(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "demo.evcap").touch()
    window.start_demo([], tmp_path / "demo.evcap")
    assert "another story" in window.chrome.errors.text.whole_text()
    assert window.session is None


def test_errors_nobody_caught_are_in_the_messages(qtbot: QtBot, messages: Messages) -> None:
    hooks = Hooks(messages)
    try:
        try:
            raise ValueError("ours")  # noqa: TRY301 - it has to be raised to be caught by the hook
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        qWarning("from Qt")
        qtbot.waitUntil(lambda: len(messages.kept) == 3, timeout=3_000)
    finally:
        hooks.remove()
    assert [message.level for message in messages.kept] == ["error", "error", "warning"]
    assert "ValueError: ours" in messages.kept[0].text
    assert "Traceback" in messages.kept[0].details
    assert messages.kept[2].text == "Qt: from Qt"


def test_a_message_that_repeats_with_every_cell_is_kept_a_few_times(qtbot: QtBot, messages: Messages) -> None:
    for _ in range(100):
        messages.say("error", "the same")
    messages.say("note", "the last")
    qtbot.waitUntil(lambda: bool(messages.kept) and messages.kept[-1].text == "the last", timeout=3_000)
    assert len(messages.kept) < 10


def test_captures_lie_in_a_folder_of_their_owner(tmp_path: Path) -> None:
    folder = settings.captures_dir()
    assert folder.is_relative_to(tmp_path)
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o777 == 0o700
    first = settings.new_capture_path("a/b:c <x>")
    first.touch()
    second = settings.new_capture_path("a/b:c <x>")
    assert first.parent == second.parent == folder
    assert first != second
    assert time.strftime("%Y") in first.name
