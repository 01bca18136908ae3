"""Two captures of the same log, told apart record by record: what one has and the other has not, and what differs. Read-only.

Positions are compared where both captures read them; where only one did, nothing is concluded. Rows of files that have no
positions of their own are compared in their order. Records come in two streams, so that size costs time and no memory.
Read `capture.report` for the account, `cli.compare` for how it is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from inspector.capture.damage import damage_is_said
from inspector.capture.reader import CaptureReader
from inspector.capture.report import LogReport, log_reports
from inspector.errors import UsageError
from inspector.event import merged_ranges, same_life

BY_POSITION, BY_ORDER, BY_ID = "position", "order", "id"
MOST_EXAMPLES = 20
_FILES = ("sha256:", "head:")
"""How the incarnation of a log begins whose positions are row numbers in a file."""
_STEP_ROWS = 5_000
_RECORD = (
    "SELECT event.position, event.sub, event.event_id, event.recorded_us, event.recorded_kind, event.value_bytes, "
    "iif(event.flags & 2048, json_extract(event.extra, '$.oversize'), NULL), record.key, record.headers, record.value "
    "FROM event JOIN record ON record.seq = event.seq WHERE "
)
_BY_POSITION = f"{_RECORD} event.log_id = ? ORDER BY event.position, event.sub"
_IDS = "SELECT seq FROM event WHERE log_id = ? AND event_id IS NOT NULL ORDER BY event_id, position, sub"
_OF_SEQ = f"{_RECORD} event.seq = ?"
_WITHOUT_ID = "SELECT count(*) FROM event WHERE log_id = ? AND event_id IS NULL"
FIELDS = ("key", "headers", "value", "time")


class Record(NamedTuple):
    """One record as it is compared."""

    position: int
    sub: int
    event_id: str | None
    recorded_us: int | None
    recorded_kind: int
    value_bytes: int | None
    cut: str | None
    """Of a value too large to be kept whole: its length and hash, as JSON."""
    key: bytes | None
    headers: str | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Example:
    """One difference: `kind` is `missing in A`, `missing in B` or `different` (then in which `fields`); positions as each has them."""

    kind: str
    a: int | None
    b: int | None
    fields: Sequence[str] = ()
    event_id: str | None = None


@dataclass(slots=True)
class Compared:
    """What became of one partition. Rows of stretches that only one capture read are counted apart, and nothing is said of them."""

    log: str
    partition: int
    by: str
    other: str = ""
    """The name in B where it differs."""
    same: int = 0
    different: int = 0
    missing_in_a: int = 0
    missing_in_b: int = 0
    only_read_by_a: int = 0
    only_read_by_b: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    """How many records differ in their key, headers, value or time."""
    examples: list[Example] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_by_size: bool = False
    """Whether values were compared by their sizes, since one capture holds none."""
    is_of_files: bool = False
    """Whether one side was made of files: what these leave out was perhaps never there."""

    @property
    def differences(self) -> int:
        """All that was found."""
        return self.different + self.missing_in_a + self.missing_in_b

    def note(self, example: Example) -> None:
        """Keeps an example while there is room."""
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(example)


@dataclass(frozen=True, slots=True)
class Pair:
    """One partition in both captures."""

    a: LogReport
    b: LogReport
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is compared, and sentences about logs that have no counterpart."""

    pairs: Sequence[Pair]
    alone: Sequence[str]


Progress = Callable[[int], None]
"""Told how many records were compared, every few thousand; raises to end the work."""


@damage_is_said
def pairs_of(a: CaptureReader, b: CaptureReader, *, log: str = "", names: Mapping[str, str] | None = None) -> Pairs:
    """The partitions that both captures have, matched by name (`names`: a name in A → that in B) and number.

    Where a capture holds several lives of one partition, they are matched by incarnation, else by their order.
    """
    names = names or {}
    left = _by_place(log_reports(a), {}, log)
    right = _by_place(log_reports(b), {other: name for name, other in names.items()}, log)
    pairs: list[Pair] = []
    alone: list[str] = []
    for place, lives in left.items():
        others = list(right.pop(place, ()))
        if not others:
            alone.append(f"{_label(lives[0])} is in A only")
            continue
        if len(lives) != len(others):
            alone.append(f"{_label(lives[0])}: A holds {len(lives)} lives of it, B {len(others)}; what is left over is not compared")
        pairs.extend(_matched(lives, others))
    alone.extend(f"{_label(lives[0])} is in B only" for lives in right.values())
    return Pairs(pairs, alone)


