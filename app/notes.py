"""The notes and marks of one session, kept up to date on worker threads. No widget; belongs to `Session`.

Read `inspector.capture.notes` for where they go, `panes.notes` for the line they are typed into.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from app.work import Work
from inspector.capture import notes
from inspector.capture.notes import Note
from inspector.capture.reader import CaptureReader
from inspector.capture.sidecar import MARK, NOTE
from inspector.errors import StorageError

T = TypeVar("T")


class SessionNotes(QObject):
    """`all` is what was there at the last look; every change is made on a worker thread and followed by another look."""

    changed = Signal(object)
    """`(list of Note)`: notes and marks, oldest first."""
    failed = Signal(object)
    """`(sentence)`: a note could not be read or written."""

    def __init__(self, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._looked = False
        self.all: list[Note] = []

    def look_once(self, _: object = None) -> None:
        """Reads the notes, unless that was done."""
        if not self._looked:
            self.refresh()

    def refresh(self, _: object = None) -> None:
        """Reads the notes again."""
        self._looked = True
        self._work.run(notes.notes, self._found, self._not_found, lane="notes")

    def of(self, seq: int, kind: str = NOTE) -> list[Note]:
        """The notes (or marks) on one event, oldest first."""
        return [note for note in self.all if note.seq == seq and note.kind == kind]

    def is_marked(self, seq: int) -> bool:
        """Whether the event bears a mark."""
        return bool(self.of(seq, MARK))

    def add(self, seq: int, text: str, done: Callable[[Note], None] | None = None, failed: Callable[[str], None] | None = None) -> None:
        """Puts a note on an event."""
        self._change(lambda reader: notes.add_note(reader, seq, text), done, failed)

    def edit(self, uid: str, text: str, done: Callable[[Note], None] | None = None, failed: Callable[[str], None] | None = None) -> None:
        """Gives a note another text."""
        self._change(lambda reader: notes.edit_note(reader, uid, text), done, failed)

    def delete(self, uid: str) -> None:
        """Takes a note or a mark away."""
        self._change(lambda reader: notes.delete_note(reader, uid), None, None)

    def toggle_mark(self, seq: int) -> None:
        """Marks an event, or takes its mark off."""

        def toggled(reader: CaptureReader) -> None:
            if not notes.remove_mark(reader, seq):
                notes.add_mark(reader, seq)

        self._change(toggled, None, None)

    def export(self, path: Path, done: Callable[[int], None], failed: Callable[[str], None] | None = None) -> None:
        """Writes all notes and marks to a file of JSON lines for its owner only; `done(how many)`."""
        self._work.run(lambda reader: _exported(reader, path), done, failed or self.failed.emit)

    def _change(self, fn: Callable[[CaptureReader], T], done: Callable[[T], None] | None, failed: Callable[[str], None] | None) -> None:
        def changed(result: T) -> None:
            self.refresh()
            if done is not None:
                done(result)

        self._work.run(fn, changed, failed or self.failed.emit)

    def _found(self, found: list[Note]) -> None:
        if found != self.all:
            self.all = found
            self.changed.emit(found)

    def _not_found(self, error: str) -> None:
        if error != "stopped":
            self.failed.emit(error)


def _exported(reader: CaptureReader, path: Path) -> int:
    lines = list(notes.json_lines(notes.notes(reader)))
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}; choose another place") from error
    return len(lines)
