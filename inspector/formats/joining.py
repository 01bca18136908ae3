"""Lines put together again to records: those that do not begin as a record does belong to the one before. Knows no format.

A value with a line end in it makes several lines of one record; what begins a record is a pattern that the format gives. Read
`lines` for lines, `console_consumer` for a user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.formats import Input, lines
from inspector.formats.lines import Cut


@dataclass(slots=True)
class Joined:
    """Records of one block without their line ends, with the number of their first line and the byte where it begins."""

    numbers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    spread: dict[int, int] = field(default_factory=dict)
    """Index → of how many lines it was put together."""
    cut: dict[int, Cut] = field(default_factory=dict)
    ends_open: bool = False
    """The last one has no line end: the file may have been cut off."""

    def add(self, number: int, start: int, parts: list[bytes]) -> None:
        """A record of these lines."""
        if len(parts) > 1:
            self.spread[len(self.texts)] = len(parts)
        self.numbers.append(number)
        self.starts.append(start)
        self.texts.append(b"\n".join(parts))


@dataclass(slots=True)
class _Pending:
    """The record whose last line is not known yet."""

    number: int = 0
    start: int = 0
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def begin(self, number: int, start: int, text: bytes) -> None:
        self.number, self.start, self.parts, self.size = number, start, [text], len(text)

    def goes_on(self, text: bytes) -> bool:
        """Whether a line that begins no record was taken as part of this one: not of nothing, and not without measure."""
        if not self.parts or self.size + len(text) > lines.MOST_LINE_BYTES:
            return False
        self.parts.append(text)
        self.size += len(text) + 1
        return True

    def give(self, block: Joined) -> None:
        if self.parts:
            block.add(self.number, self.start, self.parts)
            self.parts = []


def joined(source: Input, head: re.Pattern[bytes] | None) -> Iterator[Joined]:
    """The records of a stream in blocks; without `head` every line is one. Lines before the first record stand alone."""
    pending = _Pending()
    for block in lines.lines(source):
        given, start = Joined(), block.start
        for index, text in enumerate(block.texts):
            number = block.first + index
            if index in block.cut:
                pending.give(given)
                given.cut[len(given.texts)] = block.cut[index]
                given.add(number, start, [text])
                start += block.cut[index].size_bytes + 1
                continue
            if head is None or head.match(text):
                pending.give(given)
                pending.begin(number, start, text)
            elif not pending.goes_on(text):
                pending.give(given)
                given.add(number, start, [text])
            start += len(text) + 1
        if block.ends_open:
            pending.give(given)
            given.ends_open = True
        yield given
    last = Joined()
    pending.give(last)
    yield last
