"""Which step of connecting to Kafka fails: DNS, TCP, TLS, SASL or authorisation, in one sentence each.

What the client itself was told comes first; where it was told nothing plain, a look with plain sockets finds the step.
No secret is sent or shown. Read `kafka_probe` for that look, `kafka_client` for who asks.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaError
from cryptography import x509

from inspector.errors import SourceError
from inspector.sources.kafka_config import redact
from inspector.sources.kafka_probe import WANTS_CERTIFICATE, Step, address, is_alert, probe

LOOK_S = 3.5
"""How long the look with plain sockets may take, all servers together."""
_MOST_SERVERS = 8
_AUTHENTICATION = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError.UNSUPPORTED_SASL_MECHANISM}
_NOT_THERE = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}
_FINAL = {*_AUTHENTICATION, KafkaError._ALL_BROKERS_DOWN, KafkaError._FATAL}


def is_final(errors: Iterable[KafkaError]) -> bool:
    """Whether the client's errors say that waiting is in vain: no broker is left to try, or our credentials are refused."""
    return any(error.code() in _FINAL for error in errors)


def explain(properties: Mapping[str, str], errors: Sequence[KafkaError], topic: str | None) -> SourceError:
    """The one sentence that says why the cluster (or `topic`) cannot be read, from the client's errors, oldest first, and our own look.

    Takes at most `LOOK_S`; no time at all when the errors say it themselves.
    """
    for error in reversed(errors):
        if found := _from_client(error, properties, topic):
            return found
    bootstrap = bootstrap_servers(properties)
    looks = look([*bootstrap, *_advertised(errors, bootstrap)], properties)
    if failed := _first_failing(looks, bootstrap):
        return SourceError(failed.text, step=failed.name, retry=failed.name in {"DNS", "TCP"})
    for error in reversed(errors):
        if found := _from_tls(error, properties):
            return found
    where, said = ", ".join(bootstrap), _plain(errors[-1].str(), properties) if errors else "no answer in time"
    return SourceError(f"{where} does not answer as it should: {said}", step="read", retry=True)


def bootstrap_servers(properties: Mapping[str, str]) -> list[str]:
    """The servers that are asked first, at most eight of them."""
    listed = properties.get("bootstrap.servers", "").split(",")
    return [server.strip() for server in listed if server.strip()][:_MOST_SERVERS]


# ---- what the client was told


def _from_client(error: KafkaError, properties: Mapping[str, str], topic: str | None) -> SourceError | None:
    """The sentence for an error that leaves nothing to find out."""
    code = error.code()
    if code in _AUTHENTICATION:
        return SourceError(f"SASL: {_sasl_reason(error.str(), properties)}", step="SASL")
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        which = f"topic {topic}, if there is one of this name" if topic else "some of these topics"
        return SourceError(f"authorisation: this user may not read {which}; ask for READ and DESCRIBE on it", step="authorisation")
    if code == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
        return SourceError("authorisation: this user may not ask this of the cluster; ask for DESCRIBE on it", step="authorisation")
    if code in _NOT_THERE and topic:
        return SourceError(f"there is no topic {topic} on this cluster; `eventscope logs` lists those there are", step="topic")
    return None


def _sasl_reason(text: str, properties: Mapping[str, str]) -> str:
    if "OAUTHBEARER token: " in text:
        return _token_reason(_plain(text.rpartition("OAUTHBEARER token: ")[2], properties), properties)
    mechanism, said = properties.get("sasl.mechanism", "GSSAPI"), _plain(text, properties)
    if "Request not valid in current SASL state" in text:
        protocol = "SSL" if "SSL" in properties.get("security.protocol", "").upper() else "PLAINTEXT"
        return f"this port knows no users; set security.protocol to {protocol}"
    if match := re.search(r"Unsupported SASL mechanism: broker's supported mechanisms:\s*([\w, -]*)", said):
        return f"the broker does not offer {mechanism}; set sasl.mechanism to one it offers: {match[1].strip()}"
    if mechanism == "OAUTHBEARER":
        return f"the broker refuses the token, which may be expired or not for this broker ({_short(said)})"
    return f"the broker refuses the user name or the password ({mechanism}: {_short(said)})"


def _token_reason(said: str, properties: Mapping[str, str]) -> str:
    endpoint = properties.get("sasl.oauthbearer.token.endpoint.url", "")
    if "unexpired" in said:
        return "the token has expired; get a new one, or compare the clocks"
    if not endpoint:
        return f"no token can be made ({said})"
    where = re.sub(r"\?.*", "", redact(endpoint, properties))
    if re.search(r"[Cc]ould(n't| not) (connect|resolve)|timed out|SSL|certificate", said):
        return f"the token endpoint {where} cannot be reached ({said})"
    return f"the token endpoint {where} gives no token; check the client id and secret ({said})"


