"""A store's descriptor: the TOML that says how the columns of one table are events. Reads TOML; opens no store.

`[match]` says which table it is for, `[event]` gives one expression per field, `[rules]` says what is found in the decoded
value (written as in a profile, see `identify.profile`), `decoder` how to decode it; `sql_sections` has what stores with
several tables need. The next store is another file under `resources/stores`. Read `sql_expressions` for the expressions,
`sql_table` for their use.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources as package_files
from pathlib import Path

from inspector.errors import UsageError
from inspector.plain_files import read_text
from inspector.sources.sql_expressions import Call, ColumnRef, Expression, is_time, payload_parts
from inspector.sources.sql_parsing import parse
from inspector.sources.sql_sections import (
    ClaimTable,
    Constants,
    Join,
    Links,
    ProgressStreams,
    constants,
    parse_also,
    parse_claims,
    parse_joins,
    parse_links,
    parse_progress,
)

ENVELOPE = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor")
"""Fields of an event that columns can give."""
FIELDS = ("position", "xid", "value", "metadata", "time", "recorded", "key", *ENVELOPE)
DATABASES = ("sqlite", "postgresql")
_EVENT_KEYS = {"title": str, "decoder": str, "base": int, "first_position": int, "match": dict, "event": dict, "rules": dict, "join": list}
_KEYS = {
    **_EVENT_KEYS, "database": str, "verified": bool, "streams": dict, "snapshot": list, "checkpoint": list, "stream_table": list,
    "progress": dict,
}  # fmt: skip
_MATCH_KEYS = {"table", "columns", "probe", "also", "where", "signature"}
_RULE_FIELDS = (*ENVELOPE, "time", "metadata")


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at the content: the column's text must be like the SQL pattern in the first rows."""

    column: str
    like: str


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One store's table, described. `name` is the file's; fields are as written there."""

    name: str
    title: str
    table: str
    """Name of the table, or a glob."""
    columns: tuple[str, ...]
    """Columns it must have."""
    fields: Mapping[str, Expression]
    rules: Mapping[str, object] = field(default_factory=dict)
    """What is found in the decoded value; a field that is not named here is not looked for there."""
    decoder: str | None = None
    base: int | None = None
    """Version of a stream's first event."""
    first_position: int | None = None
    """Position that the store's numbering starts with; None: whatever the first row has."""
    probe: Probe | None = None
    database: str | None = None
    """One of `DATABASES` that it is for; None: any."""
    is_verified: bool = True
    """Whether its table was seen as the real package makes it; else readers are told that the mapping is unverified."""
    signature: str | None = None
    """Digest of the names and types of all columns (see `table_description`); None: not asked for."""
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other tables that must be there, with columns they must have."""
    where: Constants = field(default_factory=dict)
    """Rows of the table that count have these values."""
    joins: tuple[Join, ...] = ()
    links: Links | None = None
    """Where it says in which other streams an event is."""
    claims: tuple[ClaimTable, ...] = ()
    progress: ProgressStreams | None = None
    snapshots: tuple[Descriptor, ...] = ()
    """Tables of snapshots that may be there too, each read as a log of its own."""
    kind: str = "events"
    """`events` or `snapshots`."""

    def is_for(self, database: str) -> bool:
        """Whether it may be tried on a table of that database."""
        return self.database in {None, database} and not (database == "postgresql" and self.sections)

    @property
    def sections(self) -> list[str]:
        """Which of its parts need more than one table, as they are written; only SQLite stores are read so."""
        parts = {
            "[match] also": self.also, "[match] where": self.where, "[match] signature": self.signature, "[[join]]": self.joins,
            "[streams]": self.links,
        }  # fmt: skip
        return [name for name, part in parts.items() if part]

    @property
    def mapped_columns(self) -> tuple[set[str], set[str]]:
        """Columns (small letters) that expressions name, and those of them that give a time."""
        timed = [self.fields[key] for key in ("time", "recorded") if key in self.fields]
        named = [{name.lower() for one in found for name in one.columns()} for found in (self.fields.values(), timed)]
        return named[0], named[1]

    @property
    def wanted(self) -> str:
        """What it looks for, in words."""
        return f"{self.title}: table {self.table} with {', '.join(self.columns)}"

    @property
    def wants(self) -> tuple[bool, int]:
        """How much it asks of a store: of several that fit, the one that asks for most is taken."""
        return self.signature is not None, len(self.columns) + sum(1 + len(columns) for columns in self.also.values())

    @property
    def is_ordered_by_key(self) -> bool:
        """Its rows have no position of their own: they are numbered in the order of the primary key, anew at each reading."""
        position = self.fields["position"]
        return isinstance(position, Call) and position.name == "row"


@cache
def built_in() -> tuple[Descriptor, ...]:
    """The descriptors that ship with the program, by name."""
    folder = package_files.files("resources") / "stores"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(parse_descriptor(file.read_text(encoding="utf-8"), file.name.removesuffix(".toml")) for file in files)


def load(path: Path) -> Descriptor:
    """The descriptor in `path`. Raises UsageError with the reason for any mistake in it."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the descriptor {path}: {error}") from None
    return parse_descriptor(text, path.stem)


