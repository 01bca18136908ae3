"""Event batches for tests of the writer, without sources or decoders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from inspector.event import FROM_VALUE, EventBatch, RecordBatch, StreamRef, TimeKind


def records(positions: Iterable[int], *, log: int = 0, key: bytes | None = b"order-1", time_us: int = 1_700_000_000_000_000) -> RecordBatch:
    """JSON records at `positions`, a millisecond apart."""
    batch = RecordBatch()
    for position in positions:
        batch.log.append(log)
        batch.position.append(position)
        batch.time_us.append(time_us + position * 1000)
        batch.time_kind.append(TimeKind.create)
        batch.key.append(key)
        batch.value.append(json.dumps({"type": "OrderPlaced", "n": position}).encode())
        batch.headers.append(None)
    return batch


def events(batch: RecordBatch, *, category: str = "orders", streams: Sequence[Sequence[StreamRef]] | None = None) -> EventBatch:
    """`batch` as events of type OrderPlaced in the stream its key names."""
    count = len(batch)
    none: list[None] = [None] * count
    named = [[StreamRef(category, key.decode())] if key is not None else [] for key in batch.key]
    return EventBatch(
        records=batch,
        decoder=["json"] * count,
        data=[FROM_VALUE if value is not None else None for value in batch.value],
        error=list(none),
        flags=[0 if value is not None else 1 for value in batch.value],
        time_us=list(batch.time_us),
        time_kind=list(batch.time_kind),
        type=["OrderPlaced"] * count,
        version=list(none),
        event_id=list(none),
        schema=list(none),
        schema_version=list(none),
        correlation_id=list(none),
        causation_id=list(none),
        actor=list(none),
        metadata=list(none),
        extra=list(none),
        streams=list(streams if streams is not None else named),
    )
