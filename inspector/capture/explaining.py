"""What every decoder makes of one stored value, and which of its bytes hold which field. Read-only; asks no registry.

Values name their schemas, and those come from the capture alone, as when it was decoded last. Masked values are looked at as
they are shown. Read `inspector.decoders` for the door, `versions` for what schemas there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

from inspector import decoders
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.capture.schemas import stored_schemas
from inspector.capture.versions import KnownSchema, known_schema
from inspector.decoders import Attempt, Context, FieldSpan, Path, ShowsBytes, Spans
from inspector.errors import UsageError
from inspector.masks import SIGN_BYTES
from inspector.schemas import Schemas

MOST_BYTES = 256 * 1024
"""A larger value is not tried: a decoder holds the interpreter for as long as it reads, and 256 KB take the slowest some 20 ms."""
MOST_UNPACKED_BYTES = 1024 * 1024
"""What it unpacks to is bounded for the same reason."""
PREVIEW_CHARACTERS = 64 * 1024
_SOURCE = "SELECT log.source_id FROM event JOIN log ON log.id = event.log_id WHERE event.seq = ?"
_STAMP = "SELECT count(*), count(text), max(id) FROM schema"


@dataclass(frozen=True, slots=True)
class Tried:
    """One decoder and the value: how sure it is (0 to 1), and what it read or why it could not."""

    decoder: str
    sureness: float
    error: str | None
    """None: it read the value."""
    stopped_at: int | None
    schema: str
    """The schema it went by; empty for none."""
    preview: str
    """What it read, as JSON laid out for reading, within `PREVIEW_CHARACTERS`; empty where it read nothing."""
    is_used: bool = False
    """It is the one the event was decoded by."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What all decoders make of an event's value; or why nothing was tried, in `refused`."""

    seq: int
    tried: Sequence[Tried] = ()
    size: int = 0
    reason: str = ""
    """What the capture says of the value."""
    refused: str = ""


def explained(reader: CaptureReader, seq: int) -> Explained:
    """Every decoder tried on an event's value, the likeliest first. Raises CaptureError for a damaged capture."""
    event = reader.event(seq, most_bytes=MOST_BYTES)
    if event is None:
        return Explained(seq, refused="it is no longer in the capture")
    if reader.masks is not None and event.value == SIGN_BYTES:
        return Explained(seq, refused="the value is hidden by masks: show what is hidden first")
    if event.value is None:
        return Explained(seq, size=event.value_bytes or 0, reason=event.error or "", refused=_why_not(event))
    book = _book(reader, event.seq)
    context = _context(event, book)
    tried = []
    for one in decoders.attempts(event.value, event.headers, context):
        shown = "" if one.error else _preview(reader, one, event.value)
        label = one.schema.label if one.schema is not None else ""
        tried.append(
            Tried(one.decoder, one.priority, _reason(one, book.missing), one.stopped_at, label, shown, one.decoder == event.decoder)
        )
    return Explained(seq, tried, len(event.value), event.error or "")


def _reason(one: Attempt, missing: Mapping[str, str]) -> str | None:
    """Why a decoder does not read it; of a missing schema why it was missing when somebody was asked."""
    if one.error is not None and one.schema is not None and one.schema.text is None:
        return missing.get(one.schema.wire) or one.error
    return one.error


def _context(event: Event, book: _Book) -> Context:
    return Context(log=event.log, schemas=book.schemas, most_unpacked=MOST_UNPACKED_BYTES)


def _preview(reader: CaptureReader, one: Attempt, value: bytes) -> str:
    """What a decoder read, numbers with their own digits, laid out for reading; the text of a value that has no document."""
    text = one.data if isinstance(one.data, str) else value_text(value)
    if one.data is None or len(text) > PREVIEW_CHARACTERS:
        return text if len(text) <= PREVIEW_CHARACTERS else f"{text[:PREVIEW_CHARACTERS]}\n…"
    found = str(reader.select("SELECT CASE WHEN json_valid(?1) THEN json_pretty(?1, '  ') ELSE ?1 END", (text,))[0][0])
    return found if len(found) <= PREVIEW_CHARACTERS else f"{found[:PREVIEW_CHARACTERS]}\n…"


