"""The lag of consumers over time, out of what a capture has noted: values hold until the next look is overdue, then there is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import metrics
from inspector.capture.progress import Progress, Reading
from inspector.capture.reader import CaptureReader
from inspector.capture.writer import CaptureWriter
from inspector.errors import UsageError
from inspector.metrics import SECOND_US, Answer, Question
from inspector.sources import SourceInfo
from inspector.sources.samples import COMMITTED, LAG_POSITIONS, LAG_TIME, Sample, label_of


def noted(path: Path, samples: Sequence[Sample], uri: str = "kafka://a:1") -> Path:
    with CaptureWriter(path, floor_bytes=0) as writer:
        source = writer.add_source(SourceInfo("kafka", uri))
        writer.append(Reading(1, source), [], None, Progress(samples=samples))
    return path


def asked(path: Path, name: str, by: str = "", step_s: int = 5, filter_: str = "") -> Answer:
    with CaptureReader(path) as reader:
        answer = metrics.metric(name).answer(reader, Question(by=by, step_us=step_s * SECOND_US, filter=filter_))
    assert answer is not None
    return answer


def of(metric: str, values: dict[int, float], partition: int = 0, consumer: str = "billing") -> list[Sample]:
    return [Sample(metric, label_of(consumer, "orders", partition), at * SECOND_US, value) for at, value in values.items()]


def test_positions_are_added_up_and_times_are_the_oldest(tmp_path: Path) -> None:
    samples = [
        *of(LAG_POSITIONS, {0: 5, 5: 7, 10: 9}),
        *of(LAG_POSITIONS, {0: 1, 5: 1, 10: 0}, 1),
        *of(LAG_TIME, {0: 2.5, 5: 3, 10: 0}),
        *of(LAG_TIME, {0: 1, 5: 9, 10: 0}, 1),
    ]
    path = noted(tmp_path / "a.evcap", samples)
    (line,) = asked(path, "lag").series
    assert (line.label, line.values) == ("billing", [6, 8, 9])
    (line,) = asked(path, "lag-time", "all").series
    assert (line.label, line.values) == ("all consumers", [2.5, 9, 0])
    assert {line.label for line in asked(path, "lag", "partition").series} == {"billing: orders / 0", "billing: orders / 1"}


def test_gap_is_a_gap_and_short_steps_hold_the_last_value(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.evcap", of(LAG_POSITIONS, {0: 5, 5: 6, 10: 7, 60: 8, 65: 9, 70: 0}))
    (line,) = asked(path, "lag", step_s=1).series
    assert list(line.values[:12]) == [5] * 5 + [6] * 5 + [7] * 2
    assert list(line.values[12:60]) == [7] * 10 + [None] * 38
    assert list(line.values[60:]) == [8] * 5 + [9] * 5 + [0]


def test_pace_is_between_looks_and_never_across_a_gap(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.evcap", of(COMMITTED, {0: 0, 5: 50, 10: 100, 15: 90, 60: 1_000, 65: 1_010, 70: 1_010}))
    (line,) = asked(path, "commit-rate").series
    assert list(line.values) == [None, 10, 10, -2, -2, *[None] * 8, 2, 0]


def test_two_clusters_with_groups_of_one_name_stay_apart(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.evcap", of(LAG_POSITIONS, {0: 5}))
    noted(path, of(LAG_POSITIONS, {0: 7}), "kafka://b:1")
    (line,) = asked(path, "lag").series
    assert list(line.values) == [12]


def test_what_is_no_lag_is_refused_or_left_out(tmp_path: Path) -> None:
    path = noted(tmp_path / "a.evcap", [*of(LAG_POSITIONS, {0: 5}), Sample(LAG_POSITIONS, "x", 0, 9), Sample(LAG_POSITIONS, "[1]", 0, 9)])
    (line,) = asked(path, "lag").series
    assert list(line.values) == [5]
    with pytest.raises(UsageError, match="leave the filter out"):
        asked(path, "lag", filter_="true")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.integers(1, 60))
def test_every_value_is_one_that_was_seen_not_long_before(tmp_path: Path, pauses: list[int], step_s: int) -> None:
    times = [sum(pauses[:at]) for at in range(len(pauses))]
    path = tmp_path / "b.evcap"
    path.unlink(missing_ok=True)
    noted(path, of(LAG_POSITIONS, {at: number for number, at in enumerate(times)}))
    answer = asked(path, "lag", step_s=step_s)
    (line,) = answer.series
    assert line.values[-1] == len(times) - 1
    for start_us, value in zip(answer.times_us(), line.values, strict=True):
        newest = max((number for number, at in enumerate(times) if at * SECOND_US < start_us + answer.step_us), default=None)
        assert value in {None, newest}
