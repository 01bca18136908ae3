"""Tables of event stores in dumps: which columns are an event's fields, by the descriptors that the stores are opened with.

Of a descriptor's expressions those are followed that need one row only: columns, parts of them, and times. Reads the descriptors
that ship with the program; knows no database. Read `resources/stores` for them, `pg_copy` for who asks.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources as package_files

from inspector.event import RecordBatch, TimeKind, checked_time, datetime_us
from inspector.formats.kafka_rows import MOST_POSITION, add_row
from inspector.formats.pg_text import Cell, Table

_FIELDS = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
_TIMES = {"iso": 0, "utc": 0, "s": 1_000_000, "ms": 1000, "us": 1}
_TIME = re.compile(r"(\w+)\(\s*([A-Za-z_]\w*)\s*\)\Z")
_CUT = re.compile(r"(before|after|before_last|after_last)\(\s*([A-Za-z_]\w*)\s*,\s*'([^']*)'\s*\)\Z")
_COLUMN = re.compile(r"([A-Za-z_]\w*)\??\Z")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[+-]\d\d(?::?\d\d)?)?\Z")
Getter = Callable[[Sequence[Cell]], Cell]


@dataclass(frozen=True, slots=True)
class Store:
    """How the rows of one table are events."""

    title: str
    value: int
    is_bytes: bool
    position: int | None
    time: Callable[[Sequence[Cell]], int | None] | None
    time_kind: int
    fields: Mapping[str, Getter] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def has_position(self) -> bool:
        """Whether a column is the event's position in the store."""
        return self.position is not None

    @property
    def unmapped(self) -> str:
        """What the descriptor says that a dump cannot follow, for a sentence."""
        return f"; not followed in a dump: {', '.join(self.left_out)}" if self.left_out else ""

    def wrong(self, row: Sequence[Cell]) -> str:
        """Why a row cannot be an event."""
        if self.position is None:
            return ""
        found = row[self.position]
        is_number = found is not None and found.isascii() and found.isdigit() and len(found) < 20
        return "" if is_number and int(found or "") <= MOST_POSITION else "its position is no number"

    def add(self, records: RecordBatch, log: int, number: int, row: Sequence[Cell]) -> None:
        """Appends a row's event; `number` is its place in the dump."""
        value = row[self.value]
        place = add_row(
            records,
            log=log,
            position=number if self.position is None else int(row[self.position] or ""),
            value=None if value is None else _unhexed(value) if self.is_bytes else value.encode(),
        )
        stamp = self.time(row) if self.time is not None else None
        if stamp is not None:
            records.time_us[place], records.time_kind[place] = stamp, self.time_kind

    def envelope(self, rows: Sequence[Sequence[Cell] | None]) -> dict[str, list[object]]:
        """The fields of these rows, None for a damaged one."""
        found: dict[str, list[object]] = {}
        for name, get in self.fields.items():
            column: list[object] = [None if row is None else get(row) for row in rows]
            found[name] = [_number(one) for one in column] if name == "version" else column
        return found


def store_of(table: Table) -> Store | None:
    """The store whose table it is, by its name and columns: the one that names most of them. None for another table."""
    found = [
        (len(wanted), name)
        for name, (pattern, wanted, _) in _descriptors().items()
        if fnmatchcase(table.own_name, pattern) and set(wanted) <= set(table.columns)
    ]
    for _, name in sorted(found, reverse=True):
        store = _store(_descriptors()[name][2], table)
        if store is not None:
            return store
    return None


@cache
def _descriptors() -> Mapping[str, tuple[str, Sequence[str], Mapping[str, object]]]:
    """Name → the table's name or pattern, its columns, and the whole descriptor; those that say no table are left out."""
    found: dict[str, tuple[str, Sequence[str], Mapping[str, object]]] = {}
    folder = package_files.files("resources") / "stores"
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".toml"):
            continue
        described = tomllib.loads(file.read_text(encoding="utf-8"))
        match = described.get("match", {})
        table, columns = match.get("table"), match.get("columns")
        if isinstance(table, str) and isinstance(columns, list):
            found[file.name.removesuffix(".toml")] = (table.rpartition(".")[2], columns, described)
    return found


