"""Places that a list shows in columns of its own: written as in a filter, found in a filter, and what they are in an event. Pure.

Read `fields` for how they are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inspector.errors import QueryError, UsageError
from inspector.query.grammar import Node, parse
from inspector.query.json_path import path_step
from inspector.query.values import quoted

_DOCUMENTS = {"data", "metadata"}
_HEADERS = "headers"
_EXPECTED = 'a place such as data.total or headers["trace"]'


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """`text` is the one way to write it; `root` is `data`, `metadata` or `headers`; `path` a JSON path, or a header's name."""

    text: str
    root: str
    path: str

    @property
    def short(self) -> str:
        """What the head of a column has room for."""
        return self.path if self.root == _HEADERS else self.text.removeprefix("data.")


def field_place(text: str) -> FieldPlace:
    """The place that `text` writes. Raises QueryError for anything else."""
    found = _place(parse(text))
    if found is None:
        raise QueryError(f"{text.strip()} is no place in an event", expected=_EXPECTED)
    return found


def places_in(text: str) -> list[FieldPlace]:
    """The places a filter asks for, each once; none for a search and for what is no filter."""
    try:
        found = list(_places(parse(text)))
    except QueryError:
        return []
    return list(dict.fromkeys(found))


def _places(node: Node) -> Iterator[FieldPlace]:
    if (found := _place(node)) is not None:
        yield found
        return
    for part in node.parts:
        yield from _places(part)


def _place(node: Node) -> FieldPlace | None:
    found = _steps(node)
    if found is None:
        return None
    root, steps = found
    first = steps[0]
    if root == _HEADERS and len(steps) == 1 and isinstance(first, str):
        return FieldPlace(f"{_HEADERS}[{json.dumps(first, ensure_ascii=False)}]", _HEADERS, first)
    if root not in _DOCUMENTS or not _are_elements(steps):
        return None
    path = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{quoted(step)}" for step in steps)
    return FieldPlace(_written(root, steps), root, path)


def _steps(node: Node) -> tuple[str, list[str | int]] | None:
    """The field that a place begins with, and the steps from there."""
    steps: list[str | int] = []
    while node.kind in {"attribute", "index"}:
        step = node.value if node.kind == "attribute" else node.parts[1].value
        if isinstance(step, bool) or not isinstance(step, str | int) or (node.kind == "index" and node.parts[1].kind == "name"):
            return None
        steps.insert(0, step)
        node = node.parts[0]
    return (str(node.value), steps) if node.kind == "name" and steps else None


def _are_elements(steps: Sequence[str | int]) -> bool:
    return all(not isinstance(step, int) or 0 <= step < 2**31 for step in steps)


def _written(root: str, steps: Sequence[str | int]) -> str:
    for step in steps:
        root = path_step(root, str(step), is_element=isinstance(step, int))
    return root


@dataclass(frozen=True, slots=True)
class StatePlace:
    """A place in an aggregate's state: `text` is the one way to write it."""

    text: str
    steps: tuple[str | int, ...]

    def of(self, state: object, missing: object = None) -> object:
        """What stands there, as a filter finds it: a name leads into an object, a number into a list; else `missing`."""
        for step in self.steps:
            if isinstance(step, str):
                found = state.get(step, missing) if isinstance(state, dict) else missing
            else:
                found = state[step] if isinstance(state, list) and step < len(state) else missing
            if found is missing:
                return missing
            state = found
        return state


def state_place(text: str) -> StatePlace:
    """The place in a state that `text` writes, such as `state.items[0].sku`. Raises UsageError for anything else."""
    try:
        found = _steps(parse(text))
    except QueryError:
        found = None
    if found is None or found[0] != "state" or not _are_elements(found[1]):
        wanted = f"state.{text.strip()}" if text.strip().isidentifier() else "state.balance or state.items[0].sku"
        raise UsageError(f"{text.strip()} is no place in a state: write it like {wanted}")
    return StatePlace(_written(*found), tuple(found[1]))
