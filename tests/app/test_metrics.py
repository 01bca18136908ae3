"""The metrics pane: rates from the rollup, gaps with their number, clicks that are moments and drags that are ranges."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.panes.metrics import MetricsPane
from app.selection import Selection
from app.session import Session
from inspector.capture.gaps import gaps
from inspector.capture.reader import CaptureReader
from inspector.event import parse_time
from tests.app.captures import Growing, capture
from tests.replay.captures import Log, Written, write

_WAIT_MS = 15_000
_NOON_US = parse_time("2026-11-23T12:00:00Z")


def opened(qtbot: QtBot, path: Path, messages: Messages) -> tuple[MetricsPane, Selection, Session]:
    session = Session(path, messages)
    session.start()
    selection = Selection()
    made = MetricsPane(session, selection)
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show()
    return made, selection, session


Opened = tuple[MetricsPane, Selection, Session]


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Opened]:
    """Ten events a second for a minute; those of ten seconds in the middle were not read."""
    events = [Written(n, '{"n":1}', time_us=_NOON_US + n * 100_000) for n in range(600) if not 200 <= n < 300]
    path = write(tmp_path / "a.evcap", [Log(events, read=[(0, 200), (300, 600)])])
    found = opened(qtbot, path, messages)
    qtbot.waitUntil(lambda: len(found[0].events.times) > 0, timeout=_WAIT_MS)
    yield found
    found[2].close()


def test_rates_are_those_of_the_rollup(pane: Opened) -> None:
    subject = pane[0]
    assert list(subject.events.lines) == ["orders"]
    assert list(subject.events.lines["orders"]) == [10.0] * 20 + [0.0] * 10 + [10.0] * 30
    assert sum(subject.bytes.lines["orders"]) > 0


def test_what_was_not_read_is_a_gap_with_its_number(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    qtbot.waitUntil(lambda: "100 positions not read" in subject.note.whole_text(), timeout=_WAIT_MS)
    (hatch,) = [region for region, _ in subject.events._hatches if region.isVisible()]
    low, high = hatch.getRegion()
    assert (low - _NOON_US / 1e6, high - _NOON_US / 1e6) == pytest.approx((19.9, 30.0))


def test_gaps_lie_between_the_times_of_their_neighbours(tmp_path: Path) -> None:
    events = [Written(n, '{"n":1}', time_us=_NOON_US + n) for n in (5, 6, 9)]
    path = write(tmp_path / "a.evcap", [Log(events, first=0, end=12, read=[(5, 7), (9, 10)], absent=[(0, 5, "retention")])])
    with CaptureReader(path) as reader:
        found = [(gap.positions, gap.reason, gap.from_us, gap.until_us) for gap in gaps(reader)]
    assert found == [
        (5, "retention", None, _NOON_US + 5),
        (2, "not fetched", _NOON_US + 6, _NOON_US + 9),
        (2, "not fetched", _NOON_US + 9, None),
    ]


def test_a_click_is_a_moment_and_a_drag_a_range(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    box = subject.events._box
    box.clicked.emit(_NOON_US / 1e6 + 12)
    assert moments == [(_NOON_US + 12_000_000, _NOON_US + 13_000_000)]
    box.brushed.emit((_NOON_US / 1e6 + 5, _NOON_US / 1e6 + 8), True)
    assert selection.time_range == (_NOON_US + 5_000_000, _NOON_US + 8_000_001)
    subject.span.setCurrentText("selected range")
    qtbot.waitUntil(lambda: len(subject.events.times) == 4, timeout=_WAIT_MS)


def test_a_real_click_reaches_the_moment_under_it(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    plot = subject.events
    at = plot.mapFromScene(plot._box.mapViewToScene(QPointF(_NOON_US / 1e6 + 40, 5)))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(moments) == 1, timeout=_WAIT_MS)
    assert moments == [(_NOON_US + 40_000_000, _NOON_US + 41_000_000)]


def test_the_keyboard_reads_and_goes_to_moments(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    QTest.keyClick(subject.events, Qt.Key.Key_Left)
    assert subject.note.whole_text() == "2026-11-23 12:00:59 UTC · orders 10.0/s"
    QTest.keyClick(subject.events, Qt.Key.Key_Return)
    assert moments == [(_NOON_US + 59_000_000, _NOON_US + 60_000_000)]
    assert subject.events.accessibleDescription() == "newest events a second: orders 10.0"


def test_copied_numbers_are_those_shown_and_no_formula(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}", time_us=_NOON_US)], name="=cmd()")])
    subject, _, session = opened(qtbot, path, messages)
    qtbot.waitUntil(lambda: len(subject.events.times) > 0, timeout=_WAIT_MS)
    subject.copy_data()
    header, row = csv.reader(io.StringIO(QGuiApplication.clipboard().text()))
    assert header == ["time", "'=cmd() events/s", "'=cmd() bytes/s"]
    assert row == ["2026-11-23T12:00:00Z", "1", "9"]
    subject.copy_command()
    assert QGuiApplication.clipboard().text().endswith("--by log --every 1s")
    session.close()


def test_a_live_capture_is_drawn_as_it_grows_and_only_while_seen(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(1_000)
        subject, _, session = opened(qtbot, growing.path, messages)
        qtbot.waitUntil(lambda: len(subject.events.times) > 0, timeout=_WAIT_MS)
        before = len(subject.events.times)
        growing.append(100_000)
        qtbot.waitUntil(lambda: len(subject.events.times) > before, timeout=_WAIT_MS)
        subject.hide()
        assert not subject._soon.isActive()
        session.close()


def test_an_empty_capture_says_so(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    subject, _, session = opened(qtbot, capture(tmp_path / "a.evcap", 0), messages)
    qtbot.waitUntil(lambda: subject._seen is not None, timeout=_WAIT_MS)
    assert subject.empty.isVisible()
    session.close()
