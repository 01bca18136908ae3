"""Rules as written (TOML tables) made into candidates per field, and candidates run over rows. No files, no SQL.

The built-in rules, a store's descriptor and the user's profile are written alike. A candidate gives a whole column; the
first one with a value wins in each row. Read `convert` for what counts as a value, `resources/identity.toml` for rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import cast

import orjson
import re2

from inspector import times
from inspector.identify import convert, expressions
from inspector.identify.expressions import Expression
from inspector.identify.rows import Rows

TEXT_FIELDS = ("type", "id", "stream", "category", "schema_version", "correlation_id", "causation_id", "actor")
FIELDS = (*TEXT_FIELDS, "version", "time", "metadata")
IN_ENVELOPE = frozenset(FIELDS) - {"time"}
OPTIONS = {
    "from": None,
    "when": None,
    "match": None,
    "split": frozenset({"stream", "category"}),
    "category": frozenset({"stream"}),
    "unit": frozenset({"time"}),
    "zone": frozenset({"time"}),
    "prefix": frozenset({"metadata"}),
    "without": frozenset({"metadata"}),
    "also": frozenset({"metadata"}),
}
"""Option of a rule → the fields it is for; None: all."""

_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?\Z")
Column = Sequence[object]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to find one field: where to look, under which condition, and how to read what is there."""

    field: str
    source: Expression
    when: tuple[Expression, ...] = ()
    match: Callable[[str], str | None] | None = None
    split: str = ""
    category: str = ""
    unit: str | None = None
    zone: tzinfo | None = None
    prefix: str = ""
    without: frozenset[str] = frozenset()
    also: tuple[tuple[str, Expression], ...] = ()
    """Members to add under a name of their own."""
    rule: str = ""
    """Whose rule it is, in words."""
    is_final: bool = False
    """What is there is already the field's value: metadata that a source gives as JSON text."""

    def found(self, rows: Rows) -> Column | None:
        """What is there in each row that meets the condition, before it is read as the field; None for nothing anywhere."""
        conditions = [condition.column(rows) for condition in self.when]
        if None in conditions:
            return None
        column = self.source.column(rows)
        for given in conditions if column is not None else ():
            if given is not None and None in given:
                column = [None if mark is None else value for value, mark in zip(column or (), given, strict=True)]
        if column is not None and self.match is not None:
            match = self.match
            column = [match(value) if isinstance(value, str) else None for value in column]
        if column is not None and (self.prefix or self.without):
            column = self._with_more(rows, [self._members(value) for value in column])
        return column

    def _with_more(self, rows: Rows, members: Sequence[dict[str, object] | None]) -> Column:
        for name, source in self.also:
            for row, value in enumerate(source.column(rows) or ()):
                found = members[row]
                if found is not None and value is not None:
                    found[name] = value
        return members

    def read(self, rows: Rows, column: Column) -> Column:
        """`column` as values of the field; None for what cannot be one."""
        if self.is_final:
            return column
        if self.field == "version":
            return convert.integers(column)
        if self.field == "time":
            return times.times(column, self.unit, self.zone)
        if self.field == "metadata":
            return convert.json_texts(column, self._exact_in(rows, column))
        if self.source.is_text and not self.match:
            found = cast("Sequence[str | None]", column)
        else:
            found = convert.texts(column, self._exact_in(rows, column), all_short=rows.longest() <= convert.MAX_TEXT)
        if self.field == "category" and self.split:
            return [None if name is None else category_of(name, self.split) for name in found]
        return found

    def _exact_in(self, rows: Rows, column: Column) -> convert.Exact:
        if self.prefix or self.without:  # no longer what the document says as a whole
            return lambda row: orjson.dumps(column[row]).decode()
        return lambda row: self.source.exact(rows, row)

    def _members(self, value: object) -> dict[str, object] | None:
        if not isinstance(value, dict):
            return None
        return {
            name.removeprefix(self.prefix): member
            for name, member in value.items()
            if name.startswith(self.prefix) and name not in self.without
        } or None


def resolve(candidates: Iterable[Candidate], rows: Rows) -> Column | None:
    """The field's column: in each row what the first candidate with a value says; None when no row has any."""
    result: Column | None = None
    for candidate in candidates:
        found = candidate.found(rows)
        if found is None:
            continue
        read = candidate.read(rows, found)
        result = read if result is None else merged(result, read)
        if None not in result:
            break
    return result


