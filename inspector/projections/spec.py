"""What a projection is: a filter, groups, measures and a window, written in TOML and written back from a form. Computes nothing.

    name = "stock"                             # one word: how it is called
    title = "Stock by article"                 # how it is shown; the name when left out
    unit = "pieces"
    filter = 'type == "StockPicked"'           # the filter language; every event when left out
    group_by = { sku = "data.sku" }            # label = place; or a list of places, which are then their own labels
    window = "1m"                              # tumbling, aligned to UTC; all of time when left out
    clock = "time"                             # or recorded_time, captured_time
    alarm = "available < 0"                    # a measure, < <= > >= == or !=, and a number; a list of them: any
    include_aborted = false

    [measures]                                 # name = what is measured; a list of places means the first that is there
    available = { last = "data.available" }
    picked = { sum = ["data.quantity", "data.qty"] }
    movements = "count"                        # of events; { count = "data.x" }: of those that have something there
    pace = "rate"                              # events a second of a window; { rate = "data.quantity" }: the sum a second

Read `state` for who computes it, `query.taking` for what a place may be.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path

from inspector import toml_text
from inspector.errors import QueryError, UsageError
from inspector.plain_files import read_text
from inspector.query import condition
from inspector.query.taking import check_place
from inspector.times import span_us

OPERATIONS = ("count", "sum", "avg", "min", "max", "last", "rate")
WITHOUT_PLACE = ("count", "rate")
"""What can be measured of events themselves."""
CLOCKS = ("time", "recorded_time", "captured_time")
COMPARISONS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<=": lambda one, other: one <= other,
    ">=": lambda one, other: one >= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    ">": lambda one, other: one > other,
}
LARGEST_BYTES = 1_000_000
MOST_LABELS, MOST_MEASURES = 8, 32
LONGEST_NAME = 80
"""Characters of the name of a file of one's own."""
_NO_FILES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))})
"""What Windows takes for devices."""
KEYS = ("name", "title", "unit", "filter", "group_by", "window", "clock", "alarm", "include_aborted", "measures", "model")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_THRESHOLD = re.compile(r"\s*(?P<measure>[A-Za-z_][A-Za-z0-9_-]*)\s*(?P<operator><=|>=|==|!=|<|>)\s*(?P<number>\S+)\s*")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Label:
    """What groups are told apart by: `name` as it is shown, and the places of which the first that is there is taken."""

    name: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of each group. Without `places` it is of the events themselves."""

    name: str
    operation: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A comparison that is an alarm where it holds."""

    measure: str
    operator: str
    number: Decimal

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.measure} {self.operator} {self.number}"

    def holds(self, value: object) -> bool:
        """Whether a value is alarming; what is no number never is."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
            return False
        exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
        return COMPARISONS[self.operator](exact, Fraction(self.number))


@dataclass(frozen=True, slots=True)
class Projection:
    """A projection; `window_us` is None for all of time. `model` is what the file says of a read model, unread (see `drift`)."""

    name: str
    measures: tuple[Measure, ...]
    labels: tuple[Label, ...] = ()
    title: str = ""
    unit: str = ""
    filter: str = ""
    window_us: int | None = None
    clock: str = "time"
    alarms: tuple[Threshold, ...] = ()
    include_aborted: bool = False
    code: str = ""
    """The digest of the user's function that gives groups and values (see `by_code`): places are then names in what it gives."""
    model: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def shown(self) -> str:
        """What it is called for people."""
        return self.title or self.name

    @property
    def digest(self) -> str:
        """Tells projections apart that give other numbers: what is only shown does not count."""
        counted = (
            self.filter,
            [label.places for label in self.labels],
            [(one.operation, one.places) for one in self.measures],
            self.window_us,
            self.clock,
            self.include_aborted,
            *([self.code, [label.name for label in self.labels]] if self.code else []),
        )
        return hashlib.sha256(json.dumps(counted).encode()).hexdigest()

    def measure(self, name: str) -> Measure:
        """The measure of this name. Raises UsageError naming those there are."""
        for one in self.measures:
            if one.name == name:
                return one
        raise UsageError(f"{self.name} has no measure {name!r}; it has {', '.join(one.name for one in self.measures)}")


