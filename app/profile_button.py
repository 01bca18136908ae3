"""The button in the status line's corner that says which profile is in force; its menu puts another one there.

Read `profiles` for the keeping, `profiling` for what the other entries of the menu do.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from app.plain import set_tip
from app.profiles import Profiles
from inspector.text import shortened, visible

_CHARACTERS = 28


class ProfileButton(QPushButton):
    """A click opens the menu, a second one chooses."""

    wanted = Signal(object)
    """`(what)`: `save`, `masks` or `manage` was chosen."""

    def __init__(self, profiles: Profiles) -> None:
        super().__init__()
        self._profiles = profiles
        set_tip(self, "The profile: columns, colours, kept filters, plots and masks. A click chooses another, or keeps these under a name")
        self.clicked.connect(self.open_menu)
        profiles.names_changed.connect(self._say)
        self._say()

    def _say(self, _names: object = None) -> None:
        name = visible(self._profiles.current.name)
        self.setText(f"Profile: {shortened(name, _CHARACTERS)}  ▴".replace("&", "&&"))
        self.setAccessibleName(f"Profile: {name}")

    def open_menu(self) -> None:
        """Opens the menu above the button."""
        menu = self.make_menu()
        size = menu.sizeHint()
        menu.popup(self.mapToGlobal(QPoint(self.width() - size.width(), -size.height())))

    def make_menu(self) -> QMenu:
        """Every profile, the one in force marked; then what can be done."""
        menu, profiles = QMenu(self), self._profiles
        menu.setAccessibleName("Profiles")
        menu.aboutToHide.connect(menu.deleteLater)
        for name in profiles.names():
            action = QAction(visible(name).replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(name == profiles.current.name)
            action.triggered.connect(lambda _on=False, name=name: profiles.use(name))
            menu.addAction(action)
        menu.addSeparator()
        for words, what in (("Save as a profile …", "save"), ("Masks of this profile …", "masks"), ("Manage profiles …", "manage")):
            menu.addAction(words).triggered.connect(lambda _on=False, what=what: self.wanted.emit(what))
        return menu
