"""Avro object containers as files: each record an event whose value is its JSON document, digits and all. Streams, block by block.

A block that is damaged is skipped to the marker that ends it, and said with its bytes. A record that would become too much text (names
and symbols of the schema are repeated in each) is a damaged row, and a file that becomes far larger than it is has an end. Read
`schemas.avro_blocks` for how blocks are packed, `schemas.avro_read` for records, `library` for what is known of their fields.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

from inspector.composing import MAX_UNPACKED_BYTES
from inspector.formats import CHUNK_BYTES, CHUNK_ROWS, Chunk, Damage, DamagedInput, Guess, Input, Sample, Settings, library
from inspector.formats.expansion import FREE_BYTES, MOST_EXPANSION
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, Found, fields_of
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.rows import JsonRows
from inspector.schemas.avro_blocks import CODECS, MAGIC, SYNC_BYTES, TooLargeError, described, inflated
from inspector.schemas.avro_read import AvroReader, compiled_text
from inspector.schemas.avro_values import BROKEN, read_long, read_size
from inspector.schemas.avro_walk import StoppedError, TooLongError

_READ_BYTES = 1 << 20
_MOST_HEAD_BYTES = 16 * 1024 * 1024
_MOST_BLOCK_BYTES = 64 * 1024 * 1024
MOST_ROW_BYTES = 8 * 1024 * 1024
"""A record that makes more JSON text is a damaged row."""
_ROW_BYTES = 64
"""What a row takes even where it says nothing."""
_LOOKED_AT = 20
_MOST_EMPTY = 10_000
"""Of records that take no bytes so many are read of a block, which may say that it has 2⁶⁰."""


class AvroFile:
    """Avro containers, of all codecs."""

    name = "avro"
    title = "Avro container"
    loses = "The value is the record as JSON; its Avro bytes are in the file only. There are no offsets unless a field holds them."
    proves = WITHOUT_OFFSETS
    is_random_access = False
    takes = MAPPED

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Certain by its first bytes."""
        if not sample.head.startswith(MAGIC):
            return []
        why = "it begins as Avro containers do"
        rows = JsonRows(_first(sample.head))
        found = list(library.guesses(sample, self.name, 0.75, lambda place: None if place else rows, why)) if len(rows) else []
        fields, notes = fields_of(rows, sorted(rows.names())) if len(rows) else Found({})
        said: dict[str, object] = {"decoder": "json", **({"fields": fields} if fields else {})}
        if "value" in fields:
            del said["decoder"]
        loses = f"{self.loses} {GUESSED}" if fields else ""
        return [*found, Guess(0.8, why, said, library.questions_of(rows, said), loses=loses, columns=rows.ordered(), notes=notes)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        mapping = RowMapping(settings, source.name)
        number, made, container = 1, 0, _Container(source.stream)
        for part in container.parts():
            if source.stop.is_set():
                return
            damage = [part] if isinstance(part, Damage) else []
            if isinstance(part, _TooLong):
                records = mapping.plain([b""], number, {0: f"row {number:,}: {part.why}"})
            else:
                records = mapping.records(JsonRows(part if isinstance(part, list) else []), number)
            number += len(records)
            made += sum(map(len, part)) if isinstance(part, list) else 0
            yield Chunk(records, mapping.places, damage, mapping.notes, mapping.tallies)
            if made + _ROW_BYTES * number > max(FREE_BYTES, MOST_EXPANSION * container.taken):
                reason = "it becomes far larger than it is, as bombs do"
                raise DamagedInput(container.taken, f"{reason}: the {number - 1:,} rows before were read, the rest is not")


def _first(head: bytes) -> list[bytes]:
    """The first records of a sample."""
    try:
        found = (text for part in _Container(io.BytesIO(head)).parts() if isinstance(part, list) for text in part)
        return list(islice(found, _LOOKED_AT))
    except DamagedInput:
        return []


@dataclass(frozen=True, slots=True)
class _TooLong:
    """A record that is not made, and why."""

    why: str


class _Container:
    """One file, read from its beginning. Raises DamagedInput where its head cannot be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._data = b""
        self._base = 0
        said, at = self._head()
        self._sync = self._data[at : at + SYNC_BYTES]
        codec = said.get("avro.codec", b"null").decode(errors="replace")
        if codec not in CODECS:
            raise DamagedInput(0, f"compressed with {codec[:40]!r}, which cannot be read here")
        self._inflate = CODECS[codec]
        schema = compiled_text(said.get("avro.schema", b"").decode(errors="replace"))
        if schema.reader is None:
            raise DamagedInput(0, f"what stands for its schema {schema.error}")
        self._reader: AvroReader = schema.reader
        self._drop(at + SYNC_BYTES)

    @property
    def taken(self) -> int:
        """How many bytes of the file were read so far."""
        return self._base

    def parts(self) -> Iterator[list[bytes] | _TooLong | Damage]:
        """The records as JSON texts, and what could not be read between them."""
        while self._fill(1):
            start = self._base
            try:
                count, block = self._block()
                content = inflated(self._inflate, block, MAX_UNPACKED_BYTES, start)
            except StoppedError as error:
                yield self._skipped(start, error.why)
                continue
            except TooLargeError:
                yield Damage(start, self._base, f"a block inflates to more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB")
                continue
            yield from self._records(content, count, start)

    def _records(self, content: bytes, count: int, start: int) -> Iterator[list[bytes] | _TooLong | Damage]:
        at, reader, left = 0, self._reader, count
        if reader.root.least == 0:
            left = min(left, _MOST_EMPTY)
        while left > 0:
            texts, at = reader.read_some(content, at, min(left, CHUNK_ROWS), CHUNK_BYTES // 2)
            try:
                if not texts:
                    text, at = reader.read_next(content, at, MOST_ROW_BYTES)
                    texts = [text]
            except TooLongError as error:
                try:
                    end = reader.passed_over(content, at)
                except StoppedError as worse:
                    yield Damage(start, self._base, f"{left:,} of {count:,} records of a block: {error.why}; {worse.words()}")
                    return
                yield _TooLong(f"it is left out: of its {end - at:,} bytes {error.why}")
                at, left = end, left - 1
                continue
            except StoppedError as error:
                yield Damage(start, self._base, f"{left:,} of {count:,} records of a block: {error.words()}")
                return
            left -= len(texts)
            yield [text.encode() for text in texts]
        if at != len(content):
            yield Damage(start, self._base, f"a block of {count:,} records has {len(content) - at:,} bytes behind the last one")

    # ---- bytes

    def _head(self) -> tuple[dict[str, bytes], int]:
        wanted = _READ_BYTES
        while True:
            self._fill(wanted)
            if not self._data.startswith(MAGIC):
                raise DamagedInput(0, "it does not begin like an Avro file")
            try:
                return described(self._data)
            except StoppedError as error:
                if len(self._data) < wanted or wanted > _MOST_HEAD_BYTES:
                    raise DamagedInput(error.at, error.why) from None
                wanted *= 4

    def _block(self) -> tuple[int, bytes]:
        """The next block, taken with its marker. Raises StoppedError."""
        self._fill(20)
        try:
            count, at = read_long(self._data, 0)
            size, at = read_size(self._data, at)
        except BROKEN:
            raise StoppedError(0, "no block begins here") from None
        if count < 1 or size > _MOST_BLOCK_BYTES:
            raise StoppedError(0, f"a block of {count:,} records and {size:,} bytes")
        if not self._fill(at + size + SYNC_BYTES):
            raise StoppedError(0, "the file ends within a block")
        if self._data[at + size : at + size + SYNC_BYTES] != self._sync:
            raise StoppedError(0, "a block does not end with the file's marker")
        block = self._data[at : at + size]
        self._drop(at + size + SYNC_BYTES)
        return count, block

    def _skipped(self, start: int, why: str) -> Damage:
        """To behind the next marker, or to the end."""
        if self._base > start:
            return Damage(start, self._base, why)  # it is behind the block already
        while (found := self._data.find(self._sync)) < 0:
            self._drop(max(0, len(self._data) - SYNC_BYTES + 1))
            if not self._fill(len(self._data) + 1):
                self._drop(len(self._data))
                return Damage(start, None, why)
        self._drop(found + SYNC_BYTES)
        return Damage(start, self._base, why)

    def _fill(self, wanted: int) -> bool:
        """Whether so many bytes are there."""
        while len(self._data) < wanted:
            block = self._stream.read(max(_READ_BYTES, wanted - len(self._data)))
            if not block:
                return False
            self._data += block
        return True

    def _drop(self, count: int) -> None:
        self._data = self._data[count:]
        self._base += count
