"""What must hold of any stream: with and without versions, aborted and repeated events, times and records out of order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.capture.reader import CaptureReader
from inspector.event import Flag, format_time
from inspector.reducers import ABSENT
from inspector.replay import NOW, Answer, Moment, Question, Replay, after_events, at_event, at_time, at_version, before_event, known_at
from inspector.replay.changes import applied, changes
from inspector.replay.field_history import FieldChange, FieldRun, value_at
from inspector.replay.questions import field_page
from inspector.replay.sameness import same
from inspector.replay.story import Story
from tests import public_data
from tests.reducers.test_merge import APPENDIX_A
from tests.replay.captures import SECOND_US, Log, Written, write

_ALIKE = (
    *("state", "version", "applied", "duplicates", "last", "missing", "failed_at", "reducer", "history", "skipped_aborted"),
    *("scope", "as_of", "clocks", "includes_aborted", "counterfactual"),
)
_LEAVES = st.none() | st.integers(0, 2) | st.sampled_from(["x", "y"])
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2), max_leaves=4
)
_DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _VALUES, max_size=3)


@dataclass(frozen=True)
class Told:
    """One event of a random stream; times are seconds."""

    version: int
    aborted: bool
    second: int
    recorded: int | None
    document: dict[str, Any] | None
    has_id: bool


_TOLD = st.builds(
    Told,
    st.integers(1, 12),
    st.sampled_from([False] * 5 + [True]),
    st.integers(0, 8),
    st.none() | st.integers(0, 9),
    st.one_of(_DOCUMENTS, _DOCUMENTS, _DOCUMENTS, st.none()),
    st.booleans(),
)
_STREAMS = st.lists(_TOLD, min_size=1, max_size=12)
_KINDS = st.sampled_from(["versions", "repeated versions", "none"])
_QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@contextmanager
def _capture(folder: pytest.TempPathFactory, told: list[Told], kind: str) -> Iterator[CaptureReader]:
    events = [
        Written(
            place,
            None if one.document is None else json.dumps(one.document),
            version={"versions": place + 1, "repeated versions": one.version, "none": None}[kind],
            flags=int(Flag.aborted) if one.aborted else 0,
            time_us=one.second * SECOND_US,
            recorded_us=None if one.recorded is None else one.recorded * SECOND_US,
            is_recorded=one.recorded is not None,
            event_id=f"e-{one.version}" if one.has_id else None,
        )
        for place, one in enumerate(told)
    ]
    path = write(folder.mktemp("p") / "c.evcap", [Log(events)])
    with CaptureReader(path) as reader:
        yield reader


def _time(second: int) -> str:
    return format_time(second * SECOND_US) or ""


def _moments(count: int) -> st.SearchStrategy[Moment]:
    seconds = st.integers(0, 9).map(_time)
    seqs = st.integers(1, count)
    return st.one_of(
        st.just(NOW),
        st.integers(0, count + 1).map(after_events),
        st.integers(0, 13).map(at_version),
        seqs.map(at_event),
        seqs.map(before_event),
        seconds.map(at_time),
        seconds.map(known_at),
        st.tuples(seconds, seconds).map(lambda both: known_at(*both)),
    )


def _story(reader: CaptureReader, **facts: Any) -> Story:
    return Story(reader, 1, None, **facts)


def _printed(answer: Answer) -> dict[str, object]:
    printed = answer.to_dict()
    return {name: printed.get(name) for name in _ALIKE}


@_QUIET
@given(told=_STREAMS, kind=_KINDS, with_aborted=st.booleans(), data=st.data())
def test_to_and_fro_is_what_a_fold_from_the_start_gives(
    told: list[Told], kind: str, with_aborted: bool, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments = data.draw(st.lists(_moments(len(told)), min_size=1, max_size=6))
    with _capture(tmp_path_factory, told, kind) as reader:
        story = _story(reader, with_aborted=with_aborted)
        for moment in moments:
            asked = Question("order-1", moment=moment, with_aborted=with_aborted)
            assert _printed(story.judged(story.find(moment, quick=True))) == _printed(Replay(reader, asked).answer())


@_QUIET
@given(told=_STREAMS, kind=_KINDS, data=st.data())
def test_what_if_is_alike_for_the_window_and_the_command(
    told: list[Told], kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moments = data.draw(st.lists(_moments(len(told)), min_size=1, max_size=4))
    counted = [place + 1 for place, one in enumerate(told) if not one.aborted]
    if not counted:
        return
    left_out = data.draw(st.lists(st.sampled_from(counted), min_size=1, max_size=3, unique=True))
    with _capture(tmp_path_factory, told, kind) as reader:
        story = _story(reader)
        places = story.left_out([str(seq) for seq in left_out])
        for moment in moments:
            found = story.judged(story.find(moment, without=places, quick=True))
            there = {event.seq for event in found.folded.left_out}
            texts = tuple(str(seq) for seq in sorted(left_out) if seq in there)
            asked = Replay(reader, Question("order-1", moment=moment, without=texts)).answer()
            expected, answer = _printed(asked), _printed(found)
            del expected["counterfactual"], answer["counterfactual"]
            assert answer == expected
            assert {event.seq for event in asked.folded.left_out} == there


@_QUIET
@given(told=_STREAMS, kind=_KINDS, second=st.integers(0, 9))
def test_both_clocks_agree_when_times_are_monotone(
    told: list[Told], kind: str, second: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    times = sorted(one.second for one in told)
    ordered = [
        Told(place + 1, one.aborted, at, at, one.document, one.has_id) for place, (one, at) in enumerate(zip(told, times, strict=True))
    ]
    with _capture(tmp_path_factory, ordered, kind) as reader:
        true = Replay(reader, Question("order-1", moment=at_time(_time(second)))).answer()
        known = Replay(reader, Question("order-1", moment=known_at(_time(second)))).answer()
        both = Replay(reader, Question("order-1", moment=known_at(_time(second), _time(second)))).answer()
        assert same(true.folded.state, known.folded.state)
        assert true.folded.applied == known.folded.applied == both.folded.applied
        for answer in (true, known, both):
            assert answer.clocks is not None
            assert (answer.clocks.later, answer.clocks.ahead) == (0, 0)


@_QUIET
@given(told=_STREAMS, kind=_KINDS, true=st.integers(0, 9), known=st.integers(0, 9))
def test_what_was_known_counts_only_what_was_recorded(
    told: list[Told], kind: str, true: int, known: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def came(one: Told) -> int:
        return one.second if one.recorded is None else one.recorded

    counted = [one for one in told if not one.aborted]
    with _capture(tmp_path_factory, told, kind) as reader:
        answer = Replay(reader, Question("order-1", moment=known_at(_time(known), _time(true)))).answer()
        assert answer.folded.applied == sum(1 for one in counted if one.second <= true and came(one) <= known)
        assert answer.clocks is not None
        assert answer.clocks.later == sum(1 for one in counted if one.second <= true and came(one) > known)
        assert answer.clocks.stood_in == sum(1 for one in counted if one.recorded is None)


@_QUIET
@given(told=_STREAMS, kind=_KINDS, data=st.data())
def test_a_difference_applied_to_the_one_moment_gives_the_other(
    told: list[Told], kind: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other = data.draw(_moments(len(told))), data.draw(_moments(len(told)))
    with _capture(tmp_path_factory, told, kind) as reader:
        story = _story(reader)
        before, after = (story.find(moment, quick=True).stand.state for moment in (one, other))
        result = applied(before, changes(before, after))
        assert result is after if after is ABSENT else same(result, after)


def _history(story: Story, path: str) -> list[FieldChange]:
    run = FieldRun(story.walk(), path, story.find(NOW).stand.place, 1_000)
    run.go_on()
    assert (run.is_done, run.looked, run.following) == (True, run.total, None)
    return run.changes


@_QUIET
@given(told=_STREAMS, kind=_KINDS, path=st.sampled_from(["", "/a", "/b", "/a/a", "/a/b", "/a/0", "/b/1", "/a/a/0", "/c/b/a"]))
def test_a_fields_history_is_every_event_after_which_it_is_another(
    told: list[Told], kind: str, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = path.split("/")[1:]
    with _capture(tmp_path_factory, told, kind) as reader:
        story = _story(reader)
        values = [value_at(story.find(after_events(count)).stand.state, steps) for count in range(story.total + 1)]
        expected = [
            (place, old, new)
            for place, (old, new) in enumerate(pairwise(values), 1)
            if (old is ABSENT) != (new is ABSENT) or (old is not ABSENT and not same(old, new))
        ]
        found = _history(story, path)
        assert [(one.place, one.old, one.new) for one in found] == expected[::-1]
        paged: list[FieldChange] = []
        following: int | None = None
        while not paged or following is not None:
            page = field_page(story, NOW, path, 2, following)
            assert len(page.changes) <= 2
            paged, following = paged + page.changes, page.following
            if following is None:
                break
        assert [one.place for one in paged] == [one.place for one in found]


@_QUIET
@given(told=_STREAMS, kind=_KINDS)
def test_blame_is_the_newest_of_a_fields_history(told: list[Told], kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with _capture(tmp_path_factory, told, kind) as reader:
        story = _story(reader)
        stand = story.find(NOW).stand
        assert stand.blame is not None
        for path, setter in stand.blame.leaves(stand.state):
            newest, *_ = _history(story, path)
            # an element that moved was set before it moved, at another place
            if newest.op == "moved":
                assert story.order.seqs.index(setter.seq) < newest.place
            else:
                assert newest.event.seq == setter.seq


@public_data.needed("json/json-patch")
def test_the_suite_of_rfc_6902_passes_as_replays_of_captures(tmp_path: Path) -> None:
    folder = public_data.folder("json/json-patch")
    assert folder is not None
    cases = [case for name in ("tests.json", "spec_tests.json") for case in json.loads((folder / name).read_text(encoding="utf-8"))]
    cases = [case for case in cases if "patch" in case and not case.get("disabled") and case["doc"] != []]
    events = [
        Written(2 * number + place, json.dumps(document), stream=f"case-{number}", version=place + 1)
        for number, case in enumerate(cases)
        for place, document in enumerate([case["doc"], case["patch"]])
    ]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        for number, case in enumerate(cases):
            answer = Replay(reader, Question(f"case-{number}", reducer="patch")).answer()
            expected = case["doc"] if "error" in case else case.get("expected", case["doc"])
            assert (answer.folded.failure is not None) == ("error" in case), case
            assert same(answer.folded.state, expected), case
    assert len(cases) > 90


def test_every_case_of_rfc_7396_passes_as_a_replay_of_a_capture(tmp_path: Path) -> None:
    events = [
        Written(2 * number + place, document, stream=f"case-{number}", version=place + 1)
        for number, (original, patch, _) in enumerate(APPENDIX_A)
        for place, document in enumerate([original, patch])
    ]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        for number, case in enumerate(APPENDIX_A):
            answer = Replay(reader, Question(f"case-{number}", reducer="merge")).answer()
            assert (answer.folded.applied, answer.folded.failure) == (2, None), case
            assert same(answer.folded.state, json.loads(case[2])), case
    assert len(APPENDIX_A) == 15
