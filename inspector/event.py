"""The values everything else speaks in: flags, times, and batches of records and events as columns. No I/O, no Qt.

A *record* is what was read (bytes); an *event* is what it means. Times are integers, microseconds since 1970 UTC.
Read `sources` next for where record batches come from, and `capture.writer` for where event batches go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import NamedTuple

MIN_TIME_US = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z."""
MAX_TIME_US = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")


class Flag(IntFlag):
    """What is special about an event; stored as a bit set, printed by name in this order."""

    tombstone = 1
    aborted = 2
    open = 4
    control = 8
    below_start = 16
    late = 32
    undecodable = 64
    too_deep = 128
    duplicate_keys = 256
    damaged = 512
    encrypted = 1024
    oversize = 2048

    @staticmethod
    def names(flags: int) -> list[str]:
        """The names of the bits set in `flags`, in the order of the contract."""
        return list(_names(flags))


@lru_cache(4_096)
def _names(flags: int) -> tuple[str, ...]:
    return tuple(flag.name for flag in Flag if flag & flags and flag.name)


class TimeKind(IntEnum):
    """Where an event's time comes from: its own rule, the producer's clock, or the broker's or store's clock."""

    none = 0
    event = 1
    create = 2
    append = 3

    @staticmethod
    def text(kind: int) -> str | None:
        """The word printed for `kind`, or None for no time."""
        return TimeKind(kind).name if kind else None


def format_time(time_us: int | None) -> str | None:
    """RFC 3339 in UTC with microseconds, such as `2026-11-23T08:00:00.000000Z`; None for none and outside years 1–9999."""
    if time_us is None or not MIN_TIME_US <= time_us <= MAX_TIME_US:
        return None
    second, us = divmod(time_us, 1_000_000)
    return f"{_second_text(second)}.{us:06d}Z"


@lru_cache(4_096)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")


def parse_time(text: str) -> int:
    """Microseconds of an RFC 3339 time with a zone; digits beyond microseconds are cut.

    Raises ValueError for anything else: a time without a zone is never assumed to be UTC.
    """
    if not _RFC3339.match(text):
        raise ValueError(f"not an RFC 3339 time with a zone: {text!r}")
    return datetime_us(datetime.fromisoformat(text.upper()))


def datetime_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware `moment`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def checked_time(time_us: int | None) -> int | None:
    """`time_us` when it lies in the years 1–9999, else None."""
    return time_us if time_us is not None and MIN_TIME_US <= time_us <= MAX_TIME_US else None


@dataclass(frozen=True, slots=True)
class LogKey:
    """One partition of a log in one life of it. `incarnation` tells a re-created topic or restored store apart."""

    name: str
    partition: int = 0
    incarnation: str = ""


GROWING = "rows:"
"""Start of an incarnation that is a digest of sampled rows: as rows are appended it gets longer and keeps its beginning."""


def same_life(known: str, now: str) -> bool:
    """Whether a log met as incarnation `known` is still the same one when it is met as `now` later."""
    return now == known or (known.startswith(GROWING) and now.startswith(known))


@dataclass(slots=True)
class RecordBatch:
    """Records as read, as columns of equal length; a row is one record.

    `log[i]` is the index of the row's partition in the reading plan (see `sources.Plan.logs`).
    `headers[i]` is JSON text `[[name, value], …]` in order, a value being a string when its bytes are UTF-8,
    `{"base64": "…"}` when not, null when null; None when there are no headers.
    `envelope` holds columns that the source itself knows: any of `stream category version type id schema_version
    correlation_id causation_id actor metadata extra`; a rule never overrides a value given here. For an event that is in several
    streams it may have `streams` too: per row a list of (category or None, name, version or None), besides the one in `stream`.
    `error[i]` and `flags[i]` say what could not be read of a row.
    """

    log: list[int] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    time_us: list[int | None] = field(default_factory=list)
    time_kind: list[int] = field(default_factory=list)
    key: list[bytes | None] = field(default_factory=list)
    value: list[bytes | None] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    error: dict[int, str] = field(default_factory=dict)
    """Row → what could not be read of it."""
    flags: dict[int, int] = field(default_factory=dict)
    """Row → bits of `Flag` the source knows."""
    extra: dict[int, dict[str, object]] = field(default_factory=dict)
    """Row → raw values with no place of their own, such as a time outside years 1–9999."""
    envelope: dict[str, list[object]] = field(default_factory=dict)
    read_with: list[Schema | None] = field(default_factory=list)
    """When decoding again: the schema that each value was read with before; empty when they are read for the first time."""

    def __len__(self) -> int:
        return len(self.position)

    def rows(self, wanted: Sequence[int]) -> RecordBatch:
        """These rows, in this order, as a batch of their own."""
        part = RecordBatch()
        for name in ("log", "position", "time_us", "time_kind", "key", "value", "headers"):
            column = getattr(self, name)
            setattr(part, name, [column[row] for row in wanted] if column else [])
        numbers = {row: new for new, row in enumerate(wanted)}
        part.error = {numbers[row]: text for row, text in self.error.items() if row in numbers}
        part.flags = {numbers[row]: bits for row, bits in self.flags.items() if row in numbers}
        part.extra = {numbers[row]: extra for row, extra in self.extra.items() if row in numbers}
        part.envelope = {name: [column[row] for row in wanted] for name, column in self.envelope.items()}
        return part


