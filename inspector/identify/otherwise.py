"""Values that could be read by several schemas of one name: by the one they were read with before, else by any that reads them.

Registries count alike, and one that was made anew counts again; the bytes only say a number. Read `inspector.schemas` for the book
that knows them all, `identify` for who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inspector import decoders
from inspector.decoders import UNDECODABLE, Context, Decoded
from inspector.event import Schema
from inspector.schemas import Schemas
from inspector.schemas.places import fit


def read_otherwise(
    decoded: Decoded,
    values: Sequence[bytes | None],
    headers: Sequence[str | None],
    context: Context,
    before: Sequence[Schema | None] = (),
) -> None:
    """Reads again, with another schema of the same name, what was read differently before and what was not read at all.

    `before` are the schemas that values were read with earlier, when decoding again; a schema from a place that the user names now,
    or that is registered for this very log where the other is not, goes before these.
    """
    wanted: dict[Schema, list[int]] = {}
    for row, earlier in enumerate(before):
        if earlier is not None and _is_kept(earlier, decoded.schema[row], context):
            wanted.setdefault(earlier, []).append(row)
    for schema, rows in wanted.items():
        _read_with(schema, rows, decoded, values, headers, context)
    unread: dict[Schema, list[int]] = {}
    for row, flags in enumerate(decoded.flags):
        refused = decoded.schema[row] if flags & UNDECODABLE else None
        if refused is not None and refused.text is not None:
            unread.setdefault(refused, []).append(row)
    for refused, left in unread.items():
        waiting = left
        for other in context.schemas.others(refused, context.log, context.part):
            waiting = _read_with(other, waiting, decoded, values, headers, context)
            if not waiting:
                break


def _is_kept(earlier: Schema, now: Schema | None, context: Context) -> bool:
    """Whether what was read with a schema is to stay as it was, whatever is found now."""
    if now is None or now is earlier or now.wire != earlier.wire or now.text == earlier.text:
        return False
    if now.text is None:
        return True
    fits = (fit(schema.subject, context.log, context.part) for schema in (earlier, now))
    return not context.schemas.is_users(now) and next(fits) >= next(fits)


def _read_with(
    schema: Schema, rows: Sequence[int], decoded: Decoded, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context
) -> list[int]:
    """Puts what `schema` makes of `rows` in their place; gives the rows that it does not read, which stay as they were."""
    alone = replace(context, schemas=Schemas((), [schema]))
    part = decoders.decode([values[row] for row in rows], [headers[row] for row in rows], alone)
    left = []
    for place, row in enumerate(rows):
        if part.schema[place] is not schema or part.flags[place] & UNDECODABLE:
            left.append(row)
            continue
        decoded.error[row], decoded.flags[row] = None, 0
        decoded.name.pop(row, None)
        decoded.put(row, part, place)
    return left
