"""Stores of other languages in SQLite, table by table as their sources define them: what no test here can install and run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.sources.stores import written

RAILS = """
CREATE TABLE event_store_events (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, event_id varchar(36) NOT NULL, event_type varchar
    NOT NULL, metadata blob, data blob NOT NULL, created_at datetime(6) NOT NULL, valid_at datetime(6));
CREATE UNIQUE INDEX by_event ON event_store_events (event_id);
CREATE TABLE event_store_events_in_streams (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, stream varchar NOT NULL, position
    integer, event_id varchar(36) NOT NULL, created_at datetime(6) NOT NULL);
CREATE UNIQUE INDEX by_position ON event_store_events_in_streams (stream, position);
CREATE UNIQUE INDEX by_stream ON event_store_events_in_streams (stream, event_id);
"""
COMMANDED = """
CREATE TABLE events (event_id TEXT PRIMARY KEY, event_type TEXT NOT NULL, causation_id TEXT, correlation_id TEXT, data BLOB NOT
    NULL, metadata BLOB, created_at TEXT NOT NULL);
CREATE TABLE streams (stream_id INTEGER PRIMARY KEY, stream_uuid TEXT UNIQUE NOT NULL, stream_version INTEGER NOT NULL, created_at
    TEXT, deleted_at TEXT);
CREATE TABLE stream_events (event_id TEXT NOT NULL REFERENCES events, stream_id INTEGER NOT NULL, stream_version INTEGER NOT NULL,
    original_stream_id INTEGER, original_stream_version INTEGER, PRIMARY KEY (event_id, stream_id));
CREATE UNIQUE INDEX in_stream ON stream_events (stream_id, stream_version);
CREATE TABLE subscriptions (subscription_id INTEGER PRIMARY KEY, stream_uuid TEXT NOT NULL, subscription_name TEXT NOT NULL,
    last_seen INTEGER, created_at TEXT);
CREATE TABLE snapshots (source_uuid TEXT PRIMARY KEY, source_version INTEGER NOT NULL, source_type TEXT NOT NULL, data BLOB NOT
    NULL, metadata BLOB, created_at TEXT NOT NULL);
"""
EMMETT = """
CREATE TABLE emt_streams (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL DEFAULT 0, partition TEXT NOT NULL DEFAULT
    'global', stream_type TEXT NOT NULL, stream_metadata JSONB NOT NULL, is_archived BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY
    (stream_id, partition, is_archived), UNIQUE (stream_id, partition, is_archived));
CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT NOT NULL DEFAULT 'global',
    message_kind CHAR(1) NOT NULL DEFAULT 'E', message_data JSONB NOT NULL, message_metadata JSONB NOT NULL,
    message_schema_version TEXT NOT NULL, message_type TEXT NOT NULL, message_id TEXT NOT NULL, is_archived BOOLEAN NOT NULL
    DEFAULT FALSE, global_position INTEGER PRIMARY KEY, created DATETIME DEFAULT CURRENT_TIMESTAMP, UNIQUE (stream_id,
    stream_position, partition, is_archived));
CREATE TABLE emt_processors (processor_id TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1, partition TEXT NOT NULL DEFAULT
    'global', status TEXT NOT NULL DEFAULT 'stopped', last_processed_checkpoint TEXT NOT NULL, processor_instance_id TEXT, PRIMARY
    KEY (processor_id, partition, version));
CREATE TABLE emt_subscriptions (subscription_id TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1, partition TEXT NOT NULL DEFAULT
    'global', last_processed_position BIGINT NOT NULL, PRIMARY KEY (subscription_id, partition, version));
"""
SQLSTREAMSTORE = """
CREATE TABLE streams (id CHAR(42) NOT NULL, id_original VARCHAR(1000) NOT NULL, id_internal INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER DEFAULT -1, position INTEGER DEFAULT -1, max_age INTEGER, max_count INTEGER);
CREATE TABLE messages (event_id CHAR(36) NOT NULL, stream_id_internal INTEGER NOT NULL, stream_version INTEGER NOT NULL, position
    INTEGER PRIMARY KEY AUTOINCREMENT, created_utc DATETIME NOT NULL, type VARCHAR(128) NOT NULL, json_data TEXT NOT NULL,
    json_metadata TEXT, UNIQUE (event_id, stream_id_internal), UNIQUE (stream_id_internal, stream_version));
"""
Rows = Sequence[tuple[object, ...]]


def built(path: Path, tables: str, rows: dict[str, Rows]) -> Path:
    """A store with these tables and rows; a table's rows all have values for all columns."""
    inserts = [(f"INSERT INTO {table} VALUES ({', '.join('?' * len(many[0]))})", many) for table, many in rows.items() if many]
    return written(path, [(tables, []), *inserts])


