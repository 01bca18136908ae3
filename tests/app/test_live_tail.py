"""A filtered list while events come: what is selected stays where it is, nothing is lost, and memory stays what it was."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.captures import Growing
from tests.app.test_window import shown
from tests.benchmarks.window_probe import TAIL_FILTER
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker, missing

_WAIT_MS = 60_000
_SECOND, _SECONDS = 5_000, 10


def test_ten_seconds_of_events_under_a_filter_move_no_selected_row_and_lose_none(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(_SECOND)
        pane = shown(qtbot, window, growing.path, _SECOND)
        assert window.selection is not None
        window.selection.choose_filter(TAIL_FILTER)
        qtbot.waitUntil(lambda: pane.model.rows == _SECOND // 10, timeout=_WAIT_MS)
        pane.choose_row(5)
        before = window.selection.seq, pane.view.visualRect(pane.view.currentIndex())
        for second in range(2, _SECONDS + 1):
            growing.append(_SECOND)
            wait_for_matches(qtbot, window, second * _SECOND // 10)
            assert (window.selection.seq, pane.view.visualRect(pane.view.currentIndex())) == before
        assert pane._new.text() == f"▼ {(_SECONDS - 1) * _SECOND // 10:,} new"
        assert [pane.model.seq_of(row) for row in range(pane.model.rows)] == list(range(4, _SECONDS * _SECOND, 10))
        line = window.status_line
        assert line is not None
        qtbot.waitUntil(lambda: line.captured.text() == "50,000 captured of 50,000", timeout=_WAIT_MS)
        assert line.lost.text() == "lost 0"


def wait_for_matches(qtbot: QtBot, window: MainWindow, count: int) -> None:
    qtbot.waitUntil(lambda: window.events.model.rows == count, timeout=_WAIT_MS)


@pytest.mark.large
@pytest.mark.kafka
@pytest.mark.skipif(bool(missing()), reason=missing() or "a broker can run")
def test_a_minute_of_5000_events_a_second_from_a_real_topic_takes_no_memory(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker").start()
    stop = threading.Event()
    try:
        cluster = Cluster(broker)
        cluster.create("tail", 4)
        writing = threading.Thread(target=write_on, args=(cluster, stop))
        writing.start()
        command = [sys.executable, "-m", "tests.benchmarks.window_probe", "tail", f"{cluster.url}/tail", "60"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    finally:
        stop.set()
        writing.join()
        broker.stop()
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["events_per_s"] > 4_000, found
    assert found["rows"] > 60 * 400, found
    assert (found["moved"], found["lost"]) == (0, 0), found
    assert 0.9 * found["memory_mb"] <= found["least_mb"] <= found["most_mb"] <= 1.1 * found["memory_mb"], found


def write_on(cluster: Cluster, stop: threading.Event) -> None:
    """5,000 records a second, in ten parts."""
    producer = cluster.producer(queue_buffering_max_messages=1_000_000)
    number, due_s = 0, time.monotonic()
    while not stop.is_set():
        for each in range(number, number + 500):
            producer.produce("tail", b'{"order_id":"order-%d","total":%d.50}' % (each % 50, each), b"order-%d" % (each % 50))
        number += 500
        producer.poll(0)
        due_s += 0.1
        stop.wait(max(0.0, due_s - time.monotonic()))
    producer.flush(30)
