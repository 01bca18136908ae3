"""Fields and their bytes lead to each other in every format that is not text, by the real decoders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import ormsgpack
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.hex_view import HexView
from app.messages import Messages
from tests.app.panes.test_event import Shown, row_of
from tests.app.test_explain import explaining, spans_known
from tests.encodings import capture_of, encoded

ORDER: dict[str, Any] = {
    "kind": "OrderPlaced",
    "order": "order-7",
    "at": "2026-11-26T08:00:00.123457Z",
    "n": 2**63 - 1,
    "amount": 12.25,
    "paid": True,
    "note": "größer",
    "address": {"city": "Köln", "zip": "50667"},
    "lines": [{"sku": "A", "qty": 3}, {"sku": "Bolt M8", "qty": 500}],
    "tags": {"channel": "web"},
}
FORMATS = ("avro", "protobuf", "messagepack", "cbor")
VALUES = [*encoded([ORDER], "avro"), *encoded([ORDER], "protobuf"), ormsgpack.packb(ORDER), cbor2.dumps(ORDER)]
formats = pytest.mark.parametrize("number", range(len(FORMATS)), ids=FORMATS)


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    one = Shown(qtbot, messages, capture_of(tmp_path / "a.evcap", VALUES, [b"order-7"] * len(VALUES)))
    one.pane.resize(900, 600)
    yield one
    one.session.close()


def click(hexes: HexView, place: int) -> None:
    """A click on a byte, in the column of digits."""
    index = hexes.table.index(place // hexes.table.per_row, 1)
    hexes.view.scrollTo(index)
    cell = hexes.view.visualRect(index)
    at = [QPoint(x, cell.center().y()) for x in range(cell.left(), cell.right())]
    mine = [point for point in at if hexes.marks.byte_at(point) == place]
    QTest.mouseClick(hexes.view.viewport(), Qt.MouseButton.LeftButton, pos=mine[len(mine) // 2])


@formats
def test_a_chosen_field_has_its_bytes_marked(shown: Shown, number: int) -> None:
    shown.choose(number + 1)
    row_of(shown, "data", "lines", "1", "sku")
    hexes = spans_known(shown)
    start, end = hexes.marks.span
    assert VALUES[number][start:end].endswith(b"Bolt M8")
    assert hexes.size_label.whole_text().endswith("· data.lines[1].sku")
    for path, content in ((("address", "city"), "Köln"), (("note",), "größer")):
        row_of(shown, "data", *path)
        start, end = hexes.marks.span
        assert VALUES[number][start:end].endswith(content.encode())
        assert end - start <= len(content.encode()) + 2
    row_of(shown, "data", "tags", "channel")
    start, end = hexes.marks.span
    assert VALUES[number][start:end].endswith(b"web")


@formats
def test_a_click_on_a_byte_chooses_its_field(shown: Shown, number: int) -> None:
    shown.choose(number + 1)
    hexes = spans_known(shown)
    shown.wait(lambda: hexes.table.row_bytes(0) is not None)
    value, tree = VALUES[number], shown.pane.tree
    for content, place in ((b"Bolt M8", "data.lines[1].sku"), ("Köln".encode(), "data.address.city"), (b"web", "data.tags.channel")):
        click(hexes, value.index(content) + 1)
        assert tree.tree.path(tree.view.currentIndex()) == place
        start, end = hexes.marks.span
        assert content in value[start:end]


@formats
def test_why_names_the_format_and_its_schema(shown: Shown, number: int) -> None:
    shown.choose(number + 1)
    shown.selection.explain(number + 1)
    dialog = explaining(shown)
    used = next(one for one in dialog.table.rows if one.is_used)
    assert (used.decoder, used.error) == (FORMATS[number], None)
    assert used.schema == ("orders-value version 3 (schema 1)", "orders-value version 4 (schema 2)", "", "")[number]
    assert dialog.table.rows[0] is used
    assert dialog.preview.toPlainText().startswith('{\n  "')
    assert '"n": 9223372036854775807' in dialog.preview.toPlainText()
    dialog.close()
