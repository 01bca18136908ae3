"""Parts of a TOML file that a stranger may have written, each looked at before it is taken. Pure; no Qt, no I/O.

All raise UsageError that says what is wrong and where; `at` is the place of the table, such as `colors[2].`. Read `profile` for the use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inspector.errors import QueryError, UsageError

MOST_CHARACTERS = 4_000
"""Of a filter or mask."""
_MOST_SHOWN = 60


def only(table: Mapping[str, Any], at: str, names: str) -> None:
    """Refuses what is not among `names`."""
    for name in table:
        if name not in names.split():
            raise UsageError(f"{at}{short(name)} is not known here; there are {', '.join(names.split())}")


def subtable(table: Mapping[str, Any], at: str, name: str) -> Mapping[str, Any]:
    """A table within; an empty one for none."""
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise UsageError(f"{at}{name} is a table: write [{at}{name}]")
    return found


def text(table: Mapping[str, Any], at: str, name: str, usual: str | None = None) -> str:
    """A text, which must be there unless there is a `usual` one."""
    found = table.get(name, usual)
    if not isinstance(found, str):
        raise UsageError(f"{at}{name}: a text is wanted, not {short(found)}")
    return found


def boolean(table: Mapping[str, Any], at: str, name: str, *, usual: bool) -> bool:
    """True or false."""
    found = table.get(name, usual)
    if not isinstance(found, bool):
        raise UsageError(f"{at}{name}: true or false, not {short(found)}")
    return found


def choice(table: Mapping[str, Any], at: str, name: str, choices: Sequence[str], usual: str) -> str:
    """One of these texts."""
    found = text(table, at, name, usual)
    if found not in choices:
        raise UsageError(f"{at}{name}: one of {', '.join(choices)}, not {short(found)}")
    return found


def texts(table: Mapping[str, Any], at: str, name: str, most: int, check: Callable[[str], str]) -> tuple[str, ...]:
    """A list of texts, each once. `check` gives or raises what is wrong with one."""
    found = table.get(name, [])
    if not isinstance(found, list) or len(found) > most:
        raise UsageError(f"{at}{name} is a list of at most {most} texts")
    for number, each in enumerate(found, 1):
        if not isinstance(each, str) or not each:
            raise UsageError(f"{at}{name}[{number}]: a text is wanted, not {short(each)}")
        if problem := problem_of(each, check):
            raise UsageError(f"{at}{name}[{number}]: {problem}")
    return tuple(dict.fromkeys(found))


def problem_of(given: str, check: Callable[[str], str]) -> str:
    """What is wrong with a text, as a sentence; empty when nothing is."""
    if len(given) > MOST_CHARACTERS:
        return f"it is longer than {MOST_CHARACTERS:,} characters"
    try:
        return check(given)
    except QueryError as error:
        return error.sentence
    except UsageError as error:
        return str(error)


def short(found: object) -> str:
    """Something as it is told in a sentence."""
    told = repr(found)
    return told if len(told) <= _MOST_SHOWN else f"{told[:_MOST_SHOWN]}…"
