"""The guide's page on connecting says what the code does."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from inspector.errors import UsageError
from inspector.sources.kafka_config import FORCED, client_properties, is_secret

PAGE = (files("resources") / "guide" / "kafka-connections.md").read_text(encoding="utf-8")
FORCED_PART, REFUSED_PART = PAGE.split("## What cannot be set")[1].split("## What is kept")[0].split("Refused altogether")
NAME = re.compile(r"`([a-z]+(?:\.[a-z]+)+)[`=]|`(debug)`")


def names(text: str) -> list[str]:
    return [dotted or plain for dotted, plain in NAME.findall(text)]


def test_page_names_every_forced_setting() -> None:
    assert sorted(names(FORCED_PART)) == sorted(FORCED)


@pytest.mark.parametrize("name", names(REFUSED_PART))
def test_what_the_page_calls_refused_is(name: str) -> None:
    with pytest.raises(UsageError, match=f"the property {re.escape(name)} is refused"):
        client_properties("h:9092", {name: "x"})


@pytest.mark.parametrize("name", names(PAGE.split("## What you need")[0]))
def test_what_the_page_offers_is_known(name: str) -> None:
    try:
        client_properties("h:9092", {name: "x"})
    except UsageError as error:
        # a value alone may be wrong, a name may not
        told = str(error)
        assert not re.search("known neither|is refused|is always", told)


def test_passwords_on_the_page_are_secrets_to_us() -> None:
    for name in ("sasl.password", "sasl.jaas.config", "ssl.key.password", "ssl.keystore.password", "sasl.oauthbearer.client.secret"):
        assert name in PAGE
        assert is_secret(name)
