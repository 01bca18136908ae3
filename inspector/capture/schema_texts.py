"""What a schema says, as people read it, and what differs between two of them. Pure; no I/O.

Read `schema_report` for which schemas a capture has.
"""

from __future__ import annotations

import difflib
import json

from inspector.event import Schema
from inspector.schemas.protobuf_text import readable


def schema_text(schema: Schema) -> str:
    """A schema as people read it: JSON indented, with its keys as written; a descriptor as .proto text. What it refers to comes first."""
    parts = [f"// {one.name}, {one.subject} version {one.version}\n{_indented(one.text)}" for one in schema.references]
    return "\n\n".join([*parts, _indented(schema.text or "")])


def _indented(text: str, *, in_order: bool = False) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=in_order)
    except (ValueError, RecursionError):
        return readable(text)


def difference(before: Schema, after: Schema) -> list[str]:
    """The lines of a unified diff; JSON schemas are compared in one form, so that only what they say differs."""
    return list(difflib.unified_diff(_comparable(before), _comparable(after), before.label, after.label, lineterm=""))


def _comparable(schema: Schema) -> list[str]:
    parts = [f"// {one.name}\n{_indented(one.text, in_order=True)}" for one in schema.references]
    return "\n".join([*parts, _indented(schema.text or "", in_order=True)]).splitlines()
