"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a free loopback port, with passwords.

PostgreSQL refuses to run as root, so root runs it as an unprivileged user. It ends with the process that started it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.kafka.child import Child
from tests.kafka.launcher import free_ports

PASSWORD = "the-password-of-the-owner"
_START_S = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "password_encryption": "scram-sha-256",
}


def binaries() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    initdb = found[-1] if found else Path(on_path).resolve() if on_path else None
    return None if initdb is None else initdb.parent


def missing() -> str:
    """Why no server can run here, or nothing."""
    return "" if binaries() else "PostgreSQL is not installed (package postgresql): no real server can be started"


def _unprivileged() -> tuple[int, int] | None:
    """User and group to run as; None for our own."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise RuntimeError("neither a user postgres nor nobody is here to run PostgreSQL as")


class Server:
    """One cluster in `folder`. The owner is `owner` with `PASSWORD`; databases are made as tests want them."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.log = folder, folder / "log.txt"
        self.port = free_ports(1)[0]
        self._settings = {**_SETTINGS, **settings}
        self._who = _unprivileged()
        self._child: Child | None = None
        self._make()

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self._who is not None:
            for path in (self.folder, secret):
                os.chown(path, *self._who)
        words = ["--auth=scram-sha-256", "--username=owner", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "-D", str(self.folder / "data"), *words)

    def _run(self, program: str, *words: str) -> None:
        folder = binaries()
        assert folder is not None
        uid, gid = self._who or (None, None)
        groups: Sequence[int] | None = None if uid is None else []
        done = subprocess.run(
            [folder / program, *words],
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=gid,
            extra_groups=groups,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stderr

    def put(self, path: Path, content: bytes) -> None:
        """Writes a file that the server alone may read."""
        path.write_bytes(content)
        path.chmod(0o600)
        if self._who is not None:
            os.chown(path, *self._who)

    def set(self, **settings: str) -> None:
        """Settings for its next start."""
        self._settings.update(settings)

    def start(self) -> Server:
        """Starts it and waits until it lets us in."""
        folder = binaries()
        assert folder is not None
        settings = {**self._settings, "port": str(self.port)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        uid, gid = self._who or (None, None)
        self._child = Child([str(folder / "postgres"), "-D", str(self.folder / "data"), *words], self.log, uid=uid, gid=gid)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or not self._child.is_running():
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.05)
            else:
                return self

    def stop(self) -> None:
        """Ends it as a crash would; what was committed is there again after `start`."""
        if self._child is not None:
            self._child.kill()
            self._child = None
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def connect(self, database: str, *, user: str = "owner", password: str = PASSWORD) -> psycopg.Connection[Any]:
        """A connection of a test's own, which commits each statement by itself."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, dbname=database, autocommit=True, connect_timeout=10
        )

    def database(self, name: str, *, like: str = "template1") -> Database:
        """A new database, a copy of another one; empty when none is named."""
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))
        return Database(self, name)


class Database:
    """One database of a server."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    @property
    def url(self) -> str:
        """Its address, without a password."""
        return f"postgresql://owner@127.0.0.1:{self.server.port}/{self.name}"

    @property
    def config(self) -> dict[str, str]:
        """The properties that let us in."""
        return {"password": PASSWORD}

    def connect(self) -> psycopg.Connection[Any]:
        """A connection as the owner."""
        return self.server.connect(self.name)

    def run(self, *statements: str) -> None:
        """Runs statements, each in a transaction of its own."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)
