"""Which bytes a file had: told before and after it is read, once for an archive, and what became of it meanwhile in words."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.errors import SourceError
from inspector.formats.finding import find
from inspector.formats.identity import Identities
from inspector.formats.opening import Found, opened
from inspector.plain_files import open_plain

TEXT = b'{"n":1}\n' * 1_000


def archive(folder: Path, count: int = 50) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as made:
        for number in range(count):
            made.writestr(f"{number:03}.jsonl", b'{"n":%d}\n' % number)
    return folder / "a.zip"


def test_an_archive_is_hashed_once_for_all_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hashed = archive(tmp_path), []

    def opening(place: Path) -> io.FileIO:
        hashed.append(place)
        return open_plain(place)

    monkeypatch.setattr("inspector.formats.identity.open_plain", opening)
    identities = Identities()
    told = [identities.before(one) for one in find([path]).files]
    assert hashed == [path]
    assert len({one.sha256 for one in told}) == 50
    digest = hashlib.sha256(path.read_bytes())
    assert digest.hexdigest() in told[7].note
    digest.update(b"\x00" + b"007.jsonl")
    assert told[7].sha256 == digest.hexdigest()


def test_what_became_of_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    found = Found("a.jsonl", path)
    changes: list[tuple[Callable[[], object], str, int | None]] = [
        (lambda: None, "", None),
        (lambda: os.utime(path), "", None),
        (lambda: path.write_bytes(TEXT + b"more"), "it grew, 8,000 bytes before, 8,004 after; what was added is not read", None),
        (lambda: path.write_bytes(TEXT[:100]), "it was cut, 8,000 bytes before, 100 after", 100),
        (lambda: path.write_bytes(TEXT[:-2] + b"2}"), "other bytes stand in it", None),
        (path.unlink, "cannot read", None),
    ]
    for change, words, cut_at in changes:
        path.write_bytes(TEXT)
        identities = Identities()
        before = identities.before(found)
        assert before.sha256 == hashlib.sha256(TEXT).hexdigest()
        change()
        after = identities.after(found, before)
        assert words in after.words
        assert bool(after.words) == bool(words)
        assert after.cut_at == cut_at


def test_a_file_is_read_as_far_as_it_was_hashed(tmp_path: Path) -> None:
    for name, content in (("a.jsonl", TEXT), ("a.jsonl.gz", gzip.compress(TEXT))):
        path = tmp_path / name
        path.write_bytes(content)
        before = Identities().before(Found(name, path))
        with path.open("ab") as more:
            more.write(content)
        with opened(Found(name, path), most_bytes=before.whole_bytes) as source:
            assert source.stream.read() == TEXT


@pytest.mark.parametrize("how", ["grown", "replaced", "gone"])
def test_an_archive_that_changed_is_said_for_each_member_and_not_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = archive(tmp_path)
    found = find([path]).files
    identities = Identities()
    before = [identities.before(one) for one in found]
    if how == "gone":
        path.unlink()
    elif how == "grown":
        with path.open("ab") as more:
            more.write(b"x")
    else:
        other = tmp_path / "other"
        other.write_bytes(path.read_bytes())
        other.replace(path)
    monkeypatch.setattr(Identities, "_hashed", lambda *_: pytest.fail("hashed again"))
    assert all("its archive changed" in identities.after(one, told).words for one, told in zip(found, before, strict=True))


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot read"):
        Identities().before(Found("a", tmp_path / "a"))
