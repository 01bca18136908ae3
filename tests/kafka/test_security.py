"""Right, wrong, expired, unauthorised, unreachable: each has a sentence of its own, names its step, and comes in time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from inspector.sources.kafka_check import check
from tests.kafka import captures
from tests.kafka.certificates import Authority, Certificate
from tests.kafka.helpers import wait_until
from tests.kafka.launcher import free_ports
from tests.kafka.secure import GRANTED, HIDDEN, LOST_HOST, PASSWORD, SecureBroker, as_file
from tests.kafka.tokens import TokenServer, serving

WRONG = "wr0ng-secret-0815"
AT = r"127\.0\.0\.1:\d+"
Config = Callable[[SecureBroker], dict[str, str]]


def with_certificate(broker: SecureBroker, certificate: Certificate) -> dict[str, str]:
    return broker.trusting("SSL", ssl_certificate_pem=certificate.chain, ssl_key_pem=certificate.key)


def stranger(broker: SecureBroker) -> Certificate:
    """alice's name, but signed by nobody the broker knows."""
    return Authority(broker.authority.folder / "stranger").issue("alice.example", common_name="alice")


def in_clear(broker: SecureBroker, mechanism: str) -> dict[str, str]:
    return {**broker.login(mechanism), "security.protocol": "SASL_PLAINTEXT"}


def token(broker: SecureBroker, claims: str) -> dict[str, str]:
    unsecured = {"enable_sasl_oauthbearer_unsecure_jwt": "true", "sasl_oauthbearer_config": claims}
    return broker.trusting(**unsecured, sasl_mechanism="OAUTHBEARER")


def without_authority(broker: SecureBroker) -> dict[str, str]:
    return {name: value for name, value in broker.login("PLAIN").items() if name != "ssl.ca.pem"}


OPEN: dict[str, tuple[str, Config]] = {
    "plain, no TLS": ("CLEAR", lambda broker: in_clear(broker, "SCRAM-SHA-256")),
    "unsecured token": ("TOKEN", lambda broker: token(broker, "principal=alice")),
    "a host name that is not checked": (
        "ELSEWHERE",
        lambda broker: {**broker.trusting("SSL"), "ssl.endpoint.identification.algorithm": ""},
    ),
}

REFUSED: dict[str, tuple[str, Config, str]] = {
    "wrong password, SCRAM": (
        "SASL",
        lambda broker: broker.login("SCRAM-SHA-256", password=WRONG),
        r"SASL: the broker refuses the user name or the password \(SCRAM-SHA-256: .+\)",
    ),
    "wrong password, PLAIN": (
        "SASL",
        lambda broker: broker.login("PLAIN", password=WRONG),
        r"SASL: the broker refuses the user name or the password \(PLAIN: Invalid username or password\)",
    ),
    "unknown user": (
        "SASL",
        lambda broker: broker.login("SCRAM-SHA-512", user="eve"),
        r"SASL: the broker refuses the user name or the password \(SCRAM-SHA-512: .+\)",
    ),
    "mechanism that is not offered": (
        "TOKEN",
        lambda broker: broker.login("SCRAM-SHA-256"),
        r"SASL: the broker does not offer SCRAM-SHA-256; set sasl\.mechanism to one it offers: OAUTHBEARER",
    ),
    "token without a lifetime": (
        "TOKEN",
        lambda broker: token(broker, "principal=alice lifeSeconds=0"),
        r"SASL: no token can be made \(.*lifeSeconds=': 0\)",
    ),
    "SASL where there is none": (
        "PLAINTEXT",
        lambda broker: in_clear(broker, "SCRAM-SHA-256"),
        r"SASL: this port knows no users; set security\.protocol to PLAINTEXT",
    ),
    "no SASL where it is wanted": (
        "CLEAR",
        lambda _: {},
        rf"SASL: {AT} asks who you are; set security\.protocol to SASL_PLAINTEXT and sasl\.mechanism to one of SCRAM-SHA-256",
    ),
    "TLS but no SASL where it is wanted": (
        "SASL",
        lambda broker: broker.trusting("SSL"),
        rf"SASL: {AT} asks who you are; set security\.protocol to SASL_SSL and sasl\.mechanism to one of .*SCRAM-SHA-512.*",
    ),
    "unknown authority": (
        "SASL",
        without_authority,
        r"TLS: the broker's certificate is not trusted \(.+\); give its CA with ssl\.ca\.location or a truststore",
    ),
    "expired certificate": (
        "EXPIRED",
        lambda broker: broker.trusting("SSL"),
        r"TLS: the broker's certificate has expired; it must be renewed there",
    ),
    "certificate of another host": (
        "ELSEWHERE",
        lambda broker: broker.trusting("SSL"),
        r"TLS: the broker's certificate is not for the name 127\.0\.0\.1; connect by a name that it is for",
    ),
    "TLS to a plain port": (
        "PLAINTEXT",
        lambda broker: broker.trusting("SSL"),
        rf"TLS: {AT} speaks Kafka without TLS; use the TLS port, or a security\.protocol without SSL",
    ),
    "plain text to a TLS port": (
        "SASL",
        lambda _: {},
        rf"TLS: {AT} wants TLS; set security\.protocol to SSL \(or SASL_SSL\)",
    ),
    "no client certificate": (
        "MTLS",
        lambda broker: broker.trusting("SSL"),
        r"TLS: the broker asks for a client certificate; give one with .+",
    ),
    "expired client certificate": (
        "MTLS",
        lambda broker: with_certificate(broker, broker.expired),
        r"TLS: your client certificate expired on \d{4}-\d\d-\d\d; renew it",
    ),
    "client certificate of a stranger": (
        "MTLS",
        lambda broker: with_certificate(broker, stranger(broker)),
        r"TLS: the broker refuses your client certificate \(.+\); is it from a CA the broker trusts\?",
    ),
    "a broker with an address nobody knows": (
        "LOST",
        lambda _: {},
        rf"DNS: the name {LOST_HOST} is not known .+ \(advertised\.listeners\)",
    ),
}

