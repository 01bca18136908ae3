"""A format's descriptor: the TOML that says how rows of JSON, CSV, Parquet or Avro files are records. Reads TOML; opens no file of rows.

`[match]` says which files it is for, `records` where in a document the rows are, `[record]` which field is found where,
`[events]` what is found in the decoded value (rules as in a map, see `identify.profile`) and which `decoder` reads it. The next
format is another file under `resources/formats`. Read `mapping` for how a row becomes a record, `library` for where they lie.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import re2

from inspector import json_paths, toml_text
from inspector.errors import UsageError
from inspector.formats import Settings
from inspector.formats.forms import BYTES_FORMS, HEADER_FORMS
from inspector.plain_files import read_text
from inspector.times import UNITS, parse_zone

READERS = ("json", "json-lines", "csv", "parquet", "avro")
ENVELOPE = ("stream", "category", "version", "type", "id", "schema_version", "correlation_id", "causation_id", "actor", "metadata", "extra")
"""What a row may say of its event itself."""
FIELDS = ("log", "partition", "position", "time", "time_kind", "recorded_time", "key", "value", "headers", "flags", *ENVELOPE)
RULES = (*ENVELOPE[:-1], "time")
FORMS = {
    "key": (*BYTES_FORMS, "cell"),
    "value": (*BYTES_FORMS, "cell"),
    "headers": HEADER_FORMS,
    "position": ("number", "first"),
}
"""Field → what may stand as its `as`."""
OPTIONS = {
    "from": None,
    "as": None,
    "unit": {"time", "recorded_time"},
    "values": {"time_kind"},
    "of": {"headers"},
    "name": {"headers"},
    "member": {"headers"},
    "split": {"category"},
}
"""Option of a field → the fields it is for; None: all."""
TOP = {"title": str, "loses": str, "proves": str, "records": str, "match": dict, "reader": dict, "record": dict, "events": dict}
"""What stands at the top of a descriptor."""
_MATCH = {"reader", "name", "fields", "without", "probe", "file", "exactly"}


class Mistake(ValueError):  # noqa: N818 - it is the user's
    """What is wrong in a descriptor; the text begins with the key and a colon."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at the content: the text there must be like the glob in every row looked at."""

    place: str
    like: str


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One format, described. `name` is its file's; `record` is as written there, checked."""

    name: str
    title: str
    readers: tuple[str, ...]
    records: str = ""
    """Where the list of rows is in a document; empty: the document is one, or is a row."""
    names: tuple[str, ...] = ()
    """Globs, one of which the file's name must fit."""
    file: str = ""
    """What the file's path must be like; its groups are places, `name:GROUP`."""
    fields: tuple[str, ...] = ()
    """Places that rows must have."""
    without: tuple[str, ...] = ()
    probe: Probe | None = None
    is_exact: bool = False
    """Whether rows have no other members than `fields`."""
    record: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    events: Mapping[str, object] = field(default_factory=dict)
    reader: Settings = field(default_factory=dict)
    """Settings of the reader."""
    loses: str = ""
    proves: str = ""

    def settings(self) -> dict[str, object]:
        """All that reading by it needs, as plain values: what the window shows and the command line changes."""
        said: dict[str, object] = dict(self.reader)
        if self.records:
            said["records"] = self.records
        said["fields"] = {name: str(written["from"]) for name, written in self.record.items()}
        forms = {name: {key: value for key, value in written.items() if key != "from"} for name, written in self.record.items()}
        if any(forms.values()):
            said["forms"] = {name: form for name, form in forms.items() if form}
        if self.file:
            said["file"] = self.file
        rules = {name: rule for name, rule in self.events.items() if name != "decoder"}
        if rules:
            said["rules"] = rules
        if "decoder" in self.events:
            said["decoder"] = self.events["decoder"]
        return said

    def fits_name(self, name: str) -> bool:
        """Whether a file that is called so may be one of this format."""
        last = name.rpartition("/")[2].lower()
        if self.names and not any(fnmatch.fnmatchcase(last, glob.lower()) for glob in self.names):
            return False
        return not self.file or re2.search(self.file, name) is not None


