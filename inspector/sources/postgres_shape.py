"""The tables of a PostgreSQL database as they are, and whether a descriptor fits one of them. Reads the catalog and first rows.

Partitions are hidden behind the table they are of. No value's type is trusted: types only say how a value is written as
text. Read `postgres_table` for what is done with a table that fits.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inspector.sources.postgres_link import Rows
from inspector.sources.sql_descriptor import Descriptor

_PROBED_ROWS = 20
_OWN = ("pg_catalog", "information_schema", "pg_toast")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the name of its type (a domain's: of what it is over), whether a sequence feeds it."""

    name: str
    type: str
    is_fed: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What PostgreSQL says of one table."""

    oid: int
    schema: str
    table: str
    can_read: bool = True
    """Whether the role may select from all of it."""
    hides_rows: bool = False
    """Row-level security is on: rows may be hidden from the role."""
    columns: tuple[Column, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    """Columns of each whole index, in order."""
    unique: frozenset[str] = frozenset()
    """Columns that are unique by themselves."""

    @property
    def name(self) -> str:
        """What it is called here: with its schema, unless that is `public`."""
        return self.table if self.schema == "public" else f"{self.schema}.{self.table}"

    @property
    def sql(self) -> str:
        """Its name in SQL."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    def find(self, name: str) -> Column | None:
        """The column of that name; in another case when there is none as written."""
        exact = next((column for column in self.columns if column.name == name), None)
        return exact or next((column for column in self.columns if column.name.lower() == name.lower()), None)

    def has_index(self, *columns: str) -> bool:
        """Whether an index starts with these."""
        return any(index[: len(columns)] == columns for index in self.indexes)


_TABLES = (
    "SELECT c.oid::bigint, n.nspname::text, c.relname::text, "
    "has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), c.relrowsecurity "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY n.nspname, c.relname"
)
_COLUMNS = (
    "SELECT a.attrelid::bigint, a.attname::text, b.typname::text, "
    "a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%%', false) "
    "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
    "JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"
)
_INDEXES = (
    "SELECT i.indrelid::bigint, i.indisunique, array_agg(a.attname::text ORDER BY k.place) "
    "FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) "
    "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number "
    "WHERE i.indrelid = ANY(%s) AND i.indisvalid AND i.indpred IS NULL AND k.place <= i.indnkeyatts "
    "GROUP BY i.indexrelid, i.indrelid, i.indisunique"
)


def names(cursor: Rows, codec: str) -> list[Shape]:
    """The tables of the database by schema and name, without their columns."""
    cursor.execute(_TABLES)
    listed = [
        Shape(int(oid), _text(schema, codec), _text(table, codec), bool(can_read), bool(hides))
        for oid, schema, table, can_read, hides in cursor.fetchall()
    ]
    return [shape for shape in listed if shape.schema not in _OWN and not shape.schema.startswith(("pg_temp_", "pg_toast_"))]


def with_columns(cursor: Rows, shapes: Sequence[Shape], codec: str) -> list[Shape]:
    """The same with their columns and indexes."""
    wanted = [shape.oid for shape in shapes]
    columns: dict[int, list[Column]] = {}
    for oid, name, kind, is_fed in cursor.execute(_COLUMNS, (wanted,)).fetchall():
        columns.setdefault(oid, []).append(Column(_text(name, codec), _text(kind, codec), bool(is_fed)))
    indexes: dict[int, list[tuple[bool, tuple[str, ...]]]] = {}
    for oid, is_unique, parts in cursor.execute(_INDEXES, (wanted,)).fetchall():
        # an index over an expression has no name there: it and what follows it order nothing that is asked for
        named = tuple("" if part is None else _text(part, codec) for part in parts)
        indexes.setdefault(oid, []).append((is_unique, named))
    return [_complete(shape, columns.get(shape.oid, []), indexes.get(shape.oid, [])) for shape in shapes]


def _complete(shape: Shape, columns: Sequence[Column], indexes: Sequence[tuple[bool, tuple[str, ...]]]) -> Shape:
    return Shape(
        shape.oid,
        shape.schema,
        shape.table,
        shape.can_read,
        shape.hides_rows,
        tuple(columns),
        tuple(named for _, named in indexes),
        frozenset(named[0] for is_unique, named in indexes if is_unique and len(named) == 1 and named[0]),
    )


def _text(value: Any, codec: str) -> str:
    return value.decode(codec, "backslashreplace") if isinstance(value, bytes) else str(value)


def may_fit(descriptor: Descriptor, shape: Shape) -> bool:
    """Whether the table's name is one that the descriptor asks for, with its schema where it names one."""
    named = f"{shape.schema}.{shape.table}" if "." in descriptor.table else shape.table
    return fnmatch.fnmatchcase(named.lower(), descriptor.table.lower())


def has_columns(descriptor: Descriptor, shape: Shape) -> bool:
    """Whether it has the columns that the descriptor asks for."""
    return all(shape.find(column) is not None for column in descriptor.columns)


def is_alike(cursor: Rows, descriptor: Descriptor, shape: Shape, codec: str) -> bool:
    """Whether the first rows look as the descriptor says; a table without rows does."""
    probe = descriptor.probe
    column = shape.find(probe.column) if probe else None
    if probe is None or column is None:
        return probe is None
    statement = f"SELECT t.{quoted(column.name)}::text FROM {quoted(shape.schema)}.{quoted(shape.table)} AS t LIMIT {int(_PROBED_ROWS)}"
    found = [_text(value, codec) for (value,) in cursor.execute(statement.encode(codec), ()).fetchall() if value is not None]
    pattern = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in probe.like)
    alike = sum(re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL) is not None for text in found)
    return len(found) == alike or alike > len(found) // 2


def quoted(name: str) -> str:
    """A name from the store's own catalog for use in SQL that is given bindings too."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def quoted_text(name: str) -> str:
    """SQL that is a name of ours as a text."""
    return "'" + name.replace("'", "''") + "'"
