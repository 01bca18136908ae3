"""A projection's rows against a model's: matched, missing, extra or different, each with the events that should have made it. Read-only.

Labels are compared as texts, since a model may keep numbers in text columns. Read `mirror` for the rule of values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.drift.mirror import Mirror
from inspector.drift.model import ModelState, moment_us, number_of_text
from inspector.errors import UsageError
from inspector.event import Flag, format_time
from inspector.projections import Moment, Projection, State
from inspector.projections.answer import notes, rounded, row_of
from inspector.projections.cells import Key, label_text
from inspector.projections.contributors import Contributors, contributors, left_out

MOST_DIFFERENCES = 1_000
"""So many are told with their events; all are counted."""


@dataclass(frozen=True, slots=True)
class Named:
    """One event that has to do with a difference."""

    seq: int
    log: str
    partition: int
    position: int
    type: str | None
    is_aborted: bool

    def plain(self) -> dict[str, object]:
        """As it is printed."""
        told = {"seq": self.seq, "log": self.log, "partition": self.partition, "position": self.position, "type": self.type}
        return told | ({"aborted": True} if self.is_aborted else {})


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same. `verdict` is missing (in the model), extra (in the model) or different.

    `expected` are the projection's values, `found` the model's; None where there is no such row. `events` are the last that made
    the expected ones, of `count`; `left_out` those of the same group that were aborted or came later, of `left_out_count`.
    """

    verdict: str
    labels: Mapping[str, object]
    window_us: int | None = None
    expected: Mapping[str, object] | None = None
    found: Mapping[str, object] | None = None
    differs: Sequence[str] = ()
    events: Sequence[Named] = ()
    count: int = 0
    left_out: Sequence[Named] = ()
    left_out_count: int = 0

    def plain(self) -> dict[str, object]:
        """As it is printed."""
        told: dict[str, object] = {"verdict": self.verdict}
        if self.window_us is not None:
            told["window"] = format_time(self.window_us)
        return told | {
            "group": dict(self.labels),
            "expected": None if self.expected is None else {name: rounded(value) for name, value in self.expected.items()},
            "found": None if self.found is None else dict(self.found),
            "differs": list(self.differs),
            "events": [one.plain() for one in self.events],
            "events_count": self.count,
            "left_out": [one.plain() for one in self.left_out],
            "left_out_count": self.left_out_count,
        }


@dataclass(slots=True)
class Report:
    """The outcome. `notes` say what keeps it from being the whole truth."""

    asked: str
    rule: str
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_complete: bool = True
    """False where the capture does not reach the model's checkpoint."""

    @property
    def has_drift(self) -> bool:
        """Whether anything differs."""
        return any(self.counts[verdict] for verdict in ("missing", "extra", "different"))


def moment_of(model: ModelState, mirror: Mirror) -> Moment:
    """Where the model stands: at its checkpoint, or with all that was captured where it names none."""
    if model.checkpoint is None:
        return Moment()
    if model.checkpoint_is_time:
        return Moment(time_us=model.checkpoint)
    return Moment(position=model.checkpoint, log=mirror.log, partition=mirror.partition)


def compared(reader: CaptureReader, projection: Projection, mirror: Mirror, model: ModelState, moment: Moment) -> Report:
    """The projection at a moment against the model. Raises UsageError where keys do not tell the model's rows apart."""
    state = State(projection, moment)
    state.advance(reader)
    report = Report(moment.text, mirror.rule, notes=[*model.notes, *notes(state)])
    _check_reach(reader, moment, report)
    expected = {_text_key(projection, key): key for key in state.book.cells}
    found = _by_key(projection, mirror, model)
    pending: list[tuple[Key, Difference]] = []
    for text_key in sorted(expected.keys() | found.keys(), key=_order):
        own, theirs = expected.get(text_key), found.get(text_key)
        difference = _judged(state, mirror, model, own, theirs)
        report.counts["matched" if difference is None else difference.verdict] += 1
        if difference is not None and len(pending) < MOST_DIFFERENCES:
            pending.append((own if own is not None else _key_of(projection, mirror, theirs or {}), difference))
    report.differences = _with_events(reader, projection, moment, pending)
    if (untold := sum(report.counts.values()) - report.counts["matched"] - len(pending)) > 0:
        report.notes.append(f"{untold:,} more differences are counted and not told")
    return report


def _check_reach(reader: CaptureReader, moment: Moment, report: Report) -> None:
    if moment.position is None:
        return
    ((reached,),) = reader.select(
        "SELECT max(coverage.to_position) FROM coverage JOIN log ON log.id = coverage.log_id WHERE coverage.state <> 'absent' "
        "AND (?1 IS NULL OR log.name = ?1) AND (?2 IS NULL OR log.partition = ?2)",
        (moment.log, moment.partition),
    )
    if reached is None or reached <= moment.position:
        report.is_complete = False
        end = "has nothing of that log" if reached is None else f"was read up to position {reached - 1} only"
        report.notes.append(f"the model stands at position {moment.position}, and the capture {end}: capture the rest first")


