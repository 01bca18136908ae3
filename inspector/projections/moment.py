"""Up to where events count: a time of the projection's clock, or positions. Values only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.event import format_time
from inspector.replay.question import at_time


@dataclass(frozen=True, slots=True)
class Moment:
    """Events with a time ≤ `time_us`, and with a position ≤ `position`; None for no bound.

    `log` and `partition` say whose positions these are: events of other logs are not bounded by it.
    """

    time_us: int | None = None
    position: int | None = None
    log: str | None = None
    partition: int | None = None

    @property
    def text(self) -> str:
        """In words."""
        parts = [] if self.time_us is None else [f"up to {format_time(self.time_us)}"]
        if self.position is not None:
            of = "" if self.log is None else f" of {self.log}"
            parts.append(f"up to position {self.position}{of}" + ("" if self.partition is None else f" partition {self.partition}"))
        return " and ".join(parts) or "all that was captured"


NOW = Moment()


def at(text: str) -> Moment:
    """The moment that `--at` says: a time with its zone, a date (its end; UTC unless it says its zone), or a position.

    Raises UsageError for anything else.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,18}", text):
        return Moment(position=int(text))
    return Moment(time_us=at_time(text).time_us)
