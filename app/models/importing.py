"""What is to be imported and how, as the user said it so far, and what a preview of it found. Pure; no Qt, no process.

Read `dialogs.importing` for the questions, `inspector.import_preview` for what the lines of a preview say.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.models.captures import size_text
from inspector.text import visible

FIELDS = (
    "log", "partition", "position", "time", "key", "value", "headers", "stream", "category", "version", "type", "id",
    "correlation_id", "causation_id", "actor", "metadata",
)  # fmt: skip
"""What a mapping may say of a row, in the order it is shown."""
ZONE = "zone"
UNREADABLE = ""
_SURE, _LIKELY, _TAKEN = 0.85, 0.65, 0.5


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read files."""

    name: str
    title: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are read in one way, or a store (see `import_preview.Group`)."""

    recognised: str
    title: str
    is_store: bool
    name: str
    why: str
    score: float
    ways: tuple[Way, ...]
    fields: Mapping[str, str]
    settings: Mapping[str, object]
    questions: tuple[str, ...]
    loses: str
    proves: str
    files: int
    alike: int
    size_bytes: int
    names: tuple[str, ...]
    places: tuple[str, ...]
    events: tuple[Mapping[str, Any], ...]
    problem: str
    mappings: int
    notes: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether anything is known that reads it."""
        return bool(self.name)


def group_of(told: Mapping[str, Any]) -> Group:
    """The group of a line of `eventscope import --preview`."""
    settings = told.get("settings") or {}
    fields = settings.get("fields")
    return Group(
        recognised=str(told.get("recognised") or ""),
        title=str(told.get("title") or ""),
        is_store=told.get("kind") == "store",
        name=str(told.get("name") or ""),
        why=str(told.get("why") or ""),
        score=float(told.get("score") or 0),
        ways=tuple(Way(str(way["name"]), str(way["title"]), float(way["score"]), str(way["why"])) for way in told.get("ways") or ()),
        fields={str(name): str(place) for name, place in fields.items()} if isinstance(fields, dict) else {},
        settings=settings,
        questions=tuple(map(str, told.get("questions") or ())),
        loses=str(told.get("loses") or ""),
        proves=str(told.get("proves") or ""),
        files=int(told.get("files") or 0),
        alike=int(told.get("alike") or 0),
        size_bytes=int(told.get("size_bytes") or 0),
        names=tuple(map(str, told.get("names") or ())),
        places=tuple(map(str, told.get("places") or ())),
        events=tuple(told.get("events") or ()),
        problem=str(told.get("problem") or ""),
        mappings=int(told.get("mappings") or 1),
        notes=tuple(map(str, told.get("notes") or ())),
    )


@dataclass(slots=True)
class Seen:
    """One preview, as its lines come."""

    groups: list[Group] = field(default_factory=list)
    files: int = 0
    looked_at: int = 0
    size_bytes: int = 0
    notes: list[str] = field(default_factory=list)
    formats: list[tuple[str, str]] = field(default_factory=list)
    """(name, title) of every format there is."""

    def add(self, told: Mapping[str, Any]) -> None:
        """One more line."""
        if told.get("type") == "group":
            self.groups.append(group_of(told))
        elif told.get("type") == "preview":
            self.files, self.looked_at, self.size_bytes = (int(told.get(name) or 0) for name in ("files", "looked_at", "size_bytes"))
            more = int(told.get("more_notes") or 0)
            self.notes = [*map(str, told.get("notes") or ()), *([f"and {more:,} more were left out"] if more else [])]
            self.formats = [(str(one["name"]), str(one["title"])) for one in told.get("formats") or ()]


