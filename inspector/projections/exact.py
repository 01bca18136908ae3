"""Numbers of many events added up by numpy, exactly. Pure.

Numbers of up to 15 digits are told by their doubles, and added as whole numbers of their last decimal place in doubles that hold
these without loss; all others one by one. Read `cells` for what is kept of them, `chunk` for who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.projections.cells import Kept, added, both, exact, number_sum
from inspector.projections.spec import Measure

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
_FEW_DIGITS = 1e15
"""Below it a number of as many decimal places as it says is told by its double."""
_EXACT = 2.0**53
_PLACES = (0, 2, 3, 4, 6, 9)
_HALF = 2.0**26


def numbers_of(found: Sequence[Any]) -> tuple[Numbers, dict[int, int | Decimal]]:
    """Doubles that tell their number to the last digit, NaN for all else; and by their places the numbers that need more."""
    kinds = set(map(type, found))
    others: dict[int, int | Decimal] = {}
    if not kinds <= {int, float, type(None)}:
        for place, value in enumerate(found):
            if type(value) is Decimal and (number := exact(value)) is not None:
                others[place] = number
        found = [value if type(value) is int or type(value) is float else None for value in found]
    try:
        doubles = np.array(found, np.float64)
    except OverflowError:
        doubles = np.array([None if value is None or abs(value) >= _FEW_DIGITS else value for value in found], np.float64)
        large = [place for place, value in enumerate(found) if value is not None and abs(value) >= _FEW_DIGITS]
    else:
        large = np.flatnonzero(np.abs(doubles) >= _FEW_DIGITS).tolist()
    for place in large:
        doubles[place] = np.nan
        if (number := exact(found[place])) is not None:
            others[place] = number
    return doubles, others


def _scaled(doubles: Numbers) -> tuple[Numbers, int, list[int]]:
    """Doubles without NaN as whole numbers of a decimal place, and which of them (by place) have more places than that."""
    whole, exact_at, best = doubles, np.zeros(len(doubles), np.bool_), 0
    for places in _PLACES:
        scaled = np.rint(doubles * 10.0**places)
        good = (scaled / 10.0**places == doubles) & (np.abs(scaled) < _FEW_DIGITS)
        if places == 0 or good.sum() > exact_at.sum():
            whole, exact_at, best = scaled, good, places
        if good.all():
            break
    return whole, best, np.flatnonzero(~exact_at).tolist()


def _summed(doubles: Numbers, others: Mapping[int, int | Decimal], codes: Codes, groups: int, _measure: Measure) -> Sequence[Kept]:
    there = np.flatnonzero(~np.isnan(doubles))
    code, numbers = codes[there], doubles[there]
    whole, places, odd = _scaled(numbers)
    if odd:
        whole = whole.copy()
        whole[odd] = 0.0
    most = float(np.abs(whole).max()) if len(whole) else 0.0
    if most * len(whole) < _EXACT:
        digits = np.bincount(code, weights=whole, minlength=groups).astype(np.int64).tolist()
    else:
        high = np.floor(whole / _HALF)
        parts = [np.bincount(code, weights=part, minlength=groups).astype(np.int64).tolist() for part in (high, whole - high * _HALF)]
        digits = [upper * int(_HALF) + lower for upper, lower in zip(*parts, strict=True)]
    sums: list[Kept] = list(zip(digits, [places] * groups, np.bincount(code, minlength=groups).tolist(), strict=True))
    for place in odd:
        number = exact(float(numbers[place]))
        assert number is not None
        one = int(code[place])
        digits_, scale, _ = number_sum(number)
        sums[one] = added(sums[one], (digits_, scale, 0))
    for place, number in others.items():
        one = int(codes[place])
        sums[one] = added(sums[one], number_sum(number))
    return sums


def _extreme(doubles: Numbers, others: Mapping[int, int | Decimal], codes: Codes, groups: int, measure: Measure) -> Sequence[Kept]:
    there = np.flatnonzero(~np.isnan(doubles))
    found: list[Kept] = [None] * groups
    if len(there):
        sign = 1.0 if measure.operation == "min" else -1.0
        least = np.full(groups, np.inf)
        np.minimum.at(least, codes[there], doubles[there] * sign)
        found = [exact(one * sign) if one != np.inf else None for one in least.tolist()]
    join = both(measure)
    for place, number in others.items():
        one = int(codes[place])
        found[one] = join(found[one], number)
    return found


REDUCED: Mapping[str, Callable[[Numbers, Mapping[int, int | Decimal], Codes, int, Measure], Sequence[Kept]]] = {
    "sum": _summed,
    "avg": _summed,
    "rate": _summed,
    "min": _extreme,
    "max": _extreme,
}
"""Operation → what is kept of each group: of doubles, the numbers besides, the group of each, and how many groups."""
