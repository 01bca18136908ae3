"""Reads Protobuf messages by their schema: bytes to documents of plain Python values. One pool of descriptors per schema.

For every message type a function is composed once that turns a list of parsed messages into dicts, field by field: what
is done per value is done by the interpreter's own loops. Fields without presence are always there, others when they are
set; what the schema does not know is there as `#7`. Read `protobuf_scalars` for single values, `protobuf_known` for
Google's well-known types, `protobuf_start` for which message a value is, `protobuf_fields` for which bytes hold what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import compress, islice, repeat
from operator import attrgetter
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.unknown_fields import UnknownFieldSet

from inspector.event import Schema
from inspector.schemas import NO_DESCRIPTORS, wire_guess
from inspector.schemas.protobuf import compiled
from inspector.schemas.protobuf_fields import UNKNOWN_DEPTH, bytes_for_each, measured
from inspector.schemas.protobuf_known import AnyReader, is_known, known
from inspector.schemas.protobuf_scalars import SCALARS, Column, enums
from inspector.schemas.wire import GROUP, LEN, VARINT, signed

FieldColumn = Callable[[list[Any], list[tuple[str, list[bool]]]], Iterable[Any]]
MAX_UNPACKED_BYTES = 32 * 1024 * 1024
"""What the messages of a value may take besides their contents; more for a value that is itself large."""
_PER_BYTE = 24


class MessageType(NamedTuple):
    """One message type: its full name, and what turns bytes into a message and that into a document."""

    name: str
    descriptor: Descriptor
    parse: Callable[[bytes], Any]
    """Raises DecodeError."""
    convert: Column
    """Parsed messages to documents."""


class Reader:
    """The message types of one schema, for any number of threads. Raises ValueError when its descriptors do not fit together."""

    def __init__(self, descriptors: bytes) -> None:
        self.pool = DescriptorPool()
        try:
            files = FileDescriptorSet.FromString(descriptors).file
            types: list[Descriptor] = []
            for file in files:
                _check_maps(file)
                own = self.pool.Add(file)
                types += own.message_types_by_name.values()
            self.messages: list[Descriptor] = _in_order(own, files[-1])
        except (DecodeError, TypeError, KeyError, UnboundLocalError, IndexError) as error:
            raise ValueError(f"its descriptors do not fit together ({error})") from None
        self.any = AnyReader(self._of_any)
        self._types: dict[str, MessageType] = {}
        self._converters: dict[str, Column] = {}
        self.first = self.type(self.messages[0]) if self.messages else None
        """The first message type of the schema's own file."""
        self.large = MAX_UNPACKED_BYTES // max((bytes_for_each(self.pool, one) for one in _all_types(types)), default=1)
        """A value of more bytes may unpack to too much: it is measured first."""

    def type(self, descriptor: Descriptor) -> MessageType:
        """The message type of a descriptor of this schema's pool. Raises ValueError when types hold each other in a long chain."""
        name: str = descriptor.full_name
        found = self._types.get(name)
        if found is None:
            try:
                parse = GetMessageClass(descriptor).FromString
            except RecursionError:
                raise ValueError(f"{name}: its types nest too deep") from None
            found = self._types[name] = MessageType(name, descriptor, parse, self._converter(descriptor))
        return found

    def find(self, name: str) -> Descriptor | None:
        """The message type with this full name, or with this name in the schema's own file."""
        for descriptor in self.messages:
            if name in {descriptor.name, descriptor.full_name}:
                return descriptor
        try:
            return self.pool.FindMessageTypeByName(name)
        except (KeyError, ValueError):
            return None

    def nested(self, indexes: list[int]) -> list[Descriptor]:
        """The message types that may be at `indexes`: the first counts those of the file, each next one those nested in the one before.

        They may be two, because some writers count the entries of maps as nested types and others do not.
        """
        found = [_nested(self.messages, indexes, _all_nested), _nested(self.messages, indexes, _declared)]
        return [one for place, one in enumerate(found) if one is not None and not is_map_entry(one) and one not in found[:place]]

    def _converter(self, descriptor: Descriptor) -> Column:
        """What turns messages of a type into documents; composed with the first of them, because types contain each other."""
        name: str = descriptor.full_name

        def convert(messages: list[Any]) -> list[Any]:
            if not messages:
                return []
            found = self._converters.get(name)
            if found is None:
                found = self._converters[name] = known(descriptor, self.any) or self._composed(descriptor)
            return found(messages)

        return convert

    def parse(self, kind: MessageType, body: bytes) -> Any:
        """`body` parsed, not yet a document. Raises DecodeError when it is no message, ValueError when it unpacks to too much."""
        if len(body) > self.large:
            limit = max(MAX_UNPACKED_BYTES, len(body) * _PER_BYTE)
            if measured(self.pool, kind.descriptor, body, limit) > limit:
                raise ValueError(f"its messages would take more than {limit // 1024 // 1024} MB")
        return kind.parse(body)

    def _of_any(self, name: str, content: bytes) -> tuple[object, bool] | None:
        """The document of a packed message, and whether it is a well-known one; None when its type is not known."""
        try:
            descriptor = self.pool.FindMessageTypeByName(name)
            kind = self.type(descriptor)
            return kind.convert([kind.parse(content)])[0], is_known(descriptor)
        except (KeyError, ValueError, DecodeError):
            return None

    def _composed(self, descriptor: Descriptor) -> Column:
        columns = [(field.name, self._column(descriptor, field)) for field in descriptor.fields]
        names = [name for name, _ in columns]
        extended = self._extended(descriptor)

        def documents(messages: list[Any]) -> list[Any]:
            absent: list[tuple[str, list[bool]]] = []
            values = [column(messages, absent) for _, column in columns]
            found: list[Any] = list(map(dict, map(zip, repeat(names), zip(*values, strict=True)))) if values else [{} for _ in messages]
            for name, there in absent:
                for members, is_there in zip(found, there, strict=True):
                    if not is_there:
                        del members[name]
            if extended is not None:
                for members, more in zip(found, map(extended, messages), strict=True):
                    members.update(more)
            if any(map(len, map(UnknownFieldSet, messages))):
                for members, message in zip(found, messages, strict=True):
                    members.update(_unknown(UnknownFieldSet(message)))
            return found

        return documents

    def _column(self, descriptor: Descriptor, field: FieldDescriptor) -> FieldColumn:
        """What gives a field of messages; where it is not set is added to the list it is called with."""
        name: str = field.name
        get, convert = attrgetter(name), self._of_field(field)
        if not field.has_presence:
            return _plain(get, convert)
        convert = convert or list
        has = GetMessageClass(descriptor).HasField

        def column(messages: list[Any], absent: list[tuple[str, list[bool]]]) -> Iterable[Any]:
            there = list(map(has, messages, repeat(name)))
            if all(there):
                return convert(list(map(get, messages)))
            absent.append((name, there))
            found = iter(convert(list(map(get, compress(messages, there)))) if any(there) else ())
            return [next(found) if is_there else None for is_there in there]

        return column

    def _extended(self, descriptor: Descriptor) -> Callable[[Any], dict[str, object]] | None:
        """What gives the extensions that are set, called as in JSON: `[package.name]`."""
        extensions = self.pool.FindAllExtensions(descriptor) if descriptor.is_extendable else []
        if not extensions:
            return None
        converts = {extension.number: self._of_field(extension) or list for extension in extensions}
        listed = GetMessageClass(descriptor).ListFields

        def members(message: Any) -> dict[str, object]:
            return {f"[{field.full_name}]": converts[field.number]([value])[0] for field, value in listed(message) if field.is_extension}

        return members

    def _of_field(self, field: FieldDescriptor) -> Column | None:
        """What converts a column of a field; None when it is the same in documents."""
        if not field.is_repeated:
            return self._of_one(field)
        if field.message_type is not None and is_map_entry(field.message_type):
            return self._of_map(field.message_type)
        convert = self._of_one(field)
        if convert is None:
            return lambda lists: [items[:] for items in lists]  # half the time of list(items)

        def converted(lists: list[Any]) -> list[Any]:
            items = iter(convert([item for items in lists for item in items]))
            return [list(islice(items, len(items_of_one))) for items_of_one in lists]

        return converted

    def _of_map(self, entry: Descriptor) -> Column:
        """Maps, in the order of their keys: google.protobuf gives any order."""
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        convert = self._of_one(value) or list
        text: Callable[[Any], str] = _truth if key.cpp_type == FieldDescriptor.CPPTYPE_BOOL else str

        def converted(maps: list[Any]) -> list[Any]:
            keys = [sorted(one) for one in maps]
            items = iter(convert([one[key] for one, keys_of_one in zip(maps, keys, strict=True) for key in keys_of_one]))
            return [{text(key): next(items) for key in keys_of_one} for keys_of_one in keys]

        return converted

    def _of_one(self, field: FieldDescriptor) -> Column | None:
        if field.message_type is not None:
            return self._converter(field.message_type)
        return enums(field.enum_type) if field.enum_type is not None else SCALARS.get(field.type)


