"""A PostgreSQL server for tests, shared by the tests of one process; databases have names of their own."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import message_db
from tests.postgres import server as launcher
from tests.postgres.server import Database, Server

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a server; without one it is skipped with the reason."""
    reason = launcher.missing()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.postgres)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server that tests share: nobody stops it or changes its settings."""
    with tempfile.TemporaryDirectory(prefix="eventscope-postgres-") as folder:
        Path(folder).chmod(0o755)
        started = Server(Path(folder) / "cluster")
        try:
            yield started.start()
        finally:
            started.stop()


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server for one test, which may stop it and start it again."""
    with tempfile.TemporaryDirectory(prefix="eventscope-postgres-") as folder:
        Path(folder).chmod(0o755)
        started = Server(Path(folder) / "cluster")
        try:
            yield started.start()
        finally:
            started.stop()


@pytest.fixture
def database(server: Server) -> Database:
    """An empty database of the shared server."""
    return server.database(f"shop_{next(_numbers)}")


@pytest.fixture(scope="session")
def message_store(server: Server) -> str:
    """The name of a database that holds an empty message-db, to be copied; skips loudly where the package cannot be had."""
    reason = message_db.missing()
    if reason:
        pytest.skip(reason)
    message_db.installed(server)
    return message_db.TEMPLATE


@pytest.fixture
def messages(server: Server, message_store: str) -> Database:
    """A database with an empty message-db."""
    return server.database(f"messages_{next(_numbers)}", like=message_store)
