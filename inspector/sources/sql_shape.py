"""The tables of an SQLite store as they are, and whether a descriptor fits one of them. Reads the schema and first rows.

Read `sql_table` for what is done with a table that fits.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import cast

import apsw

from inspector.sources.sql_descriptor import Descriptor

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

    def find(self, column: str) -> str | None:
        """The column as the table spells it; SQLite does not look at case."""
        return next((own for own in self.columns if own.lower() == column.lower()), None)


def shapes(connection: apsw.Connection) -> list[Shape]:
    """The ordinary tables of a store, by name; no view, virtual table or one of SQLite's own."""
    is_utf8 = connection.execute("PRAGMA encoding").get == "UTF-8"
    listed = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name").fetchall()
    return [_shape(connection, str(name), not wr, is_utf8) for name, wr in listed if not str(name).startswith("sqlite_")]


def _shape(connection: apsw.Connection, name: str, has_rowid: bool, is_utf8: bool) -> Shape:
    listed = connection.execute("SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden <> 1", (name,))
    columns = [(str(column), cast("int", place)) for column, place in listed]
    keys = sorted((place, column) for column, place in columns if place)
    unique = {keys[0][1]} if len(keys) == 1 else set()
    indexed = {keys[0][1]} if keys else set()
    indexes = connection.execute('SELECT name, "unique", partial FROM pragma_index_list(?)', (name,)).fetchall()
    for index, is_unique, is_partial in indexes:
        parts = [part for (part,) in connection.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,))]
        if parts and parts[0] is not None and not is_partial:
            indexed.add(str(parts[0]))
            if is_unique and len(parts) == 1:
                unique.add(str(parts[0]))
    return Shape(name, tuple(column for column, _ in columns), has_rowid, frozenset(unique), frozenset(indexed), is_utf8)


def fits(connection: apsw.Connection, descriptor: Descriptor, shape: Shape) -> bool:
    """Whether the table has the name, the columns and, in its first rows, the content that the descriptor asks for."""
    if not fnmatch.fnmatchcase(shape.name.lower(), descriptor.table.lower()):
        return False
    if any(shape.find(column) is None for column in descriptor.columns):
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
