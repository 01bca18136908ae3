"""Where the fields of a stored event come from: the rules of now, run once more over its bytes. Read-only.

Read `identify` for the rules; `redecode` is what changes events.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from inspector.capture.reader import CaptureReader
from inspector.capture.rereading import first_values
from inspector.capture.rows import Event
from inspector.event import RecordBatch, format_time
from inspector.identify import Found, Identifier, Profile

SOURCE = "the source"
RECORD = "the record's timestamp"
LOG = "the log's name"
_FIELDS = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata")
_LOG = (
    "SELECT log.source_id, log.name, log.decoder, log.rules, log.envelope FROM event JOIN log ON log.id = event.log_id WHERE event.seq = ?"
)
_ATTRIBUTES = {"id": "event_id"}
_CERTAIN = frozenset({None, "json"})
"""No other values of the log decide how these are read."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a field's value comes from: a place such as `header.ce_type`, and the rule that says so (empty for none).

    `now` is what the rules of now find there when that is not what is stored: another profile or older rules made it.
    """

    place: str
    rule: str = ""
    now: str | None = None

    @property
    def short(self) -> str:
        """The place; with a sign when the rules of now say otherwise."""
        return self.place if self.now is None else f"≠ {self.place}"

    @property
    def words(self) -> str:
        """All of it, in a sentence."""
        rule = f", by the rule “{self.rule}”" if self.rule else ""
        if self.now is None:
            return f"{self.place}{rule}"
        return f"not by the rules of now: they find {self.now} at {self.place}{rule}"


def origins(reader: CaptureReader, event: Event, profile: Profile | None = None) -> dict[str, Origin]:
    """Field → where its value comes from, by running the rules of now (those of `profile` first) over the stored record."""
    rows = reader.select(_LOG, (event.seq,))
    if not rows:
        return {}
    source_id, name, decoder, rules, envelope = rows[0]
    known = _noted(envelope, [])
    identifier = Identifier(profile=profile, decoders={name: decoder} if decoder else {}, rules={name: _noted(rules, {})} if rules else {})
    if event.decoder not in _CERTAIN:
        identifier.remember(name, *first_values(reader.select, source_id, name))
    found = identifier.origins(_record(event, [column for column in _FIELDS if column in known]), name)
    places = {column: _said(event, column, found[column]) for column in found if column != "metadata"}
    if event.category is not None and "category" not in places:
        places["category"] = places.get("stream", Origin(LOG)) if event.category != event.log else Origin(LOG)
    return {**places, "time": places.get("time", Origin(RECORD))}


def _record(event: Event, known: list[str]) -> RecordBatch:
    """The event as it was read, with what the source itself knows of it."""
    values = {column: getattr(event, _ATTRIBUTES.get(column, column)) for column in known}
    return RecordBatch(
        log=[0],
        position=[event.position],
        time_us=[event.recorded_us],
        time_kind=[event.recorded_kind],
        key=[event.key],
        value=[event.value],
        headers=[event.headers],
        envelope={column: [value] for column, value in values.items()},
    )


def _said(event: Event, column: str, found: Found) -> Origin:
    stored = event.time_us if column == "time" else getattr(event, _ATTRIBUTES.get(column, column))
    place = found.place or SOURCE
    if stored == found.value:
        return Origin(place, found.rule)
    now = format_time(found.value) if column == "time" and isinstance(found.value, int) else found.value
    return Origin(place, found.rule, str(now))


def _noted(text: str | None, default: object) -> Mapping[str, object]:
    try:
        found = json.loads(text) if text else default
    except ValueError:
        found = default
    return found if isinstance(found, type(default)) else default  # type: ignore[return-value]
