"""JSON Patch: the public suite, folding as stepping, and nothing that was given is changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.json_patch import Patcher, PatchError, equal
from inspector.reducers import ABSENT, FoldBatch, FoldError, Reducer, batch_of
from inspector.reducers.patch import Patch
from tests import public_data
from tests.contracts import ReducerContract
from tests.replay.stories import event

EXAMPLES = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"a": {"b": 1}},
        [{"op": "copy", "from": "/a", "path": "/c"}, {"op": "replace", "path": "/c/b", "value": 2}],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "test", "path": "/m~0n", "value": 2.0}], {"m~n": 2}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": [1]}, {"op": "add", "path": "/-", "value": None}], [1, None]),
]
REFUSED = [
    ({"a": 1}, [{"op": "test", "path": "/a", "value": True}]),
    ({"a": [1]}, [{"op": "add", "path": "/a/01", "value": 1}]),
    ({"a": [1]}, [{"op": "remove", "path": "/a/1"}]),
    ({"a": [1]}, [{"op": "replace", "path": "/a/-", "value": 1}]),
    ({"a": 1}, [{"op": "add", "path": "/a/b", "value": 1}]),
    ({"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}]),
    ({"a": 1}, [{"op": "add", "path": "a", "value": 1}]),
    ({"a": 1}, [{"op": "add", "path": "/~2", "value": 1}]),
    ({"a": 1}, [{"op": "spam", "path": "/a"}]),
    ({"a": 1}, [{"op": "add", "path": "/a"}]),
    ({"a": 1}, [{"op": "remove", "path": ""}]),
    ({"a": 1}, ["add"]),
]


def replayed(document: object, operations: object) -> object:
    return Patch().fold(ABSENT, batch_of([event(1, json.dumps(document)), event(2, json.dumps(operations))]))


@pytest.mark.parametrize(("document", "operations", "expected"), EXAMPLES)
def test_operations_do_what_the_rfc_says(document: object, operations: Any, expected: object) -> None:
    before = copy.deepcopy(document)
    assert equal(Patcher().apply(document, operations), expected)
    assert document == before
    assert equal(replayed(document, operations), expected)


@pytest.mark.parametrize(("document", "operations"), REFUSED)
def test_what_cannot_be_done_is_refused_and_changes_nothing(document: object, operations: Any) -> None:
    before = copy.deepcopy(document)
    with pytest.raises(PatchError, match=r"operation 1|list of operations"):
        Patcher().apply(document, operations)
    assert document == before


def suite() -> list[dict[str, Any]]:
    folder = public_data.folder("json/json-patch")
    if folder is None:
        return []
    return [case for name in ("tests.json", "spec_tests.json") for case in json.loads((folder / name).read_text(encoding="utf-8"))]


@public_data.needed("json/json-patch")
def test_the_public_suite_passes_as_replays() -> None:
    ran = 0
    for case in suite():
        if case.get("disabled") or "patch" not in case:
            continue
        ran += 1
        operations = json.loads(json.dumps(case["patch"]))
        if "error" in case:
            with pytest.raises(PatchError):
                Patcher().apply(case["doc"], operations)
        else:
            expected = case.get("expected", case["doc"])
            assert equal(Patcher().apply(case["doc"], operations), expected), case
            # an empty list is a patch, not the first document of a stream
            if case["doc"] != []:
                assert equal(replayed(case["doc"], operations), expected), case
    assert ran > 90


def test_a_patch_that_fails_names_its_event() -> None:
    story = [event(1, {"a": 1}), event(2, [{"op": "remove", "path": "/b"}])]
    with pytest.raises(FoldError, match="operation 1") as raised:
        Patch().fold(ABSENT, batch_of(story))
    assert raised.value.place == 1
    with pytest.raises(FoldError, match="operation 1"):
        Patch().step({"a": 1}, story[1], [{"op": "remove", "path": "/b"}])


def test_a_snapshot_in_between_and_a_patch_in_an_object() -> None:
    story = [
        event(1, {"patch": [{"op": "add", "path": "/a", "value": 1}]}),
        event(2, {"b": 2}),
        event(3, [{"op": "add", "path": "/c", "value": 3}]),
    ]
    assert Patch().fold(ABSENT, batch_of(story)) == {"b": 2, "c": 3}


steps = st.sampled_from(["a", "b", "0", "1", "-"])
pointers = st.lists(steps, max_size=3).map(lambda found: "".join(f"/{step}" for step in found))
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=2)
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner), max_leaves=8)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": pointers, "from": pointers, "value": documents}
)


@given(document=documents, patches=st.lists(st.lists(operations, max_size=4), max_size=4))
def test_one_patcher_for_many_patches_gives_what_a_new_one_each_time_gives(document: object, patches: list[list[Any]]) -> None:
    before = copy.deepcopy((document, patches))
    together, shared, alone = document, Patcher(), document
    kept: list[tuple[object, object]] = []
    for patch in patches:
        try:
            alone = Patcher().apply(alone, patch)
        except PatchError:
            with pytest.raises(PatchError):
                shared.apply(together, patch)
            break
        kept.append((alone, copy.deepcopy(alone)))
        together = shared.apply(together, patch)
        assert equal(together, alone)
    assert all(equal(state, then) for state, then in kept)
    assert before == (document, patches)


def test_deep_documents_do_not_recurse() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = {"a": deep}
    patched = Patcher().apply(deep, [{"op": "copy", "from": "/a", "path": "/b"}, {"op": "test", "path": "/b", "value": deep["a"]}])
    assert isinstance(patched, dict)


class TestPatchContract(ReducerContract):
    def reducer(self) -> Reducer:
        return Patch()

    def test_it_folds_nothing_from_nothing(self) -> None:
        assert Patch().fold(ABSENT, FoldBatch([], [])) is ABSENT


def test_copies_that_double_the_state_end_at_a_bound() -> None:
    document = {"a": {"text": "x" * 1_000}}
    operations = [{"op": "copy", "from": "/a", "path": f"/a/c{number}"} for number in range(40)]
    with pytest.raises(PatchError, match=r"operation 1[67] \(copy\): the state would take more than 67,108,864 bytes"):
        Patcher().apply(document, operations)
    with pytest.raises(FoldError, match="its JSON Patch cannot be applied: operation 1"):
        replayed(document, operations)


def test_doubling_over_many_events_ends_too() -> None:
    texts = [json.dumps([{"op": "copy", "from": "/a", "path": f"/a/c{number}"}]) for number in range(40)]
    with pytest.raises(FoldError, match="would take more than") as caught:
        Patch().fold({"a": {"text": "x" * 1_000}}, batch_of([event(number, text) for number, text in enumerate(texts, 1)]))
    assert caught.value.place in {15, 16}


def test_a_state_is_not_copied_into_itself_for_ever() -> None:
    deep: object = {}
    for _ in range(9_990):
        deep = {"a": deep}
    with pytest.raises(PatchError, match="the state would nest more than 10,000 deep"):
        Patcher().apply(deep, [{"op": "copy", "from": "", "path": "/a"}] * 20)


def test_a_path_of_endless_steps_is_refused() -> None:
    with pytest.raises(PatchError, match="a path of 100,000 steps"):
        Patcher().apply({}, [{"op": "add", "path": "/a" * 100_000, "value": 1}])
