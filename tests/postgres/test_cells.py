"""Values as the server holds them: digits, bytes, texts of other encodings, large objects; one that cannot be had spoils no other."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from inspector.errors import SourceError
from inspector.event import EventBatch, Flag
from inspector.sources import Request, Source, open_source
from tests.postgres.server import Database, Server
from tests.postgres.test_postgres import opened
from tests.sources.stores import all_events

AXON = (
    "CREATE TABLE domain_event_entry (global_index bigint PRIMARY KEY, event_identifier varchar(255) UNIQUE, "
    "aggregate_identifier varchar(255), sequence_number bigint, type varchar(255), time_stamp varchar(255), payload_type varchar(255), "
    "payload_revision varchar(255), payload {kind}, meta_data {kind}, UNIQUE (aggregate_identifier, sequence_number))"
)
META = {"traceId": "the-correlation", "correlationId": "the-cause"}
DESCRIPTOR = """
database = "postgresql"
[match]
table = "things"
columns = ["place", "body"]
[event]
position = "place"
value = "body"
type = "json(more, '$.a.b')"
id = "first(name)"
stream = "name"
version = "number"
{time}
"""
THINGS = "CREATE TABLE things (place bigserial PRIMARY KEY, body {kind}, more text, name text, number int, moment {moment}, note {note})"


def things(database: Database, folder: Path, time: str = "", **config: str) -> EventBatch:
    """All of the table `things` by a descriptor of a user's."""
    file = folder / "things.toml"
    file.write_text(DESCRIPTOR.format(time=time))
    with closing(opened(database, descriptor=str(file), **config)) as source:
        (batch,) = all_events(source)
        return batch


@pytest.mark.parametrize("kind", ["oid", "bytea", "text"])
def test_axon_payloads_are_read_from_large_objects_bytes_and_text(database: Database, kind: str) -> None:
    value, meta = json.dumps({"n": 1}), json.dumps(META)
    make = {"oid": "lo_from_bytea(0, %s::bytea)", "bytea": "%s::bytea", "text": "%s"}[kind]
    columns = "7, 'e1', 'order-1', 0, 'Order', '2026-11-23T08:00:00.123456Z', 'Placed', '2'"
    row = f"INSERT INTO domain_event_entry VALUES ({columns}, {make}, {make})"
    database.run(AXON.format(kind=kind))
    with database.connect() as connection:
        given = (value, meta) if kind == "text" else (value.encode(), meta.encode())
        connection.execute(row, given)
    with closing(opened(database)) as source:
        (batch,) = all_events(source)
        assert source.info().attributes["mapping"] == "unverified mapping"
    assert batch.records.value == [value.encode()]
    assert batch.correlation_id == ["the-correlation"]
    assert batch.causation_id == ["the-cause"]
    assert batch.schema_version == ["2"]
    assert batch.time_us == [1795420800123456]
    assert [stream[0] for stream in batch.streams] == [("Order", "order-1", 0)]
    assert batch.error == [None]


def test_large_object_that_is_gone_or_closed_damages_its_row_alone(database: Database) -> None:
    database.run(
        AXON.format(kind="oid"),
        "CREATE ROLE clerk LOGIN PASSWORD 'p'",
        "GRANT SELECT ON domain_event_entry TO clerk",
        "INSERT INTO domain_event_entry SELECT n, 'e' || n, 'order-1', n, 'Order', '2026-11-23T08:00:00Z', 'Placed', NULL, "
        "lo_from_bytea(0, '{}'), NULL FROM generate_series(1, 5) AS n",
        "SELECT lo_unlink(payload) FROM domain_event_entry WHERE global_index = 2",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT payload FROM domain_event_entry WHERE global_index IN (1, 4, 5) LOOP "
        "EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO clerk', r.payload); END LOOP; END $$",
    )
    clerk = Database(database.server, database.name)
    with closing(opened_as(clerk, "clerk", "p")) as source:
        (batch,) = all_events(source)
    assert batch.records.position == [1, 2, 3, 4, 5]
    assert [value is None for value in batch.records.value] == [False, True, True, False, False]
    assert [bool(flags & Flag.damaged) for flags in batch.flags] == [False, True, True, False, False]
    assert "there is no large object" in (batch.error[1] or "")
    assert "permission denied for large object" in (batch.error[2] or "")
    database.run("DROP OWNED BY clerk", "DROP ROLE clerk")


def opened_as(database: Database, user: str, password: str) -> Source:
    """The database as a source for another role."""
    return open_source(database.url.replace("owner@", f"{user}@"), {"password": password})


