"""Captures of what serializers really write, through a real registry: all of it decodes, to the digit, also with nobody to ask."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka.schema_registry import header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from inspector.capture.rows import Event
from inspector.event import Flag
from tests.kafka import captures, evolving, java_serdes, serialized
from tests.kafka.captures import Following
from tests.kafka.evolving import DECODERS, VERSIONS, Written
from tests.kafka.helpers import Cluster, wait_until
from tests.kafka.registry import RegistryServer

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
    return Everything(path, topics, captures.events(path), listed(path))


def document(event: Event) -> object:
    """What is kept of a decoded value, with every digit."""
    text = event.data if event.data is not None else "null"
    return json.loads(text, parse_float=Decimal)


def listed(path: Path) -> list[dict[str, Any]]:
    """What `eventscope schemas` says."""
    return [json.loads(line) for line in captures.run("schemas", path, "--format", "jsonl").stdout.splitlines()]


def meant(path: Path) -> list[tuple[object, ...]]:
    """What the events of a capture mean, wherever they are kept."""
    return [
        (one.log, one.position, one.decoder, one.data, one.error, one.flags, one.type, one.stream, one.version, one.schema_version)
        for one in captures.events(path)
    ]


@every_way
def test_every_record_becomes_what_was_written(way: tuple[str, str], everything: Everything) -> None:
    topic = everything.topics[way]
    events = [event for event in everything.events if event.log == topic.name]
    assert [(event.decoder, event.error, event.flags) for event in events] == [(DECODERS[topic.kind], None, 0)] * len(topic.records)
    assert [document(event) for event in events] == [one.document for one in topic.records]
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
