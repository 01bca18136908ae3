"""Captures whose events name schemas, declare versions, or do neither, written by the real writer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import FROM_VALUE, EventBatch, Flag, LogKey, RecordBatch, Schema, StreamRef, TimeKind
from inspector.sources import LogInfo, SourceInfo

START_US = 1_795_420_800_000_000
REGISTRY = "http://registry.shop:8081"


def avro(*fields: str) -> str:
    """An Avro record's schema as registries give it: on one line."""
    listed = [{"name": name, "type": kind} for name, _, kind in (field.partition(" ") for field in fields)]
    return json.dumps({"type": "record", "name": "OrderPlaced", "namespace": "shop.orders", "fields": listed}, separators=(",", ":"))


PLACED_1 = Schema("id:7", REGISTRY, "AVRO", avro("order_id string", "total double"), "orders-value", 1)
PLACED_2 = Schema("id:9", REGISTRY, "AVRO", avro("order_id string", "total double", "coupon string"), "orders-value", 2)
PLACED_3 = Schema(
    "id:12", REGISTRY, "AVRO", avro("order_id string", "total_cents long", "coupon string", "channel string"), "orders-value", 3
)
MISSING = Schema("id:42", error=f"schema 42, {REGISTRY} does not answer")
MISSING_TOO = Schema("id:43", error=f"schema 43, {REGISTRY} does not answer")


@dataclass(frozen=True, slots=True)
class Made:
    """One event."""

    value: bytes | None
    type: str | None = None
    schema: Schema | None = None
    declares: str | None = None
    decoder: str | None = "json"
    data: str | None = None
    """JSON text of the document; None: the value is it when the decoder is `json`, else there is none."""
    error: str | None = None
    headers: str | None = None

    @property
    def flags(self) -> int:
        """Undecodable where an error says so."""
        return int(Flag.undecodable) if self.error else 0


def write(path: Path, events: Sequence[Made], *, first: int = 0) -> Path:
    """Appends events to the capture at `path`, in one batch, a second after each other."""
    source = SourceInfo("kafka", "kafka://localhost:9092", "cluster-1")
    with CaptureWriter(path, floor_bytes=0) as writer:
        source_id = writer.add_source(source)
        log_id = writer.add_log(source_id, LogInfo(LogKey("shop.orders"), 0, first + len(events)))
        reading = writer.begin(source_id, {log_id: (first, None)}, isolation="uncommitted", filter_text=None, settings={})
        stager = Stager()
        writer.append(reading, [log_id], stager.stage(_batch(events, first)), Progress(read={0: (first, first + len(events))}))
        writer.end(reading, "reached the pinned end")
        stager.close()
    return path


def _batch(events: Sequence[Made], first: int) -> EventBatch:
    none: list[None] = [None] * len(events)
    times: list[int | None] = [START_US + (first + place) * 1_000_000 for place in range(len(events))]
    keys = [f"order-{(first + place) % 20}" for place in range(len(events))]
    records = RecordBatch(
        log=[0] * len(events),
        position=[first + place for place in range(len(events))],
        time_us=times,
        time_kind=[int(TimeKind.create)] * len(events),
        key=[key.encode() for key in keys],
        value=[event.value for event in events],
        headers=[event.headers for event in events],
    )
    return EventBatch(
        records=records,
        decoder=[event.decoder for event in events],
        data=[event.data if event.data is not None or event.decoder != "json" or event.error else FROM_VALUE for event in events],
        error=[event.error for event in events],
        flags=[event.flags for event in events],
        time_us=list(times),
        time_kind=list(records.time_kind),
        type=[event.type for event in events],
        version=list(none),
        event_id=list(none),
        schema=[event.schema for event in events],
        schema_version=[event.declares for event in events],
        correlation_id=list(none),
        causation_id=list(none),
        actor=list(none),
        metadata=list(none),
        extra=list(none),
        streams=[[StreamRef("order", key)] for key in keys],
    )


def framed(number: int, body: bytes) -> bytes:
    """A value with the prefix that names a schema by its number."""
    return b"\0" + number.to_bytes(4, "big") + body


def placed(schema: Schema, number: int) -> Made:
    """An event that was decoded by one of the schemas above."""
    data = {"order_id": f"order-{number % 20}", "total": number + 0.5}
    value = framed(int(schema.wire.partition(":")[2]), f"\x0eorder-{number % 20}".encode())
    return Made(value, "OrderPlaced", schema, str(schema.version), "avro", json.dumps(data))


def waits(number: int, schema: Schema = MISSING) -> Made:
    """An event whose schema nobody has."""
    value = framed(int(schema.wire.partition(":")[2]), bytes(range(number % 7, 24)))
    return Made(value, None, schema, decoder="confluent", error=schema.error, headers='[["trace","abc"]]')


def paid(number: int) -> Made:
    """An event that declares nothing, in one of four shapes."""
    shapes: tuple[dict[str, object], ...] = (
        {"amount": number, "currency": "EUR"},
        {"amount": number, "currency": "EUR", "card": {"network": "visa"}},
        {"amount": str(number), "currency": "EUR"},
        {"amount": number, "lines": [{"sku": "a"}] * (1 + number % 3)},
    )
    chosen = shapes[(0, 0, 0, 1, 1, 2, 3, 0)[number % 8]]
    return Made(json.dumps(chosen).encode(), "PaymentAuthorised")


def declared(number: int) -> Made:
    """An event that declares a version and names no schema."""
    return Made(b'{"carrier":"DHL"}', "OrderShipped", declares="2" if number % 3 else "1")


def shop(path: Path) -> Path:
    """A capture with all of these."""
    placed_events = [placed((PLACED_1, PLACED_2, PLACED_3)[min(number // 60, 2)], number) for number in range(220)]
    events = [*placed_events, *map(paid, range(160)), *map(declared, range(60)), *map(waits, range(37)), waits(1, MISSING_TOO)]
    return write(path, events)
