"""Protobuf schemas that were made to do harm, as no compiler writes them: refused, or read as what they are."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from google.protobuf import struct_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from inspector.decoders import MOST_SPANS, Decoded
from inspector.decoders.protobuf import Protobuf
from inspector.event import Schema
from tests.decoders.protobuf_samples import context
from tests.schemas.test_wire import tagged

FIRST, SECOND = b"\0\0\0\0\x07\0", b"\0\0\0\0\x07\2\2"
MESSAGE, TEXT = FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_STRING
NULL = EnumDescriptorProto(name="NullValue", value=[EnumValueDescriptorProto(name="NULL_VALUE", number=0)])


def described(*messages: DescriptorProto, package: str = "", enums: Sequence[EnumDescriptorProto] = (), syntax: str = "proto3") -> Schema:
    """A schema of these types, with its descriptors."""
    file = FileDescriptorProto(name="made.proto", package=package, syntax=syntax, message_type=messages, enum_type=enums)
    return Schema("id:7", "http://r", "PROTOBUF", "made", "orders-value", 1, (), FileDescriptorSet(file=[file]).SerializeToString())


def part(name: str, number: int, kind: int, type_name: str | None = None, *, many: bool = False) -> FieldDescriptorProto:
    """One field."""
    label = FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL
    return FieldDescriptorProto(name=name, number=number, type=kind, type_name=type_name, label=label)


def decode(value: bytes, schema: Schema) -> Decoded:
    return Protobuf().decode([value], [None], context(schema))


def test_types_that_hold_each_other_in_a_long_chain_are_read_or_refused() -> None:
    def chained(count: int) -> Schema:
        links = [DescriptorProto(name=f"M{number}", field=[part("m", 1, MESSAGE, f".M{number + 1}")]) for number in range(count)]
        return described(*links, DescriptorProto(name=f"M{count}"))

    assert decode(FIRST + tagged(1, b""), chained(100)).document == [{"m": {}}]
    for prefix in (FIRST, SECOND):
        assert "its types nest too deep" in str(decode(prefix + tagged(1, b""), chained(1_000)).error[0])


def test_types_that_only_call_themselves_googles_are_read_as_they_are() -> None:
    without_choice = DescriptorProto()
    struct_pb2.Value.DESCRIPTOR.CopyToProto(without_choice)
    del without_choice.oneof_decl[:]
    for field in without_choice.field:
        field.ClearField("oneof_index")
    others = [DescriptorProto(name=name, field=[part("text", 1, TEXT)]) for name in ("Struct", "ListValue")]
    value = FIRST + tagged(5, tagged(1, b"x"))
    found = decode(value, described(without_choice, *others, package="google.protobuf", enums=[NULL]))
    assert found.error == [None]
    assert found.document == [
        {"null_value": None, "number_value": 0.0, "string_value": "", "bool_value": False, "struct_value": {"text": "x"}}
    ]


def test_a_type_of_googles_is_one_only_with_those_that_it_is_made_of() -> None:
    value = DescriptorProto()
    struct_pb2.Value.DESCRIPTOR.CopyToProto(value)
    others = [DescriptorProto(name=name, field=[part("text", 1, TEXT)]) for name in ("Struct", "ListValue")]
    found = decode(FIRST + tagged(5, tagged(1, b"x")), described(value, *others, package="google.protobuf", enums=[NULL]))
    assert found.error == [None]
    assert found.document == [{"struct_value": {"text": "x"}}]


def test_a_map_without_key_and_value_makes_no_schema() -> None:
    entry = DescriptorProto(name="XEntry", field=[part("k", 1, TEXT), part("v", 2, TEXT)])
    entry.options.map_entry = True
    message = DescriptorProto(name="A", nested_type=[entry], field=[part("x", 1, MESSAGE, ".A.XEntry", many=True)])
    assert "XEntry is no map" in str(decode(FIRST + tagged(1, b""), described(message)).error[0])


TOO_MUCH = "its messages would take more than 32 MB"
LONG_NAME = "N" * 60_000


@pytest.mark.parametrize("body", [tagged(1, bytes(2_000)), b"\x08\0" * 2_000], ids=["packed", "unpacked"])
def test_names_of_values_are_bounded(body: bytes) -> None:
    enum = EnumDescriptorProto(name="E", value=[EnumValueDescriptorProto(name=LONG_NAME, number=0)])
    schema = described(DescriptorProto(name="A", field=[part("e", 1, FieldDescriptorProto.TYPE_ENUM, ".E", many=True)]), enums=[enum])
    assert decode(FIRST + body, schema).error == [TOO_MUCH]
    assert len(str(decode(FIRST + b"\x08\0" * 10, schema).data[0])) > 10 * len(LONG_NAME)


@pytest.mark.parametrize("kind", [TEXT, FieldDescriptorProto.TYPE_ENUM])
def test_names_of_fields_and_of_values_that_are_not_set_are_bounded(kind: FieldDescriptorProto.Type) -> None:
    enum = EnumDescriptorProto(name="E", value=[EnumValueDescriptorProto(name=LONG_NAME, number=0)])
    field = part(LONG_NAME, 1, kind) if kind == TEXT else part("e", 1, kind, ".E")
    outer = DescriptorProto(name="A", field=[part("m", 1, MESSAGE, ".B", many=True)])
    schema = described(outer, DescriptorProto(name="B", field=[field]), enums=[enum])
    assert decode(FIRST + tagged(1, b"") * 2_000, schema).error == [TOO_MUCH]
    assert decode(FIRST + tagged(1, b"") * 10, schema).error == [None]


def test_groups_in_groups_are_gone_over_once() -> None:
    """Ninety groups around the same fields cost no more than a few times what one costs; going over each would be ninety times."""
    group = part("g", 1, FieldDescriptorProto.TYPE_GROUP, ".A")
    schema = described(DescriptorProto(name="A", field=[group, part("n", 2, FieldDescriptorProto.TYPE_INT64)]), syntax="proto2")

    def value(depth: int) -> bytes:
        return FIRST + b"\x0b" * depth + b"\x10\x01" * 20_000 + b"\x0c" * depth

    def spans_s(depth: int) -> float:
        before = time.process_time()
        assert len(Protobuf().spans(value(depth), None, context(schema)).fields) == MOST_SPANS
        return time.process_time() - before

    assert spans_s(90) < 10 * max(spans_s(1), spans_s(1))
    cut = value(90)[:-1]
    assert decode(cut, schema).error == [f"not a A: group 1 does not end at byte {len(cut) - 1:,}"]