def _plain(get: Callable[[Any], Any], convert: Column | None) -> FieldColumn:
    if convert is None:
        return lambda messages, absent: map(get, messages)
    return lambda messages, absent: convert(list(map(get, messages)))


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _unknown(unknown: Any) -> dict[str, object]:
    """Fields that the schema does not know, as a guess without a schema names them."""
    found: dict[str, list[object]] = {}
    for field in unknown:
        found.setdefault(f"#{field.field_number}", []).append(_guessed(field.wire_type, field.data))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _guessed(wire_type: int, data: Any) -> object:
    if wire_type == VARINT:
        return signed(data)
    if wire_type == LEN:
        return wire_guess.content(data, UNKNOWN_DEPTH)
    if wire_type == GROUP:
        return _unknown(data)
    return wire_guess.fixed(data.to_bytes(8 if wire_type == 1 else 4, "little"))


def is_map_entry(descriptor: Descriptor) -> bool:
    """Whether a type is only what a map is written as."""
    return bool(descriptor.GetOptions().map_entry)


def _nested(among: list[Descriptor], indexes: list[int], inner: Callable[[Descriptor], list[Descriptor]]) -> Descriptor | None:
    found = None
    for index in indexes:
        if not 0 <= index < len(among):
            return None
        found = among[index]
        among = inner(found)
    return found


