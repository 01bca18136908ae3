"""Avro values that hold no others: a reader for each type and logical type, from bytes to what a document has. Pure.

A reader takes the bytes and the place of the value and gives the value and the place behind it. It may give a place
behind the end, which whoever asked must refuse. What it raises is in `BROKEN`. Read `avro_walk` for who turns that into
a reason with a byte, and `avro_read` for records, arrays, maps and unions.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from inspector.schemas.avro_logical import MAX_SCALE, OF_NUMBERS, base64_text, decimal, of_fixed

Reader = Callable[[bytes, int], tuple[object, int]]
BROKEN = (ValueError, IndexError, struct.error, RecursionError)
"""What a reader raises for bytes that are no such value (UnicodeDecodeError is a ValueError)."""

_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
_SMALLEST_NORMAL_FLOAT = 1.2e-38
_TWO = 128
_THREE = _TWO + (128 << 7)
_FOUR = _THREE + (128 << 14)
_FIFTH = 128 << 21
"""What the marks for `more follows` in the first bytes of a number add to it."""


def leaf(kind: str, logical: str, *, size: int = 0, scale: int = 0, symbols: tuple[str, ...] = ()) -> Reader:
    """The reader of a type that holds no others; a logical type that is unknown or does not fit is read as its base type."""
    if kind == "enum":
        return _enum(symbols)
    if kind == "fixed":
        return _fixed(size, of_fixed(logical, size, scale))
    if kind == "bytes" and logical == "decimal":
        return _decimal(scale)
    if (kind, logical) == ("bytes", "big-decimal"):
        return _big_decimal
    convert = OF_NUMBERS.get((kind, logical))
    return _PLAIN[kind] if convert is None else _converted(_int if kind == "int" else read_long, convert)


def is_digits(kind: str, logical: str) -> bool:
    """Whether the reader gives `Digits`."""
    return kind in {"bytes", "fixed"} and logical in {"decimal", "big-decimal"}


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag number of at most 64 bits."""
    first = data[at]
    if first < 128:
        return (first >> 1) ^ -(first & 1), at + 1
    second = data[at + 1]
    if second < 128:
        value = first + (second << 7) - _TWO
        return (value >> 1) ^ -(value & 1), at + 2
    third = data[at + 2]
    if third < 128:
        value = first + (second << 7) + (third << 14) - _THREE
        return (value >> 1) ^ -(value & 1), at + 3
    fourth = data[at + 3]
    value = first + (second << 7) + (third << 14) + (fourth << 21) - _FOUR
    at += 4
    if fourth > 127:
        high, at = _high_bits(data, at)
        value += (high << 28) - _FIFTH
    return (value >> 1) ^ -(value & 1), at


def _high_bits(data: bytes, at: int) -> tuple[int, int]:
    """What stands behind the first four bytes, which hold 28 bits."""
    first = data[at]
    if first < 128:
        return first, at + 1
    second = data[at + 1]
    if second < 128:
        return first + (second << 7) - _TWO, at + 2
    third = data[at + 2]
    if third < 128:
        return first + (second << 7) + (third << 14) - _THREE, at + 3
    fourth = data[at + 3]
    value = first + (second << 7) + (third << 14) + (fourth << 21) - _FOUR
    if fourth < 128:
        return value, at + 4
    ninth = data[at + 4]
    value += (ninth << 28) - _FIFTH
    if ninth < 128:
        return value, at + 5
    tenth = data[at + 5]
    if tenth > 1:
        raise ValueError("a number of more than 64 bits")
    return value + (tenth << 35) - (128 << 28), at + 6


def read_size(data: bytes, at: int) -> tuple[int, int]:
    """The length of a string or of bytes."""
    size, at = read_long(data, at)
    if size < 0:
        raise ValueError(f"a length of {size:,}")
    return size, at


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """UTF-8 text after its length."""
    size = data[at]
    if size > 127 or size & 1:
        size, at = read_size(data, at)
        end = at + size
    else:
        at += 1
        end = at + (size >> 1)
    return str(data[at:end], "utf-8"), end


