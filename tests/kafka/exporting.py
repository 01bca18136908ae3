"""Topics with everything that exports stumble over, and Kafka's own tools exporting them as users do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import confluent_kafka.admin
import pytest
from confluent_kafka import Producer

from inspector.capture.rows import Event
from tests.kafka import captures
from tests.kafka.captures import COMMAND
from tests.kafka.helpers import Cluster, Header, consume_all, wait_until
from tests.kafka.launcher import assemble

KCAT = shutil.which("kcat")
needs_kcat = pytest.mark.skipif(KCAT is None, reason="KCAT MISSING: apt-get install kcat (`./run test` does)")
_JAVA = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8")
_LAST = 1_700_000_000_000

KEYS: Sequence[bytes | None] = (None, b"", b"key", b"\xff\xfe\x00", "clé\u2028".encode(), b"null", b"NULL", b"key\nwith line", b'"quoted\\')
VALUES: Sequence[bytes | None] = (
    None,
    b"",
    b'{"id": 1, "total": 12.50}',
    b"null",
    b"NULL",
    b"\x00\x80\xff\xed\xa0\x80",
    b"first\nsecond\n\nfourth\n",
    b"tab\tand\ttab",
    "naïve \U0001f600 \u2028\u2029\x85".encode(),
    b"\r\nwindows\r",
    b" key: k payload: v",
    bytes(range(256)),
    b"-1 -1 5 x",
    b"\xef\xbf\xbd",
)
HEADERS: Sequence[Sequence[Header] | None] = (
    None,
    [("a", b"1"), ("a", b"2")],
    [("null", None), ("empty", b"")],
    [("bytes", b"\xff\x00\xfe"), ("comma", b"x,y,z"), ("equals", b"k=v")],
    [("line", b"one\ntwo")],
    [("ключ", "значение".encode())],
)


@dataclass(frozen=True)
class Exported:
    """The topics, and what a live capture of them holds by (log, partition, position)."""

    cluster: Cluster
    topics: Sequence[str]
    live: dict[tuple[str, int, int], Event]


def prepared(cluster: Cluster, folder: Path) -> Exported:
    """Topics as real ones are, no longer changing, and captured live."""
    topics = [_plain(cluster), _append(cluster), _transactions(cluster), _compacted(cluster)]
    live: dict[tuple[str, int, int], Event] = {}
    for topic in topics:
        out = folder / f"{topic}.evcap"
        captures.run("capture", f"{cluster.url}/{topic}", "-o", out, "--isolation", "uncommitted")
        live |= by_place(captures.events(out))
    assert {place[0] for place in live} == set(topics)
    return Exported(cluster, topics, live)


def by_place(events: Sequence[Event]) -> dict[tuple[str, int, int], Event]:
    """Events by (log, partition, position), each of which occurs once."""
    found = {(one.log, one.partition, one.position): one for one in events}
    assert len(found) == len(events)
    return found


def _plain(cluster: Cluster) -> str:
    """Every key, value and header in three partitions."""
    topic = cluster.create("exports.plain_1", 3)
    producer, number = cluster.producer(), 0
    for value in VALUES:
        for key in KEYS:
            headers = HEADERS[number % len(HEADERS)]
            time_ms = _LAST + number
            producer.produce(topic, value, key, number % 3, timestamp=time_ms, headers=list(headers) if headers else None)
            number += 1
    assert producer.flush(60) == 0
    return topic


def _append(cluster: Cluster) -> str:
    topic = cluster.create("exports-append", 1, message_timestamp_type="LogAppendTime")
    cluster.produce(topic, [b"a", None, b"c\nd"], key=b"k", time_ms=5)
    return topic


def _transactions(cluster: Cluster) -> str:
    topic = cluster.create("exports-transactions", 1)
    producer = cluster.producer(transactional_id="exports", transaction_timeout_ms=600_000)
    producer.init_transactions(30)
    cluster.produce(topic, [b"plain-1"])
    for value, is_kept in ((b"committed-1", True), (b"aborted-1", False), (b"committed-2", True)):
        _transaction(producer, topic, value, is_kept=is_kept)
    cluster.produce(topic, [b"plain-2"])
    return topic


def _transaction(producer: Producer, topic: str, value: bytes, *, is_kept: bool) -> None:
    producer.begin_transaction()
    producer.produce(topic, value, b"in transaction", partition=0)
    producer.flush(30)
    if is_kept:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def _compacted(cluster: Cluster) -> str:
    """What the cleaner left, and it does not come again."""
    topic = cluster.create(
        "exports-compacted", 1, cleanup_policy="compact", segment_ms=100, min_cleanable_dirty_ratio=0.001, max_compaction_lag_ms=100
    )
    for number in range(20):
        cluster.produce(topic, [b"%d" % number], key=b"key-%d" % (number % 3))

    def is_cleaned() -> bool:
        cluster.produce(topic, [b"tick"], key=b"tick")
        return len(consume_all(cluster.broker.bootstrap, topic, [0])) < 15

    wait_until(is_cleaned, "the cleaner has run", timeout_s=90)
    admin: Any = vars(confluent_kafka.admin)
    entry = admin["ConfigEntry"]("cleanup.policy", "delete", incremental_operation=admin["AlterConfigOpType"].SET)
    resource = admin["ConfigResource"](admin["ResourceType"].TOPIC, topic, incremental_configs=[entry])
    cluster.admin.incremental_alter_configs([resource])[resource].result(30)
    last: list[list[int | None]] = []

    def is_still() -> bool:
        last.append([message.offset() for message in consume_all(cluster.broker.bootstrap, topic, [0])])
        return len(last) > 2 and last[-1] == last[-2] == last[-3]

    wait_until(is_still, "the cleaner has stopped")
    return topic


def kcat(exported: Exported, *options: str) -> bytes:
    """What kcat prints of all topics, one after the other."""
    assert KCAT is not None
    printed = b""
    for topic in exported.topics:
        words = [KCAT, "-C", "-q", "-e", "-b", exported.cluster.broker.bootstrap, "-t", topic, "-o", "beginning"]
        words += ["-X", "isolation.level=read_uncommitted", *options]
        printed += subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60).stdout
    return printed


def java_tool(name: str, *arguments: str) -> bytes:
    """What one of Kafka's tools prints."""
    words = ["java", *_JAVA, "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", f"{assemble()}/*", name, *arguments]
    done = subprocess.run(
        words, capture_output=True, stdin=subprocess.DEVNULL, timeout=120, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def console(exported: Exported, topic: str, count: int, *properties: str) -> bytes:
    """What the console consumer prints of a topic."""
    given = [word for one in properties for word in ("--property", one)]
    words = ["--bootstrap-server", exported.cluster.broker.bootstrap, "--topic", topic, "--from-beginning", "--max-messages", str(count)]
    return java_tool("org.apache.kafka.tools.consumer.ConsoleConsumer", *words, "--timeout-ms", "30000", *given)


def segments(exported: Exported) -> list[Path]:
    """The broker's own files of the topics, by partition and base offset."""
    data = exported.cluster.broker.folder / "data"
    return sorted(path for topic in exported.topics for path in data.glob(f"{topic}-[0-9]/*.log"))


def imported(path: Path, out: Path, *options: str) -> list[Event]:
    """The events of a file; some may be damaged."""
    done = subprocess.run(
        [*COMMAND, "import", str(path), "-o", str(out), *options], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode in {0, 1}, done.stderr
    return captures.events(out)
