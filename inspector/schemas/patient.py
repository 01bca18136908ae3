"""A place that may be slow: it is asked in a thread of its own, and waited for only so long.

What is not there in time is asked for all the same: values that name it wait as undecoded ones, and are read once the answer is
there. Read `inspector.schemas` for the book that asks, `registry` for the places this is made for.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError

from inspector.event import Schema
from inspector.schemas import Place, SchemaUnavailableError

PATIENCE_S = 20.0
"""So long all answers of one reading are waited for, taken together."""
_ONE_S = 5.0
"""So long one answer is waited for."""
_LOOK_S = 0.05
Question = tuple[str, str, str]


class Patient:
    """The place `place`, which only its own thread touches. `stop` ends any waiting at once."""

    def __init__(
        self,
        place: Place,
        stop: threading.Event | None = None,
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.is_final = place.name, place.is_final
        self._place = place
        self._stop = stop or threading.Event()
        self._left_s = patience_s
        self._clock = clock
        self._asked: dict[Question, Future[Schema | None]] = {}
        self._questions: queue.SimpleQueue[tuple[Question, Future[Schema | None]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def fetch(self, wire: str, log: str, part: str) -> Schema | None:
        """See `Place.fetch`; an answer that takes too long is one that cannot be had now."""
        question = (wire, log, part)
        answer = self._asked.get(question)
        if answer is None:
            answer = self._asked[question] = Future()
            self._start()
            self._questions.put((question, answer))
        self._wait(answer)
        if not answer.done():
            raise SchemaUnavailableError(f"{self.name} has not answered yet")
        del self._asked[question]
        return answer.result()

    def _wait(self, answer: Future[Schema | None]) -> None:
        begun = self._clock()
        until = begun + (self._left_s if self._left_s == math.inf else min(_ONE_S, self._left_s))
        while not answer.done() and not self._stop.is_set() and self._clock() < until:
            try:
                answer.exception(_LOOK_S)
            except NotYetError:
                continue
        self._left_s = max(0.0, self._left_s - (self._clock() - begun))

    def _start(self) -> None:
        if self._thread is None:
            # a daemon: a registry that does not answer keeps no process alive
            self._thread = threading.Thread(target=self._answer, name=f"schemas of {self.name}", daemon=True)
            self._thread.start()

    def _answer(self) -> None:
        while asked := self._questions.get():
            question, answer = asked
            try:
                answer.set_result(self._place.fetch(*question))
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                answer.set_exception(error)
        self._place.close()

    def close(self) -> None:
        """Lets the thread close the place after what it is busy with; waits for nothing."""
        if self._thread is None:
            self._place.close()
        else:
            self._questions.put(None)
