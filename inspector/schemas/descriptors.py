"""Protobuf descriptor sets in files (`protoc --descriptor_set_out`) as schemas. No I/O. Read `folder` for who opens them."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from inspector.schemas.catalogue import Entry
from inspector.schemas.places import PROTOBUF

SUFFIXES = {".desc", ".pb", ".protoset", ".dsc", ".fds"}


def compiled_entry(wires: Sequence[str], name: str, content: bytes) -> Entry | None:
    """A descriptor set as an entry; None when the bytes are none. Its text lists the files and messages it describes."""
    found = FileDescriptorSet()
    try:
        found.ParseFromString(content)
    except DecodeError:
        return None
    files = [file for file in found.file if file.name]
    if not files:
        return None
    lines = [f"// descriptor set {name}"]
    messages: list[str] = []
    for file in files:
        own = [_full(file, message.name) for message in file.message_type]
        messages += own
        lines.append(f"// {file.name}: {', '.join(own) or 'no messages'}")
    named = [f"name:{one}" for one in (*messages, name)]
    return Entry((*wires, *named), PROTOBUF, "\n".join(lines) + "\n", name.partition(".")[0], compiled=content)


def _full(file: FileDescriptorProto, message: str) -> str:
    return f"{file.package}.{message}" if file.package else message
