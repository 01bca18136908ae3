"""A second connection to a capture, with a thread of its own, so that two stretches of it are searched at once, or one is read
while the one before is worked on.

SQLite lets other threads run while it searches. Read `listing` and `replay.stretches` for the uses, `reader` for the owner.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import apsw

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader

T = TypeVar("T")
_AHEAD = 2


class Beside:
    """Runs one question after the other on a reader of its own. Belongs to one `CaptureReader`, which closes it."""

    def __init__(self, open_reader: Callable[[], CaptureReader]) -> None:
        self._reader = open_reader()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="beside")

    def run(self, fn: Callable[[CaptureReader], T]) -> Future[T]:
        """Asks `fn(reader)`; its answer or exception comes by the future."""
        return self._thread.submit(fn, self._reader)

    def interrupt(self) -> None:
        """Ends what runs; may be called from any thread."""
        with contextlib.suppress(apsw.ConnectionClosedError):
            self._reader.interrupt()

    def close(self) -> None:
        """Ends what runs, the thread and the connection."""
        self.interrupt()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._reader.close()


def ahead(reader: CaptureReader, questions: Iterable[Callable[[CaptureReader], T]]) -> Iterator[T]:
    """The answer to each question, in turn; the next ones are asked beside while an answer is worked on. The first is asked here.

    It pays where a question takes SQLite long and gives one row: each row takes the lock that all threads share. Where the
    reader hides, that is work of ours and not of SQLite's: nothing is asked beside. What a question raises is raised in its turn.
    """
    if reader.masks is not None:
        yield from (question(reader) for question in questions)
        return
    left, waiting = iter(questions), deque[Future[T]]()
    first = next(left, None)
    if first is None:
        return
    try:
        _ask_on(reader, left, waiting)
        yield first(reader)
        while waiting:
            answer = waiting.popleft().result()
            _ask_on(reader, left, waiting)
            yield answer
    finally:
        for future in waiting:
            future.cancel()


def _ask_on(reader: CaptureReader, left: Iterator[Callable[[CaptureReader], T]], waiting: deque[Future[T]]) -> None:
    """Has two questions under way: one that is answered, and the one after it."""
    while len(waiting) < _AHEAD and (question := next(left, None)) is not None:
        waiting.append(reader.beside().run(question))
