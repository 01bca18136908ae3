"""A profile: a named set of how events are looked at, and the one readable file it is kept in and mailed as. Pure; no Qt, no I/O.

A file may come from a stranger: it is read strictly, every filter, place and mask in it is checked, and nothing in it is ever run.
Read `app.profiles` for who keeps profiles. What a *record means* is said elsewhere, in a map (`inspector.identify`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.models.color_rules import COLORS, MOST_RULES, ColorRule
from app.models.event_columns import NAMES
from app.models.plot_spec import PlotSpec, lines_of, plots_of, standard
from app.models.toml_parts import choice, only, problem_of, short, subtable, text, texts
from inspector import masks, toml_text
from inspector.capture.rollup import GROUPINGS
from inspector.errors import UsageError
from inspector.mask_text import toml_string, written
from inspector.query import compile_filter
from inspector.query.names import CAPTURED
from inspector.query.places import field_place

DEFAULT = "Default"
LARGEST_BYTES = 1_000_000
MOST_FILTERS, MOST_ADDED, MOST_MASKS = 200, 40, 500
MOST_NAME = 60
LEAST_PX, MOST_PX = 24, 4_000
SPANS = ("last 5 min", "last hour", "all", "selected range")
"""Which times the plots show."""
STEPS = ("auto", "1 s", "10 s", "1 min", "10 min", "1 h", "1 day")
"""How wide a step of the plots is."""
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
    """One set. `times` is (which times the plots show, how wide a step is); `timeline` what the bars are told by."""

    name: str = DEFAULT
    columns: ColumnChoices = ColumnChoices()
    colors: tuple[ColorRule, ...] = ()
    filters: tuple[str, ...] = ()
    plots: tuple[PlotSpec, ...] = standard()
    times: tuple[str, str] = ("all", STEPS[0])
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
    for name, given in (("paths", rules.paths), ("patterns", rules.patterns), ("regexes", rules.regexes)):
        if len(given) > MOST_MASKS:
            return f"at most {MOST_MASKS} {name}"
        for each in given:
            if problem := problem_of(each, partial(_check_mask, name)):
                return problem
    return ""


# ---- writing


def file_text(profile: Profile) -> str:
    """The profile as a file that people can read."""
    columns, rules = profile.columns, profile.masks
    lines = [_HEAD, f"profile = {_VERSION}", f"name = {toml_string(profile.name)}", *_list("filters", profile.filters)]
    lines += [*([] if profile.plots else ["plots = []"]), "", "[columns]"]
    lines += _list("added", columns.added) + _list("order", columns.order)
    lines += _list("shown", [name for name, on in columns.shown.items() if on])
    lines += _list("hidden", [name for name, on in columns.shown.items() if not on])
    lines += ["", "[columns.widths]", *(f"{toml_string(name)} = {width}" for name, width in columns.widths.items())]
    lines += ["", "[throughput]", f"times = {toml_string(profile.times[0])}", f"steps = {toml_string(profile.times[1])}"]
    lines += ["", "[timeline]", f"by = {toml_string(profile.timeline)}"]
    lines += ["", "[masks]", *_list("paths", rules.paths), *_list("patterns", rules.patterns), *_list("regexes", rules.regexes)]
    lines += lines_of(profile.plots)
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
    only(tables, "", "profile name filters columns throughput plots timeline masks colors")
    name = text(tables, "", "name", DEFAULT)
    if problem := name_problem(name):
        raise UsageError(f"name: {problem}")
    throughput, timeline = subtable(tables, "", "throughput"), subtable(tables, "", "timeline")
    only(throughput, "throughput.", "by times steps")
    only(timeline, "timeline.", "by")
    plots = standard(choice(throughput, "throughput.", "by", GROUPINGS, "log"))
    return Profile(
        name,
        _columns(subtable(tables, "", "columns")),
        _colors(tables.get("colors", [])),
        texts(tables, "", "filters", MOST_FILTERS, _check_filter),
        plots_of(tables["plots"], _check_filter) if "plots" in tables else plots,
        (choice(throughput, "throughput.", "times", SPANS, "all"), choice(throughput, "throughput.", "steps", STEPS, STEPS[0])),
        choice(timeline, "timeline.", "by", TOLD, TOLD[0]),
        _masks(subtable(tables, "", "masks")),
    )


def _columns(table: Mapping[str, Any]) -> ColumnChoices:
    only(table, "columns.", "added order shown hidden widths")
    added = texts(table, "columns.", "added", MOST_ADDED, lambda text: str(field_place(text) and ""))
    known = {*NAMES, *added}

    def check(name: str) -> str:
        return "" if name in known else f"no column is named {name!r}"

    shown = dict.fromkeys(texts(table, "columns.", "shown", len(known), check), True)
    hidden = dict.fromkeys(texts(table, "columns.", "hidden", len(known), check), False)
    if both := set(shown) & set(hidden):
        raise UsageError(f"columns: {sorted(both)[0]!r} is both shown and hidden")
    widths = subtable(table, "columns.", "widths")
    for name, width in widths.items():
        if problem := check(name):
            raise UsageError(f"columns.widths: {problem}")
        if not isinstance(width, int) or isinstance(width, bool) or not LEAST_PX <= width <= MOST_PX:
            raise UsageError(f"columns.widths: the width of {name!r} is a number of pixels from {LEAST_PX} to {MOST_PX}")
    return ColumnChoices({**shown, **hidden}, dict(widths), texts(table, "columns.", "order", len(known), check), added)


def _colors(found: object) -> tuple[ColorRule, ...]:
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise UsageError("colors: write [[colors]], in double brackets, once for each rule")
    if len(found) > MOST_RULES:
        raise UsageError(f"colors: at most {MOST_RULES} rules")
    return tuple(_color(table, f"colors[{number}].") for number, table in enumerate(found, 1))


def _color(table: Mapping[str, Any], at: str) -> ColorRule:
    only(table, at, "filter color on")
    wanted, color, is_on = text(table, at, "filter"), table.get("color"), table.get("on", True)
    if problem := problem_of(wanted, _check_filter):
        raise UsageError(f"{at}filter: {problem}")
    if not isinstance(color, int) or isinstance(color, bool) or not 1 <= color <= COLORS:
        raise UsageError(f"{at}color: a number from 1 to {COLORS}, not {short(color)}")
    if not isinstance(is_on, bool):
        raise UsageError(f"{at}on: true or false, not {short(is_on)}")
    return ColorRule(wanted, color, is_on)


def _masks(table: Mapping[str, Any]) -> MaskRules:
    only(table, "masks.", "paths patterns regexes")
    return MaskRules(
        texts(table, "masks.", "paths", MOST_MASKS, partial(_check_mask, "paths")),
        texts(table, "masks.", "patterns", MOST_MASKS, partial(_check_mask, "patterns")),
        texts(table, "masks.", "regexes", MOST_MASKS, partial(_check_mask, "regexes")),
    )


def _check_mask(kind: str, text: str) -> str:
    masks.parse(written(**{kind: [text]}))
    return ""


def _check_filter(text: str) -> str:
    compile_filter(text, CAPTURED)
    return ""
