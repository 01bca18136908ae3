"""Exports: whole or not there, safe for spreadsheets, masked as the capture wants, and a capture that says what was left out."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import apsw
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.capture import samples
from inspector.capture.masked import open_masked, rules_of
from inspector.capture.reader import CaptureReader
from inspector.capture.report import info, log_reports, scope
from inspector.capture.rows import Event
from inspector.capture.writer import CaptureWriter, Progress
from inspector.cli import main
from inspector.errors import StorageError
from inspector.event import Flag, format_time
from inspector.export import COLUMNS, FORMULA, Lines, Table, export
from inspector.lag.report import recorded
from inspector.masks import SIGN
from inspector.sources.samples import COMMITTED, MEMBERS, Sample, label_of
from tests.app.captures import Growing, capture, document
from tests.capture.test_masked import CANARY, MAIL, RULES, made
from tests.cli.test_read import COMMAND, EVENT_FIELDS
from tests.replay.captures import KAFKA, STORE, Log, Written, write


def exported(source: Path, out: Path, *options: str, status: int = 0) -> Path:
    assert main(["export", str(source), "-o", str(out), *options]) == status
    return out


def events_of(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["events", str(path), *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_json_lines_are_those_of_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = capture(tmp_path / "a.evcap", 5_200)
    for options in ((), ("--filter", "data.total > 5100"), ("--order", "time")):
        out = exported(source, tmp_path / f"{len(options)}{options[-1][:3] if options else ''}.jsonl".replace("data.", ""), *options)
        assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == events_of(source, capsys, *options)
        assert out.stat().st_mode & 0o077 == 0


def test_csv_has_every_field_and_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(COLUMNS) == EVENT_FIELDS
    values = [b'=cmd|"/c calc"!A1', b"+1", b"-1", b"@SUM(A1)", b"\tx", b"\rx", b'plain, "quoted"\nand two lines', b"\xff\xfe", None]
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values(values, flags=int(Flag.undecodable))
    out = exported(tmp_path / "a.evcap", tmp_path / "safe.csv")
    said = capsys.readouterr().out
    assert "6 cells begin with an apostrophe" in said
    assert "--csv exact" in said
    cells = [row["value"] for row in rows_of(out)]
    assert cells[:6] == [f"'{(value or b'').decode()}" for value in values[:6]]
    assert cells[6:] == ['plain, "quoted"\nand two lines', "base64://4=", ""]
    assert [row["guarded"] for row in rows_of(out)] == [*["value"] * 6, "", "", ""]
    assert json.loads((tmp_path / "safe.csv.manifest.json").read_text())["columns"] == [*COLUMNS, "guarded"]
    exact = exported(tmp_path / "a.evcap", tmp_path / "exact.csv", "--csv", "exact")
    assert [row["value"] for row in rows_of(exact)][:6] == [(value or b"").decode() for value in values[:6]]
    assert "apostrophe" not in capsys.readouterr().out
    assert list(rows_of(exact)[0]) == list(COLUMNS)


def test_csv_has_no_bytes_that_no_text_has(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([b"tab\there", b"\0\0\0\x07id", b"a\x1b[2J"], flags=int(Flag.undecodable), key=bytes(8))
    out = exported(tmp_path / "a.evcap", tmp_path / "a.csv")
    assert [row["value"] for row in rows_of(out)] == ["tab\there", "base64:AAAAB2lk", "base64:YRtbMko="]
    assert {row["key"] for row in rows_of(out)} == {"base64:AAAAAAAAAAA="}
    assert b"\0" not in out.read_bytes()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_no_text_begins_like_a_formula_and_none_is_lost(text: str) -> None:
    table = Table(lambda value: (value or b"").decode())
    *_, cell, guarded = map(str, table._safe([text]))
    assert not cell.startswith(FORMULA)
    assert cell.removeprefix("'" if guarded else "") == text


@pytest.mark.parametrize("text", ["\n=1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)"])
def test_line_feeds_and_wide_signs_are_formulas_too(text: str) -> None:
    assert Table(lambda _value: "")._safe([1, text]) == [1, f"'{text}", COLUMNS[1]]


def test_headers_that_are_none_forge_no_event(tmp_path: Path) -> None:
    source = capture(tmp_path / "a.evcap", 3)
    headers = ['[]}\n{"seq": 9, "forged": true', "[\n]", "not json"]
    connection = apsw.Connection(str(source))
    connection.executemany("UPDATE record SET headers = ? WHERE seq = ?", zip(headers, (1, 2, 3), strict=True))
    connection.close()
    lines = exported(source, tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["headers"] for line in lines] == headers


def test_masks_hold_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = made(tmp_path / "a.evcap")
    for suffix in ("jsonl", "csv", "evcap"):
        out = exported(source, tmp_path / f"out.{suffix}")
        said = capsys.readouterr()
        assert "what the masks hide is hidden in it" in said.out
        content = out.read_bytes()
        for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode()):
            assert form not in content, suffix
        assert SIGN.encode() in content
        clear = exported(source, tmp_path / f"clear.{suffix}", "--unmasked")
        assert "in clear" in capsys.readouterr().out
        assert CANARY.encode() in clear.read_bytes()
    with open_masked(tmp_path / "clear.evcap") as reader:
        assert rules_of(reader) == RULES
        assert CANARY not in "".join(map(str, reader.events()))
    with CaptureReader(tmp_path / "out.evcap") as reader:
        assert rules_of(reader) == ""


def test_rules_of_a_file_hide_besides_the_captures_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, rules = made(tmp_path / "a.evcap"), tmp_path / "profile.toml"
    rules.write_text('profile = 1\nname = "x"\n[masks]\npaths = ["data.total"]\n')
    lines = exported(source, tmp_path / "a.jsonl", "--masks", str(rules)).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["data"] and json.loads(line)["data"]["total"] for line in lines] == [SIGN, SIGN, None, SIGN]
    assert not any(CANARY in line for line in lines)
    shown = events_of(source, capsys, "--masks", str(rules), "--limit", "1")
    assert shown[0]["data"]["total"] == SIGN
    assert main(["replay", str(source), MAIL, "--masks", str(rules)]) == 0
    assert "9.90" not in capsys.readouterr().out
    rules.write_text('[masks]\npaths = ["nowhere"]')
    assert main(["events", str(source), "--masks", str(rules)]) == 2


def test_a_capture_of_what_a_filter_finds_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = capture(tmp_path / "a.evcap", 12_000)
    out = exported(source, tmp_path / "b.evcap", "--filter", "data.total >= 11990")
    whole = exported(source, tmp_path / "c.evcap")
    with CaptureReader(out) as reader, CaptureReader(whole) as all_of_it:
        assert [(event.position, event.data) for event in reader.events()] == [
            (position, document(position).decode()) for position in range(11_990, 12_000)
        ]
        (report,), (of_all,) = log_reports(reader), log_reports(all_of_it)
        assert {part["state"] for part in report.coverage} == {"scanned"}
        assert {part.get("filter") for part in report.coverage} == {"(data.total >= 11990)"}
        assert sum(int(str(part["records"])) for part in report.coverage) == 10
        assert {part["state"] for part in of_all.coverage} == {"read"}
        assert info(all_of_it)["events"] == 12_000
        with CaptureReader(source) as original:
            assert scope(all_of_it)["read"] == scope(original)["read"]
    once_more = exported(out, tmp_path / "d.evcap", "--filter", "data.total < 11995")
    with CaptureReader(once_more) as reader:
        assert len(list(reader.events())) == 5
        filters = {str(part.get("filter")) for part in log_reports(reader)[0].coverage}
    assert filters == {"((data.total >= 11990)) && (data.total < 11995)"}
    clear, copy = events_of(source, capsys), events_of(whole, capsys)
    for line in (*clear, *copy):
        line.pop("captured_time")
    assert copy == clear


def test_an_exported_capture_has_what_was_measured_in_its_time(tmp_path: Path) -> None:
    events = [Written(n, f'{{"n": {n}}}', time_us=n * 60_000_000) for n in range(60)]
    write(tmp_path / "a.evcap", [Log([], "other")], STORE)
    source = write(tmp_path / "a.evcap", [Log(events)])
    every_5_s = [at * 5_000_000 for at in range(720)]
    with CaptureWriter(source, floor_bytes=0) as writer:
        for info, consumer in ((STORE, "stock"), (KAFKA, "billing")):
            reading = writer.begin(writer.add_source(info), {}, isolation="", filter_text=None, settings={})
            label = label_of(consumer, "orders", 0)
            writer.append(reading, [], None, Progress(samples=[Sample(COMMITTED, label, at_us, at_us / 1e6) for at_us in every_5_s]))
        writer.append(reading, [], None, Progress(samples=[Sample(MEMBERS, label_of("billing"), every_5_s[120], 3)]))

    def measured(path: Path) -> dict[tuple[str, str, str], list[int]]:
        found: dict[tuple[str, str, str], list[int]] = {}
        with CaptureReader(path) as reader:
            kinds = dict(reader.select("SELECT id, kind FROM source"))
            for source_id, one in samples.stored(reader):
                found.setdefault((kinds[source_id], one.metric, one.label), []).append(one.time_us)
        return found

    assert measured(exported(source, tmp_path / "b.evcap")) == measured(source)
    part = exported(source, tmp_path / "c.evcap", "--filter", "data.n >= 10 && data.n <= 12")
    span = [at_us for at_us in every_5_s if 590_000_000 <= at_us < 730_000_000]
    assert {(kind, metric): times for (kind, metric, _), times in measured(part).items()} == {
        ("sqlite", COMMITTED): span,
        ("kafka", COMMITTED): span,
        ("kafka", MEMBERS): [600_000_000],
    }
    assert measured(exported(source, tmp_path / "d.evcap", "--filter", "data.n > 99")) == {}
    since, until = (f'timestamp("{format_time(at_us)}")' for at_us in (595_000_000, 725_000_000))
    asked = exported(source, tmp_path / "e.evcap", "--filter", f"data.n == 11 && time >= {since} && time < {until}")
    span = [at_us for at_us in every_5_s if 595_000_000 <= at_us < 725_000_000]
    assert {(kind, metric): times for (kind, metric, _), times in measured(asked).items() if metric == COMMITTED} == {
        ("sqlite", COMMITTED): span,
        ("kafka", COMMITTED): span,
    }
    with CaptureReader(part) as reader:
        account = next(one for one in recorded(reader) if one.name == "billing")
    assert account.as_of_us == 725_000_000


def test_wrong_wishes_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = capture(tmp_path / "a.evcap", 3)
    for arguments, sentence in (
        (["-o", str(tmp_path / "x.pdf")], "does not say its form"),
        (["-o", str(source)], "is the capture itself"),
        (["-o", str(tmp_path / "none" / "x.csv")], "there is no folder"),
        (["-o", str(tmp_path / "x.csv"), "--filter", "seq >"], "the filter is wrong"),
        (["-o", str(tmp_path / "x.evcap"), "--order", "time"], "an order of its own"),
    ):
        assert main(["export", str(source), *arguments]) != 0
        assert sentence in capsys.readouterr().err
    (tmp_path / "x.csv").write_text("mine")
    assert main(["export", str(source), "-o", str(tmp_path / "x.csv")]) == 2
    assert (tmp_path / "x.csv").read_text() == "mine"
    exported(source, tmp_path / "x.csv", "--replace")
    assert len(rows_of(tmp_path / "x.csv")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.evcap", "x.csv", "x.csv.manifest.json"]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "evcap"])
def test_what_is_stopped_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    source = capture(tmp_path / "a.evcap", 30_000)
    process = subprocess.Popen(
        [*COMMAND, "export", str(source), "-o", str(tmp_path / f"x.{suffix}"), "--progress", "json", "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert json.loads(errors.splitlines()[-1]) == {"type": "done", "stopped": "cancelled", "exit": 130}
    assert [path.name for path in tmp_path.iterdir()] == ["a.evcap"]


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    out = tmp_path / "x.jsonl"
    out.write_text("before")
    with pytest.raises(StorageError, match="No space left"):
        export([], out, Lines(str), replace=True)
    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_what_is_written_is_counted(tmp_path: Path) -> None:
    with CaptureReader(capture(tmp_path / "a.evcap", 4_100)) as reader:
        told: list[tuple[int, int]] = []
        events: list[Event] = list(reader.events())
        done = export(events, tmp_path / "x.jsonl", Lines(lambda event: str(event.seq)), progress=lambda *so_far: told.append(so_far))
    assert [events for events, _ in told] == [2_000, 4_000]
    assert (done.events, done.size_bytes, done.is_whole) == (4_100, (tmp_path / "x.jsonl").stat().st_size, True)


def test_export_starts_without_the_window() -> None:
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "inspector.cli", "export", "--help"], capture_output=True, check=True)
    assert b"PySide6" not in done.stderr
    assert b"apsw" not in done.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet", "evcap"])
def test_a_manifest_stands_beside_an_export_and_tells_when_it_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(n, f'{{"n":{n}}}', time_us=n) for n in range(5, 25)])])
    out = tmp_path / f"x.{form}"
    assert main(["export", str(path), "-o", str(out), "--filter", "data.n >= 10"]) == 0
    manifest = json.loads((tmp_path / f"x.{form}.manifest.json").read_text(encoding="utf-8"))
    assert manifest["logs"] == [{"log": "orders", "partition": 0, "events": 15, "first": 10, "last": 24}]
    assert (manifest["events"], manifest["filter"], manifest["size_bytes"]) == (15, "data.n >= 10", out.stat().st_size)
    assert manifest["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert (manifest["first_time"], manifest["last_time"]) == ("1970-01-01T00:00:00.000010Z", "1970-01-01T00:00:00.000024Z")
    place = str(tmp_path / f"x.{form}.manifest.json")
    assert main(["verify", place]) == 0
    content = bytearray(out.read_bytes())
    content[len(content) // 2] ^= 1
    out.write_bytes(bytes(content))
    assert main(["verify", place]) == 1
    assert "other bytes" in capsys.readouterr().out
    out.write_bytes(b"")
    assert main(["verify", place]) == 1
    out.unlink()
    assert main(["verify", place]) == 1
    assert main(["verify", str(path)]) == 2


@pytest.mark.parametrize(
    "text", ["{}", "[1]", '{"file": "", "size_bytes": 1, "sha256": ""}', '{"file": "x", "size_bytes": Infinity, "sha256": ""}']
)
def test_what_is_no_manifest_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (tmp_path / "x.manifest.json").write_text(text)
    assert main(["verify", str(tmp_path / "x.manifest.json")]) == 2
    assert "is no manifest" in capsys.readouterr().err


def test_a_manifest_that_is_there_is_not_replaced_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}")])])
    (tmp_path / "x.jsonl.manifest.json").write_text("mine")
    assert main(["export", str(path), "-o", str(tmp_path / "x.jsonl")]) == 2
    assert (tmp_path / "x.jsonl.manifest.json").read_text() == "mine"
    assert not (tmp_path / "x.jsonl").exists()


def test_parquet_holds_what_the_capture_holds(tmp_path: Path) -> None:
    events = [
        Written(0, '{"n": 1.10, "big": 12345678901234567890.5}', time_us=1, headers='[["a","b"],["a",null]]', version=3, actor="ann"),
        Written(1, None, time_us=2),
        Written(2, "", is_document=False),
    ]
    path = write(tmp_path / "a.evcap", [Log(events)])
    assert main(["export", str(path), "-o", str(tmp_path / "x.parquet"), "--no-manifest"]) == 0
    assert not (tmp_path / "x.parquet.manifest.json").exists()
    relation = duckdb.sql(f"SELECT position, value, headers, data, version, actor FROM '{tmp_path / 'x.parquet'}'")
    assert relation is not None
    read = relation.fetchall()
    first, second, third = read
    assert first[1:3] == (b'{"n": 1.10, "big": 12345678901234567890.5}', '[["a","b"],["a",null]]')
    assert first[3:] == ('{"n":1.10,"big":12345678901234567890.5}', 3, "ann")
    assert second[1] is None
    assert third[1] == b""


def test_large_exports_take_little_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(n, f'{{"n":{n},"text":"{"x" * 1000}"}}') for n in range(30_000)])])
    tracemalloc.start()
    assert main(["export", str(path), "-o", str(tmp_path / "x.parquet")]) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150_000_000
