"""Reading leaves nothing in the cluster, and says plainly when a cluster cannot be read."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.kafka import captures
from tests.kafka.helpers import Cluster, NewTopic
from tests.kafka.launcher import Broker, free_ports


def test_no_group_commit_or_topic_comes_to_be(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 2)
    cluster.produce(name, [b"x"] * 10)
    topics, groups = set(cluster.topics()), set(cluster.groups())
    captures.run("logs", cluster.url)
    captures.run("capture", f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--isolation", "both")
    captures.run("capture", f"{cluster.url}/no-such-topic", "-o", tmp_path / "b.evcap", status=3)
    captures.run("logs", cluster.url, "--topic", "no-such-topic", status=3)
    assert set(cluster.topics()) - {"__consumer_offsets"} == topics - {"__consumer_offsets"}
    assert set(cluster.groups()) == groups


def test_fresh_broker_gets_no_offsets_topic(own_broker: Broker, tmp_path: Path) -> None:
    cluster = Cluster(own_broker)
    cluster.create("orders", 1)
    cluster.produce("orders", [b"x"] * 10)
    assert cluster.topics() == ["orders"]
    captures.run("logs", cluster.url)
    captures.run("capture", f"{cluster.url}/orders", "-o", tmp_path / "a.evcap", "--isolation", "both")
    assert len(captures.events(tmp_path / "a.evcap")) == 10
    assert cluster.topics() == ["orders"]


def test_missing_topic_is_one_sentence(cluster: Cluster, tmp_path: Path) -> None:
    done = captures.run("capture", f"{cluster.url}/absent", "-o", tmp_path / "a.evcap", status=3)
    assert "there is no topic absent" in done.stderr
    assert "Traceback" not in done.stderr
    assert captures.run("capture", cluster.url, "-o", tmp_path / "a.evcap", status=2).stderr.startswith("eventscope: no topic given")


def test_unreachable_broker_is_one_sentence_in_time(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    started = time.monotonic()
    done = captures.run("capture", f"kafka://127.0.0.1:{port}/t", "-o", tmp_path / "a.evcap", status=3)
    assert time.monotonic() - started < 15
    assert done.stderr.count("\n") == 1
    assert "TCP: nothing answers" in done.stderr
    done = captures.run("logs", "kafka://no-such-host.invalid:9092", status=3)
    assert "DNS: the name no-such-host.invalid is not known" in done.stderr


def test_two_thousand_topics_are_listed(own_broker: Broker) -> None:
    cluster = Cluster(own_broker)
    wanted = [NewTopic(f"topic-{n:04}", 12, 1) for n in range(150)]
    for future in cluster.admin.create_topics(wanted, request_timeout=60).values():
        future.result(60)
    lines = captures.run("logs", cluster.url).stdout.splitlines()
    assert len(lines) == 150 * 12
    assert json.loads(lines[0])["log"] == "topic-0000"
