"""A story's answers are those of a replay from the start, at every place of a real capture, and follow it as it grows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, find_stream
from inspector.errors import UsageError
from inspector.event import Flag
from inspector.replay import NOW, Moment, Question, Replay, after_events, at_event, at_time, at_version
from inspector.replay.looking import Looker
from inspector.replay.story import Story
from tests.replay.captures import SECOND_US, Log, Written, write

_ALIKE = ("state", "version", "applied", "duplicates", "last", "missing", "failed_at", "reducer", "history", "scope", "skipped_aborted")
_SURE = ("history", "missing", "scope", "applied", "reducer", "skipped_aborted")

events = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([0] * 6 + [int(Flag.aborted)]), st.integers(0, 8), st.sampled_from(["a", "b", "c"])),
    min_size=1,
    max_size=12,
)


def _written(told: list[tuple[int, int, int, str]], *, with_versions: bool) -> list[Written]:
    return [
        Written(
            place,
            json.dumps({name: place}),
            version=version if with_versions else None,
            flags=flags,
            time_us=second * SECOND_US,
            event_id=f"e-{version}",
        )
        for place, (version, flags, second, name) in enumerate(told)
    ]


def _stream(reader: CaptureReader) -> StreamInfo:
    return find_stream(reader, "order-1")


def _asked(reader: CaptureReader, moment: Moment) -> dict[str, object]:
    return Replay(reader, Question("order-1", moment=moment)).answer().to_dict()


def _told(story: Story, moment: Moment) -> dict[str, object]:
    return story.judged(story.find(moment)).to_dict()


def _place(story: Story, moment: Moment) -> int:
    return story.find(moment).place


def _state(story: Story, count: int) -> object:
    return story.find(after_events(count)).stand.state


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=events, with_versions=st.booleans(), order=st.randoms(use_true_random=False))
def test_every_place_is_what_a_replay_from_the_start_says(
    told: list[tuple[int, int, int, str]], with_versions: bool, order: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("s") / "c.evcap", [Log(_written(told, with_versions=with_versions))])
    with CaptureReader(path) as reader:
        story = Story(reader, _stream(reader).id, None)
        moments = [NOW, *(after_events(count) for count in range(story.total + 2))]
        order.shuffle(moments)
        for moment in moments:
            told_now, asked = _told(story, moment), _asked(reader, moment)
            assert {name: told_now[name] for name in _ALIKE} == {name: asked[name] for name in _ALIKE}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=events, second=st.integers(0, 9))
def test_a_time_gives_the_state_of_then_whatever_the_order(
    told: list[tuple[int, int, int, str]], second: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("s") / "c.evcap", [Log(_written(told, with_versions=False))])
    moment = at_time(f"1970-01-01T00:00:{second:02}Z")
    with CaptureReader(path) as reader:
        stream = _stream(reader)
        looker = Looker()
        story = looker.story(reader, stream.id, None, None)
        looked, asked = looker.look(story, moment, [], 200), _asked(reader, moment)
        assert looked.kept.state == (asked["state"] if asked["last"] is not None else looked.kept.state)
        assert (looked.printed["applied"], looked.printed["last"]) == (asked["applied"], asked["last"])
        sure = looker.sure(story, moment)
        assert {name: sure[name] for name in _SURE} == {name: asked[name] for name in _SURE}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=events, seconds=st.lists(st.integers(0, 9), min_size=1, max_size=3), bad=st.integers(0, 11), with_versions=st.booleans())
@example(told=[(1, 0, 5, "a"), (1, 0, 1, "a"), (1, 0, 2, "a")], seconds=[4], bad=2, with_versions=False)
@example(told=[(1, 0, 0, "a"), (1, 2, 9, "a"), (1, 0, 1, "a"), (1, 0, 5, "a"), (1, 0, 2, "a")], seconds=[4], bad=4, with_versions=False)
def test_an_event_that_fails_ends_both_ways_alike(
    told: list[tuple[int, int, int, str]], seconds: list[int], bad: int, with_versions: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = _written(told, with_versions=with_versions)
    bad = min(bad, len(written) - 1)
    written[bad] = replace(written[bad], data='"?"', flags=written[bad].flags | int(Flag.undecodable))
    path = write(tmp_path_factory.mktemp("s") / "c.evcap", [Log(written, end=len(written) + 3)])
    with CaptureReader(path) as reader:
        story = Story(reader, _stream(reader).id, None)
        times = [at_time(f"1970-01-01T00:00:{second:02}Z") for second in seconds]
        for moment in (NOW, *(at_event(seq) for seq in range(1, len(written) + 1)), *times):
            told_now, asked = _told(story, moment), _asked(reader, moment)
            assert {name: told_now[name] for name in _ALIKE} == {name: asked[name] for name in _ALIKE}, moment.text


def test_versions_and_events_are_places_too(tmp_path: Path) -> None:
    told = [Written(n, json.dumps({"n": n}), version=version) for n, version in enumerate([3, 4, 6, 7])]
    told.append(Written(4, "{}", version=8, flags=int(Flag.aborted)))
    path = write(tmp_path / "c.evcap", [Log(told), Log([Written(0, "{}", stream="other")], name="side")])
    with CaptureReader(path) as reader:
        story = Story(reader, _stream(reader).id, "latest")
        assert [_place(story, at_version(version)) for version in (2, 3, 5, 7, 99)] == [0, 1, 2, 4, 4]
        assert [_place(story, at_event(seq)) for seq in (1, 3, 5)] == [1, 3, 4]
        assert (story.total, _place(story, NOW), story.replay.reducer.name) == (4, 4, "latest")
        with pytest.raises(UsageError, match="has no event 6"):
            story.find(at_event(6))


def test_a_stream_that_grows_is_followed_and_one_that_is_gone_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "c.evcap", [Log([Written(n, json.dumps({"n": n}), version=n + 1) for n in range(3)])])
    looker = Looker()
    with CaptureReader(path) as reader:
        story = looker.story(reader, "order-1", None, None)
        assert (story.total, _state(story, 3)) == (3, {"n": 2})
    write(path, [Log([Written(n, json.dumps({"n": n}), version=n + 1) for n in range(3, 6)], read=[(3, 6)])])
    with CaptureReader(path) as reader:
        story = looker.story(reader, "order-1", None, None)
        assert (story.total, _state(story, 6), _state(story, 2)) == (6, {"n": 5}, {"n": 1})
        with pytest.raises(UsageError, match="no longer"):
            looker.story(reader, 77, None, None)
