"""What someone pastes to connect to Kafka: a Java, librdkafka or kcat configuration, a kcat command or JSON. No Qt, no file.

Gives properties; which of them have a field of their own is in `FIELDS`. Read `dialogs.kafka_form` for the fields.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from inspector.errors import UsageError
from inspector.properties import parse_jaas, parse_properties

PROTOCOL, MECHANISM = "security.protocol", "sasl.mechanism"
USER, PASSWORD = "sasl.username", "sasl.password"
CA, TRUSTSTORE, TRUST_PASSWORD = "ssl.ca.location", "ssl.truststore.location", "ssl.truststore.password"
CERTIFICATE, KEY, KEY_PASSWORD = "ssl.certificate.location", "ssl.key.location", "ssl.key.password"
KEYSTORE, KEYSTORE_PASSWORD = "ssl.keystore.location", "ssl.keystore.password"
REGISTRY, REGISTRY_LOGIN = "schema.registry.url", "schema.registry.basic.auth.user.info"
_BARE_LOGIN = "basic.auth.user.info"
"""What Confluent's serializers call the login of their registry."""
_BOOTSTRAP = ("bootstrap.servers", "metadata.broker.list")
_STORES = {".jks", ".p12", ".pfx", ".keystore", ".truststore"}
_KCAT = {"kcat", "kafkacat"}
_LOGIN_MODULES = {"PlainLoginModule": "PLAIN", "ScramLoginModule": ""}


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was recognised. `kind` says as what, in words."""

    kind: str
    bootstrap: str
    topic: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def recognise(text: str) -> Pasted:
    """The connection that `text` describes. Raises UsageError, without any of the text, when it is none of the known forms."""
    kind, topic, properties = _read(text.strip())
    if not properties:
        raise UsageError("nothing recognised: paste client properties (name=value lines), a kcat command, or a JSON object of them")
    bootstrap = next((properties.pop(name) for name in _BOOTSTRAP if name in properties), "")
    for name in _BOOTSTRAP:
        properties.pop(name, None)
    if "sasl.mechanisms" in properties:
        properties.setdefault(MECHANISM, properties.pop("sasl.mechanisms"))
    if REGISTRY in properties and _BARE_LOGIN in properties:
        properties.setdefault(REGISTRY_LOGIN, properties.pop(_BARE_LOGIN))
    _open_jaas(properties)
    return Pasted(kind, bootstrap.strip(), topic, properties)


def _read(text: str) -> tuple[str, str, dict[str, str]]:
    """(kind, topic, properties)."""
    first = text.split(maxsplit=1)[0] if text else ""
    if PurePath(first).name in _KCAT:
        return _kcat(text)
    if text.startswith("{"):
        return "JSON", "", _json(text)
    properties = parse_properties(text)
    if any(line.lstrip().startswith("-X") for line in text.splitlines()):
        return "kcat configuration", "", properties
    is_java = any(name in properties for name in ("sasl.jaas.config", TRUSTSTORE, KEYSTORE)) or any(
        name.endswith((".deserializer", ".serializer")) for name in properties
    )
    return ("Java client properties" if is_java else "librdkafka configuration"), "", properties


def _json(text: str) -> dict[str, str]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("this begins like JSON and is not: paste an object of property names and values") from None
    if not isinstance(told, dict):
        raise UsageError("paste a JSON object of property names and values")
    return {str(name): str(value).lower() if isinstance(value, bool) else str(value) for name, value in told.items()}


def _kcat(text: str) -> tuple[str, str, dict[str, str]]:
    """The options of a kcat command that say where to and how; others mean nothing here."""
    try:
        words = shlex.split(text.replace("\\\n", " "), comments=True)
    except ValueError:
        raise UsageError("the kcat command has an open quote") from None
    properties: dict[str, str] = {}
    topic = ""
    waiting = iter(words[1:])
    for word in waiting:
        option, value = word[:2], word[2:]
        if option not in {"-b", "-t", "-X", "-F"}:
            continue
        value = value or next(waiting, "")
        if option == "-F":
            raise UsageError("the kcat command names a configuration file (-F): import that file instead")
        if option == "-b":
            properties[_BOOTSTRAP[0]] = value
        elif option == "-t":
            topic = value
        elif "=" in value:
            name, _, given = value.partition("=")
            properties[name] = given
    return "kcat command", topic, properties


def _open_jaas(properties: dict[str, str]) -> None:
    """User and password out of a JAAS line, where it holds no more than that; any other line stays as it is."""
    line = properties.get("sasl.jaas.config", "")
    if not line:
        return
    module, options = parse_jaas(line)
    if module not in _LOGIN_MODULES or set(options) - {"username", "password"}:
        return
    del properties["sasl.jaas.config"]
    properties.setdefault(USER, options.get("username", ""))
    properties.setdefault(PASSWORD, options.get("password", ""))
    if _LOGIN_MODULES[module]:
        properties.setdefault(MECHANISM, _LOGIN_MODULES[module])


def is_store(place: str) -> bool:
    """Whether a file's name says that it is one of Java's stores."""
    return PurePath(place).suffix.lower() in _STORES


def login_of(text: str) -> tuple[str, str]:
    """User and password of `user:password`."""
    user, _, password = text.partition(":")
    return user, password


def login_text(user: str, password: str) -> str:
    """`user:password`; empty when both are."""
    return f"{user}:{password}" if user or password else ""


def trust_properties(place: str, password: str) -> dict[str, str]:
    """Properties for a CA file or a truststore."""
    if not place:
        return {}
    if is_store(place):
        return {TRUSTSTORE: place, **({TRUST_PASSWORD: password} if password else {})}
    return {CA: place}


def certificate_properties(place: str, key: str, password: str) -> dict[str, str]:
    """Properties for a client certificate with its key, or for a keystore."""
    if not place:
        return {}
    if is_store(place):
        return {KEYSTORE: place, **({KEYSTORE_PASSWORD: password} if password else {})}
    return {CERTIFICATE: place, **({KEY: key} if key else {}), **({KEY_PASSWORD: password} if password else {})}


def takes(properties: Mapping[str, str], name: str) -> bool:
    """Whether the property's value fits its field: a Java store must be recognisable by its file's name."""
    if name in {TRUSTSTORE, KEYSTORE}:
        return is_store(properties[name])
    if name in {CA, CERTIFICATE}:
        return not is_store(properties[name])
    if name == TRUST_PASSWORD:
        return is_store(properties.get(TRUSTSTORE, ""))
    if name == KEYSTORE_PASSWORD:
        return is_store(properties.get(KEYSTORE, ""))
    if name in {KEY, KEY_PASSWORD}:
        return not is_store(properties.get(CERTIFICATE, "x.jks"))
    return name in {PROTOCOL, MECHANISM, USER, PASSWORD, REGISTRY} or (name == REGISTRY_LOGIN and REGISTRY in properties)
