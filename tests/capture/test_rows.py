"""What a list shows of an event: of a value that is no text the document, hidden where a rule says so."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from inspector.capture.masked import open_masked
from inspector.capture.reader import CaptureReader
from inspector.cli import main
from inspector.masks import SIGN
from tests.app.schema_captures import PLACED_1, Made, framed, write

_VALUE = framed(7, b"\x0eorder-1\x01")
_DATA = '{"order_id":"order-1","total":1.50}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    long = f'{{"order_id":"{"é" * 2_000}"}}'
    return write(
        tmp_path / "a.evcap",
        [
            Made(_VALUE, "OrderPlaced", PLACED_1, "1", "avro", _DATA),
            Made(b'{ "order_id": "order-1" }'),
            Made(b"\0\0\0\0\x07\xff", decoder="confluent", error="schema 7, nobody has it"),
            Made(_VALUE, "OrderPlaced", PLACED_1, "1", "avro", long),
            Made(_VALUE, "OrderPlaced", PLACED_1, "1", "avro", f'{{"order_id":"{"x" * 70_000}"}}'),
            Made(None, decoder=None),
        ],
    )


def test_a_list_has_the_document_of_what_is_not_readable_itself(path: Path) -> None:
    with CaptureReader(path) as reader:
        decoded, text, missing, long, huge, tombstone = reader.rows(1, 10)
    assert (decoded.printed_document, decoded.value_preview, decoded.value_bytes) == (_DATA, _VALUE, len(_VALUE))
    assert [row.printed_document for row in (text, missing, huge, tombstone)] == [None] * 4
    assert long.document == f'{{"order_id":"{"é" * 1_012}'
    assert len(long.document) == 1_025


def test_a_place_that_is_hidden_is_hidden_in_it(path: Path) -> None:
    with open_masked(path, rules='[masks]\npaths = ["data.order_id"]') as reader:
        assert reader.rows(1, 1)[0].printed_document == f'{{"order_id":"{SIGN}","total":1.50}}'
    with open_masked(path, rules='[masks]\npaths = ["value"]') as reader:
        (row,), event = reader.rows(1, 1), reader.event(1)
        assert event is not None
        assert (row.printed_document, event.printed_document) == (None, None)


def test_a_document_that_is_damaged_leaves_the_list_as_it_was(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE event SET data = x'fcffffff' WHERE seq = 1")
    connection.close()
    with CaptureReader(path) as reader:
        assert [row.printed_document is None for row in reader.rows(1, 4)] == [True, True, True, False]


def test_a_table_for_people_has_it_and_lines_for_programs_have_the_bytes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", str(path), "--format", "table"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[1].endswith(_DATA)
    assert table[2].endswith('{ "order_id": "order-1" }')
    assert table[3].endswith("0x0000000007ff")
    assert table[4].endswith("é…")
    assert main(["events", str(path), "--limit", "1"]) == 0
    assert '"value": "\\u0000\\u0000' in capsys.readouterr().out
