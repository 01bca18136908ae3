"""Fetching rows in small pieces, so that no page is larger than a batch may be; and around a value that cannot be had.

When the server fails over one value (a large object without rights, a damaged page), the rows are fetched one by one, and that
value's cell is empty with the reason. Read `postgres_table` for what is selected.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import psycopg

from inspector.sources.postgres_errors import is_of_a_cell
from inspector.sources.postgres_link import Rows
from inspector.sources.postgres_scope import Scope, transcoder
from inspector.sources.sql_expressions import Cell
from inspector.sources.sql_rows import MAX_BYTES, MAX_S, Page

_CHUNK_ROWS = 64
"""So many rows are in memory beside a page's own."""
_CAREFUL_ROWS = 100
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows, in which order. `where` and `order` are SQL of ours over the table `t`; values are bound."""

    scope: Scope
    position: str
    where: str
    bindings: tuple[Any, ...]
    order: str
    codec: str

    def statement(self, cells: Sequence[str], limit: int) -> bytes:
        """The SELECT of these result columns."""
        columns, table, where, order = ", ".join(cells), self.scope.shape.sql, self.where, self.order
        return f"SELECT {columns} FROM {table} AS t WHERE {where} ORDER BY {order} LIMIT {int(limit)}".encode(self.codec)


def fetched(cursor: Rows, selection: Selection, start: int, limit: int, payload: Sequence[int]) -> Page:
    """A page of at most `limit` rows, cut at the size and time of a batch; `start` is the position asked from.

    Inside a transaction. Raises psycopg.Error for what is not the fault of one value.
    """
    cursor.execute("SAVEPOINT page")
    try:
        page = _streamed(cursor, selection, start, limit, payload)
    except psycopg.Error as error:
        if not is_of_a_cell(error):
            raise
        cursor.execute("ROLLBACK TO SAVEPOINT page")
        page = _careful(cursor, selection, start, limit)
    _miss_objects(page, selection.scope)
    return page


def _streamed(cursor: Rows, selection: Selection, start: int, limit: int, payload: Sequence[int]) -> Page:
    rows: list[Row] = []
    size, deadline, is_cut = 0, math.inf, False
    stream = cursor.stream(selection.statement(selection.scope.cells, limit), selection.bindings, size=_CHUNK_ROWS)
    for row in stream:
        if not rows:
            deadline = time.monotonic() + MAX_S  # from here on: a server that is slow to begin must not be asked for ever smaller pages
        rows.append(row)
        size += sum(len(cell) for number in payload if isinstance(cell := row[number], bytes | str))
        if size >= MAX_BYTES or (not len(rows) % 256 and time.monotonic() > deadline):
            is_cut = True
            break
    if is_cut:
        cast("Any", stream).close()
        cursor.execute("ROLLBACK TO SAVEPOINT page")
    return _page(rows, selection, start, is_end=not is_cut and len(rows) < limit)


def _page(rows: Sequence[Row], selection: Selection, start: int, *, is_end: bool) -> Page:
    cells = list(zip(*rows, strict=True))
    transcode = transcoder(selection.codec)
    if transcode is not None:
        cells = [tuple(map(transcode, cell)) if number in selection.scope.texts else cell for number, cell in enumerate(cells)]
    last = cast("int", rows[-1][0]) if rows else start - 1
    return Page(list(cells), len(rows), last, is_end=is_end, newest=0)


def _careful(cursor: Rows, selection: Selection, start: int, limit: int) -> Page:
    """The first rows one by one, and cell by cell where that fails."""
    few = min(limit, _CAREFUL_ROWS)
    places = [place for (place,) in cursor.execute(selection.statement([selection.position], few), selection.bindings).fetchall()]
    rows, unreadable = [], {}
    for number, place in enumerate(places):
        row, reasons = _one(cursor, selection, place)
        rows.append(row)
        if reasons:
            unreadable[number] = reasons
    page = _page(rows, selection, start, is_end=len(places) < few)
    page.unreadable = unreadable
    return page


def _one(cursor: Rows, selection: Selection, place: int) -> tuple[Row, list[str]]:
    scope = selection.scope
    only = Selection(scope, selection.position, f"{selection.position} = %s", (place,), selection.position, selection.codec)
    try:
        return _selected(cursor, only, scope.cells), []
    except psycopg.Error as error:
        if not is_of_a_cell(error):
            raise
    row: list[Cell] = []
    reasons: list[str] = []
    for sql, label in zip(scope.cells, scope.labels, strict=True):
        try:
            row.extend(_selected(cursor, only, [sql]))
        except psycopg.Error as error:
            if not is_of_a_cell(error):
                raise
            row.append(None)
            reasons.append(f"{label}: {str(error).splitlines()[0]}")
    return tuple(row), reasons


def _selected(cursor: Rows, selection: Selection, cells: Sequence[str]) -> Row:
    cursor.execute("SAVEPOINT one")
    try:
        found = cursor.execute(selection.statement(cells, 1), selection.bindings).fetchall()
    except psycopg.Error:
        cursor.execute("ROLLBACK TO SAVEPOINT one")
        raise
    cursor.execute("RELEASE SAVEPOINT one")
    return found[0] if found else (None,) * len(cells)


def _miss_objects(page: Page, scope: Scope) -> None:
    """A large object that a row names and that is not there is a reason."""
    missed = dict(page.unreadable)
    for number, named in scope.objects.items() if page.rows else ():
        for row, (value, oid) in enumerate(zip(page.cells[number], page.cells[named], strict=True)):
            if value is None and isinstance(oid, int) and row not in page.unreadable:
                missed[row] = [*missed.get(row, []), f"{scope.labels[number]}: there is no large object {oid}"]
    page.unreadable = missed
