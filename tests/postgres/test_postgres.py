"""The PostgreSQL source against the real `eventsourcing` package and the real message-db; what a request means is as in SQLite."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from inspector.errors import SourceError, UsageError
from inspector.event import Flag, TimeKind
from inspector.sources import Bound, Request, Source, check_source, open_source
from tests.contracts import SourceContract
from tests.postgres import message_db
from tests.postgres.server import PASSWORD, Database
from tests.sources.stores import AES, ZLIB, Application, Following, all_events, all_records, application, positions

EVENTS = (
    "CREATE TABLE stored_events (originator_id text NOT NULL, originator_version bigint NOT NULL, topic text, state bytea, "
    "notification_id bigserial, PRIMARY KEY (originator_id, originator_version)); "
    "CREATE UNIQUE INDEX by_position ON stored_events (notification_id)"
)
ONE = "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (%s, 1, 'shop:Order.Placed', %s)"


def opened(database: Database, **config: str) -> Source:
    """The database as a source."""
    return open_source(database.url, {**database.config, **config})


class PostgresSubject:
    """A table in the package's layout for the contract."""

    log = "stored_events"

    def __init__(self, database: Database) -> None:
        self._database, self._count = database, 0
        database.run(EVENTS)

    def open(self) -> Source:
        """The database as a source."""
        return opened(self._database)

    def append(self, count: int) -> None:
        """Adds rows."""
        with self._database.connect() as connection:
            for _ in range(count):
                self._count += 1
                connection.execute(ONE, (f"order-{self._count}", b"{}"))


class TestPostgresSourceContract(SourceContract):
    @pytest.fixture
    def subject(self, database: Database) -> PostgresSubject:
        subject = PostgresSubject(database)
        subject.append(3)
        return subject


class TestMessageDbContract(SourceContract):
    @pytest.fixture
    def subject(self, messages: Database) -> MessagesSubject:
        subject = MessagesSubject(messages)
        subject.append(3)
        return subject


class MessagesSubject:
    """The real message-db for the contract."""

    log = "message_store.messages"

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> Source:
        """The database as a source."""
        return opened(self._database)

    def append(self, count: int) -> None:
        """Writes messages through the package's function."""
        with self._database.connect() as connection:
            for number in range(count):
                message_db.write(connection, "account-1", "Deposited", {"amount": number})


# ---- the real eventsourcing package


def environment(database: Database) -> dict[str, str]:
    """What the package is told to write to the database."""
    where = {"DBNAME": database.name, "HOST": "127.0.0.1", "PORT": str(database.server.port), "USER": "owner", "PASSWORD": PASSWORD}
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "IS_SNAPSHOTTING_ENABLED": "y",
        **{f"POSTGRES_{name}": value for name, value in where.items()},
    }


@pytest.fixture
def app(database: Database, request: pytest.FixtureRequest) -> Iterator[Application]:
    """The package's application in a process of its own, writing to the database."""
    pytest.importorskip("psycopg_pool", reason="psycopg-pool is not installed: the package cannot write to PostgreSQL")
    with application(Path("unused"), {**environment(database), **getattr(request, "param", {})}) as running:
        yield running


