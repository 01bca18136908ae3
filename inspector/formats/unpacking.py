"""Undoing a packing in small steps and within bounds of memory, whatever the packed bytes say of themselves. Opens nothing.

The standard library's readers of bzip2 in ZIP archives unpack all they are given at once, and those of xz take as much memory as
the file asks for. Read `expansion` for how much may come out, `archive` for ZIP members.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import zlib
from collections.abc import Callable
from typing import IO, Protocol, cast

from inspector.formats.expansion import MOST_MEMORY_BYTES, UnpackingError

_INPUT_BYTES = 1 << 14
"""What follows one packed part is copied for each of them, so that many tiny parts in a large piece would take long."""
_MAGICS = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))
_MAGIC_BYTES = 6
_LZMA_HEAD = struct.Struct("<BBH")


class Decompressor(Protocol):
    """As `bz2.BZ2Decompressor` and `lzma.LZMADecompressor` are."""

    @property
    def eof(self) -> bool:
        """Whether the end of the packed part was met."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more packed bytes."""

    @property
    def unused_data(self) -> bytes:
        """What stood behind the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` unpacked bytes."""


class _Deflate:
    """Bare deflate, as in ZIP archives."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Steps(io.RawIOBase):
    """What `head` and a stream unpack to. With a `packing`, further parts may follow the first one; without, what follows is left alone."""

    def __init__(self, stream: IO[bytes], make: Callable[[], Decompressor], packing: str = "", *, head: bytes = b"") -> None:
        super().__init__()
        self._stream, self._make, self._packing = stream, make, packing
        self._part: Decompressor | None = make()
        self._rest = head

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says. Raises UnpackingError, EOFError and what decompressors raise."""
        view = memoryview(cast("bytearray", buffer))
        data = self._step(len(view))
        view[: len(data)] = data
        return len(data)

    def _step(self, most: int) -> bytes:
        """The next bytes; none at the end."""
        while most and self._is_going_on():
            assert self._part is not None
            given = b""
            if self._part.needs_input:
                given, self._rest = self._rest or self._stream.read(_INPUT_BYTES), b""
            data = self._part.decompress(given, most)
            if self._part.eof:
                self._rest, self._part = self._part.unused_data, None
            elif not data and not given and self._part.needs_input:
                raise EOFError("it ends in the middle")
            if data:
                return data
        return b""

    def _is_going_on(self) -> bool:
        """Whether there is a part to unpack: this one, or one behind it and zeros."""
        if self._part is not None:
            return True
        if not self._packing:
            return False
        self._rest = self._rest.lstrip(b"\0")
        while len(self._rest) < _MAGIC_BYTES and (more := self._stream.read(_INPUT_BYTES)):
            self._rest = (self._rest + more).lstrip(b"\0")
        if not self._rest:
            return False
        if packing_of(self._rest) != self._packing:
            raise UnpackingError("the compressed data ends there, and what follows is none; it is not read")
        self._part = self._make()
        return True


def packing_of(head: bytes) -> str:
    """How bytes that begin so are packed; empty for not at all, or in no way that is known."""
    return next((form for magic, form in _MAGICS if head.startswith(magic)), "")


def unpacking(stream: IO[bytes], packing: str) -> IO[bytes]:
    """The stream with a packing undone; `deflate` and `lzma` are those of ZIP archives."""
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))
    if packing == "bzip2":
        return cast("IO[bytes]", Steps(stream, bz2.BZ2Decompressor, packing))
    if packing == "xz":
        return cast("IO[bytes]", Steps(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY_BYTES), packing))
    if packing == "deflate":
        return cast("IO[bytes]", Steps(stream, _Deflate))
    if packing in {"zstd", "lz4"}:
        import pyarrow as pa

        return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), packing))
    return stream


def unpacking_lzma(stream: IO[bytes], plain_bytes: int | None) -> IO[bytes]:
    """LZMA as in ZIP archives, without a mark at its end where `plain_bytes` says how many there are. Raises UnpackingError."""
    head = stream.read(_LZMA_HEAD.size)
    size = _LZMA_HEAD.unpack(head)[2] if len(head) == _LZMA_HEAD.size else 0
    properties = stream.read(min(size, 5))
    if size != 5 or len(properties) != size:
        raise UnpackingError("its LZMA header is none")
    # told as a file of its own, its memory can be bounded
    head = properties + struct.pack("<Q", 2**64 - 1 if plain_bytes is None else plain_bytes)
    return cast("IO[bytes]", Steps(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MOST_MEMORY_BYTES), head=head))
