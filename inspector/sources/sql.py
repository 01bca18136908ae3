"""The event store of an application: one table in an SQLite file, in position order, by descriptor. Writes nothing anywhere.

What the columns mean is in `resources/stores/*.toml` (see `sql_descriptor`); how the file is opened without a trace is in
`sql_open`; rows become records in `sql_table`. SQLite lets one writer in at a time, so positions appear in order and
reading on from the last one misses nothing. Holes are normal: coverage counts them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import apsw

from inspector.errors import SourceError, UsageError
from inspector.sources import Batch, LogInfo, Plan, Request, SourceInfo, Step
from inspector.sources.sql_bounds import Bounds, chosen, refuse_kafka_words
from inspector.sources.sql_claims import ClaimPage, ClaimReader, claim_readers
from inspector.sources.sql_descriptor import Descriptor, built_in, load
from inspector.sources.sql_open import StoreFile, glance
from inspector.sources.sql_rows import Page
from inspector.sources.sql_saved import saved
from inspector.sources.sql_shape import Shape, fits, shapes
from inspector.sources.sql_survey import survey
from inspector.sources.sql_table import Table
from inspector.sources.sql_tail import Tail
from inspector.sources.table_description import TableDescription

_GLANCE_S = 0.05
_GLANCES = 4
"""So many glances at the files between two empty batches."""
_CLAIMS_S = 5.0
"""Of a store that is followed, checkpoints are looked at so often."""
_UNVERIFIED = "it follows the store's own source, and was never tried on a store that the real program made"
_LOOK_S = 1.0
"""A look inside however quiet the files seem: times of files are coarse."""
_URL = re.compile(r"sqlite:(?:///|/?(?=[^/]))(.+)\Z")


class SqlSource:
    """An opened store. `config` may name a `descriptor` file of the user's; all other keys are other sources'.

    Raises UsageError for a URL or descriptor that cannot be understood, SourceError (step "file") for a file that is not
    there, is locked, damaged, encrypted or holds no table that a descriptor knows.
    """

    def __init__(self, url: str, config: Mapping[str, str], *, original: Path | None = None) -> None:
        """With `original` the file at `url` is a copy of that one."""
        self._path = store_path(url)
        self._original = original or self._path
        self._descriptors = _descriptors(config)
        self._claims: Sequence[ClaimReader] = ()
        self._file = StoreFile(self._path)
        self._told = 0
        self._trouble = ""
        self._looked_s = 0.0
        try:
            self._tables = self._file.read(self._found)
        except BaseException:
            self._file.close()
            raise

    @staticmethod
    def check(url: str, config: Mapping[str, str], names: Sequence[str] = ()) -> Iterator[Step]:
        """Opening the file, finding a table that a descriptor knows, and where its rows begin and end."""
        path = store_path(url)
        try:
            file = StoreFile(path)
            try:
                file.read(lambda connection: connection.execute("SELECT count(*) FROM sqlite_schema").fetchall())
            finally:
                file.close()
        except SourceError as error:
            yield Step(path.name, "open", works=False, text=f"open: {error}")
            return
        yield Step(path.name, "open", works=True, text=f"open: {path.name} is an SQLite file and can be read ({file.mode})")
        try:
            source = SqlSource(url, config)
        except SourceError as error:
            yield Step(path.name, "shape", works=False, text=f"shape: {error}")
            return
        try:
            shapes_found = ", ".join(f"{table.name} as {table.descriptor.title}" for table in source._tables)
            yield Step(path.name, "shape", works=True, text=f"shape: reads {shapes_found}")
            rows = ", ".join(f"{info.key.name} {info.first:,} to {info.end:,}" for info in source.logs(names))
            yield Step(path.name, "rows", works=True, text=f"rows: positions of {rows} (exclusive)")
        except SourceError as error:
            yield Step(path.name, "rows", works=False, text=f"rows: {error}")
        finally:
            source.close()

    @staticmethod
    def tables(url: str, config: Mapping[str, str]) -> list[TableDescription]:
        """What the tables look like, from the schema and a few rows of each. Raises UsageError and SourceError."""
        descriptors = _descriptors(config)
        file = StoreFile(store_path(url))
        try:
            return file.read(lambda connection: survey(connection, descriptors))
        finally:
            file.close()

    @property
    def words(self) -> str:
        """What it is, for people."""
        return words_of([table.descriptor for table in self._tables])

    def info(self) -> SourceInfo:
        """The file's path, and per table the descriptor that reads it and the version its streams begin with."""
        tables = {table.name: _told_of(table.descriptor) for table in self._tables}
        return SourceInfo("sqlite", f"sqlite:///{self._path.as_posix()}", attributes={"tables": tables, "opened": str(self._file.mode)})

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """The event tables; reads only where each begins and ends. Raises SourceError for a name that is none of them."""
        tables = chosen(self._tables, names, self._path.name)
        return self._file.read(lambda connection: [table.info(connection) for table in tables])

    def pin(self, request: Request) -> Plan:
        """What `request` means now; a time is the first position with that time or a later one."""
        refuse_kafka_words(request)
        tables = chosen(self._tables, request.logs, self._path.name)
        infos = self._file.read(lambda connection: [table.info(connection) for table in tables])
        plan = Plan(logs=infos, spans=[], asked=[])
        for place, (table, info) in enumerate(zip(tables, infos, strict=True)):
            self._bounds(table, info).put(plan, place, request)
            if not table.descriptor.is_verified:
                plan.notes.append(f"{table.name}: unverified mapping ({table.descriptor.title}): {_UNVERIFIED}")
        plan.notes[:0] = self._file.notes
        plan.notes.extend(note for reader in self._claims for note in reader.notes)
        return plan

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """See `Source.read`. A store that is gone or locked while it is followed is waited for, and that is said."""
        tails = [tail for tail in self._tails(plan, request) if not tail.is_done]
        self._claimed_s = -_CLAIMS_S
        if not tails:
            yield from self._claimed(stop, anew=True)
        self._told, self._trouble = len(self._file.notes), ""
        while tails and not stop.is_set():
            for tail in tails:
                yield self._step(tail, plan, may_wait=request.follow)
                if stop.is_set():
                    return
            tails = [tail for tail in tails if not tail.is_done]
            if all(tail.is_caught_up for tail in tails):
                yield from self._claimed(stop, anew=not tails)
            while tails and all(tail.is_caught_up or self._trouble for tail in tails) and not self._wakes(stop):
                yield Batch()

    def _tails(self, plan: Plan, request: Request) -> Iterator[Tail]:
        tables = {table.name: table for table in self._tables}
        for place, info in enumerate(plan.logs):
            spans = [span for span in plan.spans if span.log == place]
            yield Tail(tables[info.key.name], info, place, spans, asked=plan.asked[place][0], follow=request.follow)

    def _claimed(self, stop: threading.Event, *, anew: bool) -> Iterator[Batch]:
        """What the store says of itself, each page in a batch; of a store that is followed again every few seconds."""
        if not self._claims or not (anew or time.monotonic() - self._claimed_s >= _CLAIMS_S):
            return
        is_first, self._claimed_s = self._claimed_s < 0, time.monotonic()
        for reader in self._claims:
            if not (is_first or anew or reader.is_small):
                continue
            page: ClaimPage | None = None
            while not stop.is_set() and (page is None or page.after is not None):
                after = None if page is None else page.after
                page = self._file.read(lambda connection: reader.page(connection, after))  # noqa: B023
                yield Batch(claims=page.claims, notes=page.notes)

    def _step(self, tail: Tail, plan: Plan, *, may_wait: bool) -> Batch:
        """The next batch of a table, with what was learnt about the file."""
        try:
            batch = tail.step(self._file, plan)
            batch.state = "reading again" if self._trouble else ""
            self._trouble = ""
        except SourceError as error:
            if not (may_wait and error.retry):
                raise
            batch = Batch(state="" if str(error) == self._trouble else f"waiting: {error}")
            self._trouble = str(error)
        batch.notes.extend(self._file.notes[self._told :])
        self._told = len(self._file.notes)
        self._looked_s = time.monotonic()
        return batch

    def _wakes(self, stop: threading.Event) -> bool:
        """Waits a little; says whether it is time to read: something moved, or the last look is a second old.

        Looking at sizes and times takes no lock, so a writer that closes meanwhile finds itself alone and tidies up.
        """
        for _ in range(_GLANCES):
            if stop.wait(_GLANCE_S) or (not self._trouble and not self._file.is_still()):
                return True
        return bool(self._trouble) or time.monotonic() - self._looked_s > _LOOK_S

    def close(self) -> None:
        """Deletes the private copy, if there is one; may be called twice."""
        self._file.close()

    # ---- which tables

    def _found(self, connection: apsw.Connection) -> list[Table]:
        """The tables that descriptors fit. Raises SourceError when there is none."""
        there = shapes(connection)
        others = {shape.name: shape for shape in there}
        found = [Table(descriptor, shape, others) for descriptor, shape in fitting(connection, self._descriptors, there, others)]
        if found:
            self._claims = claim_readers(connection, found, others)
            return found
        names = ", ".join(shape.name for shape in there) or "none at all"
        wanted = "; ".join(descriptor.wanted for descriptor in self._descriptors)
        raise SourceError(
            f"no event table in {self._path.name}; its tables: {names}. eventscope stores sqlite:///{self._original.as_posix()} "
            f"shows what they look like and writes a descriptor (--propose TABLE). Known are: {wanted}",
            step="file",
        )

    def _bounds(self, table: Table, info: LogInfo) -> Bounds:
        def nth_last(count: int) -> int | None:
            return self._file.read(lambda connection: table.nth_last(connection, count))

        return Bounds(table, info, nth_last, lambda start, end: self._page(table, start, end))

    def _page(self, table: Table, start: int, end: int) -> Page:
        return self._file.read(lambda connection: table.page(connection, start, end))


