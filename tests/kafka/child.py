"""Servers that tests start: each ends with the process that started it, even when that one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SCRIPT = '"$@" </dev/null >>"$LOG" 2>&1 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait $! 2>/dev/null'
"""A shell that waits for its input to end holds the program: the input ends with whoever holds the other side.
It ends when the program has."""


class Child:
    """A program that runs in the background and writes to `log`, as the user `uid` with group `gid` where they are given."""

    def __init__(self, command: Sequence[str], log: Path, *, uid: int | None = None, gid: int | None = None) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", _SCRIPT, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LOG": str(log)},
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        assert self._shell.stdout is not None
        self.pid = int(self._shell.stdout.readline())
        """The program itself."""

    def is_running(self) -> bool:
        """Whether the program is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return self._shell.poll() is None

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.wait(timeout=10)
        self._shell.stdout.close()
