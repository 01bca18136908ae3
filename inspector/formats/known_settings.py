"""Which settings the formats know, so that a misspelt one is told and not passed over. Pure.

Read `wishes` for what the user wants, `Format.takes` for what a format knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from inspector import plugins
from inspector.errors import UsageError
from inspector.formats import Format, Settings
from inspector.formats.descriptor import FIELDS, OPTIONS
from inspector.formats.recognise import Choice, format_named

COMMON = ("zone", "decoder", "rules")
"""What is said of logs, whatever the format."""
_OF_STORES = ("descriptor",)


def of_format(format_: Format) -> Sequence[str] | None:
    """The settings that a format takes; None for one that does not say."""
    takes: Sequence[str] | None = getattr(format_, "takes", None)
    return None if takes is None else (*takes, *COMMON)


def of_any() -> Sequence[str] | None:
    """The settings that any format or store takes; None when one of them does not say."""
    known = [of_format(format_named(name)) for name in plugins.names("formats")]
    if None in known:
        return None
    return tuple(dict.fromkeys([*(name for names in known for name in names or ()), *_OF_STORES]))


def check(settings: Settings, known: Sequence[str] | None, where: str = "") -> None:
    """Raises UsageError for a setting that is none, with those that there are, the nearest first."""
    for name in settings:
        head, *below = name.split(".")
        if known is not None and head not in known:
            raise UsageError(f"there is no setting {head!r}{where}; {listed(head, known)}")
        if head in {"fields", "forms"} and below:
            if below[0] not in FIELDS:
                raise UsageError(f"there is no field {below[0]!r} to set with {name}; {listed(below[0], FIELDS)}")
            if head == "forms" and len(below) > 1 and below[1] not in OPTIONS:
                raise UsageError(f"there is no option {below[1]!r} to set with {name}; {listed(below[1], OPTIONS)}")


def unused(settings: Settings, choice: Choice) -> list[str]:
    """The settings that are of no use to a file that is read so."""
    known = of_format(choice.format)
    heads = dict.fromkeys(name.partition(".")[0] for name in settings)
    return [] if known is None else [head for head in heads if head not in known]


def words(name: str, choices: Mapping[str, Choice]) -> str:
    """That a setting was of no use, with what the formats that were met take; `choices` by the name of the format."""
    told = [f"{of}: {', '.join(of_format(choice.format) or ())}" for of, choice in choices.items()]
    return f"the setting {name!r} is of no use to what is read here ({'; '.join(told)})"


def listed(name: str, known: Iterable[str]) -> str:
    """The names that there are, those most like `name` first."""
    nearest = sorted(known, key=lambda one: -SequenceMatcher(None, name.lower(), one).ratio())
    return f"known are {', '.join(nearest)}"