def store_path(url: str) -> Path:
    """The file that `url` names: `sqlite:///shop.db` and `sqlite:////data/shop.db` as in SQLAlchemy; `sqlite:shop.db` too.

    A path that is not there as a relative one, but is from the root, is taken from the root. Raises UsageError.
    """
    match = _URL.match(url)
    if match is None or match[1] == ":memory:":
        raise UsageError(f"{url!r} names no file: write sqlite:///shop.db, or sqlite:////data/shop.db for a path from the root")
    candidates = []
    for text in (match[1], unquote(match[1])):
        path = Path(text).expanduser()
        candidates += [path, Path("/") / path]
    found = next((path for path in candidates if path.exists()), candidates[0])
    return found.absolute()


def _descriptors(config: Mapping[str, str]) -> Sequence[Descriptor]:
    """The user's own, or else those that were confirmed and those that ship. Raises UsageError."""
    own = config.get("descriptor")
    return [load(Path(own))] if own else [one for one in (*saved(), *built_in()) if one.is_for("sqlite")]


def words_at(path: Path) -> str:
    """What the database in the file at `path` is, as far as that can be told without its side files."""
    try:
        return glance(path, _words)
    except apsw.Error:
        return words_of(())  # opening it says what is wrong


def _words(connection: apsw.Connection) -> str:
    there = shapes(connection)
    others = {shape.name: shape for shape in there}
    return words_of([descriptor for descriptor, _ in fitting(connection, _descriptors({}), there, others)])


