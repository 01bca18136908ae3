"""JSON Merge Patch (RFC 7396): each document says what changes, null removes. Pure.

The first event's document is taken whole, as is the first after a deletion: there is nothing yet that it could change.
Merging never recurses, so that documents may nest as deep as a capture allows. Read `latest` for whole documents.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import cast

from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldEvent

_LOOKED_AT = frozenset({dict, type(None)})
"""Values that do more than take the place of another; documents without any are merged at once, at a third of the time."""


class Merge:
    """State = every document merged over the ones before."""

    name = "merge"

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """`state` with each document merged into it, in place."""
        if _are_plain(batch.documents):
            into: dict[str, object] = state if type(state) is dict else {}
            deque(map(into.update, cast("list[dict[str, object]]", batch.documents)), maxlen=0)
            return into
        for document in batch.documents:
            if type(document) is dict:
                if type(state) is dict:
                    _merge_into(state, document)
                else:
                    state = document if state is ABSENT else _merge_into({}, document)
            elif document is DELETED:
                state = ABSENT
            elif document is not NO_DOCUMENT:
                state = document
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """A new state; the parts that the document does not touch are shared with `state`."""
        if document is NO_DOCUMENT:
            return state
        if document is DELETED:
            return ABSENT
        return document if state is ABSENT else merged(state, document)


def _are_plain(documents: Sequence[object]) -> bool:
    """Whether they are objects of which every value just takes the place of another."""
    if not documents or set(map(type, documents)) != {dict}:
        return False
    values = map(dict.values, cast("Sequence[dict[str, object]]", documents))
    return _LOOKED_AT.isdisjoint(map(type, chain.from_iterable(values)))


def merged(target: object, patch: object) -> object:
    """`target` changed by the merge patch `patch`; `target` stays as it was, untouched parts of it are shared."""
    if type(patch) is not dict:
        return patch
    result: dict[str, object] = dict(target) if type(target) is dict else {}
    waiting = [(result, patch)]
    while waiting:
        into, change = waiting.pop()
        for name, value in change.items():
            if type(value) is dict:
                old = into.get(name)
                fresh: dict[str, object] = dict(old) if type(old) is dict else {}
                into[name] = fresh
                waiting.append((fresh, value))
            elif value is None:
                into.pop(name, None)
            else:
                into[name] = value
    return result


def _merge_into(target: dict[str, object], patch: dict[str, object]) -> dict[str, object]:
    """Changes `target` by `patch` and gives it back; no object of `patch` becomes part of it."""
    into, change = target, patch
    waiting: list[tuple[dict[str, object], dict[str, object]]] = []
    while True:
        for name, value in change.items():
            if type(value) is dict:
                inner = into.get(name)
                if type(inner) is not dict:
                    inner = into[name] = {}
                waiting.append((inner, value))
            elif value is None:
                into.pop(name, None)
            else:
                into[name] = value
        if not waiting:
            return target
        into, change = waiting.pop()
