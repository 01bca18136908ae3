"""Descriptors as .proto text: what is written compiles to the same descriptor again."""

from __future__ import annotations

import base64

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st

from inspector.schemas.protobuf import compiled
from inspector.schemas.protobuf_text import readable

NEW = """syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import public "google/protobuf/duration.proto";
option java_package = "shop.orders";
option optimize_for = SPEED;
enum Status { option allow_alias = true; UNKNOWN = 0; OPEN = 1; STARTED = 1 [deprecated = true]; reserved 5, 7 to 9, 20 to max;
  reserved "GONE"; }
message Order {
  message Line { string sku = 1; repeated int32 counts = 2 [packed = false]; }
  enum Kind { NONE = 0; }
  optional string note = 1;
  oneof paid { string card = 2; Line voucher = 3; }
  map<string, Line> lines = 4;
  Kind kind = 5 [json_name = "sort"];
  repeated google.protobuf.Timestamp at_times = 6;
  Status status = 7;
  reserved 8, 10 to 12, 1000 to max;
  reserved "old";
}
service Orders { rpc Place(Order) returns (stream Order); rpc Watch(stream Order) returns (Order) { option deprecated = true; } }
"""
OLD = """syntax = "proto2";
message Order {
  required string id = 1 [default = "a\\"b"];
  optional bytes raw = 2 [default = "\\001\\377"];
  optional int64 number = 3 [default = -7];
  optional bool ok = 4 [default = true];
  oneof one { double real = 5; }
  extensions 100 to 199, 500 to max;
  extend Order { optional string extra = 100; }
}
extend Order { repeated uint32 more = 101; }
"""
EDITION = """edition = "2023";
package p;
message A { string a = 1; repeated B b = 2; message B { int32 c = 1 [features.field_presence = IMPLICIT]; } }
"""


def _descriptor(text: str) -> FileDescriptorProto:
    return FileDescriptorSet.FromString(compiled(text)).file[-1]


def _base64(file: FileDescriptorProto) -> str:
    return base64.b64encode(file.SerializeToString()).decode()


def test_what_is_written_means_the_same_again() -> None:
    for text in (NEW, OLD, EDITION):
        file = _descriptor(text)
        written = readable(_base64(file))
        assert _descriptor(written) == file, written


def test_it_reads_as_people_write_it() -> None:
    lines = readable(_base64(_descriptor(NEW))).splitlines()
    assert lines[:3] == ['syntax = "proto3";', "package shop.v1;", 'import "google/protobuf/timestamp.proto";']
    for line in (
        "  map<string, Order.Line> lines = 4;",
        "  optional string note = 1;",
        "    string card = 2;",
        '  Kind kind = 5 [json_name = "sort"];',
    ):
        assert line.replace(" Kind", " Order.Kind") in lines
    assert "  rpc Place(Order) returns (stream Order);" in lines


def test_options_of_extensions_are_seen_by_their_numbers() -> None:
    text = """syntax = "proto3"; import "google/protobuf/descriptor.proto";
    extend google.protobuf.MessageOptions { string about = 50001; } extend google.protobuf.FieldOptions { Tag tag = 50002; }
    message Tag { string name = 3; }
    message A { option (about) = "an order"; string a = 1 [deprecated = true, (tag).name = "PII"]; }"""
    written = readable(_base64(_descriptor(text)))
    assert '  // option 50001: "an order"' in written
    assert 'string a = 1 [deprecated = true] /* option 50002 { 3: "PII" } */;' in written
    assert "extend google.protobuf.MessageOptions {\n  string about = 50001;\n}" in written


def test_options_of_extensions_that_are_known_have_their_names() -> None:
    known = _descriptor("""syntax = "proto2"; package eventscope.tests; import "google/protobuf/descriptor.proto";
    extend google.protobuf.MessageOptions { optional string known = 50003; } message A { option (known) = "an order"; }""")
    descriptor_pool.Default().AddSerializedFile(known.SerializeToString())
    assert '  option (eventscope.tests.known) = "an order";' in readable(_base64(known)).splitlines()


def test_any_other_text_stays_as_it_is() -> None:
    for text in (NEW, '{"type": "record"}', '"string"', "", "AAAA", "string"):
        assert readable(text) == text


def test_protobufs_own_descriptor_is_written() -> None:
    written = readable(base64.b64encode(descriptor_pb2.DESCRIPTOR.serialized_pb).decode())
    assert "message FileDescriptorProto {" in written


@given(st.binary(max_size=200), st.sampled_from([NEW, OLD]))
def test_damaged_descriptors_are_some_text(tail: bytes, text: str) -> None:
    content = _DESCRIPTORS[text]
    assert isinstance(readable(base64.b64encode(content[: -len(tail) or None] + tail).decode()), str)


_DESCRIPTORS = {text: _descriptor(text).SerializeToString() for text in (NEW, OLD)}
