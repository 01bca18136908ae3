"""What people paste: each form gives the same connection; nothing of it is repeated in a message."""

from __future__ import annotations

import pytest

from app.recognise import recognise
from inspector.errors import UsageError

LOGIN = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "alice", "sasl.password": 's3 "cret'}
FORMS = {
    "Java client properties": (
        "# client\nbootstrap.servers = b1:9093,b2:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
        "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n"
        '  username="alice" password="s3 \\\\"cret";\n'
    ),
    "librdkafka configuration": (
        "metadata.broker.list=b1:9093,b2:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username=alice\n"
        'sasl.password=s3 "cret\n'
    ),
    "kcat configuration": (
        "-X bootstrap.servers=b1:9093,b2:9093\n-X security.protocol=SASL_SSL\n-X sasl.mechanisms=SCRAM-SHA-512\n"
        '-X sasl.username=alice\n-X sasl.password=s3 "cret'
    ),
    "kcat command": (
        "kcat -C -b b1:9093,b2:9093 -X security.protocol=SASL_SSL -Xsasl.mechanisms=SCRAM-SHA-512 \\\n"
        "  -X sasl.username=alice -X 'sasl.password=s3 \"cret' -t orders -o end"
    ),
    "JSON": (
        '{"bootstrap.servers": "b1:9093,b2:9093", "security.protocol": "SASL_SSL", "sasl.mechanisms": "SCRAM-SHA-512", '
        '"sasl.username": "alice", "sasl.password": "s3 \\"cret"}'
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_every_form_is_the_same_connection(kind: str) -> None:
    pasted = recognise(FORMS[kind])
    assert (pasted.kind, pasted.bootstrap, pasted.properties) == (kind, "b1:9093,b2:9093", LOGIN)
    assert pasted.topic == ("orders" if kind == "kcat command" else "")


@pytest.mark.parametrize(
    "text", ["", "hunter2", "{", "{hunter2", '["hunter2"]', "kcat 'hunter2", "kcat -F hunter2", "sasl.jaas.config=hunter2"]
)
def test_what_is_none_of_them_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        recognise(text)
    assert "hunter2" not in str(refused.value)


def test_a_login_with_more_than_a_password_stays_as_it_is() -> None:
    line = 'OAuthBearerLoginModule required clientId="a" clientSecret="b";'
    assert recognise(f"sasl.jaas.config={line}").properties == {"sasl.jaas.config": line}
