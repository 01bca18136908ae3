"""What a replay counts of a stream on the way: versions and their gaps, and repeated events. Pure.

Read `history` for what is concluded from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from inspector.reducers import FoldEvent

MAX_MISSING = 1000
"""At most so many missing versions are listed; all are counted."""


@dataclass(slots=True)
class Tally:
    """Facts about a stream's events in replay order, aborted ones left out."""

    events: int = 0
    has_all_versions: bool = True
    first_version: int | None = None
    last_version: int | None = None
    missing: list[int] = field(default_factory=list)
    missing_count: int = 0
    repeated_versions: int = 0
    passed_over: int = 0
    """Events beyond the moment asked that stand before one that was folded."""

    def copied(self) -> Tally:
        """The same facts, independent of this one."""
        return replace(self, missing=list(self.missing))

    def add(self, events: Sequence[FoldEvent]) -> None:
        """Counts the next events."""
        self.add_versions([event.version for event in events])

    def add_versions(self, found: Sequence[int | None]) -> None:
        """Counts the next events by their versions."""
        self.events += len(found)
        if not found or not self.has_all_versions:
            return
        versions = [version for version in found if version is not None]
        if len(versions) < len(found):
            self.has_all_versions = False
            return
        if self.first_version is None:
            self.first_version = versions[0]
            self.last_version = versions[0] - 1
        assert self.last_version is not None
        if versions == list(range(self.last_version + 1, self.last_version + 1 + len(versions))):
            self.last_version = versions[-1]
        else:
            self._add_uneven(versions, self.last_version)

    def _add_uneven(self, versions: list[int], last: int) -> None:
        for version in versions:
            if version <= last:
                self.repeated_versions += 1
            elif version > last + 1:
                self.missing_count += version - last - 1
                self.missing.extend(range(last + 1, min(version, last + 1 + MAX_MISSING - len(self.missing))))
            last = max(last, version)
        self.last_version = last
