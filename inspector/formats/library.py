"""The descriptors there are: those that ship, the user's own, and those remembered; and which of them fit rows that are looked at.

The user's lie as TOML files in the folder `formats` of the user's data; a mapping that was confirmed is remembered there as one
more, which fits rows with the very same names. Read `descriptor` for what they say, `generic` for rows that none of them fits.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources as package_files
from pathlib import Path

from inspector import json_paths, settings
from inspector.errors import UsageError
from inspector.formats import Guess, Sample, Settings
from inspector.formats.descriptor import Descriptor, load, parse, steps_of
from inspector.formats.generic import needs_zone
from inspector.formats.rows import Rows

_SHARE = 0.8
"""So many of the rows looked at must fit."""
_REMEMBERED = "remembered-"
_KEPT = ("records", "fields", "forms", "file")
log = logging.getLogger(__name__)


@cache
def built_in() -> tuple[Descriptor, ...]:
    """The descriptors that ship with the program, by name."""
    folder = package_files.files("resources") / "formats"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(parse(file.read_text(encoding="utf-8"), file.name.removesuffix(".toml")) for file in files)


def folder() -> Path:
    """Where the user's own lie; it need not be there."""
    return settings.data_dir() / "formats"


def users() -> list[Descriptor]:
    """The user's own and the remembered ones. One with a mistake is told in the log and left out: others are to be read all the same."""
    found = []
    try:
        paths = sorted(folder().glob("*.toml"))
    except OSError:
        return []
    for path in paths:
        try:
            found.append(load(path))
        except UsageError as error:
            log.warning("a format of your own is left out: %s", error)
    return found


def all_of(sample: Sample) -> list[Descriptor]:
    """Every descriptor, those named for this very reading first."""
    return [*sample.descriptors, *users(), *built_in()]


def named(name: str, descriptors: Sequence[Descriptor] = ()) -> Descriptor | None:
    """The descriptor of that name."""
    return next((one for one in (*descriptors, *users(), *built_in()) if one.name == name), None)


def guesses(sample: Sample, reader: str, base: float, rows_at: Callable[[str], Rows | None], why: str) -> Iterator[Guess]:
    """How rows of a reader may be read by descriptors; `rows_at` has the first rows below each place that documents have them at."""
    for number, one in enumerate(all_of(sample)):
        if reader not in one.readers or not one.fits_name(sample.name):
            continue
        rows = rows_at(one.records)
        if rows is not None and (one.fields or one.probe or one.names or one.file) and fits(one, rows):
            is_asked = number < len(sample.descriptors)
            sure = 0.1 + min(len(one.fields) + len(one.without), 20) / 400 + (0.03 if one.probe or one.file else 0) + one.is_exact / 20
            score = 1.0 if is_asked else min(0.99, base + sure)
            said = one.settings()
            words = {"variant": one.name, "title": one.title, "loses": one.loses, "proves": one.proves}
            yield Guess(score, f"{why}; {one.title}", said, questions_of(rows, said), columns=rows.ordered(), **words)


def fits(one: Descriptor, rows: Rows) -> bool:
    """Whether rows are of the kind that a descriptor is for."""
    count = len(rows)
    if not count:
        return False
    for place in one.fields:
        if sum(rows.is_there(steps_of(place), row) for row in range(count)) < _SHARE * count:
            return False
    if any(rows.is_there(steps_of(place), row) for place in one.without for row in range(count)):
        return False
    if one.probe is not None:
        texts = rows.column(steps_of(one.probe.place))
        if not all(fnmatch.fnmatchcase(str(text), one.probe.like) for text in texts if text is not None) or not any(texts):
            return False
    return not one.is_exact or rows.names() == {str(steps_of(place)[0]) for place in one.fields}


def questions_of(rows: Rows, said: Settings) -> tuple[str, ...]:
    """`zone` where times among the first rows say none."""
    fields = said.get("fields")
    place = fields.get("time") if isinstance(fields, Mapping) else None
    return ("zone",) if place and not said.get("zone") and needs_zone(rows.column(steps_of(str(place)))) else ()


def signature(reader: str, names: Sequence[str]) -> str:
    """What tells files of one kind apart from others: the reader and the names in rows."""
    return hashlib.sha256(json.dumps([reader, sorted(names)]).encode()).hexdigest()[:16]


def remember(reader: str, names: Sequence[str], said: Settings, title: str = "") -> Path:
    """Keeps a mapping that the user confirmed, for later files with the same names in their rows; gives its file.

    Raises UsageError for settings that mean nothing, OSError where it cannot be written.
    """
    path = folder() / f"{_REMEMBERED}{signature(reader, names)}.toml"
    text = written(reader, names, said, title)
    parse(text, path.stem)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def written(reader: str, names: Sequence[str], said: Settings, title: str = "") -> str:
    """Settings as a descriptor for rows with these names."""
    fields, forms = said.get("fields"), said.get("forms")
    places = [json_paths.written((name,)).removeprefix(".") for name in sorted(names)]
    lines = ["# How you said that files with these columns are to be read; delete the file to forget it."]
    lines.append(f"title = {_text(title or 'as remembered')}")
    if said.get("records"):
        lines.append(f"records = {_text(said['records'])}")
    lines += ["", "[match]", f"reader = {_text(reader)}", f"fields = [{', '.join(map(_text, places))}]", "exactly = true"]
    if said.get("file"):
        lines.append(f"file = {_text(said['file'])}")
    left = {*_KEPT, "rules", "decoder", "format"}
    plain = {name: value for name, value in said.items() if name not in left and isinstance(value, str | int | bool)}
    if plain:
        lines += ["", "[reader]", *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in plain.items())]
    lines += ["", "[record]"]
    for name, place in fields.items() if isinstance(fields, Mapping) else ():
        options = forms.get(name, {}) if isinstance(forms, Mapping) else {}
        if place:
            lines.append(f"{name} = {_table({'from': place, **options}) if options else _text(place)}")
    if said.get("decoder"):
        lines += ["", "[events]", f"decoder = {_text(said['decoder'])}"]
    return "\n".join([*lines, ""])


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(options: Mapping[str, object]) -> str:
    parts = [f"{_text(name)} = {_table(value) if isinstance(value, Mapping) else _text(value)}" for name, value in options.items()]
    return "{ " + ", ".join(parts) + " }"
