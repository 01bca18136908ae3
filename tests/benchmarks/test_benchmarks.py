"""The table of `./run bench` judges rightly, and the benches that need no broker still run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.benchmarks import THE_GOAL, Row, __main__, bench_events, bench_replay, bench_states, bench_window


def time_row(ours: float, peer: float = 1.0, *, goal: float | None = None, peer_name: str = "peer") -> Row:
    return Row("work", ours, peer, goal=goal, peer_name=peer_name)


def missing(rows: Iterable[Row]) -> list[str]:
    """The names of rows that were not measured, or have a goal and nothing to hold it against."""
    return [row.name for row in rows if row.ours <= 0 or (row.goal is not None and not row.ratio)]


def test_goal_of_a_time_is_an_upper_bound_and_of_a_rate_a_lower_one() -> None:
    assert time_row(1.4, goal=1.5).is_met is True
    assert time_row(1.6, goal=1.5).is_met is False
    assert Row("rate", 90, 100, goal=1.0, more_is_better=True).is_met is False
    assert time_row(2.0).is_met is None


@pytest.mark.parametrize(
    ("row", "before", "worse"),
    [
        (time_row(1.15), 1.0, False),
        (time_row(1.25), 1.0, True),
        (time_row(1.25), None, False),
        (Row("rate", 80, 100, more_is_better=True), 1.0, True),
        (Row("rate", 90, 100, more_is_better=True), 1.0, False),
        (time_row(0.9, goal=1.0, peer_name=THE_GOAL), 0.2, False),
        (time_row(1.1, goal=1.0, peer_name=THE_GOAL), 0.9, True),
    ],
)
def test_worse_is_told(row: Row, before: float | None, worse: bool) -> None:
    assert row.ratio is not None
    assert __main__._is_worse(row, row.ratio, before) is worse


def test_recorded_ratios_are_compared_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = tmp_path / "recorded.json"
    recorded.write_text(json.dumps({"small": {"work": 1.0, "other": 2.0}}))
    monkeypatch.setattr(__main__, "RECORDED", recorded)
    monkeypatch.setattr(bench_replay, "rows", lambda _size: [time_row(3.0)])
    assert __main__.main(["replay", "--record"]) == 1
    assert "worse than recorded: work" in capsys.readouterr().out
    assert json.loads(recorded.read_text()) == {"small": {"work": 3.0, "other": 2.0}}


def test_pages_and_starts_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_events, "SIZES", {"small": (2_000,)})
    monkeypatch.setattr(bench_events, "TURNS", 1)
    assert missing(bench_events.rows("small")) == []


def test_replays_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_replay, "SIZES", {"small": (200,)})
    monkeypatch.setattr(bench_replay, "REPOSITORY", {"small": 20})
    assert missing(bench_replay.rows("small")) == []


def test_states_of_many_streams_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_states, "SIZES", {"small": (60, 3)})
    assert missing(bench_states.rows("small")) == []


def test_the_window_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_window, "SIZES", {"small": (2_000, 2_000, 1.0)})
    monkeypatch.setattr(bench_window, "TAIL_S", {"small": 1.0})
    assert missing(bench_window.rows("small")) == []
