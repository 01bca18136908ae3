"""Two filters as one: what "and this", "or this" and "only this" mean for the text in force. Pure.

Read `compiler` for what a filter is.
"""

from __future__ import annotations

import json
import re

from inspector.errors import QueryError
from inspector.query.compiler import compile_filter
from inspector.query.grammar import Node, parse
from inspector.query.names import CAPTURED

_TEXT_OR_COMMENT = re.compile(
    r'''[rR]?("""(?:.|\n)*?"""|'{3}(?:.|\n)*?'{3})|[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(//[^\n]*)'''
)
"""A text of the grammar, or a comment (the second group)."""
_LOOSE = {"either", "conditional"}


def combined(before: str, added: str, how: str = "and") -> str:
    """`added` in place of `before` (`replace`), or both joined by `and` or `or`; a wrong filter before it is replaced.

    A search becomes part of the expression, as `search("…")`; comments go.
    """
    kept = _as_expression(before)
    if not kept or how == "replace":
        return added
    added = _as_expression(added)
    sign = {"and": "&&", "or": "||"}[how]
    return f"{_part(kept, how)} {sign} {_part(added, how)}"


def unasked(text: str) -> str:
    """The filter for the events to which the filter `text` is not applicable; empty for none and for a wrong one."""
    kept = _as_expression(text)
    return f"!applies({kept})" if kept else ""


def _as_expression(text: str) -> str:
    """A filter as an expression that others can be joined to; empty for none and for a wrong one."""
    stripped = text.strip()
    try:
        is_search = bool(stripped) and compile_filter(stripped, CAPTURED).is_search
    except QueryError:
        return ""
    if is_search:
        return f"search({json.dumps(stripped.removeprefix('text:').strip(), ensure_ascii=False)})"
    return _TEXT_OR_COMMENT.sub(lambda found: "" if found[2] else found[0], stripped).strip()


def _part(text: str, how: str) -> str:
    """Within brackets where it would be read as another thing without."""
    node: Node = parse(text)
    loose = node.kind in _LOOSE if how == "and" else node.kind == "conditional"
    return f"({text})" if loose and not _is_bracketed(text) else text


def _is_bracketed(text: str) -> bool:
    """Whether one pair of brackets is around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    try:
        parse(text[1:-1])
    except QueryError:
        return False
    return True
