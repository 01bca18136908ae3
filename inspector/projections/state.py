"""A projection over a capture that grows: brought up to date stretch by stretch, kept as JSON, resumed. Read-only.

What may still become aborted stays in stretches of its own (see `_Waiting`) until the capture says that it is decided; a stretch
in which something then was aborted is added up once more. So the numbers are the same as those of a projection begun anew. Two
things are not followed: the flag `late`, which a filter may ask for, is that of when an event was counted, and what the keep
limit removes from a capture stays counted. Read `chunk` for how a stretch is added up, `answer` for what is shown.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, cast

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.errors import FunctionError, UsageError
from inspector.projections import chunk
from inspector.projections.cells import Cells, merger, of_plain, to_plain
from inspector.projections.chunk import Counts, Partial
from inspector.projections.moment import NOW, Moment
from inspector.projections.plan import Plan, plan
from inspector.projections.spec import Projection
from inspector.projections.undecided import Ranges, aborted, less, touches
from inspector.projections.undecided import undecided as undecided_now
from inspector.user_code import StoppedError

CHUNK = 1 << 16
"""Events added up at a time."""
_FIRST_CHUNK = 1 << 13
_FUNCTION_CHUNK, _LONG_S = 1 << 7, 0.4
"""A function of the user's own is asked of so many at first, then of as many as it answers in so long: it is stopped between them."""
_MOST_BYTES = 16 << 20
"""Of the columns of a stretch: stretches get shorter where values are large."""
MOST_GROUPS = 100_000
MOST_CELLS = 1_000_000
"""Groups times windows."""
_MOST_WAITING = 48
"""Stretches with undecided events; beyond it neighbours are joined."""
FORMAT = 1
MakesColumns = Callable[[Plan, Sequence[str]], chunk.Columns]
"""How groups and values are had that the statement does not give: see `by_code`."""


@dataclass(slots=True)
class Book:
    """Cells added up, within bounds, and what became of the events."""

    cells: Cells = field(default_factory=dict)
    groups: dict[tuple[Any, ...], None] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)

    def copied(self) -> Book:
        """A copy that can be added to."""
        counts = Counts(**asdict(self.counts))
        return Book(dict(self.cells), dict(self.groups), counts)

    def add(self, projection: Projection, part: Partial) -> None:
        """Adds a stretch. Groups and windows beyond the most are counted, and no more."""
        self.counts.add(part.counts)
        merge, cells, groups = merger(projection.measures), self.cells, self.groups
        for number, (key, row) in enumerate(part.cells.items()):
            known = cells.get(key)
            if known is not None:
                cells[key] = merge(known, row)
                continue
            group = key[1:]
            if (group not in groups and len(groups) >= MOST_GROUPS) or len(cells) >= MOST_CELLS:
                self.counts.beyond += part.events[number]
                continue
            groups[group] = None
            cells[key] = row


