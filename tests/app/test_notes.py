"""Typing a note: C, text, Enter; what is typed stays; nothing on the window's own thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.panes.notes import NoteBar
from app.selection import Selection
from app.session import Session
from tests.app.captures import Growing, capture

WAIT_MS = 8_000


@pytest.fixture
def session(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Session]:
    """A session on a finished capture of ten events."""
    made = Session(capture(tmp_path / "a.evcap", 10), messages)
    made.start()
    qtbot.waitUntil(lambda: made.watermark is not None, timeout=WAIT_MS)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def selection(session: Session) -> Selection:
    """What is selected."""
    return Selection(session)


class Host(QWidget):
    """A window with a field that has the focus, and the line below it."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__()
        self.field, self.bar = QLineEdit(), NoteBar(session, selection)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self.bar)


@pytest.fixture
def host(qtbot: QtBot, session: Session, selection: Selection) -> Host:
    """The window, shown and active."""
    window = Host(session, selection)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.field.setFocus()
    qtbot.waitUntil(window.field.hasFocus, timeout=WAIT_MS)
    return window


@pytest.fixture
def bar(host: Host) -> NoteBar:
    """The line."""
    return host.bar


def _typed(text: str, bar: NoteBar) -> None:
    QTest.keyClicks(bar.text, text)


def test_type_and_enter(qtbot: QtBot, session: Session, selection: Selection, bar: NoteBar, host: Host) -> None:
    selection.choose_event(3)
    assert bar.open()
    assert bar.about.whole_text() == "Note on event 3"
    _typed("seen", bar)
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [note.text for note in session.notes.of(3)] == ["seen"], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=WAIT_MS)
    assert host.field.hasFocus()


def test_without_an_event_it_says_so(qtbot: QtBot, bar: NoteBar) -> None:
    with qtbot.waitSignal(bar.refused):
        assert not bar.open()
    assert not bar.isVisible()


def test_what_is_typed_stays_with_its_event(qtbot: QtBot, session: Session, selection: Selection, bar: NoteBar) -> None:
    selection.choose_event(3)
    bar.open()
    _typed("about three", bar)
    selection.choose_event(4)
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(session.notes.all), timeout=WAIT_MS)
    assert [(note.seq, note.text) for note in session.notes.all] == [(3, "about three")]


def test_escape_lets_go(session: Session, selection: Selection, bar: NoteBar) -> None:
    selection.choose_event(3)
    bar.open()
    _typed("x", bar)
    QTest.keyClick(bar.text, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert session.notes.all == []


def test_no_text_is_no_note(selection: Selection, bar: NoteBar) -> None:
    selection.choose_event(3)
    bar.open()
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    assert bar.isVisible()
    assert bar.hint.whole_text() == "A note needs some text."


def test_what_cannot_be_kept_stays_in_the_line(qtbot: QtBot, selection: Selection, bar: NoteBar) -> None:
    selection.choose_event(99)
    bar.open()
    _typed("of no event", bar)
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "no event 99" in bar.hint.whole_text(), timeout=WAIT_MS)
    assert bar.text.text() == "of no event"
    assert not bar.text.isReadOnly()


def test_a_note_is_changed_and_deleted(qtbot: QtBot, session: Session, selection: Selection, bar: NoteBar) -> None:
    session.notes.add(3, "one\nof two lines")
    qtbot.waitUntil(lambda: bool(session.notes.all), timeout=WAIT_MS)
    bar.edit(session.notes.all[0])
    QTest.keyClick(bar.text, Qt.Key.Key_End)
    _typed("!", bar)
    QTest.keyClick(bar.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.notes.all[0].text == "one\nof two lines!", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=WAIT_MS)
    bar.edit(session.notes.all[0])
    QTest.mouseClick(bar.delete_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not session.notes.all, timeout=WAIT_MS)


def test_a_mark_comes_and_goes(qtbot: QtBot, session: Session) -> None:
    session.notes.toggle_mark(5)
    qtbot.waitUntil(lambda: session.notes.is_marked(5), timeout=WAIT_MS)
    session.notes.toggle_mark(5)
    qtbot.waitUntil(lambda: not session.notes.is_marked(5), timeout=WAIT_MS)


def test_notes_are_exported(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.notes.add(3, "x")
    qtbot.waitUntil(lambda: bool(session.notes.all), timeout=WAIT_MS)
    counts: list[int] = []
    session.notes.export(tmp_path / "notes.jsonl", counts.append)
    qtbot.waitUntil(lambda: counts == [1], timeout=WAIT_MS)
    assert json.loads((tmp_path / "notes.jsonl").read_text())["text"] == "x"
    assert (tmp_path / "notes.jsonl").stat().st_mode & 0o777 == 0o600


def test_notes_are_kept_while_the_capture_grows(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "live.evcap") as growing:
        growing.append(10)
        session = Session(tmp_path / "live.evcap", messages)
        session.start()
        session.notes.add(2, "live")
        growing.append(10)
        qtbot.waitUntil(lambda: bool(session.notes.all), timeout=WAIT_MS)
        session.close()
        session.deleteLater()
