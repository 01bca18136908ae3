"""The drift pane on a real capture and a real read model: what it finds is what the command finds; where rows lead, and what is said."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.connections import MODEL, Connection, Connections
from app.main_window import MainWindow
from app.messages import Messages
from app.panes.drift import DriftPane
from app.selection import Selection
from app.session import Session
from app.vault import service
from inspector.cli import main
from inspector.ingest import FINISHING
from inspector.masks import SIGN
from tests.app import drift_scene
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.app.test_masked_window import texts_of
from tests.app.test_window import choose_action
from tests.app.test_window import shown as shown_in

_WAIT_MS = 60_000
SECRET = "s3cret-4711"


@pytest.fixture(autouse=True)
def keyring() -> Iterator[MemoryKeyring]:
    with memory_keyring() as made:
        yield made


class Shown:
    """A pane over the capture of the scene, with what is to be asked written into it."""

    def __init__(self, qtbot: QtBot, messages: Messages, folder: Path) -> None:
        self.qtbot = qtbot
        self.path, self.spec, self.model = drift_scene.made(folder)
        self.session, self.selection = Session(self.path, messages), Selection()
        self.settings = QSettings(str(folder / "pane.ini"), QSettings.Format.IniFormat)
        self.pane = DriftPane(self.session, self.selection, self.settings)
        qtbot.addWidget(self.pane)
        self.pane.resize(1_000, 320)
        self.pane.show()
        self.session.start()
        self.wait(lambda: self.session.watermark is not None)

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=_WAIT_MS)

    def ask(self, spec: object = "", model: str = "", at: str = "") -> None:
        """Types what is compared, and clicks."""
        question = self.pane.question
        for line, text in ((question.spec.line, str(spec or self.spec)), (question.model.line, model or self.model), (question.at, at)):
            line.clear()
            QTest.keyClicks(line, text)
        QTest.mouseClick(self.pane.compare_button, Qt.MouseButton.LeftButton)

    def compare(self, spec: object = "", model: str = "", at: str = "") -> None:
        """The same, to the end."""
        self.ask(spec, model, at)
        self.wait(lambda: not self.pane.drifting.is_busy)

    def command(self, capsys: pytest.CaptureFixture[str], *options: str) -> str:
        """What the command prints as a table for spreadsheets."""
        assert main(["drift", str(self.path), str(self.spec), "--model", self.model, "--format", "csv", *options]) == 1
        return capsys.readouterr().out

    def pid(self) -> int:
        child = self.pane.drifting._job._child
        assert child is not None
        self.wait(lambda: child._process.processId() > 0)
        return int(child._process.processId())

    def said(self) -> str:
        return self.pane.failure.text.whole_text() if self.pane.failure.isVisible() else ""

    def row(self, sku: str) -> int:
        return next(row for row, one in enumerate(self.pane.table.rows) if one.difference["key"] == [sku])

    def click(self, sku: str) -> None:
        view = self.pane.view
        place = view.visualRect(self.pane.table.index(self.row(sku), 1)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def close(self) -> None:
        self.pane.leave()
        self.session.close()


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    one = Shown(qtbot, messages, tmp_path)
    yield one
    one.close()


def test_nothing_compared_yet_is_said_with_what_it_is_for(shown: Shown) -> None:
    assert shown.pane.empty.isVisible()
    assert shown.pane.empty.sentence() == "No read model was compared yet."
    assert not shown.pane.compare_button.isEnabled()
    assert not shown.pane.export_button.isVisible()


def test_what_differs_is_what_the_command_says_and_leads_to_its_events(
    shown: Shown, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pane = shown.pane
    QAbstractItemModelTester(pane.table, QAbstractItemModelTester.FailureReportingMode.Fatal, pane.table)
    shown.compare()
    assert shown.said() == ""
    assert pane.counts.whole_text() == "1 missing · 1 extra · 1 different · 1 matched"
    rule = "numbers rounded to 2 decimal places, null equal to null only"
    stands = "up to position 5 of orders (its own checkpoint)"
    assert pane.remark.whole_text().startswith(f"{stands} · {rule} · {shown.model} · ")
    assert pane.table.headers == ("verdict", "sku", "field", "ours", "model", "events")
    rows = [pane.table.cells(one) for one in pane.table.rows]
    assert rows == [
        ["− missing", "cup-small", "available", "7", "no row", "1"],
        ["− missing", "cup-small", "keeper", "ada@shop.example", "no row", "1"],
        ["+ extra", "jug-large", "available", "no row", "9", "1 left out"],
        ["+ extra", "jug-large", "keeper", "no row", "ada@shop.example", "1 left out"],
        ["≠ different", "mug-blue", "available", "5", "6", "2"],
        ["≠ different", "mug-blue", "keeper", "ada@shop.example", "mallory@shop.example", "2"],
    ]
    shown.click("mug-blue")
    assert shown.selection.seq == 6
    assert pane.events_button.text() == "Show its 2 events"
    QTest.mouseClick(pane.events_button, Qt.MouseButton.LeftButton)
    assert shown.selection.filter == "seq in [2, 6]"
    shown.click("jug-large")
    assert (shown.selection.seq, pane.events_button.text()) == (5, "Show its left-out event")
    QTest.keyClick(pane.view, Qt.Key.Key_Return)
    assert shown.selection.filter == "seq == 5"
    expected = shown.command(capsys)
    pane.copy_all()
    assert QGuiApplication.clipboard().text().splitlines() == expected.splitlines()
    QTest.keyClick(pane.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert [row[3:6] for row in csv.reader(io.StringIO(QGuiApplication.clipboard().text()))][1:] == [["", "9", ""]]
    out = tmp_path / "drift.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    QTest.mouseClick(pane.export_button, Qt.MouseButton.LeftButton)
    shown.wait(lambda: "Exported to" in shown.said())
    assert out.read_bytes().decode().splitlines() == expected.splitlines()
    pane.copy_command()
    assert QGuiApplication.clipboard().text() == f"eventscope drift {shown.path} {shown.spec} --model={shown.model}"


def test_a_moment_of_ones_own_and_a_model_that_is_right(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_text("article,free,kept_by\ntea-assam,3.5,ada@shop.example\nmug-blue,1,ada@shop.example\n")
    spec = tmp_path / "file.toml"
    spec.write_text("\n".join(line for line in drift_scene.SPEC.splitlines() if not line.startswith(("table", "checkpoint"))))
    shown.compare(spec, str(tmp_path / "stock.csv"), "2026-11-23 08:00:01")
    assert shown.said() == ""
    assert shown.pane.empty.sentence() == "The read model is what the events say: 2 rows matched."
    shown.compare(spec, str(tmp_path / "stock.csv"), "soon")
    assert shown.said().startswith("✕ 'soon' is no place where a model can stand: write a position")
    shown.compare(spec, str(tmp_path / "stock.csv"), "99")
    assert shown.said() == "! the model stands at position 99, and the capture was read up to position 6 only: capture the rest first"


def test_what_cannot_be_compared_is_said_in_place(shown: Shown, tmp_path: Path) -> None:
    shown.compare()
    before = list(shown.pane.table.rows)
    (tmp_path / "narrow.csv").write_text("article\n")
    with apsw.Connection(str(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE orders (id)")
    for model, said in (
        (f"sqlite:///{tmp_path / 'other.db'}", "no such table: stock"),
        (str(tmp_path / "narrow.csv"), "has no column 'free', 'kept_by'; it has article"),
        (str(tmp_path / "nowhere.parquet"), "there is no file"),
        ("postgresql://reader@127.0.0.1:1/shop", "127.0.0.1"),
    ):
        shown.compare(model=model)
        assert said in shown.said()
        assert "Compare again" in [button.text() for button in shown.pane.failure.findChildren(type(shown.pane.compare_button))]
    assert list(shown.pane.table.rows) == before
    shown.compare(spec=tmp_path / "nothing.toml")
    assert "there is no file" in shown.said()


def test_a_password_goes_to_its_field_and_to_the_keyring_and_nowhere_else(
    shown: Shown, keyring: MemoryKeyring, tmp_path: Path, messages: Messages
) -> None:
    question, written = shown.pane.question, f"postgresql://reader:{SECRET}@127.0.0.1:1/shop?sslpassword={SECRET}x"
    shown.wait(question.keep.isEnabled)
    question.spec.set_text(str(shown.spec))
    QGuiApplication.clipboard().setText(written)
    question.model.line.paste()
    address = "postgresql://reader@127.0.0.1:1/shop"
    assert (question.model.text(), question.password.text()) == (address, SECRET)
    assert question.secrets() == {"password": SECRET, "sslpassword": f"{SECRET}x"}
    assert question.password.echoMode() is question.password.EchoMode.Password
    shown.ask(model=address)
    child = shown.pane.drifting._job._child
    assert child is not None
    assert SECRET not in " ".join(child.arguments)
    shown.wait(lambda: not shown.pane.drifting.is_busy)
    shown.settings.sync()
    visible = [text for text in texts_of(shown.pane) if text != SECRET]
    assert not [text for text in visible if SECRET in text]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    assert keyring.kept == {}, "a password that did not work is not kept"
    question.model.set_text("postgresql://reader:a/b@host/shop")
    QTest.mouseClick(shown.pane.compare_button, Qt.MouseButton.LeftButton)
    assert shown.said().startswith("✕ the address has an @ after a /")


def test_a_kept_model_is_no_recent_connection(tmp_path: Path) -> None:
    kept = Connections(tmp_path / "connections.json")
    kept.keep(Connection("m", MODEL, "postgresql://reader@host/shop", secrets=("password",)))
    again = Connections(tmp_path / "connections.json")
    assert again.recent() == []
    assert again.same_place(MODEL, "postgresql://reader@host/shop") is not None
    assert service("x") == "eventscope x"


def test_stop_ends_it_at_once_and_a_child_that_dies_is_said(shown: Shown) -> None:
    shown.ask()
    assert shown.pid() > 0
    QTest.mouseClick(shown.pane.stop_button, Qt.MouseButton.LeftButton)
    assert shown.pane.empty.sentence() == "The comparison was stopped."
    shown.ask()
    shown.session.state_changed.emit(FINISHING)
    assert "stopped, since the capture is being finished" in shown.said(), "a capture that ends is held open by nobody"
    shown.ask()
    os.kill(shown.pid(), signal.SIGKILL)
    shown.wait(lambda: not shown.pane.drifting.is_busy)
    assert "eventscope drift crashed" in shown.said()


def test_masks_hide_it_in_the_window_and_taking_them_off_forgets_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path, spec, model = drift_scene.made(tmp_path)
    masks = '[masks]\npatterns = ["email"]\npaths = ["data.sku"]'
    with apsw.Connection(str(path)) as connection:
        connection.execute("UPDATE capture SET settings = json_set(coalesce(settings, '{}'), '$.masks', ?)", (masks,))
    shown_in(qtbot, window, path, len(drift_scene.MOVES))
    choose_action(window, "Compare a read model with the events")
    assert window.panes is not None
    pane = window.panes.drift_pane
    pane.question.spec.set_text(str(spec))
    pane.question.model.set_text(model)
    QTest.mouseClick(pane.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(pane.table.rows) == 6, timeout=_WAIT_MS)
    assert pane.table.cells(pane.table.rows[5]) == ["≠ different", SIGN, "keeper", SIGN, SIGN, "2"]
    pane.copy_all()
    said = "\n".join([*texts_of(pane), QGuiApplication.clipboard().text()])
    assert "@shop" not in said
    assert "mug-blue" not in said
    window.masking._turn(on=False)
    anew = window.panes.drift_pane
    assert anew is not pane
    assert anew.empty.sentence() == "What is hidden has changed since: compare again."
    assert (anew.question.spec.text(), anew.question.model.text()) == (str(spec), model)
    window.panes.show_pane("Drift", on=True)
    QTest.mouseClick(anew.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(anew.table.rows) == 6, timeout=_WAIT_MS)
    assert anew.table.cells(anew.table.rows[5])[1:5] == ["mug-blue", "keeper", "ada@shop.example", "mallory@shop.example"]
