"""Stores with several tables: joins, events in many streams, snapshots; what is kept of them in a capture, also when decoded again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import apsw
import orjson
import pytest

from inspector import redecode
from inspector.capture.writer import CaptureWriter
from inspector.errors import SourceError, UsageError
from inspector.event import Flag, StreamRef, parse_time
from inspector.identify import load_profile
from inspector.ingest import Options, run
from inspector.sources import Request
from inspector.sources.sql_descriptor import parse_descriptor
from inspector.sources.sql_links import MOST_STREAMS
from tests.sources.store_builders import COMMANDED, RAILS, YAML_METADATA, built, commanded, emmett, rails, sqlstreamstore
from tests.sources.stores import all_events, opened, written


def captured(path: Path, store: Path) -> Path:
    source = opened(store)
    try:
        run([(source, Request())], path, options=Options(floor_bytes=0))
    finally:
        source.close()
    return path


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


STREAMS_OF_EVENTS = (
    "SELECT event.position, category.name, stream.name, event_stream.version FROM event JOIN event_stream ON event_stream.seq = event.seq "
    "JOIN stream ON stream.id = event_stream.stream_id JOIN category ON category.id = stream.category_id ORDER BY 1, 2, 3"
)


def test_rails_event_is_in_all_its_streams(tmp_path: Path) -> None:
    (batch,) = all_events(opened(rails(tmp_path / "shop.db")))
    assert batch.records.position == [1, 2, 4]
    assert batch.streams[0] == (
        StreamRef("Order", "Order$17", 0),
        StreamRef("stream", "$by_type_OrderPlaced", None),
        StreamRef("Customer", "Customer$9", 5),
    )
    assert list(batch.streams[1]) == [StreamRef("stream", "all-payments", None)]
    assert list(batch.streams[2]) == []
    assert batch.version == [0, None, None]
    assert batch.event_id == ["e-1", "e-2", "e-4"]


def test_rails_payloads_are_yaml_or_json_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    (batch,) = all_events(opened(rails(tmp_path / "shop.db")))
    assert json.loads(str(batch.data[0])) == {
        "order_id": 17, "total": 12.5, "lines": [{"sku": "a", "count": 2}], "paid": True, "note": "12",
    }  # fmt: skip
    assert '"total":12.50' in str(batch.data[0])
    assert batch.decoder == ["yaml-text", "json", "yaml-text"]
    assert json.loads(str(batch.data[2])) == {"!": "!ruby/object:Money", "cents": 5}
    assert batch.correlation_id == ["c-1", "c-1", None]
    assert batch.causation_id == ["e-0", "e-1", None]
    assert orjson.loads(batch.extra[0] or "")["metadata"] == YAML_METADATA.decode()


def test_rails_time_is_since_when_it_holds(tmp_path: Path) -> None:
    (batch,) = all_events(opened(rails(tmp_path / "shop.db")))
    assert batch.time_us[:2] == [parse_time("2026-11-23T08:00:00.25Z"), parse_time("2026-11-01T00:00:00Z")]
    assert orjson.loads(batch.extra[1] or "")["created_at"] == "2026-11-23 08:01:00"


def test_streams_survive_capturing_and_decoding_again(tmp_path: Path) -> None:
    capture = captured(tmp_path / "shop.evcap", rails(tmp_path / "shop.db"))
    first = rows(capture, STREAMS_OF_EVENTS)
    assert first == [
        (1, "Customer", "Customer$9", 5),
        (1, "Order", "Order$17", 0),
        (1, "stream", "$by_type_OrderPlaced", None),
        (2, "stream", "all-payments", None),
    ]
    redecode.run(capture)
    assert rows(capture, STREAMS_OF_EVENTS) == first


def test_streams_go_with_the_oldest_events(tmp_path: Path) -> None:
    capture = captured(tmp_path / "shop.evcap", rails(tmp_path / "shop.db"))
    with CaptureWriter(capture, floor_bytes=0) as writer:
        assert writer.remove_oldest(1) == 1
    assert rows(capture, STREAMS_OF_EVENTS) == [(2, "stream", "all-payments", None)]
    assert rows(capture, "SELECT name, events FROM stream") == [("all-payments", 1)]


def test_a_map_puts_its_stream_before_those_of_the_store(tmp_path: Path) -> None:
    capture, profile = captured(tmp_path / "shop.evcap", rails(tmp_path / "shop.db")), tmp_path / "map.toml"
    profile.write_text('[[log]]\nname = "event_store_events"\nstream = { from = "data.order_id", category = "order" }\n')
    redecode.run(capture, profile=load_profile(profile))
    assert rows(capture, "SELECT name FROM event JOIN stream ON stream.id = stream_id WHERE position = 1") == [("17",)]
    assert len(rows(capture, STREAMS_OF_EVENTS)) == 5
    redecode.run(capture)
    assert len(rows(capture, STREAMS_OF_EVENTS)) == 4
    assert rows(capture, "SELECT events FROM stream ORDER BY name") == [(1,)] * 4


def test_commanded_order_is_that_of_all_and_links_are_streams_too(tmp_path: Path) -> None:
    events, snapshots = all_events(opened(commanded(tmp_path / "shop.db")))
    assert events.records.position == [1, 2, 3]
    assert [list(streams) for streams in events.streams] == [
        [StreamRef("order", "order-1", 1)],
        [StreamRef("cart", "cart-1", 1), StreamRef("stream", "vip", 1)],
        [StreamRef("order", "order-1", 2)],
    ]
    assert events.type == ["Elixir.Shop.E1", "Elixir.Shop.E2", "Elixir.Shop.E3"]
    assert events.correlation_id == ["corr"] * 3
    assert events.records.value == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert events.time_us[0] == parse_time("2026-11-23T08:00:01Z")
    assert snapshots.records.key == [b"order-1"]
    assert (snapshots.version, snapshots.type, list(snapshots.streams[0])) == ([2], ["Elixir.Shop.Order"], [])


def test_event_whose_joined_row_is_gone_is_a_damaged_row(tmp_path: Path) -> None:
    store = written(commanded(tmp_path / "shop.db"), [("DELETE FROM events WHERE event_id = 'e2'", [])])
    events = all_events(opened(store))[0]
    assert events.records.position == [1, 2, 3]
    assert events.flags[1] & Flag.damaged
    assert "events has no row for it" in str(events.error[1])


def test_sqlstreamstore_streams_have_the_names_that_the_application_gave(tmp_path: Path) -> None:
    (events,) = all_events(opened(sqlstreamstore(tmp_path / "shop.db")))
    assert [list(streams) for streams in events.streams] == [[StreamRef("order", "order-1", 0)], [StreamRef("order", "order-1", 1)]]
    assert events.time_us[0] == parse_time("2026-11-23T08:00:00.123Z")


def test_emmett_is_read_with_its_defects(tmp_path: Path) -> None:
    (events,) = all_events(opened(emmett(tmp_path / "shop.db")))
    assert events.version == [1, 1, 2, 3]
    assert events.schema_version == [None] * 4
    assert orjson.loads(events.extra[3] or "")["message_schema_version"] == "2"


def test_unverified_mapping_is_said(tmp_path: Path) -> None:
    notes = opened(rails(tmp_path / "shop.db")).pin(Request()).notes
    assert any("unverified mapping (Rails Event Store)" in note for note in notes)


def test_streams_beyond_the_most_are_counted(tmp_path: Path) -> None:
    store = rails(tmp_path / "shop.db")
    extra = [(f"s{n}", None, "e-4", "") for n in range(MOST_STREAMS + 3)]
    written(store, [("INSERT INTO event_store_events_in_streams (stream, position, event_id, created_at) VALUES (?, ?, ?, ?)", extra)])
    (batch,) = all_events(opened(store))
    assert len(batch.streams[2]) == MOST_STREAMS
    assert "3 more streams" in str(batch.error[2])


def test_join_that_would_repeat_rows_is_refused(tmp_path: Path) -> None:
    tables = COMMANDED.replace("event_id TEXT PRIMARY KEY", "event_id TEXT")
    store = built(tmp_path / "shop.db", tables, {"events": [("e1", "T", "c", "x", b"{}", b"{}", "t")]})
    with pytest.raises(SourceError, match="may have several rows for one of its own"):
        opened(store)


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ('[[join]]\nname = "e"', r"\[\[join\]\] table: a text is missing"),
        ('[[join]]\nname = "a b"\ntable = "x"\non = { a = "b" }', "a short name of its own"),
        ('[streams]\ntable = "x"\non = { a = "b" }', r"\[streams\] stream is missing"),
        ('[streams]\ntable = "x"\nstream = "s"', r"\[streams\] on: write the columns that meet"),
        ('[[checkpoint]]\ntable = "x"\nname = "n"', r"\[\[checkpoint\]\] position is missing"),
        ('[[checkpoint]]\ntable = "x"\nname = "before(n, \'-\')"\nposition = "p"\ngreatest = true', "needs plain columns"),
        ('[[checkpoint]]\ntable = "x"\nname = "n"\nposition = "p"\nof = "shop"', 'only "elsewhere" is known'),
        ('[[stream_table]]\ntable = "x"\nstream = "s"\nversion = "v("', r"\[\[stream_table\]\] version"),
        (
            '[[snapshot]]\n[snapshot.match]\ntable = "x"\ncolumns = ["a"]\n[snapshot.event]\nvalue = "a"',
            r"\[\[snapshot\]\]: \[event\] position",
        ),
        ("[[snapshot]]\nsnapshot = []", "is not known"),
        ("checkpoint = [1]", r"\[\[checkpoint\]\] is written with two brackets"),
        ("streams = 3", "must be a dict"),
    ],
)
def test_mistake_in_a_section_is_named(section: str, reason: str) -> None:
    head = section + "\n" if not section.startswith("[") else ""
    text = f'{head}[match]\ntable = "x"\ncolumns = ["a"]\n[event]\nposition = "a"\nvalue = "b"\n{section if not head else ""}\n'
    with pytest.raises(UsageError, match=reason):
        parse_descriptor(text, "x")


def test_tables_alone_are_not_a_rails_store(tmp_path: Path) -> None:
    store = built(tmp_path / "shop.db", RAILS.partition(";")[0], {})
    with pytest.raises(SourceError, match="no event table"):
        opened(store)
