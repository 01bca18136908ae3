"""Files of a real broker, copied live and after a clean stop, hold what its consumers and its own dump tool show."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from contextlib import closing
from pathlib import Path

import pytest

from inspector.capture.rows import Event
from inspector.event import Flag, TimeKind
from inspector.sources import open_source
from inspector.sources.kafka import KafkaSource
from tests.kafka import captures, wire
from tests.kafka.dump_log import dumped
from tests.kafka.helpers import Cluster, consume_all, wait_until
from tests.kafka.launcher import CLUSTER_ID, Broker
from tests.kafka.test_isolation import mixed, transactional, write
from tests.segments.reading import Read, committed


def copied(broker: Broker, folder: Path, *topics: str) -> Path:
    """A copy of the broker's root files and the folders of these topics, whatever it is doing."""
    data = broker.folder / "data"
    folder.mkdir()
    for entry in data.iterdir():
        if entry.is_file() and entry.name != ".lock":
            shutil.copy2(entry, folder / entry.name)
        elif entry.name.rpartition("-")[0] in topics:
            shutil.copytree(entry, folder / entry.name)
    return folder


def imported(path: Path, out: Path) -> list[Event]:
    captures.run("capture", f"kafka-log://{path}", "-o", out)
    return captures.events(out)


def visible(cluster: Cluster, name: str, isolation: str) -> dict[int, bytes | None]:
    """Offset → value as a consumer of that isolation is given them."""
    return {int(m.offset() or 0): m.value() for m in consume_all(cluster.broker.bootstrap, name, [0], isolation=isolation)}


def stable_end(cluster: Cluster, name: str) -> int:
    """The last stable offset, as the broker says it."""
    with closing(KafkaSource(f"{cluster.url}/{name}", {})) as source:
        return source._clients.ends([(name, 0)], committed=True)[name, 0]


def check_states(cluster: Cluster, name: str, events: list[Event]) -> None:
    """What must hold: both consumers together prove the state of every offset."""
    everything, stable = visible(cluster, name, "read_uncommitted"), visible(cluster, name, "read_committed")
    records = [event for event in events if not event.flags & Flag.control]
    assert {event.position: event.value for event in records} == everything
    shown = {event.position: event.value for event in records if not event.flags & (Flag.aborted | Flag.open)}
    assert shown == stable
    edge = stable_end(cluster, name)
    hidden = sorted(everything.keys() - stable.keys())
    below = [position for position in hidden if position < edge]
    assert [event.position for event in records if event.flags & Flag.aborted and event.position < edge] == below
    assert [event.position for event in records if event.flags & Flag.open or event.position >= edge] == [at for at in hidden if at >= edge]


def test_transactions_are_classified_as_both_consumers_prove(cluster: Cluster, name: str, tmp_path: Path) -> None:
    producer = mixed(cluster, name)
    events = imported(copied(cluster.broker, tmp_path / "live", name), tmp_path / "a.evcap")
    check_states(cluster, name, events)
    values = {event.value: (Flag.names(event.flags), json.loads(event.extra or "{}")) for event in events}
    assert values[b"aborted-2"][0] == ["aborted"]
    assert values[b"aborted-2"][1]["transaction"] == "aborted"
    assert values[b"open-1"][1]["transaction"] == "open"
    assert values[b"plain-4"][1]["not_yet_visible"] is True
    assert values[b"committed-3"][1]["transaction"] == "committed"
    assert [json.loads(event.extra or "{}")["control"] for event in events if event.flags & Flag.control] == [
        "COMMIT",
        "ABORT",
        "ABORT",
        "COMMIT",
    ]
    stable = visible(cluster, name, "read_committed")
    seen = committed(tmp_path / "live")
    assert dict(zip(seen.positions, seen.values, strict=True)) == stable
    assert all(event.decoder is None and not event.flags & Flag.undecodable for event in events if event.flags & Flag.control)
    producer.abort_transaction(30)


