"""A profile: a named set of how events are looked at, and the one readable file it is kept in and mailed as. Pure; no Qt, no I/O.

A file may come from a stranger: it is read strictly, every filter, place and mask in it is checked, and nothing in it is ever run.
Read `app.profiles` for who keeps profiles. What a *record means* is said elsewhere, in a map (`inspector.identify`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.models.color_rules import COLORS, MOST_RULES, ColorRule
from app.models.event_columns import NAMES
from inspector import masks, toml_text
from inspector.capture.rollup import GROUPINGS
from inspector.errors import QueryError, UsageError
from inspector.mask_text import toml_string, written
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from inspector.query.places import field_place

DEFAULT = "Default"
LARGEST_BYTES = 1_000_000
MOST_FILTERS, MOST_ADDED, MOST_MASKS = 200, 40, 500
MOST_CHARACTERS = 4_000
"""Of a filter or mask."""
MOST_NAME = 60
LEAST_PX, MOST_PX = 24, 4_000
SPANS = ("last 5 min", "last hour", "all", "selected range")
"""Which times the throughput shows."""
TOLD = ("type", "log", "category", "match")
"""What the bars of the timeline are told by."""
_VERSION = 1
_LINE = 120
_HEAD = "# A profile of Eventscope: how events are looked at. It holds no event, no address and no password."


@dataclass(frozen=True, slots=True)
class ColumnChoices:
    """What the user made of the columns of the list; empty fields leave it to the list."""

    shown: Mapping[str, bool] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    """In pixels."""
    order: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Places of the events, such as `data.total`."""


@dataclass(frozen=True, slots=True)
class MaskRules:
    """What is hidden besides what a capture itself wants hidden. Read `inspector.masks`."""

    paths: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()

    def text(self) -> str:
        """The rules as TOML; empty for none."""
        return written(self.paths, self.patterns, self.regexes) if self.paths or self.patterns or self.regexes else ""


@dataclass(frozen=True, slots=True)
class Profile:
    """One set. `throughput` is (what the lines are, which times); `timeline` what the bars are told by."""

    name: str = DEFAULT
    columns: ColumnChoices = ColumnChoices()
    colors: tuple[ColorRule, ...] = ()
    filters: tuple[str, ...] = ()
    throughput: tuple[str, str] = ("log", "all")
    timeline: str = TOLD[0]
    masks: MaskRules = MaskRules()


def name_problem(name: str) -> str:
    """Why this can be no profile's name, as a sentence; empty when it can."""
    if not name.strip():
        return "a profile needs a name"
    if len(name) > MOST_NAME:
        return f"a name has at most {MOST_NAME} characters"
    if name != name.strip() or not name.isprintable():
        return "a name has no space at its ends, and nothing in it that cannot be seen"
    return ""


def mask_problem(rules: MaskRules) -> str:
    """What is wrong with rules, as a sentence; empty when nothing is."""
    for name, texts in (("paths", rules.paths), ("patterns", rules.patterns), ("regexes", rules.regexes)):
        if len(texts) > MOST_MASKS:
            return f"at most {MOST_MASKS} {name}"
        for text in texts:
            if problem := _problem(text, partial(_check_mask, name)):
                return problem
    return ""


# ---- writing


def file_text(profile: Profile) -> str:
    """The profile as a file that people can read."""
    columns, rules = profile.columns, profile.masks
    lines = [_HEAD, f"profile = {_VERSION}", f"name = {toml_string(profile.name)}", *_list("filters", profile.filters), "", "[columns]"]
    lines += _list("added", columns.added) + _list("order", columns.order)
    lines += _list("shown", [name for name, on in columns.shown.items() if on])
    lines += _list("hidden", [name for name, on in columns.shown.items() if not on])
    lines += ["", "[columns.widths]", *(f"{toml_string(name)} = {width}" for name, width in columns.widths.items())]
    lines += ["", "[throughput]", f"by = {toml_string(profile.throughput[0])}", f"times = {toml_string(profile.throughput[1])}"]
    lines += ["", "[timeline]", f"by = {toml_string(profile.timeline)}"]
    lines += ["", "[masks]", *_list("paths", rules.paths), *_list("patterns", rules.patterns), *_list("regexes", rules.regexes)]
    for rule in profile.colors:
        lines += ["", "[[colors]]", f"filter = {toml_string(rule.filter)}", f"color = {rule.color}", f"on = {str(rule.is_on).lower()}"]
    return "\n".join([*lines, ""])


def _list(name: str, texts: Sequence[str]) -> list[str]:
    line = f"{name} = [{', '.join(map(toml_string, texts))}]"
    return [line] if len(line) <= _LINE else [f"{name} = [", *(f"  {toml_string(text)}," for text in texts), "]"]


# ---- reading


def read(text: str, where: str) -> Profile:
    """The profile that `text` holds; `where` stands for it in messages.

    Raises UsageError that says what is wrong, and at which place of the file.
    """
    if len(text) > LARGEST_BYTES:
        raise UsageError(f"{where} is no profile: it is larger than {LARGEST_BYTES // 1_000_000} MB")
    try:
        tables = toml_text.loads(text)
    except ValueError as error:
        raise UsageError(f"{where} is no profile: {error}") from None
    try:
        return _profile(tables)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _profile(tables: Mapping[str, Any]) -> Profile:
    if tables.get("profile") != _VERSION or isinstance(tables.get("profile"), bool):
        raise UsageError(f"no profile that this version reads: it must begin with profile = {_VERSION}")
    _only(tables, "", "profile name filters columns throughput timeline masks colors")
    name = _text(tables, "", "name", DEFAULT)
    if problem := name_problem(name):
        raise UsageError(f"name: {problem}")
    throughput, timeline = _table(tables, "", "throughput"), _table(tables, "", "timeline")
    _only(throughput, "throughput.", "by times")
    _only(timeline, "timeline.", "by")
    return Profile(
        name,
        _columns(_table(tables, "", "columns")),
        _colors(tables.get("colors", [])),
        _texts(tables, "", "filters", MOST_FILTERS, _check_filter),
        (_choice(throughput, "throughput.", "by", GROUPINGS, "log"), _choice(throughput, "throughput.", "times", SPANS, "all")),
        _choice(timeline, "timeline.", "by", TOLD, TOLD[0]),
        _masks(_table(tables, "", "masks")),
    )


