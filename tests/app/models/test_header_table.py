"""Headers as rows: order, repeats, null, empty and bytes told apart; filters made of them find just their events."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.header_table import HeaderTable, parsed_headers
from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.query import condition
from tests.app.captures import Growing

_TEXT = '[["a","1"],["a",null],["b",{"base64":"/w=="}],["c",""],["<img src=file:///canary>","\\u202e\\"x\\\\"]]'


def test_rows_keep_order_and_say_what_is_special(qtbot: QtBot) -> None:
    table = HeaderTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    table.show_rows(parsed_headers(_TEXT))
    rows = [[table.data(table.index(row, column)) for column in range(3)] for row in range(table.rowCount())]
    assert rows == [
        ["a", "1", ""],
        ["a", "∅", "null, ≠ again"],
        ["b", "0xff", "bytes"],
        ["c", "○", "empty"],
        ["<img src=file:///canary>", '⟨U+202E⟩"x\\', ""],
    ]


@pytest.mark.parametrize("text", [None, "", "not json", "{}", "[1]", "[[1,2]]", '[["a"]]', '[["a",{"base64":"?"}]]', "[" * 5000])
def test_what_a_stranger_wrote_is_no_fault(text: str | None) -> None:
    assert [header.name for header in parsed_headers(text)] in ([], ["a"])


def test_filters_and_their_exclusion_part_the_events(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([b"{}"], headers=_TEXT)
        growing.append_values([b"{}"], headers='[["a","2"]]')
        growing.append_values([b"{}"])
    with CaptureReader(tmp_path / "a.evcap") as reader:
        for header in parsed_headers(_TEXT):
            if not header.filter_text():
                assert not header.is_text
                continue
            same, other = (
                {event.seq for event in reader.events(EventQuery(condition=condition(header.filter_text(exclude=exclude))))}
                for exclude in (False, True)
            )
            assert same == {1}, header
            assert other == {2, 3}, header
