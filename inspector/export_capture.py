"""Export into a capture: the events that a reader gives, with the account of what was read, as a capture of its own.

What the reader hides is not in it, neither in its documents nor in its bytes. Read `export` for other forms, `capture.saving` for a
whole copy with everything as it was stored.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path

from inspector.capture import samples
from inspector.capture.asking import EventQuery
from inspector.capture.claims import partial_consumers
from inspector.capture.condition import Condition
from inspector.capture.coverage import NOT_FETCHED
from inspector.capture.damage import damage_is_said
from inspector.capture.disk import NOTHING_IS_LEFT, storage_errors
from inspector.capture.masked import rules_of
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, asked_ranges, log_reports
from inspector.capture.rows import Event
from inspector.capture.schemas import stored_schemas
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress, Reading
from inspector.errors import UsageError
from inspector.event import EventBatch, LogKey, RecordBatch, Schema, StreamRef
from inspector.export import Exported, check_place
from inspector.query.bounds import time_bounds, whole
from inspector.schemas.framing import frame_of
from inspector.sources import LogInfo, SourceInfo

_BATCH = 5_000
_AROUND_US = 10_000_000
"""Consumers are looked at every five seconds: what is measured so far before and after an event still says how it was then."""
_SIDE_FILES = ("", "-journal", "-wal", "-shm", "-lock")


def export_capture(
    reader: CaptureReader,
    out: Path,
    *,
    condition: Condition | None = None,
    filter_text: str = "",
    replace: bool = False,
    progress: Callable[[int, int], None] = lambda events, size_bytes: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Exported:
    """Writes the events that fulfil a condition to a capture at `out`; where one was asked for, coverage is `scanned`, never `read`.

    Raises UsageError when `out` is there and `replace` is not set, or for two lives of one log; StorageError, CaptureError.
    Nothing is left then.
    """
    check_place(out, replace=replace)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with storage_errors(out, NOTHING_IS_LEFT):
            with CaptureWriter(part, with_values=_has_values(reader)) as writer:
                copying = _Copying(reader, writer, condition, filter_text, progress, is_stopped)
                copying.run()
                if reader.masks is None and (rules := rules_of(reader)):
                    writer.note_setting("masks", rules)
            done = Exported(copying.events, part.stat().st_size, not copying.is_stopped())
            if done.is_whole:
                part.replace(out)
        return done
    finally:
        for suffix in _SIDE_FILES:
            with contextlib.suppress(OSError):
                part.with_name(part.name + suffix).unlink()


class _Copying:
    """One export: stretch after stretch of every log, in the order of their positions."""

    def __init__(
        self,
        reader: CaptureReader,
        writer: CaptureWriter,
        condition: Condition | None,
        filter_text: str,
        progress: Callable[[int, int], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._reader, self._writer, self._condition, self._filter_text = reader, writer, condition, filter_text
        self._progress, self.is_stopped = progress, is_stopped
        self._readings: dict[tuple[int, str, str], Reading] = {}
        self._schemas = stored_schemas(reader.select)
        self._of_source: dict[int, list[Schema]] = {}
        self._span_us: tuple[int, int] | None = None
        """`[from, until)` of the events that were copied, with a little around them."""
        self.events = 0

    def run(self) -> None:
        """Copies everything, or until it is stopped."""
        reports = log_reports(self._reader)
        lives = [(report.source_id, report.log, report.partition) for report in reports]
        if len(set(lives)) < len(lives):
            raise UsageError("this capture has two lives of one log, which only a whole copy keeps apart: use eventscope save")
        sources = {number: self._writer.add_source(info) for number, info in _sources(self._reader)}
        asked = asked_ranges(self._reader)
        for report in reports:
            key = LogKey(report.log, report.partition, report.incarnation)
            log_id = self._writer.add_log(sources[report.source_id], LogInfo(key, report.first or 0, report.end or 0))
            stager = Stager()
            with contextlib.closing(stager):
                for segment in report.coverage:
                    if not self.is_stopped():
                        self._copy(report, sources[report.source_id], log_id, asked.get(report.id, []), segment, stager)
        self._copy_samples(sources)
        for reading in self._readings.values():
            self._writer.end(reading, "cancelled" if self.is_stopped() else "end")

    def _copy(
        self,
        report: LogReport,
        source_id: int,
        log_id: int,
        asked: Sequence[tuple[int, int | None]],
        segment: Mapping[str, object],
        stager: Stager,
    ) -> None:
        start, end, state = int(str(segment["from"])), int(str(segment["to"])), str(segment["state"])
        if state == "absent" and segment["reason"] == NOT_FETCHED:
            return
        filters = [text for text in (segment.get("filter"), self._filter_text) if text]
        reading = self._reading(source_id, log_id, asked, " && ".join(f"({text})" for text in filters), str(segment.get("isolation") or ""))
        if state == "absent":
            self._writer.append(reading, [log_id], None, Progress(absent=[(0, start, end, str(segment["reason"] or ""))]))
            return
        query = EventQuery("log", False, None, report.log, report.partition, None, None, start, end, None, self._condition)
        for events in _batches(self._reader.events(query)):
            upto = events[-1].position + 1
            batch = _batch(events, self._schemas)
            batch.key_schemas = self._key_schemas(report.source_id, events)
            self._writer.append(reading, [log_id], stager.stage(batch), Progress(read={0: (start, upto)}))
            start = upto
            self.events += len(events)
            self._reach(events)
            self._progress(self.events, self._writer.size_bytes())
            if self.is_stopped():
                return
        self._writer.append(reading, [log_id], None, Progress(read={0: (start, end)}))

    def _copy_samples(self, sources: Mapping[int, int]) -> None:
        """What was measured of consumers in the times that the filter keeps to, else while the events happened; without a filter, all."""
        asked = time_bounds(self._filter_text)
        if self._condition is not None and self._span_us is None and asked == (None, None):
            return
        span = None if self._condition is None else self._span_us if asked == (None, None) else whole(asked)
        measured = samples.stored(self._reader, span)
        consumers = partial_consumers(self._reader)
        for number, group in groupby(measured, key=lambda one: one[0]):
            if number not in sources:
                continue
            reading = self._some_reading(sources[number])
            of_one = [claim for source_id, claim in consumers if source_id == number]
            self._writer.append(reading, [], None, Progress(claims=of_one))
            while not self.is_stopped() and (batch := [one for _, one in islice(group, _BATCH)]):
                self._writer.append(reading, [], None, Progress(samples=batch))

    def _some_reading(self, source_id: int) -> Reading:
        begun = (one for (number, _, _), one in self._readings.items() if number == source_id)
        return next(begun, None) or self._reading(source_id, 0, (), self._filter_text, "")

    def _key_schemas(self, source_id: int, events: Sequence[Event]) -> frozenset[Schema]:
        """The schemas that keys of these events name: no column of an event does."""
        named = {frame.wire for event in events if event.key and (frame := frame_of(event.key, event.headers, "key"))}
        if not named:
            return frozenset()
        if source_id not in self._of_source:
            self._of_source[source_id] = list(stored_schemas(self._reader.select, source_id).values())
        return frozenset(schema for schema in self._of_source[source_id] if schema.wire in named and schema.text is not None)

    def _reach(self, events: Sequence[Event]) -> None:
        times = [event.time_us for event in events if event.time_us is not None]
        if times:
            first, end = self._span_us or (times[0], times[0])
            self._span_us = min(first, min(times) - _AROUND_US), max(end, max(times) + _AROUND_US)

    def _reading(self, source_id: int, log_id: int, asked: Sequence[tuple[int, int | None]], text: str, isolation: str) -> Reading:
        key = source_id, isolation, text
        if key not in self._readings:
            settings = {"command": "export", "filter": text}
            self._readings[key] = self._writer.begin(source_id, {}, isolation=isolation, filter_text=text or None, settings=settings)
        reading = self._readings[key]
        if asked:
            ends = [high for _, high in asked]
            high = None if None in ends else max(end for end in ends if end is not None)
            self._writer.ask_more(reading, {log_id: (min(low for low, _ in asked), high)})
        return reading


@damage_is_said
def _has_values(reader: CaptureReader) -> bool:
    ((settings,),) = reader.select("SELECT settings FROM capture LIMIT 1")
    return bool(json.loads(settings or "{}").get("values", True))


@damage_is_said
def _sources(reader: CaptureReader) -> list[tuple[int, SourceInfo]]:
    rows = reader.select("SELECT id, kind, uri, cluster_id, attributes FROM source ORDER BY id")
    return [
        (int(number), SourceInfo(str(kind), str(uri), str(cluster_id or ""), json.loads(attributes or "{}")))
        for number, kind, uri, cluster_id, attributes in rows
    ]


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    waiting = iter(events)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _batch(events: Sequence[Event], schemas: Mapping[int, Schema]) -> EventBatch:
    records = RecordBatch(
        log=[0] * len(events),
        position=[event.position for event in events],
        time_us=[event.recorded_us for event in events],
        time_kind=[event.recorded_kind for event in events],
        key=[event.key for event in events],
        value=[event.value for event in events],
        headers=[event.headers for event in events],
    )
    return EventBatch(
        records=records,
        decoder=[event.decoder for event in events],
        data=[event.data for event in events],
        error=[event.error for event in events],
        flags=[event.flags for event in events],
        time_us=[event.time_us for event in events],
        time_kind=[event.time_kind for event in events],
        type=[event.type for event in events],
        version=[event.version for event in events],
        event_id=[event.event_id for event in events],
        schema=[schemas.get(event.schema_ref or 0) for event in events],
        schema_version=[event.schema_version for event in events],
        correlation_id=[event.correlation_id for event in events],
        causation_id=[event.causation_id for event in events],
        actor=[event.actor for event in events],
        metadata=[event.metadata for event in events],
        extra=[event.extra for event in events],
        streams=[_streams(event) for event in events],
    )


def _streams(event: Event) -> Sequence[StreamRef]:
    return () if event.stream is None else (StreamRef(event.category or "", event.stream, event.version),)
