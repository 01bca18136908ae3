"""Connect against a real broker with TLS, users and rights: right and wrong, counted interactions, no secret anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QProcess, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.connections import Connection, Connections
from app.dialogs.connect import ConnectDialog
from app.vault import service
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.kafka import captures
from tests.kafka.secure import GRANTED, PASSWORD, SecureBroker, as_file

WRONG = "wr0ng-secret-4711"
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


def filled(qtbot: QtBot, broker: SecureBroker, config: dict[str, str]) -> ConnectDialog:
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.page.kafka.fill(broker.broker.address("SASL"), config)
    return dialog


def outcomes(qtbot: QtBot, dialog: ConnectDialog) -> list[str]:
    QTest.mouseClick(dialog.page.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.page.test.text() == "Test connection", timeout=TIMEOUT)
    return [" ".join(line.partition(":")[0].split()) for line in dialog.page.steps.lines]


def no_secret(folder: Path, *texts: str) -> None:
    for secret in (PASSWORD, WRONG, "PRIVATE KEY"):
        assert not [text for text in texts if secret in text]
        assert [path.name for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()] == []


def test_each_step_of_a_right_connection_works(qtbot: QtBot, secure_broker: SecureBroker, tmp_path: Path, arguments: list[str]) -> None:
    dialog = filled(qtbot, secure_broker, secure_broker.login("SCRAM-SHA-512"))
    assert outcomes(qtbot, dialog) == [f"✓ ok {step}" for step in ("DNS", "TCP", "TLS", "SASL", "SASL")]
    assert "connected as alice" in dialog.page.steps.lines[-1]
    no_secret(tmp_path, *arguments, *dialog.page.steps.lines)
    dialog.reject()


def test_a_wrong_password_fails_at_its_step_and_is_not_kept(
    qtbot: QtBot, secure_broker: SecureBroker, tmp_path: Path, arguments: list[str], fake: MemoryKeyring
) -> None:
    dialog = filled(qtbot, secure_broker, secure_broker.login("SCRAM-SHA-512", password=WRONG))
    assert outcomes(qtbot, dialog)[-1] == "✗ failed SASL"
    dialog.connect_now()
    qtbot.waitUntil(lambda: bool(dialog.topics.problem.whole_text()), timeout=TIMEOUT)
    assert dialog.topics.problem.whole_text().startswith("✗ SASL: the broker refuses the user name or the password")
    no_secret(tmp_path, *arguments, *dialog.page.steps.lines, dialog.topics.problem.whole_text())
    assert (Connections().recent(), fake.kept) == ([], {})
    dialog.reject()


def test_missing_authority_and_missing_right_have_their_steps(qtbot: QtBot, secure_broker: SecureBroker) -> None:
    stranger = {name: value for name, value in secure_broker.login("PLAIN").items() if name != "ssl.ca.pem"}
    dialog = filled(qtbot, secure_broker, stranger)
    assert outcomes(qtbot, dialog)[-1] == "✗ failed TLS"
    dialog.reject()
    told = captures.run(
        "logs",
        secure_broker.url("SASL", GRANTED),
        "--check",
        "--config",
        "-",
        status=3,
        stdin=as_file(secure_broker.login("PLAIN", "carol")),
    )
    assert '"step": "authorisation", "works": false' in told.stdout


def test_known_cluster_to_tailing_a_topic_in_four_interactions(
    qtbot: QtBot, secure_broker: SecureBroker, tmp_path: Path, arguments: list[str], fake: MemoryKeyring
) -> None:
    login = secure_broker.login("SCRAM-SHA-512")
    public = {name: value for name, value in login.items() if name not in {"sasl.password", "ssl.ca.pem"}}
    kept = Connections().keep(
        Connection("prod", "kafka", secure_broker.broker.address("SASL"), public, ("sasl.password", "ssl.ca.pem"), production=True)
    )
    for name in kept.secrets:
        fake.kept[service(kept.id), name] = login[name]
    groups = secure_broker.cluster.groups()
    dialog = ConnectDialog()  # 1: Ctrl+N
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(dialog.topics.listed, timeout=TIMEOUT):
        QTest.keyClick(dialog.page.recent, Qt.Key.Key_Return)  # 2
    assert dialog.topics.badge.isVisible()
    assert dialog.topics.chosen()[0].name == GRANTED
    QTest.keyClicks(dialog.topics.search, "gran")  # 3
    with qtbot.waitSignal(dialog.capture_wanted) as wanted:
        QTest.keyClick(dialog.topics.search, Qt.Key.Key_Return)  # 4
    chosen, config = wanted.args
    assert chosen == [kept.url, f"--topic={GRANTED}", "--from=-1000", "--follow", "--config", "-"]
    no_secret(tmp_path, *arguments, *chosen)
    target = tmp_path / "a.evcap"
    captures.run("capture", *[word for word in chosen if word != "--follow"], "-o", target, stdin=config)
    assert [event.value for event in captures.events(target)] == [b"one", b"two", b"three"]
    assert secure_broker.cluster.groups() == groups
    no_secret(tmp_path)


def test_an_estimate_reads_no_record_unless_a_sample_is_asked_for(qtbot: QtBot, secure_broker: SecureBroker) -> None:
    dialog = filled(qtbot, secure_broker, secure_broker.login("PLAIN"))
    dialog.connect_now()
    topics = dialog.topics
    qtbot.waitUntil(topics.open.isEnabled, timeout=TIMEOUT)
    topics.reading.start.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "bytes unknown" in topics.estimate_text.whole_text(), timeout=TIMEOUT)
    assert topics.estimate_text.whole_text().startswith("at most 3 records of 1 partition ")
    QTest.mouseClick(topics.sample, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "from 3 records" in topics.estimate_text.whole_text(), timeout=TIMEOUT)
    assert topics.open.isEnabled()
    dialog.reject()
