"""Types and versions as rows: what is said of each, which filter lists its events, and that the tree changes as little as it must."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app.models.schema_text import difference, text_of
from app.models.version_rows import VersionRow, is_pair, rows_of, waiting_words
from app.models.version_tree import VersionTree
from inspector.capture.reader import CaptureReader
from inspector.capture.shapes import Shapes, shapes
from inspector.capture.versions import Report, report
from inspector.event import Schema
from inspector.query import condition
from inspector.schemas.http_get import _REFUSALS
from inspector.schemas.protobuf import compiled
from tests.app import schema_captures as made


def _base64(fields: str) -> str:
    file = FileDescriptorSet.FromString(compiled(f'syntax = "proto3"; message Order {{ {fields} }}')).file[-1]
    return base64.b64encode(file.SerializeToString()).decode()


_DESCRIBED = Schema("id:3", made.REGISTRY, "PROTOBUF", _base64("string id = 1;"), "pb-value", 1)


def read(path: Path, *, with_shapes: bool = True) -> tuple[Report, list[VersionRow]]:
    with CaptureReader(path) as reader:
        found = report(reader)
        known: dict[int, Shapes] = {one.id: shapes(reader, one.id) for one in found.types} if with_shapes else {}
    return found, rows_of(found, known)


def row_named(rows: list[VersionRow], name: str) -> VersionRow:
    return next(one for row in rows for one in (row, *row.inner) if one.cells[0].startswith(name))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return made.shop(tmp_path / "a.evcap")


def matching(path: Path, text: str) -> int:
    with CaptureReader(path) as reader:
        asked = condition(text)
        reader.prepare(asked)
        from inspector.capture.rows import FROM

        return int(reader.select(f"SELECT count(*) FROM {FROM} WHERE {asked.sql}", asked.bindings)[0][0])


def test_rows_say_versions_events_and_times(shop: Path) -> None:
    _, rows = read(shop)
    assert [row.cells[0] for row in rows] == ["OrderPlaced", "PaymentAuthorised", "OrderShipped", "events without a type"]
    assert rows[0].cells == ("OrderPlaced", "220", "2026-11-23 08:00:00", "2026-11-23 08:03:39", "3 versions", "")
    assert rows[0].inner[1].cells == ("orders-value v2", "60", "2026-11-23 08:01:00", "2026-11-23 08:01:59", "Avro", made.REGISTRY)
    assert rows[1].inner[0].cells[:2] == ("shape 1 · 2 places", "80 of 160")
    assert rows[1].inner[0].cells[5] == "most used, of all 160"
    assert rows[1].inner[1].cells[5] == "+card.network: string, +card: object"
    assert rows[2].cells[4] == "2 versions"
    missing = row_named(rows, "✕ schema 42")
    assert (missing.role, missing.cells[4], missing.cells[5]) == ("bad", "missing", f"schema 42, {made.REGISTRY} does not answer")


def test_the_filter_of_a_row_lists_its_events_and_the_other_one_the_rest(shop: Path) -> None:
    _, rows = read(shop)
    counted = {
        "OrderPlaced": 220,
        "orders-value v2": 60,
        "version 1": 20,
        "✕ schema 42": 37,
        "✕ schema 43": 1,
        "events without a type": 38,
        "shape 2": 40,
    }
    for name, events in counted.items():
        row = row_named(rows, name)
        assert matching(shop, row.filter) == events, name
        assert matching(shop, row.other) == 478 - events, name
    assert row_named(rows, "orders-value v2").filter == 'type == "OrderPlaced" && schema_version == "2"'


def test_shapes_are_awaited_in_words(shop: Path) -> None:
    _, rows = read(shop, with_shapes=False)
    assert rows[1].inner[0].cells == ("no version declared", "160", "2026-11-23 08:03:40", "2026-11-23 08:06:19", "", "shapes: looking …")


def test_what_waits_is_said_in_a_sentence(shop: Path, tmp_path: Path) -> None:
    found, _ = read(shop)
    assert waiting_words(found) == f"schema 42 and 1 other are missing, 38 events wait for them: {made.REGISTRY} does not answer"
    one, _ = read(made.write(tmp_path / "b.evcap", [made.waits(1), made.waits(2)]))
    assert waiting_words(one) == f"schema 42: 2 events wait for it: {made.REGISTRY} does not answer"
    assert waiting_words(Report()) == ""


def test_texts_and_differences_are_laid_out(shop: Path) -> None:
    _, rows = read(shop)
    two, three = row_named(rows, "orders-value v2"), row_named(rows, "orders-value v3")
    with CaptureReader(shop) as reader:
        text, changed = text_of(reader, two), difference(reader, two, three)
        shape = text_of(reader, rows[1].inner[1])
        missing, number = text_of(reader, row_named(rows, "✕ schema 42")), text_of(reader, row_named(rows, "version 1"))
        same = difference(reader, two, two)
        shapes_differ = difference(reader, rows[1].inner[0], rows[1].inner[1])
    assert text.written == made.PLACED_2.text
    assert '    {\n      "name": "coupon",' in text.lines
    assert changed.is_diff
    assert '-      "name": "total",' in changed.lines.split("\n")
    assert '+      "name": "total_cents",' in changed.lines.split("\n")
    assert changed.note == "6 lines added, 2 removed"
    assert shape.lines.startswith("against the most used shape:\n+ card.network: string\n")
    assert missing.note.startswith("missing: schema 42")
    assert number.note == "its events say this version and name no schema"
    assert same.note == "the same text"
    assert "+card: object" in shapes_differ.lines.split("\n")


def test_a_descriptor_is_shown_and_compared_as_people_write_it(tmp_path: Path) -> None:
    one, two = _DESCRIBED, replace(_DESCRIBED, wire="id:4", text=_base64("string id = 1; int64 cents = 2;"), version=2)
    path = made.write(tmp_path / "a.evcap", [made.Made(b"\0", "Order", schema, decoder="protobuf", data="{}") for schema in (one, two)])
    _, rows = read(path)
    with CaptureReader(path) as reader:
        text = text_of(reader, row_named(rows, "pb-value v1"))
        changed = difference(reader, row_named(rows, "pb-value v1"), row_named(rows, "pb-value v2"))
    assert text.lines == 'syntax = "proto3";\nmessage Order {\n  string id = 1;\n}\n'
    assert text.written == one.text
    assert "+  int64 cents = 2;" in changed.lines.split("\n")


def test_two_messages_of_one_schema_are_no_pair(tmp_path: Path) -> None:
    written = [made.Made(b"\0", name, _DESCRIBED, decoder="protobuf", data="{}") for name in ("Order", "Refund")]
    _, (one, other) = read(made.write(tmp_path / "a.evcap", written))
    assert not is_pair([one.inner[0], other.inner[0]])
    _, shop_rows = read(made.shop(tmp_path / "b.evcap"))
    assert is_pair([row_named(shop_rows, "orders-value v2"), row_named(shop_rows, "orders-value v3")])
    assert not is_pair([row_named(shop_rows, "orders-value v2"), row_named(shop_rows, "version 1")])
    shapes_of_one = next(row.inner for row in shop_rows if row.inner and row.inner[0].shape is not None)
    assert is_pair(list(shapes_of_one[:2]))


def test_what_waits_speaks_of_no_shell(tmp_path: Path) -> None:
    schema = replace(made.MISSING, error=f"{made.REGISTRY} {_REFUSALS[401]}")
    found, _ = read(made.write(tmp_path / "a.evcap", [made.waits(1, schema)]))
    assert waiting_words(found) == f"schema 42: 1 event waits for it: {made.REGISTRY} wants another login (status 401)"


def test_the_tree_is_a_model_and_says_counts_without_a_reset(qtbot: QtBot, shop: Path) -> None:
    del qtbot
    tree = VersionTree()
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal, tree)
    _, rows = read(shop)
    assert tree.show_rows(rows)
    told: list[QModelIndex] = []
    tree.dataChanged.connect(lambda first, _last: told.append(first))
    other = replace(rows[0], cells=("OrderPlaced", "221", *rows[0].cells[2:]))
    assert not tree.show_rows([other, *rows[1:]])
    assert [index.row() for index in told] == [0]
    assert tree.data(tree.index(0, 1)) == "221"
    assert tree.show_rows(rows[:2])
    assert tree.rowCount() == 2
    index = tree.find(rows[1].inner[2].key)
    assert tree.row_of(index) == rows[1].inner[2]
    assert tree.parent(index) == tree.index(1, 0)
    assert not tree.find(("nothing",)).isValid()


def test_hostile_names_are_only_text(qtbot: QtBot, tmp_path: Path) -> None:
    del qtbot
    name = "<img src='file:///canary'>\u202e\n"
    path = made.write(tmp_path / "b.evcap", [made.Made(b'{"<b>x</b>":1}', name)])
    tree = VersionTree()
    tree.show_rows(read(path)[1])
    assert tree.data(tree.index(0, 0)) == "<img src='file:///canary'>⟨U+202E⟩⏎"
    assert "<img" not in str(tree.data(tree.index(0, 0), Qt.ItemDataRole.ToolTipRole))
