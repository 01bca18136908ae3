"""Small slow things that are no question to a capture: one thread, in order, answers in the GUI thread. No widget.

For a keyring that may ask its owner, for a file someone imports. Read `work` for questions to a capture, `vault` for a user.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

log = logging.getLogger(__name__)
T = TypeVar("T")


class Aside(QObject):
    """Runs functions one after the other on a thread. After `close` no answer comes any more."""

    _answered = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closed = False
        self._asked: SimpleQueue[tuple[Callable[[], Any], Callable[[Any], None]] | None] = SimpleQueue()
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        threading.Thread(target=self._serve, name=name, daemon=True).start()

    def run(self, fn: Callable[[], T], done: Callable[[T], None]) -> None:
        """Calls `fn()` on the thread, then `done(result)` in the GUI thread. What `fn` raises is a bug, and logged."""
        if not self._closed:
            self._asked.put((fn, done))

    def close(self) -> None:
        """Ends the thread once it is idle. It is not waited for: a keyring may be asking its owner."""
        self._closed = True
        self._asked.put(None)

    def _serve(self) -> None:
        while (asked := self._asked.get()) is not None:
            fn, done = asked
            if self._closed:
                continue
            try:
                answer = fn()
            except Exception:
                log.exception("something on the side failed")
                continue
            with contextlib.suppress(RuntimeError):  # its owner went away in this very moment
                self._answered.emit(done, answer)

    def _deliver(self, done: Callable[[Any], None], answer: object) -> None:
        if not self._closed:
            done(answer)
