"""A disk that is full, used up by quota, or can only be read: one sentence, nothing half-written, and all that was stored is there."""

from __future__ import annotations

import ctypes
import errno
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import apsw
import pyarrow as pa
import pytest
from pyarrow import parquet

from inspector import manifest
from inspector.capture.disk import NOTHING_IS_LEFT, storage_errors
from inspector.capture.reader import CaptureReader
from inspector.capture.saving import save
from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.errors import StorageError
from inspector.export import Lines, export
from inspector.export_capture import export_capture
from inspector.export_parquet import Parquet
from tests.capture.test_writer import Writing

SMALL_BYTES = 1_500_000
_NO_SUID, _READ_ONLY, _REMOUNT = 2, 1, 32


class Disk:
    """A disk of 1.5 MB in memory, mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._system = ctypes.CDLL(None, use_errno=True)
        folder.mkdir()
        self._mount(_NO_SUID)

    def _mount(self, flags: int) -> None:
        words = (b"tmpfs", os.fsencode(self.folder), b"tmpfs", flags, f"size={SMALL_BYTES}".encode())
        if self._system.mount(*words):
            raise OSError(ctypes.get_errno(), "cannot mount")

    def fill(self) -> None:
        """Leaves no byte."""
        with (self.folder / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            _write_on(file)

    def lock(self) -> None:
        """Nothing can be written from now on."""
        self._mount(_NO_SUID | _READ_ONLY | _REMOUNT)

    def names(self) -> list[str]:
        """What is on it."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != "filler")

    def end(self) -> None:
        """Unmounts it."""
        self._system.umount2(os.fsencode(self.folder), 2)


