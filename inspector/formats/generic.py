"""Rows that no descriptor is for: which columns are a partition, an offset, a time, a key, told by their names and their values. Pure.

Only what nearly all of the first rows bear out is claimed, and what is not taken is said. Read `library` for descriptors, `mapping`
for what becomes of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import NamedTuple

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
WITHOUT_OFFSETS = (
    "It proves what stands in the file, and in which order; it proves nothing about completeness, as a row that was left out does not show."
)
WITH_OFFSETS = (
    "It proves what stands in the file; offsets that are missing show, but not whether they were left out of it, removed before, or never "
    "there."
)
GUESSED = "What its fields mean is guessed by their names; the kind of its times is not told."
MOST_PARTITION = 1 << 20
_OFFSETS = "; its rows stand at their numbers"


def folded(name: str) -> str:
    """A name without case, blanks, `_` and `-`."""
    return re.sub(r"[\s_.-]", "", name).lower()


class Found(NamedTuple):
    """Field → the place it is likely in, and sentences on columns that are called so and hold something else."""

    fields: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def as_documents(self) -> tuple[str, ...]:
        """The sentences that matter where rows without offsets are read as whole documents."""
        return self.notes if "position" in self.fields else tuple(note for note in self.notes if note.endswith(_OFFSETS))


def fields_of(rows: Rows, names: Sequence[str]) -> Found:
    """What columns are likely. A record of Kafka needs an offset; other rows are documents, whose time may be known."""
    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(folded(name), name)
    found = {field: by_folded[word] for field, words in _NAMES.items() for word in reversed(words) if word in by_folded}
    notes = []
    if "position" in found and (odd := _no_offsets(rows, found)):
        if _RECORD & found.keys():
            notes.append(f"the column {found['position']!r} is not taken for offsets: {odd}{_OFFSETS}")
        del found["position"]
    if "position" not in found or not _RECORD & found.keys():
        found = {field: name for field, name in found.items() if field == "time"}
        word = next((word for word in _TIMES if word in by_folded), None)
        if "time" not in found and word is not None:
            found["time"] = by_folded[word]
    if "time" in found and (odd := _no_times(rows.column((found["time"],)))):
        notes.append(f"the column {found['time']!r} is not taken for times: {odd}")
        del found["time"]
    return Found({field: json_paths.written((name,)).removeprefix(".") for field, name in found.items()}, tuple(notes))


def _no_offsets(rows: Rows, found: dict[str, str]) -> str:
    """Why a column holds no offsets: whole numbers, each once in its partition, but for a few; empty where it does."""
    columns = [rows.column((found[field],)) for field in ("log", "partition", "position") if field in found]
    places = [tuple("" if value is None else str(value) for value in row) for row in zip(*columns, strict=True)]
    odd = [row for row, place in enumerate(places) if not _is_number(place[-1])]
    if reason := _too_many(odd, len(places), "no whole numbers"):
        return reason
    if "partition" in found:
        odd += [row for row, place in enumerate(places) if not _is_number(place[-2]) or int(place[-2]) >= MOST_PARTITION]
        if reason := _too_many(sorted(set(odd)), len(places), "beside no partition's number"):
            return reason
    seen: set[tuple[str, ...]] = set()
    for row, place in enumerate(places):
        if place in seen:
            odd.append(row)
        seen.add(place)
    return _too_many(sorted(set(odd)), len(places), "no offsets, or repeat one of their partition")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _no_times(column: Sequence[object]) -> str:
    """Why a column holds no times, but for a few; empty where it does."""
    there = [row for row, value in enumerate(column) if value not in (None, "")]
    if not there:
        return "it is empty in the first rows"
    odd = [row for row in there if times.time_us(column[row], "guess", UTC) is None]
    return _too_many(odd, len(there), "no times")


def _too_many(odd: Sequence[int], count: int, what: str) -> str:
    """What is wrong where more than one in five of `count` cells is odd; no cell is quoted, as it may be what masks hide."""
    if 5 * len(odd) <= count:
        return ""
    return f"{len(odd):,} of the first {count:,} cells are {what} (the first in row {odd[0] + 1:,})"


def needs_zone(column: Sequence[object]) -> bool:
    """Whether some of these are times that say no zone."""
    return any(
        isinstance(value, str) and times.time_us(value, "guess", None) is None and times.time_us(value, "guess", UTC) is not None
        for value in column
    )
