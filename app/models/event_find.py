"""Finding a name or value in an event: its fields, then its documents wherever something stands in them. Pure; no Qt.

Bytes are searched in windows, so that a document of 100 MB holds the interpreter for some milliseconds at a time; runs
on a worker thread. Read `event_tree_view` for the use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.models import jsonb
from app.models.field import Field

_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in an event: a field by its row, and in a document the bytes `[start, end)` and the way there by places of members."""

    row: int = -1
    start: int = -1
    end: int = -1
    route: tuple[int, ...] = ()


def find(fields: Sequence[Field], wanted: str, now: Spot, *, forward: bool = True) -> Spot | None:
    """The next (or previous) spot after `now` that has `wanted`, letters of either case; round the end; None for none."""
    if not wanted:
        return None
    pattern = re.compile(re.escape(wanted.encode(errors="replace")), re.IGNORECASE)
    start, last = max(now.row, 0), len(fields)
    ways = range(start, start + last + 1) if forward else range(start, start - last - 1, -1)
    for turn, row in enumerate(place % last for place in ways if last):
        for spot in _in_field(fields[row], row, wanted, pattern, forward=forward):
            if turn or now.row < 0 or _is_beyond(spot, now, forward=forward):
                return spot
    return None


def _is_beyond(spot: Spot, now: Spot, *, forward: bool) -> bool:
    """Whether a spot in the same field is after (or before) another, and not in the same member."""
    if spot.start >= 0 and now.start >= 0 and spot.route == now.route:
        return False
    return spot.start > now.start if forward else spot.start < now.start


def _in_field(field: Field, row: int, wanted: str, pattern: re.Pattern[bytes], *, forward: bool) -> Iterator[Spot]:
    own = [Spot(row)] if wanted.lower() in f"{field.name}\n{field.text}".lower() else []
    if forward:
        yield from own
    if field.document is not None:
        yield from _in_document(field.document, row, pattern, forward=forward)
    if not forward:
        yield from own


def _in_document(blob: bytes, row: int, pattern: re.Pattern[bytes], *, forward: bool) -> Iterator[Spot]:
    for start, end in hits(blob, pattern, forward=forward):
        route = route_to(blob, start, end)
        if route is not None:
            yield Spot(row, start, end, route)


def hits(blob: bytes, pattern: re.Pattern[bytes], *, forward: bool = True) -> Iterator[tuple[int, int]]:
    """Where the pattern is in the bytes, one after the other or from the last on."""
    places = range(0, len(blob), _WINDOW)
    longest = len(pattern.pattern)
    for place in places if forward else reversed(places):
        found = [
            match.span()
            for match in pattern.finditer(blob, place, min(place + _WINDOW + longest, len(blob)))
            if match.start() < place + _WINDOW
        ]
        yield from found if forward else reversed(found)


def route_to(blob: bytes, start: int, end: int) -> tuple[int, ...] | None:
    """The way to the member whose name or value holds the bytes `[start, end)`; None when they are of none, or of two."""
    owner, route = jsonb.part(blob), []
    if not owner.is_container:
        return () if owner.start <= start and end <= owner.end else None
    while True:
        place, member = next(((at, one) for at, one in enumerate(jsonb.members(blob, owner)) if start < one.after), (-1, None))
        if member is None:
            return None
        route.append(place)
        inside = [part for part in (member.name, member.value) if part is not None and part.start <= start and end <= part.end]
        if not inside:
            return None
        if not inside[0].is_container:
            return tuple(route)
        owner = inside[0]
