"""Rows that no descriptor is for: which columns are a partition, an offset, a time, a key, told by their names and their values. Pure.

Only what the first rows bear out is claimed: an offset that repeats or goes back is none. Read `library` for descriptors, `mapping`
for what becomes of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC

from inspector import json_paths, times
from inspector.formats.rows import Rows

_NAMES = {
    "log": ("topic", "topicname", "kafkatopic"),
    "partition": ("partition", "partitionid", "kafkapartition"),
    "position": ("offset", "kafkaoffset"),
    "time": ("timestamp", "timestampms", "kafkatimestamp", "time", "createtime"),
    "key": ("key", "kafkakey", "recordkey", "messagekey"),
    "value": ("value", "payload", "kafkavalue", "message"),
    "headers": ("headers", "kafkaheaders"),
}
"""Field → what columns are called that hold it, in order of trust, whatever their case, `_`, `-` and blanks."""
_TIMES = ("eventtime", "occurredat", "occurredon", "createdat", "recordedat", "datetime", "ts", "date", "inserttime", "insertedat")
_RECORD = frozenset({"key", "value", "headers"})
GUESSED = "What its fields mean is guessed by their names; the kind of its times is not told."
MOST_PARTITION = 1 << 20


def folded(name: str) -> str:
    """A name without case, blanks, `_` and `-`."""
    return re.sub(r"[\s_.-]", "", name).lower()


def fields_of(rows: Rows, names: Sequence[str]) -> dict[str, str]:
    """Field → the place it is likely in. A record of Kafka needs an offset; other rows are documents, whose time may be known."""
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(folded(name), name)
    found = {field: by_folded[word] for field, words in _NAMES.items() for word in reversed(words) if word in by_folded}
    if "position" in found and not _are_offsets(rows, found):
        del found["position"]
    if "position" not in found or not _RECORD & found.keys():
        found = {field: name for field, name in found.items() if field == "time"}
        word = next((word for word in _TIMES if word in by_folded), None)
        if "time" not in found and word is not None:
            found["time"] = by_folded[word]
    if "time" in found and not _are_times(rows.column((found["time"],))):
        del found["time"]
    return {field: json_paths.written((name,)).removeprefix(".") for field, name in found.items()}


def _are_offsets(rows: Rows, found: dict[str, str]) -> bool:
    """Whether a column holds whole numbers, each once in its partition."""
    columns = [rows.column((found[field],)) for field in ("log", "partition", "position") if field in found]
    offsets = [str(value) for value in columns[-1]]
    if not all(text.isascii() and text.isdigit() for text in offsets):
        return False
    places = [tuple(map(str, row)) for row in zip(*columns, strict=True)]
    if "partition" in found and not all(place[-2].isdigit() and int(place[-2]) < MOST_PARTITION for place in places):
        return False
    return len(set(places)) == len(places)


def _are_times(column: Sequence[object]) -> bool:
    there = [value for value in column if value not in (None, "")]
    return bool(there) and all(times.time_us(value, "guess", UTC) is not None for value in there)


def needs_zone(column: Sequence[object]) -> bool:
    """Whether some of these are times that say no zone."""
    return any(
        isinstance(value, str) and times.time_us(value, "guess", None) is None and times.time_us(value, "guess", UTC) is not None
        for value in column
    )
