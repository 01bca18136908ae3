"""The same events as JSON, Avro and Protobuf: what is asked of decoded fields must not depend on how they were written."""

from __future__ import annotations

import decimal
import io
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import LogKey, RecordBatch, Schema, TimeKind
from inspector.identify import Identifier, parse_profile
from inspector.schemas import Schemas
from inspector.schemas.protobuf import compiled
from inspector.sources import LogInfo, SourceInfo

ENCODINGS = ("json", "avro", "protobuf")
START = datetime(2026, 11, 26, 8, 0, 0, 123_457, tzinfo=UTC)
_TYPES = ("OrderPlaced", "OrderPaid", "OrderShipped")
_ADDRESS = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": "city", "type": "string"}, {"name": "zip", "type": ["null", "string"]}],
}
_LINE = {"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}, {"name": "qty", "type": "int"}]}
AVRO_TEXT = json.dumps(
    {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "fields": [
            {"name": "kind", "type": "string"},
            {"name": "order", "type": "string"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "n", "type": "long"},
            {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}},
            {"name": "paid", "type": "boolean"},
            {"name": "note", "type": "string"},
            {"name": "address", "type": _ADDRESS},
            {"name": "lines", "type": {"type": "array", "items": _LINE}},
            {"name": "tags", "type": {"type": "map", "values": "string"}},
        ],
    }
)
PROTOBUF_TEXT = """syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Address { string city = 1; optional string zip = 2; }
message Line { string sku = 1; int32 qty = 2; }
message Order {
  string kind = 1; string order = 2; google.protobuf.Timestamp at = 3; int64 n = 4; double amount = 5; bool paid = 6;
  string note = 7; Address address = 8; repeated Line lines = 9; map<string, string> tags = 10;
}
"""
AVRO = Schema("id:1", "http://registry", "AVRO", AVRO_TEXT, "orders-value", 3)
PROTOBUF = Schema("id:2", "http://registry", "PROTOBUF", PROTOBUF_TEXT, "orders-value", 4, compiled=compiled(PROTOBUF_TEXT, ()))


def orders(count: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """Random orders, as documents; amounts are quarters and so the same number in every encoding, `n` needs all 64 bits."""
    pick = random.Random(seed)
    return [
        {
            "kind": pick.choice(_TYPES),
            "order": f"order-{pick.randrange(12)}",
            "at": (START + timedelta(microseconds=pick.randrange(10**9) * 10 + 1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "n": pick.choice([number, 2**63 - 1 - number, -(2**63) + number, 2**53 + number]),
            "amount": pick.randrange(1, 8_000) / 4,
            "paid": pick.random() < 0.5,
            "note": pick.choice(["", "plain", "größer 大", 'quote " and \\ here', "O'Brien\n"]),
            "address": {"city": pick.choice(["Köln", "Paris"]), "zip": pick.choice(["50667", "75001"])},
            "lines": [{"sku": pick.choice("ABC"), "qty": pick.randrange(9)} for _ in range(pick.randrange(4))],
            "tags": {name: pick.choice(["x", "y"]) for name in ("a", "b") if pick.random() < 0.7},
        }
        for number in range(count)
    ]


def encoded(documents: Sequence[Mapping[str, Any]], encoding: str) -> list[bytes]:
    """The values that a producer of this encoding writes."""
    return [{"json": _json, "avro": _avro, "protobuf": _protobuf}[encoding](document) for document in documents]


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _time(document: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(document["at"])


_PARSED = fastavro.parse_schema(json.loads(AVRO_TEXT))


def _avro(document: Mapping[str, Any]) -> bytes:
    out = io.BytesIO(b"\0\0\0\0\1")
    out.seek(5)
    amount = decimal.Decimal(document["amount"]).quantize(decimal.Decimal("0.01"))
    fastavro.schemaless_writer(out, _PARSED, {**document, "at": _time(document), "amount": amount})
    return out.getvalue()


def _message_class() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(PROTOBUF.compiled or b"").file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


_ORDER = _message_class()


def _protobuf(document: Mapping[str, Any]) -> bytes:
    message = _ORDER(**{name: value for name, value in document.items() if name != "at"})
    since = _time(document) - datetime(1970, 1, 1, tzinfo=UTC)
    message.at.seconds, message.at.nanos = since.days * 86_400 + since.seconds, since.microseconds * 1_000
    # Address is the first message of the file and Order the third: its index is 2
    return b"\0\0\0\0\2" + b"\x02\x04" + bytes(message.SerializeToString())


def capture(path: Path, documents: Sequence[Mapping[str, Any]], encoding: str, *, profile: str = "") -> Path:
    """A capture of the documents in one encoding, in one log of one partition, with the schemas in it."""
    keys = [document["order"].encode() for document in documents]
    return capture_of(path, encoded(documents, encoding), keys, profile=profile)


def capture_of(
    path: Path, values: Sequence[bytes], keys: Sequence[bytes], *, profile: str = "", schemas: Sequence[Schema] = (AVRO, PROTOBUF)
) -> Path:
    """A capture of values, in one log of one partition, with the schemas in it that they name and that are given."""
    log = LogInfo(LogKey("orders"), 0, len(values))
    records = RecordBatch()
    for position, (key, value) in enumerate(zip(keys, values, strict=True)):
        records.log.append(0)
        records.position.append(position)
        records.time_us.append(1_795_420_800_000_000 + position)
        records.time_kind.append(int(TimeKind.create))
        records.key.append(key)
        records.value.append(value)
        records.headers.append(None)
    with CaptureWriter(path, floor_bytes=0) as writer:
        source = writer.add_source(SourceInfo("kafka", "kafka://shop", "c-1"))
        log_ids = [writer.add_log(source, log)]
        reading = writer.begin(source, {log_ids[0]: (0, len(values))}, isolation="", filter_text=None, settings={})
        identifier = Identifier(profile=parse_profile(profile), schemas=Schemas((), schemas))
        stager = Stager()
        writer.append(reading, log_ids, stager.stage(identifier.events(records, [log])), Progress(read={0: (0, len(values))}))
        stager.close()
    return path
