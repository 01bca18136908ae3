"""Random documents and random filters that say themselves what they give: an evaluation of its own, in Python, without the compiler.

Three outcomes: True, False, and None where a filter is not applicable. Numbers of documents and literals are exact; what is
computed is a whole number of 64 bits or a double. Names that are there twice count with their first value.
"""

from __future__ import annotations

import json
import math
import operator as op
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
MISSING = object()
"""Nothing stands there."""


@dataclass(frozen=True)
class Digits:
    """A number as it was written."""

    text: str

    @property
    def is_whole(self) -> bool:
        return not set(self.text) & set(".eE")

    def computable(self) -> int | float:
        number = int(self.text) if self.is_whole else float(self.text)
        return number if isinstance(number, float) or -(2**63) <= number < 2**63 else float(number)


@dataclass(frozen=True)
class Ask:
    """Part of a filter: its text, its kind, and what it gives for a document."""

    text: str
    kind: str
    gives: Callable[[Any], Any]


# ---- documents

NAMES = ("a", "b", 'q"ö')
TEXTS = st.sampled_from(
    ["", "a", "ab", "abc", "b", "ä", "Ä", "äb", "x\0y", "\U0001f600", "a%b", "\\", '"', "line\nline", "12", "-7", "1.5", "1e3", "true"]
)
TIMES = st.builds(
    "{}T{}{}{}".format,
    st.sampled_from(["0001-01-01", "1969-12-31", "2024-02-29", "2026-02-29", "2026-11-25", "9999-12-31"]),
    st.sampled_from(["00:00:00", "12:00:30", "23:59:59", "23:59:60"]),
    st.sampled_from(["", ".5", ".000001", ".000000001", ".1234567", ".123456789", ".999999999"]),
    st.sampled_from(["Z", "+00:00", "-00:00", "+01:00", "-11:30", ""]),
)
"""Times as documents write them, and some that are none."""
_WHOLE = "0 -0 1 2 3 -7 7 12 100 1234567890130000000"
_EDGES = (
    "9007199254740992 9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 "
    "1234567890123456789012345678901234567890 1234567890123456789012345678901234567891"
)
_FRACTIONS = "0.0 -0.0 0.1 0.10 0.3 1.0 1.5 9.90 9.9 1e2 1E2 123456789013e7"
_ROUNDED = "9007199254740993.0 9007199254740992.5 0.1000000000000000055511151231257827 1e-400 1e400 2e400"
BEYOND_DOUBLES = f"{_EDGES} {_ROUNDED}".split()
"""Numbers that are another one as a double."""
NUMBERS = st.sampled_from(f"{_WHOLE} {_EDGES} {_FRACTIONS} {_ROUNDED}".split())


def documents() -> st.SearchStrategy[tuple[str, Any]]:
    """(JSON text, what it means)."""
    leaves = st.one_of(
        st.just(("null", None)),
        st.sampled_from([("true", True), ("false", False)]),
        NUMBERS.map(lambda text: (text, Digits(text))),
        st.builds(_text, TEXTS, st.booleans()),
    )
    numbers, texts = NUMBERS.map(lambda text: (text, Digits(text))), st.builds(_text, TEXTS, st.booleans())
    anything = st.recursive(leaves, lambda inner: st.one_of(_list(inner), _object(inner)), max_leaves=8)
    times = TIMES.map(lambda text: (json.dumps(text), text))
    usual = {"a": numbers, "b": texts, "t": times, "u": times, 'q"ö': _list(st.one_of(numbers, texts))}
    # mostly what a comparison can be asked of: else nearly every outcome is "not applicable"
    return st.one_of(*[_members([st.tuples(st.just(name), value) for name, value in usual.items()], anything)] * 3, _members([], anything))


def _text(text: str, is_ascii: bool) -> tuple[str, Any]:
    return json.dumps(text, ensure_ascii=is_ascii), text


def _list(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.lists(inner, max_size=4).map(lambda found: (f"[{', '.join(text for text, _ in found)}]", [value for _, value in found]))


def _object(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    return _members([], inner)


def _members(
    first: list[st.SearchStrategy[tuple[str, tuple[str, Any]]]], inner: st.SearchStrategy[tuple[str, Any]]
) -> st.SearchStrategy[tuple[str, Any]]:
    """An object with `first`, and after them members of any name, also of names that are there already."""

    def made(members: list[tuple[str, tuple[str, Any]]]) -> tuple[str, Any]:
        meaning: dict[str, Any] = {}
        for name, (_, value) in members:
            meaning.setdefault(name, value)
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)} : {text}" for name, (text, _) in members) + "}", meaning

    more = st.lists(st.tuples(st.sampled_from((*NAMES, "")), inner), max_size=3)
    return st.tuples(st.tuples(*first), more).map(lambda found: made([*found[0], *found[1]]))


# ---- what stands where


def kind_of(value: Any) -> str:
    """The kind of a document's value."""
    if value is MISSING or value is None:
        return "missing" if value is MISSING else "null"
    if isinstance(value, bool):
        return "bool"
    return {Digits: "number", int: "number", float: "number", str: "text", list: "list", dict: "object"}[type(value)]


