"""What of a filter an index may answer: the comparisons with constants that every match has to fulfil. Pure.

Read `capture.lookups` for the indexes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal

from inspector.capture.condition import COLUMNS, DOCUMENTS, Lookup
from inspector.errors import QueryError, UsageError
from inspector.query.comparing import COMPARE
from inspector.query.grammar import Node, parse
from inspector.query.places import field_place
from inspector.query.values import quoted

_TURNED = {"eq": "eq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_FIELDS = {"stream", *COLUMNS}


def lookups(node: Node) -> Iterator[Lookup]:
    """Each comparison that the whole filter is joined to by `&&`."""
    if node.kind == "both":
        for part in node.parts:
            yield from lookups(part)
    elif node.kind in _TURNED:
        left, right = node.parts
        for one, other, kind in ((left, right, node.kind), (right, left, _TURNED[node.kind])):
            field, value = field_of(one), _constant(other)
            if field and value is not None and (kind == "eq" or field not in _FIELDS):
                yield Lookup(field, COMPARE[kind], (value,))
    elif node.kind == "method" and node.value == "startsWith" and len(node.parts) == 2:
        yield from _beginning(field_of(node.parts[0]), _constant(node.parts[1]))
    elif node.kind == "within" and node.parts[1].kind == "list":
        field, values = field_of(node.parts[0]), [_constant(part) for part in node.parts[1].parts]
        kinds = {str if isinstance(value, str) else int for value in values if value is not None}
        if field and len(kinds) == 1 and None not in values:
            yield Lookup(field, "=", tuple(value for value in values if value is not None))


def _beginning(field: str, text: str | int | Decimal | None) -> Iterator[Lookup]:
    """A text that begins with `text` lies from there to before the next text that does not."""
    if "$" not in field or not isinstance(text, str) or not text:
        return
    yield Lookup(field, ">=", (text,))
    kept = text.rstrip(chr(sys.maxunicode))
    if kept:
        following = ord(kept[-1]) + 1
        yield Lookup(field, "<", (kept[:-1] + chr(0xE000 if following == 0xD800 else following),))


def indexable(text: str) -> tuple[str, str]:
    """(how it is written, its field in a `Lookup`) of a place that can be indexed. Raises UsageError for any other."""
    if text.strip() in COLUMNS:
        return text.strip(), text.strip()
    try:
        place, field = field_place(text), field_of(parse(text))
    except QueryError as error:
        raise UsageError(f"{text} cannot be indexed: choose a place in a document such as data.total, or {', '.join(COLUMNS)}") from error
    if not field:
        raise UsageError(
            f"{place.text} cannot be indexed, as an event may have several headers of one name: choose a place in data or metadata"
        )
    return place.text, field


def field_of(node: Node) -> str:
    """What a place is called in a `Lookup`; empty for what is none."""
    steps = ""
    while node.kind in {"attribute", "index"}:
        step = node.value if node.kind == "attribute" else _constant(node.parts[1])
        if isinstance(step, str):
            steps = f".{quoted(step)}{steps}"
        elif isinstance(step, int) and 0 <= step < 2**31:
            steps = f"[{step}]{steps}"
        else:
            return ""
        node = node.parts[0]
    if node.kind != "name":
        return ""
    if steps:
        return f"{node.value}${steps}" if node.value in DOCUMENTS else ""
    return str(node.value) if node.value in _FIELDS else ""


def _constant(node: Node) -> str | int | Decimal | None:
    if node.kind == "string":
        return str(node.value)
    if node.kind == "minus" and node.parts[0].kind == "number":
        value: int | Decimal = node.parts[0].value
        return value.copy_negate() if isinstance(value, Decimal) else -value
    return node.value if node.kind == "number" else None
