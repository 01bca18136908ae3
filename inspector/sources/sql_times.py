"""Where in a store a time begins: the first position whose event has that time or a later one. Reads pages; writes nothing.

A clock may jump back, so positions cannot be bisected by time: the table is read from its start until a row is late
enough. The time is a column's, or else stands in the value, where the descriptor's rules say (compressed or not).
Read `sql` for who asks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from inspector.errors import UsageError
from inspector.event import format_time, parse_time
from inspector.sources.sql_convert import TIMES
from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_rows import Page

_MAX_BYTES = 64_000_000
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
Times = Callable[[Page], Sequence[int | None]]


class Timed(Protocol):
    """A table whose rows have times."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def descriptor(self) -> Descriptor:
        """What its columns mean."""

    def times(self, page: Page) -> list[int | None] | None:
        """What a column says; None when none does."""

    def values(self, page: Page) -> list[bytes | None]:
        """The payloads."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first position at or after a time (None: there is none), and the latest time met on the way."""

    position: int | None
    latest_us: int | None


def first_at(read: Callable[[int, int], Page], table: Timed, time_us: int, start: int, end: int) -> Found:
    """The first position in `[start, end)` with a time ≥ `time_us`; `read` gives the page of `table` between two positions.

    Raises UsageError when the rows have no time that can be read (encrypted values), SourceError as `read` does.
    """
    times = _times_of(table)
    latest: int | None = None
    position, rows = start, 0
    while position < end:
        page = read(position, end)
        for place, found in zip(page.cells[0] if page.rows else (), times(page), strict=True):
            if found is None:
                continue
            if found >= time_us and isinstance(place, int):
                return Found(place, found)
            latest = found if latest is None else max(latest, found)
        rows += page.rows
        position = end if page.is_end else page.last + 1
    if rows and latest is None:
        raise _no_times(table)
    return Found(None, latest)


def nothing_after(table: Timed, time_us: int, found: Found) -> str:
    """What to tell when no row is late enough."""
    last = "it is empty" if found.latest_us is None else f"its latest time is {format_time(found.latest_us)}"
    return f"{table.name}: nothing at or after {format_time(time_us)}, {last}"


def _no_times(table: Timed) -> UsageError:
    return UsageError(
        f"no time can be read from the rows of {table.name} (their values may be encrypted, or hold none): "
        "give positions instead, such as --from 1000, or -100 for the last 100 rows"
    )


def _times_of(table: Timed) -> Times:
    if table.times(Page([], 0, 0, is_end=True, newest=0)) is not None:
        return lambda page: table.times(page) or []
    places = _places(table.descriptor.rules.get("time"))
    if not places:
        raise _no_times(table)
    return lambda page: [_time_in(value, places) for value in table.values(page)]


def _places(written: object) -> list[tuple[tuple[str, ...], str]]:
    """(path, unit) of the rules that look into the value in the plain way; others cannot be used before decoding."""
    entries = written if isinstance(written, list) else [written]
    found = []
    for entry in entries:
        options: Mapping[str, object] = entry if isinstance(entry, Mapping) else {"from": entry}
        place, unit = options.get("from"), options.get("unit", "")
        if isinstance(place, str) and place.startswith("data.") and not set(options) - {"from", "unit"}:
            found.append((tuple(place.split(".")[1:]), str(unit)))
    return found


def _time_in(value: bytes | None, places: Sequence[tuple[tuple[str, ...], str]]) -> int | None:
    try:
        document = orjson.loads(_plain(value or b""))
    except (ValueError, zlib.error):
        return None
    return next((time_us for path, unit in places if (time_us := _time_at(document, path, unit)) is not None), None)


def _plain(value: bytes) -> bytes:
    return zlib.decompressobj().decompress(value, _MAX_BYTES) if value[:2] in _ZLIB_HEADERS else value


def _time_at(document: object, path: Sequence[str], unit: str) -> int | None:
    for step in path:
        document = document.get(step) if isinstance(document, dict) else None
    try:
        if isinstance(document, str):
            return parse_time(document)
    except ValueError:
        return None
    if isinstance(document, int) and not isinstance(document, bool) and unit in TIMES:
        return document * TIMES[unit] if TIMES[unit] else document // 1000
    return None
