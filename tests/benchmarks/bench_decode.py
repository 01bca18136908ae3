"""Capturing Avro and Protobuf topics against the same events as JSON, and against other readers; decoding again from stored bytes.

One real broker, one registry (a small server on loopback), four partitions. `kcat -s value=avro` is the peer where this kcat can
do that; most packages of it cannot, and then only the loop with Confluent's own deserializer is.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from inspector.schemas.protobuf import compiled
from tests.benchmarks import Row
from tests.benchmarks.bench_capture import _timed
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

RECORDS = {"small": 100_000, "full": 1_000_000}
TURNS = 3
SLOWEST = 1 / 0.7
"""A capture of Avro or Protobuf may take that many times as long as one of JSON: 0.7 times its speed."""
AVRO, PROTOBUF = 1, 2
AVRO_TEXT = json.dumps(
    {
        "type": "record",
        "name": "OrderPlaced",
        "namespace": "shop",
        "fields": [
            {"name": "id", "type": "string"},
            {"name": "type", "type": "string"},
            {"name": "orderId", "type": "string"},
            {"name": "time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
            {"name": "currency", "type": "string"},
            {"name": "qty", "type": "int"},
            {"name": "tags", "type": {"type": "array", "items": "string"}},
        ],
    }
)
PROTOBUF_TEXT = """syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message OrderPlaced {
  string id = 1; string type = 2; string orderId = 3; google.protobuf.Timestamp time = 4;
  double total = 5; string currency = 6; int32 qty = 7; repeated string tags = 8;
}
"""
_LOOP = """
import json, sys
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
read = AvroDeserializer(SchemaRegistryClient({"url": sys.argv[2]}))
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "loop", "enable.partition.eof": True})
consumer.assign([TopicPartition("avro", number, 0) for number in range(4)])
left, context = 4, SerializationContext("avro", MessageField.VALUE)
with open(sys.argv[3], "w") as out:
    while left:
        for message in consumer.consume(10_000, 0.2):
            if message.error() is not None:
                left -= 1
            else:
                json.dump(read(message.value(), context), out, default=str)
                out.write("\\n")
