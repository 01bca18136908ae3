"""What an import would do, before it does anything: what files are recognised as, how each kind would be read, a few events of it.

Writes nothing. At most 50 files are looked into, some of each ending; the others are counted. Read `import_sample` for the
events, `formats.wishes` for what the user changes, `cli.preview` for the command, `app.dialogs.importing` for the window.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from inspector.errors import EventscopeError, SourceError
from inspector.event import format_time
from inspector.formats import known_settings
from inspector.formats.opening import Found, plain_name, sample_of
from inspector.formats.recognise import Choice, choices, formats
from inspector.formats.wishes import UNKNOWN, Wishes
from inspector.identify import Profile
from inspector.import_sample import SampleEvent, events_of_file, events_of_source, places_of_file
from inspector.sources import Source
from inspector.sources.files import FileSource

MOST_LOOKED_AT = 50
MOST_NAMES = 50
MOST_NOTES = 50
_MOST_WAYS = 20
_MOST_SETTING_CHARACTERS = 20_000
FILES, STORE = "files", "store"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read files of a group: `score` from 0 to 1, above 0.5 it is taken without asking."""

    name: str
    title: str
    score: float
    why: str


@dataclass(slots=True)
class Group:
    """What is read in one way. `kind` is `files`, or `store` for what a source of its own reads (a store, a Kafka data folder)."""

    recognised: str
    """What its files are recognised as (`unknown`: nothing fits): wishes for the group name this."""
    title: str
    kind: str = FILES
    name: str = ""
    """How it is read: what `--format` calls it; empty when it cannot be."""
    why: str = ""
    score: float = 0.0
    ways: list[Way] = field(default_factory=list)
    """All that fit, best first."""
    settings: dict[str, object] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    loses: str = ""
    proves: str = ""
    files: int = 0
    alike: int = 0
    """Files besides that were not looked at and have an ending of these."""
    size_bytes: int = 0
    """Of all of these files, packed as they are."""
    names: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Columns or paths that a mapping may name."""
    events: list[SampleEvent] = field(default_factory=list)
    mappings: int = 1
    """How many different mappings of fields its files have; what is shown is the first file's."""
    problem: str = ""
    """Why there are no more events to be seen, in words."""
    notes: list[str] = field(default_factory=list)
    """What of its first rows is odd, or is not taken for what it is called."""


@dataclass(slots=True)
class Preview:
    """All of it. `looked_at` of `files` files were looked into; the others are recognised when they are read."""

    groups: list[Group]
    files: int
    looked_at: int
    size_bytes: int
    notes: list[str]
    more_notes: int = 0


class PathReader(Protocol):
    """What opens a path that is more than plain files."""

    def of_path(self, path: Path, config: Mapping[str, str]) -> Source:
        """Opens it. Raises UsageError and SourceError."""


