"""The files below the paths that a user names: folders walked, archives listed, in order and each once. Opens files to see what they are.

Nothing outside the paths given is opened: links are followed only to places below them, and what is no plain file (a pipe, a
device, a socket) is left out with a sentence. Read `opening` for how one of them is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from inspector.errors import UsageError
from inspector.formats import archive
from inspector.formats.opening import Found
from inspector.plain_files import open_plain
from inspector.text import storable

MOST_FILES = 200_000
MOST_NOTES = 1_000
_SQLITE_HEADER_BYTES = 100
_MANIFEST = ".manifest.json"
"""What an export writes beside its file is no export itself."""
_CAPTURE = b"EVCA"
"""The application id of a capture, at byte 68 of an SQLite file."""


@dataclass(slots=True)
class Finding:
    """What was found below the paths given, in order, and sentences about what was left out: the first 1,000 of them."""

    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_claimed: Callable[[Path], bool] = lambda _path: False
    _unsaid: int = 0

    def note(self, name: Path | str, text: str) -> None:
        """Something of that name was left out."""
        if len(self.notes) < MOST_NOTES:
            self.notes.append(f"{storable(str(name))}{text}")
        else:
            self._unsaid += 1
            self.notes[MOST_NOTES:] = [f"and {self._unsaid:,} more were left out"]

    def add(self, found: Sequence[Found]) -> None:
        """Files to read. Raises UsageError when they become too many."""
        self.files.extend(found)
        if len(self.files) > MOST_FILES:
            raise UsageError(f"more than {MOST_FILES:,} files: import them in parts")


def find(paths: Sequence[Path], is_claimed: Callable[[Path], bool] = lambda _path: False) -> Finding:
    """The plain files that the paths (files, folders, or patterns with `*`, `?`, `[…]`) name, each once.

    A file or folder that is claimed by somebody else is left out. Raises UsageError for a path that names nothing, or for too
    many files.
    """
    finding = Finding(is_claimed=is_claimed)
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for one in _expanded(path):
            if one.is_dir():
                if not is_claimed(one):
                    _walk(one, one.resolve(), finding, seen)
            else:
                _take(one, one.name, finding, seen)
    return finding


def _expanded(path: Path) -> list[Path]:
    if os.path.lexists(path):
        return [path]
    if any(sign in str(path) for sign in "*?["):
        matches = _matches(path)
        if matches:
            return matches
        raise UsageError(f"no file matches {path}")
    raise UsageError(f"there is no file or folder {path}")


def _matches(path: Path) -> list[Path]:
    """What a pattern names, at most so many as can be imported."""
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    try:
        found = list(islice(anchor.glob(str(path.relative_to(anchor)) if path.is_absolute() else str(path)), MOST_FILES + 1))
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"cannot look for {path}: {error}") from None
    if len(found) > MOST_FILES:
        raise UsageError(f"more than {MOST_FILES:,} files match {path}: import them in parts")
    return sorted(found)


def _walk(folder: Path, root: Path, finding: Finding, seen: set[tuple[int, int]]) -> None:
    """All below `folder`, in the order of names; a folder that was met before (a loop of links) is not entered again."""
    pending = [folder]
    visited: set[tuple[int, int]] = set()
    while pending:
        here = pending.pop()
        try:
            status = here.stat()
            entries = _listed(here)
        except OSError as error:
            finding.note(here, f": cannot be listed ({error.strerror}); what is in it is not read")
            continue
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink() and not _is_below(path, root):
                finding.note(path, f": a link that leads out of {storable(str(folder))}; it is not followed")
            elif entry.is_dir():
                if not finding.is_claimed(path):
                    folders.append(path)
            else:
                _take(path, path.relative_to(folder).as_posix(), finding, seen)
        pending.extend(reversed(folders))


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        found = list(islice(entries, MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise UsageError(f"{storable(str(folder))} holds more than {MOST_FILES:,} files: import them in parts")
    return sorted(found, key=lambda entry: entry.name)


def _is_below(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except OSError:
        return False


def _take(path: Path, name: str, finding: Finding, seen: set[tuple[int, int]]) -> None:
    try:
        status = path.stat()
    except OSError as error:
        finding.note(path, f": {error.strerror}; it is not read")
        return
    if not stat.S_ISREG(status.st_mode):
        finding.note(path, " is no plain file (a pipe, socket or device); it is not read. Give - to read standard input")
        return
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return
    seen.add(key)
    if not finding.is_claimed(path):
        finding.add(_members(path, storable(name), finding))


def _members(path: Path, name: str, finding: Finding) -> list[Found]:
    """The file itself, or each member of a ZIP archive; nothing of a capture."""
    try:
        with open_plain(path) as file:
            head = file.read(_SQLITE_HEADER_BYTES)
        if name.endswith(_MANIFEST):
            return []
        if head[68:72] == _CAPTURE or path.suffix == ".evcap-lock":
            finding.note(name, " is a capture; it is opened or compared, not imported")
            return []
        if not head.startswith(archive.MAGIC):
            return [Found(name, path)]
        return [Found(f"{name}/{storable(member.name)}", path, member) for member in archive.members(path)]
    except archive.ArchiveError as error:
        finding.note(name, f": {error}")
    except OSError as error:
        finding.note(path, f": {error.strerror or error}; it is not read")
    return []
