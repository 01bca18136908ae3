"""Colour rules: the first that fits wins, temporary ones before those that are kept, and all of it in the list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import style
from app.coloring import Coloring
from app.dialogs.colors import ColorsDialog
from app.main_window import MainWindow
from app.models.color_rules import COLORS, ColorRule, colors_of, ready
from inspector.capture.reader import CaptureReader
from tests.app.captures import capture
from tests.app.profiles import profiles_at
from tests.app.test_actions import run
from tests.app.test_window import shown, wait_for_event

_WAIT_MS = 60_000


def test_the_first_rule_that_fits_gives_the_colour(tmp_path: Path) -> None:
    rules = ready(
        [
            ColorRule("data.total > 20", 2),
            ColorRule("data.total >", 3),
            ColorRule("data.total > 10", 4),
            ColorRule("seq > 0", 5, is_on=False),
            ColorRule('key == "order-3"', 6),
            ColorRule("seq == 1", COLORS + 1),
        ]
    )
    with CaptureReader(capture(tmp_path / "a.evcap", 30)) as reader:
        found = colors_of(reader, range(1, 31), rules)
    colors = {seq: rule.color for seq, rule in found.items()}
    assert colors == {4: 6, **dict.fromkeys(range(11, 21), 4), **dict.fromkeys(range(21, 31), 2)}
    assert found[21].words == "data.total is more than 20"


def test_rules_are_kept_and_temporary_colours_are_not(qtbot: QtBot, tmp_path: Path) -> None:
    coloring = Coloring(profiles_at(tmp_path))
    told: list[tuple[int, ...]] = []
    coloring.changed.connect(lambda rules: told.append(tuple(rule.color for rule in rules)))
    coloring.keep([ColorRule("seq == 1", 1), ColorRule("seq == 2", 2, is_on=False)])
    coloring.paint(7, "seq == 3")
    coloring.paint(8, "seq == 4")
    coloring.paint(7, "seq == 5")
    assert told == [(1,), (7, 1), (8, 7, 1), (7, 8, 1)]
    again = Coloring(profiles_at(tmp_path))
    assert again.rules == coloring.rules
    assert not again.has_temporary
    coloring.unpaint()
    assert told[-1] == (1,)


def test_a_stream_is_coloured_by_a_key_and_rules_by_the_dialog(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    shown(qtbot, window, capture(tmp_path / "a.evcap", 200), 200)
    model = window.events.model
    background = int(Qt.ItemDataRole.BackgroundRole)
    washes = style.rule_washes()

    def wash(row: int) -> object:
        brush = model.data(model.index(row, 1), background)
        return washes.index(brush.color()) + 1 if brush is not None else 0

    window.events.choose_row(3)
    wait_for_event(qtbot, window, 4)
    QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: wash(3) == 3, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: model.known(4) is not None, timeout=_WAIT_MS)
    assert wash(4) == 0
    assert "colour 3: stream is" in str(model.data(model.index(3, 1), int(Qt.ItemDataRole.ToolTipRole)))
    run(window, "Colour rules")
    (dialog,) = window.findChildren(ColorsDialog)
    dialog.filter.setText("seq <")
    assert "✕" in dialog.meaning.whole_text()
    assert not dialog.add_button.isEnabled()
    dialog.filter.setText("seq < 9")
    dialog.color.setCurrentIndex(4)
    QTest.keyClick(dialog.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: wash(4) == 5, timeout=_WAIT_MS)
    assert wash(3) == 3
    dialog.filter.setText("seq == 5")
    QTest.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.up, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wash(4) == 6, timeout=_WAIT_MS)
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: wash(4) == 5, timeout=_WAIT_MS)
    dialog.list.setCurrentRow(1)
    QTest.mouseClick(dialog.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: model.known(4) is not None and wash(4) == 0, timeout=_WAIT_MS)
    dialog.close()
    window.activateWindow()
    run(window, "Take the colours of streams away")
    qtbot.waitUntil(lambda: model.known(3) is not None and wash(3) == 0, timeout=_WAIT_MS)


def test_washes_leave_text_readable(qapp: object) -> None:
    for look in (style.LIGHT, style.DARK):
        assert len(look.series) + 2 == COLORS
