"""The numbers of one group, kept so that they can be added to those of other stretches in any order, exactly. Pure.

What is kept of each measure, `Kept`: of a count an int; of a sum, a mean or the rate of a place (digits, places, numbers), which
stand for digits / 10 ** places over so many numbers; of a least and greatest the number or None; of a last a row per log,
(log's id, position, part, time or None, JSON text). Read `chunk` for who makes them, `answer` for what is shown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from inspector import values
from inspector.projections.spec import Measure

Number = int | Decimal
Kept = Any
"""See above."""
Key = tuple[Any, ...]
"""The number of the window (None without windows), then the JSON text of each label."""
Cells = dict[Key, tuple[Kept, ...]]
Sum = tuple[int, int, int]
NO_SUM: Sum = (0, 0, 0)
_MOST_EXPONENT = 1_000
"""A number with more zeros than this before or behind its digits is not added up."""
_SECOND_US = 1_000_000


def exact(value: object) -> Number | None:
    """A number of a document as an int where it is whole, else as a Decimal; None for what is none, or beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int):
        return value
    return _normal(Decimal(repr(value)) if isinstance(value, float) else value)


def _normal(number: Decimal) -> Number | None:
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > _MOST_EXPONENT or len(digits) > _MOST_EXPONENT:
        return None
    if exponent >= 0 or number == number.to_integral_value():
        return int(number)
    zeros = len(digits) - len(str(int("".join(map(str, digits)))).rstrip("0")) if digits[-1] == 0 else 0
    zeros = min(zeros, -exponent)
    sign = 1 if number.is_signed() else 0
    return Decimal((sign, digits[: len(digits) - zeros], exponent + zeros))


def number_sum(number: Number) -> Sum:
    """A sum of this one number."""
    if isinstance(number, int):
        return number, 0, 1
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits)))
    return (-whole if sign else whole), -exponent, 1


def added(one: Sum, other: Sum) -> Sum:
    """Both sums as one."""
    if one[1] == other[1]:
        return one[0] + other[0], one[1], one[2] + other[2]
    places = max(one[1], other[1])
    digits = one[0] * 10 ** (places - one[1]) + other[0] * 10 ** (places - other[1])
    return digits, places, one[2] + other[2]


def sum_value(found: Sum) -> Number:
    """The number that a sum stands for."""
    digits, places, _ = found
    while places > 0 and digits % 10 == 0:
        digits, places = digits // 10, places - 1
    if places <= 0:
        return digits
    return Decimal((1 if digits < 0 else 0, tuple(map(int, str(abs(digits)))), -places))


def is_count(measure: Measure) -> bool:
    """Whether what is kept is a count of events."""
    return measure.operation == "count" or (measure.operation == "rate" and not measure.places)


def both(measure: Measure) -> Callable[[Kept, Kept], Kept]:
    """What makes one of what is kept of two stretches."""
    if is_count(measure):
        return operator.add
    joins: dict[str, Callable[[Kept, Kept], Kept]] = {"min": _least, "max": _greatest, "last": _latest}
    return joins.get(measure.operation, added)


def merger(measures: Sequence[Measure]) -> Callable[[tuple[Kept, ...], tuple[Kept, ...]], tuple[Kept, ...]]:
    """What makes one cell of those of two stretches: quick, since it is done for each group of each stretch."""
    each = [both(measure) for measure in measures]
    if len(each) == 1:
        (only,) = each
        return lambda one, other: (only(one[0], other[0]),)
    return lambda one, other: tuple([join(mine, more) for join, mine, more in zip(each, one, other, strict=True)])


def _least(one: Number | None, other: Number | None) -> Number | None:
    return other if one is None else one if other is None else min(one, other)


def _greatest(one: Number | None, other: Number | None) -> Number | None:
    return other if one is None else one if other is None else max(one, other)


def _latest(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    by_log = {row[0]: row for row in one}
    for row in other:
        known = by_log.get(row[0])
        if known is None or (known[1], known[2]) < (row[1], row[2]):
            by_log[row[0]] = row
    return tuple(by_log[log_id] for log_id in sorted(by_log))


def value(measure: Measure, kept: Kept, window_us: int | None) -> object:
    """The value to be shown: an int, Decimal, Fraction (means and rates), JSON value, or None where there is nothing.

    The last one is the last of its log by position; of several logs, that with the latest time.
    """
    if measure.operation == "rate":
        assert window_us is not None
        amount = Fraction(kept) if is_count(measure) else Fraction(sum_value(kept))
        return amount * _SECOND_US / window_us
    if is_count(measure) or measure.operation in {"min", "max"}:
        return kept
    if measure.operation == "last":
        if not kept:
            return None
        latest = max(kept, key=lambda row: (row[3] is not None, row[3] or 0, row[0]))
        found = values.parse_exactly(latest[4])
        number = exact(found)
        return found if number is None else number
    if kept[2] == 0:
        return None
    return sum_value(kept) if measure.operation == "sum" else Fraction(sum_value(kept)) / kept[2]


# ---- as JSON


def to_plain(measures: Sequence[Measure], cells: Mapping[Key, tuple[Kept, ...]]) -> list[list[object]]:
    """Cells as JSON values: [[window, label, …], [kept, …]]; what may be beyond a double is text."""
    return [[list(key), [_plain(one, kept) for one, kept in zip(measures, row, strict=True)]] for key, row in cells.items()]


def _plain(measure: Measure, kept: Kept) -> object:
    if measure.operation in {"min", "max"}:
        return None if kept is None else str(kept)
    if is_count(measure):
        return kept
    return [list(row) for row in kept] if measure.operation == "last" else [str(kept[0]), kept[1], kept[2]]


def of_plain(measures: Sequence[Measure], found: Sequence[Any]) -> Cells:
    """The cells that `to_plain` wrote. Raises ValueError, TypeError or LookupError for anything else."""
    return {tuple(key): tuple(_kept(one, kept) for one, kept in zip(measures, row, strict=True)) for key, row in found}


def _kept(measure: Measure, kept: Any) -> Kept:
    if measure.operation in {"min", "max"}:
        return None if kept is None else exact(values.parse_exactly(kept))
    if is_count(measure):
        return int(kept)
    if measure.operation == "last":
        return tuple((int(log_id), int(position), int(sub), time_us, str(text)) for log_id, position, sub, time_us, text in kept)
    return int(kept[0]), int(kept[1]), int(kept[2])


def label_text(value_: object) -> str:
    """A label as the one JSON text of its value: numbers that are equal are one."""
    if isinstance(value_, str):
        return values.scalar_json(value_)
    number = exact(value_)
    if number is None:
        return values.to_json(value_)
    return str(number) if isinstance(number, int) else format(number, "f")