def _by_place(reports: Sequence[LogReport], names: Mapping[str, str], log: str) -> dict[tuple[str, int], list[LogReport]]:
    found: dict[tuple[str, int], list[LogReport]] = {}
    for report in reports:
        name = names.get(report.log, report.log)
        if not log or name == log:
            found.setdefault((name, report.partition), []).append(report)
    return found


def _matched(lives: Sequence[LogReport], others: list[LogReport]) -> Iterator[Pair]:
    left: list[LogReport] = []
    for life in lives:
        same = next((other for other in others if _is_same_life(life, other)), None)
        if same is None:
            left.append(life)
        else:
            others.remove(same)
            yield Pair(life, same)
    for life, other in zip(left, others, strict=False):
        yield Pair(life, other, _doubts(life, other))


def _is_same_life(a: LogReport, b: LogReport) -> bool:
    return same_life(a.incarnation, b.incarnation) or same_life(b.incarnation, a.incarnation)


def _doubts(a: LogReport, b: LogReport) -> list[str]:
    """What speaks against their being one log."""
    if not a.incarnation or not b.incarnation or (_is_file(a) and _is_file(b)):
        return []
    if _is_file(a) or _is_file(b):
        return ["one side is a file without positions: compared in their order"]
    return ["they are different lives of the log (a topic made anew, or another store): equal positions may be different records"]


def _is_file(report: LogReport) -> bool:
    return report.incarnation.startswith(_FILES)


def _label(report: LogReport) -> str:
    return f"{report.log}/{report.partition}"


@damage_is_said
def compare(a: CaptureReader, b: CaptureReader, pair: Pair, *, by_id: bool = False, progress: Progress = lambda _: None) -> Compared:
    """The two sides of one partition. Raises CaptureError for a damaged file, UsageError where there are no ids to compare by."""
    by = BY_ID if by_id else BY_ORDER if _is_file(pair.a) or _is_file(pair.b) else BY_POSITION
    found = Compared(pair.a.log, pair.a.partition, by, pair.b.log if pair.b.log != pair.a.log else "", notes=list(pair.notes))
    found.is_of_files = any(report.source.startswith(("file:", "stdin:")) for report in (pair.a, pair.b))
    unlike = {str(one.get("isolation") or "") for one in pair.a.coverage} != {str(one.get("isolation") or "") for one in pair.b.coverage}
    if unlike and by == BY_POSITION:
        found.notes.append("they were read under different isolation: what readers of committed records are not given is not compared")
    sides = (_Side(a, pair.a, by, is_unlike=unlike), _Side(b, pair.b, by, is_unlike=unlike))
    if by == BY_ID:
        _say_without_id(found, sides)
    if not all(side.has_values for side in sides):
        found.is_by_size = True
        found.notes.append("one capture holds no values: of these only the sizes are compared")
    _merge(found, *sides, progress)
    return found


class _Side:
    """One capture's records of the partition, in the order of their names, with what was read."""

    def __init__(self, reader: CaptureReader, report: LogReport, by: str, *, is_unlike: bool) -> None:
        self.reader, self.report, self.by = reader, report, by
        ((settings,),) = reader.select("SELECT json_extract(settings, '$.values') IS NOT 0 FROM capture LIMIT 1")
        self.has_values = bool(settings)
        # what is sorted may be larger than memory
        reader.connection.execute("PRAGMA temp_store = default")
        whole = [one for one in report.coverage if one["state"] == "read" and not (is_unlike and one.get("isolation") == "committed")]
        read = [(int(str(one["from"])), int(str(one["to"]))) for one in whole]
        # of a file only the positions that it holds count as read, or what it shows whole: what is missing may have been left out of it
        self._read = merged_ranges(read)
        self._place = 0

    def records(self) -> Generator[tuple[tuple[object, ...], Record], None, None]:
        """(name, record) in ascending order of names."""
        if self.by == BY_ID:
            yield from self._by_id()
            return
        for number, row in enumerate(self.reader.each(_BY_POSITION, (self.report.id,))):
            record = Record(*row)
            if self.by == BY_ORDER:
                yield (number,), record
            else:
                yield (record.position, record.sub), record

    def _by_id(self) -> Generator[tuple[tuple[object, ...], Record], None, None]:
        """Only the ids are sorted; each record is fetched when its turn comes."""
        for (seq,) in self.reader.each(_IDS, (self.report.id,)):
            for row in self.reader.select(_OF_SEQ, (seq,)):
                record = Record(*row)
                yield (record.event_id or "",), record

    def without_id(self) -> int:
        """How many records have none."""
        ((count,),) = self.reader.select(_WITHOUT_ID, (self.report.id,))
        return int(count)

    def has_read(self, name: tuple[object, ...]) -> bool:
        """Whether a record of that name would be here, had the source had it. Asked in ascending order."""
        if self.by != BY_POSITION:
            return True
        position = name[0]
        assert isinstance(position, int)
        while self._place < len(self._read) and self._read[self._place][1] <= position:
            self._place += 1
        return self._place < len(self._read) and self._read[self._place][0] <= position


