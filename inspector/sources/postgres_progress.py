"""How far the consumers of a store are that keeps their progress as messages of its own, in streams of a kind, beside what they read.

A consumer of the category `account` records in `account:position-NAME` the last position that it dealt with; it reads nothing of other
categories. Read `sql_sections` for how this is described, `postgres_claims` for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from inspector.sources.claims import Claim, ClaimKind
from inspector.sources.postgres_link import Rows
from inspector.sources.postgres_shape import Shape, quoted
from inspector.sources.sql_claims import whole
from inspector.sources.sql_descriptor import Descriptor
from inspector.sources.sql_expressions import ColumnRef, Expression
from inspector.sources.sql_sections import ProgressStreams

_MOST_CATEGORIES = 10_000
MOST_CONSUMERS = 2_000


class ProgressReader:
    """The consumers of one event table. Raises ValueError when the table cannot be asked so."""

    def __init__(self, spec: ProgressStreams, shape: Shape, descriptor: Descriptor, codec: str) -> None:
        self.name = f"streams {spec.kind!r} of {shape.name}"
        self._table, self._codec = shape.name, codec
        self._kind = re.compile(rf"(.+?)[:+]{re.escape(spec.kind)}", re.DOTALL)
        table, of = shape.sql, f"{quoted(shape.schema)}.{quoted(spec.category)}"
        stream, version, position = (_column(shape, descriptor.fields.get(name)) for name in ("stream", "version", "position"))
        data = _column(shape, descriptor.fields.get("value"))
        named = f"{of}(t.{stream})"
        # by the index on categories: one look for each
        categories = (
            f"WITH RECURSIVE found(category) AS ((SELECT {named} FROM {table} AS t ORDER BY {named} LIMIT 1) UNION ALL "
            f"SELECT (SELECT {named} FROM {table} AS t WHERE {named} > found.category ORDER BY {named} LIMIT 1) "
            "FROM found WHERE found.category IS NOT NULL) SELECT category FROM found WHERE category LIKE %s LIMIT %s"
        )
        newest = (
            f"SELECT DISTINCT ON (t.{stream}) t.{stream}, t.{data} ->> %s FROM {table} AS t "
            f"WHERE {named} = %s ORDER BY t.{stream}, t.{version} DESC LIMIT %s"
        )
        following = f"SELECT t.{position} FROM {table} AS t WHERE {named} = %s AND t.{position} > %s ORDER BY t.{position} LIMIT 1"
        self._categories, self._newest, self._following = (sql.encode(codec) for sql in (categories, newest, following))
        self._like, self._value = f"%{spec.kind}", spec.value

    def read(self, cursor: Rows, log: str, log_end: int) -> list[Claim]:
        """What they have recorded. Raises psycopg.Error."""
        claims: list[Claim] = []
        for (found,) in cursor.execute(self._categories, (self._like, _MOST_CATEGORIES)).fetchall():
            kept_in = self._text(found)
            match = self._kind.fullmatch(kept_in)
            left = MOST_CONSUMERS - len(claims)
            if match is not None and left > 0:
                rows = cursor.execute(self._newest, (self._value, kept_in, left)).fetchall()
                claims += [self._claim(cursor, row, match[1], log, log_end) for row in rows]
        return claims

    def _claim(self, cursor: Rows, row: Sequence[Any], category: str, log: str, log_end: int) -> Claim:
        stream, written = self._text(row[0]), None if row[1] is None else self._text(row[1])
        position = whole(written)
        reached = None
        if position is not None:
            upcoming = cursor.execute(self._following, (category, position)).fetchone()
            reached = max(position, (log_end if upcoming is None else int(upcoming[0])) - 1)
        kept = orjson.dumps({"stream": stream, self._value: written}).decode()
        return Claim(ClaimKind.checkpoint, self._table, stream, position, log, log_end, category, row=kept, reached=reached)

    def _text(self, value: object) -> str:
        return value.decode(self._codec, "backslashreplace") if isinstance(value, bytes) else str(value)


def _column(shape: Shape, expression: Expression | None) -> str:
    column = shape.find(expression.name) if isinstance(expression, ColumnRef) else None
    if column is None:
        raise ValueError("consumers' progress can be read only where stream, version, position and value are plain columns")
    return quoted(column.name)
