"""Stores into captures: continued, replaced and put back, as the capture's own account tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from inspector import ingest
from inspector.sources import Request
from tests.sources.stores import DEADLINE_S, EVENTSOURCING, application, opened, orders, written


def captured(store: Path, capture: Path) -> ingest.Outcome:
    """One run over the whole store."""
    source = opened(store)
    try:
        return ingest.run([(source, Request())], capture)
    finally:
        source.close()


def asked(capture: Path, sql: str) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(capture), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [tuple(row) for row in connection.execute(sql)]
    finally:
        connection.close()


def test_growing_store_is_one_log_and_nothing_is_read_twice(tmp_path: Path) -> None:
    store, capture = tmp_path / "shop.db", tmp_path / "c.evcap"
    orders(store, 0)
    for count in (0, 1, 2, 5, 40):
        (last,) = asked(store, "SELECT coalesce(max(rowid), 0) FROM stored_events")[0]
        assert isinstance(last, int)
        orders(store, count, start=last + 1)
        outcome = captured(store, capture)
        assert (outcome.status.stored, outcome.status.duplicates, outcome.status.conflicts) == (count, 0, 0)
    assert asked(capture, "SELECT count(*), max(length(incarnation)) FROM log") == [(1, len("rows:") + 4 * 6)]
    assert asked(capture, "SELECT position FROM event ORDER BY seq") == [(position,) for position in range(1, 49)]
    assert asked(capture, "SELECT from_position, to_position, state, records FROM coverage") == [(1, 49, "read", 48)]


def test_store_made_anew_is_a_log_apart(tmp_path: Path) -> None:
    store, capture = orders(tmp_path / "shop.db", 5), tmp_path / "c.evcap"
    captured(store, capture)
    store.unlink()
    rows = [(f"refund-{place}", 1, "shop:Refund.Made", b"{}") for place in range(3)]
    written(store, [(EVENTSOURCING, []), ("INSERT INTO stored_events VALUES (?, ?, ?, ?)", rows)])
    assert captured(store, capture).status.stored == 3
    assert asked(capture, "SELECT log_id, count(*) FROM event GROUP BY 1") == [(1, 5), (2, 3)]
    orders(store, 1, start=4)
    assert captured(store, capture).status.stored == 1
    assert asked(capture, "SELECT log_id, count(*) FROM event GROUP BY 1") == [(1, 5), (2, 4)]


class Live:
    """A capture that follows a store in a thread of its own."""

    def __init__(self, store: Path, capture: Path) -> None:
        self.notes: list[str] = []
        self.stored = 0
        self.conflicts = 0
        self.stop = threading.Event()
        live = self

        class Listener(ingest.Listener):
            def progressed(self, status: ingest.Status) -> None:
                live.stored, live.conflicts = status.stored, status.conflicts

            def noted(self, text: str) -> None:
                live.notes.append(text)

        source = opened(store)
        self._thread = threading.Thread(
            target=lambda: ingest.run([(source, Request(follow=True))], capture, listener=Listener(), stop=self.stop)
        )
        self._thread.start()

    def until(self, what: str, count: int) -> None:
        """Waits until so many are stored, or in conflict."""
        deadline = time.monotonic() + DEADLINE_S
        while getattr(self, what) < count:
            assert time.monotonic() < deadline, (what, getattr(self, what), self.notes)
            assert self._thread.is_alive()
            time.sleep(0.01)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(DEADLINE_S)


@pytest.mark.parametrize("runs", [1, 3])
def test_real_application_followed_is_captured_whole(tmp_path: Path, runs: int) -> None:
    store, capture = tmp_path / "shop.db", tmp_path / "c.evcap"
    total = 0
    with application(store) as app:
        app.do("place 1")
        for _ in range(runs):
            live = Live(store, capture)
            try:
                app.do("place 300")
                live.until("stored", 600 if total else 602)
                total += 600
            finally:
                live.end()
    assert asked(capture, "SELECT position, version FROM event ORDER BY seq") == [
        (position, 2 - position % 2) for position in range(1, total + 3)
    ]
    assert asked(capture, "SELECT count(*) FROM log") == [(1,)]
    assert asked(capture, "SELECT count(*), min(events), max(events) FROM stream") == [(total // 2 + 1, 2, 2)]


def test_positions_given_again_are_conflicts_and_the_first_bytes_stay(tmp_path: Path) -> None:
    store, capture = orders(tmp_path / "shop.db", 20), tmp_path / "c.evcap"
    live = Live(store, capture)
    try:
        live.until("stored", 20)
        written(store, [("DELETE FROM stored_events WHERE rowid > 17", [])])
        deadline = time.monotonic() + DEADLINE_S
        while not live.notes:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        rows: Sequence[tuple[object, ...]] = [(f"new-{place}", 1, "shop:Order.Placed", b"[%d]" % place) for place in range(4)]
        written(store, [("INSERT INTO stored_events VALUES (?, ?, ?, ?)", rows)])
        live.until("stored", 21)
    finally:
        live.end()
    assert asked(capture, "SELECT position FROM conflict ORDER BY position") == [(18,), (19,), (20,)]
    assert asked(capture, "SELECT max(position) FROM event") == [(21,)]
