"""Paths into JSON documents as people write them: `.a."b c"[0]`. Pure.

Read `identify.expressions` for rules, `formats.descriptor` for files: both write their places so.
"""

from __future__ import annotations

import re

Step = str | int
Path = tuple[Step, ...]
_PLAIN = re.compile(r"[\w$@-]+")
_STEP = re.compile(r'\.(?:"((?:[^"\\]|\\.)+)"|([^."\[\]]+))|\[(\d+)\]')


def steps(text: str, start: int = 0) -> Path:
    """The steps of what stands in `text` from `start` on, such as `.name[0]`. Raises ValueError for what is no path."""
    found: list[Step] = []
    while start < len(text):
        step = _STEP.match(text, start)
        if step is None:
            raise ValueError(f'{text!r} is no path after {text[:start]!r}: write .name, ."any name" or [0]')
        quoted, plain, index = step.groups()
        found.append(int(index) if index else plain or re.sub(r"\\(.)", r"\1", quoted))
        start = step.end()
    return tuple(found)


def written(path: Path) -> str:
    """The path as `steps` reads it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{named(step)}" for step in path)


def named(step: str) -> str:
    """A name as a step, in quotes where it needs them."""
    quoted = step.replace("\\", "\\\\").replace('"', '\\"')
    return step if _PLAIN.fullmatch(step) else f'"{quoted}"'
