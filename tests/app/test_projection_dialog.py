"""The form of a projection, with real clicks and keys: tried on the capture, written, found by the command, changed, deleted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.dialogs import projection_preview
from app.dialogs.plot import PlotDialog
from app.dialogs.projection import ProjectionDialog
from app.main_window import MainWindow
from app.messages import Messages
from app.models import projected
from app.session import Session
from inspector.cli import main
from inspector.metrics import names
from inspector.projections import library, load
from inspector.settings import projections_place
from tests.app.captures import Growing
from tests.app.projection_scenes import payments
from tests.app.test_window import shown
from tests.replay.captures import Log, Written, write

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # completions that drop down, off the screen
_WAIT_MS = 60_000
_LEFT = Qt.MouseButton.LeftButton


class Form:
    """The dialog and what a hand does with it."""

    def __init__(self, qtbot: QtBot, session: Session, name: str = "") -> None:
        self.qtbot, self.session = qtbot, session
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.dialog = ProjectionDialog(session, name, self.parent)
        self.dialog.show()
        self.wait_for_numbers()

    def wait_for_numbers(self) -> None:
        """Waits until what stands in the form is counted."""
        preview = self.dialog.preview
        self.qtbot.waitUntil(
            lambda: not self.dialog._later.isActive() and not preview._asked and bool(preview.part.whole_text()), timeout=_WAIT_MS
        )

    def type(self, line: QLineEdit, text: str) -> None:
        """Replaces what stands in a line by keys, as one does who looks at what drops down and goes on."""
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text) if text else QTest.keyClick(line, Qt.Key.Key_Delete)
        self.dialog.fields.filter.hide_help()
        if line.completer() is not None and (popup := line.completer().popup()) is not None:
            popup.hide()

    def click(self, button: QWidget) -> None:
        """Clicks it in its middle."""
        QTest.mouseClick(button, _LEFT)

    def pick(self, box: QComboBox, text: str) -> None:
        """Chooses an entry by keys."""
        box.setFocus()
        while box.currentText() != text:
            before = box.currentIndex()
            QTest.keyClick(box, Qt.Key.Key_Down if box.findText(text) > before else Qt.Key.Key_Up)
            assert box.currentIndex() != before

    def open(self, text: str) -> None:
        """Chooses a projection at the top."""
        box = self.dialog.which
        place = next(place for place in range(box.count()) if box.itemText(place).startswith(text))
        box.setCurrentIndex(place)
        box.activated.emit(place)

    def rows(self) -> list[list[str]]:
        """The numbers that are shown."""
        return [list(row) for row in self.dialog.preview.table.rows]

    def wrong(self) -> dict[str, str]:
        """What is said to be wrong, by field."""
        return {part: label.whole_text() for part, label in self.dialog.fields.wrong.items() if label.isVisible()}


@pytest.fixture
def session(messages: Messages, tmp_path: Path) -> Iterator[Session]:
    made = Session(payments(tmp_path / "a.evcap"), messages)
    made.start()
    yield made
    made.close()


@pytest.fixture
def form(qtbot: QtBot, session: Session) -> Iterator[Form]:
    made = Form(qtbot, session)
    yield made
    if isValid(made.dialog):
        made.dialog.reject()


def printed(capsys: pytest.CaptureFixture[str], path: Path, spec: str) -> list[list[str]]:
    """What `eventscope project` says of a capture."""
    capsys.readouterr()
    main(["project", str(path), spec, "--format", "csv"])
    return list(csv.reader(io.StringIO(capsys.readouterr().out)))


def test_a_projection_is_made_and_is_what_the_command_reads(qtbot: QtBot, form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    fields, dialog = form.dialog.fields, form.dialog
    assert form.rows() == [["PaymentAuthorised", "80"], ["PaymentCaptured", "320"]]
    form.type(fields.name, "takings")
    form.type(fields.title, "Takings <b>a day</b>")
    form.type(fields.filter, 'type == "PaymentCaptured"')
    label = fields.labels.lines[0]
    form.type(label.place, "data.currency")  # type: ignore[attr-defined]
    form.click(fields.measures.add)
    amount = fields.measures.lines[1]
    assert amount.place.hasFocus()  # type: ignore[attr-defined]
    form.type(amount.place, "data.amount")  # type: ignore[attr-defined]
    form.type(amount.name, "total")  # type: ignore[attr-defined]
    form.pick(fields.window_box, "5m")
    form.type(fields.alarm, "total < 5000")
    form.wait_for_numbers()
    assert form.wrong() == {}
    file, numbers = dialog._file, form.rows()
    assert dialog.preview.part.whole_text() == "6 rows from all 400 events"
    form.click(dialog.copy)
    assert QGuiApplication.clipboard().text() == file
    with qtbot.waitSignal(dialog.saved) as saved:
        form.click(dialog.save)
    assert saved.args == ["takings"]
    path = projections_place() / "takings.toml"
    assert path.read_text() == file
    assert load(path).shown == "Takings <b>a day</b>"
    head, *told = printed(capsys, form.session.path, "takings")
    assert head == ["window", "currency", "events", "total", "alarm"]
    assert [[row[0].replace(".000000Z", "").replace("T", " "), *row[1:4], f"▲ {row[4]}" if row[4] else ""] for row in told] == numbers
    assert any(row[4] for row in numbers)
    assert not all(row[4] for row in numbers)
    assert "projection:takings" in names()


def test_what_is_wrong_is_said_in_its_place_and_cannot_be_saved(form: Form) -> None:
    fields, dialog = form.dialog.fields, form.dialog
    form.type(fields.filter, "data.amount >")
    form.wait_for_numbers()
    assert list(form.wrong()) == ["filter"]
    assert "column 14: it ends too early" in form.wrong()["filter"]
    assert not dialog.save.isEnabled()
    assert not dialog.copy.isEnabled()
    form.type(fields.filter, "data.amount > 100")
    form.type(fields.name, "stock")
    form.wait_for_numbers()
    assert "ships with the program" in form.wrong()["name"]
    assert len(form.rows()) == 2  # the numbers do not wait for a name
    form.type(fields.name, "../../x")
    form.wait_for_numbers()
    assert "one word of letters" in form.wrong()["name"]
    dialog.write()
    assert not projections_place().exists()
    form.type(fields.name, "good")
    form.click(fields.measures.add)
    form.wait_for_numbers()
    assert form.wrong() == {"measures": "✕ sum of what? A place such as data.amount"}
    form.click(fields.measures.lines[1].remove)
    form.wait_for_numbers()
    assert form.wrong() == {}
    assert dialog.save.isEnabled()
    QTest.keyClick(fields.name, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_places_and_filters_are_completed_from_the_capture(qtbot: QtBot, form: Form) -> None:
    fields = form.dialog.fields
    qtbot.waitUntil(lambda: "data.currency" in fields.labels.places.stringList(), timeout=_WAIT_MS)
    assert fields.measures.places.stringList()[:2] == ["data.amount", "data.fee"]
    fields.filter.setFocus()
    QTest.keyClicks(fields.filter, "type == ")
    assert fields.filter.help is not None
    assert fields.filter.help.isVisible()
    QTest.keyClick(fields.filter, Qt.Key.Key_Tab)
    assert fields.filter.text() == 'type == "PaymentCaptured"'
    QTest.keyClick(fields.filter, Qt.Key.Key_Escape)
    assert not fields.filter.help.isVisible()
    assert form.dialog.isVisible()


def test_one_that_ships_is_changed_as_a_copy_and_ones_own_in_place(qtbot: QtBot, form: Form, session: Session) -> None:
    form.open("revenue: a copy")
    form.wait_for_numbers()
    assert form.dialog.fields.name.text() == "my-revenue"
    form.click(form.dialog.save)
    path = projections_place() / "my-revenue.toml"
    assert load(path) == load_as(library.find("revenue"), "my-revenue")
    path.write_text("# mine\n" + path.read_text() + "[model]\ntable = 'revenue'\n")
    again = Form(qtbot, session, "my-revenue")
    assert "without its comments" in again.dialog.said.whole_text()
    again.type(again.dialog.fields.unit, "SEK")
    again.open("A new")
    assert again.dialog.fields.name.text() == "my-revenue"  # what was changed is not lost by a slip
    assert "is not saved" in again.dialog.notice.text.whole_text()
    again.wait_for_numbers()
    again.click(again.dialog.save)
    assert (load(path).unit, load(path).model) == ("SEK", {"table": "revenue"})
    last = Form(qtbot, session, "my-revenue")
    last.click(last.dialog.delete)
    assert path.exists()
    (action,) = [button for button in last.dialog.notice.findChildren(QPushButton) if button.text() == "Delete it"]
    last.click(action)
    assert not path.exists()
    assert last.dialog.fields.name.text() == "projection"
    last.dialog.reject()


def load_as(found: object, name: str) -> object:
    from dataclasses import replace

    return replace(found, name=name)  # type: ignore[type-var]


def test_a_file_with_a_mistake_is_said_and_left_alone(qtbot: QtBot, session: Session) -> None:
    projections_place().mkdir(parents=True)
    path = projections_place() / "broken.toml"
    path.write_text('name = "broken"\nfilter = "data.x >"\n[measures]\nn = "count"\n')
    form = Form(qtbot, session, "broken")
    assert "broken.toml, line 2: filter" in form.dialog.notice.text.whole_text()
    assert form.dialog.fields.name.text() == "projection"
    assert "projection:broken" not in names()
    form.click(form.dialog.save)
    assert "data.x >" in path.read_text()


def test_a_large_capture_is_counted_in_part_until_all_is_asked_for(
    qtbot: QtBot, messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projected, "PART_EVENTS", 100)
    with Growing(tmp_path / "b.evcap") as growing:
        growing.append(250)
        session = Session(tmp_path / "b.evcap", messages)
        session.start()
        form = Form(qtbot, session)
        preview = form.dialog.preview
        assert "only the first 100 of 250 events" in preview.part.whole_text()
        form.click(preview.count_all)
        qtbot.waitUntil(lambda: "all 250 events" in preview.part.whole_text(), timeout=_WAIT_MS)
        assert not preview.count_all.isVisible()
        assert sum(int(row[-1]) for row in form.rows()) == 250
        growing.append(50)
        qtbot.waitUntil(lambda: "all 300 events" in preview.part.whole_text(), timeout=_WAIT_MS)
        assert sum(int(row[-1]) for row in form.rows()) == 300
        form.dialog.reject()
        session.close()


def test_hostile_values_are_shown_as_text(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    odd = ["<img src=x>", "\u202eevil", "a\nb", "\x00", "x" * 5_000]
    events = [Written(n, json.dumps({"who": text, "amount": 10**400 if n else "1e5"})) for n, text in enumerate(odd)]
    session = Session(write(tmp_path / "odd.evcap", [Log(events)]), messages)
    session.start()
    form = Form(qtbot, session)
    QAbstractItemModelTester(form.dialog.preview.table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    form.type(form.dialog.fields.labels.lines[0].place, "data.who")  # type: ignore[attr-defined]
    form.dialog.fields.labels.lines[0].label.setText("<b>\u202e")  # type: ignore[attr-defined]
    form.wait_for_numbers()
    table = form.dialog.preview.table
    texts = [str(table.index(row, 0).data()) for row in range(table.rowCount())]
    assert all(text.isprintable() for text in texts)
    assert "\u202e" not in "".join([*texts, *table.headers, form.dialog.text.toPlainText()])
    assert max(map(len, texts)) < 400
    form.dialog.reject()
    session.close()


def test_a_projection_is_made_from_the_dialog_of_a_plot_and_changed_from_its_menu(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    shown(qtbot, window, payments(tmp_path / "a.evcap"), 400)
    assert window.panes is not None
    pane = window.panes.metrics_pane
    window.panes.show_pane("Plots", on=True)
    plot = pane.doing.add_plot()
    assert isinstance(plot, PlotDialog)
    QTest.mouseClick(plot.projection, _LEFT)
    (dialog,) = plot.findChildren(ProjectionDialog)
    qtbot.waitUntil(dialog.save.isEnabled, timeout=_WAIT_MS)
    dialog.fields.title.setText("Mine")
    QTest.mouseClick(dialog.save, _LEFT)
    assert plot.what.currentText() == "Mine: yours"
    QTest.mouseClick(plot.ok, _LEFT)
    card = pane.cards[-1]
    assert card.spec.metric == "projection:projection"
    qtbot.waitUntil(lambda: card.shown is not None and list(card.shown.lines) == ["PaymentCaptured", "PaymentAuthorised"], timeout=_WAIT_MS)
    pane.doing.change_projection(card)
    (again,) = window.findChildren(ProjectionDialog)
    again.fields.filter.setText('type == "PaymentCaptured"')
    again.fields.title.setText("Other")
    qtbot.waitUntil(lambda: not again._later.isActive(), timeout=_WAIT_MS)
    QTest.mouseClick(again.save, _LEFT)
    assert card.title.whole_text() == "Other"
    qtbot.waitUntil(lambda: card.shown is not None and list(card.shown.lines) == ["PaymentCaptured"], timeout=_WAIT_MS)
    (action,) = [each for each in window.actions_table if each.words == "Make or change a projection"]
    cards = len(pane.cards)
    action.run()
    third = window.findChildren(ProjectionDialog)[-1]
    qtbot.waitUntil(third.save.isEnabled, timeout=_WAIT_MS)
    QTest.mouseClick(third.save, _LEFT)
    assert [each.spec.metric for each in pane.cards[cards:]] == ["projection:projection-2"]


def test_an_answer_that_fails_is_said_and_asked_again(qtbot: QtBot, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_what: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(projection_preview, "go_on", fails)
        form.type(form.dialog.fields.alarm, "events > 100")
        qtbot.waitUntil(form.dialog.preview.notice.isVisible, timeout=_WAIT_MS)
        assert "the disk is gone" in form.dialog.preview.notice.text.whole_text()
    (action,) = [each for each in form.dialog.preview.notice.findChildren(QPushButton) if each.text() == "Try again"]
    form.click(action)
    form.wait_for_numbers()
    qtbot.waitUntil(lambda: len(form.rows()) == 2 and "▲ events > 100" in form.rows()[1], timeout=_WAIT_MS)
