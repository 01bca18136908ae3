"""The strip of a stream's events: what is under the pointer, both cursors, keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import style
from app.event_strip import Cell, EventStrip, Strip
from app.replay_strip import strip_of

ANSWER: dict[str, object] = {
    "types": ["Placed", "Paid"],
    "place": [1, 2, 2, 3, 5],
    "count": [1, 1, 1, 1, 2],
    "type": [0, 1, 1, -1, 1],
    "time": [1_000_000, 2_000_000, 3_000_000, None, 5_000_000],
    "aborted": [0, 0, 1, 0, 0],
    "late": [0, 1, 0, 0, 2],
    "failed": [0, 0, 0, 1, 0],
    "left_out": [0, 0, 0, 0, 0],
}


@pytest.fixture
def strip(qtbot: QtBot) -> EventStrip:
    made = EventStrip()
    qtbot.addWidget(made)
    made.resize(414, 26)
    made.setRange(0, 4)
    made.show_strip(Strip.of([Cell(1, "Placed"), Cell(1, "Paid", "late"), Cell(2, "Sent")]))
    made.show()
    return made


def test_cells_of_an_answer() -> None:
    found = strip_of(ANSWER)
    assert [(cell.events, cell.name) for cell in found.cells] == [(1, "Placed"), (1, "Paid"), (1, "no type"), (2, "Paid")]
    assert [cell.note for cell in found.cells] == ["", "late", "cannot be folded, 1 aborted before it", "2 late"]
    assert found.ends == [1, 2, 3, 5]
    assert (found.time_us(1), found.time_us(3), found.time_us(4), found.time_us(9)) == (1_000_000, None, None, None)


def test_each_event_is_in_one_cell() -> None:
    strip = Strip.of([Cell(1, "a"), Cell(3, "b"), Cell(1, "a")])
    assert [strip.cell_of(event) for event in range(7)] == [None, 0, 1, 1, 1, 2, None]
    assert strip.names == ["a", "b"]


def test_a_click_goes_to_the_nearest_place(strip: EventStrip, qtbot: QtBot) -> None:
    x_px = strip.x_of(3)
    with qtbot.waitSignals([strip.valueChanged, strip.sliderReleased]):
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(x_px + 2, 13))
    assert strip.value() == 3
    assert not strip.isSliderDown()


def test_a_drag_moves_the_cursor(strip: EventStrip) -> None:
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.x_of(0), 13))
    assert strip.isSliderDown()
    QTest.mouseMove(strip, QPoint(strip.x_of(4) + 50, 13))
    assert strip.value() == 4
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.x_of(4), 13))


def test_shift_and_the_key_move_the_second_cursor(strip: EventStrip) -> None:
    wanted: list[object] = []
    strip.second_wanted.connect(wanted.append)
    strip.second_wanted.connect(strip.show_second)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(strip.x_of(2), 13))
    assert (strip.second, strip.value()) == (2, 0)
    QTest.keyClick(strip, Qt.Key.Key_B)
    assert strip.second == 0
    QTest.keyClick(strip, Qt.Key.Key_B)
    assert wanted == [2, 0, None]


def test_keys_of_a_slider_step(strip: EventStrip) -> None:
    for key, value in ((Qt.Key.Key_End, 4), (Qt.Key.Key_Left, 3), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1)):
        QTest.keyClick(strip, key)
        assert strip.value() == value


def test_the_tooltip_says_which_event(strip: EventStrip) -> None:
    assert strip.words_at(strip.x_of(0) + 3) == "event 1: Placed"
    assert strip.words_at(strip.x_of(1) + 3) == "event 2: Paid\nlate"
    assert strip.words_at(strip.x_of(3) + 3) == "events 3 to 4, mostly Sent"
    assert strip.words_at(0) == ""


def test_types_have_their_colours(strip: EventStrip) -> None:
    strip.setValue(4)
    wanted = style.series_colors(["Placed", "Paid", "Sent"])
    image = strip.grab().toImage()
    shown = {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}
    assert {wanted[name].name() for name in ("Placed", "Paid", "Sent")} <= shown


def test_an_empty_strip_has_nothing_under_the_pointer(qtbot: QtBot) -> None:
    strip = EventStrip()
    qtbot.addWidget(strip)
    strip.setRange(0, 0)
    strip.show()
    assert strip.words_at(40) == ""
    assert strip.place_at(40) == 0
