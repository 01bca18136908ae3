"""A few events of something that may be imported, decoded and identified by the rules that importing uses. Writes nothing.

Reads the beginning only: 256 kB, and 8 MB where that holds too few rows; of packed files that need a whole copy 64 MB.
Read `import_preview` for who asks, `feed` for the reading that stores.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import IO, cast

import orjson

from inspector.errors import EventscopeError, UsageError
from inspector.event import EventBatch, Flag, RecordBatch
from inspector.formats import SAMPLE_BYTES, DamagedInput
from inspector.formats.opening import Found, opened
from inspector.formats.recognise import Choice
from inspector.identify import Identifier, Profile
from inspector.identify.expressions import written
from inspector.sources import Batch, Plan, Request, Source
from inspector.sources.file_reading import Reading, Standing
from inspector.sources.input_file import InputFile

MOST_EVENTS = 5
SHOWN_CHARACTERS = 300
MOST_PLACES = 200
_MORE_BYTES = 8 * 1024 * 1024
_COPIED_BYTES = 64 * 1024 * 1024
_ROWS = 50
"""So many are decoded, so that what the first ones turn out to be decides as it does when all are read."""
_DEPTH = 4
_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """One event; every text is as it stands, at most 300 characters of it."""

    log: str
    partition: int
    position: int
    time_us: int | None
    stream: str
    type: str
    value: str | None
    flags: tuple[str, ...] = ()
    error: str = ""


@dataclass(slots=True)
class Sampled:
    """What came of it. `problem` says why there is no more; empty for none."""

    events: list[SampleEvent] = field(default_factory=list)
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    """What is odd in them."""


def events_of_file(found: Found, choice: Choice, profile: Profile | None = None) -> Sampled:
    """The first events of a file, read as chosen. Never raises for what a file or a setting may be."""
    rows = _rows(found, choice, MOST_EVENTS)
    try:
        return Sampled(_identified(rows, profile), rows.problem, rows.notes)
    except UsageError as error:
        return Sampled(problem=str(error))


def events_of_source(source: Source, profile: Profile | None = None) -> Sampled:
    """The first events of an opened source; it is not closed. Never raises for what a source may be."""
    rows, stop = _Rows(), threading.Event()
    try:
        rows.plan = source.pin(Request())
        with closing(cast("Generator[Batch]", source.read(rows.plan, Request(), stop))) as batches:
            rows.take(batches)
            stop.set()
        return Sampled(_identified(rows, profile))
    except EventscopeError as error:
        return Sampled(problem=str(error))


def places_of_file(found: Found, choice: Choice) -> list[str]:
    """The columns of a file's first rows, or the paths in them, as mappings write them, at most 200.

    The rows are read without the mapping, so that each stands as a whole.
    """
    fields = choice.guess.settings.get("fields")
    if not isinstance(fields, Mapping):
        return []
    whole = {**choice.guess.settings, "fields": dict.fromkeys(fields, "")}
    bare = replace(choice, guess=replace(choice.guess, settings=whole))
    return places([value for part in _rows(found, bare, 1).parts for value in part.value])


def places(values: Sequence[bytes | None]) -> list[str]:
    """The paths to what stands in documents, in the order they are met."""
    met: dict[str, None] = {}
    for value in values:
        try:
            _walk(orjson.loads(value or b"null"), (), met)
        except ValueError:
            continue
        if len(met) >= MOST_PLACES:
            break
    return list(met)[:MOST_PLACES]


def _walk(value: object, path: tuple[str, ...], met: dict[str, None]) -> None:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name and len(name) <= _NAME_CHARACTERS and (text := written("data", (*path, name)).removeprefix("data.")):
            met[text] = None
            if len(path) + 1 < _DEPTH and len(met) < MOST_PLACES:
                _walk(inner, (*path, name), met)


# ---- reading


class _Beginning(io.RawIOBase):
    """At most so many bytes of a stream; `is_cut` when it had more."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        super().__init__()
        self._stream, self._left = stream, most
        self.is_cut = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """As `io.RawIOBase` says."""
        view = memoryview(cast("bytearray", buffer))
        data = self._stream.read(min(len(view), self._left))
        if not self._left:
            self.is_cut |= bool(self._stream.read(1))
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


