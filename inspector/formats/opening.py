"""From what the user names to files that can be read: folders walked, archives opened, compression undone, all bounded.

Nothing outside the paths given is opened: links are followed only to places below them, and what is no plain file (a pipe, a
device, a socket) is left out with a sentence. Knows no format. Read `formats` for who reads what comes out.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from inspector.errors import SourceError, UsageError
from inspector.formats import SAMPLE_BYTES, DamagedInput, Sample

MOST_EXPANSION = 300
"""A file that unpacks to more than this many times its size is taken for a bomb, once it is over `FREE_BYTES`."""
FREE_BYTES = 2_000_000_000
MOST_FILES = 200_000
_STEP_BYTES = 1 << 20
_ENDINGS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4", ".bz2": "bzip2", ".xz": "xz"}
_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))
_ZIP = b"PK\x03\x04"
_SQLITE_HEADER_BYTES = 100
_CAPTURE = b"EVCA"
"""The application id of a capture, at byte 68 of an SQLite file."""
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Found:
    """One file to read: `name` is its path below what was asked for, as people know it; `member` is its name in a ZIP archive."""

    name: str
    path: Path
    member: str = ""


@dataclass(slots=True)
class Finding:
    """What was found below the paths given, in order, and sentences about what was left out."""

    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(paths: Sequence[Path]) -> Finding:
    """The plain files that the paths (files, folders, or patterns with `*`, `?`, `[…]`) name, each once.

    Raises UsageError for one that names nothing, or for too many files.
    """
    finding = Finding()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for one in _expanded(path):
            if one.is_dir():
                _walk(one, one.resolve(), finding, seen)
            else:
                _take(one, one.name, finding, seen)
    return finding


def _expanded(path: Path) -> list[Path]:
    if path.exists():
        return [path]
    if any(sign in str(path) for sign in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        matches = sorted(anchor.glob(str(path.relative_to(anchor)) if path.is_absolute() else str(path)))
        if matches:
            return matches
        raise UsageError(f"no file matches {path}")
    raise UsageError(f"there is no file or folder {path}")


def _walk(folder: Path, root: Path, finding: Finding, seen: set[tuple[int, int]]) -> None:
    """All below `folder`, in the order of names; a folder that was met before (a loop of links) is not entered again."""
    pending = [folder]
    visited: set[tuple[int, int]] = set()
    while pending:
        here = pending.pop()
        try:
            status = here.stat()
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            finding.notes.append(f"{here}: cannot be listed ({error.strerror}); what is in it is not read")
            continue
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink() and not _is_below(path, root):
                finding.notes.append(f"{path}: a link that leads out of {folder}; it is not followed")
            elif entry.is_dir():
                folders.append(path)
            else:
                _take(path, path.relative_to(folder).as_posix(), finding, seen)
        pending.extend(reversed(folders))


def _is_below(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except OSError:
        return False


def _take(path: Path, name: str, finding: Finding, seen: set[tuple[int, int]]) -> None:
    try:
        status = path.stat()
    except OSError as error:
        finding.notes.append(f"{path}: {error.strerror}; it is not read")
        return
    if not stat.S_ISREG(status.st_mode):
        finding.notes.append(f"{path} is no plain file (a pipe, socket or device); it is not read. Give - to read standard input")
        return
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return
    seen.add(key)
    if len(finding.files) >= MOST_FILES:
        raise UsageError(f"more than {MOST_FILES:,} files: import them in parts")
    finding.files.extend(_members(path, name, finding.notes))


def _members(path: Path, name: str, notes: list[str]) -> list[Found]:
    """The file itself, or each member of a ZIP archive; nothing of a capture."""
    try:
        with path.open("rb") as file:
            head = file.read(_SQLITE_HEADER_BYTES)
    except OSError as error:
        notes.append(f"{path}: {error.strerror}; it is not read")
        return []
    if head[68:72] == _CAPTURE or path.suffix == ".evcap-lock":
        notes.append(f"{name} is a capture; it is opened or compared, not imported")
        return []
    if not head.startswith(_ZIP):
        return [Found(name, path)]
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one.filename for one in archive.infolist() if not one.is_dir()]
    except _DAMAGE as error:
        notes.append(f"{name}: the ZIP archive is damaged ({error}); nothing of it is read")
        return []
    if len(members) > MOST_FILES:
        raise UsageError(f"{name} holds more than {MOST_FILES:,} files")
    return [Found(f"{name}/{member}", path, member) for member in members]


# ---- reading one


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
    """Unpacked bytes with a bound: raises DamagedInput where the packing is damaged or expands without measure."""

    def __init__(self, stream: IO[bytes], packed: Packed, *, is_packed: bool) -> None:
        super().__init__()
        self._stream, self._packed, self._is_packed = stream, packed, is_packed
        self.given = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        try:
            data = self._stream.read(min(len(view), _STEP_BYTES))
        except _DAMAGE as error:
            if not self._is_packed and isinstance(error, OSError):
                raise
            raise DamagedInput(self.given, f"the compression is damaged there ({error}); what stands before was read") from None
        view[: len(data)] = data
        self.given += len(data)
        if self._is_packed and self.given > max(FREE_BYTES, MOST_EXPANSION * self._packed.taken):
            raise DamagedInput(self.given, f"it unpacks to more than {MOST_EXPANSION} times its size, as bombs do; the rest is not read")
        return len(data)


@dataclass(slots=True)
class Opened:
    """A file that is open: its plain bytes, and how much of the file itself was taken so far."""

    stream: io.BufferedReader
    packed: Packed
    packing: str
    """How it is packed; empty for not at all."""


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
    return Opened(io.BufferedReader(Plain(inner, packed, is_packed=is_packed or bool(packing)), _STEP_BYTES), packed, packing)


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
            return sampled(source.stream, plain_name(found.name))
    except DamagedInput:
        return Sample(plain_name(found.name), b"", is_whole=False)


def sampled(stream: IO[bytes], name: str) -> Sample:
    """The next `SAMPLE_BYTES` of a stream."""
    head = bytearray()
    try:
        while len(head) < SAMPLE_BYTES:
            block = stream.read(SAMPLE_BYTES - len(head))
            if not block:
                return Sample(name, bytes(head), is_whole=True)
            head += block
    except DamagedInput:
        pass
    return Sample(name, bytes(head), is_whole=False)
