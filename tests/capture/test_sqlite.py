"""Connections to captures have the settings they are meant to have."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from inspector.capture.sqlite import open_reader, open_writer


def settings(connection: apsw.Connection, *names: str) -> list[object]:
    return [connection.execute(f"PRAGMA {name}").get for name in names]


def test_a_writer_has_every_setting(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "a.db")) as connection:
        found = settings(connection, "journal_mode", "synchronous", "wal_autocheckpoint", "temp_store", "cache_size")
    assert found == ["wal", 1, 20_000, 2, -16_000]


def test_a_reader_has_every_setting(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
    with closing(open_reader(tmp_path / "a.db")) as connection:
        assert settings(connection, "query_only", "temp_store", "cell_size_check", "cache_size") == [1, 2, 1, -16_000]
