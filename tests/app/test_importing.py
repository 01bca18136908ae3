"""Importing in the window: real files, real children; what is recognised, changed, asked, stopped, gone on with, and said at the end."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.__main__ import _begin
from app.dialogs.details import DetailsDialog
from app.dialogs.importing import ImportDialog
from app.importing import DAMAGED
from app.main_window import MainWindow
from app.models.importing import Asked, group_of, label_of, sure_words
from app.models.text_table import TextTable
from tests.app.captures import capture
from tests.app.test_accessibility import complaints
from tests.formats.pipe_format import pipes as pipes  # noqa: PLC0414 - a fixture

_WAIT_MS = 60_000
_HOSTILE = "a\u202e<b>bold\nname.jsonl"


def documents(path: Path, count: int, **more: object) -> Path:
    rows = ({"type": f"Type{n % 2}", "order_id": f"o-{n}", "time": "2026-11-23T08:00:00Z", **more} for n in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["id|time|total", *rows]) + "\n", encoding="utf-8")
    return path


def wait(qtbot: QtBot, is_so: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(is_so()), timeout=_WAIT_MS)


def asked(qtbot: QtBot, window: MainWindow, *paths: Path) -> ImportDialog:
    """The dialog over these, when it has seen them."""
    window.importer.open_paths(paths)
    wait(qtbot, lambda: window.importer.dialog is not None and window.importer.dialog.why_not() != "Looking at the files …")
    assert window.importer.dialog is not None
    return window.importer.dialog


def imported(qtbot: QtBot, window: MainWindow, *paths: Path) -> str:
    """Imports these; what the bar says at the end."""
    asked(qtbot, window, *paths).begin()
    return over(qtbot, window)


def over(qtbot: QtBot, window: MainWindow) -> str:
    bar = window.chrome.importing
    wait(qtbot, lambda: bar.text.whole_text()[:1] in {"✓", "!", "✕"})
    wait(qtbot, lambda: window.session is not None and not window.session.is_capturing)
    return bar.text.whole_text()


def test_a_dropped_folder_is_recognised_imported_and_accounted_for(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    documents(folder / "a.jsonl", 300)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(documents(tmp_path / "b", 200).read_bytes()))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    copy, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.chrome.dragEnterEvent(QDragEnterEvent(QPointF(5, 5).toPoint(), copy, data, buttons, keys))
    assert window.chrome._drop_hint.isVisible()
    window.chrome.dropEvent(QDropEvent(QPointF(5, 5), copy, data, buttons, keys))
    assert not window.chrome._drop_hint.isVisible()
    wait(qtbot, lambda: window.importer.dialog is not None and window.importer.dialog.why_not() == "")
    dialog = window.importer.dialog
    assert dialog is not None
    assert dialog.groups.rows[0][:2] == ("JSON lines", "2 files")
    assert dialog.form.table.rows[0][1:5] == ("a.jsonl / 0", "1", "", "Type0")
    assert "cannot be told" in dialog.form.loses.whole_text()
    assert dialog.form.sure.whole_text().startswith("sure: ")
    dialog.begin()
    said = over(qtbot, window)
    assert said.startswith("✓ 500 events imported")
    assert "proves" in window.chrome.importing.proof.whole_text()
    wait(qtbot, lambda: window.events.model.rows == 500)
    assert window.status_line is not None
    line = window.status_line
    wait(qtbot, lambda: line.inputs.text() == "imported from 2 files")


def test_captures_open_and_all_else_is_imported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    one, other = capture(tmp_path / "a.evcap", 7), capture(tmp_path / "renamed.bin", 3)
    dialog = asked(qtbot, window, one, other, documents(tmp_path / "x.jsonl", 2))
    wait(qtbot, lambda: window.panes is not None and window.events.model.rows == 7)
    assert "renamed.bin" in window.chrome.question.text.whole_text()
    assert dialog.asked.paths == (tmp_path / "x.jsonl",)


def test_what_is_not_there_is_said_where_captures_are_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.importer.open_paths([tmp_path / "none.jsonl"])
    wait(qtbot, window.chrome.errors.isVisible)
    assert window.importer.dialog is None


def test_addresses_are_never_connected_to_unasked(qtbot: QtBot, window: MainWindow) -> None:
    window.importer.open_address("https://example.org/log.jsonl")
    assert "download the file" in window.chrome.errors.text.whole_text()
    window.importer.open_address("postgresql://me:secret@db/shop")
    assert "secret" not in window.chrome.errors.text.whole_text()
    assert window.session is None


def test_another_format_and_no_format_are_choices(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no json\nat all\n", encoding="utf-8")
    dialog = asked(qtbot, window, tmp_path / "a.txt")
    assert not dialog.go.isEnabled()
    assert "choose a format" in dialog.state.whole_text()
    assert "a.txt: no format fits" in dialog.left_out.toPlainText()
    place = dialog.form.ways.findData("json-lines")
    dialog.form.ways.setCurrentIndex(place)
    dialog.form.ways.activated.emit(place)
    wait(qtbot, lambda: dialog.why_not() == "")
    assert len(dialog.form.table.rows) == 2
    assert dialog.asked.arguments()[1:] == ["--format=unknown:json-lines"]
    dialog.copy_command()
    assert "import" in QGuiApplication.clipboard().text()
    dialog.begin()
    assert over(qtbot, window).startswith("✓ 2 events imported")


@pytest.mark.usefixtures("pipes")
def test_the_zone_is_asked_and_the_mapping_can_be_changed(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, table(tmp_path / "a.psv", "1|2026-11-23 08:00:00|3", "2|2026-11-23 09:00:00|4"))
    assert dialog.state.whole_text() == "Columns between |: say the zone first"
    assert dialog.form.why_zone.isVisibleTo(dialog)
    assert dialog.form.zone.currentText() == ""
    assert dialog.form.table.rows[0][0] == "–"
    dialog.form.zone.setEditText("Asia/Tokyo")
    dialog.form._zone_told()
    assert not dialog.go.isEnabled()
    wait(qtbot, lambda: dialog.why_not() == "")
    assert dialog.form.table.rows[0][0] == "2026-11-22 23:00:00"
    box = dialog.form.mapping.boxes["key"]
    assert [box.itemText(n) for n in range(box.count())] == ["–", "id", "time", "total"]
    box.setCurrentIndex(3)
    box.activated.emit(3)
    wait(qtbot, lambda: dialog.why_not() == "" and dialog.seen.groups[0].fields["key"] == "total")
    dialog.begin()
    assert over(qtbot, window).startswith("✓ 2 events imported")
    assert window.session is not None
    assert window.session.asked[0][1:] == ["--set=pipes:zone=Asia/Tokyo", "--set=pipes:fields.key=total", "--remember"]
    wait(qtbot, lambda: [str(window.events.model.data(window.events.model.index(row, 4))) for row in (0, 1)] == ["3", "4"])


def test_what_was_said_holds_for_later_files_with_the_same_columns(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("id,created_at,who\n1,2026-11-23 08:00:00,ada\n2,2026-11-23 08:00:01,bob\n", encoding="utf-8")
    dialog = asked(qtbot, window, tmp_path / "a.csv")
    assert dialog.why_not().endswith("say the zone first")
    assert not dialog.remember.isVisibleTo(dialog)
    dialog.form.zone.setEditText("Asia/Tokyo")
    dialog.form._zone_told()
    wait(qtbot, lambda: dialog.why_not() == "")
    assert dialog.remember.isVisibleTo(dialog)
    assert dialog.remember.isChecked()
    dialog.begin()
    assert over(qtbot, window).startswith("✓ 2 events imported")
    again = asked(qtbot, window, tmp_path / "b.csv")
    wait(qtbot, lambda: again.why_not() == "")
    assert again.seen.groups[0].title == "CSV, as you said"
    assert again.form.table.rows[0][0] == "2026-11-22 23:00:00"
    assert not again.remember.isVisibleTo(again)


@pytest.mark.usefixtures("pipes")
def test_times_may_be_left_out_on_purpose(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, table(tmp_path / "a.psv", "1|2026-11-23 08:00:00|3"))
    dialog.form.no_zone.setChecked(True)
    wait(qtbot, lambda: dialog.why_not() == "")
    assert not dialog.form.zone.isEnabled()
    dialog.form.no_zone.setChecked(False)
    wait(qtbot, lambda: dialog.why_not().endswith("say the zone first"))


@pytest.mark.usefixtures("pipes")
def test_files_of_one_kind_with_other_columns_are_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    other = tmp_path / "b.psv"
    other.write_text("number|paid_time\n1|2026-11-23 08:00:00\n", encoding="utf-8")
    dialog = asked(qtbot, window, table(tmp_path / "a.psv", "1|2026-11-23 08:00:00|3"), other)
    assert "2 different mappings: a.psv's is shown" in dialog.form.problem.whole_text()


@pytest.mark.usefixtures("pipes")
def test_a_late_answer_is_dropped(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, table(tmp_path / "a.psv", "1|2026-11-23 08:00:00|3"))
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        dialog.form.zone.setEditText(zone)
        dialog.form._zone_told()
        dialog._settled.stop()
        dialog.look()
    wait(qtbot, lambda: dialog.why_not() == "")
    assert dialog.form.table.rows[0][0] == "2026-11-23 13:00:00"
    assert dialog.seen.groups[0].settings["zone"] == "America/New_York"


def test_a_wrong_setting_is_said_and_what_was_seen_stays(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, documents(tmp_path / "a.jsonl", 2))
    dialog.asked.instead["json-lines"] = "nonsense"
    dialog.look()
    wait(qtbot, lambda: dialog.problem.isVisibleTo(dialog))
    assert "no format named 'nonsense'" in dialog.problem.whole_text()
    assert dialog.groups.rows


def test_hostile_names_and_values_are_plain(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    documents(folder / _HOSTILE, 2, type="<img src=x>\u202e")
    (folder / "z\u202e\nbad").write_bytes(b"\x00\x01")
    os.mkfifo(folder / "pipe")
    dialog = asked(qtbot, window, folder)
    shown = dialog.form.table.data(dialog.form.table.index(0, 4))
    assert shown == "<img src=x>⟨U+202E⟩"
    assert "\u202e" not in str(dialog.form.table.data(dialog.form.table.index(0, 1)))
    said = dialog.left_out.toPlainText()
    assert "\u202e" not in said
    assert len(said.splitlines()) == 2
    assert "no plain file" in said
    dialog.begin()
    assert "1 file of no known format" in over(qtbot, window)
    window.importer.show_details()
    details = details_of(qtbot, window)
    assert all("\u202e" not in str(details.table.data(details.table.index(row, 0))) for row in range(2))
    assert "\u202e" not in details.about.toPlainText()


def details_of(qtbot: QtBot, window: MainWindow) -> DetailsDialog:
    (dialog,) = window.findChildren(DetailsDialog)
    wait(qtbot, lambda: bool(dialog.found))
    return dialog


def test_damage_is_told_with_a_way_to_see_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = documents(tmp_path / "a.jsonl", 50)
    path.write_bytes(path.read_bytes() + b'{"cut":\n' + b"\xff\xfe\n")
    assert imported(qtbot, window, path).startswith("! 2 rows damaged or undecodable")
    bar = window.chrome.importing
    assert bar.damaged.isVisible()
    bar.damaged.click()
    wait(qtbot, lambda: window.events.model.rows == 2)
    assert window.selection is not None
    assert window.selection.filter == DAMAGED


def test_details_say_which_bytes_were_read(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = documents(tmp_path / "a.jsonl", 50)
    imported(qtbot, window, path)
    window.importer.show_details()
    dialog = details_of(qtbot, window)
    assert dialog.table.rows[0][:2] == ("a.jsonl", "JSON lines")
    assert dialog.table.rows[0][4] == "✓ whole"
    dialog.copy_digest()
    digest = QGuiApplication.clipboard().text()
    assert len(digest) == 64
    assert digest in dialog.about.toPlainText()
    assert "proves: " in dialog.about.toPlainText()
    assert complaints(dialog) == []


def test_the_same_files_again_add_nothing_and_more_go_into_the_open_capture(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    imported(qtbot, window, documents(tmp_path / "a.jsonl", 50))
    assert window.session is not None
    path = window.session.path
    window.chrome.importing.go_on()
    wait(qtbot, lambda: window.session is not None and not window.session.is_capturing)
    assert over(qtbot, window).startswith("✓ 0 events imported")
    dialog = asked(qtbot, window, documents(tmp_path / "b.jsonl", 30))
    dialog.into.setCurrentIndex(1)
    dialog.begin()
    assert over(qtbot, window).startswith("✓ 30 events imported · 80 rows of 2 files")
    assert window.session.path == path
    wait(qtbot, lambda: window.events.model.rows == 80)


def test_a_stopped_import_keeps_what_it_read_and_goes_on(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, documents(tmp_path / "a.jsonl", 300_000, text="x" * 60))
    dialog.begin()
    bar = window.chrome.importing
    wait(qtbot, lambda: window.session is not None and window.session.watermark is not None and window.session.watermark.events > 0)
    assert bar.stop_button.isVisible()
    bar.stop_button.click()
    said = over(qtbot, window)
    assert said.startswith("! stopped: ")
    assert bar.again.isVisible()
    bar.again.click()
    assert bar.text.whole_text().startswith("→")
    assert "300,000 rows of 1 file are in this capture" in over(qtbot, window)
    wait(qtbot, lambda: window.events.model.rows == 300_000)


def test_a_killed_import_keeps_what_it_read_and_says_so(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, documents(tmp_path / "a.jsonl", 300_000, text="x" * 60))
    dialog.begin()
    wait(qtbot, lambda: window.session is not None and window.session.watermark is not None and window.session.watermark.events > 0)
    assert window.session is not None
    assert window.session.child is not None
    os.kill(window.session.child._process.processId(), signal.SIGKILL)
    said = over(qtbot, window)
    assert said.startswith("✕ eventscope import crashed; everything stored before is kept")
    assert not window.chrome.errors.isVisible()
    wait(qtbot, lambda: window.events.model.rows > 0)
    window.chrome.importing.again.click()
    assert "300,000 rows of 1 file are in this capture" in over(qtbot, window)


def test_it_works_by_keyboard_alone(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, documents(tmp_path / "a.jsonl", 3), tmp_path / "nothing")
    qtbot.waitExposed(dialog)
    assert complaints(dialog) == []
    dialog.list.setFocus()
    met = set()
    for _ in range(30):
        QTest.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Tab)
        met.add(QApplication.focusWidget())
    assert {dialog.form.ways, dialog.into, dialog.copy, dialog.cancel, dialog.go} <= met
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert over(qtbot, window).startswith("✓ 3 events imported")


def test_escape_writes_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, window, documents(tmp_path / "a.jsonl", 3))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    wait(qtbot, lambda: window.importer.dialog is None)
    assert window.session is None


def test_the_table_of_texts_is_a_proper_model(qapp: QApplication) -> None:
    model = TextTable(("a", "b"), right=(1,))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.show_rows([("x", "1"), ("y\n\u202e", "2")], ["text", "bad"])
    assert model.data(model.index(1, 0)) == "y⏎⟨U+202E⟩"
    model.show_rows([])
    assert model.rowCount() == 0


def test_words_of_a_store_need_nothing_of_files() -> None:
    group = group_of({"type": "group", "recognised": "SQLite event store", "title": "An SQLite event store (Emmett)", "kind": "store"})
    assert not group.is_read
    named = group_of({"recognised": "x", "kind": "store", "name": "x", "questions": ["zone"]})
    assert sure_words(named) == "a store, read by its own rules"
    said = Asked(())
    assert said.open_questions(named) == ["zone"]
    said.leave_open(named, "zone")
    assert said.open_questions(named) == []
    assert label_of([Path("/x/orders.jsonl.gz")]) == "orders"


def test_a_folder_of_many_files_is_imported_with_progress(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1_500):
        (folder / f"{number}.jsonl").write_bytes(b'{"type":"A"}\n')
    dialog = asked(qtbot, window, folder)
    assert dialog.groups.rows[0][1] == "50 files + 1,450 alike"
    dialog.begin()
    assert over(qtbot, window).startswith("✓ 1,500 events imported · 1,500 rows of 1,500 files")
    assert max(len(message.text) for message in window._messages.kept) < 10_000


def test_a_path_on_the_command_line_is_imported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    _begin(window, [str(documents(tmp_path / "a.jsonl", 3))])
    wait(qtbot, lambda: window.importer.dialog is not None and window.importer.dialog.why_not() == "")
    assert window.importer.dialog is not None
    window.importer.dialog.reject()
    _begin(window, [str(capture(tmp_path / "a.evcap", 7))])
    wait(qtbot, lambda: window.panes is not None and window.events.model.rows == 7)
