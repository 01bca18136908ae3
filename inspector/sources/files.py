"""Files as a source: what was exported, read through `formats`, in the order of their names. Writes nothing anywhere.

Logs come up as files claim them: rows that name their topic, partition and offset stand there; all others stand in a log
named after their file, at their row number, whose incarnation is the file's hash. Read `formats` for the readers,
`file_reading` for one file, `ingest` for who calls this.
"""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from inspector.errors import SourceError, UsageError
from inspector.event import LogKey
from inspector.formats import DamagedInput, Sample, Settings, known_settings, library
from inspector.formats.descriptor import Descriptor
from inspector.formats.expansion import Allowance
from inspector.formats.finding import Finding, find
from inspector.formats.identity import UNCHANGED, Identities, Identity
from inspector.formats.opening import Found, opened, sample_of, sampled, unpacked
from inspector.formats.recognise import Choice
from inspector.formats.wishes import Wishes
from inspector.sources import Batch, LogInfo, Plan, Request, SourceInfo
from inspector.sources.file_reading import Reading, Standing
from inspector.sources.file_siblings import siblings
from inspector.sources.input_file import Gap, InputFile
from inspector.text import storable

STDIN = Path("-")
KNOWN = "this very file is in the capture already; it adds nothing (to read it otherwise, import it into a new one)"
EMPTY = "it is empty: no row was found in it"
UNKNOWN_FORMAT = "no format is known that fits it; name one with --format"
AS_SAID = ", as you said"
_URL = re.compile(r"file:(?:///|/?(?=[^/]))(.+)\Z")


