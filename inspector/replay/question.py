"""What a replay is asked, and how moments are written. Pure; no I/O.

Read the package next for how a question is answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.event import MAX_TIME_US, parse_time
from inspector.user_code import USUAL, Terms

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?\Z", re.IGNORECASE)
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """Up to where events are folded: a version, a time, a number of events, an event, or (none set) all of them.

    `version` without versions in the stream means the n-th event. `count` is that of the events that are applied, whatever
    their versions. `seq` is an event's number in the capture; it is folded too. `text` says it for people.
    """

    version: int | None = None
    time_us: int | None = None
    count: int | None = None
    seq: int | None = None
    text: str = "all events"


NOW = Moment()


@dataclass(frozen=True, slots=True)
class Question:
    """One replay. `stream` is `name` or `category/name`; `reducer` a name, a FILE.toml, a FILE.py[:Name], `default` for the
    default, or None for the one remembered for the category, else the default. `terms` are those that a FILE.py runs on.

    `without` holds sequence numbers (digits) or event ids to leave out; `steps` asks for the changes of every event.
    """

    stream: str
    source: str | None = None
    moment: Moment = NOW
    reducer: str | None = None
    diff: Moment | None = None
    blame: bool = False
    without: tuple[str, ...] = ()
    steps: bool = False
    terms: Terms = USUAL


def at_version(version: int) -> Moment:
    """The moment after `version`. Raises UsageError for a negative one."""
    if version < 0:
        raise UsageError(f"version {version} is below 0")
    return Moment(version=version, text=f"version {version}")


def after_events(count: int) -> Moment:
    """The moment after so many events of the stream. Raises UsageError for a negative number."""
    if count < 0:
        raise UsageError(f"{count} events are less than none")
    return Moment(count=count, text=f"the first {count:,} events")


def at_event(seq: int) -> Moment:
    """The moment after the event of this number in the capture."""
    return Moment(seq=seq, text=f"event {seq}")


def at_time(text: str) -> Moment:
    """The moment of an RFC 3339 time, or the end of a date in its zone (`2026-11-23+01:00`; without one: UTC, and it says so).

    Raises UsageError for anything else, a time without its zone included.
    """
    try:
        if match := _DATE.match(text):
            zone = (match[2] or "Z").upper()
            end_us = parse_time(f"{match[1]}T00:00:00{zone}") + _DAY_US - 1
            return Moment(time_us=min(end_us, MAX_TIME_US), text=f"the end of {match[1]} in {'UTC' if zone == 'Z' else zone}")
        return Moment(time_us=parse_time(text), text=text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time with its zone (2026-11-23T08:00:00Z) and not a date (2026-11-23Z, 2026-11-23+01:00)"
        ) from None


def at_either(text: str) -> Moment:
    """The moment of a version (digits) or of a time. Raises UsageError for neither."""
    return at_version(int(text)) if re.fullmatch(r"\d{1,18}", text) else at_time(text)
