"""Small slow things that are no question to a capture: one thread, in order, answers in the GUI thread. No widget.

For a keyring that may ask its owner, for a file someone imports. Read `work` for questions to a capture, `vault` for a user.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from app.collecting import collect_here_only

log = logging.getLogger(__name__)
T = TypeVar("T")
_JOIN_S = 0.3
_left: list[_Relay] = []
"""Relays of threads that did not end in time: they must outlive those."""


class _Relay(QObject):
    """Takes answers from the thread to the GUI thread."""

    answered = Signal(object, object)


class Aside:
    """Runs functions one after the other on a thread. After `close` no answer comes any more.

    The thread holds neither this object nor what is to be done with an answer: what is Qt's must not end there.
    """

    def __init__(self, name: str) -> None:
        self._relay = _Relay()
        self._relay.answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._asked: SimpleQueue[tuple[int, Callable[[], Any]] | None] = SimpleQueue()
        self._waiting: dict[int, Callable[[Any], None]] = {}
        self._number = 0
        self._closed = False
        collect_here_only()
        self._thread = threading.Thread(target=_serve, args=(self._asked, self._relay), name=name, daemon=True)
        self._thread.start()

    def run(self, fn: Callable[[], T], done: Callable[[T], None]) -> None:
        """Calls `fn()`, which holds nothing of Qt's, on the thread, then `done(result)` in the GUI thread.

        What `fn` raises is a bug, and logged.
        """
        if not self._closed:
            self._number += 1
            self._waiting[self._number] = done
            self._asked.put((self._number, fn))

    def close(self) -> None:
        """Ends the thread once it is idle. It is not waited for long: a keyring may be asking its owner."""
        if self._closed:
            return
        self._closed = True
        self._waiting.clear()
        self._asked.put(None)
        self._thread.join(_JOIN_S)
        if self._thread.is_alive():
            _left.append(self._relay)

    def _deliver(self, number: int, answer: object) -> None:
        done = self._waiting.pop(number, None)
        if done is not None:
            done(answer)


def _serve(asked: SimpleQueue[tuple[int, Callable[[], Any]] | None], relay: _Relay) -> None:
    while (question := asked.get()) is not None:
        number, fn = question
        try:
            answer = fn()
        except Exception:
            log.exception("something on the side failed")
            continue
        relay.answered.emit(number, answer)
