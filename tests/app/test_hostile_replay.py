"""The replay pane over what states may hold: half characters, numbers beyond doubles, names that look like others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import fold
from app.messages import Messages
from app.panes.replay import ReplayPane
from app.selection import Selection
from app.session import Session
from tests.app.test_replay import shown
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_DOCUMENTS = (
    '{"n": 1, "\\ud800": 1, "half": "\\udc00"}',
    '{"n": 1e400, "\\ud800": 2}',
    '{"n": %s}' % ("7" * 400),
    '{"n": 9007199254740993, "a": {"b": 1}, "a.b": 5}',
    '{"n": 0.1000000000000000055511151231257827, "a": {"b": 2}, "a.b": 6}',
    '{"n": -1e400, "m": 1e400}',
)


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[ReplayPane]:
    events = [Written(place, text, "s", place + 1) for place, text in enumerate(_DOCUMENTS)]
    session = Session(write(tmp_path / "a.evcap", [Log(events)]), messages)
    session.start()
    selection = Selection()
    made = ReplayPane(session, selection)
    qtbot.addWidget(made)
    made.resize(460, 700)
    made.show()
    selection.choose_event(6)
    qtbot.waitUntil(lambda: made.replaying.look.get("place") == 6, timeout=_WAIT_MS)
    yield made
    session.close()
    fold.wait_for_all()


def test_half_a_character_is_shown_and_asked_about(pane: ReplayPane, qtbot: QtBot) -> None:
    assert shown(pane.tree)["⟨U+D800⟩"] == "2"
    assert shown(pane.tree)["half"] == '"\\udc00"'
    pane.tabs.show_field("/\ud800")
    qtbot.waitUntil(lambda: [row[3] for row in pane.tabs.field.table.rows] == ["1 → 2", "1"], timeout=_WAIT_MS)
    pane.replaying.copy("", QGuiApplication.clipboard().setText)
    qtbot.waitUntil(lambda: '"\\ud800":2' in QGuiApplication.clipboard().text(), timeout=_WAIT_MS)


def test_numbers_beyond_doubles_are_plotted_and_listed_with_their_digits(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.toggle_pin("/n")
    pane.tabs.turn_to(pane.tabs.plot)
    qtbot.waitUntil(lambda: len(pane.tabs.plot.table.rows) == len(_DOCUMENTS), timeout=_WAIT_MS)
    numbers = [row[2] for row in pane.tabs.plot.table.rows]
    assert numbers == ["1", "1E+400", "7" * 400, "9007199254740993", "0.1000000000000000055511151231257827", "-1E+400"]
    assert "3 too large to be drawn" in pane.tabs.plot.said.whole_text()
    pane.tabs.plot.plot.grab()
    pane.tabs.toggle_pin("/n")
    pane.tabs.toggle_pin("/m")
    qtbot.waitUntil(lambda: [row[1] for row in pane.tabs.plot.table.rows] == ["m"], timeout=_WAIT_MS)
    pane.tabs.plot.plot.grab()


def test_names_with_dots_are_told_from_places_inside(pane: ReplayPane, qtbot: QtBot) -> None:
    pane.tabs.toggle_pin("/a/b")
    pane.tabs.toggle_pin("/a.b")
    pane.tabs.turn_to(pane.tabs.plot)
    qtbot.waitUntil(lambda: len(pane.tabs.plot.plot.lines) == 2, timeout=_WAIT_MS)
    assert [row[2] for row in pane.tabs.plot.table.rows] == ["5", "1", "6", "2"]
    assert sorted(pane.tabs.plot.plot.lines) == ['["a.b"]', "a.b"]
