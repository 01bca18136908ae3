"""Where a PostgreSQL store is and how its client is set: the URL and the properties, checked. No network; no secret in an address.

The words are libpq's own (postgresql.org/docs/current/libpq-connect.html); its environment and password file hold too.
Read `postgres_link` for who connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from inspector.errors import UsageError
from inspector.properties import is_secret

APPLICATION = "eventscope"
SCHEME = "postgresql"
_WORDS = frozenset({
    "user", "password", "passfile", "require_auth", "channel_binding", "connect_timeout", "hostaddr", "keepalives", "keepalives_count",
    "keepalives_idle", "keepalives_interval", "tcp_user_timeout", "sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword",
    "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode", "krbsrvname",
    "requirepeer", "target_session_attrs", "load_balance_hosts",
})  # fmt: skip
_REFUSED = {
    "options": "the session is set here, so that nothing can be written",
    "replication": "only tables are read",
    "application_name": f"the server is to see who reads: {APPLICATION}",
    "client_encoding": "texts are taken as the server holds them",
    "sslkeylogfile": "it writes secrets to a file",
    "gssdelegation": "it hands your credentials on",
}
_OURS = {"reread.positions": 1_000, "reread.seconds": 60, "statement.timeout.ms": 30_000}
"""Our own properties, whole numbers, with what holds when they are not given."""
_DEFAULTS = {"connect_timeout": "10"}


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is known before connecting. `parameters` are libpq's, secrets among them: never shown as a whole."""

    parameters: Mapping[str, str] = field(repr=False)
    place: str
    """Host, port and database for people and for the capture; holds no user and no secret."""
    table: str = ""
    """`schema.table` when the address names one."""
    descriptor: str = ""
    reread_positions: int = 0
    """So far below the last position are holes looked at again."""
    reread_s: float = 0
    """For so long after it was passed is a hole looked at again, however far below it is."""
    statement_ms: int = 0

    @property
    def uri(self) -> str:
        """The address without user and secret."""
        return f"{SCHEME}://{self.place}"

    @property
    def user(self) -> str:
        """The role asked for; empty when the environment or the system says it."""
        return self.parameters.get("user", "")


def settings_of(url: str, config: Mapping[str, str]) -> Settings:
    """The URL `postgresql://user@host:port/database/schema.table?sslmode=…` with the properties of `config` on top.

    Properties with a dot in their name that are not ours are other sources'. Raises UsageError for what cannot be used.
    """
    authority, _, rest = url.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    if "?" in authority:
        authority, _, query = authority.partition("?")
    user, _, servers = authority.rpartition("@")
    database, _, table = path.partition("/")
    hosts, ports = _servers(servers)
    parameters = {**_DEFAULTS, **_asked(query)}
    named = {"user": unquote(user), "host": hosts, "port": ports, "dbname": unquote(database)}
    parameters.update({name: value for name, value in named.items() if value})
    parameters.update({name: value for name, value in config.items() if "." not in name and name != "descriptor"})
    for name in parameters.keys() - {"host", "port", "dbname"}:
        _check(name)
    numbers = {name: _number(config.get(name), name, default) for name, default in _OURS.items()}
    return Settings(
        parameters,
        place=f"{servers}/{database}",
        table=unquote(table).strip("/"),
        descriptor=config.get("descriptor", ""),
        reread_positions=numbers["reread.positions"],
        reread_s=numbers["reread.seconds"],
        statement_ms=numbers["statement.timeout.ms"],
    )


def _servers(text: str) -> tuple[str, str]:
    """Hosts and ports as libpq takes them, each a list with commas."""
    hosts, ports = [], []
    for one in text.split(",") if text else []:
        host, colon, port = one.rpartition(":") if not one.endswith("]") else (one, "", "")
        if not colon:
            host, port = one, ""
        if port and not (port.isdecimal() and 0 < int(port) < 65536):
            raise UsageError(  # not what stands there, which may be half a password that has a / in it
                f"what follows the host and its colon is no port: write {SCHEME}://user@host:5432/database, a password with --config -"
            )
        hosts.append(unquote(host.strip("[]")))
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _asked(query: str) -> dict[str, str]:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    for name in asked:
        if is_secret(name) and name != "sslkey":
            raise UsageError(f"the URL holds {name}, which other processes could read: give it with --config - instead")
    return asked


def _check(name: str) -> None:
    if name in _REFUSED:
        raise UsageError(f"the property {name} is refused: {_REFUSED[name]}")
    if name not in _WORDS:
        raise UsageError(f"the property {name} is not known to PostgreSQL's client; known are {', '.join(sorted(_WORDS))}")


def _number(text: str | None, name: str, default: int) -> int:
    if text is None:
        return default
    if not text.strip().isdecimal() or not 0 <= int(text) <= 1_000_000:
        raise UsageError(f"{name} must be a whole number up to 1,000,000, not {text!r}")
    return int(text)
