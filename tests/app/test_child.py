"""A command as a child: its lines, its end, its crash; nothing is left running."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from app.child import Child, parsed_line
from inspector.demo.store import ShopStore


def capture_child(tmp_path: Path, *extra: str) -> Child:
    """A capture of an empty store."""
    ShopStore(tmp_path / "shop.db").close()
    target = str(tmp_path / "a.evcap")
    return Child(["capture", f"sqlite:///{tmp_path / 'shop.db'}", "-o", target, "--progress", "json", "--stop-with-stdin", *extra])


@pytest.mark.parametrize("line", ["", "warning: x", "{", "[1]", "{not json}", '"text"', "{" * 5000])
def test_a_line_that_is_no_json_object_is_for_people(line: str) -> None:
    assert parsed_line(line) is None


def test_stop_ends_a_following_capture_cleanly(qtbot: QtBot, tmp_path: Path) -> None:
    child = capture_child(tmp_path, "--follow")
    with qtbot.waitSignal(child.progressed, timeout=20_000):
        child.start()
    with qtbot.waitSignal(child.ended, timeout=20_000) as ended:
        child.stop()
    assert ended.args == [""]
    assert not child.is_running


@pytest.mark.skipif(sys.platform == "win32", reason="a kill has no signal there")
def test_a_crash_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    child = capture_child(tmp_path, "--follow")
    with qtbot.waitSignal(child.progressed, timeout=20_000):
        child.start()
    with qtbot.waitSignal(child.ended, timeout=20_000) as ended:
        child._process.kill()
    assert ended.args == ["eventscope capture crashed; everything stored before is kept"]
    assert signal.SIGKILL


def test_an_error_of_the_command_is_its_own_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    child = Child(["capture", f"sqlite:///{tmp_path / 'none.db'}", "-o", str(tmp_path / "a.evcap"), "--progress", "json"])
    with qtbot.waitSignal(child.ended, timeout=20_000) as ended:
        child.start()
    assert ended.args[0]
    assert "status" not in ended.args[0]


def test_what_is_no_json_goes_to_the_messages(qtbot: QtBot) -> None:
    child = Child(["no-such-command"])
    said: list[str] = []
    child.said.connect(lambda _level, text: said.append(text))
    with qtbot.waitSignal(child.ended, timeout=20_000) as ended:
        child.start()
    assert any("no-such-command" in text for text in said)
    assert "no-such-command" in ended.args[0]


def test_closing_waits_for_the_process(qtbot: QtBot, tmp_path: Path) -> None:
    child = capture_child(tmp_path, "--follow")
    with qtbot.waitSignal(child.progressed, timeout=20_000):
        child.start()
    child.end(10_000)
    assert child._process.state() is QProcess.ProcessState.NotRunning
