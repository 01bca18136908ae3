"""The event pane on real captures: states, tabs, neighbours in the stream, comparing, copying; hostile texts stay texts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.panes.event import EventPane, state_text
from app.plain import PlainLabel
from app.selection import Selection
from app.session import Session
from inspector.capture.pieces import piece, sizes
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError
from inspector.event import Flag
from tests.app.captures import Growing
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
CANARY = "<img src='file:///canary'><b>\u202ex</b>"


class Shown:
    """A pane over one capture."""

    def __init__(self, qtbot: QtBot, messages: Messages, path: Path) -> None:
        self.qtbot, self.path = qtbot, path
        self.session, self.selection = Session(path, messages), Selection()
        self.pane = EventPane(self.session, self.selection)
        qtbot.addWidget(self.pane)
        self.pane.resize(436, 420)
        self.pane.show()

    def choose(self, seq: int) -> None:
        """Makes an event current and waits until all of it is shown."""
        self.selection.choose_event(seq)
        self.wait(lambda: self.pane.shown is not None and self.pane.shown.seq == seq and self.pane.stream_line.place.seq == seq)

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=_WAIT_MS)

    def copied(self, action: Callable[[], object]) -> str:
        """What is on the clipboard after an action of the pane."""
        QGuiApplication.clipboard().setText("nothing")
        action()
        self.wait(lambda: QGuiApplication.clipboard().text() != "nothing")
        return QGuiApplication.clipboard().text()


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(120)
        growing.append_values([b'{"order_id":"order-1","total":2.50}'], headers='[["trace","abc"],["trace",null]]', key=b"\xff")
        growing.append_values([b"\xff\xfe\x00"], flags=Flag.undecodable)
        growing.append_values([None, b""])
    made = Shown(qtbot, messages, tmp_path / "a.evcap")
    yield made
    made.session.close()


def test_the_line_below_says_the_place_in_the_stream_and_goes_along_it(shown: Shown) -> None:
    shown.choose(52)
    line = shown.pane.stream_line
    assert line.words.whole_text() == "2 of 3 in order-1"
    QTest.mouseClick(line.next, Qt.MouseButton.LeftButton)
    shown.wait(lambda: shown.pane.shown is not None and shown.pane.shown.seq == 102 and line.place.seq == 102)
    assert not line.next.isEnabled()
    shown.pane.go_to_previous()
    shown.wait(lambda: line.place.seq == 52)
    assert shown.selection.seq == 52


def test_headers_have_their_tab_and_number(shown: Shown) -> None:
    shown.choose(121)
    assert shown.pane.tabs.tabText(1) == "Headers 2"
    shown.pane.headers.view.selectRow(0)
    shown.pane.headers.filter_by()
    assert shown.selection.filter == 'headers["trace"] == "abc"'
    assert shown.copied(shown.pane.headers.copy_value) == "abc"


def test_an_undecodable_event_shows_its_reason_and_bytes_and_the_next_one_its_tree(shown: Shown) -> None:
    shown.choose(1)
    shown.choose(122)
    assert shown.pane.state.whole_text() == "! undecodable · not JSON"
    assert shown.pane.tabs.currentWidget() is shown.pane.hex
    shown.wait(lambda: shown.pane.hex.table.data(shown.pane.hex.table.index(0, 1)) == "ff fe 00")
    shown.choose(2)
    assert shown.pane.tabs.currentWidget() is shown.pane.tree
    assert shown.pane.state.isHidden()


def test_a_tab_that_the_user_chose_stays(shown: Shown) -> None:
    shown.choose(122)
    shown.pane.show_tab("Hex")
    shown.choose(2)
    assert shown.pane.tabs.currentWidget() is shown.pane.hex


def test_null_and_empty_values_are_told_apart(shown: Shown) -> None:
    shown.choose(123)
    assert shown.pane.state.whole_text() == "∅ tombstone: the value is null"
    assert "null" in shown.pane.value.text.toPlainText()
    shown.choose(124)
    assert shown.pane.state.whole_text() == "○ empty: the value has 0 bytes"
    assert shown.pane.hex._empty.sentence() == "The value is empty: 0 bytes."


def test_an_event_that_the_keep_limit_removed_is_said_to_be_gone(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(50)
        growing.append(50)
        growing.remove_oldest(10)
    made = Shown(qtbot, messages, tmp_path / "a.evcap")
    made.selection.choose_event(1)
    made.wait(lambda: "no longer in the capture" in made.pane._failure.whole_text())
    made.choose(100)
    assert made.pane._failure.isHidden()
    made.session.close()


def test_two_events_are_compared(shown: Shown) -> None:
    shown.choose(1)
    shown.pane.compare_with()
    assert shown.pane.compare._empty.sentence() == "Event #1 is kept as A."
    shown.choose(51)
    shown.wait(lambda: shown.pane.compare.shown is not None)
    table = shown.pane.compare.table
    assert [table.data(table.index(0, column)) for column in range(3)] == [
        "~ time",
        *[row.before for row in table.rows[:1]],
        table.rows[0].after,
    ]
    assert [(row.path, row.before, row.after) for row in table.rows[1:]] == [("data.total", "0.50", "50.50")]
    assert shown.copied(shown.pane.compare.copy_all).endswith("~ data.total: 0.50 → 50.50")
    shown.pane.compare.stop()
    assert shown.pane.compare.shown is None


def test_copies_are_the_bytes_as_they_were_read(shown: Shown) -> None:
    shown.choose(121)
    value = '{"order_id":"order-1","total":2.50}'
    assert shown.copied(shown.pane.copy_value) == value
    assert shown.copied(lambda: shown.pane.copy_value("hex")) == value.encode().hex()
    assert shown.copied(lambda: shown.pane.copy_value("base64")) == base64.b64encode(value.encode()).decode()
    assert shown.copied(lambda: shown.pane.copy_key("hex")) == "ff"
    assert json.loads(shown.copied(shown.pane.copy_line))["position"] == 120
    assert shown.copied(shown.pane.copy_command) == (
        f"eventscope events {shown.path} --log shop.orders --partition 0 --from 120 --until 121"
    )
    shown.pane.copy_key("text")
    shown.wait(lambda: "no text" in shown.pane._failure.whole_text())


def test_a_place_in_the_bytes_is_gone_to(shown: Shown) -> None:
    shown.choose(1)
    shown.pane.show_tab("Hex")
    shown.pane.hex.go.setText("0x14")
    QTest.keyClick(shown.pane.hex.go, Qt.Key.Key_Return)
    assert shown.pane.hex.view.row() * shown.pane.hex.table.per_row == 0x10
    QTest.mouseClick(shown.pane.hex.which, Qt.MouseButton.LeftButton)
    shown.wait(lambda: shown.pane.hex.table.data(shown.pane.hex.table.index(0, 2)) == "order-0")


def test_pieces_are_read_without_the_rest(tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append_values([b"0123456789", None])
    with CaptureReader(tmp_path / "a.evcap") as reader:
        found = sizes(reader, 1)
        assert found is not None
        assert found.value == 10
        assert piece(reader, 1, "value", 3, 4) == b"3456"
        assert piece(reader, 1, "value", 8, 100) == b"89"
        assert piece(reader, 1, "value", 100, 5) == b""
        assert sizes(reader, 3) is None
        for seq in (2, 3):
            with pytest.raises(CaptureError):
                piece(reader, seq, "value", 0, 1)


def test_hostile_text_is_only_text_everywhere(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    document = json.dumps({CANARY: CANARY})
    path = write(tmp_path / "a.evcap", [Log([Written(place, document, stream=CANARY, type=CANARY) for place in range(2)], name=CANARY)])
    made = Shown(qtbot, messages, path)
    made.choose(1)
    made.pane.compare_with()
    made.choose(2)
    made.wait(lambda: made.pane.compare.shown is not None)
    for widget in made.pane.findChildren(QWidget):
        assert not isinstance(widget, QTextBrowser)
        if isinstance(widget, QLabel):
            assert isinstance(widget, PlainLabel)
            assert widget.textFormat() is Qt.TextFormat.PlainText
            assert "\u202e" not in widget.text()
        assert "<img" not in widget.toolTip()
        assert "<b>" not in widget.toolTip()
    assert "⟨U+202E⟩" in made.pane.stream_line.words.whole_text()
    made.session.close()


def test_every_part_has_a_name_and_a_state_its_words(shown: Shown, qapp: QApplication) -> None:
    shown.choose(1)
    for name in ("Event", "Headers", "Value", "Hex", "Compare"):
        shown.pane.show_tab(name)
        assert shown.pane.tabs.tabText(shown.pane.tabs.currentIndex()).startswith(name)
    for seq, sign in ((122, "!"), (123, "∅")):
        with CaptureReader(shown.path) as reader:
            event = reader.event(seq)
        assert event is not None
        assert state_text(event).startswith(sign)


def test_bytes_have_eight_a_row_where_room_is_short(shown: Shown) -> None:
    shown.choose(1)
    shown.pane.show_tab("Hex")
    for width, count in ((380, 8), (900, 16), (380, 8)):
        shown.pane.resize(width, 420)
        shown.wait(lambda count=count: shown.pane.hex.table.per_row == count)  # type: ignore[misc]
    shown.wait(lambda: shown.pane.hex.view.horizontalScrollBar().maximum() == 0)


def row_of(made: Shown, *names: str) -> QModelIndex:
    """The row at the end of a way of names, opened."""
    index, tree = QModelIndex(), made.pane.tree.tree
    for name in names:
        tree.fetchMore(index)
        rows = [tree.index(row, 0, index) for row in range(tree.rowCount(index))]
        index = next(row for row in rows if tree.data(row) == name)
    made.pane.tree.view.setCurrentIndex(index)
    return index


@pytest.fixture
def large(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    """A capture of what is deep, long and large."""
    items = ",".join(f'{{"sku":"A-{number}"}}' for number in range(150_000))
    with Growing(tmp_path / "large.evcap") as growing:
        growing.append_values([('{"a":' * 999 + '["bottom"]' + "}" * 999).encode()])
        growing.append_values([b'{"token":"' + b"x" * 1_000_000 + b'","n":1.50}'])
        growing.append_values([f'{{"items":[{items}],"end":"needle"}}'.encode()])
    made = Shown(qtbot, messages, tmp_path / "large.evcap")
    yield made
    made.session.close()


def found(made: Shown, text: str) -> str:
    """The path of what is found next."""
    view = made.pane.tree
    made.pane.open_find()
    view.find_box.setText(text)
    before = view._found
    QTest.keyClick(view.find_box, Qt.Key.Key_Return)
    made.wait(lambda: view._found != before or bool(view.find_note.whole_text()))
    return view.tree.path(view.view.currentIndex())


def test_what_is_open_stays_open_from_event_to_event(shown: Shown) -> None:
    shown.choose(1)
    assert shown.pane.tree.view.isExpanded(row_of(shown, "data"))
    shown.choose(2)
    data = row_of(shown, "data")
    assert shown.pane.tree.view.isExpanded(data)
    shown.pane.tree.view.collapse(data)
    shown.choose(3)
    assert not shown.pane.tree.view.isExpanded(row_of(shown, "data"))


def test_a_value_is_filtered_by_and_copied_in_its_forms(shown: Shown) -> None:
    shown.choose(121)
    row_of(shown, "data", "total")
    tree = shown.pane.tree
    assert shown.copied(tree.copy_value) == "2.50"
    assert shown.copied(tree.copy_path) == "data.total"
    tree.filter_by()
    assert shown.selection.filter == "data.total == 2.50"
    row_of(shown, "data")
    assert shown.copied(tree.copy_json) == '{"order_id":"order-1","total":2.50}'
    row_of(shown, "offset")
    assert shown.copied(tree.copy_value) == "120"
    menu = tree.menu_of(row_of(shown, "data", "order_id"))
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Filter by this value",
        "Exclude this value",
        "As filter",
        "Show all of this value",
        "Copy value",
        "Copy as JSON",
        "Copy path",
        "Show as a column",
        "This field is",
        "Index this field",
        "Hide this in all events …",
        "Copy of the event",
    ]


def test_where_a_field_came_from_is_said(shown: Shown) -> None:
    shown.choose(1)
    tree = shown.pane.tree.tree
    stream = row_of(shown, "stream")
    assert tree.data(stream.siblingAtColumn(2)) == "key"
    assert "Key and names in headers" in str(tree.data(stream.siblingAtColumn(2), Qt.ItemDataRole.ToolTipRole))
    assert str(tree.data(row_of(shown, "type").siblingAtColumn(2))) == "" or "≠" in str(tree.data(row_of(shown, "type").siblingAtColumn(2)))


def test_a_thousand_levels_down_something_is_found(large: Shown) -> None:
    large.choose(1)
    assert found(large, "bottom") == "data" + ".a" * 999 + "[0]"
    assert found(large, "nowhere to be found").startswith("data.a")
    assert large.pane.tree.find_note.whole_text() == "not in this event"


def test_a_megabyte_without_a_break_is_cut_and_shown_whole_when_asked(large: Shown) -> None:
    large.choose(2)
    token = row_of(large, "data", "token")
    text = str(large.pane.tree.tree.data(token.siblingAtColumn(1)))
    assert text.endswith("… (1,000,000 bytes)")
    assert len(text) < 400
    large.pane.tree.show_whole()
    assert large.pane.tree.whole.isVisible()
    large.wait(lambda: large.pane.tree.whole.document().characterCount() > 990_000)
    large.choose(1)
    assert not large.pane.tree.whole.isVisible()


def test_a_huge_list_is_opened_in_parts_and_searched_whole(large: Shown) -> None:
    large.choose(3)
    assert found(large, "NEEDLE") == "data.end"
    assert found(large, "A-149999") == "data.items"
    assert large.pane.tree.find_note.whole_text() == "found in item 149,999: too far down to show"
    items = row_of(large, "data", "items")
    view = large.pane.tree
    view.view.setCurrentIndex(view.tree.index(view.tree.rowCount(items) - 1, 0, items))
    before = view.tree.rowCount(items)
    QTest.keyClick(view.view, Qt.Key.Key_Return)
    assert view.tree.rowCount(items) == before + 1_000
