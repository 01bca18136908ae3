"""`eventscope lag` of stores in SQLite, and of captures in which nothing was noted."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.app.captures import capture
from tests.cli.test_keep import run
from tests.sources.store_builders import emmett
from tests.sources.stores import written
from tests.test_docs import LINES


def lag(*words: str | Path, status: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("lag", *words, "--format", "jsonl", status=status).stdout.splitlines()]


def test_store_and_its_capture_say_the_same(tmp_path: Path) -> None:
    store, path = emmett(tmp_path / "shop.db"), tmp_path / "shop.evcap"
    run("capture", f"sqlite:///{store}", "-o", path)
    there, kept = lag(f"sqlite:///{store}"), lag(path)
    for accounts in (there, kept):
        assert [(one["consumer"], one["positions"], one["events"], one["events_exact"]) for one in accounts] == [
            ("older", 3, 3, True),
            ("totals", 2, 2, True),
        ]
        assert all(one["time_behind_s"] > 0 and one["verdict"] in {"unknown", "steady"} for one in accounts)
    assert {one["holes"] for one in there} == {None}
    assert {one["holes"] for one in kept} == {0}
    (row,) = lag(path, "--group", "totals", "--by", "partition")
    assert (row["committed"], row["end"], row["next_position"], row["next_seq"]) == (3, 5, 3, 3)


def test_store_that_is_caught_up_and_one_without_checkpoints(tmp_path: Path) -> None:
    store = emmett(tmp_path / "shop.db")
    written(store, [("UPDATE emt_processors SET last_processed_checkpoint = '4'", []), ("DELETE FROM emt_subscriptions", [])])
    (totals,) = lag(f"sqlite:///{store}", "--require-complete")
    assert (totals["verdict"], totals["positions"], totals["time_behind_s"]) == ("caught up", 0, 0)
    written(store, [("DELETE FROM emt_processors", [])])
    done = run("lag", f"sqlite:///{store}")
    assert (done.stdout, done.stderr) == ("", "the store keeps no checkpoint that can be read\n")


def test_capture_without_consumers_is_said(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    assert "no consumer was noted" in run("lag", path).stderr
    assert "nothing of billing" in run("lag", path, "--group", "billing", status=2).stderr
    assert "name it with --group" in run("lag", path, "--record", "orders/0", status=2).stderr
    run("lag", tmp_path / "none.evcap", status=4)
    assert "only Kafka has" in run("capture", f"sqlite:///{emmett(tmp_path / 's.db')}", "-o", path, "--lag", "g", status=2).stderr


def test_old_or_strange_samples_are_left_out(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 5)
    with closing(apsw.Connection(str(path))) as connection:
        for label in ("totals", "[1]", '["a","b",0]', '[1,"a",2,3]', "[1,{}]", "\u001b"):
            connection.execute("INSERT INTO sample VALUES ('committed', ?, 1, 5)", (label,))
        connection.execute("INSERT INTO sample VALUES ('committed', '[1,\"a\",\"b\",0]', 1, 5)")
        of = {"committed": '[1,"a","b",0]', "log_end": '[1,"b",0]', "lag_time": '[1,"a","b",0]', "members": '[1,"a"]'}
        strange = ((2, float("inf")), (3, 1e19), (2**62, 6))
        rows = [(metric, label, time_us, value) for metric, label in of.items() for time_us, value in strange]
        connection.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", rows)
    (only,) = lag(path)
    assert (only["consumer"], only["positions"], only["verdict"]) == ("a", None, "uncommitted")
    assert "longer than a year" in run("lag", path, "--watch", "--every", "367d", status=2).stderr
    assert run("metrics", path, "--metric", "commit-rate").returncode == 0


@pytest.mark.parametrize("line", [line for _, line in LINES if line.startswith("eventscope lag sqlite:")])
def test_commands_of_the_guide(line: str, tmp_path: Path) -> None:
    store = emmett(tmp_path / "shop.db")
    words = line.replace("sqlite:///shop.db", f"sqlite:///{store}").split()[1:]
    assert run(*words, "--format", "table").stdout.count("positions") > 1
