"""A shop event as bytes: the state of a store row, and the key, value and headers of a Kafka record. No I/O.

JSON is written with each amount's own digits. The store's state is what the `eventsourcing` package writes: compact
JSON whose timestamps and decimals are typed objects. Read `model` for the events, `store` and `kafka` for the writing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from inspector.demo.model import ShopEvent
from inspector.event import format_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GARBAGE = b"\xff\xfe\x00\xd0"


def json_text(value: object) -> str:
    """Compact JSON of str, int, bool, None, Decimal, lists and mappings; decimals as numbers with their own digits."""
    match value:
        case Decimal():
            return str(value)
        case Mapping():
            return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{json_text(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ",".join(json_text(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def store_topic(event: ShopEvent) -> str:
    """The `topic` of its row: module, class and event, such as `shop.orders:Order.Placed`."""
    return f"{event.category.module}:{event.category.class_name}.{event.kind}"


def store_state(event: ShopEvent) -> bytes:
    """The `state` of its row: the event's fields, the first event naming its aggregate's class, the ids among them."""
    state: dict[str, object] = {"timestamp": _typed("datetime_iso", (_EPOCH + timedelta(microseconds=event.time_us)).isoformat())}
    if event.version == 1:
        state["originator_topic"] = f"{event.category.module}:{event.category.class_name}"
    state |= {name: _stored(value) for name, value in event.data.items()}
    state |= {"event_id": event.id, "correlation_id": event.correlation_id, "causation_id": event.causation_id, "actor": event.actor}
    if event.schema_version > 1:
        state["class_version"] = event.schema_version
    return json_text(state).encode()


def _stored(value: object) -> object:
    match value:
        case Decimal():
            return _typed("decimal_str", str(value))
        case Mapping():
            return {name: _stored(item) for name, item in value.items()}
        case list():
            return [_stored(item) for item in value]
        case _:
            return value


def _typed(kind: str, data: str) -> Mapping[str, object]:
    return {"_type_": kind, "_data_": data}


def kafka_key(event: ShopEvent) -> bytes:
    """The record's key: the stream."""
    return event.stream.encode()


def kafka_value(event: ShopEvent) -> bytes | None:
    """The record's value: the event as JSON; null for a product taken off sale, which compaction then forgets."""
    if event.type == "ProductDelisted":
        return None
    value = json_text({**event.data, "occurred_at": format_time(event.time_us)}).encode()
    return value[: len(value) * 3 // 5] + _GARBAGE if event.garbled else value


def kafka_headers(event: ShopEvent) -> list[tuple[str, bytes]]:
    """The record's headers: who, what, which version, and where it belongs in its saga and its trace."""
    named = {
        "event-id": event.id,
        "event-type": event.type,
        "event-time": format_time(event.time_us),
        "aggregate-version": str(event.version),
        "schema-version": str(event.schema_version),
        "correlation-id": event.correlation_id,
        "causation-id": event.causation_id,
        "traceparent": f"00-{event.correlation_id.replace('-', '')}-{event.id.replace('-', '')[-16:]}-01",
        "actor": event.actor,
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in named.items() if value is not None]
