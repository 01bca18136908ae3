"""ZIP archives: which members there are and where they stand, and the packed bytes of one. Nothing is ever written by a member's name.

The directory is read once for all members, within bounds. Read `unpacking` for how packed bytes are unpacked, `finding` for who
lists archives, `opening` for who opens members.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, cast

from inspector.formats.expansion import DAMAGE, UnpackingError
from inspector.formats.unpacking import unpacking, unpacking_lzma
from inspector.plain_files import open_plain

MAGIC = b"PK\x03\x04"
MOST_MEMBERS = 200_000
MOST_DIRECTORY_BYTES = 64 * 1024 * 1024
_ENTRY = b"PK\x01\x02"
_LOCAL = struct.Struct("<4s22xHH")
_ENCRYPTED, _HAS_END_MARK = 0x1, 0x2
_METHODS = {0: "", 8: "deflate", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz"}


class ArchiveError(ValueError):
    """Nothing of an archive is read, and why."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive, as the directory says; `name` is for people only."""

    name: str
    start: int
    """Where its own header stands in the archive."""
    packed_bytes: int
    plain_bytes: int
    crc: int
    method: int
    flags: int


def members(path: Path) -> list[Member]:
    """The files of an archive in the order of its directory. Raises ArchiveError, and OSError when it cannot be opened."""
    with open_plain(path) as file:
        try:
            with zipfile.ZipFile(cast("IO[bytes]", _Bounded(file))) as archive:
                found = [_member(one) for one in archive.infolist() if not one.is_dir()]
        except ArchiveError:
            raise
        except (*DAMAGE, RuntimeError, struct.error) as error:
            raise ArchiveError(f"the ZIP archive is damaged ({error}); nothing of it is read") from None
    _check_apart(found)
    return found


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(info.filename, info.header_offset, info.compress_size, info.file_size, info.CRC, info.compress_type, info.flag_bits)


def _check_apart(found: Sequence[Member]) -> None:
    """Members that share packed bytes unpack to far more than the archive's size could."""
    ordered = sorted(found, key=lambda one: one.start)
    for one, following in pairwise(ordered):
        if one.start + _LOCAL.size + one.packed_bytes > following.start:
            raise ArchiveError("members of the ZIP archive lie over each other, as in bombs; nothing of it is read")


class _Bounded(io.RawIOBase):
    """The file as `zipfile` reads it for the directory, which it takes into memory whole and believes."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        if size > MOST_DIRECTORY_BYTES:
            raise ArchiveError(f"the ZIP archive's directory is larger than {MOST_DIRECTORY_BYTES >> 20} MB; nothing of it is read")
        data = self._file.read(size if size >= 0 else MOST_DIRECTORY_BYTES)
        if data.count(_ENTRY) > MOST_MEMBERS:
            raise ArchiveError(f"the ZIP archive holds more than {MOST_MEMBERS:,} files: unpack it and import it in parts")
        return data


class Slice(io.RawIOBase):
    """The bytes `[start, start + size)` of a file, or as many as are there."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self._file, self._left = file, size
        file.seek(start)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        data = self._file.read(min(len(view), self._left))
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


def packed_slice(file: IO[bytes], member: Member) -> Slice:
    """The packed bytes of a member. Raises UnpackingError when they are not there or cannot be read."""
    if member.flags & _ENCRYPTED:
        raise UnpackingError("it is encrypted: unpack it with its password and import that")
    if member.method not in _METHODS:
        raise UnpackingError(f"its packing (method {member.method} of ZIP) is not known: unpack it and import that")
    file.seek(member.start)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(MAGIC):
        raise UnpackingError("the ZIP archive is damaged: the member is not where the directory says")
    _, name_bytes, extra_bytes = _LOCAL.unpack(header)
    return Slice(file, member.start + _LOCAL.size + name_bytes + extra_bytes, member.packed_bytes)


def unpacked_member(packed: IO[bytes], member: Member) -> IO[bytes]:
    """The member's own bytes, checked against what the directory says of them. Raises UnpackingError."""
    packing = _METHODS[member.method]
    if packing == "lzma":
        inner = unpacking_lzma(packed, None if member.flags & _HAS_END_MARK else member.plain_bytes)
    else:
        inner = unpacking(packed, packing)
    return cast("IO[bytes]", io.BufferedReader(_Checked(inner, member)))


class _Checked(io.RawIOBase):
    """Raises UnpackingError where bytes are not those that were packed."""

    def __init__(self, stream: IO[bytes], member: Member) -> None:
        super().__init__()
        self._stream, self._member = stream, member
        self._left, self._crc = member.plain_bytes, 0
        self._failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if self._failure is not None:
            raise self._failure
        view = memoryview(cast("bytearray", buffer))
        try:
            data = self._read(len(view))
        except DAMAGE as error:
            self._failure = error  # what is damaged is not whole again when it is asked once more
            raise
        view[: len(data)] = data
        return len(data)

    def _read(self, most: int) -> bytes:
        data = self._stream.read(most)
        self._left -= len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._left < 0:
            size = self._member.plain_bytes
            raise UnpackingError(f"it goes on behind the {size:,} bytes that the ZIP archive says it has; what follows is not read")
        if most and not data and (self._left or self._crc != self._member.crc):
            raise UnpackingError("its bytes are not those that were packed: size or CRC-32 are not what the ZIP archive says")
        return data
