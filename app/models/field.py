"""One row at the top of an event's tree: a field with its text and where it came from, or a document. No Qt.

Made on a worker thread by `event_fields`, shown by `event_tree`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field with a text, or a document. `path` is its name in the filter language, empty where it has none."""

    name: str
    text: str = ""
    origin: str = ""
    """Where the value came from, short."""
    origin_tip: str = ""
    """The same in a sentence."""
    path: str = ""
    value: str = ""
    """The value as it is copied, where that is not `text`."""
    same: str = ""
    """The filter for events with this value; empty where there is none."""
    other: str = ""
    """The filter for events without it."""
    document: bytes | None = None
    """A document as JSONB."""
