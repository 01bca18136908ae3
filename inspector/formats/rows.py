"""Rows of a file before they are records: each with its own bytes, and columns that are looked up in them. Knows no field's meaning.

Rows of JSON keep their bytes as they stand; rows of tables become JSON objects when somebody asks for them. Read `mapping` for who asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol, cast

import orjson

from inspector import documents
from inspector.json_paths import Path, Step

_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*([,}\]])[ \t\n\r]*")
_OPEN = re.compile(r"[ \t\n\r]*[{\[][ \t\n\r]*")


class Rows(Protocol):
    """Rows in order."""

    @property
    def whys(self) -> Mapping[int, str]:
        """Row → why it cannot be read as one."""

    def __len__(self) -> int:
        """How many there are."""

    def texts(self) -> Sequence[bytes]:
        """Each row's own bytes, or the JSON object of its columns."""

    def column(self, path: Path) -> list[object]:
        """What each row has there; None for nothing and for null."""

    def exact(self, path: Path, row: int) -> bytes | None:
        """The JSON text of what a row has there, digits, order and repeated names as written."""

    def is_there(self, path: Path, row: int) -> bool:
        """Whether a row has anything there, and be it null."""

    def names(self) -> set[str]:
        """What members of rows are called."""

    def ordered(self) -> list[str]:
        """The same in the order they come up."""


class JsonRows:
    """Rows that are JSON documents, given by their bytes."""

    def __init__(self, texts: Sequence[bytes], whys: Mapping[int, str] | None = None) -> None:
        self._texts = texts
        self.whys: dict[int, str] = dict(whys or {})
        self._documents = self._read()

    def __len__(self) -> int:
        return len(self._texts)

    def texts(self) -> Sequence[bytes]:
        """See `Rows`."""
        return self._texts

    def column(self, path: Path) -> list[object]:
        """See `Rows`."""
        if len(path) == 1 and isinstance(path[0], str):
            name = path[0]
            return [one.get(name) if type(one) is dict else None for one in self._documents]
        return [looked_up(one, path) for one in self._documents]

    def exact(self, path: Path, row: int) -> bytes | None:
        """See `Rows`."""
        return member(self._texts[row], path)

    def is_there(self, path: Path, row: int) -> bool:
        """See `Rows`."""
        return is_in(self._documents[row], path)

    def names(self) -> set[str]:
        """See `Rows`."""
        return set(self.ordered())

    def ordered(self) -> list[str]:
        """See `Rows`."""
        return list(dict.fromkeys(name for one in self._documents if isinstance(one, dict) for name in one))

    def _read(self) -> list[object]:
        read, odd = documents.loaded(self._texts)
        for row in odd:
            found = documents.read(self._texts[row])
            if not found.is_json and not found.flags:
                self.whys.setdefault(row, found.error or "not JSON")
            read[row] = found.value
        return read


class TableRows:
    """Rows of a table, given by its columns; `encode` makes the JSON text of one value."""

    def __init__(
        self,
        columns: Mapping[str, Sequence[object]],
        count: int,
        whys: Mapping[int, str] | None = None,
        *,
        encode: Callable[[object], bytes] = orjson.dumps,
    ) -> None:
        self._columns, self._count, self._encode = columns, count, encode
        self.whys = dict(whys or {})
        self._texts: Sequence[bytes] | None = None

    def __len__(self) -> int:
        return self._count

    def texts(self) -> Sequence[bytes]:
        """See `Rows`."""
        if self._texts is None:
            names = list(self._columns)
            dumps = self._encode
            if not names:
                self._texts = [b"{}"] * self._count
            else:
                self._texts = [dumps(dict(zip(names, cells, strict=True))) for cells in zip(*self._columns.values(), strict=True)]
        return self._texts

    def column(self, path: Path) -> list[object]:
        """See `Rows`."""
        found = self._columns.get(str(path[0])) if path else None
        if found is None:
            return [None] * self._count
        plain = [plainly(value) for value in found] if any(type(value) is Decimal for value in found) else list(found)
        return plain if len(path) == 1 else [looked_up(value, path[1:]) for value in plain]

    def exact(self, path: Path, row: int) -> bytes | None:
        """See `Rows`."""
        found = self._columns.get(str(path[0])) if path else None
        if found is None:
            return None
        value = looked_up(found[row], path[1:])
        return None if value is None else self._encode(value)

    def is_there(self, path: Path, row: int) -> bool:
        """See `Rows`."""
        return bool(path) and str(path[0]) in self._columns

    def names(self) -> set[str]:
        """See `Rows`."""
        return set(self._columns)

    def ordered(self) -> list[str]:
        """See `Rows`."""
        return list(self._columns)