def load(path: Path) -> Descriptor:
    """The descriptor in `path`. Raises UsageError with the line and the reason for any mistake in it."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the descriptor {path}: {error}") from None
    return parse(text, path.stem, str(path))


def parse(text: str, name: str, where: str = "") -> Descriptor:
    """The descriptor written as `text`. Raises UsageError naming the line and the key that are wrong."""
    try:
        document = toml_text.loads(text)
    except ValueError as error:
        raise UsageError(f"{where or name} is not TOML: {error}") from None
    try:
        return _descriptor({key: value for key, value in document.items() if key != "log"}, name)
    except ValueError as error:
        raise UsageError(f"{where or name}, line {toml_text.line_of(text, str(error))}: {error}") from None


def is_descriptor(text: str) -> bool:
    """Whether a map says how rows are records; it may say both that and what is in logs. Never raises."""
    try:
        return not {"match", "record"}.isdisjoint(toml_text.loads(text))
    except ValueError:
        return False


def _descriptor(document: Mapping[str, object], name: str) -> Descriptor:
    for key, value in document.items():
        if key not in TOP:
            raise Mistake(f"{key}: not known; one of {', '.join(TOP)}")
        if not isinstance(value, TOP[key]):
            raise Mistake(f"{key}: a {'table' if TOP[key] is dict else 'text'} is wanted")
    match, record, events = (_part(document, key) for key in ("match", "record", "events"))
    for key in set(match) - _MATCH:
        raise Mistake(f"[match] {key}: not known; one of {', '.join(sorted(_MATCH))}")
    for key in set(events) - {*RULES, "decoder", "when", "zone"}:
        raise Mistake(f"[events] {key}: not known; one of {', '.join((*RULES, 'decoder', 'when', 'zone'))}")
    if not isinstance(events.get("decoder", ""), str):
        raise Mistake("[events] decoder: a text is wanted")
    file = _pattern(str(match.get("file", "")))
    groups = set(re2.compile(file).groupindex) if file else set()
    text = {key: str(document.get(key, "")) for key in ("title", "records", "loses", "proves")}
    _checked_place("records", text["records"], groups)
    return Descriptor(
        name=name,
        title=text["title"] or name,
        readers=_readers(match),
        records=text["records"],
        names=_texts(match, "name"),
        file=file,
        fields=_places(match, "fields"),
        without=_places(match, "without"),
        probe=_probe(match.get("probe")),
        is_exact=match.get("exactly") is True,
        record={key: _written(key, value, groups) for key, value in record.items()},
        events=events,
        reader=_part(document, "reader"),
        loses=text["loses"],
        proves=text["proves"],
    )


def _part(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    part = document.get(key, {})
    return part if isinstance(part, dict) else {}


def _readers(match: Mapping[str, object]) -> tuple[str, ...]:
    readers = _texts(match, "reader")
    for reader in readers:
        if reader not in READERS:
            raise Mistake(f"[match] reader: no reader named {reader!r}; one of {', '.join(READERS)}")
    if not readers:
        raise Mistake(f"[match] reader: missing; one or several of {', '.join(READERS)}")
    return readers


def _texts(match: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = match.get(key, [])
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
        raise Mistake(f"[match] {key}: a text or a list of texts is wanted")
    return tuple(values)


def _places(match: Mapping[str, object], key: str) -> tuple[str, ...]:
    places = _texts(match, key)
    for place in places:
        _checked_place(f"[match] {key}", place, set())
    return places


def _pattern(text: str) -> str:
    try:
        re2.compile(text)
    except re2.error as error:
        raise Mistake(f"[match] file: no regular expression: {error}") from None
    return text


def _probe(written: object) -> Probe | None:
    if written is None:
        return None
    if not isinstance(written, dict) or set(written) != {"field", "like"} or not all(isinstance(text, str) for text in written.values()):
        raise Mistake('[match] probe: write { field = "…", like = "…" }')
    _checked_place("[match] probe", written["field"], set())
    return Probe(written["field"], written["like"])


def _written(key: str, value: object, groups: set[str]) -> Mapping[str, object]:
    """What is written for a field, as a table."""
    if key not in FIELDS:
        raise Mistake(f"[record] {key}: not known; one of {', '.join(FIELDS)}")
    options = {"from": value} if isinstance(value, str) else value
    if not isinstance(options, dict) or not isinstance(options.get("from"), str):
        raise Mistake(f'[record] {key}: write a place, or {{ from = "place", … }}')
    for option, given in options.items():
        if option not in OPTIONS or ((only := OPTIONS[option]) is not None and key not in only):
            known = [name for name, fields in OPTIONS.items() if fields is None or key in fields]
            raise Mistake(f"[record] {key}: no option {option!r} here; one of {', '.join(known)}")
        if not isinstance(given, dict if option == "values" else str):
            raise Mistake(f"[record] {key}: {option!r} is a {'table' if option == 'values' else 'text'}")
    check_form(key, options)
    _checked_place(f"[record] {key}", options["from"], groups)
    return options


def check_form(key: str, options: Mapping[str, object]) -> None:
    """Raises ValueError when a field cannot be taken so."""
    form, unit, of = options.get("as"), options.get("unit"), options.get("of")
    if form is not None and form not in FORMS.get(key, ()):
        known = f"one of {', '.join(FORMS[key])}" if key in FORMS else "'as' is not for it"
        raise Mistake(f"[record] {key}: no form {form!r}: {known}")
    if unit not in {None, "iso", "guess", *UNITS}:
        raise Mistake(f"[record] {key}: no unit {unit!r}: one of {', '.join(UNITS)}, iso or guess")
    if of is not None and of not in BYTES_FORMS:
        raise Mistake(f"[record] {key}: 'of' says how values of headers are written: one of {', '.join(BYTES_FORMS)}")


def _checked_place(key: str, place: str, groups: set[str]) -> None:
    group = place.removeprefix("name:")
    if group != place and group not in groups:
        raise Mistake(f"{key}: [match] file has no group named {group!r}")
    try:
        steps_of(place)
    except ValueError as error:
        raise Mistake(f"{key}: {error}") from None


def steps_of(place: str) -> json_paths.Path:
    """The steps of a place in a row, such as `payload.id` or `tags[0]`. Raises ValueError for what is no place."""
    if place.startswith(("const:", "name:")) or not place:
        return ()
    return json_paths.steps(place if place.startswith("[") else f".{place}")


def check_zone(zone: object) -> None:
    """Raises UsageError for a zone that is none."""
    if zone is not None:
        try:
            parse_zone(str(zone))
        except ValueError as error:
            raise UsageError(str(error)) from None


def is_present(places: Sequence[str], names: set[str]) -> bool:
    """Whether columns have all of these names."""
    return all(str(steps_of(place)[0]) in names for place in places)
