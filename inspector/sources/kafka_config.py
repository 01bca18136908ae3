"""Client properties: librdkafka's own, Java clients' and kcat's, turned into what librdkafka takes. No network.

Truststores and keystores become PEM in memory, never files. Settings that keep us from leaving a trace are forced, and
settings that would load code are refused. Read `kafka_stores` for JKS and PKCS12, `kafka_client` for who uses this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import confluent_kafka

from inspector.errors import UsageError
from inspector.sources.kafka_stores import key_and_chain_pem, trusted_pem

FORCED = {
    "enable.metrics.push": "false",
    "allow.auto.create.topics": "false",
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "error",
    "check.crcs": "true",
    "enable.partition.eof": "true",
}
"""What every reading client is set to, whatever the user wrote."""

DEFAULT_GROUP = "eventscope"
"""The group name a coordinator is looked up for; no group of this name comes to be."""

_REFUSED = {
    "plugin.library.paths": "it loads code",
    "interceptor.classes": "it loads code",
    "transactional.id": "nothing is written here",
}
_SECRET = re.compile(
    r"(password|passphrase|secret|jaas|\.pem$|pem\.|\.key$|key\.pem|oauthbearer\.config|certificate\.chain|token)", re.IGNORECASE
)
_PUBLIC_KEYS = re.compile(r"(certificate\.location|ca\.location|key\.location|token\.endpoint\.url)$")
_IN_TEXT = re.compile(
    r"(?i)((?:password|passphrase|secret|token|credential)[\w.-]*\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s;,]+)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)
REDACTED = "••••"


def is_secret(name: str) -> bool:
    """Whether the value of a property must never be shown or stored."""
    return bool(_SECRET.search(name)) and not _PUBLIC_KEYS.search(name)


def redact(text: str) -> str:
    """`text` without what looks like a password, secret, token or private key."""
    return _IN_TEXT.sub(lambda match: f"{match[1] or ''}{REDACTED}", text)


def redacted(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties as they may be shown."""
    return {name: REDACTED if is_secret(name) else redact(str(value)) for name, value in properties.items()}


# ---- reading text


