"""The account of a capture for people and programs: sources, logs, coverage, scope, counts. Read-only.

What was never fetched has no row of its own: it is what the stored account leaves out, and is derived here. Read
`coverage` for the rules of the account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspector.capture import inputs
from inspector.capture.asking import EventQuery
from inspector.capture.coverage import NOT_FETCHED
from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import FROM, from_for
from inspector.event import format_time, merged_ranges, without_ranges
from inspector.sources.file_runs import NOT_IN_FILES


@dataclass(frozen=True, slots=True)
class LogReport:
    """One partition: what the source has (`[first, end)`), how many events are here, and what became of each stretch."""

    id: int
    source_id: int
    source: str
    log: str
    partition: int
    incarnation: str
    first: int | None
    end: int | None
    captured: int
    bytes: int
    coverage: Sequence[Mapping[str, object]]


@damage_is_said
def log_reports(reader: CaptureReader) -> list[LogReport]:
    """Every log of the capture, by source, name and partition, with its coverage in order and without holes."""
    rows = reader.select(
        "SELECT log.id, source.id, source.uri, log.name, log.partition, log.incarnation, log.first_position, "
        "log.end_position, log.events, log.bytes "
        "FROM log JOIN source ON source.id = log.source_id ORDER BY source.id, log.name, log.partition, log.id"
    )
    stored: dict[int, list[tuple[Any, ...]]] = {}
    for log_id, *segment in reader.select(
        "SELECT log_id, from_position, to_position, state, reason, filter, isolation, records FROM coverage ORDER BY log_id, from_position"
    ):
        stored.setdefault(log_id, []).append(tuple(segment))
    asked = asked_ranges(reader)
    return [LogReport(*(*row, _covered(row, stored.get(row[0], []), asked.get(row[0], [])))) for row in rows]


def asked_ranges(reader: CaptureReader) -> dict[int, list[tuple[int, int | None]]]:
    """Per log, the ranges that its runs asked for."""
    asked: dict[int, list[tuple[int, int | None]]] = {}
    for log_id, start, end in reader.select("SELECT log_id, from_position, to_position FROM asked ORDER BY log_id, from_position"):
        asked.setdefault(log_id, []).append((start, end))
    return asked


def _covered(log: tuple[Any, ...], stored: Sequence[tuple[Any, ...]], asked: Sequence[tuple[int, int | None]]) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    uri, first, end = log[2], log[6], log[7]
    unread = NOT_IN_FILES if str(uri).startswith(("file:", "stdin:")) else NOT_FETCHED
    for start, stop, state, reason, filter_text, isolation, records in stored:
        segment = {"from": start, "to": stop, "state": state, "reason": reason or None, "records": records}
        if state != "absent":
            segment["isolation"] = isolation or None
        if filter_text is not None:
            segment["filter"] = filter_text
        listed.append(segment)
    low = min([start for start, _ in asked] + ([first] if first is not None else []), default=None)
    high = max([stop for _, stop in asked if stop is not None] + ([end] if end is not None else []), default=None)
    if low is not None and high is not None:
        known = [(start, stop) for start, stop, *_ in stored]
        for start, stop in without_ranges(low, high, known):
            assert stop is not None
            listed.append({"from": start, "to": stop, "state": "absent", "reason": unread, "records": 0})
    return sorted(listed, key=lambda segment: int(str(segment["from"])))


@damage_is_said
def scope(reader: CaptureReader, reports: Sequence[LogReport] | None = None) -> dict[str, object]:
    """What was asked of the sources, what was read of it, what is absent and why, and whether that is all.

    Positions are counted, not records. `complete` means that everything asked was read in full; a run still going or
    killed has an empty `stopped`.
    """
    reports = log_reports(reader) if reports is None else reports
    asked_all = asked_ranges(reader)
    asked = read = 0
    absent: dict[str, int] = {}
    open_ended = False
    for report in reports:
        wanted = asked_all.get(report.id, [])
        open_ended |= any(stop is None for _, stop in wanted)
        high = max([report.end or 0, *(int(str(segment["to"])) for segment in report.coverage)])
        ranges = merged_ranges([(start, high if stop is None else stop) for start, stop in wanted])
        asked += sum(stop - start for start, stop in ranges)
        for segment in report.coverage:
            inside = _inside(ranges, int(str(segment["from"])), int(str(segment["to"])))
            if segment["state"] == "read":
                read += inside
            elif inside:
                reason = str(segment["reason"] or f"read through the filter {segment.get('filter')}")
                absent[reason] = absent.get(reason, 0) + inside
    stopped = [row[0] for row in reader.select("SELECT stopped FROM run ORDER BY id")]
    return {
        "asked": asked,
        "read": read,
        "absent": absent,
        "complete": asked == read and not absent and inputs.all_whole(reader),
        "stopped": stopped[-1] if stopped else None,
    }


def _inside(ranges: Sequence[tuple[int, int]], start: int, end: int) -> int:
    return sum(max(0, min(high, end) - max(low, start)) for low, high in ranges)


@damage_is_said
def info(reader: CaptureReader) -> dict[str, Any]:
    """The `info` object of the command line."""
    reports = log_reports(reader)
    ((capture_id, created_us, tool, settings),) = reader.select("SELECT id, created_us, tool, settings FROM capture LIMIT 1")
    sources = reader.select("SELECT id, kind, uri, cluster_id, opened_us, attributes FROM source ORDER BY id")
    decoders = _decoders(reader)
    ((conflicts,),) = reader.select("SELECT count(*) FROM conflict")
    return {
        "capture": str(reader.path),
        "id": capture_id,
        "created": format_time(created_us),
        "tool": tool,
        "events": reader.watermark().events,
        "conflicts": conflicts,
        "masks": reader.masks.rules if reader.masks is not None else 0,
        "unmasked": bool(json.loads(settings or "{}").get("values", True)),
        "sources": [
            {
                "id": row[0],
                "kind": row[1],
                "uri": row[2],
                "cluster_id": row[3] or None,
                "opened": format_time(row[4]),
                "attributes": json.loads(row[5]),
            }
            for row in sources
        ],
        "inputs": [inputs.as_json(one) for one in inputs.inputs(reader)],
        "logs": [
            {
                "source": report.source,
                "log": report.log,
                "partition": report.partition,
                "incarnation": report.incarnation or None,
                "first": report.first,
                "end": report.end,
                "captured": report.captured,
                "bytes": report.bytes,
                "coverage": report.coverage,
                **({"decoders": decoders.get(report.id, {})} if decoders is not None else {}),
            }
            for report in reports
        ],
        "scope": scope(reader, reports),
    }


def _decoders(reader: CaptureReader) -> dict[int, dict[str, int]] | None:
    """By log, how many events each decoder read, the most used first; None in a capture of an older version."""
    if not reader.select("SELECT 1 FROM sqlite_schema WHERE name = 'usage'"):
        return None
    found: dict[int, dict[str, int]] = {}
    sql = "SELECT log_id, decoder, sum(events) FROM usage WHERE decoder <> '' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
    for log_id, decoder, events in reader.select(sql):
        found.setdefault(log_id, {})[decoder] = events
    return found


_GROUPS = {
    "log": ("log.name",),
    "partition": ("log.name", "log.partition"),
    "type": ("type.name",),
    "stream": ("category.name", "stream.name"),
    "category": ("category.name",),
    "decoder": ("log.name", "event.decoder"),
}
_GROUP_NAMES = {
    "log": ("log",),
    "partition": ("log", "partition"),
    "type": ("type",),
    "stream": ("category", "stream"),
    "category": ("category",),
    "decoder": ("log", "decoder"),
}


def count(reader: CaptureReader, query: EventQuery | None = None) -> tuple[int, int]:
    """(events that match, events the filter cannot be applied to)."""
    condition = query.condition if query else None
    if condition is None:
        return reader.watermark().events, 0
    reader.prepare(condition)
    ((matching, not_applicable),) = reader.select(
        f"WITH looked AS MATERIALIZED (SELECT ({condition.sql}) AS ok FROM {from_for(condition.sql)}) "
        "SELECT count(*) FILTER (WHERE ok), count(*) FILTER (WHERE ok IS NULL) FROM looked",
        condition.bindings,
    )
    return int(matching), int(not_applicable)


def count_by(reader: CaptureReader, by: str | None, every_us: int | None, query: EventQuery | None = None) -> Iterator[dict[str, object]]:
    """One row per group and, with `every_us`, per stretch of event time; in the order of time and name."""
    condition = query.condition if query else None
    if condition is not None:
        reader.prepare(condition)
    columns, names = (_GROUPS[by], _GROUP_NAMES[by]) if by else ((), ())
    keys = list(columns)
    if every_us:
        floor = f"event.time_us - ((event.time_us % {every_us}) + {every_us}) % {every_us}"
        keys.insert(0, floor)
    where = f"WHERE ({condition.sql})" if condition else ""
    sql = f"SELECT {', '.join([*keys, 'count(*)'])} FROM {FROM} {where} GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}"
    for row in reader.select(reader.shown(sql), condition.bindings if condition else ()):
        values = list(row)
        result: dict[str, object] = {"time": format_time(values.pop(0))} if every_us else {}
        result.update(zip(names, values, strict=False))
        result["count"] = row[-1]
        yield result
