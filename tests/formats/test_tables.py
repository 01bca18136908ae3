"""Parquet and Avro as files: values are exact, damage costs its own part, and what becomes too large is stopped."""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from inspector.formats import avro_file, parquet_table
from inspector.formats.rows import JsonRows
from inspector.schemas.avro_read import compiled_text
from inspector.schemas.avro_walk import TooLongError
from tests.formats.reading import read, read_text
from tests.formats.samples import US, T

short = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "a.parquet"
    parquet.write_table(pa.table(columns), path, **options)
    return path


def test_values_of_every_type_are_exact(tmp_path: Path) -> None:
    columns = {
        "money": pa.array([Decimal("1.10"), None], pa.decimal128(38, 2)),
        "at": pa.array([US * 1000 + 1, None], pa.timestamp("ns", "Europe/Paris")),
        "local": pa.array([US // 1000, None], pa.timestamp("ms")),
        "day": pa.array([dt.date(2026, 11, 23), None]),
        "clock": pa.array([1, None], pa.time64("ns")),
        "raw": pa.array([b"\xff", None]),
        "tags": pa.array([["a", None], None]),
        "nested": pa.array(
            [{"n": 2**63, "in": {"x": Decimal("0.5")}}, None],
            pa.struct([("n", pa.uint64()), ("in", pa.struct([("x", pa.decimal128(5, 1))]))]),
        ),
        "named": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        "twice": pa.array([[("a", 1), ("a", 2)], None], pa.map_(pa.string(), pa.int64())),
        "real": pa.array([0.1, float("nan")], pa.float32()),
        "kind": pa.array(["x", None]).dictionary_encode(),
    }
    first, second = (value or b"" for value in read(written(tmp_path, columns)).values)
    assert first == (
        b'{"money":1.10,"at":"2026-11-23T08:00:00.000000001Z","local":"2026-11-23T08:00:00.000","day":"2026-11-23",'
        b'"clock":"00:00:00.000000001","raw":{"base64":"/w=="},"tags":["a",null],"nested":{"n":9223372036854775808,"in":{"x":0.5}},'
        b'"named":{"a":1},"twice":[{"key":"a","value":1},{"key":"a","value":2}],"real":0.1,"kind":"x"}'
    )
    assert json.loads(second) == dict.fromkeys(columns) | {"real": "NaN"}


def test_columns_of_a_kafka_sink_are_a_record(tmp_path: Path) -> None:
    columns = {
        "Topic": ["orders", "orders"],
        "partition": [3, 3],
        "offset": [7, 8],
        "timestamp": pa.array([US, US], pa.timestamp("us", "UTC")),
        "key": [b"k", None],
        "value": [b"\x00\x01", b"v"],
    }
    found = read(written(tmp_path, columns))
    first = found.rows[0]
    assert (first.log, first.partition, first.position, first.time_us, first.key, first.value) == ("orders", 3, 7, US, b"k", b"\x00\x01")
    assert (found.rows[1].key, found.rows[1].value) == (None, b"v")


def test_our_own_parquet_is_recognised(tmp_path: Path) -> None:
    columns = {
        "log": ["a"],
        "partition": [1],
        "position": [5],
        "time": [T],
        "time_kind": ["append"],
        "recorded_time": [T],
        "value": [b"\xff"],
    }
    found = read(written(tmp_path, {**columns, "key": [None], "headers": ['[["h","1"]]'], "type": ["Placed"]}))
    row = found.rows[0]
    assert (found.format, row.log, row.partition, row.position) == ("eventscope-parquet", "a", 1, 5)
    assert (row.time_us, row.time_kind, row.key, row.value, row.headers) == (US, 3, None, b"\xff", '[["h","1"]]')


def test_a_damaged_group_costs_itself_only(tmp_path: Path) -> None:
    path = written(tmp_path, {"n": list(range(3000)), "t": [f"text {n}" for n in range(3000)]}, row_group_size=1000, compression="zstd")
    data = bytearray(path.read_bytes())
    group = parquet.ParquetFile(path).metadata.row_group(1)
    start = group.column(1).dictionary_page_offset or group.column(1).data_page_offset
    data[start : start + 200] = b"\xff" * 200
    path.write_bytes(data)
    found = read(path)
    assert found.file is not None
    assert len(found.file.gaps) == 1
    assert found.file.gaps[0].start <= start
    assert {json.loads(value or b"")["n"] for value in found.values} >= {*range(1000), *range(2000, 3000)}


@short
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_behind_the_magic_are_told(tmp_path_factory: pytest.TempPathFactory, data: bytes, is_avro: bool) -> None:
    head = b"Obj\x01" if is_avro else b"PAR1"
    folder, wanted = tmp_path_factory.mktemp("table"), "avro" if is_avro else "parquet"
    found = read_text(folder, "a", head + data + (b"" if is_avro else b"PAR1"), wanted=wanted)
    assert found.file is not None
    assert found.file.gaps


def test_a_file_that_becomes_far_larger_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_table, "FREE_BYTES", 100_000)
    monkeypatch.setattr(parquet_table, "MOST_EXPANSION", 2)
    found = read(written(tmp_path, {"t": ["x" * 1000] * 50_000}, compression="zstd"))
    assert found.file is not None
    assert "bombs" in found.file.gaps[0].reason
    assert len(found.rows) < 50_000


# ---- Avro

SCHEMA = {
    "type": "record",
    "name": "shop.Order",
    "fields": [
        {"name": "n", "type": "long"},
        {"name": "t", "type": ["null", "string"]},
        {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}},
    ],
}


