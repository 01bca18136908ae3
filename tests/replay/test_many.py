"""The states of all streams are what each stream's own replay gives."""

import json
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import streams
from inspector.event import Flag
from inspector.reducers.merge import Merge
from inspector.replay import Question, Replay
from inspector.replay.many import StreamState, states
from tests.replay.captures import Log, Written, write


def _shuffled(path: Path, count: int) -> Path:
    """Streams of all kinds: in and out of version order, without versions, in two partitions, aborted and undecodable."""
    logs: list[list[Written]] = [[], []]
    for number in range(count):
        kind = number % 5
        for turn in range(1 + number % 4):
            partition = turn % 2 if kind == 3 else 0
            flags = int(Flag.aborted) if kind == 2 and turn == 1 else int(Flag.undecodable) if kind == 4 and turn == 2 else 0
            version = None if kind == 3 else 4 - turn if kind == 1 else turn + 1
            events = logs[partition]
            data = json.dumps({"last": turn, f"k{turn}": number})
            events.append(Written(len(events), data, f"s-{number}", version, time_us=number * 10 + turn, flags=flags))
    return write(path, [Log(logs[0]), Log(logs[1], partition=1)])


def test_every_state_is_that_of_the_streams_own_replay(tmp_path: Path) -> None:
    with CaptureReader(_shuffled(tmp_path / "c.evcap", 60)) as reader:
        told: list[int] = []
        found = {state.stream_id: state for state in states(reader, Merge(), progress=told.append)}
        for stream in streams(reader):
            alone = Replay(reader, Question(stream.name)).answer().folded
            assert found[stream.id] == StreamState(stream.id, alone.state, alone.applied, alone.failure is not None)
        assert told[-1] == len(found) == 60


def test_a_long_stream_among_short_ones_is_folded_by_itself(tmp_path: Path) -> None:
    long = [Written(n, json.dumps({"n": n}), "long", n + 1) for n in range(4500)]
    short = [Written(4500 + n, json.dumps({"n": n}), f"short-{n}", 1) for n in range(3)]
    with CaptureReader(write(tmp_path / "c.evcap", [Log([*long, *short])])) as reader:
        assert [(state.state, state.applied) for state in states(reader, Merge())] == [
            ({"n": 4499}, 4500),
            *(({"n": n}, 1) for n in range(3)),
        ]


def test_one_category_can_be_asked_for(tmp_path: Path) -> None:
    events = [Written(n, json.dumps({"n": n}), f"s-{n}", 1, category="even" if n % 2 == 0 else "odd") for n in range(7)]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        assert [state.state for state in states(reader, Merge(), category="odd")] == [{"n": n} for n in (1, 3, 5)]
        assert list(states(reader, Merge(), category="none")) == []


def test_progress_may_end_the_work(tmp_path: Path) -> None:
    def stop(_done: int) -> None:
        raise InterruptedError

    with CaptureReader(_shuffled(tmp_path / "c.evcap", 5)) as reader, pytest.raises(InterruptedError):
        list(states(reader, Merge(), progress=stop))
