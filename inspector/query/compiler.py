"""A filter's nodes as SQL with bound values, and as words. Knows the fields of an event (`names`), not where they stand.

Every value has a kind. A field of a document has the kind `json`: what it is, is known only row by row, so each use asks
for its JSON type first and is NULL (not applicable) when that does not fit. Read `functions` for what SQLite lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inspector.capture.reader import Condition
from inspector.errors import QueryError
from inspector.event import Flag, format_time, parse_time
from inspector.query import functions
from inspector.query.grammar import Node, parse
from inspector.query.names import Name

_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_WORDS = {"eq": "is", "ne": "is not", "lt": "is less than", "le": "is at most", "gt": "is more than", "ge": "is at least"}
_TIME_WORDS = {**_WORDS, "lt": "is before", "le": "is not after", "gt": "is after", "ge": "is not before"}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}
_ARITHMETIC_WORDS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by", "mod": "modulo"}
_OPERATORS = re.compile(r"==|!=|<=|>=|<|>|&&|\|\||[()\[\]?!]|\bin\b")
_JSON_KINDS = {"number": "('integer', 'real')", "text": "('text')", "bool": "('true', 'false')"}
_DURATION = re.compile(r"(-?)((?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+)\Z")
_DURATION_US = {"h": 3.6e9, "m": 6e7, "s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class _Value:
    """One compiled step: its kind, its SQL and its words. `path` is set for a place in a document; `constant` for a literal."""

    kind: str
    sql: str
    words: str
    path: tuple[str, str] | None = None
    """(SQL of the document, SQL of the JSON path)."""
    constant: Any = None
    items: tuple[_Value, ...] = ()
    header: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter ready for use. `sql` is true, false or NULL (not applicable) for a row; `words` says it in a sentence."""

    text: str
    sql: str
    bindings: Mapping[str, Any]
    words: str
    is_search: bool = False

    def condition(self) -> Condition:
        """What a reader takes."""
        return Condition(self.sql, dict(self.bindings), functions.register)


def compile_filter(text: str, names: Mapping[str, Name]) -> Filter:
    """`text` as a filter over `names`. Raises QueryError with the column of a mistake.

    It is an expression when all its roots are known names and its result is a truth value; an unknown root with a
    comparison or call is a mistake; anything else is a search for the text (which `text:` forces).
    """
    stripped = text.strip()
    if stripped.startswith("text:"):
        return _search(text, stripped.removeprefix("text:").strip(), names)
    looks_like_one = bool(_OPERATORS.search(re.sub(r"\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'", '""', stripped)))
    try:
        node = parse(text)
    except QueryError:
        if looks_like_one:
            raise
        return _search(text, stripped, names)
    if not looks_like_one and not _is_place(node, names):
        return _search(text, stripped, names)
    compiler = _Compiler(names)
    value = compiler.truth(node)
    return Filter(text, value.sql, compiler.bindings, value.words)


def _is_place(node: Node, names: Mapping[str, Name]) -> bool:
    """Whether a text without any operator is a place in a document, such as `data.paid`."""
    while node.kind == "attribute":
        node = node.parts[0]
        if node.kind == "name":
            return node.value in names and names[node.value].kind == "json"
    return False


def _search(text: str, wanted: str, names: Mapping[str, Name]) -> Filter:
    if not wanted:
        raise QueryError("the filter is empty", expected="an expression or a text to search for")
    pattern = "%" + re.sub(r"([%_\\])", r"\\\1", wanted) + "%"
    parts = [f"coalesce(CAST({names[part].sql} AS TEXT) LIKE :search ESCAPE '\\', 0)" for part in ("key", "value", "headers")]
    words = f"key, value or headers contain the text {wanted!r} (upper and lower case alike)"
    return Filter(text, f"({' OR '.join(parts)})", {"search": pattern}, words, is_search=True)