def _store(described: Mapping[str, object], table: Table) -> Store | None:
    event = described.get("event")
    assert isinstance(event, dict)
    at = {name: place for place, name in enumerate(table.columns)}
    value = _first_column(str(event.get("value", "")), at)
    if value is None:
        return None
    kept, time, kind = ["value"], None, TimeKind.none
    for name, meant in (("recorded", TimeKind.append), ("time", TimeKind.event)):
        if name in event and time is None:
            time, kind = _time(str(event[name]), at), meant
            kept += [name] * (time is not None)
    position = _first_column(str(event.get("position", "")), at)
    kept += ["position"] * (position is not None)
    fields = {name: get for name in _FIELDS if name in event and (get := _getter(str(event[name]), at)) is not None}
    return Store(
        title=str(described.get("title", "an event store")),
        value=value,
        is_bytes=table.types[value] == "bytea" or described.get("decoder") == "stored-state",
        position=position,
        time=time,
        time_kind=int(kind),
        fields=fields,
        left_out=tuple(name for name in event if name not in {*kept, *fields}),
    )


def _first_column(expression: str, at: Mapping[str, int]) -> int | None:
    """The column that an expression names, the first of `a | b` that is there."""
    for part in expression.split("|"):
        match = _COLUMN.match(part.strip())
        if match and match[1] in at:
            return at[match[1]]
    return None


def _getter(expression: str, at: Mapping[str, int]) -> Getter | None:
    """What gives a field out of a row; None for an expression that needs more than one row, or columns that are not there."""
    getters = []
    for part in map(str.strip, expression.split("|")):
        if match := _COLUMN.match(part):
            getters += [_column(at[match[1]])] if match[1] in at else []
        elif (match := _CUT.match(part)) and match[2] in at:
            getters.append(_cut(match[1], at[match[2]], match[3]))
        else:
            return None
    return None if not getters else lambda row: next((found for get in getters if (found := get(row)) is not None), None)


def _column(place: int) -> Getter:
    return lambda row: row[place]


def _cut(how: str, place: int, sign: str) -> Getter:
    """The text before or after a sign; None where the sign is not in it."""

    def cut(row: Sequence[Cell]) -> Cell:
        text = row[place]
        if text is None or sign not in text:
            return None
        before, _, after = text.rpartition(sign) if how.endswith("last") else text.partition(sign)
        return before if how.startswith("before") else after

    return cut


def _time(expression: str, at: Mapping[str, int]) -> Callable[[Sequence[Cell]], int | None] | None:
    match = _TIME.match(expression.strip())
    if match is None or match[1] not in _TIMES or match[2] not in at:
        return None
    place, scale, is_utc = at[match[2]], _TIMES[match[1]], match[1] == "utc"
    return lambda row: _stamp(row[place], scale, is_utc=is_utc)


def _stamp(text: Cell, scale: int, *, is_utc: bool) -> int | None:
    """Microseconds since 1970; None for what is no time, or one without a zone where none is meant."""
    if text is None:
        return None
    if scale:
        return checked_time(int(text) * scale) if re.fullmatch(r"-?\d{1,18}", text) else None
    if not _STAMP.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return datetime_us(moment.replace(tzinfo=UTC)) if is_utc else None
    return checked_time(datetime_us(moment))


def _unhexed(text: str) -> bytes:
    """A bytea as it is dumped, `\\x…`; other text as it stands."""
    try:
        return bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode()
    except ValueError:
        return text.encode()


def _number(found: object) -> int | None:
    return int(found) if isinstance(found, str) and re.fullmatch(r"-?\d{1,18}", found) else None
