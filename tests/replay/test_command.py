"""`eventscope replay` prints one object, or a page for people, and says how it ended."""

import argparse
import json
from pathlib import Path

import pytest

from inspector.cli import replay
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag
from tests.replay.captures import Log, Written, write

FIELDS = [
    *("stream", "source", "state", "version", "applied", "skipped_aborted", "last", "as_of", "missing", "failed_at"),
    *("reducer", "history", "scope"),
]


@pytest.fixture
def capture(tmp_path: Path) -> str:
    events = [
        Written(0, '{"total":10.50,"lines":{"a":1}}', version=1, type="Placed", actor="ann"),
        Written(1, '{"total":12.25}', version=2, type="Priced"),
        Written(2, '{"lines":{"a":null}}', version=4, type="Emptied\u202e"),
    ]
    bad = [Written(3, '"?"', stream="order-2", version=1, flags=int(Flag.undecodable))]
    return str(write(tmp_path / "c.evcap", [Log([*events, *bad])]))


def _run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    replay.add(parser.add_subparsers())
    args = parser.parse_args(["replay", *arguments])
    return int(args.run(args))


def test_one_object_with_every_field_of_the_contract(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capture, "order-1") == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(FIELDS) <= set(printed)
    assert (printed["state"], printed["missing"], printed["reducer"]) == ({"total": 12.25, "lines": {}}, [3], "merge")
    assert "diff" not in printed
    assert "blame" not in printed


def test_options_reach_the_replay(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capture, "orders/order-1", "--version", "2", "--diff", "1970-01-01T00:00:00Z", "--blame", "--reducer", "latest") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["state"] == {"total": 12.25}
    assert [change["op"] for change in printed["diff"]] == ["replace", "remove"]
    assert list(printed["blame"]) == ["/total"]


def test_steps_come_before_the_answer(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capture, "order-1", "--steps") == 0
    *steps, answer = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(step["version"], [change["op"] for change in step["changes"]]) for step in steps] == [
        (1, ["add"]),
        (2, ["replace"]),
        (4, ["remove"]),
    ]
    assert answer["applied"] == 3


def test_people_get_a_page_with_nothing_hidden(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capture, "order-1", "--format", "table", "--steps", "--blame", "--diff", "1", "--without", "2") == 0
    out = capsys.readouterr().out
    assert "WHAT IF" in out
    assert "history: holes" in out
    assert "merge" in out
    assert "⟨U+202E⟩" in out
    assert "\u202e" not in out


def test_an_event_that_fails_is_a_finding(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capture, "order-2") == 1
    assert json.loads(capsys.readouterr().out)["failed_at"]["seq"] == 4


def test_a_gap_is_incomplete_where_completeness_is_required(capture: str) -> None:
    assert _run(capture, "order-1", "--require-complete") == 5
    assert _run(capture, "order-1", "--require-complete", "--version", "2") == 0


def test_mistakes_are_usage(capture: str, tmp_path: Path) -> None:
    for arguments in (["nobody"], ["order-1", "--at", "noon"], ["order-1", "--reducer", "x"], ["order-1", "--without", "77"]):
        with pytest.raises(UsageError):
            _run(capture, *arguments)
    with pytest.raises(CaptureError):
        _run(str(tmp_path / "none.evcap"), "order-1")


@pytest.mark.parametrize(
    ("question", "option"),
    [
        (["--field", "/total"], ["--diff", "1"]),
        (["--series", "/total"], ["--steps"]),
        (["--field", "/total"], ["--reducer", "merge", "--remember"]),
        (["--snapshots"], ["--blame"]),
        (["--snapshots"], ["--version", "1"]),
        (["--snapshots"], ["--known-at", "1970-01-01"]),
        (["--snapshots"], ["--without", "2"]),
        (["--suggest"], ["--field", "/total"]),
        (["--suggest"], ["--before", "2"]),
    ],
)
def test_what_does_not_go_together_is_refused_and_not_passed_over(capture: str, question: list[str], option: list[str]) -> None:
    with pytest.raises(UsageError, match="a question of its own: leave out"):
        _run(capture, "order-1", *question, *option)


def test_a_reducer_of_ones_own_is_run_because_it_was_named(capture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def reduce(state, event):\n print('noise')\n return (state or []) + [event.type]\n")
    assert _run(capture, "order-1", "--reducer", str(path), "--version", "2") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["state"], printed["reducer"]) == (["Placed", "Priced"], str(path))
