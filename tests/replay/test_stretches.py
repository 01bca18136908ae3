"""Reading whole stretches of a stream gives what reading event by event gives, in whatever state the stream is."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, streams
from inspector.event import Flag
from inspector.masks import parse
from inspector.replay import NOW, Answer, Moment, Question, Replay, after_events, at_version, known_at, straight, stretches, to_json
from inspector.replay.folding import Folded, Stopped
from inspector.replay.story import Story
from inspector.user_code.codes import Codes
from tests.replay.captures import Log, Written, write
from tests.replay.test_many import random_capture

_MOMENTS = [
    NOW,
    *(at_version(version) for version in (0, 1, 3)),
    *(after_events(count) for count in (1, 4)),
    *(Moment(time_us=us, text="then") for us in (0, 60, 150, 10**9)),
    known_at("1970-01-01T00:01:00Z"),
]


_RULES = """
[[on]]
type = "*"
set = { by = "event.actor", at = "event.time", last = "event.version", id = "event.id" }
add = { n = "data.n" }
append = { seen = "event.type" }
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of three events."""
    monkeypatch.setattr(stretches, "LEAST", 1)
    monkeypatch.setattr(stretches, "MOST", 3)
    monkeypatch.setattr(stretches, "_PART", 2)


def _printed(answer: Answer) -> str:
    """What is printed of it, but for what else of the stream is there, which depends on the event that fails being looked for."""
    return to_json({name: value for name, value in answer.to_dict().items() if name != "scope"})


def _answers(reader: CaptureReader, all_of: Sequence[StreamInfo], rules: str) -> list[str]:
    return [
        to_json(Replay(reader, Question(stream.name, moment=moment, reducer=reducer), stream=stream).answer().to_dict())
        for stream in all_of
        for moment in _MOMENTS
        for reducer in (None, "merge", "latest", "history", "debezium", rules)
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("small")
def test_a_replay_in_stretches_is_the_replay(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[bool] = []
    plain = straight._straight

    def noted(*args: Any) -> Folded | Stopped | None:
        found = plain(*args)
        ways.append(found is not None)
        return found

    rules = str(tmp_path / "mine.toml")
    Path(rules).write_text(_RULES)
    with CaptureReader(random_capture(tmp_path / "c.evcap", seed, 16)) as reader:
        all_of = list(streams(reader))
        monkeypatch.setattr(straight, "_straight", noted)
        found = _answers(reader, all_of, rules)
        monkeypatch.setattr(straight, "_straight", lambda *_args: None)
        assert found == _answers(reader, all_of, rules)
    assert 0.2 * len(ways) < sum(ways) < 0.7 * len(ways), "both ways are taken"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("reducer", ["merge", "latest", "history"])
@pytest.mark.usefixtures("small")
def test_states_reached_in_stretches_are_those_of_a_replay(tmp_path: Path, seed: int, reducer: str) -> None:
    with CaptureReader(random_capture(tmp_path / "c.evcap", seed, 16)) as reader:
        for stream in streams(reader):
            for place in (5, 2, 3, 6, 1):
                story = Story(reader, stream.id, reducer)
                story.walk()._near.most = 1
                found = story.judged(story.find(after_events(place), quick=True))
                asked = Replay(reader, Question(stream.name, moment=after_events(place), reducer=reducer), stream=stream).answer()
                assert _printed(found) == _printed(asked)


def _long(path: Path, odd: dict[int, Written]) -> Path:
    plain = [Written(n, f'{{"n":{n},"k{n % 7}":{{"at":{n},"odd":{"null" if n % 3 else n}}}}}', version=n + 1) for n in range(5_000)]
    return write(path, [Log([odd.get(n, event) for n, event in enumerate(plain)])])


def test_what_is_out_of_the_ordinary_is_read_event_by_event(tmp_path: Path) -> None:
    odd = {
        700: Written(700, '{"n":1,"n":2}', version=701, flags=int(Flag.duplicate_keys)),
        2_500: Written(2_500, None, version=2_501),
        2_600: Written(2_600, '{"exact":0.12345678901234567890}', version=2_601),
        4_900: Written(4_900, "?", version=4_901, flags=int(Flag.undecodable)),
    }
    with CaptureReader(_long(tmp_path / "c.evcap", odd)) as reader:
        story = Story(reader, 1, "merge")
        for place in (5_000, 4_899, 2_700, 700, 701):
            asked = Replay(reader, Question("order-1", moment=after_events(place), reducer="merge")).answer()
            assert _printed(story.judged(story.find(after_events(place), quick=True))) == _printed(asked)
            assert (asked.folded.failure is not None) == (place > 4_900)


def test_what_masks_hide_is_hidden_in_stretches(tmp_path: Path) -> None:
    with CaptureReader(_long(tmp_path / "c.evcap", {})) as reader:
        reader.hide(parse('[masks]\npaths = ["data.n"]'))
        state = Story(reader, 1, "merge").find(NOW, quick=True).stand.state
        assert isinstance(state, dict)
        assert isinstance(state["n"], str)
        assert Replay(reader, Question("order-1")).answer().folded.state == state
        assert reader.beside().run(lambda other: other.masks is not None).result()


def test_progress_may_end_the_work(tmp_path: Path) -> None:
    told: list[int] = []

    def stop(applied: int) -> None:
        told.append(applied)
        if len(told) == 3:
            raise InterruptedError

    with CaptureReader(_long(tmp_path / "c.evcap", {})) as reader:
        with pytest.raises(InterruptedError):
            Replay(reader, Question("order-1"), stop).answer()
        assert told == sorted(told)
        assert Replay(reader, Question("order-1")).answer().folded.applied == 5_000


def test_code_gets_the_events_of_stretches_and_fails_once(tmp_path: Path) -> None:
    failing = """
calls = 0

def reduce(state, event):
    global calls
    calls += 1
    if event.version == 4000:
        raise ValueError(f"the {event.type} of {event.time} is too much after {calls} calls")
    state = state or {"n": 0}
    state["n"] += event.data["n"]
    state["last"] = [event.seq, event.position, event.version, event.type, event.time_us, event.id, event.actor, event.flags]
    return state
"""
    path = tmp_path / "mine.py"
    path.write_text(failing)
    with CaptureReader(_long(tmp_path / "c.evcap", {})) as reader, closing(Codes()) as codes:
        answer = Replay(reader, Question("order-1", reducer=str(path)), codes=codes).answer()
    assert answer.folded.failure is not None
    assert answer.folded.failure.event.seq == 4_000
    assert answer.folded.failure.reason.endswith("is too much after 4000 calls")
    last = [3_999, 3_998, 3_999, "Changed", 3_998 * 1_000_000, None, None, []]
    assert answer.folded.state == {"n": sum(range(3_999)), "last": last}
