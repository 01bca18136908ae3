"""Protobuf's wire format: the fields of a message as they stand in its bytes, with no schema. Pure; no I/O.

Read `wire_guess` for what they may mean, `protobuf_fields` for what a schema says they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, I64, LEN, GROUP, GROUP_END, I32 = range(6)
MAX_DEPTH = 100
"""Messages nest no deeper: no parser of Protobuf reads more."""
MAX_NUMBER = (1 << 29) - 1
_MASK = (1 << 64) - 1
_VARINT_BYTES = 10
_TAG_BYTES = 5
"""More are refused wherever Protobuf is read: so a group that begins with a brace ends with a bar, or has a zero (see `query.sieve`)."""


class WireError(ValueError):
    """Bytes that are no message: `at` is the byte where reading stopped."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(f"{reason} at byte {at:,}")
        self.at = at
        self.reason = reason


class Field(NamedTuple):
    """One field: its number, its wire type, and where it lies."""

    number: int
    wire: int
    start: int
    """Where its tag begins."""
    payload: int
    """Where what follows tag and length begins."""
    payload_end: int
    end: int
    """Behind `payload_end` only for a group, whose end has a tag too."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at `at` (64 bits, no sign) and where it ends. Raises WireError when it does not end."""
    number = shift = 0
    for place in range(at, min(end, at + _VARINT_BYTES)):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & _MASK, place + 1
        shift += 7
    raise WireError(at, "a number of more than 10 bytes" if end - at >= _VARINT_BYTES else "a number that does not end")


def signed(number: int) -> int:
    """A 64-bit number with its sign."""
    return number - (1 << 64) if number >> 63 else number


def zigzag(number: int) -> int:
    """The signed number that `number` stands for in zigzag form."""
    return (number >> 1) ^ -(number & 1)


GroupEnds = dict[int, tuple[int, int]]
"""Where the content of a group begins → where its end tag begins and ends."""


def fields(data: bytes, start: int, end: int, groups: GroupEnds | None = None) -> Iterator[Field]:
    """The fields of the message in `[start, end)`, those of groups and nested messages not followed.

    `groups` remembers the groups of `data` that were met: who follows them into each other goes over none twice.
    Raises WireError where the bytes are no field.
    """
    known = {} if groups is None else groups
    at = start
    while at < end:
        begin = at
        number, wire, at = _tag(data, at, end)
        payload, payload_end, at = _payload(data, number, wire, begin, at, end, known)
        yield Field(number, wire, begin, payload, payload_end, at)


def _tag(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Number, wire type and end of the tag at `at`."""
    tag = data[at]
    after = at + 1
    if tag > 0x7F:
        tag, after = varint(data, at, end)
        if after - at > _TAG_BYTES:
            raise WireError(at, f"a tag of more than {_TAG_BYTES} bytes")
    number = tag >> 3
    if not 0 < number <= MAX_NUMBER:
        raise WireError(at, f"a field cannot have the number {number:,}")
    return number, tag & 7, after


def _payload(data: bytes, number: int, wire: int, begin: int, at: int, end: int, groups: GroupEnds) -> tuple[int, int, int]:
    """Where the payload behind a tag begins and ends, and where the field ends."""
    if wire == VARINT:
        after = at + 1 if at < end and data[at] < 0x80 else varint(data, at, end)[1]
        return at, after, after
    if wire == LEN:
        length, at = varint(data, at, end)
        if length > end - at:
            raise WireError(begin, f"field {number:,} has {length:,} bytes, {end - at:,} are left")
        return at, at + length, at + length
    if wire in {I32, I64}:
        after = at + (4 if wire == I32 else 8)
        if after > end:
            raise WireError(begin, f"field {number:,} has {after - at} bytes, {end - at} are left")
        return at, after, after
    if wire == GROUP:
        return at, *(groups.get(at) or _group_end(data, number, at, end, groups))
    raise WireError(begin, f"a group ends that has not begun ({number:,})" if wire == GROUP_END else f"there is no wire type {wire}")


def _group_end(data: bytes, number: int, at: int, end: int, groups: GroupEnds) -> tuple[int, int]:
    """Where the end tag of the group `number` begins and ends; groups in it are passed over and remembered."""
    begun = [(number, at)]
    begin = at
    while at < end:
        begin = at
        inner, wire, at = _tag(data, at, end)
        if wire == GROUP:
            begun.append((inner, at))
            if len(begun) > MAX_DEPTH:
                raise WireError(begin, f"groups nest more than {MAX_DEPTH} deep")
        elif wire == GROUP_END:
            opened, content = begun.pop()
            if opened != inner:
                raise WireError(begin, f"a group ends that has not begun ({inner:,})")
            groups[content] = begin, at
            if not begun:
                return begin, at
        else:
            at = _payload(data, inner, wire, begin, at, end, groups)[2]
    raise WireError(begin, f"group {number:,} does not end")
