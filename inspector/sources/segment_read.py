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

NO_FILE = "no file holds them: compaction at the end of a segment, or a file that is missing"
CHANGED = "the files were changed while they were read"
MOST_BYTES = 16 * 1024 * 1024
_ROW_BYTES = 64


@dataclass(slots=True)
class SpanReading:
    """Reads `span` of a surveyed partition; `batches` gives what there is."""

    survey: Survey
    span: Span
    isolation: Isolation
    stop: threading.Event
    allowance: Allowance
    _reached: int = 0
    """Up to here the span is accounted for, once what has gathered is given."""
    _seen: int = 0
    """Where the last batch ended that stands where it should, also one below the span."""
    _lost: str = ""
    """Why nothing is known of what lies between `_seen` and the next such batch."""
    _records: RecordBatch = field(default_factory=RecordBatch)
    _bytes: int = 0
    _notes: list[str] = field(default_factory=list)

    def batches(self) -> Iterator[Batch]:
        """Batches of at most 20,000 records or 16 MB, absences between them; the last one has read to the span's end."""
        self._reached = self.span.start
        for found in self._files():
            yield from self._file(found)
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

    def _file(self, found: Surveyed) -> Iterator[Batch]:
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
        elif not part.is_sound or (found.number, part.at) in self.survey.odd:
            # its offsets prove nothing: its rows are shown where it lies, and what is missing is told by the batches around it
            self._lose(found, part.at, part.at + part.size)
            if self._is_within:
                yield from self._rows(found, part, is_placed=False)
        else:
            yield from self._placed(found, part)

    def _placed(self, found: Surveyed, frame: Frame) -> Iterator[Batch]:
        """A batch that stands where it should."""
        low = frame.base if frame.base >= 0 else self._seen
        if frame.last >= self.span.start:
            yield from self._absence(min(low, self._end), self._lost)
            if low < self._end:
                yield from self._rows(found, frame, is_placed=True)
        self._seen, self._lost = frame.last + 1, ""

    def _rows(self, found: Surveyed, frame: Frame, *, is_placed: bool) -> Iterator[Batch]:
        try:
            for rows in columns(frame, self.allowance):
                describe(rows, frame, (found.number, frame.at), self.survey)
                found.facts.rows += len(rows)
                for part in _parts(rows):
                    yield from self._add(part, is_placed=is_placed)
        except ValueError as error:
            reason = f"{frame.problem}; {error}" if frame.problem else str(error)
            found.facts.damage(frame.at, frame.at + frame.size, reason)
            if is_placed:
                lost = f"damaged: bytes {frame.at}–{frame.at + frame.size} of {found.facts.name}: {reason}"
                yield from self._absence(min(frame.last + 1, self._end), lost)
        if is_placed:
            self._reached = max(self._reached, min(frame.last + 1, self._end))

    # ---- batches

    def _add(self, rows: RecordBatch, *, is_placed: bool) -> Iterator[Batch]:
        size, reached = size_of(rows), self._reached
        if is_placed and rows.position:
            reached = max(reached, min(rows.position[-1] + 1, self._end))
        rows = self._kept(rows, is_placed=is_placed)
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


def size_of(rows: RecordBatch) -> int:
    """About how many bytes the rows take."""
    sizes = (sum(map(len, filter(None, column))) for column in (rows.key, rows.value))
    return _ROW_BYTES * len(rows) + sum(sizes) + sum(map(len, filter(None, rows.headers)))


def _parts(rows: RecordBatch) -> Iterator[RecordBatch]:
    """The rows in parts of at most 16 MB, and at least one row."""
    if size_of(rows) <= MOST_BYTES:
        yield rows
        return
    first = total = 0
    for row, (key, value, headers) in enumerate(zip(rows.key, rows.value, rows.headers, strict=True)):
        size = _ROW_BYTES + len(key or b"") + len(value or b"") + len(headers or "")
        if row > first and total + size > MOST_BYTES:
            yield rows.rows(range(first, row))
            first, total = row, 0
        total += size
    yield rows.rows(range(first, len(rows)))
