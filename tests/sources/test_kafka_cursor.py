"""A log that is shorter than it was is believed only when it stays so."""

from __future__ import annotations

from collections import deque

import pytest

from inspector.event import LogKey
from inspector.sources import Span
from inspector.sources.kafka_cursor import Cursor


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test moves."""
    now = [1_000.0]
    monkeypatch.setattr("inspector.sources.kafka_cursor.time.monotonic", lambda: now[0])
    return now


def cursor(position: int) -> Cursor:
    return Cursor(0, LogKey("orders", 2), deque([Span(0, 0, 100)]), position)


def test_a_broker_that_finds_its_end_again_has_lost_nothing(clock: list[float]) -> None:
    at = cursor(50)
    assert not at.is_beyond(10)
    clock[0] += 29
    assert not at.is_beyond(40)
    clock[0] += 5
    assert not at.is_beyond(50)
    assert at.shorter_since_s is None
    assert not at.is_beyond(10), "the time counts from anew"


def test_a_log_that_stays_shorter_is_shorter(clock: list[float]) -> None:
    at = cursor(50)
    assert not at.is_beyond(10)
    clock[0] += 31
    assert at.is_beyond(10)


def test_a_cursor_names_its_partition() -> None:
    at = cursor(50)
    assert (at.partition, at.named, at.end) == (("orders", 2), "orders partition 2", 100)
