"""Client properties: what a user gave, checked and turned into what librdkafka takes; and what of it may be shown. No network.

Settings that keep us from leaving a trace are forced; settings that would load code, run commands or write files are
refused. Read `inspector.properties` for their text, `kafka_java` for the translation of Java's names, `kafka_client` for who uses this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import confluent_kafka
from confluent_kafka import KafkaError

from inspector.errors import UsageError
from inspector.properties import REDACTED, is_secret, parse_properties, redact, redacted
from inspector.sources.kafka_java import RENAMED, to_librdkafka

__all__ = [
    "DEFAULT_GROUP",
    "FORCED",
    "REDACTED",
    "client_properties",
    "configuration_error",
    "has_gssapi",
    "is_secret",
    "parse_properties",
    "redact",
    "redacted",
]

_BLANKS = " \t\f"
_NO_TRACE = "so that reading leaves no trace"
FORCED = {
    "enable.metrics.push": ("false", _NO_TRACE),
    "allow.auto.create.topics": ("false", _NO_TRACE),
    "enable.auto.commit": ("false", _NO_TRACE),
    "enable.auto.offset.store": ("false", _NO_TRACE),
    "auto.offset.reset": ("error", "so that a record lost to retention is said and not jumped over; --from says where to start"),
    "check.crcs": ("true", "so that a damaged record is seen"),
    "enable.partition.eof": ("true", "so that the end of a partition is known"),
}
"""What every reading client is set to, whatever the user wrote, and why."""

DEFAULT_GROUP = "eventscope"
"""The group name a coordinator is looked up for; no group of this name comes to be."""

# ---- what is refused

_CODE, _FILES = "it loads code", "it writes files"
_REFUSED = {
    "plugin.library.paths": _CODE,
    "ssl.engine.location": _CODE,
    "ssl.engine.id": _CODE,
    "sasl.kerberos.kinit.cmd": "it runs a command",
    "offset.store.path": _FILES,
    "offset.store.method": _FILES,
    "offset.store.sync.interval.ms": _FILES,
    "transactional.id": "nothing is written here",
    "internal.termination.signal": "it sends signals to this program",
    "debug": "what the client would log may hold secrets",
    "enabled_events": "only a program can set it",
}
_REFUSED_KINDS = (
    (
        re.compile(r".*_cb|on_commit|on_delivery|logger|opaque|default\.topic\.config|default_topic_conf|interceptors|ssl_\w+"),
        "only a program can set it",
    ),
    (re.compile(r"test\.mock\..*"), "it replaces the cluster by an empty one"),
    (re.compile(r"config\.providers.*"), "placeholders are not filled in here; write the values themselves"),
)
_PROVIDERS = {"default", "legacy", "base", "fips"}
_SHELL_SAFE = {"sasl.kerberos.principal": r"[\w.@/-]+", "sasl.kerberos.keytab": r"[^\"'`$\\|;&<>\n\r%]+"}
"""These two are put into a shell command by the client."""


def _refuse(properties: Mapping[str, str]) -> None:
    """Raises UsageError for a property that may not be set, or not to this."""
    for name, value in properties.items():
        kinds = (why for pattern, why in _REFUSED_KINDS if pattern.fullmatch(name))
        if why := _REFUSED.get(name) or next(kinds, None):
            raise UsageError(f"the property {name} is refused: {why}")
        if name in FORCED and value.strip().lower() != FORCED[name][0]:
            raise UsageError(f"the property {name} is always {FORCED[name][0]} here, {FORCED[name][1]}; take it out")
        if "\0" in name + value:
            raise UsageError("a property of the configuration holds a NUL character")
    strangers = {part.strip() for part in properties.get("ssl.providers", "default").split(",")} - _PROVIDERS
    if strangers:
        raise UsageError(f"the property ssl.providers is refused: {_CODE}, unless it names {', '.join(sorted(_PROVIDERS))} only")
    for name, pattern in _SHELL_SAFE.items():
        if not re.fullmatch(pattern, properties.get(name, "x")):
            raise UsageError(f"the property {name} holds signs that it cannot have")


# ---- what the client is given


def client_properties(bootstrap: str, config: Mapping[str, str]) -> dict[str, str]:
    """What librdkafka is given: the user's properties translated, with what is forced on top.

    Raises UsageError for a property that is refused, that nobody knows, or that this build cannot do (GSSAPI).
    """
    given = {RENAMED.get(name, name): value if is_secret(name) else value.strip(_BLANKS) for name, value in config.items()}
    _refuse(given)
    properties = to_librdkafka(given)
    _refuse(properties)
    for name in ("security.protocol", "sasl.mechanism"):
        if name in properties:
            properties[name] = properties[name].upper()
    _check_mechanism(properties)
    properties = {**_DEFAULTS, **{name: value for name, value in properties.items() if value or name not in _DEFAULTS}}
    properties["bootstrap.servers"] = bootstrap or properties.get("bootstrap.servers", "")
    properties.update({name: value for name, (value, _) in FORCED.items()})
    _try(properties)
    return properties


_DEFAULTS = {
    "group.id": DEFAULT_GROUP,
    "client.id": "eventscope",
    "socket.connection.setup.timeout.ms": "5000",
    "reconnect.backoff.max.ms": "5000",
}
_PASSWORDS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_MECHANISMS = (*_PASSWORDS, "OAUTHBEARER", "GSSAPI")


def _check_mechanism(properties: Mapping[str, str]) -> None:
    if not properties.get("security.protocol", "").startswith("SASL"):
        return
    mechanism = properties.get("sasl.mechanism", "")
    if mechanism in _PASSWORDS and not (properties.get("sasl.username") and properties.get("sasl.password")):
        raise UsageError(f"the mechanism {mechanism} needs sasl.username and sasl.password, or a sasl.jaas.config that holds them")
    if mechanism and mechanism not in _MECHANISMS:
        raise UsageError(f"the Kafka client here has no SASL mechanism {mechanism}; it has {', '.join(_MECHANISMS[:-1])}")
    if mechanism in {"", "GSSAPI"} and not has_gssapi():
        asked = "the mechanism GSSAPI (Kerberos)" if mechanism else "no sasl.mechanism is set, and the default GSSAPI (Kerberos)"
        raise UsageError(f"{asked} is missing in this build of the Kafka client; use PLAIN, SCRAM, OAUTHBEARER or a client certificate")


def has_gssapi() -> bool:
    """Whether the installed client can do Kerberos; the wheels for Linux cannot."""
    try:
        confluent_kafka.Producer({"builtin.features": "sasl_gssapi", "log_level": 0})
    except confluent_kafka.KafkaException:
        return False
    return True


def _try(properties: Mapping[str, str]) -> None:
    """Lets the client look at names and values, without connecting or asking for a token. Raises UsageError."""
    offline = {name: value for name, value in properties.items() if name not in _ONLINE}
    try:
        confluent_kafka.Producer({**offline, "bootstrap.servers": "", "security.protocol": "plaintext", "log_level": 0})
        confluent_kafka.Producer({"security.protocol": properties.get("security.protocol", "plaintext").lower(), "sasl.mechanism": "PLAIN",
                                  "sasl.username": "-", "sasl.password": "-", "log_level": 0})  # fmt: skip
    except confluent_kafka.KafkaException as error:
        raise configuration_error(error.args[0]) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageError("a property of the configuration is one that only a program can set") from error


_ONLINE = {"sasl.oauthbearer.method", "sasl.mechanism"}
_COMPLAINTS = (
    (r'No such configuration property: "(.+?)"', "the property {} is known neither to librdkafka nor to Java clients; check its spelling"),
    (r'Invalid value .*?for configuration property "(.+?)"', "the property {} has a value that it cannot have"),
    (r'Configuration property "(.+?)" value .*? is outside allowed range (\S+)', "the property {} is outside its range {}"),
    (
        r"\b((?:ssl|https|sasl)\.[\w.]+)(?: failed|: not in PEM format)",
        "the property {} cannot be used: what it holds or names is not readable as PEM, or its password is wrong",
    ),
    (r'[Pp]roperty "(.+?)" (?:must be set through|not settable)', "the property {} is refused: only a program can set it"),
)


def configuration_error(error: KafkaError) -> UsageError:
    """What the client has against its configuration (code `_INVALID_ARG`), as one sentence without any value."""
    said = re.sub(r"\AFailed to create [\w ]+: ", "", error.str())
    for pattern, sentence in _COMPLAINTS:
        if match := re.search(pattern, said, re.DOTALL):
            return UsageError(sentence.format(*match.groups()))
    return UsageError(f"the client cannot use the configuration: {' '.join(redact(said).split())}")
