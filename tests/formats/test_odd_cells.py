"""Cells that are not what their column is called: they cost neither the column nor their row, and are told with how many they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import apsw
import pytest

from inspector import times
from inspector.cli import main
from inspector.formats.recognise import ASSUMED


def told(capsys: pytest.CaptureFixture[str], *arguments: object, status: int) -> tuple[dict[str, Any], str]:
    assert main([*map(str, arguments), "--print", "jsonl"]) == status
    said = capsys.readouterr()
    return json.loads(said.out.splitlines()[0]), said.err


def found(out: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(out), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(sql))
    finally:
        connection.close()


def table(folder: Path, odd: dict[int, str], rows: int = 20) -> Path:
    lines = ["partition,offset,timestamp,key,value"]
    lines += [odd.get(row, f"0,{row},{1_700_000_000_000 + row},k{row},v{row}") for row in range(rows)]
    (folder / "a.csv").write_text("\n".join(lines) + "\n")
    return folder / "a.csv"


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ("0,n/a,1700000000007,k7,v7", "position: the cell holds no offset"),
        ("0,,1700000000007,k7,v7", "position: the cell is empty"),
        ("zero,7,1700000000007,k7,v7", "partition: the cell holds no number of a partition"),
    ],
)
def test_one_odd_cell_is_a_damaged_row_and_costs_no_column(odd: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.evcap"
    summary, said = told(capsys, "import", table(tmp_path, {7: odd}), "-o", out, status=1)
    assert summary["stored"] == 20
    assert "the first in row 8" in said
    assert any("the first in row 8" in note for note in summary["inputs"][0]["notes"])
    whole = "SELECT position FROM event JOIN log ON log.id = log_id WHERE incarnation = '' ORDER BY 1"
    assert [position for (position,) in found(out, whole)] == [row for row in range(20) if row != 7]
    damaged = "SELECT error, CAST(record.value AS TEXT) FROM event JOIN record USING (seq) WHERE flags & 512"
    assert found(out, damaged) == [(why, "v7")]


def test_a_cell_that_is_no_time_keeps_its_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.evcap"
    summary, said = told(capsys, "import", table(tmp_path, {7: "0,7,soon,k7,v7"}), "-o", out, status=0)
    words = "1 cells of the column for time hold no time: the cell is kept as it stands in extra (the first in row 8)"
    assert words in said
    assert words in summary["inputs"][0]["notes"]
    assert found(out, "SELECT position, error, json(extra) ->> 'time' FROM event WHERE time_us IS NULL") == [
        (7, "time: the cell holds no time", "soon")
    ]


def test_a_column_that_is_not_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path, {row: f"0,x{row},then,k,v" for row in range(0, 20, 2)})
    summary, said = told(capsys, "import", file, "-o", tmp_path / "a.evcap", status=0)
    for words in ("the column 'offset' is not taken for offsets: 10 of the first 20 cells are no whole numbers (the first in row 1)",):
        assert words in said
        assert any(words in note for note in summary["inputs"][0]["notes"])
    assert "the column 'timestamp' is not taken for times: 10 of the first 20 cells are no times (the first in row 1)" in said
    assert main(["import", str(file), "--preview", "--print", "table"]) == 0
    assert "the column 'offset' is not taken for offsets" in capsys.readouterr().out


def test_a_partition_that_no_column_says_is_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("offset,key,value\n" + "".join(f"{row},k,v\n" for row in range(5)))
    summary, _ = told(capsys, "import", tmp_path / "a.csv", "-o", tmp_path / "a.evcap", status=0)
    assert summary["inputs"][0]["loses"].endswith(ASSUMED)
    summary, _ = told(capsys, "import", table(tmp_path, {}), "-o", tmp_path / "b.evcap", status=0)
    assert ASSUMED not in summary["inputs"][0]["loses"]


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("2026-10-25T02:30:00", times.Doubt.twice),
        ("2026-10-25 02:00:00", times.Doubt.twice),
        ("2026-10-25T03:00:00", None),
        ("2026-10-25T02:30:00+01:00", None),
        ("2026-03-29T02:30:00", times.Doubt.never),
        ("2026-03-29T01:59:59", None),
        ("2026-03-29T03:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("no time", None),
        ("1700000000000", None),
    ],
)
def test_times_that_a_zone_has_twice_or_never_are_known(text: str, doubt: times.Doubt | None) -> None:
    assert times.doubt_of(text, PARIS) is doubt


def test_times_that_a_zone_leaves_open_are_counted_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moments = ["2026-10-25T01:30:00", "2026-10-25T02:30:00", "2026-10-25T02:45:00", "2026-03-29T02:30:00", "2026-03-29T03:30:00"]
    (tmp_path / "a.csv").write_text("time,name\n" + "".join(f"{moment},n\n" for moment in moments))
    out = tmp_path / "a.evcap"
    options = [tmp_path / "a.csv", "--zone", "Europe/Paris"]
    summary, said = told(capsys, "import", *options, "-o", out, status=0)
    twice = "2 cells of the column for time say an hour that Europe/Paris has twice, when clocks go back: the first of the two is taken"
    never = (
        "1 cells of the column for time say an hour that Europe/Paris does not have, as clocks go forward: it is taken as if they had not"
    )
    for words in (f"{twice} (the first in row 2)", f"{never} (the first in row 4)"):
        assert words in said
        assert words in summary["inputs"][0]["notes"]
    first = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1_000_000)
    assert found(out, "SELECT time_us, json(extra) ->> 'time' FROM event WHERE position = 2") == [(first, moments[1])]
    assert main([*map(str, ["import", *options]), "--preview", "--print", "table"]) == 0
    shown = capsys.readouterr().out
    assert twice in shown
    assert never in shown
