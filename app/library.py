"""The user's captures as a window sees them: unsaved ones, those opened last, and what a window that died had open.

Knows no widget; every look at a file is on a thread of its own. Read `inspector.capture.unsaved` and `.journal` for the work,
`dialogs.captures` for the list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QSettings, Signal

from app.errands import Errands
from inspector.capture import indexing, journal, unsaved
from inspector.capture.journal import Journal, LeftBehind, Recent
from inspector.capture.unsaved import Unsaved

T = TypeVar("T")
KEEP_DAYS = 7
_KEEP_KEY = "captures/days"


class Library(QObject):
    """One a window. `start` looks for crashes and deletes what is too old; then `opened` and `closed` say what the window shows."""

    unsaved_changed = Signal(object)
    """`(list of Unsaved)`, newest first."""
    recent_changed = Signal(object)
    """`(list of Recent)`, newest first."""
    left_behind = Signal(object)
    """`(list of LeftBehind)`: captures that were open in a window that died; only when there are some."""
    deleted = Signal(object)
    """`(list of Path)`: these captures are gone, because of their age or because somebody said so."""
    failed = Signal(object)
    """`(sentence)`"""

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._journal: Journal | None = None
        self._errands = Errands(self)

    @property
    def keep_days(self) -> int:
        """Days after which an unsaved capture is deleted; 0 for never."""
        value = str(self._settings.value(_KEEP_KEY, KEEP_DAYS))
        return int(value) if value.isdecimal() and len(value) < 6 else KEEP_DAYS

    def set_keep_days(self, days: int) -> None:
        """Changes that; it holds from the next start on."""
        self._settings.setValue(_KEEP_KEY, max(days, 0))

    def start(self) -> None:
        """Offers what a crash left, deletes what is too old, and lists what is there."""
        days = self.keep_days

        def begun() -> tuple[list[LeftBehind], list[Path]]:
            left = journal.left_behind()
            self._own()
            # what is offered stays at least until the next start
            in_use = journal.open_paths() | {crash.path for crash in left}
            gone = unsaved.delete_old(days, in_use)
            indexing.forget_orphans()
            return left, gone

        def done(result: tuple[list[LeftBehind], list[Path]]) -> None:
            left, gone = result
            if gone:
                self.deleted.emit(gone)
            if left:
                self.left_behind.emit(left)

        self._run(begun, done)
        self.refresh()
        self._tell_recent()

    def refresh(self) -> None:
        """Looks at the folder again."""
        self._run(lambda: unsaved.unsaved(journal.open_paths()), self.unsaved_changed.emit)

    def opened(self, path: Path) -> None:
        """The window shows this capture now."""
        whole = path.absolute()
        self._run(lambda: self._own().opened(whole))
        self._tell_recent()

    def closed(self, path: Path) -> None:
        """The window does not show this capture any more, and ended it in good order."""
        whole = path.absolute()
        self._run(lambda: self._own().closed(whole))

    def delete(self, path: Path) -> None:
        """Deletes an unsaved capture for good; `deleted` or `failed` says what came of it."""

        def gone(_: None) -> None:
            self.deleted.emit([path])
            self.refresh()

        self._run(lambda: unsaved.delete(path, journal.open_paths()), gone)

    def forget_recent(self, path: Path | None = None) -> None:
        """Takes a capture, or all, off the list of those opened last."""
        self._run(lambda: journal.forget_recent(path))
        self._tell_recent()

    def close(self) -> None:
        """The window ends in good order: after this nothing is left behind."""
        self._errands.run(self._end)
        self._errands.close()

    def _tell_recent(self) -> None:
        self._run(journal.recent, self.recent_changed.emit)

    def _run(self, fn: Callable[[], T], done: Callable[[T], None] | None = None) -> None:
        self._errands.run(fn, done, self.failed.emit)

    # ---- on the errands' thread

    def _own(self) -> Journal:
        if self._journal is None:
            self._journal = Journal()
        return self._journal

    def _end(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def crash_sentence(left: LeftBehind) -> str:
    """What happened, for people."""
    if not left.is_there:
        return f"The window ended without closing; {left.path.name}, which was open, is gone."
    if left.is_asked_about:
        return f"The window crashed {left.crashes} times in a row, perhaps because of {left.path.name}, which was open."
    return f"The window ended without closing while {left.path.name} was open. All that was captured is there."


__all__ = ["KEEP_DAYS", "LeftBehind", "Library", "Recent", "Unsaved", "crash_sentence"]
