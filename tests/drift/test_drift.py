"""Models without a server: SQLite, windows, checkpoints, the rule of comparing, and mistakes in `[model]`."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.cli import main
from inspector.drift.comparing import is_same
from inspector.drift.mirror import Mirror, mirror_of
from inspector.errors import UsageError
from inspector.masks import SIGN
from inspector.projections import parse
from tests.projections.grown import Grown
from tests.replay.captures import SECOND_US, Written

SPEC = """
name = "revenue"
group_by = { shop = "data.shop" }
window = "1m"
[measures]
revenue = { sum = "data.amount" }
last = { last = "data.status" }
[model]
table = "revenue"
window = "minute"
values = { revenue = "total", last = "state" }
checkpoint = { column = "position" }
zone = "UTC"
null = "zero"
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    rows = [(0, 1, "1.10"), (10, 1, "2.20"), (70, 2, "5"), (80, 2, "null"), (130, 1, "9")]
    events = [
        Written(n, f'{{"shop": {shop}, "amount": {amount}, "status": "s{n}"}}', time_us=second * SECOND_US)
        for n, (second, shop, amount) in enumerate(rows)
    ]
    with Grown(tmp_path / "x.evcap", isolation="committed") as grown:
        grown.append(events)
    (tmp_path / "revenue.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path / "x.evcap"


def model(folder: Path, *rows: tuple[Any, ...]) -> str:
    path = folder / "model.db"
    path.unlink(missing_ok=True)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("CREATE TABLE revenue (minute, shop, total, state, position)")
        connection.executemany("INSERT INTO revenue VALUES (?, ?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


def run(capsys: pytest.CaptureFixture[str], capture: Path, url: str, *options: str) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
    status = main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", url, "--format", "jsonl", *options])
    out, err = capsys.readouterr()
    assert err.startswith("{"), err
    return status, [json.loads(line, parse_float=str) for line in out.splitlines()], json.loads(err)["scope"]


def test_windows_of_sqlite_at_the_highest_position_of_its_rows(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = model(
        tmp_path, ("1970-01-01 00:00:00", 1, 3.3, "s1", 1), ("1970-01-01 00:01:00", "2", 5, "s2", 3), ("1970-01-01 00:05:00", 1, 1, "x", 2)
    )
    before = sorted(path.name for path in tmp_path.iterdir())
    status, rows, scope = run(capsys, capture, url)
    assert status == 1
    assert scope["asked"] == "up to position 3"
    assert (scope["matched"], scope["different"], scope["extra"], scope["missing"]) == (1, 1, 1, 0)
    different, extra = rows
    assert (different["window"], different["differs"], different["expected"]["last"]) == ("1970-01-01T00:01:00.000000Z", ["last"], "s3")
    assert [event["position"] for event in different["events"]] == [2, 3]
    assert (extra["window"], extra["group"], extra["events"]) == ("1970-01-01T00:05:00.000000Z", {"shop": 1}, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_moment_of_ones_own_goes_before_the_checkpoint(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = model(tmp_path, ("1970-01-01 00:00:00", 1, 1.1, "s0", 3))
    status, rows, scope = run(capsys, capture, url, "--at", "1970-01-01T00:00:05Z")
    assert (status, rows, scope["matched"]) == (0, [], 1)
    status = main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", url, "--format", "table"])
    assert status == 1
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["different", "1970-01-01", "00:00:00"]


def test_masks_hide_what_differs_and_change_no_verdict(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = model(
        tmp_path,
        ("1970-01-01 00:00:00", 1, 3.3, "s1", 1),
        ("1970-01-01 00:01:00", "2", 5, "x@shop.de", 3),
        ("1970-01-01 00:05:00", 7, 1, "x", 2),
    )
    _, clear, counts = run(capsys, capture, url)
    masks = tmp_path / "masks.toml"
    masks.write_text('[masks]\npaths = ["data.shop"]\npatterns = ["email"]', encoding="utf-8")
    _, rows, scope = run(capsys, capture, url, "--masks", str(masks))
    assert scope == counts
    assert [row["verdict"] for row in rows] == [row["verdict"] for row in clear] == ["different", "extra"]
    assert [row["group"] for row in rows] == [{"shop": SIGN}, {"shop": SIGN}]
    assert (rows[0]["expected"]["last"], rows[0]["found"]["last"], rows[1]["found"]["last"]) == ("s3", SIGN, "x")
    model(tmp_path, *[("1970-01-01 00:05:00", 7, 1, "x", 2)] * 2)
    spec = str(capture.with_name("revenue.toml"))
    assert main(["drift", str(capture), spec, "--model", url, "--masks", str(masks)]) == 2
    assert f"two rows for shop {SIGN}:" in capsys.readouterr().err


def test_a_row_for_each_field_is_a_table_for_spreadsheets(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = model(tmp_path, ("1970-01-01 00:00:00", 1, 3.25, "=cmd", 3), ("1970-01-01 00:05:00", 1, None, "x", 2))
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", url, "--format", "csv"]) == 1
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    first, minute = "1970-01-01T00:00:00.000000Z", "1970-01-01T00:01:00.000000Z"
    assert lines == [
        ["verdict", "window", "shop", "field", "ours", "model", "events", "events_count", "left_out", "left_out_count", "guarded"],
        ["different", first, "1", "revenue", "3.3", "3.25", "1 2", "2", "", "0", ""],
        ["different", first, "1", "last", "s1", "'=cmd", "1 2", "2", "", "0", "model"],
        ["missing", minute, "2", "revenue", "5", "", "3 4", "2", "", "0", ""],
        ["missing", minute, "2", "last", "s3", "", "3 4", "2", "", "0", ""],
        ["extra", "1970-01-01T00:05:00.000000Z", "1", "revenue", "", "null", "", "0", "", "0", ""],
        ["extra", "1970-01-01T00:05:00.000000Z", "1", "last", "", "x", "", "0", "", "0", ""],
    ]


def test_no_query_opens_another_file(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, other = model(tmp_path), tmp_path / "made.db"
    for query in (f"SELECT 1) x; ATTACH '{other}' AS made; SELECT (SELECT 1", "DELETE FROM revenue"):
        text = SPEC.replace('table = "revenue"', f'query = "{query}"')
        capture.with_name("revenue.toml").write_text(text, encoding="utf-8")
        assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", url]) == 3
        assert not other.exists()
        capsys.readouterr()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("noon", 1, 1, "x", 1)], "the model's time noon cannot be told"),
        ([("1970-01-01 00:00:00", 1, 1, "x", "far")], "the model's checkpoint 'far' is no position"),
        ([("1970-01-01 00:00:00", 1, 1, "x", 1)] * 2, "has two rows for shop 1: the keys under [model] must tell its rows apart"),
    ],
)
def test_rows_that_cannot_be_compared_are_said(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[Any, ...]], said: str
) -> None:
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", model(tmp_path, *rows)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said", "status"),
    [
        ("missing.csv", "there is no file", 3),
        ("model.txt", "is no .csv and no .parquet file", 2),
        ("narrow.csv", "has no column 'total', 'state', 'position'; it has minute, shop", 2),
        ("mysql://host/shop", "no model at mysql", 2),
        ("sqlite:///nothing.db", "there is no file", 3),
        ("n" * 300 + ".csv", "is too long for a name of a file", 2),
        (f"postgresql://{'n' * 300}/shop", "cannot connect to nnn", 3),
    ],
)
def test_a_model_that_is_none_is_said(capture: Path, capsys: pytest.CaptureFixture[str], name: str, said: str, status: int) -> None:
    capture.with_name("model.txt").write_text("x", encoding="utf-8")
    capture.with_name("narrow.csv").write_text("minute,shop\n", encoding="utf-8")
    where = name if ":" in name else str(capture.with_name(name))
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", where]) == status
    assert said in capsys.readouterr().err


def test_what_is_taken_for_a_file_is_said_without_a_password(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for where, status in (("host=db password=s3cret.csv", 3), ("host=db password=s3cret", 3)):
        assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", where]) == status
        assert "s3cret" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said", "status"),
    [
        ("SELECT CAST(x'fffe' AS TEXT) AS shop, 1 AS total", "model.db holds a text that is no UTF-8", 3),
        ("SELECT 1 AS shop, 2 AS total WHERE 1 = :n", "the query has a value n that nothing gives", 2),
        ("SELECT 1 AS shop, 2 AS total WHERE 1 = ?", "cannot read model.db", 3),
        (
            "WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT count(*) AS shop, 1 AS total FROM a",
            "took longer than",
            3,
        ),
    ],
)
def test_a_query_that_cannot_be_answered_is_said(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, said: str, status: int
) -> None:
    monkeypatch.setattr("inspector.drift.model.LONGEST_S", 0.2)
    spec = PLAIN.replace('table = "revenue"', f'query = "{words}"')
    capture.with_name("revenue.toml").write_text(spec, encoding="utf-8")
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", model(tmp_path)]) == status
    assert said in capsys.readouterr().err


PLAIN = """
name = "revenue"
group_by = { shop = "data.shop" }
[measures]
total = { sum = "data.amount" }
[model]
table = "revenue"
"""


@pytest.mark.parametrize("words", ["SELECT 1; ROLLBACK; PRAGMA query_only = 0; CREATE TABLE x (y)", "PRAGMA writable_schema = 1; SELECT 1"])
def test_a_query_does_nothing_but_read(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    capture.with_name("revenue.toml").write_text(f'{PLAIN}checkpoint = {{ query = "{words}" }}', encoding="utf-8")
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", model(tmp_path)]) == 3
    assert "not authorized" in capsys.readouterr().err


@pytest.mark.parametrize("checkpoint", ['{ query = "SELECT 1e308" }', '{ query = "SELECT 9223372036854775808.0" }'])
def test_a_checkpoint_beyond_all_positions_is_said(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], checkpoint: str
) -> None:
    capture.with_name("revenue.toml").write_text(f"{PLAIN}checkpoint = {checkpoint}", encoding="utf-8")
    assert main(["drift", str(capture), str(capture.with_name("revenue.toml")), "--model", model(tmp_path)]) == 2
    assert "is no position: it must be a whole number below 2^63" in capsys.readouterr().err


def test_groups_that_look_alike_as_texts_are_all_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shops = [("1", 5), ('"1"', 7), ("true", 1), ('"true"', 2)]
    with Grown(tmp_path / "x.evcap", isolation="committed") as grown:
        grown.append([Written(n, f'{{"shop": {shop}, "amount": {amount}}}') for n, (shop, amount) in enumerate(shops)])
    (tmp_path / "revenue.toml").write_text(PLAIN, encoding="utf-8")
    url = model(tmp_path, (0, "1", 7, "", 0), (0, "true", 3, "", 0))
    status, rows, scope = run(capsys, tmp_path / "x.evcap", url)
    assert (status, scope["matched"], scope["missing"], scope["different"]) == (1, 1, 2, 1)
    assert sorted((row["verdict"], row["group"]["shop"], row["expected"]["total"], row["events_count"]) for row in rows[:1]) == [
        ("missing", 1, 5, 1)
    ]
    assert "2 groups look like others where labels are texts: they are missing where the model has one row for both" in scope["notes"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("table =", "tabel ="), "[model] tabel: 'tabel' is not known; did you mean table?"),
        (('window = "minute"', ""), "window: name the column with the beginning of the window"),
        (("{ revenue =", "{ revenu ="), "values: the projection has no 'revenu'; it has revenue, last"),
        (('{ column = "position" }', "{}"), "checkpoint: give a column, or a query"),
        (('{ column = "position" }', '{ colum = "x" }'), "checkpoint: 'colum' is not known"),
        (('null = "zero"', 'null = "none"'), "null: 'none' is not known; one of null, zero"),
        (('zone = "UTC"', 'zone = "Mars"'), "no zone 'Mars'"),
        (('zone = "UTC"', "scale = -1"), "scale: a whole number up to 30 is wanted"),
        (
            ('{ column = "position" }', '{ column = "x", table = "y", where = { z = 9223372036854775808 } }'),
            "checkpoint: where: z is beyond",
        ),
        (('zone = "UTC"', 'query = "SELECT 1"'), "table: either this or query"),
        (('zone = "UTC"', 'keys = { shop = "" }'), 'keys: write { shop = "column" }'),
    ],
)
def test_mistakes_under_model_are_said(changed: tuple[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        mirror_of(parse(SPEC.replace(*changed, 1) if changed[0] != 'window = "minute"' else SPEC.replace(*changed)))
    assert said in str(caught.value)


EXACT, ROUNDED = Mirror({}, {"x": "x"}), Mirror({}, {"x": "x"}, scale=2, is_null_zero=True)


@pytest.mark.parametrize(
    ("own", "theirs", "exactly", "rounded"),
    [
        (Decimal("1.005"), Decimal("1.01"), False, True),
        (Decimal("-1.005"), Decimal("-1.01"), False, True),
        (Fraction(1, 3), Decimal("0.33"), False, True),
        (Fraction(1, 2), Decimal("0.5"), True, True),
        (10**40, Decimal(10**40), True, True),
        (10**40, 10**40 + 1, False, False),
        (None, None, True, True),
        (None, 0, False, True),
        (0, None, False, True),
        (None, 1, False, False),
        ("a", "a", True, True),
        ("1", 1, False, False),
        (1, "1", False, False),
        (True, 1, True, True),
        (True, "f", False, False),
        ({"a": [1]}, '{"a":[1]}', True, True),
    ],
)
def test_values_are_the_same_under_the_rule(own: object, theirs: object, exactly: bool, rounded: bool) -> None:
    assert is_same(own, theirs, EXACT) is exactly
    assert is_same(own, theirs, ROUNDED) is rounded


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4))
def test_a_number_is_the_same_as_its_own_text_in_a_file(number: Decimal) -> None:
    assert is_same(Fraction(number), str(number), EXACT, is_typed=False)