def is_name(text: str) -> bool:
    """Whether a projection may be called so; a file may, too."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None and text.casefold() not in _NO_FILES


def load(path: Path) -> Projection:
    """The projection in `path`. Raises UsageError with what is wrong, where, and what to do."""
    try:
        text = read_text(path, LARGEST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the projection {path}: {error}") from None
    return parse(text, path.name)


def parse(text: str, name: str = "projection") -> Projection:
    """The projection written as `text`; `name` stands for the file in messages. Raises UsageError for any mistake."""
    try:
        document = toml_text.loads(text)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    try:
        return of_document(document)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name}, line {toml_text.line_of(text, str(error))}: {error}") from None


def of_document(document: Mapping[str, object], check: Callable[[str], None] = check_place, code: str = "") -> Projection:
    """The projection that a file says which was read; `check` raises QueryError for what is no place.

    Raises ValueError or TypeError: the key, a colon, and what is wrong with it.
    """
    for key in document:
        known(key, KEYS)
    name = _text(document, "name")
    if not _NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} is none; write one word of letters, digits, - and _ that begins with a letter")
    filter_ = _text(document, "filter", "")
    if filter_.strip():
        try:
            condition(filter_)
        except QueryError as error:
            raise ValueError(f"filter: {error.sentence}") from None
    window_us = _window(document)
    measures = _measures(document.get("measures"), check)
    check_window(measures, window_us)
    clock = _text(document, "clock", "time")
    if clock not in CLOCKS:
        raise ValueError(f"clock: {_unknown(clock, CLOCKS)}")
    include = document.get("include_aborted", False)
    if not isinstance(include, bool):
        raise TypeError("include_aborted: true or false")
    model = document.get("model", {})
    if not isinstance(model, dict):
        raise TypeError("model: write a table, [model]")
    return Projection(
        name=name,
        measures=measures,
        labels=_labels(document.get("group_by", []), check),
        title=_text(document, "title", ""),
        unit=_text(document, "unit", ""),
        filter=filter_.strip(),
        window_us=window_us,
        clock=clock,
        alarms=_alarms(document.get("alarm", []), measures),
        include_aborted=include,
        code=code,
        model=model,
    )


def check_window(measures: Sequence[Measure], window_us: int | None) -> None:
    """Raises ValueError where a rate is asked for without a window."""
    if window_us is None and (rates := [one.name for one in measures if one.operation == "rate"]):
        raise ValueError(f'[measures] {rates[0]}: a rate is by window; say for instance window = "1m", or count instead')


def known(key: str, names: Sequence[str]) -> None:
    """Raises ValueError with the nearest of `names` for a key that is none of them."""
    if key not in names:
        raise ValueError(f"{key}: {_unknown(key, names)}")


def _unknown(word: str, names: Sequence[str]) -> str:
    near = get_close_matches(word, names, 1)
    return f"{word!r} is not known; did you mean {near[0]}?" if near else f"{word!r} is not known; one of {', '.join(names)}"


def _text(document: Mapping[str, object], key: str, default: str | None = None) -> str:
    found = document.get(key, default)
    if found is None:
        raise ValueError(f"{key}: it is missing; a projection needs one")
    if not isinstance(found, str):
        raise TypeError(f"{key}: a text is wanted, in quotes")
    return found


def _window(document: Mapping[str, object]) -> int | None:
    written_ = _text(document, "window", "")
    if written_ in {"", "none"}:
        return None
    try:
        return span_us(written_)
    except ValueError as error:
        raise ValueError(f"window: {error}") from None


def _labels(group_by: object, check: Callable[[str], None]) -> tuple[Label, ...]:
    if isinstance(group_by, str):
        group_by = [group_by]
    if isinstance(group_by, list):
        pairs: list[tuple[object, object]] = [(place, place) for place in group_by]
    elif isinstance(group_by, dict):
        pairs = list(group_by.items())
    else:
        raise TypeError('group_by: a list of places, or { label = "place" }')
    labels = []
    for name, places in pairs:
        if not isinstance(name, str) or not name:
            raise TypeError('group_by: each is a place such as "data.sku"; to name a list of places write { label = ["data.a", "data.b"] }')
        labels.append(Label(name, places_of(places, f"group_by: {name}", check)))
    if len({label.name for label in labels}) < len(labels):
        raise ValueError("group_by: a label stands there twice")
    if len(labels) > MOST_LABELS:
        raise ValueError(f"group_by: at most {MOST_LABELS} labels")
    return tuple(labels)


def places_of(written_: object, where: str, check: Callable[[str], None] = check_place) -> tuple[str, ...]:
    """A place or a list of places. Raises ValueError or TypeError, which begin with `where`, for what is none."""
    places = [written_] if isinstance(written_, str) else written_
    if not isinstance(places, list) or not places or len(places) > MOST_LABELS or not all(isinstance(one, str) for one in places):
        raise TypeError(f'{where}: a place such as "data.amount", or a list of at most {MOST_LABELS}')
    for place in places:
        try:
            check(place)
        except QueryError as error:
            wanted = f"; write {error.expected}" if error.expected else ""
            raise ValueError(f"{where}: {error}{wanted}") from None
    return tuple(place.strip() for place in places)


def _measures(found: object, check: Callable[[str], None]) -> tuple[Measure, ...]:
    if not isinstance(found, dict) or not found:
        raise ValueError('measures: at least one is wanted; write for instance [measures] and below it events = "count"')
    if len(found) > MOST_MEASURES:
        raise ValueError(f"measures: at most {MOST_MEASURES}")
    return tuple(_measure(str(name), what, check) for name, what in found.items())


def _measure(name: str, what: object, check: Callable[[str], None]) -> Measure:
    where = f"[measures] {name}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"{where}: a name is one word of letters, digits, - and _")
    if isinstance(what, str):
        if what not in OPERATIONS:
            raise ValueError(f"{where}: {_unknown(what, OPERATIONS)}")
        if what not in WITHOUT_PLACE:
            raise ValueError(f'{where}: of what? write {{ {what} = "data.amount" }}')
        return Measure(name, what)
    if not isinstance(what, dict) or len(what) != 1:
        raise TypeError(f'{where}: write {{ sum = "data.amount" }} with one of {", ".join(OPERATIONS)}')
    ((operation, places),) = what.items()
    if operation not in OPERATIONS:
        raise ValueError(f"{where}: {_unknown(operation, OPERATIONS)}")
    return Measure(name, operation, places_of(places, where, check))


def _alarms(found: object, measures: Sequence[Measure]) -> tuple[Threshold, ...]:
    texts = [found] if isinstance(found, str) else found
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise TypeError('alarm: a text such as "stock < 0", or a list of them')
    return tuple(threshold(text, measures) for text in texts)


def threshold(text: str, measures: Sequence[Measure]) -> Threshold:
    """The threshold that `text` writes. Raises ValueError saying what is wrong."""
    match = _THRESHOLD.fullmatch(text)
    if match is None:
        raise ValueError(f"alarm: {text!r} is none; write a measure, one of < <= > >= == !=, and a number, such as stock < 0")
    names = [one.name for one in measures]
    if match["measure"] not in names:
        raise ValueError(f"alarm: of no measure: {_unknown(match['measure'], names)}")
    if not _NUMBER.fullmatch(match["number"]):
        raise ValueError(f"alarm: {match['number']!r} is no number")
    try:
        return Threshold(match["measure"], match["operator"], Decimal(match["number"]))
    except InvalidOperation:
        raise ValueError(f"alarm: {match['number']!r} is no number") from None
