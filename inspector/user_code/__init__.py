"""Code of the user's own that folds: a function in a FILE.py, or an application's aggregate class, in a process of its own.

    codes = Codes()                                    # a process is started when something is folded
    reducer = codes.reducer("orders.py:Order", Terms(), stream="4f1c…")

Nothing in a capture names code: it runs because the user named the file, and in the window only after a consent. Read
`sources` for what is read of a file, `consent` for what is remembered, `outside` for the reducer, `process` for how the
process is watched, `child` for what runs in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import UsageError

_NAMED = re.compile(r"(?P<file>.*\.py)(?::(?P<attribute>[^\W\d]\w*(?:\.[^\W\d]\w*)*))?", re.DOTALL)

EVENT_S = 60.0
MEMORY_MB = 4096
MOST_MEMORY_MB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a user's code runs.

    `python_path` are folders in which modules are looked for first. `consent` is the digest of what the user allowed in
    this very request. An event may take `event_s` seconds, and the process `memory_mb` million bytes.
    """

    python_path: tuple[str, ...] = ()
    consent: str | None = None
    event_s: float = EVENT_S
    memory_mb: int = MEMORY_MB

    def __post_init__(self) -> None:
        if not 0 < self.event_s <= 86_400:
            raise UsageError(f"a time limit of {self.event_s:g} s: give seconds above 0, at most a day")
        if not 64 <= self.memory_mb <= MOST_MEMORY_MB:
            raise UsageError(f"a memory limit of {self.memory_mb} MB: Python itself needs 64, and {MOST_MEMORY_MB:,} is the most")


USUAL = Terms()
"""No folders, no consent, generous limits."""
IN_WINDOW = Terms(event_s=5.0, memory_mb=1024)
"""What a window allows, and says that it does."""


class ConsentError(UsageError):
    """The user has not allowed this code: ask, and give `digest` as the consent.

    `path` is absolute, `size` in bytes, `sha256` that of the file; `imports` are the files of its own folder that it
    imports, and `python_path` the folders for its other imports, which `digest` covers too.
    """

    def __init__(
        self,
        path: str,
        sha256: str,
        size: int,
        imports: tuple[tuple[str, str], ...],
        digest: str,
        *,
        python_path: tuple[str, ...] = (),
        changed: bool,
    ) -> None:
        self.path, self.sha256, self.size, self.imports, self.digest = path, sha256, size, imports, digest
        self.python_path, self.changed = python_path, changed
        why = "has changed since it was allowed to run" if changed else "has not been allowed to run"
        super().__init__(f"{path} {why} (SHA-256 {digest}): name it again to allow it")

    def told(self) -> dict[str, object]:
        """What a window needs for asking."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "size": self.size,
            "imports": [{"path": path, "sha256": digest} for path, digest in self.imports],
            "digest": self.digest,
            "python_path": self.python_path,
            "changed": self.changed,
        }


class StoppedError(Exception):
    """What the code was run for is no longer wanted."""


def is_code(reducer: str) -> bool:
    """Whether a reducer is written as a file of Python: `FILE.py`, or `FILE.py:Name`."""
    return _NAMED.fullmatch(reducer) is not None


def split(reducer: str) -> tuple[Path, str | None]:
    """The file, and the name in it when one is given. Raises UsageError when it is not written so."""
    match = _NAMED.fullmatch(reducer)
    if match is None:
        raise UsageError(f"{reducer!r} is no reducer file: write FILE.py, or FILE.py:Name for a class or function in it")
    return Path(match["file"]), match["attribute"]
