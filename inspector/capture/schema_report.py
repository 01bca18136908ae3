"""Which schemas a capture's events were written with: how often, and from when to when. Read-only.

The counts come from the account per block (`schema.usage`), never from the events. Read `schemas` for how schemas are kept,
`schema_texts` for what they say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.capture.schemas import stored_schemas
from inspector.errors import UsageError
from inspector.event import Schema, wire_words

_USES = (
    "SELECT u.schema_ref, s.uri, sum(u.events), min(u.first_us), max(u.last_us), json_group_array(DISTINCT t.name) "
    "FROM usage u JOIN log l ON l.id = u.log_id JOIN source s ON s.id = l.source_id LEFT JOIN type t ON t.id = u.type_id "
    "WHERE u.schema_ref > 0 AND (?1 IS NULL OR t.name = ?1) GROUP BY u.schema_ref"
)
_VERSIONS = (
    "SELECT t.name, l.name, u.schema_version, u.schema_ref, u.decoder, sum(u.events), min(u.first_us), max(u.last_us) "
    "FROM usage u JOIN log l ON l.id = u.log_id LEFT JOIN type t ON t.id = u.type_id "
    "WHERE (?1 IS NULL OR t.name = ?1) GROUP BY 1, 2, 3, 4, 5 ORDER BY t.name IS NULL, t.name, l.name, min(u.first_us), 4"
)


@dataclass(frozen=True, slots=True)
class SchemaUse:
    """A schema of the capture, and its use. `id` is its number in the capture, not a registry's."""

    id: int
    schema: Schema
    source: str
    types: tuple[str, ...]
    events: int
    first_us: int | None
    last_us: int | None

    @property
    def is_missing(self) -> bool:
        """Whether its events wait for it."""
        return self.schema.text is None


@dataclass(frozen=True, slots=True)
class VersionUse:
    """Events of one type in one log that were written alike. `version` is what the events declare, None when nothing."""

    type: str | None
    log: str
    version: str | None
    schema_id: int | None
    schema: Schema | None
    decoder: str | None
    events: int
    first_us: int | None
    last_us: int | None


@damage_is_said
def schema_uses(reader: CaptureReader, type_: str | None = None) -> list[SchemaUse]:
    """Every schema that events (of one type) name, by subject and version; those that are missing come last."""
    if not _has_account(reader):
        return []
    schemas = stored_schemas(reader.select)
    uses = [
        SchemaUse(number, schemas[number], source, _types(types), events, first_us, last_us)
        for number, source, events, first_us, last_us, types in reader.select(_USES, (type_,))
        if number in schemas
    ]
    return sorted(uses, key=lambda use: (use.is_missing, use.schema.subject, use.schema.version or 0, use.id))


@damage_is_said
def version_uses(reader: CaptureReader, type_: str | None = None) -> list[VersionUse]:
    """What each event type was written with, in order of type, log and first time."""
    if not _has_account(reader):
        return []
    schemas = stored_schemas(reader.select)
    return [
        VersionUse(name, log, version or None, ref or None, schemas.get(ref), decoder or None, events, first_us, last_us)
        for name, log, version, ref, decoder, events, first_us, last_us in reader.select(_VERSIONS, (type_,))
    ]


def _has_account(reader: CaptureReader) -> bool:
    """Captures of older minor versions have none until they are decoded again."""
    return bool(reader.select("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'usage'"))


def _types(text: str) -> tuple[str, ...]:
    return tuple(sorted(str(name) for name in json.loads(text) if name is not None))


def schema_numbered(reader: CaptureReader, number: int) -> Schema:
    """The schema with this number in the capture. Raises UsageError when there is none, or its text is missing."""
    schema = stored_schemas(reader.select).get(number)
    if schema is None:
        raise UsageError(f"the capture has no schema number {number}: `eventscope schemas` lists those it has")
    if schema.text is None:
        raise UsageError(f"schema number {number} ({wire_words(schema.wire)}) is missing: {schema.error}")
    return schema
