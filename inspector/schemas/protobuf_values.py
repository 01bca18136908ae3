"""Values that name a Protobuf schema: the document of one, or where and why it cannot be read. No I/O but a compiler's, once a schema.

Read `protobuf_start` for which message of its schema a value is, `protobuf_reader` for documents, `protobuf_fields` for bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from inspector.event import Schema
from inspector.schemas import Framed
from inspector.schemas.protobuf_fields import Followed
from inspector.schemas.protobuf_reader import MessageType, Reader, reader_of
from inspector.schemas.protobuf_start import Start, starts
from inspector.schemas.wire_guess import Place

_NO_MESSAGE = "what stands before the message names none of the schema's"


_NO_DOCUMENT = {UnicodeDecodeError: "a text in it is not UTF-8", RecursionError: "its messages nest too deep"}


class Fields(NamedTuple):
    """Where the fields of a value lie, and where and why they could be followed no further."""

    places: list[Place]
    stopped_at: int | None = None
    reason: str = ""


_Parsed = dict[MessageType, tuple[list[int], list[Any]]]
"""By message type: rows, and their messages."""


class Column:
    """What became of a column of values: per row a document with the name of its message, or an error."""

    def __init__(self, count: int) -> None:
        self.documents: list[object] = [None] * count
        self.names: dict[int, str] = {}
        self.errors: dict[int, str] = {}


def read(values: Sequence[bytes | None], headers: Sequence[str | None], framed_values: Sequence[Framed | None]) -> Column:
    """The documents of values; those that name no Protobuf schema are left out. Never raises for bad data."""
    column = Column(len(values))
    usual: dict[Schema, tuple[list[int], list[bytes]]] = {}
    parsed: _Parsed = {}
    for row, (value, framed) in enumerate(zip(values, framed_values, strict=True)):
        if value is None or framed is None:
            continue
        schema, frame, _most = framed
        group = usual.get(schema)
        if group is None:
            if not is_readable(schema):
                continue
            group = usual[schema] = ([], [])
        if frame.form == "confluent" and value[5] == 0 and value[7:8] != b"\n":
            group[0].append(row)
            group[1].append(value[6:])
        else:
            _parse_any(column, row, framed, headers[row], value, parsed)
    for schema, (rows, bodies) in usual.items():
        if rows:
            _parse_first(column, schema, rows, bodies, parsed)
    for kind, (rows_read, messages) in parsed.items():
        _convert(column, kind, rows_read, messages)
    return column


def is_readable(schema: Schema) -> bool:
    """Whether it is a Protobuf schema that is there."""
    return schema.kind == "PROTOBUF" and schema.text is not None


def _parse_any(column: Column, row: int, framed: Framed, headers: str | None, value: bytes, parsed: _Parsed) -> None:
    """Any frame and any message of the schema."""
    try:
        start, message = _started(_reader(framed), framed, headers, framed.body(value))
    except ValueError as error:
        column.errors[row] = str(error)
        return
    rows, messages = parsed.setdefault(start.type, ([], []))
    rows.append(row)
    messages.append(message)


def _parse_first(column: Column, schema: Schema, rows: list[int], bodies: list[bytes], parsed: _Parsed) -> None:
    """The usual case: Confluent's frame, and the first message of the schema's file."""
    reader = reader_of(schema)
    if isinstance(reader, str) or reader.first is None:
        column.errors.update(dict.fromkeys(rows, reader if isinstance(reader, str) else f"{schema.label} has no message"))
        return
    rows_read, messages = parsed.setdefault(reader.first, ([], []))
    if max(map(len, bodies)) <= reader.large:
        try:
            messages += list(map(reader.first.parse, bodies))
        except DecodeError:
            pass  # which of them it is, and why, is found one by one
        else:
            rows_read += rows
            return
    for row, body in zip(rows, bodies, strict=True):
        try:
            messages.append(reader.parse(reader.first, body))
            rows_read.append(row)
        except DecodeError:
            column.errors[row] = _why(reader, Start(reader.first, 0), body, 6)
        except ValueError as error:
            column.errors[row] = str(error)


def _convert(column: Column, kind: MessageType, rows: list[int], messages: list[Any]) -> None:
    """Parsed messages of one type to documents, all at once; one by one where that does not go."""
    try:
        documents = kind.convert(messages)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if len(rows) == 1:
            known = (said for kind, said in _NO_DOCUMENT.items() if isinstance(error, kind))
            column.errors[rows[0]] = next(known, f"it makes no document ({type(error).__name__})")
            return
        for row, message in zip(rows, messages, strict=True):
            _convert(column, kind, [row], [message])
        return
    if rows == list(range(len(column.documents))):
        column.documents = documents
    else:
        for row, document in zip(rows, documents, strict=True):
            column.documents[row] = document
    column.names.update(dict.fromkeys(rows, kind.name))


def follow(framed: Framed, headers: str | None, value: bytes, *, most: int) -> Fields:
    """Where the fields of `value` lie, at most so many."""
    try:
        reader = _reader(framed)
        body = framed.body(value)
        start = _likeliest(reader, framed, headers, body)
    except ValueError as error:
        return Fields([], framed.frame.start, str(error))
    offset = _offset(framed)
    if offset is None:
        return Fields([], None, "its bytes are compressed: fields have no place in them")
    followed = Followed(reader.pool, body, most=most)
    followed.follow(start.type.descriptor, start.at)
    places = [(path, begin + offset, end + offset) for path, begin, end in followed.places]
    if followed.error is None:
        return Fields(places)
    return Fields(places, followed.error.at + offset, followed.error.reason)


def _reader(framed: Framed) -> Reader:
    reader = reader_of(framed.schema)
    if isinstance(reader, str):
        raise ValueError(reader)  # noqa: TRY004 - the schema is of the right type, but no good
    return reader


def _offset(framed: Framed) -> int | None:
    """Where the body begins in the value; None when it is not in it as it is."""
    return None if framed.frame.is_deflated else framed.frame.start


def _started(reader: Reader, framed: Framed, headers: str | None, body: bytes) -> tuple[Start, Any]:
    """The reading of what stands before the message with which the message parses, and the message.

    One that leaves no field unknown goes first: several readings may parse by chance.
    """
    failed: Start | None = None
    parsed: tuple[Start, Any] | None = None
    for start in starts(reader, framed.frame, headers, body):
        try:
            message = reader.parse(start.type, body[start.at :])
        except DecodeError:
            failed = failed or start
            continue
        if not len(UnknownFieldSet(message)):
            return start, message
        parsed = parsed or (start, message)
    if parsed is not None:
        return parsed
    if failed is None:
        raise ValueError(f"{_NO_MESSAGE} at byte {framed.frame.start:,}")
    raise ValueError(_why(reader, failed, body, _offset(framed)))


def _likeliest(reader: Reader, framed: Framed, headers: str | None, body: bytes) -> Start:
    try:
        return _started(reader, framed, headers, body)[0]
    except ValueError:
        start = next(starts(reader, framed.frame, headers, body), None)
        if start is None:
            raise
        return start


def _why(reader: Reader, start: Start, body: bytes, offset: int | None) -> str:
    """Why a body is not the message it should be: google.protobuf does not say where."""
    followed = Followed(reader.pool, body, most=None)
    followed.follow(start.type.descriptor, start.at)
    error = followed.error
    if error is None:
        return f"not a {start.type.name}"
    place = f"byte {error.at + offset:,}" if offset is not None else f"byte {error.at:,} of its inflated body"
    return f"not a {start.type.name}: {error.reason} at {place}"
