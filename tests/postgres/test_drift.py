"""A read model in a real PostgreSQL against the events: one corrupted, one missing and one extra row are found, and nothing is written."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import main
from tests.postgres.server import PASSWORD, Database
from tests.projections.grown import Grown
from tests.replay.captures import Written

SPEC = """
name = "stock"
filter = 'type == "Moved"'
group_by = { sku = "data.sku" }
[measures]
available = { sum = "data.moved" }
moves = "count"
[model]
table = "shop.stock"
keys = { sku = "article" }
values = { available = "free" }
checkpoint = { table = "shop.tracking", column = "position", where = { name = "stock" } }
log = "orders"
partition = 0
scale = 2
"""
MOVES = [("tea", "3.50"), ("mug", "1"), ("tea", "-0.255"), ("cup", "7"), ("jug", "9"), ("late", "1")]
"""The last one is beyond the checkpoint."""
TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.stock (article text PRIMARY KEY, free numeric, seen int DEFAULT 0);
CREATE TABLE shop.tracking (name text, position bigint);
INSERT INTO shop.tracking VALUES ('stock', 4), ('other', 99);
"""


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    events = [Written(n, f'{{"sku": "{sku}", "moved": {moved}}}', type="Moved") for n, (sku, moved) in enumerate(MOVES)]
    with Grown(tmp_path / "x.evcap") as grown:
        grown.append(events)
        grown.decide(0, 0, len(events), [4])
    (tmp_path / "stock.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "client.properties").write_text(f"password={PASSWORD}\n", encoding="utf-8")
    return tmp_path / "x.evcap"


@pytest.fixture
def model(database: Database) -> Database:
    """The right rows are tea 3.25 (to two places) and mug 1; cup is missing, jug is extra (its event was aborted), mug is corrupted."""
    database.run(*(line for line in TABLES.strip().splitlines()), "INSERT INTO shop.stock VALUES ('tea', 3.25), ('mug', 2), ('jug', 9)")
    return database


def run(capsys: pytest.CaptureFixture[str], capture: Path, model: str, *options: str) -> tuple[int, dict[str, Any], dict[str, Any], str]:
    config = str(capture.with_name("client.properties"))
    words = [
        "drift",
        str(capture),
        str(capture.with_name("stock.toml")),
        "--model",
        model,
        "--config",
        config,
        "--format",
        "jsonl",
        *options,
    ]
    status = main(words)
    out, err = capsys.readouterr()
    rows = {row["group"]["sku"]: row for row in map(json.loads, out.splitlines())}
    return status, rows, json.loads(err)["scope"] if err.startswith("{") else {}, err


def check(rows: dict[str, Any], scope: dict[str, Any]) -> None:
    assert {name: scope[name] for name in ("matched", "missing", "extra", "different")} == {
        "matched": 1,
        "missing": 1,
        "extra": 1,
        "different": 1,
    }
    cup, jug, mug = rows["cup"], rows["jug"], rows["mug"]
    assert (cup["verdict"], cup["expected"], cup["found"]) == ("missing", {"available": 7}, None)
    assert [(event["seq"], event["position"]) for event in cup["events"]] == [(4, 3)]
    assert (jug["verdict"], jug["expected"], str(jug["found"]["available"]), jug["events"]) == ("extra", None, "9", [])
    assert [(event["position"], event["aborted"]) for event in jug["left_out"]] == [(4, True)]
    assert (mug["verdict"], mug["differs"], mug["expected"]) == ("different", ["available"], {"available": 1})
    assert str(mug["found"]["available"]) == "2"
    assert [(event["log"], event["partition"], event["position"], event["type"]) for event in mug["events"]] == [("orders", 0, 1, "Moved")]


def test_what_is_corrupted_missing_and_extra_is_found_at_the_checkpoint(
    capture: Path, model: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    status, rows, scope, err = run(capsys, capture, model.url)
    assert status == 1
    check(rows, scope)
    assert scope["asked"] == "up to position 4 of orders partition 0"
    assert scope["rule"] == "numbers rounded to 2 decimal places, null equal to null only"
    assert scope["complete"] is True
    assert PASSWORD not in err


def test_its_csv_and_parquet_tell_the_same(capture: Path, model: Database, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with model.server.connect(model.name) as connection:
        rows = connection.execute("SELECT article, free FROM shop.stock ORDER BY 1").fetchall()
    text = io.StringIO()
    csv.writer(text).writerows([("article", "free"), *rows])
    (capture.with_name("model.csv")).write_text(text.getvalue(), encoding="utf-8")
    pq.write_table(pa.table({"article": [row[0] for row in rows], "free": [row[1] for row in rows]}), capture.with_name("model.parquet"))
    spec = capture.with_name("stock.toml")
    spec.write_text("\n".join(line for line in SPEC.splitlines() if not line.startswith(("table", "checkpoint"))), encoding="utf-8")
    for name in ("model.csv", "model.parquet"):
        status, found, scope, _ = run(capsys, capture, str(capture.with_name(name)), "--at", "4")
        assert status == 1
        check(found, scope)


def test_a_query_of_ones_own_and_a_model_that_is_right(capture: Path, model: Database, capsys: pytest.CaptureFixture[str]) -> None:
    model.run("UPDATE shop.stock SET free = 1 WHERE article = 'mug'", "DELETE FROM shop.stock WHERE article = 'jug'")
    model.run("INSERT INTO shop.stock VALUES ('cup', 7)")
    query = "SELECT article, free::numeric(10, 2) AS free FROM shop.stock WHERE article NOT LIKE '%x%'"
    spec = SPEC.replace('table = "shop.stock"', f'query = "{query}"')
    capture.with_name("stock.toml").write_text(spec, encoding="utf-8")
    status, rows, scope, _ = run(capsys, capture, model.url)
    assert (status, rows, scope["matched"]) == (0, {}, 3)


def test_a_model_ahead_of_the_capture_is_said(capture: Path, model: Database, capsys: pytest.CaptureFixture[str]) -> None:
    model.run("UPDATE shop.tracking SET position = 50")
    _, _, scope, _ = run(capsys, capture, model.url)
    assert scope["complete"] is False
    assert "the model stands at position 50, and the capture was read up to position 5 only: capture the rest first" in scope["notes"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT article, free FROM shop.stock) AS x; COMMIT; DELETE FROM shop.stock; SELECT (SELECT 1",
        "WITH gone AS (DELETE FROM shop.stock RETURNING article, free) SELECT article, free FROM gone",
        "SELECT set_config('default_transaction_read_only', 'off', false) AS article, 1 AS free; DELETE FROM shop.stock",
        "SELECT article, free FROM shop.stock) AS model; COMMIT; BEGIN READ WRITE; DELETE FROM shop.stock; COMMIT; SELECT 1; --",
    ],
)
def test_no_query_writes_anything(capture: Path, model: Database, capsys: pytest.CaptureFixture[str], query: str) -> None:
    spec = SPEC.replace('table = "shop.stock"', f'query = "{query}"')
    capture.with_name("stock.toml").write_text(spec, encoding="utf-8")
    status, _, _, err = run(capsys, capture, model.url)
    assert status == 3, err
    with model.server.connect(model.name) as connection:
        assert connection.execute("SELECT count(*) FROM shop.stock").fetchall() == [(3,)]


def test_no_query_of_a_checkpoint_writes_anything(capture: Path, model: Database, capsys: pytest.CaptureFixture[str]) -> None:
    query = "COMMIT; BEGIN READ WRITE; DELETE FROM shop.stock; COMMIT; SELECT 4"
    lines = [f'checkpoint = {{ query = "{query}" }}' if line.startswith("checkpoint") else line for line in SPEC.splitlines()]
    capture.with_name("stock.toml").write_text("\n".join(lines), encoding="utf-8")
    status, _, _, err = run(capsys, capture, model.url)
    assert status == 3, err
    with model.server.connect(model.name) as connection:
        assert connection.execute("SELECT count(*) FROM shop.stock").fetchall() == [(3,)]


def test_a_slow_query_is_ended(capture: Path, model: Database, capsys: pytest.CaptureFixture[str]) -> None:
    spec = SPEC.replace('table = "shop.stock"', 'query = "SELECT pg_sleep(30)::text AS article, 1 AS free"')
    capture.with_name("stock.toml").write_text(spec, encoding="utf-8")
    with capture.with_name("client.properties").open("a") as file:
        file.write("statement.timeout.ms=200\n")
    status, _, _, err = run(capsys, capture, model.url)
    assert status == 3
    assert "took longer than 0.2 s" in err


def test_secrets_are_refused_in_the_address_and_told_nowhere(capture: Path, model: Database) -> None:
    url = model.url.replace("://owner@", "://owner:hunter2secret@")
    words = [
        sys.executable,
        "-m",
        "inspector.cli",
        "--verbose",
        "drift",
        str(capture),
        str(capture.with_name("stock.toml")),
        "--model",
        url,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "hunter2secret" not in done.stdout + done.stderr
    wrong = subprocess.run(
        [*words[:-1], model.url, "--config", "-"], input="password=hunter2secret\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert wrong.returncode == 3
    assert "user or password is wrong" in wrong.stderr
    assert "hunter2secret" not in wrong.stdout + wrong.stderr