def parse_properties(text: str) -> dict[str, str]:
    """The properties in a Java `.properties` file, a librdkafka or kcat configuration, or lines of `-X name=value`.

    Java's escapes and continued lines are understood. Raises UsageError naming the line that is not `name=value`.
    """
    properties: dict[str, str] = {}
    for number, line in _logical_lines(text):
        stripped = re.sub(r"^-X\s*", "", line.strip())
        if not stripped or stripped[0] in "#!":
            continue
        match = re.match(r"((?:\\.|[^\\=:\s])+)\s*[=:\s]\s*(.*)\Z", stripped, re.DOTALL)
        if not match:
            raise UsageError(f"line {number} of the configuration is not name=value")
        properties[_unescaped(match[1])] = _unescaped(match[2])
    return properties


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) with a line that ends in an odd number of backslashes joined to the next."""
    pending, started = "", 0
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        joined = pending + (line.lstrip() if pending else line)
        started = started or number
        backslashes = len(joined) - len(joined.rstrip("\\"))
        if backslashes % 2 and not joined.lstrip().startswith(("#", "!")):
            pending = joined[:-1]
            continue
        yield started, joined
        pending, started = "", 0
    if pending:
        yield started, pending


_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        escape = match[1]
        return chr(int(escape[1:], 16)) if len(escape) == 5 else _ESCAPES.get(escape, escape)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, text, flags=re.DOTALL)


# ---- Java to librdkafka

_JAAS_OPTION = re.compile(r"([\w.]+)\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|([^\s;]+))")


def parse_jaas(line: str) -> tuple[str, dict[str, str]]:
    """(login module's class name without its package, options) of a JAAS line. Raises UsageError when it is none."""
    match = re.match(r"\s*([\w.$]+)\s+(?:required|requisite|sufficient|optional)\b(.*);?\s*\Z", line, re.DOTALL)
    if not match:
        raise UsageError('sasl.jaas.config is not of the form `…LoginModule required name="value" …;`')
    options = {found[1]: _unescaped(found[2] or found[3] or found[4] or "") for found in _JAAS_OPTION.finditer(match[2])}
    return match[1].rsplit(".", 1)[-1], options


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
        properties.setdefault("sasl.mechanism", "GSSAPI")
        for java, ours in (("principal", "sasl.kerberos.principal"), ("keyTab", "sasl.kerberos.keytab")):
            if java in options:
                properties.setdefault(ours, options[java])
    else:
        raise UsageError(f"the login module {module} of sasl.jaas.config is not one that can be used here")


def _from_oauth(properties: dict[str, str], options: Mapping[str, str]) -> None:
    properties.setdefault("sasl.mechanism", "OAUTHBEARER")
    subject = options.get("unsecuredLoginStringClaim_sub")
    if subject is not None:
        properties.setdefault("enable.sasl.oauthbearer.unsecure.jwt", "true")
        properties.setdefault("sasl.oauthbearer.config", f"principal={subject}")
    names = (
        ("clientId", "sasl.oauthbearer.client.id"),
        ("clientSecret", "sasl.oauthbearer.client.secret"),
        ("scope", "sasl.oauthbearer.scope"),
    )
    for java, ours in names:
        if java in options:
            properties.setdefault(ours, options[java])
    extensions = [f"{name.removeprefix('extension_')}={value}" for name, value in options.items() if name.startswith("extension_")]
    if extensions:
        properties.setdefault("sasl.oauthbearer.extensions", ",".join(extensions))


_RENAMED = {
    "sasl.mechanisms": "sasl.mechanism",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
    "request.timeout.ms": "socket.timeout.ms",
    "ssl.keystore.certificate.chain": "ssl.certificate.pem",
    "ssl.keystore.key": "ssl.key.pem",
    "ssl.truststore.certificates": "ssl.ca.pem",
}
_JAVA_ONLY = re.compile(
    r"(key|value)\.(de)?serializer|.*\.class$|.*\.classes$|max\.poll\..*|default\.api\.timeout\.ms|heartbeat\.interval\.ms|"
    r"ssl\.(protocol|enabled\.protocols|provider|keymanager\.algorithm|trustmanager\.algorithm|secure\.random\.implementation|"
    r"engine\.factory\.class|(key|trust)store\.type)|sasl\.login\.(?!callback).*|client\.dns\.lookup|fetch\.max\.wait\.ms|"
    r"metric.*|auto\.include\.jmx\.reporter|group\.(protocol|remote\.assignor)|acks|retries|delivery\.timeout\.ms|linger\.ms|batch\.size|"
    r"buffer\.memory|compression\.type|enable\.idempotence|partition\.assignment\.strategy|session\.timeout\.ms"
)


def _stores(properties: dict[str, str]) -> None:
    """Turns Java's trust and key stores into PEM held in memory."""
    location = properties.pop("ssl.truststore.location", None)
    password = properties.pop("ssl.truststore.password", None)
    kind = properties.get("ssl.truststore.type", "").upper()
    if location:
        if kind == "PEM":
            properties["ssl.ca.pem"] = _read(location).decode("ascii", "replace")
        else:
            properties["ssl.ca.pem"] = trusted_pem(_read(location), password, location)
    location = properties.pop("ssl.keystore.location", None)
    password = properties.pop("ssl.keystore.password", None)
    kind = properties.get("ssl.keystore.type", "").upper()
    key_password = properties.get("ssl.key.password")
    if location and kind == "PEM":
        text = _read(location).decode("ascii", "replace")
        properties["ssl.certificate.pem"] = properties["ssl.key.pem"] = text
    elif location:
        key, chain = key_and_chain_pem(_read(location), password, key_password, location)
        properties["ssl.key.pem"], properties["ssl.certificate.pem"] = key, chain
        properties.pop("ssl.key.password", None)


def _read(location: str) -> bytes:
    try:
        return Path(location.removeprefix("file:")).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {location}: {error.strerror}") from error


def _host_name_check(properties: dict[str, str]) -> None:
    if "ssl.endpoint.identification.algorithm" in properties:
        asked = properties["ssl.endpoint.identification.algorithm"].strip().lower()
        properties["ssl.endpoint.identification.algorithm"] = "https" if asked == "https" else "none"


_STEPS: tuple[Callable[[dict[str, str]], None], ...] = (_from_jaas, _stores, _host_name_check)


def client_properties(bootstrap: str, config: Mapping[str, str]) -> dict[str, str]:
    """What librdkafka is given: the user's properties translated, with what is forced on top.

    Raises UsageError for a property that is refused, that nobody knows, or that this build cannot do (GSSAPI).
    """
    properties = {_RENAMED.get(name, name): str(value) for name, value in config.items()}
    for name, why in _REFUSED.items():
        if name in properties:
            raise UsageError(f"the property {name} is refused: {why}")
    for name, value in FORCED.items():
        if name in properties and properties[name].strip().lower() != value:
            raise UsageError(f"the property {name} is always {value} here, so that reading leaves no trace; take it out")
    if "security.protocol" in properties:
        properties["security.protocol"] = properties["security.protocol"].lower()
    for step in _STEPS:
        step(properties)
    properties = {name: value for name, value in properties.items() if not _JAVA_ONLY.fullmatch(name)}
    _check_mechanism(properties)
    properties.setdefault("group.id", DEFAULT_GROUP)
    properties.setdefault("client.id", "eventscope")
    properties.setdefault("socket.connection.setup.timeout.ms", "5000")
    properties.setdefault("reconnect.backoff.max.ms", "5000")
    return {**properties, "bootstrap.servers": bootstrap or properties.get("bootstrap.servers", ""), **FORCED}


def _check_mechanism(properties: Mapping[str, str]) -> None:
    mechanism = properties.get("sasl.mechanism", "").upper()
    if mechanism != "GSSAPI" and not (properties.get("security.protocol", "").startswith("sasl") and not mechanism):
        return
    if not has_gssapi():
        asked = "the mechanism GSSAPI (Kerberos)" if mechanism else "no sasl.mechanism is set, and the default GSSAPI (Kerberos)"
        raise UsageError(f"{asked} is missing in this build of the Kafka client; use PLAIN, SCRAM, OAUTHBEARER or a client certificate")


def has_gssapi() -> bool:
    """Whether the installed client can do Kerberos; the wheels for Linux cannot."""
    try:
        confluent_kafka.Producer({"bootstrap.servers": "", "security.protocol": "sasl_plaintext", "sasl.mechanism": "GSSAPI"})
    except confluent_kafka.KafkaException:
        return False
    return True
