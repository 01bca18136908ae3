"""The SQL source against the real `eventsourcing` package in its own process, and what requests mean for a store."""

from __future__ import annotations

import itertools
import json
import threading
import time
from pathlib import Path

import apsw
import orjson
import pytest
from eventsourcing.cipher import AESCipher

from inspector.errors import SourceError, UsageError
from inspector.event import Flag, TimeKind
from inspector.sources import Bound, Plan, Request, Source, Span, open_source
from inspector.sources.sql import store_path
from tests.contracts import SourceContract
from tests.sources.stores import (
    AES,
    EVENTSOURCING,
    ZLIB,
    Following,
    all_events,
    application,
    opened,
    orders,
    positions,
    written,
)


class StoreSubject:
    """A store in the package's layout for the contract."""

    log = "stored_events"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0

    def open(self) -> Source:
        """The store as a source."""
        return opened(self._path)

    def append(self, count: int) -> None:
        """Adds rows."""
        orders(self._path, count, start=self._count + 1)
        self._count += count


class TestSqlSourceContract(SourceContract):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> StoreSubject:
        subject = StoreSubject(tmp_path / "shop.db")
        subject.append(3)
        return subject


# ---- the real package


def test_events_have_position_stream_version_type_time_and_data(tmp_path: Path) -> None:
    before_us = time.time_ns() // 1000
    with application(tmp_path / "shop.db") as app:
        app.do("place 3")
    (batch,) = all_events(opened(tmp_path / "shop.db"))
    assert batch.records.position == [1, 2, 3, 4, 5, 6]
    assert batch.version == [1, 2, 1, 2, 1, 2]
    assert batch.type == ["__main__:Order.Placed", "__main__:Order.Paid"] * 3
    assert [stream[0].category for stream in batch.streams] == ["Order"] * 6
    names = [stream[0].name for stream in batch.streams]
    assert all(len(name) == 32 and int(name, 16) for name in names)
    assert len(set(names)) == 3
    assert [stream[0].version for stream in batch.streams] == batch.version
    assert all(before_us <= (time_us or 0) <= time.time_ns() // 1000 for time_us in batch.time_us)
    assert set(batch.time_kind) == {TimeKind.event}
    assert orjson.loads(batch.records.value[5] or b"")["amount"] == {"_type_": "decimal_str", "_data_": "2"}
    assert set(batch.decoder) == {"stored-state"}
    assert batch.schema_version == ["1"] * 6
    assert batch.event_id == [None] * 6
    assert batch.error == [None] * 6
    assert batch.flags == [0] * 6


def test_stream_has_one_category_although_a_base_class_defines_some_of_its_events(tmp_path: Path) -> None:
    with application(tmp_path / "shop.db") as app:
        app.do("inherit")
    (batch,) = all_events(opened(tmp_path / "shop.db"))
    assert batch.type == ["__main__:Order.Placed", "__main__:Document.Renamed"]
    assert {stream[0].category for stream in batch.streams} == {"Order"}


def test_compressed_states_are_read(tmp_path: Path) -> None:
    with application(tmp_path / "shop.db", {"COMPRESSOR_TOPIC": ZLIB}) as app:
        app.do("place 20")
    (batch,) = all_events(opened(tmp_path / "shop.db"))
    assert (batch.records.value[0] or b"")[:1] == b"\x78"
    assert json.loads(str(batch.data[1]))["amount"]["_data_"] == "0"
    assert None not in batch.time_us
    assert batch.flags == [0] * 40


@pytest.mark.parametrize("compressor", ["", ZLIB])
def test_encrypted_states_are_flagged_and_their_columns_read(tmp_path: Path, compressor: str) -> None:
    environment = {"CIPHER_TOPIC": AES, "CIPHER_KEY": AESCipher.create_key(32), "COMPRESSOR_TOPIC": compressor}
    with application(tmp_path / "shop.db", environment) as app:
        app.do("place 20")
    (batch,) = all_events(opened(tmp_path / "shop.db"))
    assert all(flags & Flag.encrypted for flags in batch.flags)
    assert all("encrypted" in (reason or "") for reason in batch.error)
    assert batch.version == [1, 2] * 20
    assert batch.time_us == [None] * 40
    assert batch.schema_version == [None] * 40
    assert batch.data == [None] * 40


def test_ten_thousand_events_appended_while_following_all_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with application(path) as app:
        app.do("place 1")
        source = opened(path)
        following = Following(source)
        app.order("place 5000")
        following.until(10_002)
        app.answer()
    source.close()
    assert following.positions == list(range(1, 10_003))
    versions = [version for batch in following.batches for version in batch.records.envelope.get("version", [])]
    assert versions == [1, 2] * 5001
    assert len([batch for batch in following.batches if len(batch.records)]) > 2
    reached = [batch.read_to[0] for batch in following.batches if batch.read_to]
    assert reached == sorted(reached)
    assert reached[-1] == 10_003


# ---- what a request means


def span_of(path: Path, start: Bound | None = None, end: Bound | None = None, *, follow: bool = False) -> tuple[int, int | None]:
    plan = opened(path).pin(Request(start=start or Bound(edge="earliest"), end=end or Bound(), follow=follow))
    return plan.asked[0]


def test_positions_counts_and_edges(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 10)
    assert span_of(path) == (1, 11)
    assert span_of(path, Bound(position=4), Bound(position=6)) == (4, 6)
    assert span_of(path, Bound(position=0), Bound(position=99)) == (1, 11)
    assert span_of(path, Bound(last=3)) == (8, 11)
    assert span_of(path, Bound(last=30)) == (1, 11)
    assert span_of(path, Bound(last=0)) == (11, 11)
    assert span_of(path, Bound(edge="latest"), follow=True) == (11, None)
    assert span_of(path, Bound(position=20), Bound(position=30), follow=True) == (20, 30)
    assert span_of(path, Bound(position=20)) == (20, 20)


def test_last_counts_rows_not_positions(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 10)
    written(path, [("DELETE FROM stored_events WHERE rowid IN (7, 8, 9)", [])])
    assert span_of(path, Bound(last=3)) == (5, 11)


def test_holes_are_read_over(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 10)
    written(path, [("DELETE FROM stored_events WHERE rowid IN (1, 2, 7, 8)", [])])
    source = opened(path)
    assert [(info.first, info.end) for info in source.logs()] == [(1, 11)]
    plan = source.pin(Request())
    (batch,) = source.read(plan, Request(), threading.Event())
    assert batch.records.position == [3, 4, 5, 6, 9, 10]
    assert batch.read_to == {0: 11}


def test_spans_cut_to_what_is_missing_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 30)
    source = opened(path)
    plan = source.pin(Request())
    plan.spans = [Span(0, 20, 25), Span(0, 1, 4)]
    batches = list(source.read(plan, Request(), threading.Event()))
    assert positions([batch.records for batch in batches]) == [1, 2, 3, 20, 21, 22, 23, 24]
    assert [batch.read_to for batch in batches] == [{0: 4}, {0: 25}]


