"""The form of aggregate rules: suggested from events, tried on a real stream, written, and what is wrong said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app import fold
from app.dialogs.rules import RulesDialog, rules_file
from app.messages import Messages
from app.models.rule_table import RuleTable
from app.session import Session
from inspector.aggregate_rows import Row
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import find_stream
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_EVENTS = (
    ("AccountOpened", {"owner": "ann", "currency": "EUR"}),
    ("MoneyDeposited", {"amount": 10.5}),
    ("MoneyWithdrawn", {"amount": 3}),
    ("MoneyDeposited", {"amount": 100}),
)


@pytest.fixture
def dialog(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[RulesDialog]:
    events = [
        Written(place, json.dumps(data), version=place + 1, type=name, stream="account-1", category="account")
        for place, (name, data) in enumerate(_EVENTS)
    ]
    path = write(tmp_path / "a.evcap", [Log(events)])
    session = Session(path, messages)
    session.start()
    with CaptureReader(path) as reader:
        stream = find_stream(reader, "account-1")
    parent = QWidget()
    qtbot.addWidget(parent)
    made = RulesDialog(session, stream, parent, tmp_path / "account.toml")
    made.show()
    yield made
    if isValid(made):
        made.reject()
    session.close()
    fold.wait_for_all()


def shown(dialog: RulesDialog) -> dict[str, str]:
    tree = dialog.state.view.tree
    return {str(tree.index(row, 0).data()).lstrip("+~ "): str(tree.index(row, 1).data()).split("  ")[0] for row in range(tree.rowCount())}


def test_fields_of_the_events_are_suggested(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4, timeout=_WAIT_MS)
    assert dialog.table.rows == [
        Row("AccountOpened", "set", "owner", "data.owner"),
        Row("AccountOpened", "set", "currency", "data.currency"),
        Row("MoneyDeposited", "set", "amount", "data.amount"),
        Row("MoneyWithdrawn", "set", "amount", "data.amount"),
    ]
    qtbot.waitUntil(lambda: shown(dialog).get("amount") == "100", timeout=_WAIT_MS)


def test_rules_are_tried_and_written(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4, timeout=_WAIT_MS)
    table = dialog.table
    for row in (2, 3):
        table.setData(table.index(row, 1), "add" if row == 2 else "subtract")
        table.setData(table.index(row, 2), "balance")
    qtbot.waitUntil(lambda: shown(dialog).get("balance") == "107.5", timeout=_WAIT_MS)
    assert dialog.preview_title.whole_text() == "account-1 after 4 of 4 events"
    with qtbot.waitSignal(dialog.saved) as saved:
        dialog.save.click()
    assert saved.args == [dialog.path]
    assert 'subtract = { balance = "data.amount" }' in dialog.path.read_text()


def test_what_is_wrong_is_said_and_cannot_be_saved(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4 and dialog.save.isEnabled(), timeout=_WAIT_MS)
    dialog.table.setData(dialog.table.index(1, 3), "")
    qtbot.waitUntil(lambda: not dialog.save.isEnabled(), timeout=_WAIT_MS)
    assert "row 2: set currency: which value" in dialog.notice.text.whole_text()
    dialog.table.setData(dialog.table.index(1, 3), "data.currency")
    qtbot.waitUntil(dialog.save.isEnabled, timeout=_WAIT_MS)


def test_an_event_that_does_not_fit_is_named(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4, timeout=_WAIT_MS)
    dialog.table.setData(dialog.table.index(0, 1), "add")
    qtbot.waitUntil(lambda: dialog.notice.isVisible() and "could not be applied" in dialog.notice.text.whole_text(), timeout=_WAIT_MS)
    assert "version 1 (AccountOpened)" in dialog.notice.text.whole_text()
    assert "rules-being-tried" not in dialog.notice.text.whole_text()


def test_the_text_says_the_same_as_the_rows(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4, timeout=_WAIT_MS)
    rows = list(dialog.table.rows)
    dialog.as_text.click()
    assert 'category = "account"' in dialog.text.toPlainText()
    dialog.text.appendPlainText('[[on]]\ntype = "AccountClosed"\ndelete = true')
    dialog.as_text.click()
    assert dialog.table.rows == [*rows, Row("AccountClosed", "delete")]
    dialog.as_text.click()
    dialog.text.setPlainText("nonsense")
    dialog.as_text.click()
    assert dialog.as_text.isChecked()
    assert dialog.notice.isVisible()


def test_a_type_without_a_rule_is_said(dialog: RulesDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4, timeout=_WAIT_MS)
    dialog.view.setCurrentIndex(dialog.table.index(3, 0))
    dialog.remove.click()
    qtbot.waitUntil(lambda: "no rule for MoneyWithdrawn" in dialog.said.whole_text(), timeout=_WAIT_MS)


def test_a_file_that_is_there_is_edited(dialog: RulesDialog, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: len(dialog.table.rows) == 4 and dialog.save.isEnabled(), timeout=_WAIT_MS)
    dialog.save.click()
    parent = QWidget()
    qtbot.addWidget(parent)
    again = RulesDialog(dialog._session, dialog._stream, parent, dialog.path)
    assert [row.verb for row in again.table.rows] == ["set"] * 4
    again.reject()


def test_the_table_keeps_the_rules_of_models(qtbot: QtBot) -> None:
    table = RuleTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_rows([Row("A", "set", "a", "1"), Row("B", "delete")])
    table.add(Row("C", "remove", "x"), 1)
    table.remove(0)
    table.remove(7)
    assert table.setData(table.index(0, 1), "delete")
    assert table.rows[0] == Row("C", "delete")
    assert not table.setData(table.index(0, 1), "explode")


def test_names_of_files_are_safe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path))
    assert rules_file("account").name == "account.toml"
    odd = rules_file("../../etc/pässwd\n")
    assert odd.parent == rules_file("account").parent
    assert "/" not in odd.name
    assert rules_file("a/b") != rules_file("a-b")
