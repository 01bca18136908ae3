"""A Protobuf descriptor as the .proto text it was made of: for people, who cannot read base64. Pure; no I/O.

Options that extensions define are mostly unknown here, and then shown in comments by their numbers. Read `protobuf` for the
way back.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    Edition,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.message import DecodeError

_MOST_NUMBER = 1 << 29
"""One more than the largest number of a field."""


def descriptor_in(text: str) -> FileDescriptorProto | None:
    """The FileDescriptorProto that `text` is in base64; None when it is .proto text."""
    try:
        file = FileDescriptorProto.FromString(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError, DecodeError):
        return None
    return file if file.message_type or file.enum_type or file.dependency else None


def readable(text: str) -> str:
    """A schema's text, which registries may hold as a descriptor in base64, as .proto text; any other text as it is."""
    file = descriptor_in(text)
    if file is None:
        return text
    try:
        return "\n".join(_Printed(file).lines()) + "\n"
    except (ValueError, TypeError, LookupError):  # names that are no text, members of a choice that is not there
        return text


class _Printed:
    """One file being written."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._file = file
        self._is_old = file.syntax in {"", "proto2"}

    def lines(self) -> Iterator[str]:
        """The whole file."""
        file = self._file
        if file.syntax == "editions":
            yield f'edition = "{Edition.Name(file.edition).removeprefix("EDITION_")}";'
        else:
            yield f'syntax = "{file.syntax or "proto2"}";'
        yield from [f"package {file.package};"] if file.package else []
        for place, name in enumerate(file.dependency):
            yield f"import {'public ' if place in file.public_dependency else ''}{json.dumps(name)};"
        yield from _statements(file.options)
        for enum in file.enum_type:
            yield from _enum(enum)
        for message in file.message_type:
            yield from self._message(message)
        yield from self._extensions(file.extension)
        for service in file.service:
            yield from self._service(service)

    def _message(self, message: DescriptorProto) -> Iterator[str]:
        yield f"message {message.name} {{"
        yield from _deeper(self._inside(message))
        yield "}"

    def _inside(self, message: DescriptorProto) -> Iterator[str]:
        yield from _statements(message.options)
        for enum in message.enum_type:
            yield from _enum(enum)
        entries = {one.name: one for one in message.nested_type if one.options.map_entry}
        for inner in message.nested_type:
            if inner.name not in entries:
                yield from self._message(inner)
        begun: set[int] = set()
        for field in message.field:
            if not field.HasField("oneof_index") or field.proto3_optional:
                yield self._field(field, entries)
            elif field.oneof_index not in begun:
                begun.add(field.oneof_index)
                members = [one for one in message.field if one.HasField("oneof_index") and one.oneof_index == field.oneof_index]
                yield f"oneof {message.oneof_decl[field.oneof_index].name} {{"
                yield from _deeper(self._field(one, entries, is_chosen=True) for one in members)
                yield "}"
        for extended in message.extension_range:
            yield f"extensions {_range(extended.start, extended.end - 1, _MOST_NUMBER - 1)};"
        yield from self._extensions(message.extension)
        yield from _reserved([_range(one.start, one.end - 1, _MOST_NUMBER - 1) for one in message.reserved_range], message.reserved_name)

    def _field(self, field: FieldDescriptorProto, entries: dict[str, DescriptorProto], *, is_chosen: bool = False) -> str:
        entry = entries.get(field.type_name.rpartition(".")[2]) if field.label == FieldDescriptorProto.LABEL_REPEATED else None
        if entry is not None and len(entry.field) == 2:
            kind = f"map<{self._type(entry.field[0])}, {self._type(entry.field[1])}>"
        else:
            kind = f"{'' if is_chosen else self._label(field)}{self._type(field)}"
        return f"{kind} {field.name} = {field.number}{_brackets(field.options, _of_field(field))};"

    def _label(self, field: FieldDescriptorProto) -> str:
        word = FieldDescriptorProto.Label.Name(field.label).removeprefix("LABEL_").lower()
        return f"{word} " if word == "repeated" or self._is_old or field.proto3_optional else ""

    def _type(self, field: FieldDescriptorProto) -> str:
        if not field.type_name:
            return str(FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower())
        group = "group " if field.type == FieldDescriptorProto.TYPE_GROUP else ""
        return group + self._name(field.type_name)

    def _name(self, full: str) -> str:
        """A type's name, which within the file's own package need not be said in full."""
        own = f".{self._file.package}." if self._file.package else "."
        return full.removeprefix(own if full.startswith(own) else ".")

    def _extensions(self, extensions: Sequence[FieldDescriptorProto]) -> Iterator[str]:
        for extendee in dict.fromkeys(field.extendee for field in extensions):
            yield f"extend {self._name(extendee)} {{"
            yield from _deeper(self._field(field, {}) for field in extensions if field.extendee == extendee)
            yield "}"

    def _service(self, service: ServiceDescriptorProto) -> Iterator[str]:
        yield f"service {service.name} {{"
        yield from _deeper(_statements(service.options))
        for method in service.method:
            taken = f"{'stream ' if method.client_streaming else ''}{self._name(method.input_type)}"
            given = f"{'stream ' if method.server_streaming else ''}{self._name(method.output_type)}"
            inside = list(_deeper(_statements(method.options)))
            yield f"  rpc {method.name}({taken}) returns ({given}){' {' if inside else ';'}"
            yield from [*_deeper(inside), "  }"] if inside else []
        yield "}"


def _deeper(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _enum(enum: EnumDescriptorProto) -> Iterator[str]:
    yield f"enum {enum.name} {{"
    yield from _deeper(_statements(enum.options))
    yield from _deeper([f"{value.name} = {value.number}{_brackets(value.options)};" for value in enum.value])
    yield from _deeper(_reserved([_range(one.start, one.end, (1 << 31) - 1) for one in enum.reserved_range], enum.reserved_name))
    yield "}"


def _range(first: int, last: int, largest: int) -> str:
    return str(first) if first == last else f"{first} to {'max' if last >= largest else last}"


def _reserved(ranges: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    for listed in (ranges, [json.dumps(name) for name in names]):
        if listed:
            yield f"reserved {', '.join(listed)};"


# ---- options


def _statements(options: Any) -> Iterator[str]:
    yield from (f"option {one};" for one in _known(options))
    yield from (f"// {one}" for one in _unknown(options))


def _brackets(options: Any, first: Iterable[str] = ()) -> str:
    known = [*first, *_known(options)]
    unknown = "".join(f" /* {one.replace('*/', '* /')} */" for one in _unknown(options))
    return (f" [{', '.join(known)}]" if known else "") + unknown


def _of_field(field: FieldDescriptorProto) -> Iterator[str]:
    """What a field says in brackets that is no option of its descriptor."""
    if field.HasField("default_value"):
        is_text = field.type in {FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES}
        # the default of bytes is escaped already
        written = json.dumps(field.default_value) if field.type == FieldDescriptorProto.TYPE_STRING else f'"{field.default_value}"'
        yield f"default = {written if is_text else field.default_value}"
    if field.json_name and field.json_name != _camel(field.name):
        yield f"json_name = {json.dumps(field.json_name)}"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _known(options: Any) -> Iterator[str]:
    for field, value in options.ListFields():
        for each in value if field.is_repeated else [value]:
            if field.message_type is not None:
                written = f"{{ {text_format.MessageToString(each, as_one_line=True)} }}"
            elif field.enum_type is not None:
                written = field.enum_type.values_by_number[each].name
            else:
                written = json.dumps(each)
            yield f"{f'({field.full_name})' if field.is_extension else field.name} = {written}"


def _unknown(options: Any) -> Iterator[str]:
    """Options that an extension defines."""
    rest = type(options)()
    rest.CopyFrom(options)
    for field, _ in options.ListFields():
        if field.is_extension:
            rest.ClearExtension(field)
        else:
            rest.ClearField(field.name)
    if text := text_format.MessageToString(rest, as_one_line=True, print_unknown_fields=True):
        yield f"option {text}"
