"""What is asked of a capture: which of its events, in which order; and how far it goes."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.capture.condition import Condition


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the capture is: sequence numbers `first_seq` to `last_seq` are there (0 and 0: none)."""

    first_seq: int
    last_seq: int

    @property
    def events(self) -> int:
        """How many events there are."""
        return self.last_seq - self.first_seq + 1 if self.last_seq else 0


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events, and in which order (`arrival`, `log` or `time`). Times are `[from_us, until_us)`."""

    order: str = "arrival"
    reverse: bool = False
    limit: int | None = None
    log: str | None = None
    partition: int | None = None
    from_us: int | None = None
    until_us: int | None = None
    from_position: int | None = None
    until_position: int | None = None
    stream_id: int | None = None
    condition: Condition | None = None
    among: tuple[int, ...] | None = None
    """Numbers of the only events that may match; see `lookups.looked_up`."""
