"""Avro values: every type exact, every framing, and the byte and the schema when one does not decode."""

from __future__ import annotations

import base64
import json
import struct
import uuid
import zlib
from typing import ClassVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, FieldSpan
from inspector.decoders.avro import Avro
from inspector.event import Flag, Reference, Schema
from inspector.schemas import Schemas
from tests import public_data
from tests.contracts import DecoderContract
from tests.decoders.avro_values import (
    AN_ORDER,
    ORDER,
    PREFIX,
    Json,
    accepted,
    as_document,
    book,
    long,
    read,
    record,
    refused,
    schemas_and_values,
    written,
)


class TestAvro(DecoderContract):
    decoder = Avro()
    examples = (PREFIX + written(ORDER, AN_ORDER),)
    context: ClassVar[Context] = book(ORDER)


# ---- types


@given(schemas_and_values())
def test_what_fastavro_writes_is_read(made: tuple[Json, Json]) -> None:
    schema, value = made
    body = written(schema, value)
    decoded = read(schema, body)
    if len(PREFIX + body) <= 5:  # a frame with nothing behind it is none
        assert refused(decoded) == "it names no schema"
        return
    text = accepted(decoded)
    document = as_document(value)
    assert orjson.loads(text) == decoded.document[0]
    assert json.loads(text, parse_float=_float32_or_64) == _float32s(document)
    assert decoded.name.get(0) == (schema["name"] if isinstance(schema, dict) and schema["type"] == "record" else decoded.name.get(0))


def _float32_or_64(digits: str) -> float:
    return _rounded(float(digits))


