"""The shop's event store: an SQLite file as the `eventsourcing` package lays it out. Only the demo writes such a file.

The position of an event is the hidden rowid; it is given explicitly, so that a removed row leaves the same hole that
deleting it would. Read `codec` for the state, `layout` for the positions.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from inspector.capture.sqlite import open_writer
from inspector.demo.codec import store_state, store_topic
from inspector.demo.layout import Placed

_CREATE = (
    "CREATE TABLE IF NOT EXISTS stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB, "
    "PRIMARY KEY (originator_id, originator_version))"
)
_INSERT = "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?, ?)"


class ShopStore:
    """The open store at `path`; created when missing. Raises apsw.Error when the file cannot be written."""

    def __init__(self, path: Path) -> None:
        self._connection = open_writer(path)
        self._connection.execute(_CREATE)

    def append(self, batch: Iterable[Placed]) -> int:
        """Writes those of `batch` that have a row, in one transaction; says how many."""
        rows = [_row(placed) for placed in batch if placed.row and not placed.event.removed]
        with self._connection:
            self._connection.executemany(_INSERT, rows)
        return len(rows)

    def close(self) -> None:
        """Folds the log into the file; may be called twice."""
        self._connection.close()


def _row(placed: Placed) -> tuple[int | None, str, int, str, bytes]:
    event = placed.event
    return placed.row, event.stream, event.version, store_topic(event), store_state(event)
