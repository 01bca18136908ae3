"""Rows that texts of Kafka's tools give: places, times, headers, and lines that are no record. Reads nothing.

The names in `extra` are those of Kafka's own files. Read `kcat_json` for its simplest user.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from inspector.event import MAX_TIME_US, MIN_TIME_US, Flag, RecordBatch, TimeKind
from inspector.formats import OWN, Place

_MIN_MS, _MAX_MS = MIN_TIME_US // 1000, MAX_TIME_US // 1000
DAMAGED = int(Flag.damaged)
MOST_POSITION = (1 << 63) - 1
MOST_PARTITION = (1 << 31) - 1
NONE, CREATE, APPEND = int(TimeKind.none), int(TimeKind.create), int(TimeKind.append)
Header = tuple[bytes, bytes | None]


@dataclass(slots=True)
class Places:
    """The places that came up in a file so far; the first is the file itself, where lines go that are no record."""

    found: list[Place] = field(default_factory=lambda: [OWN])
    _numbers: dict[tuple[str, int, bool], int] = field(default_factory=dict)

    def number(self, log: str, partition: int, *, is_claimed: bool = True) -> int:
        """The index of a place."""
        key = (log, partition, is_claimed)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = 0 if Place(*key) == OWN else len(self.found)
            if known:
                self.found.append(Place(*key))
        return known


def add_row(
    records: RecordBatch,
    *,
    log: int,
    position: int,
    key: bytes | None = None,
    value: bytes | None = None,
    headers: str | None = None,
    time_ms: int | None = None,
    time_kind: int = NONE,
) -> int:
    """Appends a row, with its time as `time_us`; its number."""
    row = len(records)
    records.log.append(log)
    records.position.append(position)
    records.key.append(key)
    records.value.append(value)
    records.headers.append(headers)
    has_time = time_ms is not None and time_ms != -1 and time_kind != NONE
    is_shown = has_time and time_ms is not None and _MIN_MS <= time_ms <= _MAX_MS
    records.time_us.append(time_ms * 1000 if is_shown and time_ms is not None else None)
    records.time_kind.append(time_kind if has_time else NONE)
    if has_time and not is_shown:
        records.extra.setdefault(row, {})["time_ms"] = whole(time_ms)
    return row


def whole(number: int | None) -> int | str | None:
    """A number as JSON of any reader holds it: as text where it takes more than 64 bits."""
    return str(number) if number is not None and not -(1 << 63) <= number < 1 << 63 else number


def times(milliseconds: Sequence[int | None], kinds: Sequence[int]) -> tuple[list[int | None], list[int]] | None:
    """Whole columns of times; None where one of them needs a look of its own (none, -1, or outside years 1 to 9999)."""
    stamps = [stamp for stamp in milliseconds if stamp is not None]
    if len(stamps) < len(milliseconds) or not stamps or min(stamps) < 0 or max(stamps) > _MAX_MS:
        return None
    return [stamp * 1000 for stamp in stamps], list(kinds)


def damage(records: RecordBatch, row: int, reason: str) -> None:
    """Marks a row as damaged; what was said of it before stays."""
    records.flags[row] = records.flags.get(row, 0) | DAMAGED
    records.error[row] = f"{records.error[row]}; {reason}" if row in records.error else reason


def add_line(records: RecordBatch, number: int, start: int, text: bytes, reason: str) -> int:
    """A line that is no record: a damaged row of the file's own log at its number, its bytes as they stand there."""
    row = add_row(records, log=0, position=number, value=text)
    damage(records, row, f"line {number:,} (byte {start:,}): {reason}")
    return row


def header_text(records: RecordBatch, row: int, pairs: Iterable[Header]) -> str | None:
    """`[[name, value], …]` as JSON text, None for none; a name that is not UTF-8 is shown with escapes, its bytes stay in `extra`."""
    named: list[tuple[str, object]] = []
    for number, (name, value) in enumerate(pairs):
        try:
            shown = name.decode()
        except UnicodeDecodeError:
            shown = name.decode(errors="backslashreplace")
            kept = records.extra.setdefault(row, {}).setdefault("header_names_base64", {})
            assert isinstance(kept, dict)
            kept[str(number)] = base64.b64encode(name).decode()
        named.append((shown, _shown(value)))
    return orjson.dumps(named).decode() if named else None


def _shown(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