consumer.close()
"""


def rows(size: str) -> Iterator[Row]:
    """Seconds of the median turn, and records a second of decoding again."""
    count = RECORDS[size]
    with tempfile.TemporaryDirectory(prefix="eventscope-bench-") as name, registry() as address:
        folder = Path(name)
        broker = Broker(folder / "broker").start()
        try:
            fill(Cluster(broker), count)
            took = {topic: _captured(broker, topic, address, folder) for topic in ("json", "avro", "protobuf")}
            yield Row(f"capture of {count:,} Avro records / JSON", took["avro"], took["json"], goal=SLOWEST, peer_name="JSON")
            yield Row(f"capture of {count:,} Protobuf records / JSON", took["protobuf"], took["json"], goal=SLOWEST, peer_name="JSON")
            loop, _ = _timed([sys.executable, "-c", _LOOP, broker.bootstrap, address, str(folder / "loop.jsonl")])
            yield Row("capture of Avro / a loop with AvroDeserializer", took["avro"], loop, peer_name="AvroDeserializer")
            if "Avro" in subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=False).stdout:
                wanted = ["kcat", "-C", "-b", broker.bootstrap, "-t", "avro", "-s", "value=avro", "-r", address, "-J", "-e", "-q"]
                kcat, _ = _timed(wanted, folder / "kcat.jsonl")
                yield Row("capture of Avro / kcat -s value=avro -J", took["avro"], kcat, goal=1.0, peer_name="kcat")
        finally:
            broker.stop()
        again = {topic: _decoded(folder / f"{topic}.evcap") for topic in took}
        for topic in ("avro", "protobuf"):
            rate, peer = count / again[topic], count / again["json"]
            yield Row(f"decode {topic} again from bytes / JSON", rate, peer, unit="/s", goal=0.7, more_is_better=True, peer_name="JSON")


def _captured(broker: Broker, topic: str, address: str, folder: Path) -> float:
    """Seconds of the median capture; one stays in the folder."""
    file, took = folder / f"{topic}.evcap", []
    for _ in range(TURNS):
        file.unlink(missing_ok=True)
        url = f"kafka://{broker.bootstrap}/{topic}"
        took.append(_timed([sys.executable, "-m", "inspector.cli", "capture", url, "--registry", address, "-o", str(file)])[0])
    return statistics.median(took)


def _decoded(file: Path) -> float:
    return _timed([sys.executable, "-m", "inspector.cli", "decode", str(file)])[0]


# ---- what is read


def fill(cluster: Cluster, count: int) -> None:
    """The same events in three topics."""
    encode_avro, encode_protobuf = encoders()
    for topic, encode in (("json", _json), ("avro", encode_avro), ("protobuf", encode_protobuf)):
        cluster.create(topic, 4)
        producer = cluster.producer(queue_buffering_max_messages=2_000_000, linger_ms=50, batch_size=1_000_000)
        for number in range(count):
            while True:
                try:
                    producer.produce(topic, encode(number), b"order-%d" % (number % 50_000))
                    break
                except BufferError:
                    producer.poll(0.5)
        assert producer.flush(120) == 0


def _event(number: int) -> dict[str, Any]:
    return {
        "id": f"0f0e9d6e-1111-4222-8333-{number:012}",
        "type": "OrderPlaced",
        "orderId": f"order-{number % 50_000}",
        "time": 1_795_420_800_123_456 + number,
        "total": number / 4,
        "currency": "EUR",
        "qty": number % 7,
        "tags": ["visa", "web"],
    }


def _json(number: int) -> bytes:
    return json.dumps({**_event(number), "time": "2026-11-23T08:00:00.123456Z"}).encode()


def encoders() -> tuple[Callable[[int], bytes], Callable[[int], bytes]]:
    """Event number → Avro and Protobuf values as Confluent's serializers frame them."""
    import decimal

    schema = fastavro.parse_schema(json.loads(AVRO_TEXT))
    files = descriptor_pb2.FileDescriptorSet.FromString(compiled(PROTOBUF_TEXT, ()))
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    order = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.OrderPlaced"))

    def avro(number: int) -> bytes:
        out = io.BytesIO()
        out.write(b"\0" + AVRO.to_bytes(4, "big"))
        total = decimal.Decimal(number * 25).scaleb(-2)
        fastavro.schemaless_writer(out, schema, {**_event(number), "total": total})
        return out.getvalue()

    def protobuf(number: int) -> bytes:
        fields = _event(number)
        time_us = fields.pop("time")
        message = order(**fields)
        message.time.seconds, message.time.nanos = time_us // 1_000_000, time_us % 1_000_000 * 1_000
        return b"\0" + PROTOBUF.to_bytes(4, "big") + b"\0" + bytes(message.SerializeToString())

    return avro, protobuf


class _Registry(BaseHTTPRequestHandler):
    """Answers as Confluent's registry for two schemas."""

    def do_GET(self) -> None:  # the name that the server calls
        known = {
            "/subjects": ["avro-value", "protobuf-value"],
            "/schemas/types": ["AVRO", "PROTOBUF"],
            f"/schemas/ids/{AVRO}": {"schema": AVRO_TEXT},
            f"/schemas/ids/{PROTOBUF}": {"schema": PROTOBUF_TEXT, "schemaType": "PROTOBUF"},
            f"/schemas/ids/{AVRO}/versions": [{"subject": "avro-value", "version": 1}],
            f"/schemas/ids/{PROTOBUF}/versions": [{"subject": "protobuf-value", "version": 1}],
        }
        found = known.get(self.path.split("?")[0])
        content = json.dumps(found if found is not None else {"error_code": 40403, "message": "Schema not found"}).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def registry() -> Iterator[str]:
    """The address of a registry that has the two schemas."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    threading.Thread(target=server.serve_forever, name="registry", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
