"""A profile of logs, which people know as a *map*: what the user says of logs, in TOML, over all that is built in. Reads one file; no Qt.

    [[log]]
    name = "orders*"                                      # a glob; the first entry that fits a log is the one used
    decoder = "json"                                      # else chosen for each value
    schema = "shop.Order"                                 # of values that name none themselves
    key_type = "long"                                     # else keys are text
    zone = "Europe/Paris"                                 # for times that say none
    type = ["data.kind", "header.kind"]
    stream = { from = "key", split = "-" }
    reducer = "latest"                                    # how its streams are replayed unless asked otherwise

It may be a format's descriptor as well (see `formats.descriptor`). Read `rules` for the forms of a field.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources as package_files
from pathlib import Path

from inspector import plugins, toml_text
from inspector.decoders import PRIMITIVE_TYPES, known
from inspector.errors import UsageError
from inspector.formats.descriptor import TOP
from inspector.identify.rules import FIELDS, Candidate, compile_table
from inspector.plain_files import read_text

_KEYS = ("name", "decoder", "schema", "key_type", "zone", "reducer", "when")


@dataclass(frozen=True, slots=True)
class LogProfile:
    """What the user says of the logs whose name fits the glob `name`; empty fields say nothing."""

    name: str
    decoder: str | None = None
    key_type: str | None = None
    candidates: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    reducer: str | None = None
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The user's rules for all logs. `text` is the file as read, to be kept with a capture."""

    logs: tuple[LogProfile, ...] = ()
    text: str = ""

    def of(self, log: str) -> LogProfile | None:
        """The first entry whose glob fits `log`."""
        return next((entry for entry in self.logs if fnmatch.fnmatchcase(log, entry.name)), None)


def load_profile(path: Path) -> Profile:
    """The profile in `path`. Raises UsageError with the line and the reason for any mistake in it."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the map {path}: {error}") from None
    return parse_profile(text, str(path))


def parse_profile(text: str, name: str = "map") -> Profile:
    """The profile written as `text`; `name` stands for it in messages. Raises UsageError as `load_profile` does."""
    tables = _tables(text, name, "log")
    entries = []
    for number, table in enumerate(tables):
        try:
            entries.append(_log_profile(table))
        except ValueError as error:
            raise UsageError(f"{name}, line {toml_text.line_of(text, str(error), entry=number)}: {error}") from None
    return Profile(tuple(entries), text)


def built_in_rules() -> dict[str, list[Candidate]]:
    """The candidates of `resources/identity.toml` per field, in the order written."""
    text = (package_files.files("resources") / "identity.toml").read_text(encoding="utf-8")
    merged: dict[str, list[Candidate]] = {name: [] for name in FIELDS}
    for table in _tables(text, "identity.toml", "rule"):
        for name, candidates in compile_table(table, str(table.get("name", ""))).items():
            merged[name].extend(candidates)
    return merged


def _tables(text: str, name: str, kind: str) -> list[dict[str, object]]:
    try:
        document = toml_text.loads(text)
    except ValueError as error:
        raise UsageError(f"{name} is not TOML: {error}") from None
    tables = document.get(kind, [])
    beside = TOP if kind == "log" and not {"match", "record"}.isdisjoint(document) else ()
    for other in set(document) - {kind} - set(beside):
        raise UsageError(f"{name}, line {toml_text.line_of(text, other)}: {other!r} is not known: everything stands in [[{kind}]] tables")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{name}: write [[{kind}]], in double brackets, once per entry")
    return tables


def _log_profile(table: Mapping[str, object]) -> LogProfile:
    for key in _KEYS[:6]:
        if isinstance(table.get(key, ""), str):
            continue
        raise ValueError(f"{key}: a text is wanted, not {table[key]!r}")
    if not table.get("name"):
        raise ValueError("name: missing; it is the log's name or a glob such as orders*")
    decoder, key_type, reducer = table.get("decoder"), table.get("key_type"), table.get("reducer")
    if decoder is not None and decoder not in {one.name for one in known()}:
        raise ValueError(f"decoder: no decoder named {decoder!r}; known: {', '.join(one.name for one in known())}")
    if key_type is not None and key_type not in PRIMITIVE_TYPES:
        raise ValueError(f"key_type: no type named {key_type!r}; one of {', '.join(PRIMITIVE_TYPES)}")
    if reducer is not None and reducer not in plugins.names("reducers"):
        raise ValueError(f"reducer: no reducer named {reducer!r}; known: {', '.join(plugins.names('reducers'))}")
    rules = {key: value for key, value in table.items() if key not in {"decoder", "schema", "key_type"}}
    texts = [None if value is None else str(value) for value in (decoder, key_type, reducer, table.get("schema"))]
    return LogProfile(str(table["name"]), texts[0], texts[1], compile_table(rules, "the map"), texts[2], texts[3])
