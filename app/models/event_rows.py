"""Events as the cells of a list: every text made and escaped once, on a worker thread. No Qt.

Read `event_table` for the model that shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from inspector.capture.reader import CaptureReader, EventRow
from inspector.event import Flag
from inspector.text import bytes_text, visible

PAGE_ROWS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIGNS: tuple[tuple[Flag, str], ...] = (
    (Flag.undecodable, "!"),
    (Flag.damaged, "!"),
    (Flag.aborted, "✕"),
    (Flag.open, "◌"),
    (Flag.control, "•"),
    (Flag.encrypted, "▣"),
    (Flag.oversize, "▲"),
    (Flag.too_deep, "▼"),
    (Flag.duplicate_keys, "≠"),
    (Flag.late, "◷"),
    (Flag.tombstone, "∅"),
    (Flag.below_start, "↧"),
)
"""The sign of an event is that of its first flag in this order; the tooltip has the words of all."""
_WORDS = {
    Flag.tombstone: "tombstone: the value is null",
    Flag.aborted: "aborted: its transaction was rolled back",
    Flag.open: "open: its transaction has not ended",
    Flag.control: "control: a transaction's marker",
    Flag.below_start: "below the start that was asked for",
    Flag.late: "late: its time is before that of an earlier event of the partition",
    Flag.undecodable: "undecodable",
    Flag.too_deep: "too deep: its JSON nests over 1,000 levels and is kept as text",
    Flag.duplicate_keys: "duplicate keys: an object has the same name twice",
    Flag.damaged: "damaged",
    Flag.encrypted: "encrypted",
    Flag.oversize: "oversize: the value was cut",
}
SERIOUS = Flag.undecodable | Flag.damaged
STRUCK = Flag.aborted


@dataclass(frozen=True, slots=True)
class Row:
    """One event as shown. `cells` are in the order of `event_table.COLUMNS`."""

    seq: int
    flags: int
    tip: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows by number from `number * PAGE_ROWS` on; `size_bytes` is about what it takes in memory."""

    number: int
    rows: dict[int, Row]
    size_bytes: int


def read_page(reader: CaptureReader, number: int) -> Page:
    """The page with this number as far as it is there."""
    found = reader.rows(number * PAGE_ROWS, PAGE_ROWS)
    rows = {row.seq: shown_row(row) for row in found if row.seq < (number + 1) * PAGE_ROWS}
    return Page(number, rows, sum(200 + 2 * sum(map(len, row.cells)) + len(row.tip) for row in rows.values()))


def shown_row(row: EventRow) -> Row:
    """The cells of one event."""
    cells = (
        sign(row.flags),
        shown_time(row.time_us),
        f"{visible(row.log)} / {row.partition}",
        f"{row.position:,}",
        bytes_text(row.key),
        visible(row.type or ""),
        "" if row.version is None else f"{row.version:,}",
        visible(row.stream or ""),
        _preview(row),
    )
    return Row(row.seq, row.flags, flags_tip(row.flags, row.error), cells)


def sign(flags: int) -> str:
    """The sign of an event with these flags; empty for none."""
    return next((mark for flag, mark in SIGNS if flag & flags), "") if flags else ""


def flags_tip(flags: int, error: str | None) -> str:
    """The words of all flags, with the reason of what could not be read."""
    words = [_WORDS[flag] for flag in Flag if flag & flags]
    return "\n".join([*words, *([visible(error)] if error else [])])


def shown_time(time_us: int | None) -> str:
    """`2026-11-23 14:03:29.670000` in UTC, to the microsecond; empty for no time."""
    if time_us is None:
        return ""
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")


def _preview(row: EventRow) -> str:
    if row.value_preview is None:
        return "null" if row.value_bytes is None else ""
    cut = row.value_bytes is not None and row.value_bytes > len(row.value_preview)
    if cut:
        # the cut may lie inside a character: what is whole of it is shown
        text = row.value_preview.decode("utf-8", "ignore") if _is_text(row.value_preview) else None
        return f"{visible(text)}…" if text is not None else f"{bytes_text(row.value_preview)}…"
    return bytes_text(row.value_preview)


def _is_text(cut: bytes) -> bool:
    try:
        cut.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