@pytest.mark.parametrize("seed", [1, 2])
def test_many_interleaved_transactions_over_several_segments(cluster: Cluster, name: str, tmp_path: Path, seed: int) -> None:
    cluster.create(name, 1, segment_bytes=1_048_576)
    chance = random.Random(seed)
    producers = [transactional(cluster, f"{name}-{number}") for number in range(4)]
    running: set[int] = set()
    for step in range(120):
        number = chance.randrange(5)
        if number == 4:
            cluster.produce(name, [b"plain %d " % step + b"x" * chance.randrange(20_000)])
            continue
        if number not in running:
            producers[number].begin_transaction()
            running.add(number)
        for _ in range(chance.randrange(1, 4)):
            producers[number].produce(name, b"%d of %d " % (step, number) + b"x" * chance.randrange(40_000), partition=0)
        producers[number].flush(30)
        if chance.random() < 0.4:
            (producers[number].commit_transaction if chance.random() < 0.5 else producers[number].abort_transaction)(30)
            running.remove(number)
    path = copied(cluster.broker, tmp_path / "live", name)
    assert len(list((path / f"{name}-0").glob("*.log"))) > 1
    events = imported(path, tmp_path / "a.evcap")
    check_states(cluster, name, events)
    read = Read(path)
    assert not [note for facts in read.files for note in facts.notes if "index" in note]
    for number in running:
        producers[number].abort_transaction(30)


def compare_with_dump(folder: Path, read: Read) -> int:
    """Every record and its batch equal Kafka's own dump; gives how many there are."""
    theirs = list(dumped(sorted(folder.glob("*.log"))))
    records = read.records
    assert read.positions == [one.position for one in theirs]
    for row, one in enumerate(theirs):
        extra = {name: value for name, value in records.extra[row].items() if name not in {"transaction", "not_yet_visible"}}
        extra.pop("header_names_base64", None)
        assert extra == one.extra
        time_us = records.time_us[row]
        assert time_us is not None
        assert (time_us // 1000, TimeKind.text(records.time_kind[row])) == (
            one.time_ms,
            "append" if one.kind == "LogAppendTime" else "create",
        )
        if "control" in extra:
            continue
        key, value = records.key[row], records.value[row]
        assert (None if key is None else key.decode()) == one.key
        assert (None if value is None else value.decode()) == one.value
        names = tuple(pair[0] for pair in json.loads(records.headers[row] or "[]"))
        assert len(names) == len(one.header_names)
        if "header_names_base64" not in records.extra[row]:
            assert names == one.header_names
    return len(theirs)


