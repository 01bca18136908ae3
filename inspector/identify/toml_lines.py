"""Where the entries and keys of a TOML text stand, line by line, so that one can be changed and the rest stays. Pure.

Only `[[…]]` entries with plain keys are told apart; whoever changes lines reads the outcome again. Read `editing` for who does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_ENTRY = re.compile(r"\s*\[\[[^\]]*\]\]")
_KEY = re.compile(r"\s*(?:\"([^\"\\]*)\"|'([^']*)'|([A-Za-z0-9_-]+))\s*=")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#.*|[\[\]{}]')


@dataclass(frozen=True, slots=True)
class Statement:
    """A key with its value, on the lines from `first` to `last` (from 0). `comments` are those in and beside it."""

    key: str
    first: int
    last: int
    comments: tuple[str, ...] = ()


@dataclass(slots=True)
class Entry:
    """A `[[…]]` table: the line of its head, and the keys in it."""

    first: int
    statements: list[Statement] = field(default_factory=list)


def entries(lines: Sequence[str]) -> list[Entry]:
    """The entries in the order written."""
    found: list[Entry] = []
    at = 0
    while at < len(lines):
        if _ENTRY.match(lines[at]):
            found.append(Entry(at))
        elif (key := _KEY.match(lines[at])) and found:
            last, comments = _end(lines, at)
            found[-1].statements.append(Statement(next(filter(None, key.groups()), ""), at, last, comments))
            at = last
        at += 1
    return found


def _end(lines: Sequence[str], first: int) -> tuple[int, tuple[str, ...]]:
    """The last line of the value that begins on line `first`, and the comments on the way."""
    depth, inside, comments = 0, "", list[str]()
    for number in range(first, len(lines)):
        line, at = lines[number].rstrip("\r"), 0
        while at < len(line):
            if inside:
                at, inside = _after_text(line, at, inside)
                continue
            token = _TOKEN.search(line, at)
            if token is None:
                break
            lexeme, at = token.group(0), token.end()
            if lexeme.startswith("#"):
                comments.append(lexeme)
            elif lexeme in {'"""', "'''"}:
                inside = lexeme
            else:
                depth += (lexeme in "[{") - (lexeme in "]}")
        if not inside and depth <= 0:
            return number, tuple(comments)
    return len(lines) - 1, tuple(comments)


def _after_text(line: str, at: int, mark: str) -> tuple[int, str]:
    """Goes on in a text of several lines: to its end on this line, or to the line's end."""
    escaped = r"\\." if mark == '"""' else r"(?!)"
    found = re.compile(rf"(?:{escaped}|(?!{mark}).)*(?:{mark}\"?'?)?").match(line, at)
    end = found.end() if found else len(line)
    is_closed = mark in line[at:end]
    return end, "" if is_closed else mark


def quoted(text: str) -> str:
    """`text` as a TOML string on one line; what cannot be seen is escaped. Raises ValueError for what is no text."""
    text.encode()
    return "".join(character if character.isprintable() else _escape(character) for character in json.dumps(text, ensure_ascii=False))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
