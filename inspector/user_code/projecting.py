"""A projection out of a user's function: `def project(event)`, which gives pairs of a group and its values, any number for an event.

    def project(event):
        yield event.data["sku"], {"moved": event.data["quantity"]}

Keeps nothing from one event to the next: what is given is added up elsewhere. Read `inspector.projections.by_code` for who adds it
up, `child` for where it runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from inspector.event import Flag, format_time
from inspector.user_code.plain import plain
from inspector.values import to_json

MOST_PAIRS = 200_000
"""One event gives at most so many."""
MOST_CHARACTERS = 1_000_000
"""A part of a group or of values has at most so many, as JSON."""
_MOST_AT_ONCE = 32 * 1024 * 1024
_SIMPLE = (str, int, float, bool, type(None), Decimal)


@dataclass(frozen=True, slots=True)
class ProjectedEvent:
    """One event as a user's function sees it: `data` and `metadata` are its documents, None for none; times are microseconds UTC."""

    seq: int
    log: str
    partition: int
    position: int
    time_us: int | None
    recorded_us: int | None
    captured_us: int | None
    type: str | None
    version: int | None
    id: str | None
    stream: str | None
    category: str | None
    key: str | None
    """None also for bytes that are no text."""
    actor: str | None
    schema_version: str | None
    correlation_id: str | None
    causation_id: str | None
    headers: Sequence[Sequence[Any]]
    flags: Sequence[str]
    data: Any
    metadata: Any

    @property
    def time(self) -> str | None:
        """The event's time as RFC 3339 in UTC."""
        return format_time(self.time_us)


COLUMNS = tuple(field.name for field in fields(ProjectedEvent))


@dataclass(slots=True)
class Pairs:
    """What was given: the place of the event of each pair, and for each label and each value a column."""

    places: list[int]
    labels: list[list[object]]
    values: list[list[object]]
    silent: int = 0
    """Events for which nothing was given."""
    characters: int = 0


class TooMuchError(Exception):
    """So many events give more than is sent at once: ask of fewer."""


class ByProjection:
    """Asks `function` of events; `labels` and `names` are what groups and values may be called."""

    def __init__(self, function: Callable[[ProjectedEvent], object], labels: Sequence[str], names: Sequence[str]) -> None:
        self._function, self._labels, self._names = function, tuple(labels), tuple(names)

    def pairs(self, columns: Mapping[str, Sequence[Any]], wanted: Sequence[int], begin: Callable[[int], None]) -> Pairs:
        """What the function gives for the events at the places `wanted`; `begin` is told each place. Raises what the function raises."""
        found = Pairs([], [[] for _ in self._labels], [[] for _ in self._names])
        shown = dict(columns)
        shown["flags"] = [tuple(Flag.names(flags)) if flags else () for flags in columns["flags"]]
        shown["headers"] = [headers or () for headers in columns["headers"]]
        listed = list(zip(*(shown[name] for name in COLUMNS), strict=True))
        for place in wanted:
            begin(place)
            parts, before = listed[place], len(found.places)
            for pair in _given(self._function(ProjectedEvent(*parts))):
                self._take(found, place, pair)
                if len(found.places) - before > MOST_PAIRS:
                    raise ValueError(f"it gives more than {MOST_PAIRS:,} pairs for one event")
            found.silent += len(found.places) == before
        return found

    def _take(self, found: Pairs, place: int, pair: object) -> None:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"it gave {_short(pair)}: give pairs of a group and its values, such as (event.type, {{...}})")
        group, values = pair
        labels, numbers = _parts(group, self._labels, "group", is_list=True), _parts(values, self._names, "values", is_list=False)
        found.places.append(place)
        for column, (value, characters) in zip(found.labels + found.values, labels + numbers, strict=True):
            column.append(value)
            found.characters += characters
        if found.characters > _MOST_AT_ONCE:
            raise TooMuchError


def _given(answer: object) -> Iterable[object]:
    """Pairs: none, one that was returned as a tuple, or all of what was yielded."""
    if answer is None:
        return ()
    if isinstance(answer, tuple):
        return (answer,)
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise TypeError(f"it gave {_short(answer)}: yield pairs of a group and its values, or return one")
    return answer


def _parts(given: object, names: Sequence[str], what: str, *, is_list: bool) -> list[tuple[object, int]]:
    """The parts of a group or of values, in the order of their names. Raises ValueError or TypeError for what fits none of them."""
    if isinstance(given, Mapping):
        if unknown := [name for name in given if name not in names]:
            known = ", ".join(names) or "none"
            raise ValueError(f"it gave {_short(unknown[0])} among the {what}, which the file does not declare; it declares {known}")
        return [_plain(given.get(name), what) for name in names]
    if is_list and isinstance(given, tuple | list):
        if len(given) != len(names):
            raise ValueError(f"it gave {len(given)} parts of a {what}, the file declares {len(names)}")
        return [_plain(part, what) for part in given]
    if given is None:
        return [(None, 4)] * len(names)
    if len(names) != 1:
        raise TypeError(f"it gave {_short(given)} as {what}: {len(names)} are declared, so give a dict")
    return [_plain(given, what)]


def _plain(value: object, what: str) -> tuple[object, int]:
    """A JSON value and about how many characters it is. Raises ValueError for what is none, or too long."""
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise ValueError(f"it gave {value} among the {what}, which is no finite number")
    if type(value) in _SIMPLE and not isinstance(value, str):
        return value, 16
    found = value if type(value) is str else plain(value)
    characters = len(found) if isinstance(found, str) else len(to_json(found))
    if characters > MOST_CHARACTERS:
        raise ValueError(f"it gave {characters:,} characters as one part of the {what}; at most {MOST_CHARACTERS:,}")
    return found, characters


def _short(given: object) -> str:
    told = repr(given)
    return told if len(told) <= 80 else f"{told[:80]}…"
