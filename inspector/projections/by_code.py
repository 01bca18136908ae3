"""A projection that is a function of the user's own: `def project(event)` in a FILE.py, run in a process of its own, watched.

    title = "Stock by article"
    group_by = ["sku"]                                   # what groups are told apart by
    measures = {"moved": "sum", "movements": "count"}    # as in a file of TOML; `sum` alone is of the value of that name

    def project(event):
        yield event.data["sku"], {"moved": event.data["quantity"]}

What the file declares stands at its top, written out: it is read without running anything. The function gives pairs of a group and
its values and keeps nothing between events, so that its numbers are added up, taken back, kept and gone on from like those of TOML.
Read `user_code.projecting` for what a function is given, `state` for who goes on, `spec` for what can be declared.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apsw
import orjson

from inspector import values
from inspector.errors import FunctionError, QueryError, UsageError
from inspector.event import Flag
from inspector.projections.chunk import Columns
from inspector.projections.moment import NOW, Moment
from inspector.projections.plan import Plan
from inspector.projections.spec import KEYS, WITHOUT_PLACE, Projection, is_name, of_document
from inspector.projections.state import State
from inspector.user_code import Terms, split
from inspector.user_code.codes import Codes
from inspector.user_code.process import CodeProcess, EndedError
from inspector.user_code.projecting import COLUMNS
from inspector.user_code.sources import Sources, read_sources

_DECLARED = tuple(key for key in KEYS if key != "model")
_NAME = re.compile(r"[^\W\d][\w -]*")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Function:
    """What a `FILE.py[:function]` declares, and its process. Belongs to one thread at a time."""

    named: str
    sources: Sources
    projection: Projection
    terms: Terms
    codes: Codes

    @property
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The labels of groups, and the names of values."""
        taken = (place for one in self.projection.measures for place in one.places)
        return tuple(label.name for label in self.projection.labels), tuple(dict.fromkeys(taken))

    def process(self) -> CodeProcess:
        """The process that has loaded it. Raises UsageError when it cannot be run."""
        return self.codes.process(self.sources, split(self.named)[1], self.terms, self.names)

    def state(self, moment: Moment = NOW, kept: str | None = None, projection: Projection | None = None) -> State:
        """A state of it, begun or gone on from what was `kept`; `projection` is the same with another window or filter."""
        columns = partial(_FunctionColumns, self)
        asked = projection or self.projection
        return State(asked, moment, columns) if kept is None else State.from_json(kept, asked, moment, columns)


def function(named: str, terms: Terms, codes: Codes, *, is_named: bool = True) -> Function:
    """The function `FILE.py[:function]`. Raises UsageError for a mistake in it; ConsentError, as `Codes.read`, where it may not run."""
    sources = codes.read(named, terms, is_named=is_named)
    return Function(named, sources, declared(sources, named), terms, codes)


def look_at(named: str) -> Projection:
    """What the file `FILE.py[:function]` declares; nothing of it runs. Raises UsageError."""
    return declared(read_sources(split(named)[0]), named)


# ---- what is declared


def declared(sources: Sources, named: str) -> Projection:
    """What a file declares at its top. Raises UsageError with the line of a mistake."""
    path, content = sources.modules[sources.name]
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{path} is no Python: {error}") from None
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name) and target.id in _DECLARED and isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                found[target.id], lines[target.id] = _literal(node.value, target.id, path.name), node.lineno
    digest = f"{sources.digest} {split(named)[1] or ''}"
    try:
        return of_document(_document(found, path.stem), _check_name, digest)
    except (ValueError, TypeError) as error:
        key = re.split(r"[^a-z_]", str(error).removeprefix("["), maxsplit=1)[0]
        raise UsageError(f"{path.name}, line {lines.get(key, 1)}: {error}") from None


def _literal(node: ast.expr, name: str, file: str) -> object:
    try:
        found = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise UsageError(
            f"{file}, line {node.lineno}: {name}: write it out as a text, list or dict: it is read without running the file"
        ) from None
    return list(found) if isinstance(found, tuple) else found


