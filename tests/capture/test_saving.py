"""Save as: whole copies of finished and growing captures, merged notes, full disks, stopping, evidence that nothing writes to."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from inspector.capture import evidence, notes
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.capture.saving import save
from inspector.capture.writer import CaptureWriter
from inspector.errors import CaptureError, StorageError, UsageError
from tests.app.captures import Growing, capture

COMMAND = [sys.executable, "-m", "inspector.cli"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.is_file())


def test_a_copy_is_one_whole_file_for_its_owner_with_the_notes(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 100)
    with CaptureReader(path) as reader:
        notes.add_note(reader, 7, "seven")
        notes.delete_note(reader, notes.add_note(reader, 8, "eight").uid)
        notes.add_mark(reader, 9)
    saved = save(path, tmp_path / "b.evcap")
    assert saved.is_whole
    assert saved.notes == 2
    assert _names(tmp_path) == ["a.evcap", "b.evcap"]
    assert (tmp_path / "b.evcap").stat().st_mode & 0o777 == 0o600
    with CaptureReader(tmp_path / "b.evcap") as reader:
        assert reader.watermark().events == 100
        assert reader.select("SELECT seq, text FROM note") == [(7, "seven")]
        assert reader.select("SELECT seq FROM bookmark") == [(9,)]
        assert len(notes.notes(reader)) == 2
        assert reader.select("PRAGMA journal_mode") == [("delete",)]


def test_a_capture_that_grows_is_saved_as_it_was_at_one_moment(tmp_path: Path) -> None:
    path, stop = tmp_path / "a.evcap", threading.Event()
    with Growing(path) as growing:
        growing.append(30_000)
        lived: list[int] = []

        def save_it() -> None:
            try:
                save(path, tmp_path / "b.evcap")
            finally:
                stop.set()

        thread = threading.Thread(target=save_it)
        thread.start()
        while not stop.is_set():
            growing.append(50)
            lived.append(50)
        thread.join()
    with CaptureReader(tmp_path / "b.evcap") as reader:
        assert 30_000 <= reader.watermark().events <= 30_000 + sum(lived)
        assert reader.select("PRAGMA integrity_check") == [("ok",)]
    assert _names(tmp_path) == ["a.evcap", "b.evcap"]


def test_what_is_there_is_replaced_only_when_asked_for(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    (tmp_path / "b.evcap").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        save(path, tmp_path / "b.evcap")
    assert (tmp_path / "b.evcap").read_text() == "mine"
    assert save(path, tmp_path / "b.evcap", replace=True).is_whole


def test_a_capture_is_not_saved_over_itself_or_over_one_in_use(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    with pytest.raises(UsageError, match="the capture itself"):
        save(path, tmp_path / "a.evcap", replace=True)
    with Growing(tmp_path / "b.evcap") as growing:
        growing.append(1)
        with pytest.raises(UsageError, match="in use"):
            save(path, tmp_path / "b.evcap", replace=True)


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    assert not save(path, tmp_path / "b.evcap", is_stopped=lambda: True).is_whole
    assert _names(tmp_path) == ["a.evcap"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 20_000)
    limit = path.stat().st_size // 2
    done = subprocess.run(
        [*COMMAND, "save", str(path), str(tmp_path / "b.evcap"), "--progress", "json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 3
    assert "make room or choose another disk" in done.stderr
    assert _names(tmp_path) == ["a.evcap"]


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    monkeypatch.setattr("inspector.capture.saving.shutil.disk_usage", lambda _: type("Usage", (), {"free": 100}))
    with pytest.raises(StorageError, match="too full"):
        save(path, tmp_path / "b.evcap")
    assert _names(tmp_path) == ["a.evcap"]


def test_the_command_tells_how_it_goes(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1_000)
    arguments = ["save", str(path), str(tmp_path / "b.evcap"), "--progress", "json"]
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=True)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["type"] for line in told] == ["progress", "saved", "done"]
    assert told[1]["bytes"] == (tmp_path / "b.evcap").stat().st_size


def test_a_strangers_trigger_does_not_run_while_notes_are_merged(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM event; END")
    connection.close()
    with CaptureReader(path) as reader:
        notes.add_note(reader, 1, "x")
    save(path, tmp_path / "b.evcap")
    with CaptureReader(tmp_path / "b.evcap") as reader:
        assert reader.watermark().events == 10


def test_what_is_no_capture_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "a.evcap").write_bytes(b"nothing " * 1_000)
    with pytest.raises(CaptureError):
        save(tmp_path / "a.evcap", tmp_path / "b.evcap")
    assert _names(tmp_path) == ["a.evcap"]


def test_nothing_writes_to_evidence(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    before = path.read_bytes(), path.stat().st_mtime_ns
    noted = evidence.mark(path)
    with CaptureReader(path) as reader:
        notes.add_note(reader, 1, "seen")
        notes.add_mark(reader, 2)
        assert len(notes.notes(reader)) == 2
    with pytest.raises(StorageError, match="read-only"):
        CaptureWriter(path)
    with pytest.raises(UsageError):
        save(capture(tmp_path / "b.evcap", 3), path, replace=True)
    assert is_read_only(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert _names(tmp_path) == ["a.evcap", "b.evcap"]
    assert evidence.check(path) == noted == evidence.mark(path)


def test_evidence_that_was_changed_is_found_out(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 10)
    evidence.mark(path)
    path.chmod(0o600)
    changed = path.read_bytes()
    path.write_bytes(changed[:-1] + bytes([changed[-1] ^ 1]))
    path.chmod(0o400)
    with pytest.raises(CaptureError, match="changed"):
        evidence.check(path)


def test_a_capture_being_written_is_not_marked(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(1)
        with pytest.raises(UsageError, match="being written"):
            evidence.mark(tmp_path / "a.evcap")
    with pytest.raises(UsageError, match="not marked"):
        evidence.check(tmp_path / "a.evcap")
