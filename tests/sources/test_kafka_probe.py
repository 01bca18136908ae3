"""A look at servers that are no brokers, or bad ones: every answer gives a step and a sentence, soon, and nothing breaks."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources import kafka_probe
from inspector.sources.kafka_probe import Step, address, is_alert, probe

Answering = Callable[[socket.socket], None]
TLS = {"security.protocol": "SSL"}


@contextmanager
def serving(answering: Answering) -> Iterator[str]:
    """A port on loopback where each connection is answered so."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def accept() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        answering(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def last(server: str, properties: dict[str, str]) -> Step:
    steps = list(probe(server, properties))
    assert all(step.works for step in steps[:-1])
    return steps[-1]


def http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def closing(connection: socket.socket) -> None:
    connection.recv(1)


def kafka(mechanisms: list[str], *, code: int = 33) -> Answering:
    """A broker's answers to ApiVersions and SaslHandshake."""

    def answer(connection: socket.socket) -> None:
        while head := connection.recv(4):
            body = connection.recv(struct.unpack(">i", head)[0])
            request, _, correlation = struct.unpack_from(">hhi", body)
            names = b"".join(struct.pack(">h", len(name)) + name.encode() for name in mechanisms)
            said = struct.pack(">hi", code, len(mechanisms)) + names if request == 17 else struct.pack(">hi", 0, 0)
            connection.sendall(struct.pack(">ii", len(said) + 4, correlation) + said)

    return answer


def test_port_of_a_web_server_is_told() -> None:
    with serving(http) as server:
        assert last(server, {}) == Step(server, "TCP", works=False, text=f"TCP: {server} answers, but it speaks HTTP; check the port")


@pytest.mark.parametrize("properties", [{}, TLS], ids=["clear", "TLS"])
def test_silent_port_is_told_in_time(properties: dict[str, str]) -> None:
    with serving(silent) as server:
        began_s = time.monotonic()
        step = last(server, properties)
        assert time.monotonic() - began_s < 2.5 * kafka_probe.ANSWER_S
    assert step.name == ("TLS" if properties else "TCP")
    assert "says nothing" in step.text or "does not answer the handshake" in step.text


@pytest.mark.parametrize("properties", [{}, TLS], ids=["clear", "TLS"])
def test_port_that_closes_is_told(properties: dict[str, str]) -> None:
    with serving(closing) as server:
        step = last(server, properties)
    assert not step.works
    assert step.name == ("TLS" if properties else "TCP")
    assert "check that this is a Kafka port" in step.text or "is this the TLS port?" in step.text


@pytest.mark.parametrize("after", [http, silent, closing])
def test_tls_port_that_is_no_broker_is_told(after: Answering) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def over_tls(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            after(wrapped)

    with serving(over_tls) as server:
        step = last(server, {**TLS, "ssl.ca.pem": authority.cert_pem.bytes().decode()})
    assert not step.works
    assert "it speaks HTTP" in step.text or "ends the connection after the handshake" in step.text


def test_certificates_that_are_no_pem_are_told(tmp_path: Path) -> None:
    with serving(silent) as server:
        assert last(server, {**TLS, "ssl.ca.pem": "none"}).text == "TLS: the CA certificates that were given cannot be read as PEM"
        assert last(server, {**TLS, "ssl.ca.location": str(tmp_path / "absent")}).text == "TLS: the file of ssl.ca.location is not there"


def test_mechanisms_are_compared() -> None:
    with serving(kafka(["PLAIN", "SCRAM-SHA-256"])) as server:
        assert last(server, {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}).works
        lacking = last(server, {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"})
        assert lacking.text == f"SASL: {server} does not offer OAUTHBEARER; it offers PLAIN, SCRAM-SHA-256"
        assert last(server, {}).text.endswith("set security.protocol to SASL_PLAINTEXT and sasl.mechanism to one of PLAIN, SCRAM-SHA-256")
    with serving(kafka([], code=34)) as server:
        assert last(server, {}).works


def test_closed_port_and_unknown_name_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    assert last(place, {}).text.startswith(f"TCP: nothing answers at {place} (")
    assert last("no-such-host.invalid:9092", {}).text.startswith("DNS: the name no-such-host.invalid is not known (")
    assert last(f"{'x' * 70}.example:9092", {}).name == "DNS"


@given(st.binary(max_size=64))
def test_no_answer_breaks_the_look(answer: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">ii", len(answer) + 4, kafka_probe._SASL_HANDSHAKE) + answer)
        theirs.shutdown(socket.SHUT_WR)
        try:
            code, offered = kafka_probe._handshake(ours, "PLAIN")
        except (OSError, kafka_probe._NotKafkaError):
            return
        assert -(2**15) <= code < 2**15
        assert sum(len(name) + 2 for name in offered) <= len(answer)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kafka:9093", ("kafka", 9093)),
        ("[::1]:9093", ("::1", 9093)),
        ("SASL_SSL://kafka:9093", ("kafka", 9093)),
        ("kafka", ("kafka", 9092)),
        ("[::1]", ("::1", 9092)),
        ("kafka:99999", ("kafka:99999", 9092)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert address(text) == expected


def test_alerts_about_certificates_are_recognised() -> None:
    assert is_alert("Receive failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42")
    assert is_alert("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)")
    assert not is_alert("certificate verify failed: unable to get local issuer certificate")
