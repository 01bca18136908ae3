"""All states of a compacted topic, or a changelog, at a moment are the table that a plain consumer builds by reading up to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import confluent_kafka.admin
from confluent_kafka import Message

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import fold
from app.messages import Messages
from app.panes.states import StatesPane
from app.selection import Selection
from app.session import Session
from inspector.event import format_time
from tests.kafka import captures
from tests.kafka.helpers import Cluster, consume_all, wait_until

PARTITIONS = 3
START_MS = 1_700_000_000_000
_ADMIN: Any = vars(confluent_kafka.admin)
COMPACTION = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "delete.retention.ms": "600000",
    "max.compaction.lag.ms": "100",
}


def produce(cluster: Cluster, name: str, rows: Sequence[tuple[int, bytes | None, bytes | None, int]]) -> None:
    """(partition, key, value, milliseconds after the start) of each record."""
    producer = cluster.producer()
    for partition, key, value, after_ms in rows:
        producer.produce(name, value, key, partition, timestamp=START_MS + after_ms)
    assert producer.flush(30) == 0


def compact_from_now_on(cluster: Cluster, name: str) -> None:
    """Records without a key are refused by a compacted topic, so those that are there were written before."""
    to_set = _ADMIN["AlterConfigOpType"].SET
    entries = [_ADMIN["ConfigEntry"](setting, value, incremental_operation=to_set) for setting, value in COMPACTION.items()]
    resource = _ADMIN["ConfigResource"](_ADMIN["ResourceType"].TOPIC, name, incremental_configs=entries)
    cluster.admin.incremental_alter_configs([resource])[resource].result(30)


def table(messages: Sequence[Message], until_ms: int | None) -> dict[str, object]:
    """What a consumer that reads up to a time holds: the last value of each key, without those that were deleted."""
    held: dict[str, object] = {}
    for message in messages:
        key, value = message.key(), message.value()
        if key is None or (until_ms is not None and message.timestamp()[1] > until_ms):
            continue
        if value is None:
            held.pop(key.decode(), None)
        else:
            held[key.decode()] = json.loads(value)
    return held


def states(path: Path, name: str, *arguments: str) -> dict[str, object]:
    lines = captures.run("states", path, "--category", name, *arguments).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert {row["reducer"] for row in found} <= {"latest"}
    return {row["stream"]: row["state"] for row in found}


def test_states_of_a_compacted_topic_are_the_table_of_a_consumer(cluster: Cluster, name: str, tmp_path: Path) -> None:
    cluster.create(name, PARTITIONS)
    produce(cluster, name, [(number % PARTITIONS, None, b'{"n":0}', number) for number in range(6)])
    compact_from_now_on(cluster, name)
    written = []
    for turn in range(12):
        for number in range(30):
            value = None if (turn + number) % 7 == 3 else json.dumps({"turn": turn, "total": number * turn / 4}).encode()
            late_ms = -5_000 if number % 10 == 9 else 0
            written.append((number % PARTITIONS, f"key-{number:02}".encode(), value, 1_000 * (turn + 1) + number + late_ms))
    produce(cluster, name, written)
    ticks = iter(range(100_000, 1_000_000, 1_000))

    def left() -> int:
        tick_ms = next(ticks)
        produce(cluster, name, [(partition, b"tick-%d" % partition, b'{"tick":1}', tick_ms) for partition in range(PARTITIONS)])
        return len(consume_all(cluster.broker.bootstrap, name, range(PARTITIONS)))

    wait_until(lambda: left() < len(written) // 2, "the cleaner has run", timeout_s=90)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    end = {(log["partition"], log["end"]) for log in captures.report(out)["logs"]}
    messages = [
        message
        for message in consume_all(cluster.broker.bootstrap, name, range(PARTITIONS))
        if any(message.partition() == partition and (message.offset() or 0) < stop for partition, stop in end)
    ]
    assert any(message.value() is None for message in messages), "tombstones are left"
    assert states(out, name) == table(messages, None)
    for at_ms in (START_MS - 1, START_MS + 5_000, START_MS + 9_015, START_MS + 12_000, START_MS + 50_000):
        assert states(out, name, "--at", str(format_time(at_ms * 1_000))) == table(messages, at_ms), at_ms
    above = {key: state for key, state in table(messages, None).items() if isinstance(state, dict) and state.get("total", 0) > 20.25}
    assert states(out, name, "--filter", "state.total > 20.25") == above
    assert above


@contextmanager
def states_pane(qtbot: QtBot, qapp: QApplication, path: Path) -> Iterator[StatesPane]:
    """The pane of all aggregates at a time, over a capture with one category."""
    session = Session(path, Messages(qapp))
    session.start()
    pane = StatesPane(session, Selection())
    qtbot.addWidget(pane)
    pane.resize(900, 900)
    pane.show()
    yield pane
    pane.leave()
    session.close()
    fold.wait_for_all()


def listed(pane: StatesPane) -> dict[str, object]:
    """What the pane shows: the number of each key that is not deleted."""
    rows = [pane.table.row(number) for number in range(pane.table.total)]
    return {str(row["stream"]): int(row["cells"][0]["text"]) for row in rows if row is not None and row["is"] == "there"}


def shows(pane: StatesPane, numbers: dict[str, int]) -> bool:
    return listed(pane) == numbers


def test_the_changelog_of_a_streams_store_is_its_table_at_a_time(
    cluster: Cluster, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    name = cluster.create("app-store-changelog", PARTITIONS, cleanup_policy="compact")
    rows = []
    for turn in range(4):
        for number in range(12):
            value = None if (turn + number) % 3 == 2 else json.dumps({"count": 100 * turn + number}).encode()
            rows.append((number % PARTITIONS, f"key-{number:02}".encode(), value, 1_000 * (turn + 1) + number))
    produce(cluster, name, rows)
    out = tmp_path / "a.evcap"
    captures.run("capture", f"{cluster.url}/{name}", "-o", out)
    messages = consume_all(cluster.broker.bootstrap, name, range(PARTITIONS))
    assert len(messages) == len(rows)
    moments = [START_MS + after_ms for after_ms in (1_005, 3_003, 9_000)]
    with states_pane(qtbot, qapp, out) as pane:
        for at_ms in moments:
            held = table(messages, at_ms)
            assert states(out, name, "--at", str(format_time(at_ms * 1_000))) == held, at_ms
            pane.time.setText(str(format_time(at_ms * 1_000)))
            pane.time.returnPressed.emit()
            numbers = {key: int(document["count"]) for key, document in held.items() if isinstance(document, dict)}
            qtbot.waitUntil(partial(shows, pane, numbers), timeout=20_000)
            assert pane.category.currentData() == name
    assert 0 < len(table(messages, moments[-1])) < 12, "some keys are deleted at the end"
    assert states(out, name) == table(messages, None)
