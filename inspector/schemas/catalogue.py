"""Schemas that are at hand as a registry lists them: with subject, version and number, found by what records call them. No I/O.

Read `folder` and `topic` for what fills one, `references` for what a schema refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson

from inspector.event import Reference, Schema
from inspector.schemas import SchemaUnavailableError
from inspector.schemas.places import AVRO, JSON, PROTOBUF, best, completed, schema_name
from inspector.schemas.references import Named, Text, named_in, resolved, version_of

_KINDS = {AVRO, PROTOBUF, JSON}


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One schema as it is listed."""

    wires: tuple[str, ...]
    """What records may call it."""
    kind: str
    text: str
    subject: str = ""
    version: int | None = None
    named: tuple[Named, ...] = ()
    """What it refers to directly, by subject and version."""
    references: tuple[Reference, ...] = ()
    """What it refers to, where that is known already."""
    compiled: bytes | None = None


class Catalogue:
    """Entries by what records call them, and by subject and version. `registry` is what their schemas say of where they are from."""

    def __init__(self, registry: str) -> None:
        self.registry = registry
        self._by_wire: dict[str, list[Entry]] = {}
        self._by_version: dict[tuple[str, int | None], Entry] = {}
        self._made: dict[tuple[str, Entry], Schema] = {}

    def __len__(self) -> int:
        return len({id(entry) for entries in self._by_wire.values() for entry in entries} | {id(one) for one in self._by_version.values()})

    def add(self, entry: Entry) -> bool:
        """Takes in an entry; False when the same is there already."""
        known = self._by_version.get((entry.subject, entry.version)) if entry.subject else None
        if known is not None and known.text == entry.text and set(entry.wires) <= set(known.wires):
            return False
        if entry.subject:
            self._by_version[entry.subject, entry.version] = entry
        for wire in entry.wires:
            self._by_wire.setdefault(wire, []).append(entry)
        return True

    def find(self, wire: str, log: str = "", part: str = "value") -> Schema | None:
        """The schema that values of `part` of `log` call `wire`, whose subject fits best; None when there is none.

        Raises SchemaUnavailableError when something that it refers to is not there.
        """
        entries = self._by_wire.get(wire)
        if not entries:
            return None
        entry = best([(one.subject, one) for one in reversed(entries)], log, part, schema_name(entries[0].kind, entries[0].text))
        return None if entry is None else self.made(wire, entry)

    def made(self, wire: str, entry: Entry) -> Schema:
        """The schema of an entry. Raises SchemaUnavailableError when something that it refers to is not there."""
        schema = self._made.get((wire, entry))
        if schema is None:
            references = entry.references or resolved(entry.named, self._referred)
            made = Schema(wire, self.registry, entry.kind, entry.text, entry.subject, entry.version, references, entry.compiled)
            schema = self._made[wire, entry] = completed(made)
        return schema

    def _referred(self, one: Named) -> Text | None:
        entry = self._by_version.get((one.subject, one.version))
        return None if entry is None else Text(entry.text, entry.named)


# ---- what registries write about a schema


def listed_entry(found: Mapping[str, object]) -> Entry | None:
    """The entry of one schema in Confluent's JSON (`id`, `subject`, `version`, `schema` …); None when it is none."""
    text, subject = found.get("schema"), found.get("subject")
    if isinstance(text, dict | list):
        text = orjson.dumps(text).decode()
    if not isinstance(text, str) or not (isinstance(subject, str) or "id" in found or "guid" in found):
        return None
    kind = str(found.get("schemaType") or found.get("type") or AVRO).upper()
    if kind not in _KINDS:
        return None
    named = tuple(named_in(found.get("references")))
    return Entry(tuple(_wires(found)), kind, text, subject if isinstance(subject, str) else "", version_of(found.get("version")), named)


def _wires(found: Mapping[str, object]) -> Iterator[str]:
    for name, form in (("id", "id"), ("globalId", "global"), ("contentId", "content")):
        number = version_of(found.get(name))
        if number:
            yield f"{form}:{number}"
    if isinstance(guid := found.get("guid"), str) and (wire := wire_of(guid)).startswith("guid:"):
        yield wire


def wire_of(key: str) -> str:
    """What records call a schema that a user calls `key`: a number, a GUID, 32 hex digits, or a form with a value."""
    if re.fullmatch(r"[0-9]{1,10}", key):
        return f"id:{int(key)}"
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", key):
        return f"guid:{UUID(key)}"
    if re.fullmatch(r"[0-9a-fA-F]{32}", key):
        return f"azure:{key.lower()}"
    return key if re.fullmatch(r"(id|guid|global|content|glue|azure|crc64|name):.+", key) else ""


def readable(catalogue: Catalogue, entries: list[tuple[str, Entry]]) -> tuple[list[Schema], list[tuple[str, Entry]]]:
    """The schemas of (wire, entry), and those that still lack something they refer to."""
    schemas: list[Schema] = []
    waiting: list[tuple[str, Entry]] = []
    for wire, entry in entries:
        try:
            schemas.append(catalogue.made(wire, entry))
        except SchemaUnavailableError:
            waiting.append((wire, entry))
    return schemas, waiting