UNAUTHORISED = r"authorisation: this user may not read topic {}, if there is one of this name; ask for READ and DESCRIBE on it"


def said(url: str, config: Mapping[str, str], folder: Path) -> str:
    """The one sentence with which a capture ends in vain, within 15 seconds."""
    began_s = time.monotonic()
    done = captures.run("capture", url, "-o", folder / "a.evcap", "--config", "-", status=3, stdin=as_file(config))
    assert time.monotonic() - began_s < 15
    assert done.stderr.startswith("eventscope: ")
    assert done.stderr.count("\n") == 1
    assert not [secret for secret in (PASSWORD, WRONG, "PRIVATE") if secret in done.stdout + done.stderr]
    return done.stderr.removeprefix("eventscope: ").rstrip("\n")


def matches(pattern: str, text: str) -> None:
    assert re.fullmatch(pattern, text), text


@pytest.mark.parametrize("case", OPEN)
def test_right_way_in_captures_everything(secure_broker: SecureBroker, case: str, tmp_path: Path) -> None:
    listener, config = OPEN[case]
    url = secure_broker.url(listener, GRANTED)
    captures.run("capture", url, "-o", tmp_path / "a.evcap", "--config", "-", stdin=as_file(config(secure_broker)))
    assert [event.value for event in captures.events(tmp_path / "a.evcap")] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("case", REFUSED)
def test_each_way_of_failing_has_its_sentence(secure_broker: SecureBroker, case: str, tmp_path: Path) -> None:
    listener, config, sentence = REFUSED[case]
    matches(sentence, said(secure_broker.url(listener, GRANTED), config(secure_broker), tmp_path))


@pytest.mark.parametrize(("user", "topic"), [("alice", HIDDEN), ("alice", "absent"), ("bob", GRANTED), ("carol", GRANTED)])
def test_missing_right_names_the_topic(secure_broker: SecureBroker, user: str, topic: str, tmp_path: Path) -> None:
    """carol may see the topic and its offsets: only reading it is refused."""
    sentence = said(secure_broker.url("SASL", topic), secure_broker.login("PLAIN", user), tmp_path)
    matches(UNAUTHORISED.format(topic), sentence)


