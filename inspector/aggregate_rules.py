"""Aggregate rules: what each type of event does to a state, written in TOML; enough for an account or an order, and no code.

    category = "account"
    initial = { balance = 0 }

    [[on]]
    type = "MoneyDeposited"                       # a text, a list of them, or "*"
    when = { "data.amount" = { above = 0 } }      # all must hold: is, is_not, above, at_least, below, at_most, present
    set = { owner = "data.owner", status = { value = "open" } }
    add = { balance = "data.amount" }
    subtract = { "reserved.{data.sku}" = "data.quantity" }
    append = { entries = "data" }
    remove = ["hold"]
    delete = true                                 # the aggregate is gone

A text that begins with `data.`, `state.` or `event.` (or is one of these words) is a place; every other value, and
`{ value = … }`, stands for itself. A step of a target in braces is named by what stands at that place. Reads TOML; folds
nothing. Read `reducers.rules` for how they are applied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from inspector import toml_text
from inspector.errors import UsageError
from inspector.plain_files import read_text

ROOTS = ("data", "state", "event")
EVENT_FIELDS = ("type", "version", "time", "id", "actor", "seq", "position")
COMPARISONS = ("is", "is_not", "above", "at_least", "below", "at_most", "present")
_ACTIONS = ("set", "add", "subtract", "append")
_KEYS = ("type", "when", *_ACTIONS, "remove", "delete")
_STEP = re.compile(r'\{(?P<place>[^{}]+)\}|"(?P<quoted>[^"]+)"|(?P<plain>[^."{}]+)')


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the event's document (`data`), the state or the event: the root, then keys or indexes."""

    root: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.root, *self.steps))


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands for itself."""

    value: object


Term = Place | Constant
Target = tuple[str | Place, ...]
"""A path in the state: steps by name, or named by what stands at a place."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of what stands at a place."""

    place: Place
    comparison: str
    value: Term


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: `verb` is set, add, subtract, append or remove."""

    verb: str
    target: Target
    term: Term | None = None
    is_plain: bool = field(init=False)
    """Whether every step of the target is a name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_plain", all(isinstance(step, str) for step in self.target))


@dataclass(frozen=True, slots=True)
class Rule:
    """What events of some types do. No `types`: those of all others."""

    types: frozenset[str] | None
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    deletes: bool

    def fits(self, type_name: str | None) -> bool:
        """Whether it is for events of that type."""
        return self.types is None or type_name in self.types


@dataclass(frozen=True, slots=True)
class Rules:
    """A file of rules. `category` is the glob of categories that it is for; empty: whatever it is named for."""

    category: str
    initial: object
    rules: tuple[Rule, ...]
    text: str


