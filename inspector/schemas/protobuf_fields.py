"""Which bytes of a message hold which field, by its schema; where and why it cannot be read; how much it unpacks to. Pure; no I/O.

google.protobuf only says that a message cannot be parsed. Paths are those of the document (see `protobuf_reader`); a
well-known type is one place, because its members are not in the document.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool

from inspector.schemas import wire_guess
from inspector.schemas.protobuf_known import is_known
from inspector.schemas.wire import GROUP, I32, I64, LEN, MAX_DEPTH, VARINT, Field, GroupEnds, WireError, fields, signed, varint, zigzag
from inspector.schemas.wire_guess import Place, Step

UNKNOWN_DEPTH = 20
"""What the schema does not know is guessed at this deep."""
_KINDS = FieldDescriptor
_WIRE: dict[int, int] = {
    **dict.fromkeys((_KINDS.TYPE_DOUBLE, _KINDS.TYPE_FIXED64, _KINDS.TYPE_SFIXED64), I64),
    **dict.fromkeys((_KINDS.TYPE_FLOAT, _KINDS.TYPE_FIXED32, _KINDS.TYPE_SFIXED32), I32),
    **dict.fromkeys((_KINDS.TYPE_STRING, _KINDS.TYPE_BYTES, _KINDS.TYPE_MESSAGE), LEN),
    _KINDS.TYPE_GROUP: GROUP,
}
"""Type of a field → its wire type; the others are varints."""
_SIZES = {I32: 4, I64: 8}
_ANY = "google.protobuf.Any"
_MESSAGE_BYTES, _FIELD_BYTES = 250, 60
_USUAL_NAMES = 40
"""So long the names of a field and of its value together may be within what a field takes anyway."""


class Followed:
    """A message followed field by field."""

    def __init__(self, pool: DescriptorPool, data: bytes, *, most: int | None) -> None:
        self.places: list[Place] = []
        """Containers before their members, at most `most`; none, and everything followed, when that is None."""
        self.error: WireError | None = None
        """Where and why it stopped."""
        self._pool, self._data, self._most = pool, data, most
        self._bad_text: WireError | None = None
        self._groups: GroupEnds = {}

    def follow(self, descriptor: Descriptor, start: int) -> None:
        """Follows the message that begins at `start` and ends with the data."""
        try:
            self._message(descriptor, start, len(self._data), (), 0)
            self.error = self._bad_text
        except WireError as error:
            self.error = error
        except _EnoughError:
            self.error = None

    def _keep(self, path: tuple[Step, ...], start: int, end: int) -> None:
        if self._most is None:
            return
        if len(self.places) >= self._most:
            raise _EnoughError
        self.places.append((path, start, end))

    def _message(self, descriptor: Descriptor, start: int, end: int, path: tuple[Step, ...], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise WireError(start, f"messages nest more than {MAX_DEPTH} deep")
        listed: Counter[str] = Counter()
        strangers = self._strangers(descriptor, start, end)
        for field in fields(self._data, start, end, self._groups):
            known = self._known(descriptor, field)
            if known is not None:
                self._field(field, known, path, listed, depth)
                continue
            name = f"#{field.number}"
            step: tuple[Step, ...] = (name, listed[name]) if strangers[field.number] > 1 else (name,)
            listed[name] += 1
            self._unknown(field, (*path, *step))

    def _strangers(self, descriptor: Descriptor, start: int, end: int) -> Counter[int]:
        """How often each field is there that the schema does not know."""
        found: Counter[int] = Counter()
        with suppress(WireError):  # said when that place is reached
            found.update(field.number for field in fields(self._data, start, end, self._groups) if self._known(descriptor, field) is None)
        return found

    def _known(self, descriptor: Descriptor, field: Field) -> FieldDescriptor | None:
        """The schema's field; None when it knows none, or one that is written in another way."""
        found = _field_of(self._pool, descriptor, field.number)
        if found is None:
            return None
        wire = _WIRE.get(found.type, VARINT)
        if field.wire != wire and not (field.wire == LEN and found.is_repeated and wire in {VARINT, I32, I64}):
            return None
        if field.wire == VARINT and _is_closed_to(found, varint(self._data, field.payload, field.payload_end)[0]):
            return None
        return found

    def _unknown(self, field: Field, path: tuple[Step, ...]) -> None:
        self._keep(path, field.start, field.end)
        for place in wire_guess.places_in(self._data, field, path, UNKNOWN_DEPTH):
            self._keep(*place)

    def _field(self, field: Field, known: FieldDescriptor, path: tuple[Step, ...], listed: Counter[str], depth: int) -> None:
        name = f"[{known.full_name}]" if known.is_extension else known.name
        if not known.is_repeated:
            self._one(field, known, (*path, name), depth)
        elif known.message_type is not None and known.message_type.GetOptions().map_entry:
            self._entry(field, known, (*path, name), depth)
        elif field.wire == LEN and _WIRE.get(known.type, VARINT) != LEN:
            self._packed(field, known, (*path, name), listed, name)
        else:
            self._one(field, known, (*path, name, listed[name]), depth)
            listed[name] += 1

    def _one(self, field: Field, known: FieldDescriptor, path: tuple[Step, ...], depth: int) -> None:
        self._keep(path, field.start, field.end)
        if known.type == _KINDS.TYPE_STRING:
            self._check_text(field)
        elif known.message_type is not None and not is_known(known.message_type):
            self._message(known.message_type, field.payload, field.payload_end, path, depth + 1)

    def _check_text(self, field: Field) -> None:
        if self._bad_text is None:
            try:
                self._data[field.payload : field.payload_end].decode()
            except UnicodeDecodeError as error:
                self._bad_text = WireError(field.payload + error.start, "a text that is not UTF-8")

    def _packed(self, field: Field, known: FieldDescriptor, path: tuple[Step, ...], listed: Counter[str], name: str) -> None:
        """Numbers without tags: the whole of them, then each."""
        self._keep(path, field.start, field.end)
        at, end = field.payload, field.payload_end
        size = _SIZES.get(_WIRE.get(known.type, VARINT))
        while at < end:
            after = at + size if size else varint(self._data, at, end)[1]
            if after > end:
                raise WireError(at, f"a number of {end - at} bytes")
            if size or not _is_closed_to(known, varint(self._data, at, end)[0]):
                self._keep((*path, listed[name]), at, after)
                listed[name] += 1
            at = after

    def _entry(self, field: Field, known: FieldDescriptor, path: tuple[Step, ...], depth: int) -> None:
        """An entry of a map: the whole of it under its key, and what is in its value."""
        entry = known.message_type
        key: object = "" if entry.fields_by_number[1].type == _KINDS.TYPE_STRING else 0
        value: Field | None = None
        for part in fields(self._data, field.payload, field.payload_end):
            if part.number == 1 and self._known(entry, part):
                key = self._key(part, entry.fields_by_number[1])
            elif part.number == 2:
                value = part
        path = (*path, _key_text(key, entry.fields_by_number[1]))
        self._keep(path, field.start, field.end)
        if value is not None and (found := self._known(entry, value)) is not None:
            before = len(self.places)
            self._one(value, found, path, depth + 1)
            del self.places[before : before + 1]  # the entry itself has that path

    def _key(self, part: Field, known: FieldDescriptor) -> object:
        data = self._data[part.payload : part.payload_end]
        if part.wire == LEN:
            self._check_text(part)
            return data.decode(errors="replace")
        if part.wire in _SIZES:
            return int.from_bytes(data, "little", signed=known.type in {_KINDS.TYPE_SFIXED32, _KINDS.TYPE_SFIXED64})
        return _number(varint(self._data, part.payload, part.payload_end)[0], known.type)


