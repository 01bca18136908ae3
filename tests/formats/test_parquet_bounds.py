"""Parquet files that become far more than they are: measured before anything is made, with what stands before and after still read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from inspector.formats import arrow_batches, parquet_groups, parquet_table
from inspector.formats.arrow_batches import Part, TooLarge, bounded
from inspector.formats.arrow_sizes import summed
from inspector.formats.arrow_values import json_of
from inspector.formats.parquet_pages import pages
from inspector.formats.parquet_table import _rows_of
from tests.formats.reading import read
from tests.formats.test_tables import written

COLUMNS = {
    "n": pa.array([1, 2**62, None], pa.int64()),
    "real": pa.array([0.1, -1.7976931348623157e308, None]),
    "text": pa.array(["a", "ü" * 50, None]),
    "kind": pa.array(["x" * 100, "x" * 100, None]).dictionary_encode(),
    "raw": pa.array([b"\xff" * 30, b"", None]),
    "tags": pa.array([["a", None, "b" * 40], [], None]),
    "in": pa.array([{"x": 1, "y": [1, 2]}, {"x": None, "y": None}, None]),
    "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
    "at": pa.array([0, 1, None], pa.timestamp("ns", "UTC")),
    "none": pa.nulls(3),
}


def test_what_a_row_takes_is_told_without_making_it() -> None:
    batch = pa.record_batch(COLUMNS)
    measured = summed(list(batch.schema.names), list(batch.columns), 3).to_pylist()
    made = [len(text) for text in _rows_of(batch).texts()]
    assert all(size >= text for size, text in zip(measured, made, strict=True))
    assert sum(measured) < 8 * sum(made)
    assert summed(list(batch.schema.names), list(batch.slice(1, 1).columns), 1).to_pylist() == measured[1:2]


@pytest.mark.parametrize("text", ["\x01" * 100_000, "a" * 100_000])
def test_escapes_of_long_texts_count(text: str) -> None:
    (size,) = summed(["t"], [pa.array([text])], 1).to_pylist()
    assert len(json_of({"t": text})) <= size <= 1.01 * len(json_of({"t": text})) + 100


def test_batches_are_cut_and_a_row_that_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_batches, "MOST_ROW_BYTES", 5_000)
    texts = ["a" * 900] * 5 + ["b" * 6_000] + ["c" * 900] * 2
    found = list(bounded(pa.record_batch({"t": texts}), 2_100))
    assert [one.rows.num_rows if isinstance(one, Part) else 0 for one in found] == [2, 2, 1, 0, 2]
    assert isinstance(found[3], TooLarge)
    assert 6_000 < found[3].size_bytes < 6_200
    assert all(one.size_bytes <= 2_100 + 2 * arrow_batches.ROW_BYTES for one in found if isinstance(one, Part))


def test_one_row_that_is_too_large_is_a_damaged_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_batches, "MOST_ROW_BYTES", 100_000)
    monkeypatch.setattr(bounded, "__defaults__", (50_000,))
    found = read(written(tmp_path, {"n": [1, 2, 3], "t": ["a", "y" * 200_000, "c"]}))
    assert [row.is_damaged for row in found.rows] == [False, True, False]
    assert found.rows[1].error is not None
    assert found.rows[1].error.startswith("row 2: it would take about 200,")
    assert json.loads(found.rows[2].value or b"") == {"n": 3, "t": "c"}
    assert [row.position for row in found.rows] == [1, 2, 3]


@pytest.mark.parametrize("is_listed", [False, True])
def test_one_long_text_meant_many_times_is_written_out_a_few_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_listed: bool
) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 30_000, "int32"), pa.array(["x" * 100_000]))
    column = pa.ListArray.from_arrays(pa.array(range(30_001), "int32"), text) if is_listed else text
    monkeypatch.setattr(parquet_table, "FREE_BYTES", 20_000_000)
    path = written(tmp_path, {"n": list(range(30_000)), "t": column}, compression="zstd")
    before = pa.total_allocated_bytes()
    rows = read(path)
    assert pa.total_allocated_bytes() - before < 1_000_000
    assert 150 < len(rows.rows) < 400
    assert {len(row.value or b"") > 100_000 for row in rows.rows} == {True}
    assert rows.file is not None
    assert "far larger than it is" in rows.file.gaps[0].reason
    assert "rows before were read" in rows.file.gaps[0].reason
    with parquet_groups.opened(path) as file:
        assert parquet_groups.bounds_of(file, 0, path).by_number == ("t.list.element" if is_listed else "t",)


def test_texts_of_a_plain_dictionary_are_read_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, {"t": [f"a text that is not long, number {number}" for number in range(20_000)]})
    with parquet_groups.opened(path) as file:
        assert parquet_groups.bounds_of(file, 0, path) == parquet_groups.Bounds(10_000)


def test_a_group_with_endless_lists_costs_itself_only(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    schema = pa.schema([("n", pa.int64()), ("t", pa.list_(pa.int32()))])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        writer.write_table(pa.table({"n": [1], "t": [[7]]}, schema))
        endless = pa.ListArray.from_arrays(pa.array([0, 5_000_000], "int32"), pa.nulls(5_000_000, pa.int32()))
        writer.write_table(pa.table({"n": [2], "t": endless}, schema))
        writer.write_table(pa.table({"n": [3], "t": [[9]]}, schema))
    found = read(path)
    assert [json.loads(value or b"")["n"] for value in found.values] == [1, 3]
    assert found.file is not None
    assert "row group 2: column t.list.element has 5,000,000 values in 1 rows" in found.file.gaps[0].reason


def test_a_page_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_groups, "MOST_PAGE_BYTES", 1_000_000)
    found = read(written(tmp_path, {"n": [1], "t": ["y" * 2_000_000]}, compression="zstd"))
    assert found.file is not None
    assert "column t has a page of 2,000,0" in found.file.gaps[0].reason


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_say_what_they_hold(tmp_path: Path, version: str) -> None:
    texts = [f"text {number % 7}" for number in range(50_000)]
    path = written(tmp_path, {"t": texts}, data_page_version=version, data_page_size=1_000)
    column = parquet.ParquetFile(path).metadata.row_group(0).column(0)
    with path.open("rb") as raw:
        dictionary, *data = pages(raw, *parquet_groups.stretch(column), column.num_values)
        assert (dictionary.kind, dictionary.values, dictionary.unpacked_bytes) == (2, 7, 7 * 10)
        assert sum(page.values for page in data) == 50_000
        assert len(data) > 1
        with pytest.raises(ValueError, match="page"):
            list(pages(raw, 0, path.stat().st_size, 1))


def test_many_columns_are_read_a_few_rows_at_a_time(tmp_path: Path) -> None:
    path = written(tmp_path, {f"a_column_with_a_long_name_{number}": [0] * 500 for number in range(2_000)})
    with parquet_groups.opened(path) as file:
        assert 10 < parquet_groups.bounds_of(file, 0, path).rows < 200
    assert len(read(path).rows) == 500
