"""What an import accounts for: the positions that files hold, and no more of them than a log can bear."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.cli import main
from inspector.sources import file_runs
from inspector.sources.file_runs import MOST_RUNS, NOT_IN_FILES, PARTLY, FileRuns, runs_of


def record(position: int, **more: object) -> str:
    return json.dumps(
        {"topic": "orders", "partition": 0, "offset": position, "ts": 1_700_000_000_000 + position, "key": "k", "payload": "v", **more}
    )


def imported(folder: Path, positions: Sequence[int], name: str = "a") -> Path:
    (folder / f"{name}.jsonl").write_text("".join(f"{record(position)}\n" for position in positions))
    out = folder / f"{name}.evcap"
    assert main(["import", str(folder / f"{name}.jsonl"), "-o", str(out), "--format", "kcat-json", "--print", "jsonl"]) == 0
    return out


def coverage(out: Path) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(out), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        sql = "SELECT from_position, to_position, state, reason, c.records FROM coverage c JOIN log ON log.id = log_id"
        return list(connection.execute(f"{sql} WHERE log.name = 'orders' ORDER BY 1"))
    finally:
        connection.close()


def test_runs_are_what_positions_make() -> None:
    assert runs_of([]) == []
    assert runs_of([3, 4, 5]) == [(3, 6)]
    assert runs_of([9, 5, 4, 5, 1]) == [(1, 2), (4, 6), (9, 10)]


def test_a_filtered_export_is_read_only_where_it_holds_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = imported(tmp_path, [0, 1, 2, 7, 8, 20])
    assert coverage(out) == [
        (0, 3, "read", "", 3),
        (3, 7, "absent", NOT_IN_FILES, 0),
        (7, 9, "read", "", 2),
        (9, 20, "absent", NOT_IN_FILES, 0),
        (20, 21, "read", "", 1),
    ]
    capsys.readouterr()
    assert main(["count", str(out), "--require-complete"]) == 5
    assert json.loads(capsys.readouterr().out)["scope"]["absent"] == {NOT_IN_FILES: 15}
    assert main(["check", str(out), "--rule", "offset-gaps", "--no-keep", "--format", "jsonl"]) == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (found["first"], found["last"], found["count"], found["severity"]) == (3, 19, 15, "info")
    assert "not in the files" in found["text"]
    assert "compaction" not in found["text"]
    assert len(found["events"]) == 4


def test_a_replay_says_that_the_files_do_not_hold_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = imported(tmp_path, [2, 3, 9])
    capsys.readouterr()
    assert main(["replay", str(out), "k", "--format", "jsonl", "--require-complete"]) == 5
    scope = json.loads(capsys.readouterr().out)
    assert scope["history"] == "unknown"
    said = " ".join(scope["scope"]["absent"])
    assert "positions 0–1 are not in the files" in said
    assert "positions 4–8 are not in the files" in said
    assert "compaction" not in said
    assert "retention" not in said


def test_rows_in_no_order_come_together(tmp_path: Path) -> None:
    positions = list(range(25_000))
    random.Random(7).shuffle(positions)
    assert coverage(imported(tmp_path, positions)) == [(0, 25_000, "read", "", 25_000)]


def test_holes_without_end_do_not_fill_the_account(tmp_path: Path) -> None:
    found = coverage(imported(tmp_path, range(0, 60_000, 2)))
    read = [row for row in found if row[2] == "read"]
    assert len(read) == MOST_RUNS
    assert read[-1][:2] == (2 * MOST_RUNS - 2, 2 * MOST_RUNS - 1)
    assert len(found) <= 2 * MOST_RUNS + 1
    assert found[-1][:4] == (2 * MOST_RUNS, 59_999, "absent", PARTLY)


def test_what_is_kept_while_reading_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_runs, "MOST_RUNS", 3)
    monkeypatch.setattr(file_runs, "MOST_KEPT", 10)
    runs = FileRuns()
    assert runs.add([(0, 2)]) == [(0, 2)]
    for first in range(4, 400, 4):
        runs.add([(first, first + 1)])
        assert len(runs._runs) + len(runs._new) <= 21
    told, beyond = runs.rest()
    assert told == [(0, 2), (4, 5), (8, 9)]
    assert beyond == (12, 397)
    assert runs.span() == (0, 397)


def test_runs_that_waited_are_told_once_the_holes_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_runs, "MOST_RUNS", 2)
    runs = FileRuns()
    assert runs.add([(0, 1), (2, 3), (4, 5)]) == []
    assert runs.add([(1, 2), (3, 4)]) == [(0, 5)]
    assert runs.add([(5, 9)]) == [(5, 9)]
    assert runs.rest() == ([], None)


def exported(folder: Path, out: Path, *options: str) -> Path:
    file = folder / "export.jsonl"
    assert main(["export", str(out), "-o", str(file), "--replace", *options]) == 0
    return file


def test_our_own_whole_export_states_what_it_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump = tmp_path / "dump.txt"
    line = "| offset: {0} CreateTime: 1700000000000 keySize: 1 valueSize: 1 sequence: -1 headerKeys: [] key: k payload: v\n"
    head = "Dumping /data/orders-0/00000000000000000000.log\nLog starting offset: 0\n"
    dump.write_text(head + "".join(line.format(position) for position in (0, 1, 5, 6)))
    first = tmp_path / "first.evcap"
    assert main(["import", str(dump), "-o", str(first), "--print", "jsonl"]) == 0
    assert coverage(first) == [(0, 7, "read", "", 4)]
    for options, expected in (((), [(0, 7, "read", "", 4)]), (("--filter", "position != 1"), [(0, 1), (1, 5), (5, 7)])):
        file = exported(tmp_path, first, *options)
        out = tmp_path / f"again{len(options)}.evcap"
        assert main(["import", str(file), "-o", str(out), "--print", "jsonl"]) == 0
        assert [row[: len(expected[0])] for row in coverage(out)] == expected
    capsys.readouterr()


def test_a_comparison_says_what_a_file_does_not_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = imported(tmp_path, range(10), "a"), imported(tmp_path, [0, 1, 8, 9], "b")
    capsys.readouterr()
    assert main(["compare", str(a), str(b), "--format", "table"]) == 0
    said = capsys.readouterr().out
    assert "6 records only one capture read the place, or it was made of files that do not hold it, which shows nothing" in said


def test_a_damaged_line_of_a_dump_is_no_hole_of_its_log(tmp_path: Path) -> None:
    dump = tmp_path / "dump.txt"
    line = "| offset: {0} CreateTime: 1700000000000 keySize: 1 valueSize: 1 sequence: -1 headerKeys: [] key: k payload: v\n"
    rows = [line.format(0), line.format(1), "| offs\n", line.format(3)]
    dump.write_text("Dumping /data/orders-0/00000000000000000000.log\nLog starting offset: 0\n" + "".join(rows))
    out = tmp_path / "a.evcap"
    assert main(["import", str(dump), "-o", str(out), "--print", "jsonl"]) == 1
    assert [row[:3] for row in coverage(out)] == [(0, 2, "read"), (2, 3, "absent"), (3, 4, "read")]


def test_descending_rows_say_where_the_log_begins(tmp_path: Path) -> None:
    out = imported(tmp_path, range(22_000, 9, -1))
    connection = apsw.Connection(str(out), flags=apsw.SQLITE_OPEN_READONLY)
    assert list(connection.execute("SELECT first_position, end_position FROM log")) == [(10, 22_001)]
    connection.close()
    assert [row[:3] for row in coverage(out)] == [(10, 22_001, "read")]
