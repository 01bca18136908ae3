"""The processes of the headless demo: the shop's server and the capture, both ended by the end of their stdin.

Neither outlives its `with` block, nor this process. Read `headless` for their use.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

from inspector.errors import ExitStatus, SourceError

_READY_S = 60.0
_HISTORY_S = 180.0
_END_S = 20.0
_FINE = {ExitStatus.OK, ExitStatus.FINDINGS, ExitStatus.STOPPED}
"""How a capture may end that was told to: stopped, and with an undecodable record in it, for one is planted."""
_ENDED = ""
"""What a line queue gives once the stream is at its end."""


def program() -> list[str]:
    """The command line of this program, as a child process is started."""
    return [sys.executable, "-m", "inspector.cli"]


class _Child:
    """A process that ends when its stdin does; its lines are read by a thread of their own, so that waits can end."""

    what = "the child"

    def __init__(self, command: Sequence[str], *, lines_from: str) -> None:
        kept = {lines_from: subprocess.PIPE}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=kept.get("stdout", subprocess.DEVNULL), stderr=kept.get("stderr")
        )
        self._lines: queue.Queue[str] = queue.Queue()
        stream = self._process.stdout if lines_from == "stdout" else self._process.stderr
        assert stream is not None
        self._reader = threading.Thread(target=self._read, args=(stream,), name=self.what, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def line(self, timeout_s: float) -> str:
        """The next line; empty once the child has closed its end. Raises queue.Empty when none comes in time."""
        return self._lines.get(timeout=max(timeout_s, 0.001))

    def end(self) -> int:
        """Closes the child's stdin and waits for it to end, at the last by force; its exit status."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join()
        return status

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.decode("utf-8", "backslashreplace"))
        self._lines.put(_ENDED)


class Server(_Child):
    """The shop, ready. `ready` is its ready line. Raises SourceError when it does not come up."""

    what = "the demo's server"

    def __init__(self, folder: Path, arguments: Sequence[str]) -> None:
        super().__init__([*program(), "demo", "--serve", str(folder), *arguments], lines_from="stdout")
        try:
            self.ready: dict[str, Any] = json.loads(self.line(_READY_S))
        except (queue.Empty, ValueError):
            status = self.end()
            raise SourceError(f"the demo's shop did not open (its process ended with {status})") from None


class Capture(_Child):
    """A capture of `urls` that follows until its stdin ends. `typed` is the command as a user would type it."""

    what = "the capture"

    def __init__(self, urls: Sequence[str], topics: Sequence[str], target: Path) -> None:
        arguments = ["capture", *urls, "-o", str(target), *(part for topic in topics for part in ("--topic", topic)), "--follow"]
        self.typed = ["eventscope", *arguments]
        self._events = 0
        super().__init__([*program(), *arguments, "--progress", "json", "--stop-with-stdin"], lines_from="stderr")

    def wait_for(self, events: int) -> int:
        """Waits until so many events are in the capture, and says how many are. Raises SourceError when they do not come."""
        started_s = time.monotonic()
        if self._read_until(started_s + _HISTORY_S, events):
            return self._events
        took = f"after {time.monotonic() - started_s:.0f} s"
        raise SourceError(f"the capture holds {self._events:,} of the history's {events:,} events {took}, and then ended or stood still")

    def follow(self, seconds: float) -> int:
        """Lets it go on for so long, ends it, and says how many events it has. Raises SourceError when it failed."""
        self._read_until(time.monotonic() + seconds, None)
        status = self.end()
        if status not in _FINE:
            raise SourceError(f"the capture ended with {status}")
        self._read_until(time.monotonic() + 1, None)
        return self._events

    def _read_until(self, deadline: float, events: int | None) -> bool:
        """Takes lines until there are so many events; False when the deadline or the end of the lines came first."""
        while events is None or self._events < events:
            try:
                line = self.line(deadline - time.monotonic())
            except queue.Empty:
                return False
            if line == _ENDED:
                self._lines.put(_ENDED)
                return False
            self._take(line)
        return True

    def _take(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:  # not a line of progress: a warning of a library, for people
            sys.stderr.write(line)
            return
        if said.get("type") == "progress":
            self._events = int(said["events"])
        elif said.get("type") == "error":
            raise SourceError(str(said.get("text", "the capture failed")))
