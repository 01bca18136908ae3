"""Aggregate rules as rows of a form, one for each thing done, and as the text of a file again. Pure.

Rows say the same as `[[on]]` tables: every rule of an event sees the state before it, so that it does not matter how
actions are grouped. Read `aggregate_rules` for how rules are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from inspector.aggregate_rules import COMPARISONS, Condition, Constant, Place, Rule, Rules, Target, Term, place, plain, target
from inspector.values import parse_exactly, to_json

VERBS = {
    "set": "set",
    "add": "add",
    "subtract": "subtract",
    "append": "append",
    "remove": "remove",
    "delete": "delete the aggregate",
}
"""What can be done, and how it is said."""
ANY = "*"
_PLAIN_STEP = re.compile(r'[^."{}]+\Z')
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_NAMES = re.compile(r'\s*(?:"([^"]+)"|([^,]+))(?:,|\Z)')
_AND = re.compile(r'\s+and\s+(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*\Z)')
_CONDITION = re.compile(
    r"(?P<place>\S+)\s+(?P<comparison>" + "|".join(sorted(COMPARISONS, key=len, reverse=True)) + r")(?:\s+(?P<value>.+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that events of a type do: `verb` to `target` with `value`, where `when` holds. All are texts as one types them."""

    type: str = ""
    verb: str = "set"
    target: str = ""
    value: str = ""
    when: str = ""


def rows_of(rules: Rules) -> list[Row]:
    """The rows of a file of rules."""
    rows: list[Row] = []
    for rule in rules.rules:
        rows += _rows_of(rule)
    return rows


def _rows_of(rule: Rule) -> Iterable[Row]:
    types = ", ".join(map(_name_text, sorted(rule.types))) if rule.types is not None else ANY
    when = " and ".join(_condition_text(condition) for condition in rule.conditions)
    for action in rule.actions:
        value = "" if action.term is None else _term_text(action.term)
        yield Row(types, action.verb, target_text(action.target), value, when)
    if rule.deletes:
        yield Row(types, "delete", when=when)


def _condition_text(condition: Condition) -> str:
    return f"{place_text(condition.place)} {condition.comparison} {_term_text(condition.value)}"


def _term_text(term: Term) -> str:
    """A place as it is; a value as JSON."""
    return place_text(term) if isinstance(term, Place) else to_json(term.value)


def _name_text(name: str) -> str:
    """The name of a type among others."""
    return f'"{name}"' if "," in name or name != name.strip() else name


def place_text(where: Place) -> str:
    """A place as it is written."""
    return f"{where.root}.{target_text(where.steps)}" if where.steps else where.root


def target_text(steps: Target) -> str:
    """A path as it is written."""
    return ".".join(
        f"{{{place_text(step)}}}" if isinstance(step, Place) else step if _PLAIN_STEP.match(step) else f'"{step}"' for step in steps
    )


def written_term(text: str) -> Term:
    """What a text in the form means: a place, a JSON value, or the text itself. Raises ValueError for a place that is none."""
    text = text.strip()
    if (found := place(text)) is not None:
        return found
    try:
        value = parse_exactly(text)
    except ValueError:
        return Constant(text)
    if value is None:
        raise ValueError("null cannot be set by a rule; remove takes the place away")
    return Constant(plain(value))


def written_conditions(text: str) -> list[Condition]:
    """The conditions that a text means: `data.amount above 0 and state.status is "open"`. Raises ValueError saying what is wrong."""
    found = []
    for part in _AND.split(text.strip()) if text.strip() else ():
        match = _CONDITION.match(part.strip())
        where = place(match["place"]) if match else None
        if match is None or where is None:
            raise ValueError(f"{part!r} is no condition; write one as data.amount above 0 ({', '.join(COMPARISONS)})")
        comparison, value = match["comparison"], match["value"]
        if comparison == "present":
            if value not in {None, "true", "false"}:
                raise ValueError(f"{part!r}: present stands alone, or with true or false")
            found.append(Condition(where, comparison, Constant(value != "false")))
        elif value is None:
            raise ValueError(f"{part!r}: what is it compared with?")
        else:
            found.append(Condition(where, comparison, written_term(value)))
    return found


