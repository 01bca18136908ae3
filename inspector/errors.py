"""The errors a caller acts on, and the exit status each one means. No I/O. Bad data is never an exception: it is a row.

Everything else that is raised is a bug and is logged with its traceback. Read `cli` next for how they are shown.
"""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process says when it ends (the command line's contract)."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    SOURCE = 3
    CAPTURE = 4
    INCOMPLETE = 5
    STOPPED = 130


class EventscopeError(Exception):
    """One sentence for people: what, where, and what to do about it."""

    exit_status = ExitStatus.FINDINGS


class UsageError(EventscopeError):
    """The request cannot be understood or is ambiguous: asking differently helps."""

    exit_status = ExitStatus.USAGE


class QueryError(UsageError):
    """A filter or expression has a mistake at `column` (0-based); `expected` says what would have been right."""

    def __init__(self, message: str, *, column: int = 0, expected: str = "") -> None:
        super().__init__(message)
        self.column = column
        self.expected = expected

    @property
    def sentence(self) -> str:
        """Where, what, and what would have been right."""
        expected = f"; expected {self.expected}" if self.expected and self.expected not in str(self) else ""
        return f"the filter is wrong at column {self.column + 1}: {self}{expected}"


class SourceError(EventscopeError):
    """The source is unreachable, refuses us or cannot be read. `step` names what failed, `retry` says if waiting may help.

    Steps are "DNS", "TCP", "TLS", "SASL" (logging in), "authorisation", "database", "shape" (no known table), "topic",
    "file" and "read".
    """

    exit_status = ExitStatus.SOURCE

    def __init__(self, message: str, *, step: str = "read", retry: bool = False) -> None:
        super().__init__(message)
        self.step = step
        self.retry = retry


class StorageError(EventscopeError):
    """The capture cannot grow: disk full or under the free-disk floor. All that was stored stays."""

    exit_status = ExitStatus.SOURCE


class CaptureError(EventscopeError):
    """The capture is damaged, not a capture, or from a newer major version: another file is needed."""

    exit_status = ExitStatus.CAPTURE


class FunctionError(EventscopeError):
    """A function of the user's own failed, or was ended, at the event numbered `seq`, for `reason`. What is before it counts."""

    def __init__(self, seq: int, reason: str, *, where: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.seq, self.reason, self.where = seq, reason, where


class CaptureInUseError(UsageError):
    """Another process is writing this capture."""
