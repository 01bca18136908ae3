"""One Avro value followed step by step: exact, as deep as documents may be, bounded, and able to say where it stops. Pure.

Much slower than `avro_read`, which is asked first; this decides what that finds odd. What is bounded: levels, values,
values that take no bytes (an array may say that it has 2⁶⁰ of them), and the text that is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from inspector.documents import MAX_DEPTH
from inspector.event import Flag
from inspector.schemas.avro import AvroType
from inspector.schemas.avro_logical import Digits, json_text
from inspector.schemas.avro_values import BROKEN, counted, read_long, read_size, read_string, reason

Step = str | int
_T = TypeVar("_T")
MOST_VALUES = 1_000_000
MOST_PASSED = 4_000_000
"""So many values are passed over to find where a record ends that is not made."""
MOST_EMPTY = 10_000
"""So many values that take no bytes are read."""
MOST_TEXT = 64 * 1024 * 1024
_OPENING = ("[", "{")


class StoppedError(Exception):
    """Where a value cannot be followed, and why."""

    def __init__(self, at: int, why: str, path: tuple[Step, ...] = ()) -> None:
        super().__init__(why)
        self.at, self.why, self.path = at, why, path

    def words(self) -> str:
        """The byte, the field and the reason in one line."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")
        shown = place if len(place) <= 80 else "…" + place[-79:]
        return f"byte {self.at:,}{f', in {shown}' if shown else ''}: {self.why}"


class TooLongError(StoppedError):
    """A value makes more text, or has more values, than it may."""


@dataclass(slots=True)
class Budget:
    """What may still be read. `most` is with how many values it began, `most_text` with how many characters."""

    values: int = MOST_VALUES
    most: int = field(init=False)
    empty: int = MOST_EMPTY
    text: int = MOST_TEXT
    most_text: int = field(init=False)

    def __post_init__(self) -> None:
        self.most, self.most_text = self.values, self.text


Visit = tuple[str, Step | None, AvroType, int, object]
"""A value that holds no others (`leaf`), or the begin (`open`) and the end (`close`) of one that does: that word, the last
step to it (None for the whole), its type, the byte where it begins, and the value of a leaf. A plain tuple, for speed."""


@dataclass(slots=True)
class _Open:
    """A container that is being followed."""

    step: Step | None
    kind: AvroType
    start: int
    members: Iterator[tuple[Step | None, AvroType]]


class Walk:
    """Follows one value of type `root` in `data`, from byte `at`; `at` is afterwards where it ended.

    `around` is how many levels its document has around it.
    """

    def __init__(self, root: AvroType, data: bytes, at: int, budget: Budget, *, around: int = 0) -> None:
        self.at = at
        self.budget = budget
        self._root = root
        self._deepest = MAX_DEPTH - around
        self._data = data
        self._levels: list[_Open] = []

    def visits(self) -> Iterator[Visit]:
        """Every value, a container before and after its members; `at` is the byte behind what was visited. Raises StoppedError."""
        try:
            yield from self._visits()
        finally:
            self._levels.clear()  # what is open knows this walk: the bytes of one that stops early would stay until they are collected

    def _visits(self) -> Iterator[Visit]:
        levels = self._levels
        members: Iterator[tuple[Step | None, AvroType]] = iter([(None, self._root)])
        while True:
            for step, kind in members:
                start = self.at
                taken = self._branch(kind, step) if kind.kind == "union" else kind
                self._spend(step, is_empty=taken.least == 0 and start == self.at)
                if taken.read is None:
                    members = self._begin(step, taken, start)
                    yield "open", step, taken, start, None
                    break
                value = self._read(taken.read, taken, step)
                if type(value) is dict and len(levels) >= self._deepest:  # a duration, which is a level of its own
                    raise self._too_deep(start, step)
                yield "leaf", step, taken, start, value
            else:
                if not levels:
                    return
                level = levels.pop()
                members = levels[-1].members if levels else iter(())
                yield "close", level.step, level.kind, level.start, None

    def path(self, step: Step | None) -> tuple[Step, ...]:
        """All steps to a leaf that was visited last, which `step` is the last of; None: to the container that is open."""
        steps = (*(level.step for level in self._levels), step)
        return tuple(each for each in steps if each is not None)

    def _begin(self, step: Step | None, kind: AvroType, start: int) -> Iterator[tuple[Step | None, AvroType]]:
        if len(self._levels) >= self._deepest:
            raise self._too_deep(start, step)
        members = self._members(kind)
        self._levels.append(_Open(step, kind, start, members))
        return members

    def _spend(self, step: Step | None, *, is_empty: bool) -> None:
        self.budget.values -= 1
        self.budget.empty -= is_empty
        if self.budget.values < 0 or self.budget.empty < 0:
            much = f"{self.budget.most:,} values" if self.budget.values < 0 else f"{MOST_EMPTY:,} values that take no bytes"
            kind = TooLongError if self.budget.values < 0 else StoppedError
            raise kind(self.at, f"more than {much}", self.path(step))

    def _members(self, kind: AvroType) -> Iterator[tuple[Step | None, AvroType]]:
        if kind.kind == "record":
            yield from kind.fields
            return
        assert kind.items is not None
        number = 0
        while count := self._count(kind, kind.items):
            for _ in range(count):
                if kind.kind == "array":
                    yield number, kind.items
                    number += 1
                else:
                    yield self._read(read_string, "a name in a map", None), kind.items

    def _count(self, kind: AvroType, items: AvroType) -> int:
        """How many members the next block has; 0 behind the last one."""
        start = self.at
        count = self._number(f"the number of members of {kind.kind}")
        if count < 0:
            count = -count
            self._number("the size of a block")
        least = items.least + (kind.kind == "map")
        left = len(self._data) - self.at
        if count * least > left or (least == 0 and count > self.budget.empty):
            left_over = f", with {counted(left, 'byte')} left" if least else " that take no bytes"
            raise self._stopped(start, counted(count, "member") + left_over)
        return count

    def _number(self, what: str, step: Step | None = None) -> int:
        return self._read(read_long, what, step)

    def _branch(self, union: AvroType, step: Step | None) -> AvroType:
        start = self.at
        index = self._number("the branch of a union", step)
        if not 0 <= index < len(union.branches):
            raise self._stopped(start, f"branch {index:,} of a union that has {len(union.branches):,}", step)
        return union.branches[index]

    def _read(self, read: Callable[[bytes, int], tuple[_T, int]], what: str | AvroType, step: Step | None) -> _T:
        start, data = self.at, self._data
        try:
            value, end = read(data, start)
        except UnicodeDecodeError as error:
            size, begin = read_size(data, start)
            if begin + size <= len(data):
                raise self._stopped(start, f"{_called(what)}: not UTF-8 at byte {begin + error.start:,}", step) from None
            end = begin + size  # a character is cut off
        except BROKEN as error:
            raise self._stopped(start, f"{_called(what)}: {reason(error)}", step) from None
        if end > len(data):
            sizes = f"{counted(end - start, 'byte')}, with {counted(len(data) - start, 'byte')} left"
            raise self._stopped(start, f"{_called(what)} of {sizes}", step)
        self.at = end
        return value

    def _too_deep(self, at: int, step: Step | None) -> StoppedError:
        return self._stopped(at, f"it nests more than {MAX_DEPTH:,} deep", step)

    def _stopped(self, at: int, why: str, step: Step | None = None) -> StoppedError:
        return StoppedError(at, why, self.path(step))


