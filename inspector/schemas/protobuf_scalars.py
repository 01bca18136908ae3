"""Single values of Protobuf fields as documents have them, a column at a time. Pure; no I/O."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from inspector.schemas.float32 import shortest

Column = Callable[[list[Any]], list[Any]]
"""From what google.protobuf gives for a field of several messages to what their documents have."""
_INFINITE = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def base64_text(value: bytes) -> str:
    """Bytes as documents have them."""
    return b2a_base64(value, newline=False).decode()


def number(value: float) -> object:
    """A number, or what JSON has no number for as text."""
    return value if value - value == 0 else _INFINITE[repr(value)]


def single(value: float) -> object:
    """The same in single precision, with its shortest digits."""
    return shortest(value) if value - value == 0 else _INFINITE[repr(value)]


def each(convert: Callable[[Any], object]) -> Column:
    """What does that to every value of a column."""
    return lambda values: list(map(convert, values))


def enums(enum: EnumDescriptor) -> Column:
    """Values of an enum by name, unknown ones by number."""
    if enum.full_name == "google.protobuf.NullValue":
        return lambda values: [None] * len(values)
    names: dict[int, str] = {}
    for value in enum.values:
        names.setdefault(value.number, value.name)
    return lambda values: list(map(names.get, values, values))


def _numbers(values: list[float]) -> list[Any]:
    total = sum(values)
    return values if total - total == 0 else list(map(number, values))


SCALARS: dict[int, Column] = {
    FieldDescriptor.TYPE_BYTES: each(base64_text),
    FieldDescriptor.TYPE_FLOAT: each(single),
    FieldDescriptor.TYPE_DOUBLE: _numbers,
}
"""Type of a field → what converts it; the others are the same in documents."""
