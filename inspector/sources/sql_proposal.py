"""A proposal how to read a table as events: per field the column, the score and why, and what only the user knows. Pure.

It becomes a descriptor as TOML (`Proposal.toml`), with the reasons as comments, once the user has confirmed or changed it.
Read `sql_guess` for who makes one, `sql_saved` for where confirmed ones are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inspector.errors import UsageError
from inspector.sources.sql_descriptor import FIELDS
from inspector.sources.sql_parsing import parse
from inspector.sources.table_description import Sampled

_TIMES = {"time": "recorded"}
"""A time that a column has is the store's, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that may be meant, with its score from 0 to 1."""

    column: str
    score: float


@dataclass(frozen=True, slots=True)
class FieldGuess:
    """What a field is taken from. Without an expression it is left out, and its column kept among the others."""

    field: str
    column: str | None = None
    expression: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    alternatives: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What only the user knows of a field, and expressions to choose from (none: yes or no, or any column)."""

    field: str
    text: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a table may be read. `samples` are five rows in the order of `columns`."""

    table: str
    columns: tuple[str, ...]
    signature: str
    fields: tuple[FieldGuess, ...]
    decoder: str | None
    base: int | None
    samples: tuple[Sequence[Sampled], ...] = ()
    questions: tuple[Question, ...] = ()
    likelihood: float = 0.0
    """From 0 to 1: how likely the table is one of events."""

    def of(self, field: str) -> FieldGuess | None:
        """What is proposed for a field."""
        return next((one for one in self.fields if one.field == field), None)

    @property
    def is_complete(self) -> bool:
        """A position and a value are there: it can be read."""
        return all((one := self.of(field)) is not None and one.expression for field in ("position", "value"))

    def with_choice(self, field: str, expression: str) -> Proposal:
        """The same with the user's expression for a field (empty: leave it out). Raises UsageError for one that cannot be."""
        if field not in FIELDS:
            raise UsageError(f"no field named {field!r}; one of {', '.join(FIELDS)}")
        try:
            column = next(iter(parse(expression).columns()), None) if expression else None
        except ValueError as error:
            raise UsageError(f"{field}: {error}") from None
        chosen = FieldGuess(field, column, expression, 1.0, ("chosen",))
        others = [one for one in self.fields if one.field != field]
        left = tuple(question for question in self.questions if question.field != field)
        return replace(self, fields=(*others, chosen), questions=left)

    def toml(self) -> str:
        """A descriptor, with the reasons and questions as comments."""
        lines = [f"title = {quoted(f'Table {self.table}')}"]
        lines += [f"decoder = {quoted(self.decoder)}"] if self.decoder else []
        lines += [f"base = {self.base}   # version of a stream's first event, as in the first rows"] if self.base is not None else []
        lines += ["", "[match]", f"table = {quoted(_as_glob(self.table))}"]
        lines += [f"columns = [{', '.join(map(quoted, self.columns))}]"]
        lines += [f"signature = {quoted(self.signature)}   # names and types of all columns; without it others fit too"]
        lines += ["", "[event]"]
        asked = {question.field: question for question in self.questions}
        for one in self.fields:
            lines += _field_lines(one, asked.get(one.field))
        lines += [f"# {_said(question.text)}" for question in self.questions if self.of(question.field) is None]
        return "\n".join(lines) + "\n"

    def as_json(self) -> Mapping[str, object]:
        """The same for programs."""
        return {
            "table": self.table,
            "likelihood": self.likelihood,
            "signature": self.signature,
            "decoder": self.decoder,
            "base": self.base,
            "fields": [
                {
                    "field": one.field,
                    "expression": one.expression or None,
                    "column": one.column,
                    "score": round(one.score, 2),
                    "reasons": list(one.reasons),
                    "alternatives": [{"column": choice.column, "score": round(choice.score, 2)} for choice in one.alternatives],
                }
                for one in self.fields
            ],
            "questions": [{"field": one.field, "text": one.text, "choices": list(one.choices)} for one in self.questions],
            "samples": [dict(zip(self.columns, map(_shown, row), strict=True)) for row in self.samples],
        }


def _field_lines(one: FieldGuess, question: Question | None) -> list[str]:
    key = _TIMES.get(one.field, one.field)
    lines = [f"# ? {_said(question.text)}"] if question is not None else []
    if not one.expression:
        choices = question.choices if question is not None else ()
        return [*lines, *(f"# {key} = {quoted(choice)}" for choice in choices)]
    others = f"; or {', '.join(f'{choice.column} ({choice.score:.2f})' for choice in one.alternatives)}" if one.alternatives else ""
    return [*lines, f"{key} = {quoted(one.expression)}   # {one.score:.2f}: {_said(', '.join(one.reasons) + others)}"]


def quoted(text: str) -> str:
    """A TOML basic string, whatever is in it."""
    body = "".join(
        "\\" + letter if letter in '"\\' else letter if letter.isprintable() else f"\\U{ord(letter):08x}"
        for letter in text.encode("utf-8", "replace").decode()
    )
    return f'"{body}"'


def _said(text: str) -> str:
    """A stranger's words in a comment: on one line, without control characters."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)[:500]


def _as_glob(name: str) -> str:
    """The pattern that means this name only."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _shown(cell: Sampled) -> object:
    return {"hex": cell[:64].hex(), "bytes": len(cell)} if isinstance(cell, bytes) else cell[:200] if isinstance(cell, str) else cell
