"""The map beside the scroll bar: what is in the whole list is there, a click goes there, and it costs nothing that can be felt."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import style
from app.main_window import MainWindow
from app.match_map import MatchMap
from app.match_mapper import MOST_EVENTS, KindStore
from app.models.color_rules import ColorRule
from app.models.match_lines import Lines
from app.panes.events import EventsPane
from inspector.capture import looking, strip
from inspector.capture.asking import Watermark
from inspector.event import Flag
from tests.app.captures import Growing, capture
from tests.app.test_actions import run
from tests.app.test_window import shown, wait_for_event, wait_for_rows

_WAIT_MS = 60_000
_BAD = (401, 402, 1_001)


@pytest.fixture
def pane(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> EventsPane:
    """1,201 events, of which three are undecodable or damaged and the last is late."""
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(400)
        growing.append_values([b"\xff"] * 2, flags=Flag.undecodable)
        growing.append(598)
        growing.append_values([b"\xff"], flags=Flag.damaged)
        growing.append(199)
        growing.append_values([b"{}"], flags=Flag.late)
    opened = shown(qtbot, window, growing.path, 1_201)
    drawn(qtbot, opened, lambda lines: lines.undecodable.sum() == 3 and lines.looked == 1)
    return opened


def drawn(qtbot: QtBot, pane: EventsPane, is_so: Any) -> Lines:
    """Waits until the map is of the list as it is now, and shows something."""
    strip_ = pane.match_map

    def is_whole() -> bool:
        lines, fits = strip_.lines, strip_.groove.height() >= strip_.lines.count
        return lines.rows == pane.model.rows and fits and bool(is_so(lines))

    qtbot.waitUntil(is_whole, timeout=_WAIT_MS)
    return strip_.lines


def spot(strip_: MatchMap, line: int) -> QPoint:
    """Where a line is."""
    first, last = strip_.y_of(line), strip_.y_of(line + 1)
    return QPoint(strip_.width() // 2, (first + last) // 2)


def seqs_at(pane: EventsPane, name: str) -> list[int]:
    """The numbers of the first events of the lines where something is."""
    lines = pane.match_map.lines
    return [pane.model.seq_of(int(lines.targets[line])) for line in np.flatnonzero(getattr(lines, name)).tolist()]


def test_undecodable_late_and_noted_events_are_on_the_map(qtbot: QtBot, window: MainWindow, pane: EventsPane) -> None:
    assert set(seqs_at(pane, "undecodable")) <= set(_BAD)
    assert seqs_at(pane, "late") == [1_201]
    assert window.session is not None
    window.session.notes.add(700, "look")
    lines = drawn(qtbot, pane, lambda lines: lines.noted.sum() == 1)
    assert 700 in seqs_at(pane, "noted")
    assert "3 undecodable, 1 late, 1 with a note or mark" in pane.match_map.accessibleDescription()
    (line,) = np.flatnonzero(lines.noted).tolist()
    QTest.mouseMove(pane.match_map, spot(pane.match_map, line))
    qtbot.waitUntil(lambda: "1 with a note or mark" in pane.match_map.toolTip(), timeout=_WAIT_MS)
    assert "of 1,2" in pane.match_map.toolTip()


@pytest.mark.parametrize(("order", "newest_first"), [("arrival", True), ("time", False), ("time", True), ("log", True)])
def test_the_map_is_turned_with_the_list(qtbot: QtBot, pane: EventsPane, order: str, newest_first: bool) -> None:
    place = int(np.flatnonzero(pane.match_map.lines.undecodable)[0])
    count = pane.match_map.lines.count
    pane.set_order(order, newest_first=newest_first)
    qtbot.waitUntil(lambda: pane.lister.is_done and pane.lister.wish.order == order, timeout=_WAIT_MS)
    expected = count - 1 - place if newest_first else place
    drawn(qtbot, pane, lambda lines: lines.undecodable[max(expected - 1, 0) : expected + 2].any() and lines.undecodable.sum() == 3)
    assert set(seqs_at(pane, "undecodable")) <= set(_BAD)


def test_a_click_goes_to_the_event_and_a_drag_scrolls(qtbot: QtBot, window: MainWindow, pane: EventsPane) -> None:
    strip_ = pane.match_map
    line = int(np.flatnonzero(strip_.lines.undecodable)[0])
    pane.stick(on=True)
    QTest.mouseClick(strip_, Qt.MouseButton.LeftButton, pos=spot(strip_, line))
    wait_for_event(qtbot, window, 401)
    assert not pane.is_stuck
    assert pane.view.place_in_view(400) >= 0
    QTest.mousePress(strip_, Qt.MouseButton.LeftButton, pos=spot(strip_, line))
    for part in (0.5, 0.9):
        at = QPointF(4, strip_.groove.top() + strip_.groove.height() * part)
        moved = QMouseEvent(
            QMouseEvent.Type.MouseMove, at, at, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(strip_, moved)
        assert abs(pane.view.top_row - part * pane.model.rows) < 40
    QTest.mouseRelease(strip_, Qt.MouseButton.LeftButton, pos=QPoint(4, strip_.groove.bottom()))
    assert window.selection is not None
    assert window.selection.seq == 401


def test_keys_go_from_place_to_place(qtbot: QtBot, window: MainWindow, pane: EventsPane) -> None:
    places = [int(row) for row in pane.match_map.lines.targets if row >= 0]
    pane.choose_row(0)
    for row in places:
        QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
        assert pane.view.currentIndex().row() == row
    QTest.keyClick(window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert pane.view.currentIndex().row() == places[-1]
    run(window, "Previous place on the map of the list")
    assert pane.view.currentIndex().row() == places[-2]


def test_a_filter_shows_its_matches_among_all_events(qtbot: QtBot, window: MainWindow, pane: EventsPane) -> None:
    assert window.selection is not None
    window.selection.choose_filter("seq > 1000 || seq == 100")
    lines = drawn(qtbot, pane, lambda lines: lines.matches is not None and lines.searched == 1)
    assert lines.matches is not None
    total = pane.lister.looked
    assert lines.total == total
    assert np.flatnonzero(lines.matches)[0] == 99 * lines.count // total
    assert np.flatnonzero(lines.matches)[1] == 1_000 * lines.count // total
    strip_ = pane.match_map
    QTest.mouseClick(strip_, Qt.MouseButton.LeftButton, pos=spot(strip_, 99 * lines.count // total))
    wait_for_event(qtbot, window, 100)
    QTest.mouseClick(strip_, Qt.MouseButton.LeftButton, pos=spot(strip_, lines.count // 2))
    assert window.selection.seq == 100
    picture = strip_.grab().toImage()
    color = picture.pixelColor(3, strip_.y_of(lines.count - 1))
    assert color == style.color("accent")
    window.selection.choose_filter("")
    drawn(qtbot, pane, lambda lines: lines.matches is None and lines.undecodable.sum() == 3)


def _wait_stopped(qtbot: QtBot, pane: EventsPane, text: str) -> None:
    """Waits until the search for a filter was stopped."""
    qtbot.waitUntil(lambda: pane.lister.is_stopped and pane.lister.wish.filter == text, timeout=_WAIT_MS)


def test_what_was_not_searched_yet_is_hatched(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "PAGE", 100)
    monkeypatch.setattr("app.lister._FIRST_S", 0.0)
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 2_000), 2_000)
    assert window.selection is not None
    pane.lister.accepted.connect(pane.lister.stop)
    for newest_first in (False, True):
        text = f"seq > {int(newest_first)}"
        pane.own_order = "arrival", newest_first
        window.selection.choose_filter(text)
        _wait_stopped(qtbot, pane, text)
        assert pane.lister.wish.newest_first is newest_first
        lines = drawn(qtbot, pane, lambda lines: lines.matches is not None and lines.searched == 0.05)
        assert lines.matches is not None
        assert np.flatnonzero(lines.matches).max() <= lines.count * 0.05
        strip_ = pane.match_map
        QTest.mouseMove(strip_, spot(strip_, lines.count // 2 + newest_first))
        qtbot.waitUntil(lambda: "not searched yet" in pane.match_map.toolTip(), timeout=_WAIT_MS)
        picture, panel = strip_.grab().toImage(), style.color("panel")
        below = [
            picture.pixelColor(x, y) for y in range(strip_.y_of(lines.count // 2), strip_.y_of(lines.count // 2) + 16) for x in range(1, 16)
        ]
        assert any(color != panel for color in below)


def test_colour_rules_are_on_the_map(qtbot: QtBot, window: MainWindow, pane: EventsPane) -> None:
    assert window.panes is not None
    coloring = window.panes.coloring
    coloring.keep([ColorRule("seq <= 300", 2), ColorRule("seq <= 600", 5)])
    lines = drawn(qtbot, pane, lambda lines: len(lines.colors) > 0 and lines.colors.sum() == pane.model.rows)
    assert (lines.colors[:, 2].sum(), lines.colors[:, 5].sum()) == (300, 300)
    strip_ = pane.match_map
    picture = strip_.grab().toImage()
    assert picture.pixelColor(3, strip_.y_of(lines.count // 8)) == style.rule_colors()[1]
    coloring.keep([])
    drawn(qtbot, pane, lambda lines: not len(lines.colors))


def test_it_is_painted_in_light_and_dark(qtbot: QtBot, qapp: QApplication, pane: EventsPane) -> None:
    line = int(np.flatnonzero(pane.match_map.lines.undecodable)[0])
    for appearance, tokens in (("dark", style.DARK), ("light", style.LIGHT)):
        style.choose(qapp, appearance)
        qapp.processEvents()
        picture = pane.match_map.grab().toImage()
        assert picture.pixelColor(13, pane.match_map.y_of(line)) == QColor(tokens.bad)
        assert picture.pixelColor(9, pane.match_map.groove.bottom() - 1) == QColor(tokens.panel)


def test_it_follows_a_growing_capture_at_most_ten_times_a_second(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(500)
        pane = shown(qtbot, window, growing.path, 500)
        assert window.session is not None
        times: list[float] = []
        pane.match_map.mapper.drawn.connect(lambda _lines: times.append(time.monotonic()))
        for count in range(6):
            growing.append_values([b"\xff"] * 5, flags=Flag.undecodable)
            window.session.look()
            wait_for_rows(qtbot, pane, 505 + 5 * count)
        drawn(qtbot, pane, lambda lines: lines.undecodable.sum() == 30)
        growing.remove_oldest(100)
        window.session.look()
        qtbot.waitUntil(lambda: pane.model.rows < 530, timeout=_WAIT_MS)
        drawn(qtbot, pane, lambda lines: lines.undecodable.sum() == 30)
        assert all(later - before > 0.08 for before, later in itertools.pairwise(times))


def test_it_asks_nothing_while_hidden_and_nothing_in_the_gui_thread(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[threading.Thread] = set()
    look = strip.kinds_of

    def noted(*given: Any, **more: Any) -> Any:
        threads.add(threading.current_thread())
        return look(*given, **more)

    monkeypatch.setattr("app.match_mapper.kinds_of", noted)
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 500), 500)
    drawn(qtbot, pane, lambda lines: lines.looked == 1)
    assert threads
    assert threading.main_thread() not in threads
    threads.clear()
    pane.match_map.hide()
    pane.set_order(newest_first=True)
    qtbot.waitUntil(lambda: pane.model.seq_of(0) == 500, timeout=_WAIT_MS)
    assert pane.match_map.mapper.count == 0
    assert not pane.match_map.mapper._is_asking
    pane.match_map.show()
    qtbot.waitUntil(lambda: bool(threads), timeout=_WAIT_MS)


def test_kinds_are_kept_as_the_capture_grows_loses_its_oldest_and_is_replaced() -> None:
    store = KindStore()
    store.follow(Watermark(1, 4))
    store.take(np.array([1, 0, 2, 3], np.uint8))
    store.follow(Watermark(3, 2_000))
    assert (store.first_seq, store.until_seq) == (3, 5)
    assert store.known().tolist() == [2, 3, 0]
    store.take(np.ones(1_996, np.uint8))
    assert len(store.known()) == 1_999
    store.follow(Watermark(3, 2_000))
    assert store.known()[-1] == 0
    store.follow(Watermark(5_000, 6_000))
    assert (store.first_seq, store.until_seq, store.known().tolist()) == (5_000, 5_000, [0])
    store.follow(Watermark(1, 10))
    assert (store.first_seq, store.until_seq) == (1, 1)


def test_a_capture_that_claims_to_be_endless_and_a_note_on_nothing_harm_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 300)
    with closing(apsw.Connection(str(path))) as file:
        file.execute("INSERT INTO note (seq, made_us, text) VALUES (4611686018427387904, 0, 'far'), (20, 0, 'near')")
    pane = shown(qtbot, window, path, 300)
    drawn(qtbot, pane, lambda lines: lines.noted.sum() == 1)
    assert window.panes is not None
    pane.set_order(newest_first=True)
    mapper = pane.match_map.mapper
    assert window.session is not None
    window.session.watermark = Watermark(1, MOST_EVENTS + 1)
    mapper._ask()
    assert not mapper._is_asking
