"""`eventscope notes`, `save` and `evidence` as a script sees them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.app.captures import capture
from tests.cli.test_read import COMMAND

FIELDS = {"id", "kind", "seq", "log", "partition", "position", "sub", "source", "made", "changed", "text"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


def run(*arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def test_notes_are_added_listed_changed_and_deleted(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    (note,) = map(json.loads, run("notes", path, "--add", "2", "seen").stdout.splitlines())
    assert set(note) == FIELDS
    assert (note["seq"], note["text"]) == (2, "seen")
    assert "seen again" in run("notes", path, "--edit", note["id"], "seen again", "--format", "table").stdout
    assert run("notes", path, "--delete", note["id"]).stdout == ""
    assert "no note and no mark" in run("notes", path, "--format", "table").stdout


@pytest.mark.parametrize("seq", ["x", "99", "-1", "9" * 40])
def test_a_note_on_no_event_is_wrong_usage(tmp_path: Path, seq: str) -> None:
    run("notes", capture(tmp_path / "a.evcap", 5), "--add", seq, "text", status=2)


def test_a_table_of_notes_is_safe_to_look_at(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    assert "⟨U+202E⟩⟨U+001B⟩[31m" in run("notes", path, "--add", "2", "\u202e\x1b[31m", "--format", "table").stdout


def test_saving_and_evidence_from_a_shell(tmp_path: Path) -> None:
    path, out = capture(tmp_path / "a.evcap", 5), tmp_path / "b.evcap"
    assert str(out) in run("save", path, out).stdout
    run("save", path, out, status=2)
    marked = json.loads(run("evidence", out).stdout)
    assert json.loads(run("evidence", out, "--check").stdout) == marked
    run("save", path, out, "--replace", status=2)
    run("evidence", path, "--check", status=2)
    run("save", tmp_path / "none.evcap", tmp_path / "c.evcap", status=4)
