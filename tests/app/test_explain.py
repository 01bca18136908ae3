"""Why a value does not decode, asked from the event pane; and fields and their bytes, which lead to each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app import hex_view
from app.dialogs.explain import ExplainDialog
from app.hex_view import HexView
from app.main_window import MainWindow
from app.messages import Messages
from app.panes import status
from inspector.capture.explaining import ValueSpans, value_spans
from inspector.capture.reader import CaptureReader
from inspector.decoders import Decoder
from tests.app import schema_captures as made
from tests.app.panes.test_event import Shown, row_of
from tests.capture.test_explaining import CUT, ORDER, fixed

__all__ = ["fixed"]
_WAIT_MS = 60_000


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path, fixed: Decoder) -> Iterator[Shown]:
    path = made.write(tmp_path / "a.evcap", [ORDER, CUT, made.waits(1), made.paid(3), ORDER])
    one = Shown(qtbot, messages, path)
    yield one
    one.session.close()


def explaining(shown: Shown) -> ExplainDialog:
    shown.wait(lambda: shown.pane.explaining is not None and shown.pane.explaining.found is not None)
    assert shown.pane.explaining is not None
    return shown.pane.explaining


def test_an_undecodable_event_offers_why_and_goes_to_the_byte(shown: Shown) -> None:
    shown.choose(1)
    assert shown.pane.why.isHidden()
    shown.choose(2)
    QTest.mouseClick(shown.pane.why, Qt.MouseButton.LeftButton)
    dialog = explaining(shown)
    QAbstractItemModelTester(dialog.table, QAbstractItemModelTester.FailureReportingMode.Fatal, dialog.table)
    assert dialog.heading.whole_text() == "Event #2 · value of 9 bytes"
    assert dialog.reason.whole_text() == "! avro: a price is cut at byte 9"
    assert dialog.preview.toPlainText() == "a price is cut at byte 9"
    assert dialog.go.text() == "Go to byte 9"
    shown.pane.show_tab("Event")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert shown.pane.tabs.currentWidget() is shown.pane.hex
    assert shown.pane.hex.marks.span == (9, 10)
    assert shown.pane.hex.size_label.whole_text() == "byte 9 of 9"
    dialog.close()


def test_choosing_a_decoder_shows_what_it_read(shown: Shown) -> None:
    shown.choose(1)
    shown.selection.explain(1)
    dialog = explaining(shown)
    assert dialog.current() is not None
    assert dialog.preview.toPlainText().startswith('{\n  "order": "A"')
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith('{\n  "order": "A"')
    QTest.mouseClick(dialog.command, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == f"eventscope decode {shown.path} --filter 'seq == 1'"
    dialog.view.setCurrentIndex(dialog.table.index(len(dialog.table.rows) - 1, 0))
    assert not dialog.go.isEnabled()
    dialog.close()


def test_the_dialog_follows_the_selection_while_it_is_open(shown: Shown) -> None:
    shown.choose(1)
    shown.selection.explain(1)
    dialog = explaining(shown)
    shown.choose(3)
    shown.wait(lambda: dialog.found is not None and dialog.found.seq == 3)
    assert dialog.table.rows[0].error == f"schema 42, {made.REGISTRY} does not answer"
    dialog.close()
    shown.choose(4)
    assert dialog.found is not None
    assert dialog.found.seq == 3


def test_what_else_it_may_be_is_in_the_menu_of_its_decoder(shown: Shown) -> None:
    shown.choose(1)
    for name in ("decoder", "value"):
        menu = shown.pane.tree.menu_of(row_of(shown, name))
        assert "What else may this be …" in [action.text() for action in menu.actions()]
    menu = shown.pane.tree.menu_of(row_of(shown, "data"))
    assert "What else may this be …" not in [action.text() for action in menu.actions()]


# ---- fields and bytes


def spans_known(shown: Shown) -> HexView:
    shown.pane.show_tab("Hex")
    shown.wait(lambda: shown.pane.hex.spans.seq == shown.selection.seq)
    return shown.pane.hex


def test_a_chosen_field_has_its_bytes_marked(shown: Shown) -> None:
    shown.choose(1)
    row_of(shown, "data", "items", "1", "price")
    hexes = spans_known(shown)
    assert hexes.marks.span == (8, 10)
    assert hexes.size_label.whole_text() == "bytes 8–9 of 10 · data.items[1].price"
    row_of(shown, "data", "order")
    assert hexes.size_label.whole_text() == "byte 5 of 10 · data.order"
    row_of(shown, "log")
    assert hexes.marks.span == (0, 0)
    assert hexes.size_label.whole_text() == "10 bytes"


def test_a_click_on_a_byte_chooses_its_field(shown: Shown) -> None:
    shown.choose(1)
    hexes = spans_known(shown)
    shown.wait(lambda: hexes.table.row_bytes(0) is not None)
    cell = hexes.view.visualRect(hexes.table.index(0, 1))
    places = [hexes.marks.byte_at(QPoint(x, cell.center().y())) for x in range(cell.left(), cell.right())]
    assert sorted(set(places) - {-1}) == list(range(hexes.table.per_row))
    middle = places.index(6) + places.count(6) // 2
    QTest.mouseClick(hexes.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(cell.left() + middle, cell.center().y()))
    tree = shown.pane.tree
    assert tree.tree.path(tree.view.currentIndex()) == "data.items[0].price"
    assert hexes.marks.span == (6, 8)
    hexes.switch_part()
    assert hexes.marks.span == (0, 0)
    assert hexes.size_label.whole_text() == "7 bytes"


def test_marks_are_painted_over_the_bytes_in_both_columns(shown: Shown) -> None:
    shown.choose(1)
    hexes = spans_known(shown)
    shown.wait(lambda: hexes.table.row_bytes(0) is not None)
    before = hexes.view.grab().toImage()
    hexes.show_field(("order",))
    hexes.view.clearSelection()
    after = hexes.view.grab().toImage()
    for column in (1, 2):
        cell = hexes.view.visualRect(hexes.table.index(0, column))
        place = next(x for x in range(cell.left(), cell.right()) if hexes.marks.byte_at(QPoint(x, cell.center().y())) == 5)
        top = hexes.view.viewport().mapTo(hexes.view, QPoint(place + 2, cell.top() + 4))
        assert before.pixelColor(top) != after.pixelColor(top)


def test_fields_are_looked_for_once_and_only_while_the_bytes_are_seen(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def heard(reader: CaptureReader, seq: int) -> ValueSpans:
        asked.append(seq)
        return value_spans(reader, seq)

    monkeypatch.setattr(hex_view, "value_spans", heard)
    shown.choose(1)
    assert asked == []
    spans_known(shown)
    shown.pane.show_tab("Event")
    spans_known(shown)
    assert asked == [1]
    shown.choose(4)
    shown.wait(lambda: shown.pane.hex.spans.seq == 4)
    assert asked == [1, 4]
    row_of(shown, "data", "card", "network")
    assert shown.pane.hex.size_label.whole_text().endswith("· data.card.network")


# ---- the status line


def test_the_status_line_names_decoder_and_schema(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.open_capture(made.write(tmp_path / "a.evcap", [ORDER, made.waits(1), made.paid(3)]))
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 3, timeout=_WAIT_MS)
    line = window.status_line
    assert isinstance(line, status.StatusLine)
    assert line.decoder.isHidden()
    for row, words, role in ((0, "avro · orders-value v1", "dim"), (1, "! confluent · schema 42 missing", "warn"), (2, "json", "dim")):
        window.events.choose_row(row)
        qtbot.waitUntil(lambda words=words: line.decoder.whole_text() == words, timeout=_WAIT_MS)  # type: ignore[misc]
        assert line.decoder.property("role") == role


def test_panes_share_a_place_and_are_brought_to_the_front(qtbot: QtBot, window: MainWindow, tmp_path: Path, messages: Messages) -> None:
    del messages
    window.open_capture(made.write(tmp_path / "a.evcap", [made.paid(1)]))
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 1, timeout=_WAIT_MS)
    panes = window.panes
    assert panes is not None
    toggle = next(action for action in window.actions_table if action.words == "Show or hide schemas")
    assert panes.metrics_pane.isVisible()
    assert not panes.schemas_pane.isVisible()
    toggle.run()
    assert panes.schemas_pane.isVisible()
    toggle.run()
    assert not panes.is_shown("Schemas")
    assert panes.metrics_pane.isVisible()
    for name in panes.panes:
        if panes.below.holds(name):
            panes.show_pane(name, on=False)
    assert not panes.below.isVisible()
    toggle.run()
    assert panes.schemas_pane.isVisible()
    panes.remember()
    window.close_capture()
    window.open_capture(tmp_path / "a.evcap")
    qtbot.waitUntil(lambda: window.panes is not None and window.panes.schemas_pane.isVisible(), timeout=_WAIT_MS)
