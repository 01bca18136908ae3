"""A broker with every way of proving who one is, and rights: SCRAM, PLAIN and OAUTHBEARER over TLS, client certificates.

Its plain-text listener is for the tests themselves: whoever comes in there may do everything. Read `certificates` next.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import confluent_kafka.admin

from tests.kafka.certificates import Authority, Certificate
from tests.kafka.helpers import Cluster
from tests.kafka.launcher import Broker

GRANTED, HIDDEN, STORY = "granted", "hidden", "story"
GROUP = "story-readers"
"""The topic alice may read, and the one she may not; and the only one erin may read, to which a test may write."""
PASSWORD = "c0rrect-horse-9f2e"
"""The password of every user."""
_SASL = "org.apache.kafka.common.security"
_LISTENERS = {
    "SASL": "SASL_SSL",
    "TOKEN": "SASL_SSL",
    "CLEAR": "SASL_PLAINTEXT",
    "MTLS": "SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "LOST": "PLAINTEXT",
}
"""SCRAM and PLAIN · OAUTHBEARER · SCRAM without TLS · client certificates · an expired server certificate · one for another
host · plain text, but the broker gives itself an address that nobody knows."""
LOST_HOST = "broker-1.eventscope.invalid"


class SecureBroker:
    """The broker. alice may read the topic `granted` and nothing else, no group either; bob may do nothing.

    carol may see that topic, and not read it; dora may read every topic, and no group; erin another topic, and see one group.
    """

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "certificates")
        self.alice = self.authority.issue("alice.example", common_name="alice")
        self.expired = self.authority.issue("alice.example", common_name="alice", expired=True)
        scram = [f"{kind}=[name={user},password={PASSWORD}]" for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512") for user in _USERS]
        self.broker = Broker(folder / "broker", listeners=_LISTENERS, scram=scram)
        self.broker.settings = {**self._settings(), "advertised.listeners": self._advertised()}

    def start(self) -> SecureBroker:
        """Starts it, with both topics and alice's rights."""
        self.broker.start()
        self.cluster = Cluster(self.broker)
        for topic in (GRANTED, HIDDEN, STORY):
            self.cluster.create(topic)
            self.cluster.produce(topic, [b"one", b"two", b"three"])
        self.allow("alice", GRANTED)
        self.allow("carol", GRANTED, "DESCRIBE")
        self.allow("erin", STORY)
        self.allow("dora", "*")
        for future in self.cluster.admin.create_acls([_right("erin", GROUP, "DESCRIBE", "GROUP")]).values():
            future.result(30)
        return self

    def allow(self, user: str, topic: str, *operations: str) -> None:
        """Gives a user rights on a topic: READ and DESCRIBE if none are named."""
        rights = [_right(user, topic, operation) for operation in operations or ("READ", "DESCRIBE")]
        for future in self.cluster.admin.create_acls(rights).values():
            future.result(30)

    def url(self, listener: str, topic: str = "") -> str:
        """The address of a listener, as a source."""
        return f"kafka://{self.broker.address(listener)}" + (f"/{topic}" if topic else "")

    def trusting(self, protocol: str = "SASL_SSL", **more: str) -> dict[str, str]:
        """Properties that trust the tests' authority; further ones with underscores for dots."""
        given = {name.replace("_", "."): value for name, value in more.items()}
        return {"security.protocol": protocol, "ssl.ca.pem": self.authority.pem, **given}

    def login(self, mechanism: str, user: str = "alice", password: str = PASSWORD) -> dict[str, str]:
        """Properties of a user who gives a password."""
        return self.trusting(sasl_mechanism=mechanism, sasl_username=user, sasl_password=password)

    def _advertised(self) -> str:
        ports = self.broker.ports
        return ",".join(f"{name}://{LOST_HOST if name == 'LOST' else '127.0.0.1'}:{port}" for name, port in ports.items())

    def _settings(self) -> dict[str, str]:
        here = ("127.0.0.1", "localhost")
        return {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
            **_listener("sasl", self._server("sasl", self.authority.issue(*here)), _PASSWORDS),
            **_listener("token", self._server("token", self.authority.issue(*here)), _TOKENS),
            **_listener("clear", {}, {**_PASSWORDS, "sasl.enabled.mechanisms": "SCRAM-SHA-256"}),
            **_listener("mtls", self._server("mtls", self.authority.issue(*here)), {"ssl.client.auth": "required"}),
            **_listener("expired", self._server("expired", self.authority.issue(*here, expired=True)), {}),
            **_listener("elsewhere", self._server("elsewhere", self.authority.issue("broker.elsewhere.example")), {}),
        }

    def _server(self, name: str, certificate: Certificate) -> dict[str, str]:
        keys = self.authority.file(f"server-{name}.pem", certificate.key + certificate.chain)
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keys),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.ca_file),
        }


_USERS = ("alice", "bob", "carol", "dora", "erin")
_PLAIN_USERS = " ".join(f'user_{user}="{PASSWORD}"' for user in _USERS)
_PASSWORDS = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
    "plain.sasl.jaas.config": f"{_SASL}.plain.PlainLoginModule required {_PLAIN_USERS};",
    "scram-sha-256.sasl.jaas.config": f"{_SASL}.scram.ScramLoginModule required;",
    "scram-sha-512.sasl.jaas.config": f"{_SASL}.scram.ScramLoginModule required;",
}
_TOKENS = {
    "sasl.enabled.mechanisms": "OAUTHBEARER",
    "oauthbearer.connections.max.reauth.ms": "3600000",
    "oauthbearer.sasl.jaas.config": f'{_SASL}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
}


def _listener(name: str, *settings: Mapping[str, str]) -> dict[str, str]:
    return {f"listener.name.{name}.{key}": value for part in settings for key, value in part.items()}


_ADMIN: Any = vars(confluent_kafka.admin)
"""The client's own classes, which its types do not export."""


def _right(user: str, name: str, operation: str, kind: str = "TOPIC") -> Any:
    resource, pattern = _ADMIN["ResourceType"][kind], _ADMIN["ResourcePatternType"].LITERAL
    allow = _ADMIN["AclPermissionType"].ALLOW
    return _ADMIN["AclBinding"](resource, name, pattern, f"User:{user}", "*", _ADMIN["AclOperation"][operation], allow)


def as_file(config: Mapping[str, str]) -> str:
    """Properties as a Java client's file has them."""
    escaped = {name: value.replace("\\", "\\\\").replace("\n", "\\n") for name, value in config.items()}
    return "".join(f"{name}={value}\n" for name, value in escaped.items())
