"""Lengths of time as text, to the microsecond or short, and the event that times are told relative to. No Qt, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

_UNITS = ((3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "µs"))
_DAY_US, _HOUR_US, _MINUTE_US, _SECOND_US, _MILLISECOND_US = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1_000


@dataclass(frozen=True, slots=True)
class Reference:
    """The event that the times of others are told relative to; its time in microseconds since 1970 UTC."""

    seq: int
    time_us: int


def step_text(length_us: int) -> str:
    """A length of time in its largest whole unit."""
    size, unit = next(((size, unit) for size, unit in _UNITS if length_us >= size and length_us % size == 0), (1, "µs"))
    return f"{length_us // size:,} {unit}"


def exact(length_us: int) -> str:
    """A signed length of time with all its digits, such as `+1.204 s`, `−2 h 03 min` or `+1 d 00 h 00 min 00.5 s`."""
    return _signed(length_us, _parts(abs(length_us)))


def short(length_us: int) -> str:
    """As `exact` below a minute, else its two largest units, the rest cut off: `+3 min 07 s`."""
    length = abs(length_us)
    for size, smaller in ((_DAY_US, _HOUR_US), (_HOUR_US, _MINUTE_US), (_MINUTE_US, _SECOND_US)):
        if length >= size:
            return _signed(length_us, _parts(length // smaller * smaller))
    return exact(length_us)


def _signed(length_us: int, text: str) -> str:
    return f"{'+' if length_us > 0 else '−' if length_us else ''}{text}"


def _parts(length_us: int) -> str:
    if length_us < _SECOND_US:
        if length_us >= _MILLISECOND_US:
            return f"{_decimal(length_us, _MILLISECOND_US, 3)} ms"
        return f"{length_us} µs" if length_us else "0 s"
    if length_us < _MINUTE_US:
        return f"{_decimal(length_us, _SECOND_US, 6)} s"
    parts: list[str] = []
    rest = length_us
    for size, unit in ((_DAY_US, "d"), (_HOUR_US, "h"), (_MINUTE_US, "min")):
        if parts or rest >= size:
            parts.append(f"{rest // size:02d} {unit}" if parts else f"{rest // size:,} {unit}")
        rest %= size
    if rest:
        parts.append(f"{_decimal(rest, _SECOND_US, 6, whole=2)} s")
    while parts[-1].startswith("00 "):
        parts.pop()
    return " ".join(parts)


def _decimal(value: int, unit: int, digits: int, *, whole: int = 1) -> str:
    """`value` in `unit`s without superfluous zeros behind the point, with at least `whole` digits before it."""
    return f"{value // unit:0{whole}d}.{value % unit:0{digits}d}".rstrip("0").rstrip(".")