@dataclass
class _Compiler:
    """Compiles one filter; collects what is bound."""

    names: Mapping[str, Name]
    bindings: dict[str, Any] = field(default_factory=dict)
    _count: int = 0

    def bind(self, value: Any) -> str:
        """The placeholder of a bound value."""
        name = f"f{self._count}"
        self._count += 1
        self.bindings[name] = value
        return f":{name}"

    # ---- truth

    def truth(self, node: Node) -> _Value:
        """The node as a truth value."""
        value = self.value(node)
        if value.kind == "json":
            return _Value("bool", self.as_kind(value, "bool"), value.words)
        if value.kind != "bool":
            raise QueryError(f"{value.words} is {_named(value.kind)}, not a truth value", column=node.column, expected="a comparison")
        return value

    def value(self, node: Node) -> _Value:
        """The node, whatever its kind."""
        found: Callable[[Node], _Value] | None = getattr(self, f"_{node.kind}", None)
        if found is not None:
            return found(node)
        if node.kind in _COMPARE:
            return self._comparison(node)
        if node.kind in _ARITHMETIC:
            return self._arithmetic(node)
        raise QueryError(f"{node.kind} is not known", column=node.column, expected="an expression")

    def _either(self, node: Node) -> _Value:
        left, right = (self.truth(part) for part in node.parts)
        return _Value("bool", f"({left.sql} OR {right.sql})", f"({left.words} or {right.words})")

    def _both(self, node: Node) -> _Value:
        left, right = (self.truth(part) for part in node.parts)
        return _Value("bool", f"({left.sql} AND {right.sql})", f"{left.words} and {right.words}")

    def _negate(self, node: Node) -> _Value:
        inner = self.truth(node.parts[0])
        return _Value("bool", f"(NOT {inner.sql})", f"not ({inner.words})")

    def _conditional(self, node: Node) -> _Value:
        test = self.truth(node.parts[0])
        yes, no = self.value(node.parts[1]), self.value(node.parts[2])
        kind = no.kind if yes.kind == "json" else yes.kind
        if "json" in {yes.kind, no.kind} and kind in _JSON_KINDS:
            yes, no = (_Value(kind, self.as_kind(value, kind, node), value.words) for value in (yes, no))
        if yes.kind != no.kind or kind == "json":
            kinds = f"{_named(yes.kind)} and {_named(no.kind)}"
            raise QueryError(f"the two results of ?: are {kinds}", column=node.column, expected="two of the same kind")
        sql = f"(CASE WHEN {test.sql} THEN {yes.sql} WHEN NOT {test.sql} THEN {no.sql} END)"
        return _Value(yes.kind, sql, f"({yes.words} if {test.words}, else {no.words})", path=None)

    # ---- leaves

    def _name(self, node: Node) -> _Value:
        name = self.names.get(str(node.value))
        if name is None:
            raise QueryError(
                f"there is no field {node.value!r}; known are {', '.join(sorted(self.names))}", column=node.column, expected="a known field"
            )
        if name.kind == "json":
            return _Value("json", name.sql, str(node.value), path=(name.sql, "'$'"))
        if name.kind == "bytes":
            return _Value("text", f"filter_text({name.sql})", str(node.value), constant=_Raw(name.sql))
        return _Value(name.kind, name.sql, str(node.value))

    def _number(self, node: Node) -> _Value:
        value = node.value
        if isinstance(value, int) and abs(value) >= _INT64:
            return _Value("number", self.bind(float(value)), str(value), constant=value)
        return _Value("number", self.bind(value), f"{value}", constant=value)

    def _minus(self, node: Node) -> _Value:
        inner = self.value(node.parts[0])
        if inner.kind == "number" and isinstance(inner.constant, int | float):
            return self._number(Node("number", node.column, value=-inner.constant))
        return _Value("number", f"(-{self.as_kind(inner, 'number', node)})", f"minus {inner.words}")

    def _string(self, node: Node) -> _Value:
        return _Value("text", self.bind(node.value), f'"{node.value}"', constant=node.value)

    def _bytes(self, node: Node) -> _Value:
        return _Value("bytes", self.bind(node.value), repr(node.value), constant=node.value)

    def _bool(self, node: Node) -> _Value:
        return _Value("bool", "1" if node.value else "0", "true" if node.value else "false")

    def _null(self, node: Node) -> _Value:
        return _Value("null", "NULL", "null")

    def _list(self, node: Node) -> _Value:
        items = tuple(self.value(part) for part in node.parts)
        return _Value("list", "", f"[{', '.join(item.words for item in items)}]", items=items)

    # ---- places in documents

    def _attribute(self, node: Node) -> _Value:
        owner = self.value(node.parts[0])
        if owner.path is None:
            raise QueryError(f"{owner.words} has no fields", column=node.column, expected="data, metadata or a place in them")
        return self._below(owner, f".{_quoted(str(node.value))}", f"{owner.words}.{node.value}")

    def _index(self, node: Node) -> _Value:
        owner, inner = self.value(node.parts[0]), self.value(node.parts[1])
        self.bindings.pop(inner.sql[1:], None)  # a constant index becomes part of a path and is not bound itself
        if owner.kind == "headers":
            if not isinstance(inner.constant, str):
                raise QueryError("headers are asked for by name", column=node.column, expected='headers["name"]')
            return _Value("header", owner.sql, f'header "{inner.constant}"', header=inner.constant)
        if owner.path is None:
            raise QueryError(f"{owner.words} has no elements", column=node.column, expected="data, metadata or a place in them")
        if isinstance(inner.constant, str):
            return self._below(owner, f".{_quoted(inner.constant)}", f"{owner.words}[{inner.words}]")
        if isinstance(inner.constant, int) and inner.constant >= 0:
            return self._below(owner, f"[{inner.constant}]", f"{owner.words}[{inner.constant}]")
        raise QueryError("an element is asked for by a number or a name", column=node.parts[1].column, expected="a number or a text")

    def _below(self, owner: _Value, step: str, words: str) -> _Value:
        assert owner.path is not None
        document, path = owner.path
        known = "$" if path == "'$'" else str(self.bindings.pop(path[1:], "$"))
        return _Value("json", "", words, path=(document, self.bind(known + step)))

    def as_kind(self, value: _Value, kind: str, node: Node | None = None) -> str:
        """SQL of the value as one kind; NULL in rows where a document's place holds another."""
        if value.kind == kind or (kind == "number" and value.kind in {"time", "duration"}):
            return value.sql
        if value.kind == "json" and value.path is not None:
            document, path = value.path
            taken = f"json_extract({document}, {path})"
            if kind == "time":
                raise QueryError(
                    f"{value.words} is text or a number here", column=node.column if node else 0, expected="timestamp(…) around it"
                )
            return f"(CASE WHEN json_type({document}, {path}) IN {_JSON_KINDS[kind]} THEN {taken} END)"
        column = node.column if node else 0
        raise QueryError(f"{value.words} is {_named(value.kind)}, not {_named(kind)}", column=column, expected=_named(kind))

    # ---- comparisons

    def _comparison(self, node: Node) -> _Value:
        left, right = (self.value(part) for part in node.parts)
        times = "time" in {left.kind, right.kind}
        words = f"{left.words} {(_TIME_WORDS if times else _WORDS)[node.kind]} {right.words}"
        return _Value("bool", self._compared(node, left, right), words)

    def _compared(self, node: Node, left: _Value, right: _Value) -> str:
        operator = _COMPARE[node.kind]
        if "null" in {left.kind, right.kind}:
            return self._against_null(node, right if left.kind == "null" else left)
        if "header" in {left.kind, right.kind}:
            return self._header(node, left, right)
        if left.kind == right.kind == "json":
            return self._two_places(left, right, operator)
        if isinstance(left.constant, _Raw) or isinstance(right.constant, _Raw):
            return self._bytes_compared(node, left, right, operator)
        exact = self._exact(left, right, operator)
        if exact:
            return exact
        kind = right.kind if left.kind == "json" else left.kind
        if kind in {"list", "headers", "flags", "json"}:
            raise QueryError(f"{left.words} cannot be compared like this", column=node.column, expected="in, or a place inside")
        return f"({self.as_kind(left, kind, node.parts[0])} {operator} {self.as_kind(right, kind, node.parts[1])})"

    def _against_null(self, node: Node, value: _Value) -> str:
        if node.kind not in {"eq", "ne"}:
            raise QueryError("null is only equal or not equal", column=node.column, expected="== or !=")
        wanted = "=" if node.kind == "eq" else "<>"
        if value.path is not None:
            document, path = value.path
            return f"(json_type({document}, {path}) {wanted} 'null')"
        if value.header is not None:
            return self._any_header(value, f"value ->> 1 IS {'' if node.kind == 'eq' else 'NOT '}NULL")
        sql = value.constant.sql if isinstance(value.constant, _Raw) else value.sql
        return f"({sql} IS {'' if node.kind == 'eq' else 'NOT '}NULL)"

    def _exact(self, left: _Value, right: _Value, operator: str) -> str:
        """Whole numbers beyond 64 bits are compared by their digits, where that can be done."""
        for place, number in ((left, right), (right, left)):
            if place.path and isinstance(number.constant, int) and abs(number.constant) >= _INT64 and operator in {"=", "<>"}:
                document, path = place.path
                digits = self.bind(str(number.constant))
                kinds = f"json_type({document}, {path}) IN {_JSON_KINDS['number']}"
                return f"(CASE WHEN {kinds} THEN CAST({document} -> {path} AS TEXT) {operator} {digits} END)"
        return ""

    def _two_places(self, left: _Value, right: _Value, operator: str) -> str:
        same = []
        for kind in ("number", "text", "bool"):
            one, other = self.as_kind(left, kind), self.as_kind(right, kind)
            same.append(f"WHEN {one} IS NOT NULL AND {other} IS NOT NULL THEN {one} {operator} {other}")
        return f"(CASE {' '.join(same)} END)"

    def _bytes_compared(self, node: Node, left: _Value, right: _Value, operator: str) -> str:
        """Key and value: equality is asked of the bytes, which needs no look at every row's text."""
        raw, other = (left, right) if isinstance(left.constant, _Raw) else (right, left)
        if other.kind == "bytes":
            return f"({raw.constant.sql} {operator} {other.sql})"
        if operator in {"=", "<>"} and isinstance(other.constant, str):
            equal = f"{raw.constant.sql} = CAST({other.sql} AS BLOB)"
            yes, no = ("1", "0") if operator == "=" else ("0", "1")
            return f"(CASE WHEN {equal} THEN {yes} WHEN {raw.sql} IS NOT NULL THEN {no} END)"
        return f"({self.as_kind(left, 'text', node.parts[0])} {operator} {self.as_kind(right, 'text', node.parts[1])})"

    # ---- headers: any of that name

    def _header(self, node: Node, left: _Value, right: _Value) -> str:
        turned = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
        header, other = (left, right) if left.header is not None else (right, left)
        kind = node.kind if header is left else turned.get(node.kind, node.kind)
        if other.kind == "text" and not isinstance(other.constant, _Raw):
            return self._any_header(header, f"value ->> 1 {_COMPARE[kind]} {other.sql} AND json_type(value, '$[1]') = 'text'")
        raise QueryError("a header is compared with a text", column=node.column, expected="a text")

    def _any_header(self, header: _Value, test: str) -> str:
        named = f"value ->> 0 = {self.bind(header.header)}"
        there = f"EXISTS (SELECT 1 FROM json_each({header.sql}) WHERE {named})"
        return f"(CASE WHEN {there} THEN EXISTS (SELECT 1 FROM json_each({header.sql}) WHERE {named} AND {test}) END)"

    # ---- in

    def _within(self, node: Node) -> _Value:
        item, owner = (self.value(part) for part in node.parts)
        words = f"{item.words} is in {owner.words}"
        if owner.kind == "flags":
            return _Value("bool", self._flag(node, item, owner), words)
        if owner.kind == "headers":
            named = self.as_kind(item, "text", node.parts[0])
            return _Value("bool", f"EXISTS (SELECT 1 FROM json_each({owner.sql}) WHERE value ->> 0 = {named})", words)
        if owner.kind == "list":
            equal = [self._compared(Node("eq", node.column, node.parts), item, each) for each in owner.items] or ["0"]
            return _Value("bool", f"({' OR '.join(equal)})", words)
        if owner.path is None:
            raise QueryError(f"nothing can be in {owner.words}", column=node.parts[1].column, expected="a list, flags, headers or a place")
        return _Value("bool", self._in_document(node, item, owner.path), words)

    def _flag(self, node: Node, item: _Value, owner: _Value) -> str:
        known = [flag.name for flag in Flag]
        if item.constant not in known:
            raise QueryError(
                f"there is no flag {item.words}; known are {', '.join(map(str, known))}",
                column=node.parts[0].column,
                expected="a flag's name",
            )
        return f"(({owner.sql} & {int(Flag[str(item.constant)])}) <> 0)"

    def _in_document(self, node: Node, item: _Value, place: tuple[str, str]) -> str:
        document, path = place
        kind = item.kind if item.kind in _JSON_KINDS else "text"
        sql = self.as_kind(item, kind, node.parts[0])
        elements = f"EXISTS (SELECT 1 FROM json_each({document}, {path}) j WHERE j.type IN {_JSON_KINDS[kind]} AND j.value = {sql})"
        fields = f"EXISTS (SELECT 1 FROM json_each({document}, {path}) j WHERE j.key = {sql})" if kind == "text" else "NULL"
        return f"(CASE json_type({document}, {path}) WHEN 'array' THEN {elements} WHEN 'object' THEN {fields} END)"

    # ---- arithmetic

    def _arithmetic(self, node: Node) -> _Value:
        left, right = (self.value(part) for part in node.parts)
        words = f"({left.words} {_ARITHMETIC_WORDS[node.kind]} {right.words})"
        if node.kind == "add" and "text" in {left.kind, right.kind}:
            joined = f"({self.as_kind(left, 'text', node.parts[0])} || {self.as_kind(right, 'text', node.parts[1])})"
            return _Value("text", joined, words)
        kind = self._arithmetic_kind(node, left, right)
        one, other = self.as_kind(left, "number", node.parts[0]), self.as_kind(right, "number", node.parts[1])
        return _Value(kind, f"({one} {_ARITHMETIC[node.kind]} {other})", words)

    def _arithmetic_kind(self, node: Node, left: _Value, right: _Value) -> str:
        kinds = {left.kind, right.kind}
        if "time" not in kinds:
            return "duration" if "duration" in kinds else "number"
        if left.kind == right.kind == "time" and node.kind == "sub":
            return "duration"
        if kinds == {"time", "duration"} and node.kind in {"add", "sub"}:
            return "time"
        raise QueryError("a time is only moved by a duration or taken from a time", column=node.column, expected='duration("1h")')

    # ---- calls

    def _call(self, node: Node) -> _Value:
        known: dict[str, Callable[[Node], _Value]] = {
            "has": self._has,
            "size": lambda call: self._size(call, self._one(call)),
            "timestamp": self._timestamp,
            "duration": self._duration,
            "int": lambda call: self._cast(call, "number", "CAST({} AS INTEGER)"),
            "uint": lambda call: self._cast(call, "number", "CAST({} AS INTEGER)"),
            "double": lambda call: self._cast(call, "number", "CAST({} AS REAL)"),
            "string": lambda call: self._cast(call, "text", "CAST({} AS TEXT)"),
        }
        found = known.get(str(node.value))
        if found is None:
            raise QueryError(f"there is no function {node.value!r}", column=node.column, expected=", ".join(sorted(known)))
        return found(node)

    def _one(self, node: Node) -> _Value:
        if len(node.parts) != 1:
            raise QueryError(f"{node.value} takes one argument", column=node.column, expected="one argument")
        return self.value(node.parts[0])

    def _has(self, node: Node) -> _Value:
        value = self._one(node)
        if value.path is not None:
            sql = f"(json_type({value.path[0]}, {value.path[1]}) IS NOT NULL)"
        elif value.header is not None:
            sql = f"EXISTS (SELECT 1 FROM json_each({value.sql}) WHERE value ->> 0 = {self.bind(value.header)})"
        else:
            sql = f"({value.constant.sql if isinstance(value.constant, _Raw) else value.sql} IS NOT NULL)"
        return _Value("bool", sql, f"{value.words} is there")

    def _size(self, node: Node, value: _Value) -> _Value:
        words = f"the size of {value.words}"
        if value.path is not None:
            document, path = value.path
            counted = f"(SELECT count(*) FROM json_each({document}, {path}))"
            text = f"length(json_extract({document}, {path}))"
            sql = (
                f"(CASE json_type({document}, {path}) WHEN 'array' THEN {counted} WHEN 'object' THEN {counted} WHEN 'text' THEN {text} END)"
            )
            return _Value("number", sql, words)
        if value.kind == "headers":
            return _Value("number", f"coalesce(json_array_length({value.sql}), 0)", words)
        if isinstance(value.constant, _Raw):
            return _Value("number", f"length({value.constant.sql})", words)
        return _Value("number", f"length({self.as_kind(value, 'text', node)})", words)

    def _timestamp(self, node: Node) -> _Value:
        value = self._one(node)
        if not isinstance(value.constant, str):
            raise QueryError("timestamp takes a time as text", column=node.column, expected='timestamp("2026-11-23T08:00:00Z")')
        try:
            time_us = parse_time(value.constant)
        except ValueError as error:
            raise QueryError(str(error), column=node.column, expected="a time with its zone, such as 2026-11-23T08:00:00Z") from error
        return _Value("time", self.bind(time_us), str(format_time(time_us)))

    def _duration(self, node: Node) -> _Value:
        value = self._one(node)
        match = _DURATION.match(value.constant) if isinstance(value.constant, str) else None
        if not match:
            raise QueryError("duration takes a text such as 1h30m", column=node.column, expected='duration("1h30m")')
        parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)", match[2])
        total = int(sum(float(count) * _DURATION_US[unit] for count, unit in parts))
        return _Value("duration", self.bind(-total if match[1] else total), str(value.constant))

    def _cast(self, node: Node, kind: str, pattern: str) -> _Value:
        value = self._one(node)
        if value.path is not None:
            document, path = value.path
            taken = f"(CASE WHEN json_type({document}, {path}) IN ('integer', 'real', 'text') THEN json_extract({document}, {path}) END)"
        else:
            taken = value.sql
        if kind == "number":
            is_number = f"(typeof({taken}) IN ('integer', 'real') OR {taken} GLOB '[0-9]*' OR {taken} GLOB '-[0-9]*')"
            return _Value(kind, f"(CASE WHEN {is_number} THEN {pattern.format(taken)} END)", f"{node.value}({value.words})")
        return _Value(kind, pattern.format(taken), f"{node.value}({value.words})")

    def _method(self, node: Node) -> _Value:
        owner = self.value(node.parts[0])
        name = str(node.value)
        if name == "size":
            return self._size(node, owner)
        words = {"contains": "contains", "startsWith": "starts with", "endsWith": "ends with", "matches": "matches"}
        if name not in words or len(node.parts) != 2:
            raise QueryError(
                f"there is no method {name!r} with {len(node.parts) - 1} arguments", column=node.column, expected=", ".join(words)
            )
        argument = self.value(node.parts[1])
        if owner.header is not None:
            test = self._text_test(name, "(value ->> 1)", argument, node)
            return _Value("bool", self._any_header(owner, test), f"{owner.words} {words[name]} {argument.words}")
        text = self.as_kind(owner, "text", node.parts[0])
        return _Value("bool", self._text_test(name, text, argument, node), f"{owner.words} {words[name]} {argument.words}")

    def _text_test(self, name: str, text: str, argument: _Value, node: Node) -> str:
        wanted = self.as_kind(argument, "text", node.parts[1])
        if name == "contains":
            return f"(instr({text}, {wanted}) > 0)"
        if name == "startsWith":
            return f"(substr({text}, 1, length({wanted})) = {wanted})"
        if name == "endsWith":
            return f"(length({text}) >= length({wanted}) AND substr({text}, length({text}) - length({wanted}) + 1) = {wanted})"
        if isinstance(argument.constant, str):
            try:
                functions.check_pattern(argument.constant)
            except QueryError as error:
                raise QueryError(str(error), column=node.parts[1].column, expected=error.expected) from error
        return f"filter_matches({text}, {wanted})"


@dataclass(frozen=True, slots=True)
class _Raw:
    """The bytes behind a text: key or value."""

    sql: str


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


_KIND_NAMES = {
    "text": "a text",
    "number": "a number",
    "time": "a time",
    "duration": "a duration",
    "bool": "a truth value",
    "bytes": "bytes",
    "json": "a place in a document",
    "headers": "the headers",
    "header": "a header",
    "flags": "the flags",
    "list": "a list",
    "null": "null",
}


def _named(kind: str) -> str:
    return _KIND_NAMES.get(kind, kind)
