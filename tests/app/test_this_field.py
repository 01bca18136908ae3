"""This field is …: from a node or header to a rule, tried on events, written, decoded, taken back; with real clicks and keys."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.dialogs.this_field import NO_RULE, ThisFieldDialog
from app.field_menu import MEANINGS
from app.main_window import MainWindow
from app.models.rehearsal_table import NOW, THEN, THERE, WHY_NOT, RehearsalTable
from inspector.capture import evidence
from inspector.capture.reader import CaptureReader
from inspector.capture.rehearsal import Case
from inspector.capture.sqlite import open_reader
from inspector.demo.store import ShopStore
from inspector.masks import SIGN
from inspector.settings import identity_path
from tests.app.captures import Growing
from tests.app.test_actions import run
from tests.app.test_masked_window import texts_of
from tests.app.test_window import shown, wait_for_event
from tests.capture.test_rehearsal import CANARY, MASKS, capture
from tests.demo.story import placed, told

_WAIT_MS = 60_000


def orders(path: Path, count: int = 50, **more: object) -> Path:
    """Events whose kind, order and time stand in the document under names that no built-in rule knows."""
    values = [
        {"kind": f"K{n % 3}", "order": f"order-{n % 5}", "at": f"2026-01-02T03:{n % 60:02}:00", "who": {"x": "<b>bold</b>\u202e"}, "n": n}
        for n in range(count)
    ]
    headers = [json.dumps([["Trace-Nr", f"t-{n}"], ["Trace-Nr", "again"]]) for n in range(count)]
    return capture(path, values, headers=headers, **more)  # type: ignore[arg-type]


def node(window: MainWindow, *names: str) -> QModelIndex:
    """The row of the event's tree with these names, one below the other."""
    assert window.panes is not None
    view = window.panes.event_pane.tree.view
    model, index = view.model(), QModelIndex()
    for name in names:
        if model.canFetchMore(index):
            model.fetchMore(index)
        rows = [model.index(row, 0, index) for row in range(model.rowCount(index))]
        index = next(row for row in rows if model.data(row) == name)
        view.expand(index)
    return index


def choose(menu: QMenu, *words: str) -> None:
    """Triggers an entry by its words, as a click does."""
    for word in words[:-1]:
        (inside,) = [action.menu() for action in menu.actions() if action.text() == word]
        assert isinstance(inside, QMenu)
        menu = inside
    (entry,) = [action for action in menu.actions() if action.text() == words[-1]]
    assert isinstance(entry, QAction)
    entry.trigger()


def dialog_of(qtbot: QtBot, window: MainWindow) -> ThisFieldDialog:
    """The dialog, once it has tried the rule."""
    qtbot.waitUntil(lambda: any(one.isVisible() for one in window.findChildren(ThisFieldDialog)), timeout=_WAIT_MS)
    (dialog,) = [one for one in window.findChildren(ThisFieldDialog) if one.isVisible()]
    qtbot.waitUntil(lambda: not dialog.busy.isVisible(), timeout=_WAIT_MS)
    return dialog


def ask(qtbot: QtBot, window: MainWindow, words: str, *names: str) -> ThisFieldDialog:
    """Right click, This field is …, for a row of the tree."""
    assert window.panes is not None
    index = node(window, *names)
    window.panes.event_pane.tree.view.setCurrentIndex(index)
    menu = window.panes.event_pane.tree.menu_of(index)
    choose(menu, "This field is", words)
    menu.close()
    return dialog_of(qtbot, window)


def wait_until_tried(qtbot: QtBot, dialog: ThisFieldDialog) -> None:
    qtbot.waitUntil(lambda: not dialog._is_asking, timeout=_WAIT_MS)


def click_write(qtbot: QtBot, window: MainWindow, dialog: ThisFieldDialog) -> None:
    """The main button, and the whole of decoding."""
    with qtbot.waitSignal(window.chrome.decoding.decoded, timeout=_WAIT_MS):
        QTest.mouseClick(dialog.write, Qt.MouseButton.LeftButton)


def opened(qtbot: QtBot, window: MainWindow, path: Path, rows: int = 50, *, row: int = 7) -> MainWindow:
    shown(qtbot, window, path, rows).choose_row(row)
    wait_for_event(qtbot, window, row + 1)
    return window