def _step(owner: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return owner.get(step, MISSING) if isinstance(owner, dict) else MISSING
    return owner[step] if isinstance(owner, list) and step < len(owner) else MISSING


def _place(steps: list[str | int], root: str = "data") -> Ask:
    text = root
    for step in steps:
        is_plain = isinstance(step, str) and step.isascii() and step.isidentifier()
        text += f".{step}" if is_plain else f"[{json.dumps(step, ensure_ascii=False)}]"

    def gives(document: Any) -> Any:
        for step in steps:
            document = _step(document, step)
        return document

    return Ask(text, "place", gives)


PLACES = st.one_of(
    st.sampled_from(NAMES).map(lambda name: _place([name])),
    st.lists(st.one_of(st.sampled_from(NAMES), st.integers(0, 2), st.just("")), min_size=1, max_size=3).map(_place),
)
NUMBER_LITERALS = NUMBERS.map(lambda text: Ask(text, "number", lambda _document: Digits(text)))
TEXT_LITERALS = TEXTS.map(lambda text: Ask(json.dumps(text, ensure_ascii=False), "text", lambda _document: text))


def _number(value: Any) -> int | float | None:
    if isinstance(value, Digits):
        return value.computable()
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _arithmetic(operator: str, left: Ask, right: Ask) -> Ask:
    def gives(document: Any) -> Any:
        one, other = _number(left.gives(document)), _number(right.gives(document))
        if one is None or other is None:
            return MISSING
        return computed(operator, one, other)

    return Ask(f"({left.text} {operator} {right.text})", "number", gives)


def computed(operator: str, one: int | float, other: int | float) -> Any:
    """Arithmetic on whole numbers of 64 bits, which become doubles where they do not fit, and on doubles."""
    if operator in {"/", "%"} and other == 0:
        return MISSING
    if isinstance(one, int) and isinstance(other, int):
        exact = {
            "+": lambda: one + other,
            "-": lambda: one - other,
            "*": lambda: one * other,
            "/": lambda: int(Fraction(one, other)),
            "%": lambda: one - other * int(Fraction(one, other)),
        }[operator]()
        if -(2**63) <= exact < 2**63:
            return exact
    elif operator == "%":
        return MISSING
    x, y = float(one), float(other)
    found = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x / y}[operator]()
    return MISSING if math.isnan(found) else found


def numbers() -> st.SearchStrategy[Ask]:
    """Numbers, computed or not."""
    simple = st.one_of(NUMBER_LITERALS, PLACES)
    return st.one_of(simple, st.builds(_arithmetic, st.sampled_from("+-*/%"), simple, simple), PLACES.map(_size))


def _size(place: Ask) -> Ask:
    def gives(document: Any) -> Any:
        value = place.gives(document)
        return len(value) if isinstance(value, str | list | dict) else MISSING

    return Ask(f"size({place.text})", "number", gives)


# ---- truths


def _compare(operator: str, left: Ask, right: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        return compared(operator, left.gives(document), right.gives(document))

    return Ask(f"{left.text} {operator} {right.text}", "bool", gives)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}


def compared(operator: str, one: Any, other: Any) -> bool | None:
    """What a comparison gives; None for kinds that cannot be compared."""
    kind = kind_of(one)
    if kind != kind_of(other) or kind not in {"number", "text", "bool"}:
        return None
    if kind == "number":
        one, other = _comparable(one, other)
    return _ORDERS[operator](one, other)


def _comparable(one: Any, other: Any) -> tuple[Any, Any]:
    if isinstance(one, Digits) and isinstance(other, Digits):
        return Decimal(one.text), Decimal(other.text)
    left, right = _number(one), _number(other)
    assert left is not None
    assert right is not None
    return left, right  # Python compares whole numbers and doubles by their exact values


