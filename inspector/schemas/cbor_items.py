"""The items of CBOR, one by one: lengths, chunks, tags, floats. Pure; makes text and numbers only.

Read `decoders.cbor` for who asks, `composing` for what the items are given to.
"""

from __future__ import annotations

import struct
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import isfinite
from uuid import UUID

import orjson

from inspector.composing import (
    FALSE,
    MOST_DIGITS,
    NULL,
    TRUE,
    Composer,
    Scalar,
    StoppedError,
    bytes_of,
    decimal,
    integer,
    name_of,
    real,
    short_real,
    text_of,
    time_text,
)

_MOST_KEYS_DEEP = 3
"""Each level doubles the escapes of the one within."""
_MOST_BITS = 1_400
"""Of the parts of a fraction."""
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _OTHER = range(8)
_WITHOUT_END = -1
_BREAK = 0xFF
_MEANS_ITSELF = frozenset({0, 21, 22, 23, 24, 32, 33, 34, 35, 36, 258, 260, 261, 55799})
"""Tags that say what a text, bytes or an array is for: the content is shown as it is, and nothing is made of it."""
_SCALARS = frozenset({1, 2, 3, 4, 5, 30, 37, 100, 1004})
_SPECIAL = {20: FALSE, 21: TRUE, 22: NULL, 23: NULL}
_REALS = {25: (">e", "e"), 26: (">f", "f"), 27: (">d", "")}
_FIRST_DAY = date(1970, 1, 1)


def walk(value: bytes, composer: Composer, at: int = 0) -> int:
    """Gives the item at `at` of `value` to `composer`; where the next begins. Raises StoppedError."""
    return _Walker(value).walk(composer, at, 0)


