"""Reading leaves nothing behind in the database, needs no more than SELECT, and outlives a server that goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest

from inspector import ingest
from inspector.errors import SourceError
from inspector.sources import Request, open_source, postgres_rows
from inspector.sources.postgres import PostgresSource
from inspector.sources.postgres_config import settings_of
from inspector.sources.postgres_link import Link
from inspector.sources.postgres_rows import Selection
from tests.postgres import message_db
from tests.postgres.server import PASSWORD, Database, Server
from tests.postgres.test_postgres import EVENTS, ONE, opened
from tests.sources.stores import DEADLINE_S, Following

ROOT = Path(__file__).parents[2]


def written(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """All that statistics know of writing, and everything that is there."""
    connection.execute("SELECT pg_stat_force_next_flush()")
    return [
        *connection.execute(
            "SELECT relid::regclass::text, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables "
            "WHERE schemaname <> 'pg_toast' ORDER BY 1"
        ).fetchall(),
        *connection.execute(
            "SELECT tup_inserted, tup_updated, tup_deleted, temp_files FROM pg_stat_database WHERE datname = current_database()"
        ),
        *connection.execute("SELECT oid, relname FROM pg_class ORDER BY 1").fetchall(),
        *connection.execute("SELECT last_value, is_called FROM message_store.messages_global_position_seq").fetchall(),
        *connection.execute("SELECT pg_current_snapshot()::text, (SELECT count(*) FROM pg_prepared_xacts)").fetchall(),
    ]


def reader(database: Database) -> tuple[str, dict[str, str]]:
    """The address for a role that may only select, and what lets it in."""
    database.run(
        "DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'p'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT USAGE ON SCHEMA message_store TO reader",
        "GRANT SELECT ON message_store.messages TO reader",
    )
    return database.url.replace("owner@", "reader@"), {"password": "p"}


def test_nothing_is_written_and_select_is_enough(messages: Database, tmp_path: Path) -> None:
    url, config = reader(messages)
    with messages.connect() as connection:
        for number in range(20):
            message_db.write(connection, f"account-{number % 3}", "Deposited", {"n": number})
        before = written(connection)
        with closing(open_source(url, config)) as source:
            outcome = ingest.run([(source, Request())], tmp_path / "c.evcap")
            following = Following(source)
            following.until(20)
            held = connection.execute(
                "SELECT application_name, state, backend_xid FROM pg_stat_activity "
                "WHERE usename = 'reader' AND datname = current_database()"
            ).fetchall()
            locks = connection.execute(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'reader' "
                "AND a.datname = current_database()"
            ).fetchone()
        assert outcome.status.stored == 20
        assert held == [("eventscope", "idle", None)]
        assert locks == (0,)
        assert written(connection) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM public.stored_events",
        "SELECT nextval('public.stored_events_notification_id_seq')",
        "CREATE TABLE public.mine ()",
        "SELECT 1 FROM public.stored_events FOR UPDATE",
    ],
)
def test_session_cannot_write_even_if_asked(database: Database, statement: str) -> None:
    database.run(EVENTS)
    with closing(Link(settings_of(database.url, database.config))) as link:
        said = link.read(lambda cursor: cursor.execute("SELECT current_setting('default_transaction_read_only')").fetchall())
        assert said == [(b"on",)]
        with pytest.raises(SourceError, match="read-only"):
            link.read(lambda cursor: cursor.execute(statement.encode()))


def test_reading_that_takes_too_long_is_ended_with_a_reason(database: Database) -> None:
    link = Link(settings_of(database.url, {**database.config, "statement.timeout.ms": "50"}))
    with closing(link), pytest.raises(SourceError, match=r"longer than 0\.05 s") as ended:
        link.read(lambda cursor: cursor.execute("SELECT pg_sleep(10)"))
    assert ended.value.retry


def test_locked_table_is_said_and_waited_for(database: Database) -> None:
    database.run(EVENTS)
    with database.connect() as connection, closing(opened(database)) as source:
        connection.execute(ONE, ("order-1", b"{}"))
        following = Following(source)
        following.until(1)
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE")
        assert "is locked" in following.until_note("waiting")
        connection.execute(ONE, ("order-2", b"{}"))
        connection.execute("COMMIT")
        assert following.until(2) == [1, 2]


def test_table_made_anew_is_a_log_apart(database: Database) -> None:
    database.run(EVENTS)
    with database.connect() as connection, closing(opened(database)) as source:
        connection.execute(ONE, ("order-1", b"{}"))
        following = Following(source)
        following.until(1)
        connection.execute("DROP TABLE stored_events")
        for statement in EVENTS.split("; "):
            connection.execute(statement)
        connection.execute(ONE, ("refund-1", b"{}"))
        assert "made anew" in following.until_note("another log")
        assert following.until(2) == [1, 1]
    assert len(following.plan.logs) == 2


def test_rows_deleted_from_the_end_are_said(database: Database) -> None:
    database.run(EVENTS)
    with database.connect() as connection, closing(opened(database)) as source:
        for number in range(3):
            connection.execute(ONE, (f"order-{number}", b"{}"))
        following = Following(source)
        following.until(3)
        connection.execute("DELETE FROM stored_events WHERE notification_id > 1")
        assert "rows were deleted" in following.until_note("ends at position 1")


# ---- how pages are read

MANY = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) "
    "SELECT 'order-' || n % 5000, n, 'shop:Order.Placed', convert_to(repeat('x', 200), 'UTF8') FROM generate_series(1, 100000) AS n"
)


def test_table_without_statistics_is_read_along_its_index_and_never_sorted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.run(EVENTS, MANY)
    asked: list[tuple[bytes, tuple[Any, ...]]] = []
    written = Selection.statement

    def recorded(self: Selection, cells: Sequence[str], limit: int) -> bytes:
        statement = written(self, cells, limit)
        asked.append((statement, self.bindings))
        return statement

    monkeypatch.setattr(Selection, "statement", recorded)
    with (
        closing(PostgresSource(database.url, database.config)) as source,
        closing(Link(settings_of(database.url, database.config))) as link,
    ):
        (table,) = source.tables
        assert link.read(lambda cursor: table.page(cursor, 1, 100_001)).rows > 0
        assert link.read(lambda cursor: table.page(cursor, 50_001, 100_001)).rows > 0
        assert link.read(lambda cursor: table.within(cursor, [(10, 20), (99_000, 100_000)])).rows == 1_010
        plans = [_plan(link, *one) for one in asked]
    assert len(plans) == 3
    for plan in plans:
        assert "Index Scan using by_position" in plan
        assert "Sort" not in plan


def _plan(link: Link, statement: bytes, bindings: tuple[Any, ...]) -> str:
    """What the server does for a statement in one of our transactions."""
    rows = link.read(lambda cursor: cursor.execute(b"EXPLAIN " + statement, bindings).fetchall())
    return "\n".join(row[0].decode() for row in rows)


def test_how_pages_are_planned_holds_for_a_transaction_only(database: Database) -> None:
    settings = settings_of(database.url, database.config)
    asking = "SELECT " + ", ".join(f"current_setting('{name}')" for name in PLANNING)
    with closing(Link(settings)) as link:
        assert link.read(lambda cursor: cursor.execute(asking.encode()).fetchall()) == [(b"off", b"off", b"0")]
        assert link._connected().execute(asking.encode()).fetchall() == [(b"on", b"on", b"2")]


PLANNING = ("enable_sort", "jit", "max_parallel_workers_per_gather")


def test_page_whose_first_row_is_slow_is_as_large_as_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_rows, "MAX_S", 1.0)
    database.run(EVENTS, MANY.replace("100000", "300"))
    with closing(PostgresSource(database.url, database.config)) as source:
        (table,) = source.tables
        database.run(
            "CREATE POLICY slow ON stored_events USING (CASE WHEN notification_id = 1 THEN pg_sleep(1.2) IS NOT NULL ELSE true END)",
            "ALTER TABLE stored_events ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE stored_events FORCE ROW LEVEL SECURITY",
            "DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD 'p'; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "GRANT SELECT ON stored_events TO plain",
        )
        plain = settings_of(database.url.replace("owner@", "plain@"), {"password": "p"})
        with closing(Link(plain)) as slow:
            page = slow.read(lambda cursor: table.page(cursor, 1, 301))
    assert (page.rows, page.is_end) == (300, True)


# ---- a server that goes away


def test_server_that_restarts_is_waited_for_and_nothing_is_missed(own_server: Server) -> None:
    database = own_server.database("shop")
    database.run(EVENTS)
    with closing(opened(database)) as source:
        with database.connect() as connection:
            connection.execute(ONE, ("order-1", b"{}"))
            following = Following(source)
            following.until(1)
        own_server.stop()
        assert "waiting: " in following.until_note("waiting")
        own_server.start()
        with database.connect() as connection:
            connection.execute(ONE, ("order-2", b"{}"))
        assert following.until(2)[0] == 1
        assert any(batch.state == "reading again" for batch in following.batches)
        assert len(following.plan.logs) == 1
    assert len(set(following.positions)) == len(following.positions) == 2


def test_connection_that_an_administrator_ends_is_made_again(database: Database) -> None:
    database.run(EVENTS)
    with database.connect() as connection, closing(opened(database)) as source:
        connection.execute(ONE, ("order-1", b"{}"))
        following = Following(source)
        following.until(1)
        ended = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'eventscope' AND datname = current_database()"
        )
        connection.execute(ended)
        connection.execute(ONE, ("order-2", b"{}"))
        assert following.until(2) == [1, 2]


def test_stopping_ends_what_the_server_does(database: Database) -> None:
    database.run(EVENTS)
    request, stop = Request(follow=True), threading.Event()
    with database.connect() as connection, closing(opened(database)) as source:
        plan = source.pin(request)
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE")
        reading = source.read(plan, request, stop)
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        assert list(reading) == []
        assert time.monotonic() - began < 1.5


def test_killed_capture_goes_on_and_stores_nothing_twice(messages: Database, tmp_path: Path) -> None:
    capture = tmp_path / "c.evcap"
    command = [sys.executable, "-m", "inspector.cli", "capture", messages.url, "-o", str(capture), "--config", "-", "--progress", "json"]
    with messages.connect() as connection:
        for number in range(50):
            message_db.write(connection, f"account-{number % 3}", "Deposited", {"n": number})
        process = subprocess.Popen(
            [*command, "--follow"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
        )
        assert process.stdin is not None
        process.stdin.write(f"password={PASSWORD}\n.\n".encode())
        process.stdin.flush()
        deadline = time.monotonic() + DEADLINE_S
        while _stored(capture) < 50:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert PASSWORD not in Path(f"/proc/{process.pid}/cmdline").read_text() if sys.platform == "linux" else True
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE_S)
        for number in range(10):
            message_db.write(connection, "account-9", "Deposited", {"n": number})
    done = subprocess.run(command, input=f"password={PASSWORD}\n.\n", capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout)["stored"] == 10
    assert PASSWORD not in done.stdout + done.stderr
    assert PASSWORD.encode() not in capture.read_bytes()
    with closing(apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)) as reading:
        assert [row[0] for row in reading.execute("SELECT position FROM event ORDER BY seq")] == list(range(1, 61))
        assert list(reading.execute("SELECT from_position, to_position, records FROM coverage")) == [(1, 61, 60)]


def _stored(capture: Path) -> int:
    try:
        with closing(apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)) as reading:
            return int(reading.execute("SELECT count(*) FROM event").get)
    except apsw.Error:
        return 0
