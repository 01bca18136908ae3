"""The timeline: every event in a bar, a drag is exactly the range of its bars, a click a moment, and what is seen is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.models.bar_counts import MATCHES, OTHERS
from app.panes.timeline import TimelinePane
from app.selection import Selection
from app.session import Session
from inspector.event import Flag
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_START_US = 1_795_420_800_000_000
_COUNT, _STEP_US = 900, 400_000
Open = Callable[[], TimelinePane]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    events = [
        Written(
            number,
            f'{{"n":{number}}}',
            f"order-{number % 9}",
            time_us=_START_US + number * _STEP_US,
            type=f"T{number % 12}",
            category="order",
            flags=int(Flag.late) if number == 450 else 0,
        )
        for number in range(_COUNT)
    ]
    lost = [(_COUNT, _COUNT + 90, "retention")]
    return write(tmp_path / "a.evcap", [Log(events, "shop.orders", 0, read=[(0, _COUNT)], end=_COUNT + 90, absent=lost)])


@pytest.fixture
def pane(qtbot: QtBot, qapp: QApplication, path: Path) -> Iterator[TimelinePane]:
    session = Session(path, Messages(qapp))
    selection = Selection(session)
    made = TimelinePane(session, selection)
    qtbot.addWidget(made)
    made.resize(1200, 130)
    made.show()
    session.start()
    settled(qtbot, made)
    qtbot.waitUntil(lambda: bool(made.view.bars.unread), timeout=_WAIT_MS)
    yield made
    made.hide()
    session.close()


def settled(qtbot: QtBot, pane: TimelinePane) -> None:
    qtbot.waitUntil(lambda: pane.view.bars.number > 0 and not pane._is_asking and not pane._resized.isActive(), timeout=_WAIT_MS)


def total(pane: TimelinePane) -> int:
    return sum(int(counts.sum()) for counts in pane.view.bars.counts.values())


def seen(qtbot: QtBot, pane: TimelinePane, span: tuple[int, int] | None) -> None:
    """Looks at another stretch and waits for its bars."""
    before = pane._seen
    pane.look_at(span)
    qtbot.waitUntil(lambda: pane._seen is not before and not pane._is_asking, timeout=_WAIT_MS)


def test_every_event_is_in_a_bar_and_the_busiest_names_are_told(pane: TimelinePane) -> None:
    assert total(pane) == _COUNT
    assert len(pane.view.bars.counts) == 8
    assert list(pane.view.bars.counts)[-1] == OTHERS
    assert "90 retention" in pane.view.bars.unread[0].text
    assert pane.view.bars.late_us == (_START_US + 450 * _STEP_US,)
    assert "event time (UTC)" in pane.note.whole_text()


def test_a_drag_is_the_range_of_its_bars_for_every_pane(qtbot: QtBot, pane: TimelinePane) -> None:
    view, bars = pane.view, pane.view.bars
    low, high = view.x_of(bars.first_us + 20 * bars.width_us) + 1, view.x_of(bars.first_us + 30 * bars.width_us) - 1
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(low, 30))
    QTest.mouseMove(view, QPoint((low + high) // 2, 30))
    with qtbot.waitSignal(pane._selection.time_range_changed, timeout=_WAIT_MS):
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(high, 30))
    if view._dragged is None and pane._selection.time_range is None:
        pytest.fail("nothing was dragged")
    assert pane._selection.time_range == (bars.first_us + 20 * bars.width_us, bars.first_us + 30 * bars.width_us)
    assert view.range_us == pane._selection.time_range
    assert "–" in pane.range_box.text()
    pane._selection.back()
    assert view.range_us is None
    assert pane.range_box.text() == ""


def test_a_click_goes_to_the_moment_of_its_bar(qtbot: QtBot, pane: TimelinePane) -> None:
    view, bars = pane.view, pane.view.bars
    at = QPoint(view.x_of(bars.first_us + bars.width_us * 7) + 1, 20)
    with qtbot.waitSignal(pane._selection.moment_wanted, timeout=_WAIT_MS) as wanted:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    assert wanted.args == [bars.span(7)]


def test_zoomed_in_edges_are_exact_below_a_second(qtbot: QtBot, pane: TimelinePane) -> None:
    seen(qtbot, pane, (_START_US + 100 * _STEP_US, _START_US + 104 * _STEP_US))
    bars = pane.view.bars
    assert bars.width_us <= 10_000
    assert total(pane) == 4 or total(pane) == 5
    place = bars.bar_at(_START_US + 101 * _STEP_US)
    assert place is not None
    assert sum(int(counts[place]) for counts in bars.counts.values()) == 1
    assert pane.whole.isVisible()
    QTest.mouseClick(pane.whole, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: total(pane) == _COUNT, timeout=_WAIT_MS)


def test_wheel_and_keys_zoom_move_and_choose(qtbot: QtBot, pane: TimelinePane) -> None:
    view = pane.view
    whole = view.view
    at = QPointF(view.x_of(_START_US + 200 * _STEP_US), 30)
    wheel = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, wheel)
    qtbot.waitUntil(lambda: view.view[1] - view.view[0] < whole[1] - whole[0], timeout=_WAIT_MS)
    assert view.view[0] < _START_US + 200 * _STEP_US < view.view[1]
    settled(qtbot, pane)
    QTest.keyClick(view, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: view.view == whole and not pane._is_asking, timeout=_WAIT_MS)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.view == whole
    settled(qtbot, pane)
    view.point(None)
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Right)
    bars = view.bars
    with qtbot.waitSignal(pane._selection.moment_wanted, timeout=_WAIT_MS) as wanted:
        QTest.keyClick(view, Qt.Key.Key_Return)
    assert wanted.args == [bars.span(2)]
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert pane._selection.time_range == (bars.first_us + 2 * bars.width_us, bars.first_us + 5 * bars.width_us)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    qtbot.waitUntil(lambda: view.view[1] - view.view[0] < whole[1] - whole[0], timeout=_WAIT_MS)


def test_by_match_is_what_the_filter_finds(qtbot: QtBot, pane: TimelinePane) -> None:
    pane.tell_by("match")
    qtbot.waitUntil(lambda: MATCHES in pane.view.bars.counts, timeout=_WAIT_MS)
    assert "no filter" in pane.note.whole_text()
    pane._selection.choose_filter("data.n < 90")
    qtbot.waitUntil(lambda: int(pane.view.bars.counts[MATCHES].sum()) == 90, timeout=_WAIT_MS)
    assert total(pane) == _COUNT
    assert "all asked" in pane.note.whole_text()
    pane._selection.choose_filter("data.n <")
    qtbot.waitUntil(lambda: not pane._is_asking and int(pane.view.bars.counts[MATCHES].sum()) == 0, timeout=_WAIT_MS)
    pane._selection.choose_filter("data.n >= 890")
    qtbot.waitUntil(lambda: int(pane.view.bars.counts[MATCHES].sum()) == 10, timeout=_WAIT_MS)


def test_a_range_is_typed_and_what_is_none_is_said(qtbot: QtBot, pane: TimelinePane) -> None:
    box = pane.range_box
    box.take_focus()
    QTest.keyClicks(box, "last 1 min")
    QTest.keyClick(box, Qt.Key.Key_Return)
    newest = _START_US + (_COUNT - 1) * _STEP_US
    assert pane._selection.time_range == (newest + 1 - 60_000_000, newest + 1)
    box.setText("tomorrow")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert "write last 15 min" in pane.note.whole_text()
    assert pane._selection.time_range == (newest + 1 - 60_000_000, newest + 1)
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert "–" in box.text()
    box.setText("")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert pane._selection.time_range is None


def test_the_current_event_and_notes_are_shown_where_they_are(qtbot: QtBot, pane: TimelinePane) -> None:
    pane._selection.choose_event(11)
    qtbot.waitUntil(lambda: pane.view.current_us == _START_US + 10 * _STEP_US, timeout=_WAIT_MS)
    pane._selection.choose_event(0)
    qtbot.waitUntil(lambda: pane.view.current_us is None, timeout=_WAIT_MS)
    pane._session.notes.add(21, "paid twice?")
    qtbot.waitUntil(lambda: pane.view.bars.noted_us == (_START_US + 20 * _STEP_US,), timeout=_WAIT_MS)


def test_hidden_it_asks_nothing(qtbot: QtBot, pane: TimelinePane, monkeypatch: pytest.MonkeyPatch) -> None:
    pane.hide()
    asked: list[str] = []
    monkeypatch.setattr(pane._session.work, "run", lambda *_args, lane="", **_named: asked.append(lane))
    pane._changed()
    pane.look_at((_START_US, _START_US + 1_000_000))
    pane._ask_gaps()
    assert asked == []


def test_the_crosshair_says_the_numbers_of_its_bar(qtbot: QtBot, pane: TimelinePane) -> None:
    view, bars = pane.view, pane.view.bars
    QTest.mouseMove(view, QPoint(view.x_of(bars.first_us) + 2, 20))
    view.point(0)
    assert "2026-11-23 08:00:00 UTC · " in pane.note.whole_text()
    view.point(None)
    assert "events per" in pane.note.whole_text()
