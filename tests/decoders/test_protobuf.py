"""Protobuf by a schema: every kind of field, every framing, what the schema does not know, and what is hostile."""

from __future__ import annotations

import base64
import random
import time
import tracemalloc
import uuid
import zlib
from typing import Any

import orjson
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from inspector import decoders
from inspector.decoders import Context, Decoded, Spans
from inspector.decoders.protobuf import Protobuf
from inspector.event import Flag, Reference, Schema
from inspector.schemas.protobuf_reader import MAX_UNPACKED_BYTES, Reader
from tests.contracts import DecoderContract
from tests.decoders.protobuf_samples import EVERYTHING, context, filled, new, reader, schema, shop
from tests.public_data import folder, needed
from tests.schemas.test_wire import chain, tagged

SUITE = folder("protobuf")
CONFLUENT = b"\0\0\0\0\7"
GUID = uuid.UUID("11223344-5566-7788-99aa-bbccddeeff00")
ORDER = {"id": "o-1", "version": 3, "total": {"currency": "CZK", "units": 90071992547409931}, "status": "PAID", "tags": {}, "lines": []}


def order() -> bytes:
    content: bytes = new(
        shop(), "shop.Order", id="o-1", version=3, total={"currency": "CZK", "units": 90071992547409931}, status=1
    ).SerializeToString()
    return content


def payment() -> bytes:
    content: bytes = new(shop(), "shop.Payment", order="o-1", amount=12.5).SerializeToString()
    return content


def decode(value: bytes, described: Schema | None = None, headers: str | None = None) -> Decoded:
    return Protobuf().decode([value], [headers], context(described or shop()))


def spans(value: bytes, described: Schema | None = None, headers: str | None = None) -> Spans:
    return Protobuf().spans(value, headers, context(described or shop()))


def read(described: Schema, message: Any) -> Any:
    """The document of a message of the schema's first type."""
    decoded = decode(CONFLUENT + b"\0" + message.SerializeToString(), described)
    assert decoded.error == [None]
    assert orjson.loads(str(decoded.data[0])) == decoded.document[0]
    return decoded.document[0]


class TestProtobuf(DecoderContract):
    decoder = Protobuf()
    context = context(shop())
    examples = (CONFLUENT + b"\0" + order(), CONFLUENT + b"\2\2" + payment(), CONFLUENT + b"\0")


# how a value says which message it is


@pytest.mark.parametrize(
    ("prefix", "body", "name"),
    [
        (b"\0", order(), "shop.Order"),
        (b"\2\0", order(), "shop.Order"),
        (b"\2\2", payment(), "shop.Payment"),
        (b"\1\1", payment(), "shop.Payment"),  # old clients: numbers that are not zigzag
        (b"\4\0\2", tagged(1, b"sku"), "shop.Order.Line"),  # entries of maps count as nested types…
        (b"\2\0\1", tagged(1, b"sku"), "shop.Order.Line"),  # … and as plain numbers: zigzag would be Order and a field of no kind
        (b"\6\0\2\0", b"\x08\x01", "shop.Order.Line.Detail"),
        (b"\2\1\1", payment(), ""),
    ],
)
def test_indexes_name_the_message(prefix: bytes, body: bytes, name: str) -> None:
    decoded = decode(CONFLUENT + prefix + body)
    assert decoded.name.get(0, "") == name
    assert bool(decoded.error[0]) == (not name)


def test_nested_indexes_may_leave_out_the_entries_of_maps() -> None:
    line = new(shop(), "shop.Order.Line", sku="s", amount=2**64 - 1).SerializeToString()
    for index in (b"\4\0\0", b"\4\0\2"):
        decoded = decode(CONFLUENT + index + line)
        assert decoded.name == {0: "shop.Order.Line"}
        assert decoded.data == ['{"sku":"s","amount":18446744073709551615}']


