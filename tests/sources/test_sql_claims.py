"""What stores say of themselves: consumers' checkpoints, heads of streams, the last number given, and snapshots; as captures keep it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import apsw
import pytest
from eventsourcing.domain import Aggregate, event
from eventsourcing.sqlite import SQLiteDatastore, SQLiteProcessRecorder
from eventsourcing.system import ProcessApplication, SingleThreadedRunner, System

from inspector.capture.creating import complete
from inspector.capture.reader import CaptureReader
from inspector.ingest import Options, run
from inspector.replay.snapshots import compared
from inspector.replay.story import Story
from inspector.sources import Request
from inspector.sources.claims import Claim, ClaimKind
from tests.sources.store_builders import commanded, emmett, sqlstreamstore
from tests.sources.stores import Following, all_events, opened, written
from tests.sources.test_sql_several import captured, rows

CLAIMS = "SELECT kind, store_table, name, value, log, log_end FROM claim ORDER BY kind, store_table, name, id"


def said(path: Path) -> list[Claim]:
    source = opened(path)
    try:
        plan = source.pin(Request())
        return [claim for batch in source.read(plan, Request(), Following(source, Request()).stop) for claim in batch.claims]
    finally:
        source.close()


class Dog(Aggregate):
    """An aggregate with tricks."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class School(ProcessApplication[UUID]):
    """Trains dogs, and keeps a snapshot after every third event."""

    is_snapshotting_enabled = True
    snapshotting_intervals: ClassVar[dict[Any, int]] = {Dog: 3}

    def policy(self, domain_event: object, processing_event: object) -> None:
        """Reacts to nothing; its tracking goes on all the same."""


