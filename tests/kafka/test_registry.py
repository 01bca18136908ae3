"""A real registry: what Confluent's client and Java register is read back equal, also after a crash, and without writing."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import httpx
import pytest
from grpc_tools import protoc

from inspector.cli import main
from inspector.event import Schema
from inspector.schemas import RETRY_S, Schemas
from inspector.schemas.folder import Folder
from inspector.schemas.registry import Registry
from tests.kafka import java_serdes
from tests.kafka.helpers import Cluster, consume_all
from tests.kafka.registry import RegistryServer

VERSIONS = 10


def avro(version: int) -> str:
    fields = [{"name": "id", "type": "string"}, *({"name": f"f{n}", "type": ["null", "long"], "default": None} for n in range(version))]
    return json.dumps({"type": "record", "name": "Order", "namespace": "shop", "fields": fields})


def json_schema(version: int) -> str:
    properties = {f"f{n}": {"type": "integer"} for n in range(version)}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "Order", "type": "object", "properties": properties})


MONEY = 'syntax = "proto3";\npackage shop;\nmessage Money { int64 units = 1; }\n'


def proto(version: int) -> str:
    fields = " ".join(f"int64 f{n} = {n + 2};" for n in range(version))
    return f'syntax = "proto3";\npackage shop;\nimport "money.proto";\nmessage Pay {{ Money amount = 1; {fields} }}\nmessage Other {{}}\n'


def fetched(registry: Registry, wire: str, log: str) -> Schema:
    schema = registry.fetch(wire, log, "value")
    assert schema is not None
    return schema


@pytest.mark.parametrize(("kind", "text"), [("AVRO", avro), ("JSON", json_schema), ("PROTOBUF", proto)])
def test_ten_versions_are_read_back_equal(kind: str, text: object, registry: RegistryServer, name: str) -> None:
    assert callable(text)
    references = None
    if kind == "PROTOBUF":
        registry.register(f"{name}-money", MONEY, kind)
        references = [("money.proto", f"{name}-money", 1)]
    ids = [registry.register(f"{name}-value", text(version), kind, references) for version in range(VERSIONS)]
    assert len(set(ids)) == VERSIONS
    place = Registry(registry.url)
    for version, number in enumerate(ids):
        schema = fetched(place, f"id:{number}", name)
        theirs = registry.client().get_version(f"{name}-value", version + 1)
        assert (schema.kind, schema.text) == (kind, theirs.schema.schema_str)
        assert (schema.subject, schema.version, schema.registry) == (f"{name}-value", version + 1, registry.url)
        assert [(one.name, one.text) for one in schema.references] == ([("money.proto", MONEY)] if references else [])
    place.close()


def test_each_address_of_a_registry_will_do(registry: RegistryServer, name: str) -> None:
    number = registry.register(f"{name}-value", avro(3))
    for address in (registry.url, registry.address, registry.own_url):
        place = Registry(address)
        schema = fetched(place, f"content:{number}", name)
        assert (schema.kind, schema.subject, schema.version) == ("AVRO", f"{name}-value", 1)
        assert json.loads(schema.text or "") == json.loads(avro(3))
        assert place.fetch("id:999999", name, "value") is None
        assert place.fetch("global:999999", name, "value") is None
        place.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_killed_and_started_again_it_is_asked_again(own_registry: RegistryServer, name: str) -> None:
    number = own_registry.register(f"{name}-value", avro(1))
    clock = Clock()
    book = Schemas([Registry(own_registry.url, clock=clock)], clock=clock)
    own_registry.kill()
    missing = book.find(f"id:{number}", name, "value")
    assert missing.error == f"schema {number}, {own_registry.url} refuses the connection: it is down, or the port is another"
    own_registry.start()
    assert book.find(f"id:{number}", name, "value") is missing, "it is left alone for a while"
    clock.now += RETRY_S
    assert book.find(f"id:{number}", name, "value").subject == f"{name}-value"
    book.close()


def test_its_export_is_a_place_too(registry: RegistryServer, name: str, tmp_path: Path) -> None:
    registry.register(f"{name}-money", MONEY, "PROTOBUF")
    number = registry.register(f"{name}-value", proto(2), "PROTOBUF", [("money.proto", f"{name}-money", 1)])
    exported = httpx.get(f"{registry.own_url}/admin/export", headers={"Accept": "application/zip"}, trust_env=False)
    (tmp_path / "export.zip").write_bytes(exported.content)
    online = Registry(registry.own_url)
    for wire in (f"content:{number}", f"id:{number}"):
        schema = Folder(tmp_path).fetch(wire, name, "value")
        assert schema is not None
        theirs = fetched(online, f"content:{number}", name)
        assert (schema.kind, schema.text, schema.subject) == (theirs.kind, theirs.text, theirs.subject)
        assert [one.text for one in schema.references] == [MONEY]
    online.close()


def test_what_waited_for_a_registry_is_finished_once_it_is_back(
    cluster: Cluster, own_registry: RegistryServer, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = own_registry.register(f"{name}-value", avro(1))
    cluster.produce(cluster.create(name), [b"\0" + number.to_bytes(4, "big") + b"\x06o-1\0"] * 5)
    config, capture = tmp_path / "client.properties", tmp_path / "a.evcap"
    config.write_text(f"schema.registry.url={own_registry.url}\nbasic.auth.user.info=reader:unused-pa55word\nspecific.avro.reader=true\n")
    own_registry.kill()
    assert main(["capture", f"{cluster.url}/{name}", "-o", str(capture), "--config", str(config), "--min-free", "0"]) in {0, 1}
    capsys.readouterr()
    main(["schemas", str(capture), "--format", "jsonl"])
    (waiting,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (waiting["wire"], waiting["events"]) == (f"id:{number}", 5)
    assert "refuses the connection" in waiting["missing"]
    own_registry.start()
    main(["decode", str(capture), "--config", str(config), "--format", "jsonl"])
    said = json.loads(capsys.readouterr().out)
    assert (said["finished"], said["missing"]) == (5, [])
    assert b"unused-pa55word" not in capture.read_bytes()


# ---- records written by Java


def records(folder: Path) -> dict[str, dict[str, object]]:
    (folder / "money.proto").write_text(MONEY)
    (folder / "pay.proto").write_text(proto(1))
    out = folder / "pay.desc"
    assert protoc.main(["protoc", f"-I{folder}", f"--descriptor_set_out={out}", "--include_imports", str(folder / "pay.proto")]) == 0
    described = base64.b64encode(out.read_bytes()).decode()
    return {
        "AVRO": {"schema": avro(0), "value": {"id": "o-1"}, "key": "o-1"},
        "PROTOBUF": {"descriptors": described, "message": "shop.Pay", "body": base64.b64encode(PAY).decode()},
        "JSON": {"value": {"f0": 1}},
    }


PAY = b"\x0a\x02\x08\x07\x10\x05"
BODIES = {"AVRO": b"\x06o-1", "JSON": b'{"f0":1}', "PROTOBUF": b"\x05\x0a\x03Pay" + PAY}
"""Apicurio puts the name of the message before it, unless that stands in a header."""


@pytest.mark.parametrize(
    ("framing", "form"),
    [(java_serdes.IN_4_BYTES, "confluent"), (java_serdes.IN_8_BYTES, "apicurio"), (java_serdes.IN_HEADERS, "apicurio header")],
    ids=["4 bytes", "8 bytes", "headers"],
)
def test_what_java_writes_names_a_schema_that_is_found(
    framing: dict[str, str], form: str, cluster: Cluster, registry: RegistryServer, name: str, tmp_path: Path
) -> None:
    topics = {kind: cluster.create(f"{name}-{form.replace(' ', '-')}-{kind.lower()}") for kind in BODIES}
    registry.register(f"{topics['JSON']}-value", json_schema(1), "JSON")
    written = [{"kind": kind, "topic": topics[kind], **said} for kind, said in records(tmp_path).items()]
    java_serdes.produce(cluster.broker.bootstrap, registry.own_url, written, framing)
    book = Schemas([Registry(registry.url)])
    for kind, topic in topics.items():
        (message,) = consume_all(cluster.broker.bootstrap, topic, [0])
        value = message.value() or b""
        found = book.framed(value, _headers(message.headers()), topic)
        assert found is not None
        assert (found.frame.form, found.schema.kind, found.schema.subject) == (form, kind, f"{topic}-value")
        assert found.body(value) == (PAY if kind == "PROTOBUF" and "header" in form else BODIES[kind])
        assert [one.name for one in found.schema.references] == (["money.proto"] if kind == "PROTOBUF" else [])
    book.close()


def _headers(headers: object) -> str | None:
    """As a capture keeps them."""
    if not isinstance(headers, list):
        return None
    return json.dumps([[name, _kept(value)] for name, value in headers])


def _kept(value: bytes) -> object:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
