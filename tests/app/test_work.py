"""Questions on worker threads: answers in the GUI thread, stale ones dropped, nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.work import Work
from inspector.capture.reader import CaptureReader
from tests.app.captures import capture

_SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e9) SELECT count(*) FROM n"


@pytest.fixture
def work(qtbot: QtBot, tmp_path: Path) -> Iterator[Work]:
    """Work over a small capture."""
    path = capture(tmp_path / "a.evcap", 10)
    made = Work(lambda: CaptureReader(path))
    yield made
    made.close()
    made.deleteLater()


def test_an_answer_comes_in_the_gui_thread(qtbot: QtBot, work: Work) -> None:
    seen: list[tuple[int, bool]] = []
    work.run(
        lambda reader: reader.watermark().events,
        lambda events: seen.append((events, threading.current_thread() is threading.main_thread())),
    )
    qtbot.waitUntil(lambda: bool(seen), timeout=3000)
    assert seen == [(10, True)]


def test_a_slow_question_is_interrupted_by_a_newer_one_of_its_lane(qtbot: QtBot, work: Work) -> None:
    seen: list[object] = []
    started = threading.Event()

    def slow(reader: CaptureReader) -> str:
        started.set()
        reader.select(_SLOW)
        return "slow"

    work.run(slow, seen.append, seen.append, lane="x")
    assert started.wait(3)
    work.run(lambda _reader: "new", seen.append, lane="x")
    qtbot.waitUntil(lambda: bool(seen), timeout=3000)
    qtbot.waitUntil(lambda: all(worker.job is None for worker in work._workers), timeout=3000)
    assert seen == ["new"]


def test_a_cancelled_question_is_never_answered(qtbot: QtBot, work: Work) -> None:
    seen: list[object] = []
    work.cancel(work.run(lambda _reader: "cancelled", seen.append, seen.append))
    work.run(lambda _reader: "next", seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=3000)
    assert seen == ["next"]


def test_a_failure_is_a_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    work = Work(lambda: CaptureReader(tmp_path / "none.evcap"))
    seen: list[str] = []
    work.run(lambda reader: reader.watermark(), lambda _mark: None, seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=3000)
    assert "there is no capture" in seen[0]
    work.close()


def test_a_held_work_closes_its_readers_and_goes_on_when_resumed(qtbot: QtBot, work: Work) -> None:
    seen: list[int] = []
    work.run(lambda reader: reader.watermark().events, seen.append)
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=3000)
    work.hold()
    qtbot.waitUntil(lambda: all(worker._reader is None for worker in work._workers), timeout=3000)
    work.run(lambda reader: reader.watermark().events, seen.append)
    assert len(seen) == 1
    work.resume()
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=3000)


def test_holding_can_break_off_what_runs_and_says_when_no_reader_has_the_file(qtbot: QtBot, work: Work) -> None:
    started, told = threading.Event(), list[str]()

    def slow(reader: CaptureReader) -> None:
        started.set()
        reader.select(_SLOW)

    work.run(slow, lambda _: None, told.append)
    assert started.wait(3)
    assert not work.has_let_go
    work.hold(break_off=True)
    qtbot.waitUntil(lambda: told == ["stopped"], timeout=3000)
    qtbot.waitUntil(lambda: work.has_let_go, timeout=3000)
    seen: list[int] = []
    work.run(lambda reader: reader.watermark().events, seen.append)
    work.resume()
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=3000)


def test_closing_ends_a_running_query_and_the_threads(qtbot: QtBot, work: Work) -> None:
    started = threading.Event()

    def slow(reader: CaptureReader) -> None:
        started.set()
        reader.select(_SLOW)

    work.run(slow, lambda _: None)
    assert started.wait(3)
    work.close()
    assert not any(worker.is_alive() for worker in work._workers)


def test_an_answer_that_waits_for_the_gui_thread_is_dropped_for_a_newer_question(qtbot: QtBot, work: Work) -> None:
    seen: list[object] = []
    old = work.run(lambda _reader: "old", seen.append, lane="x")
    deadline = time.monotonic() + 5
    while (any(worker.job is not None for worker in work._workers) or old in work._waiting) and time.monotonic() < deadline:
        pass  # the answer is sent, and this thread has not taken it
    work.run(lambda _reader: "new", seen.append, lane="x")
    qtbot.waitUntil(lambda: "new" in seen, timeout=3000)
    assert seen == ["new"]
