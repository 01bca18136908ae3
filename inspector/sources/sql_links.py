"""The table that says in which streams an event is: one row for each, read for the events of one page. Runs SELECT only.

One event may be in many streams (Rails Event Store, links of Commanded). Read `sql_sections` for how it is described.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import apsw

from inspector.sources.sql_convert import Value
from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_expressions import Cell, Evaluated, Problems
from inspector.sources.sql_rows import LinkRows
from inspector.sources.sql_scope import Scope, main_table, where_sql
from inspector.sources.sql_shape import Shape, named, quoted

MOST_STREAMS = 1_000
"""Of one event; how many more there are is said."""


class LinkTable:
    """Reads the streams of events. Raises ValueError for a table or column that is not there."""

    def __init__(self, descriptor: Descriptor, main: Shape, others: Mapping[str, Shape], position: str) -> None:
        links = descriptor.links
        assert links is not None
        shape = named(others, links.table)
        if shape is None:
            raise ValueError(f"there is no table {links.table}")
        scope = Scope(descriptor, shape, others, links.joins, alias="l")
        scope.add(position)
        bound = {name: expression.bind(scope) for name, expression in links.fields.items()}
        self._fields = {name: evaluated for name, evaluated in bound.items() if evaluated is not None}
        self._bindings = scope.bindings
        met = " AND ".join(f"{scope.column(own, is_optional=False)} = {_ours(main, ours)}" for own, ours in links.on.items())
        where, self._fixed = where_sql(main, descriptor.where)
        kept, self._kept = where_sql(shape, links.where, "l")
        left, self._left = where_sql(shape, links.without, "l", "IS NOT")
        # an event's streams in the order of the table's own key, so that the first one is the same at each reading
        order = ", ".join(f"l.{quoted(column)}" for column in shape.primary_key) or "2"
        joined = f"JOIN {scope.own()} ON {met}{scope.joined_tables()}"
        self._sql = (
            f"SELECT {', '.join(scope.cells)} FROM {main_table(descriptor, main)} {joined} "
            f"WHERE {position} BETWEEN ? AND ?{where}{kept}{left} ORDER BY 1, {order}"
        )

    def read(self, connection: apsw.Connection, first: int, last: int) -> LinkRows:
        """The streams of the events at positions `[first, last]`."""
        rows: list[tuple[Cell, ...]] = []
        counts: dict[int, int] = {}
        bound = (*self._bindings, first, last, *self._fixed, *self._kept, *self._left)
        for row in connection.execute(self._sql, bound):
            position = cast("int", row[0])
            counts[position] = counts.get(position, 0) + 1
            if counts[position] <= MOST_STREAMS:
                rows.append(row)
        left_out = {position: count - MOST_STREAMS for position, count in counts.items() if count > MOST_STREAMS}
        return LinkRows(list(zip(*rows, strict=True)), left_out)

    def streams(self, found: LinkRows, positions: Sequence[int], problems: Problems) -> list[object]:
        """For each position a list of (category, name, version) in the order of the table; None for an event in none."""
        by_position: dict[int, list[tuple[Value, str, int | None]]] = {}
        if found.cells:
            unread = Problems()
            columns = [self._column(name, found, unread) for name in ("category", "stream", "version")]
            for position, category, name, version in zip(found.cells[0], *columns, strict=True):
                if name is not None:
                    told = version if isinstance(version, int) else None
                    by_position.setdefault(cast("int", position), []).append((category, str(name), told))
        for row, position in enumerate(positions):
            if position in found.left_out:
                problems.add(row, f"it is in {found.left_out[position]:,} more streams than the {MOST_STREAMS:,} that are kept")
        return [by_position.get(position) for position in positions]

    def _column(self, name: str, found: LinkRows, problems: Problems) -> Sequence[Value]:
        evaluated: Evaluated | None = self._fields.get(name)
        return [None] * len(found.cells[0]) if evaluated is None else evaluated(found.cells, problems)


def _ours(main: Shape, column: str) -> str:
    found = main.find(column)
    if found is None:
        raise ValueError(f"it has no column {column}")
    return f"t.{quoted(found)}"
