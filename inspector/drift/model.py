"""The rows of a read model and where it stands: of PostgreSQL or SQLite in one read-only transaction, of a CSV or Parquet file.

A query that the user wrote runs as it is, alone, where nothing can be written. Read `mirror` for what is asked, `statements` for
how, `sources.postgres_link` and `sources.sql_open` for how databases are opened.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from inspector import times, values
from inspector.drift.mirror import MOST_ROWS, Checkpoint, Mirror
from inspector.errors import SourceError, UsageError
from inspector.event import datetime_us, format_time
from inspector.projections.cells import exact
from inspector.properties import redact

_URL = re.compile(r"[a-z][a-z0-9+]+:")
LONGEST_S = 30.0
"""So long may a query of a SQLite file take; PostgreSQL's own limit is `statement.timeout.ms`."""
_STEPS = 100_000
"""Of SQLite's machine between two looks at the time."""
_BEYOND = 2**63
_PASSWORD = re.compile(r"[^/]*//[^/@]*:[^/@]+@")


@dataclass(frozen=True, slots=True)
class ModelState:
    """Rows of a model as columns by name, and where it said it stood: a position or a time in microseconds.

    `is_typed` is false where everything is text (CSV). `place` names the model without secrets.
    """

    rows: Sequence[Mapping[str, object]]
    place: str
    checkpoint: int | None = None
    checkpoint_is_time: bool = False
    is_typed: bool = True
    notes: Sequence[str] = ()


def read_model(where: str, mirror: Mirror, config: Mapping[str, str] | None = None) -> ModelState:
    """The model at a URL or in a file. Raises UsageError or SourceError saying what is wrong; no secret is in it."""
    scheme = where.partition(":")[0].partition("+")[0] if _URL.match(where) and not Path(where).exists() else ""
    if scheme and _PASSWORD.match(where):
        raise UsageError("the URL holds a password, which other processes could read: give it with --config - instead")
    if scheme in {"postgresql", "postgres"}:
        return _of_postgres(where, mirror, config or {})
    if scheme == "sqlite":
        return _of_sqlite(where, mirror)
    if scheme:
        raise UsageError(f"no model at {scheme}: it is postgresql://…, sqlite:///FILE, or a .csv or .parquet file")
    return _of_file(Path(where), mirror)


# ---- databases


def _of_postgres(url: str, mirror: Mirror, config: Mapping[str, str]) -> ModelState:
    from inspector.drift.statements import POSTGRES, asked
    from inspector.sources.postgres_config import settings_of
    from inspector.sources.postgres_link import Link, Rows

    link = Link(settings_of(url, config))

    def work(cursor: Rows) -> tuple[list[dict[str, object]], object]:
        def execute(sql: str, bound: Mapping[str, object]) -> Sequence[Sequence[Any]]:
            # the server must be given one statement alone, or a query could end the read-only transaction and write: it takes no
            # more with values, and none that is streamed; without both the client sends whatever stands there
            if not bound:
                return list(islice(cursor.stream(sql.encode(), {}), MOST_ROWS + 1))
            cursor.execute(sql.encode(), dict(bound))
            return cursor.fetchmany(MOST_ROWS + 1)

        return asked(execute, mirror, POSTGRES, schema="public", decode=lambda value: _decoded(value, link.codec))

    try:
        rows, stands = link.read(work, of=mirror.table or "the model's query")
    finally:
        link.close()
    return _state(rows, stands, mirror, link.settings.uri)


def _of_sqlite(url: str, mirror: Mirror) -> ModelState:
    import apsw

    from inspector.drift.statements import SQLITE, asked
    from inspector.sources.sql import store_path
    from inspector.sources.sql_open import StoreFile

    path = store_path(url)
    file = StoreFile(path)

    reading = {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE}

    def work(connection: apsw.Connection) -> tuple[list[dict[str, object]], object]:
        # a query could make or open another file otherwise, or end the transaction
        connection.limit(apsw.SQLITE_LIMIT_ATTACHED, 0)
        connection.authorizer = lambda action, *_: apsw.SQLITE_OK if action in reading else apsw.SQLITE_DENY
        try:
            return answered(connection)
        finally:
            connection.authorizer = None
            connection.set_progress_handler(None)

    def answered(connection: apsw.Connection) -> tuple[list[dict[str, object]], object]:
        ends_s = time.monotonic() + LONGEST_S
        connection.set_progress_handler(lambda: time.monotonic() > ends_s, _STEPS)

        def execute(sql: str, bound: Mapping[str, object]) -> Sequence[Sequence[Any]]:
            try:
                return list(islice(connection.execute(sql, dict(bound)), MOST_ROWS + 1))
            except KeyError as error:
                raise UsageError(f"the query has a value {error.args[0]} that nothing gives: write the value itself") from None
            except apsw.InterruptError:
                words = f"reading {path.name} took longer than {LONGEST_S:g} s and was ended: narrow the query"
                raise SourceError(words, step="file") from None

        return asked(execute, mirror, SQLITE, schema=None, decode=lambda value: value)

    try:
        rows, stands = file.read(work)
    except UnicodeDecodeError:
        raise SourceError(
            f"{path.name} holds a text that is no UTF-8: leave it out with a query, or CAST it AS BLOB", step="file"
        ) from None
    finally:
        file.close()
    return _state(rows, stands, mirror, f"sqlite:///{path}", notes=file.notes)


