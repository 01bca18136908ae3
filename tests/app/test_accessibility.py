"""What a screen reader is given: the tree of the window and its dialogs, names and roles, what is announced, where Tab goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.connect import ConnectDialog
from app.dialogs.decode_again import DecodeAgainDialog, Places
from app.dialogs.explain import ExplainDialog
from app.dialogs.help import HelpDialog
from app.dialogs.masks import MasksDialog
from app.dialogs.name import NameDialog
from app.dialogs.palette import Palette
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.profiles import ProfilesDialog
from app.main_window import MainWindow
from app.models.profile import name_problem
from app.preferences import Preferences
from inspector.event import Flag
from tests.app.captures import Growing

_WAIT_MS = 60_000
_LISTS = frozenset({QAccessible.Role.Table, QAccessible.Role.Tree, QAccessible.Role.List})
_ROWS_LOOKED_AT = 60
_NAMELESS = frozenset({QAccessible.Role.Cell, QAccessible.Role.TreeItem, QAccessible.Role.ListItem})
"""Cells may be empty: their row says what is there."""


@pytest.fixture
def full(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """A window with an event, its replay and a note."""
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(100)
        growing.append_values([b"\xff\xfe"], flags=Flag.undecodable)
        growing.append_values([None, b""], headers='[["trace","abc"]]')
    window.open_capture(tmp_path / "a.evcap")
    qtbot.waitUntil(lambda: window.panes is not None and window.events.model.rows == 103, timeout=_WAIT_MS)
    window.events.choose_row(3)
    qtbot.waitUntil(lambda: window.replay.controls.applied.whole_text() == "after 1 of 2 events", timeout=_WAIT_MS)
    assert window.panes is not None
    qtbot.waitUntil(lambda: window.panes is not None and window.panes.navigator_pane.model.rowCount() > 3, timeout=_WAIT_MS)
    return window


def interfaces(root: QWidget) -> Iterator[QAccessibleInterface]:
    """Everything below a widget that is to be seen; of lists their first cells."""

    def walk(one: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
        if not one.isValid() or one.state().invisible:
            return
        yield one
        most = _ROWS_LOOKED_AT if one.role() in _LISTS else one.childCount()
        for place in range(min(one.childCount(), most)):
            yield from walk(one.child(place))

    yield from walk(QAccessible.queryAccessibleInterface(root))


def name_of(one: QAccessibleInterface) -> str:
    return one.text(QAccessible.Text.Name)


def complaints(root: QWidget) -> list[str]:
    """What takes the keyboard without saying what it is."""
    found = []
    for one in interfaces(root):
        name, made_by = name_of(one), type(one.object()).__name__ if one.object() is not None else "a cell"
        if one.state().focusable and not name and one.role() not in _NAMELESS:
            found.append(f"{one.role().name} of {made_by} has no name")
        if name.startswith("Q") and name == made_by:
            found.append(f"{name}: named like its class")
        if "&" in name.replace("&&", ""):
            found.append(f"{name!r}: a raw ampersand")
        if any(ord(character) < 32 for character in name.replace("\n", "")):
            found.append(f"{name!r}: a control character")
    return found


def test_all_that_takes_the_keyboard_says_what_it_is(full: MainWindow) -> None:
    assert full.panes is not None
    for tab in ("Event", "Headers", "Value", "Hex", "Compare"):
        full.panes.event_pane.show_tab(tab)
        assert complaints(full) == [], tab
    full.panes.show_pane("Schemas", on=True)
    assert complaints(full) == []


def dialogs(window: MainWindow) -> list[QDialog]:
    assert window.session is not None
    assert window.selection is not None
    return [
        DecodeAgainDialog(Places(), "", window),
        ExplainDialog(window.session, window.selection, window),
        Palette(window.actions_table, window),
        HelpDialog(window.actions_table, window),
        PreferencesDialog(Preferences(), window),
        ConnectDialog(window),
        ProfilesDialog(window.profiling.profiles, window),
        MasksDialog(window.profiling.profiles, window.profiling._preview, window),
        NameDialog("Save as a profile", "", name_problem, window.profiling.profiles.save_as, window),
        window._unsaved,
    ]


def test_dialogs_say_what_they_are(qtbot: QtBot, full: MainWindow) -> None:
    for dialog in dialogs(full):
        dialog.show()
        qtbot.waitExposed(dialog)
        assert complaints(dialog) == [], type(dialog).__name__
        assert dialog.windowTitle() or dialog.accessibleName(), type(dialog).__name__
        dialog.close()


def test_cells_of_the_list_have_their_column_and_their_text(full: MainWindow) -> None:
    view = full.events.view
    table = QAccessible.queryAccessibleInterface(view)
    names = [name_of(table.child(place)) for place in range(table.childCount()) if place < 40]
    assert {"Time", "Key", "Offset or position"} <= set(names)
    assert any(name.startswith("order-") for name in names)


def test_states_are_words_too(qtbot: QtBot, full: MainWindow) -> None:
    model = full.events.model
    qtbot.waitUntil(lambda: model.data(model.index(100, 3)) == "100", timeout=_WAIT_MS)
    said = [str(model.data(model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole)) for row in (100, 101, 102)]
    assert "undecodable" in said[0]
    assert "tombstone" in said[1]
    assert "empty" in said[2]


def test_tab_goes_through_everything_and_round(qtbot: QtBot, full: MainWindow) -> None:
    assert full.panes is not None
    full.activateWindow()
    first = full.chrome.toolbar.open
    first.setFocus()
    met: list[QWidget] = []
    for _ in range(150):
        QTest.keyClick(full.focusWidget(), Qt.Key.Key_Tab)
        if full.focusWidget() is first:
            break
        met.append(full.focusWidget())
    assert full.focusWidget() is first, f"Tab stays at {met[-3:]}"
    visited = [name_of_pane(full, widget) for widget in met]
    order = [name for place, name in enumerate(visited) if name and (place == 0 or visited[place - 1] != name)]
    assert order == ["Timeline", "Navigator", "Events", "Plots", "Event", "Replay"]


def name_of_pane(window: MainWindow, widget: QWidget) -> str:
    """The pane a widget is in; empty for none."""
    assert window.panes is not None
    panes = {**window.panes.panes, "Events": window.panes.events_pane}
    return next((name for name, pane in panes.items() if pane.isAncestorOf(widget)), "")


def test_what_happens_on_its_own_is_announced(qtbot: QtBot, full: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, object]] = []

    def heard(event: object) -> None:
        if isinstance(event, QAccessibleAnnouncementEvent):
            said.append((event.message(), event.politeness()))

    monkeypatch.setattr(QAccessible, "updateAccessibility", heard)
    full.chrome.errors.show_error("the broker is gone")
    full.events.notice.say("no event at 14:03")
    assert said == [
        ("the broker is gone", QAccessible.AnnouncementPoliteness.Assertive),
        ("no event at 14:03", QAccessible.AnnouncementPoliteness.Polite),
    ]


def test_focus_can_be_seen(qtbot: QtBot, qapp: QApplication, full: MainWindow) -> None:
    button = full.chrome.toolbar.open
    full.activateWindow()
    full.chrome.toolbar.menu.setFocus()
    before = button.grab().toImage()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert button.grab().toImage() != before
