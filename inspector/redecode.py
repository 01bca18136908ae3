"""Decoding and identity once more, from the bytes a capture holds: with another profile, newer rules or better decoders.

What was read is never changed; what it means is, in transactions of at most 20,000 events, so that the capture is right
at every instant. What the source itself said of an event (its envelope) is kept. Read `identify` for the rules,
`capture.rewrite` for what is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from inspector.capture.condition import Condition
from inspector.capture.rows import FROM
from inspector.capture.stage import Stager
from inspector.capture.writer import CaptureWriter
from inspector.errors import CaptureError, UsageError
from inspector.event import Flag, LogKey, RecordBatch
from inspector.identify import EVENT_TIME, SOURCE, Identifier, Profile
from inspector.sources import LogInfo

T = TypeVar("T")

BATCH_ROWS = 20_000
BATCH_BYTES = 16 * 1024 * 1024

_FROM_SOURCE = int(Flag.aborted | Flag.open | Flag.control | Flag.below_start | Flag.damaged)
"""What the source says of a row; decoding again does not change it."""
_FIELDS = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
_ROWS = (
    "SELECT event.seq, event.log_id, event.position, event.recorded_us, event.recorded_kind, event.flags, json(event.extra), record.key, "
    "record.headers, record.value, stream.name, category.name, event.version, type.name, event.event_id, event.schema_version, "
    f"event.correlation_id, event.causation_id, event.actor, json(event.metadata) FROM {FROM} "
    "WHERE event.seq > :after AND log.source_id = :source AND NOT event.flags & :oversize AND ({condition}) ORDER BY event.seq"
)


@dataclass(slots=True)
class Outcome:
    """How decoding again went. `undecodable` counts what remains so in the whole capture, `oversize` what was left as it is."""

    events: int = 0
    undecodable: int = 0
    oversize: int = 0
    is_whole: bool = True
    """False when it was stopped before the end; what was done stays."""


@dataclass(slots=True)
class _Log:
    """One log of the capture: what its source's descriptor asked for, and what the source itself knows of each event."""

    id: int
    info: LogInfo
    decoder: str | None
    rules: Mapping[str, object]
    envelope: frozenset[str]


@dataclass(slots=True)
class _Page:
    """Stored events as records again."""

    records: RecordBatch = field(default_factory=RecordBatch)
    seqs: list[int] = field(default_factory=list)
    bytes: int = 0


def run(
    path: Path,
    *,
    profile: Profile | None = None,
    condition: Condition | None = None,
    progress: Callable[[int], None] = lambda _events: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Decodes and identifies the events of the capture at `path` that meet `condition` (all: None) again.

    `progress` is told how many are done after each transaction. Raises CaptureError for what is no capture,
    CaptureInUseError when it is being written, UsageError when it holds no values.
    """
    if not path.is_file():
        raise CaptureError(f"there is no capture {path}")
    outcome = Outcome()
    with CaptureWriter(path) as writer:
        if not writer.with_values:
            raise UsageError(f"{path.name} was captured without values: there is nothing to decode")
        for (source_id,) in writer.select("SELECT id FROM source ORDER BY id").fetchall():
            for page_size in _decode_source(writer, source_id, profile, condition):
                outcome.events += page_size
                progress(outcome.events)
                outcome.is_whole = not is_stopped()
                if not outcome.is_whole:
                    break
            if not outcome.is_whole:
                break
        writer.mark_late_again()
        counting = "SELECT count(*) FILTER (WHERE flags & :bad), count(*) FILTER (WHERE flags & :big) FROM event"
        bits = {"bad": int(Flag.undecodable), "big": int(Flag.oversize)}
        outcome.undecodable, outcome.oversize = writer.select(counting, bits).fetchall()[0]
    return outcome


def _decode_source(writer: CaptureWriter, source_id: int, profile: Profile | None, condition: Condition | None) -> Iterator[int]:
    """Does one source, giving the number of events of each transaction."""
    logs = _logs(writer, source_id)
    identifier = Identifier(
        profile=profile,
        decoders={log.info.key.name: log.decoder for log in logs if log.decoder},
        rules={log.info.key.name: log.rules for log in logs if log.rules},
    )
    stager = Stager()
    try:
        after = 0
        while page := _page(writer, source_id, logs, after, condition):
            batch = identifier.events(page.records, [log.info for log in logs])
            writer.rewrite(page.seqs, [log.id for log in logs], source_id, stager.stage(batch))
            after = page.seqs[-1]
            yield len(page.seqs)
    finally:
        stager.close()


def _logs(writer: CaptureWriter, source_id: int) -> list[_Log]:
    noted = "SELECT id, name, partition, incarnation, decoder, rules, envelope FROM log WHERE source_id = :source ORDER BY id"
    rows = writer.select(noted, {"source": source_id}).fetchall()
    return [
        _Log(
            id=log_id,
            info=LogInfo(LogKey(name, partition, incarnation), 0, 0),
            decoder=decoder,
            rules=_note(rules, {}, f"{name}'s rules"),
            envelope=frozenset(_note(envelope, [], f"{name}'s envelope")),
        )
        for log_id, name, partition, incarnation, decoder, rules, envelope in rows
    ]


def _note(text: str | None, default: T, what: str) -> T:
    """The JSON noted with a log, of the type of `default`. Raises CaptureError for anything else."""
    if text is None:
        return default
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, type(default)):
        return found
    raise CaptureError(f"the capture is damaged: {what} cannot be read")


def _page(writer: CaptureWriter, source_id: int, logs: Sequence[_Log], after: int, condition: Condition | None) -> _Page | None:
    """The next events of a source, as they were read: at most 20,000, and not much over 16 MB; None when there are no more."""
    places = {log.id: place for place, log in enumerate(logs)}
    page = _Page()
    page.records.envelope = {name: [] for name in _FIELDS if any(name in log.envelope for log in logs)}
    bindings: dict[str, Any] = {
        **(condition.bindings if condition else {}),
        "after": after,
        "source": source_id,
        "oversize": int(Flag.oversize),
    }
    rows = writer.select(_ROWS.format(condition=condition.sql if condition else "true"), bindings)
    try:
        for row in rows:
            _add(page, places[row[1]], logs[places[row[1]]], row)
            if len(page.seqs) >= BATCH_ROWS or page.bytes >= BATCH_BYTES:
                break
    finally:
        rows.close(True)
    return page if page.seqs else None


def _add(page: _Page, place: int, log: _Log, row: tuple[Any, ...]) -> None:
    seq, _, position, recorded_us, recorded_kind, flags, extra_text, key, headers, value, *known = row
    records, number = page.records, len(page.seqs)
    loaded = json.loads(extra_text) if extra_text else {}
    extra: dict[str, Any] = loaded if isinstance(loaded, dict) else {"extra": loaded}
    extra.pop(EVENT_TIME, None)
    said = extra.pop(SOURCE, None)
    said = said if isinstance(said, dict) else {}
    page.seqs.append(seq)
    page.bytes += len(value or b"") + len(key or b"")
    records.log.append(place)
    records.position.append(position)
    records.time_us.append(recorded_us)
    records.time_kind.append(recorded_kind)
    records.key.append(key)
    records.value.append(value)
    records.headers.append(headers)
    if flags & _FROM_SOURCE:
        records.flags[number] = flags & _FROM_SOURCE
    if extra:
        records.extra[number] = extra
    if "error" in said:
        records.error[number] = str(said["error"])
    for name, current in zip(_FIELDS, known, strict=True):
        if name in records.envelope:
            records.envelope[name].append(said.get(name, current) if name in log.envelope else None)
