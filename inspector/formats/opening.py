"""A file's plain bytes: members of archives opened, compression undone, all bounded. Knows no format.

Read `finding` for how files are found, `expansion` and `unpacking` for the bounds, `formats` for who reads what comes out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from inspector.errors import SourceError
from inspector.formats import SAMPLE_BYTES, DamagedInput, Sample
from inspector.formats.archive import Member, Slice, packed_slice, unpacked_member
from inspector.formats.expansion import DAMAGE, STEP_BYTES, Allowance, Packed, Plain, why
from inspector.formats.unpacking import packing_of, unpacking
from inspector.plain_files import open_plain
from inspector.text import storable

_ENDINGS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4", ".bz2": "bzip2", ".xz": "xz"}


@dataclass(frozen=True, slots=True)
class Found:
    """One file to read: `name` is its path below what was asked for, as people know it; `member` is where it stands in a ZIP archive."""

    name: str
    path: Path
    member: Member | None = None


def unreadable(path: Path, error: OSError) -> SourceError:
    """What to tell when a file cannot be read."""
    return SourceError(f"cannot read {storable(str(path))}: {error.strerror or error}", step="file")


@dataclass(slots=True)
class Opened:
    """A file that is open: its plain bytes, and how much of the file itself was taken so far."""

    stream: io.BufferedReader
    packed: Packed
    packing: str
    """How it is packed; empty for not at all."""
    plain: Plain

    def check(self) -> None:
        """After its end: raises DamagedInput when it ended before the file did."""
        if self.plain.damage is not None:
            raise self.plain.damage


def plain_name(name: str) -> str:
    """A file's name without an ending that says how it is packed."""
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in _ENDINGS else name


@contextmanager
def opened(found: Found, allowance: Allowance | None = None, most_bytes: int | None = None) -> Iterator[Opened]:
    """The file, unpacked. `allowance` is that of all files that are read together; of the file itself `most_bytes` are taken, so that
    one that grows as fast as it is read comes to an end.

    Raises SourceError when it cannot be opened, DamagedInput for a member that is not there or cannot be unpacked.
    """
    try:
        raw: IO[bytes] = open_plain(found.path)
    except OSError as error:
        raise unreadable(found.path, error) from None
    with raw:
        source = _member(raw, found.member, allowance) if found.member else _file(raw, allowance, most_bytes)
        try:
            yield source
        finally:
            source.plain.settle()


def _file(raw: IO[bytes], allowance: Allowance | None, most_bytes: int | None) -> Opened:
    return unpacked(raw if most_bytes is None else cast("IO[bytes]", Slice(raw, 0, most_bytes)), allowance)


def _member(raw: IO[bytes], member: Member, allowance: Allowance | None) -> Opened:
    try:
        packed = Packed(cast("IO[bytes]", packed_slice(raw, member)))
        inner = unpacked_member(cast("IO[bytes]", io.BufferedReader(packed, STEP_BYTES)), member)
    except DAMAGE as error:
        raise DamagedInput(0, why(error)) from None
    return _unpacked(cast("io.BufferedReader", inner), packed, allowance, is_packed=True)


def unpacked(raw: IO[bytes], allowance: Allowance | None = None) -> Opened:
    """`raw` with its compression undone, whatever it turns out to be."""
    packed = Packed(raw)
    return _unpacked(io.BufferedReader(packed, STEP_BYTES), packed, allowance, is_packed=False)


def _unpacked(stream: io.BufferedReader, packed: Packed, allowance: Allowance | None, *, is_packed: bool) -> Opened:
    """The stream with its own compression undone; `is_packed` says whether it comes out of another packing."""
    packing = packing_of(_head(stream))
    inner = unpacking(cast("IO[bytes]", stream), packing)
    plain = Plain(inner, packed, allowance or Allowance(), is_packed=is_packed or bool(packing))
    return Opened(io.BufferedReader(plain, STEP_BYTES), packed, packing, plain)


def _head(stream: io.BufferedReader) -> bytes:
    """The first bytes, left where they are; none where they are damaged, which reading says."""
    try:
        return stream.peek(8)[:8]
    except DAMAGE:
        return b""


def sample_of(found: Found) -> Sample:
    """The beginning of a file, as far as it can be unpacked. Raises SourceError when it cannot be opened."""
    try:
        with opened(found) as source:
            sample = sampled(source.stream, plain_name(found.name))
            return sample if found.member or source.packing else replace(sample, path=found.path)
    except DamagedInput:
        return Sample(plain_name(found.name), b"", is_whole=False)


def sampled(stream: IO[bytes], name: str) -> Sample:
    """The next `SAMPLE_BYTES` of a stream."""
    head = bytearray()
    while len(head) < SAMPLE_BYTES:
        block = stream.read(SAMPLE_BYTES - len(head))
        if not block:
            return Sample(name, bytes(head), is_whole=True)
        head += block
    return Sample(name, bytes(head), is_whole=False)
