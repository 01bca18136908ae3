"""A stretch of events added up: SQLite takes out what is asked for as columns, numpy groups and adds them. Read-only.

Read `plan` for the statement, `exact` for how numbers are added, `cells` for what comes out, `state` for who asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress
from typing import Any

import apsw
import numpy as np
import orjson
from numpy.typing import NDArray

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.errors import CaptureError
from inspector.projections.cells import Cells, Kept, Key, exact, label_text, merger
from inspector.projections.exact import REDUCED, Codes, numbers_of
from inspector.projections.plan import Plan
from inspector.projections.spec import Measure
from inspector.query import functions

_LONGEST_LABEL = 1_000
"""Characters; a longer one is shown cut, with its SHA-256."""


@dataclass(slots=True)
class Counts:
    """What became of the events looked at. `without` counts, per measure, matching events that have nothing to measure."""

    looked: int = 0
    matched: int = 0
    aborted: int = 0
    """Of aborted transactions, or control records: left out."""
    not_applicable: int = 0
    """To which the filter is not applicable."""
    unreadable: int = 0
    """That match and could not be decoded: not given to a function."""
    silent: int = 0
    """For which a function gave nothing."""
    untimed: int = 0
    """Without a time, and so in no window."""
    beyond: int = 0
    """In groups or windows beyond the most that are kept."""
    without: list[int] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Adds those of another stretch."""
        for name in ("looked", "matched", "aborted", "not_applicable", "unreadable", "silent", "untimed", "beyond"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.without = [one + more for one, more in zip(self.without, other.without, strict=True)]


@dataclass(slots=True)
class Partial:
    """The events from `first_seq` to `last_seq` added up; cells stand in the order in which their groups come."""

    first_seq: int
    last_seq: int
    cells: Cells
    counts: Counts
    events: Sequence[int]
    """How many events each cell has, in their order."""
    reach: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Log's id → the lowest and highest position in it; only where that is asked for."""
    bytes: int = 0
    """Of the columns that were taken out."""


def look(
    reader: CaptureReader,
    asked: Plan,
    low: int,
    high: int,
    *,
    with_reach: bool = False,
    columns: Callable[[Plan, Sequence[str]], Columns] | None = None,
) -> Partial:
    """The events with numbers from `low` to `high` added up; `columns` are told where groups and values are not those of the statement.

    Raises CaptureError when the file is damaged or one event holds more than can be looked at, `apsw.InterruptError` when stopped.
    """
    try:
        found = (columns or Columns)(asked, _lists(reader, asked, low, high)).partial(low, high)
    except apsw.TooBigError as error:
        if low == high:
            raise CaptureError(f"event {low} of {reader.path} holds more than can be looked at: narrow the filter") from error
        middle = (low + high) // 2
        halves = ((low, middle), (middle + 1, high))
        return joined(asked.projection.measures, [look(reader, asked, *half, with_reach=with_reach, columns=columns) for half in halves])
    if with_reach:
        reached = "SELECT log_id, min(position), max(position) FROM event WHERE seq BETWEEN ? AND ? GROUP BY log_id"
        found.reach = {log_id: (first, last) for log_id, first, last in reader.select(reached, (low, high))}
    return found


def seqs_by_key(reader: CaptureReader, asked: Plan, low: int, high: int, wanted: Collection[Key]) -> dict[Key, list[int]]:
    """The numbers of the events with numbers from `low` to `high` that are in the cells `wanted`; `asked` must be `with_seq`."""
    return Columns(asked, _lists(reader, asked, low, high)).seqs(wanted)


def _lists(reader: CaptureReader, asked: Plan, low: int, high: int) -> tuple[str, ...]:
    functions.register(reader.connection)
    try:
        (row,) = reader.connection.execute(asked.sql, {**asked.bindings, "low": low, "high": high}).fetchall()
    except (apsw.TooBigError, apsw.InterruptError, apsw.BusyError):
        raise
    except (apsw.Error, UnicodeDecodeError) as error:
        raise CaptureError(f"{reader.path} is damaged ({error}); what can be read is read, the rest needs another copy") from error
    return tuple(map(str, row))


def joined(measures: Sequence[Measure], parts: Sequence[Partial]) -> Partial:
    """Neighbouring stretches as one."""
    counts, merge = Counts(without=[0] * len(measures)), merger(measures)
    cells: Cells = {}
    events: dict[Key, int] = {}
    reach: dict[int, tuple[int, int]] = {}
    for part in parts:
        counts.add(part.counts)
        for (key, row), count in zip(part.cells.items(), part.events, strict=True):
            known = cells.get(key)
            cells[key] = row if known is None else merge(known, row)
            events[key] = events.get(key, 0) + count
        for log_id, (low, high) in part.reach.items():
            lowest, highest = reach.get(log_id, (low, high))
            reach[log_id] = min(low, lowest), max(high, highest)
    first, last = min(part.first_seq for part in parts), max(part.last_seq for part in parts)
    return Partial(first, last, cells, counts, list(events.values()), reach)


class Columns:
    """The columns of one stretch while they are added up."""

    def __init__(self, asked: Plan, texts: Sequence[str]) -> None:
        self.asked, self.texts = asked, texts
        self._projection = asked.projection
        self._keep: list[bool] | None = None
        self.counts = Counts(without=[0] * len(self._projection.measures))

    def mark(self) -> None:
        """Finds out which events count."""
        marks = orjson.loads(self.texts[self.asked.columns["mark"]])
        self.counts.matched = marks.count(1)
        self.counts.aborted = marks.count(2)
        self.counts.not_applicable = marks.count(None)
        if self.counts.matched < len(marks):
            self._keep = [mark == 1 for mark in marks]

    def partial(self, low: int, high: int) -> Partial:
        """All of it added up."""
        self.mark()
        self.counts.looked = high - low + 1
        keys, codes = self._grouped()
        columns = [self._measured(number, one, codes, len(keys)) for number, one in enumerate(self._projection.measures)]
        cells: Cells = dict(zip(keys, zip(*columns, strict=True), strict=True)) if keys else {}
        events = np.bincount(codes, minlength=len(keys)).tolist() if keys else []
        return Partial(low, high, cells, self.counts, events, bytes=sum(map(len, self.texts)))

    def seqs(self, wanted: Collection[Key]) -> dict[Key, list[int]]:
        """The numbers of the events of some cells."""
        self.mark()
        keys, codes = self._grouped()
        places = [place for place, key in enumerate(keys) if key in wanted]
        seqs = np.array(self._column("seq"), np.int64) if places else codes
        return {keys[place]: _list(seqs[codes == place]) for place in places}

    def given(self, name: str) -> list[Any]:
        """A column as it was asked for."""
        (found,) = values.parse_all([self.texts[self.asked.columns[name]]])
        assert isinstance(found, list)
        return found

    def _column(self, name: str) -> list[Any]:
        """The same of what counts."""
        found = self.given(name)
        return found if self._keep is None else list(compress(found, self._keep))

    # ---- groups

    def _grouped(self) -> tuple[list[Key], Codes]:
        """The keys in the order in which they come, and for each event the place of its own."""
        windows = self._windows()
        coded = [_coded(self._column(f"label{number}")) for number in range(len(self._projection.labels))]
        if windows is None:
            if not coded:
                count = self.counts.matched
                return ([(None,)] if count else []), np.zeros(count, np.int64)
            if len(coded) == 1:
                return [(None, text) for text in coded[0][1]], coded[0][0]
            distinct: Sequence[int | None] = [None]
            codes = np.zeros(len(coded[0][0]), np.int64)
        else:
            found, codes = np.unique(windows, return_inverse=True)
            distinct = found.tolist()
        names: list[Sequence[Any]] = [distinct]
        for more, texts in coded:
            codes, names = _compact(codes * max(1, len(texts)) + more, names, texts)
        if not coded:
            codes, names = _compact(codes, [], distinct)
        return list(zip(*names, strict=True)), codes

    def _windows(self) -> Codes | None:
        """The number of the window of each event; those without a time are left out and counted."""
        if self._projection.window_us is None:
            return None
        times = self._column("time")
        if self.counts.untimed == 0 and None in times:
            timed = [time_us is not None for time_us in times]
            self.counts.untimed = len(times) - sum(timed)
            rest = iter(timed)
            before = self._keep if self._keep is not None else [True] * len(times)
            self._keep = [kept and next(rest) for kept in before]
            times = list(compress(times, timed))
        return np.array(times, np.int64) // self._projection.window_us

    # ---- measures

    def _measured(self, number: int, measure: Measure, codes: Codes, groups: int) -> Sequence[Kept]:
        if not measure.places:
            return _list(np.bincount(codes, minlength=groups))
        found = self._column(f"places{measure.places}")
        if measure.operation == "count":
            there = np.array([value is not None for value in found], np.bool_)
            self.counts.without[number] = len(found) - int(there.sum())
            return _list(np.bincount(codes[there], minlength=groups))
        if measure.operation == "last":
            return self._last(number, found, codes, groups)
        doubles, others = numbers_of(found)
        self.counts.without[number] = int(np.isnan(doubles).sum()) - len(others)
        return REDUCED[measure.operation](doubles, others, codes, groups, measure)

    def _last(self, number: int, found: Sequence[object], codes: Codes, groups: int) -> Sequence[Kept]:
        there = np.flatnonzero(np.array([value is not None for value in found], np.bool_))
        self.counts.without[number] = len(found) - len(there)
        log, position, sub = (np.array(self._column(name), np.int64)[there] for name in ("log", "position", "sub"))
        times, code = self._column("time"), codes[there]
        order = np.lexsort((sub, position, log, code))
        code, log = code[order], log[order]
        ends = np.flatnonzero(np.append((code[1:] != code[:-1]) | (log[1:] != log[:-1]), True)) if len(order) else order
        rows: list[list[tuple[Any, ...]]] = [[] for _ in range(groups)]
        for place in ends.tolist():
            at = int(order[place])
            event = int(there[at])
            text = values.to_json(_canonical(found[event]))
            rows[int(code[place])].append((int(log[place]), int(position[at]), int(sub[at]), times[event], text))
        return [tuple(one) for one in rows]


def _list(counts: NDArray[np.int64]) -> list[int]:
    found: list[int] = counts.tolist()
    return found


def _canonical(value: object) -> object:
    number = exact(value)
    return value if number is None else number


def _compact(codes: Codes, names: Sequence[Sequence[Any]], last: Sequence[Any]) -> tuple[Codes, list[Sequence[Any]]]:
    """Codes that mean a place in `last` within one of `names`, made dense and in the order in which they come."""
    found, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    above, own = np.divmod(found[order], max(1, len(last)))
    upper = above.tolist()
    columns: list[Sequence[Any]] = [[column[place] for place in upper] for column in names]
    return rank[inverse], [*columns, [last[place] for place in own.tolist()]]


def _coded(column: Sequence[Any]) -> tuple[Codes, list[str]]:
    """For each value the place of its text among the distinct ones, which stand in the order in which they come."""
    kinds = set(map(type, column))
    if kinds & {list, dict} or (bool in kinds and kinds & {int, float, Decimal}):
        column = [_label(value) for value in column]
        distinct = dict.fromkeys(column)
        texts = list(distinct)
    else:
        distinct = dict.fromkeys(column)
        texts = [_label(value) for value in distinct]
    place = {value: number for number, value in enumerate(distinct)}
    codes = np.fromiter(map(place.__getitem__, column), np.int64, len(column))
    if len(set(texts)) < len(texts):  # 1.0 beside a longer writing of it
        one = {text: number for number, text in reversed(list(enumerate(texts)))}
        codes = np.array([one[text] for text in texts], np.int64)[codes]
    return codes, texts


def _label(value: object) -> str:
    text = label_text(value)
    if len(text) <= _LONGEST_LABEL:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return values.to_json(f"{text[:_LONGEST_LABEL]}… (SHA-256 {digest})")
