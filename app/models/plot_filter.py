"""What a name in a plot stands for as a filter: the events that its line or its part of a bar counts. Pure; no Qt, no I/O.

Read `bar_counts` for the names, `inspector.query` for the language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from app.models.bar_counts import NAMELESS, OTHERS, label_of
from inspector.capture.rollup import GROUPINGS
from inspector.capture.steps import LONGEST
from inspector.capture.steps import OTHERS as _REST
from inspector.masks import SIGN

_OF_PARTITION = " / "
_TOLD = {*GROUPINGS, "stream", "actor", "decoder", "key"}
_SUMMED = re.compile(r"\([\d,]+ others\)")
_NULLABLE = {"type", "category", "stream", "actor", "decoder", "key"}
"""An event may be without; of it a comparison says nothing. Plots count it with those whose name is empty."""


def series_filter(by: str, name: str, names: Collection[str]) -> tuple[str, str]:
    """(the filter for the events of `name`, the one for all others); empty texts where it stands for none, as what is masked does.

    `by` is what the plot tells by, `names` all that it shows: `others` are those with none of these names.
    """
    if by not in _TOLD or SIGN in name or (name == OTHERS and any(SIGN in each for each in names)):
        return "", ""
    if name == _REST or _SUMMED.fullmatch(name) or len(name) >= LONGEST or (by == "key" and name.startswith("0x")):
        return "", ""  # names of none, cut ones, and bytes that are no text
    if name == OTHERS:
        same = _listed(by, [each for each in names if each != OTHERS])
        other, same = same, f"!({same})"
        return (_or_none(by, same), other) if NAMELESS not in names else (same, _or_none(by, other))
    if name == NAMELESS and by in _NULLABLE:
        return f'({by} == null || {by} == "")', f'!({by} == null || {by} == "")'
    same = _one(by, name)
    return same, _or_none(by, f"!({same})")


def _or_none(by: str, text: str) -> str:
    return f"({by} == null || {text})" if by in _NULLABLE else text


def _one(by: str, name: str) -> str:
    if by == "partition":
        log, _, number = name.rpartition(_OF_PARTITION)
        return f"log == {_literal(log)} && partition == {int(number)}"
    return f"{by} == {_literal(label_of(name))}"


def _listed(by: str, names: Collection[str]) -> str:
    named = ["" if name == NAMELESS and by in _NULLABLE else label_of(name) for name in names]
    if by == "partition":
        return " || ".join(f"({_one(by, name)})" for name in named)
    return f"{by} in [{', '.join(map(_literal, named))}]"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