def _short(said: str) -> str:
    cut = said.rpartition("SASL authentication error: ")[2]
    return cut.removeprefix("Authentication failed: ").rstrip(".") or "no reason given"


def _plain(text: str, properties: Mapping[str, str]) -> str:
    """What the client said, in one line, without secrets, server addresses and states."""
    cut = re.sub(r"\s*\(after \d+ms in state [A-Z_]+[^)]*\)", "", redact(text, properties))
    return " ".join(re.sub(r"\A(?:\w+://)?\S+:\d+/(?:\d+|bootstrap): ", "", cut).split())


def _from_tls(error: KafkaError, properties: Mapping[str, str]) -> SourceError | None:
    """The sentence for what went wrong with TLS though the broker's side of it is fine."""
    text = error.str()
    if is_alert(text):
        return SourceError(f"TLS: {_certificate_reason(text, properties)}", step="TLS")
    if error.code() == KafkaError._SSL or "SSL handshake failed" in text:
        return SourceError(f"TLS: {_plain(text, properties)}", step="TLS")
    return None


def _certificate_reason(alert: str, properties: Mapping[str, str]) -> str:
    certificate = _client_certificate(properties)
    if certificate is None:
        return WANTS_CERTIFICATE
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        return f"your client certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}; renew it"
    if certificate.not_valid_before_utc > now:
        return f"your client certificate is valid only from {certificate.not_valid_before_utc:%Y-%m-%d} on; compare the clocks"
    said = re.search(r"alert ([a-z ]+)", alert)
    return (
        f"the broker refuses your client certificate ({said[1].strip() if said else 'no reason given'}); is it from a CA the broker trusts?"
    )


def _client_certificate(properties: Mapping[str, str]) -> x509.Certificate | None:
    pem, location = properties.get("ssl.certificate.pem", ""), properties.get("ssl.certificate.location")
    try:
        return x509.load_pem_x509_certificate(Path(location).read_bytes() if location and not pem else pem.encode())
    except (OSError, ValueError):
        return None


# ---- our own look


def _advertised(errors: Iterable[KafkaError], bootstrap: Sequence[str]) -> list[str]:
    """The addresses that brokers gave for themselves and that the client could not use."""
    known, found = {address(server) for server in bootstrap}, dict[str, None]()
    for error in errors:
        if (match := re.match(r"(?:\w+://)?(\S+:\d+)/\d+: ", error.str())) and address(match[1]) not in known:
            found[match[1]] = None
    return list(found)[:_MOST_SERVERS]


def look(servers: Sequence[str], properties: Mapping[str, str]) -> dict[str, list[Step]]:
    """What `probe` finds at each server, all looked at together, in at most `LOOK_S`; a step that hangs has failed."""
    found: dict[str, list[Step]] = {server: [] for server in servers}

    def look_at(server: str) -> None:
        # one by one, so that what was found before a step that hangs is there
        for step in probe(server, properties):
            found[server] += [step]

    threads = [threading.Thread(target=look_at, args=(server,), daemon=True) for server in found]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LOOK_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {server: [*steps, *_hanging(server, steps, thread)] for (server, steps), thread in zip(found.items(), threads, strict=True)}


def _hanging(server: str, steps: Sequence[Step], thread: threading.Thread) -> list[Step]:
    if not thread.is_alive():
        return []
    host, port = address(server)
    name, text = (
        ("DNS", f"DNS: the name {host} is not found in time; check the network and its name server"),
        ("TCP", f"TCP: nothing answers at {host}:{port} in time; check the address and the firewall"),
        ("TLS", f"TLS: {host}:{port} does not answer the handshake; check that this is a Kafka port"),
        ("SASL", f"SASL: {host}:{port} does not answer in time"),
    )[min(len(steps), 3)]
    return [Step(server, name, works=False, text=text)]


def _first_failing(looks: Mapping[str, Sequence[Step]], bootstrap: Sequence[str]) -> Step | None:
    """The failure that keeps us out: of the bootstrap servers when all fail, else of a broker's own address."""
    failures = {server: step for server, steps in looks.items() for step in steps if not step.works}
    if bootstrap and all(server in failures for server in bootstrap):
        return max((failures[server] for server in bootstrap), key=lambda step: _ORDER.index(step.name))
    for server, step in failures.items():
        if server not in bootstrap:
            told = f"{step.text}; the cluster gives this address for one of its brokers (advertised.listeners)"
            return Step(server, step.name, works=False, text=told)
    return None


_ORDER = ("DNS", "TCP", "TLS", "SASL")
"""Of several servers that fail, the one that we came furthest with says most."""
