"""A filter's nodes as SQL with bound values, and as words. Knows the fields of an event (`names`), not where they stand.

Read `grammar` for the syntax, `values` for what is put together here, `comparing` and `calls` for its parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from inspector.capture.condition import Condition, Lookup
from inspector.errors import QueryError
from inspector.query import functions
from inspector.query.calls import FUNCTIONS, METHODS, made
from inspector.query.comparing import COMPARE, compared, within
from inspector.query.grammar import Node, check, parse, too_deep
from inspector.query.lookups import lookups
from inspector.query.names import SEARCHED, Name
from inspector.query.sieve import Sieve, search_sieve, sieve_of
from inspector.query.values import JSON_KINDS, Place, Scope, Value, named, number, quoted

_WORDS = {"eq": "is", "ne": "is not", "lt": "is less than", "le": "is at most", "gt": "is more than", "ge": "is at least"}
_TIME_WORDS = {**_WORDS, "lt": "is before", "le": "is not after", "gt": "is after", "ge": "is not before"}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%"}
_ARITHMETIC_WORDS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by", "mod": "modulo"}
_OPERATORS = re.compile(r"==|!=|<=|>=|<|>|&&|\|\||[()\[\]?!]|\bin\b")
MACROS = {
    "exists": (
        'data.items.exists(i, i.sku == "A-1")',
        "some element of a list is so",
        ("some element of {} has: {}", "CASE WHEN max(ok) THEN 1 WHEN count(*) = count(ok) THEN 0 END"),
    ),
    "all": (
        "data.items.all(i, i.count > 0)",
        "every element of a list is so",
        ("every element of {} has: {}", "CASE WHEN min(ok) = 0 THEN 0 WHEN count(*) = count(ok) THEN 1 END"),
    ),
    "exists_one": (
        "data.items.exists_one(i, i.count > 9)",
        "exactly one element of a list is so",
        ("exactly one element of {} has: {}", "CASE WHEN count(*) = count(ok) THEN coalesce(sum(ok), 0) = 1 END"),
    ),
}
"""Name → (example, meaning, (words for a list and a test, SQL of the outcome over the tests of the elements))."""
SPECIAL = {
    "search": ('search("visa") && partition == 3', "the text is in key, value or headers, letters A to Z of either case alike"),
    "applies": ("!applies(data.total > 900)", "the test has an outcome; false where it is *not applicable*"),
}
"""Functions that take something other than values: name → (example, meaning)."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter ready for use. `sql` is true, false or NULL (not applicable) for a row; `words` says it in a sentence."""

    text: str
    sql: str
    bindings: Mapping[str, Any]
    words: str
    is_search: bool = False
    lookups: tuple[Lookup, ...] = ()
    sieve: Sieve | None = None
    """What the bytes of a record must have to match; None when they tell nothing."""

    def condition(self) -> Condition:
        """What a reader takes."""
        return Condition(self.sql, dict(self.bindings), functions.register, self.lookups)


def compile_filter(text: str, names: Mapping[str, Name]) -> Filter:
    """`text` as a filter over `names`. Raises QueryError with the column of a mistake.

    It is an expression when all its roots are known names and its result is a truth value; an unknown root with a
    comparison or call is a mistake; anything else is a search for the text (which `text:` forces).
    """
    check(text)
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
    scope = Scope(names)
    try:
        value = Compiler(scope).truth(node)
        return Filter(text, value.sql, scope.bindings, value.words, lookups=tuple(lookups(node)), sieve=sieve_of(node))
    except RecursionError:
        raise too_deep() from None


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
    scope = Scope(names)
    value = _searched(scope, wanted)
    return Filter(text, value.sql, scope.bindings, value.words, is_search=True, sieve=search_sieve(wanted))


def _searched(scope: Scope, wanted: str) -> Value:
    pattern = scope.bind("%" + re.sub(r"([%_\\])", r"\\\1", wanted) + "%")
    names = next(names for names in SEARCHED if scope.names.keys() >= set(names))
    parts = [f"coalesce(CAST({scope.names[part].sql} AS TEXT) LIKE {pattern} ESCAPE '\\', 0)" for part in names]
    words = f"{', '.join(names[:-1])} or {names[-1]} contain the text {wanted!r} (A to Z of either case alike)"
    return Value("bool", f"({' OR '.join(parts)})", words)


