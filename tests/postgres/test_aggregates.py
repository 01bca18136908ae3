"""An application's aggregate classes over its store in PostgreSQL, at every version, beside the package's own repository."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.replay import Question, Replay, at_version
from inspector.user_code.codes import Codes
from inspector.values import to_json
from tests.postgres.server import Database
from tests.postgres.test_postgres import environment
from tests.user_code.test_aggregates import SHOP, package


def test_every_version_of_every_aggregate_is_what_the_repository_gives(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg_pool", reason="psycopg-pool is not installed: the package cannot write to PostgreSQL")
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    package("write", environment(database))
    states = package("states", environment(database))
    config = "".join(f"{name}={value}\n" for name, value in database.config.items())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(config.encode())))
    capture = tmp_path / "shop.evcap"
    assert main(["capture", database.url, "--topic", "shop_events", "-o", str(capture), "--config", "-"]) == 0
    codes = Codes()
    with CaptureReader(capture) as reader:
        for told in states:
            question = Question(told["id"], moment=at_version(told["version"]), reducer=f"{SHOP}:{told['kind']}")
            assert to_json(Replay(reader, question, codes=codes).answer().folded.state) == to_json(told["state"])
    codes.close()
    assert len(states) > 20
