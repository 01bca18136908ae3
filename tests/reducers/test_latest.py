"""The last document wins."""

from inspector.reducers import ABSENT, Reducer, batch_of
from inspector.reducers.latest import Latest
from tests.contracts import ReducerContract
from tests.replay.stories import StoryEvent, event, tombstone


class TestLatestContract(ReducerContract):
    def reducer(self) -> Reducer:
        return Latest()


def test_the_last_document_wins() -> None:
    assert Latest().fold(ABSENT, batch_of([event(1, {"a": 1}), event(2, {"b": 2})])) == {"b": 2}


def test_a_tombstone_deletes() -> None:
    assert Latest().fold({"a": 1}, batch_of([event(1, {"b": 2}), tombstone(2)])) is ABSENT
    assert Latest().fold(ABSENT, batch_of([tombstone(1), event(2, 7)])) == 7


def test_an_event_without_a_document_changes_nothing() -> None:
    assert Latest().fold({"a": 1}, batch_of([event(1, {"b": 2}), StoryEvent(2, data=None)])) == {"b": 2}


def test_a_null_document_is_a_state() -> None:
    assert Latest().fold({"a": 1}, batch_of([event(1, "null")])) is None
