"""Avro schemas and values that were made to do harm: refused in little time and memory."""

from __future__ import annotations

import json
import random
import time
import tracemalloc

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.decoders import Context, Decoded
from inspector.decoders.avro import Avro
from inspector.event import Schema
from inspector.schemas import Schemas
from inspector.schemas.avro_walk import MOST_EMPTY
from tests.decoders.avro_values import (
    NODE,
    ORDER,
    PREFIX,
    Json,
    accepted,
    book,
    logical,
    long,
    read,
    record,
    refused,
)


@pytest.mark.parametrize("items", ["null", {"type": "record", "name": "Empty", "fields": []}, {"type": "fixed", "name": "F", "size": 0}])
@pytest.mark.parametrize("count", [2**60, -(2**60), -(2**63), MOST_EMPTY + 1])
def test_an_array_of_endlessly_many_nothings_is_refused_at_once(items: Json, count: int) -> None:
    body = long(count) + (long(1) if count < 0 else b"") + b"\0"
    started = time.process_time()
    assert refused(read({"type": "array", "items": items}, body)).endswith(f"{abs(count):,} members that take no bytes")
    assert time.process_time() - started < 0.5


def test_a_few_nothings_are_read() -> None:
    assert accepted(read({"type": "array", "items": "null"}, long(3) + b"\0")) == "[null,null,null]"


def test_many_arrays_of_nothings_are_bounded_together() -> None:
    schema = {"type": "array", "items": {"type": "array", "items": "null"}}
    body = long(1000) + (long(1000) + b"\0") * 1000 + b"\0"
    error = refused(read(schema, body))
    assert f"more than {MOST_EMPTY:,} values that take no bytes" in error or error.endswith("members that take no bytes")


def test_types_that_double_each_other_do_not_hang() -> None:
    doubled: list[Json] = [record(("a", "null"), name="R0")]
    doubled += [record(("a", f"R{number - 1}"), ("b", f"R{number - 1}"), name=f"R{number}") for number in range(1, 60)]
    started = time.process_time()
    assert "values that take no bytes" in refused(read(doubled, long(59)))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("levels", [1, 100, 253, 254, 300, 999, 1000])
def test_values_may_nest_a_thousand_deep(levels: int) -> None:
    body = b"".join(long(number) + b"\x02" for number in range(levels - 1)) + long(levels) + b"\0"
    decoded = read(NODE, body)
    text = accepted(decoded)
    assert text.count("{") == levels
    node, deep = decoded.document[0], 0
    while node is not None:
        assert isinstance(node, dict)
        node, deep = node["next"], deep + 1
    assert deep == levels


@pytest.mark.parametrize(("levels", "is_read"), [(999, True), (1000, False)])
def test_a_duration_is_a_level_of_its_own(levels: int, is_read: bool) -> None:
    period = logical("fixed", "duration", name="Period", size=12)
    node = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node", period]}]}
    decoded = read(node, b"\x02" * (levels - 1) + b"\x04" + bytes(12))
    assert accepted(decoded) if is_read else refused(decoded)


@pytest.mark.parametrize("levels", [1001, 1_000_000])
def test_deeper_ones_are_refused(levels: int) -> None:
    assert "it nests more than 1,000 deep" in refused(read(NODE, b"\0\x02" * levels + b"\0\0"))


def test_records_in_records_by_name_may_be_deeper_than_a_call_goes() -> None:
    chain: list[Json] = [record(("a", "int"), name="R0")]
    chain += [record(("a", f"R{number - 1}"), name=f"R{number}") for number in range(1, 3000)]
    assert "it nests more than 1,000 deep" in refused(read(chain, long(2999) + b"\0"))
    assert accepted(read(chain, long(900) + b"\0")).count("{") == 901


def test_long_names_times_many_records_are_bounded() -> None:
    schema = {"type": "array", "items": record(("a" * 100_000, "boolean"), name="Wide")}
    tracemalloc.start()
    error = refused(read(schema, long(100_000) + b"\1" * 100_000 + b"\0"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "it makes more than 64 MB of text" in error
    assert peak < 200 * 1024 * 1024


def test_a_wide_schema_is_read() -> None:
    schema = record(*((f"field_{number}", ["null", "string"]) for number in range(20_000)))
    text = accepted(read(schema, b"\0" * 20_000))
    assert text.count("null") == 20_000


NOTHINGS = {"type": "array", "items": "null"}
HOSTILE: list[Json] = [
    ORDER,
    NODE,
    NOTHINGS,
    {"type": "array", "items": {"type": "map", "values": ["null", "string", "double", {"type": "array", "items": "bytes"}]}},
    record(*((f"f{number}", ["null", "string"]) for number in range(300))),
    record(*((f"f{number}", "null") for number in range(300)), ("last", {"type": "array", "items": "boolean"})),
    record(("a", logical("bytes", "decimal", precision=10, scale=90)), ("b", logical("long", "timestamp-nanos")), ("c", "float")),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_random_bodies_are_read_or_refused_in_little_time_and_memory(number: int) -> None:
    chance, context = random.Random(number), book(HOSTILE[number])
    values = [
        PREFIX + chance.randbytes(chance.choice([1, 4, 8, 16, 64, 512, 512, 20_000]))
        for _ in range(300 if HOSTILE[number] == NOTHINGS else 2000)
    ]
    Avro().decode(values[:1], [None], context)
    slowest = 0.0
    for value in values:
        started = time.process_time()
        decoded = Avro().decode([value], [None], context)
        slowest = max(slowest, time.process_time() - started)
        _has_verdict(decoded)
    assert slowest < 0.5  # usually under 5 ms: the collector or another process may take its time
    tracemalloc.start()
    for value in values[:60]:
        _has_verdict(Avro().decode([value], [None], context))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


def _has_verdict(decoded: Decoded) -> None:
    if decoded.decoder[0] is None:
        assert refused(decoded)
    else:
        assert orjson.loads(decoded.data[0] or "") == decoded.document[0]  # type: ignore[arg-type]


@given(st.sampled_from(HOSTILE), st.binary(min_size=1, max_size=200))
def test_any_body_is_read_or_refused(schema: Json, body: bytes) -> None:
    _has_verdict(read(schema, body))


def _containing(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    kinds = st.sampled_from(["record", "array", "map", "enum", "fixed", "int", "R"]) | inner
    fields = st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc"), "type": inner}), max_size=3)
    optional = {"name": st.sampled_from(["R", "S", 1]), "items": inner, "values": inner, "fields": fields, "size": st.integers(-1, 9)}
    return st.lists(inner, max_size=3) | st.fixed_dictionaries({"type": kinds}, optional=optional)


_ANY_SCHEMA = st.recursive(st.sampled_from(["int", "null", "R", 1, None]), _containing, max_leaves=8)


@given(st.text(max_size=30) | _ANY_SCHEMA.map(json.dumps))
def test_any_text_is_a_schema_or_says_why_not(text: str) -> None:
    context = Context("orders", schemas=Schemas((), [Schema("id:42", "http://r", "AVRO", text)]))
    decoded = Avro().decode([PREFIX + b"\0"], [None], context)
    assert decoded.decoder == ["avro"] or refused(decoded)
