"""The replay pane with a real fold process: sliding, times, who set what, and a process that dies or stands still."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.models.state_tree import StateTree
from app.panes.replay import ReplayPane
from app.selection import Selection
from app.session import Session
from inspector.event import Flag, parse_time
from tests.replay.captures import Log, Written, write

_WAIT_MS = 15_000
_NOON_US = parse_time("2026-11-23T12:00:00Z")


def story() -> list[Written]:
    """Five events of one order, a minute apart; the fourth is aborted. Then one event of no stream's interest."""
    documents: list[dict[str, object]] = [
        {"status": "placed", "total": 10, "card": {"network": "visa", "last4": "4711"}},
        {"status": "paid"},
        {"coupon": "<img src=file:///canary>", "card": {"last4": None}},
        {"status": "never"},
        {"status": "sent", "items": list(range(300))},
    ]
    events = [
        Written(place, json.dumps(document), version=place + 1, time_us=_NOON_US + place * 60_000_000, type=f"Step{place}", actor="ann")
        for place, document in enumerate(documents)
    ]
    events[3] = Written(3, json.dumps(documents[3]), version=4, time_us=_NOON_US + 180_000_000, flags=int(Flag.aborted))
    return events


@pytest.fixture
def session(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Session]:
    path = write(tmp_path / "a.evcap", [Log([*story(), Written(9, '{"n":1}', stream="other", category="side")])])
    opened = Session(path, messages)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def pane(qtbot: QtBot, session: Session) -> Iterator[tuple[ReplayPane, Selection]]:
    selection = Selection()
    made = ReplayPane(session, selection)
    QAbstractItemModelTester(made.tree, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    qtbot.addWidget(made)
    made.resize(420, 600)
    made.show()
    yield made, selection
    made.close_process()


Pane = tuple[ReplayPane, Selection]


def shown(tree: StateTree) -> dict[str, str]:
    """What the tree shows: name → value, of the levels that are loaded."""
    found: dict[str, str] = {}
    waiting = [tree.index(row, 0) for row in range(tree.rowCount())]
    while waiting:
        index = waiting.pop(0)
        found[str(tree.data(index))] = str(tree.data(index.siblingAtColumn(1)))
        waiting.extend(tree.index(row, 0, index) for row in range(tree.rowCount(index)))
    return found


def after(qtbot: QtBot, pane: ReplayPane, words: str) -> dict[str, str]:
    """Waits until the pane says how far it is, and until who set what is there."""
    qtbot.waitUntil(lambda: pane.controls.applied.whole_text() == words, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: pane.tree.rowCount() > 0 and bool(pane.tree.data(pane.tree.index(0, 2))), timeout=_WAIT_MS)
    return shown(pane.tree)


def test_the_state_after_the_chosen_event_is_shown_with_what_it_changed(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    state = after(qtbot, subject, "after 2 of 4 events")
    assert state["~ status"] == '"paid"  (was "placed")'
    assert state["total"] == "10"
    assert subject.tree.data(subject.tree.index_of("/total").siblingAtColumn(2)) == "1 Step0 · ann"
    assert subject.controls.history.whole_text() == "version 2 · whole history · by merge"


def test_what_an_event_removed_stays_to_be_seen(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(3)
    state = after(qtbot, subject, "after 3 of 4 events")
    qtbot.waitUntil(lambda: shown(subject.tree).get("− last4") == '"4711"', timeout=_WAIT_MS)
    assert state["+ coupon"] == '"<img src=file:///canary>"'


def test_stepping_and_sliding_move_the_state(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(1)
    after(qtbot, subject, "after 1 of 4 events")
    subject.step(1)
    after(qtbot, subject, "after 2 of 4 events")
    QTest.keyClick(subject.controls.slider, Qt.Key.Key_End)
    state = after(qtbot, subject, "after 4 of 4 events")
    assert "1 aborted left out" in subject.controls.history.whole_text()
    assert state["~ status"].startswith('"sent"')
    assert state["+ items"] == "300 items"


def test_a_typed_time_leads_to_the_state_of_then(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(5)
    after(qtbot, subject, "after 4 of 4 events")
    subject.controls.time.selectAll()
    QTest.keyClicks(subject.controls.time, "12:01:30.250")
    QTest.keyClick(subject.controls.time, Qt.Key.Key_Return)
    after(qtbot, subject, "after 2 of 4 events")
    subject.controls.time.setText("soon")
    QTest.keyClick(subject.controls.time, Qt.Key.Key_Return)
    assert "write a time" in subject.notice.text.whole_text()


def test_long_levels_come_as_they_are_scrolled_to(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(5)
    after(qtbot, subject, "after 4 of 4 events")
    index = subject.tree.index_of("/items")
    subject.view.expand(index)
    qtbot.waitUntil(lambda: subject.tree.rowCount(subject.tree.index_of("/items")) == 200, timeout=_WAIT_MS)
    subject.tree.fetchMore(subject.tree.index_of("/items"))
    qtbot.waitUntil(lambda: subject.tree.rowCount(subject.tree.index_of("/items")) == 300, timeout=_WAIT_MS)


def test_a_pinned_stream_stays_and_its_setter_can_be_opened(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    subject.show_setter(subject.tree.index_of("/total"))
    assert selection.seq == 1
    assert subject.controls.pin.text() == "pinned"
    selection.choose_event(6)
    assert subject.stream is not None
    assert subject.stream.name == "order-1"
    subject.pin(on=False)
    qtbot.waitUntil(lambda: subject.stream is not None and subject.stream.name == "other", timeout=_WAIT_MS)


def test_copies_are_of_what_is_shown(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    subject.view.setCurrentIndex(subject.tree.index_of("/status"))
    subject.view.copy_value()
    assert QGuiApplication.clipboard().text() == '"paid"'
    subject.view.copy_path()
    assert QGuiApplication.clipboard().text() == "/status"
    subject.copy_command()
    assert "replay" in QGuiApplication.clipboard().text()
    assert QGuiApplication.clipboard().text().endswith("--version 2")


def test_a_killed_fold_process_is_started_again_and_asked_once_more(qtbot: QtBot, pane: Pane, messages: Messages) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    process = subject._fold._process
    assert process is not None
    os.kill(process.processId(), signal.SIGKILL)
    subject.step(1)
    after(qtbot, subject, "after 3 of 4 events")


def test_a_fold_process_that_stands_still_can_be_stopped(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    process = subject._fold._process
    assert process is not None
    os.kill(process.processId(), signal.SIGSTOP)
    subject.step(1)
    qtbot.waitUntil(lambda: "no answer for" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(subject.notice._action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "ended while it worked" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(subject.notice._action, Qt.MouseButton.LeftButton)
    after(qtbot, subject, "after 3 of 4 events")


def test_an_event_without_a_stream_says_so(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    from tests.app.captures import Growing

    with Growing(tmp_path / "b.evcap") as growing:
        growing.append_values([b"no document"])
    session = Session(tmp_path / "b.evcap", messages)
    session.start()
    selection = Selection()
    subject = ReplayPane(session, selection)
    qtbot.addWidget(subject)
    selection.choose_event(1)
    try:
        qtbot.waitUntil(lambda: subject.stream is not None or "in no stream" in subject.empty.sentence(), timeout=_WAIT_MS)
    finally:
        subject.close_process()
        session.close()
