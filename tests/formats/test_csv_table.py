"""CSV: dialects and encodings are told, cells are exact, and a row that is damaged says its line and byte."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inspector.formats import csv_table, lines
from tests import public_data
from tests.formats.reading import Read, read, read_text

short = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


def documents(found: Read) -> list[dict[str, str]]:
    return [json.loads(value or b"null") for value in found.values]


@short
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
@example([("a\r\nb", '"', "\r")], ",", "\r\n")
def test_what_a_writer_wrote_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str, end: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second", "third"), *rows])
    folder = tmp_path_factory.mktemp("csv")
    found = read_text(
        folder, "a.csv", out.getvalue(), wanted="csv", settings={"delimiter": delimiter, "header": "yes", "encoding": "utf-8"}
    )
    assert [tuple(row.values()) for row in documents(found)] == rows
    assert not any(row.is_damaged for row in found.rows)


@short
@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_nothing(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    found = read_text(tmp_path_factory.mktemp("csv"), "a.csv", data, wanted="csv")
    assert found.file is not None or found.plan.notes
    assert all(row.error for row in found.rows if row.is_damaged)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_told(tmp_path: Path, encoding: str) -> None:
    found = read_text(tmp_path, "a.csv", "name;city\nZoë;Köln\nRené;Genève\n".encode(encoding))
    assert documents(found) == [{"name": "Zoë", "city": "Köln"}, {"name": "René", "city": "Genève"}]
    assert any("Windows-1252" in note for note in found.notes) == (encoding == "cp1252")


def test_a_ragged_row_and_a_quote_out_of_place_are_damaged_rows_with_line_and_byte(tmp_path: Path) -> None:
    text = 'a,b,c\n1,2,3\n4,5\n"6,7,8\n9,10,11\n1,"x"y,2\n12,13,14\n'
    found = read_text(tmp_path, "a.csv", text)
    assert [row.value for row in found.rows if row.is_damaged] == [b"4,5", b'"6,7,8', b'1,"x"y,2']
    assert [row.error.split(": ")[0] for row in found.rows if row.error] == ["line 3, byte 12", "line 4, byte 16", "line 6, byte 31"]
    assert [row["a"] for row in documents_of_good(found)] == ["1", "9", "12"]


def documents_of_good(found: Read) -> list[dict[str, str]]:
    return [json.loads(row.value or b"null") for row in found.rows if not row.is_damaged]


def test_cells_of_megabytes_are_whole(tmp_path: Path) -> None:
    large = "x" * 2_000_000
    found = read_text(tmp_path, "a.csv", f'a,b\n1,"{large}\n{large}"\n2,{large}\n3,y\n')
    assert [row["b"] for row in documents(found)] == [f"{large}\n{large}", large, "y"]


def test_a_line_too_long_to_keep_is_one_damaged_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINE_BYTES", 3_000_000)
    found = read_text(tmp_path, "a.csv", "a,b\n1,2\n3," + "x" * 8_000_000 + "\n5,6\n7,8\n")
    assert [row.is_damaged for row in found.rows] == [False, True, False, False]
    assert "8,000,002 bytes" in (found.rows[1].error or "")


def test_quotes_that_never_close_do_not_take_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "MOST_ROW_BYTES", 100_000)
    found = read_text(tmp_path, "a.csv", 'a,b\n1,2\n"3,4\n' + "".join(f'"x{number}",5\n' for number in range(20_000)), wanted="csv")
    assert sum(not row.is_damaged for row in found.rows) >= 20_000


SPECTRUM = public_data.folder("csv")


@public_data.needed("csv")
def test_the_spectrum_is_read_as_it_says() -> None:
    assert SPECTRUM is not None
    checked = 0
    for path in sorted((SPECTRUM / "csv-spectrum" / "csvs").glob("*.csv")):
        expected = SPECTRUM / "csv-spectrum" / "json" / f"{path.stem}.json"
        if expected.exists() and path.stem != "location_coordinates":  # the JSON beside that one has another number
            said = json.loads(expected.read_bytes().replace(b"\\r\\n", b"\\n"))  # the tables' own line ends were made plain
            assert documents(read(path)) == (said if isinstance(said, list) else [said]), path.name
            checked += 1
    assert checked > 8


def test_a_long_head_that_each_row_repeats_is_written_a_few_rows_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.formats.csv_table.FREE_BYTES", 20_000_000)
    found = read_text(tmp_path, "a.csv", "a,b," + "c" * 100_000 + "\n" + "1,2,3\n" * 5_000, settings={"header": "yes"})
    assert 150 < len(found.rows) < 600
    assert found.file is not None
    assert "far larger than it is" in found.file.gaps[0].reason
