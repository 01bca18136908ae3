"""What a store kept as a stream's state is compared with the replay at that version, and hidden values stay hidden."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import replay
from inspector.event import Flag
from tests.replay.captures import STORE, Log, Written, write
from tests.replay.fold_client import FoldClient

_SOURCE = replace(STORE, attributes={"tables": {"events": {"kind": "events"}, "kept": {"kind": "snapshots"}}})


def _written(path: Path, kept: list[Written], *, events: list[Written] | None = None) -> Path:
    told = events or [Written(n + 1, json.dumps({"n": n, "card": {"owner": f"o-{n}"}}), version=n + 1) for n in range(4)]
    return write(path, [Log(told, name="events", first=1, read=[(1, 9)]), Log(kept, name="kept", first=1, read=[(1, 9)])], _SOURCE)


def _both(
    capsys: pytest.CaptureFixture[str], path: Path, *arguments: str, **opened: Any
) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    """What the command prints, having seen that the fold process says the same; and the command's exit status."""
    parser = argparse.ArgumentParser()
    replay.add(parser.add_subparsers())
    args = parser.parse_args(["replay", str(path), "events/order-1", "--snapshots", *arguments])
    status = int(args.run(args))
    *printed, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    with FoldClient() as client:
        client.ask("open", capture=str(path), **opened)
        answer = client.ask("snapshots", stream="events/order-1")["ok"]
    texts = {"kept": None, "replayed": None}
    assert [{**one, **texts} for one in answer["snapshots"]] == [{**one, **texts} for one in printed]
    assert answer["honest"]["history"] == last["history"]
    return printed, last, status


def test_equal_different_and_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = [
        Written(1, '{"n":1,"card":{"owner":"o-1"}}', version=2),
        Written(2, '{"n":2,"card":{"owner":"other"}}', version=3),
        Written(3, '{"n":2}', version=9),
        Written(4, '"?"', version=1, flags=int(Flag.undecodable)),
        Written(5, '{"n":0}', version=None),
        Written(6, '{"n":0}', stream="order-2", version=1),
    ]
    printed, last, status = _both(capsys, _written(tmp_path / "c.evcap", kept))
    assert [one["is_equal"] for one in printed] == [True, False, None, None, None]
    assert (printed[1]["path"], printed[1]["kept"], printed[1]["replayed"]) == ("/card/owner", "other", "o-2")
    assert [one["reason"].split(",")[0] for one in printed[2:]] == [
        "version 9 is not among the stream's events in the capture",
        "the snapshot cannot be read: not JSON",
        "the snapshot or the stream has no versions",
    ]
    assert (last["snapshots"], last["equal"], last["different"], last["not_compared"], status) == (5, 1, 1, 3, 1)


def test_a_replay_that_ends_before_a_snapshot_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        Written(1, '{"n":1}', version=1),
        Written(2, '"?"', version=2, flags=int(Flag.undecodable)),
        Written(3, '{"n":3}', version=3),
    ]
    printed, _, _ = _both(capsys, _written(tmp_path / "c.evcap", [Written(1, '{"n":3}', version=3)], events=events))
    assert (printed[0]["is_equal"], "could not be folded" in printed[0]["reason"]) == (None, True)


def test_the_state_inside_a_snapshot_of_python_eventsourcing_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = [Written(1, '{"topic":"shop:Order","state":{"_created_on":"x","n":1,"card":{"owner":"o-1"}}}', version=2)]
    printed, _, status = _both(capsys, _written(tmp_path / "c.evcap", kept))
    assert (printed[0]["is_equal"], printed[0]["part"], status) == (True, "/state", 0)


@pytest.mark.parametrize("rule", ["data.card.owner", "**.owner"])
def test_what_masks_hide_is_neither_compared_nor_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: str) -> None:
    masks = tmp_path / "masks.toml"
    masks.write_text(f'[masks]\npaths = ["{rule}"]\n')
    kept = [
        Written(1, '{"topic":"t","state":{"n":1,"card":{"owner":"secret"}}}', version=2),
        Written(2, '{"n":7,"card":{"owner":"secret"}}', version=3),
    ]
    path = _written(tmp_path / "c.evcap", kept)
    printed, _, _ = _both(capsys, path, "--masks", str(masks), masks=masks.read_text())
    assert [(one["is_equal"], one["path"]) for one in printed] == [(None, None), (False, "/n")]
    assert "masks hide" in printed[0]["reason"]
    assert "secret" not in json.dumps(printed)


def test_snapshots_of_a_stream_whose_name_is_hidden_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["stream", "key"]\n')
    path = _written(tmp_path / "c.evcap", [Written(1, '{"n":1,"card":{"owner":"o-1"}}', version=2)])
    printed, last, _ = _both(capsys, path, "--masks", str(masks), masks=masks.read_text())
    assert ([one["is_equal"] for one in printed], last["snapshots"]) == ([True], 1)


def test_pages_go_on_where_the_last_one_ended(tmp_path: Path) -> None:
    kept = [Written(n + 1, json.dumps({"n": n, "card": {"owner": f"o-{n}"}}), version=n + 1) for n in range(4)]
    path = _written(tmp_path / "c.evcap", kept)
    with FoldClient() as client:
        client.ask("open", capture=str(path))
        first = client.ask("snapshots", stream="events/order-1", limit=3)["ok"]
        rest = client.ask("snapshots", stream="events/order-1", limit=3, after=first["next"])["ok"]
    assert [one["version"] for one in (*first["snapshots"], *rest["snapshots"])] == [1, 2, 3, 4]
    assert rest["next"] is None
