"""Files with names that no text has, and what is no file beside files: read or said, through the real command, and never waited for."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.settings import HOME_VARIABLE, data_dir

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and file names of POSIX")
LINES = b"".join(b'{"type":"T","n":%d}\n' % number for number in range(5))
NAMES = [b"not-\xff\xfe-text.jsonl", b"line\nbreak.jsonl", b"\x1b[2J\x1b]0;x\x07.jsonl", "\u202egpj.jsonl".encode(), b"\xed\xa0\x80.jsonl"]
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def run(*arguments: str | bytes | Path, stdin: bytes = b"") -> tuple[int, str, str]:
    """A process of its own, so that a hang ends and a traceback is seen as users see it."""
    command = [sys.executable, "-m", "inspector.cli", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    output, errors = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in errors
    return done.returncode, output, errors


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def store(path: Path) -> Path:
    connection = apsw.Connection(str(path))
    connection.execute(
        "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB, "
        "PRIMARY KEY (originator_id, originator_version)); INSERT INTO stored_events VALUES ('a', 1, 'x:Y', '{}')"
    )
    connection.close()
    return path


@pytest.mark.parametrize("is_folder", [False, True], ids=["file", "folder"])
def test_any_name_is_imported_and_shown_with_escapes(tmp_path: Path, *, is_folder: bool) -> None:
    given = []
    for name in NAMES:
        place = os.fsencode(tmp_path) + b"/" + name
        if is_folder:
            Path(os.fsdecode(place)).mkdir()
        file = place + b"/a.jsonl" if is_folder else place
        Path(os.fsdecode(file)).write_bytes(LINES + b'{"type":"U","n":"' + name.hex().encode() + b'"}\nno json\n')
        given.append(place)
    out = tmp_path / "out.evcap"
    status, output, errors = run("import", *given, "-o", out, "--print", "table")
    assert status == 1
    assert "35 events stored" in output
    assert not UNSAFE.search(output + errors)
    stored = rows(out, "SELECT name, path FROM input ORDER BY id")
    assert [name for name, _ in stored] == ["a.jsonl" if is_folder else name.decode("utf-8", "backslashreplace") for name in NAMES]
    assert all(path.encode() for _, path in stored)
    for command in ("info", "events", "streams", "check", "report"):
        options: list[str | Path] = ["-o", tmp_path / "page.html"] if command == "report" else []
        status, output, errors = run(command, out, *options)
        assert status in {0, 1}
        assert not UNSAFE.search(errors)
    status, output, errors = run("import", *given, "--preview", "--print", "table")
    assert status == 0
    assert not UNSAFE.search(output + errors)
    summary = json.loads(run("import", *given, "-o", out, "--print", "jsonl")[1])
    assert (summary["stored"], summary["events"]) == (0, 35)


def test_a_capture_of_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    status, output, errors = run("import", tmp_path / "a.jsonl", "-o", os.fsencode(tmp_path) + b"/out-\xff\x1b[2J.evcap")
    assert (status, output) == (2, "")
    assert "not UTF-8 text" in errors
    assert not UNSAFE.search(errors)


@pytest.mark.parametrize("name", NAMES, ids=["bytes", "newline", "escapes", "bidi", "surrogate"])
def test_a_file_of_any_name_that_is_not_there_is_said(tmp_path: Path, name: bytes) -> None:
    status, output, errors = run("import", os.fsencode(tmp_path) + b"/" + name, "-o", tmp_path / "out.evcap")
    assert (status, output) == (2, "")
    assert "there is no file or folder" in errors or "no file matches" in errors
    assert not UNSAFE.search(errors)


def test_a_name_that_is_too_long_is_said(tmp_path: Path) -> None:
    status, _, errors = run("import", tmp_path / ("x" * 300), "-o", tmp_path / "out.evcap")
    assert status == 2
    assert "there is no file" in errors


def test_members_that_name_other_places_are_read_and_nothing_there_is_touched(tmp_path: Path) -> None:
    victim = tmp_path / "victim.jsonl"
    victim.write_bytes(b'{"secret":1}\n')
    before = victim.stat()
    (tmp_path / "in").mkdir()
    names = [str(victim), "../victim.jsonl", "C:\\x.jsonl", "a\nb\x1b[2J.jsonl", "\u202ex.jsonl"]
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, LINES)
    status, output, errors = run("import", tmp_path / "in", "-o", tmp_path / "out.evcap", "--print", "table")
    assert status == 0
    assert "25 events stored" in output
    assert not UNSAFE.search(output + errors)
    assert rows(tmp_path / "out.evcap", "SELECT count(*) FROM record WHERE instr(value, 'secret')") == [(0,)]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".evcap") == ["victim.jsonl"]
    assert victim.stat().st_mtime_ns == before.st_mtime_ns
    assert victim.stat().st_ino == before.st_ino


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_pipe_beside_a_store_is_said(tmp_path: Path, end: str) -> None:
    path = store(tmp_path / "x.db")
    os.mkfifo(tmp_path / f"x.db{end}")
    for command in (
        ("import", path, "-o", tmp_path / "a.evcap"),
        ("import", tmp_path, "-o", tmp_path / "c.evcap"),
        ("capture", f"sqlite:///{path}", "-o", tmp_path / "b.evcap"),
        ("logs", f"sqlite:///{path}"),
    ):
        status, _, errors = run(*command)
        assert status == 3
        assert "plain file" in errors


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/tty", "/dev/stdin"])
def test_a_link_to_a_device_beside_a_store_is_said(tmp_path: Path, device: str) -> None:
    path = store(tmp_path / "x.db")
    (tmp_path / "x.db-wal").symlink_to(device)
    status, _, errors = run("import", path, "-o", tmp_path / "a.evcap")
    assert status == 3
    assert "plain file" in errors


def test_pipes_and_sockets_among_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jsonl", "b.jsonl.manifest.json", "x.evcap", "00000000000000000000.log", "meta.properties", "a.keys.jsonl", "s.db-wal"):
        os.mkfifo(tmp_path / "in" / name)
    (tmp_path / "in" / "z.jsonl").write_bytes(LINES)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "in" / "s.jsonl"))
        status, output, errors = run("import", tmp_path / "in", "-o", tmp_path / "out.evcap", "--print", "table")
    assert status == 0
    assert "5 events stored" in output
    assert errors.count("is no plain file") == 8


def test_pipes_among_kafkas_files_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "orders-0"
    folder.mkdir()
    (folder / "00000000000000000000.log").write_bytes(b"")
    for name in ("00000000000000000007.log", "00000000000000000000.index", "leader-epoch-checkpoint", "partition.metadata"):
        os.mkfifo(folder / name)
    for name in ("meta.properties", "recovery-point-offset-checkpoint"):
        os.mkfifo(tmp_path / name)
    for place in (folder, tmp_path):
        status, _, errors = run("import", place, "-o", tmp_path / f"{place.name}.evcap")
        assert status in {0, 1, 3}
        assert "ordinary file" in errors or "plain file" in errors


def test_a_pipe_for_a_map_totals_or_masks_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    os.mkfifo(tmp_path / "pipe.toml")
    for option in ("--map", "--expect", "--masks"):
        status, _, errors = run("import", tmp_path / "a.jsonl", "-o", tmp_path / "a.evcap", option, tmp_path / "pipe.toml")
        assert status == 2
        assert "plain file" in errors


def test_a_pipe_among_ones_own_formats_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folder = data_dir() / "formats"
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "mine.toml")
    (tmp_path / "a.jsonl").write_bytes(LINES)
    status, _, errors = run("import", tmp_path / "a.jsonl", "-o", tmp_path / "a.evcap")
    assert status == 0
    assert "plain file" in errors


@pytest.mark.parametrize("name", ["x.evcap", "x.evcap-wal", "x.evcap-shm", "x.evcap-journal", "x.evcap-lock"])
def test_a_pipe_for_a_capture_or_beside_it_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert run("import", tmp_path / "a.jsonl", "-o", tmp_path / "x.evcap")[0] == 0
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    assert run("info", tmp_path / "x.evcap")[0] in {0, 2, 3, 4}
    assert run("import", tmp_path / "a.jsonl", "-o", tmp_path / "x.evcap")[0] in {0, 2, 3, 4}