def test_zigzag_goes_before_plain_numbers_and_what_parses_before_both() -> None:
    two = schema('syntax = "proto3"; message A { int32 a = 1; } message B { string b = 1; } message C { bytes c = 5; }')
    assert decode(CONFLUENT + b"\2\2" + tagged(1, b"x"), two).name == {0: "B"}
    assert decode(CONFLUENT + b"\1\2" + tagged(5, b"x"), two).name == {0: "C"}
    # both readings are possible: as zigzag it is B with a field nobody knows, as plain numbers C
    assert decode(CONFLUENT + b"\2\4" + tagged(5, b"x"), two).name == {0: "C"}


def test_a_header_names_the_schema_and_the_message() -> None:
    described = shop(f"guid:{GUID}")
    for indexes, body, name in ((b"\0", order(), "shop.Order"), (b"\2\2", payment(), "shop.Payment"), (b"", order(), "shop.Order")):
        content = orjson.dumps({"base64": base64.b64encode(b"\1" + GUID.bytes + indexes).decode()}).decode()
        decoded = decode(body, described, f'[["__value_schema_id",{content}]]')
        assert decoded.name == {0: name}
        assert decoded.error == [None]


@pytest.mark.parametrize("prefix", [b"", b"\0", b"\2\2"])
def test_apicurio_names_the_message_before_it(prefix: bytes) -> None:
    ref = tagged(1, b"Payment")
    for described, frame in ((shop("global:9"), b"\0" + (9).to_bytes(8, "big")), (shop(), CONFLUENT)):
        decoded = decode(frame + prefix + bytes([len(ref)]) + ref + payment(), described)
        assert decoded.name == {0: "shop.Payment"}
        assert decoded.document == [{"order": "o-1", "amount": 12.5}]


def test_apicurio_names_the_message_in_a_header() -> None:
    headers = '[["apicurio.value.globalId",{"base64":"AAAAAAAAAAk="}],["apicurio.protobuf.type","Payment"]]'
    assert decode(payment(), shop("global:9"), headers).name == {0: "shop.Payment"}
    plain = '[["apicurio.value.globalId",{"base64":"AAAAAAAAAAk="}]]'
    assert decode(order(), shop("global:9"), plain).name == {0: "shop.Order"}


def test_glue_counts_the_names_of_all_messages() -> None:
    described = shop(f"glue:{GUID}")
    # sorted: Order, Order.Line, Order.Line.Detail, Order.TagsEntry, Payment
    body = b"\4" + payment()
    assert decode(b"\3\0" + GUID.bytes + body, described).name == {0: "shop.Payment"}
    packed = b"\3\5" + GUID.bytes + zlib.compress(body)
    assert decode(packed, described).name == {0: "shop.Payment"}
    assert spans(packed, described) == Spans(reason="its bytes are compressed: fields have no place in them")


@pytest.mark.parametrize("name", ["shop.Order", "shop.Payment", "shop.Order.Line", "shop.Order.Line.Detail"])
def test_what_confluents_serializer_writes_is_read_with_what_it_registers(name: str) -> None:
    registry: Any = SchemaRegistryClient.new_client({"url": "mock://"})
    message = new(shop(), name)
    value = ProtobufSerializer(type(message), registry, {})(message, SerializationContext("orders", MessageField.VALUE))
    assert value is not None
    found = registry.get_latest_version("orders-value")
    references = [registry.get_version(one.subject, one.version) for one in found.schema.references]
    described = Schema(
        f"id:{int.from_bytes(value[1:5], 'big')}",
        kind="PROTOBUF",
        text=found.schema.schema_str,
        references=tuple(
            Reference(one.name, other.schema.schema_str) for one, other in zip(found.schema.references, references, strict=True)
        ),
    )
    decoded = decode(value, described)
    assert decoded.name == {0: name}
    assert decoded.error == [None]


# what documents have


