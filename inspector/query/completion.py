"""What may stand where the cursor is in a filter: fields, calls, values and places that were seen. Pure; no capture, no Qt.

Read `capture.seen` for what was seen, `reference` for what the language has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from inspector.event import Flag
from inspector.query.calls import FUNCTIONS, METHODS
from inspector.query.compiler import MACROS, SPECIAL
from inspector.query.json_path import path_step
from inspector.query.names import CAPTURED

MOST = 60
_LITERAL = re.compile(r'"(?:\\.|[^"\\])*("|\Z)' + r"|'(?:\\.|[^'\\])*('|\Z)")
_VALUE_OF = re.compile(r"(\w+)\s*(?:==|!=|<=?|>=?|\.(?:startsWith|endsWith|contains)\(|\bin\s*\[(?:[^\[\]]*,)?)\s*\Z")
_PLACE = re.compile(r"(?<![\w.\])])((?:data|metadata)(?:\.\w+|\[\d+\]|\[\"(?:\\.|[^\"\\])*\"\])*)(\.(\w*)|\[\"((?:\\.|[^\"\\])*))\Z")
_OWNER = re.compile(r"([\w\])\"'])\.(\w*)\Z")
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)?\Z")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[(\"(?:\\.|[^\"\\])*\")\]")
_OPERAND_BEFORE = re.compile(r"[\w\])\"']\s+\Z")
_OPERATORS = (
    ("==", "equal"),
    ("!=", "not equal"),
    (">", "more than"),
    (">=", "at least"),
    ("<", "less than"),
    ("<=", "at most"),
    ("&&", "and"),
    ("||", "or"),
    ("in", "one of a list"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen in a capture. Places are steps of names and numbers below `data` or `metadata`, with what stands there."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Field → its values, the usual ones first."""
    headers: Sequence[str] = ()
    places: Mapping[tuple[str | int, ...], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`insert` takes the place of the text from `Completion.start` to the cursor; `detail` says what it is."""

    insert: str
    shown: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What fits, best first, and from which column on it replaces the text before the cursor."""

    start: int
    found: Sequence[Suggestion] = ()


def complete(text: str, cursor: int, known: Known) -> Completion:
    """What may stand at `cursor` in `text`."""
    before = text[:cursor]
    if (place := _PLACE.search(before)) is not None:
        return _places(place, known)
    if (start := _open_literal(before)) is not None:
        return _values(before, start, known)
    if (owner := _OWNER.search(before)) is not None and not re.search(r"(?<!\w)\d+\.\w*\Z", before):
        calls = {name: call.meaning for name, call in METHODS.items()} | {name: meaning for name, (_, meaning, _) in MACROS.items()}
        return _of(cursor - len(owner[2]), owner[2], [Suggestion(f"{name}(", f"{name}(…)", meaning) for name, meaning in calls.items()])
    word = _WORD.search(before)
    if word is None or re.search(r"[\w\"'\])]\Z", before[: len(before) - len(word[1] or "")]):
        return Completion(cursor)
    typed = word[1] or ""
    start = cursor - len(typed)
    if not typed and _OPERAND_BEFORE.search(before):
        is_whole = bool(re.search(r"[\d\])\"']\s+\Z", before)) or bool(re.search(r"\b(true|false|null)\s+\Z", before))
        signs = sorted(_OPERATORS, key=lambda each: each[0] not in {"&&", "||"}) if is_whole else _OPERATORS
        return Completion(start, [Suggestion(f"{sign} ", sign, meaning) for sign, meaning in signs])
    return _of(start, typed, [*_values_after(before[:start], known), *_roots(known)])


def _open_literal(before: str) -> int | None:
    """Where the text literal begins in which the cursor is; None when it is in none."""
    for match in _LITERAL.finditer(before):
        if match.end() == len(before) and not (match[1] or match[2]):
            return match.start()
    return None


def _values(before: str, start: int, known: Known) -> Completion:
    head, typed = before[:start], before[start + 1 :]
    if head.rstrip().endswith("headers["):
        found = [Suggestion(f'{_inner(name)}"]', name, "header") for name in known.headers]
    elif (asked := _VALUE_OF.search(head)) is not None:
        found = [Suggestion(f'{_inner(value)}"', value, asked[1]) for value in known.values.get(asked[1], ())]
    else:
        found = [Suggestion(f'{flag.name}" in flags', str(flag.name), "flag") for flag in Flag]
    return _of(start + 1, typed, found)


def _values_after(head: str, known: Known) -> Iterable[Suggestion]:
    asked = _VALUE_OF.search(head)
    for value in known.values.get(asked[1], ()) if asked is not None and not head.endswith("(") else ():
        yield Suggestion(json.dumps(value, ensure_ascii=False), value, asked[1] if asked else "")


def _inner(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _roots(known: Known) -> Iterable[Suggestion]:
    kinds = {"json": "a document", "bytes": "text", "headers": 'headers["name"]', "flags": '"aborted" in flags'}
    for name, found in CAPTURED.items():
        yield Suggestion(name, name, kinds.get(found.kind, found.kind))
    for name, call in FUNCTIONS.items():
        yield Suggestion(f"{name}(", f"{name}(…)", call.meaning)
    for name, (_, meaning) in SPECIAL.items():
        yield Suggestion('search("' if name == "search" else f"{name}(", f"{name}(…)", meaning)
    for flag in Flag:
        yield Suggestion(f'"{flag.name}" in flags', f'"{flag.name}" in flags', "flag")
    for place, kind in known.places.items():
        yield Suggestion(place_text(place), place_text(place), kind)


def _places(match: re.Match[str], known: Known) -> Completion:
    """Members of the place before the last dot or bracket, then what can be asked of it."""
    owner = _steps(match[1])
    is_bracket = match[4] is not None
    typed = match[4] if is_bracket else match[3]
    found = []
    for place, kind in known.places.items():
        if len(place) == len(owner) + 1 and place[:-1] == owner:
            found.append(Suggestion(_step_text(place[-1]), str(place[-1]), kind))
    if not is_bracket:
        for name, call in METHODS.items():
            found.append(Suggestion(f".{name}(", f"{name}(…)", call.meaning))
        for name, (_, meaning, _) in MACROS.items():
            found.append(Suggestion(f".{name}(", f"{name}(…)", meaning))
    return _of(match.start(2), typed, found)


def _steps(text: str) -> tuple[str | int, ...]:
    root, _, _ = re.split(r"([.\[])", text, maxsplit=1) if re.search(r"[.\[]", text) else (text, "", "")
    steps: list[str | int] = [root]
    for name, index, literal in _STEP.findall(text[len(root) :]):
        steps.append(int(index) if index else _read(literal) if literal else name)
    return tuple(steps)


def _read(literal: str) -> str:
    try:
        return str(json.loads(literal))
    except ValueError:
        return literal[1:-1]


def place_text(place: Sequence[str | int]) -> str:
    """A place as a filter writes it."""
    text = str(place[0])
    for step in place[1:]:
        text = path_step(text, str(step), is_element=isinstance(step, int))
    return text


def _step_text(step: str | int) -> str:
    return path_step("", str(step), is_element=isinstance(step, int))


def _of(start: int, typed: str, found: Iterable[Suggestion]) -> Completion:
    """Those that begin with what is typed, then those that have it somewhere."""
    wanted = typed.casefold()
    ranked: tuple[list[Suggestion], list[Suggestion]] = ([], [])
    for suggestion in found:
        shown = suggestion.shown.casefold().lstrip('"')
        if shown != wanted and wanted in shown:
            ranked[0 if shown.startswith(wanted) else 1].append(suggestion)
    return Completion(start, (ranked[0] + ranked[1])[:MOST])