def _rounded(value: float) -> float:
    """What is left of a number when it has been a 32-bit float: tells nothing of a double, but that is tested elsewhere."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return value


def _float32s(value: Json) -> Json:
    match value:
        case float():
            return _rounded(value)
        case list():
            return [_float32s(item) for item in value]
        case dict():
            return {name: _float32s(item) for name, item in value.items()}
    return value


def test_an_order_with_all_that_is_usual() -> None:
    decoded = read(ORDER, written(ORDER, AN_ORDER))
    assert accepted(decoded) == (
        '{"id":"o-1","quantity":3,"total":900.00,"placed":"2025-11-24T16:00:00.123456Z","status":"PAID","note":null,'
        '"lines":[{"sku":"A1","price":12.5}],"labels":{"a":4611686018427387904}}'
    )
    document = decoded.document[0]
    assert isinstance(document, dict)
    assert (document["total"], type(document["total"])) == (900.0, float)
    assert decoded.name == {0: "shop.Order"}
    assert decoded.schema[0] is not None
    assert decoded.schema[0].label == "orders-value version 3 (schema 42)"


@given(st.integers(-(2**63), 2**63 - 1))
def test_long_integers_keep_every_digit(number: int) -> None:
    decoded = read("long", long(number))
    assert (accepted(decoded), decoded.document[0]) == (str(number), number)


@given(st.floats(width=32))
def test_a_float_has_the_fewest_digits_that_say_it(value: float) -> None:
    text = accepted(read("float", written("float", value)))
    if value - value != 0:
        assert text == {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}[str(value)]
        return
    assert struct.pack("<f", float(text)) == struct.pack("<f", value)
    digits = len(text.partition("e")[0].replace(".", "").replace("-", "").strip("0"))
    shorter = float(f"{value:.{max(digits - 2, 0)}e}")
    assert digits <= 9
    assert digits <= 1 or struct.pack("<d", shorter) != struct.pack("<d", float(text))
    if digits > 1:
        assert abs(shorter) > 3.4e38 or struct.pack("<f", shorter) != struct.pack("<f", value)


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (3.4028235e38, "3.4028235e+38"), (1e-45, "1e-45"), (16777216.0, "16777216.0"), (-0.0, "-0.0")]
)
def test_floats_as_people_write_them(value: float, text: str) -> None:
    assert accepted(read("float", struct.pack("<f", value))) == text


@given(st.floats())
def test_doubles_are_exact(value: float) -> None:
    text = accepted(read("double", written("double", value)))
    words = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}
    assert text == words[str(value)] if value - value != 0 else struct.pack("<d", float(text)) == struct.pack("<d", value)


def test_texts_may_hold_anything_but_broken_characters() -> None:
    odd = 'a\0b"\\\x1f\u2028\U0001f600'
    assert json.loads(accepted(read("string", written("string", odd)))) == odd
    assert refused(read(record(("a", "string")), b"\x06a\xff\xfe")) == (
        "orders-value version 3 (schema 42): 9 bytes, stopped at byte 5, in a: string: not UTF-8 at byte 7"
    )


def test_blocks_may_come_in_parts_and_with_their_size() -> None:
    blocks = long(-2) + long(4) + b"\x02\x04" + long(1) + b"\x06" + b"\0"
    assert accepted(read({"type": "array", "items": "int"}, blocks)) == "[1,2,3]"
    named = long(1) + b"\x02a\x02" + long(-1) + long(3) + b"\x02b\x04" + b"\0"
    assert accepted(read({"type": "map", "values": "int"}, named)) == '{"a":1,"b":2}'


def test_a_name_that_a_map_has_twice_is_shown_twice_and_the_first_wins() -> None:
    decoded = read({"type": "map", "values": "int"}, long(2) + b"\x02a\x02" + b"\x02a\x04" + b"\0")
    assert accepted(decoded) == '{"a":1,"a":2}'
    assert decoded.document == [{"a": 1}]
    assert decoded.flags == [Flag.duplicate_keys]


def test_numbers_may_be_longer_than_they_need() -> None:
    assert accepted(read(["null", "string"], b"\x82\x00\x84\x80\x00ab")) == '"ab"'
    assert accepted(read({"type": "enum", "name": "E", "symbols": ["A", "B"]}, b"\x82\x80\x00")) == '"B"'


def test_bytes_as_confluents_java_serializer_writes_them_have_no_length() -> None:
    assert accepted(read("bytes", b"\xfe\xfd")) == '"/v0="'
    assert accepted(read("bytes", b"\x04\xfe\xfd")) == '"/v0="'
    assert Avro().spans(PREFIX + b"\xfe\xfd", None, book("bytes")).fields == [FieldSpan((), 5, 7)]
    single = b"\xc3\x01" + bytes(8)
    assert refused(Avro().decode([single + b"\xfe\xfd"], [None], book("bytes", wire="crc64:" + "0" * 16)))


def test_the_record_of_a_union_gives_its_name() -> None:
    schema = ["null", record(("a", "int"), name="One"), record(("b", "int"), name="Two")]
    decoded = read(schema, long(2) + long(7))
    assert accepted(decoded) == '{"b":7}'
    assert decoded.name == {0: "shop.Two"}


def test_types_of_other_schemas_are_known_by_their_names() -> None:
    money = Reference("shop.Money", json.dumps(record(("cents", "long"), name="Money")))
    line = Reference("shop.Line", json.dumps(record(("price", "shop.Money"), name="Line")))
    assert accepted(read(record(("lines", {"type": "array", "items": "Line"})), long(1) + long(5) + b"\0", (money, line))) == (
        '{"lines":[{"price":{"cents":5}}]}'
    )
    broken = Reference("shop.Line", "{")
    assert refused(read(record(("line", "Line")), b"\0", (broken,))).startswith(
        "orders-value version 3 (schema 42) is no Avro schema: in shop.Line, which it refers to: not JSON"
    )


# ---- framing


GUID = uuid.UUID(int=2**100 + 1)
BODY = written(ORDER, AN_ORDER)


@pytest.mark.parametrize(
    ("wire", "value", "headers"),
    [
        ("id:42", PREFIX + BODY, None),
        ("global:42", b"\0" + (42).to_bytes(8, "big") + BODY, None),
        (f"glue:{GUID}", b"\x03\0" + GUID.bytes + BODY, None),
        (f"glue:{GUID}", b"\x03\x05" + GUID.bytes + zlib.compress(BODY), None),
        (f"azure:{GUID.hex}", b"\0\0\0\0" + GUID.hex.encode() + BODY, None),
        (f"azure:{GUID.hex}", BODY, [["content-type", f"avro/binary+{GUID.hex}"]]),
        ("crc64:0011223344556677", b"\xc3\x01" + bytes.fromhex("7766554433221100") + BODY, None),
        (f"guid:{GUID}", BODY, [["__value_schema_id", {"base64": base64.b64encode(b"\1" + GUID.bytes).decode()}]]),
        ("content:42", BODY, [["apicurio.value.contentId", {"base64": base64.b64encode((42).to_bytes(8, "big")).decode()}]]),
    ],
)
def test_every_framing(wire: str, value: bytes, headers: list[list[object]] | None) -> None:
    context, text = book(ORDER, wire=wire), None if headers is None else json.dumps(headers)
    assert Avro().priority(value, text, context) > 0.9
    decoded = decoders.decode([value, None, value], [text, None, text], context)
    assert decoded.decoder == ["avro", None, "avro"]
    assert decoded.data[0] == decoded.data[2] == read(ORDER, BODY).data[0]


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (zlib.compress(BODY)[:-3], "its compressed part ends too early"),
        (zlib.compress(b"\0" * (33 * 1024 * 1024)), "it inflates to more than 32 MB"),
        (
            zlib.compress(BODY[:-1]),
            f"inflated to {len(BODY) - 1} bytes, stopped at byte {len(BODY) - 1}, in labels: the number",
        ),
    ],
)
def test_a_compressed_body_that_is_broken_says_so(packed: bytes, reason: str) -> None:
    decoded = Avro().decode([b"\x03\x05" + GUID.bytes + packed], [None], book(ORDER, wire=f"glue:{GUID}"))
    assert refused(decoded).startswith(f"orders-value version 3 (schema glue {GUID}): {reason}")


@public_data.needed("avro")
def test_a_message_in_single_object_encoding() -> None:
    folder = public_data.folder("avro")
    assert folder is not None
    text = (folder / "messageV1/test_schema.avsc").read_text()
    value = (folder / "messageV1/test_message.bin").read_bytes()
    decoded = Avro().decode([value], [None], book(text, wire="crc64:3df542a2f8e12da9"))
    assert accepted(decoded) == '{"id":42,"name":"Bill","tags":["dog_lover","cat_hater"]}'
    assert decoded.name == {0: "org.apache.avro.TestMessage"}


def test_values_of_several_schemas_among_others() -> None:
    names = Schema("id:1", "http://r", "AVRO", '"string"', "orders-key", 1)
    schemas = [names, Schema("id:42", "http://r", "AVRO", json.dumps(ORDER), "orders-value", 3)]
    proto = Schema("id:7", "http://r", "PROTOBUF", 'syntax = "proto3";', "orders-value", 4)
    context = Context("orders", schemas=Schemas((), [*schemas, proto]))
    values = [PREFIX + BODY, b"\0\0\0\0\x01\x04ab", b"\0\0\0\0\x07\0abc", b'{"a":1}', None, b"\0\0\0\0\x09ab", PREFIX + BODY]
    decoded = decoders.decode(values, [None] * len(values), context)
    assert decoded.decoder == ["avro", "avro", "confluent", "json", None, "confluent", "avro"]
    assert decoded.document[1] == "ab"
    assert decoded.name == {0: "shop.Order", 6: "shop.Order"}
    alone = Avro().decode(values, [None] * len(values), context)
    assert alone.error[2] == "orders-value version 4 (schema 7) is of kind PROTOBUF"
    assert alone.error[5] == "schema 9, no registry set"
    assert alone.error[3] == "it names no schema"


def test_a_value_that_does_not_decode_says_where_and_by_which_schema() -> None:
    decoded = decoders.decode([PREFIX + BODY[:-3]], [None], book(ORDER))
    assert decoded.decoder == ["confluent"]
    stopped = f"{len(BODY) + 2} bytes, stopped at byte 36, in labels.a: long: the value ends here"
    label = "orders-value version 3 (schema 42)"
    assert decoded.error == [f"avro: {label}: {stopped}; {label} does not read it"]
    assert decoded.schema[0] is not None


# ---- what is refused


@pytest.mark.parametrize(
    ("schema", "body", "reason"),
    [
        ("string", b"\x05abc", "byte 5: string: a length of -3"),
        ("string", b"\x20abc", "byte 5: string of 17 bytes, with 4 bytes left"),
        ("string", b"\x20\xc3", "byte 5: string of 17 bytes, with 2 bytes left"),
        (["bytes"], b"\0\x20abc", "byte 6: bytes of 17 bytes, with 4 bytes left"),
        ("int", long(2**31), "byte 5: int: 2,147,483,648 is no int of 32 bits"),
        ("long", b"\xff" * 10, "byte 5: long: a number of more than 64 bits"),
        ("long", b"\xff\xff", "byte 5: long: the value ends here"),
        ("boolean", b"\x02", "byte 5: boolean: 2 is no boolean (0 or 1)"),
        ("double", b"abc", "byte 5: double: the value ends here"),
        ("null", b"a", "byte 5: its schema ends 1 byte before the value"),
        (["null", "string"], b"\x01\x02a", "byte 5: branch -1 of a union that has 2"),
        (["null", "string", "int"], b"\x06\x02a", "byte 5: branch 3 of a union that has 3"),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, b"\x01", "byte 5: E: symbol -1 of an enum that has 1"),
        ({"type": "fixed", "name": "F", "size": 4}, b"abc", "byte 5: F: the value ends here"),
        ({"type": "array", "items": "int"}, long(9) + b"\x02", "byte 5: 9 members, with 1 byte left"),
        ({"type": "array", "items": "int"}, long(1) + b"\x02", "byte 7: the number of members of array: the value ends here"),
        ({"type": "map", "values": "int"}, long(1) + b"\x06a", "byte 6: a name in a map of 4 bytes, with 2 bytes left"),
        (record(("a", record(("b", {"type": "array", "items": "int"}), name="B"))), long(1) + b"\x80", "byte 6, in a.b[0]: int: the value"),
    ],
)
def test_bytes_that_are_not_of_the_schema_are_refused_with_the_byte(schema: Json, body: bytes, reason: str) -> None:
    assert refused(read(schema, body)).partition("stopped at ")[2].startswith(reason)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("{", "not JSON"),
        ('{"type": "nothing"}', "no type 'nothing' is known"),
        ("[[1]]", "no type: 1"),
        ('{"type":"record","name":"shop.Ord', "not JSON: unexpected end of data"),
        ('{"name":"shop.Order"}', "no type is said in {'name': 'shop.Order'}"),
        ('["null", ["null"]]', "a union in a union"),
        ('{"type": "record", "name": "R"}', "record R has no list of fields"),
        ('{"type": "record", "fields": []}', "a type record without a name"),
        (
            '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "R"}]}',
            "record R has the field a, which is",
        ),
        (
            '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}',
            "record R has a field 'a'",
        ),
        ('{"type": "fixed", "name": "F", "size": -1}', "fixed F has no size"),
        ('{"type": "enum", "name": "E", "symbols": [1]}', "enum E has no list of symbols"),
        ('["null", {"type": "fixed", "name": "F", "size": 1}, {"type": "fixed", "name": "F", "size": 1}]', "the type 'F' is there twice"),
        ('{"type": "array", "items": ' * 500 + '"int"' + "}" * 500, "it nests more than 100 deep"),
        ('{"type": ' * 900 + '"int"' + "}" * 900, "it nests more than 100 deep"),
        ("[" * 5000 + "]" * 5000, "not JSON"),
        ('"' + "a" * (5 * 1024 * 1024) + '"', "it is longer than 4 MB"),
    ],
)
def test_a_text_that_is_no_schema_says_why(schema: str, reason: str) -> None:
    assert refused(read(schema, b"a")).startswith(f"orders-value version 3 (schema 42) is no Avro schema: {reason}")
