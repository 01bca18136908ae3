"""Recordings of the tool kafka-replay: a header, then messages with their time and size before them. Format versions 1 and 2.

Header: version i32, 16 bytes kept free. Message: Unix seconds i64, in version 2 key size i64, size i64, then key and message, all
big-endian (the tool's FORMAT.md). There is no sign to find the next message by, so nothing is read behind a damaged size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from inspector.event import RecordBatch
from inspector.formats import CHUNK_BYTES, CHUNK_ROWS, Chunk, DamagedInput, Guess, Input, Sample, Settings
from inspector.formats.kafka_rows import CREATE, Places, add_row, damage
from inspector.formats.kcat_framed import Reader
from inspector.formats.lines import mark_cut

_HEADER = struct.Struct(">i16s")
_HEADS = {1: struct.Struct(">qq"), 2: struct.Struct(">qqq")}
_MOST_BYTES = 100 << 20
"""The tool's own limit."""
_MOST_SECONDS = 1 << 36


class KafkaReplay:
    """What kafka-replay records."""

    name = "kafka-replay"
    title = "kafka-replay recording"
    loses = "A recording has no topic, partition, offset or headers, times in seconds, and no null: an empty key may have been none."
    proves = "It proves what was recorded, in which order, not that anything is complete."
    is_random_access = False
    takes = ("topic",)

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for its header with a message behind it that can be one."""
        if len(sample.head) < _HEADER.size:
            return []
        version, free = _HEADER.unpack_from(sample.head)
        head = _HEADS.get(version)
        if head is None or any(free) or len(sample.head) < _HEADER.size + head.size:
            return []
        seconds, *sizes = head.unpack_from(sample.head, _HEADER.size)
        fits = 0 <= seconds < _MOST_SECONDS and all(0 <= size <= _MOST_BYTES for size in sizes)
        return [Guess(0.85, f"it begins as recordings of kafka-replay do, version {version}")] if fits else []

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Setting: `topic`."""
        places = Places()
        log = places.number(str(settings.get("topic", "")), 0, is_claimed=False)
        reader, count = Reader(source), 0
        head = _HEADS.get(_version(reader))
        if head is None:
            raise DamagedInput(0, "no recording of kafka-replay that is known here")
        records, size = RecordBatch(), 0
        while reader.at < len(reader.data) or reader.more():
            count += 1
            reader.begin()
            try:
                size += _add(records, log, count, reader, head)
            except DamagedInput:
                yield Chunk(records, places.found)
                raise
            if len(records) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield Chunk(records, places.found)
                records, size = RecordBatch(), 0
        yield Chunk(records, places.found)


def _version(reader: Reader) -> int:
    header, _ = reader.take(_HEADER.size)
    return int(_HEADER.unpack(header)[0]) if len(header) == _HEADER.size else 0


def _add(records: RecordBatch, log: int, position: int, reader: Reader, head: struct.Struct) -> int:
    """The next message as a row; its size."""
    start = reader.start
    taken, _ = reader.take(head.size)
    if len(taken) < head.size:
        raise DamagedInput(start, "the recording ends within a message: it was cut off")
    seconds, *sizes = head.unpack(taken)
    if not all(0 <= size <= _MOST_BYTES for size in sizes):
        raise DamagedInput(start, f"a message of {max(sizes, key=abs):,} bytes cannot be; where the next one begins cannot be told")
    key = reader.take(sizes[0])[0] if len(sizes) > 1 else b""
    value, cut = reader.take(sizes[-1])
    row = add_row(records, log=log, position=position, key=key or None, value=value, time_ms=seconds * 1000, time_kind=CREATE)
    if cut is not None:
        mark_cut(records, row, cut)
    elif len(value) < sizes[-1]:
        damage(records, row, f"byte {start:,}: the recording ends {sizes[-1] - len(value):,} bytes before the message does")
    return len(key) + len(value)
