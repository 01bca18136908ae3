"""How a descriptor's expressions are asked of PostgreSQL: result columns as bytes or whole numbers, never through a type.

Each value is cast to text by the server (a `bytea` comes as it is), so a number keeps its digits and a time its microseconds.
What is inside JSON is looked up here, because a text that is no JSON would end the whole result.
Read `sql_expressions` for the expressions, `postgres_table` for their use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inspector.sources.postgres_shape import Column, Shape, quoted
from inspector.sources.sql_convert import Value
from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_expressions import Cell, Evaluated, Expression, Problems, cells_of, payload_parts
from inspector.sources.sql_expressions import Column as Values
from inspector.sources.sql_rows import Extra, verbatim

INTEGERS = ("int2", "int4", "int8")
_STEP = re.compile(r"\.(?:\"([^\"]+)\"|([A-Za-z0-9_$-]+))|\[(\d+)\]")


@dataclass(slots=True)
class Scope:
    """Collects the result columns that expressions ask for, each once. See `sql_expressions.Scope`."""

    descriptor: Descriptor
    shape: Shape
    cells: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    """Result columns that hold text, in the encoding of the database."""
    objects: dict[int, int] = field(default_factory=dict)
    """Result column of a large object → the one with its number."""

    def add(self, sql: str, label: str, *, is_text: bool = False) -> int:
        """Adds a result column; gives its number."""
        if sql in self.cells:
            return self.cells.index(sql)
        self.cells.append(sql)
        self.labels.append(label)
        if is_text:
            self.texts.add(len(self.cells) - 1)
        return len(self.cells) - 1

    def bind(self, names: Sequence[str]) -> dict[str, Evaluated]:
        """Those of the named fields that the descriptor gives and the table has columns for."""
        bound = {name: self.descriptor.fields[name].bind(self) for name in names if name in self.descriptor.fields}
        return {name: evaluated for name, evaluated in bound.items() if evaluated is not None}

    def column(self, name: str, *, is_optional: bool) -> str | None:
        """The name of a column; here its own, which the functions below turn into SQL."""
        found = self.shape.find(name)
        if found is None and not is_optional:
            raise ValueError(f"it has no column {name}")
        return None if found is None else found.name

    def rowid(self) -> str:
        """PostgreSQL has none that lasts."""
        raise ValueError("PostgreSQL has no lasting row number: name a column that a sequence feeds")

    def cell(self, sql: str) -> int:
        """A column as text or whole number; a bytea in hexadecimal, a time with a zone in UTC."""
        return self._cell(self._column(sql), "t")

    def _cell(self, column: Column, table: str) -> int:
        own = f"{table}.{quoted(column.name)}"
        if column.type in INTEGERS:
            return self.add(own, column.name)
        return self.add(_as_text(own, column.type), column.name, is_text=True)

    def _column(self, name: str) -> Column:
        found = self.shape.find(name)
        assert found is not None
        return found

    def first(self, name: str) -> int:
        """The same in the stream's first event. Without an index that is led by the stream: the row's own."""
        own = self._column(str(self.column(name, is_optional=False)))
        by, order = (self._only_column(key) for key in ("stream", "version"))
        if by is None or order is None or not self.shape.has_index(by.name, order.name):
            return self._cell(own, "t")
        cell, key = _as_text(f"f.{quoted(own.name)}", own.type), quoted(by.name)
        of_stream = f"f.{key} = t.{key} ORDER BY f.{quoted(order.name)} LIMIT 1"
        table = self.shape.sql
        return self.add(f"(SELECT {cell} FROM {table} AS f WHERE {of_stream})", f"first({name})", is_text=True)

    def _only_column(self, key: str) -> Column | None:
        """The column that alone gives a field."""
        expression = self.descriptor.fields.get(key)
        named = expression.columns() if expression is not None else set()
        return self.shape.find(named.pop()) if len(named) == 1 else None

    def json(self, sql: str, path: str, label: str) -> Evaluated:
        """What is at `path` in a column of JSON or of text that holds JSON."""
        column = self._column(sql)
        own = f"t.{quoted(column.name)}"
        number = self.add(own if column.type == "bytea" else f"{own}::text", column.name, is_text=column.type != "bytea")
        steps = [int(match[3]) if match[3] else match[1] or match[2] for match in _STEP.finditer(path)]

        def values(cells: Sequence[Sequence[Cell]], _: Problems) -> Values:
            return [_at(cell, steps) for cell in cells[number]]

        return values

    def large_object(self, sql: str) -> int:
        """The large object that an `oid` stands for, in hexadecimal as every bytea; another column as it is."""
        column = self._column(sql)
        if column.type != "oid":
            return self._cell(column, "t")
        return self.add(f"encode({_object_sql(column)}, 'hex')", column.name, is_text=True)

    def payload(self, expression: Expression) -> Sequence[int]:
        """Columns taken as bytes: a bytea as it is, a large object whole, anything else as its text."""
        found = [
            self._payload(self._column(name), is_object=is_object)
            for ref, is_object in payload_parts(expression)
            if (name := self.column(ref.name, is_optional=ref.is_optional))
        ]
        if not found:
            raise ValueError("it has none of the columns that its payload may be in")
        return found

    def _payload(self, column: Column, *, is_object: bool) -> int:
        own = f"t.{quoted(column.name)}"
        if is_object and column.type == "oid":
            number = self.add(_object_sql(column), column.name)
            self.objects[number] = self.add(f"{own}::bigint", column.name)
            return number
        return self.add(own if column.type == "bytea" else f"{own}::text", column.name, is_text=column.type != "bytea")

    def extra(self) -> list[Extra]:
        """The unmapped columns, and those that give a time for rows where it cannot be read."""
        mapped, timed = self.descriptor.mapped_columns
        kept = [column for column in self.shape.columns if column.name.lower() not in mapped - timed]
        return [self._extra(column, is_always=column.name.lower() not in mapped) for column in kept]

    def _extra(self, column: Column, *, is_always: bool) -> Extra:
        own = f"t.{quoted(column.name)}"
        is_text = column.type not in {*INTEGERS, "bytea", "bool"}
        number = self.add(_as_text(own, column.type) if is_text else own, column.name, is_text=is_text)

        def read(cells: Sequence[Sequence[Cell]], problems: Problems) -> Sequence[object]:
            return [verbatim(cell, row, column.name, problems, is_text=is_text) for row, cell in enumerate(cells[number])]

        return Extra(column.name, read, is_always)

    def evidence(self, name: str, sql: str) -> Extra:
        """A whole number that the server keeps of each row, under a name of ours."""
        number = self.add(sql, name, is_text=True)

        def read(cells: Sequence[Sequence[Cell]], problems: Problems) -> Sequence[object]:
            return [int(str(value)) if value is not None else None for value in cells_of(number, name)(cells, problems)]

        return Extra(name, read, is_always=True)


def _as_text(own: str, kind: str) -> str:
    if kind == "bytea":
        return f"encode({own}, 'hex')"
    if kind == "timestamptz":
        return f"(({own} AT TIME ZONE 'UTC')::text || 'Z')"
    return f"{own}::text"


def _object_sql(column: Column) -> str:
    own = quoted(column.name)
    return f"CASE WHEN EXISTS (SELECT 1 FROM pg_largeobject_metadata AS m WHERE m.oid = t.{own}) THEN lo_get(t.{own}) END"


class _Digits(str):
    """A number as it is written."""

    __slots__ = ()


def _at(cell: Cell, steps: Sequence[str | int]) -> Value:
    """The value at a path of a JSON text: a text as it is, anything else as JSON; None where it is not, or where that is no JSON."""
    if not isinstance(cell, bytes | str):
        return None
    try:
        found = json.loads(cell, parse_int=_Digits, parse_float=_Digits)
    except (ValueError, RecursionError):
        return None
    for step in steps:
        if isinstance(step, int) and isinstance(found, list):
            found = found[step] if step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    if found is None or isinstance(found, str):
        return found if found is None else str(found)
    return json.dumps(found, ensure_ascii=False)


Transcode = Callable[[Cell], Cell]


def transcoder(codec: str) -> Transcode | None:
    """What turns text of the database into UTF-8; None where it is that already. Text it cannot read stays as it is."""
    if codec == "utf-8":
        return None

    def transcode(cell: Cell) -> Cell:
        if not isinstance(cell, bytes):
            return cell
        try:
            return cell.decode(codec).encode()
        except UnicodeDecodeError:
            return cell

    return transcode
