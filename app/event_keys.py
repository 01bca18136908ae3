"""The keys of the list of events: what they do while it has the focus, with the cell that is current.

Read `window_actions` for the table that says them, `panes.events` for the list.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from app.panes.events import EventsPane

FILTER_KEY, EXCLUDE_KEY = "=", "!"


def install_keys(pane: EventsPane) -> None:
    """Makes the shortcuts that hold inside the pane."""
    keys: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Ctrl+G", pane.open_jump),
        ("Ctrl+.", pane.next_of_stream),
        ("Ctrl+,", pane.previous_of_stream),
        (FILTER_KEY, partial(filter_by_cell, pane)),
        (EXCLUDE_KEY, partial(exclude_cell, pane)),
    )
    for sequence, act in keys:
        shortcut = QShortcut(QKeySequence(sequence), pane)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)


def filter_by_cell(pane: EventsPane) -> None:
    """Narrows the filter to what the current cell shows."""
    current = pane.view.currentIndex()
    pane.to_do.filter_by(pane.model.seq_of(current.row()), current.column(), exclude=False)


def exclude_cell(pane: EventsPane) -> None:
    """Narrows the filter to everything but what the current cell shows."""
    current = pane.view.currentIndex()
    pane.to_do.filter_by(pane.model.seq_of(current.row()), current.column(), exclude=True)


def filter_by_type(pane: EventsPane) -> None:
    """Narrows the filter to the type of the current event, whichever cell is current."""
    pane.to_do.filter_by(pane.model.seq_of(pane.view.currentIndex().row()), pane.model.columns.number("type"), exclude=False)
