"""Writers' schemas as a capture keeps them, and how often each is used: rows in, rows out. No decoding, no registry.

Schemas are kept whole, with all that they refer to, so that the file decodes for ever with nobody to ask. What they are used
for is counted per block of events (see `schema.usage`). Read `append` and `rewrite` for when this runs, `inspector.schemas`
for the book these fill.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import apsw
import orjson

from inspector.event import Reference, Schema

ADDITIONS = (
    "ALTER TABLE schema ADD COLUMN source_id INTEGER",
    "ALTER TABLE schema ADD COLUMN wire TEXT",
    "ALTER TABLE schema ADD COLUMN refs TEXT",
    "ALTER TABLE schema ADD COLUMN compiled BLOB",
    "ALTER TABLE schema ADD COLUMN error TEXT",
    "ALTER TABLE schema ADD COLUMN digest TEXT",
    "CREATE UNIQUE INDEX schema_wire ON schema (source_id, registry, wire, subject, digest)",
)
"""What a capture of minor version 0 or 1 lacks, besides the table `usage`; no such capture holds a schema."""

STORE = (
    (
        "INSERT INTO main.schema (source_id, registry, wire, subject, version, kind, text, refs, compiled, error, digest) "
        "SELECT :source, registry, wire, subject, version, kind, text, refs, compiled, error, digest FROM staged.schema WHERE true "
        "ON CONFLICT (source_id, registry, wire, subject, digest) DO UPDATE SET error = excluded.error"
    ),
    (
        "UPDATE staged.schema SET real = (SELECT m.id FROM main.schema m WHERE m.source_id = :source AND m.registry = schema.registry "
        "AND m.wire = schema.wire AND m.subject = schema.subject AND m.digest = schema.digest)"
    ),
)
FORGET_UNUSED = "DELETE FROM schema WHERE text IS NULL AND id NOT IN (SELECT schema_ref FROM usage)"
"""A missing schema is noted for the events that name it; once they are decoded there is nothing to note."""

_COUNTED = "coalesce({schema}, 0), coalesce({version}, ''), coalesce({decoder}, ''), count(*), min({time}), max({time})"
_ADD = (
    "ON CONFLICT DO UPDATE SET events = events + excluded.events, "
    "first_us = min(coalesce(first_us, excluded.first_us), coalesce(excluded.first_us, first_us)), "
    "last_us = max(coalesce(last_us, excluded.last_us), coalesce(excluded.last_us, last_us))"
)
COUNT_STAGED = (
    "INSERT INTO main.usage (first_seq, log_id, type_id, schema_ref, schema_version, decoder, events, first_us, last_us) "
    "SELECT (SELECT first_seq FROM main.block ORDER BY first_seq DESC LIMIT 1), m.id, coalesce(t.real, 0), "
    + _COUNTED.format(schema="x.real", version="r.schema_version", decoder="r.decoder", time="r.time_us")
    + " FROM staged.row r CROSS JOIN temp.plan_log m ON m.plan = r.log LEFT JOIN staged.type t ON t.id = r.type "
    "LEFT JOIN staged.schema x ON x.id = r.schema WHERE true GROUP BY 2, 3, 4, 5, 6 " + _ADD
)
"""After the block of the batch is noted: what its events were decoded by."""
COUNT_BLOCKS = (
    "INSERT INTO main.usage (first_seq, log_id, type_id, schema_ref, schema_version, decoder, events, first_us, last_us) "
    "SELECT b.first_seq, e.log_id, coalesce(e.type_id, 0), "
    + _COUNTED.format(schema="e.schema_ref", version="e.schema_version", decoder="e.decoder", time="e.time_us")
    + " FROM main.block b CROSS JOIN main.event e ON e.seq BETWEEN b.first_seq AND b.last_seq "
    "WHERE b.last_seq >= :low AND b.first_seq <= :high GROUP BY 1, 2, 3, 4, 5, 6"
)
"""The blocks between two sequence numbers, counted from their events."""
DROP_BLOCKS = "DELETE FROM main.usage WHERE first_seq IN (SELECT first_seq FROM main.block WHERE last_seq >= :low AND first_seq <= :high)"


def complete(connection: apsw.Connection, usage_statement: str) -> None:
    """Gives a capture of an older minor version what it lacks, and counts what it holds. Inside a transaction."""
    for statement in ADDITIONS:
        connection.execute(statement)
    connection.execute(usage_statement)
    # a number that older versions noted here is a registry's, which `decode` finds again in the value
    connection.execute("UPDATE event SET schema_ref = NULL WHERE schema_ref IS NOT NULL")
    connection.execute(COUNT_BLOCKS, {"low": 0, "high": 2**62})


def staged_rows(schemas: Iterable[Schema]) -> list[tuple[object, ...]]:
    """The rows of `staged.schema`, numbered from 1."""
    return [
        (
            number,
            schema.registry,
            schema.wire,
            schema.subject,
            schema.version,
            schema.kind,
            schema.text,
            _references_text(schema.references),
            schema.compiled,
            schema.error or None,
            _digest(schema),
        )
        for number, schema in enumerate(schemas, 1)
    ]


def _digest(schema: Schema) -> str:
    """Tells texts apart: a registry that was made anew may give another schema the same number. Empty while it is missing."""
    if schema.text is None:
        return ""
    content = "\0".join([schema.text, *(f"{one.name}\0{one.text}" for one in schema.references)])
    return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:16]


def stored_schemas(select: Callable[[str, Sequence[object]], Iterable[Sequence[Any]]], source_id: int | None = None) -> dict[int, Schema]:
    """Number in the capture → schema, of one source or of all; `select` gives rows. Empty for a capture that has none.

    What cannot be read as a schema (a capture made by others) is a missing one.
    """
    there = {str(row[1]) for row in select("SELECT cid, name FROM pragma_table_info('schema')", ())}
    if "wire" not in there:
        return {}
    sql = "SELECT id, registry, wire, subject, version, kind, text, refs, compiled, error FROM schema WHERE ?1 IS NULL OR source_id = ?1"
    return {int(row[0]): _schema(row) for row in select(sql + " ORDER BY id", (source_id,))}


class Waiting(NamedTuple):
    """A schema that is missing, why, and how many events name it."""

    wire: str
    why: str
    events: int


def waiting(select: Callable[[str, Sequence[object]], Iterable[Sequence[Any]]]) -> list[Waiting]:
    """The schemas that events wait for, those with the most events first; of several sources each has its own."""
    rows = select(
        "SELECT s.wire, s.error, sum(u.events) FROM schema s JOIN usage u ON u.schema_ref = s.id WHERE s.text IS NULL "
        "GROUP BY s.id ORDER BY 3 DESC, s.id",
        (),
    )
    return [Waiting(_text(wire), _text(error), int(events)) for wire, error, events in rows]


def _schema(row: Sequence[Any]) -> Schema:
    _, registry, wire, subject, version, kind, text, refs, compiled, error = row
    return Schema(
        wire=_text(wire),
        registry=_text(registry),
        kind=_text(kind),
        text=text if isinstance(text, str) else None,
        subject=_text(subject),
        version=version if isinstance(version, int) else None,
        references=_references(refs),
        compiled=compiled if isinstance(compiled, bytes) else None,
        error=_text(error),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _references_text(references: Sequence[Reference]) -> str | None:
    if not references:
        return None
    return json.dumps([{"name": one.name, "subject": one.subject, "version": one.version, "text": one.text} for one in references])


def _references(text: object) -> tuple[Reference, ...]:
    if not isinstance(text, str):
        return ()
    try:
        return tuple(
            Reference(str(one["name"]), str(one["text"]), str(one.get("subject") or ""), one.get("version")) for one in orjson.loads(text)
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()
