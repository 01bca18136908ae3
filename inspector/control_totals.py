"""Control totals: how many records there should be and what they should sum up to, against what a capture holds. Read-only.

    zone = "Europe/Paris"                      # of days; UTC when left out

    [[total]]
    log = "orders"                             # all logs when left out
    partition = 0                              # all partitions when left out
    day = "2026-11-23"                         # by the event's time; all times when left out
    filter = 'type == "OrderPaid"'             # everything when left out
    count = 1512
    sum = { path = "data.amount", is = "38211.40" }   # exact: the digits as they stand, added as decimals

As CSV: a head out of `log,partition,day,filter,count,path,sum`, a line per total. Read `cli.expect` for who asks.
"""

from __future__ import annotations

import csv
import json
import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow, localcontext
from pathlib import Path
from typing import Any

from inspector import toml_text
from inspector.capture.asking import EventQuery
from inspector.capture.lookups import looked_up
from inspector.capture.reader import CaptureReader
from inspector.capture.report import count
from inspector.errors import QueryError, UsageError
from inspector.event import datetime_us, format_time
from inspector.plain_files import read_text
from inspector.query import condition

LARGEST_BYTES = 10_000_000
COLUMNS = ("log", "partition", "day", "filter", "count", "path", "sum")
_KEYS = {"log": str, "partition": int, "day": str, "filter": str, "count": int, "sum": dict}
_DIGITS = Context(prec=2_000, traps=[Inexact, Overflow, Underflow, InvalidOperation])
_STEP = re.compile(r'[^"\[\]]+')


