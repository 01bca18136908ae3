"""The rows of the schemas pane: types, and below each its versions or, where none is declared, the shapes of its documents. No Qt.

Read `inspector.capture.versions` and `inspector.capture.shapes` for what is told here, `version_tree` for the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from app.models.event_rows import shown_time
from inspector.capture.shapes import Shape, Shapes, plain_places
from inspector.capture.versions import KnownSchema, Report, TypeVersions, Version
from inspector.masks import SIGN
from inspector.query.json_path import literal

COLUMNS = ("type and version", "events", "first seen", "last seen", "kind", "from")
UNUSED = "schemas that no event names"
NO_TYPE = "events without a type"
_MOST_DIFFERENCES = 12
"""A shape that differs in more has no filter of its own."""
_KIND_WORDS = {"AVRO": "Avro", "PROTOBUF": "Protobuf", "JSON": "JSON Schema"}
_FOR_A_SHELL = re.compile(r": give \S.* with --config\Z")
"""What is said of a login to those who have no fields for it."""
_UNUSED_KEY = ("unused",)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One row. `key` says which, whatever the counts; `filter` lists its events, empty where no filter can."""

    key: tuple[str, ...]
    cells: tuple[str, ...]
    role: str = "text"
    tip: str = ""
    filter: str = ""
    type_id: int = -1
    schema: KnownSchema | None = None
    shape: Shape | None = None
    inner: tuple[VersionRow, ...] = ()

    @property
    def kind(self) -> str:
        """`type`, `schema`, `version`, `shape`, `waiting` or `unused`."""
        return self.key[0]

    @property
    def other(self) -> str:
        """The filter for all other events, those that say nothing of themselves among them; empty where there is none."""
        named = "" if self.filter.startswith("type == null") else "type == null || "
        declared = "schema_version == null || " if 'schema_version == "' in self.filter else ""
        return f"({named}{declared}!({self.filter}))" if self.filter else ""

    @property
    def is_comparable(self) -> bool:
        """Whether it has a text of its own."""
        return self.shape is not None or (self.schema is not None and not self.schema.is_missing)


def is_pair(rows: Sequence[VersionRow]) -> bool:
    """Whether these are two rows whose texts may differ: the messages of one Protobuf file are rows of one text."""
    return len(rows) == 2 and all(row.is_comparable for row in rows) and (rows[0].schema is None or rows[0].schema != rows[1].schema)


def rows_of(report: Report, shapes: Mapping[int, Shapes], zone: tzinfo = UTC) -> list[VersionRow]:
    """All rows; `shapes` are those that were found so far, by type."""
    rows = [_of_type(one, shapes.get(one.id), zone) for one in report.types]
    if report.unused:
        inner = tuple(_unused(known) for known in report.unused)
        rows.append(VersionRow(_UNUSED_KEY, (UNUSED, f"{len(inner):,}", "", "", "", ""), "dim", inner=inner))
    return rows


def _of_type(one: TypeVersions, shapes: Shapes | None, zone: tzinfo) -> VersionRow:
    name = one.name if one.name is not None else NO_TYPE
    base = f"type == {literal(one.name)}" if one.name is not None else "type == null"
    inner = [_of_version(version, one, base, zone) for version in one.versions if version.is_declared]
    if one.undeclared is not None:
        inner += _shapes_of(one, one.undeclared, base, shapes, zone)
    if one.left_out:
        inner.append(_said(one.id, "left out", f"{one.left_out:,} rarer versions are not listed"))
    times = [at for version in one.versions for at in (version.first_us, version.last_us) if at is not None]
    cells = (name, f"{one.events:,}", *_times(min(times, default=None), max(times, default=None), zone), _summary(one), "")
    return VersionRow(("type", str(one.id)), cells, "text", filter=_asked(base), type_id=one.id, inner=tuple(inner))


def _summary(one: TypeVersions) -> str:
    declared = sum(version.is_declared for version in one.versions)
    parts = [f"{declared:,} version{'' if declared == 1 else 's'}"] if declared else []
    return " · ".join([*parts, *(["not declared"] if one.undeclared is not None else [])])


def _of_version(version: Version, one: TypeVersions, base: str, zone: tzinfo) -> VersionRow:
    known, times = version.schema, _times(version.first_us, version.last_us, zone)
    if known is None:
        cells = (f"version {version.declared}", f"{version.events:,}", *times, "declared", "")
        return VersionRow(("version", str(one.id), version.declared), cells, filter=_filter_of(version, base), type_id=one.id)
    key = ("schema", str(one.id), str(known.id), version.declared)
    if known.is_missing:
        cells = (f"✕ {known.short}", f"{version.events:,}", *times, "missing", known.error)
        return VersionRow(key, cells, "bad", known.error, _filter_of(version, base), one.id, known)
    cells = (known.short, f"{version.events:,}", *times, _KIND_WORDS.get(known.kind, known.kind), known.registry)
    return VersionRow(key, cells, "text", f"{known.label}\n{_decoded_by(version)}", _filter_of(version, base), one.id, known)


