"""Looking for something in a topic: every match up to the pinned ends is found, and the account says what was looked through."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.event import Flag, format_time
from tests.kafka import captures
from tests.kafka.captures import Following
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

FILTER = 'data.mark.startsWith("needle-")'
PARTITIONS = 3


def value(partition: int, position: int, *, planted: bool) -> bytes:
    mark = f"needle-{partition}-{position}" if planted else "straw"
    return json.dumps({"n": position, "mark": mark, "total": position / 7}).encode()


def plant(cluster: Cluster, name: str, each: int) -> set[tuple[int, int]]:
    """Fills the partitions; matches lie at their first and last positions and where windows meet. Gives where."""
    edges = {0, 1, each // 2, each - 1, *(each - edge for edge in (5_000, 5_001, 25_000, 25_001, 105_000, 105_001) if edge <= each)}
    # idempotent: on a busy machine a request that is sent again would come twice, or after its successor, and shift positions
    producer = cluster.producer(queue_buffering_max_messages=3_000_000, linger_ms=50, enable_idempotence=True)
    for partition in range(PARTITIONS):
        for position in range(each):
            while True:
                try:
                    producer.produce(name, value(partition, position, planted=position in edges), b"k", partition)
                    break
                except BufferError:
                    producer.poll(0.5)
    assert producer.flush(120) == 0
    return {(partition, position) for partition in range(PARTITIONS) for position in edges}


def found(path: Path) -> dict[tuple[int, int], str]:
    return {(event.partition, event.position): json.loads(event.value or b"")["mark"] for event in captures.events(path)}


@pytest.mark.parametrize("each", [30_000, pytest.param(700_000, marks=pytest.mark.large)])
def test_every_match_is_found_while_others_write_the_broker_restarts_and_the_search_is_stopped(
    own_broker: Broker, name: str, tmp_path: Path, each: int
) -> None:
    cluster = Cluster(own_broker)
    cluster.create(name, PARTITIONS)
    planted = plant(cluster, name, each)
    out, rate = tmp_path / "a.evcap", each
    asked = (f"{cluster.url}/{name}", "-o", out, "--filter", FILTER, "--newest-first", "--isolation", "both", "--max-rate", str(rate))
    first = Following(*asked, to_the_end=True)
    stop_writing = threading.Event()
    writer = threading.Thread(target=_write_on, args=(cluster, name, stop_writing))
    writer.start()
    try:
        first.wait_for(1)
        first.wait_for_positions(each // 2)
        assert first.stop() == 130
        early = found(out)
        assert early
        assert set(early) <= planted | {place for place in early if place[1] >= each}
        second = Following(*asked, to_the_end=True)
        try:
            second.wait_for_positions(each // 2)
            own_broker.kill()
            stop_writing.set()
            second.wait_for_text("cluster")
            own_broker.start()
            assert second.finish() == 0, [line for line in second.lines if line["type"] != "progress"][-6:]
        finally:
            second.kill()
    finally:
        stop_writing.set()
        writer.join()
        first.kill()
    after = found(out)
    assert planted <= set(after)
    assert all(mark == f"needle-{partition}-{position}" for (partition, position), mark in after.items() if position < each)
    for _, partition, segments in captures.coverage(out):
        # what others wrote after the ends were pinned is known of, and not asked for
        whole = [("scanned", None), ("absent", "not fetched")]
        assert [segment[2:4] for segment in segments] == whole[: len(segments)], (partition, segments)
        assert segments[0][0] == 0
        assert segments[0][1] >= each
        assert segments[0][4] == sum(1 for place in after if place[0] == partition)
    scope = captures.report(out)["scope"]
    assert scope["read"] == 0
    assert scope["absent"] == {f"read through the filter {FILTER}": scope["asked"]}


def _write_on(cluster: Cluster, name: str, stop: threading.Event) -> None:
    """Others go on writing, matches among it; positions beyond what is planted."""
    producer = cluster.producer()
    number = 0
    while not stop.is_set():
        producer.produce(name, value(9, number, planted=number % 5 == 0), b"k", number % PARTITIONS)
        producer.poll(0)
        number += 1
        stop.wait(0.002)
    producer.flush(5)


def test_newest_come_first_and_what_is_late_is_the_same_as_in_reading_forwards(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 2)
    times = [1_700_000_000_000 + (n * 10 if n % 97 else n * 10 - 50_000) for n in range(12_000)]
    producer = cluster.producer(linger_ms=20)
    for number, time_ms in enumerate(times):
        producer.produce(name, b'{"n": %d}' % number, b"k", number % 2, timestamp=time_ms)
    assert producer.flush(30) == 0
    forwards, backwards = tmp_path / "forwards.evcap", tmp_path / "backwards.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", forwards)
    captures.run("capture", f"{cluster.url}/{name}", "-o", backwards, "--newest-first")
    kept = [(event.partition, event.position, event.value, event.flags) for event in captures.events(forwards)]
    assert [(event.partition, event.position, event.value, event.flags) for event in captures.events(backwards)] == kept
    assert any(flags & Flag.late for *_, flags in kept)
    assert captures.coverage(backwards) == captures.coverage(forwards)
    with CaptureReader(backwards) as reader:
        arrived = [event.position for event in reader.events() if event.partition == 0]
    assert arrived[:5_000] == list(range(1_000, 6_000))
    assert arrived[5_000:] == list(range(1_000))


def test_only_the_positions_asked_for_are_read_and_twice_none(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 3)
    for partition in range(3):
        cluster.produce(name, [b"%d" % n for n in range(100)], partition=partition)
    out = tmp_path / "a.evcap"
    captures.run(
        "capture", cluster.url, "-o", out, "--range", f"{name}/1:10-20", "--range", f"{name}/1:30-40", "--range", f"{name}/2:95-900"
    )
    assert captures.coverage(out) == [
        (name, 1, [(0, 10, "absent", "not fetched", 0), (10, 40, "read", None, 30), (40, 100, "absent", "not fetched", 0)]),
        (name, 2, [(0, 95, "absent", "not fetched", 0), (95, 100, "read", None, 5)]),
    ]
    assert captures.report(out)["scope"]["asked"] == 35
    again = captures.run("capture", cluster.url, "-o", out, "--range", f"{name}/1:0-100")
    assert "30 positions are in the capture already" in again.stderr
    assert [event.position for event in captures.events(out) if event.partition == 1] == list(range(100))


@pytest.mark.parametrize("wrong", ["orders", "orders/1", "orders/1:5", "orders/1:20-10", "orders/x:1-2"])
def test_a_range_that_means_nothing_is_refused(wrong: str, tmp_path: Path) -> None:
    done = captures.run("capture", "kafka://127.0.0.1:1", "-o", tmp_path / "a.evcap", "--range", wrong, status=2)
    assert "such as orders/3:100-200" in done.stderr


def test_backwards_and_following_exclude_each_other(tmp_path: Path) -> None:
    done = captures.run("capture", "kafka://127.0.0.1:1/a", "-o", tmp_path / "a.evcap", "--newest-first", "--follow", status=2)
    assert "cannot --follow" in done.stderr


def test_a_rate_counts_what_is_read_not_what_matches(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [value(0, n, planted=False) for n in range(20_000)])
    running = Following(f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--filter", FILTER, "--max-rate", "5000", to_the_end=True)
    try:
        running.wait_for_positions(1)
        assert running.stop() == 130
    finally:
        running.kill()
    ((_, _, segments),) = captures.coverage(tmp_path / "a.evcap")
    assert segments[0][1] < 20_000


def test_when_the_oldest_records_go_is_known_from_one_record_a_partition(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 3, retention_ms=7_200_000)
    now_ms = time.time_ns() // 1_000_000
    cluster.produce(name, [b"a", b"b"], partition=0, time_ms=now_ms - 3_600_000)
    cluster.produce(name, [b"c"], partition=1, time_ms=now_ms)
    done = captures.run("logs", cluster.url, "--topic", name, "--oldest", "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["kept_ms"] for row in rows] == [7_200_000] * 3
    assert [row["goes"] for row in rows] == [format_time((now_ms + 3_600_000) * 1000), format_time((now_ms + 7_200_000) * 1000), None]
    assert [row["oldest_time"] for row in rows] == [format_time((now_ms - 3_600_000) * 1000), format_time(now_ms * 1000), None]


def test_what_is_kept_for_ever_never_goes(cluster: Cluster, name: str) -> None:
    cluster.create(name, 1, cleanup_policy="compact")
    cluster.produce(name, [b"a"], key=b"k")
    row = json.loads(captures.run("logs", f"{cluster.url}/{name}", "--oldest", "--format", "jsonl").stdout)
    assert row["oldest_time"]
    assert (row["kept_ms"], row["goes"]) == (None, None)


def test_the_oldest_are_not_asked_of_everything(cluster: Cluster) -> None:
    assert "name the topics" in captures.run("logs", cluster.url, "--oldest", status=2).stderr


def test_an_estimate_is_of_the_ranges_named(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 2)
    cluster.produce(name, [b"x"] * 100)
    done = captures.run("capture", cluster.url, "-o", tmp_path / "a.evcap", "--range", f"{name}/0:10-40", "--estimate", "--format", "jsonl")
    assert (json.loads(done.stdout)["records"], json.loads(done.stdout)["logs"]) == (30, 1)
