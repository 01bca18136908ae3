"""Single-precision numbers with their shortest digits: 0.1, where the double of the same value says 0.10000000149011612."""

from __future__ import annotations

import math
import struct

_SINGLE = struct.Struct("<f")


def shortest(number: float) -> float:
    """The double that prints the fewest digits of those that are `number` in single precision; NaN and infinities as they are."""
    if number == 0 or not math.isfinite(number):
        return number
    bits = _SINGLE.pack(number)
    for digits in (6, 7, 8) if abs(number) > 2e-38 else range(1, 9):
        rounded = float(f"{number:.{digits}g}")
        if abs(rounded) < 3.4028235677973366e38 and _SINGLE.pack(rounded) == bits:
            return rounded
    return float(f"{number:.9g}")
