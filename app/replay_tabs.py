"""The pages of a replay under one row of tabs: the state with what is pinned, and what else can be asked about it.

Read `replay_pages` for the pages, `panes.replay` for its use.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app import style
from app.event_rows_view import RowsView
from app.models.replay_rows import Answer, shown_path
from app.models.text_table import TextTable
from app.replay_page import ReplayPage
from app.replay_pages import ChangesPage, DiffPage, FieldPage, SnapshotsPage, WhatIfPage
from app.replay_plot import PlotPage
from app.replaying import Replaying
from app.state_view import StateStack

MOST_PINS = 7
_PINS_SHOWN = 5


class ReplayTabs(QWidget):
    """Tabs and pages. `state` is the page of the state itself."""

    event_wanted = Signal(object)
    place_wanted = Signal(object)

    def __init__(self, replaying: Replaying, state: StateStack) -> None:
        super().__init__()
        self._replaying, self.state = replaying, state
        self.pins: list[str] = []
        """The JSON pointers of what is pinned."""
        self.changes, self.diff, self.what_if = ChangesPage(replaying), DiffPage(replaying), WhatIfPage(replaying)
        self.field, self.plot, self.snapshots = FieldPage(replaying), PlotPage(replaying), SnapshotsPage(replaying)
        self.pages: list[ReplayPage] = [self.changes, self.diff, self.what_if, self.field, self.plot, self.snapshots]
        self.pinned = TextTable(("pinned", "value"), self, toned=[1])
        self._pinned_view = RowsView(self.pinned, "Pinned", [150, 0])
        self._pinned_view.horizontalHeader().hide()
        self._pinned_view.hide()
        self._pinned_view.activated.connect(lambda index: self.show_field(self.pins[index.row()]))
        self._lay_out()
        for page in self.pages:
            page.event_wanted.connect(self.event_wanted.emit)
            page.place_wanted.connect(self.place_wanted.emit)

    def _lay_out(self) -> None:
        self.bar, self._stack, front = QTabBar(), QStackedWidget(), QWidget()
        self.bar.setAccessibleName("About the state")
        self.bar.setDrawBase(False)
        self.bar.setProperty("role", "close")
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(True)
        inside = QVBoxLayout(front)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self._pinned_view)
        inside.addWidget(self.state, 1)
        self.bar.addTab("State")
        self._stack.addWidget(front)
        for page in self.pages:
            self.bar.addTab(page.title)
            self._stack.addWidget(page)
        self.bar.currentChanged.connect(self._stack.setCurrentIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self._stack, 1)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        for page in self.pages:
            page.set_zone(zone)

    def turn_to(self, page: ReplayPage | None) -> None:
        """Brings a page to the front; None: the state."""
        self.bar.setCurrentIndex(0 if page is None else 1 + self.pages.index(page))

    @property
    def current(self) -> ReplayPage | None:
        """The page at the front; None for the state."""
        place = self.bar.currentIndex()
        return self.pages[place - 1] if place > 0 else None

    def forget(self) -> None:
        """Another stream: what belongs to the one before is no longer asked for. Pins and the field stay, since kinds are alike."""
        self.diff.show_second(None)

    def show_look(self, look: Answer) -> None:
        """There is a new state."""
        self.state.show_look(look)
        self._show_pins(look)
        for page in self.pages:
            if page is self.plot and page.isVisible() and self.plot.plot.lines:
                self.plot.plot.show_place(int(look["place"]))
            elif page is not self.snapshots:
                page.look_again()

    def ask_anew(self) -> None:
        """The stream, or how it is folded, is another one."""
        for page in self.pages:
            page.look_again()

    # ---- a field

    def show_field(self, path: str) -> None:
        """Shows the history of a value."""
        self.field.show_path(path)
        self.turn_to(self.field)

    # ---- pins

    def wanted_paths(self) -> list[str]:
        """The levels that a state's answer is to bring along: what is open, and those of what is pinned."""
        found = self.state.view.wanted_paths()
        return sorted({*found, *(path.rpartition("/")[0] for path in self.pins)} - {""}, key=lambda path: path.count("/"))

    def toggle_pin(self, path: str) -> None:
        """Pins a value, or not any more."""
        self.pins = [pin for pin in self.pins if pin != path] if path in self.pins else [*self.pins, path][-MOST_PINS:]
        self._show_pins(self._replaying.look)
        self.plot.show_paths(self.pins)

    def _show_pins(self, look: Answer) -> None:
        rows, tones = pin_rows(self.pins, look)
        self.pinned.show_rows(rows, tones)
        self._pinned_view.setFixedHeight(min(len(rows), _PINS_SHOWN) * style.ROW_PX + 2)
        self._pinned_view.setVisible(bool(rows))

    def pin_at(self, index: QModelIndex) -> str | None:
        """The pinned path of a row."""
        return self.pins[index.row()] if 0 <= index.row() < len(self.pins) else None


def pin_rows(pins: Sequence[str], look: Answer) -> tuple[list[list[str]], list[str]]:
    """What is pinned as rows (place, value), and their tones: what the last event changed stands out."""
    rows, tones = [], []
    for path in pins:
        level = (look.get("levels") or {}).get(path.rpartition("/")[0]) or {}
        child = next((child for child in level.get("children", ()) if child["path"] == path), None)
        rows.append([shown_path(path), "not there" if child is None else str(child["text"])])
        tones.append("faint" if child is None else "warn" if child["op"] or child["inside"] else "text")
    return rows, tones
