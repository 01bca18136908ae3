"""A stream as one list."""

from __future__ import annotations

from inspector.reducers import ABSENT, Reducer, batch_of
from inspector.reducers.history import History
from tests.contracts import ReducerContract
from tests.replay.stories import event, tombstone


def test_every_event_is_an_entry() -> None:
    story = [event(1, {"a": 1}, actor="ann"), tombstone(2)]
    assert History().fold(ABSENT, batch_of(story)) == [
        {"version": 1, "time": "1970-01-01T00:00:01.000000Z", "type": "Changed", "id": "e-1", "actor": "ann", "data": {"a": 1}},
        {"version": 2, "time": "1970-01-01T00:00:02.000000Z", "type": "Changed", "id": "e-2", "deleted": True},
    ]


class TestHistoryContract(ReducerContract):
    def reducer(self) -> Reducer:
        return History()
