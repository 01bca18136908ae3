"""Registries as users name them: addresses, logins and certificates, from client properties. No network, shows no secret.

The names are those that Java's, Confluent's and Apicurio's clients use. Read `registry` for who connects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from inspector.errors import UsageError
from inspector.properties import parse_jaas

PREFIX = "schema.registry."
_OURS = re.compile(
    r"schema\.registry\..+|(basic|bearer)\.auth\..+|apicurio\..+|auto\.register\.schemas|use\.latest\.\S+|use\.schema\.id|"
    r"normalize\.schemas|(key|value)\.subject\.name\.strategy|latest\.compatibility\.strict|id\.compatibility\.strict|"
    r"specific\.(avro|protobuf)\..+|json\.(key|value)\.type|json\.fail\..+|avro\.\S+|derive\.type|max\.schemas\.per\.subject"
)
_LOGINS = ("USER_INFO", "SASL_INHERIT", "URL")
_KNOWN = {
    "url",
    "basic.auth.credentials.source",
    "basic.auth.user.info",
    "bearer.auth.credentials.source",
    "bearer.auth.token",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):[0-9]{1,5}(/[^@?#]*)?|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
"""A host, with its port or alone."""
_WITHOUT_MEANING = re.compile(r"request\.timeout\.ms|(max\.)?retries\S*|timeout|(latest\.)?cache\.\S+|proxy\.\S+|ssl\.protocol")


@dataclass(frozen=True, slots=True)
class Access:
    """How to log in; what is empty is not used. Its text shows no secret."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca: str = ""
    """A file with the authorities to trust (PEM), instead of the system's."""
    certificate: str = ""
    """A client certificate with its chain (PEM), for mutual TLS."""
    key: str = ""
    key_password: str = field(default="", repr=False)

    @property
    def has_login(self) -> bool:
        """Whether it identifies somebody."""
        return bool(self.user or self.token or self.certificate)


def is_registry_property(name: str) -> bool:
    """Whether a client property is about schemas and registries: no Kafka client may be given it."""
    return bool(_OURS.fullmatch(name))


def address_of(url: str) -> str:
    """A registry's address, without a slash at its end.

    Raises UsageError for what is no http address, and for one that holds a password: other processes could read it.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError("the address of a registry cannot be understood: http://HOST:PORT is expected") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "the registry's URL holds a login, which other processes could read: leave it out and give basic.auth.user.info=USER:PASSWORD "
            "with --config instead"
        )
    if _HOST.fullmatch(url.strip()):
        raise UsageError(f"a registry's address begins with http:// or https://: write http://{url.strip()}")
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(f"{parts.scheme or 'this'}:… is no address of a registry: http://HOST:PORT or https://HOST is expected")
    if parts.query or parts.fragment:
        raise UsageError("a registry's URL ends before ? and #: only its address is wanted")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def registries(urls: Sequence[str], properties: Mapping[str, str]) -> list[tuple[str, Access]]:
    """Every registry that is named, with its login: those of `urls`, then those in the properties; each once.

    A login is sent to the registries that the properties name; when they name none, to the one of `urls`. Raises UsageError
    for an address or property that cannot be used, and when it is not clear whose login it is.
    """
    settings = _settings(properties)
    named = [address_of(url) for url in settings.get("url", "").split(",") if url.strip()]
    given = [address_of(url) for url in urls]
    if not named and not given:
        return []
    access = _access(settings, properties)
    if access.has_login and not named and len(set(given)) > 1:
        raise UsageError("there is one login and several registries: say with schema.registry.url=URL in --config whose login it is")
    wanted = named or given
    public = Access(ca=access.ca)
    return [(address, access if address in wanted else public) for address in dict.fromkeys([*given, *named])]


def _settings(properties: Mapping[str, str]) -> dict[str, str]:
    """The registry's own settings, without the prefix; a prefixed name goes before a bare one."""
    settings = {name: value.strip() for name, value in properties.items() if re.match(r"(basic|bearer)\.auth\.", name)}
    settings.update({name[len(PREFIX) :]: value.strip() for name, value in properties.items() if name.startswith(PREFIX)})
    for theirs, ours in (
        ("apicurio.registry.url", "url"),
        ("apicurio.registry.request.ssl.truststore.location", "ssl.truststore.location"),
    ):
        if theirs in properties:
            settings.setdefault(ours, properties[theirs].strip())
    if user := properties.get("apicurio.auth.username"):
        settings.setdefault("basic.auth.user.info", f"{user}:{properties.get('apicurio.auth.password', '')}")
    for name in settings:
        if name not in _KNOWN and not _WITHOUT_MEANING.fullmatch(name):
            _refuse(name)
    return settings


def _refuse(name: str) -> None:
    if name.startswith(("ssl.truststore", "ssl.keystore")):
        raise UsageError(
            f"the property {PREFIX}{name} is not used here: give PEM files with {PREFIX}ssl.ca.location, {PREFIX}ssl.certificate.location "
            f"and {PREFIX}ssl.key.location"
        )
    known = ", ".join(f"{PREFIX}{one}" for one in sorted(_KNOWN))
    raise UsageError(f"the property {name} of a schema registry is not known here; known are {known}")


def _access(settings: Mapping[str, str], properties: Mapping[str, str]) -> Access:
    user, password = _login(settings, properties)
    token = settings.get("bearer.auth.token", "")
    source = settings.get("bearer.auth.credentials.source", "STATIC_TOKEN").upper()
    if source != "STATIC_TOKEN":
        raise UsageError(f"bearer.auth.credentials.source={source} is not done here: give a token with bearer.auth.token")
    if user and token:
        raise UsageError("a registry has either basic.auth.user.info or bearer.auth.token, not both")
    certificate, key = settings.get("ssl.certificate.location", ""), settings.get("ssl.key.location", "")
    if key and not certificate:
        raise UsageError(f"{PREFIX}ssl.key.location needs {PREFIX}ssl.certificate.location beside it")
    return Access(user, password, token, settings.get("ssl.ca.location", ""), certificate, key, settings.get("ssl.key.password", ""))


def _login(settings: Mapping[str, str], properties: Mapping[str, str]) -> tuple[str, str]:
    source = settings.get("basic.auth.credentials.source", "USER_INFO").upper()
    if source not in _LOGINS:
        raise UsageError(f"basic.auth.credentials.source is none of {', '.join(_LOGINS)}")
    if source == "SASL_INHERIT":
        options = parse_jaas(properties["sasl.jaas.config"])[1] if "sasl.jaas.config" in properties else {}
        user = properties.get("sasl.username") or options.get("username", "")
        return user, properties.get("sasl.password") or options.get("password", "")
    user, _, password = settings.get("basic.auth.user.info", "").partition(":")
    return user, password
