"""The Kafka source as a source: the contract of all sources, what a request means, and how it behaves when a broker is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from inspector.event import parse_time
from inspector.sources import Batch, Bound, Isolation, Request, Source, open_source
from inspector.sources.kafka_client import Clients
from inspector.sources.kafka_read import MOST_BYTES
from tests.contracts import SourceContract
from tests.kafka import captures
from tests.kafka.captures import Following
from tests.kafka.helpers import Cluster, wait_until
from tests.kafka.launcher import Broker

_names = (f"contract-{number}" for number in count())


class KafkaSubject:
    """A topic of one partition."""

    def __init__(self, cluster: Cluster) -> None:
        self.log = next(_names)
        self._cluster = cluster
        cluster.create(self.log, 1)
        self.append(3)

    def open(self) -> Source:
        """A new source on the cluster."""
        return open_source(self._cluster.url)

    def append(self, count: int) -> None:
        """Adds records and returns once they can be read."""
        self._cluster.produce(self.log, [b'{"n":1}'] * count)


class TestKafkaSourceContract(SourceContract):
    """Kafka keeps the contract of sources."""

    @pytest.fixture
    def subject(self, cluster: Cluster) -> KafkaSubject:
        return KafkaSubject(cluster)


def read_all(source: Source, request: Request) -> Iterator[Batch]:
    yield from source.read(source.pin(request), request, threading.Event())


def test_an_end_beyond_the_last_record_is_the_pinned_end(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"1", b"2", b"3"])
    done = captures.run("capture", f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--until", "1000")
    assert f"{name} partition 0: asked up to position 1000, it ends at 3" in done.stderr
    assert captures.coverage(tmp_path / "a.evcap") == [(name, 0, [(0, 3, "read", None, 3)])]


def test_a_time_after_all_records_is_looked_up_with_one_consumer(
    cluster: Cluster, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cluster.create(name, 30)
    for partition in range(30):
        cluster.produce(name, [b"x"], partition=partition, time_ms=1_700_000_000_000 + partition)
    made: list[Any] = []
    make = Clients.consumer

    def counted(clients: Clients, *rest: str) -> Any:
        made.append(make(clients, *rest))
        return made[-1]

    monkeypatch.setattr(Clients, "consumer", counted)
    with closing(open_source(cluster.url)) as source:
        plan = source.pin(Request(logs=[name], start=Bound(time_us=parse_time("2026-01-01T00:00:00Z"))))
    assert len(made) == 1
    assert plan.asked == [(1, 1)] * 30
    said = [note for note in plan.notes if "nothing at or after 2026-01-01T00:00:00.000000Z" in note]
    assert f"{name} partition 0: nothing at or after 2026-01-01T00:00:00.000000Z, last record 2023-11-14T22:13:20.000000Z" in said
    assert said[-1].startswith("… and 22 more partitions")


def test_following_from_beyond_the_end_waits_for_that_position(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"0", b"1"])
    following = Following(f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--from", "4")
    try:
        following.wait_for_text("position 4")
        cluster.produce(name, [b"2", b"3", b"4", b"5"])
        following.wait_for(2)
        assert following.stop() == 130
    finally:
        following.kill()
    assert [event.value for event in captures.events(tmp_path / "a.evcap")] == [b"4", b"5"]
    assert not any("lost" in text for text in captures.texts(following, "note"))


def test_large_values_behind_small_ones_come_in_batches_of_bounded_size(cluster: Cluster, name: str) -> None:
    cluster.create(name, 1, max_message_bytes=20_000_000)
    cluster.produce(name, [b"small"] * 5_000)
    cluster.produce(name, [b"x" * 4_000_000] * 12)
    with closing(open_source(cluster.url)) as source:
        batches = list(read_all(source, Request(logs=[name])))
    sizes = [sum(len(value or b"") for value in batch.records.value) for batch in batches]
    assert sum(sizes) == 5_000 * 5 + 12 * 4_000_000
    assert max(sizes) <= MOST_BYTES
    assert [position for batch in batches for position in batch.records.position] == list(range(5_012))
    assert batches[-1].read_to == {0: 5_012}


def test_while_the_broker_is_away_batches_go_on_and_a_stop_is_quick(own_broker: Broker, name: str) -> None:
    cluster = Cluster(own_broker)
    cluster.create(name, 1)
    cluster.produce(name, [b"1"])
    stop, request = threading.Event(), Request(logs=[name], follow=True, isolation=Isolation.both)
    with closing(open_source(cluster.url)) as source:
        reading = source.read(source.pin(request), request, stop)
        while not len(next(reading).records):
            pass
        own_broker.kill()
        turns = []
        deadline_s = time.monotonic() + 8  # longer than all that is asked at intervals
        while time.monotonic() < deadline_s:
            before_s = time.monotonic()
            next(reading)
            turns.append(time.monotonic() - before_s)
        assert max(turns) < 0.8, sorted(turns)[-5:]
        stop.set()
        before_s = time.monotonic()
        list(reading)
        assert time.monotonic() - before_s < 1.5


def new_in(capture: Path) -> list[bytes]:
    return [event.value for event in captures.events(capture) if event.value and event.value.startswith(b"new")]


def test_a_recreated_topic_is_read_only_where_the_key_is(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 4)
    cluster.produce(name, [b"old"], key=b"order-7", partition=2)  # murmur2 puts this key there, of four
    following = Following(f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--key", "order-7")
    try:
        following.wait_for_text("only partition")
        cluster.delete(name)
        following.wait_for_text("was deleted")
        cluster.create(name, 4)
        for partition in range(4):
            cluster.produce(name, [f"new-{partition}".encode()], key=b"order-7", partition=partition)
        wait_until(lambda: new_in(tmp_path / "a.evcap") != [], "the new one is read")
        assert following.stop() == 130
    finally:
        following.kill()
    assert len(new_in(tmp_path / "a.evcap")) == 1
    logs = [(log["log"], log["partition"]) for log in captures.report(tmp_path / "a.evcap")["logs"]]
    assert len(logs) == 2
    assert len(set(logs)) == 1
