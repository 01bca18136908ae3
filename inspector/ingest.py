"""The only path in: from sources through decoding and identity into a capture, with limits, filter and progress.

One thread per source reads (`feed`); the calling thread writes (see `capture.stage` for why). Knows no
kind of source and prints nothing. Read `capture.writer` for what is stored, `cli.capture` for who calls this.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from inspector.capture.ring import keep_within
from inspector.capture.schemas import waiting
from inspector.capture.stage import Staged
from inspector.capture.writer import DEFAULT_FLOOR_BYTES, Appended, CaptureWriter, Progress, StagedCondition
from inspector.errors import EventscopeError, ExitStatus, SourceError, StorageError
from inspector.feed import TICK_S, Feed, Message, Places, RateLimiter
from inspector.identify import Profile
from inspector.ingest_status import Listener, Outcome, Status
from inspector.sources import LogInfo, Request, Source, Span
from inspector.sources.input_file import InputFile
from inspector.sources.spans import length, narrowed

__all__ = ["FINISHING", "Keep", "Listener", "Options", "Outcome", "Status", "run"]
log = logging.getLogger(__name__)

FINISHING = "finishing"
"""The state said once everything is stored and only the file is still to be closed: readers should let go of it now."""
_QUEUED_BATCHES = 2
_KEEP_EVERY_S = 1.0
_PULSE_S = 1.0

REACHED_END = "reached the pinned end"
GONE = "the rest is gone: its log was deleted"
CANCELLED = "cancelled"
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Keep:
    """A capture as a ring: at most so many seconds or bytes back; one of the two is set."""

    seconds: float | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for the whole capture, whatever the sources."""

    limit: int | None = None
    max_bytes: int | None = None
    max_rate: float | None = None
    """Records a second, over all sources."""
    keep: Keep | None = None
    with_values: bool = True
    floor_bytes: int = DEFAULT_FLOOR_BYTES
    profile: Profile | None = None
    places: Places = tuple
    """Where schemas are looked for that the capture has not."""
    filter_text: str | None = None
    condition: StagedCondition | None = None
    """The capture filter as SQL over the staged batch (see `query.staged`)."""
    masks: str = ""
    """What is hidden of the capture wherever it is opened: the TOML of `inspector.masks`; empty leaves it as it is."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Noted with the run; holds no secret."""


