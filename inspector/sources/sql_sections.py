"""The sections of a store's descriptor besides its one table: joined tables, the other streams of an event, and what the store
says of itself (checkpoints, heads of streams). Values and their parsing; opens no store, knows no dialect of SQL.

Read `sql_descriptor` for the whole, `sql_links` and `sql_claims` for their use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.sources.sql_expressions import ColumnRef, Expression
from inspector.sources.sql_parsing import parse

Constants = Mapping[str, int | str]
_JOIN_KEYS = {"name", "table", "on"}
_LINK_KEYS = {"table", "on", "where", "without", "join"}
_LINK_FIELDS = ("stream", "version", "category")
_CLAIM_KEYS = {"table", "columns", "where", "greatest", "skip", "of"}
_CLAIM_FIELDS: Mapping[str, tuple[str, ...]] = {
    "checkpoint": ("name", "position", "time"),
    "stream_table": ("stream", "version", "category", "time"),
}
ELSEWHERE = "elsewhere"
"""In `of`: the checkpoint counts positions of another store."""


@dataclass(frozen=True, slots=True)
class Join:
    """A table with at most one row for each of ours; its columns are written `name.column`."""

    name: str
    table: str
    on: Mapping[str, str]
    """Its column → ours, or `name.column` of a join before it."""


@dataclass(frozen=True, slots=True)
class Links:
    """A table that says in which streams an event is, one row for each."""

    table: str
    on: Mapping[str, str]
    """Its column → ours."""
    fields: Mapping[str, Expression]
    where: Constants = field(default_factory=dict)
    without: Constants = field(default_factory=dict)
    """Rows that are none have one of these values."""
    joins: tuple[Join, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """A table in which a store says how far a consumer is (`checkpoint`), or at which version a stream is (`stream_table`)."""

    kind: str
    table: str
    columns: tuple[str, ...]
    fields: Mapping[str, Expression]
    """`name`, `position` (or `stream`, `version`), and more."""
    where: Constants = field(default_factory=dict)
    greatest: bool = False
    """Several rows of one name: the greatest position counts. Name and position are plain columns then."""
    skip: frozenset[str] = frozenset()
    """Names that are no consumers."""
    is_elsewhere: bool = False
    """The positions are those of another store."""

    @property
    def name(self) -> Expression:
        """Who claims: the consumer or the stream."""
        return self.fields["name" if self.kind == "checkpoint" else "stream"]

    @property
    def value(self) -> Expression | None:
        """What is claimed: a position or a version."""
        return self.fields.get("position" if self.kind == "checkpoint" else "version")


@dataclass(frozen=True, slots=True)
class ProgressStreams:
    """Consumers keep their progress as messages in streams of a kind, each for the one category that it reads."""

    category: str
    """The store's own function that gives the category of a stream, by which messages are indexed."""
    kind: str
    """What stands after the category: those of `account` are in `account:position`, say."""
    value: str
    """Where a message has, in its data, the last position that was dealt with."""


def parse_progress(written: object) -> ProgressStreams | None:
    """`[progress]`. Raises ValueError saying what is wrong."""
    if written is None:
        return None
    if not isinstance(written, dict):
        raise TypeError("[progress]: a table is wanted")
    _known(written, {"category", "kind", "value"}, "[progress]")
    return ProgressStreams(*(_text(written, key, "[progress]") for key in ("category", "kind", "value")))


def parse_joins(written: object) -> tuple[Join, ...]:
    """`[[join]]`. Raises ValueError saying what is wrong."""
    joins: list[Join] = []
    for part in _tables(written, "join"):
        _known(part, _JOIN_KEYS, "[[join]]")
        name = _text(part, "name", "[[join]]")
        if not name.isidentifier() or name in {join.name for join in joins}:
            raise ValueError(f"[[join]] name {name!r}: a short name of its own is wanted, of letters and digits")
        joins.append(Join(name, _text(part, "table", "[[join]]"), _texts(part.get("on"), "[[join]] on")))
    return tuple(joins)


