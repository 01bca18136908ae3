"""The real message-db for tests: the SQL files of npm's `@eventide/message-db`, fetched once and installed by its own script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests.kafka.launcher import ROOT, fetched_once
from tests.postgres.server import PASSWORD, Server, binaries

VERSION = "1.3.1"
PACKAGE = f"@eventide/message-db@{VERSION}"
FOLDER = ROOT / ".cache" / f"message-db-{VERSION}"
TEMPLATE = "message_store"


def missing() -> str:
    """Why the package cannot be had here, or nothing."""
    if (FOLDER / ".complete").exists():
        return "" if shutil.which("bash") else "bash is not installed: message-db's own script needs it"
    return "" if shutil.which("npm") else "npm is not installed: message-db cannot be fetched"


def _fetch(folder: Path) -> None:
    packed = subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    (folder / packed).unlink()


def installed(server: Server) -> None:
    """Makes the database `TEMPLATE` with everything the package puts there."""
    folder = fetched_once(FOLDER, _fetch) / "package" / "database"
    programs = binaries()
    assert programs is not None
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": "owner",
        "PGPASSWORD": PASSWORD,
        "PGDATABASE": "postgres",
        "DATABASE_NAME": TEMPLATE,
    }
    subprocess.run(["bash", str(folder / "install.sh")], check=True, env=environment, stdin=subprocess.DEVNULL, capture_output=True)


def write(
    connection: psycopg.Connection[Any], stream: str, kind: str, data: object, metadata: Mapping[str, object] | None = None
) -> tuple[str, int]:
    """Writes a message through the package's own function; gives its id and its position in the stream."""
    number = str(uuid.uuid4())
    connection.execute("SET search_path = message_store, public")
    found = connection.execute(
        "SELECT write_message(%s, %s, %s, %s::jsonb, %s::jsonb)",
        (number, stream, kind, json.dumps(data), None if metadata is None else json.dumps(metadata)),
    ).fetchone()
    assert found is not None
    return number, int(found[0])
