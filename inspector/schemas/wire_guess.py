"""What a Protobuf message may mean when no schema says it: always a guess. Pure; no I/O.

Members are called `#1`, `#2`…; a number that repeats is a list. Bytes are text where they are printable UTF-8, else a
message where they read as one, else base64. Numbers have a sign; fixed ones are fractions where that looks likelier.
"""

from __future__ import annotations

import base64
import re
import struct
from collections import Counter
from typing import NamedTuple

from inspector.schemas.float32 import shortest
from inspector.schemas.wire import GROUP, LEN, MAX_DEPTH, VARINT, Field, GroupEnds, WireError, fields, signed, varint

MOST_FIELDS = 20_000
"""A value with more fields is not guessed at."""
Step = str | int
Place = tuple[tuple[Step, ...], int, int]
"""A path in the document, and the bytes `[start, end)` that hold what is there."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SINGLE, _DOUBLE, _INT32, _INT64 = struct.Struct("<f"), struct.Struct("<d"), struct.Struct("<i"), struct.Struct("<q")
_SMALL_SINGLE, _LARGE_SINGLE = 1e-6, 1e9
_SMALL_DOUBLE, _LARGE_DOUBLE = 1e-9, 1e18
"""A fixed number is a fraction when that lies between these, whatever its sign: as integers such numbers are rare."""
_PLAUSIBLE_NUMBER = 20_000
_TELLING_BYTES = 2
"""Shorter texts and messages come about by chance."""


class Guess(NamedTuple):
    """A value read as a message: its document, and where its fields lie (containers before their members)."""

    document: dict[str, object]
    places: list[Place]


class _Walk:
    """One value being followed."""

    def __init__(self, data: bytes, deepest: int, *, keep_places: bool) -> None:
        self.data = data
        self.deepest = deepest
        self.left = MOST_FIELDS
        self._groups: GroupEnds = {}
        self.places: list[Place] | None = [] if keep_places else None

    def message(self, found: list[Field], path: tuple[Step, ...], depth: int) -> dict[str, object]:
        """The members of a message whose fields are `found`."""
        count = Counter(field.number for field in found)
        document: dict[str, object] = {}
        for field in found:
            name = f"#{field.number}"
            if count[field.number] == 1:
                document[name] = self._member(field, (*path, name), depth)
            else:
                listed = document.setdefault(name, [])
                assert isinstance(listed, list)
                listed.append(self._member(field, (*path, name, len(listed)), depth))
        return document

    def _member(self, field: Field, path: tuple[Step, ...], depth: int) -> object:
        if self.places is not None:
            self.places.append((path, field.start, field.end))
        if field.wire == LEN:
            return self.content(field.payload, field.payload_end, path, depth + 1)
        if field.wire == GROUP:
            return self.message(self.fields(field.payload, field.payload_end, depth + 1), path, depth + 1)
        return number_at(self.data, field)

    def content(self, start: int, end: int, path: tuple[Step, ...], depth: int) -> object:
        """What bytes with a length may be."""
        data = self.data[start:end]
        text = printable(data)
        if text is not None and not _CONTROLS.search(text):
            return text
        try:
            found = self.fields(start, end, depth)
        except WireError:
            return base64.b64encode(data).decode() if text is None else text
        return self.message(found, path, depth)

    def fields(self, start: int, end: int, depth: int) -> list[Field]:
        """The fields in `[start, end)`. Raises WireError when they are none, and _TooMuchError when they nest too deep."""
        found: list[Field] = []
        for field in fields(self.data, start, end, self._groups):
            found.append(field)
            self.left -= 1
            if self.left < 0:
                raise _TooMuchError(field.start, f"more than {MOST_FIELDS:,} fields")
        if depth > self.deepest:
            raise _TooMuchError(start, f"messages nest more than {self.deepest} deep")
        return found


class _TooMuchError(Exception):
    """A message, but one that is not followed further."""

    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


def guess(data: bytes, start: int = 0, *, keep_places: bool = False) -> Guess:
    """The message that begins at `start` and ends with `data`.

    Raises WireError when it is none, nests more than 100 deep or has more than MOST_FIELDS fields.
    """
    walk = _Walk(data, MAX_DEPTH, keep_places=keep_places)
    try:
        document = walk.message(walk.fields(start, len(data), 0), (), 0)
    except _TooMuchError as error:
        raise WireError(error.at, error.reason) from None
    return Guess(document, walk.places or [])


def content(data: bytes, deepest: int) -> object:
    """What the bytes of one field may be; base64 when they are a message that nests deeper than `deepest`."""
    try:
        return _Walk(data, deepest, keep_places=False).content(0, len(data), (), 0)
    except _TooMuchError:
        return base64.b64encode(data).decode()


def places_in(data: bytes, field: Field, path: tuple[Step, ...], deepest: int) -> list[Place]:
    """Where the parts of one field lie, in the same way as `content` reads them."""
    walk = _Walk(data, deepest, keep_places=True)
    try:
        if field.wire == LEN:
            walk.content(field.payload, field.payload_end, path, 0)
        elif field.wire == GROUP:
            walk.message(walk.fields(field.payload, field.payload_end, 0), path, 0)
    except _TooMuchError:
        return []
    return walk.places or []


def printable(data: bytes) -> str | None:
    """`data` as text when it is UTF-8 with no other control characters than tabs and line ends; else None."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if _UNPRINTABLE.search(text) else text


def number_at(data: bytes, field: Field) -> int | float:
    """The number that a field without a length holds."""
    if field.wire == VARINT:
        return signed(varint(data, field.payload, field.payload_end)[0])
    return fixed(data[field.payload : field.payload_end])


def fixed(data: bytes) -> int | float:
    """A number of 4 or 8 bytes."""
    if len(data) == 4:
        single: float = _SINGLE.unpack(data)[0]
        number: int = _INT32.unpack(data)[0]
        return shortest(single) if _SMALL_SINGLE <= abs(single) < _LARGE_SINGLE else number
    double: float = _DOUBLE.unpack(data)[0]
    long: int = _INT64.unpack(data)[0]
    return double if _SMALL_DOUBLE <= abs(double) < _LARGE_DOUBLE else long


def likely(data: bytes) -> bool:
    """Whether bytes are rather a message than anything else: all of them are fields, and a text or a message is among them."""
    told = False
    try:
        for seen, field in enumerate(fields(data, 0, len(data))):
            if field.number > _PLAUSIBLE_NUMBER or seen >= MOST_FIELDS:
                return False
            told = told or _tells(data, field)
    except WireError:
        return False
    return told


def _tells(data: bytes, field: Field) -> bool:
    if field.wire != LEN or field.payload_end - field.payload < _TELLING_BYTES:
        return False
    part = data[field.payload : field.payload_end]
    if printable(part) is not None:
        return True
    try:
        return any(inner.number <= _PLAUSIBLE_NUMBER for inner in fields(part, 0, len(part)))
    except WireError:
        return False
