"""What the user prefers, put in force: appearance, size, zone of times. Holds no preference itself.

Read `dialogs.preferences` for the dialog, `models.preferences` for what is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QApplication

from app import style
from app.dialogs.preferences import PreferencesDialog
from app.preferences import Preferences

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Preferring(QObject):
    """The preferences of one window."""

    def __init__(self, window: MainWindow, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        style.dress(window)

    def show(self) -> None:
        """What the user prefers, to be changed."""
        dialog = PreferencesDialog(Preferences.remembered(self._settings), self._window)
        dialog.changed.connect(self.prefer)
        dialog.show()

    def prefer(self, wanted: object) -> None:
        """Remembers what is wanted, where it is new, and puts it in force."""
        assert isinstance(wanted, Preferences)
        if wanted != Preferences.remembered(self._settings):
            wanted.remember(self._settings)
            qt = QApplication.instance()
            if isinstance(qt, QApplication):
                style.choose(qt, wanted.appearance)
        zone = wanted.tzinfo()
        if self._window.panes is not None and zone is not None:
            self._window.panes.set_zone(zone)
            self._window.chrome.look.set_zone(zone)

    def put_in_force(self) -> None:
        """What is remembered, for panes that are new."""
        self.prefer(Preferences.remembered(self._settings))