def reason(error: Exception) -> str:
    """Why a reader raised one of `BROKEN`, in words."""
    return str(error) if isinstance(error, ValueError) else "the value ends here"


def counted(number: int, word: str) -> str:
    """`1 byte`, `1,000 bytes`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def read_null(data: bytes, at: int) -> tuple[None, int]:
    """Null, which takes no bytes."""
    return None, at


def _int(data: bytes, at: int) -> tuple[int, int]:
    value, at = read_long(data, at)
    if not -0x8000_0000 <= value < 0x8000_0000:
        raise ValueError(f"{value:,} is no int of 32 bits")
    return value, at


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise ValueError(f"{byte} is no boolean (0 or 1)")
    return byte == 1, at + 1


def _double(data: bytes, at: int) -> tuple[float | str, int]:
    (value,) = _DOUBLE.unpack_from(data, at)
    return (value if value - value == 0 else _not_finite(value)), at + 8


def _float(data: bytes, at: int) -> tuple[float | str, int]:
    (value,) = _FLOAT.unpack_from(data, at)
    return (shortest(value) if value - value == 0 else _not_finite(value)), at + 4


def shortest(value: float) -> float:
    """The double with the fewest digits that is the same 32-bit float as `value`."""
    packed = _FLOAT.pack(value)
    for digits in range(6 if abs(value) > _SMALLEST_NORMAL_FLOAT else 1, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if _FLOAT.pack(short) == packed:
                return short
        except OverflowError:  # rounded up beyond the largest one
            continue
    return float(f"{value:.9g}")


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _bytes(data: bytes, at: int) -> tuple[str, int]:
    size, at = read_size(data, at)
    return base64_text(data[at : at + size]), at + size


def _enum(symbols: tuple[str, ...]) -> Reader:
    def read(data: bytes, at: int) -> tuple[object, int]:
        index = data[at]
        if index > 127 or index & 1:
            index, at = read_long(data, at)
        else:
            index >>= 1
            at += 1
        if not 0 <= index < len(symbols):
            raise ValueError(f"symbol {index:,} of an enum that has {len(symbols):,}")
        return symbols[index], at

    return read


def _fixed(size: int, convert: Callable[[bytes], object]) -> Reader:
    def read(data: bytes, at: int) -> tuple[object, int]:
        end = at + size
        if end > len(data):
            raise IndexError(end)
        return convert(data[at:end]), end

    return read


def _decimal(scale: int) -> Reader:
    def read(data: bytes, at: int) -> tuple[object, int]:
        size = data[at]
        if size > 127 or size & 1:
            size, at = read_size(data, at)
            end = at + size
        else:
            at += 1
            end = at + (size >> 1)
        return decimal(data[at:end], scale), end

    return read


def _big_decimal(data: bytes, at: int) -> tuple[object, int]:
    """Bytes that hold the digits as bytes and the scale as an int; other bytes are shown as they are."""
    size, at = read_size(data, at)
    content = data[at : at + size]
    try:
        digits, inner = read_size(content, 0)
        scale, end = _int(content, inner + digits)
    except (ValueError, IndexError):
        return base64_text(content), at + size
    is_one = end == size and -MAX_SCALE <= scale <= MAX_SCALE
    return (decimal(content[inner : inner + digits], scale) if is_one else base64_text(content)), at + size


def _converted(base: Callable[[bytes, int], tuple[int, int]], convert: Callable[[int], object]) -> Reader:
    def read(data: bytes, at: int) -> tuple[object, int]:
        number, end = base(data, at)
        try:
            return convert(number), end
        except OverflowError:  # no such day in the years 1 to 9999
            return number, end

    return read


_PLAIN: dict[str, Reader] = {
    "null": read_null,
    "boolean": _boolean,
    "int": _int,
    "long": read_long,
    "float": _float,
    "double": _double,
    "bytes": _bytes,
    "string": read_string,
}