def _document(found: dict[str, Any], stem: str) -> dict[str, object]:
    """As a file of TOML would be read: without a place a measure is of the value that has its name."""
    if "measures" not in found:
        raise ValueError('measures: it is missing; write for instance measures = {"total": "sum", "events": "count"}')
    measures = found["measures"]
    if isinstance(measures, dict):
        measures = {name: {what: name} if isinstance(what, str) and what not in WITHOUT_PLACE else what for name, what in measures.items()}
    name = _UNFIT.sub("-", stem).strip("-")
    usual = {"name": name if is_name(name) else f"p-{name}"[:80], "group_by": ["group"]}
    return {**usual, **found, "measures": measures}


def _check_name(text: str) -> None:
    if not _NAME.fullmatch(text):
        raise QueryError(f"{text!r} is no name", expected="a name such as sku or total, which the function gives a value for")


# ---- what is given


class _FunctionColumns(Columns):
    """The columns of one stretch, of which groups and values are given by a function."""

    def __init__(self, function_: Function, asked: Plan, texts: Sequence[str]) -> None:
        super().__init__(asked, texts)
        self._function = function_
        self._places: list[int] = []
        self._labels: list[list[Any]] = [[] for _ in asked.projection.labels]
        self._values: dict[str, list[Any]] = {name: [] for name in function_.names[1]}

    def mark(self) -> None:
        """Has the function give its pairs: each counts as an event does elsewhere."""
        marks = orjson.loads(self._text("mark"))
        self.counts.aborted, self.counts.not_applicable, self.counts.unreadable = marks.count(2), marks.count(None), marks.count(3)
        wanted = [place for place, mark in enumerate(marks) if mark == 1]
        if not wanted:
            return
        self.counts.silent, (self._places, self._labels, given) = self._ask(wanted)
        self.counts.matched = len(self._places)
        self._values = dict(zip(self._values, given, strict=True))

    def given(self, name: str) -> list[Any]:
        """A column, with a value for each pair."""
        for one in self._projection.measures:
            if name == f"places{one.places}":
                return _first_there([self._values[place] for place in one.places])
        if name.startswith("label"):
            return self._labels[int(name.removeprefix("label"))]
        found = orjson.loads(self._text(name))
        return [found[place] for place in self._places]

    def _text(self, name: str) -> str:
        return self.texts[self.asked.columns[name]]

    def _ask(self, wanted: Sequence[int]) -> tuple[int, Any]:
        flags = orjson.loads(self._text("field flags"))
        columns = [(name, self._text(f"field {name}").encode()) for name in COLUMNS]
        head = {
            "do": "pairs",
            "columns": [(name, len(text)) for name, text in columns],
            "wanted": wanted,
            "exactly": any(mark & Flag.duplicate_keys for mark in flags),
        }
        try:
            answer, body = self._function.process().ask(head, b"".join(text for _, text in columns))
        except EndedError as error:
            raise self._failed(max(error.place, wanted[0]), error.reason) from None
        if "failed" in answer:
            raise self._failed(answer["failed"], answer["reason"])
        if "large" in answer:
            raise apsw.TooBigError
        return int(answer["silent"]), values.parse(body.decode())

    def _failed(self, place: int, reason: str) -> FunctionError:
        seq, log, partition, position = (
            orjson.loads(self._text(f"field {name}"))[place] for name in ("seq", "log", "partition", "position")
        )
        where = f"{split(self._function.named)[0].name} stopped at event {seq:,} ({log} {partition} at {position})"
        return FunctionError(seq, reason, where=where)


def _first_there(columns: Sequence[list[Any]]) -> list[Any]:
    """Of several names of a value the first that was given."""
    if len(columns) == 1:
        return columns[0]
    return [next((value for value in row if value is not None), None) for row in zip(*columns, strict=True)]
