"""An event as the rows of its tree: every field with where it came from, then its documents. No Qt; runs on a worker thread.

Read `models.event_tree` for the tree, `inspector.capture.origins` for where fields come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo

from app.models.document import document
from app.models.event_look import zone_name
from app.models.event_rows import flags_tip, shown_time
from app.models.event_tree import Field, literal
from inspector.capture.pieces import Sizes
from inspector.capture.reader import Event
from inspector.event import TimeKind, format_time
from inspector.text import bytes_text

_KEY_BYTES = 1024


def event_fields(event: Event, origins: Mapping[str, str], zone: tzinfo = UTC, sizes: Sizes | None = None) -> list[Field]:
    """The rows; what is unknown has none. `sizes` says of a document that was left out how large it is."""
    return [*_where(event), *_what(event, origins, zone), *_bytes(event), *_documents(event), *_too_large(event, sizes)]


def _where(event: Event) -> Iterator[Field]:
    yield Field("log", f"{event.log} / {event.partition}", "", "log", literal(event.log))
    yield Field("offset", f"{event.position:,}" + (f" part {event.sub}" if event.sub else ""), "", "position", literal(event.position))
    yield Field("number", f"{event.seq:,}", "", "seq", literal(event.seq))


def _what(event: Event, origins: Mapping[str, str], zone: tzinfo) -> Iterator[Field]:
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
        if value is not None:
            yield Field(name, str(value), origins.get(path, ""), path, literal(value))
    for name, path, time_us, origin in (
        ("time", "time", event.time_us, origins.get("time", "")),
        ("recorded", "recorded_time", event.printed_recorded_us, "the record's timestamp"),
        ("captured", "captured_time", event.captured_us, "when it was read"),
    ):
        if time_us is not None:
            kind = f" {TimeKind.text(event.time_kind)}" if name == "time" else ""
            text = f"{shown_time(time_us, zone)} {zone_name(zone)}{kind}"
            yield Field(name, text, origin, path, f'timestamp("{format_time(time_us)}")')


def _bytes(event: Event) -> Iterator[Field]:
    key = "null" if event.key is None else bytes_text(event.key[:_KEY_BYTES])
    yield Field("key", key, f"{event.key_bytes:,} bytes" if event.key_bytes else "", "key", _key_literal(event.key))
    size = "null" if event.value_bytes is None else f"{event.value_bytes:,} bytes"
    yield Field("value", size, "", "value_bytes", literal(event.value_bytes))
    for name, text in (("decoder", event.decoder), ("error", event.error), ("flags", flags_tip(event.flags, None))):
        if text:
            yield Field(name, " ".join(text.split()))


def _key_literal(key: bytes | None) -> str:
    if key is None:
        return "null"
    try:
        return literal(key.decode()) if len(key) <= _KEY_BYTES else ""
    except UnicodeDecodeError:
        return ""


def _documents(event: Event) -> Iterator[Field]:
    for name, text in (("data", event.data), ("metadata", event.metadata), ("extra", event.extra)):
        if text is None or (text == "{}" and name != "data"):
            continue
        try:
            yield Field(name, path="" if name == "extra" else name, value=document(text), is_document=True)
        except ValueError as error:
            yield Field(name, str(error))


def _too_large(event: Event, sizes: Sizes | None) -> Iterator[Field]:
    if sizes is None:
        return
    for name, text, size in (("data", event.data, sizes.data), ("metadata", event.metadata, sizes.metadata)):
        if text is None and size is not None:
            yield Field(name, f"{size:,} bytes are too many for a tree: see Value")
