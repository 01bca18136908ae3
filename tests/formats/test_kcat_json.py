"""kcat -J: bytes come back exactly, whatever they are, and what is no record is a row or a note."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.event import Flag
from inspector.formats import Place, Sample, lines
from inspector.formats.kcat_json import KcatJson
from tests.contracts import FormatContract, Row, read_file

Pair = tuple[str, bytes | None]


def escaped(data: bytes | None) -> bytes:
    """A string as kcat's JSON writer writes it: escapes for quotes and controls, everything else raw."""
    if data is None:
        return b"null"
    short = {0x22: b'\\"', 0x5C: b"\\\\", 0x0A: b"\\n", 0x0D: b"\\r", 0x09: b"\\t", 0x08: b"\\b", 0x0C: b"\\f"}
    return b'"' + b"".join(short.get(byte, b"\\u%04X" % byte if byte < 0x20 else bytes([byte])) for byte in data) + b'"'


def written(
    key: bytes | None, value: bytes | None, pairs: Sequence[Pair] = (), *, offset: int = 0, topic: str = "orders", **rest: Any
) -> bytes:
    headers = b",".join(escaped(name.encode()) + b"," + escaped(value) for name, value in pairs)
    line = b'{"topic":"%s","partition":1,"offset":%d,"tstype":"create","ts":1700000000000,"broker":1,' % (topic.encode(), offset)
    line += b'"headers":[%s],' % headers if pairs else b""
    line += b"".join(b"%s:%s," % (json.dumps(name).encode(), json.dumps(value).encode()) for name, value in rest.items())
    return line + b'"key":%s,"payload":%s}\n' % (escaped(key), escaped(value))


def read(data: bytes) -> list[Row]:
    return read_file(KcatJson(), data).rows


class TestContract(FormatContract):
    form = KcatJson()
    examples = (
        written(b"k", b"v"),
        b"".join(written(b"k", b"v", [("a", b"1"), ("b", None)], offset=number, topic=f"t{number % 3}") for number in range(40)),
        written(b"\xff", None, [("bytes", b"\xfe")]) + written(None, b"", offset=9),
    )


_BYTES = st.none() | st.binary(max_size=20) | st.sampled_from(["\u2028".encode(), b"\xed\xa0\x80", b'"\\u0000"', b"\x00\n\r\t"])


@given(records=st.lists(st.tuples(_BYTES, _BYTES, st.lists(st.tuples(st.text(max_size=5), _BYTES), max_size=3)), max_size=6))
def test_bytes_come_back_exactly(records: list[tuple[bytes | None, bytes | None, list[Pair]]]) -> None:
    rows = read(b"".join(written(*record, offset=number) for number, record in enumerate(records)))
    assert [(row.key, row.value) for row in rows] == [(key, value) for key, value, _ in records]
    assert [row.position for row in rows] == list(range(len(records)))
    for row, (_, _, pairs) in zip(rows, records, strict=True):
        assert [name for name, _ in json.loads(row.headers or "[]")] == [name for name, _ in pairs]
        assert [value is None for _, value in json.loads(row.headers or "[]")] == [value is None for _, value in pairs]


def test_places_times_and_their_kinds_are_as_written() -> None:
    data = written(b"k", b"v") + written(b"k", b"v", offset=1).replace(b'"create"', b'"logappend"').replace(
        b'"partition":1', b'"partition":7'
    )
    data += written(b"k", b"v", offset=2).replace(b'"tstype":"create","ts":1700000000000,', b'"tstype":"unknown",')
    rows = read(data)
    assert [row.place for row in rows] == [Place("orders", 1, True), Place("orders", 7, True), Place("orders", 1, True)]
    assert [row.time_us for row in rows] == [1_700_000_000_000_000, 1_700_000_000_000_000, None]


def test_a_missing_payload_is_not_null() -> None:
    (row,) = read(written(b"k", b"v").replace(b',"payload":"v"', b""))
    assert (row.value, row.flags) == (None, Flag.damaged)
    assert row.error == "its value is not told: the line has no payload"


def test_json_of_avro_values_keeps_every_digit_and_the_schema() -> None:
    line = written(b"k", b"v", value_schema_id=42).replace(b'"payload":"v"', b'"payload":{"total": 12.50, "n": 12345678901234567890123}')
    (row,) = read(line)
    assert row.value == b'{"total": 12.50, "n": 12345678901234567890123}'
    assert row.extra == {"value_schema_id": 42}


def test_numbers_of_any_size_and_bytes_beside_the_record_are_kept_as_text() -> None:
    line = written(b"k", b"v", more={"n": 0}).replace(b'"n": 0', b'"n": %d, "x": "\xff"' % (1 << 70))
    (row,) = read(line.replace(b"1700000000000", b"%d" % (1 << 80)))
    assert row.extra == {"time_ms": str(1 << 80), "more": {"n": str(1 << 70), "x": "?"}}


def test_a_value_that_kcat_could_not_decode_says_why() -> None:
    line = written(b"k", None, payload_error="unknown schema").replace(b',"payload":null', b"")
    (row,) = read(line)
    assert row.flags == Flag.damaged
    assert row.error == "kcat could not read it: unknown schema"


def test_damaged_lines_are_rows_and_everything_around_them_is_read() -> None:
    good = [written(b"k", b"%d" % number, offset=number) for number in range(3)]
    found = read_file(KcatJson(), good[0] + b"%% garbage\n" + good[1] + b'{"topic":"orders"}\n' + good[2][:60])
    assert [(row.place, row.position, row.value) for row in found.rows] == [
        (Place("orders", 1, True), 0, b"0"),
        (Place(), 2, b"%% garbage"),
        (Place("orders", 1, True), 1, b"1"),
        (Place(), 4, b'{"topic":"orders"}'),
        (Place(), 5, good[2][:60]),
    ]
    start = len(good[0])
    assert found.rows[1].error == f"line 2 (byte {start:,}): this is no JSON object"
    assert found.rows[4].error.endswith("the line ends too early: the file was cut off")


def test_what_kcat_says_at_ends_of_partitions_is_their_end() -> None:
    found = read_file(KcatJson(), written(b"k", b"v") + b"% Reached end of topic orders [1] at offset 12: exiting\n% Group x rebalanced\n")
    assert found.ends == {Place("orders", 1, True): 12}
    assert len(found.rows) == 1
    assert "kcat says: % Group x rebalanced" in found.notes


def test_a_line_over_the_bound_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 100_000)
    monkeypatch.setattr(lines, "_READ_BYTES", 10_000)
    monkeypatch.setattr(lines, "KEPT_BYTES", 1000)
    rows = read(written(b"k", b"1") + written(b"k", b"x" * 500_000, offset=1) + written(b"k", b"2", offset=2))
    assert [len(row.value or b"") for row in rows] == [1, 1000, 1]
    assert rows[1].flags == Flag.damaged | Flag.oversize


def test_lines_with_carriage_returns_are_the_same() -> None:
    data = written(b"k", b"v\r") * 2
    assert [row.value for row in read(data.replace(b"\n", b"\r\n"))] == [b"v\r", b"v\r"]


def test_other_json_lines_are_not_taken_for_it() -> None:
    assert not KcatJson().guesses(Sample("a.jsonl", b'{"topic":"a","partition":1,"offset":3,"value":"x"}\n', True))
    (guess,) = KcatJson().guesses(Sample("a.jsonl", written(b"\xff", b"v"), True))
    assert guess.score > 0.9