def _decoded(value: object, codec: str) -> object:
    if isinstance(value, bytes):
        try:
            return value.decode(codec)
        except UnicodeDecodeError:
            return f"0x{value.hex()}"
    return value


# ---- files


def _of_file(path: Path, mirror: Mirror) -> ModelState:
    if mirror.query:
        raise UsageError("[model] of the projection has a query, which asks a database: name one with --model")
    if not path.is_file():
        raise SourceError(f"there is no file {redact(str(path))}", step="file")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _state(_parquet(path, mirror), None, mirror, str(path))
    if suffix != ".csv":
        raise UsageError(f"{redact(path.name)} is no .csv and no .parquet file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _of_csv(csv.DictReader(file, strict=True), mirror, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path}: {error}", step="file") from None
    return _state(rows, None, mirror, str(path), is_typed=False)


def _of_csv(lines: csv.DictReader[str], mirror: Mirror, path: Path) -> list[dict[str, object]]:
    _check_columns(lines.fieldnames or (), mirror, path)
    rows: list[dict[str, object]] = []
    for line in lines:
        rows.append({name: None if line[name] is None or line[name] in mirror.null_texts else line[name] for name in mirror.columns})
        _check_count(len(rows))
    return rows


def _parquet(path: Path, mirror: Mirror) -> list[dict[str, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        _check_columns(file.schema_arrow.names, mirror, path)
        _check_count(file.metadata.num_rows)
        found: list[dict[str, object]] = file.read(columns=list(mirror.columns)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"cannot read {path}: {error}", step="file") from None
    return found


def _check_columns(there: Iterable[str], mirror: Mirror, path: Path) -> None:
    names = list(there)
    if missing := [name for name in mirror.columns if name not in names]:
        raise UsageError(f"{path.name} has no column {', '.join(map(repr, missing))}; it has {', '.join(names)}")


def _check_count(rows: int) -> None:
    if rows > MOST_ROWS:
        raise UsageError(f"the model has more than {MOST_ROWS:,} rows: name a smaller one")


# ---- values


def _state(
    rows: Sequence[Mapping[str, object]], stands: object, mirror: Mirror, place: str, *, is_typed: bool = True, notes: Sequence[str] = ()
) -> ModelState:
    where = mirror.checkpoint
    if where is not None and not (where.table or where.query):
        found = [row[where.column] for row in rows if row[where.column] is not None]
        marks = [mark for mark in (_mark(value, where, mirror) for value in found) if mark is not None]
        checkpoint = max(marks, default=None)
    else:
        checkpoint = None if stands is None or where is None else _mark(stands, where, mirror)
    is_time = where is not None and where.is_time
    return ModelState([_plain_row(row, mirror) for row in rows], place, checkpoint, is_time, is_typed, tuple(notes))


def _mark(value: object, where: Checkpoint, mirror: Mirror) -> int | None:
    """A checkpoint's value as a position or time. Raises UsageError for what is none."""
    if where.is_time:
        return moment_us(value, mirror)
    number = exact(value) if not isinstance(value, str) else number_of_text(value)
    if not isinstance(number, int) or not -_BEYOND <= number < _BEYOND:
        raise UsageError(f"the model's checkpoint {value!r} is no position: it must be a whole number below 2^63")
    return number


def moment_us(value: object, mirror: Mirror) -> int:
    """A time of a model in microseconds. Raises UsageError for what is none, or says no zone where `[model]` names none."""
    if isinstance(value, datetime):
        if value.tzinfo is None and mirror.zone is not None:
            value = value.replace(tzinfo=mirror.zone)
        found = None if value.tzinfo is None else datetime_us(value)
    else:
        found = times.time_us(value, mirror.unit, mirror.zone)
    if found is None:
        raise UsageError(f'the model\'s time {value!s} cannot be told: say zone = "UTC", or unit = "ms" for numbers, under [model]')
    return found


def _plain_row(row: Mapping[str, object], mirror: Mirror) -> dict[str, object]:
    return {name: value if name == mirror.window else _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    """A value as events have them: exact numbers, texts, JSON."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = exact(value)
        return str(value) if number is None else number
    if isinstance(value, datetime):
        return format_time(datetime_us(value)) if value.tzinfo is not None else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"0x{bytes(value).hex()}"
    return values.to_json(value) if isinstance(value, dict | list) else str(value)


def number_of_text(text: str) -> int | Decimal | None:
    """The number that a text writes; None for none."""
    return exact(Decimal(text)) if re.fullmatch(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\s*", text) else None
