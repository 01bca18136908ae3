"""JSON values as a state keeps them: exact numbers, the first of repeated keys, any depth. Pure; no I/O.

A number is an int or float where that is its value, and a Decimal where a double would change it. orjson reads what it
reads exactly; the rest takes a slower path that gives the same for everything both can read.
Read `documents` for what counts as a document, `reducers` for who folds these values.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring_ascii

import orjson
import re2

from inspector.state_size import size_up_to

_FAULT = "is no JSON value: {}"
_MAX_INT_DIGITS = 4000
"""Python refuses to read longer ints from text; these stay Decimals."""

_FRACTIONS = "|".join(rf"[0-9]{{{whole}}}\.[0-9]{{{16 - whole},}}" for whole in range(1, 16))
_ODD_NUMBER = re2.compile(rf"(?:^|[:\[,\s])-?(?:[0-9]{{19,}}|[0-9]{{16,}}[.eE]|{_FRACTIONS}|[0-9.]+[eE][+-]?[0-9]{{3}})")
"""A number that a double (or a 64-bit integer) may not hold: more than 15 digits or a long exponent.

RE2 finds it in a batch of joined texts at 0.4 µs a document; a match inside a string costs time and no more."""

_TOKEN = re.compile(r'[ \t\n\r]*([{}\[\]:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}\[\]:,"]+)', re.DOTALL)
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_LITERALS: dict[str, object] = {"null": None, "true": True, "false": False}


def parse_all(texts: Sequence[str], *, repeated_keys: Sequence[int] = ()) -> list[object]:
    """The values of JSON `texts`; `repeated_keys` are the places of texts in which an object repeats a key.

    Raises ValueError for text that is no JSON, or has a number that cannot be kept.
    """
    if not repeated_keys and is_ordinary("\n".join(texts)):
        try:
            return list(map(orjson.loads, texts))
        except orjson.JSONDecodeError:  # a lone surrogate, or no JSON at all: decided one by one
            pass
    repeated = set(repeated_keys)
    return [parse_exactly(text) if place in repeated else parse(text) for place, text in enumerate(texts)]


def is_ordinary(text: str) -> bool:
    """Whether no number in a JSON text needs the exact path. Other threads run meanwhile."""
    return not _ODD_NUMBER.search(text)


def parse(text: str) -> object:
    """The value of one JSON text without repeated keys. Raises ValueError as `parse_all` does."""
    return parse_ordinary(text) if is_ordinary(text) else parse_exactly(text)


def parse_ordinary(text: str) -> object:
    """The same for one that `is_ordinary`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return parse_exactly(text)


def parse_exactly(text: str) -> object:
    """The value of one JSON text, whatever its numbers, keys and depth. Raises ValueError as `parse_all` does."""
    try:
        return json.loads(text, object_pairs_hook=_first_wins, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse)
    except RecursionError:
        return _parse_deep(text)


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found.update(reversed(pairs))
    return found


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < _MAX_INT_DIGITS else Decimal(digits)


def _fraction(digits: str) -> float | Decimal:
    try:
        exact = Decimal(digits)
    except InvalidOperation:  # an exponent of nineteen digits
        raise ValueError(f"the number {digits[:40]} is larger or smaller than any that can be kept") from None
    double = float(digits)
    return double if Decimal(repr(double)) == exact else exact


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _parse_deep(text: str) -> object:
    """What `parse_exactly` gives, without recursion; `text` is known to be JSON by its shape or refused."""
    root: list[object] = []
    open_containers: list[dict[str, object] | list[object]] = [root]
    keys: list[str | None] = [None]
    for lexeme in _TOKEN.findall(text):
        inner = open_containers[-1]
        if lexeme in "{[":
            fresh: dict[str, object] | list[object] = {} if lexeme == "{" else []
            _put(inner, keys, fresh)
            open_containers.append(fresh)
            keys.append(None)
        elif lexeme in "}]":
            open_containers.pop()
            keys.pop()
        elif lexeme in ":,":
            continue
        elif isinstance(inner, dict) and keys[-1] is None:
            keys[-1] = json.loads(lexeme)
        else:
            _put(inner, keys, _scalar(lexeme))
    if len(open_containers) != 1 or len(root) != 1:
        raise ValueError("not JSON: its brackets do not balance")
    return root[0]


def _put(inner: dict[str, object] | list[object], keys: list[str | None], value: object) -> None:
    if isinstance(inner, list):
        inner.append(value)
        return
    key, keys[-1] = keys[-1], None
    assert key is not None
    inner.setdefault(key, value)


def _scalar(lexeme: str) -> object:
    if lexeme in _LITERALS:
        return _LITERALS[lexeme]
    return json.loads(lexeme, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse)


def to_json(value: object) -> str:
    """`value` as JSON text on one line, numbers exact. Raises ValueError naming where something is no JSON value."""
    text = quick_json(value)
    return "".join(_written(value)) if text is None else text.decode()


def quick_json(value: object) -> bytes | None:
    """The same in UTF-8; None for what takes longer: beyond 64 bits, a lone surrogate, deeper than 254, or no JSON value."""
    try:
        return orjson.dumps(value, _digits, _AS_IT_IS)
    except TypeError:
        return None


