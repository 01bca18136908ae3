"""How Avro object containers are packed: their head, the codecs of their blocks, each with a bound. Pure; any bytes may come.

Read `decoders.avro_container` for containers as values, `formats.avro_file` for containers as files.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import cramjam

from inspector.composing import MAX_UNPACKED_BYTES
from inspector.schemas.avro_values import BROKEN, read_long, read_size, read_string, reason
from inspector.schemas.avro_walk import StoppedError

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
MAX_INFLATED_BYTES = MAX_UNPACKED_BYTES
_CHECKSUM_BYTES = 4
_FIRST_ROOM_BYTES = 64 * 1024


class TooLargeError(Exception):
    """A block inflates to more than may be read."""


def described(data: bytes) -> tuple[dict[str, bytes], int]:
    """What the header says by name, and where the sync marker begins. Raises StoppedError."""
    said: dict[str, bytes] = {}
    at = len(MAGIC)
    try:
        while True:
            count, at = read_long(data, at)
            if count == 0:
                break
            if count < 0:
                _, at = read_long(data, at)
            for _ in range(min(abs(count), len(data))):
                name, at = read_string(data, at)
                size, at = read_size(data, at)
                said[name] = data[at : at + size]
                at += size
    except BROKEN as error:
        raise StoppedError(min(at, len(data)), f"its header: {reason(error)}") from None
    if at + SYNC_BYTES > len(data):
        raise StoppedError(min(at, len(data)), "its header: the value ends here")
    return said, at


def inflated(inflate: Callable[[bytes, int], bytes], block: bytes, most: int, start: int) -> bytes:
    """What `block` inflates to. Raises StoppedError, and TooLargeError for more than `most` bytes."""
    try:
        content = inflate(block, most)
    except (zlib.error, lzma.LZMAError, cramjam.DecompressionError, OSError, ValueError, EOFError) as error:
        raise StoppedError(start, f"a block does not inflate ({error})") from None
    if len(content) > most:
        raise TooLargeError
    return content


class _Stream(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end was found."""

    def decompress(self, data: bytes, most: int, /) -> bytes:
        """At most `most` bytes of what `data` inflates to."""


def _streamed(stream: _Stream, block: bytes, most: int) -> bytes:
    """What `block` inflates to, or one byte more than `most`."""
    content = stream.decompress(block, most + 1)
    if len(content) <= most and not stream.eof:
        raise ValueError("it ends too early")
    return content


def _snappy(block: bytes, most: int) -> bytes:
    """Raw snappy, and the checksum of what it inflates to."""
    packed, checksum = block[:-_CHECKSUM_BYTES], block[-_CHECKSUM_BYTES:]
    if cramjam.snappy.decompress_raw_len(packed) > most:
        raise TooLargeError
    content = bytes(cramjam.snappy.decompress_raw(packed))
    if zlib.crc32(content).to_bytes(_CHECKSUM_BYTES, "big") != checksum:
        raise ValueError("its checksum differs")
    return content


def _zstandard(block: bytes, most: int) -> bytes:
    """In a room that grows: the compressed bytes need not say how much they hold, and a large room for each of many blocks takes long."""
    size = min(max(_FIRST_ROOM_BYTES, 8 * len(block)), most)
    while True:
        room = bytearray(size)
        try:
            return bytes(memoryview(room)[: cramjam.zstd.decompress_into(block, room)])
        except cramjam.DecompressionError as error:
            if "whole buffer" not in str(error):
                raise
        if size == most:
            raise TooLargeError
        size = min(size * 16, most)


CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": lambda block, _: block,
    "deflate": lambda block, most: _streamed(zlib.decompressobj(-15), block, most),
    "snappy": _snappy,
    "zstandard": _zstandard,
    "bzip2": lambda block, most: _streamed(bz2.BZ2Decompressor(), block, most),
    "xz": lambda block, most: _streamed(lzma.LZMADecompressor(memlimit=4 * MAX_INFLATED_BYTES), block, most),
}
"""Codec as the head names it → what inflates a block, with a bound."""
