"""Rows of PostgreSQL's COPY text format, and the column types that a dump declares. Pure.

Escapes and `\\N` are those of the manual's page on COPY; names and types are written as `pg_dump` writes them. Read `pg_copy` for
who walks a dump, `pg_store` for tables of event stores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

Cell = str | None
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_COPY = re.compile(rf"COPY (?:ONLY )?({_NAME}(?:\.{_NAME})?) \((.*)\) FROM stdin;\s*\Z")
_TABLE = re.compile(rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE (?:IF NOT EXISTS )?({_NAME}(?:\.{_NAME})?) \(\s*\Z")
_COLUMN = re.compile(rf"\s+({_NAME})\s+(.+?),?\s*\Z")
_AFTER_TYPE = re.compile(
    r" (?:NOT NULL|NULL|DEFAULT|COLLATE|GENERATED|PRIMARY|CONSTRAINT|CHECK|UNIQUE|REFERENCES|OPTIONS|STORAGE|COMPRESSION)\b.*"
)
_NO_COLUMN = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE", "LIKE")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_NUMBERS = ("smallint", "integer", "bigint", "oid", "numeric", "real", "double precision")
_ENCODINGS = {"SQL_ASCII": "utf-8", "UTF8": "utf-8", "MULE_INTERNAL": "", "EUC_TW": ""}
_CODECS = {"LATIN": "iso8859-", "ISO_8859_": "iso8859-", "WIN": "cp"}
_WIN = {
    "WIN866": "cp866",
    "WIN874": "cp874",
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
    "SJIS": "shift_jis",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
}
_LATIN = {
    "LATIN5": "iso8859-9",
    "LATIN6": "iso8859-10",
    "LATIN7": "iso8859-13",
    "LATIN8": "iso8859-14",
    "LATIN9": "iso8859-15",
    "LATIN10": "iso8859-16",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of which rows follow: its name as the dump writes it without quotes, its columns, and their types where it says them."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    names: tuple[bytes, ...] = field(default=(), compare=False)

    @property
    def own_name(self) -> str:
        """Without its schema."""
        return self.name.rpartition(".")[2]

    @property
    def described(self) -> str:
        """Columns and types, as far as they are known."""
        return ", ".join(f"{name} {kind}".strip() for name, kind in zip(self.columns, self.types, strict=True))


def table_of(line: str, declared: dict[str, dict[str, str]]) -> Table | None:
    """The table whose rows a `COPY … FROM stdin;` line begins; None for another line."""
    match = _COPY.match(line) if line.startswith("COPY ") else None
    if match is None:
        return None
    name, columns = plain(match[1]), tuple(plain(one) for one in re.findall(_NAME, match[2]))
    types = declared.get(name, {})
    return Table(name, columns, tuple(types.get(column, "") for column in columns), tuple(orjson.dumps(column) for column in columns))


def declared_table(line: str) -> str | None:
    """The table that a `CREATE TABLE … (` line begins to declare."""
    match = _TABLE.match(line) if line.startswith("CREATE ") else None
    return plain(match[1]) if match else None


def declared_column(line: str) -> tuple[str, str] | None:
    """Name and type of a column in a declaration; None for another line of it."""
    match = _COLUMN.match(line)
    if match is None or match[1] in _NO_COLUMN:
        return None
    return plain(match[1]), _AFTER_TYPE.sub("", match[2])


def plain(name: str) -> str:
    """A name without the quotes of its parts."""
    return re.sub(r'"((?:[^"]|"")+)"', lambda match: match[1].replace('""', '"'), name)


def codec(encoding: str) -> str:
    """Python's name for a client encoding; empty for one that is not known here."""
    name = encoding.upper()
    known = _ENCODINGS.get(name, _WIN.get(name, _LATIN.get(name)))
    if known is not None:
        return known
    for start, prefix in _CODECS.items():
        if name.startswith(start) and name.removeprefix(start).isdecimal():
            return prefix + name.removeprefix(start)
    return ""


def cells(line: str) -> list[Cell]:
    """The values of one row; None for NULL."""
    parts = line.split("\t")
    if "\\" not in line:
        return list(parts)
    return [None if part == "\\N" else _ESCAPE.sub(_unescaped, part) if "\\" in part else part for part in parts]


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    if sign[0] == "x" and len(sign) > 1:
        return chr(int(sign[1:], 16))
    return chr(int(sign, 8) % 256) if sign[0] in "01234567" else _ESCAPES.get(sign, sign)


def written(table: Table) -> Callable[[Sequence[Cell]], bytes]:
    """A row as a JSON object with the table's columns in their order. Numbers and JSON stay as they stand, all else is text."""
    makers = [_maker(kind) for kind in table.types]
    names = [name + b":" for name in table.names]

    def object_of(row: Sequence[Cell]) -> bytes:
        shown = [name + (b"null" if cell is None else make(cell)) for name, make, cell in zip(names, makers, row, strict=True)]
        return b"{" + b",".join(shown) + b"}"

    return object_of


def _maker(kind: str) -> Callable[[str], bytes]:
    if kind.startswith(_NUMBERS) and not kind.endswith("]"):
        return lambda cell: cell.encode() if _NUMBER.match(cell) else orjson.dumps(cell)
    if kind == "boolean":
        return lambda cell: {"t": b"true", "f": b"false"}.get(cell) or orjson.dumps(cell)
    return _document if kind in {"json", "jsonb"} else orjson.dumps


def _document(cell: str) -> bytes:
    try:
        orjson.loads(cell)
    except ValueError:
        return orjson.dumps(cell)
    return cell.encode()
