"""The records of one partition's span out of its surveyed segment files, as batches with their account.

What cannot be read between two batches that can is absent, with the bytes and the reason; a stretch that no file holds too. What
merely holds no record is read: compaction leaves that. Read `segment_files` for the source, `segments.survey` for what is known.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inspector.errors import SourceError
from inspector.event import RecordBatch
from inspector.segments import resync
from inspector.segments.allowance import Allowance
from inspector.segments.columns import MOST_ROWS, add
from inspector.segments.files import SegmentFile
from inspector.segments.framing import Frame, Part
from inspector.segments.records import columns
from inspector.segments.survey import Survey, Surveyed
from inspector.sources import Absence, Batch, Isolation, Span
from inspector.sources.segment_rows import HIDDEN, describe
from inspector.sources.segment_strays import MOST_BYTES, Strays, divided, misplaced, size_of

NO_FILE = "no file holds them: compaction at the end of a segment, or a file that is missing"
CHANGED = "the files were changed while they were read"


@dataclass(slots=True)
class SpanReading:
    """Reads `span` of a surveyed partition; `batches` gives what there is."""

    survey: Survey
    span: Span
    isolation: Isolation
    stop: threading.Event
    allowance: Allowance
    strays: Strays
    read_bytes: int = 0
    """How far in the files of the partition it is, all together."""
    _reached: int = 0
    """Up to here the span is accounted for, once what has gathered is given."""
    _seen: int = 0
    """Where the last batch ended that stands where it should, also one below the span."""
    _lost: str = ""
    """Why nothing is known of what lies between `_seen` and the next such batch."""
    _records: RecordBatch = field(default_factory=RecordBatch)
    _bytes: int = 0
    _doubtful: RecordBatch = field(default_factory=RecordBatch)
    """Records that may stand at their offsets, of batches that prove nothing: these are no part of the account."""
    _doubtful_bytes: int = 0
    _notes: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        """Batches of at most 20,000 records or 16 MB, absences between them; the last one has read to the span's end."""
        self._reached = self.span.start
        for found in self._files():
            before = sum(one.stat.size_bytes for one in self.survey.files[: found.number])
            yield from self._file(found, before)
            yield from self._doubted()
            yield from self.strays.flushed(found.facts)
            if self.stop.is_set():
                yield self._flushed()
                return
            if self._is_over:
                break
        yield from self._absence(self._end, self._lost or CHANGED)
        yield self._flushed()

    @property
    def _end(self) -> int:
        return self.survey.end if self.span.end is None else self.span.end

    @property
    def _is_over(self) -> bool:
        """Whether nothing of the span can follow; behind the last batch of all there may still be damaged ones."""
        return self._reached >= self._end and self._end < self.survey.end

    @property
    def _is_within(self) -> bool:
        """Whether what comes next in the file, and says no offset that can be trusted, belongs to the span."""
        return self._seen >= self.span.start

    def _files(self) -> list[Surveyed]:
        """The files that may hold something of the span."""
        files = self.survey.files
        starts = [found.first if found.first >= 0 else found.base for found in files]
        first = max(bisect_right(starts, self.span.start) - 1, 0)
        return [found for found in files[first:] if found.first < self._end]

    # ---- one file

    def _file(self, found: Surveyed, before: int) -> Iterator[Batch]:
        start = self._enter(found)
        if found.number and found.base > self._seen and self._is_within and not self._lost:
            yield from self._absence(min(found.base, self._end), NO_FILE)
        try:
            file = SegmentFile(found.path)
        except SourceError as error:
            self._say(found, str(error))
            self._lose(found, 0, found.stat.size_bytes)
            return
        with file:
            if file.stat != found.stat:
                self._say(found, f"{found.path.name} was changed after it was checked")
            for part in resync.parts(file, start):
                yield from self._part(found, part)
                self.read_bytes = before + (part.at + part.size if isinstance(part, Frame) else part.end)
                if self.stop.is_set() or self._is_over:
                    break
            else:
                found.facts.is_whole = file.stat == found.stat and not file.changed()
            self._say(found, file.changed())

    def _enter(self, found: Surveyed) -> int:
        """Where in the file to begin: at the last known batch at or below the span's start."""
        number = bisect_right(found.entries, self.span.start, key=lambda entry: entry[0]) - 1
        if number > 0:
            self._seen, at = found.entries[number]
            return at
        below = [known.end for known in self.survey.files[: found.number] if known.end >= 0]
        self._seen = max(self._seen, max(below, default=self.survey.first))
        return 0

    def _say(self, found: Surveyed, text: str) -> None:
        if text:
            found.facts.note(text)
            self._notes.append(text)

    def _lose(self, found: Surveyed, start: int, end: int) -> None:
        if self._is_within and not self._lost:
            self._lost = f"damaged: bytes {start}–{end} of {found.facts.name}"

    def _part(self, found: Surveyed, part: Part) -> Iterator[Batch]:
        if not isinstance(part, Frame):
            if not part.is_end:
                self._lose(found, part.start, part.end)
        elif not part.is_sound or self.survey.oddness((found.number, part.at)):
            # its offsets prove nothing: its rows are shown, and what is missing is told by the batches around it
            self._lose(found, part.at, part.at + part.size)
            if self._is_within:
                yield from self._rows(found, part, is_placed=False)
        else:
            yield from self._placed(found, part)

    def _placed(self, found: Surveyed, frame: Frame) -> Iterator[Batch]:
        """A batch that stands where it should."""
        yield from self._doubted()
        low = frame.base if frame.base >= 0 else self._seen
        if frame.last >= self.span.start:
            yield from self._absence(min(low, self._end), self._lost)
            if low < self._end:
                yield from self._rows(found, frame, is_placed=True)
        self._seen, self._lost = frame.last + 1, ""

    def _rows(self, found: Surveyed, frame: Frame, *, is_placed: bool) -> Iterator[Batch]:
        above, high = self._room(found, frame, is_placed=is_placed)
        read = strays = 0
        try:
            for rows in columns(frame, self.allowance):
                describe(rows, frame, (found.number, frame.at), self.survey)
                wrong = misplaced(rows.position, above, high)
                if wrong:
                    strays += len(wrong)
                    yield from self._astray(found, frame, rows, wrong, read)
                read += len(rows)
                kept = rows.rows(sorted(set(range(len(rows))) - set(wrong))) if wrong else rows
                found.facts.count(kept)
                above = kept.position[-1] if len(kept) else above
                for part in divided(kept):
                    yield from self._add(part) if is_placed else self._doubt(part)
        except ValueError as error:
            reason = f"{frame.problem}; {error}" if frame.problem else str(error)
            found.facts.damage(frame.at, frame.at + frame.size, reason)
            if is_placed:
                lost = f"damaged: bytes {frame.at}–{frame.at + frame.size} of {found.facts.name}: {reason}"
                yield from self._absence(min(frame.last + 1, self._end), lost)
        if strays and is_placed:
            said = f"{strays:,} records say offsets that are not within the batch's {max(frame.base, 0)} to {frame.last}, or out of order"
            found.facts.damage(frame.at, frame.at + frame.size, f"{said}; they are in the log {found.facts.name}")
        if is_placed:
            self._reached = max(self._reached, min(frame.last + 1, self._end))

    def _room(self, found: Surveyed, frame: Frame, *, is_placed: bool) -> tuple[int, int]:
        """(the offset above which, the one up to which) records of a batch may stand."""
        if is_placed:
            return max(frame.base, 0) - 1, frame.last
        end = self.survey.next_low((found.number, frame.at), max(self._seen, found.base, 0))
        fits = frame.last < end and (frame.base < 0 or frame.base >= self._seen)
        return (self._seen - 1, end - 1) if fits else (0, -1)

    def _astray(self, found: Surveyed, frame: Frame, rows: RecordBatch, wrong: Sequence[int], read: int) -> Iterator[Batch]:
        """Rows of a batch, of which `read` records were read before, that cannot stand where they say."""
        found.facts.rows += len(wrong)
        found.facts.damaged += len(wrong)
        fit = [row for row in wrong if read + row < frame.size]
        if len(fit) < len(wrong):
            reason = f"{len(wrong) - len(fit):,} records more than it has bytes, at offsets where they cannot stand, are left out"
            found.facts.damage(frame.at, frame.at + frame.size, reason)
        if self.isolation is Isolation.committed:
            fit = [row for row in fit if not rows.flags.get(row, 0) & HIDDEN]
        if fit:
            yield from self.strays.take(rows.rows(fit), found.facts, frame, [read + row for row in fit])

    # ---- batches

    def _doubt(self, rows: RecordBatch) -> Iterator[Batch]:
        rows = self._kept(rows, is_placed=False)
        size = size_of(rows)
        if len(self._doubtful) and (len(self._doubtful) + len(rows) > MOST_ROWS or self._doubtful_bytes + size > MOST_BYTES):
            yield from self._doubted()
        add(self._doubtful, rows, self.span.log)
        self._doubtful_bytes += size

    def _doubted(self) -> Iterator[Batch]:
        """What is doubtful, beside the account and after what comes before it."""
        if len(self._doubtful):
            if len(self._records):
                yield self._flushed()
            yield Batch(records=self._doubtful)
            self._doubtful, self._doubtful_bytes = RecordBatch(), 0

    def _add(self, rows: RecordBatch) -> Iterator[Batch]:
        size, reached = size_of(rows), self._reached
        if rows.position:
            reached = max(reached, min(rows.position[-1] + 1, self._end))
        rows = self._kept(rows, is_placed=True)
        if len(self._records) and (len(self._records) + len(rows) > MOST_ROWS or self._bytes + size > MOST_BYTES):
            yield self._flushed()
        add(self._records, rows, self.span.log)
        self._bytes += size
        self._reached = reached

    def _kept(self, rows: RecordBatch, *, is_placed: bool) -> RecordBatch:
        """The rows of the span that the isolation lets through."""
        start, end = self.span.start, self._end
        wanted: Sequence[int] = range(len(rows))
        if is_placed and rows.position and (rows.position[0] < start or rows.position[-1] >= end):
            wanted = [row for row in wanted if start <= rows.position[row] < end]
        if self.isolation is Isolation.committed and rows.flags:
            wanted = [row for row in wanted if not rows.flags.get(row, 0) & HIDDEN]
        return rows if len(wanted) == len(rows) else rows.rows(wanted)

    def _flushed(self) -> Batch:
        """What has gathered, accounted for as far as all before it is."""
        batch = Batch(records=self._records, read_to={self.span.log: self._reached}, notes=self._notes)
        self._records, self._bytes, self._notes = RecordBatch(), 0, []
        return batch

    def _absence(self, end: int, reason: str) -> Iterator[Batch]:
        """Up to `end` nothing can be had, for that reason; without one it is read, and holds nothing."""
        start, self._reached = self._reached, max(self._reached, end)
        if reason and start < end:
            self._reached = start
            yield self._flushed()
            self._reached = end
            yield Batch(absent=[Absence(self.span.log, start, end, reason)], read_to={self.span.log: end})
