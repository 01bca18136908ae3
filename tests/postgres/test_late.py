"""Two writers that commit in another order than they number: nothing is skipped, and what came late is marked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest

from inspector import ingest
from inspector.event import Flag
from inspector.sources import Request
from inspector.sources.postgres_late import KEY, LATER_TRANSACTION, MOST, READ_AGAIN, Holes, runs
from tests.postgres import emmett, message_db
from tests.postgres.server import Database
from tests.postgres.test_postgres import EVENTS, ONE, opened
from tests.sources.stores import Following, all_events, all_records, positions


def captured(database: Database, capture: Path, **config: str) -> ingest.Outcome:
    """One run over the whole store."""
    with closing(opened(database, **config)) as source:
        return ingest.run([(source, Request())], capture)


def asked(capture: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        return [tuple(row) for row in connection.execute(sql)]


def late(extra: dict[int, dict[str, object]], row: int) -> dict[str, Any]:
    found = extra[row][KEY]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def writers(messages: Database) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Two connections to a message-db, each in a transaction of its own."""
    with messages.connect() as one, messages.connect() as other:
        yield one, other


def test_late_arrival_is_shown_live(messages: Database, writers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]]) -> None:
    slow, quick = writers
    message_db.write(quick, "account-1", "Opened", {})
    with closing(opened(messages)) as source:
        following = Following(source)
        following.until(1)
        slow.execute("BEGIN")
        message_db.write(slow, "transfer-1", "Initiated", {})  # takes position 2
        message_db.write(quick, "account-1", "Deposited", {})
        assert following.until(2) == [1, 3]
        slow.execute("COMMIT")
        note = following.until_note("late arrival")
        assert following.positions == [1, 3, 2]
    assert "late arrival at position 2, after 3 had been read" in note
    batch = next(batch for batch in following.batches if batch.records.position == [2])
    assert late(batch.records.extra, 0)["after"] == 3
    assert "committed after higher positions" in late(batch.records.extra, 0)["reason"]


def test_late_arrival_is_waited_for_as_long_as_its_writer_runs(
    messages: Database, writers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]]
) -> None:
    slow, quick = writers
    with closing(opened(messages, **{"reread.positions": "0", "reread.seconds": "0"})) as source:
        following = Following(source)
        slow.execute("BEGIN")
        message_db.write(slow, "transfer-1", "Initiated", {})
        for number in range(5):
            message_db.write(quick, "account-1", "Deposited", {"n": number})
        following.until(5)
        for _ in range(10):
            following.next()
        slow.execute("COMMIT")
        assert following.until(6) == [2, 3, 4, 5, 6, 1]


def test_late_arrival_between_two_runs_is_stored_marked_and_counted(
    messages: Database, writers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    slow, quick = writers
    capture = tmp_path / "c.evcap"
    slow.execute("BEGIN")
    message_db.write(slow, "transfer-1", "Initiated", {})
    for number in range(4):
        message_db.write(quick, "account-1", "Deposited", {"n": number})
    assert captured(messages, capture).status.stored == 4
    assert asked(capture, "SELECT from_position, to_position, state, records FROM coverage") == [(1, 6, "read", 4)]
    slow.execute("COMMIT")
    outcome = captured(messages, capture)
    assert (outcome.status.stored, outcome.status.conflicts) == (1, 0)
    assert asked(capture, "SELECT position FROM event ORDER BY seq") == [(2,), (3,), (4,), (5,), (1,)]
    assert asked(capture, "SELECT from_position, to_position, state, records FROM coverage") == [(1, 6, "read", 5)]
    marked = f"SELECT position, extra ->> '$.{KEY}.reason' FROM event WHERE extra ->> '$.{KEY}.after' IS NOT NULL"
    assert asked(capture, marked) == [(1, READ_AGAIN)]
    assert asked(capture, f"SELECT position FROM event WHERE flags & {int(Flag.late)}") == [(1,)]


def test_late_arrival_in_one_run_is_counted_where_it_lies(
    messages: Database, writers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    slow, quick = writers
    capture = tmp_path / "c.evcap"
    slow.execute("BEGIN")
    message_db.write(slow, "transfer-1", "Initiated", {})
    message_db.write(quick, "account-1", "Opened", {})

    class Listener(ingest.Listener):
        def progressed(self, status: ingest.Status) -> None:
            if status.stored == 1:
                slow.execute("COMMIT")
            if status.stored == 2:
                stop.set()

    stop = threading.Event()
    with closing(opened(messages)) as source:
        outcome = ingest.run([(source, Request(follow=True))], capture, listener=Listener(), stop=stop)
    assert outcome.status.stored == 2
    assert asked(capture, "SELECT position FROM event ORDER BY seq") == [(2,), (1,)]
    assert asked(capture, "SELECT from_position, to_position, records FROM coverage") == [(1, 3, 2)]


def test_rolled_back_numbers_stay_holes(messages: Database, writers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]]) -> None:
    failing, quick = writers
    failing.execute("BEGIN")
    message_db.write(failing, "transfer-1", "Initiated", {})
    failing.execute("ROLLBACK")
    message_db.write(quick, "account-1", "Opened", {})
    with closing(opened(messages)) as source:
        plan, batches = all_records(source)
    assert plan.asked == [(1, 3)]
    assert positions(batches) == [2]


def test_late_arrival_in_a_table_without_an_index_is_found_too(database: Database) -> None:
    database.run(EVENTS.partition("; ")[0])
    with database.connect() as slow, database.connect() as quick, closing(opened(database)) as source:
        following = Following(source)
        slow.execute("BEGIN")
        slow.execute(ONE, ("slow", b"{}"))
        quick.execute(ONE, ("quick", b"{}"))
        following.until(1)
        slow.execute("COMMIT")
        assert following.until(2) == [2, 1]


