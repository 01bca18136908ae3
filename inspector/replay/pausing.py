"""Long work in parts: a part ends when its time is over, and the next one goes on where it was. Pure.

Read `process` for why: other questions are answered in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PART_S = 0.2
"""So long is one part of long work."""

Progress = Callable[[int], None]


class PausedError(Exception):
    """The time of this part is over; what was found is kept."""


def part(progress: Progress | None = None, seconds: float = PART_S) -> Progress:
    """A `progress` that ends the work with PausedError when its time is over, after `progress` itself was called."""
    end = time.monotonic() + seconds

    def told(done: int) -> None:
        if progress is not None:
            progress(done)
        if time.monotonic() >= end:
            raise PausedError

    return told
