"""Answers cut to what a window shows at once: states by levels, changes and values as short texts. Pure.

Read `process` for who sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldEvent
from inspector.replay import Answer, said
from inspector.replay.changes import Change
from inspector.values import escape, to_json

STATE_BYTES = 256 * 1024
TEXT_CHARACTERS = 500
LISTED = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A state that can be looked into level by level, with who set what where that was asked."""

    state: object
    blame: Mapping[str, FoldEvent]
    labels: Mapping[int, str]

    def children(self, path: str, offset: int, limit: int) -> dict[str, object]:
        """Up to `limit` children of the value at JSON pointer `path`. Raises UsageError when there is no such value."""
        inner = _inner(_at(self.state, path))
        return {
            "path": path,
            "total": len(inner),
            "children": [_child(self, key, f"{path}/{escape(key)}", part) for key, part in inner[offset : offset + limit]],
        }


def bounded(answer: Answer) -> dict[str, object]:
    """The answer's object with its state, changes and blame cut. Raises UsageError when the state is no JSON."""
    printed = answer.to_dict()
    try:
        size = len(to_json(printed["state"]).encode("utf-8", "replace"))
    except ValueError as error:
        raise UsageError(f"the reducer's state cannot be shown: {error}") from error
    printed["state_bytes"] = size
    if size > STATE_BYTES:
        printed["state"] = None
    if answer.diff is not None:
        printed["diff"], printed["diff_count"] = changed(answer.diff), len(answer.diff)
    if answer.step is not None:
        printed["step"], printed["step_count"] = changed(answer.step), len(answer.step)
    if answer.blame is not None:
        printed["blame"] = dict(islice(_dict(printed["blame"]).items(), LISTED))
        printed["blame_count"] = len(answer.blame)
    return printed


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def changed(found: Sequence[Change]) -> list[dict[str, object]]:
    """The first changes with their values as texts."""
    return [{"op": change.op, "path": change.path, "from": _preview(change.old), "to": _preview(change.new)} for change in found[:LISTED]]


def _preview(value: object) -> str:
    """The beginning of a value's JSON text; a large container only as its size."""
    inner = _inner(value)
    if len(inner) > LISTED:
        return f"{'{' if isinstance(value, dict) else '['}… {len(inner):,} …{'}' if isinstance(value, dict) else ']'}"
    text = to_json(None if value is ABSENT else value)
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"


def _inner(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(place), part) for place, part in enumerate(value)]
    return []


def _at(state: object, path: str) -> object:
    """The value at a JSON pointer. Raises UsageError when there is none."""
    value = state
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else _dict(value)[key]
        except (KeyError, IndexError, ValueError, AssertionError):
            raise UsageError(f"the state has nothing at {path}") from None
    return value


def _child(kept: Kept, key: str, path: str, value: object) -> dict[str, object]:
    setter = kept.blame.get(path)
    return {
        "key": key,
        "path": path,
        "kind": _kind(value),
        "text": _preview(value),
        "children": len(value) if isinstance(value, dict | list) else 0,
        "set_by": said(setter, kept.labels) if setter is not None else None,
    }


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    kinds: list[tuple[type, str]] = [(dict, "object"), (list, "array"), (str, "string")]
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")
