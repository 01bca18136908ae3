"""What a store says of itself besides its events: how far a consumer is, at which version a stream is, what was numbered last.

It is kept as said, beside what the events say: checks compare the two. No I/O. Read `sql_claims` for who reads them,
`capture.claim_table` for where they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClaimKind(StrEnum):
    """What is claimed."""

    checkpoint = "checkpoint"
    """A consumer has dealt with everything up to a position, that one included."""
    stream = "stream"
    """The newest event of a stream has a version."""
    sequence = "sequence"
    """The highest position that a table's numbering ever gave: below it, what is not there was deleted."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of one of the store's own tables, as it was when it was read."""

    kind: ClaimKind
    table: str
    """Where it stands."""
    name: str
    """The consumer, the stream, or the table that is numbered."""
    value: int | None
    """The position or version; None where the row says none that can be read."""
    log: str = ""
    """The log that it is about; empty for one of another store."""
    log_end: int | None = None
    """Where that log ended in the same instant: with less of it read, claim and events cannot be compared."""
    category: str = ""
    """Of the stream, where the row says it; of a checkpoint, the one category that the consumer reads (empty: all of the log)."""
    time_us: int | None = None
    """The row's own time."""
    row: str = "{}"
    """JSON text: every column as it was."""
    reached: int | None = None
    """Of a consumer of one category, the position before the next event that it reads: what lies between is none of its own. Not kept."""
