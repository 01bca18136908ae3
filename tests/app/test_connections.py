"""Kept connections: a file for its owner, without secrets; secrets in the keyring or nowhere."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from pytestqt.qtbot import QtBot

from app.aside import Aside
from app.connections import Connection, Connections
from app.vault import NO_KEYRING, Vault, service
from tests.app.keyrings import MemoryKeyring, memory_keyring

SECRET = "s3cret-4711"
PROD = Connection(
    "prod", "kafka", "broker:9093", {"security.protocol": "SASL_SSL", "sasl.password": SECRET}, ("sasl.password",), production=True
)


@pytest.fixture
def fake() -> Iterator[MemoryKeyring]:
    with memory_keyring() as made:
        yield made


@pytest.fixture
def vault(qtbot: QtBot) -> Iterator[Vault]:
    aside = Aside("test")
    yield Vault(aside)
    aside.close()


def test_what_is_kept_comes_back_newest_first_and_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "connections.json"
    kept = Connections(path).keep(PROD)
    second = Connections(path).keep(Connection("shop", "store", "sqlite:///shop.db"))
    again = Connections(path).recent()
    assert [one.id for one in again] == [second.id, kept.id]
    assert (again[1].settings, again[1].secrets, again[1].production) == ({"security.protocol": "SASL_SSL"}, ("sasl.password",), True)
    assert SECRET not in path.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "connections.json"
    Connections(path).keep(PROD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"connections": 5}', '{"connections": [1, {"kind": "x"}, {"kind": "kafka"}]}'])
def test_a_file_that_is_not_ours_is_no_connection(tmp_path: Path, content: str) -> None:
    path = tmp_path / "connections.json"
    path.write_text(content)
    assert Connections(path).recent() == []


def test_a_secret_someone_wrote_into_the_file_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "connections.json"
    Connections(path).keep(PROD)
    told = json.loads(path.read_text())
    told["connections"][0]["settings"]["sasl.password"] = SECRET
    path.write_text(json.dumps(told))
    assert "sasl.password" not in Connections(path).recent()[0].settings


def test_forgotten_is_gone(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "connections.json")
    connections.forget(connections.keep(PROD))
    assert Connections(tmp_path / "connections.json").recent() == []


def test_secrets_go_through_the_keyring_and_back(qtbot: QtBot, vault: Vault, fake: MemoryKeyring) -> None:
    said: list[object] = []
    vault.ask_usable(said.append)
    vault.keep(PROD.id, {"sasl.password": SECRET}, said.append)
    vault.fetch(PROD.id, ["sasl.password", "ssl.key.password"], said.append)
    qtbot.waitUntil(lambda: len(said) == 3)
    assert said == [True, "", {"sasl.password": SECRET}]
    assert fake.kept == {(service(PROD.id), "sasl.password"): SECRET}
    vault.forget(PROD.id, ["sasl.password", "ssl.key.password"])
    qtbot.waitUntil(lambda: not fake.kept)


def test_a_locked_keyring_is_said_and_gives_nothing(
    qtbot: QtBot, vault: Vault, fake: MemoryKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    fake.locked = True
    said: list[object] = []
    vault.keep(PROD.id, {"sasl.password": SECRET}, said.append)
    vault.fetch(PROD.id, ["sasl.password"], said.append)
    qtbot.waitUntil(lambda: len(said) == 2)
    assert said == ["the system keyring does not take the password (KeyringLocked): it is asked for each time", {}]
    assert SECRET not in caplog.text


def test_without_a_keyring_nothing_is_kept_and_that_is_said(qtbot: QtBot, vault: Vault) -> None:
    before = keyring.get_keyring()
    none: Callable[[], KeyringBackend] = NoKeyring
    keyring.set_keyring(none())
    said: list[object] = []
    try:
        vault.ask_usable(said.append)
        vault.keep(PROD.id, {"sasl.password": SECRET}, said.append)
        vault.fetch(PROD.id, ["sasl.password"], said.append)
        qtbot.waitUntil(lambda: len(said) == 3)
    finally:
        keyring.set_keyring(before)
    assert said == [False, NO_KEYRING, {}]


def test_the_profile_a_connection_names_is_kept(tmp_path: Path) -> None:
    Connections(tmp_path / "c.json").keep(Connection("shop", "store", "sqlite:///shop.db", profile="Payments"))
    (kept,) = Connections(tmp_path / "c.json").recent()
    assert kept.profile == "Payments"
