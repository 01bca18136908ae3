"""What a rule of identity would do, tried on a few stored events: what stands where it looks, what is now, what would be then.

Runs the rules that decoding runs, over the stored bytes; writes nothing. What the capture's masks hide is hidden in all that is given.
Read `rereading` for the events, `inspector.identify` for the rules, `app.dialogs.this_field` for who shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

import orjson

from inspector import json_paths
from inspector.capture.reader import CaptureReader
from inspector.capture.rereading import LOGS, RECORDS, FirstValues, StoredLog, StoredPage, first_values, identifier_of, stored_log
from inspector.capture.rows import FROM
from inspector.errors import UsageError
from inspector.event import EventBatch, Flag
from inspector.identify import Profile, Tried
from inspector.identify.convert import MAX_TEXT
from inspector.identify.rules import Column
from inspector.mask_paths import Path
from inspector.times import time_us

MOST_EVENTS = 20
MOST_BYTES = 2_000_000
"""A larger value is not tried: to decode it would stand in the way of everything else."""
SHOWN_CHARACTERS = 300
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COLUMNS = {"id": "event_id", "time": "time_us"}
_NOW = "SELECT event.seq, event.time_us, stream.name, category.name, event.version, type.name, event.event_id, event.schema_version, "
_NOW += "event.correlation_id, event.causation_id, event.actor FROM " + FROM
_ENDS = "SELECT (SELECT min(position) FROM event WHERE log_id = :log), (SELECT max(position) FROM event WHERE log_id = :log)"
"""Two look-ups: min and max in one SELECT would go through all of the log."""
_NOW_NAMES = ["seq", "time", "stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor"]

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Case:
    """One event under the rule. `there` is the text at the rule's place, cut to 300 characters; `now` and `then` are the field's values.

    A time is microseconds since 1970 UTC. `why_not` says why the rule finds nothing; empty when it finds something.
    """

    seq: int
    partition: int
    position: int
    there: str | None
    now: Value
    then: Value
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All cases, in the order of the log. `is_hidden` says that masks hide the rule's place."""

    cases: tuple[Case, ...]
    is_hidden: bool = False

    @property
    def found(self) -> int:
        """In how many events the rule finds something."""
        return sum(not case.why_not for case in self.cases)


def log_of(reader: CaptureReader, seq: int) -> tuple[str, int] | None:
    """(name, number of its source) of the log of an event; None when the event is gone."""
    rows = reader.select("SELECT log.name, log.source_id FROM event JOIN log ON log.id = event.log_id WHERE event.seq = ?", (seq,))
    return rows[0] if rows else None


def rehearse(reader: CaptureReader, seq: int, field: str, place: str, profile: Profile) -> Rehearsal:
    """What decoding with `profile` would make of `field` in 20 events of the log of event `seq`, spread over all of it.

    `place` is where the profile's rule for the field looks; empty when it has none, and other rules decide. Raises CaptureError.
    """
    found = log_of(reader, seq)
    if found is None:
        return Rehearsal(())
    name, source_id = found
    logs = [stored_log(row) for row in reader.select(LOGS, {"source": source_id})]
    mine = [log for log in logs if log.info.key.name == name]
    seqs = sorted(_spread(reader, mine, seq))
    page = _page(reader, mine, seqs)
    path = _mask_path(place)
    show = _shower(reader)
    trying = _Trying(page, name, field, place, profile, first_values(reader.select, source_id, name))
    now = _now(reader, seqs, field)
    cases = [*_left_out(reader, mine, [one for one in seqs if one not in page.seqs], now), *trying.cases(now, show)]
    return Rehearsal(tuple(sorted(cases, key=lambda case: case.seq)), bool(path) and reader.masks is not None and show(path, "x") != "x")


def place_of(reader: CaptureReader, seq: int, place: str, profile: Profile) -> str:
    """Where a rule finds what an event shows at `place`: metadata that a rule took out of the value or the headers is found there.

    Raises UsageError for metadata that no single place holds.
    """
    found = log_of(reader, seq)
    if not place.startswith("metadata") or found is None:
        return place
    logs = [stored_log(row) for row in reader.select(LOGS, {"source": found[1]})]
    mine = [log for log in logs if log.info.key.name == found[0]]
    page = _page(reader, mine, [seq])
    origin = identifier_of(mine, profile).origins(page.records, found[0]).get("metadata") if page.seqs else None
    if origin is None or not origin.place:
        return place
    rest = place.removeprefix("metadata")
    if origin.place != "headers":
        return origin.place + rest
    return f"header.{_header(page.records.headers[0], rest)}"


