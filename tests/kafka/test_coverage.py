"""Coverage is exactly right when the log changes under the reader: compaction, retention, re-creation, a killed broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka import captures
from tests.kafka.captures import Following, texts
from tests.kafka.helpers import Cluster, consume_all, wait_until
from tests.kafka.launcher import Broker

GONE = "retention"


def test_compacted_topic_has_holes_that_are_counted(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(
        name,
        1,
        cleanup_policy="compact",
        segment_ms=100,
        min_cleanable_dirty_ratio=0.001,
        delete_retention_ms=100,
        max_compaction_lag_ms=100,
    )
    for n in range(20):
        cluster.produce(name, [b"%d" % n], key=b"key-%d" % (n % 3))

    def left() -> int:
        cluster.produce(name, [b"tick"], key=b"tick")
        return len(consume_all(cluster.broker.bootstrap, name, [0]))

    wait_until(lambda: left() < 15, "the cleaner has run", timeout_s=90)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    ((_, _, segments),) = captures.coverage(out)
    captured = [event.position for event in captures.events(out)]
    end = captures.report(out)["logs"][0]["end"]
    assert segments == [(0, end, "read", None, len(captured))] or segments[-1] == (segments[-1][0], end, "read", None, len(captured))
    assert len(captured) < end


def test_records_removed_before_the_request_are_said_to_be_retention(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"%d" % n for n in range(50)])
    cluster.delete_records(name, 0, 20)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--from", "0")
    assert captures.coverage(out) == [(name, 0, [(0, 20, "absent", GONE, 0), (20, 50, "read", None, 30)])]
    assert captures.report(out)["scope"]["complete"] is False
    captures.run("info", out, "--require-complete", status=5)


def test_retention_that_overtakes_the_read_becomes_coverage(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1, segment_bytes=1_048_576)
    cluster.produce(name, [b"%06d" % n + b"x" * 900 for n in range(3000)])
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--limit", "100")
    cluster.delete_records(name, 0, 2000)
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--from", "0")
    ((_, _, segments),) = captures.coverage(out)
    assert segments == [(0, 100, "read", None, 100), (100, 2000, "absent", GONE, 0), (2000, 3000, "read", None, 1000)]


def test_retention_during_a_slow_read(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1, segment_bytes=1_048_576)
    cluster.produce(name, [b"%06d" % n + b"x" * 9000 for n in range(9000)])
    out = tmp_path / "a.evcap"
    following = Following(f"{cluster.url}/{name}", "-o", out, "--max-rate", "400/s", "--until", "9000")
    try:
        following.wait_for(500)
        cluster.delete_records(name, 0, 8900)
        assert following.process.wait(60) == 0
    finally:
        following.kill()
    ((_, _, segments),) = captures.coverage(out)
    captured = [event.position for event in captures.events(out)]
    read = [segment for segment in segments if segment[2] == "read"]
    gone = [segment for segment in segments if segment[2] == "absent"]
    assert sum(segment[4] for segment in read) == len(captured)
    assert [p for low, high, *_ in read for p in range(low, high)] == captured
    assert all(segment[3] == GONE for segment in gone)
    assert segments[-1][1] == 9000


def test_recreated_topic_is_another_incarnation(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"old-%d" % n for n in range(10)])
    out = tmp_path / "a.evcap"
    following = Following(f"{cluster.url}/{name}", "-o", out)
    try:
        following.wait_for(10)
        cluster.delete(name)
        cluster.create(name, 1)
        cluster.produce(name, [b"new-%d" % n for n in range(30)])
        following.wait_for(40)
        following.stop()
    finally:
        following.kill()
    logs = captures.report(out)["logs"]
    assert [log["captured"] for log in logs] == [10, 30]
    assert len({log["incarnation"] for log in logs}) == 2
    by_log: dict[bytes, set[int]] = {}
    for event in captures.events(out):
        by_log.setdefault((event.value or b"")[:3], set()).add(event.position)
    assert by_log == {b"old": set(range(10)), b"new": set(range(30))}
    assert any("was deleted" in text for text in texts(following, "note"))


@pytest.mark.parametrize("order", [[], ["--newest-first"]])
def test_a_topic_that_is_deleted_while_it_is_searched_was_not_read_to_its_end(
    cluster: Cluster, name: str, tmp_path: Path, order: list[str]
) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"%d" % n for n in range(20_000)])
    out = tmp_path / "a.evcap"
    searching = Following(f"{cluster.url}/{name}", "-o", out, "--filter", "7", "--max-rate", "2000/s", *order, to_the_end=True)
    try:
        searching.wait_for_positions(1_000)
        cluster.delete(name)
        searching.finish()
    finally:
        searching.kill()
    (done,) = [line for line in searching.lines if line["type"] == "done"]
    assert done["stopped"] == "the rest is gone: its log was deleted"
    scope = captures.report(out)["scope"]
    assert scope["stopped"] == done["stopped"]
    assert scope["absent"]["not fetched"] > 0


def test_killed_broker_costs_nothing(own_broker: Broker, tmp_path: Path) -> None:
    cluster = Cluster(own_broker)
    cluster.create("orders", 2)
    for partition in range(2):
        cluster.produce("orders", [b"before-%d" % n for n in range(100)], partition=partition)
    out = tmp_path / "a.evcap"
    following = Following(f"{cluster.url}/orders", "-o", out)
    try:
        following.wait_for(200)
        own_broker.kill()
        following.wait_for_text("reconnecting", "does not answer")  # a question may have been under way
        own_broker.start()
        for partition in range(2):
            cluster.produce("orders", [b"after-%d" % n for n in range(100)], partition=partition)
        following.wait_for(400)
        assert following.stop() == 130
    finally:
        following.kill()
    plain = [(m.partition(), m.offset(), m.value()) for m in consume_all(own_broker.bootstrap, "orders", range(2))]
    assert [(event.partition, event.position, event.value) for event in captures.events(out)] == plain
    assert captures.coverage(out) == [("orders", p, [(0, 200, "read", None, 200)]) for p in range(2)]
    assert any("connected again" in text for text in texts(following, "state"))
