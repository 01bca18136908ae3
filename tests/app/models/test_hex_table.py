"""Bytes as rows: places and both forms, pages asked for once and forgotten in time, none of them held for 256 MB."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.hex_table import PAGE_BYTES, HexTable


def row(table: HexTable, number: int) -> list[str]:
    table.row_bytes(number)  # asks for the page, which comes at once in some tests
    return [str(table.data(table.index(number, column))) for column in range(table.columnCount())]


def test_a_row_has_place_bytes_and_text(qtbot: QtBot) -> None:
    table = HexTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    raw = bytes(range(0x58, 0x6A)) + b"<b>\x00\xff"
    table.page_wanted.connect(lambda life, start: table.take_page(life, start, raw))
    table.show_size(len(raw))
    assert row(table, 0) == ["00000000", "58 59 5a 5b 5c 5d 5e 5f  60 61 62 63 64 65 66 67", "XYZ[\\]^_`abcdefg"]
    assert row(table, 1) == ["00000010", "68 69 3c 62 3e 00 ff", "hi<b>··"]
    assert table.rowCount() == 2


def test_a_page_is_asked_for_once_and_an_old_answer_is_dropped(qtbot: QtBot) -> None:
    table, asked = HexTable(), []
    table.page_wanted.connect(lambda life, start: asked.append((life, start)))
    table.show_size(3 * PAGE_BYTES)
    for number in range(20):
        assert row(table, number)[1] == "…"
    row(table, PAGE_BYTES // 16)
    assert asked == [(1, 0), (1, PAGE_BYTES)]
    table.show_size(100)
    table.take_page(1, 0, b"old" * 100)
    assert row(table, 0)[1] == "…"


def test_quarter_of_a_gigabyte_is_only_the_pages_looked_at(qtbot: QtBot) -> None:
    table = HexTable()
    table.page_wanted.connect(lambda life, start: table.take_page(life, start, bytes(PAGE_BYTES)))
    table.show_size(256 << 20)
    assert table.rowCount() == 16 << 20
    for number in range(0, table.rowCount(QModelIndex()), 100_000):
        assert row(table, number)[0] == f"{number * 16:08x}"
    assert len(table._pages) <= 64