def _all_nested(descriptor: Descriptor) -> list[Descriptor]:
    return list(descriptor.nested_types)


def _declared(descriptor: Descriptor) -> list[Descriptor]:
    return [nested for nested in descriptor.nested_types if not is_map_entry(nested)]


def _in_order(own: Any, file: Any) -> list[Descriptor]:
    return [own.message_types_by_name[message.name] for message in file.message_type]


def _all_types(descriptors: Iterable[Descriptor]) -> Iterator[Descriptor]:
    waiting = list(descriptors)
    while waiting:
        descriptor = waiting.pop()
        yield descriptor
        waiting.extend(descriptor.nested_types)


def _check_maps(file: Any) -> None:
    """Raises ValueError for what calls itself the entries of a map and is none: no compiler writes it."""
    for message in _all_messages(file.message_type):
        if message.options.map_entry and sorted((field.number, field.name) for field in message.field) != [(1, "key"), (2, "value")]:
            raise ValueError(f"{message.name} is no map")


def _all_messages(messages: Any) -> Iterator[Any]:
    waiting = list(messages)
    while waiting:
        message = waiting.pop()
        yield message
        waiting.extend(message.nested_type)


@lru_cache(maxsize=1000)
def reader_of(schema: Schema) -> Reader | str:
    """What reads values of `schema`; text when it cannot be used, saying why."""
    if schema.compiled == NO_DESCRIPTORS:
        return f"{schema.label}: its descriptors are not in the capture: decode again"
    try:
        return Reader(schema.compiled if schema.compiled is not None else compiled(schema.text or "", schema.references))
    except ValueError as error:
        return f"{schema.label} does not compile: {error}"
