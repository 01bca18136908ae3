"""One partition looked through before its records are read: hashes, checksums, order, transactions, damage, indexes.

Twice through the files is what makes every row's state known when it is stored, also of a part of the log whose markers lie
beyond it; the hash must be taken before anyway. Memory: one entry per MB, and what is out of the ordinary.
Read `order` and `transactions` for the rules, `sources.segment_read` for the reading that follows.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inspector.segments import checkpoints, indexes, resync, verdict
from inspector.segments.control import marker
from inspector.segments.extent import first_offset
from inspector.segments.facts import FileFacts
from inspector.segments.files import SegmentFile, Stat, plain_name
from inspector.segments.framing import MOST_POSITION, V2_HEADER_BYTES, Frame, Skipped
from inspector.segments.layout import Partition
from inspector.segments.order import MOST_IN_FILE, Order, Step, step
from inspector.segments.probing import is_text
from inspector.segments.records import fields
from inspector.segments.transactions import Place, Transactions
from inspector.segments.varints import BrokenError
from inspector.segments.verdict import said_by

_ENTRY_BYTES = 1024 * 1024
_LOOK_EVERY = 512
_SAY_EVERY_BYTES = 16 * 1024 * 1024
_MOST_LOSSES = 200_000


@dataclass(slots=True)
class Surveyed:
    """One segment: its facts, the state it was in, and bytes where a batch begins: (offset, byte), ascending in both."""

    number: int
    base: int
    path: Path
    facts: FileFacts
    stat: Stat
    entries: list[tuple[int, int]] = field(default_factory=list)
    first: int = -1
    end: int = -1
    """Offsets `[first, end)` that its batches claim; -1 where it has none."""
    latest_ms: int = -1
    has_changed: bool = False
    """It was written to while it was looked through."""
    has_text: bool = False
    """It has no batch and begins as a text file does."""


@dataclass(slots=True)
class Survey:
    """What is known of a partition once `run` has ended."""

    partition: Partition
    root: Path
    files: list[Surveyed] = field(default_factory=list)
    transactions: Transactions = field(default_factory=Transactions)
    odd: int = 0
    """How many batches stand at a wrong place."""
    notes: list[str] = field(default_factory=list)
    first: int = 0
    end: int = 0
    holes: int = 0
    """Offsets between first and end that no batch holds though nothing is damaged there: what compaction leaves."""
    below_start: int = 0
    is_done: bool = False
    read_bytes: int = 0
    """So many bytes of the files are looked through by now."""
    _order: Order | None = None
    _has_lost: bool = False
    _after_loss: set[Place] = field(default_factory=set)
    _odd_so_far: int = 0
    _losses: list[tuple[Place, int]] = field(default_factory=list)
    """(place, first offset) of the batches that fit again after something was lost."""
    _has_more_losses: bool = False
    _current: Surveyed | None = None
    _places: dict[int, int] = field(default_factory=dict)
    _wrong_places: int = 0

    def run(self, stop: threading.Event) -> Iterator[Surveyed | None]:
        """Looks through file after file, giving each when it is done and None meanwhile; ends early when `stop` is set."""
        segments = self.partition.segments
        self.first = self._start(segments)
        self._order = Order(self.first, self._accepted)
        for number, (base, path) in enumerate(segments):
            self._order.enter(base, segments[number + 1][0] if number + 1 < len(segments) else None)
            with SegmentFile(path) as file:
                found = yield from self._look(file, number, base, stop)
            if stop.is_set():
                return
            yield found
        self.odd = len(self._order.odd)
        self.end = self._order.next
        self.transactions.finish(self.end)
        verdict.conclude(self)
        self.is_done = True

    def _start(self, segments: list[tuple[int, Path]]) -> int:
        """The first offset on disk; what the snapshot taken there says of open transactions is known from the beginning."""
        base, path = segments[0]
        snapshot = self.partition.snapshots.get(base)
        if snapshot is not None:
            for producer in said_by(snapshot, checkpoints.producers, self) or []:
                if producer.transaction_first >= 0:
                    self.transactions.began_before(producer.producer_id, producer.transaction_first)
        return first_offset(base, path)

    def _look(self, file: SegmentFile, number: int, base: int, stop: threading.Event) -> Generator[None, None, Surveyed]:
        name = file.path.relative_to(self.root).as_posix() if file.path != self.root else file.path.name
        facts = FileFacts(plain_name(name), plain_name(str(file.path)), file.size, file.stat.mtime_ns // 1000)
        facts.sha256 = file.sha256(stop)
        found = Surveyed(number, base, file.path, facts, file.stat)
        self.files.append(found)
        self._current, self._wrong_places = found, 0
        self._places = said_by(file.path.with_suffix(".index"), lambda data: indexes.offset_entries(data, base), self) or {}
        self._gap_before(found)
        before = self.read_bytes
        for count, part in enumerate(resync.parts(file)):
            if count % _LOOK_EVERY == 0 and stop.is_set():
                return found
            begin = before + (part.at if isinstance(part, Frame) else part.start)
            if begin - self.read_bytes >= _SAY_EVERY_BYTES:
                self.read_bytes = begin
                yield None
            if isinstance(part, Frame):
                self._frame(found, part)
            else:
                self._skipped(found, part)
        self.read_bytes = before + file.size
        assert self._order is not None
        self._order.settle()
        if not facts.batches:
            found.has_text = is_text(file.piece(0, 4096))
        verdict.compare(self, found, len(self._places) + self._wrong_places, self._order.next)
        changed = file.changed()
        if changed:
            found.has_changed = True
            facts.note(changed)
            self.notes.append(changed)
        return found

    def _gap_before(self, found: Surveyed) -> None:
        """A file that begins above where the last one ended: something may be missing between."""
        assert self._order is not None
        if found.number and found.base > self._order.next:
            self.transactions.damaged((found.number, 0))

    def _frame(self, found: Surveyed, frame: Frame) -> None:
        assert self._order is not None
        place = (found.number, frame.at)
        found.facts.batches += 1
        offset = self._places.pop(frame.at, None)
        if offset is not None and not (frame.base < 0 or frame.base <= offset <= frame.last):
            self._wrong_places += 1
        if not frame.is_sound:
            found.facts.damage(frame.at, frame.at + frame.size, frame.problem)
            self._lost(place)
            return
        found.latest_ms = max(found.latest_ms, frame.max_time_ms)
        if frame.is_transactional:
            self._transactional(place, frame)
        if self._has_lost:
            self._after_loss.add(place)
            self._has_lost = False
        self._order.take(step(place, frame))

    def _transactional(self, place: Place, frame: Frame) -> None:
        if not frame.is_control:
            self.transactions.data(place, frame.producer_id, frame.base)
            return
        try:
            for _, _, key, value, *_ in fields(frame.data[frame.start + V2_HEADER_BYTES : frame.start + frame.size], frame.records):
                said = marker(key, value)
                if said.ends:
                    self.transactions.ended(place, frame.producer_id, frame.base, is_commit=said.name == "COMMIT")
        except BrokenError:
            self._lost(place)

    def _skipped(self, found: Surveyed, part: Skipped) -> None:
        if part.is_end:
            size = part.end - part.start
            found.facts.note(f"{size:,} bytes of zeros from byte {part.start:,} on: room that was not written yet, the end of the data")
            return
        found.facts.damage(part.start, part.end, part.reason)
        self._lost((found.number, part.start))

    def _lost(self, place: Place) -> None:
        self._has_lost = True
        self.transactions.damaged(place)

    def oddness(self, place: Place) -> str:
        """What is wrong with the place of a batch; empty for nothing."""
        return "" if self._order is None else self._order.oddness(place)

    def next_low(self, place: Place, start: int) -> int:
        """Below which offset records of a batch may be that proves no offset itself, and may begin at `start`."""
        number = bisect_right(self._losses, place, key=lambda one: one[0])
        if number < len(self._losses):
            return self._losses[number][1]
        return 0 if self._has_more_losses else min(start + MOST_IN_FILE, MOST_POSITION)

    def _note_loss(self, one: Step) -> None:
        if len(self._losses) < _MOST_LOSSES:
            self._losses.append((one.place, one.low))
        else:
            self._has_more_losses = True

    def _accepted(self, one: Step) -> None:
        """A batch stands where it should."""
        assert self._order is not None
        found = self.files[one.place[0]]
        is_loss = one.place in self._after_loss or len(self._order.odd) > self._odd_so_far
        self._odd_so_far = len(self._order.odd)
        self._after_loss.discard(one.place)
        if is_loss:
            self._note_loss(one)
        if one.is_whole:
            gap, held = one.low - self._order.next, one.high - one.low + 1
            self.holes += (gap if found.end >= 0 and not is_loss else 0) + held - max(0, min(one.records, held))
        if found.first < 0:
            found.first = one.low
        found.end = one.high + 1
        if not found.entries or one.place[1] - found.entries[-1][1] >= _ENTRY_BYTES:
            found.entries.append((one.low, one.place[1]))
