"""What is known of a file that is read: which bytes it had, how they were taken, and what it can and cannot tell. No I/O.

Read `files` for who fills it in, `capture.input_table` for where it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes `[start, end)` of a file that could not be read, and why; `end` is None where it is not known."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that is read: what proves which bytes were seen, and how they were taken. Holds no secret.

    Told when its reading begins and again when it ends; `name` with `sha256` says which one it is.
    """

    name: str
    """Its path below what was asked for."""
    path: str
    size_bytes: int
    modified_us: int
    sha256: str
    """Of the file as it lies there, told before it was read; of a stream, as far as it was read."""
    format: str = ""
    """What it was read as, in words."""
    settings: Mapping[str, object] = field(default_factory=dict)
    loses: str = ""
    """What such a file cannot tell."""
    proves: str = ""
    rows: int = 0
    damaged: int = 0
    """Of the rows."""
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    is_whole: bool = False
    """Read to its end, and unchanged meanwhile."""
    is_bare: bool = False
    """Read, and it gave no row though it should."""

    @property
    def is_odd(self) -> bool:
        """Whether something of it could not be read, or nothing was in it."""
        return bool(self.gaps or self.damaged or self.is_bare)
