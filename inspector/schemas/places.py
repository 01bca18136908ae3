"""What every place for schemas does alike: completing a schema it found, and choosing among subjects. No I/O.

Read `registry`, `folder` and `topic` for the places, `inspector.schemas` for the book that asks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import orjson

from inspector.event import Schema

AVRO, PROTOBUF, JSON = "AVRO", "PROTOBUF", "JSON"
_PROTO_TOKEN = re.compile(
    r""""(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|//[^\n]*|/\*(?:.*?\*/|.*\Z)|\bmessage\s+(?P<message>\w+)\s*\{|(?P<brace>[{}])""",
    re.DOTALL,
)
"""Texts and comments, of which nothing is looked at, and what opens and closes messages."""
_PACKAGE = re.compile(r"(?:^|[;}])[ \t]*package\s+([\w.]+)\s*;", re.MULTILINE)
LOOKED_THROUGH = 1024 * 1024
"""So many characters of a Protobuf file are looked through for what it says of itself."""
_DEEPEST = 100
"""No compiler takes messages that are nested deeper."""
Candidate = TypeVar("Candidate")
FITS_BOTH = 3
"""A subject is named after log and part."""

__all__ = ["AVRO", "FITS_BOTH", "JSON", "PROTOBUF", "best", "completed", "fingerprint", "fit", "schema_name", "schema_names"]


def completed(schema: Schema) -> Schema:
    """`schema` with what its decoder needs besides the text, worked out once so that the capture can keep it."""
    from inspector.schemas.protobuf import with_compiled  # loaded with the first Protobuf schema

    return with_compiled(schema) if schema.kind == PROTOBUF else schema


def schema_names(kind: str, text: str) -> list[str]:
    """What a schema defines: the full names of all messages of a Protobuf file, nested ones too, of others the one name they have."""
    if kind == PROTOBUF:
        return list(_message_names(text))
    return [name] if (name := schema_name(kind, text)) else []


def _message_names(text: str) -> Iterator[str]:
    package = _PACKAGE.search(text, 0, LOOKED_THROUGH)
    opened = [package[1] if package else ""]
    for token in _PROTO_TOKEN.finditer(text, 0, LOOKED_THROUGH):
        if len(opened) > _DEEPEST:
            return
        if token["message"]:
            opened.append(".".join(filter(None, (opened[-1], token["message"]))))
            yield opened[-1]
        elif token["brace"] == "{":
            opened.append(opened[-1])
        elif token["brace"] and len(opened) > 1:
            opened.pop()


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
        return next(_message_names(text), "")
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
        return FITS_BOTH
    if log and (plain == log or plain.startswith(f"{log}-")):
        return 2
    return 1 if name and plain.endswith(name.rpartition(".")[2]) else 0


def best(candidates: Iterable[tuple[str, Candidate]], log: str, part: str, name: str = "") -> Candidate | None:
    """Of (subject, candidate), the one whose subject fits best; the first of those that fit alike."""
    ranked = sorted(candidates, key=lambda pair: -fit(pair[0], log, part, name))
    return ranked[0][1] if ranked else None
