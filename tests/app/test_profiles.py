"""Profiles in the window: switched, made, renamed, mailed; what is changed goes into the one in force; masks hold at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.dialogs.masks import MasksDialog
from app.dialogs.name import NameDialog
from app.dialogs.palette import Palette
from app.dialogs.profiles import ProfilesDialog
from app.main_window import MainWindow
from app.messages import Messages
from app.models.color_rules import ColorRule
from app.models.plot_spec import STACKED, PlotSpec, Threshold, standard
from app.models.profile import DEFAULT, ColumnChoices, MaskRules, Profile, file_text, read
from app.profiles import Profiles
from inspector.errors import UsageError
from inspector.masks import SIGN
from tests.app.captures import capture
from tests.app.profiles import profiles_at, settings_at
from tests.app.test_actions import run
from tests.app.test_masked_window import everything, texts_of
from tests.app.test_window import shown, wait_for_event
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
PAYMENTS = Profile(
    "Payments",
    ColumnChoices({"actor": True, "log": False}, {"key": 170}, ("time", "data.total"), ("data.total",)),
    (ColorRule("seq < 3", 2),),
    ("data.total > 5",),
    (PlotSpec("events", "type", scale=STACKED), PlotSpec("late", "log", threshold=Threshold(5.0))),
    ("last hour", "10 s"),
    "log",
)


def told(profiles: Profiles) -> list[str]:
    said: list[str] = []
    profiles.failed.connect(lambda sentence: said.append(str(sentence)))
    return said


# ---- keeping


def test_there_is_always_a_usual_one_and_changes_are_kept_at_once(tmp_path: Path) -> None:
    profiles = profiles_at(tmp_path)
    assert profiles.names() == [DEFAULT]
    assert profiles.current == Profile()
    profiles.change(filters=("seq > 1",))
    assert profiles_at(tmp_path).current.filters == ("seq > 1",)
    assert profiles.path(DEFAULT).stat().st_mode & 0o077 == 0


def test_one_is_made_renamed_duplicated_and_deleted(tmp_path: Path) -> None:
    profiles = profiles_at(tmp_path)
    profiles.change(filters=("seq > 1",))
    profiles.save_as("Pay/ments & co: %41")
    assert profiles.current.filters == ("seq > 1",)
    profiles.change(filters=("seq > 2",))
    profiles.duplicate(profiles.current.name, "Second")
    profiles.rename("Second", "second")
    profiles.rename(profiles.current.name, "Payments")
    assert profiles.names() == [DEFAULT, "Payments", "second"]
    assert (profiles.current.name, profiles.current.filters) == ("Payments", ("seq > 2",))
    assert profiles_at(tmp_path).current.name == "Payments"
    for wrong in ("payments", DEFAULT, "", " x"):
        with pytest.raises(UsageError):
            profiles.save_as(wrong)
        with pytest.raises(UsageError):
            profiles.rename("second", wrong)
    with pytest.raises(UsageError, match="keeps its name"):
        profiles.rename(DEFAULT, "Other")
    profiles.delete("Payments")
    assert (profiles.current.name, profiles.current.filters) == (DEFAULT, ("seq > 1",))
    profiles.delete(DEFAULT)
    assert profiles.current == Profile()


def test_a_profile_goes_by_mail_and_never_over_another(tmp_path: Path) -> None:
    profiles, mailed = profiles_at(tmp_path), tmp_path / "mail.toml"
    profiles.add(PAYMENTS)
    profiles.export("Payments", mailed)
    assert read(mailed.read_text(encoding="utf-8"), "mail.toml") == PAYMENTS
    assert profiles.import_file(mailed).name == "Payments 2"
    assert profiles.get("Payments 2").colors == PAYMENTS.colors
    mailed.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="no text"):
        profiles.import_file(mailed)
    with pytest.raises(UsageError, match="cannot be read"):
        profiles.import_file(tmp_path / "none.toml")
    mailed.write_text("profile = 1\nfilters = ['seq >']")
    with pytest.raises(UsageError, match=r"mail.toml: filters\[1\]"):
        profiles.import_file(mailed)
    assert profiles.names() == [DEFAULT, "Payments", "Payments 2"]


def test_a_capture_has_the_profile_it_had_last(tmp_path: Path) -> None:
    profiles = profiles_at(tmp_path)
    profiles.add(PAYMENTS)
    profiles.use(DEFAULT)
    profiles.open_capture(tmp_path / "a.evcap", "Payments")
    assert profiles.current.name == "Payments"
    profiles.open_capture(tmp_path / "b.evcap")
    profiles.use(DEFAULT)
    profiles.open_capture(tmp_path / "a.evcap")
    assert profiles.current.name == "Payments"
    profiles.rename("Payments", "Paid")
    profiles.open_capture(tmp_path / "b.evcap", "Paid")
    assert profiles.current.name == DEFAULT
    profiles.open_capture(tmp_path / "a.evcap")
    assert profiles.current.name == "Paid"
    profiles.open_capture(tmp_path / "c.evcap", "nobody")
    assert profiles.current.name == "Paid"
    profiles.close_capture()
    profiles.use(DEFAULT)
    profiles.open_capture(tmp_path / "c.evcap")
    assert profiles.current.name == "Paid"


def test_a_file_that_is_wrong_is_said_and_never_written_over(tmp_path: Path) -> None:
    profiles = profiles_at(tmp_path)
    profiles.change(filters=("seq > 1",))
    profiles.path("Other").write_text("profile = 1\nx = 1")
    said = told(profiles)
    profiles.use("Other")
    assert "'x' is not known here" in said[0]
    assert profiles.current.name == DEFAULT
    profiles.path(DEFAULT).write_text("{")
    again = profiles_at(tmp_path)
    assert again.current == Profile()
    assert "Default.toml.wrong" in again.problem
    again.change(filters=("seq > 2",))
    assert again.path(DEFAULT).with_name("Default.toml.wrong").read_text() == "{"


# ---- in the window


def profiles_of(window: MainWindow) -> Profiles:
    return window.profiling.profiles


def menu_of(window: MainWindow) -> QMenu:
    assert window.status_line is not None
    QTest.mouseClick(window.status_line.profile, Qt.MouseButton.LeftButton)
    (menu,) = [menu for menu in window.status_line.profile.findChildren(QMenu) if menu.isVisible()]
    return menu


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_two_clicks_put_another_profile_in_force(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    profiles = profiles_of(window)
    profiles.add(PAYMENTS)
    profiles.use(DEFAULT)
    pane = shown(qtbot, window, capture(tmp_path / "a.evcap", 20), 20)
    pane.view.header.show_column("id", on=True)
    menu = menu_of(window)
    assert [action.text() for action in menu.actions()[:2] if action.isChecked()] == [DEFAULT]
    place = menu.actionGeometry(menu.actions()[1]).center()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
    assert profiles.current.name == "Payments"
    header = pane.view.header
    assert header.is_shown("actor")
    assert header.is_shown("data.total")
    assert not header.is_shown("log")
    assert not header.is_shown("id")
    assert window.panes is not None
    assert window.panes.metrics_pane.chosen() == (PAYMENTS.plots, ("last hour", "10 s"))
    assert window.panes.timeline_pane.by.currentText() == "by log"
    assert window.panes.coloring.rules == PAYMENTS.colors
    assert window.chrome.filter.store.kept == ["data.total > 5"]
    assert window.status_line is not None
    assert "Payments" in window.status_line.profile.text()
    run(window, "Choose a profile")
    profiles.use(DEFAULT)
    assert header.is_shown("id")
    assert not header.is_shown("actor")


def test_what_is_changed_is_the_profiles_and_no_others(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    profiles = profiles_of(window)
    shown(qtbot, window, capture(tmp_path / "a.evcap", 20), 20)
    run(window, "Save as a profile")
    (dialog,) = window.findChildren(NameDialog)
    assert not dialog.ok.isEnabled()
    QTest.keyClicks(dialog.line, "default")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert "already" in dialog.wrong.whole_text()
    dialog.line.setText("Mine")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert profiles.current.name == "Mine"
    assert window.panes is not None
    window.events.view.header.show_column("actor", on=True)
    window.panes.metrics_pane.choose(standard("category"), ("all", "auto"))
    window.panes.coloring.keep([ColorRule("seq > 1", 4)])
    window.chrome.filter.store.keep("seq > 7", on=True)
    window.close_capture()
    kept = profiles_at(tmp_path).get("Mine")
    assert kept.columns.shown == {"actor": True}
    assert (kept.colors, kept.filters, kept.plots) == ((ColorRule("seq > 1", 4),), ("seq > 7",), standard("category"))
    profiles.use(DEFAULT)
    assert profiles.current == Profile()


def test_the_palette_has_every_profile(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    profiles_of(window).add(PAYMENTS)
    profiles_of(window).use(DEFAULT)
    window.show_palette()
    (palette,) = window.findChildren(Palette)
    QTest.keyClicks(palette.text, "use paym")
    QTest.keyClick(palette.text, Qt.Key.Key_Return)
    assert profiles_of(window).current.name == "Payments"


def test_the_list_of_profiles_by_keys(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    profiles = profiles_of(window)
    profiles.add(PAYMENTS)
    run(window, "Manage profiles: rename, duplicate, delete")
    (dialog,) = window.findChildren(ProfilesDialog)
    dialog.activateWindow()
    assert "1 colour rule" in dialog.about.whole_text()
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Up)
    assert not dialog.rename.isEnabled()
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert profiles.current.name == DEFAULT
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    dialog._rename()
    (ask,) = dialog.findChildren(NameDialog)
    ask.line.setText("Paid")
    QTest.keyClick(ask.line, Qt.Key.Key_Return)
    assert profiles.names() == [DEFAULT, "Paid"]
    dialog.list.setCurrentRow(1)
    QTest.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    assert "Delete the profile Paid for good?" in dialog.text.whole_text()
    QTest.mouseClick(dialog.spare, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.confirm, Qt.MouseButton.LeftButton)
    assert profiles.names() == [DEFAULT]


def test_a_strangers_file_is_imported_or_refused_in_words(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailed = tmp_path / "mail.toml"
    monkeypatch.setattr("app.profiling.QFileDialog.getOpenFileName", lambda *_: (str(mailed), ""))
    mailed.write_text("profile = 1\n[columns]\nadded = ['data.']")
    run(window, "Import a profile")
    assert "mail.toml: columns.added[1]" in window.chrome.errors.text.whole_text()
    assert profiles_of(window).names() == [DEFAULT]
    mailed.write_text(file_text(PAYMENTS), encoding="utf-8")
    run(window, "Import a profile")
    assert profiles_of(window).current.colors == PAYMENTS.colors
    out = tmp_path / "out"
    monkeypatch.setattr("app.profiling.QFileDialog.getSaveFileName", lambda *_: (str(out), ""))
    run(window, "Export this profile")
    assert read(out.with_suffix(".toml").read_text(encoding="utf-8"), "out") == PAYMENTS


# ---- masks of a profile

_SECRET = "canary-9d1"


def secret_capture(path: Path) -> Path:
    data = f'{{"secret":"{_SECRET}","card":"{_SECRET}","text":"to {_SECRET}@example.org","total":9.90}}'
    write(path, [Log([Written(position, data, stream=f"s-{position % 2}", version=1 + position // 2) for position in range(4)])])
    return path


def test_masks_of_a_profile_are_written_with_a_preview_and_hold_at_once(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    shown(qtbot, window, secret_capture(tmp_path / "a.evcap"), 4)
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    assert not window.chrome.toolbar.masks.isVisible()
    run(window, "Masks of this profile")
    (dialog,) = window.findChildren(MasksDialog)
    qtbot.waitUntil(lambda: _SECRET in dialog.shown.toPlainText(), timeout=_WAIT_MS)
    QTest.keyClicks(dialog.paths, "nowhere.secret")
    qtbot.waitUntil(lambda: "must begin with" in dialog.said.whole_text(), timeout=_WAIT_MS)
    assert not dialog.apply_button.isEnabled()
    dialog.paths.setPlainText("data.secret\n\ndata.card")
    dialog.shapes["email"].click()
    qtbot.waitUntil(lambda: "3 places hidden" in dialog.shown_note.whole_text(), timeout=_WAIT_MS)
    assert _SECRET not in dialog.shown.toPlainText()
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    assert profiles_of(window).current.masks == MaskRules(("data.secret", "data.card"), ("email",))
    qtbot.waitUntil(window.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: window.events.model.rows == 4, timeout=_WAIT_MS)
    texts = everything(qtbot, window)
    assert [text for text in texts if _SECRET in text] == []
    assert any(SIGN in text for text in texts)
    dialog.close()
    profiles_of(window).save_as("Masked")
    profiles_of(window).change(masks=MaskRules())
    qtbot.waitUntil(lambda: not window.chrome.toolbar.masks.isVisible(), timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: any(_SECRET in text for text in texts_of(window)), timeout=_WAIT_MS)


def test_a_field_is_hidden_from_its_menu(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    shown(qtbot, window, secret_capture(tmp_path / "a.evcap"), 4)
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    assert window.selection is not None
    window.selection.hide_place("data.secret")
    (dialog,) = window.findChildren(MasksDialog)
    assert dialog.rules().paths == ("data.secret",)
    qtbot.waitUntil(lambda: "1 place hidden" in dialog.shown_note.whole_text(), timeout=_WAIT_MS)


def test_a_capture_opens_masked_when_its_profile_says_so(qtbot: QtBot, window: MainWindow, messages: Messages, tmp_path: Path) -> None:
    path = secret_capture(tmp_path / "a.evcap")
    profiles_of(window).add(Profile("Masked", masks=MaskRules(("data.secret", "data.card"), ("email",))))
    shown(qtbot, window, path, 4)
    window.close()
    other = MainWindow(messages, settings_at(tmp_path))
    qtbot.addWidget(other)
    other.resize(1280, 800)
    other.show()
    shown(qtbot, other, path, 4)
    qtbot.waitUntil(other.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    assert [text for text in everything(qtbot, other) if _SECRET in text] == []
    other.close()
