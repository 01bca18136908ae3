"""What is done with the plots of the pane: added, changed, moved, removed; their numbers copied and saved.

Read `plot_card_menu` for where it is chosen, `panes.metrics` for the plots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.plot import PROJECTION, PlotDialog
from app.dialogs.projection import ProjectionDialog
from app.models.plot_spec import MOST_PLOTS, PlotSpec, standard
from app.models.plotted import command, csv_text
from app.notice import Notice
from app.plot_card import PlotCard
from app.plot_feeds import PlotFeed
from app.plot_picture import save_numbers, save_picture
from app.projection_file import allow, choose_file
from app.session import Session
from inspector.errors import StorageError
from inspector.query.seen import known


class Plots(Protocol):
    """Who shows plots."""

    session: Session
    cards: list[PlotCard]
    notice: Notice

    @property
    def zone(self) -> tzinfo:
        """In which times are shown."""

    def choose(self, plots: Sequence[PlotSpec], times: tuple[str, str]) -> None:
        """Shows other plots."""

    def chosen(self) -> tuple[tuple[PlotSpec, ...], tuple[str, str]]:
        """What is shown."""

    def add(self, spec: PlotSpec) -> PlotCard:
        """Shows one more."""

    def remove(self, card: PlotCard) -> None:
        """Shows one less."""

    def change(self, card: PlotCard, spec: PlotSpec) -> None:
        """Shows something else."""

    def feed(self, card: PlotCard) -> PlotFeed:
        """Where a plot has its numbers from."""

    def show_plots(self) -> None:
        """Shows the cards in their order."""

    def window(self) -> QWidget:
        """As Qt says."""


class PlotDoing:
    """Of the plots of `pane`; obeys `plot_card_menu.Doing`."""

    def __init__(self, pane: Plots) -> None:
        self._pane = pane

    def add_plot(self) -> PlotDialog:
        """Asks for a plot to add."""
        dialog = PlotDialog(None, self._pane.window())
        dialog.chosen.connect(self._pane.add)
        self._offer_own(dialog)
        dialog.open()
        return dialog

    def change_plot(self, card: PlotCard, *, alarm: bool = False) -> None:
        """Asks what a plot is to show; `alarm`: first of all its alarm."""
        dialog = PlotDialog(card.spec, card)
        dialog.chosen.connect(lambda spec: self._pane.change(card, spec))
        self._offer_own(dialog)
        if alarm:
            dialog.take_alarm()
        dialog.open()

    def _offer_own(self, dialog: PlotDialog) -> None:
        """Has a dialog take projections of the user's own, and complete its filter."""

        def taken(path: str) -> None:
            dialog.show_metric(f"{PROJECTION}{path}")

        self._pane.session.work.run(known, dialog.filter.learn, lambda _sentence: None, lane="seen for a plot")
        dialog.projection_wanted.connect(lambda name: self._edit(name, dialog, dialog.show_metric))
        dialog.file_wanted.connect(lambda: choose_file(self._pane.session, dialog, taken, dialog.say))

    def allow_code(self, card: PlotCard) -> None:
        """Asks whether the Python file of a plot may run as it is now, and reads its numbers."""
        allow(self._pane.session, projection_of(card.spec), card, lambda _path: self.turn_reading(card, on=True), card.show_error)

    def edit_projection(self, name: str = "") -> ProjectionDialog:
        """Opens the form of a projection, a new one without a name; what is saved is plotted."""
        return self._edit(name, self._pane.window(), self._plot)

    def change_projection(self, card: PlotCard) -> None:
        """Opens the form of the projection that a plot shows."""
        self.edit_projection(projection_of(card.spec))

    def _edit(self, name: str, parent: QWidget, taken: Callable[[str], None]) -> ProjectionDialog:
        def saved(kept: str) -> None:
            metric = f"{PROJECTION}{kept}"
            for card in self._pane.cards:
                if card.spec.metric == metric:
                    self.turn_reading(card, on=True)
            taken(metric)

        dialog = ProjectionDialog(self._pane.session, name, parent)
        dialog.saved.connect(saved)
        dialog.open()
        return dialog

    def _plot(self, metric: str) -> None:
        """Shows a plot of it unless there is one."""
        if all(card.spec.metric != metric for card in self._pane.cards):
            if len(self._pane.cards) < MOST_PLOTS:
                self._pane.add(PlotSpec(metric))
            else:
                self._pane.notice.say(f"{metric} is saved; with {MOST_PLOTS} plots there is no room for another", role="warn")

    def set_scale(self, card: PlotCard, scale: str) -> None:
        """Draws it another way."""
        self._pane.change(card, replace(card.spec, scale=scale))

    def show_table(self, card: PlotCard, *, on: bool) -> None:
        """Shows its table, or hides it."""
        self._pane.change(card, replace(card.spec, has_table=on))

    def drop_alarm(self, card: PlotCard) -> None:
        """It has no threshold any more."""
        self._pane.change(card, replace(card.spec, threshold=None))

    def place_of(self, card: PlotCard) -> tuple[int, int]:
        """Its number from zero, and how many plots there are."""
        return self._pane.cards.index(card), len(self._pane.cards)

    def move_plot(self, card: PlotCard, by: int) -> None:
        """Puts it so many places on."""
        cards = self._pane.cards
        place = max(0, min(cards.index(card) + by, len(cards) - 1))
        cards.remove(card)
        cards.insert(place, card)
        self._pane.show_plots()

    def remove_plot(self, card: PlotCard) -> None:
        """It is shown no more."""
        self._pane.remove(card)

    def reset_plots(self) -> None:
        """Only the usual plots, of the times that are chosen."""
        self._pane.choose(standard(), self._pane.chosen()[1])

    # ---- reading

    def is_halted(self, card: PlotCard) -> bool:
        """Whether its numbers are read no longer."""
        return self._pane.feed(card).is_halted

    def turn_reading(self, card: PlotCard, *, on: bool) -> None:
        """Reads its numbers anew, or no longer."""
        feed = self._pane.feed(card)
        if on:
            feed.renew()
            card.show_as_of("")
            self._pane.change(card, card.spec)
        else:
            feed.halt()
            card.show_halted()

    # ---- taking away

    def copy_data(self, card: PlotCard) -> None:
        """Copies all its numbers as CSV, as the command prints them."""
        if card.shown is not None:
            QGuiApplication.clipboard().setText(csv_text(card.shown.answer))

    def copy_command(self, card: PlotCard) -> None:
        """Copies the command that prints its numbers."""
        if card.shown is not None:
            told = command(card.shown.answer, card.shown.question, self._pane.session.path)
            QGuiApplication.clipboard().setText(self._pane.session.said(told))

    def save(self, card: PlotCard, *, picture: bool) -> None:
        """Asks for a place, and writes a picture of it or its numbers there."""
        title, form, suffix = ("Save as a picture", "Pictures (*.png)", ".png") if picture else ("Save its numbers", "CSV (*.csv)", ".csv")
        proposed = f"{self._pane.session.path.stem}-{card.spec.metric}{suffix}"
        chosen, _ = QFileDialog.getSaveFileName(card.window(), title, proposed, form)
        if chosen and card.shown is not None:
            self.write(card, Path(chosen) if Path(chosen).suffix else Path(chosen + suffix), picture=picture)

    def write(self, card: PlotCard, target: Path, *, picture: bool) -> None:
        """Writes a picture of a plot, or its numbers, and says so."""
        if card.shown is None:
            return
        try:
            if picture:
                save_picture(card, target)
            else:
                save_numbers(card.shown, target)
        except StorageError as error:
            self._pane.notice.say(str(error), role="bad")
            return
        self._pane.notice.say(f"written to {target}", role="ok")


def projection_of(spec: PlotSpec) -> str:
    """The name of the projection that a plot shows; empty for another metric."""
    return spec.metric.removeprefix(PROJECTION) if spec.metric.startswith(PROJECTION) else ""
