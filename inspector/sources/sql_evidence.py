"""An SQLite store as evidence: each of its files hashed and copied to a private folder, and the copy read. The original is only read.

A store in WAL mode is up to three files; without its `-wal` the newest events may be missing and nothing in it says so, but the
header (bytes 18 and 19) and the `-shm` (frames in its header, sqlite.org/walformat.html) say whether one should be there.
Read `sql` for the reading, `paths` for who hands over a path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import apsw

from inspector.errors import SourceError
from inspector.event import Flag
from inspector.plain_files import open_plain
from inspector.sources import Batch, LogInfo, Plan, Request, SourceInfo
from inspector.sources.input_file import InputFile
from inspector.sources.sql import SqlSource, words_at
from inspector.sources.sql_open import connect_privately

_MAGIC = b"SQLite format 3\0"
_CAPTURE = b"EVCA"
_ENDS = ("", "-wal", "-shm", "-journal")
_BLOCK = 1 << 20
_ATTEMPTS = 3
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER, _FRAME_HEADER = 32, 24
_LOSES = "A store does not keep what was changed or deleted in it: holes in its positions, and what it says of itself, are what is left."
_PROVES = (
    "The hashes prove which bytes were read. Nothing in an SQLite file proves who wrote a row, "
    "that none was changed, or that none is missing at the end."
)


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of the store as it lay there."""

    name: str
    path: str
    size_bytes: int
    modified_us: int
    sha256: str


class _State(NamedTuple):
    """A file as it lies there."""

    device: int
    number: int
    size_bytes: int
    modified_ns: int


class SqliteSource(SqlSource):
    """SQLite stores as a source, by address; what lies in files is read by way of a private copy."""

    @staticmethod
    def claims(path: Path) -> str:
        """What it sees at `path`: an SQLite database that is no capture; empty for anything else. The file is only read."""
        try:
            with open_plain(path) as file:
                header = file.read(100)
        except OSError:
            return ""
        return words_at(path) if header.startswith(_MAGIC) and header[68:72] != _CAPTURE else ""

    @staticmethod
    def whole_of(path: Path) -> Path:
        """The store that a `-wal`, `-shm` or `-journal` lies beside; any other path itself."""
        end = next((end for end in _ENDS[1:] if path.name.endswith(end) and path.name != end), "")
        store = path.with_name(path.name.removesuffix(end)) if end else path
        return store if end and SqliteSource.claims(store) else path

    @staticmethod
    def of_path(path: Path, config: Mapping[str, str]) -> EvidenceSource:
        """The store at `path`, read by way of a copy. Raises UsageError and SourceError."""
        return EvidenceSource(path, config)


class EvidenceSource:
    """A copy of the store at `path` as a source whose address is the original's. `files` are the facts, `notes` what must be known.

    Raises SourceError for files that cannot be read or copied, and as `SqlSource` does.
    """

    def __init__(self, path: Path, config: Mapping[str, str] | None = None) -> None:
        self.path = path.absolute()
        self.notes: list[str] = []
        self._is_of_one_state = True
        self._place = tempfile.TemporaryDirectory(prefix="eventscope-evidence-", ignore_cleanup_errors=True)
        try:
            copied = Path(self._place.name) / path.name
            self.files = self._copied(copied)
            self.notes += _missing(copied)
            _mend(copied)
            self._source = self._opened(copied, config or {})
        except BaseException:
            self._place.cleanup()
            raise

    def _opened(self, copied: Path, config: Mapping[str, str]) -> SqlSource:
        """The copy as a store. What is wrong with the files may be why there is nothing to read."""
        try:
            return SqlSource(f"sqlite:///{copied.as_posix()}", config, original=self.path)
        except SourceError as error:
            raise SourceError(". ".join([str(error), *self.notes]), step="file") from None

    def info(self) -> SourceInfo:
        """As of the original: its address, and the facts of its files."""
        info = self._source.info()
        facts = [
            {"name": one.name, "size_bytes": one.size_bytes, "modified_us": one.modified_us, "sha256": one.sha256} for one in self.files
        ]
        attributes = {**info.attributes, "opened": "private copy", "files": facts}
        return replace(info, uri=f"sqlite:///{self.path.as_posix()}", attributes=attributes)

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """See `Source.logs`."""
        return self._source.logs(names)

    def pin(self, request: Request) -> Plan:
        """See `Source.pin`; its notes begin with those about the files."""
        plan = self._source.pin(request)
        plan.notes[:0] = self.notes
        return plan

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """See `Source.read`; a copy does not grow, so it is not followed."""
        is_known = request.known_inputs.issuperset(one.sha256 for one in self.files)
        if not is_known:
            yield Batch(inputs=self._inputs(0, 0, is_whole=False))
        rows = damaged = 0
        for batch in self._source.read(plan, replace(request, follow=False), stop):
            rows += len(batch.records)
            damaged += sum(bool(flags & Flag.damaged) for flags in batch.records.flags.values())
            yield batch
        if not is_known and not stop.is_set():
            yield Batch(inputs=self._inputs(rows, damaged, is_whole=self._is_of_one_state))

    def _inputs(self, rows: int, damaged: int, *, is_whole: bool) -> list[InputFile]:
        """What a capture keeps of the files; the rows count for the store itself, wherever they stood."""
        words = self._source.words
        kinds = [words, *(f"side file of {self.path.name}" for _ in self.files[1:])]
        return [
            InputFile(
                one.name,
                one.path,
                one.size_bytes,
                one.modified_us,
                one.sha256,
                kind,
                loses=_LOSES if place == 0 else "",
                proves=_PROVES if place == 0 else "",
                rows=rows if place == 0 else 0,
                damaged=damaged if place == 0 else 0,
                notes=tuple(self.notes) if place == 0 else (),
                is_whole=is_whole,
            )
            for place, (one, kind) in enumerate(zip(self.files, kinds, strict=True))
        ]

    def close(self) -> None:
        """Deletes the copy; may be called twice."""
        if hasattr(self, "_source"):
            self._source.close()
        self._place.cleanup()

    def _copied(self, target: Path) -> tuple[FileFact, ...]:
        """Copies all files of one state; of a store that is written to all the while the last try counts, which is said."""
        for attempt in range(_ATTEMPTS):
            before = _states(self.path)
            facts = self._copy_all(before, target)
            if _states(self.path) == before:
                return facts
            if attempt < _ATTEMPTS - 1:
                for end in _ENDS:
                    target.with_name(target.name + end).unlink(missing_ok=True)
        self._is_of_one_state = False
        self.notes.append(
            f"WARNING: {self.path.name} was written to while it was copied: its files may be of different moments. "
            "Stop the application, or capture the store live instead"
        )
        return facts

    def _copy_all(self, there: Mapping[str, _State], target: Path) -> tuple[FileFact, ...]:
        wanted, free = sum(one.size_bytes for one in there.values()), shutil.disk_usage(target.parent).free
        if wanted * 2 > free:
            raise SourceError(
                f"no room for a copy of {self.path.name} ({wanted / 1e6:,.0f} MB, and as much to work) in {target.parent.parent}: "
                "set TMPDIR to a folder on another disk",
                step="file",
            )
        return tuple(
            _copy(self.path.with_name(self.path.name + end), target.with_name(target.name + end), found) for end, found in there.items()
        )


