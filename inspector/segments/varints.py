"""Numbers as records have them: ZigZag varints of at most 64 bits, and sums that wrap as Java's do. Pure.

Read `records` for who reads them.
"""

from __future__ import annotations


class BrokenError(ValueError):
    """The records of a batch cannot be read on."""


def varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """(the ZigZag number at `at`, where it ends). Raises IndexError past the end, BrokenError for more than 64 bits."""
    byte = data[at]
    at += 1
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        if shift > 63:
            raise BrokenError("a number of more than 64 bits")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
    if number >> 64:
        raise BrokenError("a number of more than 64 bits")
    return (number >> 1) ^ -(number & 1), at


def signed(number: int) -> int:
    """The number that is left of it in 64 bits with a sign."""
    return ((number + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)
