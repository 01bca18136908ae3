"""Change events: wrapped, bare and flat; deleted, truncated, unavailable; MongoDB's texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inspector.reducers import ABSENT, FoldError, Reducer, batch_of
from inspector.reducers.debezium import UNAVAILABLE, Debezium
from tests.contracts import ReducerContract
from tests.replay.stories import event, tombstone


def change(op: str, before: object = None, after: object = None, **more: Any) -> dict[str, Any]:
    return {"op": op, "before": before, "after": after, "source": {"table": "orders"}, "ts_ms": 1, **more}


def folded(*documents: Any) -> object:
    story = [tombstone(seq) if document is None else event(seq, json.dumps(document)) for seq, document in enumerate(documents, 1)]
    reducer = Debezium()
    state = reducer.initial()
    for one in story:
        state = reducer.step(state, one, batch_of([one]).documents[0])
    assert reducer.fold(reducer.initial(), batch_of(story)) == state
    return state


def test_the_row_after_the_last_change_stands() -> None:
    assert folded(change("r", after={"id": 1, "a": 1}), change("u", {"id": 1}, {"id": 1, "a": 2})) == {"id": 1, "a": 2}
    assert folded(change("c", after={"id": 1}), change("d", {"id": 1})) is ABSENT
    assert folded(change("c", after={"id": 1}), change("d", {"id": 1}), None) is ABSENT
    assert folded(change("c", after={"id": 1}), {"op": "t", "source": {}}) is ABSENT
    assert folded(change("c", after={"id": 1}), {"op": "m", "message": {"prefix": "x"}}) == {"id": 1}


def test_an_envelope_with_its_schema_is_the_same() -> None:
    wrapped = {"schema": {"type": "struct"}, "payload": change("c", after={"id": 1, "schema": "x"})}
    assert folded(wrapped) == {"id": 1, "schema": "x"}


def test_the_flat_form() -> None:
    assert folded({"id": 1, "a": 1, "__op": "c", "__deleted": "false"}, {"id": 1, "a": 2, "__op": "u"}) == {"id": 1, "a": 2}
    assert folded({"id": 1, "__deleted": "true"}) is ABSENT
    assert folded({"id": 1, "__op": "d"}) is ABSENT


def test_a_value_that_was_not_sent_stays_as_it_was() -> None:
    assert folded(change("c", after={"id": 1, "text": "long"}), change("u", after={"id": 2, "text": UNAVAILABLE})) == {
        "id": 2,
        "text": "long",
    }
    assert folded(change("u", after={"id": 2, "text": UNAVAILABLE})) == {"id": 2, "text": UNAVAILABLE}


def test_documents_of_mongodb() -> None:
    first = change("c", after='{"_id": 1, "n": 1.10, "in": {"a": 1}, "list": [1, 2]}')
    update = change("u", updateDescription={"updatedFields": '{"in.b": 2, "list.1": 3, "list.2": 4}', "removedFields": ["n", "in.a"]})
    assert folded(first, update) == {"_id": 1, "in": {"b": 2}, "list": [1, 3, 4]}
    with pytest.raises(FoldError, match="no JSON"):
        folded(change("c", after="{"))


@pytest.mark.parametrize("step", ["\u00b2", "9" * 5000, "-1", "x", "7"])
def test_a_name_that_is_no_index_changes_no_list(step: str) -> None:
    update = change("u", updateDescription={"updatedFields": {f"list.{step}": 9, f"list.{step}.a": 9}, "removedFields": [f"list.{step}"]})
    assert folded(change("c", after={"list": [1, 2]}), update) == {"list": [1, 2]}


@pytest.mark.parametrize("op", [[], {}, ["d"], None, 1])
def test_an_operation_that_is_no_text_is_none(op: object) -> None:
    assert folded({"op": op, "source": {}, "before": None, "after": {"id": 1}}) == {"id": 1}
    assert folded({"id": 1, "__op": op, "__deleted": {}}) == {"id": 1}


def test_names_lead_no_deeper_than_documents() -> None:
    update = change("u", updateDescription={"updatedFields": {"a." * 5000 + "b": 1}})
    with pytest.raises(FoldError, match="5,001 levels deep"):
        folded(change("c", after={"id": 1}), update)


def test_a_change_without_its_row_ends_it_there() -> None:
    with pytest.raises(FoldError, match="without the row"):
        folded(change("c", after={"id": 1}), change("u", before={"id": 1}))
    with pytest.raises(FoldError, match="no change event"):
        folded([1])


class TestDebeziumContract(ReducerContract):
    def reducer(self) -> Reducer:
        return Debezium()

    def _story(self) -> list[Any]:
        return [one for one in super()._story() if one.data is None or one.data.startswith("{")]
