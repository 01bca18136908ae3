"""Connect without a broker: a store from fields to command, what is kept and what is not, wrong input, stopping."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.connections import Connection, Connections
from app.dialogs.connect import ConnectDialog
from app.vault import service
from inspector.demo.store import ShopStore
from inspector.properties import REDACTED, parse_properties
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.app.test_recognise import FORMS, LOGIN

SECRET = "s3cret-4711"


@pytest.fixture(autouse=True)
def fake() -> Iterator[MemoryKeyring]:
    with memory_keyring() as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> str:
    ShopStore(tmp_path / "shop.db").close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[ConnectDialog]:
    made = ConnectDialog()
    qtbot.addWidget(made)
    made.show()
    yield made
    made.reject()


def key(qtbot: QtBot, dialog: ConnectDialog, pressed: Qt.Key) -> None:
    widget = dialog.focusWidget()
    assert widget is not None
    QTest.keyClick(widget, pressed)


def test_a_store_goes_from_its_address_to_a_capture(qtbot: QtBot, dialog: ConnectDialog, store: str) -> None:
    dialog.page.show_kind("store")
    QTest.keyClicks(dialog.page.store, store)
    with qtbot.waitSignal(dialog.topics.listed, timeout=20_000):
        key(qtbot, dialog, Qt.Key.Key_Return)
    assert "1 table " in dialog.topics.note.whole_text()
    with qtbot.waitSignal(dialog.capture_wanted) as wanted:
        QTest.keyClick(dialog.topics.search, Qt.Key.Key_Return)
    assert wanted.args == [[store, "--topic=stored_events", "--from=-1000", "--follow"], ""]
    assert (dialog.url(), dialog.options()) == (store, ["--topic=stored_events", "--from=-1000", "--follow"])
    assert [one.address for one in Connections().recent()] == [store]


def test_more_than_the_usual_is_estimated_first(qtbot: QtBot, dialog: ConnectDialog, store: str) -> None:
    dialog.page.show_kind("store")
    dialog.page.store.setText(store)
    dialog.connect_now()
    topics = dialog.topics
    qtbot.waitUntil(topics.open.isEnabled, timeout=20_000)
    topics.reading.start.setCurrentIndex(1)
    assert not topics.open.isEnabled()
    qtbot.waitUntil(topics.open.isEnabled, timeout=20_000)
    assert topics.estimate_text.whole_text().startswith("at most 0 records of 1 partition ")
    topics.reading.rate.setText("soon")
    qtbot.waitUntil(lambda: "soon" in topics.estimate_text.whole_text(), timeout=20_000)
    assert topics.estimate_text.whole_text().startswith("✗")
    assert not topics.open.isEnabled()


def test_the_steps_of_a_test_are_shown_as_they_come(qtbot: QtBot, dialog: ConnectDialog, store: str) -> None:
    dialog.page.show_kind("store")
    dialog.page.store.setText(store)
    QTest.mouseClick(dialog.page.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(dialog.page.steps.lines) == 3, timeout=20_000)
    qtbot.waitUntil(lambda: dialog.page.test.text() == "Test connection", timeout=20_000)
    assert [line.split(":")[0] for line in dialog.page.steps.lines] == ["✓ ok open", "✓ ok shape", "✓ ok rows"]


def test_a_store_that_is_not_there_fails_at_its_step(qtbot: QtBot, dialog: ConnectDialog, tmp_path: Path) -> None:
    dialog.page.show_kind("store")
    dialog.page.store.setText(f"sqlite:///{tmp_path / 'none.db'}")
    dialog.toggle_test()
    qtbot.waitUntil(lambda: dialog.page.test.text() == "Test connection", timeout=20_000)
    (line,) = dialog.page.steps.lines
    assert line.startswith("✗ failed open: there is no file")
    dialog.connect_now()
    qtbot.waitUntil(lambda: "there is no file" in dialog.topics.problem.whole_text(), timeout=20_000)
    assert Connections().recent() == []


def test_a_test_that_hangs_can_be_stopped(qtbot: QtBot, dialog: ConnectDialog) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        dialog.page.kafka.servers.setText(f"127.0.0.1:{silent.getsockname()[1]}")
        dialog.toggle_test()
        qtbot.waitUntil(lambda: len(dialog.page.steps.lines) >= 1, timeout=20_000)
        dialog.toggle_test()
        assert dialog.page.steps.lines[-1] == "✗ failed : stopped"
        assert not dialog._test.is_running


@pytest.mark.parametrize("kind", FORMS)
def test_pasting_fills_the_fields_with_secrets_masked(qtbot: QtBot, dialog: ConnectDialog, kind: str) -> None:
    QGuiApplication.clipboard().setText(FORMS[kind])
    QTest.mouseClick(dialog.page.paste, Qt.MouseButton.LeftButton)
    form = dialog.page.kafka
    assert (form.servers.text(), form.protocol.currentText(), form.user.text()) == ("b1:9093,b2:9093", "SASL_SSL", "alice")
    assert form.password.displayText() != form.password.text() == LOGIN["sasl.password"]
    assert form.properties() == LOGIN
    assert kind in dialog.page.note()


def test_a_file_is_imported_and_what_has_no_field_stays(qtbot: QtBot, dialog: ConnectDialog, tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    given = {
        "security.protocol": "SSL",
        "ssl.keystore.location": "/k/alice.jks",
        "ssl.keystore.password": SECRET,
        "ssl.truststore.location": "/k/trust.p12",
        "ssl.key.password": "0ther",
        "client.rack": "a",
    }
    file.write_text("bootstrap.servers=b:1\n" + "".join(f"{name}={value}\n" for name, value in given.items()))
    dialog.import_properties(file)
    form = dialog.page.kafka
    qtbot.waitUntil(lambda: form.servers.text() == "b:1")
    assert form.properties() == given
    assert form.further.toPlainText() == f"ssl.key.password={REDACTED}\nclient.rack=a\n"


def test_a_secret_typed_under_further_properties_is_masked_on_leaving(qtbot: QtBot, dialog: ConnectDialog) -> None:
    form = dialog.page.kafka
    form.further.setFocus()
    form.further.setPlainText(f"sasl.oauthbearer.client.secret={SECRET}\nclient.rack=b")
    form.servers.setFocus()
    qtbot.waitUntil(lambda: SECRET not in form.further.toPlainText())
    assert form.properties() == {"sasl.oauthbearer.client.secret": SECRET, "client.rack": "b"}


def test_what_is_missing_is_said_where_it_belongs(qtbot: QtBot, dialog: ConnectDialog) -> None:
    dialog.connect_now()
    assert dialog.page.problem() == "✗ Bootstrap servers is empty"
    dialog.page.kafka.servers.setText("b:1")
    assert dialog.page.problem() == ""
    dialog.page.kafka.protocol.setCurrentText("SASL_SSL")
    dialog.page.kafka.user.setText("alice")
    dialog.connect_now()
    assert dialog.page.problem() == "✗ Password is empty"
    assert dialog.focusWidget() is dialog.page.kafka.password


def test_copied_commands_hold_no_secret(qtbot: QtBot, dialog: ConnectDialog) -> None:
    dialog.page.kafka.fill(
        "b:1", {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "alice", "sasl.password": SECRET}
    )
    QTest.mouseClick(dialog.page.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "eventscope logs kafka://b:1 --check --config client.properties"
    target = dialog.target()
    assert target is not None
    assert SECRET not in repr(target)
    assert parse_properties(target.config)["sasl.password"] == SECRET


def test_a_kept_connection_gets_its_password_from_the_keyring(qtbot: QtBot, fake: MemoryKeyring) -> None:
    kept = Connections().keep(
        Connection("prod", "kafka", "b:1", {"security.protocol": "SASL_SSL", "sasl.username": "alice"}, ("sasl.password",), production=True)
    )
    fake.kept[service(kept.id), "sasl.password"] = SECRET
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.page.kafka.password.text() == SECRET)
    assert dialog.page.production.isChecked()
    dialog.forget()
    qtbot.waitUntil(lambda: not fake.kept)
    assert Connections().recent() == []
    dialog.reject()


def test_a_password_that_is_not_kept_is_asked_for(qtbot: QtBot) -> None:
    Connections().keep(Connection("prod", "kafka", "b:1", {"security.protocol": "SASL_SSL", "sasl.username": "alice"}, ("sasl.password",)))
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    dialog.connect_now()
    qtbot.waitUntil(lambda: dialog.page.note() == "sasl.password not kept: type it to connect")
    assert dialog._stack.currentWidget() is dialog.page
    dialog.reject()


def test_a_file_is_opened_as_a_file(qtbot: QtBot, dialog: ConnectDialog, tmp_path: Path) -> None:
    dialog.page.show_kind("file")
    dialog.page.file.set_text(str(tmp_path / "a.evcap"))
    with qtbot.waitSignal(dialog.file_wanted) as wanted:
        QTest.mouseClick(dialog.page.go, Qt.MouseButton.LeftButton)
    assert wanted.args == [tmp_path / "a.evcap"]


def test_a_connection_names_its_profile(dialog: ConnectDialog) -> None:
    dialog.page.offer_profiles(["Default", "Payments"])
    dialog.page.fill(Connection("shop", "store", "sqlite:///shop.db", profile="Payments"))
    target = dialog.target()
    assert target is not None
    assert target.connection.profile == "Payments"
    dialog.page.clear()
    dialog.page.show_kind("store")
    dialog.page.store.setText("sqlite:///other.db")
    target = dialog.target()
    assert target is not None
    assert target.connection.profile == ""
    dialog.page.fill(Connection("shop", "store", "sqlite:///shop.db", profile="gone"))
    assert dialog.page.profile_name() == ""
