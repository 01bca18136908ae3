"""The guess of what a table's columns are: real layouts, hostile names, odd tables; proposals become descriptors that read the table."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.event import parse_time
from inspector.sources import describe_tables
from inspector.sources.sql_descriptor import parse_descriptor
from inspector.sources.sql_guess import guess
from inspector.sources.sql_proposal import Proposal
from inspector.sources.sql_saved import save, saved
from inspector.sources.table_description import TableDescription, signature
from tests.sources.store_builders import EMMETT, SQLSTREAMSTORE, built, emmett, sqlstreamstore
from tests.sources.stores import EVENTSOURCING, all_events, opened, orders, written

UUID = "3b241101-e2bb-4255-8caf-{:012d}"


def described(path: Path) -> dict[str, TableDescription]:
    return {table.name: table for table in describe_tables(f"sqlite:///{path.as_posix()}")}


def expressions(proposal: Proposal) -> dict[str, str]:
    return {one.field: one.expression for one in proposal.fields if one.expression}


LEDGER = (
    "CREATE TABLE ledger_entries (entry_no INTEGER PRIMARY KEY, account_id TEXT NOT NULL, revision INTEGER NOT NULL, kind TEXT NOT NULL, "
    "happened_at TEXT NOT NULL, body TEXT NOT NULL, context TEXT, entry_uuid TEXT NOT NULL UNIQUE, correlation_id TEXT, note TEXT, "
    "UNIQUE (account_id, revision))"
)


def ledger(path: Path, *, zone: str = "", count: int = 40) -> Path:
    """A store that no descriptor knows: ten accounts, versions from 1."""
    rows = [
        (
            n + 1, f"acc-{n % 10}", n // 10 + 1, ("Opened", "Paid")[n >= 10], f"2026-11-23 08:{n // 60:02}:{n % 60:02}{zone}",
            f'{{"amount": {n}.50}}', '{"user": "ann"}', UUID.format(n), f"c-{n % 3}", None,
        )
        for n in range(count)
    ]  # fmt: skip
    return written(path, [(LEDGER, []), ("INSERT INTO ledger_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)])


def test_a_store_that_nobody_knows_is_guessed_with_reasons_and_samples(tmp_path: Path) -> None:
    proposal = guess(described(ledger(tmp_path / "l.db"))["ledger_entries"])
    assert expressions(proposal) == {
        "position": "entry_no", "stream": "account_id", "version": "revision", "type": "kind", "value": "body", "metadata": "context",
        "id": "entry_uuid", "correlation_id": "correlation_id",
    }  # fmt: skip
    assert (proposal.decoder, proposal.base, len(proposal.samples)) == ("json", 1, 5)
    stream = proposal.of("stream")
    assert stream is not None
    assert "part of a unique key of several columns" in stream.reasons
    assert [question.field for question in proposal.questions] == ["time"]
    assert proposal.likelihood > 0.55


def test_times_without_a_zone_are_a_question_and_left_out_until_it_is_answered(tmp_path: Path) -> None:
    proposal = guess(described(ledger(tmp_path / "l.db"))["ledger_entries"])
    (question,) = proposal.questions
    assert question.choices == ("utc(happened_at)", "local(happened_at, 'Europe/Paris')")
    assert "time" not in tomllib.loads(proposal.toml())["event"]
    answered = proposal.with_choice("time", "local(happened_at, 'Europe/Paris')")
    assert answered.questions == ()
    assert tomllib.loads(answered.toml())["event"]["recorded"] == "local(happened_at, 'Europe/Paris')"


def test_times_with_a_zone_are_no_question(tmp_path: Path) -> None:
    proposal = guess(described(ledger(tmp_path / "l.db", zone="+01:00"))["ledger_entries"])
    assert expressions(proposal)["time"] == "iso(happened_at)"
    assert proposal.questions == ()


@pytest.mark.parametrize(("first", "unit"), [(1_700_000_000, "s"), (1_700_000_000_000, "ms"), (1_700_000_000_000_000, "us")])
def test_numbers_that_are_times_tell_their_unit(tmp_path: Path, first: int, unit: str) -> None:
    rows = [(n, "s", n, "Did", first + n, "{}") for n in range(5)]
    table = "CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, version INT, type TEXT, created_at INTEGER, data TEXT)"
    store = written(tmp_path / "e.db", [(table, []), ("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)])
    assert expressions(guess(described(store)["events"]))["time"] == f"{unit}(created_at)"


KNOWN: list[tuple[str, str, dict[str, str]]] = [
    (
        EVENTSOURCING,
        "stored_events",
        {"position": "rowid()", "stream": "originator_id", "version": "originator_version", "type": "topic", "value": "state"},
    ),
    (
        EMMETT,
        "emt_messages",
        {
            "position": "global_position", "stream": "stream_id", "version": "stream_position", "type": "message_type",
            "value": "message_data", "metadata": "message_metadata", "id": "message_id",
        },
    ),
    (
        SQLSTREAMSTORE,
        "messages",
        {
            "position": "position", "version": "stream_version", "type": "type", "value": "json_data", "metadata": "json_metadata",
            "id": "event_id",
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "table", "wanted"), KNOWN, ids=[table for _, table, _ in KNOWN])
def test_layouts_of_known_stores_are_guessed_even_when_they_are_empty(
    tmp_path: Path, tables: str, table: str, wanted: dict[str, str]
) -> None:
    store = built(tmp_path / "s.db", tables, {})
    assert wanted.items() <= expressions(guess(described(store)[table])).items()


def test_layouts_of_known_stores_are_guessed_from_rows(tmp_path: Path) -> None:
    assert KNOWN[1][2].items() <= expressions(guess(described(emmett(tmp_path / "e.db"))["emt_messages"])).items()
    assert KNOWN[2][2].items() <= expressions(guess(described(sqlstreamstore(tmp_path / "q.db"))["messages"])).items()
    proposal = guess(described(orders(tmp_path / "o.db", 30))["stored_events"])
    assert expressions(proposal)["position"] == "rowid()"
    assert "position" in [question.field for question in proposal.questions]


def test_two_columns_that_are_unique_together_are_stream_and_version_whatever_they_are_called(tmp_path: Path) -> None:
    table = "CREATE TABLE x (a INTEGER PRIMARY KEY, b TEXT, c INTEGER, d TEXT, UNIQUE (b, c))"
    rows = [(n, f"k{n % 3}", n // 3, f'{{"n":{n}}}') for n in range(30)]
    store = written(tmp_path / "x.db", [(table, []), ("INSERT INTO x VALUES (?, ?, ?, ?)", rows)])
    proposal = guess(described(store)["x"])
    assert expressions(proposal) == {"position": "a", "stream": "b", "version": "c", "value": "d"}
    assert proposal.base == 0


def test_a_table_without_an_order_is_numbered_by_its_key(tmp_path: Path) -> None:
    table = (
        "CREATE TABLE events (aggregate_id TEXT, sequence INTEGER, event_type TEXT, payload TEXT, PRIMARY KEY (aggregate_id, sequence)) "
        "WITHOUT ROWID"
    )
    rows = [(f"a{n % 2}", n // 2, "Did", "{}") for n in range(6)]
    store = written(tmp_path / "c.db", [(table, []), ("INSERT INTO events VALUES (?, ?, ?, ?)", rows)])
    proposal = guess(described(store)["events"])
    assert expressions(proposal)["position"] == "row()"
    descriptor = tmp_path / "c.toml"
    descriptor.write_text(proposal.toml())
    (batch,) = all_events(opened(store, descriptor=str(descriptor)))
    assert [(streams[0].name, streams[0].version) for streams in batch.streams] == [(f"a{a}", v) for a in (0, 1) for v in (0, 1, 2)]


def test_views_virtual_tables_and_internal_ones_are_not_listed(tmp_path: Path) -> None:
    store = ledger(tmp_path / "l.db")
    written(store, [("CREATE VIEW v AS SELECT * FROM ledger_entries", []), ("CREATE VIRTUAL TABLE f USING fts5(a)", [])])
    assert "v" not in described(store)
    assert "f" not in described(store)


def test_generated_columns_count_as_columns(tmp_path: Path) -> None:
    table = "CREATE TABLE events (id INTEGER PRIMARY KEY, data TEXT, type TEXT GENERATED ALWAYS AS (data ->> '$.type') VIRTUAL)"
    rows = [(n, f'{{"type": "Did", "n": {n}}}') for n in range(9)]
    store = written(tmp_path / "g.db", [(table, []), ("INSERT INTO events (id, data) VALUES (?, ?)", rows)])
    assert expressions(guess(described(store)["events"])) == {"position": "id", "type": "type", "value": "data"}


def test_what_the_user_confirmed_is_taken_up_next_time_and_goes_before_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    store = ledger(tmp_path / "l.db")
    save(guess(described(store)["ledger_entries"]).with_choice("time", "utc(happened_at)").toml())
    (batch,) = all_events(opened(store))
    assert batch.time_us[0] == parse_time("2026-11-23T08:00:00Z")
    assert described(store)["ledger_entries"].descriptor == "Table ledger_entries"
    other = orders(tmp_path / "o.db", 3)
    save(guess(described(other)["stored_events"]).with_choice("type", "'Mine'").toml())
    assert all_events(opened(other))[0].type == ["Mine"] * 3


def test_a_table_with_another_column_is_another_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    store = ledger(tmp_path / "l.db")
    save(guess(described(store)["ledger_entries"]).toml())
    written(store, [("ALTER TABLE ledger_entries ADD COLUMN more TEXT", [])])
    assert described(store)["ledger_entries"].descriptor == ""


def test_a_saved_file_that_is_broken_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    save(guess(described(ledger(tmp_path / "l.db"))["ledger_entries"]).toml()).with_name("a.toml").write_text("no TOML")
    assert [descriptor.table for descriptor in saved()] == ["ledger_entries"]
    assert "is left out" in caplog.text


def test_expression_of_the_user_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"type: there is no lower"):
        guess(described(ledger(tmp_path / "l.db"))["ledger_entries"]).with_choice("type", "lower(kind)")


def test_signature_does_not_look_at_order_and_case() -> None:
    assert signature({"A": "text", "b": "INT"}) == signature({"b": "int", "a": "TEXT"})
    assert signature({"a": "TEXT"}) != signature({"a": "INT"})


ROLES = {"position": "global_position", "stream": "stream_id", "version": "stream_version", "type": "event_type", "value": "payload"}
TYPES = {"position": "INTEGER PRIMARY KEY", "stream": "TEXT", "version": "INTEGER", "type": "TEXT", "value": "BLOB"}


def spellings(name: str) -> st.SearchStrategy[str]:
    """Ways in which people write a name."""
    words = name.split("_")
    title = [word.title() for word in words]
    return st.sampled_from(
        [name, name.upper(), "".join(words), words[0] + "".join(title[1:]), "-".join(words), " ".join(words), "".join(title)]
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({role: spellings(name) for role, name in ROLES.items()}), st.permutations(list(ROLES)), st.integers(2, 80))
def test_shuffled_and_renamed_columns_are_found(tmp_path: Path, names: dict[str, str], order: Sequence[str], count: int) -> None:
    path = tmp_path / f"{next(FILES)}.db"
    columns = ", ".join(f"{quoted(names[role])} {TYPES[role]}" for role in order)
    cells = [
        {"position": n + 1, "stream": f"s-{n % 7}", "version": n // 7, "type": f"T{n % 3}", "value": b'{"n":%d}' % n} for n in range(count)
    ]
    rows = [tuple(row[role] for role in order) for row in cells]
    unique = f"UNIQUE ({quoted(names['stream'])}, {quoted(names['version'])})"
    written(path, [(f"CREATE TABLE journal ({columns}, {unique})", []), (f"INSERT INTO journal VALUES ({', '.join('?' * 5)})", rows)])
    proposal = guess(described(path)["journal"])
    assert {one.field: one.column for one in proposal.fields if one.expression and one.field in ROLES} == names


CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=30),
    st.binary(max_size=30),
    st.sampled_from(["{", '{"a":1}']),
)
KINDS = st.sampled_from(["", "TEXT", "INTEGER", "BLOB", "JSON", "DATETIME", "guid"])
FILES = itertools.count()
NAMES = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_table_gives_a_proposal_that_is_a_descriptor_and_reads_the_table(tmp_path: Path, data: st.DataObject) -> None:
    """Hostile names and mixed values: whatever is proposed as complete can be parsed, fits, and reads every row."""
    names = data.draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=lambda name: name.lower()))
    kinds = data.draw(st.lists(KINDS, min_size=len(names), max_size=len(names)))
    table = data.draw(NAMES.filter(lambda name: not name.lower().startswith("sqlite_")))
    without_rowid = data.draw(st.booleans())
    keys = [" PRIMARY KEY" if without_rowid and not place else "" for place in range(len(names))]
    columns = [f"{quoted(name)} {kind}{key}" for name, kind, key in zip(names, kinds, keys, strict=True)]
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(names)), max_size=12))
    path = tmp_path / f"{next(FILES)}.db"
    connection = apsw.Connection(str(path))
    try:
        connection.execute(f"CREATE TABLE {quoted(table)} ({', '.join(columns)}){' WITHOUT ROWID' if without_rowid else ''}")
        for row in rows:
            connection.execute(f"INSERT OR IGNORE INTO {quoted(table)} VALUES ({', '.join('?' * len(names))})", row)
        there = connection.execute(f"SELECT count(*) FROM {quoted(table)}").get
    except (apsw.SQLError, apsw.ConstraintError):
        return  # SQLite's own limits of names and NULLs
    finally:
        connection.close()
    (found,) = describe_tables(f"sqlite:///{path.as_posix()}")
    proposal = guess(found)
    text = proposal.toml()
    tomllib.loads(text)
    if not proposal.is_complete:
        return
    parse_descriptor(text, "x")
    descriptor = path.with_suffix(".toml")
    descriptor.write_text(text, encoding="utf-8")
    assert sum(len(batch.records) for batch in all_events(opened(path, descriptor=str(descriptor)))) == there