class _Walker:
    """Goes through one item without recursion but for keys that are containers, which nest a few deep."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def walk(self, composer: Composer, at: int, keys_deep: int) -> int:
        left: list[list[int]] = []  # of each open container: how many members are to come (-1: until a break), and its kind
        while True:
            if left and left[-1][0] == _WITHOUT_END and self._byte(at) == _BREAK:
                at += 1
            else:
                if left and left[-1][1] == _MAP:
                    at = self._key(composer, at, keys_deep)
                opened, at = self._item(composer, at)
                if opened is not None:
                    left.append(opened)
                    if opened[0]:
                        continue
                elif left and left[-1][0] != _WITHOUT_END:
                    left[-1][0] -= 1
                if not left:
                    return at
                if left[-1][0]:
                    continue
            at = self._close(composer, left, at)
            if not left:
                return at

    @staticmethod
    def _close(composer: Composer, left: list[list[int]], at: int) -> int:
        """Closes what is full, and what that fills."""
        while left:
            left.pop()
            composer.close(at)
            if not left or left[-1][0] == _WITHOUT_END:
                break
            left[-1][0] -= 1
            if left[-1][0]:
                break
        return at

    def _item(self, composer: Composer, at: int) -> tuple[list[int] | None, int]:
        """Gives a scalar to the composer, or opens a container: how many members it has, and its kind."""
        start = at
        while self._byte(at) >> 5 == _TAG:
            number, after = self._head(at)
            if number in _SCALARS:
                scalar, end = self._tagged(number, at, after)
                if scalar is not None:
                    composer.value(scalar, start, end)
                    return None, end
            if number not in _MEANS_ITSELF:
                composer.open(is_object=True, at=at)
                composer.name("tag")
                composer.value(integer(number), at, after)
                composer.name("value")
                return [1, _TAG], after
            at = after
        kind = self._byte(at) >> 5
        if kind not in {_ARRAY, _MAP}:
            scalar, end = self._scalar(at)
            composer.value(scalar, start, end)
            return None, end
        count, after = self._head(at)
        if count * (kind - 3) > len(self._value) - after:
            raise StoppedError(f"{count:,} members in {len(self._value) - after:,} bytes", at)
        composer.open(is_object=kind == _MAP, at=start)
        return [count, kind], after

    def _key(self, composer: Composer, at: int, keys_deep: int) -> int:
        if keys_deep >= _MOST_KEYS_DEEP:
            raise StoppedError("keys within keys", at)
        if self._byte(at) >> 5 <= _TEXT:
            scalar, at = self._scalar(at)
            composer.name(name_of(scalar))
            return at
        key = Composer()
        at = self.walk(key, at, keys_deep + 1)
        text = key.text
        composer.name(str(orjson.loads(text)) if text.startswith('"') else text)
        return at

    # ---- scalars

    def _scalar(self, at: int) -> tuple[Scalar, int]:
        kind = self._byte(at) >> 5
        if kind == _OTHER:
            return self._special(at)
        if kind in {_BYTES, _TEXT}:
            content, end = self._string(at, kind)
            if kind == _BYTES:
                return bytes_of(content), end
            try:
                return text_of(content.decode()), end
            except UnicodeDecodeError:
                raise StoppedError("a text that is not UTF-8", at) from None
        number, end = self._head(at)
        if kind > _TEXT or number == _WITHOUT_END:
            raise StoppedError("a container or a length where none can be", at)
        return integer(number if kind == _UNSIGNED else -1 - number), end

    def _special(self, at: int) -> tuple[Scalar, int]:
        info = self._byte(at) & 0x1F
        if info in _SPECIAL:
            return _SPECIAL[info], at + 1
        if info in _REALS:
            form, short = _REALS[info]
            end = at + 1 + struct.calcsize(form)
            (number,) = struct.unpack(form, self._bytes(at, at + 1, end - at - 1))
            return (short_real(number, short) if short else real(number)), end
        if info == 31:
            raise StoppedError("an end of nothing", at)
        simple, end = self._head(at)
        if info > 24 or (info == 24 and simple < 32):
            raise StoppedError("a simple value that is none", at)
        return ({"simple": simple}, f'{{"simple":{simple}}}'), end

    def _string(self, at: int, kind: int) -> tuple[bytes, int]:
        """The bytes of a text or byte string, its chunks joined."""
        length, after = self._head(at)
        if length != _WITHOUT_END:
            return self._bytes(at, after, length), after + length
        chunks = []
        while self._byte(after) != _BREAK:
            if self._byte(after) >> 5 != kind or self._byte(after) & 0x1F == 31:
                raise StoppedError("a chunk of another kind", after)
            length, start = self._head(after)
            chunks.append(self._bytes(after, start, length))
            after = start + length
        return b"".join(chunks), after + 1

    # ---- tags that say how a number is meant

    def _tagged(self, tag: int, at: int, after: int) -> tuple[Scalar | None, int]:
        """What a tag makes of its content; None when that is not what the tag is for."""
        try:
            if tag in {2, 3}:
                number, end = self._integer(at)
                return integer(number), end
            if tag in {4, 5, 30}:
                return self._pair(tag, after)
            return self._time(after) if tag == 1 else self._text_of_tag(tag, after)
        except (StoppedError, ValueError, OverflowError, InvalidOperation, ZeroDivisionError):
            return None, after

    def _text_of_tag(self, tag: int, at: int) -> tuple[Scalar | None, int]:
        """A date (in days, or as a text) or a UUID."""
        kind = self._byte(at) >> 5
        if tag == 100:
            days, end = self._integer(at)
            return text_of((_FIRST_DAY + timedelta(days=days)).isoformat()), end
        if tag == 1004 and kind == _TEXT:
            return self._scalar(at)
        if tag == 37 and kind == _BYTES:
            content, end = self._string(at, _BYTES)
            return text_of(str(UUID(bytes=content))), end
        return None, at

    def _integer(self, at: int) -> tuple[int, int]:
        """An integer, big or not. Raises ValueError for anything else."""
        kind = self._byte(at) >> 5
        number, after = self._head(at)
        if kind in {_UNSIGNED, _NEGATIVE}:
            return (number if kind == _UNSIGNED else -1 - number), after
        if kind != _TAG or number not in {2, 3} or self._byte(after) >> 5 != _BYTES:
            raise ValueError("no integer")
        content, end = self._string(after, _BYTES)
        if len(content) * 2.41 > MOST_DIGITS:
            raise ValueError("too many digits")
        size = int.from_bytes(content, "big")
        return (size if number == 2 else -1 - size), end

    def _pair(self, tag: int, at: int) -> tuple[Scalar, int]:
        """An array of two integers: exponent and mantissa (of 10 or 2), or a numerator and a denominator."""
        if self._byte(at) != 0x82:
            raise ValueError("no pair")
        first, after = self._integer(at + 1)
        second, end = self._integer(after)
        if tag == 4:
            digits = tuple(map(int, str(abs(second))))
            return decimal(Decimal((int(second < 0), digits, first))), end
        if (abs(first) > _MOST_BITS and tag == 5) or first.bit_length() > _MOST_BITS or second.bit_length() > _MOST_BITS:
            raise ValueError("too many digits")
        return _fraction(Fraction(second) * Fraction(2) ** first if tag == 5 else Fraction(first, second)), end

    def _time(self, at: int) -> tuple[Scalar | None, int]:
        if self._byte(at) >> 5 != _OTHER:
            seconds, end = self._integer(at)
            text = time_text(seconds, 0, 0)
        else:
            (number, _text), end = self._special(at)
            if type(number) is not float or not isfinite(number):
                return None, end
            microseconds = round(number * 1_000_000)
            text = time_text(microseconds // 1_000_000, microseconds % 1_000_000 * 1000, 6)
        return (None if text is None else text_of(text)), end

    # ---- heads

    def _head(self, at: int) -> tuple[int, int]:
        """The number in the head of an item (-1: without end), and what follows the head."""
        info = self._byte(at) & 0x1F
        if info < 24:
            return info, at + 1
        if info == 31 and self._byte(at) >> 5 in {_BYTES, _TEXT, _ARRAY, _MAP}:
            return _WITHOUT_END, at + 1
        if info > 27:
            raise StoppedError("a head that is never used", at)
        size = 1 << (info - 24)
        return int.from_bytes(self._bytes(at, at + 1, size), "big"), at + 1 + size

    def _bytes(self, at: int, start: int, length: int) -> bytes:
        if length > len(self._value) - start:
            raise StoppedError(f"{length:,} bytes are wanted and {max(len(self._value) - start, 0):,} are left", at)
        return self._value[start : start + length]

    def _byte(self, at: int) -> int:
        if at >= len(self._value):
            raise StoppedError("it ends too early", at)
        return self._value[at]


def _fraction(number: Fraction) -> Scalar:
    """A fraction with all its digits; as a text such as `1/3` when they never end."""
    rest, twos, fives = number.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return text_of(f"{number.numerator}/{number.denominator}")
    places = max(twos, fives)
    digits = number.numerator * 2 ** (places - twos) * 5 ** (places - fives)
    return integer(digits) if not places else decimal(Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), -places)))
