"""File work off the GUI thread that needs no capture reader: one thread, one errand after the other, answers in the GUI thread.

Knows no widget. Read `work` for questions to a capture, `library` for who uses this.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import apsw
from PySide6.QtCore import QObject, Qt, Signal

from app.collecting import collect_here_only
from inspector.errors import EventscopeError

log = logging.getLogger(__name__)
T = TypeVar("T")


class Errands(QObject):
    """Runs functions on one thread of its own, in the order given."""

    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: queue.SimpleQueue[tuple[Callable[[], Any], Callable[[Any], None], Callable[[str], None]] | None] = (
            queue.SimpleQueue()
        )
        self._closed = False
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        collect_here_only()
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
        self._thread.start()

    def run(self, fn: Callable[[], T], done: Callable[[T], None] | None = None, failed: Callable[[str], None] | None = None) -> None:
        """Calls `fn()` on the thread, then `done(result)` or `failed(sentence)` in the GUI thread."""
        if not self._closed:
            self._waiting.put((fn, done or _nothing, failed or _unheard))

    def close(self, wait_s: float = 2.0) -> None:
        """Does what was asked for so far, at most for `wait_s`, and ends; answers are not heard any more."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join(wait_s)

    def _run(self) -> None:
        while (errand := self._waiting.get()) is not None:
            fn, done, failed = errand
            try:
                result = fn()
            except (EventscopeError, apsw.Error, OSError) as error:
                self._answer(failed, str(error))
            except Exception as error:
                log.exception("an errand failed")
                self._answer(failed, f"internal error: {error}")
            else:
                self._answer(done, result)

    def _answer(self, hear: Callable[[Any], None], what: object) -> None:
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the window went away in this very moment
                self._answered.emit(hear, what)

    def _deliver(self, hear: Callable[[Any], None], what: object) -> None:
        if not self._closed:
            hear(what)


def _nothing(result: object) -> None:
    pass


def _unheard(error: str) -> None:
    log.warning("%s", error)
