"""Committed, aborted and open transactions: `both` equals what two consumers see, offset for offset."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from confluent_kafka import Producer

from inspector.event import Flag
from inspector.sources import Batch, Isolation, Request, open_source
from tests.kafka import captures
from tests.kafka.captures import Following
from tests.kafka.helpers import Cluster, consume_all, wait_until


def transactional(cluster: Cluster, name: str) -> Producer:
    producer = cluster.producer(transactional_id=name, transaction_timeout_ms=600_000)
    producer.init_transactions(30)
    return producer


def write(producer: Producer, topic: str, values: list[bytes], *, end: str) -> None:
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=0)
    producer.flush(30)
    if end == "commit":
        producer.commit_transaction(30)
    elif end == "abort":
        producer.abort_transaction(30)


def mixed(cluster: Cluster, name: str) -> Producer:
    """Plain, committed, aborted, plain, aborted, committed, open, and plain records behind the open ones."""
    cluster.create(name, 1)
    cluster.produce(name, [b"plain-1", b"plain-2"])
    producer = transactional(cluster, name)
    write(producer, name, [b"committed-1", b"committed-2"], end="commit")
    write(producer, name, [b"aborted-1"], end="abort")
    cluster.produce(name, [b"plain-3"])
    write(producer, name, [b"aborted-2", b"aborted-3"], end="abort")
    write(producer, name, [b"committed-3"], end="commit")
    write(producer, name, [b"open-1"], end="")
    cluster.produce(name, [b"plain-4"])
    return producer


def flagged(path: Path, flag: Flag) -> set[int]:
    return {event.position for event in captures.events(path) if event.flags & flag}


def test_both_marks_what_only_the_uncommitted_reading_sees(cluster: Cluster, name: str, tmp_path: Path) -> None:
    producer = mixed(cluster, name)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    everything = {m.offset() for m in consume_all(cluster.broker.bootstrap, name, [0])}
    stable = {m.offset() for m in consume_all(cluster.broker.bootstrap, name, [0], isolation="read_committed")}
    assert {event.position for event in captures.events(out)} == everything
    assert everything - flagged(out, Flag.aborted) - flagged(out, Flag.open) == stable
    values = {event.value: Flag.names(event.flags) for event in captures.events(out)}
    assert values[b"aborted-2"] == ["aborted"]
    assert values[b"open-1"] == values[b"plain-4"] == ["open"]
    assert values[b"committed-3"] == values[b"plain-3"] == []
    producer.abort_transaction(30)


def test_committed_reads_to_the_last_stable_offset(cluster: Cluster, name: str, tmp_path: Path) -> None:
    producer = mixed(cluster, name)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "committed")
    stable = [m.offset() for m in consume_all(cluster.broker.bootstrap, name, [0], isolation="read_committed")]
    assert [event.position for event in captures.events(out)] == stable
    ((_, _, segments),) = captures.coverage(out)
    assert segments[0][2:] == ("read", None, len(stable))
    assert segments[1][2:4] == ("absent", "not fetched")
    producer.abort_transaction(30)


def test_reading_under_another_isolation_reads_again_and_changes_nothing(cluster: Cluster, name: str, tmp_path: Path) -> None:
    producer = mixed(cluster, name)
    producer.abort_transaction(30)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "committed")
    before = [(event.position, event.value) for event in captures.events(out)]
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    everything = [(m.offset(), m.value()) for m in consume_all(cluster.broker.bootstrap, name, [0])]
    after = [(event.position, event.value) for event in captures.events(out)]
    assert set(before) < set(after)
    assert after == everything
    assert captures.report(out)["conflicts"] == 0
    assert len(flagged(out, Flag.aborted)) == 4


def test_following_decides_open_records_when_their_transaction_ends(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    producer = transactional(cluster, name)
    write(producer, name, [b"later-committed"], end="")
    out = tmp_path / "a.evcap"
    following = Following(f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    try:
        following.wait_for(1)
        wait_until(lambda: flagged(out, Flag.open) == {0}, "the record is marked open")
        producer.commit_transaction(30)
        wait_until(lambda: flagged(out, Flag.open) == set(), "the record is no longer open")
        write(producer, name, [b"later-aborted"], end="abort")
        wait_until(lambda: len(flagged(out, Flag.aborted)) == 1, "the aborted record is marked")
        assert following.stop() == 130
    finally:
        following.kill()
    assert {event.value: Flag.names(event.flags) for event in captures.events(out)} == {
        b"later-committed": [],
        b"later-aborted": ["aborted"],
    }


def isolations(path: Path) -> list[tuple[int, int, str | None]]:
    (log,) = captures.report(path)["logs"]
    return [(segment["from"], segment["to"], segment.get("isolation")) for segment in log["coverage"]]


def test_records_before_a_bound_are_aborted_by_a_marker_behind_it(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    write(transactional(cluster, name), name, [b"aborted-1", b"aborted-2"], end="abort")
    cluster.produce(name, [b"plain"] * 5)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both", "--until", "2")
    assert flagged(out, Flag.aborted) == {0, 1}
    assert isolations(out)[0] == (0, 2, "both")


def test_records_far_below_the_end_are_compared(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    write(transactional(cluster, name), name, [b"aborted-1", b"aborted-2"], end="abort")
    cluster.produce(name, [b"plain"] * 30_000)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both", "--until", "2")
    assert flagged(out, Flag.aborted) == {0, 1}


def test_what_a_limit_left_is_marked_too(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    write(transactional(cluster, name), name, [b"aborted"] * 10, end="abort")
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both", "--limit", "4")
    assert flagged(out, Flag.aborted) == {0, 1, 2, 3}
    assert isolations(out)[0] == (0, 4, "both")


def test_what_was_open_is_decided_by_a_later_run(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"plain"])
    producer = transactional(cluster, name)
    write(producer, name, [b"open-1", b"open-2"], end="")
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    assert flagged(out, Flag.open) == {1, 2}
    assert isolations(out) == [(0, 1, "both"), (1, 3, "uncommitted")]
    producer.commit_transaction(30)
    write(producer, name, [b"aborted"], end="abort")
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    assert flagged(out, Flag.open) == set()
    assert {event.position: Flag.names(event.flags) for event in captures.events(out)} == {0: [], 1: [], 2: [], 4: ["aborted"]}
    assert isolations(out) == [(0, 6, "both")]
    assert captures.report(out)["conflicts"] == 0


def test_retention_between_the_two_passes_is_said_and_the_rest_is_decided(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    producer = transactional(cluster, name)
    write(producer, name, [b"aborted-1"], end="abort")
    cluster.produce(name, [b"plain"] * 5)
    write(producer, name, [b"aborted-2"], end="abort")
    request, stop = Request(logs=[name], isolation=Isolation.both), threading.Event()
    with closing(open_source(cluster.url)) as source:
        reading = source.read(source.pin(request), request, stop)
        batches: list[Batch] = []
        while sum(len(batch.records) for batch in batches) < 7:
            batches.append(next(reading))
        cluster.delete_records(name, 0, 4)
        batches.extend(reading)
    notes = [note for batch in batches for note in batch.notes]
    assert notes == [
        f"{name} partition 0: positions 0 to 4: which of the records were aborted cannot be told: retention removed the records meanwhile"
    ]
    assert [(change.positions, change.set) for batch in batches for change in batch.changes] == [([7], int(Flag.aborted))]
    assert [stretch for batch in batches for stretch in batch.decided or ()] == [(0, 4, 9)]


def test_a_topic_deleted_between_the_two_passes_marks_nothing(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    write(transactional(cluster, name), name, [b"aborted"] * 3, end="abort")
    request, stop = Request(logs=[name], isolation=Isolation.both), threading.Event()
    with closing(open_source(cluster.url)) as source:
        reading = source.read(source.pin(request), request, stop)
        batches: list[Batch] = [next(reading)]
        while not len(batches[-1].records):
            batches.append(next(reading))
        cluster.delete(name)
        cluster.create(name, 1)
        cluster.produce(name, [b"other"] * 8)
        batches.extend(reading)
    assert [change for batch in batches for change in batch.changes] == []
    assert [stretch for batch in batches for stretch in batch.decided or ()] == []
    assert any("was deleted" in note for batch in batches for note in batch.notes)


def test_a_capture_killed_before_it_was_decided_is_decided_by_the_next(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    producer = transactional(cluster, name)
    write(producer, name, [b"open"] * 3, end="")
    out = tmp_path / "a.evcap"
    following = Following(f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    try:
        following.wait_for(3)
    finally:
        following.kill()
    producer.abort_transaction(30)
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--isolation", "both")
    assert flagged(out, Flag.aborted) == {0, 1, 2}
    assert flagged(out, Flag.open) == set()
