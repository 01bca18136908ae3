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
    """Facts about a stream's events in replay order, aborted ones left out; their versions are not missing."""

    events: int = 0
    has_all_versions: bool = True
    first_version: int | None = None
    """The lowest version of those in front that are there, be it that of an aborted event."""
    last_version: int | None = None
    missing: list[int] = field(default_factory=list)
    missing_count: int = 0
    repeated_versions: int = 0
    passed_over: int = 0
    """Events beyond the moment asked that stand before one that was folded."""
    aborted: set[int] = field(default_factory=set)
    """Versions of aborted events above the last one: they are in the capture, and left out."""

    def copied(self) -> Tally:
        """The same facts, independent of this one."""
        return replace(self, missing=list(self.missing), aborted=set(self.aborted))

    def add(self, events: Sequence[FoldEvent], aborted: Sequence[FoldEvent] = ()) -> None:
        """Counts the next events; `aborted` are those left out before the last of them, and maybe some after it."""
        self.add_versions([event.version for event in events], [event.version for event in aborted])

    def add_versions(self, found: Sequence[int | None], aborted: Sequence[int | None] = ()) -> None:
        """Counts the next events by their versions."""
        self.events += len(found)
        self.aborted.update(version for version in aborted if version is not None)
        if not found or not self.has_all_versions:
            return
        versions = [version for version in found if version is not None]
        if len(versions) < len(found):
            self.has_all_versions = False
            return
        if self.first_version is None:
            self.first_version = versions[0]
            self.last_version = versions[0] - 1
            while self.first_version - 1 in self.aborted:
                self.first_version -= 1
        assert self.last_version is not None
        if versions == list(range(self.last_version + 1, self.last_version + 1 + len(versions))):
            self.last_version = versions[-1]
        else:
            self.last_version = self._add_uneven(versions, self.last_version)
        if self.aborted:
            last = self.last_version
            self.aborted = {version for version in self.aborted if version > last}

    def _add_uneven(self, versions: list[int], last: int) -> int:
        """The last version."""
        for version in versions:
            if version <= last:
                self.repeated_versions += 1
            elif version > last + 1:
                self._add_gap(last + 1, version)
            last = max(last, version)
        return last

    def _add_gap(self, start: int, stop: int) -> None:
        """Versions from one on up to another are not among the events that count."""
        aborted = sorted(version for version in self.aborted if start <= version < stop)
        self.missing_count += stop - start - len(aborted)
        for end in (*aborted, stop):
            self.missing.extend(range(start, min(end, start + MAX_MISSING - len(self.missing))))
            start = end + 1
