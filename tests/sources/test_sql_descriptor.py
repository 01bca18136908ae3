"""Descriptors: what may be written, what each mistake is told, and that another one-table store needs no code."""

from __future__ import annotations

import re
from importlib import resources as package_files
from pathlib import Path

import orjson
import pytest

from inspector.errors import SourceError, UsageError
from inspector.event import EventBatch, LogKey, RecordBatch, TimeKind, parse_time
from inspector.identify import Identifier
from inspector.sources import LogInfo
from inspector.sources.sql_descriptor import Descriptor, built_in, load, parse_descriptor
from tests.sources.stores import all_events, opened, orders, written

MESSAGES = """
title = "Messages of the billing service"
decoder = "json"
base = 0
[match]
table = "*messages"
columns = ["global_position", "stream_name", "position"]
probe = { column = "stream_name", like = "%-%" }
[event]
position = "global_position"
stream = "stream_name"
category = "before(stream_name, '-')"
version = "position"
type = "type | 'Unnamed'"
id = "hex_uuid(id)"
recorded = "utc(time)"
value = "data"
metadata = "metadata?"
schema_version = "json(metadata, '$.schemaVersion')"
causation_id = "concat(json(metadata, '$.causationMessageStreamName'), '@', json(metadata, '$.causationMessagePosition'))"
actor = "tenant?"
[rules]
correlation_id = "metadata.correlationStreamName"
"""
TABLE = (
    "CREATE TABLE billing_messages (global_position INTEGER PRIMARY KEY, position BIGINT, time TIMESTAMP, stream_name VARCHAR, "
    "type VARCHAR, data JSONB, metadata JSONB, id UUID, note, picture BLOB)"
)
ROWS: list[tuple[object, ...]] = [
    (
        7,
        0,
        "2026-11-23 08:00:00.25",
        "account-1",
        "Opened",
        '{"n": 1.50}',
        '{"correlationStreamName": "person-9", "schemaVersion": 3}',
        "3B241101-E2BB-4255-8CAF-4136C566A962",
        "by hand",
        b"\x89PNG",
    ),
    (
        9,
        1,
        "yesterday",
        "account-1",
        None,
        "{",
        '{"causationMessageStreamName": "account-1", "causationMessagePosition": 12345678901234567890}',
        "m2",
        None,
        None,
    ),
]


@pytest.fixture
def billing(tmp_path: Path) -> EventBatch:
    store = written(tmp_path / "billing.db", [(TABLE, []), (f"INSERT INTO billing_messages VALUES ({', '.join('?' * 10)})", ROWS)])
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES)
    (batch,) = all_events(opened(store, descriptor=str(descriptor)))
    return batch


def test_descriptor_alone_reads_another_store(billing: EventBatch) -> None:
    assert billing.records.position == [7, 9]
    assert [tuple(stream[0]) for stream in billing.streams] == [("account", "account-1", 0), ("account", "account-1", 1)]
    assert billing.type == ["Opened", "Unnamed"]
    assert billing.event_id == ["3b241101e2bb42558caf4136c566a962", "m2"]
    assert billing.schema_version == ["3", None]
    assert billing.correlation_id == ["person-9", None]
    assert billing.causation_id == [None, "account-1@12345678901234567890"]
    assert billing.actor == [None, None]
    assert billing.records.value == [b'{"n": 1.50}', b"{"]


def test_time_of_the_store_is_its_own_and_an_unreadable_one_is_kept(billing: EventBatch) -> None:
    assert billing.time_us == [parse_time("2026-11-23T08:00:00.25Z"), None]
    assert billing.time_kind == [TimeKind.append, TimeKind.none]
    assert orjson.loads(billing.extra[1] or "")["time"] == "yesterday"


def test_unmapped_columns_are_kept_as_they_are(billing: EventBatch) -> None:
    assert orjson.loads(billing.extra[0] or "") == {"note": "by hand", "picture": {"base64": "iVBORw=="}}
    assert orjson.loads(billing.extra[1] or "") == {"note": None, "picture": None, "time": "yesterday"}


def test_undecodable_value_is_a_row_with_its_reason(billing: EventBatch) -> None:
    assert billing.error[0] is None
    assert "not JSON" in str(billing.error[1])


def test_emmett_store_is_read_by_what_ships(tmp_path: Path) -> None:
    table = (
        "CREATE TABLE emt_messages (stream_id TEXT NOT NULL, stream_position BIGINT NOT NULL, partition TEXT, message_kind CHAR(1), "
        "message_data JSONB, message_metadata JSONB, message_schema_version TEXT, message_type TEXT, message_id TEXT, is_archived BOOLEAN, "
        "global_position INTEGER PRIMARY KEY, created DATETIME DEFAULT CURRENT_TIMESTAMP)"
    )
    row = ("cart:17", 1, "emt:default", "E", '{"sku":"a"}', '{"correlationId":"c1","causationId":"e0"}', "0", "ItemAdded", "e1", 0, 5)
    insert = (
        "INSERT INTO emt_messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '2026-11-23 08:00:00')",
        [row, ("shopping_cart-9", 1, "emt:default", "C", *row[4:8], "e2", 0, 6)],
    )
    (batch,) = all_events(opened(written(tmp_path / "emmett.db", [(table, []), insert])))
    assert [tuple(stream[0]) for stream in batch.streams] == [("cart", "cart:17", 1), ("shopping_cart", "shopping_cart-9", 1)]
    assert (batch.type[0], batch.event_id[0], batch.correlation_id[0], batch.causation_id[0]) == ("ItemAdded", "e1", "c1", "e0")
    assert batch.schema_version == [None, None]
    assert batch.time_us[0] == parse_time("2026-11-23T08:00:00Z")
    assert orjson.loads(batch.metadata[0] or "") == {"correlationId": "c1", "causationId": "e0"}
    assert orjson.loads(batch.extra[1] or "") == {
        "partition": "emt:default",
        "message_kind": "C",
        "message_schema_version": "0",
        "is_archived": 0,
    }


