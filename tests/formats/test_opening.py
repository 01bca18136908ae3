"""How files are found and opened: nothing outside the paths, no bomb, no loop, and what is damaged says where."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cramjam
import pytest

from inspector.errors import UsageError
from inspector.formats import DamagedInput, expansion
from inspector.formats import finding as finding_module
from inspector.formats.finding import find
from inspector.formats.identity import Identities
from inspector.formats.opening import Found, opened, plain_name, sample_of
from inspector.formats.unpacking import packing_of

TEXT = b'{"n":1}\n' * 5_000
PACKED = {
    "a.jsonl": TEXT,
    "a.jsonl.gz": gzip.compress(TEXT),
    "a.jsonl.bz2": bz2.compress(TEXT),
    "a.jsonl.xz": lzma.compress(TEXT),
    "a.jsonl.zst": bytes(cramjam.zstd.compress(TEXT)),
    "a.jsonl.lz4": bytes(cramjam.lz4.compress(TEXT)),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", PACKED)
def test_a_file_gives_its_plain_bytes_however_it_is_packed(tmp_path: Path, name: str) -> None:
    found = Found(name, written(tmp_path, name, PACKED[name]))
    with opened(found) as source:
        assert source.stream.read() == TEXT
        assert source.packed.taken == len(PACKED[name])
    sample = sample_of(found)
    assert (sample.name, sample.head, sample.is_whole) == ("a.jsonl", TEXT, True)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.bz2", "a.jsonl.xz"])
def test_parts_packed_one_after_the_other_are_one_file(tmp_path: Path, name: str) -> None:
    with opened(Found(name, written(tmp_path, name, PACKED[name] * 2))) as source:
        assert source.stream.read() == TEXT * 2


@pytest.mark.parametrize("name", [name for name in PACKED if name != "a.jsonl"])
def test_a_packed_file_that_ends_early_gives_what_stands_before_or_says_where(tmp_path: Path, name: str) -> None:
    whole = os.urandom(300_000)
    pack: dict[str, Callable[[bytes], Any]] = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": cramjam.zstd.compress,
        "lz4": cramjam.lz4.compress,
    }
    packed = bytes(pack[name.rpartition(".")[2]](whole))
    with opened(Found(name, written(tmp_path, name, packed[: len(packed) // 2]))) as source:
        got = source.stream.read()
        assert whole.startswith(got)
        assert len(got) > 50_000 or name.endswith(("xz", "bz2"))
        with pytest.raises(DamagedInput, match="byte"):
            source.check()


def test_a_bomb_is_stopped_where_it_expands_without_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "FREE_BYTES", 1_000_000)
    path = written(tmp_path, "bomb.gz", gzip.compress(b"\0" * 50_000_000))
    size = 0
    with opened(Found("bomb.gz", path)) as source:
        while block := source.stream.read(100_000):
            size += len(block)
        with pytest.raises(DamagedInput, match="bomb"):
            source.check()
    assert size < 50_000_000


def test_members_of_an_archive_are_files_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/two.jsonl.gz", gzip.compress(b"2\n"))
        archive.writestr("../../one.jsonl", b"1\n")
    finding = find([path])
    assert [one.name for one in finding.files] == ["all.zip/b/two.jsonl.gz", "all.zip/../../one.jsonl"]
    read = []
    for one in finding.files:
        with opened(one) as source:
            read.append(source.stream.read())
    assert read == [b"2\n", b"1\n"]
    assert len({Identities().before(one).sha256 for one in finding.files}) == 2


def test_a_damaged_archive_is_said_and_the_others_are_found(tmp_path: Path) -> None:
    written(tmp_path, "a.zip", b"PK\x03\x04 and no more")
    written(tmp_path, "b.jsonl", b"1\n")
    finding = find([tmp_path])
    assert [one.name for one in finding.files] == ["b.jsonl"]
    assert "damaged" in finding.notes[0]


@posix
def test_links_are_followed_only_to_places_below_and_never_in_circles(tmp_path: Path) -> None:
    written(tmp_path, "outside/secret.jsonl", b"1\n")
    written(tmp_path, "root/a/one.jsonl", b"1\n")
    (tmp_path / "root/a/loop").symlink_to(tmp_path / "root")
    (tmp_path / "root/leak").symlink_to(tmp_path / "outside")
    (tmp_path / "root/leak.jsonl").symlink_to(tmp_path / "outside/secret.jsonl")
    (tmp_path / "root/gone").symlink_to(tmp_path / "nowhere")
    finding = find([tmp_path / "root"])
    assert [one.name for one in finding.files] == ["a/one.jsonl"]
    assert sum("leads out" in note for note in finding.notes) == 3


@posix
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    finding = find([tmp_path, tmp_path / "pipe"])
    assert finding.files == []
    assert all("no plain file" in note for note in finding.notes)


def test_a_capture_is_no_import(tmp_path: Path) -> None:
    written(tmp_path, "a.evcap", b"SQLite format 3\0" + b"\0" * 52 + b"EVCA" + b"\0" * 100)
    finding = find([tmp_path])
    assert finding.files == []
    assert "capture" in finding.notes[0]


def test_patterns_and_the_same_file_named_twice(tmp_path: Path) -> None:
    for name in ("a1.jsonl", "a2.jsonl", "b.jsonl"):
        written(tmp_path, name, b"1\n")
    assert [one.name for one in find([tmp_path / "a*.jsonl", tmp_path / "a1.jsonl"]).files] == ["a1.jsonl", "a2.jsonl"]
    with pytest.raises(UsageError, match="no file matches"):
        find([tmp_path / "c*"])
    with pytest.raises(UsageError, match="no file or folder"):
        find([tmp_path / "c"])


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_module, "MOST_FILES", 2)
    for name in "abc":
        written(tmp_path, name, b"1\n")
    with pytest.raises(UsageError, match="in parts"):
        find([tmp_path])


@pytest.mark.parametrize(("name", "plain"), [("a.jsonl.gz", "a.jsonl"), ("a.ZST", "a"), ("a.txt", "a.txt"), ("gz", "gz")])
def test_an_ending_of_packing_is_no_part_of_the_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_what_is_not_packed_has_no_packing() -> None:
    assert packing_of(b"") == packing_of(b"{") == ""
