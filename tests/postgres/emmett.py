"""Emmett's own tables and functions for tests: the schema that npm's `@event-driven-io/emmett-postgresql` ships, fetched once."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
import uuid
from pathlib import Path
from typing import Any

import psycopg

from tests.kafka.launcher import ROOT, fetched_once

VERSION = "0.42.0"
FOLDER = ROOT / ".cache" / f"emmett-postgresql-{VERSION}"
_SCHEMA = re.compile(r"var schema_0_42_0 = _dumbo\.SQL`(.*?)`;", re.DOTALL)


def missing() -> str:
    """Why the package cannot be had here, or nothing."""
    if (FOLDER / ".complete").exists() or shutil.which("npm"):
        return ""
    return "npm is not installed: Emmett's schema cannot be fetched"


def _fetch(folder: Path) -> None:
    package = f"@event-driven-io/emmett-postgresql@{VERSION}"
    packed = subprocess.run(["npm", "pack", package, "--silent"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    (folder / packed).unlink()


def install(connection: psycopg.Connection[Any]) -> None:
    """Makes what the package makes, and its default partition."""
    text = (fetched_once(FOLDER, _fetch) / "package" / "dist" / "index.cjs").read_text(encoding="utf-8")
    found = _SCHEMA.search(text)
    assert found is not None
    connection.execute(found[1])


def append(connection: psycopg.Connection[Any], stream: str, kind: str, data: object, metadata: object) -> tuple[str, int, int]:
    """Appends one message through the package's own function; gives its id, version and global position."""
    number = str(uuid.uuid4())
    found = connection.execute(
        "SELECT success, next_stream_position, global_positions FROM emt_append_to_stream(ARRAY[%s], ARRAY[%s::jsonb], ARRAY[%s::jsonb], "
        "ARRAY['1'], ARRAY[%s], ARRAY['E'], %s, 'order', NULL, 'emt:default')",
        (number, json.dumps(data), json.dumps(metadata), kind, stream),
    ).fetchone()
    assert found is not None
    assert found[0]
    return number, int(found[1]), int(found[2][0])
