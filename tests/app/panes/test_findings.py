"""The findings pane on real captures with real checks: every state, where a finding leads, late answers, a child that dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.messages import Messages
from app.panes.findings import FindingsPane
from app.selection import Selection
from app.session import Session
from inspector.capture import findings
from inspector.capture.reader import CaptureReader
from tests.app import finding_captures as made
from tests.app.test_window import choose_action
from tests.app.test_window import shown as shown_in

_WAIT_MS = 60_000


class Shown:
    """A pane over one capture."""

    def __init__(self, qtbot: QtBot, messages: Messages, path: Path) -> None:
        self.qtbot = qtbot
        self.session, self.selection = Session(path, messages), Selection()
        self.pane = FindingsPane(self.session, self.selection)
        qtbot.addWidget(self.pane)
        self.pane.resize(1_400, 320)
        self.pane.show()
        self.session.start()
        self.wait(lambda: self.pane.checking.found is not None and self.pane.run_button.isEnabled())

    def wait(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=_WAIT_MS)

    def run(self) -> None:
        """Runs the checks to their end and waits for what they found."""
        before = self.pane.checking.found
        QTest.mouseClick(self.pane.run_button, Qt.MouseButton.LeftButton)
        assert self.pane.checking.is_running
        self.wait(lambda: not self.pane.checking.is_running and self.pane.checking.found is not before)
        self.wait(self.pane.run_button.isVisible)

    def pid(self) -> int:
        child = self.pane.checking._job._child
        assert child is not None
        self.wait(lambda: child._process.processId() > 0)
        return int(child._process.processId())

    def choose(self, rule: str) -> None:
        row = next(row for row, one in enumerate(self.pane.table.rows) if one.rule == rule)
        self.pane.view.setCurrentIndex(self.pane.table.index(row, 0))

    def close(self) -> None:
        self.pane.leave()
        self.session.close()


@pytest.fixture
def shown(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Shown]:
    one = Shown(qtbot, messages, made.faulty(tmp_path / "a.evcap"))
    yield one
    one.close()


def test_nothing_run_yet_is_said_with_what_to_do(shown: Shown) -> None:
    assert shown.pane.empty.isVisible()
    assert shown.pane.empty.sentence() == "No checks were run on this capture yet."
    assert not shown.pane.events_button.isEnabled()


def test_planted_faults_are_listed_and_lead_to_their_events(shown: Shown) -> None:
    pane = shown.pane
    QAbstractItemModelTester(pane.table, QAbstractItemModelTester.FailureReportingMode.Fatal, pane.table)
    shown.run()
    assert {"duplicate-ids", "offset-gaps", "undecodable", "time-order"} <= {one.rule for one in pane.table.rows}
    assert pane.table.rows[0].severity == "error"
    assert "1 error, " in pane.note.whole_text()
    shown.choose("undecodable")
    assert "Could be legal because a schema may be missing" in pane.details.toPlainText()
    with CaptureReader(shown.session.path) as reader:
        ((seq,),) = reader.select("SELECT seq FROM event WHERE position = ?", (made.BAD,))
    pane.view.setFocus()
    QTest.keyClick(pane.view, Qt.Key.Key_Return)
    assert shown.selection.seq == seq
    pane.list_events()
    assert shown.selection.filter == f"seq == {seq}"
    shown.choose("duplicate-ids")
    assert pane.events_button.text() == "Show its events"
    pane.list_events()
    assert shown.selection.filter.startswith("seq in [")


def test_a_menu_copies_and_filters_by_place(shown: Shown) -> None:
    shown.run()
    shown.choose("offset-gaps")
    menu = shown.pane.menu()
    actions = {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}
    assert list(actions) == [
        "Go to its first event", actions_of_own(shown), "Show the events at its positions", "As filter", "Copy", "Copy the command",
    ]  # fmt: skip
    actions["Show the events at its positions"].trigger()
    assert shown.selection.filter == 'log == "shop.orders" && partition == 0 && position >= 40 && position <= 44'
    actions["Copy"].trigger()
    assert QGuiApplication.clipboard().text().startswith("warning: shop.orders/0: positions 40 to 44 hold no record")
    actions["Copy the command"].trigger()
    assert QGuiApplication.clipboard().text() == f"eventscope check {shown.session.path} --rule offset-gaps"
    menu.close()


def actions_of_own(shown: Shown) -> str:
    """What the menu says of the current finding's events."""
    return shown.pane.events_button.text()


def test_words_narrow_the_list_and_the_current_finding_stays(shown: Shown) -> None:
    shown.run()
    shown.choose("undecodable")
    QTest.keyClicks(shown.pane.search, "warning not json")
    assert [one.rule for one in shown.pane.table.rows] == ["undecodable"]
    assert shown.pane.note.whole_text().startswith("1 of ")
    shown.pane.search.setText("nobody")
    assert shown.pane.details.toPlainText() == "No finding holds these words."
    shown.pane.search.clear()
    assert len(shown.pane.table.rows) > 4


