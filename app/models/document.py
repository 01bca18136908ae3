"""A JSON text as it was written: names in order with their repeats, numbers with their digits. Pure; no Qt.

Read `models.event_tree` for the tree made of it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MOST_CHARACTERS = 2_000_000
"""A longer text is shown as text only: reading it would hold the interpreter for too long."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Number(str):
    """A number with its digits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Members:
    """An object: all of its members in order, repeated names included."""

    pairs: tuple[tuple[str, object], ...]


def document(text: str) -> object:
    """Members, lists, texts, Numbers, booleans and None. Raises ValueError, with the reason, for what makes no tree."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"{len(text):,} characters are too many for a tree: see the text")
    try:
        return json.loads(
            text, object_pairs_hook=lambda pairs: Members(tuple(pairs)), parse_int=Number, parse_float=Number, parse_constant=Number
        )
    except RecursionError:
        raise ValueError("it is nested too deeply for a tree: see the text") from None


def _members(pairs: list[tuple[str, object]]) -> Members:
    return Members(tuple(pairs))


def children(value: object) -> list[tuple[str, object, bool]]:
    """(name, value, whether the name is a repeat) of each member or element."""
    if isinstance(value, Members):
        seen: set[str] = set()
        found = []
        for name, part in value.pairs:
            found.append((name, part, name in seen))
            seen.add(name)
        return found
    return [(str(place), part, False) for place, part in enumerate(value)] if isinstance(value, list) else []


def count(value: object) -> int:
    """How many members or elements there are."""
    return len(value.pairs) if isinstance(value, Members) else len(value) if isinstance(value, list) else 0


def json_text(value: object) -> str:
    """The value as JSON again, digits, order and repeats kept; any depth, no recursion."""
    parts: list[str] = []
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, _Mark):
            parts.append(item)
        elif isinstance(item, Members | list):
            is_object = isinstance(item, Members)
            inner: list[object] = [_Mark("{" if is_object else "[")]
            for place, (name, part, _) in enumerate(children(item)):
                comma = "," if place else ""
                inner += [_Mark(f"{comma}{json.dumps(name, ensure_ascii=False)}:" if is_object else comma), part]
            waiting.extend(reversed([*inner, _Mark("}" if is_object else "]")]))
        else:
            parts.append(str(item) if isinstance(item, Number) else json.dumps(item, ensure_ascii=False))
    return "".join(parts)


class _Mark(str):
    """What stands between values."""

    __slots__ = ()


def path_step(above: str, name: str, parent: object) -> str:
    """The path of a member in the filter language: `data.items[0].sku`, `data["odd name"]`."""
    if isinstance(parent, list):
        return f"{above}[{name}]"
    return f"{above}.{name}" if _NAME.match(name) else f"{above}[{json.dumps(name, ensure_ascii=False)}]"


def kind(value: object) -> str:
    """`object`, `array`, `string`, `number`, `boolean` or `null`."""
    if isinstance(value, Members):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else "boolean"
    return "number" if isinstance(value, Number) else "string"
