"""A command of `eventscope` as a child process: its JSON lines become signals, its other lines messages. No widget.

The child ends when its standard input closes, so it never outlives the window. Secrets go in there, never by argument.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakSet

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal
from shiboken6 import isValid

log = logging.getLogger(__name__)
_KILL_MS = 15_000
_LAST_MS = 3_000
_LONGEST_LINE = 1 << 20
_CHANNELS = (QProcess.ProcessChannel.StandardOutput, QProcess.ProcessChannel.StandardError)
_running: WeakSet[Child] = WeakSet()
"""Those that were started: one whose answer nobody waits for any more is still to be ended."""
_FAILURE = "eventscope: "
"""How the command line begins the one sentence with which it fails."""
_FINE = frozenset({0, 130})
"""Exit statuses of a job that did what was asked, perhaps until it was stopped."""
_FINDINGS = 1
"""Fine too when the job has said that it is done; Python's own crashes have the same status."""


def end_all() -> None:
    """Ends every command that still runs, when the program ends: waits for each, by force after seconds."""
    for running in list(_running):
        if isValid(running):
            running.end(_LAST_MS)


class Child(QObject):
    """One running command. All signals come in the GUI thread."""

    progressed = Signal(object)
    """`(line)`: a JSON object of any type but `note`, `error` and `done`, as a dict."""
    said = Signal(object, object)
    """`(level, text)`: a note, a warning or an error for people."""
    ended = Signal(object)
    """`(error)`: the process is gone; empty when it did what was asked, else one sentence."""

    def __init__(self, arguments: Sequence[str], parent: QObject | None = None, *, config: str = "", patience_ms: int = _KILL_MS) -> None:
        """`config` goes to its standard input. It is killed when it has not ended so long after `stop`."""
        super().__init__(parent)
        self.arguments = list(arguments)
        self._config = config
        self._rest = dict.fromkeys(_CHANNELS, b"")
        self._error = ""
        self._stopping = self._is_done = False
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", "inspector.cli", *arguments])
        self._process.setProcessEnvironment(environment())
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        self._process.readyReadStandardError.connect(self._take)
        self._process.readyReadStandardOutput.connect(self._take)
        self._process.started.connect(self._send_config)
        self._process.errorOccurred.connect(self._failed)
        self._process.finished.connect(self._finished)
        self._deadline = QTimer(self, singleShot=True, interval=patience_ms)
        self._deadline.timeout.connect(self._process.kill)

    def start(self) -> None:
        """Starts the process."""
        _running.add(self)
        self._process.start()

    @property
    def is_running(self) -> bool:
        """Whether the process is there, or about to be."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    @property
    def was_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def stop(self) -> None:
        """Asks the process to end by closing its input; it is killed when it has not ended in time (15 s)."""
        if not self._stopping:
            self._stopping = True
            self._process.closeWriteChannel()
            self._deadline.start()

    def end(self, wait_ms: int) -> None:
        """Stops the process and waits for its end, by force after `wait_ms`; for closing the window."""
        if not self.is_running:
            return
        self.stop()
        self._process.waitForFinished(wait_ms)
        if self.is_running:
            self._process.kill()
            self._process.waitForFinished(1_000)

    def _send_config(self) -> None:
        if self._config:
            self._process.write(self._config.encode() + b"\n.\n")
            self._config = ""
        if self._stopping:
            self._process.closeWriteChannel()

    def _take(self) -> None:
        for channel in _CHANNELS:
            self._process.setReadChannel(channel)
            *lines, rest = (self._rest[channel] + bytes(self._process.readAll().data())).split(b"\n")
            self._rest[channel] = rest if len(rest) <= _LONGEST_LINE else b""
            for line in lines:
                self._line(line.decode("utf-8", "backslashreplace").rstrip("\r"))

    def _line(self, text: str) -> None:
        told = parsed_line(text)
        if told is None:
            if text.startswith(_FAILURE):
                self._error = text.removeprefix(_FAILURE)
            if text.strip():
                self.said.emit("error" if text.startswith(_FAILURE) else "note", text)
            return
        kind = told.get("type")
        self._is_done |= kind == "done"
        if kind == "error":
            self._error = str(told.get("text", ""))
            self.said.emit("error", self._error)
        elif kind == "note":
            self.said.emit("note", str(told.get("text", "")))
        else:
            self.progressed.emit(told)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.ended.emit(f"the command could not be started: {self._process.errorString()}")

    def _finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._take()
        self._deadline.stop()
        self.ended.emit(self._outcome(status, how))

    def _outcome(self, status: int, how: QProcess.ExitStatus) -> str:
        is_fine = status in _FINE or (status == _FINDINGS and self._is_done)
        if is_fine and how is QProcess.ExitStatus.NormalExit:
            return ""
        if self._error:
            return self._error
        what = "crashed" if how is QProcess.ExitStatus.CrashExit else f"ended with status {status}"
        return f"eventscope {self.arguments[0]} {what}; everything stored before is kept"


def parsed_line(text: str) -> Mapping[str, Any] | None:
    """The JSON object of a progress line; None for a line that is for people."""
    if not text.startswith("{"):
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def environment() -> QProcessEnvironment:
    """What a process of ours is started with: our own environment, and output that comes at once and in UTF-8."""
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONIOENCODING", "utf-8")
    return environment
