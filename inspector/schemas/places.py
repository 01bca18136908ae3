"""What every place for schemas does alike: completing a schema it found, and choosing among subjects. No I/O.

Read `registry`, `folder` and `topic` for the places, `inspector.schemas` for the book that asks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import orjson

from inspector.event import Schema

AVRO, PROTOBUF, JSON = "AVRO", "PROTOBUF", "JSON"
_MESSAGE = re.compile(r"(?:^|[;}])[ \t]*message\s+(\w+)", re.MULTILINE)
_PACKAGE = re.compile(r"(?:^|[;}])[ \t]*package\s+([\w.]+)\s*;", re.MULTILINE)
LOOKED_THROUGH = 1024 * 1024
"""So many characters of a Protobuf file are looked through for what it says of itself."""
Candidate = TypeVar("Candidate")

__all__ = ["AVRO", "JSON", "PROTOBUF", "best", "completed", "fingerprint", "fit", "schema_name", "schema_names"]


def completed(schema: Schema) -> Schema:
    """`schema` with what its decoder needs besides the text, worked out once so that the capture can keep it."""
    from inspector.schemas.protobuf import with_compiled  # loaded with the first Protobuf schema

    return with_compiled(schema) if schema.kind == PROTOBUF else schema


def schema_names(kind: str, text: str) -> list[str]:
    """What a schema defines: the full names of all messages of a Protobuf file, of others the one name they have."""
    if kind != PROTOBUF:
        return [name] if (name := schema_name(kind, text)) else []
    package = _PACKAGE.search(text, 0, LOOKED_THROUGH)
    return [".".join(filter(None, (package and package[1], name))) for name in _MESSAGE.findall(text, 0, LOOKED_THROUGH)]


def fingerprint(text: str) -> str:
    """How Avro's single-object encoding names the schema `text`: `crc64:` and 16 hex digits; empty when it is no whole schema."""
    from inspector.schemas import avro  # loaded with the first Avro schema

    try:
        return avro.fingerprint(text)
    except avro.AvroSchemaError:
        return ""


def schema_name(kind: str, text: str) -> str:
    """The full name of an Avro type, of a Protobuf file's first message, or the title of a JSON Schema; empty for none."""
    if kind == PROTOBUF:
        package, message = (pattern.search(text, 0, LOOKED_THROUGH) for pattern in (_PACKAGE, _MESSAGE))
        return ".".join(found[1] for found in (package, message) if found)
    try:
        schema = orjson.loads(text)
    except ValueError:
        return ""
    if not isinstance(schema, dict):
        return ""
    if kind == JSON:
        return str(schema.get("title") or schema.get("$id") or "")
    name, namespace = str(schema.get("name") or ""), str(schema.get("namespace") or "")
    return f"{namespace}.{name}" if name and namespace and "." not in name else name


def fit(subject: str, log: str, part: str, name: str = "") -> int:
    """How well a subject fits values of `part` of `log` whose schema is called `name`: 0 (not at all) to 3 (named after both)."""
    plain = re.sub(r"\A:\.[^:]*:", "", subject)
    if plain == f"{log}-{part}":
        return 3
    if log and (plain == log or plain.startswith(f"{log}-")):
        return 2
    return 1 if name and plain.endswith(name.rpartition(".")[2]) else 0


def best(candidates: Iterable[tuple[str, Candidate]], log: str, part: str, name: str = "") -> Candidate | None:
    """Of (subject, candidate), the one whose subject fits best; the first of those that fit alike."""
    ranked = sorted(candidates, key=lambda pair: -fit(pair[0], log, part, name))
    return ranked[0][1] if ranked else None
