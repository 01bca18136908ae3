"""The fold process, asked from the window: replays run there, so that neither a long fold nor a bad reducer stops the window.

One request is answered after the other. A process that dies is started again, and what it was asked is asked once more.
Read `inspector.replay.process` for what can be asked, `panes.replay` for who asks.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

from app.child import environment
from app.messages import Messages
from inspector.values import parse, to_json

_TICK_MS = 500
_SILENT_S = 3.0
"""A question that has had no answer, not even progress, for so long is said to be waiting."""
_IDLE_S = 1.5
_END_MS = 3_000

Answer = Mapping[str, Any]


@dataclass(slots=True)
class _Asked:
    """A request under way. `tries` counts the processes it was given to."""

    id: int
    fields: dict[str, Any]
    done: Callable[[int, Answer], None]
    failed: Callable[[str], None]
    lane: str
    tries: int = 0


class Fold(QObject):
    """Questions about the capture at `path`. All calls and answers are of the GUI thread."""

    waiting = Signal(object)
    """`(seconds)` without any answer to what was asked; 0 once there is one."""
    progressed = Signal(object)
    """`(events)`: so far is the question that is worked on."""
    restarted = Signal(object)
    """`(sentence)`: the process ended on its own; what it was asked is asked of a new one."""

    unallowed = Signal(object)
    """`(error)`: code that the user has not allowed was asked for; the error has what `ConsentError.told` gives. It fails too."""

    def __init__(self, path: Path, messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path, self._messages = path, messages
        self._process: QProcess | None = None
        self._unread = bytearray()
        self._asked: OrderedDict[int, _Asked] = OrderedDict()
        self._next = 0
        self.is_unmasked = False
        self.hides = ""
        """Whether states show also what the capture wants hidden."""
        self._is_open = self._is_closed = self._was_killed = False
        self.keeps_open = True
        """False: another process writes the capture, and it is let go whenever nothing is asked."""
        self._heard_s = time.monotonic()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._look)

    # ---- asking

    def ask(self, do: str, done: Callable[[int, Answer], None], failed: Callable[[str], None], *, lane: str = "", **fields: object) -> int:
        """Asks; then `done(request, answer)` or `failed(sentence)`. A new question of a `lane` takes the place of the older ones."""
        if lane:
            self.drop(lane)
        self._next += 1
        asked = _Asked(self._next, {"id": self._next, "do": do, **fields}, done, failed, lane)
        if self._is_closed:
            return asked.id
        if not self._asked:
            self._heard_s = time.monotonic()
        self._asked[asked.id] = asked
        self._send(asked)
        self._tick.start()
        return asked.id

    def drop(self, lane: str) -> None:
        """The questions of a lane are not wanted any more: what is worked on is broken off, and no answer comes."""
        for old in [asked for asked in self._asked.values() if asked.lane == lane]:
            self._cancel(old)

    def let_go(self) -> None:
        """Closes the capture there, so that who writes it can end cleanly; it is opened again by the next question."""
        if self._is_open and self._process is not None:
            self._is_open = False
            self._write({"id": 0, "do": "close"})

    def kill(self) -> None:
        """Ends the process by force; what was asked fails with `stopped`. The next question starts another."""
        for asked in list(self._asked.values()):
            del self._asked[asked.id]
            asked.failed("stopped")
        if self._process is not None:
            self._was_killed = True
            self._process.kill()

    def close(self) -> None:
        """Begins to end the process and waits for nothing; no answer comes any more."""
        self._is_closed = True
        self._tick.stop()
        self._asked.clear()
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._ended)
            process.setParent(QCoreApplication.instance())
            _leaving.append(process)
            process.finished.connect(lambda: _gone(process))
            QTimer.singleShot(_END_MS, process, process.kill)
            process.closeWriteChannel()

    # ---- the process

    def _send(self, asked: _Asked) -> None:
        if self._process is None:
            self._start()
        if not self._is_open:
            self._is_open = True
            self._write({"id": 0, "do": "open", "capture": str(self._path), "unmasked": self.is_unmasked, "masks": self.hides})
        asked.tries += 1
        self._write(asked.fields)

    def _start(self) -> None:
        process = self._process = QProcess(self)
        process.setProgram(sys.executable)
        process.setArguments(["-m", "inspector.cli", "fold"])
        process.setProcessEnvironment(environment())
        process.setProcessChannelMode(QProcess.ProcessChannelMode.SeparateChannels)
        process.readyReadStandardOutput.connect(self._take)
        process.readyReadStandardError.connect(self._take_errors)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        self._is_open = False
        self._unread.clear()
        process.start()

    def _write(self, request: Mapping[str, object]) -> None:
        if self._process is not None:
            self._process.write(to_json(request).encode() + b"\n")

    def _cancel(self, asked: _Asked) -> None:
        """Its answer is not heard any more."""
        del self._asked[asked.id]
        self._write({"id": 0, "do": "cancel", "request": asked.id})

    def _take(self) -> None:
        if self._process is None:
            return
        seen = len(self._unread)
        self._unread += self._process.readAllStandardOutput().data()
        while (end := self._unread.find(b"\n", seen)) >= 0:
            line = bytes(self._unread[:end])
            del self._unread[: end + 1]
            seen = 0
            self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            # states hold numbers beyond doubles and halves of characters, which orjson does not read
            message = parse(line.decode())
        except ValueError:
            self._messages.say("warning", "the replay process wrote a line that is no answer; it was passed over")
            return
        if isinstance(message, dict):
            self._answered(message)

    def _take_errors(self) -> None:
        if self._process is not None:
            for line in bytes(self._process.readAllStandardError().data()).decode("utf-8", "backslashreplace").splitlines():
                self._messages.say("warning", f"replay: {line}")

    def _answered(self, message: Mapping[str, Any]) -> None:
        self._heard()
        if message.get("id") == 0 and "error" in message:
            self._is_open = False  # the capture cannot be opened: what was asked of it says so too
        if "progress" in message:
            if message.get("id") in self._asked:
                self.progressed.emit(message["progress"]["applied"])
            return
        if (asked := self._asked.pop(message.get("id") or 0, None)) is None:
            return
        if "ok" in message:
            asked.done(asked.id, message["ok"])
        elif message["error"]["kind"] != "cancelled":
            if message["error"]["kind"] == "consent":
                self.unallowed.emit(message["error"])
            asked.failed(str(message["error"]["text"]))

    def _heard(self) -> None:
        if time.monotonic() - self._heard_s > _SILENT_S:
            self.waiting.emit(0)
        self._heard_s = time.monotonic()

    def _look(self) -> None:
        silent_s = time.monotonic() - self._heard_s
        if self._asked:
            if silent_s > _SILENT_S:
                self.waiting.emit(silent_s)
            return
        if not self.keeps_open and silent_s > _IDLE_S:
            self.let_go()
        if self.keeps_open or not self._is_open:
            self._tick.stop()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            for asked in self._asked.values():
                asked.tries = 2
            self._ended()

    def _ended(self) -> None:
        """The process is gone: what it was asked is asked once more, of a new one."""
        self._take()
        process, self._process, self._is_open = self._process, None, False
        how = _end_words(process)
        if process is not None:
            process.deleteLater()
        self._heard()
        left = list(self._asked.values())
        again = [asked for asked in left if asked.tries < 2]
        if not self._was_killed:
            sentence = f"the replay process {how}" + ("; it was started again and asked once more" if again else "")
            self._messages.say("warning", sentence)
            self.restarted.emit(sentence)
        self._was_killed = False
        for asked in left:
            if asked in again:
                self._send(asked)
            elif self._asked.pop(asked.id, None) is not None:
                asked.failed(f"the replay process {how} while it worked on this")


def _end_words(process: QProcess | None) -> str:
    """How a process came to its end."""
    if process is None or process.error() is QProcess.ProcessError.FailedToStart:
        return "could not be started"
    if process.exitStatus() is QProcess.ExitStatus.CrashExit:
        return f"was ended by signal {process.exitCode()}" if process.exitCode() else "crashed"
    return f"ended with status {process.exitCode()}"


_leaving: list[QProcess] = []
"""Processes that were told to end."""


def _gone(process: QProcess) -> None:
    if process in _leaving:
        _leaving.remove(process)
        process.deleteLater()


def wait_for_all() -> None:
    """Waits until every process that was told to end has ended, by force after some seconds; for closing the window."""
    for process in _leaving[:]:
        if not process.waitForFinished(_END_MS):
            process.kill()
            process.waitForFinished(_END_MS)
        _gone(process)
