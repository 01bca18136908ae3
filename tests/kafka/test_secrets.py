"""Secrets come in by a file or standard input and go to the broker alone: not to a file, an argument, the output or a log."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.kafka import captures
from tests.kafka.certificates import STORE_PASSWORD
from tests.kafka.helpers import wait_until
from tests.kafka.secure import GRANTED, PASSWORD, SecureBroker
from tests.kafka.tokens import TokenServer, serving

MODULES = "org.apache.kafka.common.security"
WRONG = "wr0ng-secret-4711"
CLIENT_SECRET = "oidc-s3cret-4711"
SECRETS = [PASSWORD, WRONG, STORE_PASSWORD, CLIENT_SECRET, "PRIVATE KEY", "eyJhbGci"]


def properties(config: Mapping[str, str]) -> str:
    """As a Java client's file has them."""
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2).replace(chr(10), chr(92) + 'n')}\n" for name, value in config.items())


# ---- ways in, as librdkafka's and as Java's properties


def java_login(broker: SecureBroker, kind: str, mechanism: str, password: str = PASSWORD) -> dict[str, str]:
    module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f'{MODULES}.{module} required username="alice" password="{password}";',
        "ssl.truststore.type": kind,
        "ssl.truststore.location": str(broker.authority.truststore(kind)),
        "ssl.truststore.password": STORE_PASSWORD,
        "key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer",
    }


def java_certificate(broker: SecureBroker, kind: str) -> dict[str, str]:
    return {
        "security.protocol": "SSL",
        "ssl.truststore.type": kind,
        "ssl.truststore.location": str(broker.authority.truststore(kind)),
        "ssl.truststore.password": STORE_PASSWORD,
        "ssl.keystore.type": kind,
        "ssl.keystore.location": str(broker.authority.keystore(kind, broker.alice)),
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.key.password": STORE_PASSWORD,
    }


def pem_certificate(broker: SecureBroker) -> dict[str, str]:
    key = broker.alice.protected_key(STORE_PASSWORD)
    return broker.trusting("SSL", ssl_certificate_pem=broker.alice.chain, ssl_key_pem=key, ssl_key_password=STORE_PASSWORD)


WAYS: dict[str, tuple[str, Callable[[SecureBroker], dict[str, str]]]] = {
    "plain": ("SASL", lambda broker: broker.login("PLAIN")),
    "scram-256": ("SASL", lambda broker: broker.login("SCRAM-SHA-256")),
    "scram-512": ("SASL", lambda broker: broker.login("SCRAM-SHA-512")),
    "certificate": ("MTLS", pem_certificate),
    "java plain, JKS": ("SASL", lambda broker: java_login(broker, "JKS", "PLAIN")),
    "java scram, PKCS12": ("SASL", lambda broker: java_login(broker, "PKCS12", "SCRAM-SHA-512")),
    "java certificate, JKS": ("MTLS", lambda broker: java_certificate(broker, "JKS")),
    "java certificate, PKCS12": ("MTLS", lambda broker: java_certificate(broker, "PKCS12")),
}


# ---- running, watched


@dataclass
class Watched:
    """A finished command: exit status, what it printed, and the arguments of it and its children while it ran."""

    status: int
    printed: str
    errors: str
    arguments: list[str] = field(default_factory=list)

    def shows_no_secret(self, folder: Path) -> None:
        """Fails when a secret is in the output, an argument, or a file of `folder` but the configuration itself."""
        written = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".properties"}
        for secret in SECRETS:
            assert secret not in self.printed + self.errors
            assert not [argument for argument in self.arguments if secret in argument]
            assert [name for name, content in written.items() if secret.encode() in content] == []


def watched(*arguments: str | Path, stdin: str | None = None) -> Watched:
    """Runs `eventscope --verbose`, looking at the processes it is made of until it ends."""
    command = [*captures.COMMAND, "--verbose", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen: set[str] = set()
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, seen, ended))
    watcher.start()
    try:
        printed, errors = process.communicate(stdin, timeout=60)
    finally:
        process.kill()
        ended.set()
        watcher.join()
    return Watched(process.returncode, printed, errors, sorted(seen))


def _watch(pid: int, seen: set[str], ended: threading.Event) -> None:
    while True:
        for number in _family(pid):
            try:
                seen.update(Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0"))
            except OSError:
                continue
        if ended.wait(0.02):
            return


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(member for child in children for member in _family(child))]


def captured(broker: SecureBroker, listener: str, config: Mapping[str, str], folder: Path, *, by_stdin: bool = False) -> Watched:
    """One capture of the topic alice may read, into `folder`."""
    file = folder / "client.properties"
    if not by_stdin:
        file.write_text(properties(config))
    place, stdin = ("-", properties(config)) if by_stdin else (file, None)
    out = folder / "a.evcap"
    return watched("capture", broker.url(listener, GRANTED), "-o", out, "--config", place, "--from", "earliest", stdin=stdin)


# ---- what must hold


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_captures_the_same_and_leaves_no_secret(secure_broker: SecureBroker, way: str, tmp_path: Path) -> None:
    listener, config = WAYS[way]
    done = captured(secure_broker, listener, config(secure_broker), tmp_path, by_stdin=way.startswith("java"))
    assert done.status == 0, done.errors
    events = captures.events(tmp_path / "a.evcap")
    assert [(event.position, event.value) for event in events] == [(0, b"one"), (1, b"two"), (2, b"three")]
    done.shows_no_secret(tmp_path)
    assert any("capture" in argument for argument in done.arguments), "the watcher saw nothing"