@dataclass(slots=True)
class _Rows:
    """The first rows, as the parts in which they came; `is_cut` when the file goes on behind them."""

    plan: Plan = field(default_factory=lambda: Plan([], [], []))
    parts: list[RecordBatch] = field(default_factory=list)
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    is_cut: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def take(self, batches: Iterator[Batch]) -> None:
        """Rows until there are enough."""
        for batch in batches:
            self.plan.logs.extend(info for info, _span in batch.opened if info not in self.plan.logs)
            if len(batch.records):
                self.parts.append(batch.records.rows(range(min(_ROWS + 1 - len(self), len(batch.records)))))
            if len(self) > _ROWS:
                return

    def drop_last(self) -> None:
        """The last row may be half a one."""
        if self.parts:
            self.parts[-1] = self.parts[-1].rows(range(len(self.parts[-1]) - 1))


def _rows(found: Found, choice: Choice, wanted: int) -> _Rows:
    if choice.format.is_random_access:
        return _beginning(found, choice, _COPIED_BYTES)
    rows = _beginning(found, choice, SAMPLE_BYTES)
    return _beginning(found, choice, _MORE_BYTES) if len(rows) < wanted and rows.is_cut else rows


def _beginning(found: Found, choice: Choice, most: int) -> _Rows:
    """The rows in the first `most` bytes of a file."""
    rows = _Rows()
    file = InputFile(found.name, str(found.path), 0, 0, "")
    reading = Reading(Standing(rows.plan), choice, file, threading.Event())
    try:
        with opened(found) as source:
            beginning = _Beginning(source.stream, most)
            path = None if found.member or source.packing else found.path
            part = replace(source, stream=io.BufferedReader(beginning))
            try:
                with closing(cast("Generator[Batch]", reading.rows(part, path))) as batches:
                    rows.take(batches)
            finally:
                rows.is_cut = beginning.is_cut
    except (DamagedInput, EventscopeError, OSError) as error:
        rows.problem = error.reason if isinstance(error, DamagedInput) else str(error)
    rows.notes = reading.counted()
    rows.problem = rows.problem or "; ".join(gap.reason for gap in reading.gaps[:1])
    if not rows.is_cut:
        return rows
    if choice.format.is_random_access:
        rows.problem = f"packed and larger than {_COPIED_BYTES // 2**20} MB: it is looked at when it is imported"
    elif len(rows) <= _ROWS:
        rows.drop_last()
        rows.problem = ""  # of the end that was made here
    return rows


# ---- meaning


def _identified(rows: _Rows, profile: Profile | None) -> list[SampleEvent]:
    plan = rows.plan
    identifier = Identifier(profile=profile, decoders=plan.decoder, rules=plan.rules)
    batches = [identifier.events(part, plan.logs) for part in rows.parts if len(part)]
    every = [(batch, row) for batch in batches for row in range(len(batch))]
    return [_event(batch, plan, row) for batch, row in every[:MOST_EVENTS]]


def _event(events: EventBatch, plan: Plan, row: int) -> SampleEvent:
    records, streams = events.records, events.streams[row]
    key, data = plan.logs[records.log[row]].key, events.data[row]
    stream = f"{streams[0].category} / {streams[0].name}" if streams else ""
    value = records.value[row]
    text = data if isinstance(data, str) else None if value is None else value[: 4 * SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    return SampleEvent(
        log=key.name[:SHOWN_CHARACTERS],
        partition=key.partition,
        position=records.position[row],
        time_us=events.time_us[row],
        stream=stream[:SHOWN_CHARACTERS],
        type=(events.type[row] or "")[:SHOWN_CHARACTERS],
        value=None if text is None else text[:SHOWN_CHARACTERS],
        flags=tuple(Flag.names(events.flags[row])),
        error=(events.error[row] or "")[:SHOWN_CHARACTERS],
    )
