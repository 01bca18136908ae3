"""A plot of a Python file: only after the user allowed it, asked again when it changed, and whatever it does the window stays alive."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.dialogs.consent import ConsentDialog
from app.dialogs.plot import PlotDialog
from app.main_window import MainWindow
from app.models.plot_spec import PlotSpec
from app.panes.metrics import MetricsPane
from app.plot_card import PlotCard
from app.plot_card_menu import add_card_actions
from inspector.user_code.consent import needed
from tests.app.projection_scenes import payments
from tests.app.test_window import shown

_WAIT_MS = 60_000
_LEFT = Qt.MouseButton.LeftButton
CODE = """
title = "Takings"
unit = "EUR"
group_by = ["currency"]
measures = {"taken": "sum", "payments": "count"}
open(RAN, "a").write("x")

def project(event):
    yield event.data["currency"], {"taken": event.data["amount"]}
"""


@pytest.fixture
def pane(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MetricsPane:
    shown(qtbot, window, payments(tmp_path / "a.evcap"), 400)
    assert window.panes is not None
    window.panes.show_pane("Plots", on=True)
    return window.panes.metrics_pane


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "takings.py"
    path.write_text(CODE.replace("RAN", repr(str(tmp_path / "ran"))))
    return path


def asked(qtbot: QtBot, pane: MetricsPane) -> ConsentDialog:
    """The question, once it is there."""
    found: list[ConsentDialog] = []

    def look() -> bool:
        found[:] = [dialog for dialog in pane.window().findChildren(ConsentDialog) if dialog.isVisible()]
        return bool(found)

    qtbot.waitUntil(look, timeout=_WAIT_MS)
    return found[0]


def chosen(card: PlotCard, pane: MetricsPane, words: str) -> None:
    """Chooses something in the menu of a plot."""
    menu = QMenu(pane)
    add_card_actions(menu, pane.doing, card)
    next(action for action in menu.actions() if action.text().startswith(words)).trigger()
    menu.deleteLater()


def lines(card: PlotCard) -> dict[str, float]:
    return {} if card.shown is None else {name: float(values.sum()) for name, values in card.shown.lines.items()}


def test_a_file_is_plotted_once_it_is_allowed_and_asked_about_again_when_it_changed(
    qtbot: QtBot, pane: MetricsPane, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.projection_file.QFileDialog.getOpenFileName", lambda *_: (str(code), ""))
    plot = pane.doing.add_plot()
    assert isinstance(plot, PlotDialog)
    QTest.mouseClick(plot.file, _LEFT)
    question = asked(qtbot, pane)
    assert str(question.table.rows[0][0]) == str(code)
    QTest.mouseClick(question.cancel, _LEFT)
    assert plot.what.currentIndex() == 0
    QTest.mouseClick(plot.file, _LEFT)
    question = asked(qtbot, pane)
    QTest.mouseClick(question.allow, _LEFT)
    qtbot.waitUntil(lambda: plot.what.currentText() == "Takings (EUR)", timeout=_WAIT_MS)
    assert not (tmp_path / "ran").exists()
    assert [plot.by.itemText(place) for place in range(plot.by.count())] == ["taken", "payments"]
    QTest.mouseClick(plot.ok, _LEFT)
    card = pane.cards[-1]
    qtbot.waitUntil(lambda: set(lines(card)) == {"EUR", "USD", "SEK"}, timeout=_WAIT_MS)
    before = lines(card)
    assert (tmp_path / "ran").read_text() == "x"
    code.write_text(code.read_text().replace('["amount"]', '["amount"] * 2').replace("Takings", "Twice"))
    pane.feeds.grown()
    qtbot.waitUntil(lambda: "has changed since it was allowed to run" in card.state.whole_text(), timeout=_WAIT_MS)
    chosen(card, pane, "Let its Python file run")
    question = asked(qtbot, pane)
    assert "has changed" in question.title.whole_text()
    QTest.mouseClick(question.allow, _LEFT)
    qtbot.waitUntil(lambda: lines(card) == {name: 2 * value for name, value in before.items()}, timeout=_WAIT_MS)
    assert card.title.whole_text() == "Twice"


def test_one_that_a_profile_names_does_not_run(qtbot: QtBot, pane: MetricsPane, code: Path, tmp_path: Path) -> None:
    pane.choose([PlotSpec(f"projection:{code}"), PlotSpec(f"projection:{tmp_path}/nowhere.py"), PlotSpec("events")], ("all", "auto"))
    first, missing, usual = pane.cards
    qtbot.waitUntil(lambda: usual.shown is not None, timeout=_WAIT_MS)
    qtbot.waitUntil(
        lambda: "has not been allowed to run" in first.empty.sentence() + first.state.whole_text() + first._error, timeout=_WAIT_MS
    )
    qtbot.waitUntil(lambda: "there is no Python file" in missing._error, timeout=_WAIT_MS)
    assert not (tmp_path / "ran").exists()
    assert needed(code) is not None


def test_one_that_fails_is_told_with_its_event_and_the_window_goes_on(
    qtbot: QtBot, pane: MetricsPane, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code.write_text(
        CODE.replace("RAN", "'/dev/null'").replace("    yield", "    if event.position == 7: import os; os._exit(3)\n    yield")
    )
    pane.choose([PlotSpec(f"projection:{code}"), PlotSpec("events")], ("all", "auto"))
    card, usual = pane.cards
    pane.doing.allow_code(card)
    QTest.mouseClick(asked(qtbot, pane).allow, _LEFT)
    qtbot.waitUntil(lambda: "stopped at event 8 (shop.payments 0 at 7): its process ended with status 3" in card._error, timeout=_WAIT_MS)
    pane.steps.setCurrentIndex(2)
    qtbot.waitUntil(lambda: usual.shown is not None and usual.shown.step_s == 10, timeout=_WAIT_MS)
    plot = pane.doing.add_plot()
    code.with_name("broken.py").write_text("def project(")
    monkeypatch.setattr("app.projection_file.QFileDialog.getOpenFileName", lambda *_: (str(code.with_name("broken.py")), ""))
    QTest.mouseClick(plot.file, _LEFT)
    qtbot.waitUntil(lambda: "is no Python" in plot.wrong.whole_text(), timeout=_WAIT_MS)
    plot.reject()