_AS_IT_IS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _digits(value: object) -> orjson.Fragment:
    """A Decimal for orjson, which a state may have many of."""
    if isinstance(value, Decimal):
        return orjson.Fragment(scalar_json(value))
    raise TypeError


_CONTAINER = (dict, list, tuple)
_CONTAINERS = frozenset(_CONTAINER)


def beginning(value: object, most: int) -> str:
    """The JSON text of `value`, or the first `most` characters of a longer one, of which not much more is written.

    Raises as `to_json` does.
    """
    if isinstance(value, str):
        value = value[:most]
    elif isinstance(value, _CONTAINER) and _is_longer(value, most):
        pieces, room = list[str](), most
        for piece in _written(value, longest=most):
            pieces.append(piece)
            room -= len(piece)
            if room <= 0:
                break
        return "".join(pieces)[:most]
    return to_json(value)[:most]


def _is_longer(value: dict[object, object] | list[object] | tuple[object, ...], most: int) -> bool:
    """Whether a container's text may be much longer; one of scalars is taken to be none."""
    inner = value.values() if isinstance(value, dict) else value
    return not _CONTAINERS.isdisjoint(map(type, inner)) and size_up_to(value, most)[0] > most


def _written(value: object, *, longest: int | None = None) -> Iterator[str]:
    """The pieces of `value`'s JSON text, in order, without recursion; of each text no more than the `longest` first characters."""
    opened: list[_Opened] = []
    ids: set[int] = set()
    inner = value
    while True:
        if isinstance(inner, (dict, list, tuple)):
            if id(inner) in ids:
                raise ValueError("the state holds itself somewhere")
            ids.add(id(inner))
            opened.append(_Opened(inner))
            yield opened[-1].begin
        else:
            yield _scalar_within(inner[:longest] if isinstance(inner, str) else inner, opened)
        while opened and not opened[-1].go_on():
            ids.discard(opened[-1].id)
            yield opened.pop().end
        if not opened:
            return
        yield opened[-1].before(opened)
        inner = opened[-1].value


class _Opened:
    """A container that is being written: `value` is the part under way, `step` where it stands."""

    __slots__ = ("begin", "end", "id", "is_first", "parts", "step", "value")

    def __init__(self, container: dict[object, object] | list[object] | tuple[object, ...]) -> None:
        is_object = isinstance(container, dict)
        self.id = id(container)
        self.begin, self.end = "{}" if is_object else "[]"
        self.parts: Iterator[tuple[object, object]] = iter(container.items()) if isinstance(container, dict) else enumerate(container)
        self.is_first = True
        self.step: object = None
        self.value: object = None

    def go_on(self) -> bool:
        """Turns to the next part; False when there is none."""
        self.is_first = self.step is None
        part = next(self.parts, None)
        if part is None:
            return False
        self.step, self.value = part
        return True

    def before(self, opened: Sequence[_Opened]) -> str:
        """What stands before the part: a comma, and the key in an object."""
        comma = "" if self.is_first else ","
        if self.begin == "[":
            return comma
        if not isinstance(self.step, str):
            raise _no_json(_path(opened[:-1]), f"has a key that is no text: {self.step!r}")
        return f"{comma}{scalar_json(self.step)}:"


def _scalar_within(value: object, opened: Sequence[_Opened]) -> str:
    try:
        return scalar_json(value)
    except ValueError:
        raise _no_json(_path(opened), _FAULT.format(type(value).__name__)) from None


def _path(opened: Sequence[_Opened]) -> str:
    return "".join(f"/{escape(str(one.step))}" for one in opened)


def scalar_json(value: object) -> str:
    """A value that is no container as JSON text. Raises ValueError when it is no JSON value."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        try:
            return orjson.dumps(str(value)).decode()
        except TypeError:  # a lone surrogate: only an escape can say it
            return encode_basestring_ascii(value)
    if isinstance(value, int):
        return str(Decimal(int(value)))
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(float(value))
    raise _no_json("", _FAULT.format(type(value).__name__))


def _no_json(path: str, fault: str) -> ValueError:
    return ValueError(f"{path or 'the whole state'} {fault}")


def escape(name: str) -> str:
    """An object key as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def index_in(items: Sequence[object], step: str) -> int | None:
    """The place that one step of a path names in a list, written as in a JSON pointer (RFC 6901); None for none there."""
    return int(step) if _INDEX.match(step) and int(step) < len(items) else None


def copied(value: object) -> object:
    """A copy of a JSON value that shares no container with it; other objects are shared. Any depth."""
    if not isinstance(value, (dict, list)):
        return value
    result: dict[object, object] | list[object] = {} if isinstance(value, dict) else []
    waiting: list[tuple[object, object]] = [(value, result)]
    while waiting:
        old, new = waiting.pop()
        if isinstance(old, dict):
            assert isinstance(new, dict)
            for name, inner in old.items():
                new[name] = _fresh(inner, waiting)
        elif isinstance(old, list):
            assert isinstance(new, list)
            new.extend(_fresh(inner, waiting) for inner in old)
    return result


def _fresh(inner: object, waiting: list[tuple[object, object]]) -> object:
    """`inner`, or the empty container that will become its copy."""
    if not isinstance(inner, (dict, list)):
        return inner
    fresh: object = {} if isinstance(inner, dict) else []
    waiting.append((inner, fresh))
    return fresh