def types(path: Path) -> list[tuple[object, ...]]:
    connection = open_reader(path)
    found = list(
        connection.execute(
            "SELECT t.name, s.name, c.name, e.time_us FROM event e LEFT JOIN type t ON t.id = e.type_id "
            "LEFT JOIN stream s ON s.id = e.stream_id LEFT JOIN category c ON c.id = s.category_id ORDER BY e.seq"
        )
    )
    connection.close()
    return found


def test_a_node_becomes_the_type_and_the_window_shows_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap")
    opened(qtbot, window, path)
    window.events.set_order("time", newest_first=True)
    dialog = ask(qtbot, window, "the type", "data", "kind")
    assert dialog.counts.whole_text() == "found in 20 of 20 events of orders, from all over the log"
    assert dialog.line.whole_text() == 'type = "data.kind"'
    cells = [[dialog.table.data(dialog.table.index(row, column)) for column in (THERE, NOW, THEN, WHY_NOT)] for row in range(20)]
    assert ["K1", "–", "K1", ""] in cells
    assert dialog.view.isColumnHidden(WHY_NOT)
    click_write(qtbot, window, dialog)
    assert not window.findChildren(ThisFieldDialog)
    assert identity_path().read_text().endswith('[[log]]\nname = "orders"\ntype = "data.kind"\n')
    assert window.chrome.decoding.text.whole_text() == "→ 50 events decoded again, 50 of them mean something else now"
    assert [row[0] for row in types(path)] == [f"K{n % 3}" for n in range(50)]
    qtbot.waitUntil(lambda: window.events.model.rows == 50, timeout=_WAIT_MS)
    assert window.selection is not None
    assert window.selection.seq == 8
    assert window.events.own_order == ("time", True)
    wait_for_event(qtbot, window, 8)
    assert window.panes is not None
    tree = window.panes.event_pane.tree.tree
    assert [tree.data(tree.index(row, column)) for row in range(2) for column in range(3)][:3] == ["type", "K1", "data.kind"]
    assert not path.with_name(path.name + "-wal").exists()
    assert not path.with_name(path.name + "-lock").exists()


