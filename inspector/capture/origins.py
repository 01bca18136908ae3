"""Where the fields of a stored event come from: the rules of now, run once more over its bytes. Read-only.

Read `identify` for the rules; `redecode` is what changes events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from inspector.capture.reader import CaptureReader, Event
from inspector.event import RecordBatch, format_time
from inspector.identify import Identifier

SOURCE = "the source"
RECORD = "the record's timestamp"
LOG = "the log's name"
_FIELDS = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
_LOG = "SELECT log.name, log.decoder, log.rules, log.envelope FROM event JOIN log ON log.id = event.log_id WHERE event.seq = ?"
_ATTRIBUTES = {"id": "event_id"}


def origins(reader: CaptureReader, event: Event) -> dict[str, str]:
    """Field → where its value comes from, in words such as `header.ce_type`; and where the rules of now would say otherwise."""
    rows = reader.select(
        "SELECT log.name, log.decoder, log.rules, log.envelope FROM event JOIN log ON log.id = event.log_id WHERE event.seq = ?",
        (event.seq,),
    )
    if not rows:
        return {}
    name, decoder, rules, envelope = rows[0]
    known = _noted(envelope, [])
    identifier = Identifier(decoders={name: decoder} if decoder else {}, rules={name: _noted(rules, {})} if rules else {})
    found = identifier.origins(_record(event, [column for column in _FIELDS if column in known]), name)
    places = {column: _said(event, column, *found[column]) for column in found if column != "metadata"}
    if event.category is not None and "category" not in places:
        places["category"] = places.get("stream", LOG) if event.category != event.log else LOG
    return {**places, "time": places.get("time", RECORD)}


def _record(event: Event, known: list[str]) -> RecordBatch:
    """The event as it was read, with what the source itself knows of it."""
    values = {column: getattr(event, _ATTRIBUTES.get(column, column)) for column in known}
    return RecordBatch(
        log=[0],
        position=[event.position],
        time_us=[event.recorded_us],
        time_kind=[event.recorded_kind],
        key=[event.key],
        value=[event.value],
        headers=[event.headers],
        envelope={column: [value] for column, value in values.items()},
    )


def _said(event: Event, column: str, place: str, value: object) -> str:
    stored = event.time_us if column == "time" else getattr(event, _ATTRIBUTES.get(column, column))
    where = place or SOURCE
    if stored == value:
        return where
    now = format_time(value) if column == "time" and isinstance(value, int) else value
    return f"not {where}: there the rules of now find {now}"


def _noted(text: str | None, default: object) -> Mapping[str, object]:
    try:
        found = json.loads(text) if text else default
    except ValueError:
        found = default
    return found if isinstance(found, type(default)) else default  # type: ignore[return-value]
