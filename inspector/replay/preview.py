"""Answers cut to what a window shows at once: states by levels, changes and values as short texts. Pure.

Read `process` for who sends them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldEvent
from inspector.replay import Answer, said
from inspector.replay.changes import Change
from inspector.replay.field_history import steps_of, value_at
from inspector.values import beginning, escape, to_json

STATE_BYTES = 256 * 1024
TEXT_CHARACTERS = 500
LISTED = 1000
BEYOND = 100
"""So many changed or removed children are told of beyond those shown."""


Setter = Callable[[str, bool], FoldEvent | None]
"""`(path, is_inside)`: who set the value at a JSON pointer last, or changed anything in it."""


def nobody(_path: str, _is_inside: bool) -> None:
    """A setter where nothing was asked."""


class Kept:
    """A state that can be looked into level by level, with who set what and what the last event changed where that was asked."""

    def __init__(self, state: object, setter: Setter, labels: Mapping[int, str], changed: Sequence[Change] = ()) -> None:
        self.state = state
        self._setter, self._labels = setter, labels
        self._changes = {change.path: change for change in changed if change.op != "remove"}
        self._removed: dict[str, list[Change]] = {}
        self._inside = _inside(changed)
        for change in changed:
            if change.path == "":
                self._note_all(change)
            elif change.op == "remove":
                self._removed.setdefault(change.path.rpartition("/")[0], []).append(change)

    def use(self, setter: Setter) -> None:
        """From now on says who set what."""
        self._setter = setter

    def _note_all(self, change: Change) -> None:
        """The state as a whole came, went, or became something else: said of each of its outermost parts."""
        if change.op != "add":
            gone = ((key, part) for key, part in _inner(change.old))
            self._removed[""] = [Change("remove", f"/{escape(key)}", part) for key, part in gone]
        for key, part in _inner(change.new):
            path = f"/{escape(key)}"
            self._changes[path] = Change("add", path, None, part)
        self._changes[""] = change

    def outermost(self) -> dict[str, Any]:
        """The state itself as a child: what there is to show of one that is no container."""
        return self._child("state", "", self.state)

    def children(self, path: str, offset: int, limit: int) -> dict[str, Any]:
        """Up to `limit` children of the value at JSON pointer `path`, and those beyond that the last event changed.

        `removed` are those that it took out. Raises UsageError when there is no such value.
        """
        inner = _inner(_at(self.state, path))
        shown = inner[offset : offset + limit]
        return {
            "path": path,
            "total": len(inner),
            "children": [self._child(key, f"{path}/{escape(key)}", part) for key, part in shown],
            "changed": self._beyond(path, offset + limit, len(inner)),
            "removed": [self._gone(change) for change in self._removed.get(path, [])[:BEYOND]],
        }

    def _beyond(self, path: str, start: int, total: int) -> list[dict[str, Any]]:
        """Some of the changed children of `path` that stand after those shown."""
        if start >= total or not self._inside.get(path):
            return []
        inner = _inner(_at(self.state, path))[start:]
        paths = ((key, f"{path}/{escape(key)}", part) for key, part in inner)
        touched = ((key, inner_path, part) for key, inner_path, part in paths if inner_path in self._changes or inner_path in self._inside)
        return [self._child(*found) for found in islice(touched, BEYOND)]

    def _child(self, key: str, path: str, value: object) -> dict[str, Any]:
        count = len(value) if isinstance(value, dict | list) else 0
        setter, change = self._setter(path, count > 0), self._changes.get(path)
        return {
            "key": key,
            "path": path,
            "kind": kind(value),
            "text": preview(value),
            "children": count,
            "set_by": said(setter, self._labels) if setter is not None else None,
            "op": None if change is None else change.op,
            "from": preview(change.old) if change is not None and change.op == "replace" else None,
            "inside": self._inside.get(path, 0),
        }

    def _gone(self, change: Change) -> dict[str, object]:
        key = change.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        return {"key": key, "path": change.path, "kind": kind(change.old), "from": preview(change.old)}

    def whole(self, path: str, most: int) -> str:
        """The JSON text of the value at `path`. Raises UsageError when it is longer than `most` characters, or no JSON."""
        value = _at(self.state, path)
        try:
            text = to_json(None if value is ABSENT else value)
        except ValueError as error:
            raise UsageError(f"the reducer's state cannot be copied: {error}") from error
        if len(text) > most:
            raise UsageError(f"this is {len(text):,} characters of JSON, more than is copied at once ({most:,}): the command prints it")
        return text


def _inside(changed: Iterable[Change]) -> dict[str, int]:
    """How many changes are in each container, by its path; each path is looked at once, however deep."""
    depths: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for change in changed:
        if change.path:
            parent = change.path.rpartition("/")[0]
            depths[parent.count("/")][parent] += 1
    found: dict[str, int] = {}
    for depth in range(max(depths, default=-1), -1, -1):
        found |= depths[depth]
        for path, count in depths[depth].items() if depth else ():
            depths[depth - 1][path.rpartition("/")[0]] += count
    return found


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
    return [{"op": change.op, "path": change.path, "from": preview(change.old), "to": preview(change.new)} for change in found[:LISTED]]


def preview(value: object) -> str:
    """The beginning of a value's JSON text; a large container only as its size."""
    if isinstance(value, dict | list) and len(value) > LISTED:
        return f"{{… {len(value):,} …}}" if isinstance(value, dict) else f"[… {len(value):,} …]"
    text = beginning(None if value is ABSENT else value, TEXT_CHARACTERS + 1)
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"


def _inner(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [(str(place), part) for place, part in enumerate(value)]
    return []


def _at(state: object, path: str) -> object:
    """The value at a JSON pointer. Raises UsageError when there is none."""
    value = value_at(state, steps_of(path))
    if value is ABSENT and path:
        raise UsageError(f"the state has nothing at {path}")
    return value


def kind(value: object) -> str:
    """The JSON kind of a value; `absent` for a state that is not there."""
    if value is ABSENT:
        return "absent"
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    kinds: list[tuple[type, str]] = [(dict, "object"), (list, "array"), (str, "string")]
    return next((name for kind, name in kinds if isinstance(value, kind)), "number")
