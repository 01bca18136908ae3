"""Reads the text of a descriptor's expression: a recursive descent over names, texts and few marks; anything else is an error.

Read `sql_expressions` for what an expression means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.sources.sql_convert import is_zone
from inspector.sources.sql_expressions import OF_COLUMNS, Alternatives, Call, ColumnRef, Expression, Literal

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)|\"((?:[^\"]|\"\")+)\"|'([^']*)'|([()|,?]))")
_PATH = re.compile(r"\$(?:\.(?:[A-Za-z0-9_$-]+|\"[^\"]+\")|\[\d+\])*\Z")
_LONGEST = 4_000
_CUTTERS = ("before", "after")
_CUT_HINT = "a text such as '-'"

FUNCTIONS = {
    "rowid": 0, "row": 0, "json": 2, "first": 1, "lo_get": 1, "before": 2, "after": 2, "before_last": 2, "after_last": 2, "concat": -1,
    "hex_uuid": 1, "iso": 1, "utc": 1, "s": 1, "ms": 1, "us": 1, "ns": 1, "local": 2,
}  # fmt: skip
"""Function → number of arguments (-1: one or more)."""


def parse(text: str) -> Expression:
    """The expression written as `text`. Raises ValueError saying what is wrong."""
    if len(text) > _LONGEST:
        raise ValueError(f"an expression of more than {_LONGEST:,} characters")
    reader = _Reader(text)
    expression = reader.alternatives()
    if reader.token is not None:
        raise ValueError(f"{text!r}: {reader.token[1]!r} was not expected there")
    return expression


class _Reader:
    """A recursive-descent reader: a token is (kind, text)."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = iter(list(self._split()))
        self.token: tuple[str, str] | None = next(self._tokens, None)

    def _split(self) -> Sequence[tuple[str, str]]:
        found, place = [], 0
        while place < len(self._text.rstrip()):
            match = _TOKEN.match(self._text, place)
            if match is None:
                raise ValueError(f"{self._text!r}: {self._text[place:].strip()!r} is no expression")
            name, quoted, literal, mark = match.groups()
            kind = "name" if name else "column" if quoted else "literal" if literal is not None else "mark"
            found.append((kind, name or (quoted or "").replace('""', '"') or mark or literal or ""))
            place = match.end()
        return found

    def _next(self) -> tuple[str, str]:
        if self.token is None:
            raise ValueError(f"{self._text!r} ends too early")
        token, self.token = self.token, next(self._tokens, None)
        return token

    def _takes(self, mark: str) -> bool:
        if self.token != ("mark", mark):
            return False
        self._next()
        return True

    def alternatives(self) -> Expression:
        parts = [self._term()]
        while self._takes("|"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Alternatives(tuple(parts))

    def _term(self) -> Expression:
        kind, text = self._next()
        if kind == "literal":
            return Literal(text)
        if kind == "mark":
            raise ValueError(f"{self._text!r}: {text!r} was not expected there")
        if kind == "name" and self._takes("("):
            return self._call(text)
        return ColumnRef(text, is_optional=self._takes("?"))

    def _call(self, name: str) -> Expression:
        arguments: list[Expression] = []
        while not self._takes(")"):
            if arguments and not self._takes(","):
                raise ValueError(f"{self._text!r}: a comma or a closing parenthesis is missing")
            arguments.append(self.alternatives())
        return _checked_call(name, tuple(arguments))


def _checked_call(name: str, arguments: tuple[Expression, ...]) -> Call:
    wanted = FUNCTIONS.get(name)
    if wanted is None:
        raise ValueError(f"there is no {name}(): one of {', '.join(FUNCTIONS)}")
    if len(arguments) != wanted and not (wanted < 0 and arguments):
        raise ValueError(f"{name}() takes {wanted if wanted >= 0 else 'one or more'} arguments, not {len(arguments)}")
    if name in OF_COLUMNS and not isinstance(arguments[0], ColumnRef):
        raise ValueError(f"{name}() looks into a column")
    last = arguments[-1] if arguments else None
    if name == "json" and not (isinstance(last, Literal) and _PATH.match(last.text)):
        raise ValueError("json() takes a path such as '$.user.id'")
    if name == "local":
        if not (isinstance(last, Literal) and is_zone(last.text)):
            raise ValueError("local() takes a time zone such as 'Europe/Paris'")
        return Call(name, arguments)
    if name.startswith(_CUTTERS) != (isinstance(last, Literal) and bool(last.text)) and name not in {"json", "concat"}:
        raise ValueError(f"{name}() takes {_CUT_HINT if name.startswith(_CUTTERS) else 'no text'}")
    return Call(name, arguments)
