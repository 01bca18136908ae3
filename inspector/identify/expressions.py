"""Where a rule looks: `data.a.b[0]`, `metadata.x`, `header.name`, `headers`, `key`, `log`, `schema.name`, `const:x`.

An expression gives a whole column at a time. Read `rules` for how expressions become fields, `rows` for what they look into.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from inspector import json_paths
from inspector.identify.rows import Path, Rows

FORMS = "key, log, header.NAME, headers, data, data.PATH, metadata, metadata.PATH, schema.name, schema.version, schema.subject, const:TEXT"


def _no_text(_rows: Rows, _row: int) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Expression:
    """One place in a record."""

    column: Callable[[Rows], Sequence[object] | None]
    """What each row has there (None for nothing); None when no row of these has anything."""
    exact: Callable[[Rows, int], str | None] = _no_text
    """The JSON text of what a row has there, digits as written; None where that is not JSON."""
    is_text: bool = False
    """Whatever is there is a short text or nothing, and needs no reading."""
    text: str = ""
    """How it is written; empty for what the source knows."""


def parse(text: str) -> Expression:
    """The expression written as `text`. Raises ValueError naming the accepted forms."""
    return replace(_parsed(text), text=text)


def _parsed(text: str) -> Expression:
    if text == "headers":
        return Expression(_all_headers)
    if text in {"key", "log"}:
        return Expression(Rows.keys if text == "key" else _log, is_text=True)
    if text in {"schema.name", "schema.version", "schema.subject"}:
        name = text.removeprefix("schema.")
        return Expression(lambda rows: rows.schema_values(name), is_text=True)
    if text.startswith("const:"):
        return _constant(text.removeprefix("const:"))
    if text.startswith("header.") and len(text) > len("header."):
        return _header(text.removeprefix("header."))
    root = re.match(r"(data|metadata)(?=[.\[]|\Z)", text)
    if root is None:
        raise ValueError(f"{text!r} is no place in a record: one of {FORMS}")
    return _in_document(root[1], json_paths.steps(text, root.end()))


def written(root: str, path: Path) -> str:
    """The place as `parse` reads it: `data` or `metadata` and the steps of `path` below, or `header` and its name.

    Empty for what no rule can write: other roots, names that are empty or no text.
    """
    if root == "header" and path:
        text = f"header.{path[0]}"
    elif root in {"data", "metadata"}:
        text = root + "".join(f"[{step}]" if isinstance(step, int) else f".{json_paths.named(step)}" for step in path)
    else:
        return ""
    return "" if "" in path or not _is_text(text) else text


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def envelope(field: str) -> Expression:
    """What the source itself knows of `field`."""
    if field == "metadata":
        return Expression(lambda rows: rows.metadata())
    return Expression(lambda rows: rows.envelope.get(field))


def _in_document(root: str, path: Path) -> Expression:
    return Expression(lambda rows: rows.values(root, path), lambda rows, row: rows.exact(row, root, path))


def _header(name: str) -> Expression:
    def column(rows: Rows) -> Sequence[object] | None:
        found = rows.header(name)
        return found and [value if type(value) is str else None for value in found]

    return Expression(column)


def _all_headers(rows: Rows) -> Sequence[object] | None:
    objects, spelled = rows.all_headers()
    return objects if spelled else None


def _constant(text: str) -> Expression:
    return Expression(lambda rows: [text] * len(rows))


def _log(rows: Rows) -> Sequence[object]:
    return [rows.log] * len(rows)
