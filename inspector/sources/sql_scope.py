"""The result columns that the expressions of a descriptor ask for of one table and those joined to it, as SQLite's SQL.

Composes SQL from names that the store itself has; constants are bound. Runs nothing. Read `sql_table` for its use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_expressions import Call, Cell, ColumnRef, Evaluated, Expression, Problems, cells_of, payload_parts
from inspector.sources.sql_rows import Extra, verbatim
from inspector.sources.sql_sections import Constants, Join
from inspector.sources.sql_shape import Shape, named, quoted

_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_PLACE = "place.n"


@dataclass(slots=True)
class Scope:
    """Collects the result columns that expressions ask for, each once."""

    descriptor: Descriptor
    shape: Shape
    others: Mapping[str, Shape] = field(default_factory=dict)
    """All tables of the store by name, for joins."""
    joins: tuple[Join, ...] | None = None
    """None: those of the descriptor."""
    alias: str = "t"
    cells: list[str] = field(default_factory=list)
    bindings: list[str] = field(default_factory=list)

    def add(self, sql: str, *bindings: str) -> int:
        """Adds a result column; gives its number."""
        if not bindings and sql in self.cells:
            return self.cells.index(sql)
        self.cells.append(sql)
        self.bindings.extend(bindings)
        return len(self.cells) - 1

    def bind(self, names: Sequence[str]) -> dict[str, Evaluated]:
        """Those of the named fields that the descriptor gives and the table has columns for."""
        bound = {name: self.descriptor.fields[name].bind(self) for name in names if name in self.descriptor.fields}
        return {name: evaluated for name, evaluated in bound.items() if evaluated is not None}

    def column(self, name: str, *, is_optional: bool) -> str | None:
        """See `sql_expressions.Scope`."""
        found = self.shape.find(name)
        if found is not None:
            return f"{self.alias}.{quoted(found)}"
        prefix, _, rest = name.partition(".")
        other = next((self._joined_shape(join) for join in self._joins() if join.name == prefix), None) if rest else None
        inner = None if other is None else other.find(rest)
        if inner is not None:
            return f"{_joined_alias(prefix)}.{quoted(inner)}"
        if is_optional:
            return None
        raise ValueError(f"it has no column {name}")

    def _joins(self) -> tuple[Join, ...]:
        return self.descriptor.joins if self.joins is None else self.joins

    def _joined_shape(self, join: Join) -> Shape:
        shape = named(self.others, join.table)
        if shape is None:
            raise ValueError(f"there is no table {join.table} to join")
        return shape

    def own(self) -> str:
        """The table with the name that the result columns call it by."""
        return main_table(self.descriptor, self.shape) if self.alias == "t" else f"{quoted(self.shape.name)} AS {self.alias}"

    def joined_tables(self) -> str:
        """What stands behind the table to join others, each giving one row at most. Raises ValueError for one that may give several."""
        return "".join(self._join_sql(join) for join in self._joins())

    def _join_sql(self, join: Join) -> str:
        shape = self._joined_shape(join)
        columns = {self._own(shape, column): str(self.column(ours, is_optional=False)) for column, ours in join.on.items()}
        if not shape.is_unique(frozenset(columns)):
            raise ValueError(f"{', '.join(columns)} of {shape.name} may have several rows for one of its own")
        alias = _joined_alias(join.name)
        met = " AND ".join(f"{alias}.{quoted(column)} = {ours}" for column, ours in columns.items())
        return f" LEFT JOIN {quoted(shape.name)} AS {alias} ON {met}"

    @staticmethod
    def _own(shape: Shape, column: str) -> str:
        found = shape.find(column)
        if found is None:
            raise ValueError(f"{shape.name} has no column {column}")
        return found

    def joined(self) -> list[tuple[str, int]]:
        """(table, number of the cell that says whether it lacks a row) of each joined table."""
        found = []
        for join in self._joins():
            shape = self._joined_shape(join)
            column = quoted(self._own(shape, next(iter(join.on))))
            found.append((shape.name, self.add(f"{_joined_alias(join.name)}.{column} IS NULL")))
        return found

    def row(self) -> str:
        """See `sql_expressions.Scope`."""
        return _row_sql(self.shape)

    def rowid(self) -> str:
        """See `sql_expressions.Scope`."""
        return rowid_sql(self.shape)

    def cell(self, sql: str) -> int:
        """See `sql_expressions.Scope`."""
        return self.add(self._cell_sql(sql))

    def _cell_sql(self, sql: str) -> str:
        # text as bytes, because text that is not UTF-8 would end the whole result; a UTF-16 store's is turned by SQLite
        text = f"CAST({sql} AS BLOB)" if self.shape.is_utf8 else sql
        return f"CASE typeof({sql}) WHEN 'text' THEN {text} WHEN 'blob' THEN lower(hex({sql})) ELSE {sql} END"

    def json(self, sql: str, path: str, label: str) -> Evaluated:
        """See `sql_expressions.Scope`."""
        text = f"CAST({sql} AS TEXT)"
        document = f"CASE WHEN json_valid({sql}, 9) THEN {sql} WHEN json_valid({text}) THEN {text} END"
        # ->> would turn a long number into a double; -> gives its own digits
        value = f"CASE json_type({document}, ?) WHEN 'null' THEN NULL WHEN 'text' THEN ({document}) ->> ? ELSE ({document}) -> ? END"
        return cells_of(self.add(f"CAST(({value}) AS {'BLOB' if self.shape.is_utf8 else 'TEXT'})", path, path, path), label)

    def large_object(self, sql: str) -> int:
        """See `sql_expressions.Scope`. SQLite has none: the column itself."""
        return self.cell(sql)

    def first(self, name: str) -> int:
        """See `sql_expressions.Scope`. Without an index on the stream it would read the table once per row: then the row itself."""
        own = self.column(name, is_optional=False)
        stream, version = (self.descriptor.fields.get(key) for key in ("stream", "version"))
        if not isinstance(stream, ColumnRef) or not isinstance(version, ColumnRef):
            raise TypeError(f"first({name}) needs columns for stream and version")
        by, order = self.shape.find(stream.name), self.shape.find(version.name)
        if by is None or order is None or by not in self.shape.indexed:
            return self.cell(str(own))
        cell = self._cell_sql(f"f.{quoted(str(self.shape.find(name)))}")
        of_stream = f"f.{quoted(by)} = t.{quoted(by)} ORDER BY f.{quoted(order)} LIMIT 1"
        return self.add(f"(SELECT {cell} FROM {quoted(self.shape.name)} AS f WHERE {of_stream})")

    def payload(self, expression: Expression) -> Sequence[int]:
        """Columns taken as bytes: text as its UTF-8, a BLOB as it is, a number as its digits."""
        found = [self._payload(sql) for ref, _ in payload_parts(expression) if (sql := self.column(ref.name, is_optional=ref.is_optional))]
        if not found:
            raise ValueError("it has none of the columns that its payload may be in")
        return found

    def _payload(self, sql: str) -> int:
        if self.shape.is_utf8:
            return self.add(f"CAST({sql} AS BLOB)")
        return self.add(f"CASE typeof({sql}) WHEN 'blob' THEN {sql} ELSE CAST({sql} AS TEXT) END")

    def extra(self) -> list[Extra]:
        """The unmapped columns, and those that give a time for rows where it cannot be read; of several that may give it, one is
        taken, so all are kept."""
        mapped, timed = self.descriptor.mapped_columns
        return [
            self._extra(name, sql, is_always=name.lower() not in mapped or len(timed) > 1)
            for name, sql in self._all_columns()
            if name.lower() not in mapped or name.lower() in timed
        ]

    def _extra(self, name: str, sql: str, *, is_always: bool) -> Extra:
        kind, raw = self.verbatim(sql)

        def read(cells: Sequence[Sequence[Cell]], problems: Problems) -> Sequence[object]:
            rows = enumerate(zip(cells[kind], cells[raw], strict=True))
            return [verbatim(cell, row, name, problems, is_text=said == "text") for row, (said, cell) in rows]

        return Extra(name, read, is_always)

    def verbatim(self, sql: str) -> tuple[int, int]:
        """Numbers of two result columns: the kind of value of `sql`, and the value as it is, text as bytes."""
        text = f"CAST({sql} AS BLOB)" if self.shape.is_utf8 else sql
        return self.add(f"typeof({sql})"), self.add(f"CASE typeof({sql}) WHEN 'text' THEN {text} ELSE {sql} END")

    def _all_columns(self) -> Iterator[tuple[str, str]]:
        """Name and SQL of every column; of a joined table those that are not ours anyway."""
        for name in self.shape.columns:
            yield name, f"{self.alias}.{quoted(name)}"
        for join in self._joins():
            met = {column.lower() for column in join.on}
            for name in self._joined_shape(join).columns:
                if name.lower() not in met:
                    yield f"{join.name}.{name}", f"{_joined_alias(join.name)}.{quoted(name)}"


def position_sql(descriptor: Descriptor, shape: Shape) -> str:
    """SQL of the position. Raises ValueError when it would not tell rows apart."""
    expression = descriptor.fields["position"]
    if isinstance(expression, Call):
        return _row_sql(shape) if expression.name == "row" else rowid_sql(shape)
    assert isinstance(expression, ColumnRef)
    column = shape.find(expression.name)
    if column is None:
        raise ValueError(f"it has no column {expression.name}")
    fixed = frozenset(found for name in descriptor.where if (found := shape.find(name)) is not None)
    if not shape.is_unique(fixed | {column}):
        raise ValueError(f"its position {column} is not unique (no primary key or unique index of its own), so rows could be missed")
    return f"t.{quoted(column)}"


def main_table(descriptor: Descriptor, shape: Shape) -> str:
    """The table as `t`, with the place of its rows in the order of the primary key where that is its position."""
    if not descriptor.is_ordered_by_key:
        return f"{quoted(shape.name)} AS t"
    # the table itself is joined by its key: SQLite does not find a column called TRUE in a subquery
    keys = [f"i.{quoted(column)}" for column in shape.primary_key]
    named_keys = ", ".join(f"{key} AS k{number}" for number, key in enumerate(keys))
    met = " AND ".join(f"t.{quoted(column)} IS place.k{number}" for number, column in enumerate(shape.primary_key))
    numbered = f"SELECT {named_keys}, row_number() OVER (ORDER BY {', '.join(keys)}) AS n FROM {quoted(shape.name)} AS i"
    return f"({numbered}) AS place JOIN {quoted(shape.name)} AS t ON {met}"


def where_sql(shape: Shape, where: Constants, alias: str = "t", operator: str = "=") -> tuple[str, tuple[int | str, ...]]:
    """Conditions to put behind others, and what is bound in them. Raises ValueError for a column that is not there."""
    conditions = []
    for name in where:
        column = shape.find(name)
        if column is None:
            raise ValueError(f"it has no column {name}")
        conditions.append(f" AND {alias}.{quoted(column)} {operator} ?")
    return "".join(conditions), tuple(where.values())


def _joined_alias(name: str) -> str:
    return quoted(f"joined {name}")


def _row_sql(shape: Shape) -> str:
    if not shape.primary_key:
        raise ValueError("it has no primary key, so its rows have no order")
    return _PLACE


def free_rowid(shape: Shape) -> str | None:
    """The name under which the hidden row number can be read; None when there is none."""
    return next((name for name in _ROWID_NAMES if shape.find(name) is None), None) if shape.has_rowid else None


def rowid_sql(shape: Shape) -> str:
    """SQL of the hidden row number. Raises ValueError when the table has none."""
    if not shape.has_rowid:
        raise ValueError("it is WITHOUT ROWID, so its rows have no position in the whole store")
    free = free_rowid(shape)
    if free is None:
        raise ValueError("its row number is hidden behind columns named rowid, _rowid_ and oid")
    return f"t.{free}"
