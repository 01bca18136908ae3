"""The levels of a state that are sent at once: the outermost, those that are open, and those in which something changed. Pure.

Read `preview` for one level, `looking` for who sends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspector.errors import UsageError
from inspector.replay.changes import Change
from inspector.replay.preview import Kept, kind

_REVEALED = 20
"""So many levels are sent by themselves because something changed in them."""
_SMALL = 8
"""An outermost container with so few children is sent with them."""
_ROWS = 2_000
"""So many rows are in one answer at most; levels beyond are asked for one by one."""


def view(kept: Kept, step: Sequence[Change], open_paths: Iterable[str], limit: int) -> dict[str, object]:
    """The outermost value, its levels, and which of them are to be shown open."""
    revealed, small = _revealed(step), _small(kept, limit)
    return {
        "kind": kind(kept.state),
        "whole": kept.outermost(),
        "revealed": revealed,
        "small": small,
        "levels": _levels(kept, ["", *open_paths, *revealed, *small], limit),
    }


def setters(kept: Kept, step: Sequence[Change], open_paths: Iterable[str], limit: int) -> dict[str, object]:
    """Who set each of the children in those levels last."""
    levels = _levels(kept, ["", *open_paths, *_revealed(step), *_small(kept, limit)], limit)
    children = [child for level in levels.values() for child in (*level["children"], *level["changed"])]
    return {child["path"]: child["set_by"] for child in [kept.outermost(), *children]}


def _revealed(step: Sequence[Change]) -> list[str]:
    """The levels in which something changed, the outer ones first, so that all on the way are there."""
    found: dict[str, None] = {}
    for change in step[:_REVEALED]:
        parts = change.path.split("/")[1:-1]
        for depth in range(1, len(parts) + 1):
            found.setdefault("/" + "/".join(parts[:depth]))
    return list(found)[:_REVEALED]


def _levels(kept: Kept, paths: Iterable[str], limit: int) -> Mapping[str, dict[str, Any]]:
    levels: dict[str, dict[str, Any]] = {}
    room = _ROWS
    for path in paths:
        if path not in levels and room > 0:
            try:
                levels[path] = kept.children(path, 0, min(limit, room))
            except UsageError:
                continue  # this state has nothing there
            room -= len(levels[path]["children"])
    return levels


def _small(kept: Kept, limit: int) -> list[str]:
    """The outermost containers with so few children that they are shown open."""
    return [str(child["path"]) for child in kept.children("", 0, limit)["children"] if 0 < child["children"] <= _SMALL]
