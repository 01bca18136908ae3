"""Google's well-known message types as their JSON form: times, durations, wrapped values, structs, packed messages. Pure; no I/O.

A message that only calls itself so, with other fields, is read like any other; so is a time no calendar has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

from inspector.schemas.protobuf_files import BUILT_IN
from inspector.schemas.protobuf_scalars import Column, base64_text, each, number, single

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""Years 1 to 9999."""
_MOST_SECONDS = 315_576_000_000
_SECOND_NS = 1_000_000_000
_TWO_DIGITS = [f"{number:02}" for number in range(60)]
_PARTS = attrgetter("seconds", "nanos")
_MOST_NESTED = 8
"""Packed messages in packed messages deeper than this stay bytes."""


class _Depth(threading.local):
    """How many packed messages a thread is in."""

    levels = 0


class AnyReader:
    """Reads packed messages (`google.protobuf.Any`).

    `find` gives the document of bytes of a type, and whether that is a well-known one; None when it is not known.
    """

    def __init__(self, find: Callable[[str, bytes], tuple[object, bool] | None]) -> None:
        self._find = find
        self._depth = _Depth()

    def column(self, messages: list[Any]) -> list[Any]:
        """The documents: the members of a packed message beside `@type`, or what stands for it as `value`."""
        if self._depth.levels >= _MOST_NESTED:
            return [{"@type": message.type_url, "value": base64_text(message.value)} for message in messages]
        self._depth.levels += 1
        try:
            return list(map(self._document, messages))
        finally:
            self._depth.levels -= 1

    def _document(self, message: Any) -> object:
        url, content = message.type_url, message.value
        if not url:
            return {} if not content else {"value": base64_text(content)}
        found = self._find(url.rpartition("/")[2], content)
        if found is None:
            return {"@type": url, "value": base64_text(content)}
        document, known = found
        return {"@type": url, **document} if isinstance(document, dict) and not known else {"@type": url, "value": document}


def is_known(descriptor: Descriptor) -> bool:
    """Whether a type is a well-known one."""
    return (descriptor.full_name in _CONVERTS or descriptor.full_name in _COLUMNS) and _is_genuine(descriptor)


def known(descriptor: Descriptor, any_reader: AnyReader) -> Column | None:
    """What converts a well-known type; None for every other."""
    if not is_known(descriptor):
        return None
    if descriptor.full_name == "google.protobuf.Any":
        return any_reader.column
    return _timestamps if descriptor.full_name == "google.protobuf.Timestamp" else each(_CONVERTS[descriptor.full_name])


@lru_cache(maxsize=1000)
def _is_genuine(descriptor: Descriptor) -> bool:
    """Whether a type and all that it is made of are as in Google's files."""
    waiting, seen = [descriptor], set[str]()
    while waiting:
        kind = waiting.pop()
        if kind.full_name in seen:
            continue
        seen.add(kind.full_name)
        if kind.containing_type is None:  # another is among the nested ones of that
            message = DescriptorProto()
            kind.CopyToProto(message)
            if _built_in().get(kind.full_name) != _shape(message):
                return False
        waiting += [field.message_type for field in kind.fields if field.message_type is not None]
    return True


@lru_cache(maxsize=1)
def _built_in() -> dict[str, object]:
    files = [FileDescriptorProto.FromString(content) for content in BUILT_IN.values()]
    return {f"{file.package}.{message.name}": _shape(message) for file in files for message in file.message_type}


def _shape(message: DescriptorProto) -> tuple[object, ...]:
    """What readers rely on: fields with what they hold and the choices they belong to, and the types in it."""
    choices = [choice.name for choice in message.oneof_decl]
    fields = {
        (one.name, one.number, one.type, one.type_name, one.label, choices[one.oneof_index] if one.HasField("oneof_index") else "")
        for one in message.field
    }
    return message.name, fields, message.options.map_entry, [_shape(nested) for nested in message.nested_type]


def _timestamps(messages: list[Any]) -> list[Any]:
    """RFC 3339 in UTC with 0, 3, 6 or 9 digits."""
    return [
        f"{_minute(seconds // 60)}{_TWO_DIGITS[seconds % 60]}{_fraction(nanos) if nanos else ''}Z"
        if _FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < _SECOND_NS
        else {"seconds": seconds, "nanos": nanos}
        for seconds, nanos in map(_PARTS, messages)
    ]


@lru_cache(maxsize=10_000)
def _minute(minutes: int) -> str:
    days, minute = divmod(minutes, 1440)
    return f"{(date(1970, 1, 1) + timedelta(days=days)).isoformat()}T{minute // 60:02}:{minute % 60:02}:"


def _fraction(nanos: int) -> str:
    if nanos % 1_000:
        return f".{nanos:09}"
    return f".{nanos // 1_000:06}" if nanos % 1_000_000 else f".{nanos // 1_000_000:03}"


def _duration(message: Any) -> object:
    """Seconds with 0, 3, 6 or 9 digits, such as `3.500s`."""
    seconds, nanos = message.seconds, message.nanos
    if abs(seconds) > _MOST_SECONDS or abs(nanos) >= _SECOND_NS or seconds * nanos < 0:
        return {"seconds": seconds, "nanos": nanos}
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{_fraction(abs(nanos)) if nanos else ''}s"


def _wrapped(message: Any) -> object:
    return message.value


def _wrapped_double(message: Any) -> object:
    return number(message.value)


def _wrapped_float(message: Any) -> object:
    return single(message.value)


def _wrapped_bytes(message: Any) -> object:
    return base64_text(message.value)


def _struct(message: Any) -> object:
    return {name: _value(message.fields[name]) for name in sorted(message.fields)}


def _list(message: Any) -> object:
    return [_value(value) for value in message.values]


def _value(message: Any) -> object:
    match message.WhichOneof("kind"):
        case "number_value":
            return number(message.number_value)
        case "string_value":
            return message.string_value
        case "bool_value":
            return message.bool_value
        case "struct_value":
            return _struct(message.struct_value)
        case "list_value":
            return _list(message.list_value)
        case _:
            return None


def _mask(message: Any) -> object:
    """The paths as written: fields keep the names of the schema everywhere."""
    return ",".join(message.paths)


def _empty(message: Any) -> object:
    return {}


_COLUMNS = frozenset({"google.protobuf.Any", "google.protobuf.Timestamp"})
_CONVERTS: dict[str, Callable[[Any], object]] = {
    "google.protobuf.Duration": _duration,
    "google.protobuf.FieldMask": _mask,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Value": _value,
    "google.protobuf.ListValue": _list,
    "google.protobuf.DoubleValue": _wrapped_double,
    "google.protobuf.FloatValue": _wrapped_float,
    "google.protobuf.BytesValue": _wrapped_bytes,
    **{f"google.protobuf.{kind}Value": _wrapped for kind in ("Int64", "UInt64", "Int32", "UInt32", "Bool", "String")},
}
