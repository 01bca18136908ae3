"""Avro object containers, files of records with their schema inside, as a whole value: the document is a list of the records.

Bounded: so many records and inflated bytes are read, and a note says when there are more. Read `schemas.avro_walk` for
how one record is read.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cramjam

from inspector.composing import MAX_UNPACKED_BYTES
from inspector.decoders import Context, Decoded, Room
from inspector.schemas.avro_read import compiled_text
from inspector.schemas.avro_values import BROKEN, counted, read_long, read_size, read_string, reason
from inspector.schemas.avro_walk import Budget, StoppedError, Walk, exact

MAGIC = b"Obj\x01"
MAX_RECORDS = 10_000
MAX_INFLATED_BYTES = MAX_UNPACKED_BYTES
_CERTAIN = 0.98
_SYNC_BYTES = 16
_CHECKSUM_BYTES = 4
_FIRST_ROOM_BYTES = 64 * 1024


class TooLargeError(Exception):
    """A block inflates to more than may be read."""


@dataclass(slots=True)
class _Container:
    """A container that is being read: the records so far."""

    name: str = ""
    """The full name of the record; empty for another type."""
    documents: list[object] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    flags: int = 0
    note: str | None = None
    budget: Budget = field(default_factory=Budget)


class AvroContainer:
    """Decodes values that are Avro files."""

    name = "avro-container"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.98 for a value that begins like an Avro file."""
        return _CERTAIN if value.startswith(MAGIC) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """The records of each container as one list; a damaged one is refused with the byte."""
        decoded = Decoded.empty(len(values))
        room = context.room or Room.of(values)
        for row, value in enumerate(values):
            if value is None:
                continue
            try:
                found = _read(value, context.most_unpacked, room)
            except StoppedError as stopped:
                decoded.refuse(row, f"{len(value):,} bytes, stopped at {stopped.words()}")
                continue
            decoded.decoder[row] = self.name
            decoded.document[row] = found.documents
            decoded.data[row] = "[" + ",".join(found.texts) + "]"
            decoded.error[row], decoded.flags[row] = found.note, found.flags
            if found.name:
                decoded.name[row] = found.name
        return decoded


def _read(data: bytes, most: int, room: Room) -> _Container:
    """The records in `data`, as far as they inflate to `most` bytes and there is room for them. Raises StoppedError."""
    if not data.startswith(MAGIC):
        raise StoppedError(0, "it does not begin like an Avro file")
    described, at = _described(data)
    sync = data[at : at + _SYNC_BYTES]
    codec = described.get("avro.codec", b"null").decode(errors="replace")
    inflate = _CODECS.get(codec)
    if inflate is None:
        raise StoppedError(at, f"compressed with {codec[:40]!r}, which cannot be read here")
    schema = compiled_text(described.get("avro.schema", b"").decode(errors="replace"))
    if schema.reader is None:
        raise StoppedError(at, f"what stands for its schema {schema.error}")
    found, left = _Container(), most
    for start, count, block in _blocks(data, at + _SYNC_BYTES, sync):
        if room.left <= 0:
            raise StoppedError(start, room.full)
        try:
            content = _inflated(inflate, block, left, start)
        except TooLargeError:
            room.left -= left
            if not found.texts:
                raise StoppedError(start, f"its first block inflates to more than {most // 1024 // 1024} MB") from None
            found.note = f"only its first {len(found.texts):,} records are read: more than {most // 1024 // 1024} MB"
            break
        left -= len(content)
        room.left -= len(content)
        found.name = schema.reader.name
        _take(found, Walk(schema.reader.root, content, 0, found.budget, around=1), count, start, len(content))
        if found.note:
            break
    return found


def _described(data: bytes) -> tuple[dict[str, bytes], int]:
    """What the header says by name, and where the sync marker begins. Raises StoppedError."""
    described: dict[str, bytes] = {}
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
                described[name] = data[at : at + size]
                at += size
    except BROKEN as error:
        raise StoppedError(min(at, len(data)), f"its header: {reason(error)}") from None
    if at + _SYNC_BYTES > len(data):
        raise StoppedError(min(at, len(data)), "its header: the value ends here")
    return described, at


def _blocks(data: bytes, at: int, sync: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each block begins, how many records it has, and its bytes. Raises StoppedError."""
    while at < len(data):
        start = at
        try:
            count, at = read_long(data, at)
            size, at = read_size(data, at)
        except BROKEN as error:
            raise StoppedError(start, f"a block: {reason(error)}") from None
        end = at + size
        if count < 1:  # no writer makes an empty one: blocks are bounded by their records
            raise StoppedError(start, f"a block of {count:,} records")
        if end + _SYNC_BYTES > len(data):
            raise StoppedError(start, f"a block of {counted(size, 'byte')}, with {counted(len(data) - at, 'byte')} left")
        if data[end : end + _SYNC_BYTES] != sync:
            raise StoppedError(end, "not the marker that ends a block")
        yield start, count, data[at:end]
        at = end + _SYNC_BYTES


def _take(found: _Container, walk: Walk, count: int, start: int, size: int) -> None:
    """Adds the `count` records of the block that begins at byte `start`. Raises StoppedError."""
    for _ in range(min(count, MAX_RECORDS - len(found.texts))):
        try:
            record = exact(walk)
        except StoppedError as stopped:
            path = (len(found.texts), *stopped.path)
            raise StoppedError(start, f"{stopped.why} (byte {stopped.at:,} of what the block holds)", path) from None
        found.documents.append(record.value)
        found.texts.append(record.text)
        found.flags |= record.flags
        count -= 1
    if count:
        found.note = f"only its first {MAX_RECORDS:,} records are read"
    elif walk.at != size:
        raise StoppedError(start, f"the last record of the block ends {counted(size - walk.at, 'byte')} before it")


def _inflated(inflate: Callable[[bytes, int], bytes], block: bytes, most: int, start: int) -> bytes:
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


_CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": lambda block, _: block,
    "deflate": lambda block, most: _streamed(zlib.decompressobj(-15), block, most),
    "snappy": _snappy,
    "zstandard": _zstandard,
    "bzip2": lambda block, most: _streamed(bz2.BZ2Decompressor(), block, most),
    "xz": lambda block, most: _streamed(lzma.LZMADecompressor(memlimit=4 * MAX_INFLATED_BYTES), block, most),
}