def words_of(descriptors: Sequence[Descriptor]) -> str:
    """What a database is whose tables these fit."""
    titles = dict.fromkeys(one.title.removesuffix(" (SQLite)") for one in descriptors if one.kind == "events")
    return f"SQLite event store ({', '.join(titles)})" if titles else "SQLite database"


def fitting(
    connection: apsw.Connection, descriptors: Sequence[Descriptor], there: Sequence[Shape], others: Mapping[str, Shape]
) -> list[tuple[Descriptor, Shape]]:
    """The tables that descriptors fit, each with the one that asks for most, and the tables of snapshots beside them."""
    found: list[tuple[Descriptor, Shape]] = []
    for shape in there:
        alike = [descriptor for descriptor in descriptors if fits(connection, descriptor, shape, others)]
        if alike:
            found.append((max(alike, key=lambda descriptor: descriptor.wants), shape))
    taken = {shape.name for _, shape in found}
    for kept in [snapshots for descriptor, _ in found for snapshots in descriptor.snapshots]:
        beside = [shape for shape in there if shape.name not in taken and fits(connection, kept, shape, others)]
        found.extend((kept, shape) for shape in beside)
        taken.update(shape.name for shape in beside)
    return found


def _told_of(descriptor: Descriptor) -> dict[str, object]:
    """What the capture keeps of how a table was read."""
    told: dict[str, object] = {"descriptor": descriptor.name, "base": descriptor.base, "kind": descriptor.kind}
    return told if descriptor.is_verified else {**told, "verified": False}