def mistake(row: Row) -> str:
    """What is wrong with a row, in words; empty for nothing."""
    try:
        _on_table(row.type, row.when, [row])
    except ValueError as error:
        return str(error)
    return ""


def text_of(rows: Sequence[Row], category: str = "", initial: object = None) -> str:
    """The file of rules that says what the rows say. Raises ValueError naming the first row that is wrong."""
    parts = [f"category = {_toml(category)}"] if category else []
    if initial is not None:
        parts.append(f"initial = {_toml(plain(initial))}")
    tables = []
    number = 0
    for (types, when), group in groupby(rows, key=lambda row: (row.type.strip(), row.when.strip())):
        members = list(group)
        try:
            tables += [_on_table(types, when, part) for part in _parted(members)]
        except ValueError as error:
            raise ValueError(
                f"rows {number + 1} to {number + len(members)}: {error}" if len(members) > 1 else f"row {number + 1}: {error}"
            ) from None
        number += len(members)
    return "\n\n".join(["\n".join(parts), *tables] if parts else tables) + "\n"


def _parted(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in groups in which no verb comes for the same place twice, and in the order in which a table's verbs are done."""
    order = list(VERBS)
    parts: list[list[Row]] = []
    for row in rows:
        last = parts[-1] if parts else None
        is_next = last is not None and order.index(row.verb) >= order.index(last[-1].verb)
        if last is not None and is_next and all((row.verb, row.target) != (one.verb, one.target) for one in last):
            last.append(row)
        else:
            parts.append([row])
    return parts


def _on_table(types: str, when: str, rows: Sequence[Row]) -> str:
    names = [quoted or name.strip() for quoted, name in _NAMES.findall(types) if quoted or name.strip()]
    if not names:
        raise ValueError("of which type of event? * stands for any")
    lines = ["[[on]]", f"type = {_toml(names[0] if len(names) == 1 else names)}"]
    if conditions := written_conditions(when):
        lines.append(f"when = {_inline(_whens(conditions))}")
    for verb in ("set", "add", "subtract", "append"):
        done = {row.target.strip(): _toml_term(written_term(_value_of(row))) for row in rows if row.verb == verb and _checked(row)}
        if done:
            lines.append(f"{verb} = {_inline(done)}")
    if removed := [row.target.strip() for row in rows if row.verb == "remove" and _checked(row)]:
        lines.append(f"remove = {_toml(removed)}")
    if any(row.verb == "delete" for row in rows):
        lines.append("delete = true")
    return "\n".join(lines)


def _checked(row: Row) -> bool:
    target(row.target.strip())
    return True


def _value_of(row: Row) -> str:
    if not row.value.strip():
        raise ValueError(f"{row.verb} {row.target}: which value? data.NAME is one of the event's own")
    return row.value


def _whens(conditions: Sequence[Condition]) -> dict[str, str]:
    """Conditions as the values of `when`: several of one place in one table."""
    by_place: dict[str, dict[str, str]] = {}
    for condition in conditions:
        compared = by_place.setdefault(place_text(condition.place), {})
        if condition.comparison in compared:
            raise ValueError(f"{place_text(condition.place)} is compared twice with {condition.comparison}")
        compared[condition.comparison] = _toml_term(condition.value)
    return {where: _inline(compared) for where, compared in by_place.items()}


def _inline(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_key(name)} = {value}" for name, value in values.items()) + " }"


def _toml_term(term: Term) -> str:
    if isinstance(term, Place):
        return _toml(place_text(term))
    value = term.value
    is_odd = isinstance(value, dict) or (isinstance(value, str) and place(value) is not None)
    return f"{{ value = {_toml(value)} }}" if is_odd else _toml(value)


def _key(name: str) -> str:
    return name if _BARE_KEY.match(name) else _toml(name)


def _toml(value: object) -> str:
    """A value of JSON as TOML, which has no null."""
    if isinstance(value, str):
        # a JSON text is a basic string of TOML but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return _inline({str(name): _toml(one) for name, one in value.items()})
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, Decimal):
        return str(value)
    return to_json(value)