def test_following_up_to_a_position_ends_there(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 3)
    source = opened(path)
    request = Request(end=Bound(position=6), follow=True)
    reading = source.read(source.pin(request), request, threading.Event())
    assert next(reading).records.position == [1, 2, 3]
    orders(path, 9, start=4)
    assert [place for batch in reading for place in batch.records.position] == [4, 5]


def test_following_from_a_position_ahead_waits_for_it(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 3)
    following = Following(opened(path), Request(start=Bound(position=6), follow=True))
    assert len(following.next().records) == 0
    orders(path, 5, start=4)
    assert following.until(3) == [6, 7, 8]
    assert [note for batch in following.batches for note in batch.notes] == []


def test_empty_store_can_be_followed(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 0)
    following = Following(opened(path))
    assert following.plan.asked == [(1, None)]
    assert len(following.next().records) == 0
    orders(path, 2)
    assert following.until(2) == [1, 2]
    assert len(following.plan.logs) == 1


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(key=b"x"), "no keys"),
        (Request(partitions=[0, 3]), "only partition 0, not 3"),
        (Request(follow=True, end=Bound(time_us=5)), "time to come"),
    ],
)
def test_request_that_a_store_cannot_meet_is_refused(tmp_path: Path, request_: Request, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        opened(orders(tmp_path / "shop.db", 1)).pin(request_)


def test_unknown_table_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no event table events; it has stored_events"):
        opened(orders(tmp_path / "shop.db", 1)).pin(Request(logs=["events"]))


def test_store_without_an_event_table_names_what_it_has_and_what_is_known(tmp_path: Path) -> None:
    path = written(tmp_path / "notes.db", [("CREATE TABLE notes (id)", []), ("CREATE TABLE events (id, payload)", [])])
    with pytest.raises(SourceError, match=r"its tables: events, notes\. .*Known are: .*stored_events with originator_id") as caught:
        opened(path)
    assert caught.value.step == "file"


def test_table_without_row_numbers_is_refused(tmp_path: Path) -> None:
    table = "CREATE TABLE stored_events (originator_id TEXT, originator_version INT, topic, state, PRIMARY KEY (1, 2)) WITHOUT ROWID"
    path = written(tmp_path / "shop.db", [(table.replace("(1, 2)", "(originator_id, originator_version)"), [])])
    with pytest.raises(SourceError, match="WITHOUT ROWID, so its rows have no position"):
        opened(path)


def test_descriptor_goes_to_decoding_and_identity(tmp_path: Path) -> None:
    plan: Plan = opened(orders(tmp_path / "shop.db", 1)).pin(Request())
    assert plan.decoder == {"stored_events": "stored-state"}
    assert plan.rules["stored_events"]["stream"] == []
    info = opened(tmp_path / "shop.db").info()
    assert info.attributes["tables"] == {"stored_events": {"descriptor": "eventsourcing-sqlite", "base": 1, "kind": "events"}}


# ---- URLs


def test_url_is_read_as_sqlalchemy_does_and_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = orders(tmp_path / "my shop.db", 1)
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///my shop.db", "sqlite:///my%20shop.db", "sqlite:my shop.db", f"sqlite:///{path}", f"sqlite:///{str(path)[1:]}"):
        assert store_path(url) == path, url
    assert open_source("sqlite:///my%20shop.db").info().uri == f"sqlite:///{path.as_posix()}"


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="names no file"):
        open_source(url)


