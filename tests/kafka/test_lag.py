"""`eventscope lag` against a real broker: consumers that read, stand, stop and drain at known rates, and what is said of them."""

from __future__ import annotations

import json
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import confluent_kafka
import pytest

from inspector.lag.report import Account, live
from inspector.lag.verdict import Kind
from inspector.lag.watch import Watch
from inspector.sources.group_samples import open_groups
from inspector.sources.groups import GroupsReader
from tests.kafka import captures
from tests.kafka.consumers import GroupConsumer
from tests.kafka.helpers import Cluster, wait_until
from tests.kafka.launcher import Broker
from tests.test_docs import LINES, ROOT


@pytest.fixture
def reader(cluster: Cluster) -> Iterator[GroupsReader]:
    opened = open_groups(cluster.url)
    assert opened is not None
    yield opened
    opened.close()


def ran(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `eventscope lag` where a slow machine may find that a consumer stands (exit 1), which it does between two calls."""
    done = subprocess.run([*captures.COMMAND, "lag", *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done


def lines(*arguments: str | Path, status: int | None = None) -> list[dict[str, Any]]:
    words = (*arguments, "--format", "jsonl")
    done = ran(*words) if status is None else captures.run("lag", *words, status=status)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Looks:
    """Looks again and again until something is so."""

    def __init__(self, reader: GroupsReader, name: str) -> None:
        self._reader, self._name = reader, name
        self._watch = Watch()
        self.last: Account | None = None

    def until(self, condition: Callable[[Account], bool], what: str) -> Account:
        def look() -> bool:
            seen = self._reader.look([self._name])
            self._watch.add(seen)
            (self.last,) = live(
                self._watch, seen, lambda place, start, _: [(key or b"").decode() for key in self._reader.keys(place, start, 100)]
            )
            return condition(self.last)

        wait_until(look, f"{what}: {self.last}")
        assert self.last is not None
        return self.last


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_drain_at_a_known_rate_ends_when_it_was_foretold(cluster: Cluster, reader: GroupsReader, name: str, protocol: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"] * 600)
    with GroupConsumer(cluster, name, name, protocol=protocol) as consumer:
        consumer.join()
        consumer.take(1)
        looks = Looks(reader, name)
        looks.until(lambda account: account.positions == 599, "the first commit is seen")
        consumer.go(50)
        half = looks.until(lambda account: (account.positions or 600) < 300, "half of it is read")
        assert half.motion.committed_per_s == pytest.approx(50, rel=0.3)
        assert half.verdict.kind is Kind.draining
        foretold_us = half.as_of_us + (half.motion.to_zero_s or 0) * 1e6
        late = looks.until(lambda account: (account.positions or 600) < 60, "nearly all is read")
        nearer_us = late.as_of_us + (late.motion.to_zero_s or 0) * 1e6
        done = looks.until(lambda account: account.positions == 0, "all is read")
        assert abs(nearer_us - done.as_of_us) < 2_000_000
        assert abs(foretold_us - done.as_of_us) < 5_000_000
        assert done.verdict.kind is Kind.caught_up


def test_stopped_consumer_and_one_partition_that_stands(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    """A consumer that reads only one of its partitions: that is said after 15 s, and then that nothing moves at all."""
    cluster.create(name, 2)
    for partition in (0, 1):
        cluster.produce(name, [b"x"] * 5, partition=partition)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(10)
        looks = Looks(reader, name)
        looks.until(lambda account: account.positions == 0, "all is read")
        cluster.produce(name, [b"y"] * 3, partition=1)
        stands = looks.until(lambda account: account.verdict.is_bad, "it stands")
        assert stands.verdict.kind is Kind.partition_stands
        assert stands.verdict.places == [(name, 1)]
        cluster.produce(name, [b"y"] * 3)
        stopped = looks.until(lambda account: account.verdict.kind is Kind.stopped, "it is stopped")
        assert "with 1 member: 6 positions unread" in stopped.verdict.text
    gone = looks.until(lambda account: account.members == 0, "it has left")
    assert gone.verdict.kind is Kind.no_member


@pytest.mark.large
@pytest.mark.parametrize(("reads", "writes", "kind"), [((60, 12), (60, 60), Kind.slow), ((60, 60), (60, 150), Kind.producers_faster)])
def test_who_changed_and_since_when(
    cluster: Cluster, reader: GroupsReader, name: str, reads: tuple[float, float], writes: tuple[float, float], kind: Kind
) -> None:
    """Both sides go at 60 a second for 20 s; then the consumer goes slower, or the producer faster."""
    cluster.create(name, 2)
    with GroupConsumer(cluster, name, name) as consumer, Writing(cluster, name) as writing:
        writing.rate_per_s = writes[0]
        consumer.join()
        consumer.go(reads[0])
        looks = Looks(reader, name)
        first = looks.until(lambda account: account.motion.committed_per_s is not None, "it reads")
        looks.until(lambda account: account.as_of_us > first.as_of_us + 20_000_000, "20 s have passed")
        consumer.stop()
        changed_us = time.time_ns() // 1_000
        writing.rate_per_s = writes[1]
        consumer.go(reads[1])
        told = looks.until(lambda account: account.verdict.kind is kind, f"it is {kind}")
        told = looks.until(lambda account: account.as_of_us > told.as_of_us + 10_000_000, "10 s more")
        assert told.verdict.kind is kind
        assert told.verdict.since_us == pytest.approx(changed_us, abs=4_000_000)


class Writing:
    """Writes at a rate that may be changed, from its own thread."""

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self.rate_per_s = 0.0
        self._cluster, self._topic = cluster, topic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)

    def _go(self) -> None:
        producer, due, last_s = self._cluster.producer(), 0.0, time.monotonic()
        while not self._stop.wait(0.05):
            now_s = time.monotonic()
            due, last_s = due + self.rate_per_s * (now_s - last_s), now_s
            for number in range(int(due)):
                producer.produce(self._topic, b"x", b"%d" % number, partition=number % 2)
            due -= int(due)
            producer.poll(0)
        producer.flush(10)


def test_one_hot_key(cluster: Cluster, reader: GroupsReader, name: str) -> None:
    cluster.create(name, 3)
    for partition in range(3):
        cluster.produce(name, [b"x"] * 5, partition=partition)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(15)
        looks = Looks(reader, name)
        looks.until(lambda account: account.positions == 0, "all is read")
        cluster.produce(name, [b"x"] * 400, key=b"order-17", partition=2)
        consumer.go(5)  # it goes on reading, or after 15 s it would rightly be said to stand
        hot = looks.until(lambda account: account.verdict.kind in {Kind.hot_key, Kind.hot_partition}, "one is hot")
        assert hot.verdict.text == f"one hot key: order-17 has 100% of what is unread in {name}/2"


def test_command_says_positions_times_members_and_what_was_before(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 2)
    hour_ago_ms = int(time.time() * 1000) - 3_600_000
    cluster.produce(name, [b"x"] * 40, time_ms=hour_ago_ms)
    with GroupConsumer(cluster, name, name, client_id="billing-1") as consumer:
        consumer.join()
        consumer.take(10)
        consumer.take(20)
        capture = tmp_path / "a.evcap"
        captures.run("capture", f"{cluster.url}/{name}", "-o", capture, "--lag", name)
        (group,) = lines(cluster.url, "--group", name, "--events-in", capture)
        assert (group["consumer"], group["kind"], group["state"], group["members"]) == (name, "classic", "stable", 1)
        assert (group["positions"], group["events"], group["events_exact"]) == (10, 10, True)
        assert group["time_behind_s"] == pytest.approx(time.time() - hour_ago_ms / 1000, abs=30)
        assert group["error"] is None
        parts = lines(cluster.url, "--group", name, "--by", "partition")
        assert [(part["partition"], part["committed"], part["positions"]) for part in parts] == [(0, 30, 10), (1, None, None)]
        assert {(part["client_id"], part["host"]) for part in parts} == {("billing-1", "127.0.0.1")}
        # the same out of the capture, when no broker is asked any more
        (saved,) = lines(capture)
        assert [saved[key] for key in ("consumer", "members", "positions", "events", "events_exact")] == [name, 1, 10, 10, True]
        assert saved["time_behind_s"] == pytest.approx(group["time_behind_s"], abs=60)
        told = ran(cluster.url, "--group", name, "--format", "table").stdout
        assert "billing-1" not in told
        assert f"{name}: " in told
    (left,) = lines(cluster.url, "--group", name, "--no-past", status=1)
    assert left["verdict"] == "no member"
    assert left["to_zero_s"] is None
    assert name in {group["consumer"] for group in lines(cluster.url)}


def test_commit_beyond_the_end_is_no_caught_up_consumer(cluster: Cluster, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"] * 3)
    settings = {"bootstrap.servers": cluster.url.removeprefix("kafka://"), "group.id": name}
    committing = confluent_kafka.Consumer(settings)
    committing.commit(offsets=[confluent_kafka.TopicPartition(name, 0, 1_000)], asynchronous=False)
    committing.close()
    (group,) = lines(cluster.url, "--group", name, status=1)
    assert (group["positions"], group["beyond"]) == (0, 997)
    told = captures.run("lag", cluster.url, "--group", name, "--format", "table", status=1).stdout
    assert f"{name}/0 is committed up to 1,000 and ends at 3: the topic was made anew, or records were lost" in told


def test_errors_of_one_group_are_said_and_others_are_told(cluster: Cluster, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"])
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(1)
        known, absent = lines(cluster.url, "--group", name, "--group", "nobody", status=3)
        assert (known["verdict"], known["positions"]) == ("caught up", 0)
        assert (absent["verdict"], absent["error"]) == ("unreadable", "there is no group nobody")
    assert "name it with --group" in captures.run("lag", cluster.url, "--record", f"{name}/0", status=2).stderr


def test_record_it_stands_on_with_the_commands(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name)
    cluster.produce(name, [b'{"n":1}'])
    headers = [("kafka_dlt-original-topic", b"orders"), ("kafka_dlt-original-offset", struct.pack(">q", 99))]
    cluster.produce(name, [b'{"n":2}'], key=b"k", headers=headers)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(1)
        capture = tmp_path / "a.evcap"
        captures.run("capture", f"{cluster.url}/{name}", "-o", capture, "--lag", name)
        for target in (cluster.url, capture):
            (said,) = lines(target, "--group", name, "--record", f"{name}/0")
            assert (said["event"]["position"], said["event"]["data"]) == (1, {"n": 2})
            assert said["skip_command"].endswith(f"--group {name} --topic {name}:0 --reset-offsets --to-offset 2 --execute")
            assert (said["original"]["topic"], said["original"]["position"]) == ("orders", 99)
            told = ran(str(target), "--group", name, "--record", f"{name}/0", "--format", "table").stdout
            assert "a dead letter of orders at 99\n" in told
        consumer.take(1)
        assert "no unread record" in captures.run("lag", cluster.url, "--group", name, "--record", f"{name}/0", status=2).stderr


def test_watch_tells_rates_and_ends_with_its_input(cluster: Cluster, name: str) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"] * 1000)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(1)
        consumer.go(40)
        words = ["lag", cluster.url, "--group", name, "--watch", "--every", "500ms", "--format", "jsonl", "--stop-with-stdin", "--no-past"]
        watching = subprocess.Popen([*captures.COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert watching.stdout is not None
        assert watching.stdin is not None
        said: Mapping[str, Any] = {}
        while not (said and said["verdict"] == "draining" and said["committed_per_s"] > 20):
            said = json.loads(watching.stdout.readline())
        assert said["to_zero_s"] > 0
        watching.stdin.close()
        watching.stdout.read()
        watching.stdout.close()
        assert watching.wait(30) == 130


def test_samples_are_kept_while_a_capture_follows(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name)
    cluster.produce(name, [b"x"] * 50)
    with GroupConsumer(cluster, name, name) as consumer:
        consumer.join()
        consumer.take(20)
        following = captures.Following(f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--lag", name, "--lag", "nobody")
        try:
            following.wait_for(50)
            following.wait_for_text("there is no group nobody")
        finally:
            following.stop()
    (saved,) = lines(tmp_path / "a.evcap")
    assert (saved["positions"], saved["events"]) == (30, 30)
    assert cluster.groups().count("eventscope") == 0


def test_commands_of_the_guide(own_broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line of the guide that looks at a cluster, or at a capture of one, on a broker with that topic and group."""
    cluster = Cluster(own_broker)
    cluster.create("orders")
    cluster.produce("orders", [b"x"] * 5)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with GroupConsumer(cluster, "billing", "orders") as consumer:
        consumer.join()
        consumer.take(3)
        captures.run("capture", f"{cluster.url}/orders", "-o", "orders.evcap", "--lag", "billing")
        wanted = [line for _, line in LINES if line.startswith("eventscope lag ") and "sqlite:" not in line]
        assert len(wanted) >= 6
        for line in wanted:
            words = line.replace("kafka://broker:9092", cluster.url).replace(" --watch", "").split()[1:]
            assert "billing" in ran(*words[1:]).stdout, line
