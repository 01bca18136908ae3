"""`eventscope import` of SQLite stores: copied, hashed, read; what no descriptor fits is told with the way on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import main
from tests.sources.stores import Application, folder_state, orders, written
from tests.sources.test_sql_several import rows

BILLING = """
title = "Billing"
[match]
table = "bills"
columns = ["n", "account", "what", "body"]
[event]
position = "n"
stream = "account"
type = "what"
value = "body"
"""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A store of the real package whose application was killed: its events are in the `-wal`."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    app = Application(folder / "shop.db")
    app.do("place 3")
    app.kill()
    return folder / "shop.db"


def imported(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """What the command says; it must work."""
    assert main(["import", *map(str, words), "--min-free", "0", "--progress", "none", "--print", "jsonl"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize("given", [["shop.db"], ["shop.db-wal", "shop.db-shm", "shop.db"], [""]])
def test_trio_is_one_store_and_each_file_is_kept_with_its_hash(
    killed: Path, given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = folder_state(killed.parent)
    told = imported(capsys, *(killed.parent / name for name in given), "-o", tmp_path / "x.evcap")
    assert folder_state(killed.parent) == before
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in killed.parent.iterdir()}
    assert told["stored"] == 6
    assert {one["name"]: one["sha256"] for one in told["inputs"]} == hashes
    assert {one["name"]: (one["rows"], one["is_whole"]) for one in told["inputs"]} == {
        "shop.db": (6, True), "shop.db-wal": (0, True), "shop.db-shm": (0, True),
    }  # fmt: skip
    kept = rows(tmp_path / "x.evcap", 'SELECT name, sha256, "rows", format FROM input')
    assert {(name, sha256) for name, sha256, _, _ in kept} == set(hashes.items())
    assert next(kind for name, _, _, kind in kept if name == "shop.db").startswith("SQLite event store (")


def test_second_import_adds_nothing_and_forgets_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = orders(tmp_path / "shop.db", 3)
    imported(capsys, store, "-o", tmp_path / "x.evcap")
    assert imported(capsys, store, "-o", tmp_path / "x.evcap")["stored"] == 0
    assert rows(tmp_path / "x.evcap", 'SELECT name, "rows", is_whole FROM input') == [("shop.db", 3, 1)]


def test_database_that_nobody_knows_is_told_with_the_way_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = written(tmp_path / "bills.db", [("CREATE TABLE bills (n INTEGER PRIMARY KEY, account, what, body)", [])])
    assert main(["import", str(store), "-o", str(tmp_path / "x.evcap"), "--min-free", "0"]) != 0
    said = capsys.readouterr().err
    assert "its tables: bills" in said
    assert f"eventscope stores sqlite:///{store.as_posix()}" in said
    assert not (tmp_path / "x.evcap").exists()


def test_map_with_a_descriptor_of_a_store_is_for_the_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = "CREATE TABLE bills (n INTEGER PRIMARY KEY, account, what, body)"
    store = written(tmp_path / "bills.db", [(made, []), ("INSERT INTO bills VALUES (?, ?, ?, ?)", [(1, "a", "Paid", "{}")])])
    (tmp_path / "bills.toml").write_text(BILLING)
    (tmp_path / "more.jsonl").write_text('{"a": 1}\n')
    told = imported(capsys, store, tmp_path / "more.jsonl", "--map", tmp_path / "bills.toml", "-o", tmp_path / "x.evcap")
    assert told["stored"] == 2
    assert main(["import", str(store), "--map", str(tmp_path / "bills.toml"), "--preview"]) == 0
    assert "Paid" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "more.jsonl"), "--map", str(tmp_path / "bills.toml"), "-o", str(tmp_path / "y.evcap")]) == 2
    assert "no SQLite database among the files" in capsys.readouterr().err
