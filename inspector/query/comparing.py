"""Comparisons and `in` as SQL. Numbers as they were written are compared exactly, to the last digit, whatever their size.

Read `values` for what is compared; `compiler` calls this.
"""

from __future__ import annotations

from collections.abc import Sequence

from inspector.errors import QueryError
from inspector.event import Flag
from inspector.query.grammar import Node
from inspector.query.values import INT64, JSON_KINDS, Place, Scope, Value, nearest

COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def compared(scope: Scope, node: Node, left: Value, right: Value) -> str:
    """SQL of `left` against `right` as the comparison `node` says: true, false or NULL. Raises QueryError for kinds that never fit."""
    kinds = {left.kind, right.kind}
    if "null" in kinds:
        return _against_null(scope, node, right if left.kind == "null" else left)
    if "header" in kinds:
        return _header(scope, node, left, right)
    if left.place is not None and right.place is not None:
        return _two_places(scope, COMPARE[node.kind], left.place, right.place)
    if left.raw is not None or right.raw is not None:
        return _bytes(scope, node, left, right)
    for one, other, kind in ((left, right, node.kind), (right, left, _TURNED.get(node.kind, node.kind))):
        if one.place is not None and other.kind == "number" and other.constant is not None:
            return _with_number(scope, COMPARE[kind], one.place, other)
    kind = right.kind if left.kind == "json" else left.kind
    if kind in {"list", "headers", "flags", "json"}:
        raise QueryError(f"{left.words} cannot be compared like this", column=node.column, expected="in, or a place inside")
    before, after = (scope.as_kind(value, kind, part.column) for value, part in zip((left, right), node.parts, strict=True))
    return _ordered(COMPARE[node.kind], before, after, (left.nanoseconds, right.nanoseconds))


def _ordered(operator: str, one: str, other: str, nanoseconds: tuple[str, str]) -> str:
    """Two of one kind; of times of the same microsecond, the nanoseconds that follow."""
    if not any(nanoseconds):
        return f"({one} {operator} {other})"
    below = (follows or f"(0 * {sql})" for follows, sql in zip(nanoseconds, (one, other), strict=True))
    return f"coalesce(nullif({one}, {other}) {operator} {other}, {f' {operator} '.join(below)})"


def _against_null(scope: Scope, node: Node, value: Value) -> str:
    if node.kind not in {"eq", "ne"}:
        raise QueryError("null is only equal or not equal", column=node.column, expected="== or !=")
    if value.place is not None:
        return f"({scope.type_of(value.place)} {COMPARE[node.kind]} 'null')"
    test = "IS NULL" if node.kind == "eq" else "IS NOT NULL"
    if value.header is not None:
        return any_header(scope, value, f"value ->> 1 {test}")
    return f"({value.raw or value.sql} {test})"


def _with_number(scope: Scope, operator: str, place: Place, literal: Value) -> str:
    """A place against a number as it was written."""
    assert literal.constant is not None
    taken, digits = scope.taken(place), scope.bind(str(literal.constant))
    double = scope.bind(nearest(literal.constant))
    near = _near(taken, double, operator, f"filter_compare({scope.written(place)}, {digits})")
    if isinstance(literal.constant, int) and -INT64 < literal.constant < INT64:
        return f"(CASE {scope.type_of(place)} WHEN 'integer' THEN {taken} {operator} {literal.sql} WHEN 'real' THEN {near} END)"
    return f"(CASE WHEN {scope.type_of(place)} IN {JSON_KINDS['number']} THEN {near} END)"


def _near(one: str, other: str, operator: str, exact: str) -> str:
    """Numbers whose nearest doubles differ are ordered as these are; only of equal ones the digits are looked at."""
    one, other = f"CAST({one} AS REAL)", f"CAST({other} AS REAL)"
    return f"coalesce(nullif({one}, {other}) {operator} {other}, {exact} {operator} 0)"


def _two_places(scope: Scope, operator: str, left: Place, right: Place) -> str:
    one, other = scope.type_of(left), scope.type_of(right)
    cases = []
    for kind in ("text", "bool"):
        both = f"{one} IN {JSON_KINDS[kind]} AND {other} IN {JSON_KINDS[kind]}"
        cases.append(f"WHEN {both} THEN {scope.taken(left)} {operator} {scope.taken(right)}")
    numbers = f"{one} IN {JSON_KINDS['number']} AND {other} IN {JSON_KINDS['number']}"
    exact = f"filter_compare({scope.written(left)}, {scope.written(right)})"
    cases.append(f"WHEN {numbers} THEN {_near(scope.taken(left), scope.taken(right), operator, exact)}")
    return f"(CASE {' '.join(cases)} END)"


