"""From records to events: decodes a batch, then finds stream, type, version, ids, actor and time by rules. No I/O per batch.

What wins, field by field: the user's profile, then what the source itself knows, then the rules of a store's
descriptor, then the built-in ones. Read `profile` for what a user may write, `rules` for how it is done, `decoders` for
the first half.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import orjson

from inspector import decoders
from inspector.decoders import SAMPLE, Context, Decoded, Habit
from inspector.errors import UsageError
from inspector.event import EventBatch, RecordBatch, Schema
from inspector.identify import expressions
from inspector.identify.otherwise import read_otherwise
from inspector.identify.parts import EVENT_TIME, SOURCE, Part, assembled, identified, taken, without_markers
from inspector.identify.profile import LogProfile, Profile, built_in_rules, load_profile, parse_profile
from inspector.identify.rows import Rows, key_text
from inspector.identify.rules import FIELDS, IN_ENVELOPE, Candidate, Column, compile_table
from inspector.schemas import Schemas
from inspector.schemas.framing import FIRST_BYTES, may_name_schema
from inspector.sources import LogInfo

__all__ = ["EVENT_TIME", "SOURCE", "Found", "Identifier", "Profile", "Tried", "load_profile", "parse_profile"]


@dataclass(frozen=True, slots=True)
class _LogRules:
    """Everything known of one log, compiled once."""

    decoder: str | None
    key_type: str | None
    schema: str | None
    candidates: Mapping[str, Sequence[Candidate]]
    overridden: frozenset[str]
    """Fields that the profile takes from elsewhere than the source."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the rules find a field: the place as a rule writes it (empty: the source knows it), the rule's name, the value there."""

    place: str
    rule: str
    value: object


class Tried(NamedTuple):
    """A rule over records: what is there, what that is read as, and the digits of numbers with a fraction, by row."""

    there: Column
    read: Column
    digits: Mapping[int, str]