class Counter(School):
    """Follows the school."""


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The stores of a school and of the application that follows it, written by the real package."""
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.sqlite")
    school, counter = tmp_path / "school.db", tmp_path / "counter.db"
    monkeypatch.setenv("SCHOOL_SQLITE_DBNAME", str(school))
    monkeypatch.setenv("COUNTER_SQLITE_DBNAME", str(counter))
    runner: Any = SingleThreadedRunner(System(pipes=[[School, Counter]]))
    runner.start()
    app: Any = runner.get(School)
    dog = Dog("Rex")
    for trick in ("sit", "roll", "speak"):
        dog.add_trick(trick)
    app.save(dog)
    own: Any = runner.get(Counter)
    follower = Dog("Follower")
    own.save(follower)
    runner.stop()
    return school, counter


def test_real_tracking_is_a_checkpoint_of_another_store(trained: tuple[Path, Path]) -> None:
    (claim,) = [claim for claim in said(trained[1]) if claim.kind is ClaimKind.checkpoint]
    assert (claim.table, claim.name, claim.value) == ("tracking", "School", 4)
    assert (claim.log, claim.log_end) == ("", None)
    assert json.loads(claim.row)["application_name"] == "School"


def test_real_snapshots_are_records_of_their_own_log(trained: tuple[Path, Path]) -> None:
    source = opened(trained[0])
    assert [info.key.name for info in source.logs()] == ["stored_events", "stored_snapshots"]
    tables = source.info().attributes["tables"]
    assert isinstance(tables, dict)
    assert {name: told["kind"] for name, told in tables.items()} == {"stored_events": "events", "stored_snapshots": "snapshots"}
    events, snapshots = all_events(source)
    assert events.version == [1, 2, 3, 4]
    assert snapshots.version == [3]
    assert snapshots.type == ["eventsourcing.domain:Snapshot"]
    assert list(snapshots.streams[0]) == []
    assert json.loads(snapshots.records.value[0] or b"")["state"]["name"] == "Rex"
    assert snapshots.time_us[0] is not None


def test_snapshots_that_changed_are_another_life_of_their_log_and_unchanged_ones_add_nothing(
    trained: tuple[Path, Path], tmp_path: Path
) -> None:
    capture, store = tmp_path / "dogs.evcap", trained[0]
    captured(capture, store)
    captured(capture, store)
    counting = "SELECT count(*) FROM event JOIN log ON log.id = event.log_id WHERE log.name = 'stored_snapshots'"
    assert rows(capture, counting) == [(1,)]
    written(store, [("INSERT INTO stored_snapshots VALUES ('0aaa', 9, 'eventsourcing.domain:Snapshot', x'7b7d')", [])])
    captured(capture, store)
    assert rows(capture, counting) == [(3,)]
    assert rows(capture, "SELECT count(DISTINCT incarnation) FROM log WHERE name = 'stored_snapshots'") == [(2,)]


def test_legacy_tracking_with_a_row_for_each_event_gives_the_greatest(tmp_path: Path) -> None:
    store = SQLiteDatastore(str(tmp_path / "old.db"))
    SQLiteProcessRecorder(store).create_table()
    store.close()
    many = [("shop", n) for n in range(1, 5001)] + [("mail", 7), ("__migration__", 1)]
    old = "CREATE TABLE tracking (application_name TEXT, notification_id INTEGER, PRIMARY KEY (application_name, notification_id))"
    written(tmp_path / "old.db", [("DROP TABLE tracking", []), (old, []), ("INSERT INTO tracking VALUES (?, ?)", many)])
    assert [(claim.name, claim.value) for claim in said(tmp_path / "old.db")] == [("mail", 7), ("shop", 5000)]


def test_emmett_processors_and_streams_are_claims(tmp_path: Path) -> None:
    capture = captured(tmp_path / "shop.evcap", emmett(tmp_path / "shop.db", with_tail=False))
    assert rows(capture, CLAIMS) == [
        ("checkpoint", "emt_processors", "totals", 2, "emt_messages", 4),
        ("checkpoint", "emt_subscriptions", "older", 1, "emt_messages", 4),
        ("stream", "emt_streams", "cart:1", 3, "emt_messages", 4),
        ("stream", "emt_streams", "cart:2", 1, "emt_messages", 4),
    ]
    ((row,),) = rows(capture, "SELECT row FROM claim WHERE name = 'totals'")
    assert json.loads(row)["last_processed_checkpoint"] == "0000000000000000002"
    head = (
        "SELECT claim.name, claim.value, max(x.version) FROM claim JOIN category c ON c.name = claim.category "
        "JOIN stream s ON s.name = claim.name AND s.category_id = c.id JOIN event_stream x ON x.stream_id = s.id "
        "WHERE claim.kind = 'stream' GROUP BY claim.id HAVING max(x.version) < claim.value"
    )
    assert rows(capture, head) == [("cart:1", 3, 2)]


def test_checkpoints_are_samples_too_and_a_change_is_another_row(tmp_path: Path) -> None:
    store, capture = emmett(tmp_path / "shop.db"), tmp_path / "shop.evcap"
    captured(capture, store)
    captured(capture, store)
    history = "SELECT value, first_us < last_us FROM claim WHERE name = 'totals' ORDER BY id"
    assert rows(capture, history) == [(2, 1)]
    written(store, [("UPDATE emt_processors SET last_processed_checkpoint = '0000000000000000004'", [])])
    captured(capture, store)
    assert rows(capture, history) == [(2, 1), (4, 0)]
    samples = "SELECT value FROM sample WHERE metric = '{}' AND label = '[1,\"totals\",\"emt_messages\",0]' ORDER BY time_us"
    assert rows(capture, samples.format("committed")) == [(3.0,), (3.0,), (5.0,)]
    assert rows(capture, samples.format("lag_positions")) == [(2.0,), (2.0,), (0.0,)]


def test_deleted_tail_is_told_by_the_last_number_given(tmp_path: Path) -> None:
    capture = captured(tmp_path / "shop.evcap", sqlstreamstore(tmp_path / "shop.db"))
    assert rows(capture, "SELECT name, value, log, log_end FROM claim WHERE kind = 'sequence'") == [("messages", 3, "messages", 3)]


def test_commanded_subscriptions_of_all_are_checkpoints(tmp_path: Path) -> None:
    claims = said(commanded(tmp_path / "shop.db"))
    assert [(claim.name, claim.value) for claim in claims if claim.kind is ClaimKind.checkpoint] == [("mailer", 2)]
    assert {claim.name: claim.value for claim in claims if claim.kind is ClaimKind.stream and claim.log == "stream_events"} == {
        "$all": 3, "order-1": 2, "cart-1": 1, "vip": 1,
    }  # fmt: skip


def test_checkpoints_go_on_while_a_store_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.sources.sql._CLAIMS_S", 0.0)
    store = emmett(tmp_path / "shop.db")
    following = Following(opened(store))
    following.until(4)
    while not any(claim.name == "totals" for batch in following.batches for claim in batch.claims):
        following.next()
    written(store, [("UPDATE emt_processors SET last_processed_checkpoint = '0000000000000000004'", [])])
    while not any(claim.name == "totals" and claim.value == 4 for batch in following.batches for claim in batch.claims):
        following.next()


def test_a_table_of_claims_that_cannot_be_read_is_said_and_events_are_read(tmp_path: Path) -> None:
    store = written(emmett(tmp_path / "shop.db"), [("INSERT INTO emt_streams VALUES (x'ff', 1, 'p', 't', '[]', 0)", [])])
    written(store, [("UPDATE emt_processors SET last_processed_checkpoint = 'soon'", [])])
    claims = said(store)
    assert ("totals", None) in [(claim.name, claim.value) for claim in claims]
    assert ("ff", 1) in [(claim.name, claim.value) for claim in claims]


def test_many_heads_come_in_pages(tmp_path: Path) -> None:
    many = [(f"s:{n}", n, "p", "t", "[]", 0) for n in range(5_001)]
    store = written(emmett(tmp_path / "shop.db"), [("INSERT INTO emt_streams VALUES (?, ?, ?, ?, ?, ?)", many)])
    heads = [claim.name for claim in said(store) if claim.kind is ClaimKind.stream]
    assert len(heads) == len(set(heads)) == 5_003


def test_an_older_capture_gets_the_table(tmp_path: Path) -> None:
    capture = captured(tmp_path / "shop.evcap", emmett(tmp_path / "shop.db"))
    connection = apsw.Connection(str(capture))
    connection.execute("DROP TABLE claim; PRAGMA user_version = 1002")
    complete(connection)
    assert connection.execute("SELECT count(*) FROM claim").get == 0
    assert connection.execute("PRAGMA user_version").get == 1003
    connection.close()


def test_claims_are_kept_when_a_limit_stopped_the_events(tmp_path: Path) -> None:
    source = opened(emmett(tmp_path / "shop.db"))
    run([(source, Request())], tmp_path / "shop.evcap", options=Options(floor_bytes=0, limit=1))
    source.close()
    assert rows(tmp_path / "shop.evcap", "SELECT count(*) FROM event") == [(1,)]


def test_a_real_snapshot_equals_the_replay_at_its_version(trained: tuple[Path, Path], tmp_path: Path) -> None:
    reducer = tmp_path / "dog.py"
    reducer.write_text(
        "def reduce(state, event):\n"
        " if 'name' in event.data: return {'name': event.data['name'], 'tricks': []}\n"
        " return {**state, 'tricks': [*state['tricks'], event.data['trick']]}\n"
    )
    capture = tmp_path / "dogs.evcap"
    captured(capture, trained[0])
    with CaptureReader(capture) as reader:
        ((stream,),) = reader.select("SELECT id FROM stream WHERE events = 4")
        (one,) = compared(Story(reader, stream, str(reducer)))
        assert (one.version, one.is_equal, one.part) == (3, True, "/state")
        (other,) = compared(Story(reader, stream, "latest"))
        assert (other.is_equal, other.path, other.kept) == (False, "/name", "Rex")
