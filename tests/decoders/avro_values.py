"""Avro schemas and values for tests: a book with one schema, values as fastavro writes them, and random ones of both."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import apsw
import fastavro
from hypothesis import strategies as st

from inspector.decoders import Context, Decoded
from inspector.decoders.avro import Avro
from inspector.event import Flag, Reference, Schema
from inspector.schemas import Schemas

PREFIX = b"\0\0\0\0\x2a"
Json = Any
"""A schema as JSON, or a value of it."""


def book(schema: Json, references: Sequence[Reference] = (), wire: str = "id:42") -> Context:
    """A context whose book has one schema; as text it is taken as it is."""
    text = schema if isinstance(schema, str) and schema.startswith(("{", "[", '"')) else json.dumps(schema)
    return Context("orders", schemas=Schemas((), [Schema(wire, "http://r", "AVRO", text, "orders-value", 3, tuple(references))]))


def written(schema: Json, value: Json) -> bytes:
    """The body, as fastavro writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def read(schema: Json, body: bytes, references: Sequence[Reference] = ()) -> Decoded:
    """`body` behind Confluent's prefix, decoded."""
    return Avro().decode([PREFIX + body], [None], book(schema, references))


def record(*fields: tuple[str, Json], name: str = "Order") -> Json:
    """A record schema with these fields."""
    return {"type": "record", "name": name, "namespace": "shop", "fields": [{"name": field, "type": kind} for field, kind in fields]}


def long(number: int) -> bytes:
    return written("long", number)


def accepted(decoded: Decoded) -> str:
    """The JSON text of the one value, which was read and may be stored."""
    assert decoded.decoder == ["avro"], decoded.error
    assert isinstance(decoded.data[0], str)
    assert apsw.Connection(":memory:").execute("SELECT json_valid(?, 1)", (decoded.data[0],)).get == 1
    return decoded.data[0]


def refused(decoded: Decoded) -> str:
    assert decoded.decoder == [None]
    assert decoded.data == [None]
    assert decoded.flags == [Flag.undecodable]
    return decoded.error[0] or ""


def logical(kind: str, logical_type: str, /, **more: object) -> Json:
    return {"type": kind, "logicalType": logical_type, **more}


ORDER = record(
    ("id", "string"),
    ("quantity", "int"),
    ("total", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}),
    ("placed", {"type": "long", "logicalType": "timestamp-micros"}),
    ("status", {"type": "enum", "name": "Status", "symbols": ["NEW", "PAID"]}),
    ("note", ["null", "string"]),
    ("lines", {"type": "array", "items": record(("sku", "string"), ("price", "float"), name="Line")}),
    ("labels", {"type": "map", "values": "long"}),
)
AN_ORDER = {
    "id": "o-1",
    "quantity": 3,
    "total": Decimal("900.00"),
    "placed": 1764000000123456,
    "status": "PAID",
    "note": None,
    "lines": [{"sku": "A1", "price": 12.5}],
    "labels": {"a": 2**62},
}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "value", "type": "int"}, {"name": "next", "type": ["null", "Node"]}]}

_LONG, _INT = st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
LEAVES: dict[str, st.SearchStrategy[Json]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": _INT,
    "long": _LONG,
    "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "bytes": st.binary(max_size=5),
    "string": _TEXT,
}


def schemas(depth: int = 3) -> st.SearchStrategy[Json]:
    """Random schemas; their types get names by `named`."""
    leaves = st.sampled_from([*LEAVES, {"type": "enum", "symbols": ["A", "B", "C"]}])
    fixed = st.fixed_dictionaries({"type": st.just("fixed"), "size": st.integers(0, 4)})
    if not depth:
        return leaves | fixed
    inner = st.deferred(lambda: schemas(depth - 1))
    other = inner.filter(lambda schema: schema != "null" and not isinstance(schema, list))
    return st.one_of(
        leaves,
        fixed,
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"type": st.just("map"), "values": inner}),
        st.builds(lambda schema, null_first: ["null", schema] if null_first else [schema, "null"], other, st.booleans()),
        st.permutations(["null", "string", "long", "boolean", {"type": "array", "items": "int"}]),
        st.lists(inner, max_size=5).map(
            lambda kinds: {"type": "record", "fields": [{"name": f"f{place}", "type": kind} for place, kind in enumerate(kinds)]}
        ),
    )


def named(schema: Json, counter: list[int] | None = None) -> Json:
    """The schema with a name for every type that needs one."""
    counter = [0] if counter is None else counter
    if isinstance(schema, list):
        return [named(branch, counter) for branch in schema]
    if isinstance(schema, str):
        return schema
    made = dict(schema)
    if made["type"] in {"record", "enum", "fixed"}:
        counter[0] += 1
        made["name"] = f"n{counter[0]}"
    for inner in {"items", "values"} & made.keys():
        made[inner] = named(made[inner], counter)
    if "fields" in made:
        made["fields"] = [{**field, "type": named(field["type"], counter)} for field in made["fields"]]
    return made


def values(schema: Json) -> st.SearchStrategy[Json]:
    """Random values of `schema`, as fastavro takes them."""
    if isinstance(schema, list):
        return st.one_of([values(branch) for branch in schema])
    if isinstance(schema, str):
        return LEAVES[schema]
    made: dict[str, Callable[[], st.SearchStrategy[Json]]] = {
        "enum": lambda: st.sampled_from(schema["symbols"]),
        "fixed": lambda: st.binary(min_size=schema["size"], max_size=schema["size"]),
        "array": lambda: st.lists(values(schema["items"]), max_size=3),
        "map": lambda: st.dictionaries(_TEXT, values(schema["values"]), max_size=3),
        "record": lambda: st.fixed_dictionaries({field["name"]: values(field["type"]) for field in schema["fields"]}),
    }
    return made[schema["type"]]()


@st.composite
def schemas_and_values(draw: st.DrawFn) -> tuple[Json, Json]:
    """A random schema and a value of it."""
    schema = named(draw(schemas()))
    return schema, draw(values(schema))


def as_document(value: Json) -> Json:
    """What a document has for a value without logical types: bytes as base64."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            return [as_document(item) for item in value]
        case dict():
            return {name: as_document(item) for name, item in value.items()}
    return value