def _columns(table: Mapping[str, Any]) -> ColumnChoices:
    _only(table, "columns.", "added order shown hidden widths")
    added = _texts(table, "columns.", "added", MOST_ADDED, lambda text: str(field_place(text) and ""))
    known = {*NAMES, *added}

    def check(name: str) -> str:
        return "" if name in known else f"no column is named {name!r}"

    shown = dict.fromkeys(_texts(table, "columns.", "shown", len(known), check), True)
    hidden = dict.fromkeys(_texts(table, "columns.", "hidden", len(known), check), False)
    if both := set(shown) & set(hidden):
        raise UsageError(f"columns: {sorted(both)[0]!r} is both shown and hidden")
    widths = _table(table, "columns.", "widths")
    for name, width in widths.items():
        if problem := check(name):
            raise UsageError(f"columns.widths: {problem}")
        if not isinstance(width, int) or isinstance(width, bool) or not LEAST_PX <= width <= MOST_PX:
            raise UsageError(f"columns.widths: the width of {name!r} is a number of pixels from {LEAST_PX} to {MOST_PX}")
    return ColumnChoices({**shown, **hidden}, dict(widths), _texts(table, "columns.", "order", len(known), check), added)


def _colors(found: object) -> tuple[ColorRule, ...]:
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise UsageError("colors: write [[colors]], in double brackets, once for each rule")
    if len(found) > MOST_RULES:
        raise UsageError(f"colors: at most {MOST_RULES} rules")
    return tuple(_color(table, f"colors[{number}].") for number, table in enumerate(found, 1))


def _color(table: Mapping[str, Any], at: str) -> ColorRule:
    _only(table, at, "filter color on")
    text, color, is_on = _text(table, at, "filter"), table.get("color"), table.get("on", True)
    if problem := _problem(text, _check_filter):
        raise UsageError(f"{at}filter: {problem}")
    if not isinstance(color, int) or isinstance(color, bool) or not 1 <= color <= COLORS:
        raise UsageError(f"{at}color: a number from 1 to {COLORS}, not {_short(color)}")
    if not isinstance(is_on, bool):
        raise UsageError(f"{at}on: true or false, not {_short(is_on)}")
    return ColorRule(text, color, is_on)


def _masks(table: Mapping[str, Any]) -> MaskRules:
    _only(table, "masks.", "paths patterns regexes")
    return MaskRules(
        _texts(table, "masks.", "paths", MOST_MASKS, partial(_check_mask, "paths")),
        _texts(table, "masks.", "patterns", MOST_MASKS, partial(_check_mask, "patterns")),
        _texts(table, "masks.", "regexes", MOST_MASKS, partial(_check_mask, "regexes")),
    )


def _check_mask(kind: str, text: str) -> str:
    masks.parse(written(**{kind: [text]}))
    return ""


def _check_filter(text: str) -> str:
    compile_filter(text, CAPTURED)
    return ""


# ---- parts of a file; raise UsageError that says where


def _only(table: Mapping[str, Any], at: str, names: str) -> None:
    for name in table:
        if name not in names.split():
            raise UsageError(f"{at}{_short(name)} is not known here; there are {', '.join(names.split())}")


def _table(table: Mapping[str, Any], at: str, name: str) -> Mapping[str, Any]:
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise UsageError(f"{at}{name} is a table: write [{at}{name}]")
    return found


def _text(table: Mapping[str, Any], at: str, name: str, usual: str | None = None) -> str:
    found = table.get(name, usual)
    if not isinstance(found, str):
        raise UsageError(f"{at}{name}: a text is wanted, not {_short(found)}")
    return found


def _choice(table: Mapping[str, Any], at: str, name: str, choices: Sequence[str], usual: str) -> str:
    found = _text(table, at, name, usual)
    if found not in choices:
        raise UsageError(f"{at}{name}: one of {', '.join(choices)}, not {_short(found)}")
    return found


def _texts(table: Mapping[str, Any], at: str, name: str, most: int, check: Callable[[str], str]) -> tuple[str, ...]:
    """A list of texts, each once. `check` gives or raises what is wrong with one."""
    found = table.get(name, [])
    if not isinstance(found, list) or len(found) > most:
        raise UsageError(f"{at}{name} is a list of at most {most} texts")
    for number, text in enumerate(found, 1):
        if not isinstance(text, str) or not text:
            raise UsageError(f"{at}{name}[{number}]: a text is wanted, not {_short(text)}")
        if problem := _problem(text, check):
            raise UsageError(f"{at}{name}[{number}]: {problem}")
    return tuple(dict.fromkeys(found))


def _problem(text: str, check: Callable[[str], str]) -> str:
    if len(text) > MOST_CHARACTERS:
        return f"it is longer than {MOST_CHARACTERS:,} characters"
    try:
        return check(text)
    except QueryError as error:
        return error.sentence
    except UsageError as error:
        return str(error)


def _short(found: object) -> str:
    text = repr(found)
    return text if len(text) <= MOST_NAME else f"{text[:MOST_NAME]}…"