@dataclass(frozen=True, slots=True)
class Total:
    """One expectation: of the events that `log`, `partition`, `day` and `filter` choose, the count, or the sum at a path."""

    log: str | None = None
    partition: int | None = None
    day: str | None = None
    filter: str | None = None
    count: int | None = None
    path: str | None = None
    sum: Decimal | None = None

    @property
    def words(self) -> str:
        """What it is about."""
        parts = [self.log or "all logs"]
        parts += [f"partition {self.partition}"] if self.partition is not None else []
        parts += [self.day] if self.day else []
        parts += [f"where {self.filter}"] if self.filter else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Totals:
    """What is expected, and the zone that days are in."""

    totals: Sequence[Total]
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one expectation. `of` is count or sum; `without` counts events that have no number at the path."""

    total: Total
    of: str
    expected: Decimal
    found: Decimal
    without: int = 0

    @property
    def is_met(self) -> bool:
        """Whether both are the same number."""
        return self.expected == self.found


def load(path: Path) -> Totals:
    """The expectations in a TOML or CSV file. Raises UsageError naming the one that is wrong."""
    try:
        text = read_text(path, LARGEST_BYTES, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the control totals {path}: {error}") from None
    try:
        return _of_csv(text) if path.suffix.lower() == ".csv" else _of_toml(text)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path.name}: {error}") from None


def _of_toml(text: str) -> Totals:
    document = toml_text.loads(text)
    for key in document:
        if key not in {"zone", "total"}:
            raise ValueError(f"{key!r} is not known; one of zone, total")
    written = document.get("total")
    if not isinstance(written, list) or not written or not all(isinstance(one, dict) for one in written):
        raise ValueError("write each expectation as a [[total]] table")
    return Totals([_numbered(number, one, _total) for number, one in enumerate(written, 1)], _zone(document.get("zone", "UTC")))


def _of_csv(text: str) -> Totals:
    rows = csv.DictReader(text.splitlines())
    if not rows.fieldnames or not set(rows.fieldnames) <= set(COLUMNS):
        raise ValueError(f"its head must be out of {', '.join(COLUMNS)}")
    return Totals([_numbered(number, row, _row) for number, row in enumerate(rows, 1)])


def _numbered(number: int, written: Mapping[str, Any], made: Callable[[Mapping[str, Any]], Total]) -> Total:
    try:
        total = made(written)
        _check(total)
    except (ValueError, TypeError) as error:
        raise ValueError(f"total {number}: {error}") from None
    return total


def _check(total: Total) -> None:
    """Raises ValueError for an expectation that cannot be compared with anything."""
    if total.count is None and total.sum is None:
        raise ValueError("it expects nothing; give a count or a sum")
    if (total.path is None) is not (total.sum is None):
        raise ValueError("a sum needs a path and a number")
    if total.day is not None:
        date.fromisoformat(total.day)
    if total.filter is not None:
        try:
            condition(total.filter)
        except QueryError as error:
            raise ValueError(f"its filter: {error.sentence}") from None


def _total(table: Mapping[str, Any]) -> Total:
    for key, value in table.items():
        if key not in _KEYS:
            raise ValueError(f"{key!r} is not known; one of {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            raise TypeError(f"{key} must be a {_KEYS[key].__name__}")
    summed = table.get("sum", {})
    if summed and set(summed) != {"path", "is"}:
        raise ValueError('sum: write { path = "data.amount", is = "12.50" }')
    plain = {key: value for key, value in table.items() if key != "sum"}
    return Total(**plain, path=summed.get("path"), sum=_decimal(summed["is"]) if summed else None)


def _row(row: Mapping[str, Any]) -> Total:
    given = {key: value for key, value in row.items() if key is not None and value not in {None, ""}}
    made: dict[str, Any] = {key: int(given[key]) for key in ("partition", "count") if key in given}
    made |= {key: given[key] for key in ("log", "day", "filter", "path") if key in given}
    return Total(**made, sum=_decimal(given["sum"]) if "sum" in given else None)


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number


def _zone(name: object) -> str:
    try:
        zoneinfo.ZoneInfo(str(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone named {name!r}") from None
    return str(name)


def verdicts(reader: CaptureReader, totals: Totals) -> Iterator[Verdict]:
    """What the capture holds of each expectation, in their order. Raises QueryError for a path that is none."""
    for total in totals.totals:
        query = looked_up(reader, _query(total, totals.zone))
        if total.count is not None:
            yield Verdict(total, "count", Decimal(total.count), Decimal(count(reader, query)[0]))
        if total.sum is not None and total.path is not None:
            found, without = _summed(reader, query, total.path)
            yield Verdict(total, "sum", total.sum, found, without)


def _query(total: Total, zone: str) -> EventQuery:
    """All that chooses events, as one filter: it is what counts and lists have in common."""
    parts = [f"log == {json.dumps(total.log)}"] if total.log is not None else []
    parts += [f"partition == {total.partition}"] if total.partition is not None else []
    if total.day is not None:
        day, place = date.fromisoformat(total.day), zoneinfo.ZoneInfo(zone)
        for compare, moment in ((">=", day), ("<", day + timedelta(days=1))):
            midnight = format_time(datetime_us(datetime.combine(moment, time(), place)))
            parts.append(f'time {compare} timestamp("{midnight}")')
    parts += [f"({total.filter})"] if total.filter else []
    return EventQuery(condition=condition(" && ".join(parts)) if parts else None)


def _summed(reader: CaptureReader, query: EventQuery, path: str) -> tuple[Decimal, int]:
    """The exact sum of the numbers (also those written as text) at a path, and how many events have none there."""
    root, *steps = path.split(".")
    if root not in {"data", "metadata"} or not steps or not all(_STEP.fullmatch(step) for step in steps):
        raise UsageError(f"{path!r} is no path: data. or metadata. and names with dots between, such as data.order.amount")
    place = "$" + "".join(f'."{step}"' for step in steps)
    total, without = Decimal(0), 0
    try:
        with localcontext(_DIGITS):
            for event in reader.events(query):
                document = event.data if root == "data" else event.metadata
                number = _number(reader, document, place)
                if number is None:
                    without += 1
                else:
                    total += number
    except (Inexact, Overflow, Underflow):
        raise UsageError(f"the numbers at {path} have too many digits to be added exactly (more than {_DIGITS.prec:,})") from None
    return total, without


def _number(reader: CaptureReader, document: str | None, place: str) -> Decimal | None:
    if document is None:
        return None
    ((kind, digits),) = reader.select("SELECT json_type(?1, ?2), ?1 -> ?2", (document, place))
    if kind not in {"integer", "real", "text"} or not isinstance(digits, str):
        return None
    try:
        number = Decimal(digits.strip('"'))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def template(reader: CaptureReader) -> str:
    """A file of expectations filled in from what the capture holds: a count for each partition."""
    rows = reader.select("SELECT name, partition, sum(events) FROM log GROUP BY 1, 2 ORDER BY 1, 2")
    lines = ['zone = "UTC"']
    for name, partition, events in rows:
        lines += ["", "[[total]]", f"log = {json.dumps(str(name), ensure_ascii=False)}", f"partition = {partition}", f"count = {events}"]
    return "\n".join([*lines, ""])
