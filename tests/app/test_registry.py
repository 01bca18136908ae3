"""A schema registry: said when connecting, kept with the connection, and asked for when a capture is decoded again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import meaning
from app.connections import Connection, Connections
from app.dialogs.connect import ConnectDialog
from app.dialogs.decode_again import DecodeAgainDialog, Places, places_in, registry_problem
from app.dialogs.target import Target
from app.main_window import MainWindow
from app.recognise import REGISTRY, REGISTRY_LOGIN, login_of, login_text, recognise
from app.vault import service
from inspector.capture.sqlite import open_reader
from inspector.properties import is_secret, parse_properties
from tests import encodings
from tests.app import schema_captures as made
from tests.app.keyrings import MemoryKeyring, memory_keyring

_WAIT_MS = 60_000
SECRET = "s3cret-4711"


@pytest.fixture(autouse=True)
def keyring() -> Iterator[MemoryKeyring]:
    with memory_keyring() as one:
        yield one


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[ConnectDialog]:
    one = ConnectDialog()
    qtbot.addWidget(one)
    one.show()
    yield one
    one.reject()


def fill(dialog: ConnectDialog) -> None:
    kafka = dialog.page.kafka
    kafka.servers.setText("broker:9092")
    assert not kafka.registry_user.isVisible()
    QTest.keyClicks(kafka.registry, "http://registry:8081/")
    assert kafka.registry_user.isVisible()
    kafka.registry_user.setText("ann")
    kafka.registry_password.setText(SECRET)


def test_a_registry_becomes_an_option_and_its_login_a_secret(dialog: ConnectDialog) -> None:
    fill(dialog)
    target = dialog.target()
    assert target is not None
    assert target.registry == ["--registry=http://registry:8081"]
    assert target.connection.settings == {REGISTRY: "http://registry:8081"}
    assert target.secrets == {REGISTRY_LOGIN: f"ann:{SECRET}"}
    assert parse_properties(target.config) == {REGISTRY: "http://registry:8081", REGISTRY_LOGIN: f"ann:{SECRET}"}
    dialog.topics._target = target
    assert SECRET not in " ".join(dialog.topics.arguments())
    assert "--registry=http://registry:8081" in dialog.topics.arguments()
    assert is_secret(REGISTRY_LOGIN)


def test_a_kept_registry_comes_back_with_its_login_from_the_keyring(qtbot: QtBot, keyring: MemoryKeyring) -> None:
    kept = Connections().keep(Connection("prod", "kafka", "broker:9092", {REGISTRY: "http://registry:8081"}, (REGISTRY_LOGIN,)))
    keyring.set_password(service(kept.id), REGISTRY_LOGIN, f"ann:{SECRET}")
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    kafka = dialog.page.kafka
    assert kafka.registry.text() == "http://registry:8081"
    qtbot.waitUntil(lambda: kafka.registry_password.text() == SECRET, timeout=_WAIT_MS)
    assert kafka.registry_user.text() == "ann"
    assert kafka.further.toPlainText() == ""
    assert SECRET not in Connections().path.read_text(encoding="utf-8")
    dialog.reject()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://ann:pw@registry:8081", "no user and no password"),
        ("registry:8081", "http://HOST:PORT"),
        ("ftp://registry", "http://HOST:PORT"),
        ("http://[", "http://HOST:PORT"),
        ("https://registry/path", ""),
        ("", ""),
    ],
)
def test_an_address_that_is_none_is_said(address: str, words: str) -> None:
    assert words in registry_problem(address)
    assert bool(words) == bool(registry_problem(address))


def test_a_wrong_registry_keeps_from_connecting(dialog: ConnectDialog) -> None:
    dialog.page.kafka.servers.setText("broker:9092")
    dialog.page.kafka.registry.setText("http://ann:pw@registry")
    assert dialog.target() is None
    assert "no user and no password" in dialog.page.problem()


def test_a_pasted_configuration_fills_the_registry_too(dialog: ConnectDialog) -> None:
    text = f"bootstrap.servers=b:9092\nschema.registry.url=http://registry:8081\nbasic.auth.user.info=ann:{SECRET}\n"
    dialog._take(text)
    kafka = dialog.page.kafka
    assert (kafka.registry.text(), kafka.registry_user.text(), kafka.registry_password.text()) == ("http://registry:8081", "ann", SECRET)
    assert recognise("bootstrap.servers=b:1\nbasic.auth.user.info=a:b").properties == {"basic.auth.user.info": "a:b"}


def test_logins_are_taken_apart_at_the_first_colon() -> None:
    assert login_of("ann:pa:ss") == ("ann", "pa:ss")
    assert login_text("ann", "pa:ss") == "ann:pa:ss"
    assert login_text("", "") == ""


def test_places_become_options_and_only_the_input_has_the_login() -> None:
    places = Places("/schemas", "http://registry", f"ann:{SECRET}")
    assert places.options == ["--schemas=/schemas", "--registry=http://registry", "--config", "-"]
    assert SECRET not in repr(places)
    assert places_in(places.config) == Places(registry="http://registry", login=f"ann:{SECRET}")
    assert Places(schemas="/schemas").options == ["--schemas=/schemas"]
    assert (Places().options, Places().config, places_in("no properties")) == ([], "", Places())
    assert Target(Connection("a", "store", "sqlite:///a")).registry == []


class FakeChild(QObject):
    """The command as it was started; `end` says how it went."""

    progressed, said, ended = Signal(object), Signal(object, object), Signal(object)
    started: list[FakeChild] = []  # noqa: RUF012

    def __init__(self, arguments: list[str], parent: QObject, *, config: str = "", patience_ms: int = 0) -> None:
        super().__init__(parent)
        del patience_ms
        self.arguments, self.config, self.is_running = arguments, config, False

    def start(self) -> None:
        self.is_running = True
        FakeChild.started.append(self)

    def stop(self) -> None:
        self.is_running = False

    def end(self, _wait_ms: int = 0) -> None:
        self.stop()

    def tell(self, told: Mapping[str, Any], error: str = "") -> None:
        self.is_running = False
        self.progressed.emit(told)
        self.ended.emit(error)


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(meaning, "Child", FakeChild)
    FakeChild.started = []
    window.open_capture(made.write(tmp_path / "a.evcap", [made.waits(1), made.waits(2)]))
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 2, timeout=_WAIT_MS)
    return window


def asked(qtbot: QtBot, window: MainWindow) -> DecodeAgainDialog:
    assert window.selection is not None
    window.selection.decode_again()
    qtbot.waitUntil(lambda: bool(window.findChildren(DecodeAgainDialog)), timeout=_WAIT_MS)
    return window.findChildren(DecodeAgainDialog)[-1]


def test_decoding_again_asks_where_schemas_are_and_runs_the_command(qtbot: QtBot, opened: MainWindow, tmp_path: Path) -> None:
    dialog = asked(qtbot, opened)
    dialog.schemas.set_text("/tmp/schemas")
    dialog.registry.setText("registry")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "http://HOST:PORT" in dialog.problem.whole_text()
    dialog.registry.setText("http://registry:8081/")
    dialog.user.setText("ann")
    dialog.password.setText(SECRET)
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(FakeChild.started), timeout=_WAIT_MS)
    (child,) = FakeChild.started
    words = ["decode", str(tmp_path / "a.evcap"), "--schemas=/tmp/schemas", "--registry=http://registry:8081", "--config", "-"]
    assert child.arguments[: len(words)] == words
    assert parse_properties(child.config) == {REGISTRY: "http://registry:8081", REGISTRY_LOGIN: f"ann:{SECRET}"}
    assert SECRET not in " ".join(child.arguments)
    child.tell({"decoded": 2, "changed": 0, "undecodable": 2})
    qtbot.waitUntil(lambda: "2 events decoded again" in opened.chrome.decoding.text.whole_text(), timeout=_WAIT_MS)


def test_what_was_asked_before_is_offered_again_and_a_failure_is_tried_with_it(qtbot: QtBot, opened: MainWindow) -> None:
    dialog = asked(qtbot, opened)
    dialog.registry.setText("http://registry:8081")
    dialog.begin()
    qtbot.waitUntil(lambda: len(FakeChild.started) == 1, timeout=_WAIT_MS)
    FakeChild.started[0].tell({}, "http://registry:8081 does not answer")
    bar = opened.chrome.decoding
    qtbot.waitUntil(lambda: "does not answer" in bar.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(bar._action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(FakeChild.started) == 2, timeout=_WAIT_MS)
    assert "--registry=http://registry:8081" in FakeChild.started[1].arguments
    FakeChild.started[1].tell({"decoded": 2})
    qtbot.waitUntil(lambda: not bar.is_running, timeout=_WAIT_MS)
    assert asked(qtbot, opened).registry.text() == "http://registry:8081"


def test_the_dialog_says_what_waits(qtbot: QtBot, opened: MainWindow) -> None:
    from app.plain import PlainLabel

    texts = [label.whole_text() for label in asked(qtbot, opened).findChildren(PlainLabel)]
    assert f"schema 42: 2 events wait for it: {made.REGISTRY} does not answer" in texts


def test_decoding_again_from_the_pane_really_runs(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = made.write(tmp_path / "a.evcap", [made.Made(json.dumps({"n": place}).encode(), None, decoder="text") for place in range(3)])
    window.open_capture(path)
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 3, timeout=_WAIT_MS)
    asked(qtbot, window).begin()
    qtbot.waitUntil(lambda: "3 events decoded again" in window.chrome.decoding.text.whole_text(), timeout=_WAIT_MS)
    connection = open_reader(path)
    assert {row[0] for row in connection.execute("SELECT decoder FROM event")} == {"json"}
    connection.close()


def test_a_folder_of_schemas_makes_documents_of_what_waited(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    values = [*encodings.encoded(encodings.orders(40), "avro"), *encodings.encoded(encodings.orders(40), "protobuf")]
    path = encodings.capture_of(tmp_path / "a.evcap", values, [b"order-1"] * 80, schemas=())
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "orders-value-v3.id1.avsc").write_text(encodings.AVRO_TEXT)
    (folder / "orders-value-v4.id2.proto").write_text(encodings.PROTOBUF_TEXT)
    window.open_capture(path)
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 80, timeout=_WAIT_MS)
    assert window.panes is not None
    window.panes.show_pane("Schemas", on=True)
    pane = window.panes.schemas_pane
    qtbot.waitUntil(lambda: "80 events wait" in pane.waiting.text.whole_text(), timeout=_WAIT_MS)
    QTest.mouseClick(pane.waiting._action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.findChildren(DecodeAgainDialog)), timeout=_WAIT_MS)
    dialog = window.findChildren(DecodeAgainDialog)[-1]
    dialog.schemas.set_text(str(folder))
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "80 events decoded again" in window.chrome.decoding.text.whole_text(), timeout=4 * _WAIT_MS)
    qtbot.waitUntil(lambda: bool(window.panes and window.panes.schemas_pane.view.tree.rows), timeout=_WAIT_MS)
    anew = window.panes.schemas_pane
    assert anew.isVisible()
    assert anew.waiting.isHidden()
    assert anew.report is not None
    used = [version for kind in anew.report.types for version in kind.versions]
    assert sorted((version.schema.short, version.events) for version in used if version.schema is not None) == [
        ("orders-value v3", 40),
        ("orders-value v4", 40),
    ]
    connection = open_reader(path)
    found = connection.execute("SELECT decoder, count(*), count(data), max(flags) FROM event GROUP BY 1 ORDER BY 1").fetchall()
    connection.close()
    assert found == [("avro", 40, 40, 0), ("protobuf", 40, 40, 0)]
    window.events.choose_row(0)
    line = window.status_line
    assert line is not None
    qtbot.waitUntil(lambda: line.decoder.whole_text() == "avro · orders-value v3", timeout=_WAIT_MS)
