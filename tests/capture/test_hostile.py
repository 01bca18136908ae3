"""Captures from strangers: whatever they hold, every command ends in an answer or one sentence, never in a crash or their code."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from inspector.capture import fields, indexing, report
from inspector.capture.asking import EventQuery
from inspector.capture.listing import advance, begin
from inspector.capture.looking import Ask
from inspector.capture.lookups import looked_up
from inspector.capture.masked import open_masked
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import find_stream, stream_batches, streams
from inspector.errors import CaptureError, UsageError
from inspector.masks import production
from inspector.query import condition
from tests.capture.batches import events, records
from tests.capture.test_writer import Writing

NUMBER = 'data$."n"'


def _listed(reader: CaptureReader) -> None:
    left = begin(reader, Ask("time", condition=condition("data.n == 3")), reader.watermark())
    while left is not None:
        _, left = advance(reader, left)


QUESTIONS: dict[str, Callable[[CaptureReader], Any]] = {
    "info": report.info,
    "events": lambda reader: list(reader.events()),
    "rows": lambda reader: reader.rows(1, 500),
    "by time": lambda reader: list(reader.events(EventQuery(order="time", reverse=True))),
    "by log": lambda reader: list(reader.events(EventQuery(order="log"))),
    "filtered": lambda reader: report.count(reader, EventQuery(condition=condition('data.n > 3 && headers["a"] == "b"'))),
    "looked up": lambda reader: list(reader.events(looked_up(reader, EventQuery(condition=condition("data.n > 3 && data.n < 9"))))),
    "listed": _listed,
    "indexes": indexing.indexes,
    "grouped": lambda reader: list(report.count_by(reader, "type", 60_000_000)),
    "streams": lambda reader: list(streams(reader)),
    "stream": lambda reader: list(stream_batches(reader, find_stream(reader, "order-1").id)),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "a.evcap"
    writing = Writing(path)
    writing.append(events(records(range(400))), {0: (0, 400)})
    writing.stager.close()
    writing.writer.close()
    return path


def asked(path: Path) -> None:
    """Every question is answered, or refused in the words of the errors that are shown to people."""
    for question in QUESTIONS.values():
        for rules in ("", production().text):
            with contextlib.suppress(CaptureError, UsageError), open_masked(path, rules=rules) as reader:
                question(reader)


CHANGES = [
    "UPDATE event SET data = x'ffffffff' WHERE seq % 2",
    "UPDATE event SET data = x'0c'",
    "UPDATE event SET time_us = 'x', flags = 'y', position = 'z' || seq, version = 'v'",
    "UPDATE event SET time_us = 9223372036854775807, captured_us = -9223372036854775808",
    "UPDATE record SET headers = 'not json', key = 'text', value = 12.5",
    "UPDATE log SET partition = 'a' || id, first_position = 'b', name = x'ff00'",
    "UPDATE coverage SET from_position = 'a', state = 'weird'",
    "UPDATE source SET attributes = '{'; UPDATE capture SET settings = '['",
    f"UPDATE capture SET settings = '{'[' * 9_000}'",
    """UPDATE capture SET settings = '{"masks": 1}'""",
    "UPDATE block SET first_seq = -9223372036854775808, last_seq = 9223372036854775807",
    "UPDATE type SET name = CAST(x'fffe' AS TEXT)",
    "DROP VIEW events; CREATE VIEW events AS SELECT load_extension('x')",
    "CREATE TRIGGER t AFTER INSERT ON event BEGIN SELECT load_extension('x'); END",
    "DROP TABLE event; CREATE VIEW event AS SELECT load_extension('x') AS seq",
    "DROP TABLE stream",
    'CREATE INDEX "field:data.n" ON event (position)',
    f"{fields.definition('data.n', NUMBER)}; UPDATE event SET seq = -seq",
    f"{fields.definition('data.n', NUMBER)}; PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'field:data.n'",
    "PRAGMA writable_schema=1; UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON event (load_extension())' WHERE name = 'event_position'",
    "ALTER TABLE event RENAME COLUMN flags TO other",
]


@pytest.mark.parametrize("change", CHANGES)
def test_file_with_anything_anywhere_is_answered_or_refused(whole: Path, tmp_path: Path, change: str) -> None:
    path = tmp_path / "b.evcap"
    shutil.copy(whole, path)
    connection = apsw.Connection(str(path))
    connection.execute(change)
    connection.close()
    asked(path)


@pytest.mark.parametrize("seed", range(12))
def test_file_with_flipped_bytes_is_answered_or_refused(whole: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(whole.read_bytes())
    for _ in range(30):
        content[chance.randrange(24, len(content))] = chance.randrange(256)
    (tmp_path / "b.evcap").write_bytes(content)
    asked(tmp_path / "b.evcap")


@pytest.mark.parametrize("kept", [0, 10, 100, 4096, 0.5, 0.99])
def test_cut_file_is_answered_or_refused(whole: Path, tmp_path: Path, kept: float) -> None:
    content = whole.read_bytes()
    (tmp_path / "b.evcap").write_bytes(content[: int(kept if kept > 1 else len(content) * kept)])
    asked(tmp_path / "b.evcap")
