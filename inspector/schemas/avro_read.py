"""Reading Avro values quickly: one function for each type of a schema, made once. Pure.

A record of ten fields takes these about as long as fastavro's compiled reader, which this project does not give bytes
of strangers: it takes symbol −1 for the last one and an int of 43 bits for an int, counts to 2⁶⁰ when an array of nulls
says so, and a message of a megabyte for a recursive schema ends the process. What these functions find odd, they leave
to `avro_walk`, which decides.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from inspector.event import Reference, Schema
from inspector.schemas.avro import AvroSchema, AvroSchemaError, AvroType, parse
from inspector.schemas.avro_logical import base64_text, json_text, plain
from inspector.schemas.avro_values import BROKEN, Reader, read_long, read_null, read_size, read_string
from inspector.schemas.avro_walk import MOST_PASSED, Budget, ExactDocument, Walk, exact, to_the_end

_QUICK_BYTES = 32 * 1024 * 1024
"""A value that may take more memory than this is read step by step, and counted."""
_LAST_OF_ONE_BYTE = 0x7F
_ODD = (*BROKEN, TypeError)  # TypeError: it nests deeper than orjson writes


class AvroReader:
    """Reads values of one schema."""

    def __init__(self, schema: AvroSchema) -> None:
        root = schema.root
        self.root = root
        self.name = _record_name(root)
        """The full name of the record that every value is; empty when values are something else."""
        self._branches = [_record_name(branch) for branch in root.branches]
        self._read = _readers(schema)[id(root)]
        self._longest = (_QUICK_BYTES - root.cost) // schema.cost_per_byte
        self._plain = _plainers(schema).get(id(root))
        self.is_bytes = root.kind == "bytes" and not root.is_digits
        """Whether values are nothing but bytes."""

    def read(self, data: bytes, start: int) -> tuple[object, str]:
        """The document in all of `data` from byte `start`, and its JSON text. Raises OddError: then ask `read_exactly`."""
        if len(data) - start > self._longest:
            raise OddError
        try:
            document, end = self._read(data, start)
            if end != len(data):
                raise OddError
            text = json_text(document)
            return (document if self._plain is None else self._plain(document)), text
        except _ODD:
            raise OddError from None

    def read_some(self, data: bytes, at: int, most: int, most_text: int) -> tuple[list[str], int]:
        """The JSON texts of the records that stand one behind the other from byte `at`, at most `most`, and where they end.

        They end early behind `most_text` characters, and before one that is odd: if there is none, ask `read_next`.
        """
        found: list[str] = []
        size = 0
        if most < 1 or self._longest < 1:
            return found, at
        window, base = data[at : at + self._longest], at
        try:
            at = 0
            while len(found) < most and size < most_text:
                document, end = self._read(window, at)
                if end > len(window):
                    break
                text = json_text(document)
                size += len(text)
                found.append(text)
                at = end
        except _ODD:
            pass
        return found, base + at

    def read_next(self, data: bytes, at: int, most_text: int) -> tuple[str, int]:
        """The JSON text of the record that begins at byte `at`, and where it ends.

        Raises TooLongError where it would take more than `most_text` characters, StoppedError.
        """
        walk = Walk(self.root, data, at, Budget(text=most_text))
        return exact(walk).text, walk.at

    def passed_over(self, data: bytes, at: int) -> int:
        """Where the record that begins at byte `at` ends; nothing is made of it. Raises StoppedError."""
        walk = Walk(self.root, data, at, Budget(values=MOST_PASSED))
        for _ in walk.visits():
            pass
        return walk.at

    def name_of(self, data: bytes, start: int) -> str:
        """The full name of the record in `data`, which `read` has read; empty for another type."""
        return self._branches[read_long(data, start)[0]] if self._branches else self.name

    def has_length(self, data: bytes, start: int) -> bool:
        """Whether a length stands at byte `start` that takes all that follows."""
        try:
            size, begin = read_size(data, start)
        except BROKEN:
            return False
        return begin + size == len(data)

    def read_bare(self, data: bytes, start: int) -> ExactDocument:
        """All from byte `start` as bytes."""
        text = base64_text(data[start:])
        return ExactDocument(text, json_text(text), 0, "")

    def read_exactly(self, data: bytes, start: int) -> ExactDocument:
        """The same with all that may be odd. Raises StoppedError."""
        walk = Walk(self.root, data, start, Budget())
        document = exact(walk)
        to_the_end(walk, len(data))
        return document


def _record_name(kind: AvroType) -> str:
    return kind.name if kind.kind == "record" else ""


class OddError(Exception):
    """A value that needs a closer look."""


class Compiled(NamedTuple):
    """A reader, or why there is none."""

    reader: AvroReader | None
    error: str = ""


@lru_cache(maxsize=1000)
def compiled(schema: Schema) -> Compiled:
    """The reader of a schema of kind AVRO that is there."""
    return _compiled(schema.text or "", schema.references)


@lru_cache(maxsize=100)
def compiled_text(text: str) -> Compiled:
    """The reader of a schema that stands beside its values."""
    return _compiled(text, ())


def _compiled(text: str, references: tuple[Reference, ...]) -> Compiled:
    try:
        return Compiled(AvroReader(parse(text, references)))
    except AvroSchemaError as error:
        return Compiled(None, f"is no Avro schema: {error}")
    except RecursionError:
        return Compiled(None, "is no Avro schema: its types nest too deep")


def _readers(schema: AvroSchema) -> dict[int, Reader]:
    """A reader for every type, by its id."""
    readers: dict[int, Reader] = {}

    def of(kind: AvroType) -> Reader:
        def when_made(data: bytes, at: int) -> tuple[object, int]:
            return readers[id(kind)](data, at)

        return readers.get(id(kind)) or when_made  # a type that holds itself is not made yet

    for kind in schema.types:
        readers[id(kind)] = kind.read or _COMPOUND[kind.kind](kind, of)
    return readers


def _plainers(schema: AvroSchema) -> dict[int, Callable[[Any], object]]:
    """For every type with numbers that a double would change, by its id: what puts plain ones in their place."""
    plainers: dict[int, Callable[[Any], object]] = {}
    seen: set[int] = set()
    for kind in schema.types:
        if kind.kind == "record":
            members = [(name, plainers[id(member)]) for name, member in kind.fields if id(member) in plainers]
            if members:
                plainers[id(kind)] = partial(_plain_fields, members)
        else:
            inner = {id(each) for each in (kind.items, *kind.branches) if each is not None}
            if kind.is_digits or inner & plainers.keys() or inner - seen:  # what is not seen yet holds this type
                plainers[id(kind)] = plain
        seen.add(id(kind))
    return plainers


def _plain_fields(members: list[tuple[str, Callable[[Any], object]]], record: dict[str, object]) -> object:
    for name, put in members:
        record[name] = put(record[name])
    return record


def _record(kind: AvroType, of: Callable[[AvroType], Reader]) -> Reader:
    """Four fields at a time, which takes a tenth less than one by one."""
    members = [(name, of(member)) for name, member in kind.fields]
    whole = len(members) // 4 * 4
    fours = [(*members[at], *members[at + 1], *members[at + 2], *members[at + 3]) for at in range(0, whole, 4)]
    rest = members[whole:]

    def read(data: bytes, at: int) -> tuple[object, int]:
        record = {}
        for name_1, read_1, name_2, read_2, name_3, read_3, name_4, read_4 in fours:
            record[name_1], at = read_1(data, at)
            record[name_2], at = read_2(data, at)
            record[name_3], at = read_3(data, at)
            record[name_4], at = read_4(data, at)
        for name, member in rest:
            record[name], at = member(data, at)
        return record, at

    return read


def _array(kind: AvroType, of: Callable[[AvroType], Reader]) -> Reader:
    assert kind.items is not None
    item, least = of(kind.items), kind.items.least

    def read(data: bytes, at: int) -> tuple[object, int]:
        items: list[object] = []
        append = items.append
        while True:
            count, at = _count(data, at, least)
            if count == 0:
                return items, at
            for _ in range(count):
                value, at = item(data, at)
                append(value)

    return read


def _map(kind: AvroType, of: Callable[[AvroType], Reader]) -> Reader:
    assert kind.items is not None
    item, least = of(kind.items), kind.items.least + 1

    def read(data: bytes, at: int) -> tuple[object, int]:
        items: dict[str, object] = {}
        total = 0
        while True:
            count, at = _count(data, at, least)
            if count == 0:
                break
            total += count
            for _ in range(count):
                name, at = read_string(data, at)
                items[name], at = item(data, at)
        if len(items) != total:
            raise ValueError("a name is there twice")
        return items, at

    return read


def _count(data: bytes, at: int, least: int) -> tuple[int, int]:
    """How many members the next block has. Raises ValueError when they cannot be there."""
    count, at = read_long(data, at)
    if count < 0:
        count = -count
        _, at = read_long(data, at)
    if count and (least == 0 or count * least > len(data) - at):
        raise ValueError("too many members")
    return count, at


def _union(kind: AvroType, of: Callable[[AvroType], Reader]) -> Reader:
    if len(kind.branches) == 2 and sum(branch.kind == "null" for branch in kind.branches) == 1:
        return _nullable(kind, of)
    branches = tuple(of(branch) for branch in kind.branches)

    def read(data: bytes, at: int) -> tuple[object, int]:
        index = data[at]
        if index & 1 or index > _LAST_OF_ONE_BYTE:
            raise ValueError("no such branch, or one beyond the 64th")
        return branches[index >> 1](data, at + 1)

    return read


def _nullable(kind: AvroType, of: Callable[[AvroType], Reader]) -> Reader:
    null = 2 * [branch.read for branch in kind.branches].index(read_null)
    other = 2 - null
    inner = of(kind.branches[other // 2])

    def read(data: bytes, at: int) -> tuple[object, int]:
        index = data[at]
        if index == other:
            return inner(data, at + 1)
        if index == null:
            return None, at + 1
        raise ValueError("no such branch")

    return read


_COMPOUND: dict[str, Callable[[AvroType, Callable[[AvroType], Reader]], Reader]] = {
    "record": _record,
    "array": _array,
    "map": _map,
    "union": _union,
}
