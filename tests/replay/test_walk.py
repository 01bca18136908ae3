"""Going to and fro gives what folding from the start gives: the state, who set what, and what the last event changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.reducers import Reducer
from inspector.reducers.latest import Latest
from inspector.reducers.merge import Merge
from inspector.replay import marks
from inspector.replay import near as near_stands
from inspector.replay.blame import Blame
from inspector.replay.folding import Limits, fold, steps
from inspector.replay.near import NEAR
from inspector.replay.sameness import same
from inspector.replay.stand import Stand
from inspector.replay.walk import Walk
from tests.replay.stories import Batches, StoryEvent, event, tombstone, undecodable
from tests.user_code.reducing import by_code

values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.just("x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)
documents = st.dictionaries(st.sampled_from(["a", "b", "c/d", "~"]), values, max_size=3)
kinds = st.sampled_from(["document"] * 12 + ["tombstone", "undecodable", "scalar"])


def _event(seq: int, kind: str, document: object) -> StoryEvent:
    if kind == "tombstone":
        return tombstone(seq)
    return undecodable(seq) if kind == "undecodable" else event(seq, 7 if kind == "scalar" else document)


stories = st.lists(st.tuples(kinds, documents), min_size=1, max_size=25).map(
    lambda told: [_event(place + 1, *one) for place, one in enumerate(told)]
)


def _walk(events: list[StoryEvent], reducer: Reducer, *, every: int | None = None, near: int = NEAR) -> Walk:
    return Walk(len(events), lambda places: [events[place] for place in places], reducer, every=every, near=near)


def _check(subject: Walk, events: list[StoryEvent], reducer: Reducer, place: int) -> Stand:
    """Compares a stand with the fold from the start, and gives it."""
    found = subject.blamed(place)
    folded = fold(Batches(events), reducer, Limits(most=place))
    assert found.blame is not None
    assert same(found.state, folded.state)
    assert same(subject.stand(place).state, folded.state)
    assert (found.place, found.last) == (folded.applied, folded.last)
    if folded.failure is not None:
        assert subject.failure == folded.failure
    blame, changed = Blame(), []
    for step in steps(Batches(events), reducer, Limits(most=place)):
        blame.add(step.event, step.changes)
        changed = step.changes
    assert list(found.changed) == changed
    for path, setter in blame.leaves(folded.state):
        assert found.blame.setter(path) is setter
    assert dict(found.blame.leaves(found.state)) == dict(blame.leaves(folded.state))
    return found


@pytest.mark.parametrize("reducer", [Merge(), Latest()], ids=["merge", "latest"])
@given(story=stories, places=st.lists(st.integers(0, 25), min_size=1, max_size=8), every=st.integers(1, 7), near=st.integers(1, 5))
def test_any_walk_is_a_fold_from_the_start(reducer: Reducer, story: list[StoryEvent], places: list[int], every: int, near: int) -> None:
    subject = _walk(story, reducer, every=every, near=near)
    for place in places:
        _check(subject, story, reducer, min(place, len(story)))


@given(before=stories, after=stories, kept=st.integers(0, 25), places=st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_a_stream_that_changed_keeps_only_what_still_holds(
    before: list[StoryEvent], after: list[StoryEvent], kept: int, places: list[int]
) -> None:
    story = list(before)
    subject = Walk(len(story), lambda asked: [story[place] for place in asked], Merge(), every=3, near=2)
    for place in places:
        subject.stand(min(place, len(story)))
    story[kept:] = [_event(100 + place, "document", {"a": place}) for place, _ in enumerate(after)]
    subject.grown(len(story), min(kept, len(before)))
    for place in places:
        _check(subject, story, Merge(), min(place, len(story)))


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST_MARKS", 8)
    events = [event(seq, {"n": seq, f"k{seq % 50}": "x" * 100}) for seq in range(1, 2001)]
    subject = _walk(events, Merge(), every=4, near=5)
    for place in (2000, 1, 999, 1500):
        _check(subject, events, Merge(), place)
        assert subject.kept <= 8 + 5
    monkeypatch.setattr(marks, "MOST_BYTES", 20_000)
    monkeypatch.setattr(near_stands, "NEAR_CHARACTERS", 10_000)
    subject = _walk(events, Merge(), every=4, near=50)
    _check(subject, events, Merge(), 2000)
    assert subject.kept <= 5


def test_a_step_takes_few_events() -> None:
    asked: list[int] = []
    events = [event(seq, {"n": seq}) for seq in range(1, 5001)]

    def fetch(places: Sequence[int]) -> list[StoryEvent]:
        asked.append(len(places))
        return [events[place] for place in places]

    subject = Walk(len(events), fetch, Merge())
    subject.stand(5000)
    assert sum(asked) == 5000
    asked.clear()
    for place in range(4999, 4899, -1):
        assert subject.stand(place).state == {"n": place}
    assert max(asked) <= marks.FIRST_EVERY
    assert len(asked) <= 3
    subject.stand(2_500)
    asked.clear()
    subject.stand(2_501)
    assert asked == [1]


def test_work_that_was_stopped_goes_on_from_where_it_was() -> None:
    asked: list[int] = []
    events = [event(seq, {"n": seq}) for seq in range(1, 2001)]

    def fetch(places: Sequence[int]) -> list[StoryEvent]:
        asked.append(places[0])
        return [events[place] for place in places]

    def stop(place: int) -> None:
        if place >= 1000:
            raise InterruptedError

    subject = Walk(len(events), fetch, Merge())
    with pytest.raises(InterruptedError):
        subject.stand(2000, stop)
    asked.clear()
    assert subject.stand(2000).state == {"n": 2000}
    assert min(asked) >= 900


def test_a_users_reducer_that_changes_what_it_is_given_spoils_no_state_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def reduce(s, e):\n s = s or []\n s.append(e.seq)\n if e.seq == 40: raise KeyError('forty')\n return s\n")
    events = [event(seq, {}) for seq in range(1, 51)]
    reducer = by_code(path)
    subject = _walk(events, reducer, every=8, near=4)
    for place in (50, 12, 39, 3, 41):
        _check(subject, events, reducer, place)
    assert subject.failure is not None
    assert subject.failure.event.seq == 40
    assert subject.stand(50).place == 39


def test_a_container_was_set_last_by_what_changed_anything_in_it() -> None:
    events = [event(1, {"card": {"a": 1, "b": {"c": 1}}}), event(2, {"card": {"b": {"c": 2}}}), event(3, {"other": 1})]
    blame = _walk(events, Merge()).blamed(3).blame
    assert blame is not None
    assert [getattr(blame.setter(path, is_inside=True), "seq", None) for path in ("/card", "/card/b", "/other")] == [2, 2, 3]
    assert [getattr(blame.setter(path), "seq", None) for path in ("/card/a", "/card/b/c")] == [1, 2]
