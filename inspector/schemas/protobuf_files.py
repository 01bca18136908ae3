"""Sets of Protobuf files: which of them a file needs, in order, and those that every Protobuf has. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from google.protobuf import (
    any_pb2,
    api_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    source_context_pb2,
    struct_pb2,
    timestamp_pb2,
    type_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

_MODULES = (
    any_pb2,
    api_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    source_context_pb2,
    struct_pb2,
    timestamp_pb2,
    type_pb2,
    wrappers_pb2,
)
BUILT_IN: dict[str, bytes] = {module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb for module in _MODULES}
"""The files that come with Protobuf, by name: a schema need not bring them, and cannot change them."""

CONFLUENT: dict[str, str] = {
    "confluent/meta.proto": """syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; repeated Rule rules = 4; }
message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
""",
    "confluent/type/decimal.proto": """syntax = "proto3";
package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
""",
}
"""Texts that Confluent's registry takes as known to everyone: schemas that import them bring no reference for them."""


def with_built_in(files: Sequence[FileDescriptorProto]) -> bytes:
    """The serialised set of all files in their order, behind those that every Protobuf has and they import."""
    found: dict[str, FileDescriptorProto] = {}
    for name in sorted({name for file in files for name in file.dependency if name in BUILT_IN}):
        found.update({file.name: file for file in FileDescriptorSet.FromString(closure((), name)).file if file.name not in found})
    own = [file for file in files if file.name not in found]
    return bytes(FileDescriptorSet(file=[*found.values(), *own]).SerializeToString())


def closure(files: Iterable[FileDescriptorProto], name: str) -> bytes:
    """The serialised set of the file `name` and all that it imports, each after what it imports: `name` is last.

    Raises ValueError when a file is missing or imports itself.
    """
    known = {file.name: file for file in files}
    ordered: dict[str, FileDescriptorProto] = {}
    begun: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting[-1]
        if current in ordered:
            waiting.pop()
            continue
        file = _file(current, known)
        missing = [wanted for wanted in file.dependency if wanted not in ordered]
        if missing and current in begun:
            raise ValueError(f"{current} imports itself, or a file that imports it")
        begun.add(current)
        if missing:
            waiting.extend(missing)
        else:
            ordered[current] = file
    return bytes(FileDescriptorSet(file=ordered.values()).SerializeToString())


def _file(name: str, known: dict[str, FileDescriptorProto]) -> FileDescriptorProto:
    if name in BUILT_IN:
        return FileDescriptorProto.FromString(BUILT_IN[name])
    if name not in known:
        raise ValueError(f"the schema imports {name}, which is not there")
    return known[name]