def _states(path: Path) -> dict[str, _State]:
    """What lies there of the store's files. Raises SourceError without the first one, or for what is no plain file."""
    found: dict[str, _State] = {}
    for end in _ENDS:
        file = path.with_name(path.name + end)
        try:
            state = file.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SourceError(f"cannot read {file}: {error.strerror}", step="file") from None
        if not stat.S_ISREG(state.st_mode):
            raise SourceError(f"{file} is not a plain file", step="file")
        found[end] = _State(state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
    if "" not in found:
        raise SourceError(f"there is no file {path}", step="file")
    return found


def _copy(path: Path, target: Path, found: _State) -> FileFact:
    """Copies a file, 0600, and hashes what was copied."""
    digest, size = hashlib.sha256(), 0
    try:
        with open_plain(path) as source, os.fdopen(os.open(target, _NEW, 0o600), "wb") as copy:
            while size < found.size_bytes and (block := source.read(min(_BLOCK, found.size_bytes - size))):
                digest.update(block)
                copy.write(block)
                size += len(block)
    except OSError as error:
        raise SourceError(f"cannot copy {path}: {error.strerror}", step="file") from None
    return FileFact(path.name, str(path), size, found.modified_ns // 1_000, digest.hexdigest())


_NEW = os.O_CREAT | os.O_WRONLY | os.O_EXCL | getattr(os, "O_BINARY", 0)


def _missing(store: Path) -> list[str]:
    """What the header and the `-shm` say of a `-wal` that is not there, or is not whole."""
    with store.open("rb") as file:
        header = file.read(100)
    wal, shm = store.with_name(store.name + "-wal"), store.with_name(store.name + "-shm")
    frames, page_bytes = _frames(shm)
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    needed = _WAL_HEADER + frames * (_FRAME_HEADER + page_bytes) if frames else 0
    notes = []
    if wal_bytes < needed:
        lost = "is missing" if not wal_bytes else f"is cut ({wal_bytes:,} of {needed:,} bytes)"
        notes.append(
            f"WARNING: {wal.name} {lost}: {shm.name} says that {frames:,} pages were in it. "
            "Those that were not yet in the store itself are not here, and with them the newest events"
        )
    elif header[18:20] == b"\x02\x02" and not wal.exists():
        notes.append(
            f"WARNING: {store.name} is a WAL store and there is no {wal.name} beside it. It is complete if its writers closed it; "
            "if it was copied without that file, its newest events are missing and nothing here can tell"
        )
    elif wal_bytes >= _WAL_HEADER and not _is_wal(wal):
        notes.append(f"WARNING: {wal.name} is no WAL file: what it held is not read")
    return notes


def _frames(shm: Path) -> tuple[int, int]:
    """(frames in the `-wal`, bytes of a page) as the index's header says it in the machine's own order; (0, 0) without one."""
    try:
        with shm.open("rb") as file:
            header = file.read(48)
    except OSError:
        return 0, 0
    if len(header) < 48 or not header[12]:
        return 0, 0
    size, frames = struct.unpack("=HI", header[14:20])
    return (frames, 65_536 if size == 1 else size) if size else (0, 0)


def _is_wal(wal: Path) -> bool:
    with wal.open("rb") as file:
        return int.from_bytes(file.read(4), "big") in _WAL_MAGIC


def _mend(store: Path) -> None:
    """Lets SQLite take what is in the side files into the copy, as it would in opening the original."""
    store.with_name(store.name + "-shm").unlink(missing_ok=True)
    try:
        connection = connect_privately(store)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            connection.close()
    except apsw.Error:
        return  # opening it for reading says what is wrong
