"""Orders in ten versions of a schema each, as Avro, Protobuf and JSON Schema: what is written, and the document it must become.

Fields come and go by aliases, with defaults, decimals, times and integers of 64 bits. Read `serialized` for who writes them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

VERSIONS = range(1, 11)
_START = datetime(2026, 11, 26, 8, 0, 0, 123_457, tzinfo=UTC)


class Written(NamedTuple):
    """One record: what a serializer takes, and the document a decoder gives."""

    version: int
    native: Any
    document: Mapping[str, Any]
    message: str = "shop.Order"
    """The full name that its schema has for it."""


# ---- Avro


@dataclass(frozen=True)
class _Field:
    since: int
    schema: Mapping[str, Any]
    native: Any
    document: Any
    until: int = 10
    needs: Mapping[str, Any] = field(default_factory=dict)
    """A type of another subject."""


LINE = {
    "type": "record",
    "name": "Line",
    "namespace": "shop",
    "fields": [
        {"name": "sku", "type": "string"},
        {"name": "qty", "type": "int"},
        {"name": "price", "type": {"type": "fixed", "name": "Price", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 4}},
    ],
}
"""The Avro type that has a subject of its own."""


def _avro_fields(number: int) -> list[_Field]:
    at = _START + timedelta(microseconds=number)
    amount, price = Decimal(f"-123456789012345{number % 10}.90"), Decimal(f"{number}.2500")
    text = at.isoformat().replace("+00:00", "Z")
    card = {"type": "record", "name": "Card", "fields": [{"name": "last", "type": "string"}]}
    transfer = {"type": "record", "name": "Transfer", "fields": [{"name": "iban", "type": "string"}]}
    payer = ("shop.Card", {"last": f"{number:04}"}) if number % 2 else ("shop.Transfer", {"iban": "DE00"})
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}
    kinds = {"type": "enum", "name": "Kind", "symbols": ["placed", "paid"], "default": "placed"}
    maybe = {"type": ["null", "string"], "default": None}
    return [
        _Field(1, {"name": "id", "type": "string"}, f"order-{number}", f"order-{number}"),
        _Field(1, {"name": "n", "type": "long"}, 2**63 - 1 - number, 2**63 - 1 - number),
        _Field(1, {"name": "amount", "type": decimal}, amount, amount),
        _Field(2, {"name": "at", "type": micros}, at, text),
        _Field(3, {"name": "note", **maybe}, f"größer {number}", f"größer {number}", until=3),
        _Field(4, {"name": "remark", "aliases": ["note"], **maybe}, None if number % 2 else "x", None if number % 2 else "x"),
        _Field(
            5,
            {"name": "lines", "type": {"type": "array", "items": "shop.Line"}, "default": []},
            [{"sku": "A", "qty": number, "price": price}],
            [{"sku": "A", "qty": number, "price": price}],
            needs=LINE,
        ),
        _Field(6, {"name": "tags", "type": {"type": "map", "values": "string"}, "default": {}}, {"a": "ü"}, {"a": "ü"}),
        _Field(7, {"name": "kind", "type": kinds, "default": "placed"}, "paid", "paid"),
        _Field(8, {"name": "day", "type": {"type": "int", "logicalType": "date"}}, date(2026, 11, 26), "2026-11-26"),
        _Field(9, {"name": "least", "type": "long", "default": 0}, -(2**63) + number, -(2**63) + number),
        _Field(10, {"name": "payer", "type": [card, transfer]}, payer, payer[1]),
    ]


def _avro_of(version: int, number: int) -> list[_Field]:
    return [one for one in _avro_fields(number) if one.since <= version <= one.until]


def avro_text(version: int, *, is_whole: bool = True) -> str:
    """The schema of a version; from the fifth on it names a type of another subject, unless it is to be whole."""
    fields = []
    for one in _avro_of(version, 0):
        inlined = {**one.schema, "type": {"type": "array", "items": one.needs}} if is_whole and one.needs else one.schema
        fields.append(inlined)
    return json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": fields})


def avro(each: int = 2) -> list[Written]:
    """Records of all versions, in their order."""
    written = []
    for version in VERSIONS:
        for number in range(version * 100, version * 100 + each):
            fields = _avro_of(version, number)
            native = {one.schema["name"]: one.native for one in fields}
            written.append(Written(version, native, {one.schema["name"]: one.document for one in fields}))
    return written


# ---- JSON Schema


_JSON_KINDS = {"id": "string", "n": "integer", "amount": "number", "at": "string", "lines": "array", "tags": "object", "day": "string"}
_JSON_NAMES = [*_JSON_KINDS, *(f"least{n}" for n in range(5))]


def json_text(version: int) -> str:
    """The JSON Schema of a version."""
    properties = {name: {"type": _JSON_KINDS.get(name, "integer")} for name in _JSON_NAMES[: version + 2]}
    draft = "http://json-schema.org/draft-07/schema#"
    return json.dumps({"$schema": draft, "title": "Order", "type": "object", "properties": properties})


def json_schema(each: int = 2) -> list[Written]:
    """Documents of all versions, in their order."""
    written = []
    for version in VERSIONS:
        for number in range(version * 100, version * 100 + each):
            document: dict[str, Any] = {
                "id": f"order-{number}",
                "n": 2**63 - 1 - number,
                "amount": Decimal(f"123456789012345{number % 10}.91"),
                "at": (_START + timedelta(microseconds=number)).isoformat(),
                "lines": [{"sku": "A", "price": Decimal("0.25")}],
                "tags": {"a": "ü"},
                "day": "2026-11-26",
                **{f"least{n}": -(2**63) + n for n in range(5)},
            }
            kept = {name: document[name] for name in _JSON_NAMES[: version + 2]}
            written.append(Written(version, kept, kept, "Order"))
    return written


# ---- Protobuf

CURRENCY = 'syntax = "proto3";\npackage shop;\nmessage Currency { string code = 1; }\n'
MONEY = """syntax = "proto3";
package shop;
import "shop/currency.proto";
message Money { int64 units = 1; sfixed64 nanos = 2; Currency currency = 3; }
"""
IMPORTED = {"shop/currency.proto": CURRENCY, "shop/money.proto": MONEY}
"""Files with subjects of their own, each before those that import it."""
ORDER_FILE = "order.proto"


def proto_text(version: int) -> str:
    """The .proto file of a version: several messages, one in another one, one only nested, and imports."""
    fields = [
        (1, 10, "string id = 1;"),
        (1, 10, "int64 n = 2;"),
        (1, 10, "Money amount = 3;"),
        (2, 10, "google.protobuf.Timestamp at = 4;"),
        (3, 3, "optional string note = 5;"),
        (4, 10, "optional string remark = 5;"),
        (5, 10, "repeated Line lines = 6;"),
        (6, 10, "map<string, string> tags = 7;"),
        (7, 10, "Kind kind = 8;"),
        (8, 10, "double ratio = 9; fixed64 most = 10;"),
        (9, 10, "oneof payer { string card = 11; Address transfer = 12; }"),
        (10, 10, "bytes digest = 13;"),
    ]
    own = "\n  ".join(text for since, until, text in fields if since <= version <= until)
    return f"""syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "shop/money.proto";
