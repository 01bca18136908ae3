"""What a replay is asked, and how moments are written. Pure; no I/O.

Read the package next for how a question is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.event import MAX_TIME_US, parse_time
from inspector.user_code import USUAL, Terms

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?\Z", re.IGNORECASE)
_DAY_US = 86_400_000_000
_MOST_VERSION = 2**63 - 1
"""No capture holds a higher one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Up to where events are folded: a version, a time, a number of events, an event, or (none set) all of them.

    `version` without versions in the stream means the n-th event. `count` is that of the events that are applied, whatever
    their versions. `seq` is an event's number in the capture; it is folded too, unless `is_before`. `event` names one as it was
    asked for, by number or id, until it is looked up. `time_us` goes by the events' own times, `known_us` by when they were
    recorded; both together is what was true then, as known by then. `text` says it for people.
    """

    version: int | None = None
    time_us: int | None = None
    count: int | None = None
    seq: int | None = None
    text: str = "all events"
    known_us: int | None = None
    event: str | None = None
    is_before: bool = False

    @property
    def is_timed(self) -> bool:
        """Whether times decide, which need not end at one place of the stream."""
        return self.time_us is not None or self.known_us is not None


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
    with_aborted: bool = False
    """Fold events of aborted transactions too, which no consumer of committed records sees."""
    terms: Terms = USUAL


def at_version(version: int) -> Moment:
    """The moment after `version`. Raises UsageError for a negative one."""
    if version < 0:
        raise UsageError(f"version {version} is below 0")
    return Moment(version=min(version, _MOST_VERSION), text=f"version {version}")


def after_events(count: int) -> Moment:
    """The moment after so many events of the stream. Raises UsageError for a negative number."""
    if count < 0:
        raise UsageError(f"{count} events are less than none")
    return Moment(count=count, text=f"the first {count:,} events")


def at_event(event: int | str) -> Moment:
    """The moment after an event, named by its number in the capture or its id."""
    return Moment(event=str(event), text=f"event {event}")


def before_event(event: int | str) -> Moment:
    """The moment just before an event, named by its number in the capture or its id."""
    return Moment(event=str(event), is_before=True, text=f"just before event {event}")


def known_at(text: str, at: str | None = None) -> Moment:
    """What was known at a time, written as for `at_time`; with `at`, what of it was true at that time."""
    known = at_time(text)
    if at is None:
        return Moment(known_us=known.time_us, text=f"as known at {known.text}")
    true = at_time(at)
    return Moment(time_us=true.time_us, known_us=known.time_us, text=f"{true.text}, as known at {known.text}")


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
    """The moment of a version (digits), a time, or what `event:`, `before:` or `known-at:` begins. Raises UsageError for none."""
    kind, _, rest = text.partition(":")
    ways: dict[str, Callable[[str], Moment]] = {"event": at_event, "before": before_event, "known-at": known_at}
    if kind in ways and rest:
        return ways[kind](rest)
    return at_version(int(text)) if re.fullmatch(r"\d{1,18}", text) else at_time(text)
