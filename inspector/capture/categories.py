"""The streams of one category, found without looking at those of others: their numbers, and what is known of a few of them.

Read `streams` for one stream, `replay.many` for who folds all of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from difflib import get_close_matches

import orjson

from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo
from inspector.errors import UsageError

_MOST_NAMES = 20
_OF_CATEGORY = "FROM stream WHERE stream.source_id = ? AND stream.category_id = ?"


def sources_of(reader: CaptureReader, category: str, source: str | None = None) -> list[tuple[int, int]]:
    """(source, category) by their numbers: the sources that have streams of `category`, or those of whose address `source` is a part.

    Raises UsageError, with the categories there are, when there is none.
    """
    found = reader.select(
        "SELECT source.id, category.id, source.uri FROM category CROSS JOIN source WHERE category.name = ? "
        "AND EXISTS (SELECT 1 FROM stream WHERE stream.source_id = source.id AND stream.category_id = category.id) ORDER BY source.id",
        (category,),
    )
    if not found:
        raise UsageError(f"there is no category {category!r} with streams in this capture{_others(reader, category)}")
    chosen = [row[:2] for row in found if source is None or source in str(row[2]) or source == str(row[0])]
    if not chosen:
        listed = ", ".join(str(row[2]) for row in found)
        raise UsageError(f"no source that has {category!r} is called {source!r}; there is {listed}")
    return [(int(source_id), int(category_id)) for source_id, category_id in chosen]


def _others(reader: CaptureReader, category: str) -> str:
    names = [str(row[0]) for row in reader.select(reader.shown("SELECT category.name FROM category ORDER BY category.name LIMIT 1000"))]
    near = get_close_matches(category, names, n=3) or names[:_MOST_NAMES]
    return f"; there is {', '.join(near)}" if near else "; it has no streams at all"


@damage_is_said
def count_streams(reader: CaptureReader, sources: Sequence[tuple[int, int]]) -> int:
    """How many streams those are, begun or not."""
    return sum(int(reader.select(f"SELECT count(*) {_OF_CATEGORY}", pair)[0][0]) for pair in sources)


@damage_is_said
def stream_ids(reader: CaptureReader, sources: Sequence[tuple[int, int]], *, until_us: int | None = None) -> array[int]:
    """The numbers of those streams, ascending; with `until_us`, of those that have an event at that time or before.

    Eight bytes for each are held.
    """
    found = array("q")
    for pair in sources:
        if until_us is None:
            found.extend(row[0] for row in reader.each(f"SELECT stream.id {_OF_CATEGORY}", pair))
        else:
            found.extend(row[0] for row in reader.each(f"SELECT stream.id {_OF_CATEGORY} AND stream.first_us <= ?", (*pair, until_us)))
    return array("q", sorted(found))


@damage_is_said
def stream_infos(reader: CaptureReader, ids: Sequence[int]) -> list[StreamInfo]:
    """What the capture says of the streams of these numbers, in this order; those that are gone are left out."""
    sql = (
        "SELECT stream.id, source.uri, source.id, category.name, stream.name, stream.events, stream.first_us, stream.last_us FROM "
        "json_each(?) j CROSS JOIN stream ON stream.id = j.value JOIN source ON source.id = stream.source_id "
        "JOIN category ON category.id = stream.category_id"
    )
    rows = reader.select(reader.shown(sql), (orjson.dumps(list(ids)).decode(),))
    return [
        StreamInfo(number, uri, source_id, category, name, int(events), first_us, last_us)
        for number, uri, source_id, category, name, events, first_us, last_us in rows
    ]
