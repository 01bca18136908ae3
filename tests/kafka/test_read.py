"""A capture of a real broker holds exactly what a plain consumer reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from inspector.event import Flag
from tests.kafka import captures
from tests.kafka.helpers import Cluster, consume_all
from tests.kafka.wire import produce_batch


def compared(path: Path, bootstrap: str, name: str, partitions: range) -> Sequence[tuple[object, ...]]:
    """Captured records, after checking that they are those of a plain consumer."""
    plain = [(m.partition(), m.offset(), m.key(), m.value()) for m in consume_all(bootstrap, name, partitions)]
    captured = [(e.partition, e.position, e.key, e.value) for e in captures.events(path)]
    assert captured == plain
    return captured


def test_capture_equals_what_a_plain_consumer_reads(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 4)
    for partition in range(4):
        cluster.produce(name, [json.dumps({"n": n}).encode() for n in range(500)], key=b"k", partition=partition)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    assert len(compared(out, cluster.broker.bootstrap, name, range(4))) == 2000
    assert captures.coverage(out) == [(name, p, [(0, 500, "read", None, 500)]) for p in range(4)]
    assert [f.name for f in tmp_path.iterdir()] == ["a.evcap"]
    assert out.stat().st_mode & 0o777 == 0o600


AWKWARD: list[tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]]]] = [
    (None, None, []),
    (b"", b"", []),
    (b"k", None, [("a", b"1"), ("a", b"2"), ("b", None), ("", b"")]),
    (bytes(range(256)), bytes(range(256)), [("bin", bytes(range(256)))]),
    (b"nul\0key", b"nul\0value", [("nul", b"a\0b")]),
    (b"big", b"x" * 5_000_000, []),
    (b"numbers", b'{"a": 9223372036854775807, "b": 1234567890123456789012345678901234567890, "c": 1.10}', []),
    (b"deep", b"[" * 1500 + b"]" * 1500, []),
    (b"twice", b'{"a": 1, "a": 2}', []),
    ("\u202ertl".encode(), '{"t": "\u202eevil"}'.encode(), [("\u202eh", "\u202ev".encode())]),
]


def test_awkward_records_survive_to_capture_and_json_lines(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1, max_message_bytes=20_000_000)
    producer = cluster.producer()
    for key, value, headers in AWKWARD:
        producer.produce(name, value, key, 0, headers=list(headers) or None)
    assert producer.flush(30) == 0
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    compared(out, cluster.broker.bootstrap, name, range(1))
    lines = [json.loads(line) for line in captures.run("events", out).stdout.splitlines()]
    assert len(lines) == len(AWKWARD)
    null, empty, headed, binary, _, big, numbers, deep, twice, rtl = lines
    assert (null["key"], null["value"], null["flags"]) == (None, None, ["tombstone"])
    assert (empty["key"], empty["value"]) == ("", "")
    assert headed["headers"] == [["a", "1"], ["a", "2"], ["b", None], ["", ""]]
    assert set(binary["value"]) == {"base64"}
    assert set(binary["headers"][0][1]) == {"base64"}
    assert len(big["value"]) == big["value_bytes"] == 5_000_000
    raw = captures.run("events", out, "--log", name, "--from", "6", "--until", "7").stdout
    assert '"b":1234567890123456789012345678901234567890' in raw.replace(": ", ":")
    assert numbers["data"]["a"] == 2**63 - 1
    assert (deep["data"], deep["flags"]) == (None, ["too_deep"])
    assert twice["flags"] == ["duplicate_keys"]
    assert rtl["key"] == "\u202ertl"
    table = captures.run("events", out, "--format", "table").stdout
    assert "\u202e" not in table
    assert "⟨U+202E⟩" in table


def test_times_are_kept_with_their_kind(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"one"], time_ms=1_700_000_000_123)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    (event,) = captures.events(out)
    assert (event.time_us, event.time_kind) == (1_700_000_000_123_000, 2)
    appended = cluster.create(name + "-append", 1, message_timestamp_type="LogAppendTime")
    cluster.produce(appended, [b"one"], time_ms=1000)
    out = tmp_path / "b.evcap"
    captures.run("capture", f"{cluster.url}/{appended}", "-o", out)
    (line,) = captures.run("events", out).stdout.splitlines()
    assert json.loads(line)["time_kind"] == "append"
    assert json.loads(line)["recorded_time"] == json.loads(line)["time"]


def test_missing_and_zero_times_are_told_apart(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1, message_timestamp_before_max_ms=2**63 - 1, message_timestamp_after_max_ms=2**63 - 1)
    for time_ms in (-1, 0, 253_402_300_800_000):
        produce_batch(cluster.broker.bootstrap, name, key=b"k", value=b"v", time_ms=time_ms)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    none, zero, beyond = [json.loads(line) for line in captures.run("events", out).stdout.splitlines()]
    assert (none["time"], none["time_kind"]) == (None, None)
    assert (zero["time"], zero["time_kind"]) == ("1970-01-01T00:00:00.000000Z", "create")
    assert beyond["time"] is None
    assert beyond["extra"]["time_ms"] == 253_402_300_800_000


def test_unfinished_capture_is_continued_without_reading_twice(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 2)
    for partition in range(2):
        cluster.produce(name, [b"%d" % n for n in range(300)], partition=partition)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--limit", "100")
    assert len(captures.events(out)) == 100
    done = captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    assert json.loads(done.stdout)["duplicates"] == 0
    compared(out, cluster.broker.bootstrap, name, range(2))
    assert captures.coverage(out) == [(name, p, [(0, 300, "read", None, 300)]) for p in range(2)]


def test_bounds_by_position_count_and_time(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    for n in range(10):
        cluster.produce(name, [b"%d" % n], time_ms=1_700_000_000_000 + n * 1000)

    def captured(*bounds: str) -> list[int]:
        out = tmp_path / f"{len(list(tmp_path.iterdir()))}.evcap"
        captures.run("capture", f"{cluster.url}/{name}", "-o", out, *bounds)
        return [event.position for event in captures.events(out)]

    assert captured("--from", "3", "--until", "6") == [3, 4, 5]
    assert captured("--from=-4") == [6, 7, 8, 9]
    assert captured("--from", "2023-11-14T22:13:25Z", "--until", "2023-11-14T22:13:27Z") == [5, 6]
    assert captured("--from", "latest") == []


def test_time_past_the_last_record_is_said_per_partition(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b"x"], time_ms=1_700_000_000_000)
    done = captures.run("capture", f"{cluster.url}/{name}", "-o", tmp_path / "a.evcap", "--from", "2030-01-01T00:00:00Z")
    assert "partition 0: nothing at or after 2030-01-01T00:00:00.000000Z, last record 2023-11-14T22:13:20.000000Z" in done.stderr


def test_key_reads_only_its_partition_and_says_so(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 6)
    producer = cluster.producer(partitioner="murmur2")
    for n in range(60):
        producer.produce(name, b"v", b"key-%d" % n)
    producer.flush(30)
    out = tmp_path / "a.evcap"
    done = captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--key", "key-7")
    assert b"key-7" in {event.key for event in captures.events(out)}
    assert len({event.partition for event in captures.events(out)}) == 1
    assert "only partition" in done.stderr
    producer = cluster.producer(partitioner="consistent")
    other = cluster.create(name + "-crc", 6)
    producer.produce(other, b"v", b"key-7")
    producer.flush(30)
    out = tmp_path / "b.evcap"
    captures.run("capture", f"{cluster.url}/{other}", "-o", out, "--key", "key-7", "--partitioner", "crc32")
    assert len(captures.events(out)) == 1


def test_hundred_partitions_and_empty_ones(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 100)
    for partition in range(0, 100, 7):
        cluster.produce(name, [b"v"] * 3, partition=partition)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    compared(out, cluster.broker.bootstrap, name, range(100))
    assert captures.report(out)["scope"]["complete"] is True


def test_values_can_be_left_out(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b'{"type": "T", "card": "4111-secret"}'], key=b"k")
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--no-values")
    (event,) = captures.events(out)
    assert (event.value, event.data, event.value_bytes, event.type) == (None, None, 36, "T")
    assert b"4111-secret" not in out.read_bytes()
    assert captures.report(out)["unmasked"] is False


def test_filtered_capture_is_continued_without_the_filter(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    cluster.produce(name, [b'{"n": %d}' % n for n in range(100)])
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out, "--filter", "data.n >= 90")
    assert len(captures.events(out)) == 10
    assert captures.coverage(out) == [(name, 0, [(0, 100, "scanned", None, 10)])]
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    compared(out, cluster.broker.bootstrap, name, range(1))
    assert captures.coverage(out) == [(name, 0, [(0, 100, "read", None, 100)])]


def test_header_name_that_is_not_utf8_costs_its_headers_and_says_so(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, 1)
    _produce_raw_header(cluster, name)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    (event,) = captures.events(out)
    assert event.value == b"v"
    assert event.flags & Flag.damaged
    assert event.error is not None
    assert "header name is not UTF-8" in event.error


def _produce_raw_header(cluster: Cluster, name: str) -> None:
    """One record whose header name is the bytes FF FE: no Python client lets one write it, so the batch is built by hand."""
    produce_batch(cluster.broker.bootstrap, name, key=b"k", value=b"v", headers=[(b"\xff\xfe", b"1")])
