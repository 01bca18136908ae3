"""Checks on captures that are made to be heavy: a query that gives no row is stopped, one id or stream may stand for all events."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from inspector import checks
from inspector.capture.reader import CaptureReader
from inspector.checks import Look, Severity
from inspector.cli import main
from inspector.sources import SourceInfo
from tests.checks.contract import found
from tests.replay.captures import KAFKA, SECOND_US, Log, Written, write

MANY = 20_000
MOST_MEMORY = 4 << 20


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All events have one id, one stream, one process; every second position is a hole."""
    told = [
        Written(2 * n, f'{{"n":{n % 2}}}', version=n, time_us=n * SECOND_US, event_id="always", correlation_id="one", type=f"T{n % 300}")
        for n in range(MANY)
    ]
    return write(tmp_path_factory.mktemp("heavy") / "a.evcap", [Log(told)])


@pytest.mark.parametrize("name", [check.name for check in checks.known()])
def test_what_is_kept_of_many_rows_is_little(heavy: Path, name: str) -> None:
    with CaptureReader(heavy) as reader:
        tracemalloc.start()
        try:
            made = list(checks.findings(checks.named(name), Look(reader)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert len(made) <= checks.MOST_FINDINGS + 1
    assert all(len(one.events) <= checks.MOST_EVENTS for one in made)


def test_holes_without_an_explanation_are_counted_to_the_last(heavy: Path) -> None:
    made = found(heavy, "offset-gaps")
    assert sum(one.count for one in made) == MANY - 1
    assert made[0].events == [1, 2]


@pytest.mark.parametrize("name", ["version-gaps", "bursts", "duplicate-ids", "processes"])
def test_a_query_that_gives_no_row_for_long_is_stopped(heavy: Path, name: str) -> None:
    with CaptureReader(heavy) as reader, pytest.raises(checks.Stopped):
        list(checks.findings(checks.named(name), Look(reader, lambda: True)))


def test_an_id_for_everything_is_one_finding(heavy: Path) -> None:
    (one,) = found(heavy, "duplicate-ids")
    assert (one.severity, one.count, one.first, one.last) == (Severity.error, MANY, 0, 2 * MANY - 2)


def test_bytes_that_were_not_kept_are_not_said_to_be_the_same(tmp_path: Path) -> None:
    told = [Written(n, '{"n":1}', event_id="e") for n in range(2)]
    write(tmp_path / "a.evcap", [Log(told)], with_values=False)
    (one,) = found(tmp_path / "a.evcap", "duplicate-ids")
    assert one.severity is Severity.info
    assert "not kept" in one.text
    write(tmp_path / "b.evcap", [Log([told[0], replace(told[1], data='{"n":10}')])], with_values=False)
    assert [one.severity for one in found(tmp_path / "b.evcap", "duplicate-ids")] == [Severity.error]


def test_the_first_version_is_what_the_store_says(tmp_path: Path) -> None:
    told = [Written(n, "{}", stream=f"s-{n}", version=1, event_id=f"e-{n}") for n in range(5)]
    write(tmp_path / "a.evcap", [Log(told)])
    assert found(tmp_path / "a.evcap", "version-gaps") == []
    store = SourceInfo("sqlite", "sqlite:///a.db", attributes={"tables": {"orders": {"base": 0}}})
    write(tmp_path / "b.evcap", [Log(told)], store)
    (one,) = found(tmp_path / "b.evcap", "version-gaps")
    assert (one.severity, one.count) == (Severity.info, 5)


def test_holes_of_segment_files_are_not_said_to_be_compaction(tmp_path: Path) -> None:
    told = [Written(n, "{}") for n in range(10) if n != 5]
    write(tmp_path / "a.evcap", [Log(told)], replace(KAFKA, kind="kafka-log", uri="kafka-log:///data"))
    (one,) = found(tmp_path / "a.evcap", "offset-gaps")
    assert (one.severity, one.first) == (Severity.info, 5)
    assert "cannot tell" in one.legal_because


def test_a_capture_without_identity_is_damage_for_all_that_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}")])])
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM capture")
    connection.close()
    for command in ("events", "info", "check"):
        assert main([command, str(path)]) == 4, command
        assert "no identity row" in capsys.readouterr().err
