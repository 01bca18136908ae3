"""Folds stop where they are told to, or at the event that fails, and count what they pass."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Flag
from inspector.reducers import ABSENT, Reducer
from inspector.reducers.merge import Merge
from inspector.replay.folding import Folded, Limits, fold, steps
from inspector.replay.question import Moment, at_version
from tests.replay.stories import SECOND_US, Batches, StoryEvent, event, undecodable
from tests.user_code.reducing import by_code


def _story(count: int = 10) -> list[StoryEvent]:
    return [event(seq, {"n": seq, f"k{seq}": seq}) for seq in range(1, count + 1)]


def _fold(events: list[StoryEvent], limits: Limits | None = None, reducer: Reducer | None = None, size: int = 3) -> Folded:
    return fold(Batches(events, size), reducer or Merge(), limits or Limits())


def _keys(folded: Folded) -> list[int]:
    assert isinstance(folded.state, dict)
    return [int(name[1:]) for name in folded.state if name != "n"]


def test_all_events_are_folded_without_a_moment() -> None:
    folded = _fold(_story())
    assert _keys(folded) == list(range(1, 11))
    assert (folded.applied, folded.last.seq if folded.last else None, folded.failure) == (10, 10, None)


@pytest.mark.parametrize("by_version", [True, False])
@pytest.mark.parametrize("version", [0, 1, 3, 4, 10, 11])
def test_a_version_ends_the_fold(version: int, by_version: bool) -> None:
    folded = _fold(_story(), Limits(at_version(version), by_version=by_version))
    assert folded.applied == min(version, 10)
    assert folded.tally.events == min(version, 10)
    if version == 0:
        assert folded.state is ABSENT


def test_without_versions_the_nth_event_that_counts_ends_the_fold() -> None:
    events = [event(seq, {"n": seq}, version=None, flags=int(Flag.aborted) if seq in {2, 3, 9} else 0) for seq in range(1, 11)]
    folded = _fold(events, Limits(at_version(3)), size=4)
    assert folded.last is not None
    assert (folded.applied, folded.last.seq, folded.skipped_aborted) == (3, 5, 2)


def test_a_time_leaves_later_events_out_wherever_they_stand() -> None:
    events = _story(6)
    events[2] = event(3, {"n": 3, "k3": 3}, time_us=9 * SECOND_US)
    folded = _fold(events, Limits(Moment(time_us=4 * SECOND_US)))
    assert _keys(folded) == [1, 2, 4]
    assert (folded.tally.events, folded.tally.passed_over, folded.tally.missing_count) == (4, 1, 0)


def test_versions_after_the_moment_are_not_missing() -> None:
    events = [event(1), event(2), event(7)]
    assert _fold(events, Limits(Moment(time_us=2 * SECOND_US))).tally.missing == []
    assert _fold(events).tally.missing == [3, 4, 5, 6]


def test_aborted_events_are_left_out_and_counted() -> None:
    events = _story(4)
    events[1] = event(2, {"n": 2, "k2": 2}, flags=int(Flag.aborted))
    folded = _fold(events)
    assert (_keys(folded), folded.skipped_aborted, folded.applied) == ([1, 3, 4], 1, 3)


def test_duplicates_are_applied_and_counted() -> None:
    twice = [event(1), event(2), event(3, version=2), event(4, version=3)]
    assert (_fold(twice).applied, _fold(twice).duplicates) == (4, 1)
    same_id = [event(1, version=None, event_id="x"), event(2, version=None, event_id="x")]
    assert _fold(same_id).duplicates == 1


def test_events_are_left_out_by_number() -> None:
    folded = _fold(_story(4), Limits(without=frozenset({2, 3})))
    assert _keys(folded) == [1, 4]
    assert [left.seq for left in folded.left_out] == [2, 3]
    assert folded.tally.missing_count == 0, "what the user leaves out is not missing"


@pytest.mark.parametrize("at", [1, 2, 3, 4, 7])
def test_an_undecodable_event_stops_the_fold_before_it(at: int) -> None:
    events = _story(7)
    events[at - 1] = undecodable(at)
    folded = _fold(events)
    assert folded.failure is not None
    assert (folded.failure.event.seq, folded.applied, folded.tally.events) == (at, at - 1, at - 1)
    if at > 1:
        assert _keys(folded) == list(range(1, at))


def test_a_reducer_that_spoils_the_state_and_fails_gives_the_state_before(tmp_path: Path) -> None:
    path = tmp_path / "r.py"
    path.write_text("def reduce(s, e):\n s = s or []\n s.append(e.seq)\n if e.seq == 5: raise KeyError('five')\n return s\n")
    folded = _fold(_story(), reducer=by_code(path))
    assert folded.state == [1, 2, 3, 4]
    assert folded.failure is not None
    assert (folded.failure.event.seq, folded.applied) == (5, 4)
    assert "KeyError: 'five'" in folded.failure.reason


def test_progress_may_end_the_work() -> None:
    seen: list[int] = []

    def stop(applied: int) -> None:
        seen.append(applied)
        if applied >= 6:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fold(Batches(_story(), 3), Merge(), Limits(), stop)
    assert seen == [3, 6]


documents = st.dictionaries(
    st.sampled_from("abc"),
    st.none() | st.integers(0, 3) | st.dictionaries(st.sampled_from("xy"), st.none() | st.integers(0, 3)),
    max_size=3,
)


@given(st.lists(documents, min_size=1, max_size=12), st.integers(1, 12), st.integers(1, 5))
def test_replay_to_a_version_and_on_is_replay_to_the_end(story: list[dict[str, object]], cut: int, size: int) -> None:
    events = [event(place + 1, document) for place, document in enumerate(story)]
    whole = _fold(events, size=size)
    half = _fold(events, Limits(at_version(cut), by_version=True), size=size)
    rest = [left for left in events if left.version is not None and left.version > cut]
    state = half.state
    for following in steps(Batches(rest, size), _Starting(state), Limits()):
        state = following.state
    assert state == whole.state


class _Starting(Merge):
    """Merging that goes on from a state."""

    def __init__(self, state: object) -> None:
        self._state = state

    def initial(self) -> object:
        return self._state


@given(st.lists(documents, min_size=1, max_size=8), st.integers(1, 4))
def test_stepping_and_folding_agree(story: list[dict[str, object]], size: int) -> None:
    events = [event(place + 1, document) for place, document in enumerate(story)]
    stepped = list(steps(Batches(events, size), Merge(), Limits()))
    assert [step.event.seq for step in stepped] == [found.seq for found in events]
    assert stepped[-1].state == _fold(events, size=size).state


def test_steps_tell_what_each_event_changed() -> None:
    events = [event(1, {"a": 1}), event(2, {"b": 2}), event(3, {"a": None}), undecodable(4), event(5, {"a": 9})]
    told = [[(change.op, change.path) for change in step.changes] for step in steps(Batches(events), Merge(), Limits())]
    assert told == [[("add", "")], [("add", "/b")], [("remove", "/a")]]
