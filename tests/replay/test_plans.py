"""No question about one stream looks at the events of others: every statement is planned through an index."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture.categories import count_streams, sources_of, stream_ids
from inspector.capture.reader import CaptureReader
from inspector.replay import Question, Replay, at_time, at_version
from inspector.replay.many import States
from tests.replay.captures import Log, Written, write


def _plans(reader: CaptureReader, statements: list[tuple[str, Any]]) -> list[str]:
    reader.connection.exec_trace = None
    return [row[3] for sql, bindings in statements for row in reader.connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)]


@pytest.mark.parametrize("versions", [True, False])
def test_statements_search_and_never_scan_events(tmp_path: Path, versions: bool) -> None:
    logs = [
        Log([Written(n, f'{{"n":{n}}}', f"s-{n % 7}", n // 7 + 1 if versions else None) for n in range(50)], partition=partition)
        for partition in range(2)
    ]
    with CaptureReader(write(tmp_path / "c.evcap", logs)) as reader:
        statements: list[tuple[str, Any]] = []

        def noted(_cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
            statements.append((sql, bindings))
            return True

        reader.connection.exec_trace = noted
        for moment in (at_version(3), at_time("1970-01-01")):
            Replay(reader, Question("s-1", moment=moment, blame=True, diff=at_version(1))).answer()
        for until in (at_version(3), at_time("1970-01-01")):
            chosen = sources_of(reader, "orders")
            ids = stream_ids(reader, chosen, until_us=until.time_us)
            assert len(ids) == count_streams(reader, chosen) == len(list(States(reader, until).of(ids)))
        plans = _plans(reader, statements)
    assert any("SEARCH" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN event", "SCAN x", "SCAN record", "SCAN bucket"))]


def test_streams_of_one_category_are_found_without_those_of_others(tmp_path: Path) -> None:
    events = [Written(n, f'{{"n":{n}}}', f"s-{n}", 1, category=f"c-{n % 100}") for n in range(600)]
    with CaptureReader(write(tmp_path / "c.evcap", [Log(events)])) as reader:
        statements: list[tuple[str, Any]] = []

        def noted(_cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
            statements.append((sql, bindings))
            return True

        reader.connection.exec_trace = noted
        chosen = sources_of(reader, "c-7")
        assert len(stream_ids(reader, chosen)) == count_streams(reader, chosen) == 6
        assert len(stream_ids(reader, chosen, until_us=300 * 1_000_000)) == 3
        plans = _plans(reader, statements)
    assert not [plan for plan in plans if plan.startswith("SCAN stream")]
