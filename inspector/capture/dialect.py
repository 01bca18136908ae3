"""SQLAlchemy over apsw: the dialect that compiles the schema, and a read-only engine on a capture. No writes.

Read `schema` for the tables, `sqlite` for how connections are opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import apsw
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.pool import NullPool

from inspector.capture.sqlite import open_reader


class _Cursor:
    """The part of the Python database interface that SQLAlchemy needs, over an apsw cursor."""

    arraysize = 1
    lastrowid: int | None = None

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._cursor.exec_trace = self._trace
        self.description: list[tuple[object, ...]] | None = None
        self.rowcount = -1

    def _trace(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        # apsw has no description left after an empty result, so it is taken when the statement starts
        self.description = [(name, kind, None, None, None, None, None) for name, kind in cursor.get_description()] or None
        return True

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self.description = None
        self._cursor.execute(sql, tuple(parameters))
        self.rowcount = -1 if self.description else self._connection.changes()
        self.lastrowid = self._connection.last_insert_rowid()

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        before = self._connection.total_changes()
        self._cursor.executemany(sql, parameters)
        self.rowcount = self._connection.total_changes() - before

    def fetchone(self) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        while len(rows) < (size or self.arraysize) and (row := self._cursor.fetchone()) is not None:
            rows.append(row)
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._cursor.fetchall())

    def setinputsizes(self, *_: object) -> None:
        """Part of the interface; SQLite has no use for it."""

    setoutputsize = setinputsizes

    def close(self) -> None:
        self._cursor.close()


class DbapiConnection:
    """An apsw connection with the methods SQLAlchemy calls. `apsw_connection` is the one underneath."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.apsw_connection = connection

    def cursor(self) -> _Cursor:
        """A cursor of this connection."""
        return _Cursor(self.apsw_connection)

    def commit(self) -> None:
        """Ends the open transaction, if any."""
        if self.apsw_connection.in_transaction:
            self.apsw_connection.execute("COMMIT")

    def rollback(self) -> None:
        """Takes the open transaction back, if any."""
        if self.apsw_connection.in_transaction:
            self.apsw_connection.execute("ROLLBACK")

    def close(self) -> None:
        """Lets go of the file."""
        self.apsw_connection.close()


class _Dbapi:
    """The module SQLAlchemy expects behind a dialect."""

    paramstyle = "qmark"
    threadsafety = 1
    apilevel = "2.0"
    sqlite_version_info: ClassVar[tuple[int, ...]] = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    Error = apsw.Error
    Warning = UserWarning
    InterfaceError = DatabaseError = OperationalError = IntegrityError = apsw.Error
    DataError = InternalError = ProgrammingError = NotSupportedError = apsw.Error

    @staticmethod
    def connect(path: str, **_: object) -> DbapiConnection:
        return DbapiConnection(open_reader(Path(path)))


class ApswDialect(SQLiteDialect):
    """SQLAlchemy's SQLite dialect speaking to apsw; used to compile statements and, with a creator, by engines."""

    driver = "apsw"
    default_paramstyle = "qmark"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The interface module; SQLAlchemy asks for it."""
        return _Dbapi

    def on_connect(self) -> None:
        """Nothing to do: `open_reader` has set everything."""
        return

    def get_isolation_level_values(self, dbapi_conn: object) -> list[Any]:
        """The one level SQLite has."""
        return ["SERIALIZABLE"]


registry.register("sqlite.apsw", __name__, ApswDialect.__name__)


def engine(path: Path) -> Engine:
    """A read-only SQLAlchemy engine on the capture at `path`: the tables of `schema` can be asked with Core."""
    return create_engine("sqlite+apsw://", module=_Dbapi, creator=lambda: DbapiConnection(open_reader(path)), poolclass=NullPool)
