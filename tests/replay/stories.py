"""Builders of events and streams for tests of reducers and replay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inspector.event import Flag

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """An event as a capture gives it to a replay."""

    seq: int = 1
    log_id: int = 1
    position: int = 0
    sub: int = 0
    time_us: int | None = None
    version: int | None = None
    type: str | None = "Changed"
    flags: int = 0
    event_id: str | None = None
    actor: str | None = None
    data: str | None = "{}"


def event(seq: int, data: object = None, **facts: Any) -> StoryEvent:
    """The event `seq` with `data` as its document (a str is JSON text as it is), at `seq` seconds, version `seq`."""
    text = data if isinstance(data, str) else json.dumps(data)
    made = StoryEvent(seq=seq, position=seq - 1, time_us=seq * SECOND_US, version=seq, event_id=f"e-{seq}", data=text)
    return replace(made, **facts)


def tombstone(seq: int) -> StoryEvent:
    """A deletion."""
    return replace(event(seq), data=None, flags=int(Flag.tombstone))


def undecodable(seq: int) -> StoryEvent:
    """An event whose value could not be decoded."""
    return replace(event(seq), data=None, flags=int(Flag.undecodable))


class Batches:
    """Gives `events` in batches of `size`, as often as asked."""

    def __init__(self, events: Sequence[StoryEvent], size: int = 3) -> None:
        self.events = events
        self.size = size

    def __call__(self) -> Iterator[Sequence[StoryEvent]]:
        for start in range(0, len(self.events), self.size):
            yield self.events[start : start + self.size]
