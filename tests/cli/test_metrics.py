"""`eventscope metrics` as a script sees it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from inspector.demo.store import ShopStore
from inspector.event import parse_time
from tests.app.captures import Growing
from tests.cli.test_keep import run
from tests.replay.captures import SECOND_US, Log, Written, write


def path_of(tmp_path: Path) -> Path:
    events = [Written(n, "{}", "=a-1" if n % 3 else "b-1", time_us=n * SECOND_US) for n in range(120)]
    return write(tmp_path / "a.evcap", [Log(events)])


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("metrics", *arguments, "--format", "jsonl").stdout.splitlines()]


def test_a_row_for_each_line_and_step(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    assert rows(path, "--every", "1m") == [
        {"time": f"1970-01-01T00:0{minute}:00.000000Z", "metric": "events", "label": "orders", "value": 1.0, "unit": "events/s"}
        for minute in (0, 1)
    ]
    told = rows(path, "--metric", "events", "--metric", "largest", "--by", "stream", "--every", "2m", "--filter", "position < 30")
    assert [(row["metric"], row["label"], row["value"]) for row in told] == [
        ("events", "=a-1", 20 / 120),
        ("events", "b-1", 10 / 120),
        ("largest", "=a-1", 6),
        ("largest", "b-1", 5),
    ]
    assert len(rows(path, "--every", "1s", "--from", "1970-01-01T00:00:10Z", "--until", "1970-01-01T00:00:20Z")) == 10


@pytest.mark.parametrize("metric", ["events", "bytes", "size"])
def test_one_bound_is_enough(tmp_path: Path, metric: str) -> None:
    path = path_of(tmp_path)
    every = ("--metric", metric, "--every", "10s")
    whole = rows(path, *every)
    assert len(whole) == 12
    assert rows(path, *every, "--from", "1970-01-01T00:00:30Z") == whole[3:]
    assert rows(path, *every, "--until", "1970-01-01T00:00:30Z") == whole[:3]
    told = run("metrics", path, *every, "--filter", "position > 1000", "--format", "jsonl")
    assert (told.stdout, told.stderr) == ("", f"{metric}: no event is in what was asked for\n")


def test_times_of_all_centuries_have_steps_that_fit_and_none_is_left_out(tmp_path: Path) -> None:
    far = [parse_time(f"{year}-06-01T00:00:00Z") for year in ("0002", "1969", "2026", "9998")]
    path = write(tmp_path / "a.evcap", [Log([Written(n, "{}", time_us=time_us) for n, time_us in enumerate(far)])])
    told = rows(path)
    width_s = (parse_time(told[2]["time"]) - parse_time(told[1]["time"])) // SECOND_US
    assert len(told) <= 400
    assert sum(row["value"] for row in told) * width_s == pytest.approx(4)
    assert sum(row["value"] is not None for row in rows(path, "--metric", "size")) == 4
    for metric in ("events", "size"):
        assert "steps are more than 100,000" in run("metrics", path, "--metric", metric, "--every", "1s", status=2).stderr
    assert "is not after" in run("metrics", path, "--from", "2026-01-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z", status=2).stderr


def test_a_spreadsheet_takes_no_name_for_a_formula(tmp_path: Path) -> None:
    told = run("metrics", path_of(tmp_path), "--by", "stream", "--every", "1h", "--format", "csv").stdout
    table = list(csv.reader(io.StringIO(told)))
    assert table[0] == ["time", "metric", "label", "value", "unit", "guarded"]
    assert table[1][2:] == ["'=a-1", str(80 / 3600), "events/s", "label"]


def test_closed_output_is_no_error_and_nothing_is_taken_for_it(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    before = path.read_bytes()
    code = (
        "import os, sys; [os.close(n) for n in (0, 1, 2)]; os.execv(sys.executable, [sys.executable, '-m', 'inspector.cli', *sys.argv[1:]])"
    )
    assert subprocess.run([sys.executable, "-c", code, "metrics", path], timeout=60, check=False).returncode == 0
    assert path.read_bytes() == before


def test_mistakes_say_what_there_is(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    assert "no metric named 'evens'; known: aborted, bytes" in run("metrics", path, "--metric", "evens", status=2).stderr
    assert "events is not told by 'color'; by log, type" in run("metrics", path, "--by", "color", status=2).stderr
    assert "'9999999d' is longer than all times there are" in run("metrics", path, "--every", "9999999d", status=2).stderr
    assert "'soon' is not a span" in run("metrics", path, "--every", "soon", status=2).stderr
    assert "is too long for a name of a file" in run("metrics", path, "--metric", f"projection:{'n' * 300}", status=2).stderr
    assert "is not a time" in run("metrics", path, "--from", "12", status=2).stderr
    assert "give a capture or a source" in run("metrics", status=2).stderr


def test_what_there_is(tmp_path: Path) -> None:
    listed = {row["metric"]: row for row in rows("--list")}
    assert listed["events"]["unit"] == "events/s"
    assert "header:NAME" in listed["events"]["by"]


def test_a_source_is_read_meanwhile(tmp_path: Path) -> None:
    store = ShopStore(tmp_path / "shop.db")
    store.close()
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    assert "nothing of the kind" in run("metrics", url, "--every", "1d").stderr
    assert run("metrics", f"sqlite:///{tmp_path / 'none.db'}", status=3).stderr.startswith("eventscope: ")


def test_each_step_is_told_once_while_a_capture_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with ExitStack() as held:
        with Growing(path) as growing:
            growing.append(10_000)
            command = [sys.executable, "-m", "inspector.cli", "metrics", str(path), "--follow", "--every", "1s", "--format", "jsonl"]
            child = held.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            assert child.stdout is not None
            told = [json.loads(child.stdout.readline())]
            growing.append(20_000)
        told += [json.loads(line) for line in child.stdout]
    assert child.returncode == 0
    times = [row["time"] for row in told]
    assert times == sorted(set(times))
    assert sum(row["value"] for row in told) == 30_000