def test_client_certificate_that_is_good_may_lack_rights(secure_broker: SecureBroker, tmp_path: Path) -> None:
    config = with_certificate(secure_broker, secure_broker.alice)
    matches(UNAUTHORISED.format(HIDDEN), said(secure_broker.url("MTLS", HIDDEN), config, tmp_path))


def test_missing_right_on_the_group_is_no_obstacle(secure_broker: SecureBroker, tmp_path: Path) -> None:
    settings = {"bootstrap.servers": secure_broker.broker.bootstrap, "group.id": "elsewhere", "auto.offset.reset": "earliest"}
    before = set(secure_broker.cluster.groups())
    someone = Consumer(settings)
    someone.subscribe([GRANTED])
    assert someone.consume(1, 30)
    someone.commit(asynchronous=False)
    someone.close()
    url, config = secure_broker.url("SASL", GRANTED), secure_broker.login("PLAIN", "dora")
    captures.run("capture", url, "-o", tmp_path / "a.evcap", "--config", "-", "--isolation", "both", stdin=as_file(config))
    assert len(captures.events(tmp_path / "a.evcap")) == 3
    assert set(secure_broker.cluster.groups()) == {*before, "elsewhere"}


def test_one_server_of_several_is_enough(secure_broker: SecureBroker, tmp_path: Path) -> None:
    (closed,) = free_ports(1)
    url = f"kafka://127.0.0.1:{closed},{secure_broker.broker.address('SASL')}/{GRANTED}"
    captures.run("capture", url, "-o", tmp_path / "a.evcap", "--config", "-", stdin=as_file(secure_broker.login("PLAIN")))
    wrong = secure_broker.login("PLAIN", password=WRONG)
    assert said(url, wrong, tmp_path).startswith("SASL: the broker refuses the user name or the password")


# ---- step by step


def test_check_of_a_good_connection_names_every_step(secure_broker: SecureBroker) -> None:
    steps = list(check(secure_broker.broker.address("SASL"), secure_broker.login("SCRAM-SHA-512"), GRANTED))
    assert [(step.name, step.works) for step in steps] == [(name, True) for name in ("DNS", "TCP", "TLS", "SASL", "SASL", "authorisation")]
    assert steps[-1].text == f"topic {GRANTED} can be read: 1 partitions"


def test_check_ends_with_the_step_that_fails(secure_broker: SecureBroker) -> None:
    address = secure_broker.broker.address("SASL")
    for config, topic, last in (
        (secure_broker.login("PLAIN", password=WRONG), GRANTED, "SASL"),
        (secure_broker.login("PLAIN", "carol"), GRANTED, "authorisation"),
        (secure_broker.login("PLAIN", "dora"), "absent", "topic"),
        (without_authority(secure_broker), GRANTED, "TLS"),
    ):
        steps = list(check(address, config, topic))
        assert [step.name for step in steps if not step.works] == [last]
        assert steps[-1].name == last
        assert not [step for step in steps if PASSWORD in step.text or WRONG in step.text]


def test_token_that_ends_while_following_is_renewed(secure_broker: SecureBroker, tmp_path: Path) -> None:
    secure_broker.cluster.create("renewed")
    secure_broker.allow("alice", "renewed")
    with serving(TokenServer("inspector", "s3cret", lifetime_s=3)) as tokens:
        config = secure_broker.trusting(
            sasl_mechanism="OAUTHBEARER",
            sasl_oauthbearer_method="oidc",
            sasl_oauthbearer_client_id="inspector",
            sasl_oauthbearer_client_secret=tokens.secret,
            sasl_oauthbearer_token_endpoint_url=tokens.url,
        )
        file = tmp_path / "client.properties"
        file.write_text(as_file(config))
        following = captures.Following(secure_broker.url("TOKEN", "renewed"), "-o", tmp_path / "a.evcap", "--config", file)
        try:
            for stored in (1, 2):
                secure_broker.cluster.produce("renewed", [b"x"])
                following.wait_for(stored)
                asked = len(tokens.asked)
                wait_until(partial(_have, tokens, asked + 3), "both clients have new tokens")
            following.stop()
        finally:
            following.kill()
    assert [event.position for event in captures.events(tmp_path / "a.evcap")] == [0, 1]


def _have(tokens: TokenServer, count: int) -> bool:
    return len(tokens.asked) >= count
