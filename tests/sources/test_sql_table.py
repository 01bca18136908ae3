"""Rows as records: whatever a cell holds is a row with a reason at worst, and a page ends where a batch must."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import EventBatch, Flag, LogKey, RecordBatch, checked_time
from inspector.identify import Identifier
from inspector.sources import LogInfo, Request
from inspector.sources.sql_convert import cutter, hex_uuid, timer
from inspector.sources.sql_parsing import parse
from tests.sources.stores import EVENTSOURCING, all_events, opened, orders, positions, written

INSERT = "INSERT INTO stored_events VALUES (?, ?, ?, ?)"


def read(path: Path, *rows: tuple[object, ...], before: str = "SELECT 1", table: str = EVENTSOURCING) -> EventBatch:
    (batch,) = all_events(opened(written(path, [(before, []), (table, []), (INSERT, rows)])))
    return batch


def test_text_that_is_no_utf8_is_a_marked_row(tmp_path: Path) -> None:
    path = written(tmp_path / "shop.db", [(EVENTSOURCING, []), (INSERT, [("a", 1, "shop:Order.Placed", b"{}")])])
    written(path, [("INSERT INTO stored_events VALUES (CAST(x'61ff' AS TEXT), 1, 'shop:Order.Placed', x'7b7d')", [])])
    (batch,) = all_events(opened(path))
    assert [stream[0].name for stream in batch.streams] == ["a", "a\\xff"]
    assert batch.flags == [0, Flag.damaged]
    assert batch.error == [None, "originator_id: not UTF-8 at byte 1"]


def test_cells_of_other_kinds_than_declared_are_read(tmp_path: Path) -> None:
    batch = read(
        tmp_path / "shop.db",
        (17, "2", "shop:Order.Placed", '{"text": 1}'),
        (b"\x01\xfe", 2.0, "shop:Order.Paid", 7),
        (None, None, None, None),
        ("a\0b", 2**62, "shop:Order.Gone", b""),
    )
    assert [stream[0].name if stream else None for stream in batch.streams] == ["17", "01fe", None, "a\0b"]
    assert batch.version == [2, 2, None, 2**62]
    assert batch.type == ["shop:Order.Placed", "shop:Order.Paid", None, "shop:Order.Gone"]
    assert batch.records.value == [b'{"text": 1}', b"7", None, b""]
    assert batch.flags[2] & Flag.tombstone


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_store_in_utf16_is_read_as_utf8(tmp_path: Path, encoding: str) -> None:
    row = ("größe-😀", 1, "shop:Größe.Geändert", '{"ä": 1}')
    batch = read(tmp_path / "shop.db", row, before=f'PRAGMA encoding = "{encoding}"')
    assert tuple(batch.streams[0][0]) == ("Größe", "größe-😀", 1)
    assert batch.type == ["shop:Größe.Geändert"]
    assert batch.records.value == ['{"ä": 1}'.encode()]
    assert batch.error == [None]


def test_names_in_the_schema_may_be_anything(tmp_path: Path) -> None:
    table = 'CREATE TABLE stored_events ("ORIGINATOR_ID", originator_version, topic, state, "o""d\'d ; --", rowid TEXT)'
    path = written(tmp_path / "shop.db", [(table, [])])
    written(path, [("INSERT INTO stored_events VALUES (?, ?, ?, ?, ?, ?)", [("a", 1, "shop:Order.Placed", b"{}", "x", "not a number")])])
    (batch,) = all_events(opened(path))
    assert batch.records.position == [1]
    assert orjson.loads(batch.extra[0] or "") == {"o\"d'd ; --": "x", "rowid": "not a number"}


def test_category_of_a_topic_without_a_class_is_the_table(tmp_path: Path) -> None:
    batch = read(tmp_path / "shop.db", ("a", 1, "shop.events:OrderPlaced", b"{}"), ("b", 1, "shop:Shop.Order.Placed", b"{}"))
    assert [stream[0].category for stream in batch.streams] == ["stored_events", "Shop.Order"]


def test_category_that_neither_column_nor_rule_gives_is_the_log() -> None:
    records = RecordBatch([0, 0], [1, 2], [None] * 2, [0] * 2, [None] * 2, [b"{}"] * 2, [None] * 2)
    records.envelope = {"stream": ["a", "b"], "category": [None, "Order"]}
    batch = Identifier(rules={"log": {"category": []}}).events(records, [LogInfo(LogKey("log"), 1, 3)])
    assert [stream[0].category for stream in batch.streams] == ["log", "Order"]


def test_category_without_an_index_is_the_row_s_own(tmp_path: Path) -> None:
    table = "CREATE TABLE stored_events (originator_id, originator_version, topic, state)"
    batch = read(tmp_path / "shop.db", ("a", 1, "shop:Order.Placed", b"{}"), ("a", 2, "shop:Base.Changed", b"{}"), table=table)
    assert [stream[0].category for stream in batch.streams] == ["Order", "Base"]


def test_pages_end_by_rows_and_by_bytes(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 25_000)
    written(path, [("UPDATE stored_events SET state = zeroblob(3000000) WHERE rowid BETWEEN 101 AND 110", [])])
    source = opened(path)
    batches = list(source.read(source.pin(Request()), Request(), threading.Event()))
    assert positions([batch.records for batch in batches]) == list(range(1, 25_001))
    assert len(batches) >= 3
    sizes = [sum(len(value or b"") for value in batch.records.value) for batch in batches]
    assert max(sizes) < 16_000_000 + 3_000_000
    assert max(len(batch.records) for batch in batches) <= 20_000
    assert [batch.read_to[0] for batch in batches][-1] == 25_001


def test_negative_and_huge_positions_are_read(tmp_path: Path) -> None:
    rows = [(position, f"s{position}", 1, "shop:Order.Placed", b"{}") for position in (-5, 3, 2**62)]
    insert = "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?, ?)"
    source = opened(written(tmp_path / "shop.db", [(EVENTSOURCING, []), (insert, rows)]))
    assert [(info.first, info.end) for info in source.logs()] == [(-5, 2**62 + 1)]
    (batch,) = all_events(source)
    assert batch.records.position == [-5, 3, 2**62]


@given(st.uuids(), st.sampled_from(["{}", "{{{}}}", "{}".upper()]))
def test_uuid_is_written_one_way(value: object, form: str) -> None:
    text = form.format(str(value))
    assert hex_uuid(text) == hex_uuid(str(value).replace("-", "").upper()) == str(value).replace("-", "")


@given(st.text(), st.text(min_size=1, max_size=2))
def test_cuts_are_the_parts_around_the_mark(text: str, mark: str) -> None:
    before, after = cutter("before", mark)(text), cutter("after", mark)(text)
    if mark in text:
        assert f"{before or ''}{mark}{after or ''}" == text
        assert f"{cutter('before_last', mark)(text) or ''}{mark}{cutter('after_last', mark)(text) or ''}" == text
    else:
        assert (before, after) == (None, None)


@given(
    st.sampled_from(["iso", "utc", "s", "ms", "us", "ns"]), st.none() | st.text() | st.integers() | st.floats() | st.datetimes().map(str)
)
def test_times_never_raise_and_are_within_range(name: str, value: str | int | float | None) -> None:
    found = timer(name)(value)
    assert found is None or (isinstance(found, int) and checked_time(found) == found)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("utc", "1970-01-01 00:00:01", 1_000_000),
        ("utc", "1970-01-01T01:00:01+01:00", 1_000_000),
        ("iso", "1970-01-01T00:00:01Z", 1_000_000),
        ("iso", "1970-01-01 00:00:01", None),
        ("s", "1", 1_000_000),
        ("s", 1.5, 1_500_000),
        ("ms", 1_500, 1_500_000),
        ("us", 7, 7),
        ("ns", 7_999, 7),
        ("ms", 10**18, None),
    ],
)
def test_times_are_microseconds(name: str, value: str | int | float, wanted: int | None) -> None:
    assert timer(name)(value) == wanted


@given(st.text(alphabet="abc()|,?'\"$. ", max_size=20))
def test_reading_an_expression_raises_nothing_but_value_errors(text: str) -> None:
    with suppress(ValueError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends too early"),
        ("a b", "'b' was not expected"),
        ("json(a)", "takes 2 arguments"),
        ("json(a, 'x')", "takes a path"),
        ("json(before(a, '-'), '$.x')", "looks into a column"),
        ("before(a, b)", "takes a text"),
        ("before(a, '')", "takes a text"),
        ("iso('x')", "takes no text"),
        ("rowid(1)", "is no expression"),
        ("a; DROP TABLE x", "is no expression"),
        ("concat(a b)", "comma"),
        (")", "was not expected"),
    ],
)
def test_mistake_in_an_expression_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)