def _against_null(operator: str, place: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        value = place.gives(document)
        return None if value is MISSING else (value is None) is (operator == "==")

    return Ask(f"{place.text} {operator} null", "bool", gives)


def _has(place: Ask) -> Ask:
    return Ask(f"has({place.text})", "bool", lambda document: place.gives(document) is not MISSING)


def _within(item: Ask, place: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        owner, value = place.gives(document), item.gives(document)
        kind = kind_of(value)
        if isinstance(owner, dict) and kind == "text":
            return value in owner
        if not isinstance(owner, list) or kind not in {"number", "text", "bool"}:
            return None
        return any(compared("==", each, value) for each in owner)

    return Ask(f"{item.text} in {place.text}", "bool", gives)


def _one_of(place: Ask, items: list[Ask]) -> Ask:
    def gives(document: Any) -> bool | None:
        return kleene_or([compared("==", place.gives(document), item.gives(document)) for item in items])

    return Ask(f"{place.text} in [{', '.join(item.text for item in items)}]", "bool", gives)


TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: wanted in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def _text_test(name: str, place: Ask, wanted: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        one, other = place.gives(document), wanted.gives(document)
        return TESTS[name](one, other) if isinstance(one, str) and isinstance(other, str) else None

    return Ask(f"{place.text}.{name}({wanted.text})", "bool", gives)


def _as_truth(place: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        value = place.gives(document)
        return value if isinstance(value, bool) else None

    return Ask(place.text, "bool", gives)


def kleene_or(outcomes: list[bool | None]) -> bool | None:
    """True when one is, else None when one is, else False."""
    return True if True in outcomes else None if None in outcomes else False


def _either(left: Ask, right: Ask) -> Ask:
    return Ask(f"({left.text} || {right.text})", "bool", lambda document: kleene_or([left.gives(document), right.gives(document)]))


def _both(left: Ask, right: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        outcomes = [left.gives(document), right.gives(document)]
        return False if False in outcomes else None if None in outcomes else True

    return Ask(f"({left.text} && {right.text})", "bool", gives)


def _negate(inner: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        outcome = inner.gives(document)
        return None if outcome is None else not outcome

    return Ask(f"!({inner.text})", "bool", gives)


def _applies(inner: Ask) -> Ask:
    return Ask(f"applies({inner.text})", "bool", lambda document: inner.gives(document) is not None)


def _moment(text: Any) -> Fraction | None:
    """Seconds since year 1 of a time in RFC 3339; None for what is none."""
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, clock, fraction, sign, hours, minutes = found.groups(default="")
    hour, minute, second = map(int, clock.split(":"))
    try:
        days = date.fromisoformat(day).toordinal() - 1
    except ValueError:
        return None
    offset = (int(hours or 0) * 3600 + int(minutes or 0) * 60) * (-1 if sign == "-" else 1)
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second + Fraction(f"0{fraction}") - offset
    return seconds if second < 60 and 0 <= seconds < date.max.toordinal() * 86_400 else None


def _times(operator: str, place: Ask, wanted: Ask) -> Ask:
    """`timestamp(place) < timestamp(wanted)` and its kin."""

    def gives(document: Any) -> bool | None:
        one, other = _moment(place.gives(document)), _moment(wanted.gives(document))
        return None if one is None or other is None else _ORDERS[operator](one, other)

    return Ask(f"timestamp({place.text}) {operator} timestamp({wanted.text})", "bool", gives)


def _choice(test: Ask, yes: Ask, no: Ask) -> Ask:
    def gives(document: Any) -> bool | None:
        outcome = test.gives(document)
        found = None if outcome is None else (yes if outcome else no).gives(document)
        return found if isinstance(found, bool) else None

    return Ask(f"(({test.text}) ? ({yes.text}) : ({no.text}))", "bool", gives)


def _elements(name: str, place: Ask, operator: str, wanted: Ask) -> Ask:
    """`place.exists(i, i == wanted)` and its kin."""

    def gives(document: Any) -> bool | None:
        owner = place.gives(document)
        if not isinstance(owner, list):
            return None
        outcomes = [compared(operator, each, wanted.gives(document)) for each in owner]
        if name == "exists":
            return kleene_or(outcomes)
        if name == "all":
            return False if False in outcomes else None if None in outcomes else True
        return None if None in outcomes else outcomes.count(True) == 1

    return Ask(f"{place.text}.{name}(i, i {operator} {wanted.text})", "bool", gives)


_OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def truths() -> st.SearchStrategy[Ask]:
    """Filters over `data`."""
    literals = st.one_of(NUMBER_LITERALS, TEXT_LITERALS)
    moments = TIMES.filter(_moment).map(lambda text: Ask(json.dumps(text), "text", lambda _document: text))
    simple = st.one_of(
        st.builds(_compare, _OPERATORS, st.just(_place(["a"])), NUMBER_LITERALS),
        st.builds(_compare, _OPERATORS, st.just(_place(["b"])), TEXT_LITERALS),
        st.builds(_within, literals, st.just(_place(['q"ö']))),
        st.builds(_compare, _OPERATORS, PLACES, literals),
        st.builds(_compare, _OPERATORS, literals, PLACES),
        st.builds(_compare, _OPERATORS, PLACES, PLACES),
        st.builds(_compare, _OPERATORS, numbers(), numbers()),
        st.builds(_against_null, st.sampled_from(["==", "!="]), PLACES),
        PLACES.map(_has),
        PLACES.map(_as_truth),
        st.builds(_within, st.one_of(literals, PLACES), PLACES),
        st.builds(_one_of, PLACES, st.lists(literals, max_size=3)),
        st.builds(_text_test, st.sampled_from(sorted(TESTS)), PLACES, st.one_of(TEXT_LITERALS, PLACES)),
        st.builds(_times, _OPERATORS, st.just(_place(["t"])), st.one_of(moments, st.just(_place(["u"])), PLACES)),
        st.builds(_elements, st.sampled_from(["exists", "all", "exists_one"]), PLACES, _OPERATORS, literals),
    )

    def joined(inner: st.SearchStrategy[Ask]) -> st.SearchStrategy[Ask]:
        choices = st.builds(_choice, inner, inner, inner)
        joined = (st.builds(_either, inner, inner), st.builds(_both, inner, inner))
        return st.one_of(*joined, inner.map(_negate), inner.map(_applies), choices)

    return st.recursive(simple, joined, max_leaves=5)
