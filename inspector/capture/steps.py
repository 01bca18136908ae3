"""Numbers of events in steps of event time, told apart by a label: from the events themselves, for what no rollup keeps. Read-only.

Read `rollup` for what is kept and quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from inspector.capture.condition import Condition
from inspector.capture.hiding import hidden_columns
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import from_for

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "all": "'all events'",
        "log": "log.name",
        "partition": "log.name || ' / ' || log.partition",
        "type": "type.name",
        "category": "category.name",
        "stream": "stream.name",
        "key": "record.key",
        "actor": "event.actor",
        "decoder": "event.decoder",
    }
)
"""What events can be told apart by, with its SQL; beside these any header, as `header:NAME`."""
HEADER = "header:"
LONGEST = 200
"""Characters of a label; one that has so many may have been cut."""
OTHERS = "(others)"


@dataclass(frozen=True, slots=True)
class Tally:
    """The events of one label in one step: how many, and the sum and largest of what was measured of them."""

    count: int
    total: float
    largest: float

    def with_(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.count + other.count, self.total + other.total, max(self.largest, other.largest))


def is_label(by: str) -> bool:
    """Whether events can be told apart by this."""
    return by in LABELS or (by.startswith(HEADER) and len(by) > len(HEADER))


def tallies(
    reader: CaptureReader,
    *,
    by: str,
    measure: str,
    first_us: int,
    step_us: int,
    length: int,
    condition: Condition | None = None,
    most: int = 200,
) -> dict[str, dict[int, Tally]]:
    """What the events in `length` steps of `step_us` from `first_us` on come to: label → step → tally.

    `measure` is SQL over the tables of `rows.FROM`; events for which it is NULL are not counted. The `most` labels with the most
    events are told one by one, the rest as `OTHERS`. What has no label has the empty one.

    Raises:
        CaptureError: the file is damaged.
    """
    label = _label_sql(reader, by)
    bounds: dict[str, Any] = {"t_first": first_us, "t_step": step_us, "t_until": first_us + length * step_us, "t_header": by[len(HEADER) :]}
    where = f"event.time_us >= :t_first AND event.time_us < :t_until AND ({measure}) IS NOT NULL"
    if condition is not None:
        reader.prepare(condition)
        bounds.update(condition.bindings)
        where += f" AND ({condition.sql})"
    blocks = "block CROSS JOIN " + from_for(label, where).replace(
        "event", "event ON event.seq BETWEEN block.first_seq AND block.last_seq", 1
    )
    within = f"FROM {blocks} WHERE block.max_us >= :t_first AND block.min_us < :t_until AND {where}"
    told = _told(reader, by, label, within, bounds, most)
    grouped = f"SELECT {label}, (event.time_us - :t_first) / :t_step, count(*), sum({measure}), max({measure}) {within} GROUP BY 1, 2"
    found: dict[str, dict[int, Tally]] = {}
    for value, place, count, total, largest in reader.each(grouped, bounds):
        name = label_text(value)
        steps = found.setdefault(name if told is None or name in told else OTHERS, {})
        tally = Tally(int(count), float(total), float(largest))
        steps[place] = tally if place not in steps else steps[place].with_(tally)
    return found


def time_span(reader: CaptureReader) -> tuple[int, int, int] | None:
    """The first and last event time, in microseconds, and how many events have none; None when none has any."""
    ((low, high, untimed),) = reader.select("SELECT min(min_us), max(max_us), coalesce(sum(untimed), 0) FROM block")
    return None if low is None else (int(low), int(high), int(untimed))


def label_text(value: object) -> str:
    """A label as it is told: cut, and bytes that are no text in hexadecimal."""
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = f"0x{value.hex()}"
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _told(reader: CaptureReader, by: str, label: str, within: str, bounds: Mapping[str, Any], most: int) -> set[str] | None:
    """The labels told one by one; None for all, where there cannot be many."""
    if by in {"all", "log", "decoder"}:
        return None
    rows = reader.select(f"SELECT {label} {within} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT :t_most", {**bounds, "t_most": most})
    return {label_text(value) for (value,) in rows}


def _label_sql(reader: CaptureReader, by: str) -> str:
    is_header = by.startswith(HEADER)
    column = "record.headers" if is_header else LABELS[by]
    shown = column if reader.masks is None else hidden_columns(column)
    if not is_header:
        return shown
    reader.connection.create_scalar_function("first_header", _first_header, 2, deterministic=True)
    return f"first_header({shown}, :t_header)"


def _first_header(*given: Any) -> str | None:
    """(headers as JSON text, name) → the value of the first header of that name as text; None without one."""
    headers, name = given
    try:
        pairs = orjson.loads(headers or "[]")
        value = next((value for each, value in pairs if each == name), None)
    except (ValueError, TypeError):
        return None
    return value if isinstance(value, str) or value is None else orjson.dumps(value).decode()
