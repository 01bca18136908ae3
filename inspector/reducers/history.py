"""Every event in order: for streams whose events say nothing that could be folded, or to read a stream as one document. Pure.

Read `merge` and `latest` for states.
"""

from __future__ import annotations

from inspector.event import format_time
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldEvent


class History:
    """State = a list with an entry for each event: its version, time, type, actor and document."""

    name = "history"

    def initial(self) -> object:
        """Nothing yet."""
        return ABSENT

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The list with the events of `batch` at its end."""
        entries = state if isinstance(state, list) else []
        entries.extend(_entry(event, document) for event, document in zip(batch.events, batch.documents, strict=True))
        return entries if entries else state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """A new list, one entry longer."""
        return [*(state if isinstance(state, list) else ()), _entry(event, document)]


def _entry(event: FoldEvent, document: object) -> dict[str, object]:
    entry: dict[str, object] = {
        "version": event.version,
        "time": format_time(event.time_us),
        "type": event.type,
        "id": event.event_id,
        "actor": event.actor,
    }
    entry = {name: value for name, value in entry.items() if value is not None}
    if document is DELETED:
        entry["deleted"] = True
    elif document is not NO_DOCUMENT:
        entry["data"] = document
    return entry
