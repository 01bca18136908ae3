"""Which bytes of an Avro value hold which field, and where and why it cannot be followed."""

from __future__ import annotations

import base64
import io
import json
import zlib
from itertools import pairwise

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import MOST_SPANS, FieldSpan, Path, ShowsBytes, Spans
from inspector.decoders.avro import Avro
from tests.decoders.avro_values import AN_ORDER, NODE, ORDER, PREFIX, Json, book, long, record, schemas_and_values, written


def spans(schema: Json, body: bytes) -> Spans:
    return Avro().spans(PREFIX + body, None, book(schema))


def at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value


def kind_at(schema: Json, value: Json, path: Path) -> Json:
    """The schema of what `value` has at `path`, unions and all."""
    for place, step in enumerate(path):
        if isinstance(schema, list):
            below = at(value, path[:place])
            fits = ("record", "map") if isinstance(below, dict) else ("array",)
            schema = next(branch for branch in schema if isinstance(branch, dict) and branch["type"] in fits)
        if schema["type"] == "record":
            schema = next(field["type"] for field in schema["fields"] if field["name"] == step)
        else:
            schema = schema["items" if schema["type"] == "array" else "values"]
    return schema


def test_an_order() -> None:
    found = spans(ORDER, written(ORDER, AN_ORDER))
    assert found.stopped_at is None
    assert found.fields == [
        FieldSpan(("id",), 5, 9),
        FieldSpan(("quantity",), 9, 10),
        FieldSpan(("total",), 10, 14),
        FieldSpan(("placed",), 14, 22),
        FieldSpan(("status",), 22, 23),
        FieldSpan(("note",), 23, 24),
        FieldSpan(("lines",), 24, 33),
        FieldSpan(("lines", 0), 25, 32),
        FieldSpan(("lines", 0, "sku"), 25, 28),
        FieldSpan(("lines", 0, "price"), 28, 32),
        FieldSpan(("labels",), 33, 47),
        FieldSpan(("labels", "a"), 36, 46),
    ]
    assert isinstance(Avro(), ShowsBytes)


@given(schemas_and_values())
def test_spans_tile_the_body_in_order_and_each_holds_what_the_document_has(made: tuple[Json, Json]) -> None:
    schema, value = made
    body = written(schema, value)
    if not body:
        return
    found = spans(schema, body)
    assert found.stopped_at is None, found.reason
    data = PREFIX + body
    by_path = {span.path: span for span in found.fields}
    assert len(by_path) == len(found.fields)
    for span in found.fields:
        there = at(value, span.path)
        around = by_path.get(span.path[:-1], FieldSpan((), 5, len(data)))
        assert around.start <= span.start <= span.end <= around.end
        kind = kind_at(schema, value, span.path)
        rest = io.BytesIO(data[span.start : span.end])
        assert fastavro.schemaless_reader(rest, kind, None) == there
        assert rest.read() == b""
    leaves = [span for span in found.fields if not isinstance(at(value, span.path), dict | list)]
    assert all(before.end <= after.start for before, after in pairwise(leaves))
    assert set(by_path) == {path for path in _paths(value) if path or not isinstance(value, dict | list)}
    _fields_touch(schema, value, by_path, (), FieldSpan((), 5, len(data)))


def _paths(value: Json, path: Path = ()) -> list[Path]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for step, inner in steps for below in _paths(inner, (*path, step)))]


def _fields_touch(schema: Json, value: Json, by_path: dict[Path, FieldSpan], path: Path, whole: FieldSpan) -> None:
    """The fields of a record take all of its bytes, one after the other."""
    if not (isinstance(schema, dict) and schema["type"] == "record"):
        return
    parts = [by_path[*path, field["name"]] for field in schema["fields"]]
    edges = [whole.start, *(edge for part in parts for edge in (part.start, part.end)), whole.end]
    assert all(before == after for before, after in zip(edges[::2], edges[1::2], strict=True)), edges
    for field, part in zip(schema["fields"], parts, strict=True):
        _fields_touch(field["type"], value[field["name"]], by_path, part.path, part)


@given(schemas_and_values(), st.data())
def test_a_value_that_is_cut_short_is_followed_up_to_there(made: tuple[Json, Json], data: st.DataObject) -> None:
    schema, value = made
    body = written(schema, value)
    if len(body) < 2 or schema == "bytes":  # bytes alone may lack their length
        return
    cut = data.draw(st.integers(1, len(body) - 1))
    whole, part = spans(schema, body), spans(schema, body[:cut])
    assert part.stopped_at is not None
    assert part.stopped_at <= 5 + cut
    assert f"byte {part.stopped_at:,}" in part.reason
    by_path = {span.path: span for span in part.fields}
    for span in part.fields:
        around = by_path.get(span.path[:-1], FieldSpan((), 5, 5 + cut))
        assert around.start <= span.start <= span.end <= around.end
    begun = whole.fields[: len(part.fields)]
    assert [(span.path, span.start) for span in part.fields] == [(span.path, span.start) for span in begun]


def test_a_value_that_is_no_container_has_one_span() -> None:
    assert spans("string", b"\x04ab").fields == [FieldSpan((), 5, 8)]
    assert spans(["null", "string"], b"\x02\x04ab").fields == [FieldSpan((), 5, 9)]


def test_what_follows_the_value_is_said() -> None:
    found = spans(record(("a", "int")), b"\x02\x04")
    assert (found.stopped_at, found.reason) == (6, "byte 6: its schema ends 1 byte before the value")
    assert found.fields == [FieldSpan(("a",), 5, 6)]


def test_a_value_with_very_many_fields_or_levels_is_followed_for_a_while() -> None:
    many = spans({"type": "array", "items": "int"}, long(100_000) + b"\x02" * 100_000 + b"\0")
    assert len(many.fields) <= MOST_SPANS
    assert "more than 20,000 values" in many.reason
    deep = spans(NODE, b"\0\x02" * 5000)
    assert sum(len(span.path) for span in deep.fields) <= 501_000
    assert deep.stopped_at is not None


def test_a_compressed_body_has_no_bytes_of_fields() -> None:
    value = b"\x03\x05" + b"\1" * 16 + zlib.compress(written(ORDER, AN_ORDER))
    found = Avro().spans(value, None, book(ORDER, wire="glue:01010101-0101-0101-0101-010101010101"))
    assert (found.fields, found.stopped_at) == ([], 18)
    assert "compressed" in found.reason


@pytest.mark.parametrize("value", [b"", b"abc", b"\0\0\0\0\x07ab"])
def test_a_value_without_an_avro_schema_has_none(value: bytes) -> None:
    found = Avro().spans(value, None, book(ORDER))
    assert (found.fields, found.stopped_at) == ([], 0)
    assert found.reason


@given(st.binary(max_size=80))
def test_any_bytes_give_spans_inside_them(body: bytes) -> None:
    found = spans(ORDER, body)
    for span in found.fields:
        assert 5 <= span.start <= span.end <= 5 + len(body)


def test_an_attempt_tells_the_byte_where_it_stopped() -> None:
    headers = json.dumps([["__value_schema_id", {"base64": base64.b64encode(b"\0\0\0\0\x2a").decode()}]])
    body = written(ORDER, AN_ORDER)[:20]
    attempt = next(found for found in decoders.attempts(body, headers, book(ORDER)) if found.decoder == "avro")
    assert attempt.stopped_at == 19
    assert "stopped at byte 19, in lines" in (attempt.error or "")
    assert attempt.priority > 0.9
