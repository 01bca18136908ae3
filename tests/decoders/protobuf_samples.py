"""A Protobuf schema with a field of every kind, and messages of it with random contents."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from inspector.decoders import Context
from inspector.event import Reference, Schema
from inspector.schemas import Schemas
from inspector.schemas.protobuf import compiled
from inspector.schemas.protobuf_reader import Reader, reader_of

EVERYTHING = """syntax = "proto3";
package every;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Color { NONE = 0; RED = 1; BLUE = 7; }

message Every {
  int32 a_int32 = 1; int64 a_int64 = 2; uint32 a_uint32 = 3; uint64 a_uint64 = 4; sint32 a_sint32 = 5; sint64 a_sint64 = 6;
  fixed32 a_fixed32 = 7; fixed64 a_fixed64 = 8; sfixed32 a_sfixed32 = 9; sfixed64 a_sfixed64 = 10;
  float a_float = 11; double a_double = 12; bool a_bool = 13; string a_string = 14; bytes a_bytes = 15; Color a_color = 16;
  Every inner = 17;
  optional int64 maybe_number = 18; optional string maybe_text = 19; optional Color maybe_color = 20;
  oneof choice { string text = 21; double share = 22; Inner message = 23; bytes blob = 24; }
  repeated int32 int32s = 31; repeated sint64 sint64s = 32; repeated double doubles = 33; repeated float floats = 34;
  repeated bool bools = 35; repeated string strings = 36; repeated bytes blobs = 37; repeated Color colors = 38;
  repeated Inner messages = 39; repeated int64 unpacked = 40 [packed = false]; repeated fixed64 fixed64s = 41;
  map<string, int64> by_text = 51; map<int32, Inner> by_number = 52; map<bool, string> by_truth = 53; map<sint64, Color> by_sint = 54;
  map<fixed32, double> by_fixed = 55;
  google.protobuf.Timestamp at = 61; google.protobuf.Duration took = 62; google.protobuf.Struct struct = 63;
  google.protobuf.Value value = 64; google.protobuf.ListValue list = 65; google.protobuf.Int64Value wrapped_int = 66;
  google.protobuf.FloatValue wrapped_float = 67; google.protobuf.BytesValue wrapped_bytes = 68; google.protobuf.Any any = 69;
  google.protobuf.FieldMask mask = 70; google.protobuf.Empty empty = 71; repeated google.protobuf.Timestamp times = 72;
  google.protobuf.StringValue wrapped_text = 73; google.protobuf.DoubleValue wrapped_double = 74;
  google.protobuf.BoolValue wrapped_bool = 75;
  message Inner { string name = 1; int32 count = 2; repeated Inner inner = 3; }
}
"""

SHOP = """syntax = "proto3";
package shop;
import "parts/money.proto";
import "google/protobuf/timestamp.proto";
enum Status { UNKNOWN = 0; PAID = 1; }
message Order {
  string id = 1; int64 version = 2; parts.Money total = 3; Status status = 4; google.protobuf.Timestamp at = 5;
  map<string, string> tags = 6;
  message Line { string sku = 1; uint64 amount = 2; message Detail { bool fragile = 1; } }
  repeated Line lines = 7;
}
message Payment { string order = 1; double amount = 2; }
"""
MONEY = 'syntax = "proto3"; package parts; message Money { string currency = 1; int64 units = 2; }'
REFERENCES = (Reference("parts/money.proto", MONEY),)


@cache
def schema(text: str, wire: str = "id:7", references: tuple[Reference, ...] = ()) -> Schema:
    """A schema as a registry gives it, compiled."""
    return Schema(
        wire,
        registry="http://r",
        kind="PROTOBUF",
        text=text,
        references=references,
        compiled=compiled(text, references),
        subject="orders-value",
    )


def shop(wire: str = "id:7") -> Schema:
    """The schema of orders and payments."""
    return schema(SHOP, wire, REFERENCES)


def context(*schemas: Schema, log: str = "orders") -> Context:
    """A context that knows these schemas."""
    return Context(log=log, schemas=Schemas(known=schemas))


def reader(described: Schema) -> Reader:
    """What reads values of a schema."""
    found = reader_of(described)
    assert isinstance(found, Reader), found
    return found


def new(described: Schema, name: str, **fields: Any) -> Any:
    """A message of a schema, to be filled."""
    descriptor = reader(described).find(name)
    assert descriptor is not None, name
    return GetMessageClass(descriptor)(**fields)


TEXTS = ["", "a", "Kč", "\x00\x01", '"quoted"', "x" * 200, "\u2028😀"]
FLOATS = [0.0, -0.0, 0.1, 1e-40, 3.4e38, float("inf"), float("-inf"), float("nan"), 16777216.0]


def filled(message: Any, chance: random.Random, depth: int = 0) -> Any:
    """The same message with random contents, nested at most three deep."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.5 or (field.message_type is not None and depth > 2):
            continue
        if field.is_repeated and field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(getattr(message, field.name), field.message_type, chance, depth)
        elif field.is_repeated:
            for _ in range(chance.randrange(4)):
                if field.message_type is not None:
                    _fill(getattr(message, field.name).add(), chance, depth + 1)
                else:
                    getattr(message, field.name).append(_scalar(field, chance))
        elif field.message_type is not None:
            getattr(message, field.name).SetInParent()
            _fill(getattr(message, field.name), chance, depth + 1)
        else:
            setattr(message, field.name, _scalar(field, chance))
    return message


