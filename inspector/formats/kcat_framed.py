"""Records whose keys and values are as long as the numbers before them say: anything may be in them. Reads one stream, bounded.

Where sizes and separators do not fit, the reading goes on at the next place that looks as a record begins, and says what lies
between. Read `kcat_pattern` for patterns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from inspector.formats import CHUNK_BYTES, CHUNK_ROWS, Damage, Input, lines
from inspector.formats.kcat_pattern import Pattern
from inspector.formats.lines import Cut

_READ_BYTES = 1 << 20
_NEAR_BYTES = 4096
_MOST_HEAD = 4 << 20
"""A record's numbers and headers take no more."""


@dataclass(slots=True)
class Record:
    """One record as its bytes stand there; `start` is where it begins. `error` says what is wrong with it."""

    start: int
    fields: dict[str, bytes]
    key: bytes | None = None
    value: bytes | None = None
    cut: Cut | None = None
    error: str = ""


@dataclass(slots=True)
class Framed:
    """Records of one block, and stretches between them that are none."""

    records: list[Record] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time for the next one."""
        return len(self.records) >= CHUNK_ROWS or self.size >= CHUNK_BYTES


class _MismatchError(Exception):
    """What stands there is not what the pattern says."""


class Reader:
    """The stream's bytes from `at` on, read on as they are needed."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self.data = b""
        self.at = self.base = self.mark = 0
        self.is_ended = False

    @property
    def start(self) -> int:
        """The byte of the file that `at` is."""
        return self.base + self.at

    def begin(self) -> None:
        """A record begins at `at`: what lies before it is let go, and `back` comes here again."""
        self.mark = self.at

    def back(self) -> None:
        """To where the record began, as far as that is still here."""
        self.at = self.mark

    def more(self, size: int = 0) -> bool:
        """Reads on, about `size` bytes; False at the end."""
        block = b"" if self._source.stop.is_set() else self._source.stream.read(max(size, _READ_BYTES))
        if not block:
            self.is_ended = True
            return False
        self.base, self.data = self.base + self.mark, self.data[self.mark :] + block
        self.at, self.mark = self.at - self.mark, 0
        return True

    def match(self, expression: re.Pattern[bytes]) -> dict[str, bytes]:
        """What an expression finds at `at`, which moves behind it. Raises _MismatchError."""
        while True:
            found = expression.match(self.data, self.at)
            if found is not None:
                self.at = found.end()
                return found.groupdict()
            if len(self.data) - self.at > _MOST_HEAD or not self.more():
                raise _MismatchError

    def take(self, size: int) -> tuple[bytes, Cut | None]:
        """The next bytes, fewer where the file ends; of very many only the first, and what is known of all."""
        if size > lines.MOST_LINE_BYTES:
            return self._skip(size)
        while (missing := size - len(self.data) + self.at) > 0 and self.more(missing):
            pass
        taken = self.data[self.at : self.at + size]
        self.at += len(taken)
        return taken, None

    def _skip(self, size: int) -> tuple[bytes, Cut]:
        digest, left, kept = hashlib.sha256(), size, b""
        while left and (self.at < len(self.data) or self.more()):
            part = self.data[self.at : self.at + left]
            digest.update(part)
            kept += part[: max(0, lines.KEPT_BYTES - len(kept))]
            self.at += len(part)
            self.mark = self.at
            left -= len(part)
        return kept, Cut(size - left, digest.hexdigest())


def framed(source: Input, pattern: Pattern) -> Iterator[Framed]:
    """The records of a stream, in blocks."""
    reader, block = Reader(source), Framed()
    while reader.at < len(reader.data) or reader.more():
        start = reader.start
        reader.begin()
        try:
            record = _record(reader, pattern)
            block.records.append(record)
            block.size += len(record.key or b"") + len(record.value or b"")
        except _MismatchError:
            if source.stop.is_set():
                break
            reader.back()
            _resynchronise(reader, pattern)
            block.damage.append(Damage(start, reader.start, "no record as the pattern prints them"))
        if block.is_full:
            yield block
            block = Framed()
    yield block


def _record(reader: Reader, pattern: Pattern) -> Record:
    record = Record(reader.start, {})
    for stretch, following in zip(pattern.stretches, (*pattern.stretches[1:], None), strict=True):
        try:
            record.fields.update(reader.match(stretch.expression))
        except _MismatchError:
            if not (reader.is_ended and len(record.fields) and reader.at == len(reader.data)):
                raise
            record.error = "the file ends within this record"
            return record
        if stretch.then and following is not None:
            _take(reader, record, stretch.then, following.expression)
        if record.error:
            break
    return record


def _take(reader: Reader, record: Record, name: str, following: re.Pattern[bytes]) -> None:
    """The key or the value, whose size is known by now, and what follows it."""
    size = _size(record.fields, name)
    if size <= 0:
        _skip_null(reader, following)
        taken: bytes | None = None if size < 0 else b""
    else:
        taken, cut = reader.take(size)
        record.cut = cut or record.cut
        if cut is None and len(taken) < size:
            record.error = f"the file ends {size - len(taken):,} bytes before the {name} does"
    if name == "key":
        record.key = taken
    else:
        record.value = taken


def _skip_null(reader: Reader, following: re.Pattern[bytes]) -> None:
    """`kcat -Z` prints NULL where nothing is: it stands between, when only behind it comes what must follow."""
    while len(reader.data) - reader.at < _NEAR_BYTES and reader.more():
        pass
    if not following.match(reader.data, reader.at) and reader.data.startswith(b"NULL", reader.at):
        reader.at += len(b"NULL")


def _size(fields: Mapping[str, bytes], name: str) -> int:
    if name == "key":
        return int(fields["key_size"])
    return int(fields["size"]) if "size" in fields else int.from_bytes(fields["raw_size"], "big", signed=True)


def _resynchronise(reader: Reader, pattern: Pattern) -> None:
    """Moves on to where a record may begin: behind the literal that ends one, and as one begins. To the end where none does."""
    head = pattern.head
    looked = reader.at + 1
    while True:
        place = _next(reader.data, looked, pattern.end, head) if head is not None else -1
        if place >= 0:
            reader.at = place
            return
        reader.at = min(len(reader.data), max(looked, len(reader.data) - _NEAR_BYTES))
        reader.begin()
        if not reader.more():
            reader.at = len(reader.data)
            return
        looked = reader.at


def _next(data: bytes, begin: int, end: bytes, head: re.Pattern[bytes]) -> int:
    if not end:
        found = head.search(data, begin)
        return found.start() if found else -1
    place = data.find(end, begin - 1)
    while place >= 0:
        if head.match(data, place + len(end)):
            return place + len(end)
        place = data.find(end, place + 1)
    return -1
