"""The functions and methods of the filter language as SQL: one table each, which the reference page and completion read too.

Read `values` for what they are given, `functions` for what SQLite lacks, `compiler` for who calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inspector.errors import QueryError
from inspector.event import format_time
from inspector.query import functions
from inspector.query.comparing import any_header
from inspector.query.grammar import Node
from inspector.query.values import INT64, Scope, Value

_DURATION = re.compile(r"(-?)((?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+)\Z")
_DURATION_US = {"h": 3.6e9, "m": 6e7, "s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}

_LONGEST_GLOB = 1_000
"""SQLite's patterns are bounded; and each `*` is escaped by three characters."""

Made = Callable[[Scope, Node, Sequence[Value]], Value]


@dataclass(frozen=True, slots=True)
class Call:
    """A function or method: how it is made into SQL, how many arguments it takes (a method's owner is the first), what it says."""

    make: Made
    arguments: int
    example: str
    meaning: str


def made(table: Mapping[str, Call], what: str, scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    """The call `node` as `table` has it. Raises QueryError for a name it has not, or another number of arguments."""
    name = str(node.value)
    found = table.get(name)
    if found is None:
        raise QueryError(f"there is no {what} {name!r}", column=node.column, expected=", ".join(sorted(table)))
    if len(arguments) != found.arguments:
        wanted = found.arguments - (what == "method")
        raise QueryError(f"{name} takes {_count(wanted)}", column=node.column, expected=_count(wanted))
    return found.make(scope, node, arguments)


def _count(arguments: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(arguments, f"{arguments} arguments")


def _has(scope: Scope, _node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    if value.place is not None:
        sql = f"({scope.type_of(value.place)} IS NOT NULL)"
    elif value.header is not None:
        sql = f"EXISTS (SELECT 1 FROM json_each({value.sql}) WHERE value ->> 0 = {scope.bind(value.header)})"
    else:
        sql = f"({value.raw or value.sql} IS NOT NULL)"
    return Value("bool", sql, f"{value.words} is there")


def _size(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    words = f"the size of {value.words}"
    if value.place is not None:
        each = f"json_each({value.place.document}, {scope.path(value.place)})"
        text = _length(scope.taken(value.place))
        sql = (
            f"(CASE {scope.type_of(value.place)} WHEN 'array' THEN (SELECT count(*) FROM {each}) "
            f"WHEN 'object' THEN (SELECT count(DISTINCT key) FROM {each}) WHEN 'text' THEN {text} END)"
        )
        return Value("number", sql, words)
    if value.kind == "headers":
        return Value("number", f"coalesce(json_array_length({value.sql}), 0)", words)
    if value.raw is not None:
        return Value("number", f"length({value.raw})", words)
    return Value("number", _length(scope.as_kind(value, "text", node.column)), words)


def _length(text: str) -> str:
    return f"(CASE WHEN instr({text}, char(0)) THEN filter_size({text}) ELSE length({text}) END)"


def _timestamp(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    if value.kind == "time":
        return value
    if isinstance(value.constant, str):
        return _moment(scope, node, value.constant)
    if value.kind != "text" and value.place is None:
        raise QueryError("timestamp takes a time as text", column=node.column, expected='timestamp("2026-11-23T08:00:00Z")')
    text = scope.as_kind(value, "text", node.column)
    return Value("time", f"filter_timestamp({text})", f"timestamp({value.words})", nanoseconds=f"filter_nanoseconds({text})")


def _moment(scope: Scope, node: Node, text: str) -> Value:
    """A time that the filter itself writes."""
    found = functions.moment(text)
    if found is None:
        raise QueryError(
            f"not an RFC 3339 time with a zone: {text!r}", column=node.column, expected="a time with its zone, such as 2026-11-23T08:00:00Z"
        )
    time_us, nanoseconds = found
    words = str(format_time(time_us))
    if not nanoseconds:
        return Value("time", scope.bind(time_us), words)
    return Value("time", scope.bind(time_us), f"{words[:-1]}{nanoseconds:03}Z", nanoseconds=scope.bind(nanoseconds))


def _duration(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    match = _DURATION.match(value.constant) if isinstance(value.constant, str) else None
    if not match:
        raise QueryError("duration takes a text such as 1h30m", column=node.column, expected='duration("1h30m")')
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)", match[2])
    total = sum(float(count) * _DURATION_US[unit] for count, unit in parts)
    if total >= INT64:
        raise QueryError("the duration is too long", column=node.column, expected="less than 292,000 years")
    return Value("duration", scope.bind(int(-total if match[1] else total)), str(value.constant))


def _int(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    words = f"int({value.words})"
    if value.kind == "time":
        # towards the past, as the calendar's seconds are
        return Value("number", f"(({value.sql} - ((({value.sql}) % 1000000) + 1000000) % 1000000) / 1000000)", words)
    taken = _scalar(scope, node, value)
    near = f"CASE WHEN abs({taken}) < 9223372036854775808.0 THEN CAST({taken} AS INTEGER) END"
    return Value(
        "number", f"(CASE typeof({taken}) WHEN 'integer' THEN {taken} WHEN 'real' THEN {near} ELSE filter_int({taken}) END)", words
    )


def _double(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    taken = _scalar(scope, node, value)
    sql = f"(CASE WHEN typeof({taken}) IN ('integer', 'real') THEN CAST({taken} AS REAL) ELSE filter_double({taken}) END)"
    return Value("number", sql, f"double({value.words})")


def _string(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    words = f"string({value.words})"
    if value.place is not None:
        kind = scope.type_of(value.place)
        sql = (
            f"(CASE WHEN {kind} = 'text' THEN {scope.taken(value.place)} "
            f"WHEN {kind} IN ('integer', 'real', 'true', 'false') THEN {scope.written(value.place)} END)"
        )
        return Value("text", sql, words)
    if value.kind == "time":
        return Value("text", f"filter_time({value.sql})", words)
    if value.kind == "bool":
        return Value("text", f"(CASE {value.sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)", words)
    return Value("text", f"CAST({_scalar(scope, node, value)} AS TEXT)", words)


def _scalar(scope: Scope, node: Node, value: Value) -> str:
    """SQL of a number or text; NULL where a document holds something else."""
    if value.place is not None:
        return f"(CASE WHEN {scope.type_of(value.place)} IN ('integer', 'real', 'text') THEN {scope.taken(value.place)} END)"
    if value.kind not in {"number", "text"}:
        raise QueryError(f"{node.value} cannot be asked of {value.words}", column=node.column, expected="a number or a text")
    return value.sql


def _text_test(words: str, sql: Callable[[str, str], str]) -> Made:
    def make(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
        owner, argument = arguments
        wanted = scope.as_kind(argument, "text", node.parts[1].column)
        said = f"{owner.words} {words} {argument.words}"
        if owner.header is not None:
            return Value("bool", any_header(scope, owner, sql("(value ->> 1)", wanted)), said)
        return Value("bool", sql(scope.as_kind(owner, "text", node.parts[0].column), wanted), said)

    return make


_in_text = _text_test("contains", lambda text, wanted: f"(instr({text}, {wanted}) > 0)")


def _contains(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    """In a value that was read as JSON, and so is text without a NUL, GLOB finds a text at a third of the time, without Python."""
    found = _in_text(scope, node, arguments)
    owner, wanted = arguments
    decoder, value = scope.names.get("decoder"), scope.names.get("value")
    is_value = value is not None and owner.raw == value.sql
    if not is_value or decoder is None or not isinstance(wanted.constant, str):
        return found
    if "\0" in wanted.constant or len(wanted.constant) > _LONGEST_GLOB:
        return found
    escaped = re.sub(r"([*?[])", r"[\1]", wanted.constant)
    pattern = scope.bind(f"*{escaped}*")
    quick = f"CAST({owner.raw} AS TEXT) GLOB {pattern}"
    return Value("bool", f"(CASE WHEN {decoder.sql} = 'json' THEN {quick} ELSE {found.sql} END)", found.words)


def _starts(text: str, wanted: str) -> str:
    text, wanted = f"CAST({text} AS BLOB)", f"CAST({wanted} AS BLOB)"
    return _part_is(text, f"substr({text}, 1, length({wanted}))", wanted)


def _ends(text: str, wanted: str) -> str:
    text, wanted = f"CAST({text} AS BLOB)", f"CAST({wanted} AS BLOB)"
    part = f"substr({text}, length({text}) - length({wanted}) + 1)"
    return f"(length({text}) >= length({wanted}) AND {_part_is(text, part, wanted)})"


def _part_is(text: str, part: str, wanted: str) -> str:
    """SQLite gives null for a part of no bytes; where there is a text, that part is empty."""
    return f"(coalesce({part}, iif({text} IS NULL, NULL, x'')) = {wanted})"


def _matches(scope: Scope, node: Node, arguments: Sequence[Value]) -> Value:
    constant = arguments[1].constant
    if isinstance(constant, str):
        try:
            functions.check_pattern(constant)
        except QueryError as error:
            raise QueryError(str(error), column=node.parts[1].column, expected=error.expected) from error
    return _text_test("matches", lambda text, wanted: f"filter_matches({text}, {wanted})")(scope, node, arguments)


FUNCTIONS = {
    "has": Call(_has, 1, "has(data.coupon)", "whether it is there, a null too"),
    "size": Call(_size, 1, "size(data.items) > 3", "how many elements, members, headers, characters, or bytes of key and value"),
    "timestamp": Call(
        _timestamp,
        1,
        'timestamp(data.paid_at) >= timestamp("2026-11-23T08:00:00Z")',
        "a moment: RFC 3339 text with its zone, up to nine digits of a second; *not applicable* to any other text",
    ),
    "duration": Call(_duration, 1, 'captured_time - time > duration("1h30m")', "a length of time: h m s ms us ns"),
    "int": Call(
        _int,
        1,
        "int(data.total) > 900",
        "a whole number: what a text writes, a number without its fraction, the seconds of a time",
    ),
    "uint": Call(_int, 1, "uint(data.total) > 900", "the same as `int`"),
    "double": Call(_double, 1, "double(data.price) < 9.9", "a number: of a text that writes one"),
    "string": Call(_string, 1, 'string(data.total).endsWith(".50")', "a text: numbers with the digits they were written with"),
}
METHODS = {
    "contains": Call(_contains, 2, 'value.contains("visa")', "has the text in it"),
    "startsWith": Call(_text_test("starts with", _starts), 2, 'stream.startsWith("order-")', "begins with the text"),
    "endsWith": Call(_text_test("ends with", _ends), 2, 'type.endsWith("Failed")', "ends with the text"),
    "matches": Call(_matches, 2, 'data.email.matches("@example[.]org$")', "a regular expression (RE2) is found in it"),
    "size": Call(_size, 1, "data.items.size() > 3", "the same as `size(…)`"),
}
