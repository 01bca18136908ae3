"""What can be asked of an event, in a capture or in a batch that is about to be stored, and of an aggregate's state.

The SQL here is ours alone; everything a user writes is bound. Read `compiler` for the use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """One field: its kind (`text`, `number`, `time`, `bytes`, `json`, `headers`, `flags`) and its SQL."""

    kind: str
    sql: str


def _fields(columns: Mapping[str, str]) -> dict[str, Name]:
    return {name: Name(_KINDS[name], sql) for name, sql in columns.items()}


_KINDS = {
    "log": "text",
    "partition": "number",
    "position": "number",
    "time": "time",
    "recorded_time": "time",
    "captured_time": "time",
    "key": "bytes",
    "value": "bytes",
    "headers": "headers",
    "stream": "text",
    "category": "text",
    "version": "number",
    "type": "text",
    "id": "text",
    "schema_version": "text",
    "correlation_id": "text",
    "causation_id": "text",
    "actor": "text",
    "data": "json",
    "metadata": "json",
    "decoder": "text",
    "error": "text",
    "value_bytes": "number",
    "flags": "flags",
    "seq": "number",
}

CAPTURED = _fields(
    {
        "log": "log.name",
        "partition": "log.partition",
        "position": "event.position",
        "time": "event.time_us",
        "recorded_time": "CASE WHEN event.recorded_kind = 3 OR event.time_kind = 1 THEN event.recorded_us END",
        "captured_time": "event.captured_us",
        "key": "record.key",
        "value": "record.value",
        "headers": "record.headers",
        "stream": "stream.name",
        "category": "category.name",
        "version": "event.version",
        "type": "type.name",
        "id": "event.event_id",
        "schema_version": "event.schema_version",
        "correlation_id": "event.correlation_id",
        "causation_id": "event.causation_id",
        "actor": "event.actor",
        "data": "event.data",
        "metadata": "event.metadata",
        "decoder": "event.decoder",
        "error": "event.error",
        "value_bytes": "event.value_bytes",
        "flags": "event.flags",
        "seq": "event.seq",
    }
)
"""Over the tables that `capture.rows.FROM` joins."""

_STAGED_STREAM = "FROM staged.stream s JOIN staged.category c ON c.id = s.category WHERE s.id = row.stream"

STAGED = _fields(
    {
        "log": "(SELECT l.name FROM temp.plan_log m JOIN main.log l ON l.id = m.id WHERE m.plan = row.log)",
        "partition": "(SELECT l.partition FROM temp.plan_log m JOIN main.log l ON l.id = m.id WHERE m.plan = row.log)",
        "position": "row.position",
        "time": "row.time_us",
        "recorded_time": "CASE WHEN row.recorded_kind = 3 OR row.time_kind = 1 THEN row.recorded_us END",
        "key": "row.key",
        "value": "row.value",
        "headers": "row.headers",
        "stream": f"(SELECT s.name {_STAGED_STREAM})",
        "category": f"(SELECT c.name {_STAGED_STREAM})",
        "version": "row.version",
        "type": "(SELECT t.name FROM staged.type t WHERE t.id = row.type)",
        "id": "row.event_id",
        "schema_version": "row.schema_version",
        "correlation_id": "row.correlation_id",
        "causation_id": "row.causation_id",
        "actor": "row.actor",
        "data": "row.data",
        "metadata": "jsonb(row.metadata)",
        "decoder": "row.decoder",
        "error": "row.error",
        "value_bytes": "length(row.value)",
        "flags": "row.flags",
    }
)
"""Over one staged batch (see `staged`); what storing decides (`seq`, `captured_time`) is not known yet."""

STATES = {
    name: Name(kind, f":state_{name}")
    for name, kind in {
        "state": "json",
        "stream": "text",
        "source": "text",
        "version": "number",
        "applied": "number",
        "skipped_aborted": "number",
        "history": "text",
        "reducer": "text",
        "type": "text",
        "time": "time",
        "actor": "text",
        "error": "text",
    }.items()
}
"""Over the values of one aggregate at a moment, bound under these names; `type`, `time` and `actor` are its last event's."""

SEARCHED = (("key", "value", "headers"), ("stream", "state"))
"""What a text without an expression is searched for in: the first of these of which all is there."""
