"""The way back through the events that were looked at."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app import visited
from app.selection import Selection


def look(qtbot: QtBot, selection: Selection, seq: int) -> None:
    """Makes an event current for long enough."""
    selection.choose_event(seq)
    qtbot.waitUntil(lambda: not selection.visited._stayed.isActive(), timeout=3 * visited._STAYED_MS)


def test_back_and_forth_through_what_was_looked_at(qtbot: QtBot) -> None:
    selection = Selection()
    for seq in (3_000_000_000, 7, 9):
        look(qtbot, selection, seq)
    assert selection.visited.back()
    assert selection.seq == 7
    assert selection.visited.back()
    assert selection.seq == 3_000_000_000
    assert not selection.visited.back()
    assert selection.visited.forward()
    assert selection.visited.forward()
    assert selection.seq == 9
    assert not selection.visited.forward()


def test_what_is_only_passed_by_is_not_kept(qtbot: QtBot) -> None:
    selection = Selection()
    look(qtbot, selection, 1)
    for seq in range(2, 50):
        selection.choose_event(seq)
    look(qtbot, selection, 50)
    assert selection.visited.back()
    assert selection.seq == 1


def test_back_works_at_once_and_a_new_event_ends_the_way_forward(qtbot: QtBot) -> None:
    selection = Selection()
    look(qtbot, selection, 1)
    selection.choose_event(2)
    assert selection.visited.back()
    assert selection.seq == 1
    look(qtbot, selection, 5)
    assert not selection.visited.forward()
    selection.choose_event(0)
    assert selection.visited.back()
    assert selection.seq == 5
