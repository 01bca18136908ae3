"""`eventscope index` as a script sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.capture.lock import CaptureLock
from tests.app.captures import capture
from tests.cli.test_keep import run


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return capture(tmp_path / "a.evcap", 200)


def test_a_field_is_indexed_listed_used_and_dropped(path: Path) -> None:
    wanted = ("events", path, "--filter", 'data.order_id == "order-7"')
    before = run(*wanted).stdout
    made = json.loads(run("index", path, " data['order_id'] ").stdout)
    assert made == {"place": "data.order_id", "bytes": made["bytes"], "kept": "beside", "current": True}
    assert [json.loads(line) for line in run("index", path).stdout.splitlines()] == [made]
    assert run(*wanted).stdout == before
    assert len(before.splitlines()) == 4
    assert json.loads(run("index", path, "data.order_id", "--drop").stdout) == {"place": "data.order_id"}
    assert run("index", path).stdout == ""
    assert run("index", path, "--format", "table").stdout == f"no field of {path} is indexed\n"


def test_it_says_what_it_means(path: Path) -> None:
    said = run("index", path, "data.total", "--format", "table").stdout
    assert said.startswith("data.total is indexed: filters on it are looked up; the index takes ")
    assert said.endswith(" bytes beside the capture\n")
    assert "data.total" in run("index", path, "--format", "table").stdout
    assert "inside" in run("index", path, "metadata.a", "--inside").stdout
    said = run("index", path, "data.total", "--drop", "--format", "table").stdout
    assert said == "the index of data.total is dropped: filters on it look at every event again\n"


def test_the_window_is_told(path: Path) -> None:
    lines = [json.loads(line) for line in run("index", path, "data.total", "--progress", "json").stderr.splitlines()]
    assert [line["type"] for line in lines] == ["indexed", "done"]
    assert lines[0]["place"] == "data.total"
    assert lines[1] == {"type": "done", "stopped": "", "exit": 0}


def test_wrong_usage(path: Path) -> None:
    for wrong in (["type"], ["headers['a']"], ["data.total", "--drop"], ["--drop"], ["--inside"]):
        assert run("index", path, *wrong, status=2).stderr.startswith("eventscope: ")
    assert "place in data or metadata" in run("index", path, "headers['a']", status=2).stderr
    lock = CaptureLock(path)
    assert "is being written by" in run("index", path, "data.total", status=2).stderr
    lock.release()
    run("index", path.with_name("none.evcap"), "data.total", status=4)
