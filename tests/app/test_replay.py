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

from app import fold
from app.messages import Messages
from app.models.state_tree import StateTree
from app.panes.replay import ReplayPane
from app.selection import Selection
from app.session import Session
from inspector.capture import sqlite
from inspector.event import Flag, parse_time
from tests.app.captures import Growing
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
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
    assert state["~ status"] == '"paid"  was "placed"'
    assert state["total"] == "10"
    assert subject.tree.data(subject.tree.index_of("/total").siblingAtColumn(2)) == "1 Step0 · ann"
    assert subject.controls.place.whole_text() == "version 2 of 5, 2 to come"
    qtbot.waitUntil(lambda: subject.controls.history.whole_text() == "whole history · by merge", timeout=_WAIT_MS)


def test_what_an_event_removed_stays_to_be_seen(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(3)
    state = after(qtbot, subject, "after 3 of 4 events")
    qtbot.waitUntil(lambda: shown(subject.tree).get("− last4") == 'removed, was "4711"', timeout=_WAIT_MS)
    assert state["+ coupon"] == '"<img src=file:///canary>"  added'
    assert state["~ card"] == "1 field  1 changed inside"


def test_stepping_and_sliding_move_the_state(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(1)
    after(qtbot, subject, "after 1 of 4 events")
    subject.step(1)
    after(qtbot, subject, "after 2 of 4 events")
    QTest.keyClick(subject.controls.slider, Qt.Key.Key_End)
    state = after(qtbot, subject, "after 4 of 4 events")
    qtbot.waitUntil(lambda: subject.controls.aborted.text() == "1 aborted left out", timeout=_WAIT_MS)
    assert state["~ status"].startswith('"sent"')
    assert state["+ items"] == "300 items  added"
    qtbot.waitUntil(lambda: selection.seq == 5, timeout=_WAIT_MS)


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


def test_long_levels_come_in_pages(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(5)
    after(qtbot, subject, "after 4 of 4 events")
    subject.view.expand(subject.tree.index_of("/items"))
    qtbot.waitUntil(lambda: subject.tree.rowCount(subject.tree.index_of("/items")) == 201, timeout=_WAIT_MS)
    more = subject.tree.index(200, 1, subject.tree.index_of("/items"))
    assert subject.tree.data(more) == "100 more: Enter shows the next"
    subject.view.setCurrentIndex(more)
    QTest.keyClick(subject.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: subject.tree.rowCount(subject.tree.index_of("/items")) == 300, timeout=_WAIT_MS)
    assert subject.tree.data(subject.tree.index_of("/items/299").siblingAtColumn(1)) == "299"


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
    subject.copies.value()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == '"paid"', timeout=_WAIT_MS)
    subject.copies.path()
    assert QGuiApplication.clipboard().text() == "/status"
    subject.copies.command()
    assert "replay" in QGuiApplication.clipboard().text()
    assert QGuiApplication.clipboard().text().endswith("--version 2")


def pid_of(subject: ReplayPane) -> int:
    """The fold process."""
    process = subject.replaying.fold._process
    return 0 if process is None else int(process.processId())


def test_a_killed_fold_process_is_started_again_and_asked_once_more(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    os.kill(pid_of(subject), signal.SIGKILL)
    subject.step(1)
    after(qtbot, subject, "after 3 of 4 events")
    subject.copies.state()
    qtbot.waitUntil(lambda: '"coupon"' in QGuiApplication.clipboard().text(), timeout=_WAIT_MS)


def test_a_question_at_which_the_process_dies_twice_is_not_asked_again(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    first = pid_of(subject)
    os.kill(first, signal.SIGSTOP)
    subject.step(1)
    os.kill(first, signal.SIGKILL)
    qtbot.waitUntil(lambda: pid_of(subject) not in {0, first}, timeout=_WAIT_MS)
    os.kill(pid_of(subject), signal.SIGKILL)
    qtbot.waitUntil(lambda: "was ended by signal 9 while it worked on this" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    assert subject.controls.applied.whole_text() == "after 2 of 4 events"
    QTest.mouseClick(subject.notice._action, Qt.MouseButton.LeftButton)
    after(qtbot, subject, "after 3 of 4 events")


def test_a_fold_process_that_stands_still_can_be_stopped(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    os.kill(pid_of(subject), signal.SIGSTOP)
    subject.step(1)
    qtbot.waitUntil(lambda: "no answer for" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(subject.notice._action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "stopped before there was an answer" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(subject.notice._action, Qt.MouseButton.LeftButton)
    after(qtbot, subject, "after 3 of 4 events")


@pytest.mark.parametrize("still_s", [0, pytest.param(30, marks=pytest.mark.large)])
def test_a_fold_process_that_goes_on_is_heard_again(qtbot: QtBot, pane: Pane, still_s: int) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    os.kill(pid_of(subject), signal.SIGSTOP)
    subject.step(1)
    qtbot.waitUntil(lambda: "no answer for" in subject.notice.text.whole_text(), timeout=_WAIT_MS)
    qtbot.wait(still_s * 1_000)
    os.kill(pid_of(subject), signal.SIGCONT)
    after(qtbot, subject, "after 3 of 4 events")
    assert subject.notice.isHidden()


def test_the_fold_process_ends_with_the_window(qtbot: QtBot, pane: Pane, session: Session) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    pid = pid_of(subject)
    session.close()
    fold.wait_for_all()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def opened(qtbot: QtBot, messages: Messages, path: Path) -> tuple[Session, Selection, ReplayPane]:
    """A pane on another capture."""
    session, selection = Session(path, messages), Selection()
    session.start()
    subject = ReplayPane(session, selection)
    QAbstractItemModelTester(subject.tree, QAbstractItemModelTester.FailureReportingMode.Fatal, subject)
    qtbot.addWidget(subject)
    subject.resize(420, 600)
    subject.show()
    return session, selection, subject


def test_an_event_without_a_stream_says_so(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    path = write(tmp_path / "b.evcap", [Log([Written(0, "{}")])])
    with sqlite.open_writer(path) as connection:
        connection.execute("UPDATE event SET stream_id = NULL")
        connection.execute("DELETE FROM event_stream")
    session, selection, subject = opened(qtbot, messages, path)
    selection.choose_event(1)
    qtbot.waitUntil(lambda: subject.empty.sentence() == "This event has no stream.", timeout=_WAIT_MS)
    session.close()


def test_what_retention_took_is_said_in_events(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    told = [Written(place, json.dumps({"n": place}), version=place + 1) for place in range(12, 20)]
    path = write(tmp_path / "b.evcap", [Log(told, first=12, read=[(12, 20)], absent=[(0, 12, "retention")])])
    session, selection, subject = opened(qtbot, messages, path)
    selection.choose_event(3)
    words = "! starts after retention: 12 earlier events are gone · by merge"
    qtbot.waitUntil(lambda: subject.controls.history.whole_text() == words, timeout=_WAIT_MS)
    assert subject.controls.place.whole_text() == "version 15 of 20, 5 to come"
    session.close()


def test_an_event_that_fails_is_shown_with_the_state_before_it(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    told = [Written(place, json.dumps({"n": place}), version=place + 1) for place in range(4)]
    told[2] = Written(2, "\xff", version=3, flags=int(Flag.undecodable), type="Broken")
    session, selection, subject = opened(qtbot, messages, write(tmp_path / "b.evcap", [Log(told)]))
    selection.choose_event(4)
    state = after(qtbot, subject, "after 2 of 4 events")
    assert state["~ n"] == "1  was 0"
    said = subject.notice.text.whole_text()
    assert said.startswith("✕ version 3 (Broken) could not be applied: ")
    assert said.endswith("this is the state before it")
    session.close()


def test_an_aborted_event_is_no_part_of_the_history(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(4)
    after(qtbot, subject, "after 3 of 4 events")
    assert "this event was aborted" in subject.notice.text.whole_text()


def test_names_and_values_are_nothing_but_text(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    hostile = "<img src='file:///canary'>\u202e/\x00~"
    told = [Written(0, json.dumps({hostile: {hostile: hostile}}), stream="<b>x</b>", type=hostile, actor=hostile)]
    session, selection, subject = opened(qtbot, messages, write(tmp_path / "b.evcap", [Log(told)]))
    selection.choose_event(1)
    state = after(qtbot, subject, "after 1 of 1 event")
    assert all("⟨U+202E⟩" in name and "<img" in name for name in state)
    assert subject.controls.name.whole_text() == "orders / <b>x</b>"
    assert "&lt;img" in str(subject.tree.data(subject.tree.index(0, 0), Qt.ItemDataRole.ToolTipRole))
    subject.view.setCurrentIndex(subject.tree.index(0, 0))
    subject.copies.value()
    copied = json.dumps({hostile: hostile}, ensure_ascii=False, separators=(",", ":"))
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == copied, timeout=_WAIT_MS)
    session.close()


def test_a_stream_that_grows_is_followed_from_its_end_only(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "b.evcap") as growing:
        growing.append(100)
        session, selection, subject = opened(qtbot, messages, growing.path)
        selection.choose_event(51)
        after(qtbot, subject, "after 2 of 2 events")
        growing.append(50)
        after(qtbot, subject, "after 3 of 3 events")
        assert selection.seq == 51
        subject.step(-1)
        after(qtbot, subject, "after 2 of 3 events")
        growing.append(100)
        qtbot.waitUntil(lambda: subject.controls.newer.text() == "2 newer events", timeout=_WAIT_MS)
        assert subject.controls.applied.whole_text() == "after 2 of 5 events"
        QTest.mouseClick(subject.controls.newer, Qt.MouseButton.LeftButton)
        after(qtbot, subject, "after 5 of 5 events")
        assert subject.controls.newer.isHidden()
        session.close()
        fold.wait_for_all()


def test_another_reducer_gives_another_state(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(3)
    after(qtbot, subject, "after 3 of 4 events")
    assert subject.controls.reducer.currentText() == "default (merge)"
    subject.controls.reducer.activated.emit(subject.controls.reducer.findData("latest"))
    qtbot.waitUntil(lambda: "total" not in " ".join(shown(subject.tree)), timeout=_WAIT_MS)
    subject.copies.command()
    assert QGuiApplication.clipboard().text().endswith("--version 3 --reducer latest")


def test_while_hidden_nothing_is_asked(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    subject.hide()
    selection.choose_event(2)
    assert subject.stream is None
    assert subject.replaying.fold._process is None
    subject.show()
    after(qtbot, subject, "after 2 of 4 events")


def test_before_the_first_event_there_is_no_state(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(2)
    after(qtbot, subject, "after 2 of 4 events")
    QTest.keyClick(subject.controls.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: subject.no_state.sentence() == "No event is applied yet.", timeout=_WAIT_MS)
    assert subject.no_state.isVisible()


def test_steps_keep_the_rows_and_what_is_open(qtbot: QtBot, pane: Pane) -> None:
    subject, selection = pane
    selection.choose_event(1)
    after(qtbot, subject, "after 1 of 4 events")
    subject.view.expand(subject.tree.index_of("/card"))
    subject.view.setCurrentIndex(subject.tree.index_of("/card/network"))
    removed: list[object] = []
    subject.tree.modelReset.connect(lambda: removed.append("reset"))
    subject.step(1)
    after(qtbot, subject, "after 2 of 4 events")
    assert subject.view.isExpanded(subject.tree.index_of("/card"))
    assert subject.view.currentIndex() == subject.tree.index_of("/card/network")
    assert removed == []