def merged(first: Column, second: Column) -> Column:
    """In each row the value of `first`, or else that of `second`."""
    return [new if old is None else old for old, new in zip(first, second, strict=True)]


def category_of(name: str, split: str) -> str | None:
    """What stands before the first `split` in a stream's `name`; None when it does not occur, or for a UUID."""
    head, found, _ = name.partition(split)
    return head if found and head and not _UUID.match(name) else None


def compile_table(table: Mapping[str, object], rule: str = "") -> dict[str, list[Candidate]]:
    """The candidates per field that one table of rules names; `rule` is what the table itself is called.

    Raises ValueError, its text starting with the key and a colon.
    """
    when = table.get("when", [])
    zone = table.get("zone")
    compiled: dict[str, list[Candidate]] = {}
    for name, written in table.items():
        if name in FIELDS:
            entries = written if isinstance(written, list) else [written]
            with_key = _Keyed(name, rule)
            compiled[name] = [with_key(entry, when, zone) for entry in entries]
        elif name not in {"when", "zone", "name", "reducer"}:
            raise ValueError(f"{name}: no such field; one of {', '.join(FIELDS)}")
    return compiled


class _Keyed:
    """Compiles entries of one field, naming the field in what goes wrong."""

    def __init__(self, name: str, rule: str) -> None:
        self._name, self._rule = name, rule

    def __call__(self, entry: object, when: object, zone: object) -> Candidate:
        try:
            return replace(_candidate(self._name, entry, when, zone), rule=self._rule)
        except ValueError as error:
            raise ValueError(f"{self._name}: {error}") from None


def _candidate(name: str, entry: object, when: object, zone: object) -> Candidate:
    options: Mapping[str, object] = entry if isinstance(entry, Mapping) else {"from": entry}
    for option in options:
        fields = OPTIONS.get(option, frozenset())
        if fields is not None and name not in fields:
            raise ValueError(f"no option {option!r} here; one of {', '.join(o for o, f in OPTIONS.items() if f is None or name in f)}")
    if "from" not in options:
        raise ValueError("'from' is missing: it says where to look")
    unit = _text(options, "unit") or None
    if unit not in {None, "guess", *times.UNITS}:
        raise ValueError(f"no unit {unit!r}: one of {', '.join(times.UNITS)} or guess")
    zone = options.get("zone", zone)
    return Candidate(
        field=name,
        source=expressions.parse(_text(options, "from")),
        when=tuple(expressions.parse(text) for text in _texts("when", options.get("when", when))),
        match=_matcher(_text(options, "match")) if "match" in options else None,
        split=_text(options, "split"),
        category=_text(options, "category"),
        unit=unit,
        zone=None if zone is None else times.parse_zone(str(zone)),
        prefix=_text(options, "prefix"),
        without=frozenset(_texts("without", options.get("without", []))),
        also=tuple(_also(options.get("also", {}))),
    )


def _text(options: Mapping[str, object], name: str) -> str:
    value = options.get(name, "")
    if isinstance(value, str):
        return value
    raise ValueError(f"{name!r} is a text, not {value!r}")


def _texts(name: str, value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        raise ValueError(f"{name!r} is a text or a list of texts")
    return [str(item) for item in values]


def _also(members: object) -> list[tuple[str, Expression]]:
    if isinstance(members, Mapping) and all(isinstance(place, str) for place in members.values()):
        return [(str(name), expressions.parse(place)) for name, place in members.items()]
    raise ValueError("'also' maps names to places, such as { datacontenttype = \"header.content-type\" }")


def _matcher(pattern: str) -> Callable[[str], str | None]:
    """The first group of `pattern` where it matches. RE2, since the texts are whatever anyone wrote."""
    try:
        compiled = re2.compile(pattern)
    except re2.error as error:
        raise ValueError(f"'match' is no regular expression: {error}") from None
    if compiled.groups != 1:
        raise ValueError("'match' needs exactly one group in parentheses: the part that is wanted")

    def first_group(text: str) -> str | None:
        found = compiled.search(text)
        return None if found is None else str(found.group(1) or "") or None

    return first_group
