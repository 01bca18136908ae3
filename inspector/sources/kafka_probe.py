"""A look at one server with plain sockets: its name, its port, TLS, and whether Kafka answers there and asks for SASL.

Sends a TLS handshake and two of Kafka's opening requests, which hold no secret. Knows nothing of the Kafka client.
Read `kafka_diagnose` for what is made of it.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from inspector.sources import Step

CONNECT_S, ANSWER_S = 3.0, 1.5
"""How long a connection may take, and each answer on it."""
__all__ = ["WANTS_CERTIFICATE", "Step", "address", "is_alert", "probe"]
_API_VERSIONS, _SASL_HANDSHAKE = 18, 17
_NO_SASL_HERE = 34
"""ILLEGAL_SASL_STATE: what a listener without SASL says to a SASL handshake."""
_HTTP = "it speaks HTTP"
_LONGEST_ANSWER = 1 << 16
_PORT = 9092


class _NotKafkaError(Exception):
    """The other side answers, but not as Kafka does; the argument says how."""


def probe(server: str, properties: Mapping[str, str]) -> Iterator[Step]:
    """DNS, TCP, TLS (where it is asked for) and SASL of one `host:port`, ending with the first that fails.

    Takes at most a few seconds, and as long as the system's resolver takes.
    """
    host, port = address(server)
    where = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a host name"
        yield Step(server, "DNS", works=False, text=f"DNS: the name {host} is not known ({reason}); check the spelling or the network")
        return
    yield Step(server, "DNS", works=True, text=f"DNS: {host} is {found[0][4][0]}")
    try:
        connection = _connect(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "check the port and that the broker runs"
        yield Step(server, "TCP", works=False, text=f"TCP: nothing answers at {where} ({reason}); {hint}")
        return
    with connection:
        yield Step(server, "TCP", works=True, text=f"TCP: {where} answers")
        protocol = properties.get("security.protocol", "").lower()
        yield from (_over_tls if "ssl" in protocol else _in_clear)(server, connection, properties)


def address(server: str) -> tuple[str, int]:
    """(host, port) of `host:port`, `[v6]:port` or `protocol://host:port`; Kafka's port where none is given."""
    place = re.sub(r"\A\w+://", "", server)
    host, _, port = place.rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdigit() and int(port) < 65536 else (place.strip("[]"), _PORT)


def _connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=CONNECT_S)
    connection.settimeout(ANSWER_S)
    return connection


# ---- TLS


def _over_tls(server: str, connection: socket.socket, properties: Mapping[str, str]) -> Iterator[Step]:
    host, port = address(server)
    has_certificate = any(properties.get(name) for name in ("ssl.certificate.pem", "ssl.certificate.location"))
    try:
        context = _context(properties)
        wrapped = context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        yield Step(server, "TLS", works=False, text=f"TLS: {_certificate_reason(error, host)}")
        return
    except (ssl.SSLError, OSError, ValueError) as error:
        if has_certificate and is_alert(str(error)):
            yield Step(server, "TLS", works=True, text=f"TLS: {host}:{port} asks for a client certificate")
        else:
            yield Step(server, "TLS", works=False, text=f"TLS: {_handshake_reason(error, host, port)}")
        return
    with wrapped:
        try:
            step = _sasl(server, wrapped, properties)
        except OSError as error:
            step = _asked_for_certificate(server, has_certificate=has_certificate, said=str(error))
        if step.name != "TLS":
            checked = "is not checked" if context.verify_mode is ssl.CERT_NONE else "is trusted"
            yield Step(server, "TLS", works=True, text=f"TLS: {wrapped.version()}; the broker's certificate {checked}")
    yield step


def _asked_for_certificate(server: str, *, has_certificate: bool, said: str) -> Step:
    """A broker that misses a client certificate says so only after the handshake. This probe never shows one."""
    if has_certificate:
        return Step(server, "TLS", works=True, text="TLS: the broker asks for a client certificate")
    why = WANTS_CERTIFICATE if is_alert(said) else f"the broker ends the connection after the handshake ({said}); is this a Kafka port?"
    return Step(server, "TLS", works=False, text=f"TLS: {why}")


WANTS_CERTIFICATE = "the broker asks for a client certificate; give one with ssl.certificate.location and ssl.key.location, or a keystore"


def is_alert(text: str) -> bool:
    """Whether a TLS error says that the other side misses, or refuses, our certificate."""
    return bool(re.search(r"alert.*(certificate|handshake failure|unknown ca|access denied)|certificate required", text, re.IGNORECASE))


def _context(properties: Mapping[str, str]) -> ssl.SSLContext:
    location = properties.get("ssl.ca.location", "")
    if pem := properties.get("ssl.ca.pem"):
        context = ssl.create_default_context(cadata=pem)
    elif location and location != "probe":
        folder = Path(location).is_dir()
        context = ssl.create_default_context(cafile=None if folder else location, capath=location if folder else None)
    else:
        context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # librdkafka does not ask for it either
    checked = properties.get("enable.ssl.certificate.verification", "true").lower() != "false"
    context.check_hostname = checked and properties.get("ssl.endpoint.identification.algorithm", "https") != "none"
    if not checked:
        context.verify_mode = ssl.CERT_NONE
    return context


def _certificate_reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    message = error.verify_message or str(error)
    if "expired" in message:
        return "the broker's certificate has expired; it must be renewed there"
    if "not yet valid" in message:
        return "the broker's certificate is not valid yet; compare the clocks"
    if "match" in message.lower():
        return f"the broker's certificate is not for the name {host}; connect by a name that it is for"
    return f"the broker's certificate is not trusted ({message}); give its CA with ssl.ca.location or a truststore"