def test_events_have_position_stream_version_type_time_and_data(database: Database, app: Application) -> None:
    before_us = time.time_ns() // 1000
    app.do("place 3")
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state, xmin::text::bigint FROM application_events ORDER BY 1"
        ).fetchall()
    assert batch.records.position == [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [stream[0].name for stream in batch.streams] == [row[1].hex for row in rows]
    assert {stream[0].category for stream in batch.streams} == {"Order"}
    assert batch.version == [stream[0].version for stream in batch.streams] == [row[2] for row in rows] == [1, 2] * 3
    assert batch.type == [row[3] for row in rows]
    assert batch.records.value == [row[4] for row in rows]
    assert [json.loads(extra or "{}")["xmin"] for extra in batch.extra] == [row[5] for row in rows]
    assert all(before_us <= (time_us or 0) <= time.time_ns() // 1000 for time_us in batch.time_us)
    assert set(batch.time_kind) == {TimeKind.event}
    assert orjson.loads(batch.records.value[5] or b"")["amount"] == {"_type_": "decimal_str", "_data_": "2"}
    assert batch.schema_version == ["1"] * 6
    assert batch.error == [None] * 6
    assert batch.flags == [0] * 6


@pytest.mark.parametrize("app", [{"COMPRESSOR_TOPIC": ZLIB}], indirect=True)
def test_compressed_states_are_read(database: Database, app: Application) -> None:
    app.do("place 20")
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
    assert json.loads(str(batch.data[1]))["amount"]["_data_"] == "0"
    assert batch.flags == [0] * 40


@pytest.mark.parametrize("app", [{"CIPHER_TOPIC": AES, "CIPHER_KEY": "kQSO0YcXlOoHyNJIDQSTkxzTDaZSsGgVtzTVx0vwEFc="}], indirect=True)
def test_encrypted_states_are_flagged_and_their_columns_read(database: Database, app: Application) -> None:
    app.do("place 5")
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
    assert all(flags & Flag.encrypted for flags in batch.flags)
    assert batch.version == [1, 2] * 5


def test_stream_has_one_category_although_a_base_class_defines_some_of_its_events(database: Database, app: Application) -> None:
    app.do("inherit")
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
    assert batch.type == ["__main__:Order.Placed", "__main__:Document.Renamed"]
    assert {stream[0].category for stream in batch.streams} == {"Order"}


def test_deleted_events_leave_holes_and_snapshots_are_no_events(database: Database, app: Application) -> None:
    app.do("place 5")
    app.do("snapshot 1")
    database.run("DELETE FROM application_events WHERE notification_id IN (1, 4, 7)")
    with closing(opened(database)) as source:
        assert [info.key.name for info in source.logs()] == ["application_events"]
        _, batches = all_records(source)
    assert positions(batches) == [2, 3, 5, 6, 8, 9, 10, 11, 12]


def test_thousands_of_events_appended_while_following_all_come_in_order(database: Database, app: Application) -> None:
    app.do("place 1")
    with closing(opened(database)) as source:
        following = Following(source)
        app.order("place 500")
        following.until(1_002)
        app.answer()
    assert following.positions == list(range(1, 1_003)), [
        (b.read_to, b.notes, b.records.position[:3], b.opened) for b in following.batches
    ][:9]


# ---- the real message-db


def test_messages_have_what_was_written(messages: Database) -> None:
    before_us = time.time_ns() // 1000
    with messages.connect() as connection:
        first, _ = message_db.write(connection, "account-1+a", "Opened", {"n": 12345678901234567890.5, "big": 2**70})
        metadata = {
            "correlationStreamName": "transfer-7",
            "causationMessageStreamName": "account:command-1",
            "causationMessagePosition": 11,
            "causationMessageGlobalPosition": 111,
            "schemaVersion": "2",
        }
        second, _ = message_db.write(connection, "account-1+a", "Deposited", {"amount": 1}, metadata)
        third, _ = message_db.write(connection, "account:position-consumer", "Recorded", {"position": 1})
    with closing(opened(messages)) as source:
        (batch,) = all_events(source)
    assert batch.records.position == [1, 2, 3]
    assert batch.event_id == [first, second, third]
    account, progress = ("account", "account-1+a"), ("account:position", "account:position-consumer")
    assert [stream[0] for stream in batch.streams] == [(*account, 0), (*account, 1), (*progress, 0)]
    assert batch.version == [0, 1, 0]
    assert batch.type == ["Opened", "Deposited", "Recorded"]
    assert batch.correlation_id == [None, "transfer-7", None]
    assert batch.causation_id == [None, "account:command-1/11", None]
    assert batch.schema_version == [None, "2", None]
    assert json.loads(batch.metadata[1] or "") == metadata
    assert batch.metadata[0] is None
    assert set(batch.time_kind) == {TimeKind.append}
    assert all(before_us <= (time_us or 0) <= time.time_ns() // 1000 for time_us in batch.time_us)
    assert b"1180591620717411303424" in (batch.records.value[0] or b"")
    assert set(batch.decoder) == {"json"}


def test_database_of_another_name_and_schema_is_found_by_table_in_the_address(messages: Database) -> None:
    messages.run(EVENTS)
    with closing(open_source(f"{messages.url}/message_store.messages", messages.config)) as source:
        assert [info.key.name for info in source.logs()] == ["message_store.messages"]
    with pytest.raises(SourceError, match=r"no event table in .* called nothing\.here"):
        open_source(f"{messages.url}/nothing.here", messages.config)


# ---- what a request means


def test_positions_counts_edges_and_times(messages: Database) -> None:
    with messages.connect() as connection:
        for number in range(5):
            message_db.write(connection, f"account-{number}", "Opened", {})
    with closing(opened(messages)) as source:

        def asked(start: Bound, end: Bound | None = None) -> tuple[int, int | None]:
            return source.pin(Request(start=start, end=end or Bound())).asked[0]

        assert asked(Bound(edge="earliest")) == (1, 6)
        assert asked(Bound(last=2)) == (4, 6)
        assert asked(Bound(position=2), Bound(position=4)) == (2, 4)
        (batch,) = all_events(source)
        assert asked(Bound(time_us=batch.time_us[3])) == (4, 6)
        plan = source.pin(Request(start=Bound(time_us=4_000_000_000_000_000)))
        assert plan.asked[0] == (6, 6)
        assert "nothing at or after" in plan.notes[0]


def test_keys_and_partitions_are_refused(messages: Database) -> None:
    with closing(opened(messages)) as source:
        with pytest.raises(UsageError, match="no keys"):
            source.pin(Request(key=b"x"))
        with pytest.raises(UsageError, match="partition 0"):
            source.pin(Request(partitions=[1]))


# ---- connecting


def test_check_names_the_step_that_fails(messages: Database) -> None:
    def last(url: str, **config: str) -> tuple[str, bool, str]:
        step = list(check_source(url, config))[-1]
        return step.name, step.works, step.text

    url, port = messages.url, messages.server.port
    assert last(url, password=PASSWORD)[:2] == ("rows", True)
    assert last(url, password="wrong-secret-word")[:2] == ("SASL", False)
    assert "wrong-secret-word" not in last(url, password="wrong-secret-word")[2]
    assert last(url)[:2] == ("SASL", False)
    assert last(url.replace(messages.name, "nowhere"), password=PASSWORD)[:2] == ("database", False)
    assert last(f"{url}?sslmode=require", password=PASSWORD)[:2] == ("TLS", False)
    assert last(url.replace(f":{port}", ":1"), password=PASSWORD)[:2] == ("TCP", False)
    assert last(url.replace("127.0.0.1", "no-such-host.invalid"), password=PASSWORD)[:2] == ("DNS", False)


def test_password_comes_from_the_environment_and_the_password_file(
    messages: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{messages.server.port}:{messages.name}:owner:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    open_source(messages.url).close()
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    open_source(messages.url).close()


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h/d", "postgresql://u@h/d?password=secret", "postgresql://u@h/d?sslpassword=secret"]
)
def test_address_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_source(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["options", "sslkeylogfile", "replication", "application_name", "nonsense"])
def test_property_that_would_undo_what_is_set_here_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        open_source("postgresql://u@h/d", {name: "x"})


def test_role_without_rights_gets_a_clear_message(messages: Database) -> None:
    role = f"nobody_{uuid.uuid4().hex}"
    messages.run(f"CREATE ROLE {role} LOGIN PASSWORD 'p'")
    url = messages.url.replace("owner@", f"{role}@")
    with pytest.raises(SourceError, match=f"grant select on message_store.messages to {role}") as refused:
        open_source(url, {"password": "p"})
    assert refused.value.step == "authorisation"


def test_database_without_an_event_table_says_what_it_has(database: Database) -> None:
    database.run("CREATE TABLE customers (id bigserial PRIMARY KEY)")
    with pytest.raises(SourceError, match=r"its tables: customers\. Known are: .*message-db") as refused:
        opened(database)
    assert refused.value.step == "shape"