YAML_DATA = b'---\n:order_id: 17\n:total: 12.50\n:lines:\n- :sku: a\n  :count: 2\n:paid: true\n:note: "12"\n'
YAML_METADATA = b"---\ncorrelation_id: c-1\ncausation_id: e-0\nremote_ip: 10.0.0.1\n"


def rails(path: Path) -> Path:
    """Three events: one in three streams, one in a stream without versions, one in none; YAML, JSON, and YAML with an object."""
    events: Rows = [
        (1, "e-1", "OrderPlaced", YAML_METADATA, YAML_DATA, "2026-11-23 08:00:00.250000", None),
        (
            2,
            "e-2",
            "OrderPaid",
            b'{"correlation_id":"c-1","causation_id":"e-1"}',
            b'{"amount":1.50}',
            "2026-11-23 08:01:00",
            "2026-11-01 00:00:00",
        ),
        (4, "e-4", "Odd", None, b"--- !ruby/object:Money\ncents: 5\n", "2026-11-23 08:02:00", None),
    ]
    places: Rows = [
        (1, "Order$17", 0, "e-1", "2026-11-23 08:00:00"),
        (2, "$by_type_OrderPlaced", None, "e-1", "2026-11-23 08:00:00"),
        (3, "Customer$9", 5, "e-1", "2026-11-23 08:00:00"),
        (4, "all-payments", None, "e-2", "2026-11-23 08:01:00"),
    ]
    return built(path, RAILS, {"event_store_events": events, "event_store_events_in_streams": places})


def commanded(path: Path) -> Path:
    """Three events in two streams, one of them linked to a third stream, with a subscription and a snapshot."""
    at = "2026-11-23T08:00:0{}Z"
    events: Rows = [(f"e{n}", f"Elixir.Shop.E{n}", f"c{n}", "corr", b'{"n":%d}' % n, b"{}", at.format(n)) for n in (1, 2, 3)]
    streams: Rows = [
        (0, "$all", 3, at.format(0), None),
        (1, "order-1", 2, at.format(0), None),
        (2, "cart-1", 1, at.format(0), None),
        (3, "vip", 1, at.format(0), None),
    ]
    places: Rows = [
        ("e1", 1, 1, 1, 1), ("e1", 0, 1, 1, 1), ("e2", 2, 1, 2, 1), ("e2", 0, 2, 2, 1), ("e2", 3, 1, 2, 1), ("e3", 1, 2, 1, 2),
        ("e3", 0, 3, 1, 2),
    ]  # fmt: skip
    subscriptions: Rows = [(1, "$all", "mailer", 2, at.format(0)), (2, "order-1", "of a stream", 1, at.format(0))]
    snapshots: Rows = [("order-1", 2, "Elixir.Shop.Order", b'{"total":3}', b"{}", at.format(3))]
    rows = {"events": events, "streams": streams, "stream_events": places, "subscriptions": subscriptions, "snapshots": snapshots}
    return built(path, COMMANDED, rows)


def emmett(path: Path, *, with_tail: bool = True) -> Path:
    """Two carts as 0.42 writes them, defects and all: what `emt_streams` says of partition and metadata is not so."""
    at = "2026-11-23 08:00:00"
    messages: Rows = [
        (
            f"cart:{cart}",
            version,
            "emt:default",
            "E",
            '{"sku":"a"}',
            '{"correlationId":"c1"}',
            str(version - 1),
            "ItemAdded",
            f"m{cart}{version}",
            0,
            n,
            at,
        )
        for n, (cart, version) in enumerate([(1, 1), (2, 1), (1, 2), (1, 3)], 1)
        if with_tail or n < 4
    ]
    streams: Rows = [(f"cart:{cart}", last, "[object Object]", "cart", "[]", 0) for cart, last in ((1, 3), (2, 1))]
    processors: Rows = [("totals", 1, "emt:default", "running", "0000000000000000002", "me")]
    subscriptions: Rows = [("older", 1, "emt:default", 1)]
    rows = {"emt_messages": messages, "emt_streams": streams, "emt_processors": processors, "emt_subscriptions": subscriptions}
    return built(path, EMMETT, rows)


def sqlstreamstore(path: Path) -> Path:
    """One stream of two messages, after a third was deleted from the end."""
    streams: Rows = [("0" * 42, "order-1", 1, 1, 2, None, None)]
    messages: Rows = [
        ("e1", 1, 0, 1, "2026-11-23 08:00:00.123", "Placed", '{"n":1}', None),
        ("e2", 1, 1, 2, "2026-11-23 08:00:01", "Paid", '{"n":2}', "{}"),
        ("e3", 1, 2, 3, "2026-11-23 08:00:02", "Sent", '{"n":3}', "{}"),
    ]
    path = built(path, SQLSTREAMSTORE, {"streams": streams, "messages": messages})
    return written(path, [("DELETE FROM messages WHERE position = 3", [])])
