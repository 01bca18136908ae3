"""Lines of a stream in blocks, however long they are: a line over the bound is cut, and says so. Knows no format.

Lines end at the byte 0A only (U+2028 and its like occur inside values). Read `json_lines` for a format made of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.event import Flag, RecordBatch
from inspector.formats import CHUNK_BYTES, CHUNK_ROWS, Input

MOST_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is kept cut to `KEPT_BYTES`, with its length and SHA-256."""
KEPT_BYTES = 1024 * 1024
_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cut:
    """What is known of a line that was cut."""

    size_bytes: int
    sha256: str


@dataclass(slots=True)
class Lines:
    """Lines without their ends: the first has the number `first` (from 1) and begins at byte `start` of the unpacked file."""

    first: int
    start: int
    texts: list[bytes]
    cut: dict[int, Cut] = field(default_factory=dict)
    """Index into `texts` → a line that was cut."""
    ends_open: bool = False
    """Whether the last line has no end, as in a file that was cut off or is still being written."""

    def start_of(self, index: int) -> int:
        """The byte at which one of them begins."""
        return self.start + sum(map(len, self.texts[:index])) + index


def lines(source: Input) -> Iterator[Lines]:
    """The lines of a stream in blocks of at most `CHUNK_ROWS` lines and about `CHUNK_BYTES`; an empty last line is none."""
    number, start = 1, 0
    rest = ahead = b""
    while not source.stop.is_set():
        block, ahead = ahead or source.stream.read(_READ_BYTES), b""
        if not block:
            if rest:
                yield Lines(number, start, [rest], ends_open=True)
            return
        if b"\n" not in block:
            rest += block
            if len(rest) > MOST_LINE_BYTES:
                long = _cut(source, rest)
                yield Lines(number, start, [long.kept], {0: long.cut}, ends_open=not long.has_end)
                number, start, rest, ahead = number + 1, start + long.cut.size_bytes + 1, b"", long.rest
            continue
        texts = (rest + block).split(b"\n")
        rest = texts.pop()
        for begin in range(0, len(texts), CHUNK_ROWS):
            part = texts[begin : begin + CHUNK_ROWS]
            yield Lines(number, start, part)
            number, start = number + len(part), start + sum(map(len, part)) + len(part)


@dataclass(slots=True)
class _Long:
    kept: bytes
    cut: Cut
    rest: bytes
    has_end: bool


def _cut(source: Input, begun: bytes) -> _Long:
    """The rest of a line that is too long: read to its end, and only its length and digest kept."""
    digest, size, rest, has_end = hashlib.sha256(begun), len(begun), b"", False
    while not source.stop.is_set() and (block := source.stream.read(_READ_BYTES)):
        part, end, rest = block.partition(b"\n")
        digest.update(part)
        size += len(part)
        if end:
            has_end = True
            break
    return _Long(begun[:KEPT_BYTES], Cut(size, digest.hexdigest()), rest, has_end)


def mark_cut(records: RecordBatch, row: int, cut: Cut) -> None:
    """Says of a row that its value was cut."""
    records.flags[row] = records.flags.get(row, 0) | Flag.oversize
    records.extra.setdefault(row, {})["oversize"] = {"bytes": cut.size_bytes, "sha256": cut.sha256}
    records.error[row] = f"{cut.size_bytes:,} bytes: longer than {MOST_LINE_BYTES:,}, so only the first {KEPT_BYTES:,} are kept"


assert CHUNK_BYTES > _READ_BYTES
