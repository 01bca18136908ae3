"""`eventscope project` end to end: groups, moments, windows, alarms, states that are gone on from, masks."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import main, project
from inspector.projections import State
from inspector.projections.library import find, names
from tests.projections.grown import Grown
from tests.replay.captures import Written

SPEC = """
name = "stock"
group_by = { sku = "data.sku" }
alarm = "available < 0"
[measures]
available = { sum = "data.moved" }
moves = "count"
"""
MINUTE_US = 60_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    moves = [("tea", "3.50"), ("mug", "1"), ("tea", "-0.25"), ("=1+1", "-1")]
    with Grown(tmp_path / "x.evcap", isolation="committed") as grown:
        grown.append([Written(n, f'{{"sku": "{sku}", "moved": {moved}}}', time_us=n * MINUTE_US) for n, (sku, moved) in enumerate(moves)])
    (tmp_path / "stock.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path / "x.evcap"


def run(capsys: pytest.CaptureFixture[str], path: Path, *options: str, spec: str = "stock.toml") -> tuple[int, str, str]:
    status = main(["project", str(path), str(path.with_name(spec)), *options])
    out, err = capsys.readouterr()
    return status, out, err


def jsonl(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    status, out, err = run(capsys, path, "--format", "jsonl", *options)
    return status, [json.loads(line, parse_float=str) for line in out.splitlines()], json.loads(err)["scope"]


def test_groups_with_exact_numbers_and_an_alarm(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, rows, scope = jsonl(capsys, path)
    assert status == 1
    assert rows == [
        {"group": {"sku": "=1+1"}, "values": {"available": -1, "moves": 1}, "alarm": ["available < 0"]},
        {"group": {"sku": "mug"}, "values": {"available": 1, "moves": 1}, "alarm": []},
        {"group": {"sku": "tea"}, "values": {"available": "3.25", "moves": 2}, "alarm": []},
    ]
    assert (scope["events"], scope["counted"], scope["undecided"]) == (4, 4, 0)


def test_a_moment_and_a_window(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, rows, scope = jsonl(capsys, path, "--at", "1970-01-01T00:01:00Z")
    assert (status, [row["values"]["available"] for row in rows]) == (0, [1, "3.50".rstrip("0")])
    assert scope["asked"] == "up to 1970-01-01T00:01:00.000000Z"
    status, rows, _ = jsonl(capsys, path, "--at", "2", "--every", "2m")
    found = [(row["window"][14:16], row["group"]["sku"], row["values"]["moves"]) for row in rows]
    assert found == [("00", "mug", 1), ("00", "tea", 1), ("02", "tea", 1)]


def test_tables_and_csv_that_no_spreadsheet_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, path, "--format", "csv")
    assert out.splitlines() == ["sku,available,moves,alarm", "'=1+1,-1,1,available < 0", "mug,1,1,", "tea,3.25,2,"]
    _, out, _ = run(capsys, path, "--format", "table")
    assert out.splitlines()[0].split() == ["sku", "available", "moves", "alarm"]


def test_a_state_is_gone_on_from(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = path.with_name("kept.json")
    _, before, _ = jsonl(capsys, path, "--state", str(state))
    first = state.read_text()
    _, after, _ = jsonl(capsys, path, "--state", str(state))
    assert after == before
    assert state.read_text() == first
    status, _, err = run(capsys, path, "--state", str(state), "--at", "1")
    assert status == 2
    assert "it is of another moment; begin anew without it" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--every", "1y"], "'1y' is not a span such as 30s, 1m or 1h"),
        (["--at", "noon"], "is not a time with its zone"),
        (["--follow", "--at", "3"], "leave --at out"),
    ],
)
def test_what_cannot_be_is_said(path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    status, _, err = run(capsys, path, *options)
    assert status == 2
    assert said in err


def test_an_unknown_projection_names_those_there_are(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", str(path), "stocks"]) == 2
    assert "or one of fraud, funnel, prices, revenue, stock" in capsys.readouterr().err


def test_those_that_ship_are_whole() -> None:
    assert [find(name).name for name in names()] == ["fraud", "funnel", "prices", "revenue", "stock"]


def test_what_is_masked_is_no_group_and_no_number(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks = path.with_name("masks.toml")
    masks.write_text('[masks]\npaths = ["**.sku"]\n', encoding="utf-8")
    status, out, err = run(capsys, path, "--masks", str(masks), "--format", "jsonl")
    assert status in {0, 1}, err
    assert "tea" not in out
    assert sum(json.loads(line)["values"]["moves"] for line in out.splitlines()) == 4


def test_a_state_tells_nothing_that_is_masked_now_and_keeps_nothing_of_masks_before(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks, state = path.with_name("masks.toml"), str(path.with_name("kept.json"))
    _, clear, _ = run(capsys, path, "--state", state, "--format", "jsonl")
    hidden = []
    for rule in ("**.sku", "**.moved"):
        masks.write_text(f'[masks]\npaths = ["{rule}"]\n', encoding="utf-8")
        hidden.append(run(capsys, path, "--state", state, "--masks", str(masks), "--format", "jsonl")[1])
        assert hidden[-1] == run(capsys, path, "--masks", str(masks), "--format", "jsonl")[1] != clear
    assert "tea" not in hidden[0]
    assert run(capsys, path, "--state", state, "--format", "jsonl")[1] == clear


def test_it_follows_a_capture_that_grows(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "FOLLOW_S", 0.01)
    (tmp_path / "stock.toml").write_text(SPEC, encoding="utf-8")
    path = tmp_path / "x.evcap"
    with Grown(path) as grown:
        grown.append([Written(0, '{"sku": "tea", "moved": 1}')])
        seen: list[int] = []
        advance = State.advance

        def counted(self: Any, reader: CaptureReader, *args: Any, **options: Any) -> int:
            if len(seen) == 1:
                grown.append([Written(1, '{"sku": "tea", "moved": 2}'), Written(2, '{"sku": "mug", "moved": 1}')])
                grown.decide(0, 0, 3, [0])
            if len(seen) == 3:
                signal.raise_signal(signal.SIGINT)
            seen.append(advance(self, reader, *args, **options))
            return seen[-1]

        monkeypatch.setattr(State, "advance", counted)
        status, out, _ = run(capsys, path, "--follow", "--format", "jsonl")
    assert status == 0
    found = [(row["group"]["sku"], row["values"]["available"]) for row in map(json.loads, out.splitlines())]
    assert found == [("tea", 1), ("tea", 2), ("mug", 1)]
