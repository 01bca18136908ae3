"""Registries in client properties: every name that clients use, whose login is sent where, and what is refused."""

from __future__ import annotations

import pytest

from inspector.errors import UsageError
from inspector.schemas.access import Access, is_registry_property, registries
from inspector.sources.kafka_config import client_properties

SECRET = "s3cret-pa55word"


@pytest.mark.parametrize(
    ("properties", "access"),
    [
        ({"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": f"me:{SECRET}"}, Access("me", SECRET)),
        ({"schema.registry.basic.auth.user.info": f"me:{SECRET}:x", "basic.auth.user.info": "no:no"}, Access("me", f"{SECRET}:x")),
        ({"basic.auth.credentials.source": "SASL_INHERIT", "sasl.username": "me", "sasl.password": SECRET}, Access("me", SECRET)),
        (
            {
                "schema.registry.basic.auth.credentials.source": "sasl_inherit",
                "sasl.jaas.config": f'a.b.PlainLoginModule required username="me" password="{SECRET}";',
            },
            Access("me", SECRET),
        ),
        ({"bearer.auth.token": SECRET}, Access(token=SECRET)),
        ({"bearer.auth.credentials.source": "STATIC_TOKEN", "schema.registry.bearer.auth.token": SECRET}, Access(token=SECRET)),
        ({"apicurio.auth.username": "me", "apicurio.auth.password": SECRET}, Access("me", SECRET)),
        (
            {
                "schema.registry.ssl.ca.location": "ca.pem",
                "schema.registry.ssl.certificate.location": "c.pem",
                "schema.registry.ssl.key.location": "k.pem",
                "schema.registry.ssl.key.password": SECRET,
                "ssl.ca.location": "kafka.pem",
            },
            Access(ca="ca.pem", certificate="c.pem", key="k.pem", key_password=SECRET),
        ),
        ({"schema.registry.request.timeout.ms": "5", "auto.register.schemas": "false"}, Access()),
    ],
)
def test_every_name_of_a_login_is_understood(properties: dict[str, str], access: Access) -> None:
    assert registries(["http://r:8081/"], properties) == [("http://r:8081", access)]


def test_registries_in_the_properties_need_no_option() -> None:
    found = registries([], {"schema.registry.url": "https://a, https://b/path/", "basic.auth.user.info": "u:p"})
    assert found == [("https://a", Access("u", "p")), ("https://b/path", Access("u", "p"))]
    assert registries([], {"apicurio.registry.url": "http://a/apis/registry/v2"}) == [("http://a/apis/registry/v2", Access())]
    assert registries([], {"bootstrap.servers": "x"}) == []


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost:8081", "registry.shop:8081/api", "[::1]:8081", "registry"])
def test_an_address_without_its_scheme_is_said_with_it(host: str) -> None:
    with pytest.raises(UsageError) as raised:
        registries([host], {})
    assert str(raised.value).endswith(f": write http://{host}")


@pytest.mark.parametrize("wrong", ["ftp://registry:8081", f"user:{SECRET}@registry:8081", "", "a registry"])
def test_what_is_no_address_at_all_is_not_repeated(wrong: str) -> None:
    with pytest.raises(UsageError, match="is expected") as raised:
        registries([wrong], {})
    assert SECRET not in str(raised.value)


def test_a_login_goes_to_the_registry_it_is_for_and_to_no_other() -> None:
    properties = {"schema.registry.url": "https://mine", "bearer.auth.token": SECRET, "schema.registry.ssl.ca.location": "ca.pem"}
    found = dict(registries(["https://other", "https://mine/"], properties))
    assert list(found) == ["https://other", "https://mine"]
    assert found["https://other"] == Access(ca="ca.pem")
    assert found["https://mine"].token == SECRET
    with pytest.raises(UsageError, match=r"schema\.registry\.url"):
        registries(["https://a", "https://b"], {"bearer.auth.token": SECRET})


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"schema.registry.url": f"https://me:{SECRET}@r"}, "--config"),
        ({"schema.registry.bsic.auth.user.info": f"me:{SECRET}"}, "not known"),
        ({"schema.registry.ssl.truststore.location": "t.jks", "schema.registry.ssl.truststore.password": SECRET}, "PEM"),
        ({"basic.auth.user.info": f"me:{SECRET}", "bearer.auth.token": SECRET}, "not both"),
        ({"bearer.auth.credentials.source": "OAUTHBEARER"}, "give a token"),
        ({"basic.auth.credentials.source": "KEYCHAIN"}, "none of"),
        ({"schema.registry.ssl.key.location": "k.pem"}, "certificate.location"),
    ],
)
def test_what_cannot_be_used_is_said_without_secrets(properties: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as raised:
        registries(["http://r"], properties)
    assert SECRET not in str(raised.value)


def test_the_kafka_client_is_given_nothing_of_it() -> None:
    properties = {
        "schema.registry.url": "http://r",
        "schema.registry.basic.auth.user.info": f"me:{SECRET}",
        "basic.auth.credentials.source": "USER_INFO",
        "bearer.auth.token": SECRET,
        "specific.avro.reader": "true",
        "value.subject.name.strategy": "x.TopicNameStrategy",
        "apicurio.registry.url": "http://r",
    }
    assert all(map(is_registry_property, properties))
    given = client_properties("127.0.0.1:1", {**properties, "client.rack": "r1"})
    assert given["client.rack"] == "r1"
    assert not set(properties) & set(given)
    assert SECRET not in str(given)


@pytest.mark.parametrize("name", ["ssl.ca.location", "sasl.password", "bootstrap.servers", "client.id", "basic", "json"])
def test_what_is_kafkas_stays_kafkas(name: str) -> None:
    assert not is_registry_property(name)
