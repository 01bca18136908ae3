"""`eventscope states` as a script sees it: a row for each aggregate, each what `eventscope replay` prints of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from inspector.event import Flag
from tests.cli.test_keep import run
from tests.replay.captures import KAFKA, SECOND_US, STORE, Log, Written, write

FIELDS = {
    *("stream", "category", "source", "state", "version", "applied", "skipped_aborted", "last", "as_of", "failed_at", "deleted"),
    *("reducer", "history", "complete"),
}
_SHARED = (
    *("stream", "category", "source", "state", "version", "applied", "skipped_aborted", "last", "as_of", "failed_at"),
    *("reducer", "history"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    events = [
        Written(0, '{"balance":-0.10,"owner":"=ann","items":[{"sku":"x"}]}', "a-1", 1, type="Opened", actor="ann"),
        Written(1, '{"balance":12345678901234567890.5,"owner":"ann@example.org"}', "a-2", 1, type="Opened"),
        Written(2, '{"balance":10}', "a-1", 2),
        Written(3, '{"balance":3,"owner":"bob"}', "a-3", 1),
        Written(4, None, "a-3", 2),
        Written(5, '{"balance":7}', "a-4", 2),
        Written(6, '{"balance":8}', "a-4", 3, flags=int(Flag.aborted)),
        Written(7, '{"owner":"late"}', "a-5", 1),
        Written(8, '{"n":1}', "b-1", 1, category="other"),
    ]
    return write(tmp_path / "a.evcap", [Log(events, name="accounts")])


@pytest.fixture
def failing(path: Path) -> Path:
    events = [Written(0, "?", "a-6", 1, flags=int(Flag.undecodable)), Written(1, '{"balance":1}', "a-7", 1)]
    return write(path, [Log(events, name="accounts")], STORE)


def rows(*arguments: str | Path, status: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("states", *arguments, "--category", "accounts", status=status).stdout.splitlines()]


def scope(*arguments: str | Path, status: int = 0) -> dict[str, Any]:
    said = run("states", *arguments, "--category", "accounts", status=status).stderr
    found: dict[str, Any] = json.loads(said.splitlines()[-1])["scope"]
    return found


def test_each_row_is_what_replay_prints(failing: Path) -> None:
    for moment in ((), ("--at", "1970-01-01T00:00:02Z"), ("--version", "1")):
        found = rows(failing, *moment, "--deleted", status=1)
        assert all(set(row) == FIELDS for row in found)
        for row in found:
            status = 1 if row["failed_at"] else 0
            (replayed,) = map(json.loads, run("replay", failing, row["stream"], *moment, status=status).stdout.splitlines())
            assert {name: row[name] for name in _SHARED} == {name: replayed[name] for name in _SHARED}
            assert row["complete"] == replayed["scope"]["complete"]


def test_streams_without_an_event_yet_and_deleted_ones_are_counted(path: Path) -> None:
    assert [row["stream"] for row in rows(path)] == ["a-1", "a-2", "a-4", "a-5"]
    assert scope(path) == {
        "asked": "all events",
        "streams": 5,
        "rows": 4,
        "not_begun": 0,
        "deleted": 1,
        "not_applicable": 0,
        "failed": 0,
        "complete": False,
        "stopped": "",
    }
    then = ("--at", "1970-01-01T00:00:03Z")
    assert [(row["stream"], row["state"]["balance"]) for row in rows(path, *then)] == [
        ("a-1", 10),
        ("a-2", 12345678901234567890.5),
        ("a-3", 3),
    ]
    assert (scope(path, *then)["not_begun"], scope(path, *then)["deleted"]) == (2, 0)
    assert [(row["stream"], row["deleted"], row["state"]) for row in rows(path, "--deleted") if row["deleted"]] == [("a-3", True, None)]


def test_numbers_keep_their_digits(path: Path) -> None:
    assert '"balance":12345678901234567890.5' in run("states", path, "--category", "accounts").stdout


def test_filters_orders_fields_and_limits(path: Path) -> None:
    assert [row["stream"] for row in rows(path, "--filter", "state.balance > 12345678901234567890.4")] == ["a-2"]
    assert [row["stream"] for row in rows(path, "--filter", "state.items[0].sku == 'x' && version == 2")] == ["a-1"]
    assert scope(path, "--filter", "state.balance >= 0")["not_applicable"] == 1
    assert [row["stream"] for row in rows(path, "--sort", "state.balance")] == ["a-4", "a-1", "a-2", "a-5"]
    assert [row["stream"] for row in rows(path, "--sort", "state.balance", "--reverse")] == ["a-2", "a-1", "a-4", "a-5"]
    assert [row["stream"] for row in rows(path, "--sort", "state.balance", "--limit", "1")] == ["a-4"]
    assert [row["stream"] for row in rows(path, "--limit", "2")] == ["a-1", "a-2"]
    shown = rows(path, "--show", "state.balance", "--show", "state.items[0].sku")
    assert shown[0]["fields"] == {"state.balance": 10, "state.items[0].sku": "x"}
    assert shown[3]["fields"] == {"state.balance": None, "state.items[0].sku": None}
    assert "state" not in shown[0]


def test_a_failing_stream_is_told_and_the_others_are_there(failing: Path) -> None:
    found = rows(failing, "--source", "shop.db", status=1)
    assert [(row["stream"], row["state"]) for row in found] == [("a-6", None), ("a-7", {"balance": 1})]
    assert "could not be decoded" in found[0]["failed_at"]["reason"]
    assert scope(failing, "--source", "shop.db", status=1)["failed"] == 1
    assert [row["stream"] for row in rows(failing, "--filter", "has(error)", status=1)] == ["a-6"]


def test_completeness_can_be_required(path: Path, tmp_path: Path) -> None:
    rows(path, "--require-complete", status=5)
    rows(path, "--require-complete", "--filter", "stream != 'a-4'")
    rows(path, "--require-complete", "--version", "2", "--filter", "stream == 'a-5'", status=5)
    cut = write(tmp_path / "cut.evcap", [Log([Written(0, "{}", version=1)], name="accounts", end=9)])
    rows(cut, "--require-complete", status=5)


def test_masks_hide_in_rows_as_in_replays(path: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[masks]\npaths = ["data.owner", "actor"]\n')
    for row in rows(path, "--masks", rules):
        (replayed,) = map(json.loads, run("replay", path, row["stream"], "--masks", rules).stdout.splitlines())
        assert (row["state"], row["last"]) == (replayed["state"], replayed["last"])
        assert row["state"].get("owner", "••••") == "••••"
    out = tmp_path / "masked.csv"
    assert "what the masks hide is hidden in it" in run("states", path, "--category", "accounts", "--masks", rules, "-o", out).stdout
    assert "ann" not in out.read_text(encoding="utf-8")
    assert rows(path, "--masks", rules, "--filter", "state.owner == 'late'") == []


def test_files_have_the_rows_in_three_forms(path: Path, tmp_path: Path) -> None:
    shown = ("--show", "state.balance", "--show", "state.owner", "--sort", "stream")
    outs = [tmp_path / f"out{suffix}" for suffix in (".jsonl", ".csv", ".parquet")]
    for out in outs:
        assert f"exported {out}: 4 rows" in run("states", path, "--category", "accounts", *shown, "-o", out).stdout
    lines = [json.loads(line) for line in outs[0].read_text(encoding="utf-8").splitlines()]
    assert lines == rows(path, *shown)
    with outs[1].open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    table = pq.read_table(outs[2]).to_pylist()
    assert [row["state.balance"] for row in cells] == ["10", "12345678901234567890.5", "7", ""]
    assert [row["state.balance"] for row in table] == ["10", "12345678901234567890.5", "7", None]
    assert [row["state.owner"] for row in cells] == ["'=ann", "ann@example.org", "", "late"]
    assert [row["state.owner"] for row in table] == ["=ann", "ann@example.org", None, "late"]
    assert [row["last_time"] for row in cells] == [line["last"]["time"] for line in lines]
    assert [row["last_time"].timestamp() * SECOND_US for row in table] == [2 * SECOND_US, SECOND_US, 5 * SECOND_US, 7 * SECOND_US]
    assert (table[0]["version"], table[0]["deleted"], table[0]["history"]) == (2, False, "whole")


def test_halves_of_characters_are_written_as_escapes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, '{"v":"\\ud800","w":"x"}', "a-1", 1)], name="accounts")])
    for suffix in (".jsonl", ".csv", ".parquet"):
        run("states", path, "--category", "accounts", "--show", "state.v", "--show", "state.w", "-o", tmp_path / f"out{suffix}")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["state.v"], row["state.w"]) == ('"\\ud800"', "x")
    assert pq.read_table(tmp_path / "out.parquet").to_pylist()[0]["state.v"] == '"\\ud800"'


def test_a_file_has_whole_states_and_is_not_replaced_unasked(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    run("states", path, "--category", "accounts", "--filter", "state.balance == 7", "-o", out)
    with out.open(encoding="utf-8", newline="") as file:
        assert [json.loads(row["state"]) for row in csv.DictReader(file)] == [{"balance": 7}]
    assert "is there already" in run("states", path, "--category", "accounts", "-o", out, status=2).stderr
    run("states", path, "--category", "accounts", "-o", out, "--replace")
    assert "does not say its form" in run("states", path, "--category", "accounts", "-o", tmp_path / "out.xls", status=2).stderr


def test_a_manifest_says_what_a_file_is(failing: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    asked = ("--at", "1970-01-01T00:00:05Z", "--filter", "state.balance > 0 || has(error)", "--show", "state.owner", "--sort", "stream")
    run("states", failing, "--category", "accounts", *asked, "-o", out, status=1)
    place = out.with_name("out.csv.manifest.json")
    said = json.loads(place.read_text(encoding="utf-8"))
    assert {name: said[name] for name in ("category", "moment", "at", "clock", "filter", "show", "sort", "masks", "csv")} == {
        "category": "accounts",
        "moment": "1970-01-01T00:00:05Z",
        "at": "1970-01-01T00:00:05.000000Z",
        "clock": "event time",
        "filter": "state.balance > 0 || has(error)",
        "show": ["state.owner"],
        "sort": "stream",
        "masks": False,
        "csv": "safe",
    }
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert (said["rows"], said["columns"]) == (len(found), list(found[0]))
    assert said["histories"] == {name: [row["history"] for row in found].count(name) for name in {row["history"] for row in found}}
    assert said["reducers"] == {"merge": len(found)}
    assert "1 that fail" in said["notes"]
    assert (said["scope"]["failed"], said["scope"]["deleted"]) == (1, 1)
    run("verify", place)
    out.write_bytes(out.read_bytes() + b"x")
    run("verify", place, status=1)
    run("states", failing, "--category", "accounts", "-o", tmp_path / "bare.jsonl", "--no-manifest", status=1)
    assert not (tmp_path / "bare.jsonl.manifest.json").exists()


def test_cells_are_left_as_they_are_when_that_is_asked_for(path: Path, tmp_path: Path) -> None:
    for words, owner in (([], "'=ann"), (["--csv", "exact"], "=ann")):
        out = tmp_path / f"{len(words)}.csv"
        said = run("states", path, "--category", "accounts", "--show", "state.owner", *words, "-o", out).stdout
        with out.open(encoding="utf-8", newline="") as file:
            first = next(csv.DictReader(file))
        assert (first["state.owner"], first.get("guarded")) == (owner, None if words else "state.owner")
        assert ("1 cell begins with an apostrophe" in said) is not bool(words)


def test_programs_are_told_how_it_goes(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    lines = run("states", path, "--category", "accounts", "--sort", "state.balance", "-o", out, "--progress", "json").stderr.splitlines()
    told = [json.loads(line) for line in lines]
    assert told[-2:] == [
        {"type": "exported", "path": str(out), "rows": 4, "bytes": out.stat().st_size, "notes": told[-2]["notes"]},
        {"type": "done", "stopped": "", "exit": 0},
    ]
    assert "1 deleted left out" in told[-2]["notes"]
    assert {line["type"] for line in told[:-2]} <= {"progress"}


def test_people_get_a_table(path: Path) -> None:
    out = run("states", path, "--category", "accounts", "--show", "state.owner", "--deleted", "--format", "table").stdout.splitlines()
    assert out[0].split() == ["stream", "state.owner", "version", "applied", "last", "history"]
    assert len(out) == 6


def test_mistakes_are_usage(path: Path) -> None:
    for words in (
        ["--filter", "data.balance > 0"],
        ["--filter", "state.balance >"],
        ["--show", "balance"],
        ["--sort", "balance"],
        ["--at", "noon"],
        ["--reducer", "x"],
        ["--source", "none"],
        ["--limit", "-1"],
    ):
        assert run("states", path, "--category", "accounts", *words, status=2).stderr.startswith("eventscope: "), words
    assert "there is accounts, other" in run("states", path, "--category", "zzz", status=2).stderr


def test_numbers_beyond_what_a_capture_holds_mean_the_end(path: Path) -> None:
    beyond = "99999999999999999999"
    whole = [row["state"] for row in rows(path)]
    assert [row["state"] for row in rows(path, "--version", beyond)] == whole
    assert [row["state"] for row in rows(path, "--limit", beyond)] == whole
    (one,) = [json.loads(line) for line in run("replay", path, "a-1", "--version", beyond).stdout.splitlines()]
    assert one["scope"]["absent"] == [f"version {beyond} is not in the capture"]


@pytest.mark.parametrize("arguments", [("replay", "\udcff"), ("replay", "a-1", "--event", "\udcff"), ("states", "--category", "\udcff")])
def test_what_is_no_text_is_called_so(path: Path, arguments: tuple[str, ...]) -> None:
    said = run(arguments[0], path, *arguments[1:], status=2).stderr
    assert "no whole text" in said
    assert "Traceback" not in said


def test_a_reducer_of_ones_own_whose_state_is_no_json_fails_that_stream(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def reduce(state, event):\n    return {1} if event.data and event.data.get('balance') == 7 else event.data\n")
    found = {row["stream"]: row["failed_at"] for row in rows(path, "--reducer", mine, status=1)}
    assert "is no JSON value: set" in found.pop("a-4")["reason"]
    assert set(found.values()) == {None}


def test_what_was_known_is_told_from_what_was_true(tmp_path: Path) -> None:
    events = [Written(0, '{"n":1}', "a-1", 1, 0), Written(1, '{"n":2}', "a-1", 2, SECOND_US, recorded_us=9 * SECOND_US)]
    path, then = write(tmp_path / "late.evcap", [Log(events, name="accounts")]), "1970-01-01T00:00:05Z"
    assert [row["state"]["n"] for row in rows(path, "--at", then)] == [2]
    assert [(row["state"]["n"], row["as_of"]) for row in rows(path, "--known-at", then)] == [(1, "1970-01-01T00:00:05.000000Z")]
    assert scope(path, "--known-at", then)["asked"] == f"as known at {then}"
    out = tmp_path / "out.csv"
    run("states", path, "--category", "accounts", "--known-at", then, "--at", "1970-01-02", "-o", out)
    said = json.loads(out.with_name("out.csv.manifest.json").read_text(encoding="utf-8"))
    assert (said["clock"], said["known_at"]) == ("event time and recorded time", "1970-01-01T00:00:05.000000Z")
    assert "a version is a place" in run("states", path, "--category", "accounts", "--known-at", then, "--version", "1", status=2).stderr


def test_sources_are_told_apart(path: Path) -> None:
    write(path, [Log([Written(0, '{"balance":1}', "a-1", 1)], name="accounts")], STORE)
    assert [row["source"] for row in rows(path, "--filter", "stream == 'a-1'")] == [KAFKA.uri, STORE.uri]
    assert [row["source"] for row in rows(path, "--source", "kafka", "--limit", "1")] == [KAFKA.uri]
