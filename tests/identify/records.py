"""Builders of record batches for tests of identity."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from inspector.event import EventBatch, LogKey, RecordBatch, TimeKind
from inspector.identify import Identifier, parse_profile
from inspector.sources import LogInfo

RECORDED_US = 1_000_000


def log(name: str = "orders", partition: int = 0) -> LogInfo:
    return LogInfo(LogKey(name, partition), 0, 100)


def headers(**pairs: str | None) -> str:
    """Header names with `_` in Python for what is written so."""
    return json.dumps([[name, value] for name, value in pairs.items()])


def batch(
    *values: object, keys: Sequence[bytes | None] | None = None, head: Sequence[str | None] | None = None, logs: Sequence[int] | None = None
) -> RecordBatch:
    """One record per value: bytes as they are, None as null, anything else as its JSON."""
    count = len(values)
    return RecordBatch(
        log=list(logs or [0] * count),
        position=list(range(count)),
        time_us=[RECORDED_US] * count,
        time_kind=[int(TimeKind.create)] * count,
        key=list(keys or [None] * count),
        value=[value if value is None or isinstance(value, bytes) else json.dumps(value).encode() for value in values],
        headers=list(head or [None] * count),
    )


def events(records: RecordBatch, *, profile: str = "", logs: Sequence[LogInfo] = (), **wishes: Any) -> EventBatch:
    """The records identified under the profile written as `profile`; `wishes` are those of a descriptor."""
    identifier = Identifier(profile=parse_profile(profile), **wishes)
    return identifier.events(records, list(logs) or [log()])


def event(value: object, *, key: bytes | None = None, head: str | None = None, profile: str = "", **wishes: Any) -> EventBatch:
    """One record identified."""
    return events(batch(value, keys=[key], head=[head]), profile=profile, logs=[log()], **wishes)
