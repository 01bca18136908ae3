"""Addresses and properties of PostgreSQL stores, without a server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import UsageError
from inspector.sources.postgres import PostgresSource
from inspector.sources.postgres_config import settings_of


@pytest.mark.parametrize(
    ("url", "expected", "place", "table"),
    [
        ("postgresql://h/d", {"host": "h", "dbname": "d"}, "h/d", ""),
        ("postgresql://u%40x@h:6/d/s.t", {"user": "u@x", "host": "h", "port": "6", "dbname": "d"}, "h:6/d", "s.t"),
        ("postgresql://u@[::1]:6/d", {"user": "u", "host": "::1", "port": "6", "dbname": "d"}, "[::1]:6/d", ""),
        ("postgresql://a:1,b/d", {"host": "a,b", "port": "1,", "dbname": "d"}, "a:1,b/d", ""),
        ("postgresql:///d", {"dbname": "d"}, "/d", ""),
        ("postgresql://h/d?sslmode=require&sslrootcert=%2Fca.pem", {"sslmode": "require", "sslrootcert": "/ca.pem"}, "h/d", ""),
    ],
)
def test_address_says_host_user_database_and_table(url: str, expected: dict[str, str], place: str, table: str) -> None:
    settings = settings_of(url, {})
    assert expected.items() <= settings.parameters.items()
    assert (settings.place, settings.table, settings.uri) == (place, table, f"postgresql://{place}")


def test_descriptor_that_needs_several_tables_is_refused(tmp_path: Path) -> None:
    written = tmp_path / "own.toml"
    match = '[match]\ntable = "e"\ncolumns = ["n"]\n{}\n[event]\nposition = "n"\nvalue = "v"\n'
    for more, named in (("where = { s = 0 }", r"\[match\] where"), ('also = { t = ["a"] }', r"\[match\] also")):
        written.write_text(match.format(more))
        with pytest.raises(UsageError, match=f"{named} is only read in SQLite stores"):
            PostgresSource("postgresql://nobody@localhost:1/d", {"descriptor": str(written)})


@pytest.mark.parametrize("rest", ["u:s3cret", "u:s3cret/d", "u:s3/cret@h/d", "h:66000/d"])
def test_what_is_no_port_may_be_a_password_and_is_not_repeated(rest: str) -> None:
    with pytest.raises(UsageError, match="is no port") as caught:
        settings_of(f"postgresql://{rest}", {})
    assert rest.partition(":")[2].partition("/")[0] not in str(caught.value)


def test_configuration_wins_and_what_is_of_other_sources_is_left() -> None:
    settings = settings_of("postgresql://u@h/d", {"user": "v", "sasl.password": "x", "reread.positions": "5"})
    assert (settings.user, settings.reread_positions, settings.reread_s) == ("v", 5, 60)
    assert "sasl.password" not in settings.parameters
    assert "x" not in repr(settings)


@pytest.mark.parametrize("text", ["-1", "x", "", "1000001"])
def test_number_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"reread\.positions"):
        settings_of("postgresql://h/d", {"reread.positions": text})


def test_half_a_password_with_a_slash_in_it_is_not_told() -> None:
    with pytest.raises(UsageError, match="is no port") as caught:
        settings_of("postgresql://u:hunter/secret@h/d", {})
    assert not {"hunter", "secret"} & set(re.findall(r"\w+", str(caught.value)))


@given(st.text(max_size=60))
def test_any_address_is_understood_or_refused(rest: str) -> None:
    try:
        settings = settings_of(f"postgresql://{rest}", {})
    except UsageError:
        return
    assert "@" not in settings.place.partition("/")[0]
