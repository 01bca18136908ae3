"""All aggregates of a category at a moment, with a real fold process: columns, moments, filters, orders, and the way to a replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from app import fold
from app.messages import Messages
from app.models.states_table import StatesTable
from app.panes.states import StatesPane
from app.selection import Selection
from app.session import Session
from inspector.event import parse_time
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_NOON_US = parse_time("2026-11-23T12:00:00Z")
_ACCOUNTS = 250
Pane = tuple[StatesPane, Selection]


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Pane]:
    events: list[Written] = []
    for number in range(_ACCOUNTS):
        for step in range(2):
            document = {"owner": f"owner-{number}", "balance": number - 200 * step}
            time_us = _NOON_US + step * 3_600_000_000 + number
            events.append(
                Written(len(events), json.dumps(document), f"account-{number:03}", step + 1, time_us, "Changed", category="account")
            )
    events.append(Written(len(events), '{"x": 1}', "order-1", 1, _NOON_US, category="order"))
    session = Session(write(tmp_path / "a.evcap", [Log(events)]), messages)
    session.start()
    selection = Selection()
    made = StatesPane(session, selection)
    qtbot.addWidget(made)
    made.resize(900, 400)
    made.show()
    qtbot.waitUntil(lambda: cells(made, 0)[0] == "account-000", timeout=_WAIT_MS)
    yield made, selection
    made.leave()
    session.close()
    fold.wait_for_all()


def cells(pane: StatesPane, row: int) -> list[str]:
    table = pane.table
    return [str(table.data(table.index(row, column)) or "") for column in range(table.columnCount())] if table.total else [""]


def headers(pane: StatesPane) -> list[str]:
    return [str(pane.table.headerData(column, Qt.Orientation.Horizontal)) for column in range(pane.table.columnCount())]


def test_columns_are_proposed_and_rows_come_when_they_are_seen(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    assert headers(subject) == ["stream", "owner", "balance", "version", "events", "last event (UTC)"]
    assert cells(subject, 0) == ["account-000", "owner-0", "-200", "2", "2", "2026-11-23 13:00:00 Changed"]
    assert subject.note.whole_text() == "250 aggregates"
    subject.view.scrollToBottom()
    qtbot.waitUntil(lambda: cells(subject, 249)[0] == "account-249", timeout=_WAIT_MS)


def test_a_moment_gives_the_states_of_then(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    subject.time.setText("2026-11-23T12:00:00.000099Z")
    subject.time.returnPressed.emit()
    qtbot.waitUntil(lambda: cells(subject, 0)[2] == "0", timeout=_WAIT_MS)
    assert subject.note.whole_text().startswith("100 aggregates at 2026-11-23 12:00:00.000099 (UTC) · 150 begin later")
    subject.time.setText("yesterday-ish")
    subject.time.returnPressed.emit()
    assert "write a time" in subject.notice.text.whole_text()


def test_what_was_known_is_asked_by_the_other_clock(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    subject.clock.setCurrentText("known by")
    subject.time.setText("2026-11-23 12:30")
    subject.clock.activated.emit(1)
    qtbot.waitUntil(lambda: cells(subject, 0)[2] == "0", timeout=_WAIT_MS)
    assert subject.note.whole_text() == "250 aggregates as known at 2026-11-23 12:30:00 (UTC)"
    subject.copy_command()
    assert "--known-at=2026-11-23T12:30:00.000000Z" in QGuiApplication.clipboard().text()


def test_a_filter_and_an_order(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    subject.filter.setText("state.balance >= 40")
    subject.filter.returnPressed.emit()
    qtbot.waitUntil(lambda: subject.note.whole_text().startswith("10 of 250 match"), timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: cells(subject, 0)[0] == "account-240", timeout=_WAIT_MS)
    for _ in range(2):
        subject.view.horizontalHeader().sectionClicked.emit(2)
    qtbot.waitUntil(lambda: cells(subject, 0)[0] == "account-249", timeout=_WAIT_MS)
    subject.copy_command()
    assert "states" in QGuiApplication.clipboard().text()
    assert "'--filter=state.balance >= 40' --show=state.owner --show=state.balance --sort=state.balance --reverse" in (
        QGuiApplication.clipboard().text()
    )
    subject.filter.setText("state.balance >")
    subject.filter.returnPressed.emit()
    qtbot.waitUntil(lambda: not subject.notice.isHidden(), timeout=_WAIT_MS)


def test_nothing_fits(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    subject.filter.setText("state.balance > 100000")
    subject.filter.returnPressed.emit()
    qtbot.waitUntil(lambda: subject.empty.sentence() == "No aggregate fits." and subject.empty.isVisible(), timeout=_WAIT_MS)


def test_a_row_leads_to_its_replay(pane: Pane, qtbot: QtBot) -> None:
    subject, selection = pane
    with qtbot.waitSignal(selection.replay_wanted) as wanted:
        subject.view.activated.emit(subject.table.index(3, 0))
    assert wanted.args == [8]


def test_rows_are_copied(pane: Pane) -> None:
    subject, _ = pane
    subject.view.setCurrentIndex(subject.table.index(2, 0))
    subject.view.copy_row()
    assert QGuiApplication.clipboard().text().split("\t")[:4] == ["account-002", "owner-2", "-198", "2"]


def test_another_category(pane: Pane, qtbot: QtBot) -> None:
    subject, _ = pane
    subject.choose("order")
    qtbot.waitUntil(lambda: cells(subject, 0)[0] == "order-1", timeout=_WAIT_MS)
    assert headers(subject)[1] == "x"


def test_the_moment_of_the_current_event(pane: Pane, qtbot: QtBot) -> None:
    subject, selection = pane
    selection.choose_event(1)
    subject.here.click()
    qtbot.waitUntil(lambda: subject.note.whole_text().startswith("1 aggregate at"), timeout=_WAIT_MS)
    assert subject.time.text() == "2026-11-23 12:00:00"


def test_the_model_keeps_the_rules_of_models() -> None:
    table = StatesTable()
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table.show_table(250, ["state.a", "state.b"], ["state.a"])
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    horizontal, aligned = Qt.Orientation.Horizontal, int(Qt.ItemDataRole.TextAlignmentRole)
    assert [table.headerData(column, horizontal, aligned) for column in range(6)] == [None, right, None, right, right, None]
    table.show_order("state.a", is_reversed=True)
    assert [table.headerData(column, horizontal) for column in range(3)] == ["stream", "a ↓", "b"]
    wanted: list[object] = []
    table.page_wanted.connect(wanted.append)
    assert table.data(table.index(120, 0)) == "…"
    assert wanted == [100]
    row = {
        "stream": "s",
        "source": "k",
        "is": "there",
        "cells": [{"kind": "number", "text": "1"}, {"kind": "string", "text": "x"}],
        "version": None,
        "applied": 1,
        "last": None,
        "history": "holes",
        "failed_at": {"seq": 3, "reason": "no"},
    }
    table.show_page(100, [row] * 100)
    assert table.data(table.index(120, 1)) == "1"
    assert [table.data(table.index(120, column), aligned) for column in range(6)] == [None, right, None, right, right, None]
    assert table.line(120) == "s\t1\tx\t\t1\t"
    table.show_table(0, [])
