"""The lag of a store's consumers in an export: the same numbers, and nothing that only the capture itself can know."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from inspector import ingest
from inspector.cli import main
from inspector.sources import Request
from tests.postgres import message_db
from tests.postgres.server import Database
from tests.postgres.test_lag import INSERT, lag, store
from tests.postgres.test_postgres import opened

__all__ = ["store"]


def captured(database: Database, path: Path) -> None:
    with closing(opened(database)) as source:
        ingest.run([(source, Request())], path)


def exported(path: Path) -> Path:
    out = path.with_name("out.evcap")
    assert main(["export", str(path), "-o", str(out), "--no-manifest"]) == 0
    return out


def test_what_was_skipped_an_export_cannot_tell(store: Database, tmp_path: Path) -> None:
    path = tmp_path / "shop.evcap"
    captured(store, path)
    store.run(INSERT.format(2))
    captured(store, path)
    store.run("UPDATE mt_event_progression SET last_seq_id = 3 WHERE name = 'mailer:All'")
    captured(store, path)
    assert [(one["consumer"], one["holes"]) for one in lag(path, status=1)] == [("billing:All", 1), ("mailer:All", 0)]
    told = lag(exported(path))
    assert [(one["consumer"], one["positions"], one["events"], one["holes"]) for one in told] == [
        ("billing:All", 0, 0, None),
        ("mailer:All", 0, 0, None),
    ]


def test_a_consumer_of_one_category_stays_one(messages: Database, tmp_path: Path) -> None:
    with messages.connect() as there:
        for number in range(3):
            message_db.write(there, f"account-{number}", "Opened", {})
        message_db.write(there, "account:position", "Recorded", {"position": 1})
        message_db.write(there, "transfer-1", "Made", {})
    path = tmp_path / "messages.evcap"
    captured(messages, path)
    (before,), (after,) = lag(path), lag(exported(path))
    assert (before["events"], after["events"]) == (2, 2)
    assert {**after, "holes": None} == {**before, "holes": None}
