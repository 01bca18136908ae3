"""Merging many patches at once is merging them one after the other, the order of members too."""

import json

from hypothesis import given
from hypothesis import strategies as st

from inspector import json_merge
from inspector.json_merge import merge_all
from inspector.reducers.merge import merged

_scalars = st.none() | st.integers(0, 3) | st.just([1, {"x": None}])
_values = st.recursive(_scalars, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=6)
_objects = st.dictionaries(st.sampled_from("abcd"), _values, max_size=4)
_kinds = st.lists(_objects, min_size=1, max_size=4)


@given(target=_objects, kinds=_kinds, turns=st.lists(st.tuples(st.integers(0, 3), _values), min_size=1, max_size=30))
def test_many_at_once_are_one_after_the_other(
    target: dict[str, object], kinds: list[dict[str, object]], turns: list[tuple[int, object]]
) -> None:
    patches: list[dict[str, object]] = []
    for kind, value in turns:
        patch = json.loads(json.dumps(kinds[kind % len(kinds)]))
        if patch:
            patch[next(iter(patch))] = json.loads(json.dumps(value))
        patches.append(patch)
    expected: object = json.loads(json.dumps(target))
    for patch in patches:
        expected = merged(expected, patch)
    written = json.dumps(expected)
    merge_all(target, patches)
    assert json.dumps(target) == written


def test_documents_of_one_type_take_the_quick_way_whatever_their_nesting() -> None:
    target: dict[str, object] = {"a": {"left": 1}, "b": 1}
    patches: list[dict[str, object]] = [{"a": {"n": n, "odd": 1 if n % 2 else None}, "b": None if n == 7 else n} for n in range(16)]
    assert len(patches) > json_merge.LEAST
    merge_all(target, patches)
    assert json.dumps(target) == '{"a": {"left": 1, "n": 15, "odd": 1}, "b": 15}'
