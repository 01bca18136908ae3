"""Whether a rule names a place of an event: both as steps from its root. Pure.

Read `masks` for how rules are written.
"""

from __future__ import annotations

ANY, DEEP = "*", "**"
_WILD = {ANY, DEEP, "[*]"}
Path = tuple[str, ...]


def matches(rule: Path, path: Path) -> bool:
    """Whether a rule names a place. `**` stands for any number of steps, `*` for one, `[*]` for any item.

    Goes along the path once, with all places in the rule that it may be at: rules come from strangers too.
    """
    if rule and rule[-1] not in _WILD and rule[-1:] != path[-1:]:
        return False  # most rules, at once: a document may have half a million places
    at = _skipped(rule, {0})
    for step in path:
        wanted = {place for place in at if place < len(rule)}
        here = {place if rule[place] == DEEP else place + 1 for place in wanted if _is_step(rule[place], step)}
        at = _skipped(rule, here)
    return len(rule) in at


def _is_step(wanted: str, step: str) -> bool:
    return wanted in {step, ANY, DEEP} or (wanted == "[*]" and step.startswith("["))


def _skipped(rule: Path, at: set[int]) -> set[int]:
    """`at` and where it may go on when `**` stands for nothing."""
    found = set(at)
    for place in sorted(at):
        while place < len(rule) and rule[place] == DEEP and place + 1 not in found:
            found.add(place := place + 1)
    return found
