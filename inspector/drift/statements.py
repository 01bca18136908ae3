"""What a database is asked of a read model: made by SQLAlchemy, with names quoted and values bound. Opens nothing.

Read `model` for who runs the statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, column, func, select, table, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import quoted_name

from inspector.drift.mirror import MOST_ROWS, Checkpoint, Mirror
from inspector.errors import UsageError

_postgres: Any = PGDialect_psycopg
POSTGRES: Dialect = _postgres()
SQLITE: Dialect = SQLiteDialect(paramstyle="named")
Execute = Callable[[str, Mapping[str, object]], Sequence[Sequence[Any]]]
"""Runs one statement with named values; gives its rows."""


def asked(
    execute: Execute, mirror: Mirror, dialect: Dialect, *, schema: str | None, decode: Callable[[object], object]
) -> tuple[list[dict[str, object]], object]:
    """The rows of the model, and what its checkpoint says. Raises UsageError where it is not said what is to be read."""
    if not mirror.table and not mirror.query:
        raise UsageError('[model] of the projection names no table: write table = "schema.name", or query = "SELECT …"')
    columns: list[ColumnClause[Any]] = [column(quoted_name(name, quote=True)) for name in mirror.columns]
    if mirror.table:
        statement = select(*columns).select_from(_table(mirror.table, schema))
    else:
        statement = select(text(_literal(mirror.query)).columns(*columns).subquery("model"))
    found = execute(*_compiled(statement.limit(MOST_ROWS + 1), dialect))
    if len(found) > MOST_ROWS:
        raise UsageError(f"the model has more than {MOST_ROWS:,} rows: narrow it with a query")
    rows = [dict(zip(mirror.columns, map(decode, row), strict=True)) for row in found]
    where = mirror.checkpoint
    if where is None or not (where.table or where.query):
        return rows, None
    stands = execute(*_compiled(_checkpoint_query(where, schema), dialect))
    return rows, decode(stands[0][0]) if stands else None


def _table(name: str, schema: str | None) -> Any:
    before, dot, own = name.rpartition(".")
    if not dot:
        before = schema or ""
    return table(quoted_name(own, quote=True), schema=quoted_name(before, quote=True) if before else None)


def _checkpoint_query(where: Checkpoint, schema: str | None) -> Any:
    if where.query:
        return text(_literal(where.query))
    named: dict[str, ColumnClause[Any]] = {name: column(quoted_name(name, quote=True)) for name in (where.column, *where.where)}
    asked = select(func.max(named[where.column])).select_from(_table(where.table, schema))
    for name, wanted in where.where.items():
        asked = asked.where(named[name] == wanted)
    return asked


def _literal(query: str) -> str:
    """A user's query as SQLAlchemy's text takes it: there a colon begins a value."""
    return query.strip().rstrip(";").replace(":", "\\:")


def _compiled(statement: Any, dialect: Dialect) -> tuple[str, dict[str, object]]:
    made = statement.compile(dialect=dialect)
    return str(made), dict(made.params)