def _header(headers: str | None, rest: str) -> str:
    """The header that became a member of the metadata, by its whole name or with what CloudEvents put before it."""
    (step, *further) = json_paths.steps(rest)
    names = [str(name) for name, _value in orjson.loads(headers or "[]")]
    same = [name for name in names if name == step or name.lower() == f"ce_{step}".lower()]
    if further or not same:
        raise UsageError("this part of the metadata was put together by a rule: point at the header itself")
    return same[0]


# ---- which events


def _spread(reader: CaptureReader, logs: Sequence[StoredLog], seq: int) -> set[int]:
    """The event and up to 19 others, from the first to the last of each partition, at even distances."""
    wanted = {seq}
    each = max(MOST_EVENTS // max(len(logs), 1), 2)
    for log in logs:
        ((low, high),) = reader.select(_ENDS, {"log": log.id})
        if low is None:
            continue
        few = reader.select("SELECT seq FROM event WHERE log_id = ? ORDER BY position, sub LIMIT ?", (log.id, MOST_EVENTS + 1))
        some = [row[0] for row in few] if len(few) <= each else _at(reader, log.id, low, high, each)
        wanted.update(some[: MOST_EVENTS - len(wanted)])
        if len(wanted) >= MOST_EVENTS:
            break
    for log in logs:  # stretches without events leave room
        nearest = reader.select("SELECT seq FROM event WHERE log_id = ? ORDER BY position, sub LIMIT ?", (log.id, MOST_EVENTS))
        wanted.update([row[0] for row in nearest if row[0] not in wanted][: MOST_EVENTS - len(wanted)])
    return wanted


def _at(reader: CaptureReader, log_id: int, low: int, high: int, count: int) -> list[int]:
    """At even distances, but for a few steps, so that no rhythm of the log meets its own."""
    found = []
    for number in range(count):
        position = low + (high - low) * number // (count - 1)
        position = max(low, position - number * 5 % 11) if number < count - 1 else position
        sql = "SELECT seq FROM event WHERE log_id = ? AND position >= ? ORDER BY position, sub LIMIT 1"
        found += [row[0] for row in reader.select(sql, (log_id, position))]
    return found


def _page(reader: CaptureReader, logs: Sequence[StoredLog], seqs: Sequence[int]) -> StoredPage:
    """The records of these events, but for those too large to be tried and those that were cut when they were captured."""
    page = StoredPage(logs)
    places = {log.id: place for place, log in enumerate(logs)}
    sql = f"{RECORDS} WHERE event.seq IN (SELECT value FROM json_each(:seqs)) AND NOT event.flags & :oversize "
    sql += "AND coalesce(event.value_bytes, 0) <= :most ORDER BY event.seq"
    bindings = {"seqs": orjson.dumps(list(seqs)).decode(), "oversize": int(Flag.oversize), "most": MOST_BYTES}
    for row in reader.each(sql, bindings):
        page.add(row, places)
    return page


def _now(reader: CaptureReader, seqs: Sequence[int], field: str) -> dict[int, Value]:
    """What is stored of the field, as it may be seen."""
    place = _NOW_NAMES.index(field)
    sql = f"{reader.shown(_NOW)} WHERE event.seq IN (SELECT value FROM json_each(:seqs))"
    rows = reader.select(sql, {"seqs": orjson.dumps(list(seqs)).decode()})
    named = _NOW_NAMES.index("category")
    return {row[0]: _in_category(row[place], row[named]) if field == "stream" else row[place] for row in rows}


def _in_category(stream: Value, category: Value) -> Value:
    return None if stream is None else f"{category} / {stream}"


def _left_out(reader: CaptureReader, logs: Sequence[StoredLog], seqs: Sequence[int], now: dict[int, Value]) -> Iterator[Case]:
    partitions = {log.id: log.info.key.partition for log in logs}
    for seq in seqs:
        for log_id, position, flags in reader.select("SELECT log_id, position, flags FROM event WHERE seq = ?", (seq,)):
            why = "the value was cut: decoding leaves it as it is" if flags & Flag.oversize else "the value is too large to be tried here"
            yield Case(seq, partitions[log_id], position, None, now.get(seq), None, why)


# ---- trying


class _Trying:
    """The rule over a page of events of one log."""

    def __init__(self, page: StoredPage, name: str, field: str, place: str, profile: Profile, first: FirstValues) -> None:
        self._page, self._field, self._place = page, field, place
        identifier = identifier_of(page.logs, profile)
        identifier.remember(name, *first)
        self._events = identifier.events(page.records, [log.info for log in page.logs]) if page.seqs else None
        none: Column = [None] * len(page.seqs)
        is_tried = bool(place and page.seqs)
        self._there, self._read, self._digits = identifier.tried(page.records, name, field) if is_tried else Tried(none, none, {})

    def cases(self, now: dict[int, Value], show: Callable[[Path, str], str]) -> Iterator[Case]:
        """Each event, hidden where `show` hides."""
        if self._events is None:
            return
        path = _mask_path(self._place)
        for row, seq in enumerate(self._page.seqs):
            log = self._page.logs[self._page.records.log[row]]
            there, then = self._there[row], _value(self._events, row, self._field)
            text = None if there is None else show(path, self._digits.get(row) or _text(there))[:SHOWN_CHARACTERS]
            shown = then if then is None or isinstance(then, int) else show(path, show((self._field,), then))
            yield Case(
                seq=seq,
                partition=log.info.key.partition,
                position=self._page.records.position[row],
                there=text,
                now=now.get(seq),
                then=shown,
                why_not=self._why_not(row, then),
            )

    def _why_not(self, row: int, then: Value) -> str:
        if not self._place:
            return "" if then is not None else "no rule finds it"
        if self._read[row] is not None:
            return ""
        there = self._there[row]
        if there is not None:
            return _unusable(self._field, there)
        has_document = self._events is not None and self._events.data[row] is not None
        if self._place.startswith("data") and not has_document:
            return "no document: null" if self._page.records.value[row] is None else "no document: not decoded"
        if self._place == "key":
            return "no key" if self._page.records.key[row] is None else "the key is no text of at most 256 bytes"
        return "nothing there"


def _value(events: EventBatch, row: int, field: str) -> Value:
    if field == "stream":
        streams = events.streams[row]
        return _in_category(streams[0].name, streams[0].category) if streams else None
    found: Value = getattr(events, _COLUMNS.get(field, field))[row]
    return found


def _unusable(field: str, there: object) -> str:
    """Why what stands there cannot be the field."""
    if isinstance(there, dict | list):
        return f"{'an object' if isinstance(there, dict) else 'a list'}, no single value"
    if field == "time":
        return _no_time(there)
    if field == "version":
        return "no whole number of 64 bits"
    if there == "":
        return "empty"
    return f"longer than {MAX_TEXT:,} characters"


def _no_time(there: object) -> str:
    if isinstance(there, bool):
        return "no time"
    if isinstance(there, int | float) or _NUMBER.fullmatch(str(there).strip()):
        return "no time in this unit"
    return "it names no zone: say which" if time_us(there, None, UTC) is not None else "no time of ISO 8601"


# ---- showing


def _text(there: object) -> str:
    """What stands at a place, as text: a text as it is, a value as JSON. Of an object its size: what is in it may be hidden."""
    if isinstance(there, dict | list):
        return f"{{ {len(there):,} fields }}" if isinstance(there, dict) else f"[ {len(there):,} items ]"
    return there if isinstance(there, str) else orjson.dumps(there, default=str).decode()


def _shower(reader: CaptureReader) -> Callable[[Path, str], str]:
    """What shows a text that stands at a place: as it is, or as the masks say."""
    masks = reader.masks
    if masks is None:
        return lambda _path, text: text
    return lambda path, text: masks.at(path, text) if path else text


def _mask_path(place: str) -> Path:
    """A rule's place as masks name it; empty for none of theirs."""
    if place.startswith("header."):
        return ("headers", place.removeprefix("header."))
    if place == "key":
        return ("key",)
    root = place.partition(".")[0].partition("[")[0]
    if root not in {"data", "metadata"}:
        return ()
    return (root, *(f"[{step}]" if isinstance(step, int) else step for step in json_paths.steps(place.removeprefix(root))))
