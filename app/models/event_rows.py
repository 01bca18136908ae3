"""Events as the cells of a list: every text made and escaped once, on a worker thread. No Qt.

Read `event_columns` for what the cells are, `event_table` for the model that shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from app.models.color_rules import Painted, colors_of
from app.models.event_columns import COLUMNS, SINCE
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import PREVIEW_LENGTH, EventRow
from inspector.capture.unread import unread_before
from inspector.event import Flag
from inspector.query.fields import read_fields
from inspector.query.places import FieldPlace
from inspector.text import bytes_text, shortened, visible

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
NULL, EMPTY = "∅", "○"
_OF_THE_LIST = ("",) * len(SINCE)
"""Lengths of time depend on other rows: the list tells them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event as shown. `cells` are in the order of `COLUMNS`; the first is the sign, `word` says it."""

    seq: int
    flags: int
    tip: str
    cells: tuple[str, ...]
    word: str = ""
    color: int = 0
    """The number of the colour that a rule gives it; 0 for none."""
    rule: str = ""
    """That rule in words."""
    time_us: int | None = None
    unread_before: int = 0
    """So many positions just before this one, in its partition, were not read."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows by number; `size_bytes` is about what they take in memory."""

    rows: dict[int, Row]
    size_bytes: int


def read_page(
    reader: CaptureReader, seqs: Sequence[int], zone: tzinfo = UTC, places: Sequence[FieldPlace] = (), rules: Sequence[Painted] = ()
) -> Page:
    """The rows with these numbers, with what stands at `places` and the colours of `rules`; one that is gone says so."""
    rows = {row.seq: shown_row(row, zone) for row in reader.rows_by_seq(seqs)}
    for seq in seqs:
        if seq not in rows:
            rows[seq] = _gone(seq)
    if places:
        added, none = read_fields(reader, seqs, places), (None,) * len(places)
        for seq, row in rows.items():
            texts = tuple("" if text is None else visible(text) for text in added.get(seq, none))
            rows[seq] = replace(row, cells=(*row.cells, *texts))
    for seq, rule in colors_of(reader, seqs, rules).items():
        rows[seq] = replace(rows[seq], color=rule.color, rule=rule.words)
    for seq, count in unread_before(reader, seqs).items():
        rows[seq] = replace(rows[seq], unread_before=count)
    return Page(rows, sum(300 + 2 * sum(map(len, row.cells)) + len(row.tip) for row in rows.values()))


def shown_row(row: EventRow, zone: tzinfo = UTC) -> Row:
    """The cells of one event."""
    mark, word = state(row)
    cells = (
        mark,
        shown_time(row.time_us, zone),
        f"{visible(row.log)} / {row.partition}",
        f"{row.position:,}",
        _bytes(row.key, row.key_bytes),
        visible(row.type or ""),
        _number(row.version),
        visible(row.stream or ""),
        _preview(row),
        shown_time(row.recorded_us, zone),
        shown_time(row.captured_us, zone),
        *_OF_THE_LIST,
        visible(row.event_id or ""),
        visible(row.category or ""),
        visible(row.actor or ""),
        visible(row.correlation_id or ""),
        visible(row.causation_id or ""),
        _number(row.key_bytes),
        _number(row.value_bytes),
        f"{row.seq:,}",
    )
    return Row(row.seq, row.flags, flags_tip(row.flags, row.error) or _plain_state(word), cells, word, time_us=row.time_us)


def _gone(seq: int) -> Row:
    blank = [""] * len(COLUMNS)
    blank[0], blank[-1] = "–", f"{seq:,}"
    return Row(seq, 0, "no longer in the capture: the keep limit removed it", tuple(blank), "gone")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def state(row: EventRow) -> tuple[str, str]:
    """The sign of an event's state and its word; both empty for an ordinary one."""
    if mark := sign(row.flags):
        return mark, next(flag.name or "" for flag, _ in SIGNS if flag & row.flags).replace("_", " ")
    if row.value_bytes is None:
        return NULL, "null"
    return (EMPTY, "empty") if row.value_bytes == 0 else ("", "")


def _plain_state(word: str) -> str:
    return {"null": "null: there is no value", "empty": "empty: the value has 0 bytes"}.get(word, "")


def sign(flags: int) -> str:
    """The sign of an event with these flags; empty for none."""
    return next((mark for flag, mark in SIGNS if flag & flags), "") if flags else ""


def flags_tip(flags: int, error: str | None) -> str:
    """The words of all flags, with the reason of what could not be read."""
    words = [_WORDS[flag] for flag in Flag if flag & flags]
    return "\n".join([*words, *([visible(error)] if error else [])])


def shown_time(time_us: int | None, zone: tzinfo = UTC) -> str:
    """`2026-11-23 14:03:29.670000` in `zone`, to the microsecond; empty for no time. At the ends of the calendar it is UTC."""
    if time_us is None:
        return ""
    moment = _EPOCH + timedelta(microseconds=time_us)
    if zone is not UTC:
        try:
            moment = moment.astimezone(zone)
        except (OverflowError, ValueError):
            return f"{_text(moment)} UTC"
    return _text(moment)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0")


def _bytes(value: bytes | None, size: int | None) -> str:
    """A key: null and empty are told apart by their signs."""
    if value is None:
        return NULL if size is None else ""
    return bytes_text(value) if value else EMPTY


def _preview(row: EventRow) -> str:
    if (document := row.printed_document) is not None:
        return visible(shortened(document, PREVIEW_LENGTH))
    if row.value_preview is None:
        return "null" if row.value_bytes is None else f"{row.value_bytes:,} bytes, not stored"
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
