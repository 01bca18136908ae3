"""Connect to a real PostgreSQL: by its address, with a password that only the keyring and standard input see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.access import Access, can_be_asked
from app.connections import Connections
from app.dialogs.connect import ConnectDialog
from app.messages import Messages
from app.session import Session
from app.vault import service
from tests.app.captures import capture
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.postgres import message_db
from tests.postgres.server import PASSWORD, Database

TIMEOUT = 30_000


@pytest.fixture(autouse=True)
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    with memory_keyring() as made:
        yield made


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every argument that any child was given."""
    seen: list[str] = []
    set_arguments = QProcess.setArguments

    def watched(process: QProcess, given: list[str]) -> None:
        seen.extend(given)
        set_arguments(process, given)

    monkeypatch.setattr(QProcess, "setArguments", watched)
    return seen


@pytest.fixture
def dialog(qtbot: QtBot, messages: Database) -> ConnectDialog:
    """The dialog with the address of a store that holds one message."""
    with messages.connect() as connection:
        message_db.write(connection, "account-1", "Opened", {})
    made = ConnectDialog()
    qtbot.addWidget(made)
    made.show()
    made.page.show_kind("store")
    made.page.store.setText(messages.url)
    return made


def test_password_field_is_there_for_servers_only(dialog: ConnectDialog) -> None:
    assert dialog.page.store_password.isVisible()
    assert dialog.page.keep.isVisible()
    dialog.page.store.setText("sqlite:////tmp/shop.db")
    assert not dialog.page.store_password.isVisible()
    assert dialog.page.store_properties() == {}


def test_store_on_a_server_is_tested_connected_and_kept(
    qtbot: QtBot, dialog: ConnectDialog, messages: Database, fake: MemoryKeyring, arguments: list[str], tmp_path: Path
) -> None:
    dialog.page.store_password.setText(PASSWORD)
    dialog.toggle_test()
    qtbot.waitUntil(lambda: dialog.page.test.text() == "Test connection", timeout=TIMEOUT)
    assert all(line.startswith("✓") for line in dialog.page.steps.lines), dialog.page.steps.lines
    dialog.connect_now()
    qtbot.waitUntil(lambda: bool(Connections().recent()) and bool(fake.kept), timeout=TIMEOUT)
    (kept,) = Connections().recent()
    assert (kept.address, dict(kept.settings), kept.secrets) == (messages.url, {"user": "owner"}, ("password",))
    assert fake.kept == {(service(kept.id), "password"): PASSWORD}
    assert PASSWORD not in " ".join([*arguments, *dialog.page.steps.lines])
    assert [path for path in tmp_path.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()] == []
    dialog.reject()
    again = ConnectDialog()
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.page.store_password.text() == PASSWORD, timeout=TIMEOUT)
    again.reject()


def test_wrong_password_fails_at_its_step(qtbot: QtBot, dialog: ConnectDialog) -> None:
    dialog.page.store_password.setText("wrong-secret-word")
    dialog.toggle_test()
    qtbot.waitUntil(lambda: dialog.page.test.text() == "Test connection", timeout=TIMEOUT)
    assert "password authentication failed" in dialog.page.steps.lines[-1]
    assert "wrong-secret-word" not in dialog.page.steps.lines[-1]
    dialog.reject()


def test_source_of_a_capture_is_asked_again_with_what_the_keyring_has(
    qtbot: QtBot, qapp: QApplication, dialog: ConnectDialog, messages: Database, fake: MemoryKeyring, tmp_path: Path
) -> None:
    dialog.page.store_password.setText(PASSWORD)
    dialog.connect_now()
    qtbot.waitUntil(lambda: bool(fake.kept), timeout=TIMEOUT)
    dialog.reject()
    place = messages.url.replace("owner@", "")
    told: list[str] = []
    log = Messages(qapp)
    session = Session(capture(tmp_path / "a.evcap", 1), log)
    access = Access(session)
    assert can_be_asked(place)
    assert access.is_known(place)
    access.config(place, told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=TIMEOUT)
    assert sorted(told[0].split()) == [f"password={PASSWORD}", "user=owner"]
    assert not access.is_known(place + "x")
    session.close()
    log.deleteLater()
