"""A projection as one SQL statement, which takes out of a stretch of events what is asked for, as columns. Makes SQL, runs none.

Read `query.taking` for places, `chunk` for who runs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inspector.capture.condition import Condition
from inspector.capture.hiding import hidden_columns
from inspector.capture.rows import from_for
from inspector.event import Flag
from inspector.projections.moment import NOW, Moment
from inspector.projections.spec import Projection
from inspector.query import condition
from inspector.query.names import CAPTURED
from inspector.query.taking import MASKED, taken
from inspector.query.values import Scope
from inspector.reducers import UNREADABLE
from inspector.user_code.projecting import COLUMNS


@dataclass(frozen=True, slots=True)
class Plan:
    """A projection as one statement: a row of JSON lists, `columns` saying which is which."""

    projection: Projection
    sql: str
    bindings: Mapping[str, Any]
    columns: Mapping[str, int]
    condition: Condition | None


def plan(projection: Projection, moment: Moment = NOW, *, is_masked: bool = False, with_seq: bool = False) -> Plan:
    """How a projection is asked for; `with_seq` also takes out the events' numbers. Raises QueryError for what is no filter or place."""
    scope = Scope(MASKED if is_masked else CAPTURED, prefix="p")
    chosen = condition(projection.filter) if projection.filter else None
    clock = CAPTURED[projection.clock].sql
    test = "1" if chosen is None else f"({chosen.sql})"
    left_out = int(Flag.control if projection.include_aborted else Flag.control | Flag.aborted)
    listed = {"mark": f"CASE WHEN event.flags & {left_out} THEN 2 ELSE {test} END"}
    if projection.window_us is not None or any(one.operation == "last" for one in projection.measures):
        listed["time"] = clock
    if any(one.operation == "last" for one in projection.measures):
        listed |= {"log": "event.log_id", "position": "event.position", "sub": "event.sub"}
    if projection.code:
        listed = _whole(scope, listed, clock, is_masked=is_masked)
    for number, label in enumerate(() if projection.code else projection.labels):
        listed[f"label{number}"] = _taken(scope, label.places, is_masked=is_masked)
    for places in dict.fromkeys(one.places for one in projection.measures if one.places and not projection.code):
        listed[f"places{places}"] = _taken(scope, places, is_masked=is_masked)
    if with_seq:
        listed["seq"] = "event.seq"
    where = ["event.seq BETWEEN :low AND :high"]
    bindings: dict[str, Any] = {**scope.bindings}
    if chosen is not None:
        where.append(f"{test} IS NOT 0")
        bindings |= chosen.bindings
    for part, bound in _bounds(moment, clock):
        where.append(part)
        bindings |= bound
    together = " AND ".join(where)
    lists = ", ".join(f"json_group_array({sql})" for sql in listed.values())
    sql = f"SELECT {lists} FROM {from_for(*listed.values(), together)} WHERE {together}"
    return Plan(projection, sql, bindings, {name: place for place, name in enumerate(listed)}, chosen)


def _whole(scope: Scope, listed: Mapping[str, str], clock: str, *, is_masked: bool) -> dict[str, str]:
    """Whole events, for a function: what is asked of them anyway, and a column for each field of `ProjectedEvent`."""
    raw = {
        "seq": "event.seq",
        "position": "event.position",
        "time_us": "event.time_us",
        "recorded_us": CAPTURED["recorded_time"].sql,
        "captured_us": "event.captured_us",
        "flags": "event.flags",
        "headers": "json(record.headers)",
    }
    fields = {
        f"field {name}": (hidden_columns(raw[name]) if is_masked else raw[name])
        if name in raw
        else _taken(scope, [name], is_masked=is_masked)
        for name in COLUMNS
    }
    mark = f"CASE WHEN event.flags & {UNREADABLE} AND ({listed['mark']}) = 1 THEN 3 ELSE {listed['mark']} END"
    order = {"time": clock, "log": "event.log_id", "position": "event.position", "sub": "event.sub"}
    return {**listed, "mark": mark, **order, **fields}


def _taken(scope: Scope, places: Sequence[str], *, is_masked: bool) -> str:
    """SQL of what stands at the first of the places that is there, hidden as it should be."""
    found = [taken(scope, place) for place in places]
    sql = found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"
    return hidden_columns(sql) if is_masked else sql


def _bounds(moment: Moment, clock: str) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    bound: dict[str, Any]
    if moment.time_us is not None:
        found.append((f"({clock}) <= :until_us", {"until_us": moment.time_us}))
    if moment.position is not None:
        others, bound = "", {"until_position": moment.position}
        for column, wanted in (("log.name", moment.log), ("log.partition", moment.partition)):
            if wanted is not None:
                name = f"of_{column.partition('.')[2]}"
                others += f" OR {column} IS NOT :{name}"
                bound[name] = wanted
        found.append((f"(event.position <= :until_position{others})", bound))
    return found
