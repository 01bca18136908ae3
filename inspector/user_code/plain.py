"""What an application's objects are as JSON values, the same for the same objects. Pure; knows no package.

UUID, date, time, datetime   text as str() and isoformat() write them     Decimal, int, float   the number
Enum                         its name                                     bytes                 {"base64": …}
set                          an array in the order of its parts' JSON     dataclass, object     its attributes
"""

from __future__ import annotations

import base64
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from inspector.values import escape, to_json

_MAX_DEPTH = 900
_NAMES = {"_id": "id", "_version": "version", "_created_on": "created_on", "_modified_on": "modified_on"}
_HIDDEN = frozenset({"_pending_events"})


def aggregate_state(aggregate: object) -> dict[str, object]:
    """An aggregate's attributes, its id, version and times under their plain names, first.

    Raises ValueError naming an attribute that is no value.
    """
    attributes = _attributes(aggregate)
    if attributes is None:
        raise ValueError(f"an aggregate of {type(aggregate).__qualname__} has no attributes to show")
    named = {_NAMES[name]: attributes[name] for name in _NAMES if name in attributes}
    named |= {name: value for name, value in attributes.items() if name not in _NAMES and name not in _HIDDEN}
    return {name: plain(value, f"/{escape(name)}") for name, value in named.items()}


def plain(value: object, path: str = "", depth: int = 0) -> object:
    """`value` as a JSON value. Raises ValueError naming the place of something that is none."""
    if value is None or type(value) in (str, bool, int):
        return value
    if depth > _MAX_DEPTH:
        raise ValueError(f"{path[:80]}… holds itself, or is nested more than {_MAX_DEPTH} deep")
    for types, written in _WRITTEN:
        if isinstance(value, types):
            return written(value)
    return _container(value, path, depth + 1)


def _number(value: Any) -> object:
    return value if math.isfinite(value) else str(value)


_WRITTEN: tuple[tuple[type | tuple[type, ...], Callable[[Any], object]], ...] = (
    (Enum, lambda value: value.name),
    ((float, Decimal), _number),
    (str, str.__str__),
    (int, int),
    ((date, time), lambda value: value.isoformat()),
    ((UUID, timedelta), str),
    ((bytes, bytearray), lambda value: {"base64": base64.b64encode(value).decode()}),
)


def _container(value: object, path: str, depth: int) -> object:
    if isinstance(value, Mapping):
        return _object(((_key(key, path), inner) for key, inner in value.items()), path, depth)
    if isinstance(value, Set):
        return sorted((plain(inner, f"{path}/*", depth) for inner in value), key=to_json)
    if isinstance(value, (list, tuple, deque)):
        return [plain(inner, f"{path}/{place}", depth) for place, inner in enumerate(value)]
    attributes = _attributes(value)
    if attributes is None:
        raise ValueError(f"{path or 'the whole state'} is no JSON value: {type(value).__qualname__}")
    return _object(attributes.items(), path, depth)


def _object(items: Iterable[tuple[str, object]], path: str, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, inner in items:
        if name in found:
            raise ValueError(f"{path or 'the whole state'} has two keys that are both written {name!r}")
        found[name] = plain(inner, f"{path}/{escape(name)}", depth)
    return found


def _key(key: object, path: str) -> str:
    """A key as text: what its value is written as."""
    found = plain(key, path)
    return found if isinstance(found, str) else to_json(found)


def _attributes(value: object) -> dict[str, object] | None:
    """The attributes of an object that has some of its own; None for a class, a function, and what is built in."""
    if isinstance(value, type) or callable(value):
        return None
    if is_dataclass(value):
        return {found.name: getattr(value, found.name) for found in fields(value)} | getattr(value, "__dict__", {})
    attributes = getattr(value, "__dict__", None)
    return dict(attributes) if isinstance(attributes, dict) else None


def not_finite(value: object) -> str | None:
    """The JSON pointer to the first number in a JSON value that is none that JSON can say; None when there is none."""
    waiting: list[tuple[object, str]] = [(value, "")]
    while waiting:
        inner, path = waiting.pop()
        if isinstance(inner, float) and not math.isfinite(inner):
            return path
        if isinstance(inner, dict):
            waiting += [(part, f"{path}/{escape(key)}") for key, part in inner.items()]
        elif isinstance(inner, (list, tuple)):
            waiting += [(part, f"{path}/{place}") for place, part in enumerate(inner)]
    return None