class Claimed(Protocol):
    """A path that a source of its own reads, what that is in words, and who opens it."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def words(self) -> str:
        """What it is."""

    @property
    def reader(self) -> PathReader:
        """Who opens it."""


def preview(
    files: FileSource | None, claimed: Sequence[Claimed] = (), profile: Profile | None = None, wishes: Wishes | None = None
) -> Preview:
    """What importing these would do. `profile` holds the user's own rules of identity, `wishes` what stores are told (files have theirs).

    Raises UsageError for an unknown format.
    """
    wishes = wishes or (files.wishes if files is not None else Wishes())
    found = files.files if files is not None else ()
    notes = list(files.notes) if files is not None else []
    stores = [_store(one, wishes, profile) for one in claimed]
    groups = [*stores, *(_groups(files, profile) if files is not None else [])]
    sizes = {one.path: _size(one.path) for one in found}
    return Preview(
        groups=groups,
        files=len(found),
        looked_at=min(len(found), MOST_LOOKED_AT),
        size_bytes=sum(sizes.values()) + sum(one.size_bytes for one in stores),
        notes=notes[:MOST_NOTES],
        more_notes=max(0, len(notes) - MOST_NOTES),
    )


def lines(found: Preview) -> Iterator[dict[str, Any]]:
    """For programs: one object of type `group` for each group, then one of type `preview` for the whole."""
    for group in found.groups:
        events = [{**asdict(one), "time": format_time(one.time_us)} for one in group.events]
        yield {"type": "group", **asdict(group), "settings": _short(group.settings), "events": events}
    whole = asdict(replace(found, groups=[]))
    whole["groups"], whole["formats"] = len(found.groups), [{"name": one.name, "title": one.title} for one in formats()]
    yield {"type": "preview", **whole}


# ---- files


def _groups(files: FileSource, profile: Profile | None) -> list[Group]:
    found = files.files
    groups: dict[str, Group] = {}
    by_ending: dict[str, set[str]] = {}
    mappings: dict[str, list[object]] = {}
    looked_at = _spread(found)
    for one in looked_at:
        try:
            sample = files.known(sample_of(one))
        except SourceError as error:
            _count(groups.setdefault("", Group("", "Cannot be read", problem=str(error))), one)
            continue
        recognised, choice = files.choice(sample)
        if recognised not in groups:
            groups[recognised] = _looked_into(recognised, choice, one, profile)
            if choice is not None and (unused := files.wishes.unused(choice)):
                groups[recognised].problem = known_settings.words(unused[0], {choice.format.name: choice})
            groups[recognised].ways = [Way(way.name, way.title, way.guess.score, way.guess.why) for way in choices(sample)][:_MOST_WAYS]
        _count(groups[recognised], one)
        if choice is not None:
            _ask_too(groups[recognised], choice, mappings.setdefault(recognised, []))
        by_ending.setdefault(_ending(one), set()).add(recognised)
    alone = {ending: groups[next(iter(same))] for ending, same in by_ending.items() if len(same) == 1}
    _count_alike(found, {id(one) for one in looked_at}, alone)
    return sorted(groups.values(), key=lambda group: (not group.name, -group.files - group.alike))


def _looked_into(recognised: str, choice: Choice | None, one: Found, profile: Profile | None) -> Group:
    """A new group, by the first file of it."""
    if choice is None:
        return Group(UNKNOWN, "No format fits")
    group = Group(recognised, choice.title, name=choice.name, why=choice.guess.why, score=choice.guess.score)
    group.settings, group.questions = dict(choice.guess.settings), list(choice.guess.questions)
    group.loses, group.proves = choice.loses, choice.proves
    sampled = events_of_file(one, choice, profile)
    group.events, group.problem, group.notes = sampled.events, sampled.problem, sampled.notes
    group.places = list(choice.guess.columns) or places_of_file(one, choice)
    return group


def _ask_too(group: Group, choice: Choice, met: list[object]) -> None:
    """What another file of the group asks is asked of the whole group."""
    group.questions += [one for one in choice.guess.questions if one not in group.questions]
    fields = choice.guess.settings.get("fields")
    if fields not in met:
        met.append(fields)
    group.mappings = len(met)


def _count(group: Group, one: Found) -> None:
    group.files += 1
    group.size_bytes += 0 if one.member else _size(one.path)
    if len(group.names) < MOST_NAMES:
        group.names.append(one.name)


def _count_alike(found: Sequence[Found], looked_at: Set[int], alone: Mapping[str, Group]) -> None:
    """Files that nobody looked at go to the group that all files of their ending belong to."""
    for one in found:
        group = alone.get(_ending(one))
        if group is not None and id(one) not in looked_at:
            group.alike += 1
            group.size_bytes += 0 if one.member else _size(one.path)


def _spread(found: Sequence[Found]) -> list[Found]:
    """The first of each ending in turn, so that a rare kind is met among thousands of another, at most 50; in the order of names."""
    by_ending: dict[str, list[int]] = {}
    for number, one in enumerate(found):
        by_ending.setdefault(_ending(one), []).append(number)
    taken: list[int] = []
    for turn in range(MOST_LOOKED_AT):
        for numbers in by_ending.values():
            if turn < len(numbers) and len(taken) < MOST_LOOKED_AT:
                taken.append(numbers[turn])
        if len(taken) >= min(MOST_LOOKED_AT, len(found)):
            break
    return [found[number] for number in sorted(taken)]


def _ending(one: Found) -> str:
    return PurePosixPath(plain_name(one.name)).suffix.lower()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


# ---- stores


def _store(one: Claimed, wishes: Wishes, profile: Profile | None) -> Group:
    """What a source of its own would read."""
    group = Group(one.words, one.words, kind=STORE, name=one.words, score=1.0, files=1, names=[str(one.path)])
    group.size_bytes = sum(_size(part) for part in one.path.rglob("*") if part.is_file()) if one.path.is_dir() else _size(one.path)
    try:
        source = one.reader.of_path(one.path, wishes.config_of(one.words))
    except EventscopeError as error:
        group.problem, group.name = str(error), ""
        return group
    try:
        sampled = events_of_source(source, profile)
        group.events, group.problem = sampled.events, sampled.problem
    finally:
        source.close()
    return group


def _short(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings as JSON can say them; what is long is left out."""
    kept = {}
    for name, value in settings.items():
        text = json.dumps(value, default=str)
        if len(text) <= _MOST_SETTING_CHARACTERS:
            kept[name] = json.loads(text)
    return kept
