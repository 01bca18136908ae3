"""A document as SQLite stores it (JSONB), looked at where it lies: no value is made before it is shown. Pure; no Qt, no I/O.

Every part says how long it is, so that the next one is found without reading it: any size, any depth, no recursion,
every number with its digits, every repeated name. Format: sqlite.org/jsonb.html. Read `event_tree` for the tree of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

_NULL, _TRUE, _FALSE, _INT, _INT5, _FLOAT, _FLOAT5, _TEXT, _ESCAPED, _TEXT5, _RAW, _ARRAY, _OBJECT = range(13)
_WORDS = {_NULL: "null", _TRUE: "true", _FALSE: "false"}
_NUMBERS = range(_INT, _FLOAT5 + 1)
_TEXTS = range(_TEXT, _RAW + 1)
_LONGER = {12: 1, 13: 2, 14: 4, 15: 8}


@dataclass(frozen=True, slots=True)
class Part:
    """One value: its kind, where its header begins, and where its content is, `[start, end)`."""

    kind: int
    at: int
    start: int
    end: int

    @property
    def word(self) -> str:
        """`object`, `array`, `string`, `number`, `boolean` or `null`."""
        if self.kind in _TEXTS:
            return "string"
        if self.kind in _NUMBERS:
            return "number"
        return {_OBJECT: "object", _ARRAY: "array", _NULL: "null"}.get(self.kind, "boolean")

    @property
    def is_container(self) -> bool:
        """Whether there may be parts inside."""
        return self.kind >= _ARRAY

    @property
    def is_object(self) -> bool:
        """Whether its parts have names."""
        return self.kind == _OBJECT


@dataclass(frozen=True, slots=True)
class Member:
    """One part of an object (with its name) or an array; `after` is where the next one begins."""

    name: Part | None
    value: Part
    after: int

    @property
    def at(self) -> int:
        """Where it begins."""
        return self.value.at if self.name is None else self.name.at


def part(blob: bytes, at: int = 0, limit: int | None = None) -> Part:
    """The part that begins at `at` and ends before `limit`. Raises ValueError for bytes that are none, as in a damaged file."""
    limit = len(blob) if limit is None else limit
    if at >= limit:
        raise ValueError("the document is damaged: it ends too early")
    size, kind = blob[at] >> 4, blob[at] & 15
    start = at + 1 + _LONGER.get(size, 0)
    if size in _LONGER:
        size = int.from_bytes(blob[at + 1 : start], "big")
    if kind > _OBJECT or start + size > limit:
        raise ValueError(f"the document is damaged at byte {at:,}")
    return Part(kind, at, start, start + size)


def member(blob: bytes, owner: Part, at: int) -> Member:
    """The member of a container that begins at `at`. Raises ValueError as `part` does."""
    name = None
    if owner.is_object:
        name = part(blob, at, owner.end)
        at = name.end
    value = part(blob, at, owner.end)
    return Member(name, value, value.end)


def members(blob: bytes, owner: Part, at: int | None = None) -> Iterator[Member]:
    """The members of a container, from the one that begins at `at` on."""
    at = owner.start if at is None else at
    while at < owner.end:
        found = member(blob, owner, at)
        yield found
        at = found.after


def count(blob: bytes, owner: Part, at: int, most: int) -> tuple[int, bool]:
    """How many members there are from `at` on, looking at no more than `most`; and whether those are all."""
    found = 0
    for _ in members(blob, owner, at):
        if found >= most:
            return found, False
        found += 1
    return found, True


def text(blob: bytes, of: Part) -> str:
    """The text of a string, escapes resolved; bytes that a stranger wrote and that are none, as escapes."""
    raw = blob[of.start : of.end].decode(errors="backslashreplace")
    if of.kind != _ESCAPED:
        return raw
    try:
        return str(json.loads(f'"{raw}"', strict=False))
    except ValueError:
        return raw


def scalar(blob: bytes, of: Part) -> str:
    """A value that is no container, as JSON writes it, digits as they are."""
    return f'"{_written(blob, of, of.end)}"' if of.kind in _TEXTS else _WORDS.get(of.kind) or _written(blob, of, of.end)


def cut_scalar(blob: bytes, of: Part, most: int) -> str:
    """As `scalar`, but of a longer one its first `most` bytes, and how many there are."""
    if of.end - of.start <= most:
        return scalar(blob, of)
    quote = '"' if of.kind in _TEXTS else ""
    return f"{quote}{_written(blob, of, of.start + most)}… ({of.end - of.start:,} bytes)"


def _written(blob: bytes, of: Part, end: int) -> str:
    raw = blob[of.start : end]
    found = raw.decode(errors="ignore" if end < of.end else "backslashreplace")
    return json.dumps(found, ensure_ascii=False)[1:-1] if of.kind == _RAW else found
