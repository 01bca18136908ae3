"""What somebody wants opened: captures, which are shown, and anything else, which is imported. Looks at beginnings of files; no Qt.

Read `main_window` for what is done with them.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".evcap"
_SIGN_AT, _SIGN = 68, b"EVCA"
"""Where an SQLite file names the application that it belongs to, and how a capture does."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown and what to be imported, in the order they were given."""

    captures: tuple[Path, ...]
    others: tuple[Path, ...]


def divided(paths: Sequence[Path]) -> Wanted:
    """What is a capture, and what is not. What is not there counts as a capture: opening it says what is wrong."""
    captures = [path for path in paths if is_capture(path)]
    return Wanted(tuple(captures), tuple(path for path in paths if path not in captures))


def is_capture(path: Path) -> bool:
    """Whether a path is opened as a capture. Reads the beginning of plain files only; a pipe is never opened."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            return False
        if path.suffix == SUFFIX or not stat.S_ISREG(status.st_mode):
            return stat.S_ISREG(status.st_mode)
        with path.open("rb") as file:
            return file.read(_SIGN_AT + len(_SIGN))[_SIGN_AT:] == _SIGN
    except OSError:
        return not path.exists() or path.suffix == SUFFIX
