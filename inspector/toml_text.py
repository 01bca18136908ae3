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
