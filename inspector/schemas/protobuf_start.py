"""Which message of its schema a value is, and where that begins: what registries' serializers write before it. Pure; no I/O.

Confluent writes the message's place in its file as zigzag numbers, older clients and Apicurio as plain ones; Apicurio a
message that holds the type's name, or a header; AWS Glue the place among all names. Whichever fits the bytes is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson
from google.protobuf.descriptor import Descriptor

from inspector.schemas.framing import Frame
from inspector.schemas.protobuf_reader import MessageType, Reader
from inspector.schemas.wire import WireError, varint, zigzag

_TYPE_HEADERS = frozenset({"apicurio.protobuf.type", "apicurio.protobuf.type.key"})
_MOST_INDEXES = 100
_NAME_TAG = 0x0A


class Start(NamedTuple):
    """A reading of what stands before a message."""

    type: MessageType
    at: int
    """Where the message begins in the body."""


def starts(reader: Reader, frame: Frame, headers: str | None, body: bytes) -> Iterator[Start]:
    """Every reading that fits, the likeliest first."""
    if frame.form == "map":
        yield from _of_map(reader, frame)
        return
    if frame.before:
        for descriptor, end in _indexed(reader, frame.before):
            if end == len(frame.before):
                yield Start(reader.type(descriptor), _after_name(reader, body, 0)[1])
        return
    if frame.form == "apicurio header" and headers is not None and (named := reader.find(_in_headers(headers))):
        yield Start(reader.type(named), _after_name(reader, body, 0)[1])
    named, end = _after_name(reader, body, 0)
    if named is not None:
        yield Start(reader.type(named), end)
    if frame.form == "glue":
        yield from _among_names(reader, body)
    for descriptor, end in _indexed(reader, body):
        named, start = _after_name(reader, body, end)
        yield Start(reader.type(named or descriptor), start)
    if frame.form != "confluent" and reader.messages:
        yield Start(reader.type(reader.messages[0]), 0)


def _of_map(reader: Reader, frame: Frame) -> Iterator[Start]:
    """The message that the user names, or the first one of the file that the user names; nothing stands before it."""
    named = reader.find(frame.wire.removeprefix("name:")) or next(iter(reader.messages), None)
    if named is not None:
        yield Start(reader.type(named), 0)


def _indexed(reader: Reader, data: bytes) -> Iterator[tuple[Descriptor, int]]:
    """The message that indexes at the beginning of `data` name, and where they end; zigzag first, then plain."""
    if data[:1] == b"\0":
        if reader.messages:
            yield reader.messages[0], 1
        return
    for is_zigzag in (True, False):
        indexes, end = _indexes(data, is_zigzag=is_zigzag)
        for descriptor in reader.nested(indexes):
            yield descriptor, end


def _indexes(data: bytes, *, is_zigzag: bool) -> tuple[list[int], int]:
    indexes: list[int] = []
    try:
        count, at = varint(data, 0, len(data))
        count = zigzag(count) if is_zigzag else count
        if not 0 < count <= _MOST_INDEXES:
            return [], 0
        for _ in range(count):
            index, at = varint(data, at, len(data))
            indexes.append(zigzag(index) if is_zigzag else index)
    except WireError:
        return [], 0
    return indexes, at


def _after_name(reader: Reader, data: bytes, at: int) -> tuple[Descriptor | None, int]:
    """The type that Apicurio's `Ref` message at `at` names, and where that ends; none and `at` when there is none."""
    head = data[at : at + 3]
    if len(head) < 3 or head[1] != _NAME_TAG or head[0] != head[2] + 2 or head[2] >= 0x80:
        return None, at
    end = at + 1 + head[0]
    try:
        found = reader.find(data[at + 3 : end].decode())
    except UnicodeDecodeError:
        return None, at
    return (None, at) if found is None else (found, end)


def _among_names(reader: Reader, body: bytes) -> Iterator[Start]:
    """AWS Glue's: the place among the full names of all messages of the file, sorted."""
    try:
        place, end = varint(body, 0, len(body))
    except WireError:
        return
    every = list(reader.messages)
    for descriptor in every:
        every.extend(descriptor.nested_types)
    every.sort(key=lambda descriptor: descriptor.full_name)
    if place < len(every):
        yield Start(reader.type(every[place]), end)


def _in_headers(headers: str) -> str:
    """The type that Apicurio's header names; empty for none."""
    try:
        return next((str(content) for name, content in orjson.loads(headers) if name in _TYPE_HEADERS), "")
    except (ValueError, TypeError):
        return ""
