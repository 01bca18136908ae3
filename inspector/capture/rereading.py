"""Stored events as records again, with what their source asked for and knew: what decoding again starts from. Writes nothing.

Read `inspector.redecode` for who stores the outcome, `rehearsal` for who only shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from inspector.capture.rows import FROM
from inspector.decoders import SAMPLE
from inspector.errors import CaptureError
from inspector.event import Flag, LogKey, RecordBatch, Schema
from inspector.identify import EVENT_TIME, SOURCE, Identifier, Profile
from inspector.identify.several import STREAMS
from inspector.schemas import Schemas
from inspector.sources import LogInfo

T = TypeVar("T")

FROM_SOURCE = int(Flag.aborted | Flag.open | Flag.control | Flag.below_start | Flag.damaged)
"""What the source says of a row; decoding again does not change it."""
_FIELDS = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
RECORDS = (
    "SELECT event.seq, event.log_id, event.position, event.recorded_us, event.recorded_kind, event.flags, event.schema_ref, "
    "json(event.extra), record.key, record.headers, record.value, stream.name, category.name, event.version, type.name, event.event_id, "
    f"event.schema_version, event.correlation_id, event.causation_id, event.actor, json(event.metadata) FROM {FROM} "
)
"""Events as `StoredPage.add` takes them; a WHERE follows."""
FirstValues = tuple[list[bytes], list[str | None]]
"""Values and their headers."""
Select = Callable[[str, dict[str, Any]], Iterable[tuple[Any, ...]]]
"""Asks the capture."""
_BLOCKS = (
    "SELECT DISTINCT block.first_seq, block.last_seq FROM usage JOIN block ON block.first_seq = usage.first_seq "
    "WHERE usage.log_id IN (SELECT id FROM log WHERE source_id = :source AND name = :name) ORDER BY 1"
)
_VALUES = (
    "SELECT record.value, record.headers FROM event JOIN record ON record.seq = event.seq WHERE event.seq BETWEEN :first AND :last "
    "AND event.log_id IN (SELECT id FROM log WHERE source_id = :source AND name = :name) AND record.value IS NOT NULL "
    "AND NOT event.flags & :oversize ORDER BY event.seq LIMIT :limit"
)
RECORDS_OF_LOG = (
    "SELECT record.key, record.value FROM log CROSS JOIN event ON event.log_id = log.id CROSS JOIN record ON record.seq = event.seq "
    "WHERE log.source_id = :source AND log.name = :name AND NOT event.flags & :oversize ORDER BY log.id, event.position"
)
"""Key and value of every record of one log, in the log's order."""
LOGS = "SELECT id, name, partition, incarnation, decoder, rules, envelope FROM log WHERE source_id = :source ORDER BY id"


@dataclass(slots=True)
class StoredLog:
    """One log of the capture: what its source's descriptor asked for, and what the source itself knows of each event."""

    id: int
    info: LogInfo
    decoder: str | None
    rules: Mapping[str, object]
    envelope: frozenset[str]


@dataclass(slots=True)
class StoredPage:
    """Stored events of `logs` as records again."""

    logs: Sequence[StoredLog]
    schemas: Mapping[int, Schema] = field(default_factory=dict)
    """The schemas of their source, by their numbers."""
    records: RecordBatch = field(default_factory=RecordBatch)
    seqs: list[int] = field(default_factory=list)
    bytes: int = 0

    def __post_init__(self) -> None:
        self.records.envelope = {name: [] for name in (*_FIELDS, STREAMS) if any(name in log.envelope for log in self.logs)}

    def add(self, row: tuple[Any, ...], places: Mapping[int, int]) -> None:
        """Adds one row of `RECORDS`; `places` maps the number of a log to its place among `logs`."""
        seq, log_id, position, recorded_us, recorded_kind, flags, schema_ref, extra_text, key, headers, value, *known = row
        records, number, log = self.records, len(self.seqs), self.logs[places[log_id]]
        loaded = json.loads(extra_text) if extra_text else {}
        extra: dict[str, Any] = loaded if isinstance(loaded, dict) else {"extra": loaded}
        extra.pop(EVENT_TIME, None)
        said = extra.pop(SOURCE, None)
        said = said if isinstance(said, dict) else {}
        self.seqs.append(seq)
        self.bytes += len(value or b"") + len(key or b"")
        records.log.append(places[log_id])
        records.position.append(position)
        records.time_us.append(recorded_us)
        records.time_kind.append(recorded_kind)
        records.key.append(key)
        records.value.append(value)
        records.headers.append(headers)
        records.read_with.append(None if flags & Flag.undecodable else self.schemas.get(schema_ref))
        if flags & FROM_SOURCE:
            records.flags[number] = flags & FROM_SOURCE
        if extra:
            records.extra[number] = extra
        if "error" in said:
            records.error[number] = str(said["error"])
        for name, current in zip(_FIELDS, known, strict=True):
            if name in records.envelope:
                records.envelope[name].append(said.get(name, current) if name in log.envelope else None)
        if STREAMS in records.envelope:
            records.envelope[STREAMS].append(said.get(STREAMS))


def stored_log(row: tuple[Any, ...]) -> StoredLog:
    """The log of one row of `LOGS`. Raises CaptureError when what was noted with it cannot be read."""
    log_id, name, partition, incarnation, decoder, rules, envelope = row
    return StoredLog(
        id=log_id,
        info=LogInfo(LogKey(name, partition, incarnation), 0, 0),
        decoder=decoder,
        rules=_note(rules, {}, f"{name}'s rules"),
        envelope=frozenset(_note(envelope, [], f"{name}'s envelope")),
    )


def identifier_of(logs: Sequence[StoredLog], profile: Profile | None, schemas: Schemas | None = None) -> Identifier:
    """What identifies the events of these logs under a profile; `schemas` is the book of their source."""
    return Identifier(
        profile=profile,
        decoders={log.info.key.name: log.decoder for log in logs if log.decoder},
        rules={log.info.key.name: log.rules for log in logs if log.rules},
        schemas=schemas,
    )


def first_values(select: Select, source_id: int, name: str) -> FirstValues:
    """The first values that a log had, with their headers: what `Identifier.remember` takes. None in a capture of an older version."""
    values: list[bytes] = []
    headers: list[str | None] = []
    if not list(select("SELECT 1 FROM sqlite_schema WHERE name = 'usage'", {})):
        return values, headers
    place = {"source": source_id, "name": name, "oversize": int(Flag.oversize)}
    for first, last in list(select(_BLOCKS, {"source": source_id, "name": name})):
        for value, header in select(_VALUES, {**place, "first": first, "last": last, "limit": SAMPLE - len(values)}):
            values.append(value)
            headers.append(header)
        if len(values) >= SAMPLE:
            break
    return values, headers


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
