"""Merging follows RFC 7396; the cases are those of its appendix A."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.reducers import ABSENT, FoldBatch, Reducer, batch_of
from inspector.reducers.merge import Merge, merged
from tests.contracts import ReducerContract
from tests.replay.stories import event, tombstone

APPENDIX_A = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)


def merge_patch(target: object, patch: object) -> object:
    """The pseudocode of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


class TestMergeContract(ReducerContract):
    def reducer(self) -> Reducer:
        return Merge()


@pytest.mark.parametrize(("original", "patch", "result"), APPENDIX_A)
def test_every_case_of_appendix_a(original: str, patch: str, result: str) -> None:
    state = Merge().fold(ABSENT, batch_of([event(1, original), event(2, patch)]))
    assert state == json.loads(result)
    assert merged(json.loads(original), json.loads(patch)) == json.loads(result)


@given(documents, documents)
def test_a_merge_is_what_the_rfc_computes(original: object, patch: object) -> None:
    expected = merge_patch(original, patch)
    assert merged(original, patch) == expected
    assert Merge().fold(ABSENT, FoldBatch([event(1), event(2)], [original, patch])) == expected


@given(documents, documents)
def test_merging_twice_is_merging_once(original: object, patch: object) -> None:
    once = merged(original, patch)
    assert merged(once, patch) == once


@given(documents, documents)
def test_a_merged_object_has_no_null_from_the_patch(original: object, patch: object) -> None:
    assert "null" not in json.dumps(merged({}, patch)).split() or not isinstance(patch, dict) or _array_null(patch)
    assert merged(original, {}) == (original if isinstance(original, dict) else {})


def _array_null(value: object) -> bool:
    """Nulls inside arrays are values and stay."""
    if isinstance(value, list):
        return "null" in json.dumps(value)
    return isinstance(value, dict) and any(_array_null(inner) for inner in value.values())


def test_the_first_document_is_taken_whole() -> None:
    assert Merge().fold(ABSENT, batch_of([event(1, {"a": None, "b": 1})])) == {"a": None, "b": 1}


def test_a_tombstone_deletes_and_the_next_document_is_taken_whole() -> None:
    events = [event(1, {"a": 1}), tombstone(2), event(3, {"b": None})]
    assert Merge().fold(ABSENT, batch_of(events[:2])) is ABSENT
    assert Merge().fold(ABSENT, batch_of(events)) == {"b": None}


def test_a_thousand_levels_merge_without_recursion() -> None:
    deep = '{"a":' * 999 + "{}" + "}" * 999
    state = Merge().fold(ABSENT, batch_of([event(1, deep), event(2, deep.replace("{}", '{"b":1}'))]))
    for _ in range(999):
        assert isinstance(state, dict)
        state = state["a"]
    assert state == {"b": 1}
