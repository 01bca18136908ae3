"""The bound of a state: sizes are those of a tree, and a state that grows is measured when it may be too large."""

from __future__ import annotations

import json

import pytest

from inspector import state_size
from inspector.reducers.history import History
from inspector.replay.folding import Limits, fold
from inspector.state_size import Growing, size_up_to
from tests.replay.stories import event


def test_what_is_shared_counts_each_time() -> None:
    value: object = "x" * 100
    for _ in range(10):
        value = [value, value]
    size, depth = size_up_to(value)
    assert 1024 * 100 < size < 1024 * 120
    assert depth == 10
    assert size_up_to(value, 5_000)[0] < 10_000


def test_a_size_is_about_that_of_the_text() -> None:
    value = {"a": [1, 2.5, None, True, {"b": "text" * 20}], "c": {}}
    assert 0.5 < size_up_to(value)[0] / len(json.dumps(value)) < 2


def test_a_state_is_measured_again_only_when_it_may_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_size, "MOST_STATE_BYTES", 1_000)
    growing = Growing([])
    assert not growing.is_too_large("x" * 5_000, 900)
    assert not growing.is_too_large("x" * 500, 900)
    assert growing.is_too_large("x" * 5_000, 900)


def test_a_list_of_all_events_ends_at_the_bound_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_size, "MOST_STATE_BYTES", 300_000)
    events = [event(number, json.dumps({"t": "x" * 500})) for number in range(1, 2_001)]
    folded = fold(lambda: [events], History(), Limits())
    assert folded.failure is not None
    assert "the most that a state may take" in folded.failure.reason
    assert 0 < folded.applied < 700
    assert isinstance(folded.state, list)
    assert len(folded.state) == folded.applied