@pytest.mark.parametrize("way", ["scram-256", "java certificate, PKCS12"])
def test_logs_are_listed_with_the_same_properties(secure_broker: SecureBroker, way: str, tmp_path: Path) -> None:
    listener, config = WAYS[way]
    done = watched("logs", secure_broker.url(listener), "--config", "-", stdin=properties(config(secure_broker)) + ".\n")
    assert done.status == 0, done.errors
    lines = [json.loads(line) for line in done.printed.splitlines()]
    assert [(line["first"], line["end"]) for line in lines if line["log"] == GRANTED] == [(0, 3)]
    done.shows_no_secret(tmp_path)


def one_sentence(done: Watched) -> str:
    """The only thing said on standard error, but what --verbose adds."""
    lines = [line for line in done.errors.splitlines() if not line.startswith(("INFO ", "DEBUG "))]
    assert len(lines) == 1, done.errors
    assert lines[0].startswith("eventscope: ")
    assert done.printed == ""
    return lines[0].removeprefix("eventscope: ")


def test_wrong_password_is_not_repeated(secure_broker: SecureBroker, tmp_path: Path) -> None:
    began_s = time.monotonic()
    done = captured(secure_broker, "SASL", java_login(secure_broker, "JKS", "PLAIN", WRONG), tmp_path)
    assert time.monotonic() - began_s < 15
    assert done.status == 3
    assert one_sentence(done).startswith("SASL: ")
    done.shows_no_secret(tmp_path)


def test_wrong_store_password_is_not_repeated(secure_broker: SecureBroker, tmp_path: Path) -> None:
    config = {**java_login(secure_broker, "PKCS12", "PLAIN"), "ssl.truststore.password": WRONG}
    done = captured(secure_broker, "SASL", config, tmp_path)
    assert done.status == 2
    assert one_sentence(done).startswith(f"cannot open {secure_broker.authority.truststore('PKCS12')}: the password is wrong")
    done.shows_no_secret(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sasl.pasword", "the property sasl.pasword is known neither to librdkafka nor to Java clients; check its spelling"),
        ("socket.timeout.ms", "the property socket.timeout.ms has a value that it cannot have"),
        ("plugin.library.paths", "the property plugin.library.paths is refused: it loads code"),
        ("ssl.key.pem", "the property ssl.key.pem cannot be used: what it holds or names is not readable"),
    ],
)
def test_property_that_is_no_good_is_named_without_its_value(secure_broker: SecureBroker, name: str, said: str, tmp_path: Path) -> None:
    done = captured(secure_broker, "SASL", {**secure_broker.login("PLAIN"), name: WRONG}, tmp_path)
    assert done.status == 2
    assert one_sentence(done).startswith(said)
    done.shows_no_secret(tmp_path)


@pytest.mark.parametrize(
    "address",
    [f"alice:{WRONG}@127.0.0.1:1/t", f"alice:/{WRONG}@127.0.0.1:1/t", f"{WRONG}@127.0.0.1:1/t", f"127.0.0.1:1/t?sasl.password={WRONG}"],
)
def test_password_in_a_url_is_refused_and_not_repeated(address: str, tmp_path: Path) -> None:
    for command in (["logs"], ["capture", "-o", tmp_path / "a.evcap"]):
        done = watched(*command, f"kafka://{address}")
        assert done.status == 2
        assert one_sentence(done)
        assert WRONG not in done.errors
    assert list(tmp_path.iterdir()) == []


def test_configuration_that_is_not_utf8_is_refused_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    content = f"sasl.password={WRONG}".encode() + b"\xff\n"
    file.write_bytes(content)
    for place in (file, "-"):
        command = [*captures.COMMAND, "--verbose", "logs", "kafka://127.0.0.1:1/t", "--config", str(place)]
        done = subprocess.run(command, input=content, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"eventscope: the configuration is not UTF-8 text\n")


# ---- OIDC: the token comes from an endpoint


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """A token endpoint on loopback."""
    with serving(TokenServer("inspector", CLIENT_SECRET)) as server:
        yield server


def oidc(broker: SecureBroker, url: str, secret: str = CLIENT_SECRET) -> dict[str, str]:
    jaas = f'{MODULES}.oauthbearer.OAuthBearerLoginModule required clientId="inspector" clientSecret="{secret}" scope="read";'
    return {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(broker.authority.ca_file),
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": url,
        "sasl.login.callback.handler.class": f"{MODULES}.oauthbearer.OAuthBearerLoginCallbackHandler",
        "sasl.jaas.config": jaas,
    }


def test_token_of_an_endpoint_opens_the_door(secure_broker: SecureBroker, tokens: TokenServer, tmp_path: Path) -> None:
    done = captured(secure_broker, "TOKEN", oidc(secure_broker, tokens.url), tmp_path, by_stdin=True)
    assert done.status == 0, done.errors
    assert [event.value for event in captures.events(tmp_path / "a.evcap")] == [b"one", b"two", b"three"]
    wait_until(lambda: bool(tokens.asked), "a token was asked for")
    assert all("scope=read" in body for body in tokens.asked)
    done.shows_no_secret(tmp_path)


def test_wrong_client_secret_and_expired_token_each_have_their_sentence(
    secure_broker: SecureBroker, tokens: TokenServer, tmp_path: Path
) -> None:
    said = []
    for secret, lifetime_s in ((WRONG, 3600), (CLIENT_SECRET, -30)):
        tokens.lifetime_s = lifetime_s
        began_s = time.monotonic()
        done = captured(secure_broker, "TOKEN", oidc(secure_broker, tokens.url, secret), tmp_path)
        assert time.monotonic() - began_s < 15
        assert done.status == 3, done.errors
        said.append(one_sentence(done))
        done.shows_no_secret(tmp_path)
    refused, expired = said
    assert refused.startswith(f"SASL: the token endpoint {tokens.url} gives no token; check the client id and secret")
    assert expired.startswith("SASL: the token has expired")
