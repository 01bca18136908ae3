"""Avro schemas: their text as a tree of types, their canonical form and the number records call them by. Pure; any text may come.

A schema is taken as written: defaults, aliases, documentation and the order for sorting do not matter for reading, so
what is wrong with them is not looked at. Read `avro_read` for how values are read by these types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from inspector.event import Reference
from inspector.schemas.avro_logical import MAX_SCALE
from inspector.schemas.avro_values import Reader, is_digits, leaf

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
MAX_SCHEMA_BYTES = 4 * 1024 * 1024
MAX_NESTING = 100
"""A schema whose text nests deeper is not read."""
_LEAF_COST, _RECORD_COST, _MEMBER_COST = 40, 200, 60
_ENDLESS = 1 << 60
_CRC_START = 0xC15D213AA4D7A795


class AvroSchemaError(ValueError):
    """A text that is no Avro schema; the message says why."""


@dataclass(slots=True, eq=False)
class AvroType:
    """One type of a schema. A record may hold itself, by way of a union, an array or a map."""

    kind: str
    """A primitive, `record`, `enum`, `fixed`, `array`, `map` or `union`."""
    name: str = ""
    """The full name of a record, enum or fixed."""
    fields: tuple[tuple[str, AvroType], ...] = ()
    symbols: tuple[str, ...] = ()
    size: int = 0
    items: AvroType | None = None
    """What an array or a map holds."""
    branches: tuple[AvroType, ...] = ()
    read: Reader | None = None
    """Reads a value that holds no others; None for record, array, map and union."""
    is_digits: bool = False
    """Whether values are numbers that a double would change."""
    least: int = 1
    """The fewest bytes a value takes."""
    cost: int = _LEAF_COST
    """About how many bytes of memory a value takes, without what an array, a map or a union holds."""


@dataclass(slots=True)
class AvroSchema:
    """A schema as its types."""

    root: AvroType
    types: list[AvroType]
    """Every type, after all those it is made of, but for itself."""
    cost_per_byte: int
    """At most so many bytes of memory are made of one byte of a value."""


def parse(text: str, references: Sequence[Reference] = ()) -> AvroSchema:
    """The schema in `text`, which may name the types of `references`. Raises AvroSchemaError."""
    parser = _Parser()
    for reference in references:
        try:
            parser.parse(reference.text)
        except AvroSchemaError as error:
            raise AvroSchemaError(f"in {reference.name}, which it refers to: {error}") from None
    root = parser.parse(text)
    return AvroSchema(root, parser.types, parser.cost_per_byte())


class _Parser:
    """Makes types of schema texts that may name each other's types."""

    def __init__(self) -> None:
        self.types: list[AvroType] = []
        self._named: dict[str, AvroType] = {}
        self._open: set[int] = set()
        self._plain = {kind: self._add(AvroType(kind, read=leaf(kind, ""), least=_least(kind))) for kind in PRIMITIVES}

    def parse(self, text: str) -> AvroType:
        if len(text) > MAX_SCHEMA_BYTES:
            raise AvroSchemaError(f"it is longer than {MAX_SCHEMA_BYTES // 1024 // 1024} MB")
        if text.strip() in PRIMITIVES:
            return self._plain[text.strip()]
        try:
            content = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise AvroSchemaError(f"not JSON: {error}") from None
        return self._type(content, "", 0)

    def cost_per_byte(self) -> int:
        """The most that one byte of an array, a map or a union makes; items without bytes make endlessly much."""
        most = 2 * _LEAF_COST
        for kind in self.types:
            if kind.items is not None:
                key = 1 if kind.kind == "map" else 0
                most = max(most, (kind.items.cost + _MEMBER_COST) // (kind.items.least + key) if kind.items.least + key else _ENDLESS)
            for branch in kind.branches:
                most = max(most, branch.cost // (branch.least + 1))
        return most

    def _add(self, kind: AvroType) -> AvroType:
        self.types.append(kind)
        return kind

    def _type(self, content: object, space: str, depth: int) -> AvroType:
        if depth > MAX_NESTING:
            raise AvroSchemaError(f"it nests more than {MAX_NESTING} deep")
        if isinstance(content, str):
            return self._known(content, space)
        if isinstance(content, list):
            return self._union(content, space, depth)
        if isinstance(content, dict):
            return self._described(content, space, depth)
        raise AvroSchemaError(f"no type: {_excerpt(content)}")

    def _described(self, content: dict[str, object], space: str, depth: int) -> AvroType:
        kind = content.get("type")
        if kind is None:
            raise AvroSchemaError(f"no type is said in {_excerpt(content)}")
        if kind in ("record", "error"):
            return self._record(content, space, depth)
        if kind in ("array", "map"):
            items = self._type(content.get("items" if kind == "array" else "values"), space, depth + 1)
            return self._add(AvroType(str(kind), items=items))
        if kind in ("enum", "fixed"):
            return self._named_leaf(str(kind), content, space)
        if isinstance(kind, str) and kind in self._plain:
            return self._logical(kind, content)
        return self._type(kind, space, depth + 1)

    def _known(self, name: str, space: str) -> AvroType:
        if name in self._plain:
            return self._plain[name]
        found = self._named.get(_full(name, space)) or self._named.get(name)
        if found is None:
            raise AvroSchemaError(f"no type {_excerpt(name)} is known")
        return found

    def _union(self, content: list[object], space: str, depth: int) -> AvroType:
        branches = tuple(self._type(branch, space, depth + 1) for branch in content)
        if any(branch.kind == "union" for branch in branches):
            raise AvroSchemaError("a union in a union")
        return self._add(AvroType("union", branches=branches))

    def _record(self, content: dict[str, object], space: str, depth: int) -> AvroType:
        record = self._name(AvroType("record"), content, space)
        inner = record.name.rpartition(".")[0]
        members = content.get("fields")
        if not isinstance(members, list):
            raise AvroSchemaError(f"record {record.name} has no list of fields")
        self._open.add(id(record))
        fields: dict[str, AvroType] = {}
        for member in members:
            name = member.get("name") if isinstance(member, dict) else None
            if not isinstance(name, str) or name in fields:
                raise AvroSchemaError(f"record {record.name} has a field {_excerpt(name)}, which is no name or there twice")
            fields[name] = kind = self._type(member.get("type"), inner, depth + 1)
            if id(kind) in self._open:
                raise AvroSchemaError(f"record {record.name} has the field {name}, which is a record around it: it would never end")
        self._open.discard(id(record))
        record.fields = tuple(fields.items())
        record.least = min(_ENDLESS, sum(kind.least for kind in fields.values()))
        record.cost = min(_ENDLESS, _RECORD_COST + sum(_MEMBER_COST + len(name) + kind.cost for name, kind in record.fields))
        return self._add(record)

    def _named_leaf(self, kind: str, content: dict[str, object], space: str) -> AvroType:
        made = self._name(AvroType(kind), content, space)
        symbols, size = content.get("symbols"), content.get("size")
        if kind == "enum":
            if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
                raise AvroSchemaError(f"enum {made.name} has no list of symbols")
            made.symbols = tuple(symbols)
            made.cost += max(map(len, symbols), default=0)
        else:
            if type(size) is not int or not 0 <= size <= MAX_SCHEMA_BYTES * 256:
                raise AvroSchemaError(f"fixed {made.name} has no size")
            made.size = made.least = size
            made.cost += size
        return self._add(self._read_as(made, content))

    def _logical(self, kind: str, content: dict[str, object]) -> AvroType:
        if not isinstance(content.get("logicalType"), str):
            return self._plain[kind]
        return self._add(self._read_as(AvroType(kind, least=_least(kind)), content))

    def _read_as(self, made: AvroType, content: dict[str, object]) -> AvroType:
        logical, scale = content.get("logicalType"), content.get("scale", 0)
        if not isinstance(logical, str) or (logical == "decimal" and not (type(scale) is int and 0 <= scale <= MAX_SCALE)):
            logical = ""
        exact = scale if type(scale) is int else 0
        made.read = leaf(made.kind, logical, size=made.size, scale=exact, symbols=made.symbols)
        made.is_digits = is_digits(made.kind, logical)
        return made

    def _name(self, made: AvroType, content: dict[str, object], space: str) -> AvroType:
        name, named = content.get("name"), content.get("namespace")
        if not isinstance(name, str) or not name:
            raise AvroSchemaError(f"a type {made.kind} without a name")
        made.name = _full(name, named if isinstance(named, str) else space)
        if made.name in self._named or made.name in PRIMITIVES:
            raise AvroSchemaError(f"the type {_excerpt(made.name)} is there twice")
        self._named[made.name] = made
        return made


def _full(name: str, space: str) -> str:
    return name.removeprefix(".") if "." in name or not space else f"{space}.{name}"


def _least(kind: str) -> int:
    return {"null": 0, "float": 4, "double": 8}.get(kind, 1)


def _excerpt(content: object) -> str:
    text = repr(content)
    return text if len(text) <= 60 else text[:59] + "…"


def canonical(schema: AvroSchema) -> str:
    """The parsing canonical form: the schema without what does not matter for reading."""
    return "".join(_canonical(schema.root, set()))


def _canonical(kind: AvroType, told: set[str]) -> Iterator[str]:
    if kind.kind in PRIMITIVES or kind.name in told:
        yield f'"{kind.name or kind.kind}"'
        return
    if kind.name:
        told.add(kind.name)
        yield f'{{"name":"{kind.name}","type":"{kind.kind}",'
    match kind.kind:
        case "record":
            yield '"fields":['
            for number, (name, member) in enumerate(kind.fields):
                yield f'{"," if number else ""}{{"name":"{name}","type":'
                yield from _canonical(member, told)
                yield "}"
            yield "]}"
        case "enum":
            yield '"symbols":[' + ",".join(f'"{symbol}"' for symbol in kind.symbols) + "]}"
        case "fixed":
            yield f'"size":{kind.size}}}'
        case "union":
            yield "["
            for number, branch in enumerate(kind.branches):
                yield "," if number else ""
                yield from _canonical(branch, told)
            yield "]"
        case _ if kind.items is not None:
            yield f'{{"type":"{kind.kind}","{"items" if kind.kind == "array" else "values"}":'
            yield from _canonical(kind.items, told)
            yield "}"


def fingerprint(text: str, references: Sequence[Reference] = ()) -> str:
    """What records in single-object encoding call the schema in `text`: `crc64:` and 16 digits. Raises AvroSchemaError."""
    try:
        form = canonical(parse(text, references))
    except RecursionError:
        raise AvroSchemaError("its types nest too deep") from None
    crc = _CRC_START
    for byte in form.encode():
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return f"crc64:{crc:016x}"


def _crc_table() -> list[int]:
    table = []
    for number in range(256):
        crc = number
        for _ in range(8):
            crc = (crc >> 1) ^ (_CRC_START & -(crc & 1))
        table.append(crc)
    return table


_CRC_TABLE = _crc_table()