def load_rules(path: Path) -> Rules:
    """The rules in `path`. Raises UsageError with the reason for any mistake in it."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the rules {path}: {error}") from None
    return parse_rules(text, str(path))


def parse_rules(text: str, name: str = "rules") -> Rules:
    """The rules written as `text`; `name` stands for it in messages. Raises UsageError naming what is wrong."""
    try:
        document = toml_text.loads(text)
        return _rules(document, text)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name}: {error}") from None


def _rules(document: Mapping[str, object], text: str) -> Rules:
    for key in document:
        if key not in {"category", "initial", "on"}:
            raise ValueError(f"{key!r} is not known; one of category, initial, on")
    category, initial, written = document.get("category", ""), document.get("initial"), document.get("on")
    if not isinstance(category, str):
        raise TypeError("category: a text is wanted")
    if not isinstance(written, list) or not written or not all(isinstance(one, dict) for one in written):
        raise ValueError("write what events do in [[on]] tables")
    rules = []
    for number, table in enumerate(written, 1):
        try:
            rules.append(_rule(table))
        except (ValueError, TypeError) as error:
            raise ValueError(f"[[on]] number {number}: {error}") from None
    return Rules(category, None if initial is None else plain(initial), tuple(rules), text)


def _rule(table: Mapping[str, object]) -> Rule:
    for key in table:
        if key not in _KEYS:
            raise ValueError(f"{key!r} is not known; one of {', '.join(_KEYS)}")
    actions = [Action(verb, target(path), term(value)) for verb in _ACTIONS for path, value in _table(table, verb).items()]
    removed = table.get("remove", [])
    removed = [removed] if isinstance(removed, str) else removed
    if not isinstance(removed, list) or not all(isinstance(path, str) for path in removed):
        raise TypeError("remove: a list of paths is wanted")
    actions += [Action("remove", target(path)) for path in removed]
    deletes = table.get("delete", False)
    if not isinstance(deletes, bool):
        raise TypeError("delete: true or false")
    if not actions and not deletes:
        raise ValueError(f"it does nothing; give one of {', '.join((*_ACTIONS, 'remove', 'delete'))}")
    return Rule(_types(table.get("type")), tuple(_conditions(table)), tuple(actions), deletes)


def _types(written: object) -> frozenset[str] | None:
    names = [written] if isinstance(written, str) else written
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError('type: the name of a type, a list of names, or "*"')
    return None if "*" in names else frozenset(names)


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise TypeError(f"{key}: write {{ path = value }}")
    return found


def _conditions(table: Mapping[str, object]) -> list[Condition]:
    found = []
    for written, value in _table(table, "when").items():
        where = place(written)
        if where is None:
            raise ValueError(f"when: {written!r} is no place; it begins with data., state. or event.")
        compared = value if isinstance(value, dict) and value.keys() <= set(COMPARISONS) and value else {"is": value}
        for comparison, against in compared.items():
            if comparison == "present" and not isinstance(against, bool):
                raise TypeError("when: present is true or false")
            found.append(Condition(where, comparison, term(against)))
    return found


def place(written: str) -> Place | None:
    """The place that a text names; None for a text that names none. Raises ValueError for an unknown field of the event."""
    root, dot, rest = written.partition(".")
    if root not in ROOTS:
        return None
    if not dot:
        return Place(root, ())
    steps = target(rest)
    if root == "event" and (len(steps) != 1 or steps[0] not in EVENT_FIELDS):
        raise ValueError(f"{written!r}: an event has {', '.join(EVENT_FIELDS)}")
    if not all(isinstance(step, str) for step in steps):
        raise ValueError(f"{written!r}: braces stand only in targets")
    return Place(root, tuple(str(step) for step in steps))


def target(written: str) -> Target:
    """The steps of a path: names with dots between, in quotes where they hold dots themselves, or a place in braces."""
    steps: list[str | Place] = []
    at = 0
    while at <= len(written):
        match = _STEP.match(written, at)
        if not match:
            raise ValueError(f"{written!r} is no path (at character {at + 1})")
        steps.append(_step(match, written))
        at = match.end() + 1
        if match.end() < len(written) and written[match.end()] != ".":
            raise ValueError(f"{written!r} is no path (at character {match.end() + 1})")
    return tuple(steps)


def _step(match: re.Match[str], written: str) -> str | Place:
    if match["place"] is None:
        return match["quoted"] or match["plain"]
    found = place(match["place"])
    if found is None:
        raise ValueError(f"{written!r}: {match['place']!r} is no place; it begins with data., state. or event.")
    return found


def term(written: object) -> Term:
    """A place or a value that stands for itself."""
    if isinstance(written, dict) and written.keys() == {"value"}:
        return Constant(plain(written["value"]))
    if isinstance(written, str) and (found := place(written)) is not None:
        return found
    return Constant(plain(written))


def plain(value: object) -> object:
    """A value of TOML as one of JSON. Raises ValueError for dates and numbers that are none."""
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, float) and not (value - value == 0):
        raise ValueError(f"{value} is no number of JSON")
    if isinstance(value, str | bool | int | float | Decimal):
        return value
    raise ValueError(f"{value!r} cannot stand in a state; write it as a text")


def types_of(rules: Rules) -> Sequence[str]:
    """The types that the rules name, sorted."""
    return sorted({name for rule in rules.rules for name in rule.types or ()})
