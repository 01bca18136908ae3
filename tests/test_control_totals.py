"""Control totals: counts and exact sums by log, partition, day and filter; mistakes are named before anything is read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.control_totals import load
from inspector.errors import UsageError
from inspector.masks import production
from tests.replay.captures import Log, Written, write

DAY_US = 86_400_000_000
NIGHT_US = 1_795_474_800_000_000
"""2026-11-23T23:00:00Z: the next day in Paris."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    paid = [Written(n, f'{{"amount": 0.1{n}, "text": "2.50"}}', time_us=NIGHT_US + n, type="Paid") for n in range(5)]
    other = [Written(5, '{"amount": "x"}', time_us=NIGHT_US - DAY_US, type="Refunded")]
    return write(tmp_path / "a.evcap", [Log([*paid, *other]), Log([Written(0, "{}", time_us=1)], partition=1)])


def told(capsys: pytest.CaptureFixture[str], path: Path, text: str, suffix: str = ".toml") -> tuple[int, list[dict[str, Any]]]:
    totals = path.with_name(f"totals{suffix}")
    totals.write_text(text, encoding="utf-8")
    status = main(["expect", str(path), str(totals), "--format", "jsonl"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_counts_and_sums_are_met_to_the_last_digit(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """
zone = "Europe/Paris"
[[total]]
log = "orders"
partition = 0
count = 6
[[total]]
day = "2026-11-24"
filter = 'type == "Paid"'
count = 5
sum = { path = "data.amount", is = "0.60" }
[[total]]
sum = { path = "data.text", is = "12.5" }
"""
    status, found = told(capsys, path, text)
    assert status == 0
    assert [(one["of"], one["found"], one["met"], one["without"]) for one in found] == [
        ("count", "6", True, 0),
        ("count", "5", True, 0),
        ("sum", "0.60", True, 0),
        ("sum", "12.50", True, 2),
    ]


def test_what_differs_is_said_with_the_difference(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = told(
        capsys, path, "log,partition,day,filter,count,path,sum\norders,1,,,2,,\n,,2026-11-23,,5,data.amount,0.61\n", ".csv"
    )
    assert status == 1
    assert [(one["expected"], one["found"], one["met"]) for one in found] == [("2", "1", False), ("5", "5", True), ("0.61", "0.60", False)]
    assert main(["expect", str(path), str(path.with_name("totals.csv")), "--format", "table"]) == 1
    out = capsys.readouterr().out
    assert "✕ orders partition 1: count 2, found 1 (-1)" in out
    assert "1 of 3 control totals are met" in out


@pytest.mark.parametrize(("path_in", "words"), [("data.big", "too many digits"), ("data.list[0]", "is no path"), ("amount", "is no path")])
def test_what_cannot_be_added_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], path_in: str, words: str) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, '{"big": 1e3000}'), Written(1, '{"big": 1}'), Written(2, '{"big": 9e999999}')])])
    (tmp_path / "totals.toml").write_text(f'[[total]]\nsum = {{ path = "{path_in}", is = "1" }}\n')
    assert main(["expect", str(path), str(tmp_path / "totals.toml")]) == 2
    assert words in capsys.readouterr().err


def test_what_masks_hide_is_not_summed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, '{"password": 5}')])])
    with CaptureWriter(path, floor_bytes=0) as writer:
        writer.note_setting("masks", production().text)
    (_, (one,)) = told(capsys, path, '[[total]]\nsum = { path = "data.password", is = "5" }\n')
    assert (one["found"], one["without"]) == ("0", 1)


def test_a_template_is_met(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expect", str(path), "--template"]) == 0
    status, found = told(capsys, path, capsys.readouterr().out)
    assert (status, [one["found"] for one in found]) == (0, ["6", "1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "'x' is not known"),
        ("zone = 'UTC'", r"\[\[total\]\]"),
        ("[[total]]\nlog = 'a'", "total 1: it expects nothing"),
        ("[[total]]\ncount = '5'", "count must be a int"),
        ("[[total]]\ncount = 5\nday = 'monday'", "Invalid isoformat"),
        ("[[total]]\ncount = 5\nfilter = 'seq >'", "total 1: its filter: the filter is wrong"),
        ("[[total]]\nsum = { path = 'data.a', is = 'x' }", "no number"),
        ("zone = 'Mars'\n[[total]]\ncount = 5", "no time zone"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "totals.toml").write_text(text)
    with pytest.raises(UsageError, match=words):
        load(tmp_path / "totals.toml")


def test_an_import_is_checked_at_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"n":1}\n{"n":2.5}\n')
    (tmp_path / "totals.toml").write_text('[[total]]\ncount = 2\nsum = { path = "data.n", is = "3.6" }\n')
    arguments = ["import", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "a.evcap"), "--expect", str(tmp_path / "totals.toml")]
    assert main([*arguments, "--print", "table"]) == 1
    assert "sum of data.n 3.6, found 3.5 (-0.1)" in capsys.readouterr().out
    (tmp_path / "totals.toml").write_text("nonsense")
    (tmp_path / "a.evcap").unlink()
    assert main(arguments) == 2
    assert not (tmp_path / "a.evcap").exists()


AMOUNTS = st.integers(-(10**20), 10**20).map(lambda number: Decimal(number).scaleb(-5))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_sums_are_those_of_decimals(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], amounts: list[Decimal]
) -> None:
    folder = tmp_path_factory.mktemp("summed")
    path = write(folder / "a.evcap", [Log([Written(n, f'{{"a":{amount:f}}}') for n, amount in enumerate(amounts)])])
    status, found = told(capsys, path, f'[[total]]\nsum = {{ path = "data.a", is = "{sum(amounts):f}" }}\n')
    assert status == 0, found
