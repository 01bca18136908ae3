"""`logs --check`, `logs --by topic` and `capture --estimate` on a store; what they print and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from inspector.cli import main
from inspector.cli.estimate import BYTES_PER_S, RECORDS_PER_S
from inspector.demo.store import ShopStore

ROWS = 250


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with a few events, written as its library does."""
    path = tmp_path / "shop.db"
    ShopStore(path).close()
    with closing(apsw.Connection(str(path))) as opened:
        rows = [("00000000-0000-4000-8000-000000000001", number, "shop.orders:Placed", b'{"a": 1}') for number in range(1, ROWS + 1)]
        columns = "originator_id, originator_version, topic, state"
        opened.executemany(f"INSERT INTO stored_events ({columns}) VALUES (?, ?, ?, ?)", rows)
        opened.pragma("wal_checkpoint", "TRUNCATE")
    return f"sqlite:///{path}"


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_step_is_a_line(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", store, "--check", "--progress", "json"]) == 0
    assert [(line["type"], line["step"], line["works"]) for line in told(capsys)] == [
        ("step", name, True) for name in ("open", "shape", "rows")
    ]


def test_a_step_for_people_has_a_sign_and_a_word(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", store, "--check", "--format", "table"]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [["✓", "ok", name] for name in ("open", "shape", "rows")]


def test_it_ends_with_the_step_that_fails(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at as one " * 4)
    with closing(apsw.Connection(str(tmp_path / "other.db"))) as other:
        other.execute("CREATE TABLE t (x)")
    for url, words, last in (
        (f"sqlite:///{tmp_path / 'none.db'}", [], "open"),
        (f"sqlite:///{tmp_path / 'text.db'}", [], "open"),
        (f"sqlite:///{tmp_path / 'other.db'}", [], "shape"),
        (store, ["--topic", "nowhere"], "rows"),
    ):
        assert main(["logs", url, "--check", "--progress", "json", *words]) == 3
        steps = told(capsys)
        assert (steps[-1]["step"], steps[-1]["works"]) == (last, False)
        assert all(step["works"] for step in steps[:-1])


def test_a_scheme_that_nobody_serves_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "nats://host", "--check"]) == 2
    assert "no source for 'nats'" in capsys.readouterr().err


def test_topics_are_summed_and_their_bytes_unknown(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", store, "--by", "topic"]) == 0
    row = {"log": "stored_events", "partitions": 1, "records": ROWS, "bytes": None, "without_leader": 0, "internal": False}
    assert told(capsys) == [row]


def test_an_estimate_writes_nothing_and_knows_bytes_from_a_sample_only(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    assert main(["capture", store, "--estimate"]) == 0
    assert main(["capture", store, "--estimate", "--sample", "10"]) == 0
    assert main(["capture", store, "--from", "-50", "--limit", "20", "--max-rate", "2/s", "--estimate"]) == 0
    whole, sampled, limited = told(capsys)
    assert (whole["records"], whole["bytes"], whole["sampled"]) == (ROWS, None, 0)
    assert (sampled["records"], sampled["sampled"]) == (ROWS, 10)
    assert isinstance(sampled["bytes"], int)
    assert sampled["bytes"] >= ROWS
    assert (limited["records"], limited["seconds"]) == (20, 10.0)
    assert sorted(tmp_path.iterdir()) == before
    assert min(RECORDS_PER_S, BYTES_PER_S) > 0


def test_a_capture_without_a_file_is_usage(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["capture", store]) == 2
    assert "-o FILE" in capsys.readouterr().err


def test_it_ends_when_its_input_closes(store: str) -> None:
    command = [sys.executable, "-m", "inspector.cli", "logs", store, "--by", "topic", "--stop-with-stdin"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, input="")
    assert done.returncode in {0, 130}
    assert "Traceback" not in done.stderr
    assert "Fatal" not in done.stderr