@dataclass(slots=True)
class Asked:
    """What the user said: which paths, and per recognised kind another format, settings, and questions left open on purpose."""

    paths: tuple[Path, ...]
    instead: dict[str, str] = field(default_factory=dict)
    own: dict[str, dict[str, str]] = field(default_factory=dict)
    left_open: set[tuple[str, str]] = field(default_factory=set)
    remembers: bool = True
    """Whether later files with the same columns are read in the same way."""

    @property
    def is_changed(self) -> bool:
        """Whether anything was said of columns that could be remembered."""
        return any(self.own.values())

    def read_as(self, group: Group, name: str) -> None:
        """The group's files are read as `name`; what was said of the fields of another format is forgotten."""
        self.own.pop(group.recognised, None)
        if name in {"", group.recognised}:
            self.instead.pop(group.recognised, None)
        else:
            self.instead[group.recognised] = name

    def set(self, group: Group, key: str, value: str) -> None:
        """A setting of the group's files."""
        self.own.setdefault(group.recognised, {})[key] = value
        self.left_open.discard((group.recognised, key))

    def leave_open(self, group: Group, key: str) -> None:
        """The question is answered by nobody, and importing may go on all the same."""
        self.own.get(group.recognised, {}).pop(key, None)
        self.left_open.add((group.recognised, key))

    def said(self, group: Group, key: str) -> str:
        """What was said of a setting; empty for nothing."""
        return self.own.get(group.recognised, {}).get(key, "")

    def open_questions(self, group: Group) -> list[str]:
        """What only the user can say of a group that is read, and has not said."""
        if not group.is_read:
            return []
        return [one for one in group.questions if (group.recognised, one) not in self.left_open]

    def arguments(self) -> list[str]:
        """The arguments of `eventscope import` behind the command."""
        formats = [f"--format={known}:{name}" for known, name in self.instead.items()]
        settings = [f"--set={known}:{key}={value}" for known, own in self.own.items() for key, value in own.items()]
        remember = ["--remember"] if self.remembers and self.is_changed else []
        return [*map(str, self.paths), *formats, *settings, *remember]


def label_of(paths: Sequence[Path]) -> str:
    """A short name for a capture of these."""
    first = paths[0].name.partition(".")[0] or paths[0].name if paths else ""
    return first or "import"


def sure_words(group: Group) -> str:
    """How sure the choice is, in words."""
    if not group.is_read:
        return "not read"
    if group.is_store:
        return "a store, read by its own rules"
    if group.why == "as asked":
        return "as you said; nothing in the file speaks for it"
    word = "sure" if group.score >= _SURE else "likely" if group.score >= _LIKELY else "perhaps" if group.score > _TAKEN else "a guess"
    return f"{word}: {group.why}" if group.why else word


def files_words(group: Group) -> str:
    """How many files, and how many that nobody looked at."""
    words = f"{group.files:,} {'file' if group.files == 1 else 'files'}"
    return f"{words} + {group.alike:,} alike" if group.alike else words


def whole_words(seen: Seen) -> str:
    """What was found in all."""
    words = f"{seen.files:,} {'file' if seen.files == 1 else 'files'}, {size_text(seen.size_bytes)}"
    if stores := sum(group.is_store for group in seen.groups):
        words = f"{stores:,} {'store' if stores == 1 else 'stores'}, {words}"
    if seen.looked_at < seen.files:
        words += f" · {seen.looked_at:,} were looked into; each of the others is recognised when it is read"
    return words


def event_row(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Time, log, position, stream, type, value."""
    value = event.get("value")
    place = f"{event.get('log', '')} / {event.get('partition', 0)}"
    flags = " ".join(map(str, event.get("flags") or ()))
    error = str(event.get("error") or "")
    shown = "null" if value is None else str(value)
    shown = f"✕ {flags}: {error or shown}" if "damaged" in flags or "undecodable" in flags else shown
    time = str(event.get("time") or "–").replace("T", " ").removesuffix("Z").removesuffix("000").removesuffix(".000")
    return time, place, f"{int(event.get('position') or 0):,}", str(event.get("stream") or ""), str(event.get("type") or ""), shown


def command_words(arguments: Sequence[str], out: str) -> str:
    """The command for a shell."""
    return visible(f"eventscope {shlex.join(['import', *arguments, '-o', out])}")