def each_once(names: Sequence[str]) -> list[str]:
    """Names of columns, each once: one that was there before gets its column's number, from 1, behind it."""
    found: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        wanted = name
        while wanted in found:
            wanted = f"{wanted}_{number}"
        found[wanted] = None
    return list(found)


def plainly(value: object) -> object:
    """A decimal as a plain number."""
    if type(value) is not Decimal:
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def looked_up(value: object, path: Path) -> object:
    """What stands at `path` in a document; None for nothing."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
        if value is None:
            return None
    return value


def is_in(value: object, path: Path) -> bool:
    """Whether anything stands there, and be it null."""
    *above, last = path
    inner = looked_up(value, tuple(above))
    if isinstance(last, str):
        return isinstance(inner, dict) and last in inner
    return isinstance(inner, list) and last < len(inner)


# ---- the own bytes of a member


Scanner = Callable[[str, int], tuple[object, int]]
"""Reads the value that begins at an index; gives it with the index after it. Raises ValueError, StopIteration, RecursionError."""


class _Bounds(json.JSONDecoder):
    """Finds where values end, at the speed of the compiled scanner; what it makes of them is not used."""

    def __init__(self) -> None:
        super().__init__(strict=False, parse_int=str, parse_float=str, parse_constant=str)


_scan = cast("Scanner", cast("Any", _Bounds()).scan_once)


def member(text: bytes, path: Path) -> bytes | None:
    """The bytes of what stands at `path` in a JSON text, the first of repeated names; None for nothing. Never raises."""
    letters = text.decode("latin-1")  # a character is a byte
    start, end = 0, len(letters)
    try:
        for step in path:
            found = _within(letters, start, step)
            if found is None:
                return None
            start, end = found
    except (ValueError, StopIteration, RecursionError, IndexError):
        return _slowly(text, path)
    return letters[start:end].encode("latin-1")


def _within(letters: str, start: int, step: Step) -> tuple[int, int] | None:
    """Where the member of the container that begins at `start` stands."""
    opening = _OPEN.match(letters, start)
    if opening is None or ("{" in opening[0]) is not isinstance(step, str):
        return None
    at, number = opening.end(), 0
    while letters[at] not in "}]":
        name: Step = number
        if isinstance(step, str):
            raw, at = _scan(letters, at)
            name = _name(str(raw))
            colon = _COLON.match(letters, at)
            if colon is None:
                raise ValueError
            at = colon.end()
        _, end = _scan(letters, at)
        if name == step:
            return at, end
        comma = _COMMA.match(letters, end)
        if comma is None or comma[1] != ",":
            return None
        at, number = comma.end(), number + 1
    return None


def _name(letters: str) -> str:
    try:
        return letters.encode("latin-1").decode()
    except UnicodeError:  # it was escaped
        return letters


def _slowly(text: bytes, path: Path) -> bytes | None:
    steps = "".join(f"[{step}]" if isinstance(step, int) else "." + orjson.dumps(step).decode() for step in path)
    found = documents.exact(text.decode(errors="replace"), "$" + steps)
    return None if found is None else found.encode()
