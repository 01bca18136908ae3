"""TOML that may come from a stranger: read in a time that grows with its length, or refused. Pure.

Read `masks`, `identify.profile` and `app.models.profile` for what is written so.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

LARGEST = 1_000_000
"""Characters."""
_MOST_STEPS = 20
"""Of a dotted key: what `tomllib` does with one grows with the square of them."""
_HEAD = re.compile(r"\s*\[+[^\]]*\]")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""' + r"|'''.*?'''" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'" + r"|#[^\n]*|[\w-]+|[ \t]+|.", re.DOTALL
)


def loads(text: str) -> dict[str, Any]:
    """What `text` says. Raises ValueError with what is wrong."""
    if len(text) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
    if text.count(".") > _MOST_STEPS and _steps(text) > _MOST_STEPS:
        raise ValueError(f"a key has more than {_MOST_STEPS} steps")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def _steps(text: str) -> int:
    """The dots of the longest dotted key."""
    most = dots = 0
    for found in _TOKEN.finditer(text):
        part = found.group(0)
        if part == ".":
            dots += 1
            most = max(most, dots)
        elif not (part[0] in "\"' \t_-" or part[0].isalnum()):
            dots = 0
    return most


def line_of(text: str, message: str, *, entry: int = -1) -> int:
    """The line (from 1) of the key that `message` starts with, before a colon; else that of its table, or 1.

    It is looked for in the `[[…]]` entry of that number, or in all of `text`. A key `[table] key` is one in that table.
    """
    table, _, key = message.partition(":")[0].rpartition("] ")
    name = re.escape(key)
    wanted = re.compile(r"\s*[\"']?" + name + r"[\"']?\s*[=.\]]|\s*\[+" + name)
    current, start, is_inside = -1, 1, not table
    for number, line in enumerate(text.splitlines(), 1):
        if _HEAD.match(line):
            is_entry = line.lstrip().startswith("[[")
            current += is_entry
            is_inside = not table or line.strip().startswith(f"{table}]")
            if (is_entry and current == entry) or (table and is_inside):
                start = number
        if is_inside and (current == entry or entry < 0) and wanted.match(line):
            return number
    return start
