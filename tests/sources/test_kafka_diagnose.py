"""From what the client was told to one sentence: which error counts, what is cut, what is never shown, how long it takes."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources import kafka_diagnose
from inspector.sources.kafka_diagnose import LOOK_S, bootstrap_servers, explain, is_final, look
from inspector.sources.kafka_probe import Step

SECRET = "s3cret-pa55word"
SERVER = "sasl_ssl://10.0.0.1:9093/bootstrap: "
SASL = {
    "bootstrap.servers": "10.0.0.1:9093",
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "PLAIN",
    "sasl.username": "alice",
    "sasl.password": SECRET,
}


@pytest.fixture
def all_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every server is fine as far as plain sockets see."""
    monkeypatch.setattr(kafka_diagnose, "probe", lambda server, _: iter([Step(server, "SASL", works=True, text="")]))


def refused(text: str) -> KafkaError:
    return KafkaError(KafkaError._AUTHENTICATION, SERVER + text + " (after 301ms in state AUTH_REQ)")


def test_refusal_is_final_and_names_the_mechanism() -> None:
    errors = [refused("SASL authentication error: Authentication failed: Invalid username or password")]
    found = explain(SASL, [*errors, KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")], None)
    assert is_final(errors)
    assert (found.step, found.retry) == ("SASL", False)
    assert str(found) == "SASL: the broker refuses the user name or the password (PLAIN: Invalid username or password)"


def test_connection_that_failed_once_is_not_final() -> None:
    assert not is_final([KafkaError(KafkaError._TRANSPORT, "10.0.0.1:9093/1: Disconnected")])
    assert not is_final([])


ENDPOINT = "https://id.example/token"
NO_CONNECTION = "Failed to connect to id.example:443 after 0 ms: Could not connect to server"
GIVES_NONE = f"the token endpoint {ENDPOINT} gives no token; check the client id and secret"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Must supply an unexpired token: now=5ms, exp=3ms", "the token has expired; get a new one, or compare the clocks"),
        ('{"error": "invalid_client"}', f'{GIVES_NONE} ({{"error": "invalid_client"}})'),
        (NO_CONNECTION, f"the token endpoint {ENDPOINT} cannot be reached ({NO_CONNECTION})"),
        (f"no access for {SECRET}", f"{GIVES_NONE} (no access for ••••)"),
    ],
)
def test_token_that_cannot_be_had_is_told(text: str, said: str) -> None:
    properties = {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.client.secret": SECRET,
        "sasl.oauthbearer.token.endpoint.url": f"{ENDPOINT}?key={SECRET}",
    }
    error = KafkaError(KafkaError._AUTHENTICATION, f"Failed to acquire SASL OAUTHBEARER token: {text}")
    assert str(explain(properties, [error], None)) == f"SASL: {said}"


def test_token_that_the_broker_refuses_is_told() -> None:
    found = explain({**SASL, "sasl.mechanism": "OAUTHBEARER"}, [refused('SASL authentication error: {"status":"invalid_token"}')], None)
    assert str(found) == 'SASL: the broker refuses the token, which may be expired or not for this broker ({"status":"invalid_token"})'


@pytest.mark.parametrize(
    ("code", "topic", "step"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "orders", "authorisation"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, None, "authorisation"),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, "orders", "authorisation"),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, "orders", "topic"),
        (KafkaError._UNKNOWN_TOPIC, "orders", "topic"),
        (KafkaError.UNSUPPORTED_SASL_MECHANISM, None, "SASL"),
    ],
)
def test_codes_name_their_step(code: int, topic: str | None, step: str) -> None:
    found = explain(SASL, [KafkaError(code, "as the broker says it")], topic)
    assert found.step == step
    assert (topic or "topics") in str(found) or step == "SASL" or "cluster" in str(found)


@pytest.mark.usefixtures("all_well")
def test_what_nobody_can_explain_is_said_as_the_client_said_it() -> None:
    error = KafkaError(KafkaError._TIMED_OUT, f"{SERVER}Request of sasl.password={SECRET} timed out (after 8000ms in state UP)")
    found = explain(SASL, [error], None)
    assert str(found) == "10.0.0.1:9093 does not answer as it should: Request of sasl.password=•••• timed out"
    assert found.retry
    assert str(explain(SASL, [], None)).endswith("no answer in time")


def test_address_a_broker_gives_for_itself_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(server: str, _: object) -> list[Step]:
        return [Step(server, "DNS", works=server != "kafka:29092", text=f"DNS: {server}")]

    monkeypatch.setattr(kafka_diagnose, "probe", found)
    errors = [KafkaError(KafkaError._RESOLVE, "kafka:29092/1: Failed to resolve 'kafka:29092': unknown (after 3ms in state CONNECT)")]
    told = "DNS: kafka:29092; the cluster gives this address for one of its brokers (advertised.listeners)"
    assert str(explain({"bootstrap.servers": "localhost:9092"}, errors, None)) == told


def test_of_several_failing_servers_the_one_we_came_furthest_with_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"a:1": "DNS", "b:1": "TLS", "c:1": "TCP"}
    monkeypatch.setattr(kafka_diagnose, "probe", lambda server, _: [Step(server, steps[server], works=False, text=server)])
    assert str(explain({"bootstrap.servers": "a:1, b:1,c:1"}, [], None)) == "b:1"


def test_a_step_that_hangs_has_failed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        let_go.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    began_s = time.monotonic()
    found = look(["a.example:9092", "b.example:9092"], {})
    took_s = time.monotonic() - began_s
    let_go.set()
    assert took_s < LOOK_S + 0.5
    assert [step.text for step in found["b.example:9092"]] == [
        "DNS: the name b.example is not found in time; check the network and its name server"
    ]


def test_many_servers_are_not_all_asked() -> None:
    assert len(bootstrap_servers({"bootstrap.servers": ",".join(f"k{n}:9092" for n in range(40))})) == 8


@given(st.text(max_size=60), st.sampled_from([KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._TRANSPORT, KafkaError._FAIL]))
def test_no_text_of_the_client_leaks_a_secret_or_breaks(text: str, code: int) -> None:
    errors = [KafkaError(code, f"{SERVER}{text}{SECRET}{text}".replace("\0", ""))]
    said = str(explain({**SASL, "bootstrap.servers": ""}, errors, None))
    assert SECRET not in said
    assert "\n" not in said