def _handshake_reason(error: Exception, host: str, port: int) -> str:
    text = str(error)
    if isinstance(error, FileNotFoundError):
        return "the file of ssl.ca.location is not there"
    if "no start line" in text or "does not contain a certificate" in text:
        return "the CA certificates that were given cannot be read as PEM"
    if is_alert(text):
        return WANTS_CERTIFICATE
    if _speaks_kafka_in_clear(host, port):
        return f"{host}:{port} speaks Kafka without TLS; use the TLS port, or a security.protocol without SSL"
    if isinstance(error, TimeoutError):
        return f"{host}:{port} does not answer the handshake; is this the TLS port?"
    return f"the handshake with {host}:{port} fails ({getattr(error, 'reason', None) or text}); is this the TLS port?"


# ---- without TLS


def _in_clear(server: str, connection: socket.socket, properties: Mapping[str, str]) -> Iterator[Step]:
    host, port = address(server)
    try:
        step = _sasl(server, connection, properties)
    except TimeoutError:
        yield Step(
            server, "TCP", works=False, text=f"TCP: {host}:{port} takes the connection and says nothing; check that this is a Kafka port"
        )
        return
    except OSError:
        step = Step(server, "TCP", works=False, text=f"TCP: {host}:{port} ends the connection; check that this is a Kafka port")
    if step.works or step.name == "SASL" or _HTTP in step.text or not _speaks_tls(host, port):
        yield step
        return
    protocol = "SASL_SSL" if properties.get("security.protocol", "").lower().startswith("sasl") else "SSL (or SASL_SSL)"
    yield Step(server, "TLS", works=False, text=f"TLS: {host}:{port} wants TLS; set security.protocol to {protocol}")


def _speaks_tls(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _connect(host, port) as raw, context.wrap_socket(raw, server_hostname=host):
            return True
    except ssl.SSLError as error:
        return is_alert(str(error))
    except (OSError, ValueError):
        return False


def _speaks_kafka_in_clear(host: str, port: int) -> bool:
    try:
        with _connect(host, port) as connection:
            return bool(_ask(connection, _API_VERSIONS, b""))
    except (OSError, _NotKafkaError):
        return False


# ---- Kafka's first two requests


def _sasl(server: str, connection: socket.socket, properties: Mapping[str, str]) -> Step:
    """What the server says to a SASL handshake. Raises OSError (TLS alerts among them) when it ends the connection."""
    host, port = address(server)
    protocol = properties.get("security.protocol", "").upper()
    mechanism = properties.get("sasl.mechanism", "GSSAPI") if protocol.startswith("SASL") else ""
    try:
        _ask(connection, _API_VERSIONS, b"")
        code, offered = _offered(connection, mechanism)
    except _NotKafkaError as error:
        return Step(server, "TCP", works=False, text=f"TCP: {host}:{port} answers, but {error}; check the port")
    over = "SSL" if "SSL" in protocol else "PLAINTEXT"
    if code == _NO_SASL_HERE:
        text = f"SASL: {host}:{port} knows no users; set security.protocol to {over}" if mechanism else f"SASL: {host}:{port} asks for none"
        return Step(server, "SASL", works=not mechanism, text=text)
    listed = ", ".join(offered) or "no mechanism"
    if not mechanism:
        text = f"SASL: {host}:{port} asks who you are; set security.protocol to SASL_{over} and sasl.mechanism to one of {listed}"
        return Step(server, "SASL", works=False, text=text)
    if mechanism not in offered:
        return Step(server, "SASL", works=False, text=f"SASL: {host}:{port} does not offer {mechanism}; it offers {listed}")
    return Step(server, "SASL", works=True, text=f"SASL: {host}:{port} offers {mechanism}")


def _offered(connection: socket.socket, mechanism: str) -> tuple[int, list[str]]:
    """As `_handshake`. A server that speaks Kafka and knows no such request, where none is wanted, has no SASL either."""
    try:
        return _handshake(connection, mechanism or "NONE")
    except ConnectionError:
        if mechanism:
            raise
        return _NO_SASL_HERE, []


def _handshake(connection: socket.socket, mechanism: str) -> tuple[int, list[str]]:
    """(error code, mechanisms offered)."""
    name = mechanism.encode()
    answer = _ask(connection, _SASL_HANDSHAKE, struct.pack(">h", len(name)) + name)
    try:
        code, count = struct.unpack_from(">hi", answer)
        offered, at = [], 6
        for _ in range(count):
            (size,) = struct.unpack_from(">H", answer, at)
            offered.append(answer[at + 2 : at + 2 + size].decode("ascii", "replace"))
            at += 2 + size
    except struct.error:
        raise _NotKafkaError("not as Kafka does") from None
    return code, offered


def _ask(connection: socket.socket, request: int, body: bytes) -> bytes:
    """The body of the answer to one of Kafka's requests. Raises OSError or _NotKafkaError."""
    version, client = (1 if request == _SASL_HANDSHAKE else 0), b"eventscope"
    message = struct.pack(">hhih", request, version, request, len(client)) + client + body
    connection.sendall(struct.pack(">i", len(message)) + message)
    head = _exactly(connection, 8)
    if head.startswith(b"HTTP"):
        raise _NotKafkaError(_HTTP)
    size, correlation = struct.unpack(">ii", head)
    if correlation != request or not 4 <= size <= _LONGEST_ANSWER:
        raise _NotKafkaError("not as Kafka does")
    return _exactly(connection, size - 4)


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("the connection was closed")
        parts += part
    return bytes(parts)
