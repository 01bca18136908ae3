"""Which step of connecting to Kafka fails: DNS, TCP, TLS, SASL or authorisation, in one sentence each.

Plain sockets find the first three; what the client itself said tells the rest. Nothing is sent but a TLS handshake.
Read `kafka_client` for who asks.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError

from inspector.errors import SourceError
from inspector.sources.kafka_config import redact

STEP_S = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of connecting to one server: whether it works, and what to say."""

    server: str
    name: str
    works: bool
    text: str


def explain(properties: Mapping[str, str], errors: Sequence[KafkaError], topic: str | None) -> SourceError:
    """The one sentence that says why the cluster cannot be read, from what the client said and our own look."""
    for error in reversed(errors):
        if found := _from_client(error, topic):
            return found
    if failed := _failing(properties):
        return SourceError(failed.text, step=failed.name, retry=failed.name in {"DNS", "TCP"})
    for error in reversed(errors):
        if found := _from_handshake(error):
            return found
    said = redact(errors[-1].str()) if errors else "no answer in time"
    return SourceError(f"{properties.get('bootstrap.servers', '')} does not answer: {said}", step="read", retry=True)


def _from_client(error: KafkaError, topic: str | None) -> SourceError | None:
    code, named = error.code(), f"topic {topic}" if topic else "the cluster"
    if code == KafkaError._AUTHENTICATION:
        return SourceError(f"SASL: the broker refuses the credentials ({_sasl_reason(error.str())})", step="SASL")
    if code == KafkaError.SASL_AUTHENTICATION_FAILED:
        return SourceError(f"SASL: the broker refuses the credentials ({_sasl_reason(error.str())})", step="SASL")
    if code == KafkaError.UNSUPPORTED_SASL_MECHANISM:
        return SourceError("SASL: the broker does not offer this mechanism; set sasl.mechanism to one it offers", step="SASL")
    if code in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}:
        return SourceError(f"authorisation: this user may not read {named}; ask for READ and DESCRIBE on it", step="authorisation")
    if code in {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC} and topic:
        return SourceError(f"there is no topic {topic} on this cluster; `eventscope logs` lists those there are", step="topic")
    return None


def _from_handshake(error: KafkaError) -> SourceError | None:
    text = error.str()
    if error.code() == KafkaError._SSL or "SSL handshake failed" in text:
        return SourceError(f"TLS: {_tls_reason(text)}", step="TLS")
    if "SASL" in text:
        return SourceError(f"SASL: the broker refuses the credentials ({_sasl_reason(text)})", step="SASL")
    return None


def _sasl_reason(text: str) -> str:
    cut = re.sub(r"\s*\(after .*?\)", "", redact(text))
    cut = cut.rsplit("error: ", 1)[-1] if "error: " in cut else cut
    return cut.rsplit("SASL authentication error", 1)[-1].strip(" :.") or "wrong user name or password"


def _failing(properties: Mapping[str, str]) -> Step | None:
    """The first step that fails on every server; None when one server goes through."""
    last: Step | None = None
    for server in [part.strip() for part in properties.get("bootstrap.servers", "").split(",") if part.strip()][:3]:
        failed = next((step for step in steps(server, properties) if not step.works), None)
        if failed is None:
            return None
        last = failed
    return last


def steps(server: str, properties: Mapping[str, str]) -> Iterator[Step]:
    """DNS, TCP and (where TLS is asked for) TLS of one `host:port`, ending with the first that fails."""
    host, _, port_text = re.sub(r"^\w+://", "", server).rpartition(":")
    host, port = (host.strip("[]"), int(port_text)) if port_text.isdigit() and host else (server, 9092)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield Step(
            server, "DNS", works=False, text=f"DNS: the name {host} is not known ({error.strerror}); check the spelling or the network"
        )
        return
    yield Step(server, "DNS", works=True, text=f"DNS: {host} is {addresses[0][4][0]}")
    try:
        connection = socket.create_connection((host, port), timeout=STEP_S)
    except OSError as error:
        reason = error.strerror or str(error)
        yield Step(
            server, "TCP", works=False, text=f"TCP: nothing answers at {host}:{port} ({reason}); check the port and that the broker runs"
        )
        return
    with connection:
        yield Step(server, "TCP", works=True, text=f"TCP: {host}:{port} answers")
        if "ssl" in properties.get("security.protocol", "").lower():
            yield _tls(server, connection, host, properties)
        elif (hint := _speaks_tls(host, port)) is not None:
            yield Step(server, "TLS", works=False, text=hint)


def _tls(server: str, connection: socket.socket, host: str, properties: Mapping[str, str]) -> Step:
    try:
        context = _context(properties)
        with context.wrap_socket(connection, server_hostname=host) as wrapped:
            return Step(server, "TLS", works=True, text=f"TLS: {wrapped.version()}")
    except ssl.SSLCertVerificationError as error:
        return Step(server, "TLS", works=False, text=f"TLS: {_certificate_reason(error, host)}")
    except (ssl.SSLError, OSError) as error:
        return Step(server, "TLS", works=False, text=f"TLS: {_tls_reason(str(error))}")


def _context(properties: Mapping[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if pem := properties.get("ssl.ca.pem"):
        context = ssl.create_default_context(cadata=pem)
    elif location := properties.get("ssl.ca.location"):
        context = ssl.create_default_context(cafile=location)
    if properties.get("ssl.endpoint.identification.algorithm", "https") == "none":
        context.check_hostname = False
    if properties.get("enable.ssl.certificate.verification", "true").lower() == "false":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _certificate_reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    message = error.verify_message or str(error)
    if "expired" in message:
        return "the broker's certificate has expired; it must be renewed there"
    if "not yet valid" in message:
        return "the broker's certificate is not valid yet; compare the clocks"
    if "match" in message.lower():
        return f"the broker's certificate is not for the name {host}; use a name that it is for"
    return f"the broker's certificate is not trusted ({message}); give its CA with ssl.ca.location or a truststore"


def _tls_reason(text: str) -> str:
    lowered = text.lower()
    if "wrong version number" in lowered or "record layer" in lowered or "packet length" in lowered:
        return "this port does not speak TLS; use the TLS port, or security.protocol without SSL"
    if "certificate required" in lowered or "bad certificate" in lowered or "handshake failure" in lowered:
        return "the broker asks for a client certificate; give one with ssl.certificate.location and ssl.key.location or a keystore"
    if "expired" in lowered:
        return "the broker's certificate has expired; it must be renewed there"
    if "verify failed" in lowered or "unable to get local issuer" in lowered:
        return "the broker's certificate is not trusted; give its CA with ssl.ca.location or a truststore"
    if "eof" in lowered or "reset" in lowered or "closed" in lowered or "timed out" in lowered:
        return "the broker ends the connection in the handshake; is this the TLS port, and is a client certificate needed?"
    return redact(text)


def _speaks_tls(host: str, port: int) -> str | None:
    """A sentence when the port wants TLS though none was asked for."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=STEP_S) as raw, context.wrap_socket(raw, server_hostname=host):
            return f"TLS: {host}:{port} wants TLS; set security.protocol to ssl or sasl_ssl"
    except ssl.SSLError as error:
        wants = "certificate" in str(error).lower()
        return f"TLS: {host}:{port} wants TLS and a client certificate; set security.protocol to ssl" if wants else None
    except OSError:
        return None
