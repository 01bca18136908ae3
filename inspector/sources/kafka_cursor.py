"""Where the reading of one partition is. No I/O. Read `kafka_read` for who moves it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from inspector.event import LogKey
from inspector.sources import Span
from inspector.sources.kafka_client import Partition

_SHORTER_S = 30.0
"""So long a log may be shorter than it was before that is believed: a broker that was killed finds its own end only by and by."""


@dataclass(slots=True)
class Cursor:
    """Where one partition is: the span being read first, and the position that comes next in it."""

    place: int
    key: LogKey
    spans: deque[Span]
    position: int
    shorter_since_s: float | None = None
    """Since when the log's end lies before `position`; None when it does not."""

    @property
    def partition(self) -> Partition:
        """Topic and partition, as the client names them."""
        return self.key.name, self.key.partition

    @property
    def end(self) -> int | None:
        """Where the span being read ends."""
        return self.spans[0].end

    @property
    def named(self) -> str:
        """The partition, for people."""
        return f"{self.key.name} partition {self.key.partition}"

    def is_beyond(self, end: int) -> bool:
        """Whether the log, which ends at `end` now, has been too short for `position` for so long that it stays so."""
        if self.position <= end:
            self.shorter_since_s = None
            return False
        now = time.monotonic()
        self.shorter_since_s = now if self.shorter_since_s is None else self.shorter_since_s
        return now - self.shorter_since_s > _SHORTER_S
