"""What a request to the fold process says: its fields, checked. Pure.

Each raises UsageError saying what is wrong. Read `process` for the requests there are.
"""

from __future__ import annotations

from collections.abc import Mapping

from inspector.errors import UsageError
from inspector.replay import NOW, Moment, Question, after_events, at_either, at_event, at_time, at_version, before_event, known_at
from inspector.replay.preview import LISTED
from inspector.user_code import IN_WINDOW, Terms

_MOST_OPEN = 200
MOST_LEFT_OUT = 1_000

Request = Mapping[str, object]


def text(request: Request, name: str) -> str:
    """A field that must be there."""
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise UsageError(f"the request needs {name!r} as text")
    return value


def count(request: Request, name: str, default: int) -> int:
    """A number that is not negative."""
    value = request.get(name, default)
    if not isinstance(value, int) or value < 0:
        raise UsageError(f"{name!r} must be a count")
    return min(value, LISTED) if name == "limit" else value


def maybe_text(request: Request, name: str) -> str | None:
    """A field that need not be there."""
    return text(request, name) if request.get(name) else None


def moment(request: Request) -> Moment:
    """Up to where: `at` and `known_at` are times as text, `version` and `count` numbers, `event` and `before` numbers or ids.

    None of them is the end.
    """
    if request.get("known_at") is not None:
        return known_at(text(request, "known_at"), maybe_text(request, "at"))
    if request.get("at") is not None:
        return at_time(text(request, "at"))
    if request.get("version") is not None:
        return at_version(count(request, "version", 0))
    if request.get("count") is not None:
        return after_events(count(request, "count", 0))
    if request.get("before") is not None:
        return before_event(_event(request, "before"))
    return at_event(_event(request, "event")) if request.get("event") is not None else NOW


def _event(request: Request, name: str) -> str:
    """The number of an event, or its id."""
    value = request.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value):
        raise UsageError(f"{name!r} must be the number of an event or its id")
    return str(value)


def without(request: Request) -> tuple[str, ...]:
    """Numbers or ids of events to leave out."""
    found = request.get("without") or []
    if not isinstance(found, list) or len(found) > MOST_LEFT_OUT:
        raise UsageError(f"'without' must be a list of at most {MOST_LEFT_OUT:,} numbers or ids")
    return tuple(str(one) for one in found)


def inner(request: Request, name: str) -> Request:
    """A field that is an object of fields itself."""
    found = request.get(name)
    if not isinstance(found, dict):
        raise UsageError(f"the request needs {name!r} as an object")
    return found


def paths(request: Request, name: str = "open") -> list[str]:
    """The paths of levels that are to be sent along."""
    found = request.get(name) or []
    if not isinstance(found, list):
        raise UsageError(f"{name!r} must be a list of paths")
    return [str(path) for path in found[:_MOST_OPEN]]


def question(request: Request) -> Question:
    """The question of a `replay` or `steps` request; `diff` is a time or a number as text."""
    return Question(
        text(request, "stream"),
        maybe_text(request, "source"),
        moment(request),
        maybe_text(request, "reducer"),
        at_either(str(request["diff"])) if request.get("diff") is not None else None,
        blame=bool(request.get("blame")),
        without=without(request),
        with_aborted=request.get("aborted") is True,
        terms=terms(request),
    )


def terms(request: Request) -> Terms:
    """On which terms a user's code runs: `python_path`, `consent`, `time_limit` in seconds for an event, `memory_limit` in MB."""
    folders = request.get("python_path") or []
    time_limit, memory_limit = request.get("time_limit", IN_WINDOW.event_s), request.get("memory_limit", IN_WINDOW.memory_mb)
    if not isinstance(folders, list):
        raise UsageError("'python_path' must be a list of folders")
    if not isinstance(time_limit, int | float) or not isinstance(memory_limit, int):
        raise UsageError("'time_limit' must be seconds, and 'memory_limit' a whole number of MB")
    return Terms(tuple(str(folder) for folder in folders), maybe_text(request, "consent"), float(time_limit), memory_limit)
