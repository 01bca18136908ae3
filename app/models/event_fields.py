"""An event as the rows of its tree: every field with where it came from, then its documents. No Qt; runs on a worker thread.

Read `models.event_tree` for the tree, `inspector.capture.origins` for where fields come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo

from app.models.event_look import zone_name
from app.models.event_rows import flags_tip, shown_time
from app.models.field import Field
from app.models.value_filter import value_filter
from inspector.capture.origins import Origin
from inspector.capture.rows import Event
from inspector.event import TimeKind, format_time
from inspector.query.json_path import literal
from inspector.text import bytes_text

_KEY_BYTES = 1024
_EMPTY = b"\x0c"
"""`{}` as JSONB."""
_NONE = Origin("")
_FIRST = ("id", "type", "stream", "version", "time", "correlation_id", "causation_id", "actor")
"""What is looked at first, by path."""


def event_fields(event: Event, origins: Mapping[str, Origin], documents: Mapping[str, bytes], zone: tzinfo = UTC) -> list[Field]:
    """The rows: what the event means, its documents, then the record it was. What is unknown has none. `documents` are JSONB by name."""
    meant = [*_what(event, origins), *_times(event, origins, zone)]
    first = [one for place in _FIRST for one in meant if one.path == place]
    rest = [one for one in meant if one.path not in _FIRST]
    return [*first, *_documents(documents), *_where(event), *rest, *_bytes(event)]


def _field(event: Event, name: str, text: str, column: str, *, path: str = "", origin: Origin = _NONE, value: str = "") -> Field:
    same, other = (value_filter(event, column, exclude=exclude) for exclude in (False, True))
    return Field(name, text, origin.short, origin.words, path or column, value, same, other)


def _where(event: Event) -> Iterator[Field]:
    part = f" part {event.sub}" if event.sub else ""
    yield _field(event, "log", f"{event.log} / {event.partition}", "log", value=event.log)
    yield _field(event, "offset", f"{event.position:,}{part}", "offset", path="position", value=str(event.position))
    yield _field(event, "number", f"{event.seq:,}", "seq", value=str(event.seq))


def _what(event: Event, origins: Mapping[str, Origin]) -> Iterator[Field]:
    for name, path, value in (
        ("id", "id", event.event_id),
        ("type", "type", event.type),
        ("schema ver.", "schema_version", event.schema_version),
        ("stream", "stream", event.stream),
        ("category", "category", event.category),
        ("version", "version", event.version),
        ("correlation", "correlation_id", event.correlation_id),
        ("causation", "causation_id", event.causation_id),
        ("actor", "actor", event.actor),
    ):
        if value is not None and path == "schema_version":
            same = f"schema_version == {literal(value)}"
            origin = origins.get(path, _NONE)
            yield Field(name, str(value), origin.short, origin.words, path, "", same, f"(schema_version == null || !({same}))")
        elif value is not None:
            yield _field(event, name, str(value), path, origin=origins.get(path, _NONE))


def _times(event: Event, origins: Mapping[str, Origin], zone: tzinfo) -> Iterator[Field]:
    for name, path, time_us, origin in (
        ("time", "time", event.time_us, origins.get("time", _NONE)),
        ("recorded", "recorded_time", event.printed_recorded_us, Origin("the record's timestamp")),
        ("captured", "captured_time", event.captured_us, Origin("when it was read")),
    ):
        if time_us is not None:
            kind = f" {TimeKind.text(event.time_kind)}" if name == "time" else ""
            text = f"{shown_time(time_us, zone)} {zone_name(zone)}{kind}"
            yield _field(event, name, text, name, path=path, origin=origin, value=format_time(time_us) or "")


def _bytes(event: Event) -> Iterator[Field]:
    key = "null" if event.key is None else bytes_text(event.key[:_KEY_BYTES])
    size = Origin(f"{event.key_bytes:,} bytes") if event.key_bytes else _NONE
    yield _field(event, "key", key, "key", origin=size)
    text = "null" if event.value_bytes is None else f"{event.value_bytes:,} bytes"
    yield _field(event, "value", text, "value_bytes", value=str(event.value_bytes or 0))
    for name, said in (("decoder", event.decoder), ("error", event.error), ("flags", flags_tip(event.flags, None))):
        if said:
            yield Field(name, " ".join(said.split()))


def _documents(documents: Mapping[str, bytes]) -> Iterator[Field]:
    for name, document in documents.items():
        if document != _EMPTY or name == "data":
            yield Field(name, path="" if name == "extra" else name, document=document)
