"""From paths to sources: a folder or file that a source of its own reads (a store, a Kafka data folder) goes to that one,
everything else is read as files. Opens files only to look at their beginnings.

A source joins in by `claims(path)`, words for what it sees there or nothing, and `of_path(path, config)`, which opens it; one whose
stores are of several files may have `whole_of(path)`, the path that a file beside it is read with.
Read `files` for the rest, `cli.import_` for who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from inspector import plugins
from inspector.formats.descriptor import Descriptor
from inspector.formats.wishes import Wishes
from inspector.sources import Source
from inspector.sources.files import STDIN, FileSource


@runtime_checkable
class PathReader(Protocol):
    """A source that reads some folders or files better than as plain files."""

    def claims(self, path: Path) -> str:
        """What it sees there, in words, such as "Kafka data folder"; empty when it is not for it. Looks at names and beginnings only."""

    def of_path(self, path: Path, config: Mapping[str, str]) -> Source:
        """Opens it. Raises UsageError and SourceError."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A path that a source of its own reads."""

    path: Path
    words: str
    reader: PathReader


@dataclass(frozen=True, slots=True)
class Divided:
    """Who reads what: `files` reads all that nobody claimed; None when nothing is left to it."""

    claimed: Sequence[Claimed]
    files: FileSource | None


def readers() -> list[PathReader]:
    """The sources that read paths of their own."""
    loaded = [plugins.load("sources", name) for name in plugins.names("sources")]
    return [cast("PathReader", one) for one in loaded if callable(getattr(one, "claims", None))]


def divide(paths: Sequence[Path], *, wishes: Wishes | None = None, descriptors: Sequence[Descriptor] = ()) -> Divided:
    """Who reads which path. With a format for all files, everything is read as files. Raises UsageError as `FileSource` does."""
    if (wishes is not None and wishes.wanted) or STDIN in paths:
        if wishes is not None:
            wishes.check_kinds((), descriptors)
        return Divided((), FileSource(paths, wishes=wishes, descriptors=descriptors))
    claimed: list[Claimed] = []
    files = FileSource(paths, wishes=wishes, descriptors=descriptors, is_claimed=_claiming(claimed))
    if wishes is not None:
        wishes.check_kinds([one.words for one in claimed], descriptors)
    nothing_left = claimed and not files.files and not files.notes
    return Divided(claimed, None if nothing_left else files)


def _claiming(claimed: list[Claimed]) -> Callable[[Path], bool]:
    """Asks every reader about a path, and notes the first that takes it."""
    known = readers()
    taken: set[Path] = set()

    def is_claimed(path: Path) -> bool:
        for reader in known:
            whole = _whole(reader, path)
            where = whole.resolve()
            if where in taken:
                return True
            if words := reader.claims(whole):
                claimed.append(Claimed(whole, words, reader))
                taken.add(where)
                return True
        return False

    return is_claimed


def _whole(reader: PathReader, path: Path) -> Path:
    whole_of: Callable[[Path], Path] | None = getattr(reader, "whole_of", None)
    return path if whole_of is None else whole_of(path)
