"""Rows made records by what settings say of their fields: which place is the log, the position, the time, the key, the value.

Settings are those of a descriptor, changed by whoever was shown them: `fields`, `forms`, `zone`, `file`. A row that says no
place of its own stands in the file's log at its number; none is lost. Read `descriptor` for the settings' meaning, `forms` for
how bytes are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import cast
from zoneinfo import ZoneInfo

import orjson
import re2

from inspector import times
from inspector.errors import UsageError
from inspector.event import Flag, RecordBatch, TimeKind
from inspector.formats import OWN, Place, Settings, Tally
from inspector.formats.descriptor import ENVELOPE, FIELDS, RULES, check_form, steps_of
from inspector.formats.forms import as_bytes, as_headers, cells
from inspector.formats.generic import needs_zone
from inspector.formats.rows import Rows

_WORDS = {"partition": "number of a partition", "position": "offset"}
MAPPED = ("fields", "forms", "file", "null")
"""The settings that every format of rows takes."""
MOST_POSITION = (1 << 63) - 2
_TEXTS = frozenset(ENVELOPE) - {"version", "metadata", "extra"}
_SAID_FLAGS = {name: int(Flag[name]) for name in ("aborted", "open", "control", "below_start", "damaged", "oversize", "tombstone")}
_KINDS = {"create": TimeKind.create, "append": TimeKind.append, "event": TimeKind.event, "none": TimeKind.none}
NO_ZONE = "times say no zone: they are left out until one is given (--zone), and kept as they stand in extra"


@dataclass(frozen=True, slots=True)
class Field:
    """Where one field is found and how it is written there."""

    name: str
    place: str
    options: Mapping[str, object] = field(default_factory=dict)

    def column(self, rows: Rows, names: Mapping[str, str]) -> list[object]:
        """What each row has there."""
        if self.place.startswith("const:"):
            return [self.place.removeprefix("const:")] * len(rows)
        if self.place.startswith("name:"):
            return [names.get(self.place.removeprefix("name:"))] * len(rows)
        return rows.column(steps_of(self.place))

    def exact(self, rows: Rows, column: Sequence[object]) -> Callable[[int], bytes | None]:
        """The JSON text of what a row has there."""
        path = steps_of(self.place)
        return (lambda row: rows.exact(path, row)) if path else (lambda row: orjson.dumps(column[row]))

    def text(self, option: str, default: str = "") -> str:
        """An option."""
        return str(self.options.get(option, default))


class RowMapping:
    """What settings say, compiled for one file; `places` grows as rows name new ones. Raises UsageError for what means nothing."""

    def __init__(self, settings: Settings, file_name: str) -> None:
        self.fields = _fields(settings)
        self.zone = _zone(settings.get("zone"))
        self.names = _names(settings.get("file"), file_name)
        self.places: list[Place] = [OWN]
        self.notes: list[str] = []
        self.tallies: dict[str, Tally] = {}
        self._first = 1
        self._null = settings.get("null") == "tombstone"
        self._indexes: dict[tuple[str, int, bool], int] = {}

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said of rows: each is a value at its number."""
        return not self.fields and not self._null

    def records(self, rows: Rows, first: int) -> RecordBatch:
        """The rows as records; the first of them has the number `first`."""
        count, self._first = len(rows), first
        batch = RecordBatch(position=list(range(first, first + count)), time_us=[None] * count, time_kind=[0] * count, key=[None] * count)
        batch.headers = [None] * count
        columns = {name: one.column(rows, self.names) for name, one in self.fields.items()}
        batch.value = self._values(rows, columns, batch)
        if "key" in columns:
            batch.key = self._bytes("key", rows, columns["key"], batch)
        if "headers" in columns:
            self._put_headers(columns["headers"], batch)
        self._put_times(columns, batch)
        self._put_envelope(columns, rows, batch)
        self._put_flags(columns, batch)
        self._put_places(columns, first, batch)
        for row, why in rows.whys.items():
            _damage(batch, row, why)
            batch.value[row], batch.key[row] = rows.texts()[row], None
        return batch

    @staticmethod
    def plain(texts: Sequence[bytes], first: int, whys: Mapping[int, str]) -> RecordBatch:
        """Rows of which nothing is said: each is the value of an event at its number."""
        count = len(texts)
        batch = RecordBatch([0] * count, list(range(first, first + count)), [None] * count, [0] * count, [None] * count, list(texts))
        batch.headers = [None] * count
        for row, why in whys.items():
            _damage(batch, row, why)
        return batch

    # ---- bytes

    def _values(self, rows: Rows, columns: Mapping[str, list[object]], batch: RecordBatch) -> list[bytes | None]:
        if "value" not in columns:
            return [None if self._null and text == b"null" else text for text in rows.texts()]
        values = self._bytes("value", rows, columns["value"], batch)
        path = steps_of(self.fields["value"].place)
        for row, value in enumerate(values):
            if value is None and path and row not in rows.whys and not rows.is_there(path, row) and not self._is_known(columns, row):
                text = rows.texts()[row]  # another kind of row: it is an event as it stands
                values[row] = None if self._null and text == b"null" else text
        return values

    def _is_known(self, columns: Mapping[str, list[object]], row: int) -> bool:
        """Whether a row says anything of what its kind of rows says."""
        return any(columns[name][row] is not None for name in columns if not self.fields[name].place.startswith(("const:", "name:")))

    def _bytes(self, name: str, rows: Rows, column: list[object], batch: RecordBatch) -> list[bytes | None]:
        one = self.fields[name]
        form = one.text("as", "auto")
        found, errors = (cells(column), {}) if form == "cell" else as_bytes(column, form, one.exact(rows, column))
        for row, why in errors.items():
            _damage(batch, row, f"{name}: {why}")
        return found

    def _put_headers(self, column: list[object], batch: RecordBatch) -> None:
        one = self.fields["headers"]
        batch.headers, errors = as_headers(column, one.text("as", "json"), one.text("of", "auto"), one.text("name"), one.text("member"))
        for row, why in errors.items():
            batch.error[row] = why
            batch.extra.setdefault(row, {})["headers"] = column[row]

    # ---- times

    def _put_times(self, columns: Mapping[str, list[object]], batch: RecordBatch) -> None:
        if "time" not in columns:
            return
        found = self._times("time", columns["time"], batch)
        kinds = self._kinds(columns, found)
        if "recorded_time" in columns:  # of our own exports: both times of an event are told apart
            recorded = self._times("recorded_time", columns["recorded_time"], batch)
            is_event = [kind == TimeKind.event for kind in kinds]
            batch.envelope["time"] = [time_us if own else None for time_us, own in zip(found, is_event, strict=True)]
            found = [later if own else time_us for time_us, later, own in zip(found, recorded, is_event, strict=True)]
            kinds = [
                (TimeKind.none if time_us is None else TimeKind.create) if own else kind
                for kind, time_us, own in zip(kinds, found, is_event, strict=True)
            ]
        batch.time_us, batch.time_kind = found, [int(kind) for kind in kinds]

    def _times(self, name: str, column: list[object], batch: RecordBatch) -> list[int | None]:
        unit = self.fields[name].text("unit", "guess")
        found = times.times(column, None if unit == "iso" else unit, self.zone)
        for row, (raw, time_us) in enumerate(zip(column, found, strict=True)):
            if time_us is None and raw not in {None, ""} if isinstance(raw, str | int | float | None) else True:
                batch.extra.setdefault(row, {})[name] = raw
                if self.zone is None and isinstance(raw, str) and needs_zone([raw]):
                    self._note(NO_ZONE)
                else:
                    batch.error[row] = f"{name}: the cell holds no time"
                    self._tally(f"{_rows_of(name)} hold no time: the cell is kept as it stands in extra", row)
        if isinstance(self.zone, ZoneInfo):
            self._doubt(name, column, self.zone, batch)
        return found

    def _doubt(self, name: str, column: Sequence[object], zone: ZoneInfo, batch: RecordBatch) -> None:
        """Counts times that the clocks of a zone show twice or never."""
        for row, raw in enumerate(column):
            doubt = times.doubt_of(raw, zone) if isinstance(raw, str) else None
            if doubt is not None:
                batch.extra.setdefault(row, {})[name] = raw
                self._tally(f"{_rows_of(name)} {doubt.words.format(zone=zone.key)}", row)

    def _kinds(self, columns: Mapping[str, list[object]], found: Sequence[int | None]) -> list[TimeKind]:
        if "time_kind" not in columns:
            return [TimeKind.none if time_us is None else TimeKind.create for time_us in found]
        said = cast("Mapping[str, str]", self.fields["time_kind"].options.get("values", {}))
        kinds = [_KINDS.get(said.get(str(word), str(word)).lower(), TimeKind.none) for word in columns["time_kind"]]
        return [TimeKind.none if time_us is None else kind or TimeKind.create for kind, time_us in zip(kinds, found, strict=True)]

    # ---- what the row says of its event

    def _put_envelope(self, columns: Mapping[str, list[object]], rows: Rows, batch: RecordBatch) -> None:
        for name in ENVELOPE:
            if name not in columns:
                continue
            column = columns[name]
            if name == "version":
                batch.envelope[name] = [_integer(value) for value in column]
                continue
            exact = self.fields[name].exact(rows, column)
            texts = [_text(value, name, exact, row) for row, value in enumerate(column)]
            split = self.fields[name].text("split")
            batch.envelope[name] = [_head(text, split) for text in texts] if split else list(texts)

    def _put_flags(self, columns: Mapping[str, list[object]], batch: RecordBatch) -> None:
        for row, said in enumerate(columns.get("flags", ())):
            words = said if isinstance(said, list) else str(said or "").split()
            bits = sum(_SAID_FLAGS[str(word)] for word in set(map(str, words)) & _SAID_FLAGS.keys())
            if bits & Flag.tombstone:
                batch.value[row] = None
            if bits & ~Flag.tombstone:
                batch.flags[row] = batch.flags.get(row, 0) | (bits & ~Flag.tombstone)

    # ---- places

    def _put_places(self, columns: Mapping[str, list[object]], first: int, batch: RecordBatch) -> None:
        count = len(batch.value)
        logs, partitions, positions = (columns.get(name) for name in ("log", "partition", "position"))
        if logs is None and partitions is None and positions is None:
            batch.log = [0] * count
            return
        is_first = "position" in self.fields and self.fields["position"].text("as") == "first"
        for row in range(count):
            name = logs[row] if logs is not None else ""
            partition = _integer(partitions[row]) if partitions is not None else 0
            position = _integer(positions[row]) if positions is not None else None
            if partition is None or not 0 <= partition < 1 << 31:
                self._odd_place("partition", cast("list[object]", partitions)[row], row, batch)
            if positions is not None and (position is None or not 0 <= position <= MOST_POSITION):
                self._odd_place("position", positions[row], row, batch)
            if position is not None and is_first:
                position += first + row - 1
            batch.log.append(self._index(name, partition, position))
            if position is not None and batch.log[-1] and self.places[batch.log[-1]].is_claimed:
                batch.position[row] = position

    def _odd_place(self, name: str, raw: object, row: int, batch: RecordBatch) -> None:
        """A cell that should say where a row stands, and does not: the row stands at its number, damaged."""
        if raw is None:
            return
        why = f"{name}: the cell {'is empty' if raw == '' else f'holds no {_WORDS[name]}'}"
        _damage(batch, row, f"{batch.error[row]}; {why}" if row in batch.error else why)
        batch.extra.setdefault(row, {})[name] = raw
        self._tally(f"{_rows_of(name)} hold no {_WORDS[name]}: each stands at the row's number", row)

    def _tally(self, words: str, row: int) -> None:
        """One more row of which this is to be said."""
        self.tallies.setdefault(words, Tally(self._first + row)).count += 1

    def _index(self, name: object, partition: int | None, position: int | None) -> int:
        if not isinstance(name, str) or partition is None or not 0 <= partition < 1 << 31:
            return 0
        is_claimed = position is not None and 0 <= position <= MOST_POSITION
        key = (name, partition, is_claimed)
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = 0 if key == ("", 0, False) else len(self.places)
            if index:
                self.places.append(Place(*key))
        return index

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _rows_of(name: str) -> str:
    return f"cells of the column for {name.replace('_', ' ')}"


