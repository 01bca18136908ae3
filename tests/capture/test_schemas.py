"""Schemas in a capture: stored whole and given back, counted by use, and added to captures that are older."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import apsw

from inspector.capture.schemas import stored_schemas
from inspector.capture.sqlite import open_reader
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter, Progress, Reading
from inspector.event import LogKey, Reference, Schema
from inspector.query.staged import staged_condition
from inspector.sources import LogInfo, SourceInfo
from tests.capture.batches import events, records

ORDER = Schema(
    wire="id:7",
    registry="http://registry",
    kind="PROTOBUF",
    text='syntax = "proto3";',
    subject="orders-value",
    version=3,
    references=(Reference("money.proto", "message M {}", "money", 1),),
    compiled=b"\n\0",
)
MISSING = Schema("id:8", error="schema 8, http://registry does not answer")


def begun(writer: CaptureWriter) -> tuple[Reading, list[int]]:
    source = writer.add_source(SourceInfo("kafka", "kafka://shop", "c-1"))
    log_ids = [writer.add_log(source, LogInfo(LogKey("orders"), 0, 10_000))]
    return writer.begin(source, {}, isolation="", filter_text=None, settings={}), log_ids


def append(writer: CaptureWriter, begin: tuple[Reading, list[int]], first: int, schemas: Sequence[Schema | None], **options: Any) -> None:
    """Rows from position `first`, each naming its schema; those that name a missing one are not decoded."""
    batch = events(records(range(first, first + len(schemas))))
    batch.schema = list(schemas)
    batch.schema_version = [None if schema is None else str(schema.version) for schema in schemas]
    batch.decoder = ["confluent" if schema is not None and schema.text is None else "json" for schema in schemas]
    stager = Stager()
    writer.append(begin[0], begin[1], stager.stage(batch), Progress(read={0: (first, first + len(schemas))}), **options)
    stager.close()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = open_reader(path)
    found = list(connection.execute(sql))
    connection.close()
    return found


def counted(path: Path) -> Counter[tuple[object, ...]]:
    """Uses by schema, version and decoder, from the account."""
    sql = (
        "SELECT schema_ref, schema_version, decoder, sum(events), min(first_us), max(last_us) FROM usage GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return Counter(rows(path, sql))


def walked(path: Path) -> Counter[tuple[object, ...]]:
    """The same from the events themselves."""
    sql = (
        "SELECT coalesce(schema_ref, 0), coalesce(schema_version, ''), coalesce(decoder, ''), count(*), min(time_us), max(time_us) "
        "FROM event GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return Counter(rows(path, sql))


def test_schemas_come_back_whole_and_once(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with CaptureWriter(path, floor_bytes=0) as writer:
        begin = begun(writer)
        append(writer, begin, 0, [ORDER, None, MISSING])
        append(writer, begin, 3, [ORDER, MISSING])
    connection = open_reader(path)
    found = stored_schemas(lambda sql, bound: connection.execute(sql, bound).fetchall())
    connection.close()
    assert sorted(map(astuple, found.values())) == sorted(map(astuple, (ORDER, MISSING)))
    assert counted(path) == walked(path)
    assert sum(counted(path).values()) == 3


def test_a_number_that_a_registry_gives_again_is_another_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    anew, elsewhere = replace(ORDER, text='syntax = "proto2";'), replace(ORDER, subject="returns-value", version=1)
    with CaptureWriter(path, floor_bytes=0) as writer:
        append(writer, begun(writer), 0, [ORDER, anew, elsewhere, ORDER])
    assert rows(path, "SELECT text, subject, version FROM schema ORDER BY 1 DESC, 2") == [
        ('syntax = "proto3";', "orders-value", 3),
        ('syntax = "proto3";', "returns-value", 1),
        ('syntax = "proto2";', "orders-value", 3),
    ]
    assert rows(path, "SELECT count(DISTINCT schema_ref) FROM event") == [(3,)]
    assert counted(path) == walked(path)


def test_uses_are_counted_as_batches_come_and_the_oldest_go(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with CaptureWriter(path, floor_bytes=0) as writer:
        begin = begun(writer)
        for first in range(0, 600, 40):
            append(writer, begin, first, [(ORDER, None, MISSING, None)[number % 4] for number in range(first, first + 40)])
        writer.remove_oldest(233)
    assert counted(path) == walked(path)


def test_a_filter_keeps_what_it_cannot_judge(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with CaptureWriter(path, floor_bytes=0) as writer:
        begin = begun(writer)
        append(writer, begin, 0, [None, MISSING, None], condition=staged_condition("data.n == 2"))
    assert rows(path, "SELECT position, decoder FROM event ORDER BY 1") == [(1, "confluent"), (2, "json")]


def test_an_older_capture_gets_what_it_lacks_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    with CaptureWriter(path, floor_bytes=0) as writer:
        append(writer, begun(writer), 0, [None] * 50)
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE input; DROP TABLE usage; DROP INDEX schema_wire; PRAGMA user_version = 1001")
    for column in ("source_id", "wire", "refs", "compiled", "error", "digest"):
        connection.execute(f"ALTER TABLE schema DROP COLUMN {column}")
    connection.execute("UPDATE event SET schema_ref = 1234 WHERE seq = 1")
    connection.close()
    assert stored_schemas(lambda sql, bound: rows(path, sql.replace("?1", "NULL"))) == {}
    with CaptureWriter(path, floor_bytes=0) as writer:
        append(writer, begun(writer), 50, [ORDER])
    assert counted(path) == walked(path)
    assert rows(path, "SELECT count(*) FROM event WHERE schema_ref IS NOT NULL") == [(1,)]
    assert rows(path, "PRAGMA user_version") == [(1003,)]
    assert rows(path, "SELECT count(*) FROM input") == [(0,)]
