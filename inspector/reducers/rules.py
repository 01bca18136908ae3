"""Aggregate rules applied: each event does to the state what the rules say of its type. Pure but for reading one file.

A state is copied where it is changed, once in a batch. Sums are exact: what two decimals give, not what two doubles give.
Read `aggregate_rules` for how rules are written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DecimalException, Inexact, Overflow, Subnormal
from pathlib import Path
from typing import Any, NamedTuple, cast

from inspector.aggregate_rules import Action, Condition, Constant, Place, Rule, Rules, load_rules
from inspector.event import format_time
from inspector.json_patch import equal
from inspector.reducers import ABSENT, DELETED, NO_DOCUMENT, FoldBatch, FoldError, FoldEvent
from inspector.state_size import StateTooLargeError, check_copy
from inspector.values import copied, index_in

_NOTHING = object()
MOST_DIGITS = 400
_EXACT = Context(prec=MOST_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])
_SHORT = Context(prec=15, Emax=290, Emin=-290, traps=[Inexact, Overflow, Subnormal])
"""Numbers of so many digits are those that the nearest doubles are written as."""
_MOST_EXACT = 256
_NUMBERS = frozenset({int, float, Decimal})
_MOST_TYPES = 10_000
_TEXT_NUMBER = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?\Z")


class ByRules:
    """The reducer of one file of aggregate rules, which `rules` are where they were read. Raises UsageError for a mistake in it."""

    def __init__(self, path: Path, rules: Rules | None = None) -> None:
        self.name = str(path)
        self.rules = rules or load_rules(path)
        self._of_type: dict[str | None, _Fitting] = {}

    def initial(self) -> object:
        """What the file says, else nothing yet."""
        return ABSENT if self.rules.initial is None else copied(self.rules.initial)

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The state after what each event of `batch` does."""
        hand = _Hand()
        for number, (event, document) in enumerate(zip(batch.events, batch.documents, strict=True)):
            state = self._next(hand, state, event, document, number)
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """A new state; what the event does not touch is shared with `state`."""
        return self._next(_Hand(), state, event, document, 0)

    def _next(self, hand: _Hand, state: object, event: FoldEvent, document: object, number: int) -> object:
        if document is DELETED:
            return ABSENT
        fitting = self._of_type.get(event.type) or self._fitting(event.type)
        # the state that conditions and values see is the one before the event
        seen = _Seen(_NOTHING if document is NO_DOCUMENT else document, _NOTHING if state is ABSENT else state, event)
        if fitting.looks_back:
            hand.let_go()
        try:
            return _applied(hand, state, [rule for rule in fitting.rules if _holds(rule, seen)], seen)
        except _RuleError as error:
            raise FoldError(number, f"{self.name}: {event.type}: {error}") from None

    def _fitting(self, name: str | None) -> _Fitting:
        if len(self._of_type) >= _MOST_TYPES:
            self._of_type.clear()
        rules = tuple(rule for rule in self.rules.rules if rule.fits(name))
        found = self._of_type[name] = _Fitting(rules, any(_looks_back(action) for rule in rules for action in rule.actions))
        return found


class _Fitting(NamedTuple):
    """The rules for events of one type, and whether an action of theirs looks at the state before the event."""

    rules: tuple[Rule, ...]
    looks_back: bool


def _looks_back(action: Action) -> bool:
    return any(isinstance(place, Place) and place.root == "state" for place in (action.term, *action.target))


class _RuleError(ValueError):
    """A rule cannot be applied to an event."""