class _EnoughError(Exception):
    """As many places as are wanted."""


def _key_text(key: object, known: FieldDescriptor) -> str:
    return ("true" if key else "false") if known.type == _KINDS.TYPE_BOOL else str(key)


def _number(number: int, kind: int) -> int:
    """A varint as a field of this type means it."""
    if kind in {_KINDS.TYPE_SINT32, _KINDS.TYPE_SINT64}:
        return zigzag(number)
    if kind == _KINDS.TYPE_INT64:
        return signed(number)
    if kind in {_KINDS.TYPE_INT32, _KINDS.TYPE_ENUM}:
        return signed(number << 32 & (1 << 64) - 1) >> 32
    return number & 0xFFFFFFFF if kind == _KINDS.TYPE_UINT32 else number


def _field_of(pool: DescriptorPool, descriptor: Descriptor, number: int) -> FieldDescriptor | None:
    found: FieldDescriptor | None = descriptor.fields_by_number.get(number)
    if found is None and descriptor.is_extendable:
        try:
            return pool.FindExtensionByNumber(descriptor, number)
        except KeyError:
            return None
    return found


def _is_closed_to(field: FieldDescriptor, number: int) -> bool:
    """Whether a field's enum takes no values but its own and this is none of them."""
    enum = field.enum_type
    return enum is not None and bool(enum.is_closed) and _number(number, _KINDS.TYPE_ENUM) not in enum.values_by_number


