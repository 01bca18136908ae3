"""Recordings of kafka-replay, and streams of server-sent events."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Flag
from inspector.formats import DamagedInput, Place
from inspector.formats.event_stream import EventStream
from inspector.formats.kafka_replay import KafkaReplay
from tests.contracts import FormatContract, read_file


def recorded(messages: Sequence[tuple[bytes, bytes]], *, version: int = 2) -> bytes:
    data = struct.pack(">i", version) + bytes(16)
    for key, value in messages:
        sizes = struct.pack(">qq", len(key), len(value)) + key if version == 2 else struct.pack(">q", len(value))
        data += struct.pack(">q", 1_700_000_000) + sizes + value
    return data


class TestReplay(FormatContract):
    form = KafkaReplay()
    examples = (recorded([(b"k", b"v")] * 3), recorded([(b"", b"v\n")] * 3, version=1))


@given(messages=st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.binary(max_size=20)), max_size=5))
def test_recorded_messages_come_back(messages: list[tuple[bytes, bytes]]) -> None:
    rows = read_file(KafkaReplay(), recorded(messages), {"topic": "orders"}).rows
    assert [(row.key, row.value) for row in rows] == messages
    assert {row.time_us for row in rows} <= {1_700_000_000_000_000}
    assert {row.place for row in rows} <= {Place("orders")}


def test_what_stands_before_a_damaged_size_is_read() -> None:
    data = recorded([(b"k", b"v")])
    rows: list[bytes | None] = []
    with pytest.raises(DamagedInput, match=f"byte {len(data)}: a message of"):
        rows += [row.value for row in read_file(KafkaReplay(), data + struct.pack(">qqq", 1, -5, 1)).rows]
    (row,) = read_file(KafkaReplay(), data[:-1] + b"").rows
    assert (row.value, row.flags) == (b"", Flag.damaged)


EDIT = b'event: message\nid: [{"topic":"eqiad.change","offset":7}]\ndata: {"meta":{"topic":"eqiad.change","partition":0,"offset":7}}\n\n'


class TestEventStream(FormatContract):
    form = EventStream()
    examples = (b":ok\n\n" + EDIT, b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\n")


def test_events_stand_where_they_claim_else_at_their_number() -> None:
    rows = read_file(EventStream(), b":ok\n\n" + EDIT + b"event: note\ndata: one\ndata: two\n\ngarbage\ndata: cut").rows
    assert [(row.place, row.position, row.value) for row in rows] == [
        (Place("eqiad.change", 0, True), 7, b'{"meta":{"topic":"eqiad.change","partition":0,"offset":7}}'),
        (Place(), 2, b"one\ntwo"),
        (Place(), 3, b"garbage"),
        (Place(), 4, b"cut"),
    ]
    assert rows[0].extra == {"sse_id": '[{"topic":"eqiad.change","offset":7}]'}
    assert rows[1].extra == {"sse_event": "note"}
    assert [row.flags for row in rows] == [0, 0, Flag.damaged, Flag.damaged]
