"""Which schemas and versions the events of each type were written with, from the account of uses. Read-only; decodes nothing.

Counts are sums over `usage`, so that no event is looked at. Read `shapes` for types that declare no version, `schemas` for
the account itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inspector.capture.reader import CaptureReader
from inspector.event import Schema, wire_words

MOST_TYPES, MOST_VERSIONS = 1_000, 500
"""Rarer types, and of each type rarer versions, are counted and not listed."""
_USES = (
    "SELECT type.name, event.schema_version, event.type_id, event.schema_ref, event.decoder, sum(event.events), min(event.first_us), "
    "max(event.last_us) FROM usage event LEFT JOIN type ON type.id = event.type_id "
    "GROUP BY event.type_id, event.schema_ref, event.schema_version, event.decoder"
)
"""The account is called `event` here, so that masks of an event's columns hide the same of it."""
_SCHEMAS = "SELECT id, registry, wire, subject, version, kind, length(text), error FROM schema ORDER BY id"
_TEXT = "SELECT substr(text, 1, ?2) FROM schema WHERE id = ?1"


@dataclass(frozen=True, slots=True)
class KnownSchema:
    """A schema without its text, which has so many characters; None: it is missing, and `error` says why."""

    id: int
    registry: str
    wire: str
    subject: str
    version: int | None
    kind: str
    characters: int | None
    error: str

    @property
    def is_missing(self) -> bool:
        """Whether nobody had it when the events that name it were decoded."""
        return self.characters is None

    @property
    def label(self) -> str:
        """How it is called in a sentence."""
        return Schema(self.wire, subject=self.subject, version=self.version).label if self.wire else f"schema number {self.id}"

    @property
    def short(self) -> str:
        """The same in few words: `orders-value v3`."""
        if not self.subject:
            return wire_words(self.wire)
        return f"{self.subject} v{self.version}" if self.version is not None else self.subject


@dataclass(slots=True)
class Version:
    """Events of one type that declare the same: a schema, a version, both or neither. Times are those of its events."""

    schema: KnownSchema | None
    declared: str
    """The version as the events say it; empty for none."""
    events: int = 0
    first_us: int | None = None
    last_us: int | None = None
    decoders: list[str] = field(default_factory=list)

    @property
    def is_declared(self) -> bool:
        """Whether the events say anything of what they were written with."""
        return self.schema is not None or bool(self.declared)

    def add(self, decoder: str, events: int, first_us: int | None, last_us: int | None) -> None:
        """Counts further events."""
        self.events += events
        self.first_us = min((at for at in (self.first_us, first_us) if at is not None), default=None)
        self.last_us = max((at for at in (self.last_us, last_us) if at is not None), default=None)
        if decoder:
            self.decoders.append(decoder)


@dataclass(slots=True)
class TypeVersions:
    """A type (None: events without one) with its versions, the earliest seen first."""

    id: int
    name: str | None
    versions: list[Version]
    left_out: int = 0
    """Rarer versions that are not listed."""

    @property
    def events(self) -> int:
        """How many there are of all versions that are listed."""
        return sum(version.events for version in self.versions)

    @property
    def undeclared(self) -> Version | None:
        """The events that declare nothing."""
        return next((version for version in self.versions if not version.is_declared), None)


@dataclass(slots=True)
class Report:
    """What a capture holds of schemas and versions."""

    types: list[TypeVersions] = field(default_factory=list)
    """The most frequent first."""
    left_out: int = 0
    """Rarer types that are not listed."""
    unused: list[KnownSchema] = field(default_factory=list)
    """Schemas that no event was decoded by."""
    waiting: list[tuple[KnownSchema, int]] = field(default_factory=list)
    """Missing schemas, and how many events wait for each, the most first."""
    is_counted: bool = True
    """False for a capture of an older version, which keeps no account until it is decoded again."""


def versions(reader: CaptureReader) -> list[TypeVersions]:
    """The versions of every type; see `report` for all that is known."""
    return report(reader).types


def report(reader: CaptureReader) -> Report:
    """All of it. Raises CaptureError for a damaged capture."""
    if not _has_account(reader):
        return Report(is_counted=False)
    schemas = {known.id: known for known in map(_known, reader.select(_SCHEMAS))}
    found: dict[int, dict[tuple[int, str], Version]] = {}
    names: dict[int, str | None] = {}
    for name, declared, type_id, schema_id, decoder, events, first_us, last_us in reader.select(reader.shown(_USES)):
        number, text, place = _number(schema_id) or 0, _text(declared), _number(type_id) or 0
        names[place] = name if isinstance(name, str) else None
        of = schemas.get(number) or (_lost(number) if number else None)
        version = found.setdefault(place, {}).setdefault((number, text), Version(of, text))
        version.add(_text(decoder), _number(events) or 0, _number(first_us), _number(last_us))
    types = [_of_type(place, names[place], of.values()) for place, of in found.items()]
    types.sort(key=lambda one: (-one.events, one.name or ""))
    return Report(types[:MOST_TYPES], len(types[MOST_TYPES:]), _unused(schemas, found), _waiting(found))


def _of_type(place: int, name: str | None, found: Iterable[Version]) -> TypeVersions:
    kept = sorted(found, key=lambda version: -version.events)
    listed = sorted(kept[:MOST_VERSIONS], key=_by_time)
    return TypeVersions(place, name, listed, len(kept[MOST_VERSIONS:]))


def _by_time(version: Version) -> tuple[bool, int, str]:
    return version.first_us is None, version.first_us or 0, version.declared


def _unused(schemas: Mapping[int, KnownSchema], found: Mapping[int, Mapping[tuple[int, str], Version]]) -> list[KnownSchema]:
    used = {number for of in found.values() for number, _ in of}
    return [known for number, known in schemas.items() if number not in used and not known.is_missing]


def _waiting(found: Mapping[int, Mapping[tuple[int, str], Version]]) -> list[tuple[KnownSchema, int]]:
    counts: dict[KnownSchema, int] = {}
    for of in found.values():
        for version in of.values():
            if version.schema is not None and version.schema.is_missing:
                counts[version.schema] = counts.get(version.schema, 0) + version.events
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].id))


def schema_text(reader: CaptureReader, schema_id: int, most: int) -> str | None:
    """At most the first `most` characters of a schema's text; None when it is missing."""
    rows = reader.select(_TEXT, (schema_id, most))
    return rows[0][0] if rows and isinstance(rows[0][0], str) else None


def known_schema(reader: CaptureReader, schema_id: int) -> KnownSchema | None:
    """One schema by its number in the capture."""
    if not _has_account(reader):
        return None
    rows = reader.select("SELECT id, registry, wire, subject, version, kind, length(text), error FROM schema WHERE id = ?", (schema_id,))
    return _known(rows[0]) if rows else None


def _has_account(reader: CaptureReader) -> bool:
    return bool(reader.select("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'usage'"))


def _known(row: Sequence[Any]) -> KnownSchema:
    number, registry, wire, subject, version, kind, characters, error = row
    return KnownSchema(
        int(number), _text(registry), _text(wire), _text(subject), _number(version), _text(kind), _number(characters), _text(error)
    )


def _lost(number: int) -> KnownSchema:
    """A number that events have and the capture has not: somebody else made it."""
    return KnownSchema(number, "", "", "", None, "", None, "the capture does not hold it")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
