"""All aggregates of a category at a moment as a table: listed without folding, folded for the rows looked at, or all of them.

    table = StateTable(reader, "Order", at_time("2026-11-23T08:00:00Z"))
    survey = Survey(table, filter_="state.total > 900", sort="state.total")
    while not survey.work(0.1): ...
    rows = table.states(survey.ids()[:50])

Held are eight bytes for each stream and, in a survey with an order, what it is ordered by: at most `asked.TEXT_CHARACTERS`
characters. Read `many` for the folding, `asked` for filters and orders, `tables` for what a window asks.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from inspector.capture.categories import count_streams, sources_of, stream_ids
from inspector.capture.reader import CaptureReader
from inspector.query.json_path import path_step
from inspector.reducers import ABSENT
from inspector.replay import NOW, Moment, Progress
from inspector.replay.asked import Key, Order, StateFilter
from inspector.replay.folding import Failure
from inspector.replay.many import States, StreamState
from inspector.replay.preview import kind
from inspector.text import is_whole
from inspector.user_code import USUAL, Terms, is_code
from inspector.user_code.codes import Codes
from inspector.values import to_json

_LOOKED_AT = 50
_MOST_COLUMNS = 30
_DEEPEST = 4
_MOST_MEMBERS = 200
_LONGEST_NAME = 200


class Column(NamedTuple):
    """A scalar that stands in `states` of the states looked at; `kind` is what it is in the first of them."""

    path: str
    kind: str
    states: int


class StateTable:
    """The streams of one category, of all sources or of that whose address contains `source`.

    `streams` is how many there are, `ids` those of them that may have begun at the moment, in the order they came into the
    capture. Raises UsageError for an unknown category or reducer.
    """

    def __init__(
        self,
        reader: CaptureReader,
        category: str,
        moment: Moment = NOW,
        *,
        source: str | None = None,
        reducer: str | None = None,
        terms: Terms = USUAL,
        codes: Codes | None = None,
    ) -> None:
        self._terms, self._codes = terms, codes or Codes()
        sources = sources_of(reader, category, source)
        self.category, self.moment, self._reducer = category, moment, reducer
        self.streams = count_streams(reader, sources)
        self.ids: array[int] = stream_ids(reader, sources, until_us=moment.time_us)
        self._reader = reader
        self._states = States(reader, moment, reducer, terms, self._codes)

    def read_with(self, reader: CaptureReader) -> None:
        """From now on reads through another reader of the same capture."""
        if reader is not self._reader:
            self._reader, self._states = reader, States(reader, self.moment, self._reducer, self._terms, self._codes)

    def states(self, ids: Sequence[int], progress: Progress | None = None) -> Iterator[StreamState]:
        """These streams at the moment, also those that have not begun; see `States.of`."""
        return self._states.of(ids, progress)

    def labels(self) -> dict[int, str]:
        """The logs of the capture for people, by number."""
        rows = self._reader.select("SELECT id, name, partition FROM log")
        return {log_id: f"{name}/{partition}" for log_id, name, partition in rows}

    def columns(self, progress: Progress | None = None) -> list[Column]:
        """The scalars that stand in most of the first states, in the order they are met."""
        counts: dict[str, int] = {}
        kinds: dict[str, str] = {}
        for found in self.states(self.ids[:_LOOKED_AT], progress):
            for path, value in _scalars("state", found.state):
                counts[path] = counts.get(path, 0) + 1
                kinds.setdefault(path, kind(value))
        most = sorted(counts, key=lambda path: -counts[path])[:_MOST_COLUMNS]
        return [Column(path, kinds[path], counts[path]) for path in counts if path in set(most)]


def _scalars(root: str, state: object) -> Iterator[tuple[str, object]]:
    waiting = [(root, state, 0)]
    met = 0
    while waiting and met < _MOST_MEMBERS:
        path, value, depth = waiting.pop(0)
        if not isinstance(value, dict):
            continue
        for name, inner in value.items():
            met += 1
            if len(name) > _LONGEST_NAME or not is_whole(name):
                continue  # nobody can ask for it, or read it above a column
            below = path_step(path, name, is_element=False)
            if isinstance(inner, dict) and depth < _DEEPEST:
                waiting.append((below, inner, depth + 1))
            elif not isinstance(inner, dict | list):
                yield below, inner


class Row(NamedTuple):
    """A state and its JSON text; None without a state, or where nobody needs it."""

    found: StreamState
    text: str | None


Noted = Callable[[Row], None]


@dataclass(slots=True)
class Counts:
    """What became of a table's streams so far."""

    done: int = 0
    matching: int = 0
    not_begun: int = 0
    deleted: int = 0
    not_applicable: int = 0
    failed: int = 0
    incomplete: int = 0