def run(
    sources: Sequence[tuple[Source, Request]],
    path: Path,
    *,
    options: Options | None = None,
    listener: Listener | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Reads every source into the capture at `path` until each is done or `stop` is set.

    A source that fails is told to the listener and the others go on. Raises CaptureError, CaptureInUseError and
    StorageError for the file, UsageError for a request that means nothing, SourceError when a source cannot even be
    pinned. The file is valid and says the truth whichever way this ends.
    """
    options, listener, stop = options or Options(), listener or Listener(), stop or threading.Event()
    plans = [(source, request, narrowed(source.pin(request), request.ranges)) for source, request in sources]
    with CaptureWriter(path, with_values=options.with_values, floor_bytes=options.floor_bytes) as writer:
        if options.masks:
            writer.note_setting("masks", options.masks)
        feeds = [Feed(number, *planned, options.profile, options.places) for number, planned in enumerate(plans)]
        for feed in feeds:
            _register(writer, feed, options, listener)
        listener.started()
        outcome = _Session(writer, feeds, options, listener, stop).run()
        outcome.missing = waiting(lambda sql, bound: writer.select(sql, bound).fetchall())
        listener.state_changed(FINISHING)
        return outcome


def _register(writer: CaptureWriter, feed: Feed, options: Options, listener: Listener) -> None:
    for note in feed.register(writer, options.filter_text, options.settings):
        listener.noted(note)


class _Session:
    """The writing side of one capture: takes messages until every feed is done."""

    def __init__(self, writer: CaptureWriter, feeds: Sequence[Feed], options: Options, listener: Listener, stop: threading.Event) -> None:
        self._writer = writer
        self._feeds = feeds
        self._options = options
        self._listener = listener
        self._asked_to_stop = stop
        self._halt = threading.Event()
        self._inbox: queue.Queue[Message] = queue.Queue(_QUEUED_BATCHES * max(1, len(feeds)))
        wanted = [span for feed in feeds for span in feed.plan.spans]
        follows = any(span.end is None for span in wanted)
        totals = [feed.plan.total_bytes for feed in feeds if feed.plan.total_bytes is not None]
        no_end = follows or bool(totals)
        self._status = Status(events=writer.events(), wanted=None if no_end else sum(map(length, wanted)))
        self._status.total_bytes = sum(totals) if totals else None
        self._read_bytes: dict[int, int] = {}
        self._inputs: dict[tuple[str, str], InputFile] = {}
        self._full = False
        self._exit = ExitStatus.OK
        self._kept_s = self._rated_s = 0.0
        self._rates: list[tuple[float, int]] = []

    def run(self) -> Outcome:
        """Starts every feed, stores what they give and notes why each ended."""
        limiter = RateLimiter(self._options.max_rate)
        with ThreadPoolExecutor(max(1, len(self._feeds)), thread_name_prefix="read") as executor:
            for feed in self._feeds:
                feed.start(executor, self._inbox, self._halt, limiter)
            try:
                self._take_all()
            except BaseException as error:
                self._give_up(error)
                raise
        self._end_runs()
        if self._asked_to_stop.is_set() and self._exit is ExitStatus.OK and not self._full:
            self._exit = ExitStatus.STOPPED
        return Outcome([feed.stopped for feed in self._feeds], self._status, self._exit, inputs=list(self._inputs.values()))

    def _take_all(self) -> None:
        running = set(self._feeds)
        while running:
            if self._asked_to_stop.is_set():
                self._halt.set()
            try:
                message = self._inbox.get(timeout=TICK_S)
            except queue.Empty:
                self._pulse()
                continue
            self._take(message)
            if message.finished:
                running.discard(message.feed)
                message.feed.stopped = self._why(message)

    def _pulse(self) -> None:
        """Nothing came: says so once in a while, so that the rate falls and whoever watches knows that we live."""
        if time.monotonic() - self._rated_s >= _PULSE_S:
            self._rate()
            self._listener.progressed(self._status)

    def _give_up(self, error: BaseException) -> None:
        """Storing failed: lets the reading threads end, and notes why if the disk still takes it."""
        self._halt.set()
        for feed in self._feeds:
            feed.abandoned.set()
            feed.stopped = feed.stopped or (CANCELLED if isinstance(error, KeyboardInterrupt) else f"error: {error}")
        self._end_runs(quiet=True)

    def _why(self, message: Message) -> str:
        if message.error is not None:
            return f"error: {message.error}"
        if self._full:
            return LIMIT
        if self._halt.is_set():
            return CANCELLED
        return GONE if message.feed.is_cut else REACHED_END

    def _end_runs(self, *, quiet: bool = False) -> None:
        for feed in self._feeds:
            assert feed.reading is not None
            try:
                for spans in feed.rounds:
                    for span in spans:
                        if span.end is not None:
                            self._writer.mark_late_above(feed.log_ids[span.log], span.start, span.end)
                self._writer.end(feed.reading, feed.stopped)
            except (apsw.Error, StorageError):
                if not quiet:
                    raise
                log.info("could not note why the capture stopped")

    def _take(self, message: Message) -> None:
        if isinstance(message.error, EventscopeError):
            self._exit = ExitStatus.SOURCE if isinstance(message.error, SourceError) else message.error.exit_status
            self._listener.failed(message.error)
        elif message.error is not None:
            raise message.error
        for note in message.notes:
            self._listener.noted(note)
        if message.state:
            self._listener.state_changed(message.state)
        if message.read_bytes is not None:
            self._read_bytes[message.feed.number] = message.read_bytes
            self._status.read_bytes = sum(self._read_bytes.values())
        if message.progress is not None and not self._full:
            self._store(message, message.progress)
            self._note_inputs(message)
        elif message.progress is not None:
            self._decide(message.feed, message.progress)
        self._keep()

    def _store(self, message: Message, progress: Progress) -> None:
        feed, options, status = message.feed, self._options, self._status
        assert feed.reading is not None
        self._open_logs(feed, message.opened)
        appended = self._writer.append(
            feed.reading,
            feed.log_ids,
            message.staged,
            progress,
            rows_left=None if options.limit is None else options.limit - status.stored,
            bytes_left=None if options.max_bytes is None else options.max_bytes - status.bytes,
            condition=options.condition,
        )
        if appended.full:
            self._full = True
            self._halt.set()
        self._count(feed, message.staged, progress, appended)
        self._listener.progressed(status)

    def _note_inputs(self, message: Message) -> None:
        """What is known of files, after the rows that came of them: one that is whole is so in the capture too."""
        assert message.feed.reading is not None
        for one in message.inputs:
            self._writer.note_input(message.feed.reading, one)
            self._inputs[one.name, one.path] = one

    def _decide(self, feed: Feed, progress: Progress) -> None:
        """After the limit nothing more is stored, but what is known of what was stored is."""
        assert feed.reading is not None
        known = Progress(changes=progress.changes, decided=progress.decided, claims=progress.claims, samples=progress.samples)
        if known.changes or known.decided or known.claims or known.samples:
            self._writer.append(feed.reading, feed.log_ids, None, known)

    def _open_logs(self, feed: Feed, opened: Sequence[tuple[LogInfo, Span]]) -> None:
        if not opened:
            return
        assert feed.reading is not None
        asked = {}
        for info, span in opened:
            log_id = feed.add_log(self._writer, feed.reading.source_id, info)
            feed.log_ids.append(log_id)
            asked[log_id] = (span.start, span.end)
        self._writer.ask_more(feed.reading, asked)

    def _count(self, feed: Feed, staged: Staged | None, progress: Progress, appended: Appended) -> None:
        status = self._status
        status.stored += appended.stored
        status.events += appended.stored
        status.bytes += appended.bytes
        status.duplicates += appended.duplicates
        status.conflicts += appended.conflicts
        status.undecodable += appended.undecodable
        for place, (start, reached) in appended.read.items():
            status.covered += max(0, reached - start)
            key = feed.plan.logs[place].key
            end = progress.end.get(place, feed.plan.logs[place].end)
            status.read[feed.number, key.name, key.partition] = (reached, end)
        self._rate()

    def _rate(self) -> None:
        """Events a second over the last two seconds."""
        status, now = self._status, time.monotonic()
        self._rated_s = now
        self._rates = [*[(at, count) for at, count in self._rates if now - at < 2][-200:], (now, status.stored)]
        first_at, first_count = self._rates[0]
        status.rate_per_s = (status.stored - first_count) / max(now - first_at, 0.001) if len(self._rates) > 1 else 0.0

    def _keep(self) -> None:
        """Removes the oldest events and samples beyond the keep limit, in blocks."""
        keep, now = self._options.keep, time.monotonic()
        if keep is None or now - self._kept_s < _KEEP_EVERY_S:
            return
        self._kept_s = now
        removed = 0
        if keep.seconds is not None:
            before_us = time.time_ns() // 1000 - int(keep.seconds * 1e6)
            removed = self._writer.remove_oldest(self._writer.oldest_before(before_us), before_us=before_us)
        elif keep.size_bytes is not None:
            removed = keep_within(self._writer, keep.size_bytes)
        self._status.events -= removed
