"""Avro object containers, files of records with their schema inside, as a whole value: the document is a list of the records.

Bounded: so many records and inflated bytes are read, and a note says when there are more. Read `schemas.avro_walk` for
how one record is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inspector.decoders import Context, Decoded, Room
from inspector.schemas.avro_blocks import CODECS, MAGIC, SYNC_BYTES, TooLargeError, described, inflated
from inspector.schemas.avro_read import compiled_text
from inspector.schemas.avro_values import BROKEN, counted, read_long, read_size, reason
from inspector.schemas.avro_walk import Budget, StoppedError, Walk, exact

MAX_RECORDS = 10_000
_CERTAIN = 0.98


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
    said, at = described(data)
    sync = data[at : at + SYNC_BYTES]
    codec = said.get("avro.codec", b"null").decode(errors="replace")
    inflate = CODECS.get(codec)
    if inflate is None:
        raise StoppedError(at, f"compressed with {codec[:40]!r}, which cannot be read here")
    schema = compiled_text(said.get("avro.schema", b"").decode(errors="replace"))
    if schema.reader is None:
        raise StoppedError(at, f"what stands for its schema {schema.error}")
    found, left = _Container(), most
    for start, count, block in _blocks(data, at + SYNC_BYTES, sync):
        if room.left <= 0:
            raise StoppedError(start, room.full)
        try:
            content = inflated(inflate, block, left, start)
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
        if end + SYNC_BYTES > len(data):
            raise StoppedError(start, f"a block of {counted(size, 'byte')}, with {counted(len(data) - at, 'byte')} left")
        if data[end : end + SYNC_BYTES] != sync:
            raise StoppedError(end, "not the marker that ends a block")
        yield start, count, data[at:end]
        at = end + SYNC_BYTES


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
