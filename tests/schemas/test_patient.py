"""A slow place holds nothing up: its answer is waited for a while, and taken later."""

from __future__ import annotations

import threading
import time

import pytest

from inspector.event import Schema
from inspector.schemas import SchemaUnavailableError
from inspector.schemas.patient import Patient

ORDER = Schema("id:1", "http://r", "AVRO", '"string"')
_WAIT_S = 10.0


class Slow:
    """Answers when it is let."""

    name, is_final = "http://r", False

    def __init__(self) -> None:
        self.let = threading.Event()
        self.asked = threading.Event()
        self.closed = threading.Event()
        self.error: Exception | None = None

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        self.asked.set()
        assert self.let.wait(_WAIT_S)
        if self.error is not None:
            raise self.error
        return ORDER if wire == "id:1" else None

    def close(self) -> None:
        self.closed.set()


def test_a_quick_answer_is_given_at_once() -> None:
    slow = Slow()
    slow.let.set()
    place = Patient(slow)
    assert place.fetch("id:1", "orders", "value") is ORDER
    assert place.fetch("id:2", "orders", "value") is None
    place.close()
    assert slow.closed.wait(_WAIT_S)


def test_a_late_answer_is_not_waited_for_and_taken_later() -> None:
    slow = Slow()
    place = Patient(slow, patience_s=0.1)
    with pytest.raises(SchemaUnavailableError, match="http://r has not answered yet"):
        place.fetch("id:1", "orders", "value")
    begun = time.monotonic()
    with pytest.raises(SchemaUnavailableError):
        place.fetch("id:2", "orders", "value")
    assert time.monotonic() - begun < 1, "its patience is used up"
    slow.let.set()
    answer = place._asked["id:1", "orders", "value"]
    assert answer.result(_WAIT_S) is ORDER
    assert place.fetch("id:1", "orders", "value") is ORDER
    place.close()


def test_stopping_ends_the_wait_and_a_failure_is_passed_on() -> None:
    slow, stop = Slow(), threading.Event()
    place = Patient(slow, stop, patience_s=60)

    def stop_once_asked() -> None:
        slow.asked.wait(_WAIT_S)
        stop.set()

    threading.Thread(target=stop_once_asked).start()
    begun = time.monotonic()
    with pytest.raises(SchemaUnavailableError):
        place.fetch("id:1", "orders", "value")
    assert time.monotonic() - begun < 3
    slow.error = SchemaUnavailableError("http://r fails")
    slow.let.set()
    assert isinstance(place._asked["id:1", "orders", "value"].exception(_WAIT_S), SchemaUnavailableError)
    with pytest.raises(SchemaUnavailableError, match="fails"):
        place.fetch("id:1", "orders", "value")
    place.close()


def test_a_place_that_nobody_asked_is_closed_at_once() -> None:
    slow = Slow()
    Patient(slow).close()
    assert slow.closed.is_set()