def test_fields_without_presence_are_there_and_others_when_they_are_set() -> None:
    described = schema(EVERYTHING)
    document = read(described, new(described, "every.Every"))
    assert {name: document[name] for name in ("a_int32", "a_float", "a_bool", "a_string", "a_bytes", "a_color", "int32s", "by_text")} == {
        "a_int32": 0,
        "a_float": 0.0,
        "a_bool": False,
        "a_string": "",
        "a_bytes": "",
        "a_color": "NONE",
        "int32s": [],
        "by_text": {},
    }
    assert not {"inner", "maybe_number", "maybe_text", "text", "at", "wrapped_int", "empty"} & set(document)
    document = read(described, new(described, "every.Every", maybe_number=0, maybe_text="", text="", wrapped_int={}, empty={}))
    assert [document[name] for name in ("maybe_number", "maybe_text", "text", "wrapped_int", "empty")] == [0, "", "", 0, {}]


def test_members_have_the_order_of_the_schema() -> None:
    described = schema(EVERYTHING)
    document = read(described, new(described, "every.Every", maybe_text="x", at={"seconds": 1}, inner={"a_string": "y"}))
    declared = [field.name for field in reader(described).messages[0].fields]
    assert list(document) == [name for name in declared if name in document]


@pytest.mark.parametrize(
    ("fields", "name", "text"),
    [
        ({"a_int64": -(2**63)}, "a_int64", "-9223372036854775808"),
        ({"a_uint64": 2**64 - 1}, "a_uint64", "18446744073709551615"),
        ({"a_float": 0.1}, "a_float", "0.1"),
        ({"a_double": float("nan")}, "a_double", '"NaN"'),
        ({"a_float": float("-inf")}, "a_float", '"-Infinity"'),
        ({"doubles": [1.5, float("inf")]}, "doubles", '[1.5,"Infinity"]'),
        ({"a_bytes": b"\xff\0"}, "a_bytes", '"/wA="'),
        ({"a_color": 7}, "a_color", '"BLUE"'),
        ({"a_color": 99}, "a_color", "99"),
        ({"colors": [1, 5]}, "colors", '["RED",5]'),
        ({"at": {"seconds": 1700000000}}, "at", '"2023-11-14T22:13:20Z"'),
        ({"at": {"seconds": 1700000000, "nanos": 120000000}}, "at", '"2023-11-14T22:13:20.120Z"'),
        ({"at": {"seconds": -1, "nanos": 1}}, "at", '"1969-12-31T23:59:59.000000001Z"'),
        ({"at": {"seconds": 2**40 * 1000}}, "at", '{"seconds":1099511627776000,"nanos":0}'),
        ({"took": {"seconds": -3, "nanos": -500000000}}, "took", '"-3.500s"'),
        ({"took": {"seconds": 1, "nanos": -1}}, "took", '{"seconds":1,"nanos":-1}'),
        ({"wrapped_int": {"value": 2**63 - 1}}, "wrapped_int", "9223372036854775807"),
        ({"wrapped_float": {"value": 0.1}}, "wrapped_float", "0.1"),
        ({"wrapped_bytes": {"value": b"a"}}, "wrapped_bytes", '"YQ=="'),
        ({"mask": {"paths": ["a_b", "c"]}}, "mask", '"a_b,c"'),
        ({"struct": {"b": [1, None, {"c": "x"}], "a": True}}, "struct", '{"a":true,"b":[1.0,null,{"c":"x"}]}'),
        (
            {"by_number": {-5: {"name": "x"}, 3: {}}},
            "by_number",
            '{"-5":{"name":"x","count":0,"inner":[]},"3":{"name":"","count":0,"inner":[]}}',
        ),
        ({"by_truth": {True: "y", False: "n"}}, "by_truth", '{"false":"n","true":"y"}'),
    ],
)
def test_values_have_their_json_form(fields: dict[str, Any], name: str, text: str) -> None:
    described = schema(EVERYTHING)
    decoded = decode(CONFLUENT + b"\0" + new(described, "every.Every", **fields).SerializeToString(), described)
    data = str(decoded.data[0])
    assert f'"{name}":{text}' in data
    assert orjson.loads(data) == decoded.document[0]