class StreamRef(NamedTuple):
    """One stream an event belongs to, with the event's version in it when known.

    A tuple, because one is made per event: a frozen dataclass takes twice as long to make.
    """

    category: str
    name: str
    version: int | None = None


class _FromValue:
    """The type of `FROM_VALUE`."""

    def __repr__(self) -> str:
        return "FROM_VALUE"


FROM_VALUE = _FromValue()
"""In `EventBatch.data`: the record's value is itself the JSON text, so it is not carried twice."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A schema that another one names: the name it is imported by, where it is registered, and its text."""

    name: str
    text: str
    subject: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """One writer's schema, with everything that decoding needs: no registry is asked again once this is known.

    Compared by identity: there is one object per schema in a book (see `schemas.Schemas`), and caches are keyed by it.
    """

    wire: str
    """How records name it: `id:42`, `guid:…`, `global:…`, `content:…`, `glue:…`, `azure:…` or `crc64:…`
    (see `schemas.framing`); `name:…` where a map says it."""
    registry: str = ""
    """Where it was found: an address without secrets or a file's name; empty while it is missing."""
    kind: str = ""
    """`AVRO`, `PROTOBUF` or `JSON`; empty while it is missing."""
    text: str | None = None
    """As written; None while it is missing."""
    subject: str = ""
    version: int | None = None
    references: tuple[Reference, ...] = ()
    """All that it needs, also what its references need, each before those that name it."""
    compiled: bytes | None = None
    """A Protobuf schema as a serialised FileDescriptorSet, its own file last."""
    error: str = ""
    """Why it is missing."""

    @property
    def label(self) -> str:
        """How it is called in a sentence: its subject and version, or what records call it."""
        named = f"{self.subject} version {self.version}" if self.version is not None else self.subject
        return f"{named} ({wire_words(self.wire)})" if named else wire_words(self.wire)


def wire_words(wire: str) -> str:
    """`id:42` as people read it: `schema 42`."""
    form, _, value = wire.partition(":")
    return f"schema {value}" if form in {"id", "guid"} else f"schema {form} {value}"


@dataclass(slots=True)
class EventBatch:
    """Events as columns of equal length, ready to be appended: the records plus what they mean.

    `data[i]` is JSON text (str), `FROM_VALUE`, or None when there is no document.
    `streams[i]` is the event's streams; most have one or none.
    """

    records: RecordBatch
    decoder: list[str | None]
    """None where there is no value."""
    data: list[str | _FromValue | None]
    error: list[str | None]
    flags: list[int]
    time_us: list[int | None]
    time_kind: list[int]
    type: list[str | None]
    version: list[int | None]
    event_id: list[str | None]
    schema: list[Schema | None]
    """The schema a value names, found or missing."""
    schema_version: list[str | None]
    correlation_id: list[str | None]
    causation_id: list[str | None]
    actor: list[str | None]
    metadata: list[str | None]
    """JSON text."""
    extra: list[str | None]
    """JSON text."""
    streams: list[Sequence[StreamRef]]
    key_schemas: frozenset[Schema] = frozenset()
    """The schemas that keys were read with, which are kept for the next reading."""

    def __len__(self) -> int:
        return len(self.records)


def merged_ranges(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open ranges sorted, with those that touch or overlap joined and empty ones left out."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without_ranges(start: int, end: int | None, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int | None]]:
    """The parts of `[start, end)` (no end: open) that no range of `taken` covers."""
    left: list[tuple[int, int | None]] = []
    for low, high in merged_ranges(taken):
        if high <= start or (end is not None and low >= end):
            continue
        if low > start:
            left.append((start, low))
        start = max(start, high)
    if end is None or start < end:
        left.append((start, end))
    return left
