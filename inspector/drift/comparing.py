"""A projection's rows against a model's: matched, missing, extra or different, each with the events that should have made it. Read-only.

Labels are compared as texts, since a model may keep numbers in text columns. Read `mirror` for the rule of values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.drift.difference import Difference, Named
from inspector.drift.hiding import Hiding
from inspector.drift.mirror import Mirror
from inspector.drift.model import ModelState, moment_us, number_of_text
from inspector.errors import UsageError
from inspector.event import Flag
from inspector.masks import Masks
from inspector.projections import Moment, Projection, State
from inspector.projections.answer import notes, row_of
from inspector.projections.cells import Key, label_text
from inspector.projections.contributors import Contributors, contributors, left_out

MOST_DIFFERENCES = 1_000
"""So many are told with their events; all are counted."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The user does not want to know any more."""


@dataclass(frozen=True, slots=True)
class Going:
    """How a comparison tells how it goes: `tell` is given what is done, how much of it, and of how much; `is_stopped` ends it."""

    tell: Callable[[str, int, int], None] = lambda _what, _done, _of: None
    is_stopped: Callable[[], bool] = lambda: False

    def step(self, what: str, done: int, of: int) -> None:
        """Tells. Raises Stopped."""
        if self.is_stopped():
            raise Stopped
        self.tell(what, done, of)


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


def compared(
    reader: CaptureReader,
    projection: Projection,
    mirror: Mirror,
    model: ModelState,
    moment: Moment,
    *,
    masks: Masks | None = None,
    going: Going | None = None,
) -> Report:
    """The projection at a moment against the model; of what differs, what `masks` hide is hidden. `reader` itself hides nothing.

    Raises UsageError where keys do not tell the model's rows apart, Stopped when it `going.is_stopped`.
    """
    going, hiding = going or Going(), Hiding(projection, masks)
    state = State(projection, moment)
    last = reader.watermark().last_seq
    going.step("events are counted", 0, last)
    state.advance(reader, is_stopped=going.is_stopped, progress=lambda seq: going.tell("events are counted", seq, last))
    going.step("rows are compared", 0, 0)
    report = Report(moment.text, mirror.rule, notes=[*model.notes, *notes(state)])
    _check_reach(reader, moment, report)
    expected: dict[TextKey, list[Key]] = {}
    for key in state.book.cells:
        expected.setdefault(_text_key(projection, key), []).append(key)
    found = _by_key(projection, mirror, model, hiding)
    pending: list[tuple[Key, Difference]] = []
    for text_key in sorted(expected.keys() | found.keys(), key=_order):
        theirs = found.get(text_key)
        for own, difference in _judged_alike(state, mirror, model, expected.get(text_key, ()), theirs):
            report.counts["matched" if difference is None else difference.verdict] += 1
            if difference is not None and len(pending) < MOST_DIFFERENCES:
                pending.append((own if own is not None else _key_of(projection, mirror, theirs or {}), difference))
    report.differences = [hiding.difference(one) for one in _with_events(reader, projection, moment, pending, going)]
    if (alike := len(state.book.cells) - len(expected)) > 0:
        words = f"{alike:,} group{' looks' if alike == 1 else 's look'} like others where labels are texts"
        report.notes.append(f"{words}: they are missing where the model has one row for both")
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


def _by_key(projection: Projection, mirror: Mirror, model: ModelState, hiding: Hiding) -> dict[TextKey, Mapping[str, object]]:
    found: dict[TextKey, Mapping[str, object]] = {}
    for row in model.rows:
        start_us = moment_us(row[mirror.window], mirror) if mirror.window else None
        key = (start_us, *(_label(row[mirror.keys[label.name]]) for label in projection.labels))
        if key in found:
            parts = [f"{label.name} {hiding.label(label.name, part)}" for label, part in zip(projection.labels, key[1:], strict=True)]
            said = ", ".join(parts) or "the only key"
            raise UsageError(f"{model.place} has two rows for {said}: the keys under [model] must tell its rows apart")
        found[key] = row
    return found


def _key_of(projection: Projection, mirror: Mirror, row: Mapping[str, object]) -> Key:
    """The cell that a row of the model would be."""
    start = moment_us(row[mirror.window], mirror) // (projection.window_us or 1) if mirror.window else None
    return (start, *(label_text(row[mirror.keys[label.name]]) for label in projection.labels))


# ---- values


def _judged_alike(
    state: State, mirror: Mirror, model: ModelState, own: Sequence[Key], theirs: Mapping[str, object] | None
) -> Iterator[tuple[Key | None, Difference | None]]:
    """What is wrong with the cells of one text key: the model's row is that of the one which agrees with it, else of the first."""
    if len(own) < 2:
        yield (one := own[0] if own else None), _judged(state, mirror, model, one, theirs)
        return
    judged = [(key, _judged(state, mirror, model, key, theirs)) for key in own]
    of = next((place for place, (_, difference) in enumerate(judged) if difference is None), 0)
    for place, (key, difference) in enumerate(judged):
        yield key, difference if place == of else _judged(state, mirror, model, key, None)


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
    reader: CaptureReader, projection: Projection, moment: Moment, pending: Sequence[tuple[Key, Difference]], going: Going
) -> list[Difference]:
    look = partial(going.step, "events behind the differences are looked for")
    counted = contributors(reader, projection, moment, [key for key, _ in pending], look=look)
    others = left_out(reader, projection, counted, look=look)
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
