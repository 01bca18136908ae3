"""Protobuf descriptor sets in files (`protoc --descriptor_set_out`) as schemas. No I/O. Read `folder` for who opens them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from inspector.schemas.catalogue import Entry
from inspector.schemas.places import PROTOBUF
from inspector.schemas.protobuf_files import with_built_in

SUFFIXES = {".desc", ".pb", ".protoset", ".dsc", ".fds", ".binpb"}


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
        own = [_full(file.package, message.name) for message in file.message_type]
        messages += [name for message in file.message_type for name in _names(message, file.package)]
        lines.append(f"// {file.name}: {', '.join(own) or 'no messages'}")
    named = [f"name:{one}" for one in (*messages, name)]
    return Entry((*wires, *named), PROTOBUF, "\n".join(lines) + "\n", name.partition(".")[0], compiled=with_built_in(files))


def _names(message: DescriptorProto, within: str) -> Iterator[str]:
    """The full names of a message and of those nested in it."""
    name = _full(within, message.name)
    yield name
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from _names(nested, name)


def _full(within: str, name: str) -> str:
    return f"{within}.{name}" if within else name
