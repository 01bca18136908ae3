"""One source being read into a capture: a thread that reads, decodes, identifies and stages, and hands over what it has.

Read `ingest` for the side that writes, `capture.stage` for why there are two.
"""

from __future__ import annotations

import gc
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from inspector.capture import coverage, inputs
from inspector.capture.rereading import FirstValues, first_values
from inspector.capture.stage import Staged, Stager
from inspector.capture.writer import CaptureWriter, Progress, Reading
from inspector.errors import SourceError
from inspector.event import RecordBatch, Schema, without_ranges
from inspector.identify import Identifier, Profile
from inspector.schemas import Place, Schemas
from inspector.schemas.patient import Patient
from inspector.schemas.topic import TOPIC, SchemasTopic
from inspector.sources import UNKNOWN, Batch, LogInfo, Plan, Request, Source, Span
from inspector.sources.input_file import InputFile
from inspector.sources.spans import length, place_of, rounds

Places = Callable[[], Sequence[Place]]
"""Makes the places to ask for schemas, once for each reading thread."""
_RETRY_S = 1.0
TICK_S = 0.25
"""How long the two sides wait for each other before they look whether they should end."""


@dataclass(slots=True)
class Message:
    """What a reading thread hands to the writing one."""

    feed: Feed
    staged: Staged | None = None
    progress: Progress | None = None
    opened: list[tuple[LogInfo, Span]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    state: str = ""
    error: BaseException | None = None
    finished: bool = False
    inputs: list[InputFile] = field(default_factory=list)
    read_bytes: int | None = None


class Feed:
    """One source being read: its thread, and where each of its logs stands in the capture."""

    def __init__(self, number: int, source: Source, request: Request, plan: Plan, profile: Profile | None, places: Places = tuple) -> None:
        self.number = number
        self.source = source
        self.request = request
        self.plan = plan
        self.profile = profile
        self.places = places
        self.known: list[Schema] = []
        """The schemas that the capture holds of this source."""
        self.known_inputs: frozenset[str] = frozenset()
        """SHA-256 of the files that the capture holds whole."""
        self.first_values: dict[str, FirstValues] = {}
        """By log, the first values that the capture holds of it, with their headers."""
        self.log_ids: list[int] = []
        self.reading: Reading | None = None
        self.reached: dict[int, int] = {}
        self.stopped = ""
        self.is_cut = False
        """Whether a log went away before all that was asked of it was read."""
        self.rounds: list[list[Span]] = []
        """What is read one after the other."""
        self._topic = SchemasTopic()
        self.latest_us: dict[Span, int | None] = {}
        """The newest time below each span, in its log, as far as it is stored: what comes with an older one is late."""
        self.abandoned = threading.Event()
        self._starts: dict[int, list[Span]] = {}
        self._current: dict[int, Span] = {}
        self._outbox: queue.Queue[Message]
        self._stop: threading.Event
        self._limiter: RateLimiter

    # ---- before it is read

    def register(self, writer: CaptureWriter, filter_text: str | None, settings: Mapping[str, Any]) -> list[str]:
        """Notes the source, its logs and what is asked, and takes off the plan what the capture has; gives what the user should know."""
        plan, isolation, ranges = self.plan, str(self.request.isolation), self.request.ranges
        source_id = writer.add_source(self.source.info())
        self.known = list(writer.schemas(source_id).values())
        self.known_inputs = inputs.whole(writer.select)
        names = {info.key.name for info in plan.logs}
        self.first_values = {name: first_values(writer.select, source_id, name) for name in names}
        self.log_ids = [self.add_log(writer, source_id, info) for info in plan.logs]
        named = zip(self.log_ids, plan.logs, plan.asked, strict=True)
        asked = {log_id: range_ for log_id, info, range_ in named if not ranges or place_of(info) in ranges}
        said = {**settings, "isolation": isolation, "filter": filter_text}
        self.reading = writer.begin(source_id, asked, isolation=isolation, filter_text=filter_text, settings=said)
        wanted = sum(length(span) for span in plan.spans)
        plan.spans = [part for span in plan.spans for part in self._left(writer, span, filter_text)]
        spared = wanted - sum(length(span) for span in plan.spans)
        schemas, others = self._schemas_apart(plan)
        self.rounds = [*([schemas] if schemas else []), *(rounds(others) if self.request.newest_first else [others])]
        self.latest_us = {span: writer.latest_us(self.log_ids[span.log], span.start) for spans in self.rounds for span in spans}
        return [*plan.notes, *([f"{spared:,} positions are in the capture already and are not read again"] if spared else [])]

    def add_log(self, writer: CaptureWriter, source_id: int, info: LogInfo) -> int:
        """Notes a log with what its descriptor asks for, and with the reducer that the profile names for a later replay."""
        name = info.key.name
        rules = dict(self.plan.rules.get(name) or {})
        said = self.profile.of(name) if self.profile else None
        if said is not None and said.reducer is not None:
            rules["reducer"] = said.reducer
        return writer.add_log(source_id, info, decoder=self.plan.decoder.get(name), rules=rules or None)

    def _left(self, writer: CaptureWriter, span: Span, filter_text: str | None) -> list[Span]:
        """The parts of `span` that the capture does not have under the same isolation and filter."""
        segments, isolation = writer.segments(self.log_ids[span.log]), str(self.request.isolation)
        had = coverage.already_scanned(segments, isolation, filter_text) if filter_text else coverage.already_read(segments, isolation)
        return [Span(span.log, start, end) for start, end in without_ranges(span.start, span.end, had)]

    @staticmethod
    def _schemas_apart(plan: Plan) -> tuple[list[Span], list[Span]]:
        """What the schemas' own topic holds by now, which is read before all else, and the rest."""
        first: list[Span] = []
        others: list[Span] = []
        for span in plan.spans:
            info = plan.logs[span.log]
            end = info.end if span.end is None and info.end != UNKNOWN else span.end
            if info.key.name != TOPIC or end is None or end <= span.start:
                others.append(span)
                continue
            first.append(Span(span.log, span.start, end))
            if span.end is None:
                others.append(Span(span.log, end, None))
        return (first, others) if others else ([], first)

    # ---- reading

    def start(self, executor: ThreadPoolExecutor, outbox: queue.Queue[Message], stop: threading.Event, limiter: RateLimiter) -> None:
        """Reads in a thread of `executor` until done or `stop`, handing over to `outbox`; the last message says how it ended."""
        self._outbox, self._stop, self._limiter = outbox, stop, limiter
        executor.submit(self._read_and_tell)

    def _read_and_tell(self) -> None:
        """The last message comes from the reading thread, as all others do: whoever starts it may not take messages yet."""
        try:
            self._read()
        finally:
            self._send(Message(self, error=sys.exception(), finished=True))

    def _read(self) -> None:
        # batches are large lists of plain values without cycles: letting the collector walk them costs a tenth of the time
        gc.freeze()
        gc.set_threshold(200_000, 50, 50)
        book = Schemas([place if place.is_final else Patient(place, self._stop) for place in self.places()], self.known)
        identifier = Identifier(profile=self.profile, decoders=self.plan.decoder, rules=self.plan.rules, schemas=book)
        for name, (values, headers) in self.first_values.items():
            identifier.remember(name, values, headers)
        stager = Stager()
        try:
            for spans in self.rounds:
                self._read_round(spans, identifier, stager)
        finally:
            stager.close()
            book.close()

    def _read_round(self, spans: list[Span], identifier: Identifier, stager: Stager) -> None:
        """Reads one round; when the source is away before any of it came, waits for the source, as inside a round."""
        while not self._stop.is_set():
            try:
                self._read_spans(spans, identifier, stager)
            except SourceError as error:
                if not error.retry or self.reached or spans is self.rounds[0]:
                    raise
                self._send(Message(self, state=f"reconnecting: {error}"))
                self._stop.wait(_RETRY_S)
            else:
                return

    def _read_spans(self, spans: list[Span], identifier: Identifier, stager: Stager) -> None:
        self._starts, self.reached, self._current = {}, {}, {}
        for span in sorted(spans, key=lambda span: span.start):
            self._starts.setdefault(span.log, []).append(span)
        # what has an end is read to there, and the next round begins
        follow = self.request.follow and any(span.end is None for span in spans)
        request = replace(
            self.request, follow=follow, is_sifted=lambda place: self._is_sifted(place, identifier), known_inputs=self.known_inputs
        )
        for batch in self.source.read(replace(self.plan, spans=spans), request, self._stop):
            for info, span in batch.opened:
                # a source that keeps the plan itself has put it there just now
                if info not in self.plan.logs[-len(batch.opened) :] and info not in self.plan.logs:
                    self.plan.logs.append(info)
                self._starts.setdefault(span.log, []).append(span)
            self.is_cut |= bool(batch.closed) and not self.request.follow
            read = 0
            for part in _before_and_after(batch):
                message = self._message(identifier, stager, part)
                read += 0 if message.progress is None else sum(end - start for start, end in message.progress.read.values())
                self._send(message)
            # a sieve leaves out what was read all the same
            self._limiter.wait(len(batch.records) if self.request.sieve is None else read, self._stop)

    def _is_sifted(self, place: int, identifier: Identifier) -> bool:
        """Whether a sieve may hold back records of a log: not while these still decide how others are decoded."""
        name = self.plan.logs[place].key.name
        return name != TOPIC and identifier.is_settled(name)

    def _message(self, identifier: Identifier, stager: Stager, batch: Batch) -> Message:
        progress = Progress(
            read=self._stretches(batch),
            runs={place: runs for place, runs in (batch.accounted or {}).items() if runs},
            absent=[(absence.log, absence.start, absence.end, absence.reason) for absence in batch.absent],
            first=batch.first,
            end=batch.end,
            claims=batch.claims,
            samples=batch.samples,
            changes=batch.changes,
            decided=batch.decided,
        )
        staged = None
        if len(batch.records):
            self._take_latest(batch, stager)
            self._learn(batch.records, identifier.schemas)
            events = identifier.events(batch.records, self.plan.logs)
            staged = stager.stage(events)
        message = Message(self, staged, progress, list(batch.opened), list(batch.notes), batch.state)
        message.inputs, message.read_bytes = list(batch.inputs), batch.read_bytes
        return message

    def _learn(self, records: RecordBatch, book: Schemas) -> None:
        """The schemas that a registry's own topic brings are known before the batch is decoded."""
        places = {place for place in set(records.log) if self.plan.logs[place].key.name == TOPIC}
        if places:
            found = zip(records.log, records.key, records.value, strict=True)
            book.add_new(self._topic.learn((key, value) for place, key, value in found if place in places))

    def _take_latest(self, batch: Batch, stager: Stager) -> None:
        """Where a log goes on in another span, what is late is told by what lies below that span."""
        for place, position in dict(zip(reversed(batch.records.log), reversed(batch.records.position), strict=True)).items():
            spans = [span for span in self._starts.get(place, []) if span.start <= position]
            if spans and self._current.get(place) != spans[-1]:
                self._current[place] = spans[-1]
                newest = self.latest_us.get(spans[-1])
                if newest is None:
                    stager.latest_us.pop(place, None)
                else:
                    stager.latest_us[place] = newest

    def _stretches(self, batch: Batch) -> dict[int, tuple[int, int]]:
        """The stretch of each log that this batch accounts for, never across positions that no span asked for."""
        if batch.accounted is not None:
            return {place: (runs[0][0], runs[-1][1]) for place, runs in batch.accounted.items() if runs}
        stretches = {}
        for place, position in batch.read_to.items():
            spans = [span for span in self._starts.get(place, []) if span.start <= position]
            if not spans:
                continue
            current = spans[-1]
            start = max(self.reached.get(place, current.start), current.start)
            for absence in batch.absent:
                if absence.log == place and absence.start <= start < absence.end:
                    start = absence.end
            end = position if current.end is None else min(position, current.end)
            if start < end:
                stretches[place] = (start, end)
            self.reached[place] = max(position, self.reached.get(place, position))
        return stretches

    def _send(self, message: Message) -> None:
        """Waits for room; gives up when the writing side has gone."""
        while not self.abandoned.is_set():
            try:
                self._outbox.put(message, timeout=TICK_S)
            except queue.Full:
                continue
            return


def _before_and_after(batch: Batch) -> Sequence[Batch]:
    """A batch that tells of an absence as two: what was read before it, then the absence and what follows."""
    if not batch.absent or not len(batch.records):
        return [batch]
    gone = {absence.log: absence.start for absence in reversed(batch.absent)}
    read_to = {log: min(to, gone.get(log, to)) for log, to in batch.read_to.items()}
    before = Batch(records=batch.records, read_to=read_to, decided=None if batch.decided is None else [], accounted=batch.accounted)
    return [before, replace(batch, records=RecordBatch(), accounted=None if batch.accounted is None else {})]


class RateLimiter:
    """Lets at most `rate` records a second pass, shared by all reading threads."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._due_s = time.monotonic()

    def wait(self, records: int, stop: threading.Event) -> None:
        """Waits until `records` more may pass, or `stop` is set."""
        if not self._rate or not records:
            return
        with self._lock:
            self._due_s = max(self._due_s, time.monotonic()) + records / self._rate
            due = self._due_s
        stop.wait(max(0.0, due - time.monotonic()))
