"""How far the consumers of a PostgreSQL store are: the rows of its tables of checkpoints, read beside its events in one state.

Read `sql_sections` for how such tables are described, `claims` for what they become, `postgres_follow` for who asks.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import psycopg

from inspector.sources.claims import Claim, ClaimKind
from inspector.sources.postgres_link import Rows
from inspector.sources.postgres_progress import ProgressReader
from inspector.sources.postgres_scope import Scope, transcoder
from inspector.sources.postgres_shape import Shape, quoted, with_columns
from inspector.sources.sql_claims import whole
from inspector.sources.sql_convert import Value
from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_expressions import Cell, ColumnRef, Problems, cells_of
from inspector.sources.sql_sections import ClaimTable

MOST_ROWS = 2_000
"""Of one table of checkpoints."""


class Checkpoints:
    """The checkpoints that a store keeps of consumers of one event table."""

    def __init__(self, tables: Sequence[CheckpointTable | ProgressReader], log: str, notes: Sequence[str] = ()) -> None:
        self._tables = list(tables)
        self._log = log
        self._notes = list(notes)

    def __bool__(self) -> bool:
        """Whether there is any table of them."""
        return bool(self._tables)

    def told(self) -> list[str]:
        """What cannot be read and why, each once."""
        notes, self._notes = self._notes, []
        return notes

    def read(self, cursor: Rows, log_end: int) -> list[Claim]:
        """What they say in this state of the database, in which the log ends at `log_end`. What cannot be read is left out from then on."""
        claims: list[Claim] = []
        for table in list(self._tables):
            cursor.execute("SAVEPOINT claims")
            try:
                claims += table.read(cursor, self._log, log_end)
            except psycopg.Error as error:
                if cursor.connection.closed:
                    raise
                cursor.execute("ROLLBACK TO SAVEPOINT claims")
                self._tables.remove(table)
                self._notes.append(f"the checkpoints in {table.name} are not read: {error.diag.message_primary or type(error).__name__}")
        return claims


class CheckpointTable:
    """One table of checkpoints. Raises ValueError when it cannot be read as described."""

    def __init__(self, spec: ClaimTable, shape: Shape, descriptor: Descriptor, codec: str) -> None:
        self.name = shape.name
        self._spec = spec
        self._transcode = transcoder(codec)
        scope = Scope(descriptor, shape)
        bound = {name: expression.bind(scope) for name, expression in spec.fields.items()}
        self._fields = {name: evaluated for name, evaluated in bound.items() if evaluated is not None}
        self._verbatim = [(column.name, scope.cell(column.name)) for column in shape.columns]
        self._texts = scope.texts
        self._bindings = tuple(spec.where.values())
        names = [scope.column(name, is_optional=False) for name in spec.where]
        where = "".join(f" AND t.{quoted(str(name))} = %s" for name in names)
        self._sql = f"SELECT {self._distinct(scope)}{', '.join(scope.cells)} FROM {shape.sql} AS t WHERE true{where}".encode(codec)
        self._sql += self._order(scope).encode(codec) + f" LIMIT {int(MOST_ROWS)}".encode()

    def _distinct(self, scope: Scope) -> str:
        return f"DISTINCT ON ({self._column(scope, self._spec.name)}) " if self._spec.greatest else ""

    def _order(self, scope: Scope) -> str:
        """With several rows of a name the greatest position comes first."""
        if not self._spec.greatest:
            return ""
        name, position = self._column(scope, self._spec.name), self._column(scope, self._spec.value)
        return f" ORDER BY {name}, {position} DESC NULLS LAST"

    @staticmethod
    def _column(scope: Scope, expression: object) -> str:
        assert isinstance(expression, ColumnRef)
        return f"t.{quoted(str(scope.column(expression.name, is_optional=False)))}"

    def read(self, cursor: Rows, log: str, log_end: int) -> list[Claim]:
        """The claims of its rows. Raises psycopg.Error."""
        rows = cursor.execute(self._sql, self._bindings).fetchall()
        return self._claims([[self._cell(value, number) for number, value in enumerate(row)] for row in rows], log, log_end)

    def _cell(self, value: Any, number: int) -> Cell:
        return self._transcode(value) if self._transcode is not None and number in self._texts else value

    def _claims(self, rows: Sequence[Sequence[Cell]], log: str, log_end: int) -> list[Claim]:
        if not rows:
            return []
        spec, problems, cells = self._spec, Problems(), list(zip(*rows, strict=True))
        columns: dict[str, Sequence[Value]] = {name: list(evaluated(cells, problems)) for name, evaluated in self._fields.items()}
        empty: Sequence[Value] = [None] * len(rows)
        names, values, times = columns["name"], columns.get("position", empty), columns.get("time", empty)
        kept = [(name, cells_of(number, name)(cells, problems)) for name, number in self._verbatim]
        claims = []
        for row, name in enumerate(names):
            if name is None or str(name) in spec.skip:
                continue
            time_us = times[row]
            claims.append(
                Claim(
                    ClaimKind.checkpoint,
                    self.name,
                    str(name),
                    whole(values[row]),
                    "" if spec.is_elsewhere else log,
                    None if spec.is_elsewhere else log_end,
                    time_us=time_us if isinstance(time_us, int) else None,
                    row=orjson.dumps({column: values[row] for column, values in kept}, default=str).decode(),
                )
            )
        return claims


def checkpoints_of(cursor: Rows, descriptor: Descriptor, log: Shape, there: Sequence[Shape], codec: str) -> Checkpoints:
    """The tables of checkpoints that are there for an event table, first those in its own schema."""
    tables: list[CheckpointTable | ProgressReader] = []
    notes: list[str] = []
    for spec in (spec for spec in descriptor.claims if spec.kind == "checkpoint"):
        named = [shape for shape in there if fnmatch.fnmatchcase(shape.table.lower(), spec.table.lower())]
        near = [shape for shape in named if shape.schema == log.schema] or named
        if any(not shape.can_read for shape in near):
            closed = next(shape.name for shape in near if not shape.can_read)
            notes.append(f"how far consumers are is not known: grant select on {closed} is wanted")
        for shape in with_columns(cursor, [shape for shape in near if shape.can_read], codec):
            if all(shape.find(column) is not None for column in spec.columns):
                try:
                    tables.append(CheckpointTable(spec, shape, descriptor, codec))
                except (ValueError, TypeError) as error:
                    notes.append(f"{shape.name} is not read: {error}")
    if descriptor.progress is not None:
        try:
            tables.append(ProgressReader(descriptor.progress, log, descriptor, codec))
        except ValueError as error:
            notes.append(f"{log.name}: {error}")
    return Checkpoints(tables, log.name, notes)


def passed(claims: Sequence[Claim]) -> Mapping[str, int]:
    """Consumer → the position up to which it has dealt with everything, that one included; without those that read one category only."""
    return {claim.name: claim.value for claim in claims if claim.value is not None and claim.log and not claim.category}
