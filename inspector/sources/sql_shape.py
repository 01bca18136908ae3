"""The tables of an SQLite store as they are, and whether a descriptor fits one of them. Reads the schema and first rows.

Read `sql_table` for what is done with a table that fits.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import apsw

from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.table_description import signature

_PROBED_ROWS = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """What SQLite says of one table."""

    name: str
    columns: tuple[str, ...]
    has_rowid: bool
    unique: frozenset[str]
    """Columns that are unique by themselves."""
    indexed: frozenset[str]
    """Columns that an index starts with."""
    is_utf8: bool
    keys: frozenset[frozenset[str]] = frozenset()
    """Sets of columns that are unique together."""
    primary_key: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    """Column → the type it was declared with, as written."""

    def is_unique(self, columns: frozenset[str]) -> bool:
        """Whether no two rows have the same values in these columns."""
        return any(key <= columns for key in self.keys)

    def find(self, column: str) -> str | None:
        """The column as the table spells it; SQLite does not look at case."""
        return next((own for own in self.columns if own.lower() == column.lower()), None)


def shapes(connection: apsw.Connection) -> list[Shape]:
    """The ordinary tables of a store, by name; no view, virtual table or one of SQLite's own."""
    is_utf8 = connection.execute("PRAGMA encoding").get == "UTF-8"
    listed = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name").fetchall()
    return [_shape(connection, str(name), not wr, is_utf8) for name, wr in listed if not str(name).startswith("sqlite_")]


def _shape(connection: apsw.Connection, name: str, has_rowid: bool, is_utf8: bool) -> Shape:
    listed = connection.execute("SELECT name, pk, type FROM pragma_table_xinfo(?) WHERE hidden <> 1", (name,)).fetchall()
    types = {str(column): str(kind or "") for column, _, kind in listed}
    primary = tuple(column for _, column in sorted((cast("int", place), str(column)) for column, place, _ in listed if place))
    keys = {frozenset(primary)} if primary else set()
    indexed = {primary[0]} if primary else set()
    indexes = connection.execute('SELECT name, "unique", partial FROM pragma_index_list(?)', (name,)).fetchall()
    for index, is_unique, is_partial in indexes:
        parts = [part for (part,) in connection.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,))]
        if parts and parts[0] is not None and not is_partial:
            indexed.add(str(parts[0]))
            if is_unique and None not in parts:
                keys.add(frozenset(map(str, parts)))
    unique = frozenset(column for key in keys if len(key) == 1 for column in key)
    return Shape(name, tuple(types), has_rowid, unique, frozenset(indexed), is_utf8, frozenset(keys), primary, types)


def named(there: Mapping[str, Shape], name: str) -> Shape | None:
    """The table of that name; SQLite does not look at case."""
    return there.get(name) or next((shape for other, shape in there.items() if other.lower() == name.lower()), None)


def fits(connection: apsw.Connection, descriptor: Descriptor, shape: Shape, others: Mapping[str, Shape]) -> bool:
    """Whether the table has the name, the columns and, in its first rows, the content that the descriptor asks for, and the
    other tables are there that it needs."""
    if not fnmatch.fnmatchcase(shape.name.lower(), descriptor.table.lower()):
        return False
    if any(shape.find(column) is None for column in descriptor.columns):
        return False
    if descriptor.signature is not None and descriptor.signature != signature(shape.types):
        return False
    for table, columns in descriptor.also.items():
        other = named(others, table)
        if other is None or any(other.find(column) is None for column in columns):
            return False
    probe = descriptor.probe
    column = shape.find(probe.column) if probe else None
    if probe is None or column is None:
        return probe is None
    sql = f"SELECT count(*), coalesce(sum(c LIKE ?), 0) FROM (SELECT {quoted(column)} AS c FROM {quoted(shape.name)} LIMIT {_PROBED_ROWS})"
    seen, alike = cast("tuple[int, int]", connection.execute(sql, (probe.like,)).fetchall()[0])
    return seen == alike or alike > seen // 2


def quoted(name: str) -> str:
    """A name from the store's own schema for use in SQL."""
    return '"' + name.replace('"', '""') + '"'
