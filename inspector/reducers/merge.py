"""JSON Merge Patch (RFC 7396): each document says what changes, null removes. Pure.

The first event's document is taken whole, as is the first after a deletion: there is nothing yet that it could change.
Merging never recurses without a bound, so that documents may nest as deep as a capture allows. Read `json_merge` for many at once,
`latest` for whole documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from inspector.json_merge import merge_all
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldEvent, Looks


class Merge:
    """State = every document merged over the ones before."""

    name = "merge"
    looks_at = Looks.DOCUMENTS

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """`state` with each document merged into it, in place."""
        documents = batch.documents
        if set(map(type, documents)) == {dict}:
            return _merged(state, cast("Sequence[dict[str, object]]", documents))
        for document in documents:
            if type(document) is dict:
                state = _merged(state, [document])
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


def _merged(state: object, patches: Sequence[dict[str, object]]) -> dict[str, object]:
    """`state` changed by objects in turn, in place where it is one."""
    if state is ABSENT:
        state, patches = patches[0], patches[1:]
    into: dict[str, object] = state if type(state) is dict else {}
    merge_all(into, patches)
    return into


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
