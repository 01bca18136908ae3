"""A capture that grows in tests, batch by batch, in which transactions are decided afterwards; and its events as DuckDB reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from inspector.capture.asking import EventQuery
from inspector.capture.reader import CaptureReader
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress
from inspector.cli.output import event_line
from inspector.event import Flag, LogKey
from inspector.export import Lines, export
from inspector.sources import FlagChange, LogInfo
from tests.replay.captures import KAFKA, Log, Written, batch

PARTITIONS = 2


class Grown:
    """Two partitions of one topic, read with both isolations: what is appended is undecided until `decide`."""

    def __init__(self, path: Path, *, isolation: str = "both") -> None:
        self.path = path
        self._writer = CaptureWriter(path, floor_bytes=0)
        source_id = self._writer.add_source(KAFKA)
        logs = [LogInfo(LogKey("orders", partition), 0, 0) for partition in range(PARTITIONS)]
        self._logs = [self._writer.add_log(source_id, log) for log in logs]
        asked: dict[int, tuple[int, int | None]] = dict.fromkeys(self._logs, (0, None))
        self._is_decided = isolation != "both"
        self._reading = self._writer.begin(source_id, asked, isolation=isolation, filter_text=None, settings={})
        self._stager = Stager()
        self.ends = [0] * PARTITIONS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._stager.close()
        self._writer.close()

    def append(self, events: Sequence[Written], partition: int = 0) -> None:
        """Appends events, whose positions follow each other."""
        if not events:
            return
        start, end = self.ends[partition], events[-1].position + 1
        staged = self._stager.stage(batch(Log(events), events))
        progress = Progress(read={0: (start, end)}, decided=None if self._is_decided else [])
        self._writer.append(self._reading, [self._logs[partition]], staged, progress)
        self.ends[partition] = end

    def decide(self, partition: int, start: int, end: int, aborted: Sequence[int]) -> None:
        """Now it is known which positions of `[start, end)` were aborted."""
        changes = [FlagChange(0, list(aborted), set=int(Flag.aborted), clear=int(Flag.open))]
        progress = Progress(changes=changes if aborted else [], decided=[(0, start, end)])
        self._writer.append(self._reading, [self._logs[partition]], None, progress)

    def mark_open(self, partition: int, positions: Sequence[int]) -> None:
        """These are of transactions that have not ended."""
        progress = Progress(changes=[FlagChange(0, list(positions), set=int(Flag.open))], decided=[])
        self._writer.append(self._reading, [self._logs[partition]], None, progress)

    def remove(self, count: int) -> None:
        """As the keep limit does."""
        self._writer.remove_oldest(count)


def exported(capture: Path, out: Path) -> Path:
    """All events as JSON lines, as `eventscope export` writes them."""
    with CaptureReader(capture) as reader:
        export(reader.events(EventQuery()), out, Lines(event_line), replace=True)
    return out


_TYPES: Mapping[str, str] = {
    "seq": "BIGINT",
    "partition": "BIGINT",
    "position": "BIGINT",
    "time": "TIMESTAMPTZ",
    "key": "VARCHAR",
    "type": "VARCHAR",
    "stream": "VARCHAR",
    "flags": "VARCHAR[]",
    "data": "JSON",
}


def in_duckdb(lines: Path) -> duckdb.DuckDBPyConnection:
    """The exported events as the table `events`."""
    database = duckdb.connect(config={"threads": 1})
    database.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _TYPES.items())
    database.execute(f"CREATE TABLE events AS SELECT * FROM read_json('{lines}', format = 'newline_delimited', columns = {{{columns}}})")
    return database