def _bytes(scope: Scope, node: Node, left: Value, right: Value) -> str:
    """Key and value: equality is asked of the bytes, which needs no look at every row's text."""
    raw, other = (left, right) if left.raw is not None else (right, left)
    operator = COMPARE[node.kind]
    if other.kind == "bytes":
        turned = COMPARE[node.kind if raw is left else _TURNED.get(node.kind, node.kind)]
        return f"({raw.raw} {turned} {other.sql})"
    if operator in {"=", "<>"} and isinstance(other.constant, str):
        equal = f"{raw.raw} = CAST({other.sql} AS BLOB)"
        yes, no = ("1", "0") if operator == "=" else ("0", "1")
        return f"(CASE WHEN {equal} THEN {yes} WHEN {raw.sql} IS NOT NULL THEN {no} END)"
    sides = (scope.as_kind(value, "text", part.column) for value, part in zip((left, right), node.parts, strict=True))
    return f"({f' {operator} '.join(sides)})"


# ---- headers: any of that name


def _header(scope: Scope, node: Node, left: Value, right: Value) -> str:
    header, other = (left, right) if left.header is not None else (right, left)
    kind = node.kind if header is left else _TURNED.get(node.kind, node.kind)
    if other.kind == "text" and other.raw is None:
        return any_header(scope, header, f"value ->> 1 {COMPARE[kind]} {other.sql} AND json_type(value, '$[1]') = 'text'")
    raise QueryError("a header is compared with a text", column=node.column, expected="a text")


def any_header(scope: Scope, header: Value, test: str) -> str:
    """SQL of whether `test` holds for any header of the name; NULL when there is none."""
    named = f"value ->> 0 = {scope.bind(header.header)}"
    there = f"EXISTS (SELECT 1 FROM json_each({header.sql}) WHERE {named})"
    return f"(CASE WHEN {there} THEN EXISTS (SELECT 1 FROM json_each({header.sql}) WHERE {named} AND {test}) END)"


# ---- in


def within(scope: Scope, node: Node, item: Value, owner: Value) -> str:
    """SQL of `item in owner`."""
    if owner.kind == "flags":
        return _flag(node, item, owner)
    if owner.kind == "headers":
        name = scope.as_kind(item, "text", node.parts[0].column)
        return f"EXISTS (SELECT 1 FROM json_each({owner.sql}) WHERE value ->> 0 = {name})"
    if owner.kind == "list":
        return _one_of(scope, node, item, owner.items)
    if owner.place is None:
        raise QueryError(f"nothing can be in {owner.words}", column=node.parts[1].column, expected="a list, flags, headers or a place")
    return _in_document(scope, node, item, owner.place)


def _one_of(scope: Scope, node: Node, item: Value, items: Sequence[Value]) -> str:
    """As if `==` were asked of each; texts, and whole numbers, are asked of all at once."""
    texts = all(isinstance(each.constant, str) for each in items)
    whole = all(isinstance(each.constant, int) and -INT64 < each.constant < INT64 for each in items)
    listed = ", ".join(each.sql for each in items)
    if items and texts and item.raw is None and (item.kind == "text" or item.place is not None):
        return f"({scope.as_kind(item, 'text')} IN ({listed}))"
    equal = [compared(scope, Node("eq", node.column, node.parts), item, each) for each in items] or ["0"]
    any_of = f"({' OR '.join(equal)})"
    if items and whole and item.place is not None:
        return f"(CASE WHEN {scope.type_of(item.place)} = 'integer' THEN {scope.taken(item.place)} IN ({listed}) ELSE {any_of} END)"
    return any_of


def _flag(node: Node, item: Value, owner: Value) -> str:
    known = [flag.name for flag in Flag]
    if item.constant not in known:
        raise QueryError(
            f"there is no flag {item.words}; known are {', '.join(map(str, known))}",
            column=node.parts[0].column,
            expected="a flag's name",
        )
    return f"(({owner.sql} & {int(Flag[str(item.constant)])}) <> 0)"


def _in_document(scope: Scope, node: Node, item: Value, place: Place) -> str:
    """Whether a list has an element of the item's kind that equals it, or an object a member of that name."""
    element = scope.element()
    each = f"json_each({place.document}, {scope.path(place)}) {element}"
    if item.place is not None:
        equal = _two_places(scope, "=", Place(place.document, start=f"({scope.path(place)} || '[' || {element}.key || ']')"), item.place)
        there = f"{scope.type_of(item.place)} IN ('integer', 'real', 'text', 'true', 'false')"
        name = scope.as_kind(item, "text")
    elif item.kind == "number" and item.constant is not None:
        at = Place(place.document, start=f"({scope.path(place)} || '[' || {element}.key || ']')")
        equal, there, name = _with_number(scope, "=", at, item), "1", ""
    elif item.kind in JSON_KINDS:
        sql = scope.as_kind(item, item.kind)
        equal = f"({element}.type IN {JSON_KINDS[item.kind]} AND {element}.value = {sql})"
        there, name = f"{sql} IS NOT NULL", sql if item.kind == "text" else ""
    else:
        raise QueryError(f"{item.words} cannot be in a document", column=node.parts[0].column, expected="a number, a text or a truth value")
    elements = f"CASE WHEN {there} THEN EXISTS (SELECT 1 FROM {each} WHERE {equal}) END"
    member = f"CASE WHEN {name} IS NOT NULL THEN EXISTS (SELECT 1 FROM {each} WHERE {element}.key = {name}) END" if name else "NULL"
    return f"(CASE {scope.type_of(place)} WHEN 'array' THEN {elements} WHEN 'object' THEN {member} END)"
