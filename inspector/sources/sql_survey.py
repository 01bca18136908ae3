"""What the tables of an SQLite store look like, without reading much of them: schema, first and last rows. Counts nothing.

Read `table_description` for what comes out, `sql_guess` for what is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import apsw

from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_scope import free_rowid
from inspector.sources.sql_shape import Shape, fits, quoted, shapes
from inspector.sources.table_description import MOST_SAMPLED, Sampled, TableDescription

_ROWS = 60
"""From each end."""
_MOST_COLUMNS = 200
_MOST_TABLES = 500


def survey(connection: apsw.Connection, descriptors: Sequence[Descriptor]) -> list[TableDescription]:
    """The ordinary tables by name, each with the descriptor that reads it. Called in one short transaction."""
    there = shapes(connection)[:_MOST_TABLES]
    others = {shape.name: shape for shape in there}
    found = []
    for shape in there:
        fitting = [descriptor for descriptor in descriptors if fits(connection, descriptor, shape, others)]
        title = max(fitting, key=lambda descriptor: descriptor.wants).title if fitting else ""
        found.append(_described(connection, shape, title))
    return found


def _described(connection: apsw.Connection, shape: Shape, title: str) -> TableDescription:
    rowid = free_rowid(shape)
    key = [rowid] if rowid else [quoted(column) for column in shape.primary_key]
    first = _sample(connection, shape, key, "ASC")
    last = _sample(connection, shape, key, "DESC")[::-1] if len(first) == _ROWS and key else []
    about = connection.execute(f"SELECT max({rowid}) FROM {quoted(shape.name)}").get if rowid else None
    return TableDescription(
        name=shape.name,
        types=shape.types,
        unique=shape.keys,
        primary_key=shape.primary_key,
        has_row_number=rowid is not None,
        rows=[*first, *last],
        first_rows=len(first),
        about_rows=len(first) if len(first) < _ROWS else about if isinstance(about, int) else None,
        descriptor=title,
    )


def _sample(connection: apsw.Connection, shape: Shape, key: Sequence[str], direction: str) -> list[list[Sampled]]:
    columns = shape.columns[:_MOST_COLUMNS]
    cells = ", ".join(f"typeof({quoted(name)}), {_cut(quoted(name), is_utf8=shape.is_utf8)}" for name in columns)
    order = "ORDER BY " + ", ".join(f"{column} {direction}" for column in key) if key else ""
    rows = connection.execute(f"SELECT {cells} FROM {quoted(shape.name)} {order} LIMIT {_ROWS}").fetchall()
    missing: list[Sampled] = [None] * (len(shape.columns) - len(columns))
    return [[_cell(row[place], row[place + 1]) for place in range(0, len(row), 2)] + missing for row in rows]


def _cut(column: str, *, is_utf8: bool) -> str:
    text = f"substr(CAST({column} AS BLOB), 1, {MOST_SAMPLED})" if is_utf8 else f"substr({column}, 1, {MOST_SAMPLED})"
    return f"CASE typeof({column}) WHEN 'text' THEN {text} WHEN 'blob' THEN substr({column}, 1, {MOST_SAMPLED}) ELSE {column} END"


def _cell(kind: object, value: object) -> Sampled:
    if value is None and kind in {"text", "blob"}:
        return "" if kind == "text" else b""  # a part of an empty BLOB is NULL
    if kind == "text" and isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            # a cut may go through a character
            return value[: error.start].decode() if error.start > len(value) - 4 and len(value) == MOST_SAMPLED else value
    return cast("Sampled", value)
