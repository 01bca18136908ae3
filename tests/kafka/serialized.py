"""The orders of `evolving` as Confluent's serializers for Python write them, and as Java's are asked to. Values are made, not sent."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import fastavro
import orjson
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.kafka import evolving, java_serdes
from tests.kafka.evolving import Written
from tests.kafka.helpers import Cluster

Record = tuple[bytes, list[tuple[str, str | bytes | None]]]
LINE_SUBJECT = "shop.Line"


def in_header(payload: bytes, context: Any, schema_id: Any) -> bytes:
    """The header form with the schema's number: GUIDs, which Confluent's own form has, this registry does not give."""
    context.headers.append((f"__{context.field}_schema_id", schema_id.id_to_bytes()))
    return payload


def by_python(client: SchemaRegistryClient, topic: str, kind: str, records: Sequence[Written], conf: Mapping[str, Any]) -> list[Record]:
    """Values and headers of records; what schemas they need is registered, in the order of the versions."""
    serializers: dict[tuple[int, str], Callable[[Any, SerializationContext], bytes | None]] = {}
    made = []
    for one in records:
        serialize = serializers.get((one.version, one.message))
        if serialize is None:
            serialize = serializers[one.version, one.message] = _serializer(client, kind, one, dict(conf))
        headers: list[tuple[str, str | bytes | None]] = []
        value = serialize(one.native, SerializationContext(topic, MessageField.VALUE, headers))
        assert value is not None
        made.append((value, headers))
    return made


def _serializer(client: SchemaRegistryClient, kind: str, one: Written, conf: dict[str, Any]) -> Any:
    if kind == "AVRO":
        references: list[Any] = []
        if one.version >= 5:
            registered = client.register_schema(LINE_SUBJECT, Schema(json.dumps(evolving.LINE), "AVRO"))
            assert registered
            references = [SchemaReference("shop.Line", LINE_SUBJECT, 1)]
        return AvroSerializer(client, Schema(evolving.avro_text(one.version, is_whole=False), "AVRO", references), conf=conf)
    if kind == "PROTOBUF":
        return ProtobufSerializer(evolving.message_class(one.version, one.message), client, conf)
    return JSONSerializer(evolving.json_text(one.version), client, conf=conf, json_encode=json_bytes)


def json_bytes(document: object) -> bytes:
    """A document with the digits of its decimals."""
    return orjson.dumps(document, default=_digits)


def _digits(value: object) -> object:
    assert isinstance(value, Decimal)
    return orjson.Fragment(str(value))


def send(cluster: Cluster, topic: str, records: Sequence[Record], *, key: bytes | None = None) -> None:
    """Writes records to partition 0 of a topic, in their order."""
    producer = cluster.producer()
    for value, headers in records:
        producer.produce(topic, value, key, 0, headers=headers)
    assert producer.flush(60) == 0


def answers(client: SchemaRegistryClient) -> dict[str, object]:
    """What a registry with the schemas of a client's own store answers, by path: GUIDs too, as Confluent's has them."""
    found: dict[str, object] = {"/subjects": client.get_subjects()}
    for subject in client.get_subjects():
        for number in client.get_versions(subject):
            one = client.get_version(subject, number)
            assert one.schema is not None
            named = [{"name": ref.name, "subject": ref.subject, "version": ref.version} for ref in one.schema.references or ()]
            body = {"schema": one.schema.schema_str, "schemaType": one.schema.schema_type, "references": named}
            found[f"/schemas/guids/{one.guid}"] = found[f"/subjects/{subject}/versions/{number}"] = body
            found[f"/schemas/guids/{one.guid}/ids"] = [{"context": ".", "id": one.schema_id}]
            found[f"/schemas/ids/{one.schema_id}/versions"] = [{"subject": subject, "version": number}]
    return found


# ---- for Java

FRAMINGS: Mapping[str, Mapping[str, str]] = {
    "4-bytes": java_serdes.IN_4_BYTES,
    "8-bytes": java_serdes.IN_8_BYTES,
    "headers": java_serdes.IN_HEADERS,
}


def written_by_java(kind: str) -> list[Written]:
    """The records of a kind that Apicurio's serializer takes: it refuses messages that are nested in others."""
    return [one for one in evolving.records(kind) if one.message != "shop.Order.Line"]


def for_java(topic: str, kind: str, records: Sequence[Written], framing: str) -> list[dict[str, object]]:
    """What `java_serdes.produce` takes."""
    return [{"kind": kind, "topic": topic, **_for_java(kind, one, FRAMINGS[framing])} for one in records]


def _for_java(kind: str, one: Written, properties: Mapping[str, str]) -> dict[str, object]:
    if kind == "AVRO":
        text = evolving.avro_text(one.version)
        return {"schema": text, "value": json.loads(_avro_json(text, one.native)), "properties": properties}
    if kind == "PROTOBUF":
        described = base64.b64encode(evolving.proto_set(one.version)).decode()
        body = base64.b64encode(one.native.SerializeToString()).decode()
        return {"descriptors": described, "message": one.message, "body": body, "properties": properties}
    # a document says nothing of its schema, so that each version has a serializer of its own
    own = {**properties, "apicurio.registry.artifact.version": str(one.version)}
    return {"value": orjson.Fragment(json_bytes(one.native)), "properties": own}


def _avro_json(text: str, native: object) -> str:
    """A record in Avro's JSON form, which names the branch of a union."""
    out = io.StringIO()
    fastavro.json_writer(out, _parsed(text), [native])
    return out.getvalue()


@cache
def _parsed(text: str) -> Any:
    return fastavro.parse_schema(json.loads(text))


def avro_body(one: Written) -> bytes:
    """A record as Avro, with nothing before it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, _parsed(evolving.avro_text(one.version)), one.native)
    return out.getvalue()
