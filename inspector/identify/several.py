"""Events that their source puts into several streams: those it gives, behind the one that rules find. Pure.

Read `parts` for who asks, `event.RecordBatch` for how a source gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.event import StreamRef
from inspector.identify.rows import Rows
from inspector.identify.rules import Candidate, resolve

STREAMS = "streams"
"""The column of a batch's envelope."""


def with_given(streams: list[Sequence[StreamRef]], view: Rows, candidates: Mapping[str, Sequence[Candidate]]) -> list[Sequence[StreamRef]]:
    """Each row's own stream first, then those that the source gives, each once. A category that is not given is found by the rules."""
    given = view.envelope.get(STREAMS)
    if given is None:
        return streams
    categories = resolve(candidates["category"], view) or [None] * len(view)
    return [_joined(own, rows, category or view.log) for own, rows, category in zip(streams, given, categories, strict=True)]


def _joined(own: Sequence[StreamRef], given: object, category: object) -> Sequence[StreamRef]:
    found: dict[tuple[str, str], StreamRef] = {(one.category, one.name): one for one in own}
    for one in given if isinstance(given, list) else ():
        if not isinstance(one, list | tuple) or len(one) != 3 or not isinstance(one[1], str):
            continue  # a capture made by others may hold anything
        named = str(one[0] if one[0] is not None else category)
        version = one[2] if type(one[2]) is int else None
        known = found.get((named, one[1]))
        if known is None or (known.version is None and version is not None):
            found[named, one[1]] = StreamRef(named, one[1], version)
    return tuple(found.values())
