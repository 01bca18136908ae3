"""The profiles of the user: a folder of files, of which one is in force. What the user changes of how events are looked at goes there.

Each change is written at once. Knows no widget. Read `models.profile` for what a profile holds, `profiling` for who obeys.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from PySide6.QtCore import QObject, QSettings, Signal

from app.models.profile import DEFAULT, LARGEST_BYTES, Profile, file_text, name_problem, read
from inspector.errors import StorageError, UsageError
from inspector.plain_files import open_plain
from inspector.settings import config_dir

SUFFIX = ".toml"
_CURRENT, _USED = "profiles/current", "profiles/used"
_MOST_USED = 300


class Profiles(QObject):
    """Profiles by name. `current` is the one in force; there is always one of the name `DEFAULT`."""

    leaving = Signal(object)
    """`(Profile)`: another one is about to be in force; who holds what was changed says so with `change` now."""
    switched = Signal(object)
    """`(Profile)`: another one is in force."""
    masks_changed = Signal(object)
    """`(Profile)`: the one in force hides other things than before."""
    names_changed = Signal(object)
    """`(names)`: there are others, or the one in force has another name."""
    failed = Signal(object)
    """`(sentence)`"""

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._capture = ""
        self.problem = ""
        """Why the profile of last time could not be read; empty when it could."""
        self.current = self._first(str(settings.value(_CURRENT, DEFAULT))) or self._first(DEFAULT) or Profile()

    # ---- what there is

    def names(self) -> list[str]:
        """All, the usual one first, then by the alphabet."""
        try:
            found = {unquote(path.stem) for path in _folder().glob(f"*{SUFFIX}")}
        except OSError:
            found = set()
        others = sorted((name for name in found if name != DEFAULT and not name_problem(name)), key=str.casefold)
        return [DEFAULT, *others]

    def path(self, name: str) -> Path:
        """The file of a profile. Raises OSError where there can be no folder."""
        return _folder() / f"{quote(name, safe=' ')}{SUFFIX}"

    def get(self, name: str) -> Profile:
        """A profile as it is kept. Raises UsageError for a file that is none, or for a name of none."""
        if name == self.current.name:
            return self.current
        if name not in self.names():
            raise UsageError(f"there is no profile {name}")
        try:
            return self._read(name)
        except OSError as error:
            raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error

    def _read(self, name: str) -> Profile:
        path = self.path(name)
        if name == DEFAULT and not path.exists():
            return Profile()
        return replace(read_file(path), name=name)

    def _first(self, name: str) -> Profile | None:
        """What a start begins with; a file that is wrong is put aside, never written over."""
        try:
            path = self.path(name)
            if name != DEFAULT and not path.exists():
                return None
            return self._read(name)
        except UsageError as error:
            self.problem = f"the profile {name} cannot be used, and is kept as {path.name}.wrong: {error}"
            with contextlib.suppress(OSError):
                path.replace(path.with_name(f"{path.name}.wrong"))
        except OSError as error:
            self.problem = f"no profile can be kept: {error.strerror or error}"
        return None

    # ---- the one in force

    def use(self, name: str) -> None:
        """Puts a profile in force, and remembers that the open capture has it; `failed` says why not."""
        if name == self.current.name:
            self._remember()
            return
        try:
            found = self.get(name)
        except UsageError as error:
            self.failed.emit(f"the profile {name} cannot be used: {error}")
            return
        self.leaving.emit(self.current)
        self._put(found)

    def _put(self, profile: Profile) -> None:
        before, self.current = self.current, profile
        self._remember()
        self.names_changed.emit(self.names())
        self.switched.emit(profile)
        if before.masks != profile.masks:
            self.masks_changed.emit(profile)

    def change(self, **what: Any) -> None:
        """Changes fields of the profile in force, and writes it when that makes a difference."""
        changed = replace(self.current, **what)
        if changed == self.current:
            return
        before, self.current = self.current, changed
        self._write(changed)
        if before.masks != changed.masks:
            self.masks_changed.emit(changed)

    def open_capture(self, path: Path, wanted: str = "") -> None:
        """A capture is opened: the profile it had last comes in force, else the one its connection names, else none other."""
        self._capture = str(path.absolute())
        name = self._used().get(self._capture, wanted)
        if name and name in self.names():
            self.use(name)
        self._remember()

    def close_capture(self) -> None:
        """None is open: what is chosen now is no capture's."""
        self._capture = ""

    def _remember(self) -> None:
        self._settings.setValue(_CURRENT, self.current.name)
        if self._capture:
            used = {path: name for path, name in self._used().items() if path != self._capture}
            kept = dict(list(used.items())[-_MOST_USED + 1 :])
            self._settings.setValue(_USED, json.dumps({**kept, self._capture: self.current.name}))

    def _used(self) -> dict[str, str]:
        """Capture → the profile it had last, the newest last."""
        try:
            found = json.loads(str(self._settings.value(_USED, "") or "{}"))
        except ValueError:
            return {}
        return {path: name for path, name in found.items() if isinstance(name, str)} if isinstance(found, dict) else {}

    # ---- making and unmaking

    def add(self, profile: Profile) -> None:
        """Keeps a profile under its own name and puts it in force. Raises UsageError when the name cannot be had."""
        self._check(profile.name)
        self._write(profile)
        if profile.name in self.names():
            self._put(profile)

    def save_as(self, name: str) -> None:
        """Keeps what is in force under another name, and goes on with that. Raises UsageError when the name cannot be had."""
        self._check(name)
        self.leaving.emit(self.current)
        self.add(replace(self.current, name=name))

    def duplicate(self, name: str, copy: str) -> None:
        """Keeps a profile once more, under another name. Raises UsageError."""
        self._check(copy)
        if name == self.current.name:
            self.leaving.emit(self.current)
        self._write(replace(self.get(name), name=copy))
        self.names_changed.emit(self.names())

    def rename(self, name: str, new: str) -> None:
        """Gives a profile another name. Raises UsageError, also for the usual one."""
        if name == DEFAULT:
            raise UsageError(f"{DEFAULT} keeps its name: duplicate it")
        if new.casefold() != name.casefold():
            self._check(new)
        elif problem := name_problem(new):
            raise UsageError(problem)
        renamed = replace(self.get(name), name=new)
        self._remove(name)
        self._write(renamed)
        if name == self.current.name:
            self.current = renamed
            self._remember()
        self._settings.setValue(_USED, json.dumps({path: new if used == name else used for path, used in self._used().items()}))
        self.names_changed.emit(self.names())

    def delete(self, name: str) -> None:
        """Deletes a profile for good; `DEFAULT` becomes as it was at first."""
        is_current = name == self.current.name
        self._remove(name)
        if is_current:
            self._put(self._first(DEFAULT) or Profile())
        else:
            self.names_changed.emit(self.names())

    def import_file(self, path: Path) -> Profile:
        """Keeps the profile of a file under its name, or one like it that is free, and gives it. Raises UsageError; reads strictly."""
        found = read_file(path)
        taken = {name.casefold() for name in self.names()}
        name, count = found.name, 1
        while name.casefold() in taken:
            count += 1
            name = f"{found.name[:50].rstrip()} {count}"
        found = replace(found, name=name)
        self._write(found)
        self.names_changed.emit(self.names())
        return found

    def export(self, name: str, path: Path) -> None:
        """Writes a profile to a file of its own. Raises UsageError, StorageError."""
        if name == self.current.name:
            self.leaving.emit(self.current)
        try:
            _write_file(path, file_text(self.get(name)))
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror or error}") from error

    def _check(self, name: str) -> None:
        if problem := name_problem(name):
            raise UsageError(problem)
        if name.casefold() in {other.casefold() for other in self.names()}:
            raise UsageError(f"there is a profile {name} already")

    def _write(self, profile: Profile) -> None:
        try:
            _write_file(self.path(profile.name), file_text(profile))
        except OSError as error:
            self.failed.emit(f"the profile {profile.name} cannot be kept: {error.strerror or error}")

    def _remove(self, name: str) -> None:
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError as error:
            self.failed.emit(f"the profile {name} cannot be deleted: {error.strerror or error}")


def read_file(path: Path) -> Profile:
    """The profile in a file. Raises UsageError that says what is wrong and where."""
    try:
        with open_plain(path) as file:
            raw = file.read(LARGEST_BYTES + 1)
        return read(raw.decode(), path.name)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is no profile: it is no text (at byte {error.start:,})") from None


def _folder() -> Path:
    folder = config_dir() / "profiles"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write_file(path: Path, text: str) -> None:
    """Writes a new file, its owner's only, and puts it in the place of the old one."""
    handle, name = tempfile.mkstemp(prefix=".profile", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
