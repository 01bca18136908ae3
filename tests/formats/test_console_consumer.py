"""The console consumer: its labels tell records apart, and what it loses is said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.event import Flag
from inspector.formats import Place, Sample, lines
from inspector.formats.console_consumer import ConsoleConsumer
from inspector.formats.console_objects import ConsoleObjects
from inspector.formats.console_shape import COLUMNS
from tests.contracts import FileRead, FormatContract, read_file

ALL = ",".join(COLUMNS)


def printed(
    key: bytes | None, value: bytes | None, *, offset: int = 0, headers: bytes = b"NO_HEADERS", columns: str = ALL, separator: bytes = b"\t"
) -> bytes:
    told = {
        "timestamp": b"CreateTime:1700000000000",
        "partition": b"Partition:3",
        "offset": b"Offset:%d" % offset,
        "delivery": b"Delivery:NOT_PRESENT",
        "epoch": b"Epoch:5",
        "headers": headers,
        "key": b"null" if key is None else key,
        "value": b"null" if value is None else value,
    }
    return separator.join(told[column] for column in columns.split(",")) + b"\n"


def read(data: bytes, given: Mapping[str, object] | None = None) -> FileRead:
    guesses = ConsoleConsumer().guesses(Sample("file", data, is_whole=True))
    return read_file(ConsoleConsumer(), data, {**(guesses[0].settings if guesses else {}), **(given or {})})


class TestContract(FormatContract):
    form = ConsoleConsumer()
    examples = (
        b"".join(printed(b"k", b"v%d" % number, offset=number) for number in range(5)),
        b"".join(printed(b"k", b"v\n%d" % number, columns="timestamp,key,value") for number in range(5)),
        b"".join(printed(b"k", b"v", offset=number, columns="partition,offset,value", separator=b" | ") for number in range(5)),
    )


_KEYS = st.binary(max_size=9).map(lambda data: re.sub(rb"[\t\n]", b".", data)).filter(lambda data: data != b"null")
_VALUES = st.none() | st.binary(max_size=20).filter(lambda data: data != b"null" and b"Processed" not in data)


@given(records=st.lists(st.tuples(st.none() | _KEYS, _VALUES), min_size=1, max_size=6))
def test_values_of_any_bytes_come_back(records: list[tuple[bytes | None, bytes | None]]) -> None:
    data = b"".join(printed(*record, offset=number) for number, record in enumerate(records))
    found = read_file(ConsoleConsumer(), data, {"print": ALL, "topic": "orders"})
    assert found.told == records
    assert [(row.place, row.position) for row in found.rows] == [(Place("orders", 3, True), number) for number in range(len(records))]
    assert all(row.extra["leader_epoch"] == 5 for row in found.rows)


def test_columns_are_guessed_from_labels() -> None:
    for columns in (ALL, "timestamp,key,value", "timestamp,value", "partition,offset,headers,value", "offset,key,value"):
        data = b"".join(printed(b"k", b"v", offset=number, columns=columns) for number in range(3))
        (guess,) = ConsoleConsumer().guesses(Sample("", data, is_whole=True))
        assert (guess.settings, guess.questions) == ({"print": columns}, ())
        assert guess.score > 0.6


def test_what_looks_like_headers_is_asked_about() -> None:
    data = b"CreateTime:1700000000000\ta:b\tkey\tvalue\n" * 2
    (guess,) = ConsoleConsumer().guesses(Sample("", data, is_whole=True))
    assert (guess.settings, guess.questions) == ({"print": "timestamp,headers,key,value"}, ("print",))


def test_headers_are_pairs_as_far_as_they_can_be_told() -> None:
    (row,) = read(printed(b"k", b"v", headers=b"a:1,b:x,y,b:null")).rows
    assert json.loads(row.headers or "") == [["a", "1"], ["b", "x,y"], ["b", None]]


def test_null_is_taken_for_null_and_said_unless_another_literal_is_named() -> None:
    found = read(printed(b"k", b"null"))
    assert found.rows[0].value is None
    assert "null.literal" in found.notes[0]
    assert read(printed(b"k", b"null"), {"null": ""}).told == [(b"k", b"null")]
    assert read(printed(b"NIL", b"null"), {"null": "NIL"}).told == [(None, b"null")]


def test_damaged_lines_are_rows_and_the_last_words_of_the_consumer_a_note() -> None:
    data = b"garbage\n" + printed(b"k", b"v") + b"Processed a total of 1 messages\n"
    found = read(data)
    assert [(row.place, row.position, row.value) for row in found.rows] == [(Place(), 1, b"garbage"), (Place("", 3, True), 0, b"v")]
    assert found.rows[0].error.startswith("line 1 (byte 0): it has 1 of 8 columns")
    assert found.rows[0].flags == Flag.damaged


def test_labels_of_old_versions_are_plain_numbers() -> None:
    found = read_file(ConsoleConsumer(), b"CreateTime:1700000000000\t3\t17\tk\tv\n", {"print": "timestamp,partition,offset,key,value"})
    assert [(row.place, row.position, row.value) for row in found.rows] == [(Place("", 3, True), 17, b"v")]


def test_without_offsets_rows_are_numbered() -> None:
    found = read(printed(b"k", b"v", columns="timestamp,value") * 2 + b"NO_TIMESTAMP\tw\n", {"topic": "orders"})
    assert [(row.place, row.position) for row in found.rows] == [(Place("orders"), 1), (Place("orders"), 2), (Place("orders"), 3)]
    assert found.rows[2].time_us is None


@pytest.mark.parametrize(
    "given_settings", [{"print": "value,key"}, {"print": "payload"}, {"print": ""}, {"separator": ""}, {"partition": "x"}]
)
def test_settings_that_mean_nothing_are_refused(given_settings: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        read_file(ConsoleConsumer(), b"x\n", given_settings)


def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 100_000)
    monkeypatch.setattr(lines, "_READ_BYTES", 10_000)
    monkeypatch.setattr(lines, "KEPT_BYTES", 1000)


def test_a_line_over_the_bound_is_cut_and_one_that_goes_on_for_ever_stops_being_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    small_bounds(monkeypatch)
    rows = read_file(ConsoleConsumer(), printed(b"k", b"x" * 500_000) + printed(b"k", b"v"), {"print": ALL}).rows
    assert [(len(row.value or b""), row.flags) for row in rows] == [(1000, Flag.damaged | Flag.oversize), (1, 0)]
    rows = read_file(ConsoleConsumer(), printed(b"k", b"first") + b"more and more of it\n" * 20_000, {"print": ALL}).rows
    assert max(len(row.value or b"") for row in rows) <= 100_000
    assert sum(len(row.value or b"") + 1 for row in rows) == len(b"first\n") + 20_000 * 20


def test_an_object_over_the_bound_is_damage_and_memory_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    small_bounds(monkeypatch)
    monkeypatch.setattr("inspector.formats.console_objects._READ_BYTES", 10_000)
    found = read_file(ConsoleObjects(), b'{"key":"' + b"x" * 500_000 + b'"}' + STATES)
    assert any("more than 100,000 bytes" in one.reason for one in found.damage)
    assert found.rows[-1].value == b'{"version":0,"data":{"producerId":1}}'


OFFSETS = (
    b'{"key":{"type":1,"data":{"group":"g}{","topic":"orders","partition":0}},"value":{"version":4,"data":{"offset":12.0}}}'
    b'{"key":{"type":1,"data":{"group":"\\"","topic":"orders","partition":1}},"value":null}'
)
STATES = b'{"key":{"version":0,"data":{"transactionalId":"a"}},"value":{"version":0,"data":{"producerId":1}}}'


class TestObjects(FormatContract):
    form = ConsoleObjects()
    examples = (OFFSETS, STATES, OFFSETS * 20)


def test_objects_with_nothing_between_them_are_events() -> None:
    (guess,) = ConsoleObjects().guesses(Sample("", OFFSETS, is_whole=True))
    found = read_file(ConsoleObjects(), OFFSETS, guess.settings)
    assert [(row.place, row.position) for row in found.rows] == [(Place("__consumer_offsets"), 1), (Place("__consumer_offsets"), 2)]
    assert found.rows[0].value == b'{"version":4,"data":{"offset":12.0}}'
    assert found.told[1] == (b'{"type":1,"data":{"group":"\\"","topic":"orders","partition":1}}', None)


def test_damage_between_objects_is_said() -> None:
    found = read_file(ConsoleObjects(), b"oops" + OFFSETS + b'[1]{"key":1', {})
    assert [(one.start, one.end) for one in found.damage] == [(0, 4), (4 + len(OFFSETS), 7 + len(OFFSETS))]
    assert [row.flags for row in found.rows] == [0, 0, Flag.damaged]


def test_what_the_consumer_says_at_its_end_is_compared_with_what_there_is() -> None:
    records = b"".join(printed(b"k", b"v", offset=offset) for offset in range(3))
    assert read(records + b"Processed a total of 3 messages\n").damage == []
    (lost,) = read(records + b"Processed a total of 5 messages\n").damage
    assert lost.reason == "the consumer says that it gave 5 messages, and the file holds 3"
    assert (lost.start, lost.end) == (len(records), len(records) + 31)
    twice = records + b"Processed a total of 3 messages\n" + records + b"Processed a total of 3 messages\n"
    assert read(twice).damage == []


def test_a_line_of_a_value_that_reads_as_a_record_is_told_by_its_offset() -> None:
    forged = printed(b"k", b"v", offset=7) + printed(b"k", b"a\n" + printed(b"x", b"y", offset=2).rstrip(), offset=8)
    ((words, tally),) = read(forged).tallies.items()
    assert "not above the one before it" in words
    assert (tally.first, tally.count) == (3, 1)
    assert read(b"".join(printed(b"k", b"v", offset=offset) for offset in range(3))).tallies == {}


def test_a_value_that_reads_as_the_last_line_is_kept_and_said() -> None:
    found = read_file(ConsoleConsumer(), b"v\nProcessed a total of 1 messages\n", {"print": "value"})
    assert [row.value for row in found.rows] == [b"v", b"Processed a total of 1 messages"]
    ((words, tally),) = found.tallies.items()
    assert "read as what the consumer says at its end" in words
    assert (tally.first, tally.count) == (2, 1)
