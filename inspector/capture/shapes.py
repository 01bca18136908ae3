"""What documents look like that declare no version: the places they have and the kinds found there, over a sample. Read-only.

Two documents have one shape when they have the same places with the same kinds; the items of an array count as one. Read
`versions` for those that declare what they are.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from inspector.capture.reader import CaptureReader

MOST_EVENTS = 5_000
MOST_SHAPES = 100
_MOST_PLACES = 2_000
_MOST_PLACE = 500
"""A longer place is left out: names may be repeated at every level, and 60 KB of document make 50 MB of places."""
_MOST_CHARACTERS = 32 * 1024 * 1024
"""Of the places of all documents that are looked at: they are kept until they are told apart."""
_MOST_DOCUMENT_BYTES = 64 * 1024
_MOST_S = 3.0
_PART_EVENTS = 250
_ITEM = re.compile(r'("(?:[^"\\\n]|\\.)*")|\[\d+\]')
_PLAIN = re.compile(r'(?<![^.\]])"([A-Za-z_]\w*)"(?![^.\[])')
"""A name that SQLite quotes and a filter does not."""
_KINDS = {"integer": "number", "real": "number", "text": "string", "true": "boolean", "false": "boolean"}

_BLOCKS = (
    "SELECT block.first_seq, block.last_seq FROM block WHERE block.first_seq IN "
    "(SELECT first_seq FROM usage WHERE type_id = ?1 AND schema_ref = 0 AND schema_version = '') ORDER BY block.first_seq DESC"
)
_COUNTED = "SELECT sum(events) FROM usage WHERE type_id = ?1 AND schema_ref = 0 AND schema_version = ''"
_DOCUMENTS = (
    "SELECT event.seq, event.time_us, CASE WHEN length(event.data) <= :bytes THEN json(event.data) END AS document FROM event "
    "WHERE event.seq BETWEEN :first AND :last AND coalesce(event.type_id, 0) = :type AND coalesce(event.schema_ref, 0) = 0 "
    "AND coalesce(event.schema_version, '') = '' AND event.data IS NOT NULL ORDER BY event.seq DESC LIMIT :most"
)


@dataclass(slots=True)
class Shape:
    """Documents alike: `places` are lines such as `items[].price: number`. Times and the newest number are those of the sample."""

    places: tuple[str, ...]
    events: int = 0
    first_us: int | None = None
    last_us: int | None = None
    newest_seq: int = 0
    added: tuple[str, ...] = ()
    """What it has that the most frequent shape has not."""
    missing: tuple[str, ...] = ()
    """What the most frequent shape has that it has not."""


@dataclass(slots=True)
class Shapes:
    """The shapes of a type, the most frequent first, found in the newest documents that declare nothing."""

    shapes: list[Shape] = field(default_factory=list)
    sample: int = 0
    """Documents that were looked at."""
    events: int = 0
    """Events of the type that declare nothing."""
    too_large: int = 0
    """Documents of the sample that were not looked into."""
    left_out: int = 0
    """Rarer shapes that are not listed."""


def shapes(reader: CaptureReader, type_id: int, *, most: int = MOST_EVENTS, most_s: float = _MOST_S) -> Shapes:
    """The shapes among the newest `most` documents of a type (0: of none), or as many as are found in `most_s` seconds.

    Raises CaptureError for a damaged capture.
    """
    found: dict[str, Shape] = {}
    result = Shapes(events=int(reader.select(_COUNTED, (type_id,))[0][0] or 0))
    until_s = time.monotonic() + most_s
    for seq, time_us, signature in _signatures(reader, type_id, most, until_s):
        if signature is None:
            result.too_large += 1
            continue
        result.sample += 1
        _count(found, signature, seq, time_us)
    ranked = sorted(_alike(found), key=lambda shape: (-shape.events, shape.places))
    result.shapes, result.left_out = ranked[:MOST_SHAPES], len(ranked[MOST_SHAPES:])
    for shape in result.shapes[1:]:
        shape.added, shape.missing = _differences(ranked[0], shape)
    return result


def _signatures(reader: CaptureReader, type_id: int, most: int, until_s: float) -> Iterator[tuple[int, int | None, str | None]]:
    """(number, time, places and kinds as SQLite tells them) of the newest documents; None for one that is too large."""
    sql = (
        f"WITH shown AS ({reader.shown(_DOCUMENTS)}) SELECT seq, time_us, document IS NULL, (SELECT group_concat(place, char(10)) FROM "
        "(SELECT DISTINCT fullkey || ': ' || type AS place FROM json_tree(shown.document) WHERE length(fullkey) <= :long LIMIT :places)) "
        "FROM shown"
    )
    left, characters = most, _MOST_CHARACTERS
    given = {"bytes": _MOST_DOCUMENT_BYTES, "places": _MOST_PLACES, "long": _MOST_PLACE, "type": type_id}
    for first, last in reader.select(_BLOCKS, (type_id,)):
        low, high = int(first), int(last)
        while left > 0 and low <= high:
            asked = count = min(left, _PART_EVENTS)
            with closing(reader.each(sql, {**given, "most": asked, "first": low, "last": high})) as rows:
                for seq, time_us, is_too_large, signature in rows:
                    yield seq, time_us if isinstance(time_us, int) else None, None if is_too_large else str(signature or "")
                    high, count = seq - 1, count - 1
                    characters -= len(signature or "")
                    if characters < 0 or time.monotonic() > until_s:
                        return
            left -= asked - count
            if count:
                break


def _count(found: dict[str, Shape], signature: str, seq: int, time_us: int | None) -> None:
    shape = found.get(signature)
    if shape is None:
        shape = found[signature] = Shape(_places(signature))
    _merge(shape, Shape((), 1, time_us, time_us, seq))


def _places(signature: str) -> tuple[str, ...]:
    collapsed = _ITEM.sub(lambda match: match[1] or "[]", signature)
    return tuple(sorted({_line(line) for line in collapsed.split("\n") if line not in {"", "$: object"}}))


def _line(line: str) -> str:
    place, _, kind = line.rpartition(": ")
    named = _PLAIN.sub(r"\1", place.removeprefix("$").removeprefix(".")) or "the document"
    return f"{named}: {_KINDS.get(kind, kind)}"


def _alike(found: dict[str, Shape]) -> Iterator[Shape]:
    """Those that differ only in how many items their arrays have are one."""
    joined: dict[tuple[str, ...], Shape] = {}
    for shape in found.values():
        _merge(joined.setdefault(shape.places, Shape(shape.places)), shape)
    yield from joined.values()


def _merge(into: Shape, other: Shape) -> None:
    into.events += other.events
    into.first_us = min((at for at in (into.first_us, other.first_us) if at is not None), default=None)
    into.last_us = max((at for at in (into.last_us, other.last_us) if at is not None), default=None)
    into.newest_seq = max(into.newest_seq, other.newest_seq)


def _differences(base: Shape, other: Shape) -> tuple[tuple[str, ...], tuple[str, ...]]:
    one, two = set(base.places), set(other.places)
    return tuple(sorted(two - one)), tuple(sorted(one - two))


def plain_places(lines: tuple[str, ...]) -> dict[str, str]:
    """Place → kind of the lines of a shape whose place a filter can name without an item's number."""
    told = (line.rpartition(": ") for line in lines)
    return {place: kind for place, _, kind in told if "[" not in place and '"' not in place and place != "the document"}
