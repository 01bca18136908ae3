"""The moment that is written for a replay. Pure; no Qt. Read `jump` for the forms of a time."""

from __future__ import annotations

import re

from app.jump import AtTime, Here, target

FORMS = "14:03, 14:03:07.250, 2026-11-23, 2026-11-23T14:03:00Z or -15m"
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