class State:
    """One projection, as far as it is computed. Belongs to one thread; any reader of the same capture brings it on."""

    def __init__(self, projection: Projection, moment: Moment = NOW, columns: MakesColumns | None = None) -> None:
        self.projection = projection
        self.moment = moment
        self._columns = columns
        self.begun_anew = 0
        """How often the capture was another one, decoded again or shown under other masks, and all was computed anew."""
        self._plans: dict[bool, Plan] = {}
        self._begin()

    def _begin(self) -> None:
        self.until_seq = 0
        """The number of the last event looked at."""
        self.first_seq = 0
        """The number of the first event looked at; 0 for none yet."""
        self._capture = ""
        self._settled = self._empty()
        self._waiting: list[Partial] = []
        self._total: Book | None = None
        self._undecided: Ranges = {}
        self.failed: FunctionError | None = None
        """Where the user's function failed: it is not asked again."""

    def _empty(self) -> Book:
        return Book(counts=Counts(without=[0] * len(self.projection.measures)))

    @property
    def book(self) -> Book:
        """Everything added up."""
        if not self._waiting:
            return self._settled
        if self._total is None:
            self._total = self._settled.copied()
            for part in self._waiting:
                self._total.add(self.projection, part)
        return self._total

    @property
    def undecided(self) -> int:
        """Events in stretches of which something may still become aborted."""
        return sum(part.last_seq - part.first_seq + 1 for part in self._waiting)

    # ---- going on

    def advance(
        self,
        reader: CaptureReader,
        until_seq: int | None = None,
        *,
        is_stopped: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _seq: None,
    ) -> int:
        """Counts the events up to number `until_seq` (all: None) that were not yet; gives how many.

        `progress` is told the number of the last one after each stretch. Raises CaptureError when the file is damaged, FunctionError
        where a function of the user's own fails; all before that is counted.
        """
        # in this order: what is undecided is asked for after the end was, so that nothing below it is missed
        mark = reader.watermark()
        self._check(reader)
        if self.failed:
            raise self.failed
        undecided = {} if self.projection.include_aborted else undecided_now(reader)
        self._recheck(reader, undecided, mark.first_seq)
        last = mark.last_seq if until_seq is None else min(until_seq, mark.last_seq)
        low = max(self.until_seq + 1, mark.first_seq)
        if not self.first_seq and mark.last_seq:
            self.first_seq = low
        before = self.until_seq
        try:
            for part in self._parts(reader, low, last, with_reach=bool(undecided), is_stopped=is_stopped):
                self._take(part, undecided)
                self.until_seq = part.last_seq
                progress(self.until_seq)
        except FunctionError as error:
            self.failed = error
            raise
        finally:
            self._join_some()
        return self.until_seq - max(before, low - 1) if self.until_seq > before else 0

    def _check(self, reader: CaptureReader) -> None:
        rows = reader.select("SELECT id, json_extract(settings, '$.decoded') FROM capture LIMIT 1")
        told = " ".join(map(str, rows[0])) if rows else ""
        if reader.masks is not None:  # what other masks hide, or none, is in the numbers and labels of this state
            told += f" masks {hashlib.sha256(reader.masks.text.encode()).hexdigest()}"
        if self._capture and told != self._capture:
            self._begin()
            self.begun_anew += 1
        self._capture = told

    def _plan(self, reader: CaptureReader) -> Plan:
        is_masked = reader.masks is not None
        if is_masked not in self._plans:
            self._plans[is_masked] = plan(self.projection, self.moment, is_masked=is_masked)
        return self._plans[is_masked]

    def _parts(
        self, reader: CaptureReader, low: int, last: int, *, with_reach: bool, is_stopped: Callable[[], bool] = lambda: False
    ) -> Iterable[Partial]:
        """The stretches from `low` to `last` added up, in order; two at a time where there are many."""
        size = _FIRST_CHUNK if self._columns is None else _FUNCTION_CHUNK
        added_up = partial(chunk.look, asked=self._plan(reader), with_reach=with_reach, columns=self._columns)

        def look(with_: CaptureReader, start: int) -> Partial:
            return added_up(with_, low=start, high=min(start + size - 1, last))

        while low <= last and not is_stopped():
            # a reader beside hides nothing
            is_double = last - low >= size > _FIRST_CHUNK and reader.masks is None and self._columns is None
            later = reader.beside().run(partial(look, start=low + size)) if is_double else None
            begun_s = time.monotonic()
            try:
                found = [look(reader, low)]
            except StoppedError:
                return
            except FunctionError as error:
                if error.seq > low:
                    yield added_up(reader, low=low, high=error.seq - 1)
                raise
            if later is not None:
                found.append(later.result())
            yield from found
            low = found[-1].last_seq + 1
            size = _next_size(size, found[-1].bytes) if self._columns is None else _next_asked(size, time.monotonic() - begun_s)

    def _take(self, part: Partial, undecided: Ranges) -> None:
        if touches(part.reach, undecided):
            if self._total is not None:
                self._total.add(self.projection, part)
            self._waiting.append(part)
            return
        self._settle(part)

    def _settle(self, part: Partial, *, is_in_total: bool = False) -> None:
        self._settled.add(self.projection, part)
        if self._total is not None and not is_in_total:
            self._total.add(self.projection, part)

    # ---- what was undecided

    def _recheck(self, reader: CaptureReader, undecided: Ranges, first_seq: int) -> None:
        """Adds up again what held events that were aborted since, and lets go of what is decided."""
        decided = less(self._undecided, undecided)
        self._undecided = undecided
        changed = {seq for log_id, ranges in decided.items() for seq in aborted(reader, log_id, ranges)} if self._waiting else set()
        waiting, self._waiting = self._waiting, []
        is_same = True
        for part in waiting:
            current = part
            if part.first_seq >= first_seq and any(part.first_seq <= seq <= part.last_seq for seq in changed):
                parts = self._again(reader, part)
                current, is_same = chunk.joined(self.projection.measures, parts), False
            if touches(current.reach, undecided) and part.first_seq >= first_seq:
                self._waiting.append(current)
            else:
                self._settle(current, is_in_total=True)
        if not is_same or not self._waiting:
            self._total = None

    def _again(self, reader: CaptureReader, part: Partial) -> list[Partial]:
        """A stretch added up once more; after a function that fails now and did not before all is begun anew."""
        try:
            return list(self._parts(reader, part.first_seq, part.last_seq, with_reach=True))
        except FunctionError:
            self._begin()
            raise

    def _join_some(self) -> None:
        """So many stretches are kept at most: of neighbours those that are smallest together are joined."""
        while len(self._waiting) > _MOST_WAITING:
            sizes = [part.last_seq - part.first_seq for part in self._waiting]
            at = min(range(len(sizes) - 1), key=lambda place: sizes[place] + sizes[place + 1])
            self._waiting[at : at + 2] = [chunk.joined(self.projection.measures, self._waiting[at : at + 2])]

    # ---- as JSON

    def to_json(self) -> str:
        """Everything that is needed to go on later, as JSON."""
        measures = self.projection.measures

        def plain(part: Partial) -> dict[str, object]:
            return {
                "first": part.first_seq,
                "last": part.last_seq,
                "cells": to_plain(measures, part.cells),
                "events": list(part.events),
                "counts": asdict(part.counts),
                "reach": [[log_id, *ends] for log_id, ends in part.reach.items()],
            }

        return values.to_json(
            {
                "format": FORMAT,
                "projection": self.projection.digest,
                "moment": asdict(self.moment),
                "capture": self._capture,
                "first_seq": self.first_seq,
                "until_seq": self.until_seq,
                "cells": to_plain(measures, self._settled.cells),
                "counts": asdict(self._settled.counts),
                "waiting": [plain(part) for part in self._waiting],
                "undecided": [[log_id, list(map(list, ranges))] for log_id, ranges in self._undecided.items()],
            }
        )

    @classmethod
    def from_json(cls, text: str, projection: Projection, moment: Moment = NOW, columns: MakesColumns | None = None) -> State:
        """The state that `to_json` wrote. Raises UsageError when it is none, or of another projection or moment."""
        try:
            state = cls(projection, moment, columns)
            state._fill(cast("dict[str, Any]", values.parse(text)))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise UsageError(f"the state of {projection.name} cannot be gone on from: {error}; begin anew without it") from None
        return state

    def _fill(self, found: Mapping[str, Any]) -> None:
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}, this program reads {FORMAT}")
        if found["projection"] != self.projection.digest:
            raise ValueError("it is of another projection, or this one was changed since")
        if found["moment"] != asdict(self.moment):
            raise ValueError("it is of another moment")
        measures = self.projection.measures
        self._capture, self.first_seq, self.until_seq = str(found["capture"]), int(found["first_seq"]), int(found["until_seq"])
        cells = of_plain(measures, found["cells"])
        self._settled = Book(cells, dict.fromkeys(key[1:] for key in cells), Counts(**found["counts"]))
        self._waiting = [
            Partial(
                int(part["first"]),
                int(part["last"]),
                of_plain(measures, part["cells"]),
                Counts(**part["counts"]),
                list(map(int, part["events"])),
                {int(log_id): (int(low), int(high)) for log_id, low, high in part["reach"]},
            )
            for part in found["waiting"]
        ]
        self._undecided = {int(log_id): [(int(low), int(high)) for low, high in ranges] for log_id, ranges in found["undecided"]}


def _next_asked(size: int, took_s: float) -> int:
    """Of how many events a function is asked next."""
    return max(16, size // 4) if took_s > _LONG_S else min(_FIRST_CHUNK, size * 4) if took_s * 4 < _LONG_S else size


def _next_size(size: int, used_bytes: int) -> int:
    if used_bytes > _MOST_BYTES:
        return max(256, size // 2)
    return min(CHUNK, size * 4) if used_bytes * 4 < _MOST_BYTES else size
