"""Files that grow, are cut or are put in another's place while they are read: the hash that is kept is of what was read, or it is said."""

from __future__ import annotations

import gzip
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inspector import ingest
from inspector.formats import Chunk, Input, Settings, recognise
from inspector.formats.json_lines import JsonLines
from inspector.sources import Request
from inspector.sources.files import FileSource
from inspector.sources.input_file import InputFile

LINES = b"".join(b'{"type":"T","n":%d}\n' % number for number in range(200_000))
"""Several chunks, and more than is read ahead."""


def imported(
    path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object], most: int = 1
) -> tuple[list[InputFile], ingest.Outcome]:
    """The files as they are known in the end, when `change` happens after each of the first `most` chunks."""

    class Changing(JsonLines):
        def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
            for number, chunk in enumerate(super().read(source, settings)):
                yield chunk
                if number < most:
                    change()

    monkeypatch.setattr(recognise, "formats", lambda: (Changing(),))
    outcome = ingest.run([(FileSource([path]), Request())], out)
    return list(outcome.inputs), outcome


def appended(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_file_that_grows_faster_than_it_is_read_comes_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    content = gzip.compress(LINES, 1) if name.endswith("gz") else LINES
    path = tmp_path / name
    path.write_bytes(content)
    (one,), outcome = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: appended(path, content), most=30)
    assert outcome.status.stored == 200_000
    assert one.sha256 == hashlib.sha256(content).hexdigest()
    assert "it grew" in one.notes[-1]
    assert not one.is_whole
    assert one.gaps == ()


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_file_that_is_cut_says_from_where_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    noise = b"".join(b'{"n":"%s"}\n' % hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(200_000))
    content = gzip.compress(noise, 1) if name.endswith("gz") else noise
    path = tmp_path / name
    path.write_bytes(content)
    half = len(content) // 2
    (one,), outcome = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: os.truncate(path, half))
    assert 10_000 <= outcome.status.stored < 200_000
    assert (one.gaps[-1].start, one.gaps[-1].end) == (half, len(content))
    assert any("it was cut" in note for note in one.notes)
    assert not one.is_whole


def test_other_bytes_in_its_place_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)
    (one,), _ = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: path.write_bytes(LINES.replace(b"T", b"U")))
    assert "other bytes stand in it" in one.notes[-1]
    assert not one.is_whole


def test_a_file_that_is_gone_afterwards_is_said_and_its_rows_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)
    (one,), outcome = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: path.unlink(missing_ok=True))
    assert outcome.status.stored == 200_000
    assert "cannot read" in one.notes[-1]
    assert (one.rows, one.is_whole) == (200_000, False)


def test_an_archive_that_is_changed_says_so_for_the_members_read_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.jsonl", b'{"n":1}\n' * 10)
    content = bytearray(path.read_bytes())
    at = content.rindex(b'{"n":1}\n')
    content[at + 5 : at + 6] = b"2"
    inputs, outcome = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: path.write_bytes(bytes(content)))
    assert outcome.status.stored >= 20
    assert "its archive changed while it was read" in inputs[0].notes[-1]
    assert any("CRC-32" in gap.reason for gap in inputs[2].gaps)
    assert not any(one.is_whole for one in inputs[:1])
    archive_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    assert archive_hash not in inputs[0].notes[0]


def test_a_member_says_which_archive_and_how_its_hash_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/c.jsonl", LINES)
    (one,), _ = imported(path, tmp_path / "out.evcap", monkeypatch, lambda: None)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert (one.is_whole, one.name) == (True, "a.zip/b/c.jsonl")
    assert one.sha256 == hashlib.sha256(content + b"\x00" + b"b/c.jsonl").hexdigest()
    assert f"a member of the ZIP archive a.zip of {len(content):,} bytes with SHA-256 {digest}" in one.notes[0]
    assert f"{one.size_bytes:,} bytes there, {len(LINES):,} unpacked, CRC-32 " in one.notes[0]
