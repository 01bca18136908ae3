"""Two events compared: by place in the filter language, objects in any order, numbers by value, bytes where there is no document."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.change_table import ChangeTable, line
from app.models.compared import Comparison, Difference, compared
from inspector.capture.reader import CaptureReader
from tests.app.captures import Growing
from tests.replay.captures import Log, Written, write


def of(tmp_path: Path, before: str | None, after: str | None, **more: object) -> Comparison:
    events = [Written(0, before, version=1, time_us=0), Written(1, after, version=1, time_us=0, **more)]  # type: ignore[arg-type]
    path = write(tmp_path / "a.evcap", [Log(events)])
    with CaptureReader(path) as reader:
        return compared(reader, 1, 2)


def rows(found: Comparison) -> list[tuple[str, str, str, str]]:
    return [(row.op, row.path, row.before, row.after) for row in found.rows]


def test_the_order_of_names_and_the_way_a_number_is_written_say_nothing(tmp_path: Path) -> None:
    assert rows(of(tmp_path, '{"a":1,"b":{"c":2.0,"d":[]}}', '{"b":{"d":[],"c":2},"a":1.0}')) == []


def test_differences_have_their_place_and_both_values(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        '{"total":1.50,"items":[{"sku":"A"},{"sku":"B"}],"odd name":1,"gone":null}',
        '{"total":12345678901234567890123,"items":[{"sku":"A"},{"sku":"C"}],"odd name":2,"new":[1]}',
        type="Placed",
    )
    assert rows(found) == [
        ("replace", "type", "Changed", "Placed"),
        ("replace", "data.total", "1.50", "12345678901234567890123"),
        ("replace", "data.items[1].sku", '"B"', '"C"'),
        ("replace", 'data["odd name"]', "1", "2"),
        ("remove", "data.gone", "null", ""),
        ("add", "data.new", "", "[1]"),
    ]
    assert (found.a, found.b) == ("#1 Changed v1 order-1", "#2 Placed v1 order-1")


def test_the_first_of_a_repeated_name_is_compared(tmp_path: Path) -> None:
    found = of(tmp_path, '{"a":1}', '{"a":1,"a":2}', flags=256)
    assert rows(found) == [("add", "flags", "", "duplicate_keys")]


def test_bytes_are_compared_where_a_document_is_missing(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([b"same start, then this", b"same start, then that"])
    with CaptureReader(tmp_path / "a.evcap") as reader:
        assert ("replace", "value", "21 bytes", "21 bytes, other from byte 19 on") in rows(compared(reader, 1, 2))


def test_null_and_headers_are_compared(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([None], headers='[["a","1"],["b","2"]]', key=b"k")
        growing.append_values([b""], headers='[["b","2"],["a","1"],["a","3"]]', key=b"k")
    with CaptureReader(tmp_path / "a.evcap") as reader:
        found = rows(compared(reader, 1, 2))
    assert ("replace", "headers.a", '"1"', '["1","3"]') in found
    assert ("replace", "value", "null", "0 bytes") in found
    assert not [row for row in found if row[1] == "headers.b"]


def test_what_is_gone_or_too_large_is_said(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([b'{"a":"' + b"x" * 3_000_000 + b'"}', b"{}"])
    with CaptureReader(tmp_path / "a.evcap") as reader:
        assert "over 2 MB" in compared(reader, 1, 2).note
        assert "no longer in the capture" in compared(reader, 1, 99).note


def test_rows_on_screen_are_escaped_and_signed(qtbot: QtBot) -> None:
    table = ChangeTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal, table)
    row = Difference("replace", "data.<b>", "\u202e<img src=file:///canary>", "x" * 5_000)
    table.show_rows([row])
    shown = [str(table.data(table.index(0, column))) for column in range(3)]
    assert shown[:2] == ["~ data.<b>", "⟨U+202E⟩<img src=file:///canary>"]
    assert shown[2].endswith("… (5,000 characters)")
    assert line(row).startswith("~ data.<b>: \u202e")
