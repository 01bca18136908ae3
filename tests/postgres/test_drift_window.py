"""The drift pane on a real PostgreSQL: a password that only the keyring and standard input see, and what the server refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.connections import MODEL, Connections
from app.drifting import Drifting
from app.messages import Messages
from app.models.drift_words import as_csv
from app.panes.drift import DriftPane
from app.selection import Selection
from app.session import Session
from app.vault import service
from inspector.cli import main
from tests.app.keyrings import MemoryKeyring, memory_keyring
from tests.app.test_masked_window import texts_of
from tests.postgres.server import PASSWORD, Database
from tests.postgres.test_drift import capture, model

__all__ = ["capture", "model"]  # fixtures
_WAIT_MS = 60_000


@pytest.fixture(autouse=True)
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    monkeypatch.setenv("EVENTSCOPE_HOME", str(tmp_path / "home"))
    with memory_keyring() as made:
        yield made


@pytest.fixture
def session(qapp: QApplication, capture: Path) -> Iterator[Session]:
    messages = Messages(qapp)
    made = Session(capture, messages)
    yield made
    made.close()
    messages.deleteLater()


def shown(qtbot: QtBot, session: Session, folder: Path) -> DriftPane:
    """A pane, with the projection written into it."""
    pane = DriftPane(session, Selection(), QSettings(str(folder / "pane.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(pane)
    pane.resize(1_000, 320)
    pane.show()
    if session.watermark is None:
        session.start()
    qtbot.waitUntil(lambda: session.watermark is not None and pane.question.keep.isEnabled(), timeout=_WAIT_MS)
    pane.question.spec.set_text(str(session.path.with_name("stock.toml")))
    return pane


def compare(qtbot: QtBot, pane: DriftPane) -> str:
    """Clicks, waits, and gives what is said then."""
    QTest.mouseClick(pane.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not pane.drifting.is_busy, timeout=_WAIT_MS)
    return pane.failure.text.whole_text() if pane.failure.isVisible() else ""


def test_a_password_that_worked_is_kept_and_found_again(
    qtbot: QtBot,
    session: Session,
    model: Database,
    keyring: MemoryKeyring,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    pane = shown(qtbot, session, tmp_path)
    pane.question.model.line.setText(model.url.replace("owner@", "owner:wrong-one@"))
    assert pane.question.model.text() == model.url
    assert "password authentication failed" in compare(qtbot, pane)
    assert keyring.kept == {}
    pane.question.password.setText(PASSWORD)
    assert compare(qtbot, pane) == ""
    assert pane.counts.whole_text() == "1 missing · 1 extra · 1 different · 1 matched"
    found = pane.drifting.found
    assert found is not None
    config = str(session.path.with_name("client.properties"))
    spec = str(session.path.with_name("stock.toml"))
    assert main(["drift", str(session.path), spec, "--model", model.url, "--config", config, "--format", "csv"]) == 1
    assert as_csv(found.columns, found.differences).splitlines() == capsys.readouterr().out.splitlines()
    kept = Connections().same_place(MODEL, model.url)
    assert kept is not None
    qtbot.waitUntil(lambda: keyring.kept == {(service(kept.id), "password"): PASSWORD}, timeout=_WAIT_MS)
    pane.leave()
    # another day: the address is there again, the password comes from the keyring
    pane.drifting.deleteLater()
    qtbot.waitUntil(lambda: session.findChild(Drifting) is None, timeout=_WAIT_MS)
    again = shown(qtbot, session, tmp_path)
    assert (again.question.model.text(), again.question.password.text()) == (model.url, "")
    assert compare(qtbot, again) == ""
    assert len(again.table.rows) == 3
    assert not [text for text in texts_of(again) if PASSWORD in text]
    home = [file for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert home
    assert not [file for file in [*home, tmp_path / "pane.ini"] if PASSWORD.encode() in file.read_bytes()]
    model.run("ALTER TABLE shop.stock RENAME free TO available")
    assert "free" in compare(qtbot, again)
    assert len(again.table.rows) == 3, "what was found before stays"
    again.leave()
