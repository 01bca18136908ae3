"""How long to wait between two looks at a server: longer the longer nothing comes, and longer the longer nobody answers. No I/O.

Read `postgres` for the loop that waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from inspector.errors import SourceError
from inspector.sources import Batch

TICK_S = 0.2
"""Between two batches while nothing is there."""
_POLL_S = (0.2, 2.0)
"""Between two looks at the server: at first, and after a while without rows."""
_RETRY_S = (0.25, 5.0)
_PATIENCE_S = 30.0
"""For so long is a server waited for that goes away while something with an end is read."""


class Pace:
    """One reading. `trouble` is why nobody answered when last asked; empty when somebody did."""

    def __init__(self, *, follow: bool) -> None:
        self.trouble = ""
        self._follow = follow
        self._poll_s, self._retry_s = _POLL_S[0], _RETRY_S[0]
        self._failing_since_s: float | None = None

    def worked(self, found: bool) -> str:
        """Notes that the server answered, with rows or without; the state to tell."""
        self._poll_s = _POLL_S[0] if found else min(self._poll_s * 1.2, _POLL_S[1])
        state = "reading again" if self.trouble else ""
        self.trouble, self._retry_s, self._failing_since_s = "", _RETRY_S[0], None
        return state

    def failed(self, error: SourceError) -> Batch:
        """Notes that it did not; what to tell. Raises `error` when waiting cannot mend it or has lasted long enough."""
        now = time.monotonic()
        self._failing_since_s = now if self._failing_since_s is None else self._failing_since_s
        if not error.retry or not (self._follow or now - self._failing_since_s < _PATIENCE_S):
            raise error
        said = str(error)
        batch = Batch(state="" if said == self.trouble else f"waiting: {said}")
        self.trouble = said
        return batch

    def wait(self, stop: threading.Event) -> Iterator[Batch]:
        """Empty batches until it is time to look again."""
        until = time.monotonic() + (self._retry_s if self.trouble else self._poll_s)
        if self.trouble:
            self._retry_s = min(self._retry_s * 2, _RETRY_S[1])
        while (left := until - time.monotonic()) > 0 and not stop.wait(min(TICK_S, left)):
            yield Batch()