def parse_descriptor(text: str, name: str) -> Descriptor:
    """The descriptor written as `text`. Raises UsageError naming the key that is wrong."""
    try:
        return _descriptor(tomllib.loads(text), name)
    except (tomllib.TOMLDecodeError, ValueError, TypeError) as error:
        raise UsageError(f"descriptor {name}: {error}") from None


def _descriptor(table: Mapping[str, object], name: str, kind: str = "events") -> Descriptor:
    keys = _KEYS if kind == "events" else _EVENT_KEYS
    for key, value in table.items():
        if key not in keys:
            raise ValueError(f"{key!r} is not known; one of {', '.join(keys)}")
        if not isinstance(value, keys[key]) or isinstance(value, bool) != (keys[key] is bool):
            raise TypeError(f"{key} must be a {keys[key].__name__}")
    match, written, rules = _part(table, "match"), _part(table, "event"), _part(table, "rules")
    unknown = set(match) - _MATCH_KEYS
    if unknown:
        raise ValueError(f"[match] {unknown.pop()!r} is not known; one of {', '.join(sorted(_MATCH_KEYS))}")
    columns = match.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(column, str) for column in columns):
        raise ValueError("[match] columns: the list of columns that tell this table from others is missing")
    fields = {key: _expression(key, value) for key, value in written.items()}
    _check_fields(fields)
    for key in set(rules) - set(_RULE_FIELDS) - {"when", "zone"}:
        raise ValueError(f"[rules] {key!r} is not known; one of {', '.join(_RULE_FIELDS)}")
    base, first, decoder = table.get("base"), table.get("first_position"), table.get("decoder")
    database = table.get("database")
    if database not in {None, *DATABASES}:
        raise ValueError(f"database {database!r} is not known; one of {', '.join(DATABASES)}")
    return Descriptor(
        name=name,
        title=str(table.get("title", name)),
        table=_text(match, "table"),
        columns=tuple(columns),
        fields=fields,
        rules={key: [] for key in _RULE_FIELDS} | {"category": "log"} | dict(rules),
        decoder=decoder if isinstance(decoder, str) else None,
        base=base if isinstance(base, int) else None,
        first_position=first if isinstance(first, int) else None,
        probe=_probe(match.get("probe")),
        database=database if isinstance(database, str) else None,
        is_verified=table.get("verified") is not False,
        signature=_text(match, "signature") if "signature" in match else None,
        also=parse_also(match.get("also")),
        where=constants(match.get("where"), "[match] where"),
        joins=parse_joins(table.get("join")),
        links=parse_links(table.get("streams")),
        claims=parse_claims(table),
        progress=parse_progress(table.get("progress")),
        snapshots=_snapshots(table.get("snapshot", []), name),
        kind=kind,
    )


def _snapshots(written: object, name: str) -> tuple[Descriptor, ...]:
    assert isinstance(written, list)
    try:
        return tuple(_descriptor(part, name, "snapshots") for part in written)
    except (ValueError, TypeError) as error:
        raise ValueError(f"[[snapshot]]: {error}") from None


def _part(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = table.get(key, {})
    return part if isinstance(part, dict) else {}


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: a text is missing")
    return value


def _probe(written: object) -> Probe | None:
    if written is None:
        return None
    if not isinstance(written, dict) or set(written) != {"column", "like"}:
        raise ValueError("[match] probe: write { column = …, like = … }")
    return Probe(_text(written, "column"), _text(written, "like"))


def _expression(key: str, written: object) -> Expression:
    if key not in FIELDS:
        raise ValueError(f"[event] {key!r} is not known; one of {', '.join(FIELDS)}")
    if not isinstance(written, str):
        raise TypeError(f"[event] {key}: a text is wanted")
    try:
        return parse(written)
    except ValueError as error:
        raise ValueError(f"[event] {key}: {error}") from None


def _check_fields(fields: Mapping[str, Expression]) -> None:
    for key in ("position", "value"):
        if key not in fields:
            raise ValueError(f"[event] {key} is missing")
    for key in ("position", "xid"):
        expression = fields.get(key)
        if isinstance(expression, Call) and expression.name in {"rowid", "row"} and key == "position":
            continue
        if expression is not None and not isinstance(expression, ColumnRef):
            raise ValueError(f"[event] {key}: one column is wanted{', rowid() or row()' if key == 'position' else ''}")
    _check_payloads(fields)
    _check_times(fields)


def _check_payloads(fields: Mapping[str, Expression]) -> None:
    for key in ("value", "metadata"):
        if key in fields:
            try:
                payload_parts(fields[key])
            except ValueError as error:
                raise ValueError(f"[event] {key}: {error}") from None


def _check_times(fields: Mapping[str, Expression]) -> None:
    if "time" in fields and "recorded" in fields:
        raise ValueError("[event] time and recorded: a row has one timestamp; give the other one as a rule or leave it unmapped")
    for key in ("time", "recorded"):
        expression = fields.get(key)
        if expression is not None and not is_time(expression):
            raise ValueError(f"[event] {key}: say how the column is a time: iso(…), utc(…), s(…), ms(…), us(…) or ns(…)")