# ---- another store in its place


def incarnation(path: Path) -> str:
    source = opened(path)
    try:
        return source.logs()[0].key.incarnation
    finally:
        source.close()


def test_incarnation_keeps_its_beginning_while_the_store_grows(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 0)
    seen = [incarnation(path)]
    for start in range(1, 70):
        orders(path, 1, start=start)
        seen.append(incarnation(path))
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    assert len(set(seen)) == 8


def test_incarnation_differs_for_a_store_that_was_renumbered(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 40)
    written(path, [("DELETE FROM stored_events WHERE rowid IN (2, 3)", [])])
    connection = apsw.Connection(str(path))
    rows = connection.execute("SELECT * FROM stored_events ORDER BY rowid").fetchall()
    connection.close()
    renumbered = written(tmp_path / "restored.db", [(EVENTSOURCING, []), ("INSERT INTO stored_events VALUES (?, ?, ?, ?)", rows)])
    assert incarnation(renumbered)[:9] == incarnation(path)[:9]
    assert incarnation(renumbered)[9:13] != incarnation(path)[9:13]


def test_store_replaced_while_followed_becomes_another_log(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 10)
    following = Following(opened(path))
    following.until(10)
    other = written(
        tmp_path / "other.db",
        [
            ("CREATE TABLE stored_events (originator_id, originator_version, topic, state)", []),
            ("INSERT INTO stored_events VALUES (?, ?, ?, ?)", [(f"refund-{place}", 1, "shop:Refund.Made", b"{}") for place in range(4)]),
        ],
    )
    other.replace(path)
    assert following.until(14) == [*range(1, 11), 1, 2, 3, 4]
    assert len(following.plan.logs) == 2
    assert following.plan.logs[0].key.incarnation != following.plan.logs[1].key.incarnation
    assert [batch.closed for batch in following.batches if batch.closed] == [[0]]
    assert following.batches[-1].records.log == [1] * 4
    assert "replaced" in "".join(note for batch in following.batches for note in batch.notes)


def test_store_moved_and_put_back_is_the_same_log(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 10)
    following = Following(opened(path))
    following.until(10)
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    orders(path, 1, start=11)
    assert following.until(11)[-1] == 11
    assert len(following.plan.logs) == 1


def test_positions_given_again_after_a_deletion_are_read_again_and_it_is_said(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 20)
    following = Following(opened(path))
    following.until(20)
    written(path, [("DELETE FROM stored_events WHERE rowid > 17", [])])
    assert "ends at position 17 now, but was read up to 20" in following.until_note("conflict")
    orders(path, 2, start=18)
    assert following.until(22)[-2:] == [18, 19]
    assert len(following.plan.logs) == 1


def test_continued_capture_of_a_store_put_back_from_an_older_copy_says_so(tmp_path: Path) -> None:
    path = orders(tmp_path / "shop.db", 12)
    source = opened(path)
    request = Request(follow=True)
    following = Following(source, request)
    following.plan.spans[0] = Span(0, 16, None)
    assert "was read up to 15" in following.until_note("conflict")
    orders(path, 2, start=13)
    assert following.until(2) == [13, 14]
