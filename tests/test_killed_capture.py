"""A capture killed at any instant holds every batch that it reported, and the next run completes it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from tests.sources.stores import application

COMMAND = [sys.executable, "-m", "inspector.cli", "capture"]
EVENTS = 10_000
"""Two for each order."""


def killed_after(process: subprocess.Popen[str], lines: int, delay_s: float) -> int:
    """Kills the capture a moment after so many progress lines; the number of events in the file it last reported."""
    assert process.stderr is not None
    reported = 0
    for _ in range(lines):
        reported = max(reported, _reported(process.stderr))
    threading.Event().wait(delay_s)
    process.kill()
    # what was said before it died was said after it was stored
    while text := process.stderr.readline():
        if text.endswith("\n"):
            reported = max(reported, json.loads(text).get("events", 0))
    process.wait(10)
    process.stderr.close()
    return reported


def _reported(stream: IO[str]) -> int:
    """The next progress line's number of events; other lines are passed over."""
    while text := stream.readline():
        line = json.loads(text)
        if line["type"] == "progress":
            return int(line["events"])
    return 0


@pytest.mark.parametrize("kills", [12, pytest.param(50, marks=pytest.mark.large)])
def test_no_reported_batch_is_missing_after_kills_at_random_moments(tmp_path: Path, kills: int) -> None:
    chance = random.Random(11)
    store, capture = tmp_path / "shop.db", tmp_path / "a.evcap"
    after_a_batch = 0
    with application(store) as shop:
        shop.do("place 10")
        for kill in range(kills):
            shop.order(f"place {(EVENTS // 2 - 10) // kills}")
            process = subprocess.Popen(
                [*COMMAND, f"sqlite:///{store}", "-o", str(capture), "--follow", "--progress", "json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            lines = 0 if kill % 6 == 5 else chance.randrange(1, 4)
            reported = killed_after(process, lines, chance.random() * 0.1)
            after_a_batch += lines > 0
            shop.answer()
            if capture.exists() and reported:
                with CaptureReader(capture) as reader:
                    assert reader.watermark().events >= reported
        shop.do(f"place {EVENTS // 2 - 10 - kills * ((EVENTS // 2 - 10) // kills)}" if (EVENTS // 2 - 10) % kills else "place 1")
        done = subprocess.run([*COMMAND, f"sqlite:///{store}", "-o", str(capture)], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["conflicts"] == 0
    assert after_a_batch >= kills * 4 // 5
    _is_whole(capture)


def _is_whole(capture: Path) -> None:
    with CaptureReader(capture) as reader:
        events = list(reader.events(EventQuery(order="log")))
        ((problems,),) = reader.select("PRAGMA integrity_check")
        segments = reader.select("SELECT from_position, to_position, state, records FROM coverage")
    assert problems == "ok"
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= EVENTS
    assert segments == [(1, len(events) + 1, "read", len(events))]
    assert all(event.version is not None and event.type and event.time_us and event.data for event in events)
    by_stream: dict[str | None, list[int | None]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event.version)
    assert all(versions == [1, 2] for versions in by_stream.values())
