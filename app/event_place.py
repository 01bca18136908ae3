"""Keeps the current event current, and where it is in view, while the rows of a list come, go and change their order.

Nothing here reads a file. Read `event_view` for the table, `lister` for who finds the rows.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, Signal

from app.event_view import EventView
from app.lister import Lister
from app.models.places import Place
from app.selection import Look, Selection
from inspector.capture.looking import Numbers

_FROM_TOP = 4
"""An event that was not in the list before is shown so many rows down."""


class EventPlace(QObject):
    """The current event of `selection` in a view: followed both ways, and never changed by rows that move."""

    said = Signal(object, object)
    """`(sentence, whether clearing the filter would help)`"""
    moved = Signal()
    """The view went somewhere because somebody asked for it."""

    def __init__(self, view: EventView, lister: Lister, selection: Selection) -> None:
        super().__init__(view)
        self._view, self._model, self._lister, self._selection = view, view.table, lister, selection
        self._is_keeping = self._is_astray = False
        self._awaited, self._awaited_at = 0, -1
        self._wanted = Place(0)
        self._top = 0
        """The number of an event that comes to the top as soon as it is listed; 0 for none."""
        self._near = (0, 0)
        """The number of an event, and how many rows down it is to be shown, in a list that does not have the current one."""
        self._model.modelAboutToBeReset.connect(self._note)
        self._model.modelReset.connect(self._look_everywhere)
        view.selectionModel().currentRowChanged.connect(self._row_chosen)
        view.losing.connect(self._keep)
        view.scrolled_by_user.connect(self._let_scroll)
        lister.listed.connect(self._look_among)
        lister.progressed.connect(self._progressed)
        lister.progressed.connect(self._come_back)
        selection.event_changed.connect(self._event_chosen)
        selection.returned.connect(self._return)
        view.verticalScrollBar().valueChanged.connect(self._see)

    # ---- the current event

    def _keep(self, first: int, last: int) -> None:
        """The current row is about to go: its event stays the current one, and no other row takes its place."""
        if first <= self._view.currentIndex().row() <= last:
            self._leave()

    def _leave(self) -> None:
        self._is_keeping = True
        self._view.selectionModel().clear()
        self._is_keeping = False

    def _row_chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if self._is_keeping:
            return
        self._awaited, self._is_astray = 0, False
        if self._view.is_all_selected:
            self._view.is_all_selected = False
            self._view.all_chosen.emit()
        self._selection.choose_event(self._model.seq_of(current.row()) if current.isValid() else 0)

    def _event_chosen(self, seq: int) -> None:
        """Somebody else made an event current: it is shown where it is, if it is in the list."""
        if self._model.seq_of(self._view.currentIndex().row()) == seq:
            return
        row = self._model.row_of(seq) if seq else -1
        if row >= 0:
            self._choose(row)
            self.moved.emit()
        else:
            self._leave()
            self._awaited, self._awaited_at = seq, _FROM_TOP

    def _choose(self, row: int, at: int | None = None) -> None:
        """Makes a row current without telling the selection, which knows."""
        self._is_keeping = True
        self._view.choose_row(row, at=at)
        self._is_keeping = False
        self._awaited = 0

    # ---- what was looked at before

    def _see(self, _value: int) -> None:
        if self._model.rows and self._lister.is_done:
            self._selection.see(self._model.seq_of(max(self._view.top_row, 0)))

    def _return(self, look: Look) -> None:
        """The list is about to be what it was: the same event comes to its top, wherever the current one is."""
        if look.top:
            self._top = look.top
            if self._lister.wish == self._lister.wanted:
                self._come_back()

    def _come_back(self) -> None:
        """As soon as the list has the event that was at its top."""
        if not self._top:
            return
        row = self._model.row_of(self._top)
        if row < 0 and self._lister.is_done:
            row = self._model.listed.nearest(self._top)
        if row >= 0:
            self._view.put_on_top(row)
        if row >= 0 or self._lister.is_done:
            self._top = 0
            self._is_astray = False

    # ---- another order or filter

    def _note(self) -> None:
        """The list is about to be another one: the current event is looked for in it."""
        row = self._view.currentIndex().row()
        self._awaited_at = self._view.place_in_view(row) if row >= 0 else _FROM_TOP
        self._awaited = self._selection.seq
        is_seen = self._awaited_at >= 0
        self._near = (self._awaited, self._awaited_at) if is_seen else (self._model.seq_of(max(self._view.top_row, 0)), 0)

    def _look_everywhere(self) -> None:
        self._is_astray = self._awaited > 0
        if self._awaited and (row := self._model.row_of(self._awaited)) >= 0:
            self._found(row)
        else:
            self._view.put_on_top(0)
            self._progressed()

    def _come_near(self) -> None:
        """The list is whole: if the current event is not in it, or was out of view, what is around the same place is shown."""
        seq, at = self._near
        if self._is_astray and seq and (row := self._model.listed.nearest(seq)) >= 0:
            self._view.put_on_top(row - at)
            self._is_astray = False

    def _look_among(self, first: int, seqs: Numbers) -> None:
        """Rows came to the end of a list that is being made."""
        for wanted in {self._awaited, self._wanted.seq} - {0}:
            if len(places := np.flatnonzero(seqs == wanted)):
                if wanted == self._wanted.seq:
                    self.go_to(self._wanted)
                else:
                    self._found(first + int(places[0]))

    def _found(self, row: int) -> None:
        self._is_astray = False
        if self._awaited_at >= 0:
            self._choose(row, self._awaited_at)
        else:
            value = self._view.verticalScrollBar().value()
            self._choose(row)
            self._view.put_on_top(value)

    def _let_scroll(self, _direction: int) -> None:
        """The user scrolls: nothing else does until somebody asks."""
        self._top = 0
        self._awaited_at, self._is_astray = -1, False
        self._wanted = Place(0)

    # ---- going somewhere

    def go_to(self, place: Place) -> None:
        """Makes an event current and shows it; the nearest one when the list does not have it."""
        self._wanted = Place(0)
        if not place.seq:
            self.said.emit(place.note, False)
            return
        row = self._model.row_of(place.seq)
        if row >= 0:
            self._go(row)
            self.said.emit(place.note, False)
        elif not self._lister.is_done:
            self._wanted = place
            self.said.emit(f"event #{place.seq:,} is not listed yet; it is gone to when the search reaches it", False)
        else:
            self._go_near(place)

    def _go(self, row: int) -> None:
        self._view.choose_row(row)
        self.moved.emit()

    def _go_near(self, place: Place) -> None:
        row = self._model.listed.nearest(place.seq)
        if row >= 0:
            self._go(row)
        which = f"event #{place.seq:,} is not in this list"
        near = f"the nearest in it is #{self._model.seq_of(row):,}" if row >= 0 else "which is empty"
        self.said.emit("; ".join(part for part in (place.note, which, near) if part), self._lister.wish.is_narrowed)

    def _progressed(self) -> None:
        if self._lister.is_done and not self._wanted.seq:
            self._come_near()
        if self._wanted.seq and self._lister.is_done:
            self.go_to(self._wanted)
