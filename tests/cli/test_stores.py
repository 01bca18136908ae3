"""`eventscope stores`: what tables look like as events, proposals, and descriptors that are kept and taken up."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources as package_files
from pathlib import Path

import pytest

from inspector.cli import main
from tests.sources.store_builders import rails
from tests.sources.stores import orders, written
from tests.sources.test_sql_guess import ledger
from tests.sources.test_sql_several import rows


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def url(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def test_tables_are_listed_with_their_descriptor_or_a_guess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", url(ledger(rails(tmp_path / "shop.db"))), "--format", "jsonl"]) == 0
    told = {row["table"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["event_store_events"]["descriptor"] == "Rails Event Store"
    assert told["ledger_entries"]["descriptor"] is None
    assert told["ledger_entries"]["guess"].startswith("position entry_no, stream account_id, version revision")
    assert told["ledger_entries"]["rows"] == 40
    assert told["ledger_entries"]["questions"] == ["the times in happened_at say no zone: which one is meant?"]


def test_proposal_is_a_descriptor_with_reasons_and_its_questions_are_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", url(ledger(tmp_path / "l.db")), "--propose", "ledger_entries"]) == 0
    told = capsys.readouterr()
    assert tomllib.loads(told.out)["event"]["stream"] == "account_id"
    assert '# recorded = "utc(happened_at)"' in told.out
    assert "to be answered: the times in happened_at say no zone" in told.err


def test_confirmed_proposal_is_taken_up_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, capture = ledger(tmp_path / "l.db"), tmp_path / "l.evcap"
    assert main(["capture", url(store), "-o", str(capture), "--min-free", "0"]) == 3
    assert f"eventscope stores {url(store)} shows" in capsys.readouterr().err
    words = ["stores", url(store), "--propose", "ledger_entries", "--zone", "Europe/Paris", "--set", "category='ledger'", "--save"]
    assert main(words) == 0
    assert main(["capture", url(store), "-o", str(capture), "--min-free", "0"]) == 0
    assert rows(capture, "SELECT count(*), min(time_us) FROM event") == [(40, 1_795_417_200_000_000)]
    assert rows(capture, "SELECT name FROM category") == [("ledger",)]
    assert rows(capture, "SELECT count(*), min(version), max(version) FROM event_stream") == [(40, 1, 4)]


def test_edited_descriptor_is_kept_when_it_is_one(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, edited = ledger(tmp_path / "l.db"), tmp_path / "mine.toml"
    main(["stores", url(store), "--propose", "ledger_entries"])
    edited.write_text(capsys.readouterr().out.replace('title = "Table ledger_entries"', 'title = "Mine"'))
    assert main(["stores", url(store), "--save", str(edited)]) == 0
    assert [path.read_text().splitlines()[0] for path in (home / "data" / "stores").iterdir()] == ['title = "Mine"']
    edited.write_bytes(b"\xff")
    assert main(["stores", url(store), "--save", str(edited)]) == 2
    edited.write_text("title = 3")
    assert main(["stores", url(store), "--save", str(edited)]) == 2
    assert "title must be a str" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--propose", "nothing"], "there is no table nothing; there are ledger_entries"),
        (["--propose", "ledger_entries", "--zone", "Mars"], "no time zone named 'Mars'"),
        (["--propose", "ledger_entries", "--set", "type=("], "type: '('"),
        (["--propose", "ledger_entries", "--set", "kind=kind"], "no field named 'kind'"),
        (["--save", "none.toml"], "there is no file none.toml"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str) -> None:
    assert main(["stores", url(ledger(tmp_path / "l.db")), *words]) == 2
    assert reason in capsys.readouterr().err


def test_a_source_without_tables_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", "kafka://localhost:1"]) == 2
    assert "has no tables" in capsys.readouterr().err


def test_a_hostile_name_is_shown_harmlessly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = 'a\x1b[31m"\nb = 1 #'
    column = name.replace('"', '""')
    store = written(tmp_path / "h.db", [(f'CREATE TABLE "{column}" ("{column}" INTEGER PRIMARY KEY, data TEXT)', [])])
    assert main(["stores", url(store), "--propose", name]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert tomllib.loads(text)["match"]["columns"] == [name, "data"]


def test_the_demo_like_store_has_its_descriptor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stores", url(orders(tmp_path / "o.db", 3)), "--format", "table"]) == 0
    assert "Python eventsourcing" in capsys.readouterr().out


def test_a_user_adds_a_store_with_one_file_following_the_guide(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's own words: its table, its descriptor, its command."""
    guide = (package_files.files("resources") / "guide" / "stores.md").read_text(encoding="utf-8")
    (descriptor,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "billing.toml").write_text(descriptor)
    (tmp_path / "config").write_text(f"descriptor={tmp_path / 'billing.toml'}\n")
    table = "CREATE TABLE billing_messages (global_position INTEGER PRIMARY KEY, stream_name, position, id, type, time, data, metadata)"
    row = (
        1,
        "account-1",
        0,
        "0f0e9d6e-1111-4222-8333-000000000001",
        "Opened",
        "2026-11-23 08:00:00",
        '{"total": 1}',
        '{"schemaVersion": 2}',
    )
    store = written(tmp_path / "billing.db", [(table, []), ("INSERT INTO billing_messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row])])
    capture = tmp_path / "billing.evcap"
    assert main(["capture", url(store), "-o", str(capture), "--min-free", "0", "--config", str(tmp_path / "config")]) == 0
    capsys.readouterr()
    assert main(["events", str(capture), "--format", "jsonl"]) == 0
    told = json.loads(capsys.readouterr().out)
    wanted = {"stream": "account-1", "category": "account", "version": 0, "type": "Opened", "schema_version": "2"}
    assert wanted.items() <= told.items()
