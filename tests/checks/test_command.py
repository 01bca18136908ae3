"""`eventscope check`: the demo's planted faults are all found; what is found is kept beside the capture and goes with a copy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture import findings
from inspector.capture.reader import CaptureReader
from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.demo.children import Capture, Server
from tests.app import finding_captures
from tests.replay.captures import Log, Written, write

STORY = ["--history", "8000", "--now", "2026-11-23T12:00:00Z", "--no-live"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("checked")
    with Server(folder / "shop", STORY) as server:
        ready = server.ready
        with Capture([ready["kafka"], ready["store"]], ready["topics"], folder / "demo.evcap") as capture:
            capture.wait_for(ready["events"] + ready["rows"])
            capture.follow(0)
        faults = json.loads(Path(ready["faults"]).read_text(encoding="utf-8"))
        yield folder / "demo.evcap", {one["name"]: one for one in (faults if isinstance(faults, list) else faults["faults"])}


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(["check", *arguments, "--format", "jsonl"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_planted_fault_of_the_demo_is_found(demo: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    path, faults = demo
    status, found = lines(capsys, str(path))
    assert status == 1

    def named(rule: str, log: str) -> list[dict[str, Any]]:
        return [one for one in found if one["rule"] == rule and one["log"] == log]

    def places(fault: str, log: str, role: str = "") -> list[int]:
        return [one["position"] for one in faults[fault]["places"] if one["log"] == log and role in one["role"]]

    back = named("time-order", "stored_events")
    assert min(one["first"] for one in back) == min(places("clock-back", "stored_events"))
    assert max(one["last"] for one in back) == max(places("clock-back", "stored_events"))
    (again,) = named("duplicate-ids", "shop.orders")
    assert [again["first"], again["last"]] == places("duplicate-oversell", "shop.orders")[:2]
    (gone,) = [one for one in named("offset-gaps", "stored_events") if one["severity"] == "warning"]
    assert [gone["first"]] == places("version-gap", "stored_events")
    (version,) = [one for one in found if one["rule"] == "version-gaps"]
    assert version["text"].startswith(f"Order/{faults['version-gap']['places'][0]['stream']}: version 2 is missing")
    (bad,) = [one for one in found if one["rule"] == "undecodable"]
    assert [bad["first"]] == places("undecodable-record", bad["log"])
    processes = " ".join(one["text"] for one in found if one["rule"] == "processes")
    for fault in ("stuck-saga", "missing-compensation"):
        assert faults[fault]["correlation_ids"][0] in processes
    assert "StockReleased" in processes
    bursts = [one for one in found if one["rule"] == "bursts"]
    struck = {one["time"][:16] for one in faults["fraud-burst"]["places"]}
    assert any(minute in one["text"] for one in bursts for minute in struck)


def test_what_is_found_is_kept_beside_and_goes_with_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(n, "{}") for n in (0, 1, 3)], read=[(0, 4)])])
    before = path.read_bytes()
    status, (one,) = lines(capsys, str(path))
    assert (status, one["rule"], one["first"]) == (1, "offset-gaps", 2)
    assert path.read_bytes() == before
    with CaptureReader(path) as reader:
        kept = findings.read(reader)
    assert [(found.rule, found.first, found.events) for found in kept.findings] == [("offset-gaps", 2, (2, 3))]
    assert all(rule["is_whole"] for rule in kept.rules.values())
    assert main(["save", str(path), str(tmp_path / "copy.evcap")]) == 0
    connection = apsw.Connection(str(tmp_path / "copy.evcap"))
    assert list(connection.execute('SELECT rule, "first", events FROM finding')) == [("offset-gaps", 2, "[2, 3]")]
    connection.close()
    capsys.readouterr()
    assert lines(capsys, str(path), "--rule", "undecodable") == (0, [])
    with CaptureReader(path) as reader:
        assert [found.rule for found in findings.read(reader).findings] == ["offset-gaps"]


def test_the_same_check_run_again_replaces_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(n, "{}") for n in (0, 1, 3)], read=[(0, 4)])])
    assert len(lines(capsys, str(path))[1]) == 1
    write(path, [Log([Written(2, "{}")], read=[(2, 3)])])
    lines(capsys, str(path))
    with CaptureReader(path) as reader:
        assert findings.read(reader).findings == []


def test_a_strangers_findings_are_looked_at_before_they_are_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}")])])
    connection = apsw.Connection(str(path))
    for events in ("[1]", '["x"]', "[[1]]", "nothing", "[" * 100_000):
        connection.execute(
            'INSERT INTO finding (rule, severity, text, events, "count", log, assumption, legal_because, made_us) '
            "VALUES ('r', 'info', 't', ?, 1, '', '', '', 1)",
            (events,),
        )
    connection.close()
    with CaptureReader(path) as reader:
        assert [found.events for found in findings.read(reader).findings] == [(1,)]


def test_the_checks_are_listed_and_unknown_ones_refused(capsys: pytest.CaptureFixture[str]) -> None:
    status, listed = lines(capsys, "--list")
    assert status == 0
    assert {one["rule"] for one in listed} >= {"offset-gaps", "version-gaps", "duplicate-ids", "time-order", "undecodable", "tail"}
    assert all(one["assumes"] and one["legal"] and one["title"] for one in listed)
    assert main(["check", "x", "--rule", "nonsense"]) == 2
    assert "known: " in capsys.readouterr().err
    assert main(["check"]) == 2


def test_nothing_found_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}")])])
    assert main(["check", str(path), "--format", "table"]) == 0
    assert "nothing found by 12 of 12 checks" in capsys.readouterr().err


def test_what_masks_hide_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = finding_captures.faulty(tmp_path / "a.evcap")
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["id", "stream"]\n', encoding="utf-8")
    _, clear = lines(capsys, str(path))
    assert any(finding_captures.ODD_ID in one["text"] for one in clear)
    status, hidden = lines(capsys, str(path), "--masks", str(masks))
    assert [(one["rule"], one["count"], one["first"], one["events"]) for one in hidden] == [
        (one["rule"], one["count"], one["first"], one["events"]) for one in clear
    ]
    assert not any(finding_captures.ODD_ID in one["text"] for one in hidden)
    assert main(["check", str(path), "--masks", str(masks), "--format", "table"]) == status
    assert finding_captures.ODD_ID not in capsys.readouterr().out


def test_the_masks_of_a_capture_hold_until_they_are_taken_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = finding_captures.faulty(tmp_path / "a.evcap")
    with CaptureWriter(path) as writer:
        writer.note_setting("masks", '[masks]\npaths = ["id"]\n')
    _, hidden = lines(capsys, str(path))
    assert not any(finding_captures.ODD_ID in one["text"] for one in hidden)
    _, clear = lines(capsys, str(path), "--unmasked")
    assert any(finding_captures.ODD_ID in one["text"] for one in clear)
