"""A document put together value by value, in the order of its bytes: plain Python, JSON text with exact digits, and where it lay.

Decoders of formats that say more than JSON (repeated keys, keys that are no text, short floats, bytes) feed it. No I/O. Read
`decoders.messagepack` for its simplest user.
"""

from __future__ import annotations

import base64
import math
import struct
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import orjson

MAX_DEPTH = 1000
"""A document that nests deeper is not read; it is SQLite's own limit."""
MAX_UNPACKED_BYTES = 32 * 1024 * 1024
MOST_SPANS = 20_000
"""A value with more fields is followed no further."""
_MOST_STEPS = 200_000
"""Of all paths together: those of deep values are long."""
MOST_VALUES = 2_000_000
"""A document of more values is not put together here: each takes a microsecond and some hundred bytes."""
_MOST_CONTAINERS = 200_000
"""Objects and lists of one value; a larger value may have one for each 32 of its bytes. One alone takes up to 240 bytes."""
_BYTES_PER_CONTAINER = 32
MOST_DIGITS = 4_000
"""A number with more digits is no number here: to write it takes a time that grows with the square of its length."""

Step = str | int
Path = tuple[Step, ...]
Scalar = tuple[object, str]
"""A value as plain Python, and as JSON text."""

_EXACT_WHOLE = 1 << 53
_CERTAIN_DIGITS = {"f": (6, 2.0**-126), "e": (3, 2.0**-14)}
"""So many digits a float of this form keeps; from a size on, fewer need not be tried: they are the same with noughts behind."""
_TOO_DEEP = f"it nests more than {MAX_DEPTH:,} deep"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FieldSpan(NamedTuple):
    """The bytes `[start, end)` of a value that hold what its document has at `path`."""

    path: Path
    start: int
    end: int


@dataclass(slots=True)
class Spans:
    """Where the fields of one value lie in its bytes, as far as they could be followed; containers come before their members."""

    fields: list[FieldSpan] = field(default_factory=list)
    stopped_at: int | None = None
    """The byte where it could not go on; None when all was followed."""
    reason: str = ""