class Compiler:
    """Compiles one filter in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._variables: dict[str, Value] = {}
        documents = [name for name, found in scope.names.items() if found.kind == "json"]
        self._places = f"{', '.join(documents)} or a place in {'it' if len(documents) == 1 else 'them'}"

    # ---- truth

    def truth(self, node: Node) -> Value:
        """The node as a truth value."""
        if node.kind == "conditional":
            return _chosen(*(self.truth(part) for part in node.parts))
        value = self.value(node)
        if value.kind == "json":
            return Value("bool", self._scope.as_kind(value, "bool"), value.words)
        if value.kind != "bool":
            raise QueryError(f"{value.words} is {named(value.kind)}, not a truth value", column=node.column, expected="a comparison")
        return value

    def value(self, node: Node) -> Value:
        """The node, whatever its kind."""
        found: Callable[[Node], Value] | None = getattr(self, f"_{node.kind}", None)
        if found is not None:
            return found(node)
        if node.kind in COMPARE:
            return self._comparison(node)
        if node.kind in _ARITHMETIC:
            return self._arithmetic(node)
        raise QueryError(f"{node.kind} is not known", column=node.column, expected="an expression")

    def _either(self, node: Node) -> Value:
        left, right = (self.truth(part) for part in node.parts)
        return Value("bool", f"({left.sql} OR {right.sql})", f"({left.words} or {right.words})")

    def _both(self, node: Node) -> Value:
        left, right = (self.truth(part) for part in node.parts)
        return Value("bool", f"({left.sql} AND {right.sql})", f"{left.words} and {right.words}")

    def _negate(self, node: Node) -> Value:
        inner = self.truth(node.parts[0])
        return Value("bool", f"(NOT {inner.sql})", f"not ({inner.words})")

    def _conditional(self, node: Node) -> Value:
        test = self.truth(node.parts[0])
        yes, no = self.value(node.parts[1]), self.value(node.parts[2])
        kind = no.kind if yes.kind == "json" else yes.kind
        if "json" in {yes.kind, no.kind} and kind in JSON_KINDS:
            yes, no = (Value(kind, self._scope.as_kind(value, kind, node.column), value.words) for value in (yes, no))
        if yes.kind != no.kind or kind not in {*JSON_KINDS, "time", "duration"}:
            kinds = f"{named(yes.kind)} and {named(no.kind)}"
            raise QueryError(f"the two results of ?: are {kinds}", column=node.column, expected="two of the same kind")
        return _chosen(test, yes, no)

    # ---- leaves

    def _name(self, node: Node) -> Value:
        text = str(node.value)
        if text in self._variables:
            return self._variables[text]
        name = self._scope.names.get(text)
        if name is None:
            near = get_close_matches(text, self._scope.names, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self._scope.names))}"
            raise QueryError(f"there is no field {text!r}; {hint}", column=node.column, expected=near[0] if near else "a known field")
        if name.kind == "json":
            return Value("json", name.sql, text, place=Place(name.sql))
        if name.kind == "bytes":
            return Value("text", f"filter_text({name.sql})", text, raw=name.sql)
        return Value(name.kind, name.sql, text)

    def _number(self, node: Node) -> Value:
        return number(self._scope, node.value)

    def _minus(self, node: Node) -> Value:
        part = node.parts[0]
        if part.kind == "number":
            return number(self._scope, part.value.copy_negate() if isinstance(part.value, Decimal) else -part.value)
        inner = self.value(part)
        if inner.kind == "duration":
            return Value("duration", f"(-{inner.sql})", f"minus {inner.words}")
        return Value("number", f"(-{self._computed(inner, part)})", f"minus {inner.words}")

    def _string(self, node: Node) -> Value:
        return Value("text", self._scope.bind(node.value), f'"{node.value}"', constant=node.value)

    def _bytes(self, node: Node) -> Value:
        return Value("bytes", self._scope.bind(node.value), repr(node.value), constant=node.value)

    def _bool(self, node: Node) -> Value:
        return Value("bool", "1" if node.value else "0", "true" if node.value else "false")

    def _null(self, _node: Node) -> Value:
        return Value("null", "NULL", "null")

    def _list(self, node: Node) -> Value:
        items = tuple(self.value(part) for part in node.parts)
        return Value("list", "", f"[{', '.join(item.words for item in items)}]", items=items)

    # ---- places in documents

    def _attribute(self, node: Node) -> Value:
        owner = self.value(node.parts[0])
        if owner.place is None:
            raise QueryError(f"{owner.words} has no fields", column=node.column, expected=self._places)
        return _below(owner.place, f".{quoted(str(node.value))}", f"{owner.words}.{node.value}")

    def _index(self, node: Node) -> Value:
        owner, part = self.value(node.parts[0]), node.parts[1]
        constant = part.value if part.kind in {"number", "string"} else None
        if owner.kind == "headers":
            if not isinstance(constant, str):
                raise QueryError("headers are asked for by name", column=node.column, expected='headers["name"]')
            return Value("header", owner.sql, f'header "{constant}"', header=constant)
        if owner.place is None:
            raise QueryError(f"{owner.words} has no elements", column=node.column, expected=self._places)
        if isinstance(constant, str):
            return _below(owner.place, f".{quoted(constant)}", f'{owner.words}["{constant}"]')
        if isinstance(constant, int) and constant < 2**31:
            return _below(owner.place, f"[{constant}]", f"{owner.words}[{constant}]")
        raise QueryError("an element is asked for by a number or a name", column=part.column, expected="a number or a text")

    # ---- operators

    def _comparison(self, node: Node) -> Value:
        left, right = (self.value(part) for part in node.parts)
        times = "time" in {left.kind, right.kind}
        words = f"{left.words} {(_TIME_WORDS if times else _WORDS)[node.kind]} {right.words}"
        return Value("bool", compared(self._scope, node, left, right), words)

    def _within(self, node: Node) -> Value:
        item, owner = (self.value(part) for part in node.parts)
        return Value("bool", within(self._scope, node, item, owner), f"{item.words} is in {owner.words}")

    def _arithmetic(self, node: Node) -> Value:
        left, right = (self.value(part) for part in node.parts)
        words = f"({left.words} {_ARITHMETIC_WORDS[node.kind]} {right.words})"
        if node.kind == "add" and "text" in {left.kind, right.kind}:
            one, other = (
                self._scope.as_kind(value, "text", part.column) for value, part in ((left, node.parts[0]), (right, node.parts[1]))
            )
            return Value("text", f"({one} || {other})", words)
        kind = _arithmetic_kind(node, left, right)
        one, other = self._computed(left, node.parts[0]), self._computed(right, node.parts[1])
        sql = f"({one} {_ARITHMETIC[node.kind]} {other})"
        if node.kind == "mod":  # SQLite cuts fractions off first
            sql = f"(CASE WHEN typeof({one}) = 'integer' AND typeof({other}) = 'integer' THEN {sql} END)"
        return Value(kind, sql, words)

    def _computed(self, value: Value, node: Node) -> str:
        return self._scope.as_kind(value, "number", node.column)

    # ---- calls

    def _call(self, node: Node) -> Value:
        if node.value == "applies":
            if len(node.parts) != 1:
                raise QueryError("applies takes a test", column=node.column, expected="applies(data.total > 900)")
            test = self.truth(node.parts[0])
            return Value("bool", f"({test.sql} IS NOT NULL)", f"it can be asked whether {test.words}")
        if node.value == "search":
            if len(node.parts) != 1 or node.parts[0].kind != "string" or not node.parts[0].value:
                raise QueryError("search takes a text", column=node.column, expected='search("visa")')
            return _searched(self._scope, node.parts[0].value)
        return made(FUNCTIONS, "function", self._scope, node, [self.value(part) for part in node.parts])

    def _method(self, node: Node) -> Value:
        if node.value in MACROS:
            return self._macro(node)
        return made(METHODS, "method", self._scope, node, [self.value(part) for part in node.parts])

    def _macro(self, node: Node) -> Value:
        """`list.exists(name, test)` and its kin: the test is asked of every element, which `name` stands for."""
        owner, name = self.value(node.parts[0]), str(node.value)
        if len(node.parts) != 3 or node.parts[1].kind != "name":
            raise QueryError(f"{name} takes a name and a test", column=node.column, expected=f"{name}(item, item.total > 1)")
        if owner.place is None:
            raise QueryError(f"{owner.words} has no elements", column=node.column, expected=self._places)
        variable, element = str(node.parts[1].value), self._scope.element()
        if variable in self._scope.names:
            raise QueryError(
                f"{variable!r} is a field; the elements need another name", column=node.parts[1].column, expected="another name"
            )
        path = self._scope.path(owner.place)
        before = self._variables.get(variable)
        at = Place(owner.place.document, start=f"({path} || '[' || {element}.key || ']')")
        self._variables[variable] = Value("json", "", variable, place=at)
        test = self.truth(node.parts[2])
        if before is None:
            del self._variables[variable]
        else:
            self._variables[variable] = before
        said, found = MACROS[name][2]
        each = f"SELECT ({test.sql}) AS ok FROM json_each({owner.place.document}, {path}) {element}"
        sql = f"(CASE WHEN {self._scope.type_of(owner.place)} = 'array' THEN (SELECT {found} FROM ({each})) END)"
        return Value("bool", sql, f"({said.format(owner.words, test.words)})")


def _chosen(test: Value, yes: Value, no: Value) -> Value:
    sql = f"(CASE WHEN {test.sql} THEN {yes.sql} WHEN NOT {test.sql} THEN {no.sql} END)"
    below = ""
    if yes.nanoseconds or no.nanoseconds:
        below = f"(CASE WHEN {test.sql} THEN {yes.nanoseconds or f'(0 * {yes.sql})'} "
        below += f"WHEN NOT {test.sql} THEN {no.nanoseconds or f'(0 * {no.sql})'} END)"
    return Value(yes.kind, sql, f"({yes.words} if {test.words}, else {no.words})", nanoseconds=below)


def _below(place: Place, step: str, words: str) -> Value:
    return Value("json", "", words, place=place.below(step))


def _arithmetic_kind(node: Node, left: Value, right: Value) -> str:
    kinds = {left.kind, right.kind}
    if "time" not in kinds:
        return "duration" if "duration" in kinds else "number"
    if left.kind == right.kind == "time" and node.kind == "sub":
        return "duration"
    if kinds == {"time", "duration"} and node.kind in {"add", "sub"}:
        return "time"
    raise QueryError("a time is only moved by a duration or taken from a time", column=node.column, expected='duration("1h")')
