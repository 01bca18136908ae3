"""Java clients' properties in librdkafka's words: the JAAS line, OAuth's names, trust and key stores. No network.

Stores become PEM in memory, never files. Read `kafka_config` for who asks and for what is refused, `kafka_stores` for
the stores' formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from inspector.errors import UsageError
from inspector.properties import parse_jaas
from inspector.schemas.access import is_registry_property
from inspector.sources.kafka_stores import key_and_chain_pem, trusted_pem

RENAMED = {
    "sasl.mechanisms": "sasl.mechanism",
    "metadata.broker.list": "bootstrap.servers",
    "auto.commit.enable": "enable.auto.commit",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
    "request.timeout.ms": "socket.timeout.ms",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.truststore.certificates": "ssl.ca.pem",
}
"""Other names of a property → the one name used from here on, so that no alias passes a check by."""

_WITHOUT_MEANING = re.compile(
    r"(key|value)\.(de)?serializer|.*\.class$|.*\.classes$|max\.poll\..*|default\.api\.timeout\.ms|heartbeat\.interval\.ms|"
    r"ssl\.(protocol|enabled\.protocols|provider|keymanager\.algorithm|trustmanager\.algorithm|secure\.random\.implementation|"
    r"(key|trust)store\.type)|sasl\.login\..*|client\.dns\.lookup|fetch\.max\.wait\.ms|"
    r"sasl\.oauthbearer\.(jwks\..*|expected\..*|scope\.claim\.name|clock\.skew\.seconds|header\.urlencode|jwt\..*)|"
    r"metrics?\..*|auto\.include\.jmx\.reporter|group\.(protocol|remote\.assignor)|acks|retries|delivery\.timeout\.ms|linger\.ms|batch\.size|"
    r"buffer\.memory|compression\.type|enable\.idempotence|partition\.assignment\.strategy|session\.timeout\.ms|exclude\.internal\.topics"
)
_OIDC_CLASSES = re.compile(r"(?<!Unsecured)LoginCallbackHandler\Z|JwtRetriever\Z")


def to_librdkafka(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties with Java's translated and those without a meaning here left out, also what is for a schema registry.

    Raises UsageError for a JAAS line or a store that cannot be used.
    """
    translated = dict(properties)
    for step in _STEPS:
        step(translated)
    return {name: value for name, value in translated.items() if not (_WITHOUT_MEANING.fullmatch(name) or is_registry_property(name))}


# ---- the JAAS line


def _from_jaas(properties: dict[str, str]) -> None:
    line = properties.pop("sasl.jaas.config", None)
    if line is None:
        return
    module, options = parse_jaas(line)
    if module in {"PlainLoginModule", "ScramLoginModule"}:
        properties.setdefault("sasl.username", options.get("username", ""))
        properties.setdefault("sasl.password", options.get("password", ""))
        if module == "PlainLoginModule":
            properties.setdefault("sasl.mechanism", "PLAIN")
    elif module == "OAuthBearerLoginModule":
        _from_oauth(properties, options)
    elif module == "Krb5LoginModule":
        _set_all(properties, options, {"principal": "sasl.kerberos.principal", "keyTab": "sasl.kerberos.keytab"})
        properties.setdefault("sasl.mechanism", "GSSAPI")
    else:
        raise UsageError(f"the login module {module} of sasl.jaas.config is a Java class that cannot be used here")


def _set_all(properties: dict[str, str], options: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Sets what is not set yet, by Java option → property."""
    for java, ours in names.items():
        if java in options:
            properties.setdefault(ours, options[java])


# ---- OAuth

_OAUTH_OPTIONS = {
    "clientId": "sasl.oauthbearer.client.id",
    "clientSecret": "sasl.oauthbearer.client.secret",
    "scope": "sasl.oauthbearer.scope",
    "sasl.oauthbearer.token.endpoint.url": "sasl.oauthbearer.token.endpoint.url",
}
_UNSECURED = {"unsecuredLoginStringClaim_sub": "principal", "unsecuredLoginLifetimeSeconds": "lifeSeconds"}


def _from_oauth(properties: dict[str, str], options: Mapping[str, str]) -> None:
    properties.setdefault("sasl.mechanism", "OAUTHBEARER")
    if "unsecuredLoginStringClaim_sub" in options:
        properties.setdefault("enable.sasl.oauthbearer.unsecure.jwt", "true")
        claims = [f"{ours}={options[java]}" for java, ours in _UNSECURED.items() if java in options]
        properties.setdefault("sasl.oauthbearer.config", " ".join(claims))
    _set_all(properties, options, _OAUTH_OPTIONS)
    extensions = [f"{name.removeprefix('extension_')}={value}" for name, value in options.items() if name.startswith("extension_")]
    if extensions:
        properties.setdefault("sasl.oauthbearer.extensions", ",".join(extensions))
    if location := options.get("ssl.truststore.location"):
        properties.setdefault("https.ca.pem", _trusted(location, options.get("ssl.truststore.password"), ""))


def _oidc(properties: dict[str, str]) -> None:
    """A token endpoint means OIDC: Java says so by classes, librdkafka by a method."""
    if properties.get("sasl.mechanism", "").strip().upper() != "OAUTHBEARER":
        return
    classes = (properties.get("sasl.login.callback.handler.class", ""), properties.get("sasl.oauthbearer.jwt.retriever.class", ""))
    endpoint = properties.get("sasl.oauthbearer.token.endpoint.url", "").strip()
    if endpoint or any(_OIDC_CLASSES.search(name.strip()) for name in classes):
        properties.setdefault("sasl.oauthbearer.method", "oidc")
    if endpoint and not re.match(r"https?://", endpoint, re.IGNORECASE):
        raise UsageError("sasl.oauthbearer.token.endpoint.url does not start with https:// or http://: tokens are asked for there only")


# ---- stores


def _stores(properties: dict[str, str]) -> None:
    """Turns Java's trust and key stores into PEM held in memory."""
    location, password = properties.pop("ssl.truststore.location", None), properties.pop("ssl.truststore.password", None)
    if location:
        properties["ssl.ca.pem"] = _trusted(location, password, properties.get("ssl.truststore.type", ""))
    location, password = properties.pop("ssl.keystore.location", None), properties.pop("ssl.keystore.password", None)
    if not location:
        return
    store = _read(location)
    if _is_pem(store, properties.get("ssl.keystore.type", "")):
        properties["ssl.certificate.pem"] = properties["ssl.key.pem"] = store.decode("ascii", "replace")
        return
    key_password = properties.pop("ssl.key.password", None)
    properties["ssl.key.pem"], properties["ssl.certificate.pem"] = key_and_chain_pem(store, password, key_password, location)


def _trusted(location: str, password: str | None, kind: str) -> str:
    store = _read(location)
    return store.decode("ascii", "replace") if _is_pem(store, kind) else trusted_pem(store, password, location)


def _is_pem(store: bytes, kind: str) -> bool:
    return kind.strip().upper() == "PEM" or b"-----BEGIN " in store[:4096]


def _read(location: str) -> bytes:
    try:
        return Path(re.sub(r"\Afile:(//(?=/))?", "", location)).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {location}: {getattr(error, 'strerror', None) or error}") from error


def _host_name_check(properties: dict[str, str]) -> None:
    if "ssl.endpoint.identification.algorithm" in properties:
        asked = properties["ssl.endpoint.identification.algorithm"].strip().lower()
        properties["ssl.endpoint.identification.algorithm"] = "https" if asked == "https" else "none"


_STEPS: tuple[Callable[[dict[str, str]], None], ...] = (_from_jaas, _oidc, _stores, _host_name_check)
