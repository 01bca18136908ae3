"""How a value names the schema it was written with: a prefix, or a header beside it. Pure; asks nobody.

The forms are those of Confluent (prefix with a number, header with a GUID), Apicurio (prefix of 8 bytes, headers), AWS
Glue, Azure and Avro's single-object encoding. What looks like a frame need not be one: a schema that is found decides.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from typing import NamedTuple

import orjson

FIRST_BYTES = frozenset({0, 3, 0xC3})
"""A value that begins otherwise names no schema, unless a header does."""
_HINTS = ("_schema_id", "apicurio.", "avro/binary+")
_AZURE = re.compile(r"avro/binary\+([0-9a-fA-F]{32})\Z")
_HEX_32 = re.compile(rb"[0-9a-fA-F]{32}\Z")
_GLUE_PLAIN, _GLUE_ZLIB = 0, 5


class Frame(NamedTuple):
    """What a value says of its schema."""

    wire: str
    """What it calls the schema: form and value, such as `id:42`."""
    start: int
    """Where the body begins."""
    form: str
    """`confluent`, `header`, `apicurio`, `apicurio header`, `glue`, `azure`, `azure header` or `single object`."""
    before: bytes = b""
    """Bytes that belong before the body and stand elsewhere: Protobuf message indexes in a header."""
    is_deflated: bool = False
    """The body is compressed with zlib."""


def may_name_schema(headers: str) -> bool:
    """Whether headers (JSON text) are worth a look."""
    return any(hint in headers for hint in _HINTS)


def frame_of(value: bytes, headers: str | None, part: str = "value") -> Frame | None:
    """What `value` says of its schema, headers first; None when it says nothing. `part` is `key` or `value`."""
    if headers is not None and may_name_schema(headers):
        found = _in_headers(headers, part)
        if found is not None:
            return found
    if len(value) <= 5:
        return None
    match value[0]:
        case 0:
            return _after_zero(value)
        case 0xC3 if value[1] == 1 and len(value) >= 10:
            return Frame(f"crc64:{value[2:10][::-1].hex()}", 10, "single object")
        case 3 if len(value) >= 18 and value[1] in {_GLUE_PLAIN, _GLUE_ZLIB}:
            return Frame(f"glue:{uuid.UUID(bytes=value[2:18])}", 18, "glue", is_deflated=value[1] == _GLUE_ZLIB)
    return None


def _after_zero(value: bytes) -> Frame | None:
    """Confluent's prefix; 0 is no schema's number, so zeros before a number are Apicurio's longer prefix or Azure's."""
    if len(value) >= 36 and not any(value[:4]) and _HEX_32.match(value[4:36]):
        return Frame(f"azure:{value[4:36].decode().lower()}", 36, "azure")
    number = int.from_bytes(value[1:5], "big")
    if number:
        return Frame(f"id:{number}", 5, "confluent")
    if len(value) > 9 and (number := int.from_bytes(value[1:9], "big")):
        return Frame(f"global:{number}", 9, "apicurio")
    return None


def _in_headers(headers: str, part: str) -> Frame | None:
    pairs = _pairs(headers)
    for content in _named(pairs, f"__{part}_schema_id"):
        if len(content) >= 17 and content[0] == 1:
            return Frame(f"guid:{uuid.UUID(bytes=content[1:17])}", 0, "header", content[17:])
        if len(content) >= 5 and content[0] == 0 and (number := int.from_bytes(content[1:5], "big")):
            return Frame(f"id:{number}", 0, "header", content[5:])
    for name, form in (("globalId", "global"), ("contentId", "content")):
        for content in _named(pairs, f"apicurio.{part}.{name}"):
            if len(content) == 8 and (number := int.from_bytes(content, "big")):
                return Frame(f"{form}:{number}", 0, "apicurio header")
    for content in _named(pairs, "content-type") if part == "value" else ():
        if found := _AZURE.match(content.decode(errors="replace")):
            return Frame(f"azure:{found[1].lower()}", 0, "azure header")
    return None


def _pairs(headers: str) -> list[tuple[str, object]]:
    """The headers; none when they are not as they should be (a capture made by others)."""
    try:
        return [(str(name), content) for name, content in orjson.loads(headers)]
    except (ValueError, TypeError):
        return []


def _named(pairs: list[tuple[str, object]], name: str) -> list[bytes]:
    return [_bytes(content) for found, content in pairs if found == name]


def _bytes(content: object) -> bytes:
    if isinstance(content, str):
        return content.encode(errors="surrogatepass")
    if isinstance(content, dict):
        try:
            return base64.b64decode(str(content.get("base64", "")))
        except (binascii.Error, ValueError):
            return b""
    return b""