def test_the_command_with_the_written_file_does_the_same(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path, other = orders(tmp_path / "a.evcap"), orders(tmp_path / "b.evcap")
    opened(qtbot, window, path)
    dialog = ask(qtbot, window, "the stream id", "data", "order")
    dialog.category.setCurrentIndex(1)
    wait_until_tried(qtbot, dialog)
    assert dialog.line.whole_text() == 'stream = { from = "data.order", split = "-" }'
    assert any(case.then == "order / order-3" for case in dialog.table.rows)
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == f"eventscope decode {path} --map {identity_path()}"
    click_write(qtbot, window, dialog)
    command = [sys.executable, "-m", "inspector.cli", "decode", str(other), "--map", str(identity_path())]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert (told["decoded"], told["changed"]) == (50, 50)
    assert types(path) == types(other)
    assert types(path)[3][1:3] == ("order-3", "order")


def test_a_time_without_a_zone_is_no_time_until_the_zone_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap")
    opened(qtbot, window, path)
    dialog = ask(qtbot, window, "the time", "data", "at")
    assert dialog.counts.whole_text().startswith("found in 0 of 20")
    assert {case.why_not for case in dialog.table.rows} == {"it names no zone: say which"}
    assert all(case.then == case.now for case in dialog.table.rows)
    dialog.zone.setFocus()
    edit = dialog.zone.lineEdit()
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(dialog.zone, "Mars")
    wait_until_tried(qtbot, dialog)
    assert "no zone 'Mars'" in dialog.note.whole_text()
    assert not dialog.write.isEnabled()
    edit.selectAll()
    QTest.keyClicks(dialog.zone, "Europe/Paris")
    wait_until_tried(qtbot, dialog)
    assert dialog.counts.whole_text().startswith("found in 20 of 20")
    assert dialog.line.whole_text() == 'time = { from = "data.at", unit = "guess", zone = "Europe/Paris" }'
    click_write(qtbot, window, dialog)
    wait_for_event(qtbot, window, 8)
    again = ask(qtbot, window, "the time", "data", "at")
    assert again.zone.currentText() == "Europe/Paris"
    assert again.line.whole_text() == 'time = { from = "data.at", unit = "guess", zone = "Europe/Paris" }'
    assert types(path)[0][3] == 1_767_319_200_000_000


def test_the_rule_is_taken_away_in_the_same_dialog(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap")
    opened(qtbot, window, path)
    before = types(path)
    identity_path().write_text('# mine\n[[log]]\nname = "ord*" # all\nid = "data.n"\n')
    click_write(qtbot, window, ask(qtbot, window, "the type", "data", "kind"))
    assert tomllib.loads(identity_path().read_text())["log"][0] == {"name": "orders", "id": "data.n", "type": "data.kind"}
    wait_for_event(qtbot, window, 8)
    dialog = ask(qtbot, window, "the type", "data", "order")
    assert dialog.line.whole_text() == 'type = "data.order"    in place of: data.kind'
    dialog.found_at.setCurrentText(NO_RULE)
    wait_until_tried(qtbot, dialog)
    assert dialog.line.whole_text() == "type: your rule is taken away: data.kind"
    assert dialog.write.text() == "Take the rule away and decode again"
    assert {case.then for case in dialog.table.rows} == {None}
    click_write(qtbot, window, dialog)
    assert types(path) == before
    assert identity_path().read_text().startswith('# mine\n[[log]]\nname = "orders"\nid = "data.n"\n\n[[log]]\nname = "ord*" # all\n')


def test_a_rule_for_all_logs_that_share_an_entry(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    identity_path().write_text('[[log]]\nname = "ord*"\nid = "data.n"\n')
    opened(qtbot, window, orders(tmp_path / "a.evcap"))
    dialog = ask(qtbot, window, "the actor", "data", "who", "x")
    assert [dialog.logs.itemText(place) for place in range(dialog.logs.count())] == ["only orders", "all logs like ord*"]
    dialog.logs.setCurrentIndex(1)
    wait_until_tried(qtbot, dialog)
    click_write(qtbot, window, dialog)
    assert tomllib.loads(identity_path().read_text())["log"] == [{"name": "ord*", "id": "data.n", "actor": "data.who.x"}]


def test_a_header_and_a_key_can_be_said_and_a_repeated_header_cannot(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap", keys=[b"k"] * 50)
    opened(qtbot, window, path)
    assert window.panes is not None
    pane = window.panes.event_pane
    pane.show_tab("Headers")
    pane.headers.view.setCurrentIndex(pane.headers.table.index(1, 0))
    assert pane.headers.place() == ""
    pane.headers.view.setCurrentIndex(pane.headers.table.index(0, 0))
    assert pane.headers.place() == "header.Trace-Nr"
    run(window, "Say what this field is")
    dialog = dialog_of(qtbot, window)
    dialog.meaning.setCurrentText(MEANINGS["correlation_id"])
    wait_until_tried(qtbot, dialog)
    assert dialog.line.whole_text() == 'correlation_id = "header.Trace-Nr"'
    assert dialog.table.rows[0].then == "t-0"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(ThisFieldDialog), timeout=_WAIT_MS)
    pane.show_tab("Event")
    dialog = ask(qtbot, window, "the stream id", "key")
    assert dialog.line.whole_text() == 'stream = "key"'
    QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert not identity_path().exists()


def test_evidence_is_not_written_and_a_copy_is_offered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap")
    evidence.mark(path)
    bytes_before = path.read_bytes()
    opened(qtbot, window, path)
    dialog = ask(qtbot, window, "the type", "data", "kind")
    assert "evidence" in dialog.note.whole_text()
    assert not dialog.write.isEnabled()
    wanted: list[bool] = []
    window.chrome.decoding.copy_wanted.disconnect()
    window.chrome.decoding.copy_wanted.connect(lambda: wanted.append(True))
    QTest.mouseClick(dialog.save_copy, Qt.MouseButton.LeftButton)
    assert wanted == [True]
    assert path.read_bytes() == bytes_before


def test_while_another_process_writes_it_that_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(50)
        opened(qtbot, window, growing.path)
        dialog = ask(qtbot, window, "the type", "data", "order_id")
        assert "cannot be decoded now: it is being written by process" in dialog.note.whole_text()
        click_write(qtbot, window, dialog)
        assert "is being written by process" in window.chrome.decoding.text.whole_text()
    with qtbot.waitSignal(window.chrome.decoding.decoded, timeout=_WAIT_MS):
        window.chrome.decoding._action.click()
    assert types(growing.path)[3][0] == "order-3"


@pytest.mark.parametrize("stops", [True, False])
def test_a_capture_that_runs_is_stopped_first_or_decoded_when_it_ends(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, *, stops: bool
) -> None:
    store = ShopStore(tmp_path / "shop.db")
    rows = store.append(placed(told(events=200)))
    store.close()
    window.open_source(f"sqlite:///{tmp_path / 'shop.db'}")
    session, bar = window.session, window.chrome.decoding
    assert session is not None
    qtbot.waitUntil(lambda: window.events.model.rows == rows, timeout=_WAIT_MS)
    window.events.choose_row(7)
    wait_for_event(qtbot, window, 8)
    dialog = ask(qtbot, window, "the actor", "data", node_with_text(window))
    assert "is being written" in dialog.note.whole_text()
    assert dialog.write.text() == "Write the rule; decode when the capture ends"
    with qtbot.waitSignal(bar.decoded, timeout=_WAIT_MS):
        QTest.mouseClick(dialog.stop_and_write if stops else dialog.write, Qt.MouseButton.LeftButton)
        if not stops:
            qtbot.waitUntil(lambda: "when the capture ends" in bar.text.whole_text(), timeout=_WAIT_MS)
            assert session.is_capturing
            QTest.mouseClick(bar._action, Qt.MouseButton.LeftButton)
    assert not session.is_capturing
    assert f"{rows:,} events decoded again" in bar.text.whole_text()
    with CaptureReader(session.path) as reader:
        ((acted,),) = reader.select("SELECT count(*) FROM event WHERE actor IS NOT NULL")
    assert acted
    run(window, "Capture again, on from where it ended")
    assert session.child is not None
    assert str(identity_path()) in session.child.arguments
    with qtbot.waitSignal(session.capture_ended, timeout=_WAIT_MS):
        qtbot.wait(300)
        window.stop_capture()


def node_with_text(window: MainWindow) -> str:
    """The first name in the document whose value a rule can take."""
    assert window.panes is not None
    model = window.panes.event_pane.tree.tree
    data = node(window, "data")
    names = [model.index(row, 0, data) for row in range(model.rowCount(data))]
    return next(str(model.data(name)) for name in names if model.place(name))


@pytest.mark.parametrize("field", ["type", "time"])
def test_hostile_values_are_shown_as_what_they_are(qtbot: QtBot, window: MainWindow, tmp_path: Path, field: str) -> None:
    bad = ["<img src=file:///etc/passwd>", "\u202e\x00\x1b[31m\n", "x" * 1_000_000, "<b>&amp;"]
    path = capture(tmp_path / "a.evcap", [{"bad": text} for text in bad])
    opened(qtbot, window, path, 4, row=0)
    dialog = ask(qtbot, window, MEANINGS[field], "data", "bad")
    model = dialog.table
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    texts = [str(model.data(model.index(row, column))) for row in range(4) for column in range(5)]
    assert all(text.isprintable() or text == "" for text in texts)
    assert max(map(len, texts)) < 2_000
    tips = [str(model.data(model.index(row, THERE), Qt.ItemDataRole.ToolTipRole)) for row in range(4)]
    assert "<img" not in "".join(tips)
    assert "<b>" not in "".join(tips)
    QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)


def test_masks_hold_in_the_dialog(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    value = {"secret": CANARY, "mail": f"{CANARY}@example.com", "open": "yes"}
    opened(qtbot, window, capture(tmp_path / "a.evcap", [value] * 3, masks=MASKS), 3, row=1)
    for name, is_hidden in (("secret", True), ("mail", False)):
        dialog = ask(qtbot, window, "the actor", "data", name)
        texts = texts_of(dialog)
        assert any(SIGN in text for text in texts)
        assert not any(CANARY in text for text in texts)
        assert ("This place is hidden here" in dialog.note.whole_text()) == is_hidden
        QTest.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not window.findChildren(ThisFieldDialog), timeout=_WAIT_MS)


def test_a_mistake_in_the_users_file_is_named_with_its_line(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    identity_path().write_text('[[log]]\nname = "orders"\ntype = "nowhere"\n')
    opened(qtbot, window, orders(tmp_path / "a.evcap"))
    dialog = ask(qtbot, window, "the type", "data", "kind")
    assert "identity.toml, line 3: type:" in dialog.note.whole_text()
    assert not dialog.write.isEnabled()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_ended_half_way_it_can_be_done_again(qtbot: QtBot, window: MainWindow, tmp_path: Path, how: str) -> None:
    path = orders(tmp_path / "a.evcap", 45_000)
    opened(qtbot, window, path, 45_000)
    dialog = ask(qtbot, window, "the type", "data", "kind")
    bar = window.chrome.decoding
    with qtbot.waitSignal(bar.decoded, timeout=_WAIT_MS):
        QTest.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: bar._bar.value() > 0, timeout=_WAIT_MS)
        assert bar._child is not None
        if how == "stopped":
            QTest.mouseClick(bar._action, Qt.MouseButton.LeftButton)
        else:
            bar._child._process.kill()
    assert ("stopped" if how == "stopped" else "everything stored before is kept") in bar.text.whole_text()
    with CaptureReader(path) as reader:
        assert reader.watermark().events == 45_000
        ((done,),) = reader.select("SELECT count(*) FROM event WHERE type_id IS NOT NULL")
    assert done in {20_000, 40_000, 45_000}
    with qtbot.waitSignal(bar.decoded, timeout=_WAIT_MS):
        QTest.mouseClick(bar._action, Qt.MouseButton.LeftButton)
    assert [row[0] for row in types(path)] == [f"K{n % 3}" for n in range(45_000)]
    assert sorted(one.name for one in tmp_path.glob("a.evcap*")) == ["a.evcap"]


def test_a_rule_written_meanwhile_is_obeyed_too(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap", 25_000)
    opened(qtbot, window, path, 25_000)
    bar = window.chrome.decoding
    with qtbot.waitSignal(bar.decoded, timeout=_WAIT_MS):
        bar.decode()
        qtbot.waitUntil(lambda: bar._bar.value() > 0, timeout=_WAIT_MS)
        identity_path().write_text('[[log]]\nname = "orders"\ntype = "const:mine"\n')
        bar.decode()
    assert types(path)[24_999][0] == "mine"


def test_closing_the_window_ends_decoding_and_keeps_what_was_done(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = orders(tmp_path / "a.evcap", 25_000)
    opened(qtbot, window, path, 25_000)
    identity_path().write_text('[[log]]\nname = "orders"\ntype = "data.kind"\n')
    bar = window.chrome.decoding
    bar.decode()
    qtbot.waitUntil(lambda: bar._bar.value() > 0, timeout=_WAIT_MS)
    window.close()
    assert sorted(one.name for one in tmp_path.glob("a.evcap*")) == ["a.evcap"]
    assert [row[0] for row in types(path)][:20_000] == [f"K{n % 3}" for n in range(20_000)]


def test_what_goes_on_later_is_captured_by_the_same_rules(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    identity_path().write_text('[[log]]\nname = "*"\nactor = "const:me"\n')
    shop_path = tmp_path / "x.db"
    shop_path.write_bytes(b"")
    window.open_source(f"sqlite:///{shop_path}", [])
    assert window.session is not None
    child = window.session.child
    assert child is not None
    at = child.arguments.index("--map")
    assert child.arguments[at + 1] == str(identity_path())
    qtbot.waitUntil(lambda: not child.is_running, timeout=_WAIT_MS)


def test_the_tree_knows_where_a_rule_finds_a_row(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    value = b'{"a":{"odd name":[1,{"x.y":2}]},"a":3,"":4,"l":[]}'
    opened(qtbot, window, capture(tmp_path / "a.evcap", [value], keys=[b"k"]), 1, row=0)
    assert window.panes is not None
    tree = window.panes.event_pane.tree.tree
    assert tree.place(node(window, "data", "a", "odd name", "1", "x.y")) == 'data.a."odd name"[1]."x.y"'
    assert tree.place(node(window, "data", "a", "odd name", "0")) == 'data.a."odd name"[0]'
    assert tree.place(node(window, "data", "≠ a (again)")) == ""
    assert tree.place(node(window, "data", "a")) == tree.place(node(window, "data", "")) == tree.place(node(window, "data", "l")) == ""
    assert tree.place(node(window, "key")) == "key"
    assert tree.place(node(window, "log")) == ""


def test_a_table_of_no_cases_is_empty(qtbot: QtBot) -> None:
    table = RehearsalTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_cases([Case(1, 0, 0, None, None, None, "nothing there"), Case(2, 0, 1, "a", "b", 5)], is_time=True)
    assert table.rowCount() == 2
    assert table.has_reasons
    table.show_cases([])
    assert table.rowCount() == 0
