"""The schemas pane on real captures: rows, texts, differences, filters, what waits, and that it costs nothing while hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app import style
from app.messages import Messages
from app.models.version_rows import VersionRow
from app.panes import schemas as pane_module
from app.panes.schemas import SchemasPane
from app.selection import Selection
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.capture.versions import Report, report
from tests.app import schema_captures as made

_WAIT_MS = 60_000


class Shown:
    """A pane over one capture."""

    def __init__(self, qtbot: QtBot, messages: Messages, path: Path, *, is_visible: bool = True) -> None:
        self.qtbot = qtbot
        self.session, self.selection = Session(path, messages), Selection()
        self.pane = SchemasPane(self.session, self.selection)
        qtbot.addWidget(self.pane)
        self.pane.resize(1_000, 320)
        self.pane.setVisible(is_visible)
        self.session.start()

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=_WAIT_MS)

    def grow(self, events: list[made.Made], first: int) -> None:
        """Appends events to the capture, which another process would do."""
        made.write(self.session.path, events, first=first)
        self.session.work.reopen()
        self.session.look()

    def row(self, name: str) -> VersionRow:
        """The row whose text begins so, once it is there."""
        self.wait(lambda: any(one.cells[0].startswith(name) for one in self._all()))
        return next(one for one in self._all() if one.cells[0].startswith(name))

    def _all(self) -> list[VersionRow]:
        return [one for row in self.pane.view.tree.rows for one in (row, *row.inner)]

    def choose(self, *names: str) -> None:
        """Chooses rows and waits for their text."""
        keys = [self.row(name).key for name in names]
        view = self.pane.view
        flags = view.selectionModel().SelectionFlag
        view.clearSelection()
        for key in keys:
            view.selectionModel().select(view.tree.find(key), flags.Select | flags.Rows)


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    one = Shown(qtbot, messages, made.shop(tmp_path / "a.evcap"))
    one.wait(lambda: one.pane.view.tree.rowCount() == 4)
    yield one
    one.session.close()


def test_types_and_versions_are_listed_and_what_waits_is_said(shown: Shown) -> None:
    pane = shown.pane
    assert pane.note.whole_text() == "4 types"
    assert pane.view.isExpanded(pane.view.tree.find(shown.row("OrderPlaced").key))
    assert pane.view.isExpanded(pane.view.tree.find(shown.row("events without").key)), "what is missing is not hidden"
    assert pane.waiting.text.whole_text().startswith("! schema 42 and 1 other are missing, 38 events wait for them")
    QAbstractItemModelTester(pane.view.tree, QAbstractItemModelTester.FailureReportingMode.Fatal, pane.view.tree)


def test_the_bar_asks_for_decoding_again_and_stays(shown: Shown) -> None:
    asked: list[bool] = []
    shown.selection.decoding_wanted.connect(lambda: asked.append(True))
    QTest.mouseClick(shown.pane.waiting._action, Qt.MouseButton.LeftButton)
    QTest.mouseClick(shown.pane.again, Qt.MouseButton.LeftButton)
    assert asked == [True, True]
    assert shown.pane.waiting.isVisible()


def test_a_chosen_version_shows_its_text_and_two_what_differs(shown: Shown) -> None:
    pane = shown.pane
    shown.choose("orders-value v2")
    shown.wait(lambda: pane.title.whole_text() == "orders-value v2")
    assert pane.about.whole_text().endswith(" characters · schema 9")
    assert '"name": "coupon"' in pane.lines.toPlainText()
    pane.copy_text()
    assert QGuiApplication.clipboard().text() == made.PLACED_2.text
    shown.choose("orders-value v2", "orders-value v3")
    shown.wait(lambda: pane.text.is_diff)
    assert pane.title.whole_text() == "orders-value v2 → orders-value v3"
    document = pane.lines.document()
    line = document.findBlockByNumber(pane.lines.toPlainText().split("\n").index('-      "name": "total",'))
    assert line.layout().formats()[0].format.foreground().color() == style.color("bad")
    assert not pane.show_events.isEnabled()


def test_shapes_come_when_a_type_is_opened(shown: Shown) -> None:
    pane = shown.pane
    assert shown.row("no version declared").cells[5] == "shapes: looking …"
    pane.view.open_row(shown.row("PaymentAuthorised").key)
    shape = shown.row("shape 2")
    pane.view.setCurrentIndex(pane.view.tree.find(shape.key))
    shown.wait(lambda: "+ card.network: string" in pane.lines.toPlainText())
    menu = pane.menu_of(shape)
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == ["Show its events", "Filter by this", "Exclude this", "As filter", "Go to its newest event", "Copy text", "Copy row"]
    next(action for action in menu.actions() if action.text() == "Go to its newest event").trigger()
    assert shown.selection.seq == max(seq for seq in range(221, 381) if (seq - 221) % 8 in {3, 4})


def test_enter_and_the_button_list_the_events_of_a_version(shown: Shown) -> None:
    shown.choose("orders-value v2")
    QTest.mouseClick(shown.pane.show_events, Qt.MouseButton.LeftButton)
    assert shown.selection.filter == 'type == "OrderPlaced" && schema_version == "2"'
    row = shown.row("version 1")
    shown.pane.view.setCurrentIndex(shown.pane.view.tree.find(row.key))
    shown.pane.view.activated.emit(shown.pane.view.currentIndex())
    assert shown.selection.filter == 'type == "OrderShipped" && schema_version == "1"'
    shown.choose("✕ schema 42")
    shown.wait(lambda: "does not answer" in shown.pane.lines.toPlainText())
    QTest.mouseClick(shown.pane.show_events, Qt.MouseButton.LeftButton)
    assert "error.contains" in shown.selection.filter


def test_what_is_open_and_chosen_stays_so_while_the_capture_grows(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.placed(made.PLACED_1, 1), made.paid(1)])
    shown = Shown(qtbot, messages, path)
    shown.choose("orders-value v1")
    shown.grow([made.placed(made.PLACED_1, 2), made.placed(made.PLACED_2, 3), made.waits(4)], 2)
    shown.row("orders-value v2")
    assert [row.cells[0] for row in shown.pane.view.chosen_rows()] == ["orders-value v1"]
    assert shown.row("orders-value v1").cells[1] == "2"
    assert shown.pane.view.isExpanded(shown.pane.view.tree.find(shown.row("OrderPlaced").key))
    shown.session.close()


def test_nothing_is_read_while_it_cannot_be_seen(qtbot: QtBot, messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def heard(reader: CaptureReader) -> Report:
        reads.append(1)
        return report(reader)

    monkeypatch.setattr(pane_module, "report", heard)
    path = made.write(tmp_path / "a.evcap", [made.paid(1)])
    shown = Shown(qtbot, messages, path, is_visible=False)
    shown.wait(lambda: shown.session.watermark is not None)
    shown.grow([made.paid(2)], 1)
    shown.wait(lambda: shown.session.watermark is not None and shown.session.watermark.last_seq == 2)
    assert reads == []
    shown.pane.show()
    shown.wait(lambda: shown.pane.view.tree.rowCount() == 1)
    assert len(reads) == 1
    shown.session.close()


def test_a_capture_without_events_and_one_without_an_account_say_so(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    empty = Shown(qtbot, messages, made.write(tmp_path / "a.evcap", []))
    empty.wait(lambda: empty.pane.empty.sentence().startswith("No event here names a schema"))
    empty.session.close()
    path = made.write(tmp_path / "b.evcap", [made.paid(1)])
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE usage")
    connection.close()
    older = Shown(qtbot, messages, path)
    older.wait(lambda: older.pane.empty.sentence().startswith("This capture was made by an older version"))
    assert older.pane._decode_here.isVisible()
    older.session.close()


def test_a_failure_is_a_bar_and_can_be_tried_again(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(reader: object) -> object:
        raise OSError("the disk is gone")

    monkeypatch.setattr(pane_module, "report", broken)
    shown.pane.refresh()
    shown.wait(lambda: shown.pane.failure.text.whole_text() == "✕ the schemas could not be read: the disk is gone")
    assert shown.pane.view.tree.rowCount() == 4, "what was read stays"
    monkeypatch.setattr(pane_module, "report", report)
    QTest.mouseClick(shown.pane.failure._action, Qt.MouseButton.LeftButton)
    shown.wait(lambda: not shown.pane.failure.isVisible())
    shown.wait(lambda: not shown.pane._is_asking)


def test_columns_go_where_room_is_short(shown: Shown) -> None:
    view = shown.pane.view
    for width, hidden in ((1_600, []), (1_000, [2, 3]), (600, [2, 3, 4, 5])):
        shown.pane.resize(width, 320)
        shown.wait(lambda hidden=hidden: [column for column in range(6) if view.isColumnHidden(column)] == hidden)  # type: ignore[misc]
