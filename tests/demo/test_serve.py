"""The server process: ready line, both sources filled, live traffic, and its end with stdin."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import apsw
import pytest
from confluent_kafka import Consumer, TopicPartition

from inspector.demo.children import Server
from inspector.demo.faults import FAULTS
from inspector.demo.layout import PARTITIONS
from inspector.demo.serve import ServeOptions, serve
from inspector.demo.shop import events, scenario
from inspector.errors import SourceError, UsageError
from tests.demo.story import EVENING_US

DEADLINE_S = 20.0
QUIET = ServeOptions(seed=3, history=4_000, live=False, now_us=EVENING_US)
LIVE = ServeOptions(seed=3, history=4_000, rate_per_s=200.0)


def _until(holds: Callable[[], bool]) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.02)


def _rows(ready: dict[str, Any]) -> int:
    path = ready["store"].removeprefix("sqlite:///")
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(str(connection.execute("SELECT count(*) FROM stored_events").get))
    finally:
        connection.close()


def _records(ready: dict[str, Any]) -> int:
    consumer = Consumer({"bootstrap.servers": urlsplit(ready["kafka"]).netloc, "group.id": "nobody", "enable.metrics.push": False})
    try:
        places = [TopicPartition(topic, partition) for topic in ready["topics"] for partition in range(PARTITIONS)]
        ends = [consumer.get_watermark_offsets(place, timeout=10) for place in places]
        return sum(end - first for first, end in ends)
    finally:
        consumer.close()


def test_history_is_in_both_sources_when_ready(tmp_path: Path) -> None:
    with Server(tmp_path / "shop", QUIET.arguments()) as server:
        assert _rows(server.ready) == server.ready["rows"] > 1_000
        assert _records(server.ready) == server.ready["events"] > server.ready["rows"]
        noted = json.loads(Path(server.ready["faults"]).read_text(encoding="utf-8"))
        assert [fault["name"] for fault in noted["faults"]] == [fault.name for fault in FAULTS]
        assert server.end() == 0


def test_ends_with_its_stdin_and_leaves_one_store_file(tmp_path: Path) -> None:
    server = Server(tmp_path / "shop", LIVE.arguments())
    assert server.end() == 0
    assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == ["faults.json", "shop.db"]


def test_ends_when_its_caller_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom inspector.demo.children import Server\n"
        "server = Server(Path(sys.argv[1]), sys.argv[2:])\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    folder = tmp_path / "shop"
    caller = subprocess.Popen([sys.executable, "-c", script, str(folder), *LIVE.arguments()], stdout=subprocess.PIPE)
    with caller:
        assert caller.stdout is not None
        assert caller.stdout.readline().strip() == b"ready"
        assert (folder / "shop.db-wal").exists()
        caller.kill()
    _until(lambda: not (folder / "shop.db-wal").exists())  # only a store that was closed loses its log


def test_live_part_grows_in_both_sources(tmp_path: Path) -> None:
    with Server(tmp_path / "shop", LIVE.arguments()) as server:
        _until(lambda: _rows(server.ready) > server.ready["rows"] + 50)
        _until(lambda: _records(server.ready) > server.ready["events"] + 50)


def test_story_may_be_set_at_another_time(tmp_path: Path) -> None:
    options = ServeOptions(seed=3, history=4_000, rate_per_s=200.0, now_us=EVENING_US)
    with Server(tmp_path / "shop", options.arguments()) as server:
        _until(lambda: _rows(server.ready) > server.ready["rows"] + 20)
        assert server.end() == 0
        path = server.ready["store"].removeprefix("sqlite:///")
        connection = apsw.Connection(path)
        last = connection.execute("SELECT originator_id, originator_version FROM stored_events ORDER BY rowid DESC LIMIT 1").get
        connection.close()
    told = events(scenario(3, EVENING_US, history=4_000, live_per_s=200.0))
    event = next(event for event in told if event.takes_row and (event.stream, event.version) == last)
    assert event.at_us >= EVENING_US


def test_folder_with_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    with pytest.raises(UsageError, match="already holds"):
        serve(tmp_path, QUIET, io.StringIO(), threading.Event())


def test_history_too_short_for_the_faults_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 4000"):
        serve(tmp_path, ServeOptions(history=10), io.StringIO(), threading.Event())


def test_shop_that_does_not_open_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    with pytest.raises(SourceError, match="did not open"):
        Server(tmp_path, QUIET.arguments())
