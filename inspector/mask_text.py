"""Masks as they are written down: a rule set as TOML, and the one that stands in a file with other tables. Pure.

Read `masks` for what the rules mean.
"""

from __future__ import annotations

from collections.abc import Iterable

from inspector import toml_text
from inspector.masks import parse


def written(paths: Iterable[str] = (), patterns: Iterable[str] = (), regexes: Iterable[str] = ()) -> str:
    """A rule set as TOML."""
    lists = (("paths", paths), ("patterns", patterns), ("regexes", regexes))
    return "\n".join(["[masks]", *(f"{name} = [{', '.join(map(toml_string, items))}]" for name, items in lists), ""])


def alone(text: str) -> str:
    """The rule set of a TOML text that may hold other tables, such as a profile, without them. Raises UsageError as `parse`."""
    parse(text)
    tables = toml_text.loads(text)
    return text if set(tables) == {"masks"} else written(**tables["masks"])


def toml_string(text: str) -> str:
    """A text as TOML writes it: what cannot be seen is escaped."""
    return f'"{"".join(_escaped(character) for character in text)}"'


def _escaped(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    if character.isprintable():
        return f"\\{character}" if character in '"\\' else character
    return f"\\U{ord(character):08x}"
