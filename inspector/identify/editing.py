"""A profile changed by one rule, and nothing else of it: comments, order and layout stay as the user made them. Reads and writes one file.

What is written is read again and compared with what was meant; a file in which that cannot be done is left alone, and it is said
what to write by hand. Read `profile` for what a profile says, `toml_lines` for how its text is taken apart.
"""

from __future__ import annotations

import fnmatch
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspector import toml_text
from inspector.errors import StorageError, UsageError
from inspector.identify.profile import parse_profile
from inspector.identify.toml_lines import Entry, Statement, entries, quoted
from inspector.plain_files import MOST_TEXT_BYTES, read_small

_HEAD = """\
# How the events of your captures are identified. The first [[log]] whose name fits a log is the one used.
# The guide's page "How an event is identified" has everything that may stand here.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a field is found, and how what is there is read: `options` are those of a place (unit, zone, split)."""

    place: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def value(self) -> str | dict[str, str]:
        """The rule as TOML gives it when it is read."""
        return {"from": self.place, **self.options} if self.options else self.place

    @property
    def toml(self) -> str:
        """The rule as it is written."""
        if not self.options:
            return quoted(self.place)
        return "{ " + ", ".join(f"{name} = {quoted(text)}" for name, text in {"from": self.place, **self.options}.items()) + " }"


@dataclass(frozen=True, slots=True)
class Scope:
    """Logs that a rule can be written for: those whose name fits `pattern`. `rules` is what they have now, by field."""

    pattern: str
    is_one_log: bool
    rules: Mapping[str, Any] = field(default_factory=dict)


def scopes(text: str, log: str) -> list[Scope]:
    """For which logs a rule about `log` can be written: it alone, and those that share an entry with it. Raises UsageError."""
    tables = _tables(text)
    fitting = _fitting(tables, log)
    rules = {} if fitting is None else tables[fitting]
    alone = Scope(exactly(log), True, rules)
    if fitting is None or tables[fitting]["name"] in {alone.pattern, log}:
        return [alone if fitting is None else Scope(str(rules["name"]), True, rules)]
    return [alone, Scope(str(rules["name"]), False, rules)]


def exactly(log: str) -> str:
    """The glob that fits this name and no other."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in log)


def changed(text: str, log: str, name: str, rule: Rule | None, *, pattern: str, file: str = "the profile") -> str:
    """`text` with `rule` for the field `name` of the logs of `pattern` (one of `scopes`); None: without a rule for it.

    A log that so far shared an entry gets a copy of it, so that all else stays. Raises UsageError for mistakes that are in the text, and
    where it is written in a form that cannot be changed by a line.
    """
    parse_profile(text, file)
    wanted, lines = _tables(text), text.split("\n")
    place = _fitting(wanted, log)
    if rule is None and (place is None or name not in wanted[place]):
        return text
    if place is None:
        place = len(wanted)
        wanted.append({"name": pattern})
        lines = _appended(lines, pattern)
    elif wanted[place]["name"] != pattern:
        lines = _copied(lines, entries(lines)[place : place + 1], pattern)
        wanted.insert(place, {**wanted[place], "name": pattern})
    lines = _put(lines, entries(lines)[place : place + 1], name, rule)
    if rule is not None:
        wanted[place][name] = rule.value
    else:
        del wanted[place][name]
        if set(wanted[place]) == {"name"} and _fitting(wanted[place + 1 :], log) is None:
            lines = _without_head(lines, entries(lines)[place : place + 1])
            del wanted[place]
    made = "\n".join(lines)
    if not _is(made, wanted):
        by_hand = f"{name} = {rule.toml}" if rule is not None else f"no line {name}"
        raise UsageError(f"{file} is written in a way that cannot be changed from here: write into the entry of {log} yourself: {by_hand}")
    parse_profile(made, file)
    return made


def keep(path: Path, log: str, name: str, rule: Rule | None, *, pattern: str) -> str:
    """Changes the file at `path`, which need not be there yet, as `changed` does; gives its text.

    A new file takes the old one's place at once. Raises UsageError, also when it cannot be read; StorageError when it cannot be written.
    """
    before = read(path)
    text = changed(before or _HEAD, log, name, rule, pattern=pattern, file=str(path))
    if text != before and (before or rule is not None):
        _write(path.resolve(), text)
    return text


def read(path: Path) -> str:
    """The text of a profile; empty when there is none. Raises UsageError when it cannot be read."""
    try:
        return read_small(path, MOST_TEXT_BYTES).decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the profile {path}: {error}") from error


def _write(path: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                Path(name).chmod(path.stat().st_mode & 0o777)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"the profile {path} cannot be written: {error.strerror or error}") from error


def _tables(text: str) -> list[dict[str, Any]]:
    return list(toml_text.loads(text).get("log", [])) if parse_profile(text) else []


def _fitting(tables: Sequence[Mapping[str, Any]], log: str) -> int | None:
    return next((place for place, table in enumerate(tables) if fnmatch.fnmatchcase(log, table["name"])), None)


def _is(text: str, wanted: Sequence[Mapping[str, Any]]) -> bool:
    try:
        return bool(toml_text.loads(text).get("log", []) == list(wanted))
    except ValueError:
        return False


# ---- the text


def _appended(lines: list[str], pattern: str) -> list[str]:
    """With a new entry at the end."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return [*lines, "", "[[log]]", f"name = {quoted(pattern)}", ""]


def _copied(lines: list[str], found: Sequence[Entry], pattern: str) -> list[str]:
    """With a copy of an entry, for other logs, before it."""
    for entry in found:
        copy = [lines[entry.first]]
        for one in entry.statements:
            copy += [f"name = {quoted(pattern)}"] if one.key == "name" else lines[one.first : one.last + 1]
        return [*lines[: entry.first], *copy, "", *lines[entry.first :]]
    return lines


def _put(lines: list[str], found: Sequence[Entry], name: str, rule: Rule | None) -> list[str]:
    """With the rule in place of the one there is, or after the last line of the entry; comments stay."""
    for entry in found:
        old = next((one for one in entry.statements if one.key == name), None)
        if old is not None:
            return [*lines[: old.first], *_in_place_of(old, name, rule), *lines[old.last + 1 :]]
        end = max([entry.first, *(one.last for one in entry.statements)]) + 1
        return lines if rule is None else [*lines[:end], f"{name} = {rule.toml}", *lines[end:]]
    return lines


def _in_place_of(old: Statement, name: str, rule: Rule | None) -> list[str]:
    """The rule's line with the comments that stood at the old one's."""
    if rule is None:
        return list(old.comments)
    line = f"{name} = {rule.toml}"
    if old.first == old.last:
        return ["  ".join([line, *old.comments])]
    return [*old.comments, line]


def _without_head(lines: list[str], found: Sequence[Entry]) -> list[str]:
    """Without an entry that says nothing but its name; comments in it stay."""
    for entry in found:
        comments = [comment for one in entry.statements for comment in one.comments]
        gone = {entry.first, *(number for one in entry.statements for number in range(one.first, one.last + 1))}
        left = [comments if number == entry.first else [] if number in gone else [line] for number, line in enumerate(lines)]
        return [line for part in left for line in part]
    return lines
