"""What logical types of Avro become: decimals as numbers with their digits, times as texts, whichever fits. Pure.

A number that is no such time (a day outside the years 1 to 9999) stays a number, bytes that are no such decimal stay
bytes. Read `avro_values` for who asks.
"""

from __future__ import annotations

import binascii
import math
import struct
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

import orjson

MAX_SCALE = 10_000
"""A decimal with a larger scale is none."""
_MOST_DECIMAL_BYTES = 1_700
"""4,000 digits; a longer decimal is shown as its bytes."""
_MOST_PLAIN_SCALE = 100
"""A decimal with a larger scale is written with an exponent, so that one byte never makes a thousand digits."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400
_DURATION = struct.Struct("<III")


class Digits:
    """A number that a double would change, as JSON text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def plain(self) -> int | float:
        """The nearest int of 64 bits or float, which is never infinite."""
        if len(self.text) < 19 and self.text.lstrip("-").isdigit():
            return int(self.text)
        number = float(self.text)
        return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def plain(value: object) -> object:
    """`value` with plain numbers for `Digits`, lists and dicts changed in place."""
    if type(value) is Digits:
        return value.plain()
    if type(value) is dict:
        for name, inner in value.items():
            if type(inner) in _MAY_HOLD_DIGITS:
                value[name] = plain(inner)
    elif type(value) is list:
        value[:] = map(plain, value)
    return value


_MAY_HOLD_DIGITS = {Digits, dict, list}


def json_text(value: object) -> str:
    """`value` as JSON text, numbers with their digits. Raises TypeError where it nests too deep for that."""
    return orjson.dumps(value, default=_fragment).decode()


def _fragment(value: object) -> object:
    if isinstance(value, Digits):
        return orjson.Fragment(value.text)
    raise TypeError


def decimal(content: bytes, scale: int) -> object:
    """The decimal with these two's complement digits, as many behind the point as `scale` says."""
    if len(content) > _MOST_DECIMAL_BYTES:
        return base64_text(content)
    unscaled = int.from_bytes(content, "big", signed=True)
    digits = str(unscaled)
    if not 0 < scale <= _MOST_PLAIN_SCALE:
        return Digits(digits if scale == 0 else f"{digits}e{-scale}")
    if len(digits) < scale + 2:
        digits = f"{digits.removeprefix('-'):0>{scale + 1}}"
        digits = "-" + digits if unscaled < 0 else digits
    return Digits(f"{digits[:-scale]}.{digits[-scale:]}")


def base64_text(content: bytes) -> str:
    """Bytes as documents have them."""
    return binascii.b2a_base64(content, newline=False).decode()


def of_fixed(logical: str, size: int, scale: int) -> Callable[[bytes], object]:
    """What the bytes of a fixed type become."""
    if logical == "decimal":
        return partial(decimal, scale=scale)
    if logical == "duration" and size == 12:
        return _duration
    if logical == "uuid" and size == 16:
        return _uuid
    return base64_text


def _uuid(content: bytes) -> str:
    return str(uuid.UUID(bytes=content))


def _duration(content: bytes) -> dict[str, int]:
    months, days, millis = _DURATION.unpack(content)
    return {"months": months, "days": days, "millis": millis}


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    """A second since 1970 as text; the events of a log lie close together. Raises OverflowError outside the years 1 to 9999."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def _date(days: int) -> str:
    return _second(days * _DAY_S)[:10]


def _time_millis(millis: int) -> object:
    return _local_millis(millis)[11:] if 0 <= millis < _DAY_S * 1000 else millis


def _time_micros(micros: int) -> object:
    return _local_micros(micros)[11:] if 0 <= micros < _DAY_S * 1_000_000 else micros


def _local_millis(millis: int) -> str:
    seconds, rest = divmod(millis, 1000)
    return f"{_second(seconds)}.{rest:03}"


def _local_micros(micros: int) -> str:
    seconds, rest = divmod(micros, 1_000_000)
    return f"{_second(seconds)}.{rest:06}"


def _local_nanos(nanos: int) -> str:
    seconds, rest = divmod(nanos, 1_000_000_000)
    return f"{_second(seconds)}.{rest:09}"


def _in_utc(local: Callable[[int], str]) -> Callable[[int], str]:
    return lambda number: local(number) + "Z"


OF_NUMBERS: dict[tuple[str, str], Callable[[int], object]] = {
    ("int", "date"): _date,
    ("int", "time-millis"): _time_millis,
    ("long", "time-micros"): _time_micros,
    ("long", "timestamp-millis"): _in_utc(_local_millis),
    ("long", "timestamp-micros"): _in_utc(_local_micros),
    ("long", "timestamp-nanos"): _in_utc(_local_nanos),
    ("long", "local-timestamp-millis"): _local_millis,
    ("long", "local-timestamp-micros"): _local_micros,
    ("long", "local-timestamp-nanos"): _local_nanos,
}
