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
from inspector.formats import OWN, Chunk, Input, Place, Tally
from inspector.formats.expansion import STEP_BYTES, Allowance
from inspector.formats.identity import Change, Identity
from inspector.formats.mapping import rules_of
from inspector.formats.opening import Found, Opened
from inspector.formats.recognise import Choice
from inspector.sources import Absence, Batch, LogInfo, Plan, Span
from inspector.sources.file_manifest import stated
from inspector.sources.file_runs import NOT_IN_FILES, PARTLY, FileRuns, Run, runs_of
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
    runs: dict[int, FileRuns] = field(default_factory=dict)
    """Index of a log whose positions files claim → what they hold of it."""
    lowest: dict[int, int] = field(default_factory=dict)
    """Index of a log → the first position that came up."""
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

    def known(self, key: LogKey) -> int | None:
        """The index of a log that came up."""
        return self._logs.get(key)

    def ended(self) -> Batch:
        """What can be told of all logs once no more file is read: the runs that waited, and what the files do not hold."""
        batch = Batch(accounted={})
        for index, runs in self.runs.items():
            told, partly = runs.rest()
            if told:
                batch.accounted = {**(batch.accounted or {}), index: told}
            if (span := runs.span()) is not None:
                batch.absent.append(Absence(index, *span, NOT_IN_FILES))
            if partly is not None:
                batch.absent.append(Absence(index, *partly, PARTLY))
        return batch


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
        found: Found | None = None,
    ) -> None:
        self._found = found
        self._beside, self._allowance = beside or {}, allowance
        self._standing, self._choice, self._file, self._stop = standing, choice, file, stop
        self._incarnation = f"sha256:{file.sha256}" if file.sha256 else ""
        self._reached: dict[int, int] = {}
        self._count = self._damaged = 0
        self._begun_bytes = standing.read_bytes
        self._notes: list[str] = []
        self._odd: list[str] = []
        self._tallies: Mapping[str, Tally] = {}
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
        self._tallies = chunk.tallies or self._tallies
        batch = Batch(records=records, notes=self._new_notes(chunk.notes))
        self.gaps.extend(Gap(one.start, one.end, one.reason) for one in chunk.damage[: _MOST_GAPS - len(self.gaps)])
        self._place(chunk, batch)
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

    def _place(self, chunk: Chunk, batch: Batch) -> None:
        """Puts the rows into the plan's logs, and accounts for what they and the rows before them hold."""
        records, places, whole = chunk.records, chunk.places, chunk.whole
        indexes = {}
        accounted: dict[int, Sequence[Run]] = {}
        for number, positions in _positions_of(records).items():
            low, high, is_claimed = min(positions), max(positions), places[number].is_claimed
            first = low if is_claimed else min(1, low)
            index = indexes[number] = self._standing.log(self._key(places[number]), first, batch, self._choice)
            if low < self._standing.lowest.setdefault(index, first):
                batch.first[index] = self._standing.lowest[index] = low
            if is_claimed:
                held = [*runs_of(positions), *whole.get(number, ())]
                accounted[index] = self._standing.runs.setdefault(index, FileRuns()).add(held)
            else:
                # its numbers are those of rows: what is not at one of them stands in another log, or is no row
                start = self._reached.get(index, first)
                accounted[index] = [(min(start, low), high + 1)]
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
        notes += self.counted()
        self._odd += self.counted()
        is_bare = not self._count and not self.gaps and not self._stop.is_set()
        if is_bare:
            notes.append(self._nothing())
            self._odd.append(self._nothing())
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
            is_bare=is_bare,
            is_whole=not self._stop.is_set() and not change.words,
        )
        said = [f"{self._file.name}: {text}" for text in [*gaps, *self._odd, *last]]
        accounted = self._stated() if file.is_whole and not self.gaps and not self._damaged else {}
        return Batch(inputs=[file], notes=said, accounted=accounted, read_bytes=self._standing.read_bytes)

    def counted(self) -> list[str]:
        """What was not taken for what it is called, and what is odd in rows, with how many they are and the first of them."""
        tallied = [f"{tally.count:,} {words} (the first in row {tally.first:,})" for words, tally in self._tallies.items()]
        return [*self._choice.guess.notes, *tallied]

    def _nothing(self) -> str:
        """Why there is no row."""
        if self._found is not None and not self._file.size_bytes:
            return "it is empty: no row was found in it"
        place = self._choice.guess.settings.get("records")
        return f"no row was found in it: nothing stands at {place} (--set records=…)" if place else "no row was found in it"

    def _stated(self) -> dict[int, Sequence[Run]]:
        """What a manifest says that the file holds whole, of the logs that came up."""
        if self._found is None or self._found.member:
            return {}
        standing = self._standing
        found = stated(self._found.path, self._file.sha256)
        known = {index: run for place, run in found.items() if (index := standing.known(LogKey(*place))) in standing.runs}
        return {index: standing.runs[index].add([run]) for index, run in known.items() if index is not None}


def _positions_of(records: RecordBatch) -> dict[int, list[int]]:
    """The positions in each place, in the order of rows."""
    if len(set(records.log)) == 1:
        return {records.log[0]: list(records.position)}
    positions: dict[int, list[int]] = {}
    for number, position in zip(records.log, records.position, strict=True):
        positions.setdefault(number, []).append(position)
    return positions


def _span(gap: Gap) -> str:
    return f"bytes {gap.start:,} to {'the end' if gap.end is None else f'{gap.end:,}'}"
