"""A file's plain bytes: members of archives opened, compression undone, all bounded. Knows no format.

Read `finding` for how files are found, `formats` for who reads what comes out.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from inspector.errors import SourceError
from inspector.formats import SAMPLE_BYTES, DamagedInput, Sample

MOST_EXPANSION = 300
"""A file that unpacks to more than this many times its size is taken for a bomb, once it is over `FREE_BYTES`."""
FREE_BYTES = 2_000_000_000
_STEP_BYTES = 1 << 20
_SHORT_STEP_BYTES = 1 << 16
_ENDINGS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4", ".bz2": "bzip2", ".xz": "xz"}
_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Found:
    """One file to read: `name` is its path below what was asked for, as people know it; `member` is its name in a ZIP archive."""

    name: str
    path: Path
    member: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which bytes a file had: told before it is read, and again afterwards."""

    size_bytes: int
    modified_us: int
    sha256: str


def identity(found: Found) -> Identity:
    """Size, time and SHA-256 of the file itself, packed as it is. Raises SourceError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with found.path.open("rb") as file:
            status = os.fstat(file.fileno())
            while block := file.read(_STEP_BYTES):
                digest.update(block)
    except OSError as error:
        raise unreadable(found.path, error) from None
    if found.member:
        digest.update(b"\0" + found.member.encode())
    return Identity(status.st_size, status.st_mtime_ns // 1000, digest.hexdigest())


def unreadable(path: Path, error: OSError) -> SourceError:
    """What to tell when a file cannot be read."""
    return SourceError(f"cannot read {path}: {error.strerror or error}", step="file")


class Packed(io.RawIOBase):
    """The bytes of a file as they are, counted: `taken` of them were read so far."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self._raw = raw
        self.taken = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        data = self._raw.read(len(view))
        view[: len(data)] = data
        self.taken += len(data)
        return len(data)


class Plain(io.RawIOBase):
    """Unpacked bytes with a bound: they end where the packing is damaged or expands without measure, and `damage` says so.

    An exception in the middle of a buffered read would lose what was read just before it.
    """

    def __init__(self, stream: IO[bytes], packed: Packed, *, is_packed: bool) -> None:
        super().__init__()
        self._packed, self._is_packed = packed, is_packed
        # what a longer read had before the damage would be lost with it
        self._read = getattr(stream, "read1", stream.read)
        self._step_bytes = _STEP_BYTES if hasattr(stream, "read1") else _SHORT_STEP_BYTES
        self.given = 0
        self.damage: DamagedInput | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        if self.damage is not None:
            return 0
        try:
            data = self._read(min(len(view), self._step_bytes))
        except DAMAGE as error:
            if not self._is_packed:
                raise
            self.damage = DamagedInput(self.given, f"the compression is damaged there ({error}); what stands before was read")
            return 0
        view[: len(data)] = data
        self.given += len(data)
        if self._is_packed and self.given > max(FREE_BYTES, MOST_EXPANSION * self._packed.taken):
            reason = f"it unpacks to more than {MOST_EXPANSION} times its size, as bombs do; the rest is not read"
            self.damage = DamagedInput(self.given, reason)
        return len(data)


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


def packing_of(head: bytes) -> str:
    """How bytes that begin so are packed; empty for not at all, or in no way that is known."""
    return next((form for magic, form in _MAGICS if head.startswith(magic)), "")


def plain_name(name: str) -> str:
    """A file's name without an ending that says how it is packed."""
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in _ENDINGS else name


@contextmanager
def opened(found: Found) -> Iterator[Opened]:
    """The file, unpacked. Raises SourceError when it cannot be opened."""
    try:
        raw: IO[bytes] = found.path.open("rb", buffering=0)
    except OSError as error:
        raise unreadable(found.path, error) from None
    with raw:
        if not found.member:
            yield unpacked(raw)
            return
        try:
            with zipfile.ZipFile(raw) as archive, archive.open(found.member) as member:
                yield unpacked(member, is_packed=True)
        except (zipfile.BadZipFile, RuntimeError, KeyError) as error:
            raise DamagedInput(0, f"the member of the ZIP archive cannot be read: {error}") from None


def unpacked(raw: IO[bytes], *, is_packed: bool = False) -> Opened:
    """`raw` with its compression undone, whatever it turns out to be."""
    packed = Packed(raw)
    buffered = io.BufferedReader(packed, _STEP_BYTES)
    head = buffered.peek(8)[:8]
    packing = packing_of(head)
    inner = _unpacking(cast("IO[bytes]", buffered), packing)
    plain = Plain(inner, packed, is_packed=is_packed or bool(packing))
    return Opened(io.BufferedReader(plain, _STEP_BYTES), packed, packing, plain)


def _unpacking(stream: IO[bytes], packing: str) -> IO[bytes]:
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if packing == "bzip2":
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if packing == "xz":
        return cast("IO[bytes]", lzma.LZMAFile(stream))
    if packing in {"zstd", "lz4"}:
        import pyarrow as pa

        return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), packing))
    return stream


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
