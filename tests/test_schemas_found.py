"""Schemas found while reading and later: the topic read before the rest, `decode` with places, and what the commands say."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from inspector import decoders, ingest, redecode
from inspector.cli import main
from inspector.decoders import Context, Decoded
from inspector.event import LogKey, RecordBatch, Schema, TimeKind
from inspector.schemas.protobuf import compiled
from inspector.sources import Batch, LogInfo, Plan, Request, SourceInfo, Span
from tests.app.schema_captures import Made, write
from tests.schemas.loopback import Loopback
from tests.schemas.test_topic import record

T = TypeVar("T")
ORDER = '{"type": "record", "name": "Order", "fields": []}'


class FromSchema:
    """Stands for the decoders of schemas: gives what the schema says of itself."""

    name = "from-schema"
    sure = False

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        framed = context.framed(value, headers)
        return 0.9 if framed is not None and framed.schema.text is not None else 0.0

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        decoded = Decoded.empty(len(values))
        for row, framed in enumerate(context.framed_column(values, headers)):
            if framed is not None:
                decoded.decoder[row], decoded.schema[row] = self.name, framed.schema
                decoded.document[row] = {"subject": framed.schema.subject}
                decoded.data[row] = json.dumps(decoded.document[row])
        return decoded


@pytest.fixture(autouse=True)
def _decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    all_known = (FromSchema(), *decoders.known())
    monkeypatch.setattr(decoders, "known", lambda: all_known)


def framed(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big") + b"\x02body"


class Cluster:
    """A source with the topics `orders` and `_schemas`; it reads the logs of a round in the order of their names, orders last."""

    def __init__(self, orders: Sequence[bytes], schemas: Sequence[tuple[bytes, bytes]]) -> None:
        self.kept: dict[str, list[tuple[bytes | None, bytes]]] = {"orders": [(None, value) for value in orders], "_schemas": list(schemas)}
        self.rounds: list[list[tuple[str, int, int | None]]] = []

    def info(self) -> SourceInfo:
        return SourceInfo("kafka", "kafka://shop", "c-1")

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        return [LogInfo(LogKey(name, 0), 0, len(kept)) for name, kept in self.kept.items() if not names or name in names]

    def pin(self, request: Request) -> Plan:
        logs = self.logs(request.logs)
        spans = [Span(place, 0, None if request.follow else info.end) for place, info in enumerate(logs)]
        return Plan(logs, spans, [(span.start, span.end) for span in spans])

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        self.rounds.append([(plan.logs[span.log].key.name, span.start, span.end) for span in plan.spans])
        for span in plan.spans:
            kept = self.kept[plan.logs[span.log].key.name][span.start : span.end]
            batch = RecordBatch()
            for position, (key, value) in enumerate(kept, span.start):
                batch.log.append(span.log)
                batch.position.append(position)
                batch.time_us.append(1_700_000_000_000_000 + position)
                batch.time_kind.append(TimeKind.create)
                batch.key.append(key)
                batch.value.append(value)
                batch.headers.append(None)
            yield Batch(records=batch, read_to={span.log: span.start + len(kept)})
        if request.follow:
            stop.set()

    def close(self) -> None:
        pass


def captured(path: Path, source: Cluster, request: Request | None = None) -> ingest.Outcome:
    return ingest.run([(source, request or Request())], path, options=ingest.Options(floor_bytes=0))


def lines(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, object]]:
    """What a command prints as JSON lines."""
    capsys.readouterr()
    main([str(word) for word in (*words, "--format", "jsonl")])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def data(path: Path, capsys: pytest.CaptureFixture[str]) -> list[object]:
    return [event["data"] for event in lines(capsys, "events", path) if event["log"] == "orders"]


def test_the_schemas_topic_is_read_before_what_needs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = Cluster([framed(1), framed(2)], [record("orders-value", 1, 1), record("orders-value", 2, 2)])
    outcome = captured(tmp_path / "a.evcap", source)
    assert outcome.status.undecodable == 0
    assert data(tmp_path / "a.evcap", capsys) == [{"subject": "orders-value"}] * 2
    assert source.rounds == [[("_schemas", 0, 2)], [("orders", 0, 2)]]
    (first, second) = lines(capsys, "schemas", tmp_path / "a.evcap")
    assert (first["wire"], first["registry"], first["version"], first["events"], first["missing"]) == ("id:1", "_schemas", 1, 1, None)
    assert second["wire"] == "id:2"


def test_followed_the_topic_is_read_to_its_end_first_and_then_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = Cluster([framed(1)], [record("orders-value", 1, 1)])
    ingest.run([(source, Request(follow=True))], tmp_path / "a.evcap", options=ingest.Options(floor_bytes=0), stop=threading.Event())
    assert source.rounds[0] == [("_schemas", 0, 1)]
    assert sorted(source.rounds[1]) == [("_schemas", 1, None), ("orders", 0, None)]
    assert data(tmp_path / "a.evcap", capsys) == [{"subject": "orders-value"}]


def test_a_source_that_ends_before_anyone_takes_its_batches_does_not_wait_for_ever(tmp_path: Path) -> None:
    class AtOnce(ThreadPoolExecutor):
        def submit(self, call: Callable[..., T], /, *words: Any, **named: Any) -> Future[T]:
            """Ends only when the reading waits for someone to take what it has, or is done."""
            submitted = super().submit(call, *words, **named)
            wait([submitted], timeout=1)
            return submitted

    many = Cluster([framed(1)] * 3, [record("orders-value", 1, 1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "ThreadPoolExecutor", AtOnce)
        assert captured(tmp_path / "a.evcap", many).status.stored == 4


def test_decode_learns_from_the_topic_that_the_capture_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.evcap"
    source = Cluster([framed(1), framed(9)], [record("orders-value", 1, 1)])
    captured(path, source, Request(logs=("orders",)))
    assert data(path, capsys) == [None, None]
    captured(path, source, Request(logs=("_schemas",)))
    (said,) = lines(capsys, "decode", path)
    assert (said["finished"], said["undecodable"]) == (1, 1)
    assert said["missing"] == [{"wire": "id:9", "why": "schema 9, no registry set", "events": 1}]
    assert data(path, capsys) == [{"subject": "orders-value"}, None]


def test_decode_finishes_from_a_registry_and_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = tmp_path / "a.evcap", tmp_path / "schemas"
    folder.mkdir()
    (folder / "orders-value-v2.id2.avsc").write_text(ORDER)
    captured(path, Cluster([framed(1), framed(2), framed(3)], []), Request(logs=("orders",)))
    things = {"/schemas/ids/1": {"schema": ORDER}, "/schemas/ids/1/versions": [{"subject": "orders-value", "version": 1}]}
    config = tmp_path / "client.properties"
    with Loopback(things, authorization="Bearer t0ken") as server:
        config.write_text(f"schema.registry.url={server.url}\nbearer.auth.token=t0ken\nbootstrap.servers=x\n")
        (said,) = lines(capsys, "decode", path, "--config", config, "--schemas", folder)
        assert said["finished"] == 2
        assert said["missing"] == [{"wire": "id:3", "why": f"schema 3, not known to schemas, {server.url}", "events": 1}]
        found = lines(capsys, "schemas", path)
        assert [(one["wire"], one["registry"]) for one in found] == [("id:1", server.url), ("id:2", "schemas"), ("id:3", None)]
    (again,) = lines(capsys, "decode", path)
    assert (again["changed"], again["undecodable"]) == (0, 1), "nobody is needed for what the capture holds"
    assert b"t0ken" not in path.read_bytes()


def test_a_registry_that_is_down_leaves_the_events_to_a_later_decode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.evcap"
    with Loopback({"/schemas/ids/1": {"schema": ORDER}}) as server:
        url = server.url
    captured(path, Cluster([framed(1)] * 3, []), Request(logs=("orders",)))
    assert main(["decode", str(path), "--registry", url, "--format", "table"]) == 1
    said = capsys.readouterr().out
    assert "3 undecodable remain" in said
    assert f"3 events wait for schema 1, {url} refuses the connection" in said


def test_only_one_connection_is_tried_for_many_schemas(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    captured(path, Cluster([framed(number) for number in range(1, 40)], []), Request(logs=("orders",)))
    with Loopback({"/schemas/types": 503}) as server:
        from inspector.schemas.registry import Registry

        place = Registry(server.url)
        redecode.run(path, places=[place])
        place.close()
        assert len(server.asked) == 1


def test_options_that_cannot_be_used_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    captured(tmp_path / "a.evcap", Cluster([framed(1)], []))
    for words, said in ((["--registry", "http://u:pa55@r"], "--config"), (["--schemas", str(tmp_path / "none")], "no folder or file")):
        assert main(["decode", str(tmp_path / "a.evcap"), *words]) == 2
        assert said in (error := capsys.readouterr().err)
        assert "pa55" not in error


# ---- eventscope schemas


@pytest.fixture
def evolved(tmp_path: Path) -> Path:
    """Two versions of one schema, one schema that is missing."""
    second = '{"fields": [{"name": "n", "type": "long"}], "name": "Order", "type": "record"}'
    source = Cluster(
        [framed(1), framed(1), framed(2), framed(3)], [record("orders-value", 1, 1, ORDER), record("orders-value", 2, 2, second)]
    )
    captured(tmp_path / "a.evcap", source)
    return tmp_path / "a.evcap"


def test_schemas_lists_uses_and_what_is_missing(evolved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = lines(capsys, "schemas", evolved)
    assert [(one["wire"], one["subject"], one["version"], one["kind"], one["events"]) for one in found] == [
        ("id:1", "orders-value", 1, "AVRO", 2),
        ("id:2", "orders-value", 2, "AVRO", 1),
        ("id:3", None, None, None, 1),
    ]
    assert found[0]["first_time"] == "2023-11-14T22:13:20.000000Z"
    assert found[0]["last_time"] == "2023-11-14T22:13:20.000001Z"
    assert found[2]["missing"] == "schema 3, no registry set"
    assert lines(capsys, "schemas", evolved, "--type", "nothing") == []
    assert main(["schemas", str(evolved), "--format", "table"]) == 0
    assert "orders-value" in capsys.readouterr().out


def test_a_protobuf_descriptor_is_printed_as_people_write_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = FileDescriptorSet.FromString(compiled('syntax = "proto3"; message Order { string id = 1; }')).file[-1]
    text = base64.b64encode(file.SerializeToString()).decode()
    schema = Schema("id:1", "http://r", "PROTOBUF", text, "pb-value", 1)
    path = write(tmp_path / "a.evcap", [Made(b"\0", "Order", schema, decoder="protobuf", data="{}")])
    (one,) = lines(capsys, "schemas", path)
    assert main(["schemas", str(path), "--show", str(one["number"])]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == ['syntax = "proto3";', "message Order {", "  string id = 1;"]


def test_schemas_shows_and_compares_texts(evolved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = (str(one["number"]) for one in lines(capsys, "schemas", evolved))
    assert main(["schemas", str(evolved), "--show", first]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(ORDER)
    main(["schemas", str(evolved), "--diff", first, second])
    changed = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("+", "-"))]
    assert changed == [
        "--- orders-value version 1 (schema 1)",
        "+++ orders-value version 2 (schema 2)",
        '-  "fields": [],',
        '+  "fields": [',
        "+    {",
        '+      "name": "n",',
        '+      "type": "long"',
        "+    }",
        "+  ],",
    ]
    assert main(["schemas", str(evolved), "--diff", first, first]) == 0
    assert capsys.readouterr().out == "they say the same\n"
    for wrong in (third, "99"):
        assert main(["schemas", str(evolved), "--show", wrong]) == 2


def test_schemas_by_type_says_what_each_was_written_with(evolved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [one for one in lines(capsys, "schemas", evolved, "--by", "type") if one["log"] == "orders"]
    assert [(one["decoder"], one["schema"], one["events"]) for one in found] == [
        ("from-schema", "orders-value version 1 (schema 1)", 2),
        ("from-schema", "orders-value version 2 (schema 2)", 1),
        ("confluent", "schema 3", 1),
    ]
