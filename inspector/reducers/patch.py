"""JSON Patch (RFC 6902): each document is a list of operations on the state. Pure.

A first document that is no list is taken whole, as is one that comes later: a snapshot. An object with a list under `patch`
counts as that list. Read `json_patch` for the operations, `merge` for merge patches.
"""

from __future__ import annotations

from inspector.json_patch import Patcher, PatchError
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldError, FoldEvent, Looks


class Patch:
    """State = every list of operations applied to what was there before."""

    name = "patch"
    looks_at = Looks.DOCUMENTS

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """`state` with each list of operations applied; containers are copied once in a batch."""
        patcher = Patcher()
        for place, document in enumerate(batch.documents):
            try:
                state = _next(patcher, state, document)
            except PatchError as error:
                raise FoldError(place, f"its JSON Patch cannot be applied: {error}") from error
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """A new state; what the operations do not touch is shared with `state`."""
        try:
            return _next(Patcher(), state, document)
        except PatchError as error:
            raise FoldError(0, f"its JSON Patch cannot be applied: {error}") from error


def _next(patcher: Patcher, state: object, document: object) -> object:
    if document is NO_DOCUMENT:
        return state
    if document is DELETED:
        return ABSENT
    operations = _operations(document)
    if operations is None:
        return document
    if state is ABSENT:
        state = patcher.apply({}, [])
    return patcher.apply(state, operations)


def _operations(document: object) -> list[object] | None:
    """The operations of a patch; None for a document that is none."""
    if isinstance(document, dict) and isinstance(document.get("patch"), list):
        document = document["patch"]
    if isinstance(document, list) and all(isinstance(one, dict) and "op" in one for one in document):
        return document
    return None
