"""What the window does about profiles: asks for names and files, opens the list of them and the form of masks.

Knows no pane. Read `profiles` for the keeping, `dialogs.profiles` and `dialogs.masks` for the two dialogs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.masks import MasksDialog
from app.dialogs.name import NameDialog
from app.dialogs.profiles import ProfilesDialog
from app.models.mask_preview import Preview, preview
from app.models.profile import name_problem
from app.profiles import SUFFIX, Profiles
from app.selection import Selection
from app.session import Session
from inspector.errors import EventscopeError

_PATTERN = f"Profiles (*{SUFFIX});;All files (*)"


class Profiling(QObject):
    """Of one session at a time; `follow` says of which, before its panes are made."""

    def __init__(self, profiles: Profiles, say_error: Callable[[str], None], window: QWidget) -> None:
        super().__init__(window)
        self.profiles = profiles
        self._say_error, self._window = say_error, window
        self._session: Session | None = None
        self._selection: Selection | None = None
        profiles.failed.connect(say_error)

    def follow(self, session: Session | None, selection: Selection | None, wanted: str = "") -> None:
        """Goes with another session, which is looked at with the profile it had last, else with the one that is `wanted`."""
        self._session, self._selection = session, selection
        if session is None or selection is None:
            self.profiles.close_capture()
            return
        if self.profiles.problem:
            session.messages.say("warning", self.profiles.problem)
            self.profiles.problem = ""
        self.profiles.open_capture(session.path, wanted)
        session.hide(self.profiles.current.masks.text(), self.profiles.path(self.profiles.current.name))
        selection.mask_wanted.connect(self.edit_masks)

    def do(self, what: str) -> None:
        """Does what a menu says: `save`, `masks` or `manage`."""
        {"save": self.save_as, "masks": self.edit_masks, "manage": self.manage}[what]()

    # ---- dialogs

    def save_as(self) -> None:
        """Asks for a name and keeps what is in force under it."""
        NameDialog("Save as a profile", "", name_problem, self.profiles.save_as, self._window).open()

    def manage(self) -> None:
        """Opens the list of profiles."""
        dialog = ProfilesDialog(self.profiles, self._window)
        dialog.import_wanted.connect(lambda: dialog.attempt(lambda: self._import(dialog)))
        dialog.export_wanted.connect(lambda name: dialog.attempt(lambda: self._export(str(name), dialog)))
        dialog.masks_wanted.connect(self.edit_masks)
        dialog.show()

    def edit_masks(self, path: object = "") -> None:
        """Opens the form of masks of the profile in force, with a path added to them."""
        dialog = MasksDialog(self.profiles, self._preview, self._window)
        if isinstance(path, str) and path:
            dialog.add_path(path)
        dialog.show()

    def _preview(self, rules: str, done: Callable[[Preview], None], failed: Callable[[str], None]) -> None:
        """Has the current event shown as it would be with these rules, by a worker."""
        session, selection = self._session, self._selection
        if session is None or selection is None or not selection.seq:
            failed("Choose an event in the list: here it is shown as these masks leave it.")
            return
        path, seq = session.path, selection.seq
        session.work.run(lambda _reader: preview(path, seq, rules), done, failed, lane="mask preview")

    # ---- files

    def import_one(self) -> None:
        """Asks for a file; the profile in it is in force then."""
        self._attempt(lambda: self._import(self._window))

    def export_current(self) -> None:
        """Asks for a place for the profile in force."""
        self._attempt(lambda: self._export(self.profiles.current.name, self._window))

    def _attempt(self, do: Callable[[], object]) -> None:
        try:
            do()
        except EventscopeError as error:
            self._say_error(str(error))

    def _import(self, parent: QWidget) -> str:
        chosen, _ = QFileDialog.getOpenFileName(parent, "Import a profile", "", _PATTERN)
        if not chosen:
            return ""
        name = self.profiles.import_file(Path(chosen)).name
        self.profiles.use(name)
        return f"{name} is imported, and in force"

    def _export(self, name: str, parent: QWidget) -> str:
        chosen, _ = QFileDialog.getSaveFileName(parent, "Export the profile", f"{name}{SUFFIX}", _PATTERN)
        if not chosen:
            return ""
        path = Path(chosen) if Path(chosen).suffix else Path(chosen + SUFFIX)
        self.profiles.export(name, path)
        return f"{name} is written to {path}"