class Survey:
    """All rows of a table that match a filter, in an order. Raises QueryError or UsageError for a mistake in either.

    Rows come in the order of the table where no order is asked for; rows without what they are ordered by come last. Without
    `deleted` aggregates that are no more are left out. `counts` goes on as rows are looked at.
    """

    def __init__(self, table: StateTable, *, filter_: str = "", sort: str = "", reverse: bool = False, deleted: bool = False) -> None:
        self._table = table
        self._filter = StateFilter(filter_) if filter_.strip() else None
        self._order = Order(sort) if sort.strip() else None
        self._reverse, self._with_deleted = reverse, deleted
        self.counts = Counts(not_begun=table.streams - len(table.ids))
        self.is_finished = False
        self._found: array[int] = array("q")
        self._keyed: list[tuple[Key, int]] = []
        self._is_sorted = True

    @property
    def is_ordered(self) -> bool:
        """Whether another order than that of the table was asked for."""
        return self._order is not None

    def rows(self, progress: Progress | None = None, *, until_s: float | None = None, with_text: bool = False) -> Iterator[Row]:
        """The matching rows in the order of the table, from where the survey is to `until_s` of the monotonic clock or the end.

        `progress` is as in `States.of`.
        """
        ids = self._table.ids
        for found in self._table.states(ids[self.counts.done :], progress):
            self.counts.done = bisect_right(ids, found.stream.id)
            row = self._row(found, with_text=with_text)
            if row is not None:
                self.counts.matching += 1
                yield row
            if until_s is not None and time.monotonic() >= until_s:
                break
        else:
            self.counts.done = len(ids)  # streams that are gone from the capture meanwhile give nothing
        self.is_finished = self.counts.done == len(ids)

    def work(self, for_s: float | None = None, progress: Progress | None = None, *, noted: Noted = lambda row: None) -> bool:
        """Looks at more rows, for about `for_s` seconds or at all; whether those were the last. `noted` is given each that matches."""
        until_s = None if for_s is None else time.monotonic() + for_s
        for row in self.rows(progress, until_s=until_s):
            self._note(row.found)
            noted(row)
        return self.is_finished

    def ids(self) -> Sequence[int]:
        """The streams that `work` found so far, in order."""
        if not self._is_sorted:
            self._keyed.sort(key=lambda found: found[0], reverse=self._reverse)
            self._is_sorted = True
        return [*(stream_id for _, stream_id in self._keyed), *self._found] if self._order is not None else self._found

    def _note(self, found: StreamState) -> None:
        key = self._order.key(found) if self._order is not None else None
        if key is None:
            self._found.append(found.stream.id)
        else:
            self._keyed.append((key, found.stream.id))
            self._is_sorted = False

    def _row(self, found: StreamState, *, with_text: bool) -> Row | None:
        """The row, if it is one and matches."""
        counts = self.counts
        if not found.has_begun:
            counts.not_begun += 1
            return None
        if found.is_deleted and not self._with_deleted:
            counts.deleted += 1
            return None
        text = None
        if with_text or self._filter is not None or is_code(found.reducer):
            found, text = as_text(found)
        if self._filter is not None:
            matches = self._filter.of(found, text)
            counts.not_applicable += matches is None
            if not matches:
                return None
        counts.failed += found.failure is not None
        counts.incomplete += not found.is_complete
        return Row(found, text)


def as_text(found: StreamState) -> Row:
    """A state with its JSON text; one that is no JSON, as a user's reducer may make it, is a failure of its stream."""
    if found.state is ABSENT:
        return Row(found, None)
    try:
        return Row(found, to_json(found.state))
    except ValueError as error:
        failure = None if found.last is None else Failure(found.last, f"the reducer's state cannot be printed: {error}")
        return Row(found._replace(state=ABSENT, failure=found.failure or failure, is_complete=False), None)
