"""What can be done with one plot: change it, its scale, its alarm, its table, its place, and take its numbers away.

Knows no pane: who has the plots does what is chosen. Read `plot_menu` for what can be done with a line and a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.models.plot_spec import LINEAR, LOG, SCALES, STACKED
from app.plot_card import PlotCard
from inspector.projections.spec import is_name
from inspector.user_code import is_code

_SCALE_WORDS = {LINEAR: "Lines", LOG: "Lines on a log scale", STACKED: "Stacked"}


class Doing(Protocol):
    """Who has the plots."""

    def change_plot(self, card: PlotCard, *, alarm: bool = False) -> None:
        """Asks what the plot is to show; `alarm`: first of all its alarm."""

    def change_projection(self, card: PlotCard) -> None:
        """Opens the form of the projection that it shows."""

    def allow_code(self, card: PlotCard) -> None:
        """Asks whether its Python file may run as it is now."""

    def set_scale(self, card: PlotCard, scale: str) -> None:
        """Draws it another way."""

    def show_table(self, card: PlotCard, *, on: bool) -> None:
        """Shows its table, or hides it."""

    def drop_alarm(self, card: PlotCard) -> None:
        """It has no threshold any more."""

    def move_plot(self, card: PlotCard, by: int) -> None:
        """Puts it so many places on."""

    def remove_plot(self, card: PlotCard) -> None:
        """It is shown no more."""

    def reset_plots(self) -> None:
        """Only the usual plots."""

    def copy_data(self, card: PlotCard) -> None:
        """Copies its numbers as CSV."""

    def copy_command(self, card: PlotCard) -> None:
        """Copies the command that prints its numbers."""

    def save(self, card: PlotCard, *, picture: bool) -> None:
        """Asks for a place for a picture of it, or for its numbers."""

    def turn_reading(self, card: PlotCard, *, on: bool) -> None:
        """Reads its numbers anew, or no longer."""

    def is_halted(self, card: PlotCard) -> bool:
        """Whether its numbers are read no longer."""

    def place_of(self, card: PlotCard) -> tuple[int, int]:
        """Its number from zero, and how many plots there are."""


def open_card_menu(doing: Doing, card: PlotCard, parent: QWidget, at: QPoint) -> None:
    """Opens the menu of a plot at a place of the screen."""
    menu = QMenu(parent)
    menu.setAccessibleName("What to do with this plot")
    add_card_actions(menu, doing, card)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(at)


def add_card_actions(menu: QMenu, doing: Doing, card: PlotCard) -> None:
    """Adds what can be done with a plot."""
    has = card.shown is not None
    _add(menu, "Change this plot …", lambda: doing.change_plot(card))
    kind, _, name = card.spec.metric.partition(":")
    if kind == "projection" and is_name(name):
        _add(menu, "Change its projection …", lambda: doing.change_projection(card))
    if kind == "projection" and is_code(name):
        _add(menu, "Let its Python file run …", lambda: doing.allow_code(card))
    group = QActionGroup(menu)
    for scale in SCALES:
        action = _add(menu, _SCALE_WORDS[scale], partial(doing.set_scale, card, scale))
        action.setCheckable(True)
        action.setChecked(card.spec.scale == scale)
        group.addAction(action)
    table = _add(menu, "Table of its numbers", lambda: doing.show_table(card, on=not card.spec.has_table))
    table.setCheckable(True)
    table.setChecked(card.spec.has_table)
    _add(menu, "Alarm …", lambda: doing.change_plot(card, alarm=True))
    if card.spec.threshold is not None:
        _add(menu, f"No alarm {card.spec.threshold.words()}", lambda: doing.drop_alarm(card))
    menu.addSeparator()
    _add(menu, "Copy its numbers", lambda: doing.copy_data(card), on=has)
    _add(menu, "Copy the command", lambda: doing.copy_command(card), on=has)
    _add(menu, "Save as a picture …", lambda: doing.save(card, picture=True), on=has)
    _add(menu, "Save its numbers as CSV …", lambda: doing.save(card, picture=False), on=has)
    menu.addSeparator()
    is_halted, (place, count) = doing.is_halted(card), doing.place_of(card)
    _add(menu, "Read again" if is_halted else "Stop reading", lambda: doing.turn_reading(card, on=is_halted))
    _add(menu, "Move before", lambda: doing.move_plot(card, -1), on=place > 0)
    _add(menu, "Move after", lambda: doing.move_plot(card, 1), on=place < count - 1)
    _add(menu, "Remove this plot", lambda: doing.remove_plot(card))
    _add(menu, "Only the standard plots", doing.reset_plots)


def _add(menu: QMenu, words: str, act: Callable[[], None], *, on: bool = True) -> QAction:
    action = menu.addAction(words)
    action.setEnabled(on)
    action.triggered.connect(lambda _checked: act())
    return action