class FileSource:
    """Files, folders and patterns, or standard input (`-`), read as `wanted` (empty: recognised one by one) with `settings`.

    What `is_claimed` by another source is left out; `descriptors` are tried before all others.

    Raises UsageError for a path that names nothing and for an unknown format.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        wanted: str = "",
        settings: Settings | None = None,
        wishes: Wishes | None = None,
        stdin: IO[bytes] | None = None,
        is_claimed: Callable[[Path], bool] = lambda _path: False,
        descriptors: Sequence[Descriptor] = (),
    ) -> None:
        self.wishes, self._descriptors = wishes or Wishes(wanted, dict(settings or {})), tuple(descriptors)
        self._stdin = stdin
        self._beside: dict[str, dict[str, Found]] = {}
        self._identities, self._allowance = Identities(), Allowance()
        self._met: dict[str, Choice] = {}
        """By the name of their format, how files were read."""
        self._kept: set[tuple[str, ...]] = set()
        """The columns of which it is remembered how they are read."""
        self._unused: list[str] = []
        """Settings that were of no use to any of them."""
        self._is_piped = STDIN in paths
        if self._is_piped and len(paths) > 1:
            raise UsageError("standard input (-) is read alone: give the files in another command")
        self._paths = list(paths)
        self._finding = Finding() if self._is_piped else find(self._paths, is_claimed)
        self.wishes.check(self._descriptors)

    @classmethod
    def at(cls, url: str, config: Mapping[str, str]) -> FileSource:
        """The file or folder of a `file:` address; `config` may name a `format` and settings of it."""
        match = _URL.match(url)
        if not match:
            raise UsageError(f"{url!r} is no file: write file:///folder/file.jsonl")
        path = Path(unquote(match[1]))
        path = path if path.is_absolute() or not url.startswith("file:///") else Path("/") / path
        known = known_settings.of_any()  # what else is there is for other sources
        settings = {key: value for key, value in config.items() if key != "format" and (known is None or key.partition(".")[0] in known)}
        return cls([path], wanted=config.get("format", ""), settings=settings)

    @property
    def files(self) -> Sequence[Found]:
        """The files that will be read."""
        return self._finding.files

    @property
    def notes(self) -> Sequence[str]:
        """What was left out, and why."""
        return self._finding.notes

    def info(self) -> SourceInfo:
        """The folder that all of them lie in, so that parts of one log in files read one after the other come together."""
        if self._is_piped:
            return SourceInfo("file", "stdin:")
        roots = [path.absolute() if path.is_dir() else path.absolute().parent for path in self._paths]
        root = roots[0]
        while not all(one.is_relative_to(root) for one in roots):
            root = root.parent
        return SourceInfo("file", root.as_uri())

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """One for each file; which logs they claim is known only when they are read."""
        del names
        return [LogInfo(LogKey(one.name), 1, -1) for one in self._finding.files]

    def pin(self, request: Request) -> Plan:
        """Nothing is known of logs yet; the bytes to read are. Raises UsageError for what files cannot do."""
        if request.follow:
            raise UsageError("files are read to their end as they are: --follow is for Kafka and stores")
        total = None if self._is_piped else sum(_size(path) for path in {one.path for one in self._finding.files})
        return Plan([], [], [], notes=list(self._finding.notes), total_bytes=total)

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """Every file to its end; one that cannot be read or recognised is said, and the others are read all the same.

        Raises SourceError when none of them could be.
        """
        standing = Standing(plan)
        self._identities, self._allowance = Identities(stop), Allowance()
        if self._is_piped:
            yield from self._read_stdin(standing, stop)
        else:
            yield from self._read_files(standing, request, stop)
        notes = [known_settings.words(name, self._met) for name in self._unused] if not stop.is_set() else []
        yield replace(standing.ended(), notes=notes)

    def _read_files(self, standing: Standing, request: Request, stop: threading.Event) -> Iterator[Batch]:
        trouble = read = 0
        self._beside = siblings(self._finding.files)
        joined = {one.name: name for name, parts in self._beside.items() for one in parts.values()}
        for found in self._finding.files:
            if stop.is_set():
                return
            if found.name in joined:
                yield from self._note_sibling(found, joined[found.name], standing)
                continue
            try:
                yield from self._read_file(found, standing, request, stop)
                read += 1
            except SourceError as error:
                trouble += 1
                if trouble == len(self._finding.files):
                    raise
                yield Batch(notes=[f"{found.name}: {error}"])
        if trouble and not read:
            raise SourceError("none of the files could be read", step="file")

    def _read_file(self, found: Found, standing: Standing, request: Request, stop: threading.Event) -> Iterator[Batch]:
        before = self._identities.before(found)
        if stop.is_set():
            return
        if before.sha256 in request.known_inputs:
            standing.skip(before)
            yield Batch(notes=[f"{found.name}: {KNOWN}"], read_bytes=standing.read_bytes)
            return
        file = _input(found, before)
        recognised, choice = self.choice(sample_of(found))
        if choice is None:
            standing.skip(before)
            reason = UNKNOWN_FORMAT if before.size_bytes else EMPTY
            gap = Gap(0, before.size_bytes, reason)
            yield Batch(inputs=[replace(file, gaps=(gap,))], notes=[f"{found.name}: {reason}"], read_bytes=standing.read_bytes)
            return
        self._check_settings(choice)
        file = replace(file, **_said(choice))
        reading = Reading(standing, choice, file, stop, self._beside.get(found.name), self._allowance, found)
        yield Batch(inputs=[file], notes=self._remembered(choice, recognised))
        try:
            with opened(found, self._allowance, before.whole_bytes) as source:
                path = None if found.member or source.packing else found.path
                yield from reading.rows(source, path)
        except DamagedInput as error:
            reading.gaps.append(Gap(error.start, None, error.reason))
        except OSError as error:
            reading.gaps.append(Gap(0, None, f"reading failed: {error.strerror or error}"))
        yield reading.ended(UNCHANGED if stop.is_set() else self._identities.after(found, before))

    def _note_sibling(self, found: Found, name: str, standing: Standing) -> Iterator[Batch]:
        """A file that is read with another one: what it was."""
        before = self._identities.before(found)
        standing.skip(before)
        said = f"its rows are the keys or headers of those of {name}"
        file = replace(_input(found, before), notes=(said,), format="Connect sink sibling", is_whole=True)
        yield Batch(inputs=[file], read_bytes=standing.read_bytes)

    def _read_stdin(self, standing: Standing, stop: threading.Event) -> Iterator[Batch]:
        source = unpacked(self._stdin or sys.stdin.buffer, self._allowance)
        head = source.stream.peek()
        _, choice = self.choice(sampled(io.BytesIO(head), "stdin"))
        if choice is None:
            raise SourceError(f"standard input: {UNKNOWN_FORMAT}", step="file")
        self._check_settings(choice)
        file = InputFile("stdin", "-", 0, 0, "", **_said(choice))
        reading = Reading(standing, choice, file, stop, allowance=self._allowance)
        reading.learn_head(head)
        try:
            yield from reading.rows(source, None)
        except DamagedInput as error:
            reading.gaps.append(Gap(error.start, None, error.reason))
        yield reading.ended(UNCHANGED)

    def _check_settings(self, choice: Choice) -> None:
        """Notes which settings are of use. Raises UsageError for one that is of none to the only file."""
        unused = self.wishes.unused(choice)
        self._unused = unused if not self._met else [name for name in self._unused if name in unused]
        self._met.setdefault(choice.format.name, choice)
        if unused and (self._is_piped or len(self._finding.files) == 1):
            raise UsageError(known_settings.words(unused[0], self._met))

    def _remembered(self, choice: Choice, recognised: str) -> list[str]:
        """Keeps for later files with these columns how they are to be read, where that is wanted; what is to be said of it."""
        columns = tuple(choice.guess.columns)
        if not (self.wishes.remembers and columns and self.wishes.concern(recognised)) or columns in self._kept:
            return []
        self._kept.add(columns)
        title = choice.title if choice.title.endswith(AS_SAID) else f"{choice.title}{AS_SAID}"
        try:
            kept = library.remember(choice.format.name, columns, choice.guess.settings, title)
        except (OSError, UsageError) as error:
            return [f"how these columns are read is not remembered: {error}"]
        return [f"how these columns are read is remembered in {kept}"]

    def choice(self, sample: Sample) -> tuple[str, Choice | None]:
        """What a file that begins so is recognised as, and how it is read; None where nothing fits."""
        return self.wishes.choice(self.known(sample))

    def known(self, sample: Sample) -> Sample:
        """The sample with the descriptors that are tried first."""
        return replace(sample, descriptors=self._descriptors)

    def close(self) -> None:
        """Nothing is kept open."""


def _input(found: Found, before: Identity) -> InputFile:
    """What is known of a file before it is read."""
    path = storable(str(found.path.absolute()))
    notes = (before.note,) if before.note else ()
    return InputFile(found.name, path, before.size_bytes, before.modified_us, before.sha256, notes=notes)


def _said(choice: Choice) -> dict[str, Any]:
    return {
        "format": choice.title,
        "settings": {"format": choice.name, **choice.guess.settings},
        "loses": choice.loses,
        "proves": choice.proves,
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
