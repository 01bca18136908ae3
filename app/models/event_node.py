"""A row of an event's tree, as the model keeps it. No Qt.

Read `event_tree` for the use.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.models.jsonb import Part


@dataclass(slots=True)
class Node:
    """A row that was made."""

    name: str
    top: int
    """The row at the top that it belongs to."""
    part: Part | None = None
    at: int = 0
    """Where it begins in the document, its name included."""
    is_repeat: bool = False
    is_more: bool = False
    parent: int = 0
    row: int = 0
    inner: list[int] = field(default_factory=list)
    is_opened: bool = False
    next_at: int = 0
    made: int = 0
    count: int = 0
    is_counted: bool = True
    """False: `count` is at least so many."""
    seen: set[str] = field(default_factory=set)
    note: str = ""


def cut(text: str, most: int) -> str:
    """A text, or the first `most` characters of a longer one and how many there are."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"
