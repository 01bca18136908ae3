"""What PostgreSQL and its client say when something fails, as sentences: which step, and what to do. Reads error texts and codes only.

Codes: postgresql.org/docs/current/errcodes-appendix.html. A refusal to connect has no code, so its text is looked at.
Read `postgres_link` for where errors come from.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import errors

from inspector.errors import SourceError
from inspector.properties import redact
from inspector.sources.postgres_config import Settings

LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""After these the connection may be gone."""

_LOGIN = "give it as password=… with --config - (or a file), or keep it in ~/.pgpass"
_CONNECTING: tuple[tuple[str, str, bool, str], ...] = (
    (r"could not translate host name|name or service not known|nodename nor servname", "DNS", True, "the name is not known here"),
    (r"no pg_hba\.conf entry.*no encryption", "TLS", False, "the server lets this user in only with TLS: add ?sslmode=require"),
    (r"no pg_hba\.conf entry", "authorisation", False, "the server's pg_hba.conf lets this user not into this database from here"),
    (r"server does not support SSL", "TLS", False, "the server has no TLS: leave sslmode out, or set it to disable"),
    (r"certificate|SSL error|SSL negotiation|tls", "TLS", False, "see sslmode and sslrootcert (a file with the authority's certificate)"),
    (r"password authentication failed|role \"[^\"]*\" does not exist", "SASL", False, f"user or password is wrong: {_LOGIN}"),
    (r"no password supplied|fe_sendauth", "SASL", False, f"the server asks for a password: {_LOGIN}"),
    (r"authentication|GSSAPI|SASL|channel binding", "SASL", False, "the way of logging in does not fit what the server asks for"),
    (r"database \"[^\"]*\" does not exist", "database", False, "the part after the port names the database"),
    (r"permission denied for database", "authorisation", False, "GRANT CONNECT ON DATABASE is wanted"),
    (r"starting up|shutting down|not yet accepting|recovery", "TCP", True, "it is on its way up or down; waiting may help"),
    (r"too many (connections|clients)|connection slots", "TCP", True, "all its connections are taken; waiting may help"),
    (r"refused|timed? ?out|timeout expired|unreachable|no route|reset by peer|closed the connection", "TCP", True,
     "nothing answers there: is the server running, and are host and port right?"),
)  # fmt: skip
"""(text of the refusal, step, whether waiting may help, what to do)."""


def cannot_connect(error: psycopg.Error, settings: Settings) -> SourceError:
    """Why there is no connection."""
    said = _said(error, settings)
    for pattern, step, retry, advice in _CONNECTING:
        if re.search(pattern, said, re.IGNORECASE):
            return SourceError(f"cannot connect to {settings.place}: {said}; {advice}", step=step, retry=retry)
    return SourceError(f"cannot connect to {settings.place}: {said}", step="TCP", retry=True)


def explained(error: psycopg.Error, settings: Settings, of: str = "") -> SourceError:
    """Why a reading of table `of` failed."""
    said, what = _said(error, settings), of or settings.place
    role = settings.user or "the role"
    if isinstance(error, errors.InsufficientPrivilege):
        grant = f"grant select on {of} to {role}" if of else f"grant select on its event table to {role}"
        return SourceError(f"{role} may not read {what} ({said}): {grant} is wanted, and usage on its schema", step="authorisation")
    if isinstance(error, errors.QueryCanceled):
        return SourceError(
            f"reading {what} took longer than {settings.statement_ms / 1000:g} s and was ended ({said}): its position may have no index, "
            "or the server is busy; statement.timeout.ms in --config allows more",
            step="read",
            retry=True,
        )
    if isinstance(error, errors.LockNotAvailable):
        return SourceError(f"{what} is locked (its tables are being changed); waiting may help", step="read", retry=True)
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn | errors.InvalidSchemaName):
        return SourceError(f"{what} does not have what it had ({said}): its tables were changed", step="read", retry=True)
    if isinstance(error, LOST):
        return SourceError(f"the connection to {settings.place} was lost ({said})", step="read", retry=True)
    return SourceError(f"cannot read {what}: {said}", step="read")


def is_of_a_cell(error: psycopg.Error) -> bool:
    """Whether a value that was looked at is the reason, rather than the table or the connection."""
    if isinstance(error, psycopg.DataError | errors.UndefinedObject):
        return True
    if isinstance(error, errors.InsufficientPrivilege):
        return "large object" in str(error)
    return (error.sqlstate or "")[:2] in {"XX", "22", "P0", "39", "38"}


def _said(error: psycopg.Error, settings: Settings) -> str:
    """The first line of what the server or client says, without secrets."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for line in lines:
        if "FATAL:" in line:
            text = line
    text = re.sub(r"^.*?(FATAL|ERROR):\s*", "", text).removeprefix("connection failed: ")
    return redact(text, settings.parameters)
