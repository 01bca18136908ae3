"""What a writer is told of a batch, and what it says became of it. No I/O.

Read `writer` for who does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from inspector.sources import FlagChange
from inspector.sources.claims import Claim
from inspector.sources.samples import Sample


@dataclass(frozen=True, slots=True)
class Reading:
    """How a run reads: what its coverage says about itself."""

    run_id: int
    source_id: int
    isolation: str = ""
    filter: str | None = None


@dataclass(slots=True)
class Progress:
    """How far each log of the plan got with one batch: `read[i]` is the stretch `[from, to)` that is now accounted for."""

    read: dict[int, tuple[int, int]] = field(default_factory=dict)
    runs: dict[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Where only parts of a stretch in `read` may be accounted for: these, in order and apart. What they hold is counted."""
    absent: list[tuple[int, int, int, str]] = field(default_factory=list)
    """(log of the plan, from, to, reason)."""
    first: dict[int, int] = field(default_factory=dict)
    end: dict[int, int] = field(default_factory=dict)
    claims: Sequence[Claim] = ()
    samples: Sequence[Sample] = ()
    changes: list[FlagChange] = field(default_factory=list)
    decided: list[tuple[int, int, int]] | None = None
    """As `sources.Batch.decided`: until then what is read under `both` is accounted for as `uncommitted`."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one batch. `full` is set when a limit was reached; `read` is `Progress.read` as it was recorded."""

    stored: int
    bytes: int
    duplicates: int = 0
    conflicts: int = 0
    undecodable: int = 0
    """Of those stored."""
    full: bool = False
    read: dict[int, tuple[int, int]] = field(default_factory=dict)
