"""Metrics: every one is what a plain loop over the events says, whatever the label, the step and the filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import metrics
from inspector.capture.reader import CaptureReader
from inspector.capture.steps import OTHERS
from inspector.errors import UsageError
from inspector.event import Flag
from inspector.masks import parse
from inspector.metrics import MOST_SERIES, SECOND_US, Answer, Question, Series, gathered, grid
from tests.replay.captures import Log, Written, write

_FLAGS = (0, int(Flag.undecodable), int(Flag.late), int(Flag.aborted), int(Flag.late | Flag.undecodable))
_LABELS: dict[str, Callable[[Written], str]] = {
    "all": lambda _event: "all events",
    "log": lambda _event: "orders",
    "partition": lambda _event: "orders / 0",
    "type": lambda event: event.type,
    "stream": lambda event: event.stream,
    "key": lambda event: event.stream,
    "actor": lambda event: event.actor or "",
    "header:producer": lambda event: "api" if event.headers else "",
}
_EVENTS = st.lists(
    st.builds(
        Written,
        position=st.just(0),
        data=st.sampled_from(["{}", '{"n":1}', '{"text":"longer than the others"}']),
        stream=st.sampled_from(["a-1", "b-2", "ü"]),
        time_us=st.integers(-5 * SECOND_US, 300 * SECOND_US),
        type=st.sampled_from(["Paid", "Sent"]),
        flags=st.sampled_from(_FLAGS),
        actor=st.sampled_from([None, "ann"]),
        headers=st.sampled_from([None, '[["producer","api"],["producer","other"]]']),
        recorded_us=st.one_of(st.none(), st.integers(0, 400 * SECOND_US)),
    ),
    min_size=1,
    max_size=30,
)


def captured(folder: Path, events: Sequence[Written]) -> Path:
    path = folder / "a.evcap"
    path.unlink(missing_ok=True)
    return write(path, [Log([replace(event, position=n) for n, event in enumerate(events)])])


def expected(
    events: Sequence[Written], by: str, step_us: int, value: Callable[[list[Written]], float | None], first_us: int
) -> dict[tuple[str, int], float | None]:
    groups: dict[tuple[str, int], list[Written]] = {}
    for event in events:
        assert event.time_us is not None
        groups.setdefault((_LABELS[by](event), (event.time_us - first_us) // step_us), []).append(event)
    return {place: value(group) for place, group in groups.items()}


def told(answer: Answer, empty: float | None) -> dict[tuple[str, int], object]:
    return {
        (line.label, place): pytest.approx(value) for line in answer.series for place, value in enumerate(line.values) if value != empty
    }


def size(event: Written) -> int:
    return len(event.stream.encode()) + len((event.data or "").encode())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    events=_EVENTS,
    by=st.sampled_from(sorted(_LABELS)),
    step_us=st.sampled_from([700_000, SECOND_US, 60 * SECOND_US]),
    filtered=st.booleans(),
)
def test_each_is_what_a_loop_says(tmp_path: Path, events: list[Written], by: str, step_us: int, *, filtered: bool) -> None:
    question = Question(by=by, step_us=step_us, filter='type == "Paid"' if filtered else "")
    rate_s = SECOND_US / step_us
    cases: list[tuple[str, Callable[[list[Written]], float | None], float | None]] = [
        ("events", lambda group: len(group) * rate_s, 0),
        ("bytes", lambda group: sum(map(size, group)) * rate_s, 0),
        ("size", lambda group: sum(map(size, group)) / len(group), None),
        ("largest", lambda group: max(map(size, group)), None),
        ("undecodable", lambda group: 100 * sum(bool(event.flags & Flag.undecodable) for event in group) / len(group), None),
        ("late", lambda group: 100 * sum(bool(event.flags & Flag.late) for event in group) / len(group), None),
        ("aborted", lambda group: 100 * sum(bool(event.flags & Flag.aborted) for event in group) / len(group), None),
    ]
    with CaptureReader(captured(tmp_path, events)) as reader:
        flags = [row.flags for row in reader.rows(1, len(events))]  # the writer says what is late
        kept = [replace(event, flags=flag) for event, flag in zip(events, flags, strict=True) if not filtered or event.type == "Paid"]
        for name, value, empty in cases:
            answer = metrics.metric(name).answer(reader, question)
            assert answer is not None
            assert answer.step_us == step_us
            assert told(answer, empty) == expected(kept, by, step_us, value, answer.first_us), name


def test_delays_are_of_events_that_have_both_times(tmp_path: Path) -> None:
    events = [
        Written(0, "{}", time_us=0, recorded_us=3 * SECOND_US),
        Written(1, "{}", time_us=1, recorded_us=1_500_001),
        Written(2, "{}", time_us=2, is_recorded=False),
    ]
    with CaptureReader(captured(tmp_path, events)) as reader:
        answer = metrics.metric("record-delay").answer(reader, Question(step_us=SECOND_US))
        assert answer is not None
        assert answer.series == [Series("all events", [3.0])]
        captured_delay = metrics.metric("capture-delay").answer(reader, Question(step_us=SECOND_US))
        assert captured_delay is not None
        assert captured_delay.series[0].values[0] > 50 * 365 * 86_400  # type: ignore[operator] # captured today


def test_keys_and_headers_are_hidden_as_masks_say(tmp_path: Path) -> None:
    path = captured(tmp_path, [Written(0, "{}", "secret-1", headers='[["producer","secret"]]')])
    with CaptureReader(path) as reader:
        reader.hide(parse('[masks]\npaths = ["key", "headers.producer"]\n'))
        for by in ("key", "header:producer"):
            answer = metrics.metric("events").answer(reader, Question(by=by))
            assert answer is not None
            assert "secret" not in answer.series[0].label


def test_beyond_the_largest_lines_the_rest_is_one(tmp_path: Path) -> None:
    many = [Written(0, "{}", f"s-{n}", time_us=0) for n in range(MOST_SERIES + 50)]
    with CaptureReader(captured(tmp_path, [*many, *many[-40:]])) as reader:
        answer = metrics.metric("events").answer(reader, Question(by="stream"))
    assert answer is not None
    assert len(answer.series) == MOST_SERIES + 1
    assert {line.label: line.values[0] for line in answer.series}[OTHERS] == 50
    lines = {f"{n:03}": [float(n), None] for n in range(5)}
    assert gathered(lines, 3) == [
        Series("004", [4, None]),
        Series("003", [3, None]),
        Series("002", [2, None]),
        Series("(2 others)", [1, None]),
    ]


def test_steps_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert grid(Question(step_us=10), -25, 25).first_us == -30
    for wrong, said in ((Question(step_us=-1), "longer than nothing"), (Question(step_us=1, span_us=(0, 10**9)), "ask for longer steps")):
        with pytest.raises(UsageError, match=said):
            grid(wrong, 0, 1)
    with CaptureReader(captured(tmp_path, [Written(0, "{}")])) as reader:
        with pytest.raises(UsageError, match="is not told by 'color'"):
            metrics.metric("events").answer(reader, Question(by="color"))
        with pytest.raises(UsageError, match="no metric named 'evens'; known: aborted"):
            metrics.metric("evens")


def test_a_capture_without_times_has_none(tmp_path: Path) -> None:
    path = write(tmp_path / "none.evcap", [Log([], read=[(0, 1)])])
    with CaptureReader(path) as reader:
        assert [metrics.metric(name).answer(reader, Question()) for name in metrics.names()] == [None] * len(metrics.names())
