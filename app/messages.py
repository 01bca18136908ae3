"""The message log: what children, Qt and our own bugs say, kept for a pane. Also the hooks that bring it there.

Any thread may write; listeners are called in the GUI thread. Payloads and secrets are never logged.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, Signal, qInstallMessageHandler

_KEPT = 2_000
_REPEATS = 5
"""The same text is written so often, then only counted: an error while painting repeats with each cell."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the log. `level` is `note`, `warning` or `error`."""

    at: datetime
    level: str
    text: str
    details: str = ""


class Messages(QObject):
    """The newest messages. `added(message)` comes in the GUI thread."""

    added = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.kept: deque[Message] = deque(maxlen=_KEPT)
        self._seen: Counter[str] = Counter()
        self._arrived.connect(self._keep, Qt.ConnectionType.QueuedConnection)

    def say(self, level: str, text: str, details: str = "") -> None:
        """Adds a message; from any thread."""
        self._arrived.emit(Message(datetime.now(UTC), level, text, details))

    def _keep(self, message: Message) -> None:
        self._seen[message.text] += 1
        if len(self._seen) > _KEPT:
            self._seen.clear()
        if self._seen[message.text] <= _REPEATS:
            self.kept.append(message)
            self.added.emit(message)


class _Handler(logging.Handler):
    """Sends log records of warning and above to the messages."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        details = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._messages.say(level, record.getMessage(), details)


class Hooks:
    """Takes over what would otherwise only reach a terminal nobody sees; `remove` gives it all back."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._handler = _Handler(messages)
        self._before = sys.excepthook, threading.excepthook
        logging.getLogger().addHandler(self._handler)
        sys.excepthook = self._raised
        threading.excepthook = self._raised_in_thread
        qInstallMessageHandler(self._qt_said)

    def remove(self) -> None:
        """Gives the hooks back."""
        logging.getLogger().removeHandler(self._handler)
        sys.excepthook, threading.excepthook = self._before
        qInstallMessageHandler(None)

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(details)
        self._messages.say("error", f"internal error: {kind.__name__}: {error}", details)

    def _raised_in_thread(self, caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            self._raised(caught.exc_type, caught.exc_value, caught.exc_traceback)

    def _qt_said(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        del context
        if kind in {QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg}:
            return
        self._messages.say("warning" if kind is QtMsgType.QtWarningMsg else "error", f"Qt: {text}")
