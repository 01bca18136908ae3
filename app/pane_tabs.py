"""Panes that share one place, a tab for each; the line beside the tabs is the current pane's own.

A pane that is hidden has no tab; without any the place takes no room. Read `layout` for the panes.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout

from app.plain import Panel


class _Bar(QTabBar):
    """Tabs that are never cut: the names of hidden panes must be readable."""

    def minimumSizeHint(self) -> QSize:
        """As much as all tabs need."""
        return self.sizeHint()


class PaneTabs(QFrame):
    """`panes` by the names of their tabs, the first one current."""

    def __init__(self, name: str, panes: Mapping[str, Panel]) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAccessibleName(name)
        self._names, self.panes = list(panes), list(panes.values())
        self.bar = _Bar()
        self.bar.setAccessibleName(name)
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self._heads, self._pages = QStackedWidget(), QStackedWidget()
        self._lines = [pane.give_head() for pane in panes.values()]
        for (words, pane), line in zip(panes.items(), self._lines, strict=True):
            self._heads.addWidget(line)
            self._pages.addWidget(pane)
            self.bar.addTab(words)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.bar)
        head.addWidget(self._heads, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        self.bar.currentChanged.connect(self._turn)
        self._turn(0)

    def _turn(self, place: int) -> None:
        if place >= 0:
            for number, head in enumerate(self._lines):
                # a line that is not to be seen needs no room beside the tabs
                wide = QSizePolicy.Policy.Preferred if number == place else QSizePolicy.Policy.Ignored
                head.setSizePolicy(wide, QSizePolicy.Policy.Preferred)
            self._heads.setCurrentIndex(place)
            self._pages.setCurrentIndex(place)

    def holds(self, name: str) -> bool:
        """Whether a pane of that name is here."""
        return name in self._names

    def show_pane(self, name: str, *, on: bool) -> None:
        """Brings a pane to the front, or takes its tab away."""
        place = self._names.index(name)
        was = self.bar.currentIndex()
        self.bar.setTabVisible(place, on)
        shown = [one for one in range(self.bar.count()) if self.bar.isTabVisible(one)]
        if on:
            self.bar.setCurrentIndex(place)
        elif shown and was == place:
            self.bar.setCurrentIndex(max([one for one in shown if one < place], default=shown[0]))
        self.setVisible(any(self.bar.isTabVisible(one) for one in range(self.bar.count())))

    def is_shown(self, name: str) -> bool:
        """Whether a pane has its tab."""
        return self.bar.isTabVisible(self._names.index(name))

    def is_current(self, name: str) -> bool:
        """Whether a pane is at the front."""
        return self.bar.currentIndex() == self._names.index(name)

    def current(self) -> str:
        """The name of the pane at the front."""
        return self._names[max(self.bar.currentIndex(), 0)]

    def turn_to(self, name: str) -> None:
        """Brings a pane to the front if it has a tab."""
        if self.holds(name) and self.is_shown(name):
            self.bar.setCurrentIndex(self._names.index(name))
