"""The moment that is written for a replay. Pure; no Qt. Read `jump` for the forms of a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from app.jump import AtTime, Here, target
from app.models.event_look import zone_name
from inspector.capture.streams import StreamInfo
from inspector.event import parse_time

FORMS = "14:03, 14:03:07.250, 2026-11-23, 2026-11-23T14:03:00Z or -15m"
CLOCKS = {"event time": "at", "known by": "known_at"}
"""What a time means, by its words, and as a field of a question."""
_DAY_ONLY = re.compile(r"\d{4}-\d\d-\d\d\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z", re.IGNORECASE)


def moment_us(text: str, here: Here) -> int:
    """Microseconds of the moment `text` means: up to it, events are applied.

    A day is its end, as on the command line; a minute or a second is its beginning. Raises ValueError saying what can be written.
    """
    text = text.strip()
    wanted = target(text, here)
    if isinstance(wanted, AtTime):
        return wanted.until_us - 1 if _DAY_ONLY.match(text) else wanted.from_us
    raise ValueError(f"write a time: {FORMS}")


def written_us(text: str, look: Mapping[str, Any], stream: StreamInfo | None, zone: tzinfo) -> int:
    """The same, where what stands alone is told from the state that is shown. Raises ValueError."""
    last, newest = (look.get("last") or {}).get("time"), look.get("newest_time")
    newest_us = parse_time(newest) if newest else stream.last_us if stream else None
    return moment_us(text, Here(zone, zone_name(zone), parse_time(last) if last else newest_us, newest_us))