def _write_on(file: IO[bytes]) -> None:
    while True:
        file.write(b"x" * 4096)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        small = Disk(tmp_path / "small")
    except (OSError, AttributeError):
        pytest.skip("no disk can be mounted here")
    yield small
    small.end()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture that is larger than the small disk."""
    path = tmp_path / "large.evcap"
    filled(Writing(path), 8_000)
    return path


def filled(writing: Writing, count: int) -> None:
    for start in range(0, count, 500):
        writing.positions(start, start + 500)
    writing.stager.close()
    writing.writer.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota"),
        (OSError(errno.EFBIG, "File too large"), "ulimit"),
        (OSError(errno.EROFS, "Read-only file system"), "can only be read"),
        (OSError(errno.EACCES, "Permission denied"), "you may not write"),
        (OSError(errno.EIO, "Input/output error"), "fails"),
        (apsw.FullError("FullError: database or disk is full"), "is full"),
        (apsw.IOError("IOError: disk I/O error"), "fails, or a quota"),
    ],
)
def test_what_the_disk_says_is_one_sentence_that_says_what_is_kept(tmp_path: Path, error: Exception, said: str) -> None:
    with pytest.raises(StorageError) as raised, storage_errors(tmp_path / "a.evcap", NOTHING_IS_LEFT):
        raise error
    text = str(raised.value)
    assert text.startswith("a.evcap cannot be written: ")
    assert said in text
    assert str(tmp_path) in text
    assert f". {NOTHING_IS_LEFT}; " in text


def test_a_part_is_said_under_the_name_it_would_get(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"^out\.evcap cannot be written.*Nothing of it was left"),
        storage_errors(tmp_path / "out.evcap", NOTHING_IS_LEFT),
        storage_errors(tmp_path / ".out.evcap.1.part"),
    ):
        raise apsw.FullError("full")


def test_other_errors_and_a_reader_that_has_gone_go_through(tmp_path: Path) -> None:
    for error in (BrokenPipeError(errno.EPIPE, "Broken pipe"), StorageError("there is no folder"), ValueError("x"), apsw.BusyError("busy")):
        with pytest.raises(type(error)) as raised, storage_errors(tmp_path / "a.evcap"):
            raise error
        assert raised.value is error


def test_full_disk_ends_a_capture_and_keeps_every_batch(disk: Disk) -> None:
    path = disk.folder / "a.evcap"
    writing = Writing(path)
    writing.writer._floor_bytes = 0
    appended: list[int] = []
    with pytest.raises(StorageError, match=r"a\.evcap cannot be written: the disk of .* is full.*All that was stored until then is kept"):
        appended.extend(writing.positions(start, start + 100).stored for start in range(0, 100_000, 100))
    reported = sum(appended)
    writing.stager.close()
    writing.writer.close()
    assert reported > 0
    with CaptureReader(path) as reader:
        assert reader.select("SELECT count(*), max(position) FROM event") == [(reported, reported - 1)]
        assert reader.select("SELECT from_position, to_position FROM coverage") == [(0, reported)]


def test_full_or_read_only_disk_lets_no_capture_begin_and_keeps_nothing_of_it(disk: Disk) -> None:
    disk.fill()
    with pytest.raises(StorageError, match="is full"):
        CaptureWriter(disk.folder / "a.evcap", floor_bytes=0)
    assert disk.names() == []
    disk.lock()
    with pytest.raises(StorageError, match="can only be read"):
        CaptureWriter(disk.folder / "a.evcap", floor_bytes=0)


def test_full_disk_leaves_what_an_export_would_have_replaced(disk: Disk, capture: Path) -> None:
    with CaptureReader(capture) as reader:
        for name, form in (("x.jsonl", Lines(repr)), ("x.parquet", Parquet())):
            out = disk.folder / name
            out.write_text("before")
            disk.fill()
            with pytest.raises(StorageError, match=rf"^{name} cannot be written: the disk of .* is full.*Nothing of it was left"):
                export(reader.events(), out, form, replace=True)
            assert out.read_text() == "before"
            assert disk.names() == [name]
            out.unlink()
            (disk.folder / "filler").unlink()


def test_full_disk_leaves_nothing_of_an_exported_capture(disk: Disk, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.capture.writer.DEFAULT_FLOOR_BYTES", 0)
    monkeypatch.setattr(CaptureWriter.__init__, "__kwdefaults__", {"with_values": True, "floor_bytes": 0})
    out = disk.folder / "out.evcap"
    with CaptureReader(capture) as reader, pytest.raises(StorageError, match=r"^out\.evcap cannot be written: .* is full.*Nothing of it"):
        export_capture(reader, out)
    assert disk.names() == []


def test_full_disk_leaves_nothing_of_a_copy(disk: Disk, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.capture.saving._check_room", lambda *_: None)
    with pytest.raises(StorageError, match=r"^out\.evcap cannot be written: .* is full.*Nothing of it was left"):
        save(capture, disk.folder / "out.evcap")
    assert disk.names() == []


def test_command_ends_with_3_and_a_sentence(disk: Disk, capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = disk.folder / "x.csv"
    assert main(["export", str(capture), "-o", str(out)]) == 3
    assert capsys.readouterr().err.startswith("eventscope: x.csv cannot be written: the disk of ")
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(f'{{"id": "{number}", "type": "Placed", "note": "{"x" * 200}"}}\n' for number in range(20_000)))
    imported = disk.folder / "i.evcap"
    assert main(["import", str(lines), "-o", str(imported), "--min-free", "0", "--progress", "none"]) == 3
    said = capsys.readouterr().err
    assert "i.evcap cannot be written: the disk of " in said
    assert "Traceback" not in said


def test_manifest_that_finds_no_room_leaves_the_export_and_nothing_half_written(disk: Disk) -> None:
    out = disk.folder / "x.jsonl"
    out.write_text("{}\n")
    disk.fill()
    with pytest.raises(StorageError, match=r"^x\.jsonl\.manifest\.json cannot be written: .* is full.*The export itself is there"):
        manifest.write(out, {})
    assert disk.names() == ["x.jsonl"]


def test_full_temporary_folder_is_no_fault_of_the_file_that_is_unpacked_there(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table, packed, out = tmp_path / "a.parquet", tmp_path / "a.parquet.gz", tmp_path / "out.evcap"
    parquet.write_table(pa.table({"id": list(range(300)), "note": [os.urandom(20_000) for _ in range(300)]}), table, compression="none")
    packed.write_bytes(gzip.compress(table.read_bytes(), 1))
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
    assert main(["import", str(packed), "-o", str(out), "--min-free", "0", "--progress", "none"]) == 3
    assert f"a.parquet.gz cannot be unpacked into {disk.folder} (No space left on device)" in capsys.readouterr().err
    assert disk.names() == []
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert main(["import", str(packed), "-o", str(out), "--min-free", "0", "--progress", "none"]) == 0
    assert json.loads(capsys.readouterr().out)["stored"] == 300


# ---- what is printed


def run(capture: Path, printed: int, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inspector.cli", *(words or ("events",)), str(capture), "--format", "jsonl"]
    return subprocess.run(command, stdout=printed, stderr=subprocess.PIPE, text=True, check=False, timeout=60)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("words", [("events",), ("streams",), ("info",), ("events", "--limit", "1"), ("check", "--no-keep")])
def test_full_disk_under_what_is_printed_is_a_sentence(capture: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(capture, full.fileno(), *words)
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last.startswith("eventscope: what is printed cannot be written: ")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_version_that_cannot_be_printed_is_a_sentence_too() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "inspector.cli", "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)


def test_reader_that_has_gone_ends_it_quietly(capture: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(capture, writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
