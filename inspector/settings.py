"""Where the program keeps what is the user's: settings, captures, caches. Portable; makes folders, reads no setting.

`EVENTSCOPE_HOME` puts all of it in one folder. Captures are somebody's data, so their folder is for their owner alone.
"""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

HOME_VARIABLE = "EVENTSCOPE_HOME"
_NAME = "eventscope"


def config_dir() -> Path:
    """The folder of settings; made when missing. Raises OSError when it cannot be."""
    return _made(_place("config", "XDG_CONFIG_HOME", ".config", "APPDATA", "Library/Preferences"))


def data_dir() -> Path:
    """The folder of what the program keeps for the user, such as captures; made when missing. Raises OSError."""
    return _made(_place("data", "XDG_DATA_HOME", ".local/share", "LOCALAPPDATA", "Library/Application Support"))


def cache_dir() -> Path:
    """The folder of what can be made again; made when missing. Raises OSError."""
    return _made(_place("cache", "XDG_CACHE_HOME", ".cache", "LOCALAPPDATA", "Library/Caches"))


def identity_path() -> Path:
    """The user's own rules of identity, which windows hand to what captures and decodes; there need be no such file. Raises OSError."""
    return config_dir() / "identity.toml"


def rules_dir() -> Path:
    """The folder of the aggregate rules that are written in the window, a file for each category. Raises OSError."""
    return _made(config_dir() / "rules")


def projections_place() -> Path:
    """Where the user's own projections are kept, a file for each; there need be no such folder."""
    return _place("config", "XDG_CONFIG_HOME", ".config", "APPDATA", "Library/Preferences") / "projections"


def projections_dir() -> Path:
    """The same folder, made when missing. Raises OSError."""
    return _made(projections_place())


def captures_dir() -> Path:
    """The folder of captures that were given no place of their own, open to its owner only. Raises OSError."""
    folder = data_dir() / "captures"
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    return folder


def file_label(label: str) -> str:
    """`label` as a part of a file's name; empty where nothing of it can stand in one."""
    return "".join(character if character.isalnum() or character in "._" else "-" for character in label).strip("-.")[:60]


def new_capture_path(label: str, *, now: datetime | None = None) -> Path:
    """A free file name in the captures folder that says what was read (`label`) and when it was begun. Raises OSError."""
    stem = f"{file_label(label) or 'capture'} {(now or datetime.now(UTC)):%Y-%m-%d %H%M%S}"
    folder = captures_dir()
    path, count = folder / f"{stem}.evcap", 1
    while path.exists():
        count += 1
        path = folder / f"{stem} {count}.evcap"
    return path


def write_private(path: Path, text: str) -> None:
    """Puts `text` at `path` at once and whole, for its owner alone; what was there stays when that fails. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _place(kind: str, variable: str, unix: str, windows: str, mac: str) -> Path:
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).absolute() / kind
    if sys.platform == "win32":
        base = os.environ.get(windows)
        return (Path(base) if base else Path.home() / "AppData" / "Local") / _NAME / kind
    if sys.platform == "darwin":
        return Path.home() / mac / _NAME
    base = os.environ.get(variable)
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / unix) / _NAME


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
