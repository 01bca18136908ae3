"""What places each event of a stream, as columns: numbers, times, versions, flags; no documents. Read-only.

Numbers and versions are read at once, from the stream's own index; what stands in the events themselves when it is first asked
for. An event takes some 60 bytes, so that a million of them are held at once. Read `streams` for documents, `replay.order` for
what is made of the columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from operator import lt
from typing import Any

from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamFacts, replay_order, stream_facts
from inspector.errors import CaptureError
from inspector.masks import SIGN

NONE = -(1 << 63)
"""Stands in a column for what is not known."""
_CHUNK_ROWS = 20_000
_OF_INDEX = "FROM event_stream x WHERE x.stream_id = ?"
_OF_EVENTS = "FROM event_stream x CROSS JOIN event ON event.seq = x.seq WHERE x.stream_id = ?"


class StreamColumns:
    """All events of a stream in replay order. Times are microseconds since 1970 UTC; `NONE` stands for nothing.

    Raises CaptureError, also later, when the file is damaged. `reader` is what the next columns are read through; events that
    it does not have any more have nothing in them.
    """

    def __init__(self, reader: CaptureReader, stream_id: int, facts: StreamFacts | None = None) -> None:
        """`facts`, where they are known already."""
        self.reader, self._stream_id = reader, stream_id
        if facts is not None:
            self.facts = facts
        self.seqs, self.versions = self._read(f"SELECT x.seq, x.version {_OF_INDEX}", 2)
        self._arrived = self.seqs
        self._order: Sequence[int] | None = None
        self.has_versions = NONE not in self.versions
        """Whether every event has a version, so that versions give the order."""
        if not self._is_in_order():
            at = {seq: place for place, seq in enumerate(self.seqs)}
            self._order = [at[seq] for seq in replay_order(reader, stream_id) if seq in at]
            self.seqs, self.versions = self._sorted(self.seqs), self._sorted(self.versions)

    @property
    def is_by_arrival(self) -> bool:
        """Whether replay order is the order of arrival, as it mostly is."""
        return self._order is None

    @cached_property
    def facts(self) -> StreamFacts:
        """What one look at all of them tells."""
        return stream_facts(self.reader, self._stream_id)

    @cached_property
    def flagged(self) -> Sequence[tuple[int, int]]:
        """Where events stand that have flags, and these."""
        if not self.facts.flags:
            return []
        seqs, flags = self._read(f"SELECT x.seq, event.flags {_OF_EVENTS} AND event.flags <> 0", 2)
        at = {seq: place for place, seq in enumerate(self.seqs)}
        return sorted((at[seq], flag) for seq, flag in zip(seqs, flags, strict=True) if seq in at)

    @cached_property
    def flags(self) -> array[int]:
        """The flags of each event."""
        found = array("q", bytes(8 * len(self.seqs)))
        for at, flag in self.flagged:
            found[at] = flag
        return found

    @cached_property
    def ids(self) -> array[int] | None:
        """Something that is the same where ids are the same, 0 for no id; None where no id is there twice."""
        sql = self.reader.shown(f"SELECT event.event_id, x.seq {_OF_EVENTS} AND event.event_id IS NOT NULL")
        rows = self.reader.each(sql, (self._stream_id,))
        found = {seq: hash(text) or 1 for text, seq in rows if text != SIGN}
        if len(set(found.values())) == len(found):
            return None
        return array("q", [found.get(seq, 0) for seq in self.seqs])

    @property
    def times_us(self) -> array[int]:
        """Their own times."""
        return self._told[0]

    @property
    def recorded_us(self) -> array[int]:
        """When they were recorded."""
        return self._told[1]

    @property
    def recorded_kinds(self) -> array[int]:
        """Whose clock that was."""
        return self._told[2]

    @property
    def types(self) -> array[int]:
        """Numbers of types."""
        return self._told[3]

    @cached_property
    def _told(self) -> Sequence[array[int]]:
        return self._column_of("event.time_us", "event.recorded_us", "event.recorded_kind", "event.type_id")

    @cached_property
    def sizes(self) -> array[int]:
        """Bytes of each document as it is stored, about the characters of its JSON; a value that was packed has a longer one."""
        return self._column_of("length(event.data)")[0]

    # ---- reading

    def _column_of(self, *names: str) -> list[array[int]]:
        seqs, *found = self._read(f"SELECT x.seq, {', '.join(names)} {_OF_EVENTS}", 1 + len(names))
        if seqs != self._arrived:
            found = [self._filled(seqs, column) for column in found]
        return [self._sorted(column) for column in found]

    def _read(self, sql: str, width: int) -> list[array[int]]:
        """Columns by number of the event."""
        found = [array("q") for _ in range(width)]
        try:
            for chunk in self.reader.chunks(f"{sql} ORDER BY x.seq", (self._stream_id,), _CHUNK_ROWS):
                for into, column in zip(found, zip(*chunk, strict=True), strict=True):
                    into.extend(_numbers(column))
        except (TypeError, OverflowError) as error:
            raise CaptureError(f"{self.reader.path} is damaged: events of a stream hold values of other kinds than they should") from error
        return found

    def _filled(self, seqs: array[int], column: array[int]) -> array[int]:
        """The column of the events that were there first; some may be gone, and others have come."""
        known = dict(zip(seqs, column, strict=True))
        return array("q", [known.get(seq, NONE) for seq in self._arrived])

    def _sorted(self, column: array[int]) -> array[int]:
        return column if self._order is None else array("q", [column[at] for at in self._order])

    def _is_in_order(self) -> bool:
        if self.has_versions:
            return all(map(lt, self.versions, self.versions[1:]))
        logs, positions, subs = self._read(f"SELECT event.log_id, event.position, event.sub {_OF_EVENTS}", 3)
        return logs.count(logs[0]) == len(logs) and not any(subs) and all(map(lt, positions, positions[1:]))


def _numbers(column: tuple[Any, ...]) -> Sequence[int]:
    return [NONE if value is None else value for value in column] if None in column else column
