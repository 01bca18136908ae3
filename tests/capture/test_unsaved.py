"""The folder of unsaved captures and the account of what windows have open: states, ages, crashes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from inspector.capture import evidence, journal, unsaved
from inspector.capture.journal import Journal
from inspector.capture.saving import save
from inspector.capture.unsaved import CRASHED, DAMAGED, ENDED, RUNNING
from inspector.errors import CaptureInUseError, StorageError
from inspector.settings import captures_dir
from tests.app.captures import Growing, capture

DAY_S = 86_400


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


def _aged(path: Path, days: float) -> Path:
    then = time.time() - days * DAY_S
    os.utime(path, (then, then))
    return path


def _crashed_window(*paths: Path) -> None:
    """A window in a process of its own that opens captures and dies."""
    code = (
        "import os, sys, pathlib; from inspector.capture.journal import Journal; journal = Journal()\n"
        "for path in sys.argv[1:]: journal.opened(pathlib.Path(path))\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, *map(str, paths)], check=False, timeout=30)


def test_a_capture_is_listed_with_what_it_is() -> None:
    path = capture(captures_dir() / "a.evcap", 10)
    (look,) = unsaved.unsaved()
    assert (look.path, look.events, look.state) == (path, 10, ENDED)
    assert look.source == "kafka://localhost:9092 · shop.orders"
    assert look.size_bytes == path.stat().st_size
    assert abs(look.changed_us / 1_000_000 - time.time()) < 60


def test_a_capture_being_written_says_by_whom_and_is_not_deleted() -> None:
    path = captures_dir() / "a.evcap"
    with Growing(path) as growing:
        growing.append(10)
        (look,) = unsaved.unsaved()
        assert look.state == RUNNING
        assert f"process {os.getpid()}" in look.why
        with pytest.raises(CaptureInUseError):
            unsaved.delete(path)
        assert unsaved.delete_old(1, now_s=time.time() + 30 * DAY_S) == []
        growing.append(1)
    assert path.exists()


def test_a_killed_capture_is_told_apart() -> None:
    code = (
        "import os, sys, pathlib; from tests.app.captures import Growing; g = Growing(pathlib.Path(sys.argv[1])); g.append(7); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(captures_dir() / "a.evcap")], check=False, timeout=30)
    (look,) = unsaved.unsaved()
    assert (look.state, look.events) == (CRASHED, 7)
    unsaved.delete(look.path)
    assert list(captures_dir().iterdir()) == []


def test_what_is_no_capture_is_listed_and_stays() -> None:
    (captures_dir() / "a.evcap").write_bytes(b"nothing")
    _aged(captures_dir() / "a.evcap", 100)
    (look,) = unsaved.unsaved()
    assert look.state == DAMAGED
    assert look.why
    assert unsaved.delete_old(7) == []
    unsaved.delete(look.path)
    assert unsaved.unsaved() == []


def test_a_newer_format_is_listed_and_stays() -> None:
    connection = apsw.Connection(str(capture(captures_dir() / "a.evcap", 1)))
    connection.execute("PRAGMA user_version = 2000")
    connection.close()
    _aged(captures_dir() / "a.evcap", 100)
    assert unsaved.delete_old(7) == []
    assert "newer" in unsaved.unsaved()[0].why


def test_what_is_too_old_goes_and_nothing_else(tmp_path: Path) -> None:
    old = _aged(capture(captures_dir() / "old.evcap", 1), 8)
    young = _aged(capture(captures_dir() / "young.evcap", 1), 6)
    opened = _aged(capture(captures_dir() / "open.evcap", 1), 8)
    saved = captures_dir() / "saved.evcap"
    save(old, saved)
    _aged(saved, 8)
    kept = capture(captures_dir() / "evidence.evcap", 1)
    evidence.mark(kept)
    _aged(kept, 8)
    outside = _aged(capture(tmp_path / "outside.evcap", 1), 8)
    assert unsaved.delete_old(0) == []
    assert unsaved.delete_old(7, {opened}) == [old]
    assert sorted(captures_dir().iterdir()) == sorted([young, opened, saved, kept])
    assert outside.exists()
    assert [look.path for look in unsaved.unsaved()] == [young, opened]


def test_only_what_is_in_the_folder_is_deleted(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1)
    with pytest.raises(StorageError):
        unsaved.delete(path)
    assert path.exists()


def test_a_window_that_dies_leaves_word_and_one_that_closes_does_not(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1)
    own = Journal()
    own.opened(path)
    assert journal.open_paths() == {path}
    assert journal.left_behind() == []
    own.close()
    own.close()
    assert journal.left_behind() == []
    assert journal.open_paths() == set()
    _crashed_window(path)
    (left,) = journal.left_behind()
    assert (left.path, left.crashes, left.is_asked_about, left.is_there) == (path, 1, False, True)
    assert journal.left_behind() == []


def test_two_crashes_in_a_row_are_asked_about_and_a_good_end_between_is_not(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1)
    _crashed_window(path)
    journal.left_behind()
    _crashed_window(path, tmp_path / "gone.evcap")
    left = {crash.path.name: crash for crash in journal.left_behind()}
    assert left["a.evcap"].is_asked_about
    assert not left["gone.evcap"].is_there
    own = Journal()
    own.opened(path)
    own.close()
    _crashed_window(path)
    (again,) = journal.left_behind()
    assert not again.is_asked_about


def test_what_was_closed_before_a_crash_is_not_offered(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1)
    own = Journal()
    own.opened(path)
    own.closed(path)
    assert journal.open_paths() == set()
    own.close()


def test_recent_captures_come_newest_first_and_are_few(tmp_path: Path) -> None:
    own = Journal()
    for number in range(journal.MOST_RECENT + 5):
        own.opened(tmp_path / f"{number}.evcap")
    own.opened(tmp_path / "20.evcap")
    found = journal.recent()
    assert len(found) == journal.MOST_RECENT
    assert [item.path.name for item in found[:3]] == ["20.evcap", "24.evcap", "23.evcap"]
    assert not found[0].is_there
    journal.forget_recent(tmp_path / "20.evcap")
    assert journal.recent()[0].path.name == "24.evcap"
    journal.forget_recent()
    assert journal.recent() == []
    own.close()


def test_a_session_file_of_nonsense_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "data" / "sessions"
    folder.mkdir(parents=True)
    (folder / "x.session").write_bytes(b"\x00nonsense" * 100)
    (folder / "y.session").touch()
    assert journal.left_behind() == []
    assert journal.open_paths() == set()