def test_many_holes_are_looked_into_at_once(database: Database) -> None:
    database.run(
        EVENTS,
        "INSERT INTO stored_events SELECT 'order-' || n, 1, 'shop:Order.Placed', '{}', n * 3 FROM generate_series(1, 3000) AS n",
    )
    with database.connect() as connection, closing(opened(database)) as source:
        following = Following(source)
        following.until(3_000)
        assert "the last 2,000 are looked at" in following.until_note("more than 2,000 holes")
        for place in (8_000, 8_002, 8_005):
            connection.execute("INSERT INTO stored_events VALUES ('late-' || %s::text, 1, 'shop:Order.Placed', '{}', %s)", (place, place))
        assert following.until(3_003)[3_000:] == [8_000, 8_002, 8_005]


# ---- Emmett: the order of transactions


@pytest.fixture
def shop(database: Database) -> Database:
    """A database with Emmett's tables."""
    reason = emmett.missing()
    if reason:
        pytest.skip(reason)
    with database.connect() as connection:
        emmett.install(connection)
    return database


def test_emmett_messages_have_what_was_appended_and_partitions_are_one_log(shop: Database) -> None:
    with shop.connect() as connection:
        first = emmett.append(connection, "order:1", "Placed", {"big": 12345678901234567890}, {"correlationId": "c1"})
        second = emmett.append(connection, "order:1", "Paid", {}, {"correlationId": "c1", "causationId": first[0]})
    with closing(opened(shop)) as source:
        assert [info.key.name for info in source.logs()] == ["emt_messages"]
        (batch,) = all_events(source)
        assert source.info().attributes["tables"] == {"emt_messages": {"descriptor": "emmett-postgresql", "base": 1, "verified": True}}
    assert batch.records.position == [first[2], second[2]] == [1, 2]
    assert batch.version == [first[1], second[1]] == [1, 2]
    assert batch.event_id == [first[0], second[0]]
    assert batch.type == ["Placed", "Paid"]
    assert [stream[0][:2] for stream in batch.streams] == [("order", "order:1")] * 2
    assert batch.correlation_id == ["c1", "c1"]
    assert batch.causation_id == [None, first[0]]
    assert None not in batch.time_us
    assert batch.schema_version == [None, None]  # the store's column of that name holds something else
    extra = json.loads(batch.extra[0] or "")
    assert {"partition", "message_kind", "is_archived", "message_schema_version", "transaction", "xmin"} == set(extra)
    assert extra["transaction"] == extra["xmin"]


def test_emmett_row_of_a_later_transaction_waits_and_none_is_skipped(shop: Database) -> None:
    with shop.connect() as slow, shop.connect() as quick, closing(opened(shop)) as source:
        following = Following(source)
        emmett.append(quick, "order:1", "Placed", {}, {})
        following.until(1)
        slow.execute("BEGIN")
        slow.execute("SELECT pg_current_xact_id()")  # an older transaction that takes a higher position
        emmett.append(quick, "order:2", "Placed", {}, {})
        for _ in range(5):
            following.next()
        assert following.positions == [1]
        assert emmett.append(slow, "order:3", "Placed", {}, {})[2] == 3
        slow.execute("COMMIT")
        assert following.until(3) == [1, 3, 2]
        assert any("in the order of transactions" in note for batch in following.batches for note in batch.notes)
    batch = next(batch for batch in following.batches if batch.records.position == [2])
    assert late(batch.records.extra, 0) == {"after": 3, "reason": LATER_TRANSACTION}


def test_emmett_capture_goes_on_with_what_was_undecided(shop: Database, tmp_path: Path) -> None:
    capture = tmp_path / "c.evcap"
    with shop.connect() as slow, shop.connect() as quick:
        emmett.append(quick, "order:1", "Placed", {}, {})
        slow.execute("BEGIN")
        emmett.append(slow, "order:2", "Placed", {}, {})
        emmett.append(quick, "order:3", "Placed", {}, {})
        with closing(opened(shop)) as source:
            plan, batches = all_records(source)
        assert (plan.asked, positions(batches)) == ([(1, 2)], [1])
        assert captured(shop, capture).status.stored == 1
        slow.execute("COMMIT")
    assert captured(shop, capture, **{"reread.positions": "1"}).status.stored == 2
    assert captured(shop, capture).status.stored == 0
    assert asked(capture, "SELECT position FROM event ORDER BY seq") == [(1,), (2,), (3,)]


# ---- holes, by themselves


def test_hole_is_looked_at_until_it_is_old_and_far_and_its_writers_have_ended() -> None:
    holes = Holes(positions=10, seconds=5)
    holes.passed(1, 6, [1, 2, 5], now_s=0, next_xid=100)
    assert holes.ranges == [(3, 5)]
    for reached, now_s, oldest_xid in ((100, 1, 200), (10, 9, 200), (100, 9, 99)):
        holes.settle(reached, now_s, oldest_xid)
        assert holes.ranges == [(3, 5)]
    holes.filled([3])
    assert holes.ranges == [(4, 5)]
    holes.settle(100, 9, 100)
    assert holes.ranges == []


def test_holes_without_end_take_no_memory_without_end() -> None:
    holes = Holes(positions=10, seconds=5)
    holes.passed(0, 3 * MOST * 2, range(0, 3 * MOST * 2, 2), now_s=0, next_xid=1)
    assert len(holes.ranges) == MOST
    assert holes.is_full


def test_rows_in_transaction_order_are_cut_where_positions_fall() -> None:
    assert runs([5, 6, 3, 4, 9], 5) == [(0, 2, False), (2, 4, True), (4, 5, False)]
    assert runs([1, 2, 7], 6) == [(0, 2, True), (2, 3, False)]
    assert runs([], 6) == []
