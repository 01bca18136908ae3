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
from inspector.sources.sql_descriptor import Descriptor, built_in, load
from inspector.sources.sql_open import StoreFile
from inspector.sources.sql_rows import Page
from inspector.sources.sql_shape import fits, shapes
from inspector.sources.sql_table import Table
from inspector.sources.sql_tail import Tail

_GLANCE_S = 0.05
_GLANCES = 4
"""So many glances at the files between two empty batches."""
_LOOK_S = 1.0
"""A look inside however quiet the files seem: times of files are coarse."""
_URL = re.compile(r"sqlite:(?:///|/?(?=[^/]))(.+)\Z")


class SqlSource:
    """An opened store. `config` may name a `descriptor` file of the user's; all other keys are other sources'.

    Raises UsageError for a URL or descriptor that cannot be understood, SourceError (step "file") for a file that is not
    there, is locked, damaged, encrypted or holds no table that a descriptor knows.
    """

    def __init__(self, url: str, config: Mapping[str, str]) -> None:
        self._path = store_path(url)
        own = config.get("descriptor")
        self._descriptors: Sequence[Descriptor] = [load(Path(own))] if own else [one for one in built_in() if one.is_for("sqlite")]
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

    def info(self) -> SourceInfo:
        """The file's path, and per table the descriptor that reads it and the version its streams begin with."""
        tables = {table.name: {"descriptor": table.descriptor.name, "base": table.descriptor.base} for table in self._tables}
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
        plan.notes[:0] = self._file.notes
        return plan

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """See `Source.read`. A store that is gone or locked while it is followed is waited for, and that is said."""
        tails = [tail for tail in self._tails(plan, request) if not tail.is_done]
        self._told, self._trouble = len(self._file.notes), ""
        while tails and not stop.is_set():
            for tail in tails:
                yield self._step(tail, plan, may_wait=request.follow)
                if stop.is_set():
                    return
            tails = [tail for tail in tails if not tail.is_done]
            while tails and all(tail.is_caught_up or self._trouble for tail in tails) and not self._wakes(stop):
                yield Batch()

    def _tails(self, plan: Plan, request: Request) -> Iterator[Tail]:
        tables = {table.name: table for table in self._tables}
        for place, info in enumerate(plan.logs):
            spans = [span for span in plan.spans if span.log == place]
            yield Tail(tables[info.key.name], info, place, spans, asked=plan.asked[place][0], follow=request.follow)

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
        """The tables that descriptors fit, each with the one that asks for most. Raises SourceError when there is none."""
        there = shapes(connection)
        found: list[Table] = []
        for shape in there:
            fitting = [descriptor for descriptor in self._descriptors if fits(connection, descriptor, shape)]
            if fitting:
                found.append(Table(max(fitting, key=lambda descriptor: len(descriptor.columns)), shape))
        if found:
            return found
        names = ", ".join(shape.name for shape in there) or "none at all"
        wanted = "; ".join(descriptor.wanted for descriptor in self._descriptors)
        raise SourceError(
            f"no event table in {self._path.name}; its tables: {names}. Known are: {wanted}. "
            "For another layout give a descriptor of your own (descriptor=FILE in --config)",
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
