"""The store file: what the real `eventsourcing` package reads from it is what happened in the shop."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import apsw
import pytest
from eventsourcing.persistence import DatetimeAsISO, DecimalAsStr, JSONTranscoder, Mapper, StoredEvent, UUIDAsHex
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from inspector.demo.codec import store_topic
from inspector.demo.layout import Placed
from inspector.demo.store import ShopStore
from inspector.event import datetime_us
from tests.demo.story import placed, told


@dataclass
class Shelf:
    """A store written once, and what was written to it."""

    path: Path
    story: list[Placed]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    path = tmp_path_factory.mktemp("store") / "shop.db"
    story = placed(told(events=4_000))
    store = ShopStore(path)
    for start in range(0, len(story), 500):
        store.append(story[start : start + 500])
    store.close()
    return Shelf(path, story)


@pytest.fixture
def recorder(written: Shelf) -> Iterator[SQLiteApplicationRecorder]:
    datastore = SQLiteDatastore(str(written.path), originator_id_type="text")
    yield SQLiteApplicationRecorder(datastore)
    datastore.close()


def test_real_recorder_reads_every_event_at_its_position(written: Shelf, recorder: SQLiteApplicationRecorder) -> None:
    read = recorder.select_notifications(1, 100_000)
    kept = [event for event in written.story if event.row and not event.event.removed]
    assert [(note.id, note.originator_id, note.originator_version, note.topic) for note in read] == [
        (event.row, event.event.stream, event.event.version, store_topic(event.event)) for event in kept
    ]
    assert recorder.max_notification_id() == kept[-1].row


def test_removed_row_leaves_a_hole_in_position_and_version(written: Shelf, recorder: SQLiteApplicationRecorder) -> None:
    (removed,) = [event for event in written.story if event.event.removed]
    assert removed.row is not None
    assert [note.id for note in recorder.select_notifications(removed.row - 1, 2)] == [removed.row - 1, removed.row + 1]
    versions = [event.originator_version for event in recorder.select_events(removed.event.stream)]
    assert removed.event.version not in versions
    assert max(versions) > removed.event.version


def test_real_recorder_could_go_on_writing(written: Shelf, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(written.path.read_bytes())
    datastore = SQLiteDatastore(str(copy), originator_id_type="text")
    recorder = SQLiteApplicationRecorder(datastore)
    recorder.create_table()
    before = recorder.max_notification_id()
    assert recorder.insert_events([StoredEvent("order-1", 1, "shop.orders:Order.Placed", b"{}")]) == [before + 1]
    datastore.close()


class Order:
    """The class that the store's topics name, as an application with names for ids would have it."""

    class Placed:
        """The first event of an order."""

        originator_id: str
        originator_version: int
        timestamp: datetime
        total: Decimal


def test_real_mapper_turns_the_state_into_its_domain_event(
    written: Shelf, recorder: SQLiteApplicationRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("shop.orders")
    monkeypatch.setattr(module, "Order", Order, raising=False)
    monkeypatch.setitem(sys.modules, "shop", ModuleType("shop"))
    monkeypatch.setitem(sys.modules, "shop.orders", module)
    wanted = next(event.event for event in written.story if event.event.type == "OrderPlaced" and event.event.schema_version == 1)
    stored = recorder.select_events(wanted.stream, lte=1)[0]
    mapper: Mapper[str] = Mapper(_transcoder())
    happened: object = mapper.to_domain_event(stored)
    assert isinstance(happened, Order.Placed)
    assert (happened.originator_id, happened.originator_version) == (wanted.stream, 1)
    assert datetime_us(happened.timestamp) == wanted.time_us
    assert happened.total == wanted.data["total"]
    assert isinstance(happened.total, Decimal)


def _transcoder() -> JSONTranscoder:
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DatetimeAsISO(), DecimalAsStr()):
        transcoder.register(transcoding)
    return transcoder


def test_table_is_the_one_the_package_makes(written: Shelf, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.db"
    datastore = SQLiteDatastore(str(theirs))
    SQLiteApplicationRecorder(datastore).create_table()
    datastore.close()
    assert _columns(written.path) == _columns(theirs)
    assert written.path.read_bytes()[18:20] == theirs.read_bytes()[18:20] == b"\x02\x02"


def _columns(path: Path) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(path))
    try:
        return [tuple(row) for row in connection.execute("PRAGMA table_xinfo(stored_events)")]
    finally:
        connection.close()


def test_closed_store_is_one_file(written: Shelf) -> None:
    assert [path.name for path in written.path.parent.iterdir()] == ["shop.db"]
