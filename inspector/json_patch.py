"""JSON Patch (RFC 6902) over JSON values that are shared: what a patch touches is copied, everything else stays one object. Pure.

Nothing recurses, so that documents may nest as deep as a capture allows. Read `reducers.patch` for who folds with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from inspector.state_size import MOST_STATE_DEPTH, StateTooLargeError, check_copy

_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_NEEDED = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": ""}
MISSING = object()


class PatchError(ValueError):
    """An operation cannot be done; the message says which one and why."""


def tokens(pointer: object) -> list[str]:
    """The steps of a JSON Pointer (RFC 6901). Raises PatchError for text that is none."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchError(f"{pointer!r} is no JSON Pointer: it is empty or begins with /")
    if re.search(r"~(?![01])", pointer):
        raise PatchError(f"{pointer!r} is no JSON Pointer: ~ stands only in ~0 and ~1")
    if pointer.count("/") > MOST_STATE_DEPTH:
        raise PatchError(f"a path of {pointer.count('/'):,} steps: at most {MOST_STATE_DEPTH:,} are followed")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


class Patcher:
    """Applies patches one after the other; containers that it has copied before it changes in place.

    `apply` gives the new document and leaves every value that was given to it as it was.
    """

    def __init__(self) -> None:
        self._owned: dict[int, object] = {}

    def apply(self, document: object, operations: object) -> object:
        """`document` after all operations. Raises PatchError for the first that cannot be done."""
        if not isinstance(operations, list):
            raise PatchError("a JSON Patch is a list of operations")
        for number, operation in enumerate(operations, 1):
            try:
                document = self._operate(document, operation)
            except PatchError as error:
                name = operation.get("op") if isinstance(operation, dict) else None
                raise PatchError(f"operation {number} ({name}): {error}") from None
        return document

    def _operate(self, document: object, operation: object) -> object:
        if not isinstance(operation, dict):
            raise PatchError("an operation is an object")
        name = operation.get("op")
        if not isinstance(name, str) or name not in _NEEDED:
            raise PatchError(f"no operation is called {name!r}; one of {', '.join(_NEEDED)}")
        for member in ("path", _NEEDED[name]):
            if member and member not in operation:
                raise PatchError(f"its {member} is missing")
        path = tokens(operation["path"])
        if name == "test":
            if not equal(found(document, path), operation["value"]):
                raise PatchError(f"{operation['path']!r} has another value")
            return document
        if name in {"move", "copy"}:
            return self._carried(document, name, tokens(operation["from"]), path)
        if name == "remove":
            return self._removed(document, path)
        if name == "replace":
            found(document, path)
            return self._put(document, path, operation["value"], replace=True)
        return self._put(document, path, operation["value"])

    def _carried(self, document: object, name: str, source: Sequence[str], path: Sequence[str]) -> object:
        value = found(document, source)
        if name == "move":
            if len(path) > len(source) and list(path[: len(source)]) == list(source):
                raise PatchError("a value cannot be moved into itself")
            document = self._removed(document, source) if source != path else document
            return self._put(document, path, value) if source != path else document
        try:
            check_copy(document, value, len(path))
        except StateTooLargeError as error:
            raise PatchError(str(error)) from None
        # two places share what was copied: none of it may be changed in place any more
        self._owned.clear()
        return self._put(document, path, value)

    def _removed(self, document: object, path: Sequence[str]) -> object:
        if not path:
            raise PatchError("the whole document cannot be removed")
        found(document, path)
        root, inner = self._opened(document, path)
        if isinstance(inner, dict):
            del inner[path[-1]]
        else:
            del inner[_index(path[-1], len(inner) - 1)]
        return root

    def _put(self, document: object, path: Sequence[str], value: object, *, replace: bool = False) -> object:
        if not path:
            return value
        root, inner = self._opened(document, path)
        if isinstance(inner, dict):
            inner[path[-1]] = value
        elif replace:
            inner[_index(path[-1], len(inner) - 1)] = value
        elif path[-1] == "-":
            inner.append(value)
        else:
            inner.insert(_index(path[-1], len(inner)), value)
        return root

    def _opened(self, document: object, path: Sequence[str]) -> tuple[object, dict[str, object] | list[object]]:
        """The document and the container that the last step stands in, both free to be changed."""
        root = inner = self._own(document)
        for step in path[:-1]:
            key: Any = step if isinstance(inner, dict) else _index(step, len(inner) - 1)
            if isinstance(inner, dict) and key not in inner:
                raise PatchError(f"there is no {step!r}")
            container = cast("Any", inner)
            container[key] = inner = self._own(container[key])
        return root, inner

    def _own(self, value: object) -> dict[str, object] | list[object]:
        if not isinstance(value, dict | list):
            raise PatchError("the path leads into something that is no object or list")
        if id(value) in self._owned:
            return value
        fresh = value.copy()
        self._owned[id(fresh)] = fresh
        return fresh


def found(document: object, path: Sequence[str]) -> object:
    """What stands at a path. Raises PatchError when nothing does."""
    value = document
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list):
            value = value[_index(step, len(value) - 1)]
        else:
            value = MISSING
        if value is MISSING:
            raise PatchError(f"there is no {step!r}")
    return value


def _index(step: str, most: int) -> int:
    if not _INDEX.match(step):
        raise PatchError(f"{step!r} is no index of a list")
    if int(step) > most:
        raise PatchError(f"the list has no place {step}")
    return int(step)


def equal(one: object, other: object) -> bool:
    """Whether two JSON values are equal: numbers by value, objects in any order, true never 1."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            waiting.extend((value, right[name]) for name, value in left.items())
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            waiting.extend(zip(left, right, strict=True))
        elif not _same_scalar(left, right):
            return False
    return True


def _same_scalar(left: object, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        return left == right
    return type(left) is type(right) and left == right
