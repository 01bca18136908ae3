"""Records of one batch as columns. Times, headers and numbers as the rest of the program wants them; knows no file.

Read `records` for v2 and `legacy` for v0 and v1, which fill these.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import orjson

from inspector.event import MAX_TIME_US, MIN_TIME_US, Flag, RecordBatch, TimeKind

MOST_ROWS = 20_000
DAMAGED = int(Flag.damaged)
Header = tuple[bytes, bytes | None]
_CREATE, _APPEND, _NONE = int(TimeKind.create), int(TimeKind.append), int(TimeKind.none)
_MIN_MS, _MAX_MS = MIN_TIME_US // 1000, MAX_TIME_US // 1000


def put_times(batch: RecordBatch, milliseconds: Sequence[int | None], *, is_append: bool) -> None:
    """The times of all rows; None or -1 is none. One outside years 1 to 9999 is kept as it is in `extra`."""
    kind = _APPEND if is_append else _CREATE
    if None not in milliseconds and -1 not in milliseconds:
        stamps = [stamp for stamp in milliseconds if stamp is not None]
        if not stamps or (min(stamps) >= _MIN_MS and max(stamps) <= _MAX_MS):
            batch.time_us, batch.time_kind = [stamp * 1000 for stamp in stamps], [kind] * len(stamps)
            return
    for row, stamp in enumerate(milliseconds):
        has_time = stamp is not None and stamp != -1
        is_shown = has_time and stamp is not None and _MIN_MS <= stamp <= _MAX_MS
        batch.time_us.append(stamp * 1000 if is_shown and stamp is not None else None)
        batch.time_kind.append(kind if has_time else _NONE)
        if has_time and not is_shown:
            batch.extra.setdefault(row, {})["time_ms"] = stamp


def text_headers(pairs: Sequence[tuple[str, bytes | None]]) -> str:
    """`[[name, value], …]` in order; a value that is not UTF-8 is `{"base64": "…"}`."""
    try:
        return orjson.dumps([(name, None if value is None else value.decode()) for name, value in pairs]).decode()
    except UnicodeDecodeError:
        return orjson.dumps([(name, _value(value)) for name, value in pairs]).decode()


def put_headers(batch: RecordBatch, row: int, pairs: Sequence[Header]) -> str | None:
    """As `text_headers` for names that may not be UTF-8: such a name is shown with escapes, its bytes are kept in `extra`."""
    if not pairs:
        return None
    named: list[tuple[str, bytes | None]] = []
    for number, (name, value) in enumerate(pairs):
        try:
            named.append((name.decode(), value))
        except UnicodeDecodeError:
            named.append((name.decode(errors="backslashreplace"), value))
            kept = batch.extra.setdefault(row, {}).setdefault("header_names_base64", {})
            if isinstance(kept, dict):
                kept[str(number)] = base64.b64encode(name).decode()
    return text_headers(named)


def _value(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def mark(batch: RecordBatch, flag: int, error: str = "") -> None:
    """Sets `flag` on every row, with what is wrong."""
    for row in range(len(batch)):
        batch.flags[row] = batch.flags.get(row, 0) | flag
        if error:
            batch.error[row] = f"{batch.error[row]}; {error}" if row in batch.error else error


def add(whole: RecordBatch, part: RecordBatch, log: int) -> None:
    """The rows of `part`, which are records of the plan's log `log`, below those of `whole`."""
    base = len(whole)
    whole.log.extend([log] * len(part))
    for name in ("position", "time_us", "time_kind", "key", "value", "headers"):
        getattr(whole, name).extend(getattr(part, name))
    for name in ("error", "flags", "extra"):
        rows = getattr(part, name)
        if rows:
            getattr(whole, name).update(zip([base + row for row in rows], rows.values(), strict=True) if base else rows)