def _say_without_id(found: Compared, sides: Sequence[_Side]) -> None:
    counts = [side.without_id() for side in sides]
    if all(count == side.report.captured for count, side in zip(counts, sides, strict=True)):
        raise UsageError(f"the events of {_label(sides[0].report)} have no ids in either capture: compare by position")
    if any(counts):
        found.notes.append(f"{counts[0]:,} events of A and {counts[1]:,} of B have no id and are not compared")


def _merge(found: Compared, a: _Side, b: _Side, progress: Progress) -> None:
    lefts, rights = a.records(), b.records()
    left, right = next(lefts, None), next(rights, None)
    done = 0
    while left is not None or right is not None:
        done += 1
        if done % _STEP_ROWS == 0:
            progress(done)
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            _only_in_a(found, b.has_read(left[0]), left[1])
            left = next(lefts, None)
        elif left is None or right[0] < left[0]:
            _only_in_b(found, a.has_read(right[0]), right[1])
            right = next(rights, None)
        else:
            _both(found, left[1], right[1], with_values=a.has_values and b.has_values)
            left, right = next(lefts, None), next(rights, None)


def _only_in_a(found: Compared, was_read: bool, record: Record) -> None:
    if not was_read:
        found.only_read_by_a += 1
        return
    found.missing_in_b += 1
    found.note(Example("missing in B", record.position, None, event_id=record.event_id))


def _only_in_b(found: Compared, was_read: bool, record: Record) -> None:
    if not was_read:
        found.only_read_by_b += 1
        return
    found.missing_in_a += 1
    found.note(Example("missing in A", None, record.position, event_id=record.event_id))


def _both(found: Compared, a: Record, b: Record, *, with_values: bool) -> None:
    if a[3:] == b[3:]:
        found.same += 1
        return
    differing = [
        name
        for name, differs in (
            ("key", a.key != b.key),
            ("headers", (a.headers or "[]") != (b.headers or "[]")),
            ("value", a.value_bytes != b.value_bytes or a.cut != b.cut or (with_values and a.value != b.value)),
            ("time", (a.recorded_us, a.recorded_kind) != (b.recorded_us, b.recorded_kind)),
        )
        if differs
    ]
    if not differing:
        found.same += 1
        return
    found.different += 1
    found.fields.update(differing)
    found.note(Example("different", a.position, b.position, differing, a.event_id))


def conclusion(found: Sequence[Compared], alone: Sequence[str]) -> str:
    """What was compared, what came out, and what cannot be concluded, in two or three sentences."""
    same, differences = sum(one.same for one in found), sum(one.differences for one in found)
    pairs = sum(one.same + one.different for one in found)
    logs = f"{len(found):,} partition{'s' if len(found) != 1 else ''}"
    if not found:
        return "The captures have no log in common: nothing was compared."
    said = [f"{pairs:,} records of {logs} are in both"]
    equal_in = "values of the same size" if any(one.is_by_size for one in found) else "the same bytes"
    said[0] += f", each with {equal_in}" if same == pairs else f"; {pairs - same:,} of them differ"
    missing_a, missing_b = sum(one.missing_in_a for one in found), sum(one.missing_in_b for one in found)
    if missing_a or missing_b:
        said[0] += f"; {missing_a:,} are missing in A and {missing_b:,} in B, where both were read"
    apart = sum(one.only_read_by_a + one.only_read_by_b for one in found)
    if apart:
        files = ", or it was made of files that do not hold it, which shows nothing" if any(one.is_of_files for one in found) else ""
        said.append(f"Of {apart:,} records only one capture read the place{files}, so they were not compared")
    if alone:
        said.append(f"{len(alone):,} logs have no counterpart")
    said.append(
        "That both hold the same does not show that the source had nothing else"
        if not differences
        else "Which side is right cannot be told from here"
    )
    return ". ".join(said) + "."
