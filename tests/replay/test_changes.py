"""Changes turn one state into the other, and say who made them."""

import copy
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.reducers import ABSENT
from inspector.replay import sameness
from inspector.replay.blame import Blame
from inspector.replay.changes import applied, changes
from inspector.replay.sameness import same
from tests.replay.stories import event

states = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "/", "~", "0"]), inner, max_size=4),
    max_leaves=12,
)


@given(states, states)
def test_changes_applied_in_order_give_the_other_state(before: object, after: object) -> None:
    assert same(applied(before, changes(before, after)), after)


@given(states)
def test_a_state_does_not_differ_from_its_copy(state: object) -> None:
    assert changes(state, copy.deepcopy(state)) == []


def test_changes_name_their_paths() -> None:
    before = {"a": 1, "b": {"c/d": [1, 2]}, "e": 0}
    after = {"a": 2, "b": {"c/d": [1, 2, 3]}, "f": None}
    assert [change.to_dict() for change in changes(before, after)] == [
        {"op": "replace", "path": "/a", "from": 1, "to": 2},
        {"op": "add", "path": "/b/c~1d/2", "from": None, "to": 3},
        {"op": "remove", "path": "/e", "from": 0, "to": None},
        {"op": "add", "path": "/f", "from": None, "to": None},
    ]


def test_an_element_put_in_front_is_one_change() -> None:
    assert [(change.op, change.path) for change in changes([1, 2, 3], [0, 1, 2, 3])] == [("add", "/0")]
    assert [(change.op, change.path) for change in changes([1, 2, 3], [1, 3])] == [("remove", "/1")]


def test_being_and_not_being_are_a_change() -> None:
    assert [change.op for change in changes(ABSENT, None)] == ["add"]
    assert [change.op for change in changes({}, ABSENT)] == ["remove"]
    assert changes(ABSENT, ABSENT) == []


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (0.1, Decimal("0.1"), False),
        (Decimal(1), 1, True),
        ("1", 1, False),
        ([], {}, False),
    ],
)
def test_sameness_is_that_of_json(left: object, right: object, equal: bool) -> None:
    assert same(left, right) is equal
    assert same([left], [right]) is equal


def test_a_thousand_levels_are_compared_without_recursion() -> None:
    def deep(leaf: object) -> object:
        for place in range(1000):
            leaf = [leaf] if place % 2 else {"a": leaf}
        return leaf

    (change,) = changes(deep(1), deep(2))
    assert (change.old, change.new) == (1, 2)


def test_nested_arrays_are_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(leaf: object) -> object:
        for place in range(3_000):
            leaf = [place, leaf, [place]]
        return leaf

    looked = 0
    inner = sameness.Compared._inner

    def counted(self: sameness.Compared, old: object, new: object) -> bool | Iterator[tuple[object, object]]:
        nonlocal looked
        looked += 1
        return inner(self, old, new)

    monkeypatch.setattr(sameness.Compared, "_inner", counted)
    (change,) = changes(deep(1), deep(2))
    assert (change.old, change.new) == (1, 2)
    assert looked < 100_000


@given(states, states)
def test_changes_are_those_of_a_plain_comparison(before: object, after: object) -> None:
    assert [change.to_dict() for change in changes(before, after)] == list(_plainly("", before, after))


def _plainly(path: str, old: object, new: object) -> Iterator[dict[str, object]]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _plainly_in_object(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        head = next((place for place, pair in enumerate(zip(old, new, strict=False)) if not _is_one(*pair)), min(len(old), len(new)))
        ends = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
        tail = next((place for place, pair in enumerate(ends) if not _is_one(*pair)), min(len(old), len(new)) - head)
        both = min(len(old), len(new)) - tail
        for place in range(head, both):
            yield from _plainly(f"{path}/{place}", old[place], new[place])
        for place in reversed(range(both, len(old) - tail)):
            yield {"op": "remove", "path": f"{path}/{place}", "from": old[place], "to": None}
        for place in range(both, len(new) - tail):
            yield {"op": "add", "path": f"{path}/{place}", "from": None, "to": new[place]}
    elif not _is_one(old, new):
        yield {"op": "replace", "path": path, "from": old, "to": new}


def _plainly_in_object(path: str, old: dict[str, object], new: dict[str, object]) -> Iterator[dict[str, object]]:
    paths = {name: f"{path}/{name.replace('~', '~0').replace('/', '~1')}" for name in (*old, *new)}
    for name, value in old.items():
        if name in new:
            yield from _plainly(paths[name], value, new[name])
        else:
            yield {"op": "remove", "path": paths[name], "from": value, "to": None}
    for name, value in new.items():
        if name not in old:
            yield {"op": "add", "path": paths[name], "from": None, "to": value}


def _is_one(left: object, right: object) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_one(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_one, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _leaves(history: list[object]) -> dict[str, int]:
    blame = Blame()
    before: object = ABSENT
    state: object = ABSENT
    for place, state in enumerate(history):
        blame.add(event(place + 1), changes(before, state))
        before = state
    return {path: found.seq for path, found in blame.leaves(state)}


def test_blame_names_the_event_that_last_changed_each_part() -> None:
    history: list[object] = [{"a": 1, "b": {"c": 1, "d": 1}}, {"a": 1, "b": {"c": 2, "d": 1}}, {"a": 1, "b": {"c": 2, "d": 1}, "e": []}]
    assert _leaves(history) == {"/a": 1, "/b/c": 2, "/b/d": 1, "/e": 3}


def test_blame_follows_array_elements_that_move() -> None:
    assert _leaves([["x", "y"], ["x", "y", "z"], ["w", "x", "y", "z"], ["w", "y", "z"]]) == {"/0": 3, "/1": 1, "/2": 2}


def test_blame_starts_anew_after_a_deletion() -> None:
    assert _leaves([{"a": 1}, ABSENT, {"a": 1}]) == {"/a": 3}
    assert _leaves([{"a": 1}, ABSENT]) == {}


@given(st.lists(states, min_size=1, max_size=5))
def test_every_leaf_has_an_event_whose_state_first_had_its_value(history: list[object]) -> None:
    leaves = _leaves(history)
    assert set(leaves.values()) <= set(range(1, len(history) + 1))
    assert leaves, "every state has at least one leaf"
    if len(history) > 1 and same(history[-1], history[-2]):
        assert leaves == _leaves(history[:-1])