class _Kind(NamedTuple):
    """What a field holds, as far as it costs: a message, or else a value that is written with a long name."""

    message: Descriptor | None
    each: int
    """Bytes that one more of it takes, besides what is in it."""


def measured(pool: DescriptorPool, descriptor: Descriptor, data: bytes, limit: int) -> int:
    """About how many bytes the messages in `data` take once they are documents; counting ends beyond `limit`.

    Bytes that are no message count as far as they are one.
    """
    inner: dict[str, dict[int, _Kind]] = {}
    measuring = _Measuring(data, limit, message_bytes(descriptor), [(descriptor, 0, len(data), 0)], {})
    while measuring.waiting and measuring.total <= limit:
        kind, start, end, depth = measuring.waiting.pop()
        if kind.full_name == _ANY:
            measuring.waiting += _packed_message(pool, data, start, end, depth)
            continue
        among = inner.get(kind.full_name)
        if among is None:
            among = inner[kind.full_name] = _costly(pool, kind)
        if among and depth < MAX_DEPTH:
            with suppress(WireError):  # parsing will say it
                measuring.add(among, start, end, depth + 1)
    return measuring.total


@dataclass(slots=True)
class _Measuring:
    """What was measured of some data so far."""

    data: bytes
    limit: int
    total: int
    waiting: list[tuple[Descriptor, int, int, int]]
    """Messages that are to be measured: their type, where they begin and end, and how deep they are."""
    groups: GroupEnds

    def add(self, among: dict[int, _Kind], start: int, end: int, depth: int) -> None:
        """Adds what is directly in the message `[start, end)`; messages are put among those waiting. Raises WireError."""
        for part in fields(self.data, start, end, self.groups):
            kind = among.get(part.number)
            if kind is None:
                continue
            if kind.message is None:  # packed: a byte for each, at least
                self.total += kind.each * (part.payload_end - part.payload if part.wire == LEN else 1)
            elif part.wire in {LEN, GROUP}:
                self.total += kind.each
                self.waiting.append((kind.message, part.payload, part.payload_end, depth))
            if self.total > self.limit:
                break


def _packed_message(pool: DescriptorPool, data: bytes, start: int, end: int, depth: int) -> list[tuple[Descriptor, int, int, int]]:
    """The message in a `google.protobuf.Any`, when its type is known."""
    with suppress(WireError, KeyError, ValueError):
        parts = {
            field.number: data[field.payload : field.payload_end] if field.number == 1 else field for field in fields(data, start, end)
        }
        name, content = parts.get(1), parts.get(2)
        if isinstance(name, bytes) and isinstance(content, Field):
            return [(pool.FindMessageTypeByName(name.decode().rpartition("/")[2]), content.payload, content.payload_end, depth)]
    return []


def _costly(pool: DescriptorPool, kind: Descriptor) -> dict[int, _Kind]:
    """The fields of a type that are messages, lists of names, or extensions."""
    extensions = pool.FindAllExtensions(kind) if kind.is_extendable else []
    return {
        field.number: _kind(field) for field in (*kind.fields, *extensions) if field.message_type or field.enum_type or field.is_extension
    }


def _kind(field: FieldDescriptor) -> _Kind:
    each = len(field.full_name) if field.is_extension else 0
    if field.message_type is not None:
        return _Kind(field.message_type, each + message_bytes(field.message_type))
    return _Kind(None, each + (_value_name(field) if field.is_repeated or field.is_extension else 0))


def _value_name(field: FieldDescriptor) -> int:
    """How long the name of a field's value may be; 0 for a field that is no enum."""
    return 0 if field.enum_type is None else _longest_name(field.enum_type)


@lru_cache(maxsize=1000)
def _longest_name(enum: EnumDescriptor) -> int:
    return max((len(value.name) for value in enum.values), default=0)


def message_bytes(kind: Descriptor) -> int:
    """About what a message takes as a dict: all of its fields may be there, those that are not set too."""
    long_names = sum(max(len(field.name) + _value_name(field) - _USUAL_NAMES, 0) for field in kind.fields)
    return _MESSAGE_BYTES + _FIELD_BYTES * len(kind.fields) + long_names


def bytes_for_each(pool: DescriptorPool, descriptor: Descriptor) -> int:
    """How much a byte of a message of this type may become at most: an empty message has two, an item of a packed list one."""
    inner = (kind.each if kind.message is None else kind.each // 2 for kind in _costly(pool, descriptor).values())
    return max((message_bytes(descriptor) // 2, *inner))
