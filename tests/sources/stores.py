"""Event stores for tests: written by the real package in another process, or table by table; and what a folder holds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import apsw

from inspector.event import EventBatch, RecordBatch
from inspector.identify import Identifier
from inspector.sources import Batch, Plan, Request, Source, open_source

AES = "eventsourcing.cipher:AESCipher"
ZLIB = "zlib"
EVENTSOURCING = (
    "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB, "
    "PRIMARY KEY (originator_id, originator_version))"
)
DEADLINE_S = 30.0


class Application:
    """The real package's application in its own process, writing to `path`."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sources.store_writer", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
            cwd=Path(__file__).parents[2],
        )

    def order(self, command: str) -> None:
        """Sends a command and does not wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self) -> None:
        """Waits until the last command is done."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "done\n"

    def do(self, command: str) -> None:
        """Sends a command and waits until it is done."""
        self.order(command)
        self.answer()

    def close(self) -> None:
        """Ends it as an application ends."""
        if self.process.poll() is None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait(DEADLINE_S)
        self._let_go()

    def kill(self) -> None:
        """Ends it between two instructions."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._let_go()

    def _let_go(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def application(path: Path, environment: Mapping[str, str] | None = None) -> Iterator[Application]:
    """A running application, closed at the end whatever happens."""
    app = Application(path, environment)
    try:
        yield app
    finally:
        if app.process.poll() is None:
            app.close()


def written(path: Path, statements: Sequence[tuple[str, Sequence[tuple[object, ...]]]]) -> Path:
    """A store made of statements with their rows of bindings (none: run once)."""
    connection = apsw.Connection(str(path))
    with connection:
        for sql, rows in statements:
            if rows:
                connection.executemany(sql, cast("Sequence[tuple[apsw.SQLiteValue, ...]]", rows))
            else:
                connection.execute(sql)
    connection.close()
    return path


def orders(path: Path, count: int, *, start: int = 1) -> Path:
    """A store in the package's layout without WAL: `count` rows, stream `order-<position>`, version 1."""
    rows = [(place, f"order-{place}", 1, "shop:Order.Placed", b'{"n":%d}' % place) for place in range(start, start + count)]
    table = EVENTSOURCING.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
    insert = "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?, ?)"
    return written(path, [(table, []), (insert, rows)] if rows else [(table, [])])


def opened(path: Path, **config: str) -> Source:
    """The store at `path` as a source."""
    return open_source(f"sqlite:///{path.as_posix()}", config)


def all_records(source: Source, request: Request | None = None) -> tuple[Plan, list[RecordBatch]]:
    """Everything that `request` means, read to its end."""
    request = request or Request()
    plan = source.pin(request)
    return plan, [batch.records for batch in source.read(plan, request, threading.Event()) if len(batch.records)]


def all_events(source: Source, request: Request | None = None) -> list[EventBatch]:
    """The same as events."""
    plan, batches = all_records(source, request)
    identifier = Identifier(decoders=plan.decoder, rules=plan.rules)
    return [identifier.events(records, plan.logs) for records in batches]


def positions(batches: Sequence[RecordBatch]) -> list[int]:
    """All positions in the order read."""
    return [position for records in batches for position in records.position]


class Following:
    """A source being followed, a batch at a time, with what was learnt so far."""

    def __init__(self, source: Source, request: Request | None = None) -> None:
        self.request = request or Request(follow=True)
        self.plan = source.pin(self.request)
        self.stop = threading.Event()
        self.batches: list[Batch] = []
        self._read = source.read(self.plan, self.request, self.stop)

    def next(self) -> Batch:
        """The next batch, maybe empty; logs that came up are in the plan."""
        batch = next(self._read)
        for info, span in batch.opened:
            self.plan.logs.append(info)
            self.plan.spans.append(span)
        self.batches.append(batch)
        return batch

    def until(self, count: int) -> list[int]:
        """Reads on until `count` records have come in all; gives their positions."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.positions) < count:
            assert time.monotonic() < deadline, f"{len(self.positions)} of {count} after {DEADLINE_S} s"
            self.next()
        return self.positions

    def until_note(self, text: str) -> str:
        """Reads on until a note or state holds `text`; gives it."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            batch = self.next()
            for said in (*batch.notes, batch.state):
                if text in said:
                    return said
        raise AssertionError(f"nothing said {text!r}")

    @property
    def positions(self) -> list[int]:
        """All positions so far, in the order read."""
        return positions([batch.records for batch in self.batches])


def folder_state(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Name → time in nanoseconds, size and digest of every file; the folder's own time as "."."""
    return {".": (folder.stat().st_mtime_ns, 0, "")} | {
        path.name: (path.stat().st_mtime_ns, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.iterdir())
    }