def test_numbers_keep_their_digits_and_json_is_looked_into_row_by_row(database: Database, tmp_path: Path) -> None:
    database.run(THINGS.format(kind="jsonb", moment="timestamptz", note="numeric"))
    with database.connect() as connection:
        insert = "INSERT INTO things (body, more, name, number, note) VALUES (%s::jsonb, %s, %s, 1, %s::numeric)"
        connection.execute(insert, ('{"n": 12345678901234567890.120}', '{"a": {"b": 1.50}}', "one", "1e-20"))
        connection.execute(insert, (None, "no json", "two", "NaN"))
    batch = things(database, tmp_path)
    assert batch.records.value == [b'{"n": 12345678901234567890.120}', None]
    assert batch.type == ["1.50", None]
    assert [json.loads(extra or "")["note"] for extra in batch.extra] == ["0.00000000000000000001", "NaN"]


def test_times_with_and_without_a_zone_and_those_out_of_range(database: Database, tmp_path: Path) -> None:
    database.run(
        THINGS.format(kind="bytea", moment="timestamptz", note="bytea"),
        "INSERT INTO things (body, moment, note) VALUES ('\\x00ff', '2026-11-23 08:00:00.5+05:30', '\\xff'), ('', 'infinity', NULL), "
        "('', '12026-01-01', NULL)",
    )
    batch = things(database, tmp_path, 'recorded = "iso(moment)"')
    assert batch.records.value == [b"\x00\xff", b"", b""]
    assert batch.time_us == [1795401000500000, None, None]
    extra = [json.loads(one or "") for one in batch.extra]
    assert extra[0]["note"] == {"base64": "/w=="}
    assert [one.get("moment") for one in extra] == [None, "infinityZ", "12026-01-01 00:00:00Z"]


@pytest.mark.parametrize(("encoding", "is_damaged"), [("LATIN1", False), ("EUC_JP", False), ("SQL_ASCII", True)])
def test_text_of_other_encodings_becomes_utf8_and_what_is_none_is_said(
    server: Server, tmp_path: Path, encoding: str, is_damaged: bool
) -> None:
    name = f"coded_{encoding.lower()}"
    with server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    database = Database(server, name)
    word = {"LATIN1": "Grüße", "EUC_JP": "日本", "SQL_ASCII": "Grüße"}[encoding]
    codec = {"LATIN1": "latin-1", "EUC_JP": "euc_jp", "SQL_ASCII": "latin-1"}[encoding]
    with database.connect() as connection:
        connection.execute(THINGS.format(kind="text", moment="text", note="text"))
        for text in (word, "plain"):
            written = text.encode(codec).hex()
            connection.execute(
                f"INSERT INTO things (body, name) SELECT t, t FROM (SELECT convert_from('\\x{written}'::bytea, '{encoding}') AS t) AS x"
            )
    batch = things(database, tmp_path)
    assert bool(batch.flags[0] & Flag.damaged) is is_damaged
    assert batch.flags[1] == 0
    if not is_damaged:
        assert batch.records.value[0] == word.encode()
        assert batch.streams[0][0].name == word


def test_names_with_signs_of_all_kinds_are_only_names(database: Database, tmp_path: Path) -> None:
    database.run(
        'CREATE SCHEMA "we""ird %s"',
        'CREATE TABLE "we""ird %s"."things" ("place" bigserial PRIMARY KEY, body text, more text, name text, number int, "a%%\'b" text)',
        'INSERT INTO "we""ird %s".things (body, "a%%\'b") VALUES (\'x\', \'y\')',
    )
    batch = things(database, tmp_path)
    assert batch.records.value == [b"x"]
    assert json.loads(batch.extra[0] or "")["a%%'b"] == "y"


def test_positions_that_do_not_tell_rows_apart_are_refused(database: Database, tmp_path: Path) -> None:
    database.run("CREATE TABLE things (place bigint, body text, more text, name text, number int)")
    with pytest.raises(SourceError, match="position place is not unique and no sequence feeds it"):
        things(database, tmp_path)


def test_rows_hidden_by_policies_and_a_missing_index_are_said(database: Database, tmp_path: Path) -> None:
    database.run(
        "CREATE TABLE things (place bigint GENERATED ALWAYS AS IDENTITY, body text, more text, name text, number int)",
        "ALTER TABLE things ENABLE ROW LEVEL SECURITY",
    )
    file = tmp_path / "things.toml"
    file.write_text(DESCRIPTOR.format(time=""))
    with closing(opened(database, descriptor=str(file))) as source:
        notes = source.pin(Request()).notes
    assert any("no index on" in note for note in notes)
    assert any("row-level security" in note for note in notes)


def test_page_of_large_values_is_cut_and_all_come(database: Database, tmp_path: Path) -> None:
    database.run(
        THINGS.format(kind="text", moment="text", note="text"),
        "INSERT INTO things (body) SELECT repeat('x', 2000000) FROM generate_series(1, 30)",
    )
    file = tmp_path / "things.toml"
    file.write_text(DESCRIPTOR.format(time=""))
    with closing(opened(database, descriptor=str(file))) as source:
        batches = all_events(source)
    assert len(batches) > 2
    assert max(sum(len(value or b"") for value in batch.records.value) for batch in batches) <= 18_000_000
    assert [position for batch in batches for position in batch.records.position] == list(range(1, 31))
