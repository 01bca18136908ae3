"""Where a read model is, as people write it: its secrets taken out, so that the address can be shown, kept and given to a command. Pure.

Read `drifting` for who compares, `inspector.drift.model` for what an address may be.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode

from inspector.properties import is_secret

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+]+)://(?P<who>[^/?#]*@)?(?P<rest>.*)\Z", re.DOTALL)
_DATABASES = (".db", ".sqlite", ".sqlite3")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+]+:")
_ASSIGNED = re.compile(r"([A-Za-z][\w.-]*)\s*=")
_SERVER = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:[0-9]*)?")
_NO_PLACE = "a read model is at postgresql://user@host/database or sqlite:///FILE, or a file: a password goes into its own field"
_PUBLIC_NAMES = frozenset({"sslkey"})
"""Of a file, whatever it sounds like."""


def parted(address: str) -> tuple[str, dict[str, str]]:
    """The address without its secrets, and these by the names of the client's properties."""
    found = _URL.match(address)
    if found is None:
        return address, {}
    secrets: dict[str, str] = {}
    user, colon, password = (found["who"] or "").removesuffix("@").partition(":")
    if colon and password:
        secrets["password"] = unquote(password)
    place, mark, query = found["rest"].partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    hidden = {name: value for name, value in pairs if is_secret(name) and name not in _PUBLIC_NAMES}
    if hidden:
        query = urlencode([pair for pair in pairs if pair[0] not in hidden])
        mark = "?" if query else ""
    secrets |= hidden
    if not secrets:
        return address, {}
    return f"{found['scheme']}://{f'{user}@' if user else ''}{place}{mark}{query}", secrets


def problem(address: str) -> str:
    """Why a command cannot be given this address, in words without its text; empty when it can."""
    if is_file_url(address):
        return ""
    found = _URL.match(address)
    if found is None:
        is_odd = bool(_SCHEME.match(address)) and "@" in address
        return _NO_PLACE if is_odd or any(map(is_secret, _ASSIGNED.findall(address))) else ""
    servers = re.split("[/?#]", found["rest"], maxsplit=1)[0]
    if "@" in found["rest"][len(servers) :]:
        return "the address has an @ after a /, ? or #: a password goes into its own field, and other signs are written as %40"
    if all(_SERVER.fullmatch(one) for one in servers.split(",")):
        return ""
    return "what follows // is no server such as host:5432: a password goes into its own field"


def address_of(text: str) -> str:
    """What was written or chosen as an address: a database in a file is written with its scheme."""
    text = text.strip()
    is_file = "://" not in text and text.lower().endswith(_DATABASES)
    return f"sqlite:///{text}" if is_file else text


def is_server(address: str) -> bool:
    """Whether it names a server, which asks for a user."""
    return address.partition(":")[0].partition("+")[0] in {"postgresql", "postgres"} and "://" in address


def is_file_url(address: str) -> bool:
    """Whether it names a database in a file."""
    return address.startswith("sqlite:")


def user_of(address: str) -> str:
    """The user that it names; empty for none."""
    found = _URL.match(address)
    return unquote((found["who"] or "").removesuffix("@").partition(":")[0]) if found is not None else ""
