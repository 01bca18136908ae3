"""Captures written for tests of replay, by the real writer, without sources or decoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import FROM_VALUE, EventBatch, Flag, LogKey, RecordBatch, StreamRef, TimeKind
from inspector.sources import LogInfo, SourceInfo

SECOND_US = 1_000_000
KAFKA = SourceInfo("kafka", "kafka://localhost:9092", "cluster-1")
STORE = SourceInfo("sqlite", "sqlite:///shop.db", "store-1")


@dataclass(frozen=True, slots=True)
class Written:
    """One event to be written; `data` is its JSON text, None a tombstone."""

    position: int
    data: str | None
    stream: str = "order-1"
    version: int | None = None
    time_us: int | None = None
    type: str = "Changed"
    flags: int = 0
    event_id: str | None = None
    actor: str | None = None
    category: str | None = None
    is_document: bool = True
    """False: the value is text of which no document was made."""
    headers: str | None = None
    """JSON text, as in `RecordBatch`."""
    metadata: str | None = None
    correlation_id: str | None = None
    recorded_us: int | None = None
    """When it was recorded; None: at its time."""
    is_recorded: bool = True
    """False: nothing says when it was recorded."""

    @property
    def record_us(self) -> int | None:
        """The time of its record."""
        own = self.time_us if self.time_us is not None else self.position * SECOND_US
        return (own if self.recorded_us is None else self.recorded_us) if self.is_recorded else None


@dataclass(frozen=True, slots=True)
class Log:
    """One partition: its events, the stretches `[from, to)` that were read, and where the source's data begins and ends."""

    events: Sequence[Written]
    name: str = "orders"
    partition: int = 0
    read: Sequence[tuple[int, int]] = ()
    """None given: from 0 to after the last event."""
    first: int = 0
    end: int | None = None
    absent: Sequence[tuple[int, int, str]] = ()
    filter: str | None = None
    rules: dict[str, object] = field(default_factory=dict)

    def stretches(self) -> Sequence[tuple[int, int]]:
        """What was read."""
        return self.read or [(0, max([event.position + 1 for event in self.events], default=0))]


def write(path: Path, logs: Iterable[Log], source: SourceInfo = KAFKA, *, with_values: bool = True) -> Path:
    """Appends `logs` of `source` to the capture at `path`."""
    with CaptureWriter(path, floor_bytes=0, with_values=with_values) as writer:
        source_id = writer.add_source(source)
        for log in logs:
            _write_log(writer, source_id, log)
    return path


def _write_log(writer: CaptureWriter, source_id: int, log: Log) -> None:
    stretches = log.stretches()
    end = log.end if log.end is not None else max(stop for _, stop in stretches)
    log_id = writer.add_log(source_id, LogInfo(LogKey(log.name, log.partition), log.first, end), rules=log.rules)
    reading = writer.begin(source_id, {log_id: (log.first, end)}, isolation="uncommitted", filter_text=log.filter, settings={})
    stager = Stager()
    for start, stop in stretches:
        inside = [event for event in log.events if start <= event.position < stop]
        staged = stager.stage(batch(log, inside)) if inside else None
        writer.append(reading, [log_id], staged, Progress(read={0: (start, stop)}))
    absent = [(0, start, stop, reason) for start, stop, reason in log.absent]
    writer.append(reading, [log_id], None, Progress(absent=absent))
    writer.end(reading, "reached the pinned end")
    stager.close()


def batch(log: Log, events: Sequence[Written]) -> EventBatch:
    """Events as they are staged."""
    none: list[None] = [None] * len(events)
    times = [event.time_us if event.time_us is not None else event.position * SECOND_US for event in events]
    records = RecordBatch(
        log=[0] * len(events),
        position=[event.position for event in events],
        time_us=[event.record_us for event in events],
        time_kind=[int(TimeKind.append if event.recorded_us is not None else TimeKind.create) for event in events],
        key=[event.stream.encode() for event in events],
        value=[None if event.data is None else event.data.encode() for event in events],
        headers=[event.headers for event in events],
    )
    return EventBatch(
        records=records,
        decoder=["json"] * len(events),
        data=[
            FROM_VALUE if event.data is not None and event.is_document and not event.flags & Flag.undecodable else None for event in events
        ],
        error=["not JSON" if event.flags & Flag.undecodable else None for event in events],
        flags=[event.flags | (Flag.tombstone if event.data is None else 0) for event in events],
        time_us=list(times),
        time_kind=list(records.time_kind),
        type=[event.type for event in events],
        version=[event.version for event in events],
        event_id=[event.event_id for event in events],
        schema=list(none),
        schema_version=list(none),
        correlation_id=[event.correlation_id for event in events],
        causation_id=list(none),
        actor=[event.actor for event in events],
        metadata=[event.metadata for event in events],
        extra=list(none),
        streams=[[StreamRef(event.category or log.name, event.stream, event.version)] for event in events],
    )
