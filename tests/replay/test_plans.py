"""No question about one stream looks at the events of others: every statement is planned through an index."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture.reader import CaptureReader
from inspector.reducers.merge import Merge
from inspector.replay import Question, Replay, at_time, at_version
from inspector.replay.many import states
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
        list(states(reader, Merge()))
        plans = _plans(reader, statements)
    assert any("SEARCH" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN event", "SCAN x", "SCAN record", "SCAN bucket"))]