class Identifier:
    """Decodes and identifies batches. `decoders` and `rules` are a source's wishes per log name (a store's descriptor); a log
    may be put in there until its first record comes.

    `schemas` is the book of the source that the records come from. What the first values of each log turn out to be decides
    about later ones that several decoders could read (see `decoders.Habit`); `remember` tells of values met before.

    Raises UsageError for an unknown decoder or a mistake in `rules`. Not shared between threads.
    """

    def __init__(
        self,
        *,
        profile: Profile | None = None,
        decoders: Mapping[str, str] | None = None,
        rules: Mapping[str, Mapping[str, object]] | None = None,
        schemas: Schemas | None = None,
    ) -> None:
        self.schemas = schemas or Schemas()
        self._profile = profile or Profile()
        self._decoders = decoders if decoders is not None else {}
        self._rules = rules if rules is not None else {}
        self._compiled: dict[str, _LogRules] = {}
        self._habits: dict[str, Habit] = {}

    def events(self, records: RecordBatch, logs: Sequence[LogInfo]) -> EventBatch:
        """What the records of one batch mean; `records.log` are indexes into `logs`. Bad data never raises."""
        with _no_collection():
            return self._events(records, {place: logs[place].key.name for place in set(records.log)})

    def _events(self, records: RecordBatch, names: Mapping[int, str]) -> EventBatch:
        if len(set(names.values())) == 1:
            parts = [self._part(records, names[records.log[0]], range(len(records)))]
        else:
            by_name: dict[str, list[int]] = {}
            for row, log in enumerate(records.log):
                by_name.setdefault(names[log], []).append(row)
            parts = [self._part(records, name, rows) for name, rows in by_name.items()]
        return assembled(records, parts)

    def _part(self, records: RecordBatch, name: str, rows: Sequence[int]) -> Part:
        rules = self._compiled.get(name)
        if rules is None:
            rules = self._compiled[name] = self._compile(name)
        value = without_markers(records, rows)
        headers = taken(records.headers, rows) if records.headers else [None] * len(rows)
        habit = self._habits.setdefault(name, Habit())
        context = self._context(name)
        decoded = decoders.decode(value, headers, context, rules.decoder, habit)
        if any(decoded.schema):
            read_otherwise(decoded, value, headers, context, taken(records.read_with, rows) if records.read_with else ())
        view = self._view(records, name, rows, rules, decoded)
        return identified(view, rules.candidates, records, rows, decoded, rules.overridden)

    def remember(self, name: str, values: Sequence[bytes | None], headers: Sequence[str | None]) -> None:
        """Learns from the first values that log `name` had, as if they were read here."""
        rules = self._compiled.setdefault(name, self._compile(name))
        decoders.decode(values, headers, self._context(name), rules.decoder, self._habits.setdefault(name, Habit()))

    def is_settled(self, name: str) -> bool:
        """Whether further values of log `name` no longer change how later ones are decoded."""
        rules, habit = self._compiled.get(name), self._habits.get(name)
        return (rules is not None and rules.decoder is not None) or (habit is not None and habit.seen >= SAMPLE)

    def _habit(self, name: str) -> Habit:
        """What is known of log `name` so far, not to be learned from any further."""
        return self._habits.get(name, Habit()).settled()

    def origins(self, records: RecordBatch, name: str) -> dict[str, Found]:
        """Of the first record, read from log `name`: field → where its value is found. Fields without one are left out.

        A place is written as in a rule: `header.ce_type`, `data.order_id`, `key`.
        """
        rules = self._compiled.setdefault(name, self._compile(name))
        decoded = decoders.decode(records.value[:1], records.headers[:1] or [None], self._context(name), rules.decoder, self._habit(name))
        view = self._view(records, name, range(1), rules, decoded)
        found: dict[str, Found] = {}
        for column, candidates in rules.candidates.items():
            for candidate in candidates:
                there = candidate.found(view)
                if there is not None and (value := candidate.read(view, there)[0]) is not None:
                    found[column] = Found(candidate.source.text, candidate.rule, value)
                    break
        return found

    def tried(self, records: RecordBatch, name: str, field: str) -> Tried:
        """Of records read from log `name`: what stands where the first rule for `field` looks, and what that is read as."""
        rules = self._compiled.setdefault(name, self._compile(name))
        count = len(records)
        decoded = decoders.decode(records.value, records.headers or [None] * count, self._context(name), rules.decoder, self._habit(name))
        view = self._view(records, name, range(count), rules, decoded)
        first = rules.candidates[field][0]
        there = first.found(view)
        if there is None:
            return Tried([None] * count, [None] * count, {})
        numbers = {row: first.source.exact(view, row) for row, value in enumerate(there) if isinstance(value, float)}
        return Tried(there, first.read(view, there), {row: text for row, text in numbers.items() if text})

    def _context(self, name: str) -> Context:
        rules = self._compiled.get(name)
        options = {"schema": rules.schema} if rules is not None and rules.schema else {}
        return Context(log=name, options=options, schemas=self.schemas)

    def _view(self, records: RecordBatch, name: str, rows: Sequence[int], rules: _LogRules, decoded: Decoded) -> Rows:
        key, value = taken(records.key, rows), taken(records.value, rows)
        headers = taken(records.headers, rows) if records.headers else [None] * len(rows)
        key_document, key_schemas = self._key_documents(key, headers, name, rules.key_type, decoded)
        return Rows(
            log=name,
            key=key,
            value=value,
            headers=headers,
            document=decoded.document,
            data=decoded.data,
            envelope={column: taken(values, rows) for column, values in records.envelope.items()},
            key_document=key_document,
            key_schemas=key_schemas,
            schema=decoded.schema,
            schema_name=decoded.name,
        )

    def _key_documents(
        self, keys: Sequence[bytes | None], headers: Sequence[str | None], name: str, key_type: str | None, of_values: Decoded
    ) -> tuple[Sequence[object] | None, frozenset[Schema]]:
        """The keys as documents, of the type that a map names or as their schemas say, and these; no documents when they are text.

        A key whose schema is missing leaves a note with its value.
        """
        context = replace(self._context(name), part="key", options={})
        if key_type:
            return decoders.decode(
                keys, [None] * len(keys), replace(context, options={"type": key_type}), "primitive"
            ).document, frozenset()
        if not any(header is not None and "key" in header and may_name_schema(header) for header in set(headers)) and not any(
            key and key[0] in FIRST_BYTES for key in set(keys)
        ):
            return None, frozenset()
        framed = context.framed_column(keys, headers)
        for row, one in enumerate(framed):
            if one is not None and one.schema.text is None and _names_schema(keys[row] or b"", headers[row], context):
                of_values.error[row] = decoders.joined(of_values.error[row], f"key: {one.schema.error}")
        found = {row: one.schema for row, one in enumerate(framed) if one is not None and one.schema.text is not None}
        if not found:
            return None, frozenset()
        rows = list(found)
        documents: list[object] = [None if key is None else key_text(key) for key in keys]
        decoded = decoders.decode([keys[row] for row in rows], [headers[row] for row in rows], context)
        for row, document in zip(rows, decoded.document, strict=True):
            documents[row] = _key_name(document)
        return documents, frozenset(found.values())

    def _compile(self, name: str) -> _LogRules:
        entry = self._profile.of(name) or LogProfile(name)
        try:
            descriptor = compile_table(self._rules.get(name, {}), "the store's descriptor")
        except ValueError as error:
            raise UsageError(f"rules of {name}: {error}") from None
        candidates: dict[str, Sequence[Candidate]] = {}
        for column in FIELDS:
            if column in entry.candidates:
                candidates[column] = entry.candidates[column]
                continue
            candidates[column] = [_known(column), *descriptor[column]] if column in descriptor else _usual(column)
        decoder, overridden = entry.decoder or self._decoders.get(name), IN_ENVELOPE & entry.candidates.keys()
        return _LogRules(decoder, entry.key_type, entry.schema, candidates, overridden)


def _names_schema(key: bytes, headers: str | None, context: Context) -> bool:
    """Whether a key is likelier a schema's number and a body than anything else, such as a number."""
    ranking = decoders.choose(key, headers, context)
    return bool(ranking) and ranking[0].name == "confluent"


@contextmanager
def _no_collection() -> Iterator[None]:
    """Holds the cycle collector off: a batch makes 100,000 objects that all live for a moment and hold no cycle (1.6 µs a record)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def _known(column: str) -> Candidate:
    """What the source itself says of a field."""
    return Candidate(column, expressions.envelope(column), unit="us" if column == "time" else None, is_final=column == "metadata")


@cache
def _usual(column: str) -> Sequence[Candidate]:
    """Where a field is looked for without anybody's rules, shared by all logs: an import may have as many as there are files."""
    return (_known(column), *_built_in()[column])


@cache
def _built_in() -> dict[str, list[Candidate]]:
    return built_in_rules()


def _key_name(document: object) -> object:
    """What a decoded key says: a record with one field says that field, one with several its JSON text."""
    if isinstance(document, dict) and len(document) == 1:
        document = next(iter(document.values()))
    return orjson.dumps(document, default=str).decode() if isinstance(document, dict | list) else document
