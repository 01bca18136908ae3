"""The event a jump goes to, and what to say when what was asked for is not there: the nearest, named. Runs on a worker. No Qt.

Read `app.jump` for how targets are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from app.jump import AtNumber, AtOffset, AtTime, AtVersion, Target
from app.models.event_rows import shown_time
from inspector.capture.asking import EventQuery
from inspector.capture.condition import Condition
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import EventRow, from_for
from inspector.text import visible


@dataclass(frozen=True, slots=True)
class Place:
    """The event to go to, 0 for none, and a sentence when it is not just what was asked for."""

    seq: int
    note: str = ""
    missing: tuple[str, int, int] | None = None
    """(log, partition, position) that was asked for and is not here."""
    missing_us: int | None = None
    """The time that was asked for and of which nothing is here."""


def find(reader: CaptureReader, wanted: Target, *, current: int = 0, zone: tzinfo = UTC, zone_text: str = "UTC") -> Place:
    """Where `wanted` is; `current` is the number of the current event, which says the partition and the stream."""
    if isinstance(wanted, AtTime):
        return _at_time(reader, wanted, zone, zone_text)
    if isinstance(wanted, AtNumber):
        return _at_number(reader, wanted.seq)
    found = reader.rows_by_seq([current]) if current else []
    row = found[0] if found else None
    if isinstance(wanted, AtVersion):
        return _at_version(reader, wanted.version, row)
    return _at_offset(reader, wanted, row)


def find_listed(
    reader: CaptureReader, wanted: AtTime, asked: Condition | None, span: tuple[int, int] | None, zone: tzinfo, zone_text: str
) -> Place:
    """The first event of a time that fulfils `asked` and lies in `span`; where there is none, as `find`."""
    low, high = span if span is not None else (wanted.from_us, wanted.until_us)
    bounds = max(low, wanted.from_us), min(high, wanted.until_us)
    if bounds[0] < bounds[1]:
        query = EventQuery(order="time", from_us=bounds[0], until_us=bounds[1], condition=asked, limit=1)
        if seq := next(reader.seqs(query), 0):
            return Place(seq)
    return find(reader, wanted, zone=zone, zone_text=zone_text)


def largest(reader: CaptureReader, wanted_us: tuple[int, int], asked: Condition | None, span: tuple[int, int] | None) -> Place:
    """The event with the most bytes among those of a time that fulfil `asked` and lie in `span`; of several alike the first."""
    low, high = wanted_us if span is None else (max(wanted_us[0], span[0]), min(wanted_us[1], span[1]))
    sql = asked.sql if asked is not None else "true"
    rows = reader.select(
        f"SELECT event.seq FROM block CROSS JOIN {from_for(sql)} WHERE block.max_us >= :from AND block.min_us < :until "
        "AND event.seq BETWEEN block.first_seq AND block.last_seq AND event.time_us >= :from AND event.time_us < :until "
        f"AND ({sql}) ORDER BY coalesce(event.key_bytes, 0) + coalesce(event.value_bytes, 0) DESC, event.seq LIMIT 1",
        {**(asked.bindings if asked is not None else {}), "from": low, "until": high},
    )
    return Place(int(rows[0][0])) if rows else Place(0, "the list has no event of this moment")


def neighbours(reader: CaptureReader, seq: int, *, forward: bool, most: int = 1_000) -> list[int]:
    """The numbers of the events after (or before) an event in its stream, nearest first, at most `most`."""
    compare, direction = (">", "ASC") if forward else ("<", "DESC")
    rows = reader.select(
        f"SELECT x.seq FROM event_stream x WHERE x.stream_id = (SELECT stream_id FROM event WHERE seq = :seq) AND x.seq {compare} :seq "
        f"ORDER BY x.seq {direction} LIMIT :most",
        {"seq": seq, "most": most},
    )
    return [int(row[0]) for row in rows]


def newest_time(reader: CaptureReader) -> int | None:
    """The greatest time in the capture; None for none."""
    ((newest,),) = reader.select("SELECT max(max_us) FROM block")
    return newest if isinstance(newest, int) else None


def _at_time(reader: CaptureReader, wanted: AtTime, zone: tzinfo, zone_text: str) -> Place:
    query = EventQuery(order="time", from_us=wanted.from_us, until_us=wanted.until_us, limit=1)
    if seq := next(reader.seqs(query), 0):
        return Place(seq)
    after = next(reader.seqs(EventQuery(order="time", from_us=wanted.from_us, limit=1)), 0)
    before = next(reader.seqs(EventQuery(order="time", reverse=True, until_us=wanted.from_us, limit=1)), 0)
    times = {row.seq: row.time_us for row in reader.rows_by_seq([seq for seq in (after, before) if seq])}
    after_us, before_us = times.get(after), times.get(before)
    if after_us is None and before_us is None:
        return Place(0, f"no event has a time, so none is at {wanted.text}", missing_us=wanted.from_us)
    is_before = after_us is None or (before_us is not None and wanted.from_us - before_us <= after_us - wanted.from_us)
    seq, time_us = (before, before_us) if is_before else (after, after_us)
    assert time_us is not None
    away = _span(abs(time_us - wanted.from_us))
    where = "earlier" if is_before else "later"
    note = f"no event at {wanted.text}; the nearest is {shown_time(time_us, zone)} {zone_text}, {away} {where}"
    return Place(seq, note, missing_us=wanted.from_us)


def _span(us: int) -> str:
    """About how long, in its largest unit."""
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)):
        if us >= size:
            return f"{us / size:,.1f} {unit}".replace(".0 ", " ")
    return f"{us} µs"


def _at_number(reader: CaptureReader, seq: int) -> Place:
    mark = reader.watermark()
    if not mark.last_seq:
        return Place(0, "the capture has no events")
    nearest = min(max(seq, mark.first_seq), mark.last_seq)
    note = f"no event #{seq:,}: there are #{mark.first_seq:,} to #{mark.last_seq:,}; the nearest is #{nearest:,}"
    return Place(nearest, "" if nearest == seq else note)


def _at_offset(reader: CaptureReader, wanted: AtOffset, row: EventRow | None) -> Place:
    logs = _logs(reader, wanted, row)
    if isinstance(logs, str):
        return Place(0, logs)
    name, partition, ids = logs
    found: list[tuple[int, int]] = []
    for log_id in ids:
        for compare, direction in ((">=", "ASC"), ("<", "DESC")):
            found += reader.select(
                f"SELECT position, seq FROM event WHERE log_id = ? AND position {compare} ? ORDER BY position {direction}, sub LIMIT 1",
                (log_id, wanted.position),
            )
    where = f"{visible(name)}/{partition}"
    if not found:
        return Place(0, f"nothing of {where} is in the capture", (name, partition, wanted.position))
    position, seq = min(found, key=lambda item: (abs(item[0] - wanted.position), -item[0]))
    if position == wanted.position:
        return Place(seq)
    note = f"no record at offset {wanted.position:,} of {where} in the capture; the nearest is {position:,}"
    return Place(seq, note, (name, partition, wanted.position))


def _logs(reader: CaptureReader, wanted: AtOffset, row: EventRow | None) -> tuple[str, int, Sequence[int]] | str:
    """(name, partition, ids of the log's lives), or the sentence that says what is missing."""
    rows = reader.select("SELECT name, partition, id FROM log ORDER BY name, partition, id")
    logs: dict[tuple[str, int], list[int]] = {}
    for name, partition, log_id in rows:
        logs.setdefault((name, partition), []).append(log_id)
    if wanted.log is not None:
        key = wanted.log, wanted.partition
    elif row is not None:
        key = row.log, row.partition
    elif len(logs) == 1:
        ((key, _),) = logs.items()
    else:
        return f"which partition? Choose an event of it, or write it as {visible(rows[0][0]) if rows else 'orders'}/0:{wanted.position}"
    if key not in logs:
        return f"there is no {visible(key[0])}/{key[1]} in the capture"
    return *key, logs[key]


def _at_version(reader: CaptureReader, version: int, row: EventRow | None) -> Place:
    if row is None:
        return Place(0, "which stream? Choose an event of it first")
    if row.stream is None:
        return Place(0, "the current event is in no stream")
    found: list[tuple[int, int]] = []
    for compare, direction in ((">=", "ASC"), ("<", "DESC")):
        found += reader.select(
            "SELECT coalesce(x.version, event.version) AS number, x.seq FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
            f"WHERE x.stream_id = (SELECT stream_id FROM event WHERE seq = :seq) AND number {compare} :version "
            f"ORDER BY number {direction}, x.seq LIMIT 1",
            {"seq": row.seq, "version": version},
        )
    stream = visible(row.stream)
    if not found:
        return Place(0, f"the events of {stream} have no versions")
    nearest, seq = min(found, key=lambda item: (abs(item[0] - version), -item[0]))
    if nearest == version:
        return Place(seq)
    return Place(seq, f"no version {version:,} of {stream} in the capture; the nearest is {nearest:,}")
