"""Decoders that were tried, as rows: how sure, with what result, where they stopped."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.attempt_table import HEADERS, AttemptTable
from inspector.capture.explaining import Tried

TRIED = [
    Tried("avro", 0.95, "a price is cut at byte 9", 9, "orders-value version 1 (schema 7)", "", is_used=True),
    Tried("text", 0.5, None, None, "", "A"),
    Tried("<b>mine</b>", 0.0, "no\u202e", None, "", ""),
]


def test_rows_say_how_sure_what_came_of_it_and_where_it_stopped(qtbot: QtBot) -> None:
    del qtbot
    table = AttemptTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    table.show_rows(TRIED)
    rows = [[table.data(table.index(row, column)) for column in range(len(HEADERS))] for row in range(3)]
    assert rows == [
        ["avro (used)", "95%", "✕ a price is cut at byte 9", "byte 9", "orders-value version 1 (schema 7)"],
        ["text", "50%", "✓ reads it", "", ""],
        ["<b>mine</b>", "not asked", "✕ no⟨U+202E⟩", "", ""],
    ]
    assert "<b>" not in str(table.data(table.index(2, 0), Qt.ItemDataRole.ToolTipRole))
    table.show_rows([])
    assert table.rowCount() == 0
