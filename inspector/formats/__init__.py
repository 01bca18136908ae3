"""The door for file formats: what is asked of a reader of files, and the chunks it gives. No capture, no source.

A format is one file and one entry point in `eventscope.formats`. It says how well it fits the beginning of a file, and then
gives rows in file order, each with its log, partition and position where the file claims them. Read `opening` for how files
become plain bytes, `recognise` for the choice, `sources.files` for who reads through this door.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from inspector.event import RecordBatch

if TYPE_CHECKING:
    from inspector.formats.descriptor import Descriptor

SAMPLE_BYTES = 256 * 1024
"""So much of a file's beginning, unpacked, is looked at to recognise it."""
CHUNK_ROWS = 10_000
CHUNK_BYTES = 8 * 1024 * 1024
"""A chunk ends at either of these."""

Settings = Mapping[str, object]
"""What the user or a descriptor says about one reading, such as `zone`, `pattern`, `records` or `delimiter`."""


class Place(NamedTuple):
    """Where rows of a file belong. Not `is_claimed`: the positions are row numbers in this file, from 1."""

    log: str = ""
    """Empty: the log is named after the file."""
    partition: int = 0
    is_claimed: bool = False


OWN = Place()
"""The file itself is the log."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `[start, end)` of a file, unpacked, that could not be read; `end` is None where it is not known."""

    start: int
    end: int | None
    reason: str


@dataclass(slots=True)
class Tally:
    """How many rows something is odd in, and the number of the first."""

    first: int
    count: int = 0


@dataclass(slots=True)
class Chunk:
    """Rows of one file in file order. `records.log[i]` is an index into `places`, which only grows while one file is read.

    A row that is damaged is a row all the same: its value is what stands there, with `Flag.damaged` and the reason.
    """

    records: RecordBatch
    places: Sequence[Place] = (OWN,)
    damage: list[Damage] = field(default_factory=list)
    """Stretches that are no row at all."""
    notes: list[str] = field(default_factory=list)
    """Sentences for the user."""
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    """What is odd in rows so far, counted from the file's beginning, by the words that follow the count."""
    ends: Mapping[int, int] = field(default_factory=dict)
    """Index into `places` → the position after the last one, where the file says it."""
    whole: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    """Index into `places` → stretches of positions `[from, to)` of which the file shows that its log held no others than these rows.
    Only of places that have rows in this chunk."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a file, unpacked. `name` is its path below what was asked for, without endings of compression."""

    name: str
    head: bytes
    is_whole: bool
    path: Path | None = None
    """The file itself where it is not packed: a format whose description stands at the end may look there."""
    descriptors: Sequence[Descriptor] = ()
    """Those that the user named for this very reading."""

    def lines(self, most: int = 50) -> list[bytes]:
        """The first lines; the last one of a sample that ends within it is left out unless it is the only one."""
        lines = self.head.split(b"\n", most)
        if len(lines) > most or (not self.is_whole and len(lines) > 1):
            lines = lines[:-1]
        return [line.removesuffix(b"\r") for line in lines if line.strip()]


@dataclass(frozen=True, slots=True)
class Guess:
    """How well a format fits: `score` from 0 to 1 (above 0.5 it is taken without asking), and why, in words."""

    score: float
    why: str
    settings: Settings = field(default_factory=dict)
    """What the format found out, which the user may change."""
    questions: Sequence[str] = ()
    """Settings that only the user can answer, such as `zone`."""
    variant: str = ""
    """The descriptor's name where one format reads many shapes; empty: the format itself."""
    title: str = ""
    loses: str = ""
    """What this file cannot tell, in a sentence; empty: as the format says."""
    proves: str = ""
    """What an import of it can and cannot prove; empty: as the format says."""
    columns: Sequence[str] = ()
    """The places that the first rows have, to choose a field's from, and what a mapping is remembered by (`library.remember`)."""
    notes: Sequence[str] = ()
    """Sentences on what was not taken for what it is called."""


@dataclass(slots=True)
class Input:
    """One file being read. `stream` gives its bytes, unpacked; `path` is there where `Format.is_random_access`."""

    name: str
    stream: IO[bytes]
    path: Path | None
    stop: threading.Event
    size_bytes: int | None = None
    """Of the unpacked bytes where that is known."""


@runtime_checkable
class Format(Protocol):
    """A reader of files. All attributes are sentences or words for people but `name`.

    It may also have `takes`, the names of the settings that `read` knows: without it, any are let through.
    """

    name: str
    title: str
    loses: str
    """What such a file cannot tell, in a sentence."""
    proves: str
    """What an import of it can and cannot prove, in a sentence."""
    is_random_access: bool
    """Whether `read` needs a file on disk rather than a stream."""

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """How it may be read, best first; nothing when it does not fit. Never raises for strange bytes."""

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """The rows. Raises UsageError for settings that mean nothing, DamagedInput where nothing more can be read.

        Ends soon after `source.stop` is set.
        """


class DamagedInput(Exception):  # noqa: N818 - it says what the file is
    """Nothing more can be read of a file: from byte `start` (unpacked, or packed for damaged compression) on, for `reason`."""

    def __init__(self, start: int, reason: str) -> None:
        super().__init__(f"byte {start:,}: {reason}")
        self.start = start
        self.reason = reason


Progress = Callable[[int], None]


def merged(guess: Settings, said: Settings) -> dict[str, object]:
    """Settings that were found out with those that the user says over them: `fields.time` names one in `fields`."""
    found: dict[str, object] = {name: _copied(value) for name, value in guess.items()}
    for name, value in said.items():
        *above, last = name.split(".")
        inner = found
        for step in above:
            deeper = inner.setdefault(step, {})
            if not isinstance(deeper, dict):
                deeper = inner[step] = {}
            inner = deeper
        inner[last] = value
    return found


def _copied(value: object) -> object:
    return {name: _copied(inner) for name, inner in value.items()} if isinstance(value, Mapping) else value
