"""The event store of an application in PostgreSQL: the tables that descriptors fit, in position order. Writes nothing anywhere.

What the columns mean is in `resources/stores/*.toml` (see `sql_descriptor`); how the server is asked is in `postgres_link`;
rows become records in `postgres_table`. Writers commit in another order than they number: `postgres_late` says what is done.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import SourceError, UsageError
from inspector.sources import Batch, LogInfo, Plan, Request, SourceInfo, Span, Step
from inspector.sources.postgres_check import check
from inspector.sources.postgres_claims import checkpoints_of
from inspector.sources.postgres_config import settings_of
from inspector.sources.postgres_follow import PostgresTail, claimed
from inspector.sources.postgres_link import Link, Rows
from inspector.sources.postgres_pace import TICK_S, Pace
from inspector.sources.postgres_shape import Shape, has_columns, is_alike, may_fit, names, with_columns
from inspector.sources.postgres_table import PostgresTable
from inspector.sources.sql_bounds import Bounds, chosen, refuse_kafka_words
from inspector.sources.sql_descriptor import Descriptor, built_in, load
from inspector.sources.sql_rows import Page


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to read, and who serves it."""

    tables: list[PostgresTable]
    cluster: str
    server: str


class PostgresSource:
    """An opened database. `config` may hold libpq's properties (a password among them), `descriptor`, and our own (`postgres_config`).

    Raises UsageError for an address, property or descriptor that cannot be understood, SourceError naming the step that failed.
    """

    def __init__(self, url: str, config: Mapping[str, str]) -> None:
        self._settings = settings_of(url, config)
        self._descriptors = _descriptors(self._settings.descriptor)
        self._link = Link(self._settings)
        try:
            self._found = self._link.read(self._look)
        except BaseException:
            self._link.close()
            raise
        self.tables = self._found.tables
        """What is read here."""

    @staticmethod
    def check(url: str, config: Mapping[str, str], names: Sequence[str] = ()) -> Iterator[Step]:
        """Connecting and logging in, finding a table that a descriptor knows, and where its rows begin and end."""
        yield from check(settings_of(url, config), lambda: PostgresSource(url, config), names)

    def info(self) -> SourceInfo:
        """The address, and per table the descriptor that reads it, whether that is verified, and its streams' first version."""
        tables = {
            table.name: {"descriptor": table.descriptor.name, "base": table.descriptor.base, "verified": table.descriptor.is_verified}
            for table in self.tables
        }
        attributes: dict[str, object] = {"tables": tables, "server": self._found.server}
        if not all(table.descriptor.is_verified for table in self.tables):
            attributes["mapping"] = "unverified mapping"
        return SourceInfo("postgresql", self._settings.uri, self._found.cluster, attributes)

    def logs(self, names: Sequence[str] = ()) -> list[LogInfo]:
        """The event tables; reads only where each begins and ends. Raises SourceError for a name that is none of them."""
        tables = chosen(self.tables, names, self._settings.place)
        return [self._link.read(table.info, of=table.name) for table in tables]

    def pin(self, request: Request) -> Plan:
        """What `request` means now; a time is the first position with that time or a later one."""
        refuse_kafka_words(request)
        tables = chosen(self.tables, request.logs, self._settings.place)
        infos = [self._link.read(table.info, of=table.name) for table in tables]
        plan = Plan(logs=infos, spans=[], asked=[])
        for place, (table, info) in enumerate(zip(tables, infos, strict=True)):
            self._bounds(table, info).put(plan, place, request)
            plan.notes.extend([*table.notes, *table.checkpoints.told()])
        return plan

    def _bounds(self, table: PostgresTable, info: LogInfo) -> Bounds:
        def nth_last(count: int) -> int | None:
            return self._link.read(lambda cursor: table.nth_last(cursor, count), of=table.name)

        def page(start: int, end: int) -> Page:
            return self._link.read(lambda cursor: table.page(cursor, start, end), of=table.name)

        return Bounds(table, info, nth_last, page)

    # ---- reading

    def read(self, plan: Plan, request: Request, stop: threading.Event) -> Iterator[Batch]:
        """See `Source.read`. A server that goes away is waited for, without end while it is followed, and that is said."""
        with self._ended_by(stop):
            tails = self._tails(plan, request)
            yield from self._claimed(plan, {tail.log for tail in tails})
            pace = Pace(follow=request.follow)
            while tails and not stop.is_set():
                yield from self._round(tails, plan, pace, stop)
                tails = [tail for tail in tails if not tail.is_done]
                if tails and (pace.trouble or all(tail.is_caught_up for tail in tails)):
                    yield from pace.wait(stop)

    def _claimed(self, plan: Plan, read: Collection[int]) -> Iterator[Batch]:
        """How far consumers are, of tables of which no row is read."""
        tables = {table.name: table for table in self.tables}
        for place, info in enumerate(plan.logs):
            table = tables[info.key.name]
            if place not in read and table.checkpoints:
                yield self._link.read(lambda cursor: claimed(table, cursor, table.stand(cursor).end), of=table.name)  # noqa: B023

    def _tails(self, plan: Plan, request: Request) -> list[PostgresTail]:
        tables = {table.name: table for table in self.tables}
        again = 0 if request.newest_first else self._settings.reread_positions
        found = []
        for place, info in enumerate(plan.logs):
            spans = [span for span in plan.spans if span.log == place]
            start, end = plan.asked[place]
            if not spans and end is not None and start < end and not request.ranges and not request.newest_first:
                spans = [Span(place, end, end)]  # all of it is in a capture: what came late since is not
            table = tables[info.key.name]
            tail = PostgresTail(table, info, place, spans, asked=start, follow=request.follow, again=again)
            found += [] if tail.is_done else [tail]
        return found

    def _round(self, tails: Sequence[PostgresTail], plan: Plan, pace: Pace, stop: threading.Event) -> Iterator[Batch]:
        for tail in tails:
            try:
                batches = tail.step(self._link, plan)
            except SourceError as error:
                if stop.is_set():
                    return
                yield pace.failed(error)
                return
            batches[0].state = pace.worked(any(len(batch.records) for batch in batches))
            for batch in batches:
                yield batch
                if stop.is_set():
                    return

    @contextmanager
    def _ended_by(self, stop: threading.Event) -> Iterator[None]:
        """While this lasts, setting `stop` also ends what the server is doing for us."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(TICK_S):
                if stop.is_set():
                    self._link.cancel()
                    return

        watcher = threading.Thread(target=watch, name="postgres stop", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def close(self) -> None:
        """Lets the connection go; may be called twice."""
        self._link.close()

    # ---- which tables

    def _look(self, cursor: Rows) -> _Found:
        """The tables that descriptors fit, each with the one that asks for most. Raises SourceError when there is none."""
        settings, codec = self._settings, self._link.codec
        there = names(cursor, codec)
        wanted = [shape for shape in there if settings.table in {"", shape.name, f"{shape.schema}.{shape.table}"}]
        near = [shape for shape in wanted if any(may_fit(one, shape) for one in self._descriptors)]
        fitting = [(shape, self._fitting(cursor, shape)) for shape in with_columns(cursor, near, codec)]
        tables = [PostgresTable(best, shape, codec) for shape, best in fitting if best is not None and shape.can_read]
        if not tables:
            raise self._none(wanted, [shape for shape, best in fitting if best is not None])
        for table in tables:
            table.checkpoints = checkpoints_of(cursor, table.descriptor, table.shape, there, codec)
        cluster, server = _who(cursor)
        return _Found(tables, cluster, server)

    def _fitting(self, cursor: Rows, shape: Shape) -> Descriptor | None:
        """Of those that fit the one that asks for most; the rows of a table that may not be read are not looked at."""
        found = [
            one
            for one in self._descriptors
            if may_fit(one, shape) and has_columns(one, shape) and (not shape.can_read or is_alike(cursor, one, shape, self._link.codec))
        ]
        return max(found, key=lambda one: len(one.columns), default=None)

    def _none(self, there: Sequence[Shape], closed: Sequence[Shape]) -> SourceError:
        settings = self._settings
        if closed:
            role, table = settings.user or "the role", closed[0].name
            return SourceError(
                f"{role} may not read {table} in {settings.place}: grant select on {table} to {role} is wanted, and usage on its schema",
                step="authorisation",
            )
        listed = ", ".join(shape.name for shape in there[:20]) or "none at all"
        wanted = "; ".join(descriptor.wanted for descriptor in self._descriptors)
        return SourceError(
            f"no event table in {settings.place}{f' called {settings.table}' if settings.table else ''}; its tables: {listed}. "
            f"Known are: {wanted}. For another layout give a descriptor of your own (descriptor=FILE in --config)",
            step="shape",
        )


def _descriptors(own: str | None) -> list[Descriptor]:
    """The user's own, or those that ship. Raises UsageError for one that needs what is read of SQLite stores only."""
    if not own:
        return [one for one in built_in() if one.is_for("postgresql")]
    descriptor = load(Path(own))
    if descriptor.sections:
        raise UsageError(f"descriptor {descriptor.name}: {descriptor.sections[0]} is only read in SQLite stores so far")
    return [descriptor]


def _who(cursor: Rows) -> tuple[str, str]:
    """What names the database wherever it is reached, and the server's version in words."""
    found = cursor.execute("SELECT current_setting('server_version'), current_database()::text").fetchall()[0]
    version, database = (part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in found)
    allowed = "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
    if not cursor.execute(allowed).fetchall()[0][0]:
        return "", f"PostgreSQL {version}"
    number = cursor.execute("SELECT system_identifier FROM pg_control_system()").fetchall()[0][0]
    return f"{number}/{database}", f"PostgreSQL {version}"