def _called(what: str | AvroType) -> str:
    return what if isinstance(what, str) else what.name[-80:] or what.kind


def to_the_end(walk: Walk, size: int) -> None:
    """Raises StoppedError when `walk` has ended before the last byte."""
    if walk.at != size:
        raise StoppedError(walk.at, f"its schema ends {counted(size - walk.at, 'byte')} before the value")


class ExactDocument(NamedTuple):
    """A document read step by step."""

    value: object
    text: str
    """As JSON, with every digit, and with names that a map has twice."""
    flags: int
    name: str
    """The full name of the record; empty for another type."""


def exact(walk: Walk) -> ExactDocument:
    """The document that `walk` comes by. Raises StoppedError."""
    made = _Making()
    name = ""
    for what, step, kind, _, value in walk.visits():
        if what == "leaf":
            made.put(step, value.plain() if isinstance(value, Digits) else value, json_text(value))
        elif what == "close":
            made.close()
        else:
            made.open(step, is_array=kind.kind == "array")
            if step is None:
                name = kind.name
        if made.size > walk.budget.text:
            raise TooLongError(walk.at, f"it makes more than {walk.budget.most_text // 1024 // 1024} MB of text")
    walk.budget.text -= made.size
    return ExactDocument(made.value, "".join(made.text), made.flags, name)


class _Making:
    """A document and its text, of what a walk comes by."""

    def __init__(self) -> None:
        self.value: object = None
        self.text: list[str] = []
        self.size = 0
        """Characters of text."""
        self.flags = 0
        self._open: list[dict[str, object] | list[object]] = []

    def put(self, step: Step | None, value: object, text: str) -> None:
        """Adds a value to the innermost container. The first of a repeated name stays."""
        self.size += len(text) + 2
        if not self._open:
            self.value = value
            self.text.append(text)
            return
        above = self._open[-1]
        if self.text[-1] not in _OPENING:
            self.text.append(",")
        if isinstance(above, list):
            self.text.append(text)
            above.append(value)
            return
        name = str(step)
        written = json_text(name)
        self.size += len(written)
        self.text += (written, ":", text)
        if name in above:
            self.flags |= Flag.duplicate_keys
        else:
            above[name] = value

    def open(self, step: Step | None, *, is_array: bool) -> None:
        made: dict[str, object] | list[object] = [] if is_array else {}
        self.put(step, made, "[" if is_array else "{")
        self._open.append(made)

    def close(self) -> None:
        self.text.append("]" if isinstance(self._open.pop(), list) else "}")