def test_a_hidden_pane_asks_nothing(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    session = Session(made.clean(tmp_path / "b.evcap"), messages)
    pane = FindingsPane(session, Selection())
    qtbot.addWidget(pane)
    session.start()
    qtbot.waitUntil(lambda: session.watermark is not None, timeout=_WAIT_MS)
    assert pane.checking._question is None
    pane.show()
    qtbot.waitUntil(lambda: pane.checking.found is not None and pane.run_button.isEnabled(), timeout=_WAIT_MS)
    session.close()


def test_what_was_found_before_is_there_at_once(qtbot: QtBot, messages: Messages, shown: Shown) -> None:
    shown.run()
    again = Shown(qtbot, messages, shown.session.path)
    again.wait(lambda: again.pane.table.all == shown.pane.table.all)
    assert "checked 20" in again.pane.note.whole_text()
    again.close()


def test_nothing_found_says_who_looked_at_what(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    one = Shown(qtbot, messages, made.clean(tmp_path / "b.evcap"))
    one.run()
    assert one.pane.empty.sentence().startswith("12 checks looked at 200 events on ")
    assert one.pane.empty.sentence().endswith(" and found nothing.")
    one.close()


def test_a_run_that_is_stopped_says_which_check_is_not_whole(shown: Shown) -> None:
    pane = shown.pane
    pane.checking.run()
    os.kill(shown.pid(), signal.SIGSTOP)
    shown.wait(lambda: pane.stop_button.isVisible() and not pane.run_button.isVisible())
    QTest.mouseClick(pane.stop_button, Qt.MouseButton.LeftButton)
    shown.wait(lambda: "stopping" in pane.empty.sentence())
    assert not pane.stop_button.isEnabled()
    os.kill(shown.pid(), signal.SIGCONT)
    shown.wait(lambda: not pane.checking.is_running and pane.run_button.isVisible())
    assert not pane.checking.error


def test_a_child_that_is_killed_is_said_and_checks_run_again(shown: Shown) -> None:
    pane = shown.pane
    pane.checking.run()
    os.kill(shown.pid(), signal.SIGKILL)
    shown.wait(pane.failure.isVisible)
    assert pane.failure.text.whole_text().startswith("✕ the checks came to no end: eventscope check crashed")
    QTest.mouseClick(pane.failure._action, Qt.MouseButton.LeftButton)
    shown.wait(lambda: bool(pane.table.all) and not pane.checking.is_running)
    assert not pane.failure.isVisible()


def test_an_answer_from_before_a_run_is_not_shown(shown: Shown) -> None:
    checking = shown.pane.checking
    shown.session.work.hold()
    checking.look()
    late = checking._question
    assert late is not None
    checking.run()
    assert late.cancelled
    shown.session.work.resume()
    shown.wait(lambda: not checking.is_running and bool(shown.pane.table.all))


def test_a_pane_that_left_hears_nothing_more(shown: Shown) -> None:
    told: list[bool] = []
    shown.pane.checking.run()
    pid = shown.pid()
    shown.pane.checking.changed.connect(lambda: told.append(True))
    shown.pane.leave()

    def is_gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    shown.wait(is_gone)
    assert not told


def test_a_damaged_capture_is_one_sentence(shown: Shown) -> None:
    connection = apsw.Connection(str(shown.session.path))
    connection.execute("UPDATE source SET attributes = '[1'")
    connection.close()
    shown.pane.checking.run()
    shown.wait(shown.pane.failure.isVisible)
    assert "is damaged" in shown.pane.failure.text.whole_text()


def test_what_masks_hide_is_not_in_a_sentence(shown: Shown, tmp_path: Path) -> None:
    shown.run()
    shown.session.hide('[masks]\npaths = ["id"]\nregexes = ["not JSON"]\n', tmp_path / "masks.toml")
    shown.pane.checking.look()
    shown.wait(lambda: any("••••" in one.text for one in shown.pane.table.all))
    said = "\n".join(one.text for one in shown.pane.table.all)
    assert made.ODD_ID not in said
    assert "not JSON" not in said


def test_while_a_capture_runs_checks_wait(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "is_capturing", property(lambda _session: True))
    shown.session.capture_started.emit("")
    shown.wait(lambda: not shown.pane.run_button.isEnabled())
    assert not shown.pane.checking.is_possible
    shown.pane.checking.run()
    assert not shown.pane.checking.is_running


def test_the_window_runs_the_checks_and_writes_the_statement(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = made.faulty(tmp_path / "a.evcap"), tmp_path / "page.html"
    shown_in(qtbot, window, path, 195)
    assert window.panes is not None
    pane = window.panes.findings_pane
    qtbot.waitUntil(lambda: pane.checking.is_possible, timeout=_WAIT_MS)
    choose_action(window, "Run the checks")
    assert window.panes.is_at_front("Findings")
    qtbot.waitUntil(lambda: bool(pane.table.all) and not pane.checking.is_running, timeout=_WAIT_MS)
    with CaptureReader(path) as reader:
        assert len(findings.read(reader).findings) == len(pane.table.all)
    monkeypatch.setattr("app.capture_actions.choose_page", lambda _window, _path: out)
    choose_action(window, "Coverage statement …")
    qtbot.waitUntil(lambda: "Coverage statement written to" in window.chrome.saving.text.whole_text(), timeout=_WAIT_MS)
    assert "<h2>Findings</h2>" in out.read_text()
