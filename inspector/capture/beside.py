"""A second connection to a capture, with a thread of its own, so that two stretches of it are searched at once.

SQLite lets other threads run while it searches. Read `listing` for the use, `reader` for the owner.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import apsw

if TYPE_CHECKING:
    from inspector.capture.reader import CaptureReader

T = TypeVar("T")


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