def test_go_store_is_read_by_what_ships(tmp_path: Path) -> None:
    table = (
        "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id VARCHAR NOT NULL, version INTEGER, reason VARCHAR, type VARCHAR, "
        "timestamp VARCHAR, data BLOB, metadata BLOB, UNIQUE (id, type, version))"
    )
    row = ("17", 1, "Born", "Person", "2026-11-23T08:00:00.123456789+01:00", b'{"Name":"x"}', b'{"correlation_id":"c"}')
    insert = ("INSERT INTO events (id, version, reason, type, timestamp, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)", [row])
    (batch,) = all_events(opened(written(tmp_path / "go.db", [(table, []), insert])))
    assert tuple(batch.streams[0][0]) == ("Person", "17", 1)
    assert (batch.type, batch.correlation_id) == (["Born"], ["c"])
    assert (batch.time_us, batch.time_kind) == ([parse_time("2026-11-23T07:00:00.123456Z")], [TimeKind.create])


def test_store_of_other_content_does_not_fit_although_its_table_is_named_alike(tmp_path: Path) -> None:
    table = "CREATE TABLE stored_events (originator_id, originator_version, topic, state)"
    insert = "INSERT INTO stored_events VALUES ('a', 1, 'no topic', x'00')"
    with pytest.raises(SourceError, match="no event table"):
        opened(written(tmp_path / "shop.db", [(table, []), (insert, [])]))


def test_user_descriptor_stands_alone(tmp_path: Path) -> None:
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES)
    with pytest.raises(SourceError, match="Known are: Messages of the billing service"):
        opened(orders(tmp_path / "shop.db", 1), descriptor=str(descriptor))


@pytest.mark.parametrize("descriptor", built_in(), ids=lambda descriptor: str(descriptor.name))
def test_rules_that_ship_are_rules_that_identity_reads(descriptor: Descriptor) -> None:
    decoders = {"log": descriptor.decoder} if descriptor.decoder else {}
    identifier = Identifier(decoders=decoders, rules={"log": descriptor.rules})
    records = RecordBatch([0], [1], [None], [0], [None], [b'{"timestamp":"2026-11-23T08:00:00Z","id":"guess"}'], [None])
    (event_id,) = identifier.events(records, [LogInfo(LogKey("log"), 1, 2)]).event_id
    assert event_id is None


def test_positions_that_do_not_tell_rows_apart_are_refused(tmp_path: Path) -> None:
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES)
    store = written(tmp_path / "billing.db", [(TABLE.replace(" PRIMARY KEY", ""), [])])
    with pytest.raises(SourceError, match="position global_position is not unique"):
        opened(store, descriptor=str(descriptor))
    written(store, [("CREATE UNIQUE INDEX one ON billing_messages (global_position)", [])])
    assert opened(store, descriptor=str(descriptor)).logs()[0].end == 0


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("[match]", "[Match]", "'Match' is not known"),
        ("base = 0", 'base = "0"', "base must be a int"),
        ('columns = ["global_position", "stream_name", "position"]', "columns = []", "columns: the list"),
        ('table = "*messages"', "", "table: a text is missing"),
        ('probe = { column = "stream_name", like = "%-%" }', 'probe = "x"', "probe: write"),
        ('table = "*messages"', 'table = "x"\nview = "y"', "'view' is not known"),
        ('value = "data"', "", "value is missing"),
        ('value = "data"', "value = \"before(data, '-')\"", "value: one column is wanted"),
        ('position = "global_position"', "position = \"'1'\"", "position: one column is wanted, rowid"),
        ('version = "position"', "version = 1", "version: a text is wanted"),
        ('version = "position"', 'revision = "position"', "'revision' is not known"),
        ('recorded = "utc(time)"', 'recorded = "time"', "say how the column is a time"),
        ('recorded = "utc(time)"', 'recorded = "utc(time)"\ntime = "utc(time)"', "one timestamp"),
        ('version = "position"', 'version = "system(position)"', r"there is no system\(\)"),
        ('correlation_id = "metadata', 'colour = "metadata', "'colour' is not known"),
        ("[match]", "[match", "descriptor billing"),
    ],
)
def test_mistake_in_a_descriptor_is_named(wrong: str, right: str, words: str) -> None:
    assert wrong in MESSAGES
    with pytest.raises(UsageError, match=words) as caught:
        parse_descriptor(MESSAGES.replace(wrong, right), "billing")
    assert str(caught.value).startswith("descriptor billing")


def test_descriptor_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape(str(tmp_path / "x.toml"))):
        load(tmp_path / "x.toml")


def test_mistaken_column_in_a_descriptor_is_named(tmp_path: Path) -> None:
    descriptor = tmp_path / "billing.toml"
    descriptor.write_text(MESSAGES.replace('version = "position"', 'version = "revision"'))
    store = written(tmp_path / "billing.db", [(TABLE, [])])
    with pytest.raises(SourceError, match="it has no column revision"):
        opened(store, descriptor=str(descriptor))


def test_descriptor_in_the_guide_is_one() -> None:
    guide = (package_files.files("resources") / "guide" / "stores.md").read_text(encoding="utf-8")
    (written_there,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert parse_descriptor(written_there, "guide").base == 0
    assert all(f"`{descriptor.table}`" in guide for descriptor in built_in())
