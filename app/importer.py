"""Opening what is no capture: files, folders and addresses that are dropped, chosen or named become questions, then an import.

One for a window. Read `dialogs.importing` for the questions, `importing` for the bar that shows how it goes, `opening` for what
is a capture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.aside import Aside
from app.connections import Connection
from app.dialogs.details import DetailsDialog
from app.dialogs.importing import ImportDialog
from app.importing import DAMAGED
from app.models.importing import label_of
from app.opening import Wanted, divided

if TYPE_CHECKING:
    from app.main_window import MainWindow

_OPEN = "Captures and files to import (*);;Captures (*.evcap)"


class Importer(QObject):
    """Asks what to import and how, and starts it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._aside = Aside("opening")
        self.dialog: ImportDialog | None = None
        """The one that is open now."""
        chrome = window.chrome
        chrome.dropped.connect(self.open_paths)
        chrome.address_dropped.connect(self.open_address)
        chrome.importing.details_wanted.connect(self.show_details)

    # ---- what is opened

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Shows a capture, and asks how all else is to be imported."""
        wanted = [Path(path).absolute() for path in paths]
        self._aside.run(lambda: divided(wanted), self._divided)

    def _divided(self, wanted: Wanted) -> None:
        if wanted.captures:
            self._window.open_capture(wanted.captures[0])
            if len(wanted.captures) > 1:
                others = ", ".join(path.name for path in wanted.captures[1:])
                self._window.chrome.question.say(f"a window shows one capture; open these in other windows: {others}", role="warn")
        if wanted.others:
            self.ask(wanted.others)

    def open_address(self, text: str) -> None:
        """Asks how to connect to an address; what is dropped is never connected to unasked."""
        scheme = text.partition(":")[0].partition("+")[0].lower()
        try:
            parts = urlsplit(text)
            password = parts.password
        except ValueError:
            self._window.chrome.errors.show_error("this is no address that can be opened")
            return
        if password:
            self._window.chrome.errors.show_error("the address holds a password: type it into its field under Connect")
        elif scheme in {"http", "https", "ftp"}:
            self._window.chrome.errors.show_error(f"nothing is fetched from {parts.hostname}: download the file, then drop it here")
        elif scheme == "kafka":
            self._window.choose_source(Connection(parts.netloc, "kafka", parts.netloc))
        else:
            self._window.choose_source(Connection(Path(parts.path).name or scheme, "store", text))

    def choose(self) -> None:
        """Asks for captures or for files to import."""
        self._choose("Open", _OPEN)

    def choose_files(self) -> None:
        """Asks for files to import."""
        self._choose("Import", "All files (*)")

    def _choose(self, title: str, pattern: str) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self._window, title, self._window.open_folder, pattern)
        if chosen:
            self._window.open_folder = str(Path(chosen[0]).parent)
            self.open_paths([Path(one) for one in chosen])

    def choose_folder(self) -> None:
        """Asks for a folder to import."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Import a folder", self._window.open_folder)
        if chosen:
            self._window.open_folder = chosen
            self.ask([Path(chosen)])

    # ---- what is imported

    def ask(self, paths: Sequence[Path]) -> None:
        """Asks how these are to be imported."""
        if self.dialog is not None:
            self.dialog.reject()
        session = self._window.session
        can_add = session is not None and not session.is_capturing and session.watermark is not None
        dialog = self.dialog = ImportDialog(paths, self._window, open_name=session.path.name if session is not None and can_add else "")
        label = label_of(paths)
        dialog.import_wanted.connect(lambda arguments, into_open: self._begin(arguments, label, into_open=bool(into_open)))
        dialog.finished.connect(lambda _result: self._closed(dialog))
        dialog.open()

    def _closed(self, dialog: ImportDialog) -> None:
        dialog.deleteLater()
        if self.dialog is dialog:
            self.dialog = None

    def _begin(self, arguments: Sequence[str], label: str, *, into_open: bool) -> None:
        session = self._window.session
        if into_open and session is not None and not session.is_capturing:
            session.capture(arguments, verb="import")
            session.start()
        else:
            self._window.import_new(arguments, label)

    # ---- what is known afterwards

    def show_details(self) -> None:
        """What is known of the files that were read into the open capture."""
        session, selection = self._window.session, self._window.selection
        if session is not None and selection is not None:
            dialog = DetailsDialog(session, self._window)
            dialog.damaged_wanted.connect(lambda: selection.choose_filter(DAMAGED))
            dialog.finished.connect(lambda _result: dialog.deleteLater())
            dialog.show()

    def close(self) -> None:
        """The window closes."""
        if self.dialog is not None:
            self.dialog.reject()
        self._aside.close()