def container(count: int, codec: str = "null", interval: int = 400) -> bytes:
    out = io.BytesIO()
    rows = [{"n": number, "t": f"text {number}", "d": Decimal("1.10")} for number in range(count)]
    fastavro.writer(out, SCHEMA, rows, codec=codec, sync_interval=interval)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_records_are_json_with_every_digit(tmp_path: Path, codec: str) -> None:
    found = read_text(tmp_path, "a.avro", container(300, codec))
    assert found.format == "avro"
    assert len(found.rows) == 300
    assert found.values[7] == b'{"n":7,"t":"text 7","d":1.10}'


def test_a_damaged_block_is_skipped_to_the_next_marker(tmp_path: Path) -> None:
    data = bytearray(container(300))
    at = data.find(b"text 150")
    data[at - 30 : at + 30] = b"\xff" * 60
    found = read_text(tmp_path, "a.avro", bytes(data))
    numbers = {json.loads(value or b"")["n"] for value in found.values}
    assert found.file is not None
    assert len(found.file.gaps) == 1
    assert found.file.gaps[0].start < at < (found.file.gaps[0].end or 0)
    assert {0, 299} <= numbers
    assert len(numbers) > 250


def test_a_file_that_is_cut_keeps_what_is_whole(tmp_path: Path) -> None:
    data = container(300)
    found = read_text(tmp_path, "a.avro", data[: len(data) // 2])
    assert found.file is not None
    assert 100 < len(found.rows) < 160
    assert found.file.gaps[0].end is None


def test_records_without_bytes_are_bounded(tmp_path: Path) -> None:
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": "E", "fields": []}, [{}])
    data = out.getvalue()
    marker = data[-16:]
    endless = data[: data.index(marker) + 16] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\x00" + marker
    assert len(read_text(tmp_path, "a.avro", endless).rows) == avro_file._MOST_EMPTY


def zigzag(number: int) -> bytes:
    number, out = number << 1, bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


MARKER = b"0123456789abcdef"


def blocks(fields: list[dict[str, Any]], *contents: tuple[int, bytes]) -> bytes:
    """A container whose blocks hold so many records of these bytes, whatever they are."""
    schema = json.dumps({"type": "record", "name": "R", "fields": fields}).encode()
    head = b"Obj\x01" + zigzag(1) + zigzag(11) + b"avro.schema" + zigzag(len(schema)) + schema + zigzag(0) + MARKER
    return head + b"".join(zigzag(count) + zigzag(len(content)) + content + MARKER for count, content in contents)


NUMBER = {"name": "n", "type": "int"}


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        ([{"name": "f" * 100_000, "type": "int"}], b"\x02"),
        ([NUMBER, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["s" * 100_000]}}], b"\x02\x00"),
    ],
)
def test_names_that_each_record_repeats_are_written_a_few_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: list[dict[str, Any]], record: bytes
) -> None:
    monkeypatch.setattr(avro_file, "FREE_BYTES", 20_000_000)
    sizes = []
    plain = JsonRows

    def seen(texts: list[bytes]) -> Any:
        sizes.append(sum(map(len, texts)))
        return plain(texts)

    monkeypatch.setattr(avro_file, "JsonRows", seen)
    found = read_text(tmp_path, "a.avro", blocks(fields, (5_000, record * 5_000)))
    assert max(sizes) < 9_000_000
    assert 150 < len(found.rows) < 600
    assert found.file is not None
    assert f"the {len(found.rows):,} rows before were read" in found.file.gaps[0].reason


