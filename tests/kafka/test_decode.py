"""Captures of what serializers really write, through a real registry: all of it decodes, to the digit, also with nobody to ask."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2

from inspector.capture.rows import Event
from inspector.event import Flag
from tests.kafka import captures, evolving, java_serdes, serialized
from tests.kafka.captures import Following
from tests.kafka.evolving import DECODERS, VERSIONS, Written
from tests.kafka.helpers import Cluster
from tests.kafka.registry import RegistryServer
from tests.schemas.loopback import Loopback

KINDS = tuple(DECODERS)


@pytest.fixture(scope="module")
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """A registry that tests of this file may kill; `own_registry` brings it back."""
    server = RegistryServer(tmp_path_factory.mktemp("killable") / "registry")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_registry(killable: RegistryServer) -> RegistryServer:
    """Running, whatever the test before did to it."""
    return killable if killable.is_running() else killable.start()


class Topic(NamedTuple):
    """A topic of one kind of schema, written in one way."""

    name: str
    kind: str
    records: Sequence[Written]


class Everything(NamedTuple):
    """One capture of all ways of writing, and what it says."""

    path: Path
    topics: Mapping[tuple[str, str], Topic]
    events: Sequence[Event]
    schemas: Sequence[Mapping[str, Any]]


BY_PYTHON: Mapping[str, Mapping[str, Any]] = {"prefix": {}, "header": {"schema.id.serializer": serialized.in_header}}
WAYS = [(by, kind) for by in (*BY_PYTHON, *serialized.FRAMINGS) for kind in KINDS]
every_way = pytest.mark.parametrize("way", WAYS, ids=["-".join(way) for way in WAYS])


@pytest.fixture(scope="module")
def everything(cluster: Cluster, killable: RegistryServer, tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """Ten versions of three kinds, by Python with the number before the value and in a header, by Java in three framings."""
    if not killable.is_running():
        killable.start()
    topics: dict[tuple[str, str], Topic] = {}
    for_java: list[dict[str, object]] = []
    for by, kind in WAYS:
        name = cluster.create(f"all-{by}-{kind.lower()}")
        records = evolving.records(kind) if by in BY_PYTHON else serialized.written_by_java(kind)
        topics[by, kind] = Topic(name, kind, records)
        if by in BY_PYTHON:
            serialized.send(cluster, name, serialized.by_python(killable.client(), name, kind, records, BY_PYTHON[by]))
            continue
        for version in VERSIONS if kind == "JSON" else ():
            killable.register(f"{name}-value", evolving.json_text(version), kind)
        for_java += serialized.for_java(name, kind, records, by)
    java_serdes.produce(cluster.broker.bootstrap, killable.own_url, for_java, {})
    path = tmp_path_factory.mktemp("everything") / "all.evcap"
    wanted = [word for topic in topics.values() for word in ("--topic", topic.name)]
    captures.run("capture", cluster.url, *wanted, "-o", path, "--registry", killable.url)
    return Everything(path, topics, captures.events(path), captures.listed(path))


@every_way
def test_every_record_becomes_what_was_written(way: tuple[str, str], everything: Everything) -> None:
    topic = everything.topics[way]
    events = [event for event in everything.events if event.log == topic.name]
    assert [(event.decoder, event.error, event.flags) for event in events] == [(DECODERS[topic.kind], None, 0)] * len(topic.records)
    assert [captures.document(event) for event in events] == [one.document for one in topic.records]
    assert [event.schema_version for event in events] == [str(one.version) for one in topic.records]
    assert [event.type for event in events] == [one.message for one in topic.records]


@every_way
def test_ten_versions_are_listed_with_their_counts(way: tuple[str, str], everything: Everything) -> None:
    topic = everything.topics[way]
    rows = [row for row in everything.schemas if row["subject"] == f"{topic.name}-value"]
    counts = Counter(one.version for one in topic.records)
    assert [(row["version"], row["kind"], row["events"], row["missing"]) for row in rows] == [
        (version, topic.kind, counts[version], None) for version in VERSIONS
    ]


def test_what_names_its_schema_by_guid_decodes(cluster: Cluster, name: str, tmp_path: Path) -> None:
    client = SchemaRegistryClient.new_client({"url": "mock://guids"})
    topics = {kind: cluster.create(f"{name}-{kind.lower()}") for kind in KINDS}
    for kind, topic in topics.items():
        conf = {"schema.id.serializer": header_schema_id_serializer}
        serialized.send(cluster, topic, serialized.by_python(client, topic, kind, evolving.records(kind), conf))
    with Loopback(serialized.answers(client)) as server:
        words = [word for topic in topics.values() for word in ("--topic", topic)]
        captures.run("capture", cluster.url, *words, "-o", tmp_path / "a.evcap", "--registry", server.url)
    events = captures.events(tmp_path / "a.evcap")
    for kind, topic in topics.items():
        own = [(captures.document(event), event.schema_version, event.type, event.error) for event in events if event.log == topic]
        assert own == [(one.document, str(one.version), one.message, None) for one in evolving.records(kind)]


# ---- nobody to ask


def test_with_no_registry_and_no_broker_a_capture_and_its_copy_decode_the_same(
    everything: Everything, killable: RegistryServer, tmp_path: Path
) -> None:
    killable.kill()
    reopened, copy = tmp_path / "reopened.evcap", tmp_path / "x.evcap"
    shutil.copy(everything.path, reopened)
    captures.run("export", everything.path, "-o", copy)
    before = captures.meant(everything.events)
    for path in (reopened, copy):
        said = captures.decoded_offline(path)
        assert (said["decoded"], said["changed"], said["undecodable"], said["missing"]) == (len(before), 0, 0, [])
        assert captures.meant(captures.events(path)) == before
        assert sorted(map(use, captures.listed(path))) == sorted(map(use, everything.schemas))


def use(row: Mapping[str, Any]) -> tuple[object, ...]:
    """A line of `eventscope schemas` without its number in the file."""
    return tuple(row[name] for name in ("wire", "subject", "version", "kind", "events", "first_time", "last_time"))


# ---- a registry that goes and comes back


def test_a_registry_killed_during_a_capture_costs_no_row_and_all_decode_after(
    cluster: Cluster, own_registry: RegistryServer, name: str, tmp_path: Path
) -> None:
    path, sent = tmp_path / "a.evcap", Sent(cluster, own_registry, name)
    words = [word for topic in sent.topics.values() for word in ("--topic", topic)]
    running = Following(cluster.url, *words, "-o", path, "--registry", own_registry.url)
    try:
        sent.send(range(1, 4))
        running.wait_for(sent.count)
        before = sent.count
        own_registry.kill()
        sent.send(range(4, 9))
        running.wait_for(sent.count)
        amid = sent.count
        sent.send(range(1, 4))
        running.wait_for(sent.count)
        after = sent.count
        own_registry.start()
        while not sent.last_are_decoded(path):
            sent.send(range(9, 11))
            running.wait_for(sent.count)
        assert running.stop() == 130
    finally:
        running.kill()
    events = captures.events(path)
    assert Counter((event.log, event.position) for event in events) == Counter(dict.fromkeys(sent.written, 1))
    arrived = sorted(events, key=lambda event: event.seq)
    assert [captures.document(event) for event in arrived[:before]] == [sent.of(event).document for event in arrived[:before]]
    for event in arrived[before:amid]:
        assert (event.decoder, event.data, event.flags) == ("confluent", None, Flag.undecodable)
        number = int.from_bytes((event.value or b"")[1:5], "big")
        assert event.error == f"schema {number}, {own_registry.url} refuses the connection: it is down, or the port is another"
    known = arrived[amid:after]
    assert [captures.document(event) for event in known] == [sent.of(event).document for event in known], "what is known goes on decoding"
    said = json.loads(captures.run("decode", path, "--registry", own_registry.url, "--format", "jsonl").stdout)
    waited = sum(event.decoder == "confluent" for event in events)
    assert (said["finished"], said["undecodable"], said["missing"]) == (waited, 0, [])
    sent.check(path)


class Sent:
    """A topic of each kind, and what was written to it."""

    def __init__(self, cluster: Cluster, registry: RegistryServer, name: str) -> None:
        self._cluster = cluster
        self.topics = {kind: cluster.create(f"{name}-{kind.lower()}") for kind in KINDS}
        self._values = {
            kind: serialized.by_python(registry.client(), topic, kind, evolving.records(kind), {}) for kind, topic in self.topics.items()
        }
        self.written: dict[tuple[str, int], Written] = {}

    @property
    def count(self) -> int:
        return len(self.written)

    def send(self, versions: range) -> None:
        """Writes the records of some versions once more."""
        for kind, topic in self.topics.items():
            chosen = [place for place, one in enumerate(evolving.records(kind)) if one.version in versions]
            serialized.send(self._cluster, topic, [self._values[kind][place] for place in chosen])
            first = sum(log == topic for log, _ in self.written)
            self.written.update({(topic, first + n): evolving.records(kind)[place] for n, place in enumerate(chosen)})

    def of(self, event: Event) -> Written:
        """What an event was written from."""
        return self.written[event.log, event.position]

    def last_are_decoded(self, path: Path) -> bool:
        """Whether the newest record of each topic is of the last version, and decoded."""
        last = {event.log: event for event in captures.events(path)}
        return all(
            self.of(last[topic]).version == VERSIONS[-1] and last[topic].decoder == DECODERS[kind] for kind, topic in self.topics.items()
        )

    def check(self, path: Path) -> None:
        """All is in the capture as it was written, and so are the versions with their counts."""
        for event in captures.events(path):
            one = self.of(event)
            assert (event.error, event.type, event.schema_version) == (None, one.message, str(one.version))
            assert captures.document(event) == one.document
        counts = Counter((f"{log}-value", one.version) for (log, _), one in self.written.items())
        assert {(row["subject"], row["version"]): row["events"] for row in captures.listed(path)} == counts


def test_a_filter_keeps_what_nobody_can_decode_now(cluster: Cluster, own_registry: RegistryServer, name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    cluster.create(name)
    records = evolving.records("AVRO")
    serialized.send(cluster, name, serialized.by_python(own_registry.client(), name, "AVRO", records, {}))
    cluster.produce(name, [b'{"id": "order-100"}', b'{"id": "order-1"}'])
    own_registry.kill()
    wanted = 'data.id == "order-100"'
    captures.run("capture", f"{cluster.url}/{name}", "-o", path, "--registry", own_registry.url, "--filter", wanted)
    assert [(event.position, event.decoder) for event in captures.events(path)] == [
        *((position, "confluent") for position in range(len(records))),
        (len(records), "json"),
    ]
    own_registry.start()
    captures.run("decode", path, "--registry", own_registry.url)
    found = captures.run("events", path, "--filter", wanted, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["position"] for line in found] == [0, len(records)]


# ---- keys, and values without a frame


def test_streams_are_named_by_keys_that_are_avro(cluster: Cluster, own_registry: RegistryServer, name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    cluster.create(name)
    key = {"type": "record", "name": "Key", "namespace": "shop", "fields": [{"name": "order", "type": "string"}]}
    serializer: Any = AvroSerializer(own_registry.client(), json.dumps(key))
    keys = [serializer({"order": f"order-{number}"}, SerializationContext(name, MessageField.KEY)) for number in range(2)]
    values = serialized.by_python(own_registry.client(), name, "AVRO", evolving.records("AVRO")[:6], {})
    for number, record in enumerate(values):
        serialized.send(cluster, name, [record], key=[*keys, *keys, b"order-0", b"order-1"][number])
    captures.run("capture", f"{cluster.url}/{name}", "-o", path, "--registry", own_registry.url)
    streams = [json.loads(line) for line in captures.run("streams", path, "--format", "jsonl").stdout.splitlines()]
    assert sorted((one["stream"], one["events"]) for one in streams) == [("order-0", 3), ("order-1", 3)]
    captures.run("export", path, "-o", tmp_path / "copy.evcap")
    before = captures.meant(captures.events(path))
    for kept in (path, tmp_path / "copy.evcap"):
        assert captures.decoded_offline(kept)["changed"] == 0
        assert captures.meant(captures.events(kept)) == before


def check_raw(cluster: Cluster, name: str, decoder: str, records: Mapping[bytes, Written], schemas: Path, folder: Path) -> None:
    """Values without a frame, each after the other of one message, are read with a map that says what they are, and again offline."""
    message = next(iter(records.values())).message
    cluster.create(name)
    cluster.produce(name, records)
    rules, path = folder / "rules.toml", folder / "a.evcap"
    rules.write_text(f'[[log]]\nname = "{name}"\ndecoder = "{decoder}"\nschema = "{message}"\n')
    captures.run("capture", f"{cluster.url}/{name}", "-o", path, "--map", rules, "--schemas", schemas)
    events = captures.events(path)
    assert [(event.decoder, event.type, event.error) for event in events] == [(decoder, message, None)] * len(records)
    assert [captures.document(event) for event in events] == [one.document for one in records.values()]
    assert captures.decoded_offline(path, "--map", rules)["changed"] == 0
    assert captures.meant(captures.events(path)) == captures.meant(events)


@pytest.mark.parametrize("message", ["shop.Order", "shop.Order.Line"])
@pytest.mark.parametrize("place", ["folder", "set", "bare set"])
def test_protobuf_without_a_frame_decodes_by_a_map(place: str, message: str, cluster: Cluster, name: str, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    if place == "folder":
        evolving.write_protos(schemas, 10)
    else:
        schemas = schemas / "orders.desc"
        described = descriptor_pb2.FileDescriptorSet.FromString(evolving.proto_set(10))
        kept = [file for file in described.file if place == "set" or not file.name.startswith("google/")]
        schemas.write_bytes(descriptor_pb2.FileDescriptorSet(file=kept).SerializeToString())
    records = {one.native.SerializeToString(): one for one in evolving.records("PROTOBUF") if (one.version, one.message) == (10, message)}
    check_raw(cluster, name, "protobuf", records, schemas, tmp_path)


def test_avro_without_a_frame_decodes_by_a_map(cluster: Cluster, name: str, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    (schemas / "order.avsc").write_text(evolving.avro_text(10))
    (schemas / "key.avsc").write_text('{"type": "record", "name": "Key", "namespace": "shop", "fields": []}')
    records = {serialized.avro_body(one): one for one in evolving.records("AVRO") if one.version == 10}
    check_raw(cluster, name, "avro", records, schemas, tmp_path)
