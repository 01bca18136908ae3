"""ZIP archives: what is damaged, forged or too large is said, and nothing outside the archive is opened."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
from pathlib import Path

import pytest

from inspector.errors import UsageError
from inspector.formats import DamagedInput, archive
from inspector.formats import finding as finding_module
from inspector.formats.finding import find
from inspector.formats.opening import Found, opened

TEXT = b'{"n":1}\n' * 5_000
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def zipped(path: Path, method: int = zipfile.ZIP_DEFLATED, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in (contents or {"one": TEXT}).items():
            made.writestr(name, content)
    return path


def read(found: Found) -> tuple[bytes, str]:
    try:
        with opened(found) as source:
            content, damage = source.stream.read(), source.plain.damage
            return content, "" if damage is None else damage.reason
    except DamagedInput as error:
        return b"", error.reason


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("content", [TEXT, gzip.compress(TEXT), os.urandom(300_000), b""], ids=["text", "gzip", "noise", "empty"])
def test_members_come_out_whole_and_packed_bytes_are_counted(tmp_path: Path, method: int, content: bytes) -> None:
    (found,) = find([zipped(tmp_path / "a.zip", method, one=content)]).files
    with opened(found) as source:
        assert source.stream.read() == (TEXT if content[:2] == b"\x1f\x8b" else content)
        source.check()
        assert found.member is not None
        assert source.packed.taken == found.member.packed_bytes


def test_two_members_of_one_name_are_both_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", zipfile.ZIP_STORED, one=b"1", two=b"2")
    path.write_bytes(path.read_bytes().replace(b"two", b"one"))
    assert [read(one)[0] for one in find([tmp_path / "a.zip"]).files] == [b"1", b"2"]


def test_an_archive_behind_a_program_is_read(tmp_path: Path) -> None:
    """The places in its directory count from where the archive itself begins."""
    content = zipped(tmp_path / "a.zip").read_bytes()
    path = tmp_path / "b.zip"
    path.write_bytes(archive.MAGIC + bytes(996) + content)
    (found,) = find([path]).files
    assert read(found) == (TEXT, "")


@pytest.mark.parametrize("method", METHODS)
def test_a_changed_byte_is_found_and_what_stands_before_is_read(tmp_path: Path, method: int) -> None:
    content = os.urandom(300_000)
    path = zipped(tmp_path / "a.zip", method, one=content, two=TEXT)
    packed = bytearray(path.read_bytes())
    packed[200_000] ^= 0xFF
    path.write_bytes(bytes(packed))
    one, two = find([path]).files
    got, reason = read(one)
    assert reason
    assert content.startswith(got[:190_000]) if method == zipfile.ZIP_DEFLATED else len(got) <= len(content)
    assert read(two) == (TEXT, "")


def test_a_forged_size_or_sum_is_found(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip")
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    for at, wrong, words in [(16, 7, "CRC-32"), (24, 100, "goes on behind the 100 bytes"), (24, 10**8, "size or CRC-32")]:
        path.write_bytes(content[: directory + at] + struct.pack("<I", wrong) + content[directory + at + 4 :])
        (found,) = find([path]).files
        got, reason = read(found)
        assert words in reason
        assert TEXT.startswith(got)


def test_what_cannot_be_unpacked_says_what_to_do(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip")
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    for at, wrong, words in [(8, 1, "it is encrypted: unpack it with its password"), (10, 97, "method 97")]:
        path.write_bytes(content[: directory + at] + struct.pack("<H", wrong) + content[directory + at + 2 :])
        (found,) = find([path]).files
        assert words in read(found)[1]


def test_members_over_each_other_are_refused(tmp_path: Path) -> None:
    """As in the bombs whose thousand members share one packed stretch."""
    path = zipped(tmp_path / "a.zip", one=TEXT, two=TEXT)
    content = path.read_bytes()
    second = content.rindex(b"PK\x01\x02")
    path.write_bytes(content[: second + 42] + struct.pack("<I", 0) + content[second + 46 :])
    finding = find([path])
    assert finding.files == []
    assert "lie over each other" in finding.notes[0]


@pytest.mark.parametrize(("at", "value"), [(12, 0xFFFF_0000), (16, 0xFFFF_0000), (10, 0xFFFF)])
def test_a_forged_end_of_the_directory_is_said(tmp_path: Path, at: int, value: int) -> None:
    path = zipped(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    struct.pack_into("<I" if at > 10 else "<H", content, end + at, value)
    path.write_bytes(bytes(content))
    finding = find([path])
    assert (len(finding.files), len(finding.notes)) in {(0, 1), (1, 0)}


def test_a_directory_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", zipfile.ZIP_STORED, **{"x" * 30_000 + str(number): b"" for number in range(5)})
    monkeypatch.setattr(archive, "MOST_DIRECTORY_BYTES", 100_000)
    finding = find([path])
    assert finding.files == []
    assert "directory is larger" in finding.notes[0]


def test_too_many_members_are_refused_and_the_others_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped(tmp_path / "a.zip", one=b"1", two=b"2", three=b"3")
    (tmp_path / "b.jsonl").write_bytes(b"1\n")
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    finding = find([tmp_path])
    assert [one.name for one in finding.files] == ["b.jsonl"]
    assert "more than 2 files" in finding.notes[0]
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    monkeypatch.setattr(finding_module, "MOST_FILES", 3)
    with pytest.raises(UsageError, match="in parts"):
        find([tmp_path])