def test_every_codec_equals_kafkas_own_dump(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = cluster.producer(compression_type=codec, enable_idempotence=True, linger_ms=20)
        for number in range(300):
            value = None if number % 50 == 7 else b"" if number % 50 == 8 else f"{codec} {number} \u00e9".encode() * (number % 20 + 1)
            key = None if number % 3 == 0 else b"" if number % 3 == 1 else b"k%d" % number
            producer.produce(
                name, value, key, 0, timestamp=1_700_000_000_000 + number, headers=[("a", b"1"), ("a", None)] if number % 5 == 0 else []
            )
        assert producer.flush(30) == 0
    wire.produce_batch(
        cluster.broker.bootstrap, name, key=b"raw", value=b"not utf-8", headers=[(b"caf\xe9", b"x")], time_ms=1_700_000_001_000
    )
    producer = transactional(cluster, name)
    write(producer, name, [b"committed"], end="commit")
    write(producer, name, [b"aborted"], end="abort")
    path = copied(cluster.broker, tmp_path / "live", name)
    read = Read(path)
    assert compare_with_dump(path / f"{name}-0", read) == 1505
    assert {"gzip", "snappy", "lz4", "zstd"} <= set(read.extra("codec"))
    assert [note for facts in read.files for note in facts.notes if "index" in note] == []
    assert any("zeros" in note for facts in read.files for note in facts.notes) or read.files[0].is_whole


def test_broker_times_and_deleted_records(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1, message_timestamp_type="LogAppendTime")
    cluster.produce(name, [b"%d" % number for number in range(10)])
    cluster.delete_records(name, 0, 7)
    data = cluster.broker.folder / "data"
    wait_until(lambda: f"{name} 0 7" in (data / "log-start-offset-checkpoint").read_text(), "the log start is written down", timeout_s=90)
    path = copied(cluster.broker, tmp_path / "live", name)
    read = Read(path)
    assert compare_with_dump(path / f"{name}-0", read) == 10
    assert read.flagged(Flag.below_start) == list(range(7))


def test_a_compacted_log_keeps_its_offsets_and_equals_the_dump(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(
        name,
        1,
        cleanup_policy="compact",
        segment_ms=100,
        min_cleanable_dirty_ratio=0.001,
        delete_retention_ms=60_000,
        max_compaction_lag_ms=100,
    )
    cluster.produce(name, [b"gone", None], key=b"deleted")
    for number in range(20):
        cluster.produce(name, [b"%d" % number], key=b"key-%d" % (number % 3))

    def left() -> int:
        cluster.produce(name, [b"tick"], key=b"tick")
        return len(consume_all(cluster.broker.bootstrap, name, [0]))

    wait_until(lambda: left() < 15, "the cleaner has run", timeout_s=90)
    seen = {int(m.offset() or 0): m.value() for m in consume_all(cluster.broker.bootstrap, name, [0])}
    path = copied(cluster.broker, tmp_path / "live", name)
    read = Read(path)
    found = dict(zip(read.positions, read.values, strict=True))
    assert {at: found.get(at) for at in seen if at in found} == {at: value for at, value in seen.items() if at in found}
    compare_with_dump(path / f"{name}-0", read)
    assert any("hold no record, as compaction leaves them" in note for note in read.notes) or read.absent


def test_a_clean_stop_and_a_live_copy_give_the_same_and_the_live_topics_identity(own_broker: Broker, tmp_path: Path) -> None:
    cluster = Cluster(own_broker)
    producer = mixed(cluster, "orders")
    live = copied(own_broker, tmp_path / "live", "orders")
    assert (live / "orders-0" / f"{0:020}.index").stat().st_size > 10_000_000
    assert Read(live).info.attributes["clean_shutdown"] is False
    with_broker = open_source(f"{cluster.url}/orders")
    (now,) = with_broker.logs(["orders"])
    with_broker.close()
    del producer
    _stop_cleanly(own_broker)
    stopped = copied(own_broker, tmp_path / "stopped", "orders")
    one, two = Read(live), Read(stopped)
    assert (one.records, one.flagged(Flag.open)) == (two.records, two.flagged(Flag.open))
    assert two.info.cluster_id == CLUSTER_ID
    assert two.info.attributes["clean_shutdown"] is True
    assert two.plan.logs == [now]
    assert (stopped / "orders-0" / f"{0:020}.index").stat().st_size < 10_000


def _stop_cleanly(broker: Broker) -> None:
    os.kill(broker.pid, signal.SIGTERM)
    wait_until(lambda: not broker.is_running(), "the broker has stopped")


def test_the_metadata_log_is_read_with_its_control_records(cluster: Cluster, tmp_path: Path) -> None:
    path = copied(cluster.broker, tmp_path / "live", "__cluster_metadata")
    read = Read(path)
    assert "LeaderChange" in read.extra("control")
    assert read.flagged(Flag.damaged) == []
    assert len(read.records) > 10


def test_nothing_is_written_to_what_is_read(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"1", b"2"])
    path = copied(cluster.broker, tmp_path / "live", name)

    def state() -> list[tuple[str, int, int]]:
        return sorted((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in path.rglob("*"))

    known = state()
    imported(path, tmp_path / "a.evcap")
    assert state() == known
