"""How a capture goes, said on standard error: as sentences, as one line that is written over, or as JSON lines for a parent process.

Read `capture` for who has something to say, `ingest` for the listener.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from inspector.errors import EventscopeError, ExitStatus, SourceError
from inspector.text import visible

if TYPE_CHECKING:
    from inspector.ingest import Status

_PROGRESS_EVERY_S = 0.1
_MOST_PARTITIONS = 1_000
FINISHING = "finishing"
"""A state for a window that reads along (`ingest.FINISHING`); people need not know."""


class Reporter:
    """Says on standard error how a capture goes. This one only tells notes and errors; others add progress."""

    def __init__(self) -> None:
        self._said_s = 0.0

    def listener(self, begun: Callable[[], None]) -> Any:
        """An `ingest.Listener` that reports here, and calls `begun` when the reading begins."""
        from inspector.ingest import Listener

        reporter = self

        class _Reporting(Listener):
            def started(self) -> None:
                begun()

            def progressed(self, status: Status) -> None:
                reporter.progressed(status)

            def noted(self, text: str) -> None:
                reporter.say("note", text)

            def state_changed(self, text: str) -> None:
                reporter.say("state", text)

            def failed(self, error: EventscopeError) -> None:
                reporter.say("error", str(error), step=error.step if isinstance(error, SourceError) else "")

        return _Reporting()

    def progressed(self, status: Status) -> None:
        """A batch is stored."""

    def say(self, kind: str, text: str, *, step: str = "") -> None:
        """One sentence for people."""
        if kind == "state" and text == FINISHING:
            return
        # it may quote a stranger's names, and a terminal obeys what is in them
        print(visible(f"eventscope: {text}" if kind != "note" else text), file=sys.stderr, flush=True)

    def finished(self, stopped: Sequence[str], status: ExitStatus) -> None:
        """The capture has ended."""

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._said_s < _PROGRESS_EVERY_S:
            return False
        self._said_s = now
        return True


class _JsonReporter(Reporter):
    """JSON lines for a parent process, at most ten of progress a second."""

    def __init__(self) -> None:
        super().__init__()
        self._unsaid: Status | None = None

    def progressed(self, status: Status) -> None:
        self._unsaid = status
        if self._due():
            self._progress()

    def _progress(self) -> None:
        if (status := self._unsaid) is None:
            return
        self._unsaid = None
        self._line(
            "progress",
            stored=status.stored,
            events=status.events,
            bytes=status.bytes,
            rate=round(status.rate_per_s, 1),
            undecodable=status.undecodable,
            duplicates=status.duplicates,
            conflicts=status.conflicts,
            covered=status.covered,
            wanted=status.wanted,
            read_bytes=status.read_bytes,
            total_bytes=status.total_bytes,
            read=_reached(status),
        )

    def say(self, kind: str, text: str, *, step: str = "") -> None:
        self._line(kind, text=text, **({"step": step} if step else {}))

    def finished(self, stopped: Sequence[str], status: ExitStatus) -> None:
        self._progress()
        self._line("done", stopped="; ".join(stopped), exit=int(status))

    @staticmethod
    def _line(kind: str, **values: object) -> None:
        print(json.dumps({"type": kind, **values}), file=sys.stderr, flush=True)


def _reached(status: Status) -> dict[str, list[int | None]]:
    """How far each partition is; nothing where a line would get too long to be said ten times a second (a folder of many files)."""
    if len(status.read) > _MOST_PARTITIONS:
        return {}
    return {f"{log}/{partition}": [reached, end] for (_, log, partition), (reached, end) in status.read.items()}


class _LineReporter(Reporter):
    """One line on a terminal that is written over."""

    def progressed(self, status: Status) -> None:
        if not self._due():
            return
        known = [(reached, end) for reached, end in status.read.values() if end]
        share = sum(min(r, e) for r, e in known) / max(1, sum(e for _, e in known))
        if status.total_bytes:
            share = min(1.0, status.read_bytes / status.total_bytes)
        bar = "█" * int(share * 20)
        print(
            f"\r{bar:20} {share:4.0%}  {status.stored:,} events  {status.rate_per_s:,.0f}/s  {status.bytes / 1e6:,.1f} MB\x1b[K",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def say(self, kind: str, text: str, *, step: str = "") -> None:
        print("\r\x1b[K", end="", file=sys.stderr)
        super().say(kind, text, step=step)

    def finished(self, stopped: Sequence[str], status: ExitStatus) -> None:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def reporter_of(progress: str) -> Reporter:
    """The one for `--progress`: `json`, `none`, or `auto` (a line where standard error is a terminal)."""
    if progress == "json":
        return _JsonReporter()
    return _LineReporter() if progress == "auto" and sys.stderr.isatty() else Reporter()