def test_a_record_that_is_too_much_text_is_a_damaged_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avro_file, "MOST_ROW_BYTES", 1 << 20)
    symbols = {"type": "array", "items": {"type": "enum", "name": "E", "symbols": ["s" * 1_000_000]}}
    endless = zigzag(2) + zigzag(5_000) + b"\x00" * 5_000 + b"\x00"
    content = b"\x02\x00" + endless + b"\x06\x00"
    found = read_text(tmp_path, "a.avro", blocks([NUMBER, {"name": "a", "type": symbols}], (3, content)))
    assert [row.is_damaged for row in found.rows] == [False, True, False]
    assert found.rows[1].error == "row 2: it is left out: of its 5,004 bytes it makes more than 1 MB of text"
    assert found.values[2] == b'{"n":3,"a":[]}'


def test_what_a_record_held_that_is_left_out_is_let_go_at_once() -> None:
    compiled = compiled_text('{"type": "record", "name": "R", "fields": [{"name": "t", "type": "string"}]}')
    assert compiled.reader is not None
    content = zigzag(1_000_000) + b"a" * 1_000_000
    gc.disable()
    try:
        held = sys.getrefcount(content)
        with pytest.raises(TooLongError):
            compiled.reader.read_next(content, 0, 1_000)
        assert sys.getrefcount(content) == held
    finally:
        gc.enable()


def test_a_list_of_endless_nulls_costs_its_block_only(tmp_path: Path) -> None:
    nulls = {"name": "a", "type": {"type": "array", "items": "null"}}
    good, bad = (1, b"\x02\x00"), (1, b"\x06" + zigzag(1 << 60) + b"\x00")
    found = read_text(tmp_path, "a.avro", blocks([NUMBER, nulls], good, bad, good))
    assert found.values == [b'{"n":1,"a":[]}'] * 2
    assert found.file is not None
    assert "1,152,921,504,606,846,976 members that take no bytes" in found.file.gaps[0].reason


@pytest.mark.parametrize("codec", ["deflate", "bzip2", "xz", "snappy"])
def test_a_block_that_is_a_bomb_costs_itself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str) -> None:
    monkeypatch.setattr(avro_file, "MAX_UNPACKED_BYTES", 100_000)
    out = io.BytesIO()
    schema = {"type": "record", "name": "R", "fields": [{"name": "t", "type": "string"}]}
    fastavro.writer(out, schema, [{"t": "a"}, {"t": "b" * 1_000_000}, {"t": "c"}], codec=codec, sync_interval=1)
    found = read_text(tmp_path, "a.avro", out.getvalue())
    assert found.values == [b'{"t":"a"}', b'{"t":"c"}']
    assert found.file is not None
    assert "a block inflates to more than" in found.file.gaps[0].reason
