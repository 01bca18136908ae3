"""The user's own rules of identity, as the window uses them: one file, handed to everything that captures or decodes. No widget.

Read `inspector.identify.editing` for how it is changed, `meaning` for who changes it.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from inspector.errors import UsageError
from inspector.identify import Profile, load_profile
from inspector.settings import identity_path

log = logging.getLogger(__name__)


def own_rules() -> list[str]:
    """The option of `eventscope capture` and `decode` that names the file; empty while there is none."""
    try:
        path = identity_path()
    except OSError as error:
        log.warning("there is no folder for settings: %s", error)
        return []
    return ["--map", str(path)] if path.is_file() else []


def own_profile() -> Profile | None:
    """What the file says; None while there is none, or it has a mistake. Reads a file: for worker threads."""
    try:
        path = identity_path()
        told = path.stat()
        return _loaded(path, told.st_mtime_ns, told.st_size)
    except (OSError, UsageError):
        return None


@lru_cache(maxsize=2)
def _loaded(path: Path, _mtime_ns: int, _size: int) -> Profile:
    return load_profile(path)
