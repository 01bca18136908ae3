"""Testing a connection to PostgreSQL step by step, for people who set one up. Reads where tables begin and end, and no row.

Read `postgres_errors` for the names of steps that fail, `postgres` for what is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from inspector.errors import SourceError
from inspector.sources import LogInfo, Step
from inspector.sources.postgres_config import Settings
from inspector.sources.postgres_link import Link, Rows
from inspector.sources.postgres_table import PostgresTable
from inspector.sources.sql_bounds import chosen


class Opened(Protocol):
    """A source of PostgreSQL, as far as it is tested."""

    @property
    def tables(self) -> list[PostgresTable]:
        """What it reads."""

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """Where they begin and end."""

    def close(self) -> None:
        """Lets the connection go."""


def check(settings: Settings, open_it: Callable[[], Opened], names: Sequence[str]) -> Iterator[Step]:
    """Connecting and logging in, finding a table that a descriptor knows, and where its rows begin and end."""
    link = Link(settings)
    try:
        yield Step(settings.place, "SASL", works=True, text=f"connected{link.read(_welcome)}")
    except SourceError as error:
        yield _failed(settings, error)
        return
    finally:
        link.close()
    try:
        source = open_it()
    except SourceError as error:
        yield _failed(settings, error)
        return
    try:
        yield from _tables(source, settings, names)
    except SourceError as error:
        yield _failed(settings, error)
    finally:
        source.close()


def _tables(source: Opened, settings: Settings, names: Sequence[str]) -> Iterator[Step]:
    read = ", ".join(
        f"{table.name} as {table.descriptor.title}{'' if table.descriptor.is_verified else ' (unverified mapping)'}"
        for table in chosen(source.tables, names, settings.place)
    )
    yield Step(settings.place, "shape", works=True, text=f"shape: reads {read}")
    rows = ", ".join(f"{info.key.name} {info.first:,} to {info.end:,}" for info in source.logs(names))
    yield Step(settings.place, "rows", works=True, text=f"rows: positions of {rows} (exclusive)")


def _failed(settings: Settings, error: SourceError) -> Step:
    return Step(settings.place, error.step, works=False, text=f"{error.step}: {error}")


def _welcome(cursor: Rows) -> str:
    found = cursor.execute(
        "SELECT current_user::text, current_setting('server_version'), "
        "(SELECT s.ssl FROM pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()), current_setting('transaction_read_only')"
    ).fetchall()[0]
    user, version, has_tls, read_only = (part.decode(errors="replace") if isinstance(part, bytes) else part for part in found)
    return f" as {user}: PostgreSQL {version}, {'with TLS' if has_tls else 'without TLS'}, read-only: {read_only}"