def _why_not(event: Event) -> str:
    if event.value_bytes is None:
        return "the value is null: there is nothing to decode"
    if event.value_bytes <= MOST_BYTES:
        return "the capture holds no values: there is nothing to decode"
    size, most = f"{event.value_bytes:,}", f"{MOST_BYTES // 1024:,} KB"
    return f"the value has {size} bytes, and more than {most} would stall the window: decode it in a shell"


class _Book(NamedTuple):
    schemas: Schemas
    missing: Mapping[str, str]
    """What records call a missing schema → why it is missing."""


_books: WeakKeyDictionary[CaptureReader, tuple[object, dict[int, _Book]]] = WeakKeyDictionary()
"""The schemas of each source, as a reader met them: decoders keep what they compiled by the schema objects."""


def _book(reader: CaptureReader, seq: int) -> _Book:
    """The schemas that the capture holds of an event's source."""
    ((source_id,),) = reader.select(_SOURCE, (seq,))
    stamp = tuple(reader.select(_STAMP)[0])
    known, books = _books.get(reader, (None, {}))
    if known != stamp:
        books = {}
        _books[reader] = stamp, books
    if source_id not in books:
        stored = list(stored_schemas(reader.select, int(source_id)).values())
        books[source_id] = _Book(Schemas((), stored, may_compile=False), {one.wire: one.error for one in stored if one.text is None})
    return books[source_id]


def value_text(value: bytes) -> str:
    """A value as text, of a larger one a little more than is shown."""
    return value[: PREVIEW_CHARACTERS + 1].decode(errors="backslashreplace")


# ---- bytes


@dataclass(frozen=True, slots=True)
class ValueSpans:
    """Where the fields of an event's value lie in its bytes; `note` says why there are none, or not all."""

    seq: int
    fields: Sequence[FieldSpan] = ()
    note: str = ""

    def of(self, path: Path) -> FieldSpan | None:
        """The bytes of a field; of one that was not followed those of what it is in, None for nothing of it."""
        known = {span.path: span for span in reversed(self.fields)}
        return next((known[path[:length]] for length in range(len(path), 0, -1) if path[:length] in known), None)

    def at(self, place: int) -> FieldSpan | None:
        """The innermost field that holds a byte."""
        inside = [span for span in self.fields if span.start <= place < span.end]
        return min(inside, key=lambda span: (span.end - span.start, -len(span.path)), default=None)


def value_spans(reader: CaptureReader, seq: int) -> ValueSpans:
    """Which bytes of an event's value hold which field of its document. Raises CaptureError for a damaged capture."""
    event = reader.event(seq, most_bytes=MOST_BYTES)
    if event is None or event.value is None or not event.decoder:
        is_large = event is not None and (event.value_bytes or 0) > MOST_BYTES
        return ValueSpans(seq, note=f"fields are shown in values up to {MOST_BYTES // 1024:,} KB" if is_large else "")
    try:
        decoder = decoders.named(event.decoder)
    except UsageError:
        return ValueSpans(seq, note=f"there is no decoder {event.decoder} here")
    if not isinstance(decoder, ShowsBytes):
        return ValueSpans(seq)
    spans: Spans = decoder.spans(event.value, event.headers, _context(event, _book(reader, seq)))
    note = "" if spans.stopped_at is None else f"followed up to byte {spans.stopped_at:,}: {spans.reason}"
    return ValueSpans(seq, spans.fields, note)


# ---- in a few words


def decoder_words(reader: CaptureReader, seq: int) -> tuple[str, bool]:
    """The decoder of an event and its schema, such as `avro · orders-value v3`, and whether that schema is missing."""
    rows = reader.select("SELECT decoder, schema_ref FROM event WHERE seq = ?", (seq,))
    if not rows or not isinstance(rows[0][0], str):
        return "", False
    decoder, schema_id = rows[0]
    known: KnownSchema | None = known_schema(reader, schema_id) if isinstance(schema_id, int) else None
    if known is None:
        return decoder, False
    return f"{decoder} · {known.short}{' missing' if known.is_missing else ''}", known.is_missing