# ---- keys


TextKey = tuple[int | str | None, ...]
"""The beginning of the window in microseconds, then each label as text."""


def _text_key(projection: Projection, key: Key) -> TextKey:
    start_us = None if projection.window_us is None else key[0] * projection.window_us
    return (start_us, *(_label(values.parse_exactly(text)) for text in key[1:]))


def _label(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else label_text(value)


def _order(key: TextKey) -> tuple[object, ...]:
    return tuple((part is None, part or 0 if not isinstance(part, str) else part) for part in key)


def _by_key(projection: Projection, mirror: Mirror, model: ModelState) -> dict[TextKey, Mapping[str, object]]:
    found: dict[TextKey, Mapping[str, object]] = {}
    for row in model.rows:
        start_us = moment_us(row[mirror.window], mirror) if mirror.window else None
        key = (start_us, *(_label(row[mirror.keys[label.name]]) for label in projection.labels))
        if key in found:
            said = ", ".join(f"{label.name} {part}" for label, part in zip(projection.labels, key[1:], strict=True)) or "the only key"
            raise UsageError(f"{model.place} has two rows for {said}: the keys under [model] must tell its rows apart")
        found[key] = row
    return found


def _key_of(projection: Projection, mirror: Mirror, row: Mapping[str, object]) -> Key:
    """The cell that a row of the model would be."""
    start = moment_us(row[mirror.window], mirror) // (projection.window_us or 1) if mirror.window else None
    return (start, *(label_text(row[mirror.keys[label.name]]) for label in projection.labels))


# ---- values


def _judged(state: State, mirror: Mirror, model: ModelState, own: Key | None, theirs: Mapping[str, object] | None) -> Difference | None:
    """What is wrong with one key; None for nothing."""
    projection = state.projection
    found = None if theirs is None else {name: theirs[column] for name, column in mirror.values.items()}
    if own is None:
        assert theirs is not None
        labels = {label.name: theirs[mirror.keys[label.name]] for label in projection.labels}
        return Difference("extra", labels, moment_us(theirs[mirror.window], mirror) if mirror.window else None, found=found)
    row = row_of(projection, own, state.book.cells[own])
    expected = {name: row.values[name] for name in mirror.values}
    if found is None:
        return Difference("missing", row.labels, row.window_us, expected=expected)
    differs = [name for name in mirror.values if not is_same(expected[name], found[name], mirror, is_typed=model.is_typed)]
    return Difference("different", row.labels, row.window_us, expected, found, differs) if differs else None


def is_same(own: object, theirs: object, mirror: Mirror, *, is_typed: bool = True) -> bool:
    """Whether two values are the same under the rule; `is_typed` is false where theirs are texts whatever they mean."""
    if mirror.is_null_zero:
        own, theirs = (0 if value is None else value for value in (own, theirs))
    if own is None or theirs is None:
        return own is theirs
    number = _fraction(own)
    if number is not None:
        other = _fraction(number_of_text(theirs)) if isinstance(theirs, str) and not is_typed else _fraction(theirs)
        return other is not None and (
            number == other if mirror.scale is None else _scaled(number, mirror.scale) == _scaled(other, mirror.scale)
        )
    if isinstance(own, str) and isinstance(theirs, str):
        return own == theirs
    if isinstance(own, bool) and not isinstance(theirs, bool):
        return str(theirs).lower() in ({"true", "t", "1"} if own else {"false", "f", "0"})
    return values.to_json(own) == (theirs if isinstance(theirs, str) else values.to_json(theirs))


def _fraction(value: object) -> Fraction | None:
    return Fraction(value) if isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool) else None


def _scaled(number: Fraction, places: int) -> int:
    """Rounded to decimal places, half away from zero, as a whole number of the last of them."""
    shifted = abs(number) * Fraction(10**places)
    whole = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    return -whole if number < 0 else whole


# ---- events


def _with_events(
    reader: CaptureReader, projection: Projection, moment: Moment, pending: Sequence[tuple[Key, Difference]]
) -> list[Difference]:
    counted = contributors(reader, projection, moment, [key for key, _ in pending])
    others = left_out(reader, projection, counted)
    named = _named(reader, [seq for found in (*counted.values(), *others.values()) for seq in found.seqs])

    def of(found: Contributors) -> list[Named]:
        return [named[seq] for seq in found.seqs if seq in named]

    return [
        Difference(
            one.verdict, one.labels, one.window_us, one.expected, one.found, one.differs,
            of(counted[key]), counted[key].count, of(others[key]), others[key].count,
        )
        for key, one in pending
    ]  # fmt: skip


def _named(reader: CaptureReader, seqs: Sequence[int]) -> dict[int, Named]:
    return {
        row.seq: Named(row.seq, row.log, row.partition, row.position, row.type, bool(row.flags & Flag.aborted))
        for row in reader.rows_by_seq(sorted(set(seqs)))
    }
