"""The dialog that asks for a source: what it gives is a command, secrets apart."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.dialogs.connect import ConnectDialog


def test_the_answers_are_options_of_the_command(qtbot: QtBot) -> None:
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    assert not dialog._go.isEnabled()
    dialog._url.setText(" kafka://localhost:9092/orders ")
    dialog._start.setText("-15m")
    dialog._config.setPlainText("sasl.password=secret\n")
    assert dialog._go.isEnabled()
    assert (dialog.url(), dialog.options(), dialog.config()) == (
        "kafka://localhost:9092/orders",
        ["--from=-15m", "--follow"],
        "sasl.password=secret",
    )


def test_without_following_it_ends_by_itself(qtbot: QtBot) -> None:
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    dialog._follow.setChecked(False)
    assert dialog.options() == ["--from=earliest"]


def test_the_command_can_be_copied_and_holds_no_secret(qtbot: QtBot) -> None:
    dialog = ConnectDialog()
    qtbot.addWidget(dialog)
    dialog._url.setText("kafka://localhost:9092/my orders")
    dialog._config.setPlainText("sasl.password=secret")
    dialog._copy.click()
    copied = QGuiApplication.clipboard().text()
    assert copied == "eventscope capture 'kafka://localhost:9092/my orders' --from=earliest --follow --config - -o capture.evcap"
