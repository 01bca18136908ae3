"""The syntax of filters: that of the Common Expression Language, parsed by lark into small nodes. Knows no names, no SQL.

Source of the grammar: the CEL language definition, section "Syntax". Nodes carry the column they start at, so that every
mistake can be pointed at. Read `compiler` next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from lark import Lark, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from inspector.errors import QueryError

_GRAMMAR = r"""
?start: ternary
?ternary: either "?" either ":" ternary -> conditional
        | either
?either: both
       | either "||" both -> either
?both: relation
     | both "&&" relation -> both
?relation: sum
         | relation _OP_EQ sum -> eq
         | relation _OP_NE sum -> ne
         | relation _OP_LE sum -> le
         | relation _OP_LT sum -> lt
         | relation _OP_GE sum -> ge
         | relation _OP_GT sum -> gt
         | relation _IN sum -> within
?sum: product
    | sum "+" product -> add
    | sum "-" product -> sub
?product: unary
        | product "*" unary -> mul
        | product "/" unary -> div
        | product "%" unary -> mod
?unary: member
      | "!" unary -> negate
      | "-" unary -> minus
?member: primary
       | member "." NAME -> attribute
       | member "." NAME "(" [arguments] ")" -> method
       | member "[" ternary "]" -> index
?primary: NAME "(" [arguments] ")" -> call
        | NAME -> name
        | "(" ternary ")"
        | "[" [arguments] "]" -> list
        | literal
arguments: ternary ("," ternary)*
literal: FLOAT -> float_literal
       | UINT -> int_literal
       | INT -> int_literal
       | BYTES -> bytes_literal
       | STRING -> string_literal
       | "true" -> true
       | "false" -> false
       | "null" -> null
_OP_EQ: "=="
_OP_NE: "!="
_OP_LE: "<="
_OP_LT: "<"
_OP_GE: ">="
_OP_GT: ">"
_IN.2: /in(?![A-Za-z0-9_])/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
FLOAT.3: /\d+\.\d+([eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+([eE][+-]?\d+)?/
UINT.3: /(0[xX][0-9a-fA-F]+|\d+)[uU]/
INT.2: /0[xX][0-9a-fA-F]+|\d+/
BYTES.4: /[bB](\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*')/
STRING.4: /[rR]?(\"\"\"(.|\n)*?\"\"\"|'''(.|\n)*?''')|[rR](\"[^\"\n]*\"|'[^'\n]*')|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'/
%ignore /\s+/
%ignore /\/\/[^\n]*/
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One step of an expression. `kind` names it, `parts` are nodes, `column` where it starts, `value` a literal or a name.

    A number is an int, or a Decimal with its own digits.
    """

    kind: str
    column: int
    parts: tuple[Node, ...] = ()
    value: Any = None


_MOST_DIGITS = 3_000
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)", re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    text = match[1]
    if len(text) > 1 and text[0] in "xuU":
        code = int(text[1:], 16)
        if 0xD800 <= code <= 0xDFFF:
            raise ValueError(f"\\{text} is half of a character; write it as \\U with eight digits")
        return chr(code)
    if len(text) == 3:
        return chr(int(text, 8))
    return _ESCAPES.get(text, text)


def _whole(token: str) -> int:
    if len(token) > _MOST_DIGITS:
        raise ValueError(f"a whole number has at most {_MOST_DIGITS:,} digits")
    return int(token.rstrip("uU"), 0)


def _string(token: str) -> str:
    raw = token[0] in "rR"
    body = token[1:] if raw else token
    quote = 3 if body[:3] in {'"""', "'''"} else 1
    inner = body[quote:-quote]
    return inner if raw else _ESCAPE.sub(_unescape, inner)


def _bytes(token: str) -> bytes:
    return _ESCAPE.sub(_unescape, token[2:-1]).encode("latin-1", "replace")


@v_args(meta=True)
class _ToNodes(Transformer[Any, Node]):
    """lark's tree as nodes."""

    def __default__(self, data: Any, children: Any, meta: Any) -> Any:
        kind = str(data)
        if kind == "arguments":
            return list(children)
        column = getattr(meta, "column", 1) - 1
        shaped: dict[str, Callable[[], Node]] = {
            "name": lambda: Node("name", column, value=str(children[0])),
            "attribute": lambda: Node(kind, column, (children[0],), str(children[1])),
            "method": lambda: Node(kind, column, (children[0], *(children[2] or ())), str(children[1])),
            "call": lambda: Node(kind, column, tuple(children[1] or ()), str(children[0])),
            "list": lambda: Node(kind, column, tuple(children[0] or ())),
            "float_literal": lambda: Node("number", column, value=Decimal(str(children[0]))),
            "int_literal": lambda: Node("number", column, value=_whole(str(children[0]))),
            "string_literal": lambda: Node("string", column, value=_string(str(children[0]))),
            "bytes_literal": lambda: Node("bytes", column, value=_bytes(str(children[0]))),
            "true": lambda: Node("bool", column, value=True),
            "false": lambda: Node("bool", column, value=False),
            "null": lambda: Node("null", column),
        }
        if kind in shaped:
            return shaped[kind]()
        return Node(kind, column, tuple(part for part in children if isinstance(part, Node)))


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


_MOST_CHARACTERS = 20_000
_MOST_NESTED = 200
_HALF = re.compile("[\ud800-\udfff]")
"""No text of ours holds it, and SQLite takes none."""


def parse(text: str) -> Node:
    """The expression in `text` as nodes. Raises QueryError with the column of the first thing that does not fit."""
    check(text)
    if max(text.count("("), text.count("["), text.count("!")) > _MOST_NESTED:
        raise too_deep()
    try:
        return _ToNodes().transform(_parser().parse(text))
    except UnexpectedInput as error:
        column = getattr(error, "pos_in_stream", None)
        ended = column is None or column < 0 or getattr(getattr(error, "token", None), "type", "") == "$END"
        at = len(text.rstrip()) if ended or column is None else int(column)
        raise QueryError(_met(text, at), column=at, expected=_expected(error)) from error
    except RecursionError:
        raise too_deep() from None
    except (VisitError, ValueError, OverflowError) as error:
        raise QueryError(f"it cannot be read: {error}", column=0, expected="an expression") from error


def check(text: str) -> None:
    """Raises QueryError for what is too long for a filter, or is no text that can be compared with any."""
    if len(text) > _MOST_CHARACTERS:
        raise too_deep()
    if not text.isascii() and (half := _HALF.search(text)):
        raise QueryError("half of a character stands here", column=half.start(), expected="a whole character")


def too_deep() -> QueryError:
    """What is said of a filter that nobody would write."""
    return QueryError("the filter is too long or too deeply nested", column=0, expected="a shorter filter")


def _met(text: str, at: int) -> str:
    return f"{text[at : at + 12]!r} does not fit here" if at < len(text.rstrip()) else "it ends too early"


def _expected(error: UnexpectedInput) -> str:
    wanted = getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    values = {"NAME", "INT", "STRING", "FLOAT"}
    return "a name or a value" if values & {str(item) for item in wanted} else "an operator, or the end"
