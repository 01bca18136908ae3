"""The lag of a store's consumers: four numbers, the fourth of which shows what the others hide."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inspector import ingest
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError
from inspector.sources import Request, open_source
from tests.kafka.helpers import wait_until
from tests.postgres import message_db
from tests.postgres.server import Database
from tests.postgres.test_marten import EVENTS
from tests.postgres.test_postgres import opened
from tests.sources.stores import Following

PROGRESS = "CREATE TABLE mt_event_progression (name varchar PRIMARY KEY, last_seq_id bigint, last_updated timestamptz DEFAULT now())"
INSERT = (
    "INSERT INTO mt_events (seq_id, id, stream_id, version, data, type) "
    "VALUES ({0}, gen_random_uuid(), '0f0e9d6e-1111-4222-8333-00000000000{0}', 1, '{{\"n\": {0}}}', 'order_placed')"
)
COMMAND = [sys.executable, "-m", "inspector.cli", "lag"]


def lag(*words: str | Path, status: int = 0, database: Database | None = None) -> list[dict[str, Any]]:
    more = [] if database is None else [database.url, "--config", "-"]
    given = "" if database is None else f"password={database.config['password']}\n"
    command = [*COMMAND, *more, *map(str, words), "--format", "jsonl"]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def store(database: Database) -> Database:
    """Events 1 and 3, and two consumers: one that is at the end, one after the first event."""
    database.run(EVENTS, PROGRESS, INSERT.format(1), INSERT.format(3))
    database.run("INSERT INTO mt_event_progression VALUES ('billing:All', 3), ('mailer:All', 1), ('HighWaterMark', 3)")
    return database


class Live:
    """A capture that follows a store in a thread."""

    def __init__(self, database: Database, path: Path) -> None:
        self._path, self._stop = path, threading.Event()
        self._source = opened(database)
        self._thread = threading.Thread(
            target=ingest.run, args=([(self._source, Request(follow=True))], path), kwargs={"stop": self._stop}, daemon=True
        )
        self._thread.start()

    def until(self, sql: str, condition: Callable[[Any], bool]) -> None:
        wait_until(lambda: self._holds(sql, condition), sql)

    def _holds(self, sql: str, condition: Callable[[Any], bool]) -> bool:
        try:
            with CaptureReader(self._path) as reader:
                return condition(reader.select(sql)[0][0])
        except CaptureError:  # it is just being made
            return False

    def end(self) -> None:
        self._stop.set()
        self._thread.join(30)
        self._source.close()


SEEN = "SELECT count(*) FROM sample WHERE metric = 'committed' AND label LIKE '%billing%'"
STORED = "SELECT count(*) FROM event"


def test_hole_below_a_checkpoint_is_found_though_lag_is_zero(store: Database, tmp_path: Path) -> None:
    """Two writers, the lower number committing later: the consumer is at the end, and has never seen event 2."""
    path = tmp_path / "shop.evcap"
    with store.connect() as slow:
        slow.execute("BEGIN")
        slow.execute(INSERT.format(2))
        live = Live(store, path)
        live.until(SEEN, lambda count: count > 0)
        slow.execute("COMMIT")
    live.until(STORED, lambda count: count == 3)
    live.end()
    billing, mailer = lag(path, status=1)
    assert (billing["consumer"], billing["positions"], billing["events"], billing["time_behind_s"]) == ("billing:All", 0, 0, 0)
    assert billing["holes"] == 1
    assert (mailer["consumer"], mailer["positions"], mailer["events"], mailer["holes"]) == ("mailer:All", 2, 2, 0)
    assert mailer["time_behind_s"] > 0
    (row,) = lag(path, "--group", "billing:All", "--by", "partition", status=1)
    (hole,) = row["holes"]
    with CaptureReader(path) as reader:
        event = reader.event(hole["seq"])
    assert event is not None
    assert (event.position, hole["position"], json.loads(event.data or "")) == (2, 2, {"n": 2})
    command = [*COMMAND, str(path), "--format", "table"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert "billing:All: caught up; 1 event skipped below its checkpoint (#3 at 2)" in told


def test_hole_that_was_filled_between_two_captures(store: Database, tmp_path: Path) -> None:
    path = tmp_path / "shop.evcap"

    def captured() -> None:
        with closing(opened(store)) as source:
            ingest.run([(source, Request())], path)

    captured()
    store.run(INSERT.format(2))
    captured()
    assert [(one["consumer"], one["holes"]) for one in lag(path, status=1)] == [("billing:All", 1), ("mailer:All", 0)]
    # one that is set back reads it after all
    store.run("UPDATE mt_event_progression SET last_seq_id = 1 WHERE name = 'billing:All'")
    captured()
    (billing, _) = lag(path, status=0)
    assert (billing["positions"], billing["holes"], billing["resets"]) == (2, 0, 1)
    store.run("UPDATE mt_event_progression SET last_seq_id = 3 WHERE name = 'billing:All'")
    captured()
    assert [one["holes"] for one in lag(path)] == [0, 0]


def test_store_that_is_there_tells_what_it_can(store: Database) -> None:
    billing, mailer = lag(database=store)
    assert (billing["positions"], billing["events"], billing["time_behind_s"], billing["holes"]) == (0, 0, 0, None)
    assert (mailer["positions"], mailer["events"], mailer["events_exact"]) == (2, 1, True)
    assert mailer["time_behind_s"] > 0
    (part,) = lag("--group", "mailer:All", "--by", "partition", database=store)
    assert (part["log"], part["committed"], part["end"], part["next_position"]) == ("mt_events", 2, 4, 3)


def test_consumers_of_a_message_store_are_behind_by_what_they_read(messages: Database, tmp_path: Path) -> None:
    """The real message-db: progress is a message in a stream of the consumer's; what other categories write is nothing it waits for."""
    with messages.connect() as store:

        def write(stream: str, kind: str, data: object) -> None:
            message_db.write(store, stream, kind, data)

        for number in range(4):
            write(f"account-{number}", "Opened", {"n": number})  # 1 to 4
        write("account:command-1", "Open", {})  # 5
        write("account:position-audit", "Recorded", {"position": 1})  # 6: an older word
        write("account:position-audit", "Recorded", {"position": 2})  # 7: of these 3 and 4 are to be read
        write("account:position", "Recorded", {"position": 4})  # 8: all is read, whatever others write
        write("account:command+position-desk", "Recorded", {"position": 5})  # 9
        write("transfer:position-broken", "Recorded", {"position": "soon"})  # 10
        write("composition-1", "Played", {})  # 11: no progress of anybody, whatever its name ends in
        write("reposition", "Played", {})  # 12
        write("bücher:position", "Recorded", {"position": 3})  # 13: nobody wrote any
    names = ["account:position-audit", "account:position", "account:command+position-desk", "bücher:position"]
    told = {one["consumer"]: one for one in lag(database=messages)}
    assert set(told) == set(names)
    assert [told[name]["events"] for name in names] == [2, 0, 0, 0]
    assert [told[name]["positions"] for name in names] == [11, 0, 0, 0], "of the log, from the next that it reads"
    assert [told[name]["events_exact"] for name in names] == [True] * 4
    assert told[names[0]]["time_behind_s"] > 0
    assert told[names[1]]["time_behind_s"] == 0
    path = tmp_path / "messages.evcap"
    with closing(opened(messages)) as source:
        ingest.run([(source, Request())], path)
    with messages.connect() as store:
        message_db.write(store, "account-9", "Opened", {})  # 14
        message_db.write(store, "account:position-audit", "Recorded", {"position": 14})
    with closing(opened(messages)) as source:
        ingest.run([(source, Request())], path)
    recorded = {one["consumer"]: one for one in lag(path)}
    assert {name: recorded[name]["events"] for name in names} == {names[0]: 0, names[1]: 1, names[2]: 0, names[3]: 0}
    assert [recorded[name]["holes"] for name in names] == [None] * 4
    (row,) = lag(path, "--group", names[1], "--by", "partition")
    assert (row["committed"], row["next_position"]) == (14, 14)


