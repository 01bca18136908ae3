"""Packed files that expand without measure, in one layer or several, alone or many together: what comes out is bounded."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cramjam
import pytest

from inspector.formats import expansion
from inspector.formats.expansion import Allowance
from inspector.formats.finding import find
from inspector.formats.opening import Found, opened, sample_of

ZEROS = bytes(1_000_000)
SIZE = 30_000_000
METHODS = {"deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


@pytest.fixture(autouse=True)
def few_free_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "FREE_BYTES", 1_000_000)


@contextmanager
def peak_below(size_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size_bytes
    finally:
        tracemalloc.stop()


def zipped(path: Path, method: int, content: bytes | None = None, count: int = 1) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for number in range(count):
            with archive.open(f"{number}.jsonl", "w") as member:
                for _ in range(SIZE // len(ZEROS) if content is None else 1):
                    member.write(ZEROS if content is None else content)
    return path


def read(found: Found, allowance: Allowance | None = None) -> tuple[int, str]:
    """How many bytes came out, and why it ended early."""
    size = 0
    with opened(found, allowance) as source:
        while block := source.stream.read(100_000):
            size += len(block)
        damage = source.plain.damage
    assert damage is None or damage.start == size
    return size, "" if damage is None else damage.reason


@pytest.mark.parametrize("method", METHODS)
def test_a_member_is_measured_by_its_packed_bytes(tmp_path: Path, method: str) -> None:
    (found,) = find([zipped(tmp_path / "a.zip", METHODS[method])]).files
    assert found.member is not None
    assert found.member.packed_bytes * expansion.MOST_EXPANSION + expansion.FREE_BYTES < SIZE
    with peak_below(25_000_000):
        size, reason = read(found)
    assert size < found.member.packed_bytes * expansion.MOST_EXPANSION + expansion.FREE_BYTES + 2_000_000
    assert "bombs" in reason
    assert "unpack it yourself" in reason


@pytest.mark.parametrize("packed", [gzip.compress(ZEROS * 30), bz2.compress(ZEROS * 60)], ids=["gzip", "bzip2"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_packed_member_is_measured_over_both_layers(tmp_path: Path, packed: bytes, method: int) -> None:
    (found,) = find([zipped(tmp_path / "a.zip", method, packed)]).files
    with peak_below(25_000_000):
        size, reason = read(found)
    assert size < SIZE
    assert "bombs" in reason


def test_many_small_bombs_share_what_is_free(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.gz").write_bytes(gzip.compress(b"\0" * 900_000))
    (tmp_path / "plain.jsonl").write_bytes(b'{"n":1}\n' * 100_000)
    (tmp_path / "zz.jsonl.gz").write_bytes(gzip.compress(b'{"n":1}\n' * 100))
    allowance = Allowance()
    results = {found.name: read(found, allowance) for found in find([tmp_path]).files}
    packed = sum(path.stat().st_size for path in tmp_path.glob("*.gz"))
    assert results["00.gz"] == (900_000, "")
    assert sum("bombs" in reason for _, reason in results.values()) == 19
    assert sum(size for name, (size, _) in results.items() if name.endswith(".gz")) < 300 * packed + 1_000_000 + 20
    assert results["plain.jsonl"] == (800_000, "")
    assert results["zz.jsonl.gz"] == (800, "")


def test_bombs_in_one_archive_share_what_is_free(tmp_path: Path) -> None:
    allowance = Allowance()
    found = find([zipped(tmp_path / "a.zip", zipfile.ZIP_DEFLATED, b"\0" * 900_000, count=20)]).files
    results = [read(one, allowance) for one in found]
    assert results[0] == (900_000, "")
    assert sum("bombs" in reason for _, reason in results) >= 17


def test_dictionaries_and_windows_are_bounded(tmp_path: Path) -> None:
    """A file that asks for 1.5 GB to unpack a few bytes is told so, before anything is taken."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(b'{"n":1}\n' * 100, lzma.FORMAT_XZ, filters=filters))
    at = packed.index(b"\x21\x01") + 2  # the filter's number, the size of its properties, and the dictionary as a power of two
    packed[at] = 39
    header = bytes(packed[12 : 12 + (packed[12] + 1) * 4 - 4])
    packed[12 + len(header) : 12 + len(header) + 4] = struct.pack("<I", zlib.crc32(header))
    path = tmp_path / "a.jsonl.xz"
    path.write_bytes(bytes(packed))
    with peak_below(25_000_000):
        size, reason = read(Found("a.jsonl.xz", path))
    assert size == 0
    assert "takes more than 160 MB of memory" in reason
    assert sample_of(Found("a.jsonl.xz", path)).head == b""


def test_a_window_of_zstd_is_bounded(tmp_path: Path) -> None:
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + bytes([0x01, 0x00, 0x00])  # a window of 2 GB, one empty block
    path = tmp_path / "a.zst"
    path.write_bytes(frame)
    size, reason = read(Found("a.zst", path))
    assert size == 0
    assert "takes more than 160 MB of memory" in reason


def test_a_dictionary_of_a_member_is_bounded(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", zipfile.ZIP_LZMA, b'{"n":1}\n' * 100)
    content = bytearray(path.read_bytes())
    at = content.index(b"\x05\x00\x5d") + 3
    content[at : at + 4] = struct.pack("<I", 0xF0000000)
    path.write_bytes(bytes(content))
    (found,) = find([path]).files
    with peak_below(25_000_000):
        size, reason = read(found)
    assert size == 0
    assert "takes more than 160 MB of memory" in reason


def test_large_blocks_of_lz4_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.lz4"
    path.write_bytes(bytes(cramjam.lz4.compress(ZEROS * 30)))
    with peak_below(25_000_000):
        size, reason = read(Found("a.lz4", path))
    assert size <= SIZE
    assert not reason or "bombs" in reason