class _Seen:
    """What places are looked up in."""

    def __init__(self, document: object, state: object, event: FoldEvent) -> None:
        self._document, self._state, self._event = document, state, event

    def at(self, place: Place) -> object:
        """What stands there, or `_NOTHING`."""
        if place.root == "event":
            return self._of_event(place.steps)
        value = self._document if place.root == "data" else self._state
        for step in place.steps:
            value = value.get(step, _NOTHING) if type(value) is dict else _inner(value, step)
            if value is _NOTHING:
                break
        return value

    def _of_event(self, steps: Sequence[str]) -> object:
        event = self._event
        facts: dict[str, object] = {
            "type": event.type,
            "version": event.version,
            "time": format_time(event.time_us),
            "id": event.event_id,
            "actor": event.actor,
            "seq": event.seq,
            "position": event.position,
        }
        return facts[steps[0]] if steps else {name: value for name, value in facts.items() if value is not None}


def _inner(value: object, step: str) -> object:
    if isinstance(value, dict):
        return value.get(step, _NOTHING)
    if isinstance(value, list) and (place := index_in(value, step)) is not None:
        return value[place]
    return _NOTHING


def _holds(rule: Rule, seen: _Seen) -> bool:
    return not rule.conditions or all(_is_true(condition, seen) for condition in rule.conditions)


def _is_true(condition: Condition, seen: _Seen) -> bool:
    value = seen.at(condition.place)
    against = condition.value.value if isinstance(condition.value, Constant) else seen.at(condition.value)
    if condition.comparison == "present":
        return (value is not _NOTHING) is against
    if value is _NOTHING or against is _NOTHING:
        return False
    if condition.comparison in {"is", "is_not"}:
        return equal(value, against) is (condition.comparison == "is")
    return _compared(condition.comparison, value, against)


def _compared(comparison: str, value: object, against: object) -> bool:
    """Numbers by value, texts by code point; other values do not compare."""
    if _is_number(value) and _is_number(against):
        left, right = cast("Any", _decimal(value)), cast("Any", _decimal(against))
    elif isinstance(value, str) and isinstance(against, str):
        left, right = cast("Any", value), cast("Any", against)
    else:
        return False
    return bool({"above": left > right, "at_least": left >= right, "below": left < right, "at_most": left <= right}[comparison])


def _applied(hand: _Hand, state: object, rules: Sequence[Rule], seen: _Seen) -> object:
    for rule in rules:
        for action in rule.actions:
            state = hand.act(state, action, seen)
        if rule.deletes:
            return ABSENT
    return state