def test_consumers_of_a_store_without_its_function_are_said_and_events_are_read(messages: Database) -> None:
    messages.run("DROP FUNCTION message_store.category CASCADE")
    with messages.connect() as store:
        store.execute("INSERT INTO message_store.messages (position, stream_name, type) VALUES (0, 'account-1', 'Opened')")
    with closing(opened(messages)) as source:
        following = Following(source)
        following.until(1)
        note = following.until_note("are not read")
    assert note.startswith("the checkpoints in streams 'position' of message_store.messages are not read: function message_store.category")


def test_watched_store_is_looked_at_again(store: Database) -> None:
    words = [*COMMAND, store.url, "--config", "-", "--group", "mailer:All", "--watch", "--every", "300ms", "--format", "jsonl"]
    watching = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert watching.stdin is not None
    assert watching.stdout is not None
    watching.stdin.write(f"password={store.config['password']}\n.\n")
    watching.stdin.close()
    assert json.loads(watching.stdout.readline())["positions"] == 2
    store.run("UPDATE mt_event_progression SET last_seq_id = 3 WHERE name = 'mailer:All'")
    while json.loads(watching.stdout.readline())["positions"]:
        pass
    watching.terminate()
    watching.stdout.read()
    watching.stdout.close()
    assert watching.wait(30) == 130


def test_checkpoints_that_may_not_be_read_are_said_and_events_are_read(store: Database) -> None:
    store.run("ALTER TABLE mt_event_progression ALTER last_seq_id TYPE text USING 'x'")
    with closing(opened(store)) as source:
        following = Following(source)
        following.until(2)
        while not following.batches[-1].claims:
            following.next()
    claims = {claim.name: claim.value for claim in following.batches[-1].claims}
    assert claims == {"billing:All": None, "mailer:All": None}
    other = store.server.database(f"{store.name}_b")
    other.run(EVENTS, PROGRESS, INSERT.format(1))
    other.run("DO $$ BEGIN CREATE ROLE guest LOGIN PASSWORD 'guest'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    other.run("GRANT SELECT ON mt_events TO guest")
    with closing(open_source(other.url.replace("owner@", "guest@"), {"password": "guest"})) as source:
        notes = source.pin(Request()).notes
    assert "how far consumers are is not known: grant select on mt_event_progression is wanted" in notes