def _decoded_by(version: Version) -> str:
    declares = f"its events declare version {version.declared}" if version.declared else "its events declare no version besides"
    return f"{declares}; decoded by {', '.join(version.decoders)}" if version.decoders else declares


def _filter_of(version: Version, base: str) -> str:
    """The events of a version as the filter language can tell them apart."""
    known = version.schema
    if version.declared:
        return _asked(f"{base} && schema_version == {literal(version.declared)}")
    if known is not None and known.is_missing:
        return _asked(f"{base} && error.contains({literal(known.error)})") if known.error else ""
    parts = [base, "schema_version == null"]
    if len(version.decoders) == 1:
        parts.append(f"decoder == {literal(version.decoders[0])}")
    return _asked(" && ".join(parts))


def _shapes_of(one: TypeVersions, version: Version, base: str, shapes: Shapes | None, zone: tzinfo) -> Iterator[VersionRow]:
    times = _times(version.first_us, version.last_us, zone)
    undeclared = f"{base} && schema_version == null"
    if shapes is None:
        cells = ("no version declared", f"{version.events:,}", *times, "", "shapes: looking …")
        yield VersionRow(("waiting", str(one.id)), cells, "dim", filter=_asked(undeclared), type_id=one.id)
        return
    scope = scope_words(shapes)
    if not shapes.shapes:
        cells = ("no version declared", f"{version.events:,}", *times, "", "no document to look at")
        yield VersionRow(("waiting", str(one.id)), cells, "dim", scope, _asked(undeclared), one.id)
    for number, shape in enumerate(shapes.shapes, 1):
        count = len(shape.places)
        text = f"shape {number} · {count:,} place{'' if count == 1 else 's'}"
        events = f"{shape.events:,} of {shapes.sample:,}"
        cells = (text, events, *_times(shape.first_us, shape.last_us, zone), "inferred", _differs(shape, number, scope))
        key = ("shape", str(one.id), "\n".join(shape.places))
        yield VersionRow(key, cells, "text", scope, _like(undeclared, shape, number), one.id, shape=shape)
    if shapes.left_out:
        yield _said(one.id, "rarer", f"{shapes.left_out:,} rarer shapes are not listed")


def scope_words(shapes: Shapes) -> str:
    """What was looked at: `of the newest 5,000 of 12,000 events`."""
    words = f"of the newest {shapes.sample:,}" if shapes.sample < shapes.events else f"of all {shapes.sample:,}"
    return f"{words}; {shapes.too_large:,} larger than 64 kB not looked into" if shapes.too_large else words


def _differs(shape: Shape, number: int, scope: str) -> str:
    if number == 1:
        return f"most used, {scope}"
    lines = [*(f"+{line}" for line in shape.added), *(f"−{line}" for line in shape.missing)]
    return ", ".join(lines[:3]) + (f" and {len(lines) - 3:,} more" if len(lines) > 3 else "")


def _like(undeclared: str, shape: Shape, number: int) -> str:
    """The events that have what this shape adds to the most used one, and not what it lacks."""
    added, missing = plain_places(shape.added), plain_places(shape.missing)
    asked = [f"has(data.{place})" for place in added if place not in missing]
    asked += [f"!has(data.{place})" for place in missing if place not in added]
    if number > 1 and (not asked or len(asked) > _MOST_DIFFERENCES):
        return ""
    return _asked(" && ".join([undeclared, *asked]))


def _said(type_id: int, what: str, words: str) -> VersionRow:
    return VersionRow(("waiting", str(type_id), what), (words, "", "", "", "", ""), "faint", type_id=type_id)


def _unused(known: KnownSchema) -> VersionRow:
    cells = (known.short, "0", "", "", _KIND_WORDS.get(known.kind, known.kind), known.registry)
    return VersionRow(("schema", "", str(known.id), ""), cells, "dim", schema=known)


def _times(first_us: int | None, last_us: int | None, zone: tzinfo) -> tuple[str, str]:
    shown = ["" if at is None else shown_time(at, zone).partition(".")[0] for at in (first_us, last_us)]
    return shown[0], shown[1]


def _asked(text: str) -> str:
    """A filter, unless it would ask for the sign of what is hidden."""
    return "" if SIGN in text else text


def waiting_words(report: Report) -> str:
    """What waits for which schema, and why it is missing; empty for nothing."""
    if not report.waiting:
        return ""
    known, events = report.waiting[0]
    total = sum(count for _, count in report.waiting)
    reason = _FOR_A_SHELL.sub("", known.error.removeprefix(f"{known.label}, ")) or "nobody has it"
    if len(report.waiting) == 1:
        return f"{known.label}: {events:,} event{' waits' if events == 1 else 's wait'} for it: {reason}"
    others = len(report.waiting) - 1
    return f"{known.label} and {others:,} other{'' if others == 1 else 's'} are missing, {total:,} events wait for them: {reason}"


def without_inner(row: VersionRow) -> VersionRow:
    """The row alone, for comparing what is shown of it."""
    return replace(row, inner=())
