"""A capture that grows under the window's eyes, written by the real writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import FROM_VALUE, EventBatch, Flag, LogKey, RecordBatch, StreamRef, TimeKind
from inspector.sources import LogInfo, SourceInfo

START_US = 1_795_420_800_000_000


def document(number: int) -> bytes:
    """The value of the event at a position."""
    return b'{"order_id":"order-%d","total":%d.50}' % (number % 50, number)


class Growing:
    """A capture at `path` with one log `shop.orders`; closed cleanly when its `with` block ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stager = Stager()
        self._writer = CaptureWriter(path, floor_bytes=0)
        source_id = self._writer.add_source(SourceInfo("kafka", "kafka://localhost:9092", "cluster-1"))
        self._log_id = self._writer.add_log(source_id, LogInfo(LogKey("shop.orders"), 0, 0))
        self._reading = self._writer.begin(source_id, {self._log_id: (0, None)}, isolation="uncommitted", filter_text=None, settings={})
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.end(self._reading, "stopped")
        self._writer.close()
        self._stager.close()

    def append(self, count: int) -> None:
        """Appends `count` usual events in one batch."""
        self.append_values([document(self._next + place) for place in range(count)])

    def append_values(
        self, values: Sequence[bytes | None], *, flags: int = 0, headers: str | None = None, key: bytes | None = None
    ) -> None:
        """Appends events with these values, all with these flags and headers."""
        first, count = self._next, len(values)
        self._next += count
        staged = self._stager.stage(_batch(first, values, flags, headers, key))
        self._writer.append(self._reading, [self._log_id], staged, Progress(read={0: (first, self._next)}, end={0: self._next}))

    def remove_oldest(self, count: int) -> None:
        """Lets the oldest go, as a keep limit does."""
        self._writer.remove_oldest(count)


def capture(path: Path, count: int) -> Path:
    """A finished capture of `count` events."""
    with Growing(path) as growing:
        for _ in range(count // 20_000):
            growing.append(20_000)
        growing.append(count % 20_000)
    return path


def _batch(first: int, values: Sequence[bytes | None], flags: int, headers: str | None, key: bytes | None) -> EventBatch:
    count = len(values)
    none: list[None] = [None] * count
    names = [f"order-{(first + place) % 50}" for place in range(count)]
    records = RecordBatch(
        log=[0] * count,
        position=list(range(first, first + count)),
        time_us=[START_US + (first + place) * 1000 for place in range(count)],
        time_kind=[int(TimeKind.create)] * count,
        key=[key if key is not None else name.encode() for name in names],
        value=list(values),
        headers=[headers] * count,
    )
    is_document = not flags & Flag.undecodable
    return EventBatch(
        records=records,
        decoder=["json" if value is not None else None for value in values],
        data=[FROM_VALUE if is_document and value is not None and value.startswith(b"{") else None for value in values],
        error=[None if is_document else "not JSON"] * count,
        flags=[flags | (Flag.tombstone if value is None else 0) for value in values],
        time_us=list(records.time_us),
        time_kind=list(records.time_kind),
        type=["OrderPlaced"] * count,
        version=[1] * count,
        event_id=list(none),
        schema=list(none),
        schema_version=list(none),
        correlation_id=list(none),
        causation_id=list(none),
        actor=list(none),
        metadata=list(none),
        extra=list(none),
        streams=[[StreamRef("orders", name)] for name in names],
    )
