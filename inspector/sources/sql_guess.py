"""A scored guess which columns of a table are an event's position, stream, version, type, time, payload and ids. Pure.

Names count, and so does what the database declares and what sampled rows show; a column serves one field. Nothing is certain:
the outcome is a `Proposal` for the user to confirm or change (see `sql_proposal`). Knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from inspector.sources.sql_expressions import column_text
from inspector.sources.sql_names import TABLES, likeness
from inspector.sources.sql_observed import Observed, counts_within, observed
from inspector.sources.sql_proposal import Choice, FieldGuess, Proposal, Question
from inspector.sources.table_description import TableDescription

LEAST = 0.35
"""A column with less is left among the others, which are kept as they are."""
_CLOSE = 0.1
_WHOLE = re.compile(r"INT|SERIAL|NUM|LONG", re.IGNORECASE)
"""In the declared type of whole numbers."""
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class _Table:
    """A table with what its sample says."""

    table: TableDescription
    seen: Mapping[str, Observed]

    def is_unique(self, *columns: str) -> bool:
        return frozenset(columns) in self.table.unique


Scored = tuple[float, list[str]]
"""Points and the reasons for them."""


def guess(table: TableDescription) -> Proposal:
    """What the columns of `table` are likely to be, with reasons, other candidates, and what only the user can know."""
    about = _Table(table, observed(table))
    scores = {field: {name: _scored(field, name, about) for name in table.columns if name} for field in _SCORERS}
    chosen = _assigned(scores)
    _put_streams_first(chosen, scores, about)
    fields = [_field(field, chosen.get(field), scores[field], about) for field in _SCORERS]
    fields[0] = _position(fields[0], about)
    found = {one.field: one for one in fields}
    return Proposal(
        table=table.name,
        columns=table.columns,
        signature=table.signature,
        fields=tuple(one for one in fields if one.expression or one.column or one.alternatives),
        decoder="json" if (value := found["value"]).column and about.seen[value.column].documents > 0.5 else None,
        base=_base(found, about),
        samples=tuple(tuple(row) for row in table.rows[:_SAMPLES]),
        questions=tuple(_questions(found, about)),
        likelihood=_likelihood(found, table.name),
    )


def _assigned(scores: Mapping[str, Mapping[str, Scored]]) -> dict[str, str]:
    """Each field the column that speaks most for it, the surest first; no column twice."""
    ranked = [(-points, place, field, name) for place, field in enumerate(scores) for name, (points, _) in scores[field].items()]
    chosen: dict[str, str] = {}
    for points, _, field, name in sorted(ranked):
        if -points >= LEAST and field not in chosen and name not in chosen.values():
            chosen[field] = name
    return chosen


def _put_streams_first(chosen: dict[str, str], scores: Mapping[str, Mapping[str, Scored]], about: _Table) -> None:
    """Two columns that are unique together, one counting within the other, are stream and version whatever they are called."""
    if "stream" in chosen and "version" in chosen:
        return
    for pair in sorted(map(sorted, about.table.unique)):
        if len(pair) != 2:
            continue
        for stream, version in (pair, pair[::-1]):
            free = {chosen.get("stream", stream), chosen.get("version", version)} <= {stream, version}
            taken = set(chosen.values()) - {chosen.get("stream"), chosen.get("version")}
            if free and not taken & set(pair) and counts_within(about.seen[version], about.seen[stream]) > 0.5:
                chosen |= {"stream": stream, "version": version}
                scores["stream"][stream][1].append(f"unique together with {version}, which counts within it")
                return


def _field(field: str, name: str | None, scored: Mapping[str, Scored], about: _Table) -> FieldGuess:
    others = sorted(((points, other) for other, (points, _) in scored.items() if points >= LEAST / 2 and other != name), reverse=True)
    alternatives = tuple(Choice(other, min(points, 1.0)) for points, other in others[:4])
    if name is None:
        return FieldGuess(field, alternatives=alternatives)
    points, reasons = scored[name]
    return FieldGuess(field, name, _written(field, name, about.seen[name]), min(points, 1.0), tuple(reasons), alternatives)


def _written(field: str, name: str, seen: Observed) -> str:
    """The expression for a column; empty for a time of which only the user knows the zone."""
    column = column_text(name)
    if field != "time":
        return column
    if seen.times:
        return f"iso({column})" if seen.zoned else ""
    return f"{seen.unit}({column})" if seen.unit else ""


def _position(found: FieldGuess, about: _Table) -> FieldGuess:
    """A position must tell rows apart: else the hidden row number, or the order of the key."""
    if found.column and about.is_unique(found.column):
        return found
    alternatives = (*((Choice(found.column, found.score),) if found.column else ()), *found.alternatives)
    if about.table.has_row_number:
        reason = "no column is declared unique and rises: the hidden row number is the order of writing"
        return FieldGuess("position", None, "rowid()", 0.5, (reason,), alternatives)
    if about.table.primary_key:
        reason = "no column gives an order of the whole table: rows are numbered in the order of the primary key"
        return FieldGuess("position", None, "row()", 0.3, (reason,), alternatives)
    return FieldGuess("position", alternatives=alternatives)


def _base(found: Mapping[str, FieldGuess], about: _Table) -> int | None:
    """The version that streams begin with, as the first rows of the table have it."""
    stream, version = found["stream"].column, found["version"].column
    if not stream or not version:
        return None
    begun: dict[object, object] = {}
    first = about.table.first_rows
    for name, number in zip(about.seen[stream].values[:first], about.seen[version].values[:first], strict=True):
        begun.setdefault(name, number)
    starts = [number for number in begun.values() if type(number) is int]
    return min(starts) if starts and min(starts) in {0, 1} else None


def _questions(found: Mapping[str, FieldGuess], about: _Table) -> list[Question]:
    questions = []
    time = found["time"]
    if time.column and not time.expression:
        seen = about.seen[time.column]
        if seen.times:
            text = f"the times in {time.column} say no zone: which one is meant?"
            questions.append(
                Question("time", text, (f"utc({column_text(time.column)})", f"local({column_text(time.column)}, 'Europe/Paris')"))
            )
        else:
            units = tuple(f"{unit}({column_text(time.column)})" for unit in ("s", "ms", "us", "ns"))
            questions.append(Question("time", f"how is {time.column} a time?", units))
    if found["position"].expression == "rowid()":
        questions.append(Question("position", "row numbers are given anew by a dump and restore: is this the original file?", ()))
    if found["position"].expression == "row()":
        questions.append(Question("position", "the order between streams is not kept in this table: is one needed?", ()))
    if not found["value"].expression:
        questions.append(Question("value", "no column looks like the events' data: which one is it?", ()))
    for one in found.values():
        if one.column and one.alternatives and one.field in _MAIN and one.score - one.alternatives[0].score < _CLOSE:
            question = f"{one.alternatives[0].column} is nearly as likely as {one.column}: which one is it?"
            questions.append(Question(one.field, question, (column_text(one.column), column_text(one.alternatives[0].column))))
    return questions


_MAIN = ("position", "stream", "version", "type", "value")


def _likelihood(found: Mapping[str, FieldGuess], name: str) -> float:
    """How likely the table is one of events: what an event needs, and what it is called."""
    needed = sum(found[field].score for field in _MAIN) / len(_MAIN)
    return round(min(1.0, 0.85 * needed + (0.15 if TABLES.search(name) else 0.0)), 2)


# ---- what speaks for a column


def _scored(field: str, name: str, about: _Table) -> Scored:
    seen = about.seen[name]
    called = likeness(field, name)
    points, reasons = 0.5 * called, ([f"called {name}"] if called == 1.0 else [f"named like one: {name}"] if called else [])
    for more, reason in _SCORERS[field](name, seen, about):
        points += more
        if more > 0 and reason:
            reasons.append(reason)
    return max(0.0, points), reasons


Points = list[tuple[float, str]]


def _score_position(name: str, seen: Observed, about: _Table) -> Points:
    if seen.known and seen.integers < 1.0:
        return [(-1.0, "")]
    points = [(0.35, "unique by itself")] if about.is_unique(name) else [(-0.4, "")]
    if not seen.known and not _WHOLE.search(about.table.types[name]):
        points.append((-0.3, ""))
    return [*points, (0.2, "rises from row to row in the sample")] if seen.rises and len(seen.values) > 1 else points


def _score_stream(name: str, seen: Observed, about: _Table) -> Points:
    points = [(-0.6, "")] if about.is_unique(name) or seen.blobs > 0.5 or seen.documents > 0 or seen.times > 0.5 else []
    pairs = [key for key in about.table.unique if name in key and len(key) > 1]
    points += [(0.3, "part of a unique key of several columns")] if pairs else []
    if seen.known and seen.distinct < 1.0 and (seen.uuids > 0.9 or seen.texts > 0.9):
        points.append((0.1, "comes again in the sample"))
    return points


def _score_version(name: str, seen: Observed, about: _Table) -> Points:
    if seen.known and seen.integers < 1.0:
        return [(-1.0, "")]
    points = [(-0.5, "")] if about.is_unique(name) or seen.unit else []
    pairs = [key for key in about.table.unique if name in key and len(key) > 1]
    points += [(0.3, "part of a unique key of several columns")] if pairs else []
    partners = {other for key in pairs for other in key if other != name}
    best = max((counts_within(seen, about.seen[other]) for other in partners), default=0.0)
    return [*points, (0.2 * best, "goes up by one within a stream in the sample")]


def _score_type(name: str, seen: Observed, about: _Table) -> Points:
    if about.is_unique(name) or (seen.known and seen.words < 0.9) or seen.uuids > 0.1 or seen.times > 0.1:
        return [(-0.8, "")]
    few = seen.known and seen.distinct <= 0.5
    return [(0.2, "few short names")] if few else [(0.1, "short names")] if seen.known else []


def _score_time(name: str, seen: Observed, about: _Table) -> Points:
    if about.is_unique(name):
        return [(-0.5, "")]
    if seen.times > 0.9:
        return [(0.4, "dates with a time of day")]
    if seen.unit:
        return [(0.35, f"numbers that are times in {seen.unit} since 1970")]
    kind = about.table.types[name].upper()
    declared = [(0.3, f"declared as {about.table.types[name]}")] if "TIME" in kind or "DATE" in kind else []
    return declared if not seen.known else [(-0.3, "")]


def _score_value(name: str, seen: Observed, about: _Table) -> Points:
    if about.is_unique(name) or seen.times > 0.5 or seen.uuids > 0.5:
        return [(-0.6, "")]
    points = [(0.3, "JSON objects")] if seen.documents > 0.5 else [(0.25, "BLOBs")] if seen.blobs > 0.5 else []
    kind = about.table.types[name].upper()
    points += [(0.1, f"declared as {about.table.types[name]}")] if any(word in kind for word in ("JSON", "BLOB", "BYTEA")) else []
    longest = max(other.size for other in about.seen.values())
    points += [(0.1, "the longest values")] if seen.size and seen.size == longest else []
    return points if not seen.known or seen.documents + seen.blobs + seen.texts > 0.5 else [(-0.6, "")]


def _score_metadata(name: str, seen: Observed, about: _Table) -> Points:
    if not likeness("metadata", name):
        return [(-1.0, "")]
    return [(0.3, "JSON objects")] if seen.documents > 0.5 else []


def _score_id(name: str, seen: Observed, about: _Table) -> Points:
    if seen.known and seen.integers == 1.0 and about.is_unique(name):
        return [(-0.4, "")]  # a number of its own is the position
    points = [(0.25, "unique by itself")] if about.is_unique(name) else [(-0.1, "")]
    points += [(0.2, "UUIDs")] if seen.uuids > 0.9 else []
    return points if not seen.known or seen.distinct == 1.0 else [(-1.0, "")]


def _score_named(field: str) -> Callable[[str, Observed, _Table], Points]:
    """Fields that only a name can tell: without one of theirs, nothing else counts."""

    def score(name: str, seen: Observed, about: _Table) -> Points:
        odd = about.is_unique(name) or seen.documents > 0.5 or seen.times > 0.5
        return [(-1.0, "")] if odd or likeness(field, name) < 1.0 else [(0.1, "")]

    return score


_SCORERS: Mapping[str, Callable[[str, Observed, _Table], Points]] = {
    "position": _score_position,
    "stream": _score_stream,
    "version": _score_version,
    "type": _score_type,
    "value": _score_value,
    "metadata": _score_metadata,
    "time": _score_time,
    "id": _score_id,
    "correlation_id": _score_named("correlation_id"),
    "causation_id": _score_named("causation_id"),
    "category": _score_named("category"),
    "schema_version": _score_named("schema_version"),
    "actor": _score_named("actor"),
}
