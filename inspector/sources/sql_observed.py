"""What a few sampled rows say of a column: kinds of values, whether they rise, repeat or look like UUIDs, times or JSON. Pure.

Says "in the sample", never "in the table". Read `sql_guess` for what is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import orjson

from inspector.sources.table_description import MOST_SAMPLED, Sampled, TableDescription

_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?\Z")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s*(Z|z|[+-]\d\d:?\d\d)?\Z")
_WORD = re.compile(r"[A-Za-z][\w.:$/\\+`<>-]*\Z")
_UNITS = (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000))
_FIRST_S, _LAST_S = 631_152_000, 4_102_444_800
"""1990 and 2100: a number between them may be a time of that unit."""


@dataclass(frozen=True)
class Observed:
    """The sampled values of one column, in the order of the table's key."""

    values: Sequence[Sampled]

    @cached_property
    def known(self) -> list[str | bytes | int | float]:
        """Those that are there."""
        return [value for value in self.values if value is not None]

    def _share(self, count: int) -> float:
        return count / len(self.known) if self.known else 0.0

    @cached_property
    def integers(self) -> float:
        """Share of whole numbers."""
        return self._share(sum(type(value) is int for value in self.known))

    @cached_property
    def texts(self) -> float:
        """Share of texts."""
        return self._share(sum(isinstance(value, str) for value in self.known))

    @cached_property
    def blobs(self) -> float:
        """Share of BLOBs."""
        return self._share(sum(isinstance(value, bytes) for value in self.known))

    @cached_property
    def uuids(self) -> float:
        """Share of UUIDs, written or as 16 bytes."""
        return self._share(sum(_is_uuid(value) for value in self.known))

    @cached_property
    def documents(self) -> float:
        """Share of what begins like a JSON object and is one, or is cut in the sample."""
        return self._share(sum(_is_document(value) for value in self.known))

    @cached_property
    def words(self) -> float:
        """Share of short texts that could be a type's name."""
        return self._share(sum(isinstance(value, str) and len(value) <= 200 and bool(_WORD.match(value)) for value in self.known))

    @cached_property
    def distinct(self) -> float:
        """Share of different values."""
        return self._share(len(set(self.known)))

    @cached_property
    def rises(self) -> bool:
        """Whole numbers, each greater than the one before."""
        numbers = [value for value in self.values if type(value) is int]
        return self.integers == 1.0 and len(numbers) == len(self.values) and all(a < b for a, b in pairwise(numbers))

    @cached_property
    def size(self) -> float:
        """Mean length of texts and BLOBs."""
        sizes = [len(value) for value in self.known if isinstance(value, str | bytes)]
        return sum(sizes) / len(sizes) if sizes else 0.0

    @cached_property
    def unit(self) -> str:
        """The unit in which its numbers are times between 1990 and 2100; empty when they are none."""
        numbers = [value for value in self.known if isinstance(value, int | float)]
        if not numbers or len(numbers) < len(self.known):
            return ""
        return next((unit for unit, scale in _UNITS if all(_FIRST_S * scale <= n <= _LAST_S * scale for n in numbers)), "")

    @cached_property
    def times(self) -> float:
        """Share of texts that are a date with a time."""
        return self._share(sum(isinstance(value, str) and bool(_ISO.match(value)) for value in self.known))

    @cached_property
    def zoned(self) -> bool:
        """Every time says its zone."""
        found = [match for value in self.known if isinstance(value, str) and (match := _ISO.match(value))]
        return bool(found) and all(match[1] for match in found)


def observed(table: TableDescription) -> dict[str, Observed]:
    """Each column of a table, by name."""
    return {name: Observed([row[place] for row in table.rows]) for place, name in enumerate(table.columns)}


def counts_within(versions: Observed, streams: Observed) -> float:
    """Share of neighbouring rows of one stream whose number goes up by one; 0 when no stream comes twice in the sample."""
    last: dict[object, int] = {}
    steps = good = 0
    for stream, version in zip(streams.values, versions.values, strict=True):
        if type(version) is not int or stream is None:
            continue
        if stream in last:
            steps += 1
            good += version == last[stream] + 1
        last[stream] = version
    return good / steps if steps else 0.0


def _is_uuid(value: str | bytes | float) -> bool:
    return bool(_UUID.match(value)) if isinstance(value, str) else isinstance(value, bytes) and len(value) == 16


def _is_document(value: str | bytes | float) -> bool:
    if not isinstance(value, str | bytes):
        return False
    raw = value.encode(errors="replace") if isinstance(value, str) else value
    if raw.lstrip()[:1] != b"{":
        return False
    try:
        orjson.loads(raw)
    except ValueError:
        return len(value) >= MOST_SAMPLED
    return True
