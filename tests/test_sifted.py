"""What a capture filter leaves out before it is decoded changes nothing of what is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import ormsgpack
import pytest
from confluent_kafka import Message

from inspector import ingest, sources
from inspector.cli import main
from inspector.decoders import SAMPLE
from inspector.identify import Identifier
from inspector.query.staged import staged_condition, staged_sieve
from inspector.sources import Batch, Plan, Request
from inspector.sources.kafka_columns import columns
from tests.schemas.test_topic import record
from tests.test_schemas_found import Cluster, framed, lines

STATE = {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}
EITHER = ormsgpack.packb(["a", 0, 0, 0, 65, 0, {}, *[0] * 7])
"""MessagePack in 16 bytes, which are a UUID unless the log holds MessagePack."""


class Topics(Cluster):
    """Read as Kafka is: some records at a time, and what the sieve holds back is left out."""

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        for span in plan.spans:
            kept = self.kept[plan.logs[span.log].key.name]
            for first in range(0, len(kept), 100):
                part = list(enumerate(kept[first : first + 100], first))
                messages = [Message("t", 0, position, key, value, timestamp=(1, 1_700_000_000_000)) for position, (key, value) in part]
                log, position = [span.log] * len(part), [position for position, _ in part]
                whole = () if request.is_sifted(span.log) else (span.log,)
                yield Batch(records=columns(messages, log, position, request.sieve, whole)[0], read_to={span.log: first + len(part)})


def sifted(path: Path, source: Cluster, text: str, *, is_sifted: bool = True) -> None:
    request = Request(sieve=staged_sieve(text) if is_sifted else None)
    options = ingest.Options(floor_bytes=0, filter_text=text, condition=staged_condition(text))
    ingest.run([(source, request)], path, options=options)


def test_the_schemas_topic_is_learned_from_whatever_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = '{"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}'
    source = Topics([framed(1)[:5] + b"\x08paid", framed(1)[:5] + b"\x08lost"], [record("orders-value", 1, 1, schema=order)])
    sifted(tmp_path / "a.evcap", source, 'data.id == "paid"')
    assert [event["data"] for event in lines(capsys, "events", tmp_path / "a.evcap")] == [{"id": "paid"}]


@pytest.mark.parametrize("is_sifted", [True, False])
def test_what_a_log_turned_out_to_be_does_not_depend_on_the_filter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_sifted: bool
) -> None:
    objects, arrays = [b'{"n":%d}' % number for number in range(120)], [ormsgpack.packb(["b", "c", number]) for number in range(250)]
    sifted(tmp_path / "a.evcap", Topics([*objects, *arrays, EITHER], []), 'data[0] == "a"', is_sifted=is_sifted)
    assert lines(capsys, "events", tmp_path / "a.evcap") == [], "most of the log is JSON: four bytes are a number"


@pytest.mark.parametrize("count", [150, 250])
def test_most_is_left_out_once_it_is_known_what_a_log_holds(count: int) -> None:
    identifier = Identifier()
    assert not identifier.is_settled("orders")
    identifier.remember("orders", [b'{"n":1}'] * count, [None] * count)
    assert identifier.is_settled("orders") == (count >= SAMPLE)


def test_a_log_whose_decoder_was_chosen_has_nothing_to_learn() -> None:
    identifier = Identifier(decoders={"orders": "json"})
    identifier.remember("orders", [b"1"], [None])
    assert identifier.is_settled("orders")


def test_values_whose_schema_a_map_names_are_not_sifted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = {"type": "record", "name": "Order", "fields": [{"name": "n", "type": "long"}, {"name": "state", "type": STATE}]}
    (tmp_path / "order.avsc").write_text(json.dumps(order))
    (tmp_path / "map.toml").write_text('[[log]]\nname = "orders"\nschema = "Order"\n')
    monkeypatch.setattr(sources, "open_source", lambda _url, _config: Topics([*[b"{\x00"] * 250, b"{\x02"], []))
    words = ["-o", tmp_path / "a.evcap", "--map", tmp_path / "map.toml", "--schemas", tmp_path, "--filter", 'data.state == "PAID"']
    assert main(["capture", "kafka://shop", *map(str, words)]) == 0
    assert [event["data"] for event in lines(capsys, "events", tmp_path / "a.evcap")] == [{"n": -62, "state": "PAID"}]


def test_logs_that_are_taken_whole_are_not_sifted() -> None:
    sieve = staged_sieve('data.id == "visa"')
    messages = [Message("t", 0, place, None, value) for place, value in enumerate([b'{"id":"x"}', b'{"id":"visa"}', b'{"id":"y"}'])]
    assert columns(messages, [0, 1, 2], [0, 1, 2], sieve)[0].log == [1]
    batch, total = columns(messages, [0, 1, 2], [0, 1, 2], sieve, whole=[2])
    assert batch.log == [1, 2]
    assert batch.value == [b'{"id":"visa"}', b'{"id":"y"}']
    assert total == columns(messages, [0, 1, 2], [0, 1, 2])[1]