def test_a_packed_message_has_its_members_when_its_type_is_known() -> None:
    described = schema(EVERYTHING)

    def packed(url: str, value: bytes) -> object:
        return read(described, new(described, "every.Every", any={"type_url": url, "value": value}))["any"]

    assert packed("x/every.Every.Inner", tagged(1, b"n")) == {"@type": "x/every.Every.Inner", "name": "n", "count": 0, "inner": []}
    assert packed("x/google.protobuf.Duration", b"\x08\x05") == {"@type": "x/google.protobuf.Duration", "value": "5s"}
    assert packed("x/other.Message", b"ab") == {"@type": "x/other.Message", "value": "YWI="}
    assert packed("x/every.Every.Inner", b"\xff") == {"@type": "x/every.Every.Inner", "value": "/w=="}
    assert packed("", b"") == {}


@given(st.integers(0, 2**32))
def test_googles_own_json_reads_every_document_as_the_same_message(seed: int) -> None:
    described = schema(EVERYTHING)
    message = filled(new(described, "every.Every"), random.Random(seed))
    value = message.SerializeToString(deterministic=True)
    document = read(described, message)
    again = json_format.ParseDict(document, new(described, "every.Every"), descriptor_pool=reader(described).pool)
    if "NaN" not in str(document):
        assert again == message
    assert again.SerializeToString(deterministic=True) == value


def test_what_the_schema_does_not_know_is_not_lost() -> None:
    body = (
        order() + tagged(7, tagged(1, b"s") + tagged(9, b"?")) + tagged(20, b"text") + b"\xa8\x01\x05\xa8\x01\x06" + b"\xb5\x01\0\0\x80\x3f"
    )
    document = decode(CONFLUENT + b"\0" + body).document[0]
    assert isinstance(document, dict)
    assert {name: document[name] for name in ("#20", "#21", "#22", "lines")} == {
        "#20": "text",
        "#21": [5, 6],
        "#22": 1.0,
        "lines": [{"sku": "s", "amount": 0, "#9": "?"}],
    }
    # a field that is written in another way than the schema says
    document = decode(CONFLUENT + b"\0" + b"\x08\x05").document[0]
    assert document == {"id": "", "version": 0, "status": "UNKNOWN", "tags": {}, "lines": [], "#1": 5}


def test_proto2_has_groups_extensions_and_texts_that_are_none() -> None:
    described = schema("""syntax = "proto2"; package p;
        message M { optional string s = 1; repeated group G = 2 { optional int32 a = 1; } optional E e = 3;
          optional int32 d = 4 [default = 5]; extensions 100 to 200; enum E { A = 0; B = 1; } optional M m = 5; }
        extend M { optional M ext = 100; repeated int32 numbers = 101; }""")
    assert decode(CONFLUENT + b"\0" + b"\x13\x08\x07\x14\x18\x09" + b"\xa2\x06\x02\x20\x01" + b"\xa8\x06\x05", described).document == [
        {"g": [{"a": 7}], "[p.ext]": {"g": [], "d": 1}, "[p.numbers]": [5], "#3": 9}
    ]
    decoded = decode(CONFLUENT + b"\0" + tagged(1, b"\xff\xfe"), described)
    assert (decoded.document, decoded.data) == ([{"s": "//4=", "g": []}], ['{"s":"//4=","g":[]}'])


def test_a_type_that_only_calls_itself_well_known_is_a_message() -> None:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

    file = FileDescriptorProto(name="false.proto", package="google.protobuf", syntax="proto3")
    field = file.message_type.add(name="Timestamp").field.add(name="text", number=1, type=9, label=1)
    assert field.name == "text"
    described = Schema("id:7", kind="PROTOBUF", text="", compiled=FileDescriptorSet(file=[file]).SerializeToString())
    assert decode(CONFLUENT + b"\0" + tagged(1, b"x"), described).document == [{"text": "x"}]


