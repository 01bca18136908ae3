"""The last document wins, a tombstone deletes: the state of a compacted log or of change events. Pure.

Read `merge` for events that carry changes only.
"""

from __future__ import annotations

from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldEvent, Looks


class Latest:
    """State = the last event's document."""

    name = "latest"
    looks_at = Looks.DOCUMENTS
    is_memoryless = True

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The last document of `batch`, or `state` when it has none."""
        for document in reversed(batch.documents):
            if document is not NO_DOCUMENT:
                return ABSENT if document is DELETED else document
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The event's document."""
        if document is NO_DOCUMENT:
            return state
        return ABSENT if document is DELETED else document
