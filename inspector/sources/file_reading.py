"""One file being read: its chunks become batches, its logs come up in the plan, and what is known of it grows. Opens nothing.

Read `files` for who opens what, `formats` for the chunks.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from inspector.errors import SourceError
from inspector.event import Flag, LogKey, RecordBatch
from inspector.formats import OWN, Chunk, Input, Place
from inspector.formats.expansion import STEP_BYTES, Allowance
from inspector.formats.identity import Change, Identity
from inspector.formats.mapping import rules_of
from inspector.formats.opening import Found, Opened
from inspector.formats.recognise import Choice
from inspector.sources import Batch, LogInfo, Plan, Span
from inspector.sources.file_siblings import Joined
from inspector.sources.input_file import Gap, InputFile

_MOST_NOTES = 20
MOST_POSITION = 2**62
_MOST_GAPS = 10_000


@dataclass(slots=True)
class Standing:
    """How far the reading of several files is: the logs that came up, and the bytes that were read."""

    plan: Plan
    read_bytes: int = 0
    _logs: dict[LogKey, int] = field(default_factory=dict)

    def skip(self, one: Identity) -> None:
        """A file is not read, and counts as done."""
        self.read_bytes += one.size_bytes

    def log(self, key: LogKey, first: int, batch: Batch, choice: Choice) -> int:
        """The index of a log in the plan; one that is met for the first time comes up with `batch`."""
        known = self._logs.get(key)
        if known is not None:
            return known
        index = self._logs[key] = len(self.plan.logs)
        info = LogInfo(key, first, -1)
        settings = choice.guess.settings
        if rules := rules_of(settings):
            self.plan.rules[key.name] = rules
        decoder = settings.get("decoder")
        if isinstance(decoder, str):
            self.plan.decoder[key.name] = decoder
        self.plan.logs.append(info)
        batch.opened.append((info, Span(index, first, None)))
        return index


class Reading:
    """One file: `rows` gives its batches, `ended` the last one with what is known of it then."""

    def __init__(
        self,
        standing: Standing,
        choice: Choice,
        file: InputFile,
        stop: threading.Event,
        beside: Mapping[str, Found] | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        self._beside, self._allowance = beside or {}, allowance
        self._standing, self._choice, self._file, self._stop = standing, choice, file, stop
        self._incarnation = f"sha256:{file.sha256}" if file.sha256 else ""
        self._reached: dict[int, int] = {}
        self._count = self._damaged = 0
        self._begun_bytes = standing.read_bytes
        self._notes: list[str] = []
        self._odd: list[str] = []
        self.gaps: list[Gap] = []

    def learn_head(self, head: bytes) -> None:
        """Of a stream, whose hash is not known before it is read: its beginning tells it apart."""
        self._incarnation = f"head:{hashlib.sha256(head).hexdigest()}"

    def rows(self, source: Opened, path: Path | None) -> Iterator[Batch]:
        """The file's rows. Raises DamagedInput where nothing more can be read, and OSError."""
        with self._on_disk(source, path) as on_disk:
            given = Input(self._file.name, source.stream, on_disk, self._stop)
            with closing(Joined(self._beside, self._stop, self._allowance)) as joined:
                for chunk in self._choice.format.read(given, self._choice.guess.settings):
                    joined.add_to(chunk.records)
                    yield self._batch(replace(chunk, notes=[*chunk.notes, *joined.notes]), source)
                    if self._stop.is_set():
                        return
        source.check()

    @contextmanager
    def _on_disk(self, source: Opened, path: Path | None) -> Iterator[Path | None]:
        """The plain file for a format that jumps about in it: itself, or an unpacked private copy."""
        if path is not None or not self._choice.format.is_random_access:
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="eventscope-", buffering=0) as copy:
            while not self._stop.is_set() and (block := source.stream.read(STEP_BYTES)):
                self._unpack(block, copy)
            yield Path(copy.name)

    def _unpack(self, block: bytes, copy: IO[bytes]) -> None:
        left = memoryview(block)
        try:
            while left:
                left = left[copy.write(left) :]
        except OSError as error:
            raise SourceError(
                f"{self._file.name} cannot be unpacked into {tempfile.gettempdir()} ({error.strerror or error}): make room there, "
                "name another folder for temporary files (TMPDIR), or unpack it yourself",
                step="file",
            ) from error

    def _batch(self, chunk: Chunk, source: Opened) -> Batch:
        records = chunk.records
        chunk = self._within_bounds(chunk)
        batch = Batch(records=records, notes=self._new_notes(chunk.notes))
        self.gaps.extend(Gap(one.start, one.end, one.reason) for one in chunk.damage[: _MOST_GAPS - len(self.gaps)])
        self._place(records, chunk.places, batch)
        for index, end in chunk.ends.items():
            if index in self._indexes(chunk.places):
                batch.end[self._indexes(chunk.places)[index]] = end
        self._count += len(records)
        self._damaged += sum(bool(bits & Flag.damaged) for bits in records.flags.values())
        batch.read_bytes = self._read_bytes(source)
        return batch

    def _within_bounds(self, chunk: Chunk) -> Chunk:
        """A row that claims a position which no log can have is damaged, and stands in the file's own log."""
        records = chunk.records
        odd = [row for row, position in enumerate(records.position) if not 0 <= position <= MOST_POSITION]
        if not odd:
            return chunk
        places = [*chunk.places, OWN]
        for row in odd:
            said = f"its position {records.position[row]} is none that a log can have"
            records.error[row] = f"{records.error[row]}; {said}" if row in records.error else said
            records.flags[row] = records.flags.get(row, 0) | Flag.damaged
            records.log[row], records.position[row] = len(chunk.places), self._count + row + 1
        return replace(chunk, places=places)

    def _indexes(self, places: Sequence[Place]) -> dict[int, int]:
        known = self._standing._logs  # noqa: SLF001 - two halves of one reading
        return {number: known[key] for number, place in enumerate(places) if (key := self._key(place)) in known}

    def _key(self, place: Place) -> LogKey:
        name = place.log or self._file.name
        return LogKey(name, place.partition, "" if place.is_claimed else self._incarnation)

    def _place(self, records: RecordBatch, places: Sequence[Place], batch: Batch) -> None:
        """Puts the rows into the plan's logs, and accounts for the stretch that they and the rows before them span."""
        positions = _spans_of(records)
        indexes = {}
        accounted: dict[int, tuple[int, int]] = {}
        for number, (low, high) in positions.items():
            first = low if places[number].is_claimed else min(1, low)
            index = indexes[number] = self._standing.log(self._key(places[number]), first, batch, self._choice)
            start = self._reached.get(index, first)
            accounted[index] = (min(start, low) if start <= low else low, high + 1)
            self._reached[index] = max(high + 1, self._reached.get(index, 0))
            batch.end[index] = self._reached[index]
            batch.read_to[index] = self._reached[index]
        records.log = [indexes[number] for number in records.log] if len(indexes) > 1 else [*indexes.values()] * len(records)
        batch.accounted = accounted

    def _new_notes(self, notes: Sequence[str]) -> list[str]:
        new = [f"{self._file.name}: {note}" for note in dict.fromkeys(notes) if note not in self._notes]
        room = _MOST_NOTES - len(self._notes)
        self._notes.extend(dict.fromkeys(notes))
        return new[: max(0, room)]

    def _read_bytes(self, source: Opened) -> int:
        """Bytes of the files themselves; a member of an archive counts for what it takes there."""
        self._standing.read_bytes = self._begun_bytes + source.packed.taken
        return self._standing.read_bytes

    def ended(self, change: Change) -> Batch:
        """The last batch of the file: whether it is whole, and what became of it while it was read."""
        if change.cut_at is not None:
            self.gaps.append(Gap(change.cut_at, self._file.size_bytes, "it was cut there while it was read"))
        notes = [*self._file.notes, *list(dict.fromkeys(self._notes))[:_MOST_NOTES]]
        if not self._count and self._file.size_bytes and not self.gaps and not self._stop.is_set():
            notes.append("no row was found in it")
            self._odd.append("no row was found in it")
        last = [change.words] if change.words else []
        if self._damaged:
            last.append(f"{self._damaged:,} of its {self._count:,} rows are damaged: each is an event that says where and why")
        gaps = [f"{_span(gap)}: {gap.reason}" for gap in self.gaps[:5]]
        file = replace(
            self._file,
            rows=self._count,
            damaged=self._damaged,
            gaps=tuple(self.gaps),
            notes=(*notes, *last),
            is_whole=not self._stop.is_set() and not change.words,
        )
        said = [f"{self._file.name}: {text}" for text in [*gaps, *self._odd, *last]]
        return Batch(inputs=[file], notes=said, read_bytes=self._standing.read_bytes)


def _spans_of(records: RecordBatch) -> dict[int, tuple[int, int]]:
    """The lowest and the highest position in each place."""
    if len(set(records.log)) == 1:
        return {records.log[0]: (min(records.position), max(records.position))}
    positions: dict[int, tuple[int, int]] = {}
    for number, position in zip(records.log, records.position, strict=True):
        low, high = positions.get(number, (position, position))
        positions[number] = (min(low, position), max(high, position))
    return positions


def _span(gap: Gap) -> str:
    return f"bytes {gap.start:,} to {'the end' if gap.end is None else f'{gap.end:,}'}"