class _Hand:
    """Changes states; the containers that it has copied before it changes in place."""

    def __init__(self) -> None:
        self._owned: dict[int, object] = {}
        self._exact: dict[int, tuple[object, Decimal]] = {}

    def let_go(self) -> None:
        """Changes no container in place that is there now."""
        self._owned.clear()

    def act(self, state: object, action: Action, seen: _Seen) -> object:
        """`state` after one action."""
        steps: Sequence[Any] = action.target if action.is_plain else [_named(step, seen) for step in action.target]
        term = action.term
        if term is None:
            return self._removed(state, steps)
        value = term.value if type(term) is Constant else self._looked_up(state, action, len(steps), seen)
        if value is _NOTHING:
            if action.verb == "set":
                return state
            raise _RuleError(f"there is no {term} to {action.verb}")
        here: Any = state if id(state) in self._owned else self._own({} if state is ABSENT else state, "the state")
        root = here
        for step in steps[:-1]:
            inner = _inner(here, step)
            here[_key(here, step)] = inner = self._own({} if inner is _NOTHING or inner is None else inner, step)
            here = inner
        self._do(action.verb, here, steps[-1], value)
        return root

    def _looked_up(self, state: object, action: Action, depth: int, seen: _Seen) -> object:
        """The value at the action's place."""
        place = cast("Place", action.term)
        value = seen.at(place)
        if place.root == "state":
            if isinstance(value, dict | list | str):
                _check_copy(state, value, action, depth)
            # what stands in two places may not be changed in place any more
            self.let_go()
        return value

    def _do(self, verb: str, here: Any, step: str, value: object) -> None:
        is_object = type(here) is dict
        old = here.get(step, _NOTHING) if is_object else _inner(here, step)
        if verb == "append":
            items = self._own([] if old is _NOTHING or old is None else old, step)
            if not isinstance(items, list):
                raise _RuleError(f"{step} is no list to append to")
            items.append(value)
            value = items
        elif verb in {"add", "subtract"}:
            value = self._sum(0 if old is _NOTHING or old is None else old, value, verb, step)
        here[step if is_object else _key(here, step)] = value

    def _sum(self, old: object, value: object, verb: str, step: str) -> object:
        """The exact sum or difference; a text that is a number counts as that number."""
        left, right = _of_text(old) if type(old) is str else old, _of_text(value) if type(value) is str else value
        if type(left) is int and type(right) is int:
            return left + right if verb == "add" else left - right
        if not (_is_number(left) and _is_number(right)):
            name, one = (f"what is to be {'added' if verb == 'add' else 'subtracted'}", value) if _is_number(left) else (step, old)
            raise _RuleError(f"{name} is no number: {str(one)[:40]!r}")
        known = self._exact.get(id(left))
        total, found = _total(_decimal(left) if known is None else known[1], _decimal(right), verb, step)
        if len(self._exact) >= _MOST_EXACT:
            self._exact.clear()
        # what is added to next is this very object: its digits need not be written again
        self._exact[id(found)] = found, total
        return found

    def _removed(self, state: object, steps: Sequence[str]) -> object:
        where = state
        for step in steps:
            where = _inner(where, step)
            if where is _NOTHING:
                return state
        root = here = self._own(state, "the state")
        for step in steps[:-1]:
            here[_key(here, step)] = here = self._own(_inner(here, step), step)
        del here[_key(here, steps[-1])]
        return root

    def _own(self, value: object, name: str) -> Any:
        if not isinstance(value, dict | list):
            raise _RuleError(f"{name} is a single value and has nothing inside")
        if id(value) in self._owned:
            return value
        fresh = value.copy()
        self._owned[id(fresh)] = fresh
        return fresh


def _check_copy(state: object, value: object, action: Action, depth: int) -> None:
    try:
        check_copy(state, value, depth)
    except StateTooLargeError as error:
        raise _RuleError(f"{action.verb} of {action.term}: {error}") from None


def _named(step: str | Place, seen: _Seen) -> str:
    """The name of a step, which may stand in the event."""
    if isinstance(step, str):
        return step
    found = seen.at(step)
    if isinstance(found, str):
        return found
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    raise _RuleError(f"there is no name at {step}")


def _key(here: object, step: str) -> Any:
    if isinstance(here, dict):
        return step
    if isinstance(here, list) and (place := index_in(here, step)) is not None:
        return place
    raise _RuleError(f"the list has no place {step[:40]}")


def _is_number(value: object) -> bool:
    return type(value) in _NUMBERS


def _decimal(value: object) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(cast("Any", value))


def _total(left: Decimal, right: Decimal, verb: str, step: str) -> tuple[Decimal, float | Decimal]:
    """The sum or difference, and as it stands in a state: a double where it is that very number."""
    try:
        total = (_SHORT.add if verb == "add" else _SHORT.subtract)(left, right)
    except DecimalException:
        total = _long_total(left, right, verb, step)
        return total, _shortest(total)
    return total, float(total)


def _long_total(left: Decimal, right: Decimal, verb: str, step: str) -> Decimal:
    try:
        return (_EXACT.add if verb == "add" else _EXACT.subtract)(left, right)
    except DecimalException:
        raise _RuleError(f"{step}: the sum has more than {MOST_DIGITS} digits, so that it would not be exact") from None


def _of_text(value: str) -> int | Decimal | None:
    """The number that a text is; None for any other."""
    if not _TEXT_NUMBER.match(value):
        return None
    return Decimal(value) if "." in value else int(value)


def _shortest(value: Decimal) -> float | Decimal:
    """A double where it is that very number, a whole number as one, else the decimal."""
    double = float(value)
    if Decimal(repr(double)) == value:
        return double
    return value