def test_fields_called_like_methods_of_messages_are_fields() -> None:
    described = schema(
        'syntax = "proto3"; message M { string HasField = 1; string ListFields = 2; optional string Clear = 3; M FromString = 4; }'
    )
    value = new(described, "M")
    value.HasField = "h"
    assert decode(CONFLUENT + b"\0" + tagged(1, b"h") + tagged(3, b"c"), described).document == [
        {"HasField": "h", "ListFields": "", "Clear": "c"}
    ]


# batches


def test_rows_keep_their_places_in_a_mixed_batch() -> None:
    other = Schema("id:8", registry="http://r", kind="AVRO", text='"string"')
    values = [None, CONFLUENT + b"\0" + order(), b"\0\0\0\0\x08\x02a", CONFLUENT + b"\2\2" + payment(), b"{}", CONFLUENT + b"\0\xff", None]
    decoded = Protobuf().decode(values, [None] * len(values), context(shop(), other))
    assert decoded.decoder == [None, "protobuf", None, "protobuf", None, None, None]
    assert decoded.document[1] == ORDER
    assert decoded.name == {1: "shop.Order", 3: "shop.Payment"}
    assert decoded.error == [
        None,
        None,
        "it names no Protobuf schema",
        None,
        "it names no Protobuf schema",
        "not a shop.Order: a number that does not end at byte 6",
        None,
    ]
    assert [schema and schema.wire for schema in decoded.schema] == [None, "id:7", None, "id:7", None, "id:7", None]


def test_rows_of_one_message_keep_their_places_however_it_is_named() -> None:
    bodies = [new(shop(), "shop.Order", id=f"o-{row}").SerializeToString() for row in range(20)]
    values = [CONFLUENT + (b"\0" if row % 3 else b"\2\0") + body for row, body in enumerate(bodies)]
    decoded = Protobuf().decode(values, [None] * 20, context(shop()))
    assert [document["id"] for document in decoded.document] == [f"o-{row}" for row in range(20)]  # type: ignore[index]


def test_the_automatic_choice_takes_it_and_says_why_it_cannot() -> None:
    known = context(shop())
    decoded = decoders.decode([CONFLUENT + b"\0" + order(), CONFLUENT + b"\0\x0a\x7fab"], [None, None], known)
    assert decoded.decoder == ["protobuf", "confluent"]
    assert decoded.flags == [0, Flag.undecodable]
    assert decoded.error[1] == (
        "protobuf: not a shop.Order: field 1 has 127 bytes, 2 are left at byte 6; orders-value (schema 7) does not read it"
    )


def test_a_schema_that_does_not_compile_is_the_reason() -> None:
    broken = Schema("id:7", registry="http://r", kind="PROTOBUF", text="nonsense")
    decoded = decode(CONFLUENT + b"\0" + order(), broken)
    assert (decoded.error[0] or "").startswith("schema 7 does not compile: line 1, column 1:")
    assert spans(CONFLUENT + b"\0", broken).reason.startswith("schema 7 does not compile")


def test_a_missing_schema_is_not_its_own() -> None:
    assert Protobuf().priority(CONFLUENT + b"\0" + order(), None, Context()) == 0


def test_the_same_values_in_batches_of_any_size_are_the_same_documents() -> None:
    described = schema(EVERYTHING)
    chance = random.Random(5)
    values = [CONFLUENT + b"\0" + filled(new(described, "every.Every"), chance).SerializeToString() for _ in range(601)]
    together = Protobuf().decode(values, [None] * len(values), context(described))
    alone = [decode(value, described) for value in values]
    assert together.data == [decoded.data[0] for decoded in alone]


# which bytes hold what


