"""What is known of one file that is read: which bytes it had, what of it could not be read, and what its indexes say.

Field by field what a capture keeps of an input. Read `survey` for who fills it in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from inspector.event import Flag, RecordBatch

MOST_KEPT = 1_000
"""So many damaged ranges and notes are listed of one file; more are counted."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `[start, end)` of a file that could not be read or not be trusted, and why."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class FileFacts:
    """One segment file. `sha256` was taken before any record was read; `is_whole`: read to its end and unchanged meanwhile."""

    name: str
    """Its path below what was asked for."""
    path: str
    size_bytes: int
    modified_us: int
    sha256: str = ""
    format: str = "Kafka segment"
    batches: int = 0
    rows: int = 0
    """Records read of it so far."""
    damaged: int = 0
    """Of these, those with the flag `damaged`."""
    gaps: list[Damage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more_gaps: int = 0
    is_whole: bool = False
    _ranges: dict[tuple[int, int], int] = field(default_factory=dict)
    """Which of the gaps a range is."""

    def count(self, records: RecordBatch) -> None:
        """Counts records that were read."""
        self.rows += len(records)
        self.damaged += sum(bool(bits & Flag.damaged) for bits in records.flags.values())

    def damage(self, start: int, end: int, reason: str) -> None:
        """Notes a range, each once: with all that is said of it."""
        known = self._ranges.get((start, end))
        if known is not None:
            said = self.gaps[known].reason
            if reason not in said:
                self.gaps[known] = Damage(start, end, reason if reason.startswith(said) else f"{said}; {reason}")
        elif len(self.gaps) < MOST_KEPT:
            self._ranges[start, end] = len(self.gaps)
            self.gaps.append(Damage(start, end, reason))
        else:
            self.more_gaps += 1

    def note(self, text: str) -> None:
        """Adds a sentence, once."""
        if text not in self.notes and len(self.notes) < MOST_KEPT:
            self.notes.append(text)