enum Kind {{ placed = 0; paid = 1; }}
message Address {{ string city = 1; }}
message Order {{
  message Line {{
    message Part {{ string name = 1; }}
    string sku = 1; sint64 qty = 2; Part part = 3;
  }}
  {own}
}}
message Refund {{ string id = 1; uint64 n = 2; }}
"""


def proto_documents(version: int, number: int) -> dict[str, dict[str, Any]]:
    """One document of each message of a version."""
    line = {"sku": "A", "qty": -(2**62) + number, "part": {"name": "bolt"}}
    order = {
        "id": f"order-{number}",
        "n": -(2**63) + number,
        "amount": {"units": 2**63 - 1 - number, "nanos": -5, "currency": {"code": "EUR"}},
        "at": (_START + timedelta(microseconds=number)).isoformat().replace("+00:00", "Z"),
        "note": "größer",
        "remark": "",
        "lines": [line, {**line, "sku": "B"}],
        "tags": {"a": "ü"},
        "kind": "paid",
        "ratio": 0.1,
        "most": 2**64 - 1 - number,
        **({"card": "0001"} if number % 2 else {"transfer": {"city": "Köln"}}),
        "digest": base64.b64encode(bytes(range(5))).decode(),
    }
    text = proto_text(version)
    kept = {name: value for name, value in order.items() if f" {name} = " in text}
    return {"shop.Order": kept, "shop.Order.Line": line, "shop.Refund": {"id": f"order-{number}", "n": 2**64 - 1 - number}}


@cache
def proto_set(version: int) -> bytes:
    """The descriptor set of a version, its own file last."""
    with TemporaryDirectory(prefix="eventscope-proto-") as folder:
        root = Path(folder)
        write_protos(root, version)
        out = root / "order.desc"
        words = [
            "protoc",
            f"-I{root}",
            f"-I{files('grpc_tools') / '_proto'}",
            f"--descriptor_set_out={out}",
            "--include_imports",
            str(root / ORDER_FILE),
        ]
        assert protoc.main(words) == 0
        return out.read_bytes()


def write_protos(folder: Path, version: int) -> None:
    """The .proto files of a version as they lie in a repository."""
    for name, text in {**IMPORTED, ORDER_FILE: proto_text(version)}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@cache
def message_class(version: int, message: str) -> Any:
    """The class of a message of a version; versions know nothing of each other."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(proto_set(version)).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(message))


def protobuf() -> list[Written]:
    """One message of each type of all versions, in their order."""
    written = []
    for version in VERSIONS:
        for message, document in proto_documents(version, version * 100).items():
            native = json_format.ParseDict(document, message_class(version, message)())
            exact = {**document, "ratio": Decimal("0.1")} if "ratio" in document else document
            written.append(Written(version, native, exact, message))
    return written


@cache
def records(kind: str) -> Sequence[Written]:
    """What the tests write of a kind of schema."""
    return {"AVRO": avro, "PROTOBUF": protobuf, "JSON": json_schema}[kind]()


DECODERS = {"AVRO": "avro", "PROTOBUF": "protobuf", "JSON": "json-schema"}