class StoppedError(ValueError):
    """A value cannot be read on: `at` is the byte."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(f"{reason} at byte {at}")
        self.reason = reason
        self.at = at


@dataclass(slots=True)
class _Open:
    """A container that is being filled."""

    members: dict[str, object] | list[object]
    span: int
    """Its place among the spans; -1 for none."""
    name: str = ""
    """Of the member that comes next."""
    count: int = 0


class Composer:
    """Takes a document's values in order: `open`, `name` before each member of an object, `value`, `close`.

    With `spans` it also notes which bytes hold each value; `size` is how many bytes there are. Of members of one name the first
    counts in `document`; all are in the text, and `repeats` says so.
    """

    def __init__(self, size: int = 0, *, spans: bool = False) -> None:
        self.document: object = None
        self.repeats = False
        self.spans: list[FieldSpan] = []
        self._notes = spans
        self._steps = 0
        self._left = MOST_VALUES
        self._most_containers = self._containers_left = _most_containers(size)
        self._parts: list[str] = []
        self._stack: list[_Open] = []

    @property
    def text(self) -> str:
        """The document as JSON text."""
        return "".join(self._parts)

    def name(self, name: str) -> None:
        """The member that comes next is called so."""
        self._stack[-1].name = name

    def value(self, scalar: Scalar, start: int = 0, end: int = 0) -> None:
        """A value that is no container of its own, out of the bytes `[start, end)`."""
        if self._notes:
            self._note(start, end)
        document, text = scalar
        self._left -= 1
        if self._left < 0:
            raise StoppedError(f"it has more than {MOST_VALUES:,} values", start)
        if text[0] == "{" and len(self._stack) >= MAX_DEPTH:
            raise StoppedError(_TOO_DEEP, start)
        self._put(document)
        self._parts.append(text)

    def open(self, *, is_object: bool, at: int = 0) -> None:
        """Begins an object or an array. Raises StoppedError when it would nest too deep."""
        if len(self._stack) >= MAX_DEPTH:
            raise StoppedError(_TOO_DEEP, at)
        self._left -= 1
        self._containers_left -= 1
        if self._left < 0:
            raise StoppedError(f"it has more than {MOST_VALUES:,} values", at)
        if self._containers_left < 0:
            raise StoppedError(f"it has more than {self._most_containers:,} objects and lists", at)
        span = self._note(at, at) if self._notes else -1
        members: dict[str, object] | list[object] = {} if is_object else []
        self._put(members)
        self._parts.append("{" if is_object else "[")
        self._stack.append(_Open(members, span))

    def close(self, end: int = 0) -> None:
        """Ends the container begun last; its bytes end before `end`."""
        closed = self._stack.pop()
        self._parts.append("}" if isinstance(closed.members, dict) else "]")
        if closed.span >= 0:
            self.spans[closed.span] = self.spans[closed.span]._replace(end=end)

    def _put(self, document: object) -> None:
        if not self._stack:
            self.document = document
            return
        parent = self._stack[-1]
        if parent.count:
            self._parts.append(",")
        parent.count += 1
        members = parent.members
        if isinstance(members, list):
            members.append(document)
            return
        name = parent.name
        self._parts.append(f"{orjson.dumps(name).decode()}:")
        if name in members:
            self.repeats = True
        else:
            members[name] = document

    def _note(self, start: int, end: int) -> int:
        """Notes the bytes of the value that comes now; its place among the spans, -1 when there are too many."""
        self._steps += len(self._stack)
        if len(self.spans) >= MOST_SPANS or self._steps > _MOST_STEPS:
            return -1
        steps: list[Step] = [one.name if isinstance(one.members, dict) else one.count - 1 for one in self._stack]
        if steps and isinstance(steps[-1], int):
            steps[-1] += 1
        self.spans.append(FieldSpan(tuple(steps), start, end))
        return len(self.spans) - 1


def _most_containers(size: int) -> int:
    return max(_MOST_CONTAINERS, size // _BYTES_PER_CONTAINER)


def may_hold_too_many(value: bytes, firsts: bytes) -> bool:
    """Whether a value may have too many objects and lists, which begin with these bytes: then a library is not to read it."""
    most = _most_containers(len(value))
    return len(value) > most and len(value) - len(value.translate(None, firsts)) > most


def name_of(scalar: Scalar) -> str:
    """What a key that need not be text is called in a document: `7`, `true`, `null`, base64 for bytes."""
    document, text = scalar
    return document if isinstance(document, str) else text


# ---- scalars


def text_of(text: str) -> Scalar:
    """A text. Raises ValueError for one with a lone surrogate."""
    return text, orjson.dumps(text).decode()


def bytes_of(content: bytes) -> Scalar:
    """Bytes, as base64 text."""
    return text_of(base64.b64encode(content).decode("ascii"))


def integer(number: int) -> Scalar:
    """An integer with all its digits; over 64 bits it is a float for rules. Raises ValueError over 4,000 digits."""
    if -(1 << 63) <= number < 1 << 64:
        return number, str(number)
    if number.bit_length() > MOST_DIGITS * 3.32:
        raise ValueError(f"an integer of {number.bit_length():,} bits")
    return _finite(str(number)), str(number)


def decimal(number: Decimal) -> Scalar:
    """A decimal with all its digits; a float for rules. NaN and infinities are texts."""
    if not number.is_finite():
        return real(float("nan") if number.is_nan() else float(number))
    text = str(number)
    return _finite(text), text


def real(number: float) -> Scalar:
    """A double; NaN and infinities are texts."""
    if math.isfinite(number):
        return number, orjson.dumps(number).decode()
    return text_of("NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity")


def short_real(number: float, form: str) -> Scalar:
    """A number out of a float of 4 bytes (`form` "f") or 2 ("e"), with the fewest digits that say it.

    That is 0.1, not 0.10000000149; a whole number has all its digits.
    """
    if not math.isfinite(number) or (number.is_integer() and abs(number) < _EXACT_WHOLE):
        return real(number)
    certain, smallest = _CERTAIN_DIGITS[form[-1]]
    for digits in range(certain if abs(number) >= smallest else 1, 10):
        shortest = float(f"{number:.{digits}g}")
        try:
            if struct.unpack(form, struct.pack(form, shortest))[0] == number:
                return real(math.copysign(shortest, number))
        except OverflowError:  # rounded up beyond the largest
            continue
    return real(number)


def time_text(seconds: int, nanoseconds: int, digits: int) -> str | None:
    """RFC 3339 in UTC with so many digits after the second; None outside years 1–9999."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    fraction = f".{nanoseconds:09d}"[: digits + 1] if digits else ""
    return f"{moment.replace(tzinfo=None).isoformat()}{fraction}Z"


def _finite(text: str) -> float:
    return max(-sys.float_info.max, min(sys.float_info.max, float(text)))


NULL: Scalar = (None, "null")
TRUE: Scalar = (True, "true")
FALSE: Scalar = (False, "false")
