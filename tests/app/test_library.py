"""What a window does with the user's captures: lists, deletes, offers again after it was killed; and nothing on its own thread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.dialogs.captures import CapturesDialog
from app.dialogs.save import SaveBar, choose_place
from app.library import KEEP_DAYS, Library, crash_sentence
from app.panes.left_behind import LeftBehindBar
from inspector.capture import journal, unsaved
from inspector.capture.journal import LeftBehind
from inspector.capture.reader import CaptureReader
from inspector.capture.unsaved import Unsaved
from inspector.settings import captures_dir
from tests.app.captures import Growing, capture
from tests.capture.test_masked import made
from tests.sources.stores import orders

WAIT_MS = 10_000


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    """Settings of the test."""
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def library(qapp: QApplication, settings: QSettings) -> Iterator[Library]:
    """A library, not started."""
    made = Library(settings)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def dialog(qtbot: QtBot, library: Library) -> CapturesDialog:
    """The list, shown."""
    made = CapturesDialog(library)
    qtbot.addWidget(made)
    made.show()
    return made


def _filled(qtbot: QtBot, dialog: CapturesDialog, rows: int) -> None:
    dialog.refresh()
    qtbot.waitUntil(lambda: len(dialog.model.rows) == rows, timeout=WAIT_MS)


def test_old_captures_go_at_the_start_and_it_is_said(qtbot: QtBot, library: Library) -> None:
    old = capture(captures_dir() / "old.evcap", 1)
    os.utime(old, (time.time() - 8 * 86_400,) * 2)
    with qtbot.waitSignal(library.deleted, timeout=WAIT_MS) as said:
        library.start()
    assert said.args == [[old]]
    assert not old.exists()


def test_days_are_a_setting(library: Library, settings: QSettings) -> None:
    assert library.keep_days == KEEP_DAYS == 7
    library.set_keep_days(0)
    assert library.keep_days == 0
    settings.setValue("captures/days", "nonsense")
    assert library.keep_days == KEEP_DAYS


def test_recent_captures_are_told(qtbot: QtBot, library: Library, tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 1)
    with qtbot.waitSignal(library.recent_changed, timeout=WAIT_MS) as said:
        library.opened(path)
    assert [recent.path for recent in said.args[0]] == [path]
    with qtbot.waitSignal(library.recent_changed, timeout=WAIT_MS, check_params_cb=lambda recent: not recent):
        library.forget_recent()


def test_no_file_is_looked_at_in_the_windows_own_thread(qtbot: QtBot, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    path, threads = capture(captures_dir() / "a.evcap", 1), set()

    def noted(name: str, module: object) -> None:
        real = getattr(module, name)

        def call(*arguments: object) -> object:
            threads.add(threading.current_thread().name)
            return real(*arguments)

        monkeypatch.setattr(module, name, call)

    for name, module in (("unsaved", unsaved), ("delete", unsaved), ("delete_old", unsaved), ("recent", journal), ("left_behind", journal)):
        noted(name, module)
    library.start()
    library.opened(path)
    library.closed(path)
    with qtbot.waitSignal(library.deleted, timeout=WAIT_MS):
        library.delete(path)
    assert threads == {"errands"}


def test_the_list_shows_opens_and_saves(qtbot: QtBot, dialog: CapturesDialog) -> None:
    path = capture(captures_dir() / "a.evcap", 3)
    _filled(qtbot, dialog, 1)
    assert dialog.text.whole_text().startswith("1 unsaved")
    with qtbot.waitSignal(dialog.save_wanted) as wanted:
        QTest.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert wanted.args == [path]
    dialog.view.setFocus()
    with qtbot.waitSignal(dialog.open_wanted) as wanted:
        QTest.keyClick(dialog.view, Qt.Key.Key_Return)
    assert wanted.args == [path]
    assert not dialog.isVisible()


def test_an_empty_folder_says_what_would_be_there(qtbot: QtBot, library: Library, dialog: CapturesDialog) -> None:
    with qtbot.waitSignal(library.unsaved_changed, timeout=WAIT_MS):
        dialog.refresh()
    assert dialog.empty.isVisible()
    assert not dialog.open_button.isEnabled()


def test_deleting_asks_in_the_dialog_and_escape_takes_it_back(qtbot: QtBot, dialog: CapturesDialog) -> None:
    path = capture(captures_dir() / "a.evcap", 3)
    _filled(qtbot, dialog, 1)
    QTest.keyClick(dialog.view, Qt.Key.Key_Delete)
    assert dialog.text.whole_text().startswith("Delete a, 3 events")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert path.exists()
    QTest.keyClick(dialog.view, Qt.Key.Key_Delete)
    QTest.mouseClick(dialog.confirm_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.model.rows, timeout=WAIT_MS)
    assert not path.exists()


def test_what_is_in_use_is_not_deleted(qtbot: QtBot, dialog: CapturesDialog) -> None:
    with Growing(captures_dir() / "a.evcap") as growing:
        growing.append(1)
        _filled(qtbot, dialog, 1)
        QTest.keyClick(dialog.view, Qt.Key.Key_Delete)
        assert "in use" in dialog.text.whole_text()
        assert dialog.delete_button.isVisible()


def test_a_refusal_is_said_in_the_dialog(qtbot: QtBot, dialog: CapturesDialog, library: Library, tmp_path: Path) -> None:
    library.delete(tmp_path / "elsewhere.evcap")
    qtbot.waitUntil(lambda: "✕" in dialog.text.whole_text(), timeout=WAIT_MS)


def test_every_widget_of_the_list_has_a_name(dialog: CapturesDialog) -> None:
    for widget in (dialog.view, dialog.days):
        assert widget.accessibleName()


def test_saving_in_a_bar(qtbot: QtBot, tmp_path: Path) -> None:
    path, out = capture(tmp_path / "a.evcap", 2_000), tmp_path / "saved.evcap"
    bar = SaveBar()
    qtbot.addWidget(bar)
    with qtbot.waitSignal(bar.saved, timeout=WAIT_MS) as saved:
        assert bar.start(path, out)
        assert not bar.start(path, out)
    assert saved.args == [out]
    assert bar.text.whole_text() == f"✓ Saved as {out}"
    with CaptureReader(out) as reader:
        assert reader.watermark().events == 2_000


def test_a_saved_capture_with_masks_is_said_to_hold_what_they_hide(qtbot: QtBot, tmp_path: Path) -> None:
    bar = SaveBar()
    qtbot.addWidget(bar)
    with qtbot.waitSignal(bar.saved, timeout=WAIT_MS):
        bar.start(made(tmp_path / "a.evcap"), tmp_path / "b.evcap")
    assert bar.text.whole_text().endswith("whoever has the file can take the masks off")


def test_saving_where_nothing_can_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 20)
    bar = SaveBar()
    qtbot.addWidget(bar)
    with qtbot.waitSignal(bar.failed, timeout=WAIT_MS) as failed:
        bar.start(path, tmp_path / "nowhere" / "b.evcap")
    assert "there is no folder" in failed.args[0]
    assert not bar.is_running


def test_a_saved_capture_is_given_its_suffix(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bar = SaveBar()
    qtbot.addWidget(bar)
    for answer, place in ((str(tmp_path / "b"), tmp_path / "b.evcap"), (str(tmp_path / "c.evcap"), tmp_path / "c.evcap"), ("", None)):
        monkeypatch.setattr("app.dialogs.save.QFileDialog.getSaveFileName", lambda *_, answer=answer: (answer, ""))
        assert choose_place(bar, tmp_path / "a.evcap") == place


def test_what_happened_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.evcap"
    assert "All that was captured is there" in crash_sentence(LeftBehind(path, 0, 1, is_there=True))
    assert "3 times in a row" in crash_sentence(LeftBehind(path, 0, 3, is_there=True))
    assert "is gone" in crash_sentence(LeftBehind(path, 0, 1, is_there=False))


def test_what_was_left_behind_is_offered_one_after_the_other(qtbot: QtBot, library: Library, tmp_path: Path) -> None:
    bar, wanted = LeftBehindBar(library), list[Path]()
    qtbot.addWidget(bar)
    bar.open_wanted.connect(wanted.append)
    first = LeftBehind(tmp_path / "<b>a\u202e.evcap", 0, 1, is_there=True)
    library.left_behind.emit(
        [first, LeftBehind(tmp_path / "b.evcap", 0, 2, is_there=True), LeftBehind(tmp_path / "c", 0, 1, is_there=False)]
    )
    assert "<b>a⟨U+202E⟩.evcap" in bar.text.whole_text()
    QTest.mouseClick(bar.open_button, Qt.MouseButton.LeftButton)
    assert wanted == [first.path]
    assert "2 times in a row" in bar.text.whole_text()
    assert bar.open_button.text() == "Open it all the same"
    QTest.mouseClick(bar.dismiss_button, Qt.MouseButton.LeftButton)
    assert not bar.open_button.isVisible()
    QTest.mouseClick(bar.dismiss_button, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    assert wanted == [first.path]


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process by signal")
def test_a_killed_window_takes_its_child_along_and_its_capture_is_offered_whole(qtbot: QtBot, library: Library, tmp_path: Path) -> None:
    store = orders(tmp_path / "store.db", 500)
    command = [sys.executable, "-m", "tests.app.dying_window", f"sqlite:///{store}", str(tmp_path / "other.ini")]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert window.stdout is not None
        path, events = Path(), 0
        for line in window.stdout:
            name, count = line.rstrip("\n").split("\t")
            path, events = Path(name), int(count)
            if events:
                break
        assert events > 0
        assert {look.path: look.state for look in unsaved.unsaved()} == {path: unsaved.RUNNING}
        (captured,) = unsaved.unsaved()
        assert captured.why.startswith("process ")
    finally:
        window.send_signal(signal.SIGKILL)
        window.wait()
        if window.stdout is not None:
            window.stdout.close()

    def ended() -> bool:
        look: Unsaved | None = unsaved.look_at(path)
        return look is not None and look.state == unsaved.ENDED

    qtbot.waitUntil(ended, timeout=20_000)
    with qtbot.waitSignal(library.left_behind, timeout=WAIT_MS) as said:
        library.start()
    (left,) = said.args[0]
    assert (left.path, left.crashes, left.is_there) == (path, 1, True)
    with CaptureReader(path) as reader:
        assert reader.watermark().events >= events
