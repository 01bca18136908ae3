"""The files below the paths that a user names: folders walked, archives listed, in order and each once. Opens files to see what they are.

Nothing outside the paths given is opened: links are followed only to places below them, and what is no plain file (a pipe, a
device, a socket) is left out with a sentence. Read `opening` for how one of them is read.
"""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inspector.errors import UsageError
from inspector.formats.opening import DAMAGE, Found

MOST_FILES = 200_000
_ZIP = b"PK\x03\x04"
_SQLITE_HEADER_BYTES = 100
_MANIFEST = ".manifest.json"
"""What an export writes beside its file is no export itself."""
_CAPTURE = b"EVCA"
"""The application id of a capture, at byte 68 of an SQLite file."""


@dataclass(slots=True)
class Finding:
    """What was found below the paths given, in order, and sentences about what was left out."""

    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_claimed: Callable[[Path], bool] = lambda _path: False


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
    if path.exists():
        return [path]
    if any(sign in str(path) for sign in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        matches = sorted(anchor.glob(str(path.relative_to(anchor)) if path.is_absolute() else str(path)))
        if matches:
            return matches
        raise UsageError(f"no file matches {path}")
    raise UsageError(f"there is no file or folder {path}")


def _walk(folder: Path, root: Path, finding: Finding, seen: set[tuple[int, int]]) -> None:
    """All below `folder`, in the order of names; a folder that was met before (a loop of links) is not entered again."""
    pending = [folder]
    visited: set[tuple[int, int]] = set()
    while pending:
        here = pending.pop()
        try:
            status = here.stat()
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            finding.notes.append(f"{here}: cannot be listed ({error.strerror}); what is in it is not read")
            continue
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink() and not _is_below(path, root):
                finding.notes.append(f"{path}: a link that leads out of {folder}; it is not followed")
            elif entry.is_dir():
                if not finding.is_claimed(path):
                    folders.append(path)
            else:
                _take(path, path.relative_to(folder).as_posix(), finding, seen)
        pending.extend(reversed(folders))


def _is_below(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root)
    except OSError:
        return False


def _take(path: Path, name: str, finding: Finding, seen: set[tuple[int, int]]) -> None:
    try:
        status = path.stat()
    except OSError as error:
        finding.notes.append(f"{path}: {error.strerror}; it is not read")
        return
    if not stat.S_ISREG(status.st_mode):
        finding.notes.append(f"{path} is no plain file (a pipe, socket or device); it is not read. Give - to read standard input")
        return
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return
    seen.add(key)
    if finding.is_claimed(path):
        return
    if len(finding.files) >= MOST_FILES:
        raise UsageError(f"more than {MOST_FILES:,} files: import them in parts")
    finding.files.extend(_members(path, name, finding.notes))


def _members(path: Path, name: str, notes: list[str]) -> list[Found]:
    """The file itself, or each member of a ZIP archive; nothing of a capture."""
    try:
        with path.open("rb") as file:
            head = file.read(_SQLITE_HEADER_BYTES)
    except OSError as error:
        notes.append(f"{path}: {error.strerror}; it is not read")
        return []
    if name.endswith(_MANIFEST):
        return []
    if head[68:72] == _CAPTURE or path.suffix == ".evcap-lock":
        notes.append(f"{name} is a capture; it is opened or compared, not imported")
        return []
    if not head.startswith(_ZIP):
        return [Found(name, path)]
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one.filename for one in archive.infolist() if not one.is_dir()]
    except DAMAGE as error:
        notes.append(f"{name}: the ZIP archive is damaged ({error}); nothing of it is read")
        return []
    if len(members) > MOST_FILES:
        raise UsageError(f"{name} holds more than {MOST_FILES:,} files")
    return [Found(f"{name}/{member}", path, member) for member in members]
