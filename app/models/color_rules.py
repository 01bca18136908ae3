"""Colour rules of a list: filters in an order, of which the first that an event fulfils gives its colour. No Qt.

Read `app.coloring` for who keeps them, `event_rows` for where they are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from inspector.capture.condition import Condition
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import from_for
from inspector.errors import QueryError
from inspector.query import compile_filter
from inspector.query.names import CAPTURED

COLORS = 9
"""They are numbered from 1."""
MOST_RULES = 60


@dataclass(frozen=True, slots=True)
class ColorRule:
    """Events that fulfil `filter` have the colour of that number."""

    filter: str
    color: int
    is_on: bool = True


@dataclass(frozen=True, slots=True)
class Painted:
    """A rule ready to be asked. `words` are its filter in words."""

    color: int
    words: str
    condition: Condition


def ready(rules: Sequence[ColorRule]) -> tuple[Painted, ...]:
    """The rules that are on and whose filters can be read, in their order."""
    found = []
    for rule in rules[:MOST_RULES]:
        try:
            compiled = compile_filter(rule.filter, CAPTURED) if rule.is_on else None
        except QueryError:
            continue
        if compiled is not None and 1 <= rule.color <= COLORS:
            found.append(Painted(rule.color, compiled.words, compiled.condition()))
    return tuple(found)


def colors_of(reader: CaptureReader, seqs: Sequence[int], rules: Sequence[Painted]) -> dict[int, Painted]:
    """The rule that each of these events has its colour of; those of none are left out."""
    found: dict[int, Painted] = {}
    for rule in rules:
        rest = [seq for seq in seqs if seq not in found]
        reader.prepare(rule.condition)
        rows = reader.select(
            f"SELECT event.seq FROM {from_for(rule.condition.sql)} WHERE event.seq IN (SELECT value FROM json_each(:seqs)) "
            f"AND ({rule.condition.sql})",
            {**rule.condition.bindings, "seqs": orjson.dumps(rest).decode()},
        )
        found.update(dict.fromkeys((int(row[0]) for row in rows), rule))
    return found