def rules_of(settings: Settings) -> dict[str, object]:
    """The identity rules that settings say: what a row says of a field itself is not looked for in its value."""
    rules = settings.get("rules")
    said = dict(cast("Mapping[str, object]", rules)) if isinstance(rules, Mapping) else {}
    fields = settings.get("fields")
    fields = fields if isinstance(fields, Mapping) else {}
    for name in fields:
        if name in RULES and fields[name] and (name != "time" or "recorded_time" in fields):
            said.setdefault(name, [])
    if said.get("stream") == [] and "category" not in said:
        said["category"] = "log"
    if said and "zone" not in said and settings.get("zone"):
        said["zone"] = settings["zone"]
    return said


def _fields(settings: Settings) -> dict[str, Field]:
    written, forms = settings.get("fields", {}), settings.get("forms", {})
    if not isinstance(written, Mapping) or not isinstance(forms, Mapping):
        raise UsageError("fields are set one by one: --set fields.time=created_at")
    found = {}
    for name, place in written.items():
        if not place:
            continue
        options = forms.get(name, {})
        if name not in FIELDS:
            raise UsageError(f"there is no field {name!r} to set; one of {', '.join(FIELDS)}")
        try:
            check_form(name, options)
            steps_of(str(place))
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
        found[name] = Field(name, str(place), options)
    return found


def _zone(written: object) -> tzinfo | None:
    try:
        return None if not written else times.parse_zone(str(written))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _names(pattern: object, file_name: str) -> Mapping[str, str]:
    found = re2.search(str(pattern), file_name) if pattern else None
    return {} if found is None else {name: text for name, text in found.groupdict().items() if text is not None}


def _integer(value: object) -> int | None:
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.lstrip("-").isdigit() and len(value) < 20 else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST_POSITION else None


def _text(value: object, name: str, exact: Callable[[int], bytes | None], row: int) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if name not in _TEXTS or not isinstance(value, dict | list):
        return (exact(row) or b"").decode(errors="replace") or None
    return None


def _head(text: str | None, split: str) -> str | None:
    """What stands before the first sign; None where it does not occur."""
    head, found, _ = (text or "").partition(split)
    return head if found and head else None


def _damage(batch: RecordBatch, row: int, why: str) -> None:
    batch.flags[row] = batch.flags.get(row, 0) | Flag.damaged
    batch.error[row] = why
