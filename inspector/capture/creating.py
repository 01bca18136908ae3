"""A new capture's tables and identity, its settings, and whether a file that is there may be continued.

Read `schema` for the tables, `writer` for who uses this.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import apsw
from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, CreateTable

from inspector.capture import schema, schemas
from inspector.capture.claim_table import claim
from inspector.capture.dialect import ApswDialect
from inspector.capture.finding_table import finding
from inspector.capture.input_table import input_
from inspector.errors import CaptureError


def create(connection: apsw.Connection, settings: Mapping[str, object]) -> None:
    """Makes the tables and the row that says which capture this is, in one transaction."""
    tool = f"eventscope {version('eventscope')}"
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema.create_statements():
        connection.execute(statement)
    connection.execute(
        "INSERT INTO capture (id, created_us, tool, settings) VALUES (?, ?, ?, ?)",
        (str(uuid.uuid4()), time.time_ns() // 1000, tool, json.dumps(dict(settings))),
    )
    connection.execute("COMMIT")


def remove(path: Path) -> None:
    """Takes away a capture that could not even be begun, with its side files."""
    for suffix in ("", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()


@contextmanager
def other_files_said(path: Path) -> Iterator[None]:
    """Raises CaptureError when SQLite finds that `path` is no database, or a damaged one."""
    try:
        yield
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise CaptureError(f"{path} is not a capture or is damaged ({error}); choose another file") from error


def check_version(connection: apsw.Connection, path: Path) -> None:
    """Raises CaptureError for a database that is no capture, or one of a newer major version."""
    application: int = connection.execute("PRAGMA application_id").get
    user: int = connection.execute("PRAGMA user_version").get
    if application != schema.APPLICATION_ID:
        raise CaptureError(f"{path} is a database but not a capture; choose another file")
    if user // 1000 != schema.MAJOR:
        raise CaptureError(f"{path} was made by a newer eventscope (format {user // 1000}); install that version to open it")


def complete(connection: apsw.Connection) -> None:
    """Gives a capture of an older minor version the tables and columns that came since; one of a newer one stays as it is."""
    has_schemas = connection.execute("SELECT 1 FROM pragma_table_info('schema') WHERE name = 'wire'").get
    has_inputs = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'input'").get
    has_findings = connection.execute("SELECT 1 FROM pragma_table_info('finding') WHERE name = 'legal_because'").get
    has_claims = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'claim'").get
    if has_schemas and has_inputs and has_findings and has_claims:
        return
    connection.execute("BEGIN IMMEDIATE")
    if not has_schemas:
        schemas.complete(connection, _made(schema.usage))
    if not has_inputs:
        connection.execute(_made(input_))
    if not has_findings:
        connection.execute("DROP TABLE IF EXISTS finding")  # nothing was ever put into the older form
        connection.execute(_made(finding))
    if not has_claims:
        connection.execute(_made(claim))
        for index in claim.indexes:
            connection.execute(str(CreateIndex(index).compile(dialect=ApswDialect())))
    connection.pragma("user_version", schema.USER_VERSION)
    connection.execute("COMMIT")


def _made(table: Table) -> str:
    return str(CreateTable(table).compile(dialect=ApswDialect()))


def set_setting(connection: apsw.Connection, name: str, value: object) -> None:
    """Notes one setting of the capture, such as `masks`."""
    connection.execute("UPDATE capture SET settings = json_set(settings, '$.' || ?, json(?))", (name, json.dumps(value)))
