"""Numbers that are measured outside the events while a source is read, such as how far a consumer is. Values; no I/O.

They are kept with the capture, so that a saved session has its plots. Read `groups` for what is measured of consumer groups,
`capture.samples` for where they are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

COMMITTED = "committed"
"""Label `[consumer, log, partition]`: the next position it reads; everything below is dealt with."""
LOG_END = "log_end"
"""Label `[log, partition]`: the position after the last record."""
LAG_POSITIONS = "lag_positions"
"""Label `[consumer, log, partition]`: positions between the two."""
LAG_TIME = "lag_time"
"""Label `[consumer, log, partition]`: the age of the next unread record in seconds; 0 where nothing is unread."""
MEMBERS = "members"
"""Label `[consumer]`: how many read as this consumer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number at one moment. `label` tells apart what one metric is measured of (see `label_of`)."""

    metric: str
    label: str
    time_us: int
    value: float


def label_of(*parts: str | int) -> str:
    """The label of names and numbers: a JSON list, so that no name can look like two."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def parts_of(label: str) -> tuple[str | int, ...]:
    """What a label was made of; a label that is no list of names and numbers is one name."""
    try:
        parts = json.loads(label)
    except ValueError:
        return (label,)
    if isinstance(parts, list) and all(isinstance(part, str | int) for part in parts):
        return tuple(parts)
    return (label,)