def resolved(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


@given(st.integers(0, 2**32))
def test_every_byte_belongs_to_a_field_that_is_in_the_document(seed: int) -> None:
    described = schema(EVERYTHING)
    value = CONFLUENT + b"\0" + filled(new(described, "every.Every"), random.Random(seed)).SerializeToString()
    document = decode(value, described).document[0]
    found = spans(value, described)
    assert (found.stopped_at, found.reason) == (None, "")
    for path, start, end in found.fields:
        assert 6 <= start < end <= len(value)
        resolved(document, path)
    top = [
        field
        for field in found.fields
        if len(field.path) == 1 or field.path[0] in {"by_text", "by_number", "by_truth", "by_sint", "by_fixed"}
    ]
    covered = {byte for field in top for byte in range(field.start, field.end)}
    covered |= {byte for field in found.fields if len(field.path) == 2 for byte in range(field.start, field.end)}
    assert covered == set(range(6, len(value)))


def test_spans_of_an_order() -> None:
    value = CONFLUENT + b"\0" + tagged(1, b"o-1") + tagged(3, tagged(1, b"CZK")) + tagged(6, tagged(1, b"k") + tagged(2, b"v"))
    value += tagged(7, tagged(1, b"s")) + tagged(7, b"\x10\x05") + tagged(30, b"new")
    assert [tuple(field) for field in spans(value).fields] == [
        (("id",), 6, 11),
        (("total",), 11, 18),
        (("total", "currency"), 13, 18),
        (("tags", "k"), 18, 26),
        (("lines", 0), 26, 31),
        (("lines", 0, "sku"), 28, 31),
        (("lines", 1), 31, 35),
        (("lines", 1, "amount"), 33, 35),
        (("#30",), 35, 41),
    ]


def test_spans_of_packed_numbers_are_one_by_one() -> None:
    described = schema(EVERYTHING)
    value = CONFLUENT + b"\0" + new(described, "every.Every", int32s=[1, 300], fixed64s=[7]).SerializeToString()
    assert [tuple(field) for field in spans(value, described).fields] == [
        (("int32s",), 6, 12),
        (("int32s", 0), 9, 10),
        (("int32s", 1), 10, 12),
        (("fixed64s",), 12, 23),
        (("fixed64s", 0), 15, 23),
    ]


@pytest.mark.parametrize(
    ("body", "at", "reason"),
    [
        (tagged(1, b"o-1") + b"\x1a\x05\x0a\x09abc", 13, "field 1 has 9 bytes, 3 are left"),
        (tagged(1, b"o\xff"), 9, "a text that is not UTF-8"),
        (b"\x10", 7, "a number that does not end"),
        (b"\x1a\x02\x00\x00", 8, "a field cannot have the number 0"),
        (tagged(6, tagged(1, b"\xff")), 10, "a text that is not UTF-8"),
    ],
)
def test_where_and_why_a_value_stops(body: bytes, at: int, reason: str) -> None:
    value = CONFLUENT + b"\0" + body
    found = spans(value)
    assert (found.stopped_at, found.reason) == (at, reason)
    assert decode(value).error == [f"not a shop.Order: {reason} at byte {at}"]
    assert decoders.attempts(value, None, context(shop()))[0].stopped_at == at


# hostile values


@given(st.binary(max_size=300), st.sampled_from([b"", b"\0", b"\2\2", b"\6\0\2\0"]))
def test_any_body_is_a_document_or_refused(body: bytes, indexes: bytes) -> None:
    value = CONFLUENT + indexes + body
    if len(value) > 5:
        decoded = decode(value)
        found = spans(value)
        assert (decoded.error[0] is None) == (decoded.data[0] is not None)
        assert found.stopped_at is None or 0 <= found.stopped_at <= len(value)
        if decoded.error[0] is None:
            assert found.stopped_at is None


def test_random_bytes_end_soon_and_in_little_memory() -> None:
    chance = random.Random(1)
    known = context(schema(EVERYTHING))
    Protobuf().decode([CONFLUENT + b"\0"], [None], known)
    tracemalloc.start()
    for size in (10, 1000, 1_000_000):
        for _ in range(5):
            value = CONFLUENT + b"\0" + chance.randbytes(size)
            before = time.process_time()
            decoded = Protobuf().decode([value], [None], known)
            assert time.process_time() - before < 0.05 + size / 10_000_000
            assert decoded.error[0]
    assert tracemalloc.get_traced_memory()[1] < 64_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("deep", [101, 100_000])
def test_deep_nesting_is_refused(deep: int) -> None:
    described = schema('syntax = "proto3"; message M { M m = 1; }')
    decoded = decode(CONFLUENT + b"\0" + chain(deep), described)
    assert (decoded.error[0] or "").startswith("not a M: messages nest more than 100 deep at byte ")
    assert decode(CONFLUENT + b"\0" + chain(100), described).error == [None]


def test_deep_nesting_in_packed_messages_is_no_crash() -> None:
    described = schema('syntax = "proto3"; import "google/protobuf/any.proto"; message M { google.protobuf.Any any = 1; M m = 2; }')
    body = b""
    for _ in range(2000):
        body = tagged(1, tagged(1, b"x/M") + tagged(2, body))
    decoded = decode(CONFLUENT + b"\0" + body, described)
    assert decoded.error == [None]
    assert str(decoded.data[0]).count("@type") == 9, "the rest stays bytes"
    deep = b""
    for _ in range(9):
        for _ in range(95):
            deep = tagged(2, deep)
        deep = tagged(1, tagged(1, b"x/M") + tagged(2, deep))
    decoded = decode(CONFLUENT + b"\0" + deep, described)
    assert decoded.error[0] in {None, "its messages nest too deep"}


def test_empty_messages_with_many_fields_are_bounded() -> None:
    fields = " ".join(f"int64 f{number} = {number};" for number in range(1, 101))
    described = schema(f'syntax = "proto3"; message M {{ repeated W w = 1; }} message W {{ {fields} }}')
    bomb = CONFLUENT + b"\0" + tagged(1, b"") * 500_000
    assert decode(bomb, described).error == ["its messages would take more than 32 MB"]
    assert decode(CONFLUENT + b"\0" + tagged(1, b"") * 1000, described).error == [None]


def test_empty_messages_in_a_packed_message_are_bounded() -> None:
    fields = " ".join(f"int64 f{number} = {number};" for number in range(1, 101))
    described = schema(
        'syntax = "proto3"; import "google/protobuf/any.proto";'
        f" message M {{ repeated W w = 1; google.protobuf.Any any = 2; }} message W {{ {fields} }}"
    )
    bomb = CONFLUENT + b"\0" + tagged(2, tagged(1, b"x/M") + tagged(2, tagged(1, b"") * 500_000))
    assert decode(bomb, described).error == ["its messages would take more than 32 MB"]


def test_a_large_value_of_ordinary_messages_is_read() -> None:
    line = tagged(7, tagged(1, b"sku-12345678") + b"\x10\x05")
    value = CONFLUENT + b"\0" + line * 60_000
    assert len(value) > reader(shop()).large
    decoded = decode(value)
    assert decoded.error == [None]
    assert len(decoded.document[0]["lines"]) == 60_000  # type: ignore[index]
    assert MAX_UNPACKED_BYTES > 60_000 * 300


# public data


@needed("protobuf")
def test_the_messages_of_protoscope_by_their_schema() -> None:
    assert SUITE is not None
    from inspector.schemas.protobuf import described_set

    described = Schema("id:7", kind="PROTOBUF", text="", compiled=described_set((SUITE / "unittest.proto.pb").read_bytes()))
    found = Reader(described.compiled or b"")
    for name, kind in (("message", "unittest.TestAllTypes"), ("oneof", "unittest.TestAllTypes"), ("packed", "unittest.TestPackedTypes")):
        descriptor = found.find(kind)
        assert descriptor is not None
        message = found.type(descriptor)
        (document,) = message.convert([message.parse((SUITE / f"{name}.pb").read_bytes())])
        if name == "packed":
            assert (document["packed_sint32"], document["packed_float"], document["packed_bool"]) == (
                [605, 705],
                [611.0, 711.0],
                [True, False],
            )
        else:
            assert document["optional_sint64"] == 106
            assert document["optional_nested_message"] == {"bb": 118}
            assert document["repeatedgroup"] == [{"a": 217}, {"a": 317}]
            assert document["#53"] == [8, 9]
