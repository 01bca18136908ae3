"""How a reading into a capture goes and how it ended, and who is told. No I/O.

Read `ingest` for who fills it in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.capture.schemas import Waiting
from inspector.errors import EventscopeError, ExitStatus
from inspector.sources.input_file import InputFile


@dataclass(slots=True)
class Status:
    """How far a capture is. `read` maps `(source, log, partition)` to (position reached, end known)."""

    stored: int = 0
    events: int = 0
    bytes: int = 0
    duplicates: int = 0
    conflicts: int = 0
    undecodable: int = 0
    rate_per_s: float = 0.0
    size_bytes: int = 0
    covered: int = 0
    """Positions accounted for by this run."""
    wanted: int | None = 0
    """Positions that this run is to read; None while it follows."""
    read: dict[tuple[int, str, int], tuple[int, int | None]] = field(default_factory=dict)
    read_bytes: int = 0
    total_bytes: int | None = None
    """Of the files that are read; None where positions say how far it is."""


class Listener:
    """Told what happens, in the calling thread; every method may be overridden."""

    def started(self) -> None:
        """Everything is pinned and the file is open: from now on `stop` ends it cleanly."""

    def progressed(self, status: Status) -> None:
        """A batch is stored: `status` is true of the file from now on."""

    def noted(self, text: str) -> None:
        """Something the user should know."""

    def state_changed(self, text: str) -> None:
        """The connection's state in words."""

    def failed(self, error: EventscopeError) -> None:
        """One source failed; the others go on."""


@dataclass(slots=True)
class Outcome:
    """How a capture ended: one reason per source, and the exit status of the whole."""

    stopped: list[str]
    status: Status
    exit_status: ExitStatus
    missing: list[Waiting] = field(default_factory=list)
    """The schemas that events wait for."""
    inputs: list[InputFile] = field(default_factory=list)
    """The files that were read, as they were known at their end."""
