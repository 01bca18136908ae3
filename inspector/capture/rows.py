"""What is said of an event: as a list shows it and whole, each with the SQL that gives it and the kinds of its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.event import TimeKind
from inspector.masks import SIGN_BYTES

PREVIEW_LENGTH = 1024
"""Bytes of a key or value, characters of a document."""
_MOST_PREVIEWED_BYTES = 65_536
"""Of a larger document a list shows the value instead: to print all of it for its first kilobyte takes too long."""
_TEXTS = ("json", "text")
"""What these decoders read is readable as it is stored."""
ENDS = {
    False: "ORDER BY event.time_us, log.name, log.partition, event.position LIMIT :q_most",
    True: "ORDER BY event.time_us DESC, log.name DESC, log.partition DESC, event.position DESC LIMIT :q_most",
}
"""The first and the last of some events in the order of time."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """What a list shows of an event; key, value and document are cut to 1 KB."""

    seq: int
    log: str
    partition: int
    position: int
    time_us: int | None
    time_kind: int
    key: bytes | None
    value_preview: bytes | None
    type: str | None
    stream: str | None
    version: int | None
    flags: int
    error: str | None
    key_bytes: int | None
    value_bytes: int | None
    recorded_us: int | None = None
    """The record's own timestamp where it says more than `time_us`."""
    captured_us: int | None = None
    event_id: str | None = None
    category: str | None = None
    actor: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    document: str | None = None
    """The document as JSON text where the value is not readable itself; one character more than 1,024 when it is cut."""

    @property
    def printed_document(self) -> str | None:
        """The document that stands for the value, or None."""
        return None if self.value_preview == SIGN_BYTES else self.document


@dataclass(frozen=True, slots=True)
class Event:
    """Everything a capture knows of one event. `headers`, `data`, `metadata` and `extra` are JSON text."""

    seq: int
    log: str
    partition: int
    position: int
    sub: int
    time_us: int | None
    time_kind: int
    recorded_us: int | None
    recorded_kind: int
    captured_us: int
    stream: str | None
    category: str | None
    version: int | None
    type: str | None
    event_id: str | None
    schema_ref: int | None
    schema_version: str | None
    correlation_id: str | None
    causation_id: str | None
    actor: str | None
    decoder: str | None
    error: str | None
    flags: int
    key_bytes: int | None
    value_bytes: int | None
    data: str | None
    metadata: str | None
    extra: str | None
    key: bytes | None
    headers: str | None
    value: bytes | None

    @property
    def printed_recorded_us(self) -> int | None:
        """The record's own timestamp where it says more than `time_us`: the broker's, or hidden by the event's own time."""
        if self.recorded_kind == TimeKind.append or self.time_kind == TimeKind.event:
            return self.recorded_us
        return None

    @property
    def printed_document(self) -> str | None:
        """The document that stands for the value in a list, or None where the value is readable or hidden itself."""
        return None if self.decoder is None or self.decoder in _TEXTS or self.value == SIGN_BYTES else self.data


_JOINS = {
    "log": "LEFT JOIN log ON log.id = event.log_id",
    "record": "LEFT JOIN record ON record.seq = event.seq",
    "type": "LEFT JOIN type ON type.id = event.type_id",
    "stream": "LEFT JOIN stream ON stream.id = event.stream_id",
    "category": "LEFT JOIN category ON category.id = stream.category_id",
}
FROM = " ".join(("event", *_JOINS.values()))
"""The tables that an event's row, a filter or an order may name."""
_TABLE = re.compile(r"\b(log|record|type|stream|category)\.")


def from_for(*sql: str) -> str:
    """`FROM` with the tables that the pieces of `sql` name, and no others: each costs a look-up per event."""
    named = {name for part in sql for name in _TABLE.findall(part)}
    if "category" in named:
        named.add("stream")
    return " ".join(("event", *(join for name, join in _JOINS.items() if name in named)))


EVENT = (
    "SELECT event.seq, log.name, log.partition, event.position, event.sub, event.time_us, event.time_kind, event.recorded_us, "
    "event.recorded_kind, event.captured_us, stream.name, category.name, event.version, type.name, event.event_id, event.schema_ref, "
    "event.schema_version, event.correlation_id, event.causation_id, event.actor, event.decoder, event.error, event.flags, "
    "event.key_bytes, event.value_bytes, json(event.data), json(event.metadata), json(event.extra), record.key, record.headers, "
    f"record.value FROM {FROM}"
)
EVENT_WITHIN = EVENT
for _part, _size in (("json(event.data)", "event.data"), ("json(event.metadata)", "event.metadata"), ("record.value", "record.value")):
    EVENT_WITHIN = EVENT_WITHIN.replace(_part, f"CASE WHEN length({_size}) <= :most THEN {_part} END")
ROW = (
    "SELECT event.seq, log.name, log.partition, event.position, event.time_us, event.time_kind, "
    f"substr(record.key, 1, {PREVIEW_LENGTH}), substr(record.value, 1, {PREVIEW_LENGTH}), type.name, stream.name, "
    f"event.version, event.flags, "
    "event.error, event.key_bytes, event.value_bytes, CASE WHEN event.recorded_kind = 3 OR event.time_kind = 1 THEN event.recorded_us END, "
    f"event.captured_us, event.event_id, category.name, event.actor, event.correlation_id, event.causation_id, "
    f"CASE WHEN event.decoder NOT IN {_TEXTS} AND length(event.data) <= {_MOST_PREVIEWED_BYTES} AND json_valid(event.data, 8) "
    f"THEN substr(json(event.data), 1, {PREVIEW_LENGTH + 1}) END FROM {FROM}"
)


_INT, _MAYBE_INT, _TEXT, _MAYBE_TEXT, _MAYBE_BYTES = (int,), (int, type(None)), (str,), (str, type(None)), (bytes, type(None))
ROW_KINDS = (
    *(_INT, _TEXT, _INT, _INT, _MAYBE_INT, _INT, _MAYBE_BYTES, _MAYBE_BYTES, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_INT, _INT),
    *(_MAYBE_TEXT, _MAYBE_INT, _MAYBE_INT, _MAYBE_INT, _INT),
    *(_MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT),
)
EVENT_KINDS = (
    *(_INT, _TEXT, _INT, _INT, _INT, _MAYBE_INT, _INT, _MAYBE_INT, _INT, _INT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_INT, _MAYBE_TEXT),
    *(_MAYBE_TEXT, _MAYBE_INT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _INT, _MAYBE_INT),
    *(_MAYBE_INT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_BYTES, _MAYBE_TEXT, _MAYBE_BYTES),
)
"""The kinds of the columns of `ROW` and `EVENT`."""
