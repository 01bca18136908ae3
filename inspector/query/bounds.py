"""The stretch of time that a filter keeps to: what its comparisons of times with constants leave. Pure.

Read `export_capture` for who needs to know what lies in it besides events.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.errors import QueryError
from inspector.query.functions import nanoseconds, timestamp
from inspector.query.grammar import Node, parse

_TURNED = {"eq": "eq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_NAMES = {"time", "captured_time"}
Bounds = tuple[int | None, int | None]
"""`[from, until)` in microseconds; None where it has no end."""
_LEAST, _MOST = -(2**63), 2**63 - 1


def whole(bounds: Bounds) -> tuple[int, int]:
    """The same with ends that no time is beyond."""
    low, high = bounds
    return _LEAST if low is None else low, _MOST if high is None else high


def time_bounds(text: str) -> Bounds:
    """What of all times the filter `text` keeps to; a search for a text keeps to none."""
    try:
        found = list(_bounds(parse(text)))
    except QueryError:
        return None, None
    starts, ends = [low for low, _ in found if low is not None], [high for _, high in found if high is not None]
    return max(starts, default=None), min(ends, default=None)


def _bounds(node: Node) -> Iterator[Bounds]:
    """Those of each comparison that the whole filter is joined to by `&&`."""
    if node.kind == "both":
        for part in node.parts:
            yield from _bounds(part)
    elif node.kind in _TURNED:
        left, right = node.parts
        for one, other, kind in ((left, right, node.kind), (right, left, _TURNED[node.kind])):
            if one.kind == "name" and one.value in _NAMES and (text := _timestamp(other)) is not None:
                yield from _compared(kind, timestamp(text), has_rest=bool(nanoseconds(text)))


def _compared(kind: str, time_us: int | None, *, has_rest: bool) -> Iterator[Bounds]:
    """`has_rest`: the constant is some nanoseconds after `time_us`."""
    if time_us is not None:
        above, beyond = time_us + has_rest, time_us + 1
        low = {"ge": above, "gt": beyond, "eq": above}.get(kind)
        high = {"lt": above, "le": beyond, "eq": beyond}.get(kind)
        yield low, high


def _timestamp(node: Node) -> str | None:
    is_one = node.kind == "call" and node.value == "timestamp" and len(node.parts) == 1 and node.parts[0].kind == "string"
    return str(node.parts[0].value) if is_one else None
