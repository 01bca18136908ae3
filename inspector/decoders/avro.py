"""Avro: values that name a schema of kind AVRO, read by it and by nothing else. Never raises for bad data.

A value is decoded when its schema takes all of its bytes. Logical types become what they mean: decimals are numbers
with their digits, times are texts with as many digits as the type has. Read `schemas.avro_read` for the reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.decoders import MOST_SPANS, Context, Decoded, FieldSpan, Spans
from inspector.schemas import Framed
from inspector.schemas.avro_read import AvroReader, OddError, compiled
from inspector.schemas.avro_walk import Budget, StoppedError, Walk, to_the_end

_CERTAIN = 0.97
_CONFLUENT = ("confluent", "header")
_MOST_STEPS = 500_000
"""The paths of all spans together have no more steps."""
_WHOLE = -1


class Avro:
    """Decodes Avro by the schemas of a registry, a folder or a topic; every framing of `schemas.framing`."""

    name = "avro"
    sure = True

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """0.97 for a value that names an Avro schema that is there, else 0."""
        framed = context.framed(value, headers)
        return _CERTAIN if framed is not None and _is_avro(framed) else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value that its schema reads to the last byte."""
        decoded = Decoded.empty(len(values))
        documents, data = decoded.document, decoded.data
        before: Framed | None = None
        reader: AvroReader | None = None
        start = 0
        for row, (value, framed) in enumerate(zip(values, context.framed_column(values, headers), strict=True)):
            if value is None:
                continue
            if framed is not before:
                before, reader = framed, _reader(framed)
                start = 0 if framed is None or framed.frame.is_deflated else framed.frame.start
            if framed is None or reader is None:
                _refuse(decoded, row, framed)
                continue
            try:
                body = value if start else framed.body(value)
                documents[row], data[row] = reader.read(body, start)
            except OddError:
                _read_exactly(decoded, row, body, start, framed, reader)
            except ValueError as error:
                _refuse(decoded, row, framed, str(error))
            else:
                decoded.decoder[row], decoded.schema[row] = "avro", framed.schema
                if name := reader.name or reader.name_of(body, start):
                    decoded.name[row] = name
        return decoded

    def spans(self, value: bytes, headers: str | None, context: Context) -> Spans:
        """The bytes of every field, item and value of a map, with the branch of a union and the length of a text before it."""
        framed = context.framed(value, headers)
        reader = None if framed is None else _reader(framed)
        if framed is None or reader is None:
            return Spans(stopped_at=0, reason="it names no schema" if framed is None else _why_not(framed))
        if framed.frame.is_deflated:
            return Spans(stopped_at=framed.frame.start, reason="what follows is compressed: fields have no bytes of their own")
        spans = Spans()
        if _is_bare(framed, reader, value):
            return Spans([FieldSpan((), framed.frame.start, len(value))])
        walk = Walk(reader.root, value, framed.frame.start, Budget(values=MOST_SPANS))
        try:
            _follow(walk, spans.fields)
            to_the_end(walk, len(value))
        except StoppedError as stopped:
            spans.stopped_at, spans.reason = stopped.at, stopped.words()
        return spans


def _follow(walk: Walk, fields: list[FieldSpan]) -> None:
    """Adds the span of all that `walk` comes by but the whole; of a container when it begins, with its end when that is known."""
    opened: list[int] = []
    steps = 0
    try:
        for what, step, _, start, _ in walk.visits():
            if what == "close":
                _end(fields, opened.pop(), walk.at)
                continue
            path = walk.path(step if what == "leaf" else None)
            if what == "open":
                opened.append(len(fields) if path else _WHOLE)
            if path or what == "leaf":
                fields.append(FieldSpan(path, start, walk.at))
            steps += len(path)
            if steps > _MOST_STEPS:
                raise StoppedError(walk.at, "more fields than are followed")
    finally:
        for place in opened:
            _end(fields, place, walk.at)


def _end(fields: list[FieldSpan], place: int, end: int) -> None:
    if place != _WHOLE:
        fields[place] = fields[place]._replace(end=end)


def _refuse(decoded: Decoded, row: int, framed: Framed | None, reason: str = "") -> None:
    if framed is None:
        decoded.refuse(row, "it names no schema")
        return
    decoded.schema[row] = framed.schema
    decoded.refuse(row, f"{framed.schema.label}: {reason}" if reason else _why_not(framed))


def _read_exactly(decoded: Decoded, row: int, body: bytes, start: int, framed: Framed, reader: AvroReader) -> None:
    """What is not read quickly is read step by step, which says the byte where it stops."""
    try:
        found = reader.read_bare(body, start) if _is_bare(framed, reader, body) else reader.read_exactly(body, start)
    except StoppedError as stopped:
        inflated = "inflated to " if framed.frame.is_deflated else ""
        _refuse(decoded, row, framed, f"{inflated}{len(body):,} bytes, stopped at {stopped.words()}")
        return
    decoded.decoder[row], decoded.schema[row] = "avro", framed.schema
    decoded.document[row], decoded.data[row], decoded.flags[row] = found.value, found.text, found.flags
    if found.name:
        decoded.name[row] = found.name


def _is_bare(framed: Framed, reader: AvroReader, value: bytes) -> bool:
    """Whether bytes stand there without their length, as Confluent's Java serializer writes them when a schema is just `bytes`."""
    return reader.is_bytes and framed.frame.form in _CONFLUENT and not reader.has_length(value, framed.frame.start)


def _is_avro(framed: Framed) -> bool:
    return framed.schema.kind == "AVRO" and framed.schema.text is not None


def _reader(framed: Framed | None) -> AvroReader | None:
    return None if framed is None or not _is_avro(framed) else compiled(framed.schema).reader


def _why_not(framed: Framed) -> str:
    schema = framed.schema
    if schema.text is None:
        return schema.error or f"{schema.label} is missing"
    if schema.kind != "AVRO":
        return f"{schema.label} is of kind {schema.kind or 'unknown'}"
    return f"{schema.label} {compiled(schema).error}"
