"""Addresses of read models: what is secret in them is taken out, or the address is refused without saying it."""

from __future__ import annotations

import pytest

from app.model_address import address_of, parted, problem, user_of

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("written", "address", "secrets"),
    [
        ("postgresql://reader:s3cret@host/shop", "postgresql://reader@host/shop", {"password": "s3cret"}),
        ("postgresql://reader:s%40cret@[::1]:5432/shop", "postgresql://reader@[::1]:5432/shop", {"password": "s@cret"}),
        ("postgresql://reader:a@b@host/shop", "postgresql://reader@host/shop", {"password": "a@b"}),
        ("postgresql://one:5432,two/shop?user=u&password=s3cret", "postgresql://one:5432,two/shop?user=u", {"password": "s3cret"}),
        ("postgresql://host/shop?sslkey=/key.pem", "postgresql://host/shop?sslkey=/key.pem", {}),
        ("postgresql:///shop", "postgresql:///shop", {}),
        ("sqlite:///a@b:c.db", "sqlite:///a@b:c.db", {}),
        ("sqlite:///C:/shop/model.db", "sqlite:///C:/shop/model.db", {}),
        ("C:\\shop\\password.csv", "C:\\shop\\password.csv", {}),
        ("/shop/a#b?c@d.parquet", "/shop/a#b?c@d.parquet", {}),
    ],
)
def test_secrets_are_taken_out(written: str, address: str, secrets: dict[str, str]) -> None:
    assert parted(written) == (address, secrets)
    assert problem(address_of(address)) == ""


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://reader:s3c/s3cret@host/shop",
        "postgresql://reader:s3c#s3cret@host/shop",
        "postgresql://reader:s3c?s3cret@host/shop",
        "postgresql://reader:s3cret",
        "postgresql://reader:s3cret/shop",
        "postgresql:reader:s3cret@host/shop",
        "mysql://reader:s3c#s3cret@host/shop",
        "host=db user=reader password=s3cret dbname=shop",
        "host=db user=reader password = s3cret",
        "jdbc:postgresql://host/shop?user=reader&password=s3cret",
        "jdbc:postgresql://reader:s3cret@host/shop",
    ],
)
def test_an_address_that_may_hold_a_secret_is_refused_without_saying_it(written: str) -> None:
    address, secrets = parted(written)
    assert SECRET in address
    assert not secrets
    said = problem(address_of(address))
    assert said
    assert SECRET not in said
    assert "s3c" not in said


def test_the_user_is_read_without_the_password() -> None:
    assert user_of("postgresql://re%40der@host/shop") == "re@der"
    assert user_of("postgresql://host/shop") == ""
