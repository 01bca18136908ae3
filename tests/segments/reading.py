"""Reading files of bytes in tests: parts of one file, records of one file, and whole captures through the source."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from inspector.event import RecordBatch
from inspector.segments import resync
from inspector.segments.columns import add
from inspector.segments.files import SegmentFile
from inspector.segments.framing import Frame, Part
from inspector.segments.records import columns
from inspector.sources import Absence, Batch, Isolation, Request
from inspector.sources.segment_files import SegmentFiles

NAME = f"{0:020}.log"


def folder(path: Path, files: dict[int, bytes], name: str = "orders-0") -> Path:
    """A partition's folder with these segments by base offset."""
    made = path / name
    made.mkdir(parents=True, exist_ok=True)
    for base, data in files.items():
        (made / f"{base:020}.log").write_bytes(data)
    return made


def parts(path: Path, data: bytes) -> list[Part]:
    """The parts of a file of these bytes; they lie one after the other and cover all of it."""
    file = path / NAME
    file.write_bytes(data)
    with SegmentFile(file) as opened:
        found = list(resync.parts(opened))
    at = 0
    for part in found:
        start, end = (part.at, part.at + part.size) if isinstance(part, Frame) else (part.start, part.end)
        assert start == at < end
        at = end
    assert at == len(data)
    return found


def rows(part: Part) -> RecordBatch:
    """The records of one batch."""
    assert isinstance(part, Frame)
    whole = RecordBatch()
    for batch in columns(part):
        add(whole, batch, 0)
    return whole


def attempt(part: Part) -> tuple[list[int], str]:
    """(positions of what could be read of a batch, why no more could)."""
    assert isinstance(part, Frame)
    read: list[int] = []
    try:
        for batch in columns(part):
            read += batch.position
    except ValueError as error:
        return read, str(error) or "no reason"
    return read, ""


class Read:
    """All that the source gives of a path."""

    def __init__(self, path: Path, request: Request | None = None) -> None:
        with closing(SegmentFiles(f"kafka-log://{path}", {})) as source:
            self.info = source.info()
            request = request or Request()
            self.plan = source.pin(request)
            self.batches: list[Batch] = list(source.read(self.plan, request, threading.Event()))
            self.files = source.files()
        self.records = RecordBatch()
        for batch in self.batches:
            base = len(self.records)
            add(self.records, batch.records, 0)
            self.records.log[base:] = batch.records.log
            assert len(batch.records) <= 20_000

    @property
    def positions(self) -> list[int]:
        return self.records.position

    def at(self, log: int) -> list[int]:
        """The positions in one log of the plan."""
        return [position for number, position in zip(self.records.log, self.positions, strict=True) if number == log]

    @property
    def values(self) -> list[bytes | None]:
        return self.records.value

    @property
    def absent(self) -> list[Absence]:
        return [one for batch in self.batches for one in batch.absent]

    @property
    def notes(self) -> list[str]:
        return [*self.plan.notes, *(note for batch in self.batches for note in batch.notes)]

    def flagged(self, flag: int) -> list[int]:
        """Positions of rows with a flag."""
        return [self.positions[row] for row, bits in sorted(self.records.flags.items()) if bits & flag]

    def extra(self, name: str) -> list[object]:
        """One value of `extra` of each row."""
        return [self.records.extra.get(row, {}).get(name) for row in range(len(self.records))]


def committed(path: Path, logs: Sequence[str] = ()) -> Read:
    """As a reader of committed records sees it."""
    return Read(path, Request(logs=logs, isolation=Isolation.committed))
