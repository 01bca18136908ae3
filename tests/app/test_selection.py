"""What all panes share: filter, range and current event, with a way back."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.selection import Selection
from inspector.event import MAX_TIME_US, MIN_TIME_US


def heard(selection: Selection) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    selection.event_changed.connect(lambda seq: found.append(("event", seq)))
    selection.filter_changed.connect(lambda text: found.append(("filter", text)))
    selection.time_range_changed.connect(lambda span: found.append(("range", span)))
    return found


def test_only_what_changed_is_told(qtbot: QtBot) -> None:
    selection = Selection()
    told = heard(selection)
    selection.choose_event(3_000_000_000)
    selection.choose_event(3_000_000_000)
    selection.choose_filter('log == "orders"')
    selection.choose_time_range((1, 2))
    assert told == [("event", 3_000_000_000), ("filter", 'log == "orders"'), ("range", (1, 2))]


def test_back_restores_filter_range_and_event(qtbot: QtBot) -> None:
    selection = Selection()
    selection.choose_event(7)
    selection.choose_filter("a")
    selection.choose_event(9)
    told = heard(selection)
    assert selection.back()
    assert told == [("filter", ""), ("event", 7)]
    assert selection.forward()
    assert (selection.filter, selection.seq) == ("a", 9)
    assert selection.back()
    assert not selection.back()


def test_a_new_filter_ends_the_way_forward(qtbot: QtBot) -> None:
    selection = Selection()
    selection.choose_filter("a")
    selection.back()
    selection.choose_filter("b")
    assert not selection.forward()
    assert selection.filter == "b"


def test_a_replay_makes_its_event_current(qtbot: QtBot) -> None:
    selection = Selection()
    wanted: list[object] = []
    selection.replay_wanted.connect(wanted.append)
    selection.replay_event(12)
    assert (selection.seq, wanted) == (12, [12])


def test_a_range_lies_within_what_a_time_can_be(qtbot: QtBot) -> None:
    selection = Selection()
    selection.choose_time_range((-(2**62), 2**62))
    assert selection.time_range == (MIN_TIME_US, MAX_TIME_US)
    selection.choose_time_range((10, 5))
    assert selection.time_range == (10, 10)