def parse_links(written: object) -> Links | None:
    """`[streams]`. Raises ValueError saying what is wrong."""
    if written is None:
        return None
    if not isinstance(written, dict):
        raise TypeError("[streams]: a table is wanted")
    _known(written, _LINK_KEYS | set(_LINK_FIELDS), "[streams]")
    fields = _expressions(written, _LINK_FIELDS, "[streams]")
    if "stream" not in fields:
        raise ValueError("[streams] stream is missing")
    return Links(
        _text(written, "table", "[streams]"),
        _texts(written.get("on"), "[streams] on"),
        fields,
        constants(written.get("where"), "[streams] where"),
        constants(written.get("without"), "[streams] without"),
        parse_joins(written.get("join")),
    )


def parse_claims(table: Mapping[str, object]) -> tuple[ClaimTable, ...]:
    """All `[[checkpoint]]` and `[[stream_table]]`. Raises ValueError saying what is wrong."""
    return tuple(_claim(kind, part) for kind in _CLAIM_FIELDS for part in _tables(table.get(kind), kind))


def _claim(kind: str, part: Mapping[str, object]) -> ClaimTable:
    label = f"[[{kind}]]"
    _known(part, _CLAIM_KEYS | set(_CLAIM_FIELDS[kind]), label)
    fields = _expressions(part, _CLAIM_FIELDS[kind], label)
    for key in _CLAIM_FIELDS[kind][:2]:
        if key not in fields:
            raise ValueError(f"{label} {key} is missing")
    columns, skip = part.get("columns", []), part.get("skip", [])
    if not isinstance(columns, list) or not isinstance(skip, list):
        raise ValueError(f"{label} columns and skip are lists")  # noqa: TRY004 - a mistake in the file
    greatest = part.get("greatest", False) is True
    if greatest and not all(isinstance(fields[key], ColumnRef) for key in _CLAIM_FIELDS[kind][:2]):
        raise ValueError(f"{label} greatest: needs plain columns for {' and '.join(_CLAIM_FIELDS[kind][:2])}")
    if part.get("of", ELSEWHERE) != ELSEWHERE:
        raise ValueError(f'{label} of: only "{ELSEWHERE}" is known, for positions of another store')
    return ClaimTable(
        kind=kind,
        table=_text(part, "table", label),
        columns=tuple(str(column) for column in columns),
        fields=fields,
        where=constants(part.get("where"), f"{label} where"),
        greatest=greatest,
        skip=frozenset(str(name) for name in skip),
        is_elsewhere="of" in part,
    )


def constants(written: object, label: str) -> Constants:
    """Columns with the value they must have. Raises ValueError."""
    if written is None:
        return {}
    if not isinstance(written, dict) or not all(isinstance(value, int | str) and not isinstance(value, bool) for value in written.values()):
        raise ValueError(f"{label}: columns with a number or text each are wanted, such as {{ stream_id = 0 }}")
    return dict(written)


def parse_also(written: object) -> Mapping[str, tuple[str, ...]]:
    """Other tables that must be there, with columns they must have. Raises ValueError."""
    if written is None:
        return {}
    if not isinstance(written, dict) or not all(isinstance(columns, list) for columns in written.values()):
        raise ValueError("[match] also: tables with a list of their columns each are wanted")
    return {table: tuple(str(column) for column in columns) for table, columns in written.items()}


def _expressions(part: Mapping[str, object], names: tuple[str, ...], label: str) -> dict[str, Expression]:
    fields = {}
    for name in names:
        if name not in part:
            continue
        try:
            fields[name] = parse(_text(part, name, label))
        except ValueError as error:
            raise ValueError(f"{label} {name}: {error}") from None
    return fields


def _tables(written: object, name: str) -> list[Mapping[str, object]]:
    if written is None:
        return []
    if not isinstance(written, list) or not all(isinstance(part, dict) for part in written):
        raise ValueError(f"[[{name}]] is written with two brackets, once for each table")
    return written


def _known(part: Mapping[str, object], keys: set[str], label: str) -> None:
    for key in part:
        if key not in keys:
            raise ValueError(f"{label} {key!r} is not known; one of {', '.join(sorted(keys))}")


def _text(part: Mapping[str, object], key: str, label: str) -> str:
    value = part.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{label} {key}: a text is missing")
    return value


def _texts(written: object, label: str) -> Mapping[str, str]:
    if not isinstance(written, dict) or not written or not all(isinstance(value, str) for value in written.values()):
        raise ValueError(f'{label}: write the columns that meet, such as {{ event_id = "event_id" }}')
    return dict(written)
