"""The table of all aggregates at a time as a file: the same bytes as the command writes, with masks, progress and a stop."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.exporting import StatesJob, Target
from app.main_window import MainWindow
from app.models.profile import MaskRules
from app.panes.states import StatesPane
from inspector.cli import main
from tests.app.test_actions import run
from tests.app.test_window import shown
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_NOON_US = 1_795_435_200_000_000
_ACCOUNTS = 60


def accounts(path: Path) -> Path:
    """Accounts whose balance falls, each with an owner that a spreadsheet would take for a formula; every tenth is closed at the end."""
    events: list[Written] = []
    for number in range(_ACCOUNTS):
        for step in range(3):
            closed = step == 2 and number % 10 == 0
            data = None if closed else json.dumps({"owner": f"=owner-{number}", "balance": number * 10 - 200 * step})
            time_us = _NOON_US + step * 3_600_000_000 + number
            events.append(Written(len(events), data, f"account-{number:03}", step + 1, time_us, "Changed", category="account"))
    return write(path, [Log(events)])


def table(qtbot: QtBot, window: MainWindow, path: Path) -> StatesPane:
    """The pane with the accounts that it lists at first."""
    shown(qtbot, window, path, _ACCOUNTS * 3)
    assert window.panes is not None
    window.panes.show_pane("All at a time", on=True)
    pane = window.panes.states_pane
    qtbot.waitUntil(lambda: pane.listed is not None and pane.table.row(0) is not None, timeout=_WAIT_MS)
    return pane


def answer(monkeypatch: pytest.MonkeyPatch, out: Path, form: str = "") -> None:
    """The next question where to is answered like this."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), form))


def export(qtbot: QtBot, window: MainWindow) -> str:
    """Exports what is listed; what is said then."""
    run(window, "Export all at a time")
    bar = window.chrome.saving
    qtbot.waitUntil(lambda: not bar.is_running, timeout=_WAIT_MS)
    return bar.text.whole_text()


def test_the_window_writes_what_its_command_writes(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane = table(qtbot, window, accounts(tmp_path / "a.evcap"))
    pane.time.setText("2026-11-23 13:00:00.000049")
    pane.time.returnPressed.emit()
    qtbot.waitUntil(lambda: pane.listed is not None and bool(pane.listed.time), timeout=_WAIT_MS)
    pane.filter.setText("state.balance < 100")
    pane.filter.returnPressed.emit()
    qtbot.waitUntil(lambda: pane.listed is not None and bool(pane.listed.filter), timeout=_WAIT_MS)
    pane.view.horizontalHeader().sectionClicked.emit(2)
    qtbot.waitUntil(lambda: pane.listed is not None and pane.listed.sort == "state.balance", timeout=_WAIT_MS)
    pane.filter.setText("state.balance < 1")  # is written, and not asked yet: what is listed is exported
    run(window, "Copy the command of all at a time")
    command = shlex.split(QGuiApplication.clipboard().text())[1:]
    for name, form in (("t.jsonl", ""), ("t.csv", ""), ("e.csv", "CSV, exactly as it is (*.csv)"), ("t.parquet", "")):
        answer(monkeypatch, tmp_path / name, form)
        said = export(qtbot, window)
        assert said.startswith(f"✓ Exported to {tmp_path / name} · 30 rows")
        assert ("begin with an apostrophe" in said) is (name == "t.csv")
        other = tmp_path / f"other-{name}"
        assert main([*command, "-o", str(other), *(["--csv", "exact"] if form else [])]) == 0
        assert (tmp_path / name).read_bytes() == other.read_bytes()
        made, mine = (json.loads(path.with_name(f"{path.name}.manifest.json").read_text()) for path in (tmp_path / name, other))
        assert {**made, "made": "", "file": ""} == {**mine, "made": "", "file": ""}
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [line["fields"]["state.balance"] for line in lines] == sorted(line["fields"]["state.balance"] for line in lines)
    assert made["moment"] == "2026-11-23T13:00:00.000049Z"


def test_what_the_table_leaves_out_and_hides_is_said(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.profiling.profiles.change(masks=MaskRules(("data.owner",)))
    table(qtbot, window, accounts(tmp_path / "a.evcap"))
    answer(monkeypatch, tmp_path / "t")  # without an ending it is JSON lines
    said = export(qtbot, window)
    assert said.endswith("· 54 rows · 6 deleted left out · what the masks hide is hidden in it")
    assert "owner-1" not in (tmp_path / "t.jsonl").read_text()


def test_it_is_stopped_and_one_file_is_written_at_a_time(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = accounts(tmp_path / "a.evcap")
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ndef reduce(state, event):\n    time.sleep(0.2)\n    return event.data\n")
    bar = window.chrome.saving
    out = tmp_path / "out.csv"
    assert bar.run(StatesJob([str(path), "--category=account", f"--reducer={slow}"], Target(out, []), bar))
    qtbot.waitUntil(lambda: "60 aggregates looked at" in bar.text.whole_text(), timeout=_WAIT_MS)
    assert 0 <= bar.progress.value() < bar.progress.maximum()
    with qtbot.waitSignal(bar.failed) as failed:
        assert not bar.run(StatesJob([str(path), "--category=account"], Target(tmp_path / "b.csv", []), bar))
    assert failed.args == ["out.csv is still being written: wait for it, or stop it"]
    bar.stop()
    qtbot.waitUntil(lambda: not bar.is_running, timeout=_WAIT_MS)
    assert bar.text.whole_text() == "It was stopped; nothing was left."
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == ["a.evcap", "slow.py"]


def test_an_order_is_told_in_two_parts() -> None:
    job = StatesJob(["a.evcap", "--category=c"], Target(Path("x.csv"), []))
    assert job.progress_of({"looked_at": 1200, "streams": 5000, "rows": 0}) == ("1,200 of 5,000 aggregates looked at", 1200, 5000)
    assert job.progress_of({"looked_at": 5000, "streams": 5000, "rows": 30, "found": 70}) == ("30 of 70 rows written", 30, 70)
    assert job.command == "eventscope states a.evcap --category=c -o x.csv"
