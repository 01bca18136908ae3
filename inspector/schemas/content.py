"""What headers say of a value's form: its content type and how it is compressed. Pure.

Read `framing` for headers that name schemas, `decoders` for who asks.
"""

from __future__ import annotations

from functools import lru_cache

import orjson

from inspector.schemas.framing import may_name_schema

_PLAIN = ("application/json", "text/plain", "application/cloudevents+json")


def content_type(headers: str) -> str:
    """The content type that headers (JSON text) say, in lower case without parameters; empty for none."""
    return _said(headers)[0] if "ontent-" in headers else ""


def content_encoding(headers: str) -> str:
    """How the value is compressed by what headers (JSON text) say, in lower case; empty for none."""
    return _said(headers)[1] if "ontent-" in headers else ""


def may_tell(headers: str) -> bool:
    """Whether headers (JSON text, or several joined) may say anything of how the value is to be read."""
    return "ontent-" in headers or may_name_schema(headers)


def tells(headers: str) -> bool:
    """Whether headers name a schema, a compression, or a content type other than JSON and plain text."""
    if may_name_schema(headers):
        return True
    if "ontent-" not in headers:
        return False
    kind, encoding = _said(headers)
    return bool(encoding) or bool(kind and kind not in _PLAIN)


@lru_cache(maxsize=10_000)
def _said(headers: str) -> tuple[str, str]:
    kind = encoding = ""
    try:
        pairs = [(str(name).lower(), content) for name, content in orjson.loads(headers)]
    except (ValueError, TypeError):  # a capture made by others may hold anything
        return "", ""
    for name, content in pairs:
        if name == "content-type" and isinstance(content, str) and not kind:
            kind = content.partition(";")[0].strip().lower()
        elif name == "content-encoding" and isinstance(content, str) and not encoding:
            encoding = content.strip().lower()
    return kind, encoding
