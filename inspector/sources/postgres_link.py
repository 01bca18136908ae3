"""The connection to one PostgreSQL database: read-only transactions, short and bounded, and its errors as sentences.

Texts come as the bytes the server holds (`codec` says how they are written), so that none can spoil the others.
Knows no table. Read `postgres_errors` for the sentences, `postgres` for who reads.
"""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from inspector.sources.postgres_config import APPLICATION, Settings
from inspector.sources.postgres_errors import LOST, cannot_connect, explained

T = TypeVar("T")
Rows = psycopg.Cursor[tuple[Any, ...]]
_LOCK_MS = 2_000
_IDLE_MS = 30_000
_ALONG_THE_INDEX = "SET LOCAL enable_sort = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0"
"""A page comes by the index of its order, even where the server has no statistics: it would sort the whole table for each page then."""
_CODECS = {"SQL_ASCII": "utf-8", "UTF8": "utf-8", "EUC_CN": "gb2312", "WIN": "cp1251", "ALT": "cp866", "KOI8": "koi8-r"}


class Link:
    """One connection, made when first needed and again when it was lost. Not shared between threads, but for `cancel`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.codec = "utf-8"
        """Python's name of the encoding that texts come in."""
        self.version = 0
        """Such as 150018."""
        self.generation = 0
        """How many connections there were."""
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._begin = (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL timezone = 'UTC'; "
            "SET LOCAL standard_conforming_strings = on; SET LOCAL datestyle = 'ISO'; SET LOCAL bytea_output = 'hex'; "
            "SET LOCAL intervalstyle = 'iso_8601'; "
            f"SET LOCAL statement_timeout = {int(settings.statement_ms)}; SET LOCAL lock_timeout = {int(_LOCK_MS)}; "
            f"SET LOCAL idle_in_transaction_session_timeout = {int(_IDLE_MS)}; " + _ALONG_THE_INDEX
        )

    def read(self, work: Callable[[Rows], T], *, of: str = "") -> T:
        """What `work` gives in one read-only transaction over one state of the database; `of` names the table for errors.

        Raises SourceError naming what failed; `retry` where waiting may help.
        """
        connection = self._connected()
        try:
            with connection.cursor() as cursor:
                cursor.execute(self._begin)
                result = work(cursor)
                cursor.execute("ROLLBACK")
                return result
        except psycopg.Error as error:
            if isinstance(error, LOST) or connection.closed:
                self.close()
            else:
                self._roll_back(connection)
            raise explained(error, self.settings, of) from None

    def _roll_back(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
            self.generation += 1
            self.version = self._connection.info.server_version
            self.codec = _codec(self._connection.info.parameter_status("server_encoding") or "UTF8")
        return self._connection

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A session that cannot write; where a pooler refuses to be told so, each transaction says it all the same."""
        session = (
            f"-c default_transaction_read_only=on -c statement_timeout={int(self.settings.statement_ms)} "
            f"-c lock_timeout={int(_LOCK_MS)} -c idle_in_transaction_session_timeout={int(_IDLE_MS)}"
        )
        try:
            return self._open(options=session)
        except psycopg.Error as error:
            if "unsupported startup parameter" not in str(error):
                raise cannot_connect(error, self.settings) from None
        try:
            return self._open()
        except psycopg.Error as error:
            raise cannot_connect(error, self.settings) from None

    def _open(self, **more: str) -> psycopg.Connection[tuple[Any, ...]]:
        given: dict[str, Any] = {**self.settings.parameters, "application_name": APPLICATION, "client_encoding": "SQL_ASCII", **more}
        try:
            return psycopg.connect(**given, autocommit=True, prepare_threshold=None)
        except UnicodeError as error:  # of a name that can be none of a host
            raise psycopg.OperationalError(f"could not translate host name: {error}") from None

    def cancel(self) -> None:
        """Ends what the server is doing for us, from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=2)

    def close(self) -> None:
        """Lets the connection go; may be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _codec(name: str) -> str:
    """Python's name of a PostgreSQL encoding; UTF-8 where it has none, so that what is no UTF-8 is seen as such."""
    found = _CODECS.get(name) or name.replace("WIN", "cp").replace("_", "-")
    try:
        return codecs.lookup(found).name
    except LookupError:
        return "utf-8"