def _fill(message: Any, chance: random.Random, depth: int) -> None:
    match message.DESCRIPTOR.full_name:
        case "google.protobuf.Timestamp":
            message.seconds, message.nanos = chance.randint(-62_135_596_800, 253_402_300_799), _nanos(chance)
        case "google.protobuf.Duration":
            sign = chance.choice([-1, 1])
            message.seconds, message.nanos = sign * chance.randint(0, 315_576_000_000), sign * _nanos(chance)
        case "google.protobuf.Struct":
            message.update({"a": 1.5, "b": [True, None, "x", {"c": []}], "": {}})
        case "google.protobuf.Value":
            chance.choice(
                [lambda: setattr(message, "null_value", 0), lambda: setattr(message, "number_value", 2.5), message.list_value.SetInParent]
            )()
        case "google.protobuf.ListValue":
            message.extend([1.0, "two", None, False])
        case "google.protobuf.FieldMask":
            message.paths.extend(["a.b", "c"])
        case "google.protobuf.Any":
            message.type_url, message.value = "type.example/every.Every.Inner", b"\x0a\x01x\x10\x05"
        case _:
            filled(message, chance, depth)


def _fill_map(items: Any, entry: Descriptor, chance: random.Random, depth: int) -> None:
    key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for _ in range(chance.randrange(4)):
        name = _scalar(key, chance)
        if value.message_type is not None:
            filled(items[name], chance, depth + 1)
        else:
            items[name] = _scalar(value, chance)


def _nanos(chance: random.Random) -> int:
    return chance.choice([0, 1, 120_000_000, 120_000, 999_999_999])


_NUMBERS: dict[int, list[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: [0, 1, -1, 2**31 - 1, -(2**31), 500],
    FieldDescriptor.CPPTYPE_INT64: [0, 1, -1, 2**63 - 1, -(2**63), 9007199254740993],
    FieldDescriptor.CPPTYPE_UINT32: [0, 1, 2**32 - 1, 500],
    FieldDescriptor.CPPTYPE_UINT64: [0, 1, 2**64 - 1, 9007199254740993],
    FieldDescriptor.CPPTYPE_BOOL: [False, True],
    FieldDescriptor.CPPTYPE_ENUM: [0, 1, 7, 99],
    FieldDescriptor.CPPTYPE_FLOAT: FLOATS,
    FieldDescriptor.CPPTYPE_DOUBLE: FLOATS,
}


def _scalar(field: FieldDescriptor, chance: random.Random) -> Any:
    if field.cpp_type in _NUMBERS:
        return chance.choice(_NUMBERS[field.cpp_type])
    text = chance.choice(TEXTS)
    return text if field.type == FieldDescriptor.TYPE_STRING else text.encode()
