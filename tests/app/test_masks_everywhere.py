"""A masked path never appears in a screenshot, clipboard, export or the child's output: secrets are planted, and all is gone through.

Pictures are compared instead of read: two captures that differ in their secrets alone look the same to the pixel.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app import style
from app.__main__ import main as program
from app.event_menu import EventMenu
from app.filter_help import FilterHelp
from app.main_window import MainWindow
from app.messages import Messages
from app.models.event_columns import NAMES
from app.models.plot_spec import standard
from app.models.profile import MaskRules
from inspector.capture.writer import CaptureWriter
from inspector.cli import main
from inspector.masks import SIGN
from tests.app.profiles import settings_at
from tests.app.test_actions import run
from tests.app.test_hostile_window import look_at
from tests.app.test_masked_window import texts_of
from tests.app.test_window import shown, wait_for_event
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
SECRET, OTHER = "KD-3141592", "KD-2718281"
"""Of one length and one shape."""
RULES = """
[masks]
paths = ["data.secret", "data.lines[*].card", "metadata.user", 'headers["x-token"]', "key", "actor", "correlation_id"]
regexes = ["KD-[0-9]{7}"]
"""
_TABS = ("Event", "Headers", "Value", "Hex", "Compare")


def planted(path: Path, secret: str) -> Path:
    """A capture with a secret in every place that a rule names, and one of its shape in every place that has a name of its own."""

    def event(position: int, **more: object) -> Written:
        data = {
            "secret": secret,
            "lines": [{"card": secret, "sku": "A-1"}, {"card": [secret], "sku": "B-2"}],
            f"of {secret}": 1,
            "text": f"call {secret} back",
            "total": 9.5 + position,
        }
        return Written(
            position,
            json.dumps(data),
            stream=f"account-{secret}" if position < 4 else "account-open",
            category=f"of {secret}" if position < 4 else "accounts",
            version=position + 1,
            time_us=1_795_420_800_000_000 + position * 1_000_000,
            event_id=f"id {secret} {position}",
            actor=secret,
            correlation_id=secret,
            headers=json.dumps([["x-token", secret], ["note", f"to {secret}"], [secret, "v"], ["raw", {"base64": "/w=="}], ["none", None]]),
            metadata=json.dumps({"user": secret, "n": 1}),
        )

    raw = Written(6, f"raw text {secret}", is_document=False, stream="account-open", category="accounts", time_us=1_795_420_807_000_000)
    write(path, [Log([*map(event, range(6)), raw], "accounts")])
    with CaptureWriter(path, floor_bytes=0) as writer:
        writer.note_setting("masks", RULES)
    return path


def forms(secret: str) -> list[str]:
    """The secret as text, as hex with and without spaces, as base64 wherever in three bytes it begins."""
    raw = secret.encode()
    parts = [base64.b64encode(b"x" * ahead + raw)[4 * (ahead > 0) : -4].decode() for ahead in range(3)]
    return [secret, raw.hex(), raw.hex(" "), raw.hex(" ").upper(), *parts]


def leaks(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if any(form in text for form in forms(SECRET))]


def accessible_texts(widget: QWidget) -> list[str]:
    """What a screen reader is told of a widget and all in it."""
    found: list[str] = []
    waiting = [QAccessible.queryAccessibleInterface(widget)]
    while waiting and len(found) < 60_000:
        interface = waiting.pop()
        if interface is None or not interface.isValid():
            continue
        found += [interface.text(kind) for kind in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value)]
        waiting += [interface.child(place) for place in range(min(interface.childCount(), 200))]
    return found


def clipboard_texts() -> list[str]:
    """The clipboard in every form it is offered in."""
    mime: QMimeData = QGuiApplication.clipboard().mimeData()
    return [bytes(mime.data(name).data()).decode("utf-8", "replace") for name in mime.formats()] + [mime.text(), mime.html()]


def menu_texts(menu: QMenu) -> list[str]:
    texts = []
    for action in menu.actions():
        texts += [action.text(), action.toolTip(), action.statusTip(), action.whatsThis()]
        if (inner := action.menu()) is not None:
            assert isinstance(inner, QMenu)
            texts += menu_texts(inner)
    return texts


class Heard:
    """All that was announced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        update = QAccessible.updateAccessibility

        def heard(event: object) -> None:
            if isinstance(event, QAccessibleAnnouncementEvent):
                self.texts.append(event.message())
            update(event)  # type: ignore[arg-type]

        monkeypatch.setattr(QAccessible, "updateAccessibility", heard)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(monkeypatch)


@pytest.fixture
def masked(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    shown(qtbot, window, planted(tmp_path / "a.evcap", SECRET), 7)
    qtbot.waitUntil(window.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    return window


def seen(window: MainWindow) -> list[str]:
    return [window.windowTitle(), *texts_of(window), *accessible_texts(window)]


def open_navigator(qtbot: QtBot, window: MainWindow) -> None:
    assert window.panes is not None
    navigator = window.panes.navigator_pane
    qtbot.waitUntil(lambda: navigator.model.rowCount() > 2, timeout=_WAIT_MS)
    for _ in range(3):
        for entry in list(navigator.model._entries):
            if entry.opens is False:
                navigator._open(entry, on=True)
        qtbot.wait(60)


# ---- texts


def test_no_widget_model_or_screen_reader_has_a_secret(qtbot: QtBot, masked: MainWindow, heard: Heard) -> None:
    window, texts = masked, []
    assert window.panes is not None
    for name in ("data.secret", f'data["of {SIGN}"]', 'headers["x-token"]', "metadata.user", "data.lines"):
        window.events.view.add_column(name)
    for column in NAMES:
        window.events.view.header.show_column(column, on=True)
    open_navigator(qtbot, window)
    for by in ("category", "type", "log"):
        window.panes.metrics_pane.choose(standard(by), ("all", "auto"))
        window.panes.timeline_pane.tell_by(by)
        qtbot.wait(120)
        texts += seen(window)
    for seq in range(1, 8):
        look_at(qtbot, window, seq)
        qtbot.wait(120)
        window.panes.event_pane.tree.view.expandAll()
        texts += seen(window)
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    window.panes.event_pane.compare_with()
    window.events.choose_row(1)
    wait_for_event(qtbot, window, 2)
    window.panes.event_pane.show_tab("Compare")
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    for words in ("Follow the stream", "Follow the key", "Follow the correlation id", "Replay the stream of this event", "Messages"):
        run(window, words)
        qtbot.wait(120)
        texts += seen(window)
    for _ in range(3):
        run(window, "One event on")
        qtbot.wait(60)
        texts += seen(window)
    assert leaks(texts) == []
    assert leaks(heard.texts) == []
    assert any(SIGN in text for text in texts)


def test_the_search_of_the_navigator_finds_without_saying(qtbot: QtBot, masked: MainWindow) -> None:
    assert masked.panes is not None
    open_navigator(qtbot, masked)
    masked.panes.navigator_pane.search.setText("account")
    qtbot.wait(400)
    assert leaks(seen(masked)) == []


@pytest.mark.parametrize(
    "begun", ["", "d", "data.", "data.lines[0].", "metadata.", "headers[", "stream == ", "category == ", "key == ", "actor =="]
)
def test_completion_offers_no_secret(qtbot: QtBot, masked: MainWindow, begun: str) -> None:
    bar = masked.chrome.filter
    bar.take_focus()
    masked.chrome.filter._entered("")
    qtbot.waitUntil(lambda: bool(bar.box.known.places), timeout=_WAIT_MS)
    bar.box.clear()
    QTest.keyClicks(bar.box, begun)
    bar.box.offer()
    (popup,) = masked.findChildren(FilterHelp)
    offered = [(each.insert, each.shown, each.detail) for each in popup._found]
    assert leaks([text for each in offered for text in each]) == []
    assert leaks(seen(masked)) == []


def test_no_menu_has_a_secret_or_makes_a_filter_of_it(qtbot: QtBot, masked: MainWindow) -> None:
    window = masked
    assert window.panes is not None
    assert window.selection is not None
    texts: list[str] = []
    pane, event_pane = window.events, window.panes.event_pane
    for number in range(len(NAMES)):
        menu = EventMenu(pane, pane.model.known(0), number, NAMES[number])
        pane.to_do.filter_texts(1, number, menu)
        qtbot.wait(30)
        texts += menu_texts(menu)
        menu.deleteLater()
    pane.choose_row(0)
    wait_for_event(qtbot, window, 1)
    qtbot.wait(100)
    event_pane.tree.view.expandAll()
    waiting = [event_pane.tree.tree.index(row, 0) for row in range(event_pane.tree.tree.rowCount())]
    while waiting:
        index = waiting.pop()
        event_pane.tree.view.setCurrentIndex(index)
        texts += menu_texts(event_pane.tree.menu_of(index))
        waiting += [event_pane.tree.tree.index(row, 0, index) for row in range(event_pane.tree.tree.rowCount(index))]
    texts += menu_texts(pane.view.header.menu())
    texts += menu_texts(window.chrome.filter.make_menu())
    assert window.status_line is not None
    texts += menu_texts(window.status_line.profile.make_menu())
    assert leaks(texts) == []
    assert window.chrome.filter.store.used == []


# ---- copies


def copies(window: MainWindow) -> Iterator[str]:
    """Every action that says it copies."""
    yield from (action.words for action in window.actions_table if action.words.startswith("Copy"))


def test_no_copy_has_a_secret(qtbot: QtBot, masked: MainWindow) -> None:
    window, clipboard = masked, QGuiApplication.clipboard()
    assert window.panes is not None
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    run(window, "Replay the stream of this event")
    qtbot.waitUntil(lambda: bool(window.replay.replaying.look), timeout=_WAIT_MS)
    window.panes.show_pane("All at a time", on=True)
    states = window.panes.states_pane
    qtbot.waitUntil(lambda: states.listed is not None, timeout=_WAIT_MS)
    done = 0

    def check() -> None:
        nonlocal done
        qtbot.waitUntil(lambda: clipboard.text() != "nothing", timeout=_WAIT_MS)
        assert leaks(clipboard_texts()) == []
        done += 1
        clipboard.setText("nothing")

    clipboard.setText("nothing")
    for words in copies(window):
        run(window, words)
        check()
    for what in ("lines", "key", "value", "position"):
        window.events.copy_as(what)
        check()
    window.events.view.selectAll()
    window.events.copy_as("lines")
    check()
    fields = window.panes.event_pane.tree
    fields.view.expandAll()
    waiting = [fields.tree.index(row, 0) for row in range(fields.tree.rowCount())]
    while waiting:
        index = waiting.pop()
        fields.view.setCurrentIndex(index)
        for copy in (fields.copy_value, fields.copy_json, fields.copy_path):
            copy()
            qtbot.wait(5)
            assert leaks(clipboard_texts()) == []
        waiting += [fields.tree.index(row, 0, index) for row in range(fields.tree.rowCount(index))]
    window.panes.event_pane.show_tab("Headers")
    headers = window.panes.event_pane.headers
    for row in range(len(headers.table.rows)):
        headers.view.setCurrentIndex(headers.table.index(row, 0))
        for copy in (headers.copy_name, headers.copy_value, headers.copy_hex):
            copy()
            assert leaks(clipboard_texts()) == []
    window.panes.show_pane("Plots", on=True)
    window.panes.metrics_pane.choose(standard("category"), ("all", "auto"))
    qtbot.waitUntil(lambda: bool(window.panes is not None and window.panes.metrics_pane.cards[0].plot.lines), timeout=_WAIT_MS)
    qtbot.wait(150)
    plots = window.panes.metrics_pane
    for card in plots.cards:
        plots.doing.copy_data(card)
        check()
        plots.doing.copy_command(card)
        check()
    assert done >= 14


# ---- pictures


def _steps(qtbot: QtBot, window: MainWindow) -> Iterator[str]:
    """Brings the window into one state after the other."""
    assert window.panes is not None
    assert window.status_line is not None
    window.status_line.disk.hide()  # what is free on the disk changes by itself
    open_navigator(qtbot, window)
    window.panes.metrics_pane.choose(standard("category"), ("all", "auto"))
    window.panes.timeline_pane.tell_by("category")
    for column in ("actor", "id", "correlation_id", "category"):
        window.events.view.header.show_column(column, on=True)
    for name in ("data.secret", 'headers["x-token"]', "data.lines"):
        window.events.view.add_column(name)
    for seq in (1, 7, 2):
        window.events.choose_row(seq - 1)
        wait_for_event(qtbot, window, seq)
        qtbot.waitUntil(partial(_is_replayed, window, seq), timeout=_WAIT_MS)
        for tab in _TABS:
            window.panes.event_pane.show_tab(tab)
            if tab == "Event":
                window.panes.event_pane.tree.view.expandAll()
            yield f"event {seq}, {tab}"
    run(window, "Replay the stream of this event")
    qtbot.waitUntil(lambda: bool(window.replay.replaying.look), timeout=_WAIT_MS)
    yield "replay"
    run(window, "Follow the correlation id")
    yield "followed"


def _is_replayed(window: MainWindow, seq: int) -> bool:
    """Whether the replay shows the state after an event, and how sure that is."""
    controls = window.replay.controls
    said = controls.history.whole_text()
    after = {1: "after 1 of 4", 2: "after 2 of 4", 7: "after "}[seq]
    return controls.applied.whole_text().startswith(after) and bool(said) and "…" not in said


def _shows(window: MainWindow, secret: str) -> bool:
    return any(secret in text for text in texts_of(window))


def pictures(qtbot: QtBot, window: MainWindow, path: Path) -> dict[str, QImage]:
    shown(qtbot, window, path, 7)
    qtbot.waitUntil(window.chrome.toolbar.masks.isVisible, timeout=_WAIT_MS)
    return {name: at_rest(qtbot, window) for name in _steps(qtbot, window)}


def at_rest(qtbot: QtBot, window: MainWindow) -> QImage:
    """The window when nothing is asked of its capture and three looks at it in a row are the same."""
    looks: list[QImage] = []

    def rests() -> bool:
        if _is_asking(window):
            looks.clear()
            return False
        looks.append(window.grab().toImage())
        return len(looks) > 2 and looks[-1] == looks[-2] == looks[-3]

    qtbot.waitUntil(rests, timeout=_WAIT_MS)
    return looks[-1]


def _is_asking(window: MainWindow) -> bool:
    assert window.session is not None
    work = window.session.work
    is_folding = "…" in window.replay.controls.history.whole_text()
    return is_folding or bool(work._waiting) or any(worker.job is not None for worker in work._workers)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_no_pixel_depends_on_a_secret(
    qtbot: QtBot, qapp: QApplication, messages: Messages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_795_430_000_000_000_000)  # when it was captured is shown
    flash_ms = QApplication.cursorFlashTime()
    QApplication.setCursorFlashTime(0)
    style.apply(qapp, look)
    taken, clear = [], []
    for secret in (SECRET, OTHER):
        folder = tmp_path / secret
        folder.mkdir()
        monkeypatch.setenv("EVENTSCOPE_HOME", str(folder / "home"))
        window = MainWindow(messages, settings_at(folder))
        qtbot.addWidget(window)
        window.resize(1440, 900)
        window.show()
        taken.append(pictures(qtbot, window, planted(folder / "a.evcap", secret)))
        run(window, "Clear filter and range")
        window.masking._turn(on=False)
        qtbot.waitUntil(partial(_shows, window, secret), timeout=_WAIT_MS)
        clear.append(at_rest(qtbot, window))
        window.close()
    style.apply(qapp, "light")
    QApplication.setCursorFlashTime(flash_ms)
    first, second = taken
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert len({bytes(picture.constBits()) for picture in first.values()}) > 10, "these are pictures of different things"
    assert clear[0] != clear[1], "a secret that is shown is seen in a picture"


# ---- files and commands


def test_no_export_and_no_output_of_a_command_has_a_secret(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = planted(tmp_path / "a.evcap", SECRET)
    commands = [
        *(f"export FILE -o {tmp_path}/x.{form} --progress json" for form in ("jsonl", "csv", "evcap")),
        f"export FILE -o {tmp_path}/exact.csv --csv exact",
        "info FILE --format table",
        "info FILE",
        "events FILE",
        "events FILE --format table",
        "streams FILE",
        "streams FILE --format table",
        *(f"count FILE --by {by}" for by in ("log", "partition", "type", "stream", "category")),
        "count FILE --by category --every 1s --format table",
        f"replay FILE account-{SECRET}",
        f"replay FILE account-{SECRET} --steps --blame --diff 1",
        f"replay FILE account-{SECRET} --format table --blame",
        "replay FILE account",
        "notes FILE",
    ]
    for command in commands:
        assert main([part.replace("FILE", str(path)) for part in command.split()]) in {0, 2}, command
        out, err = capfd.readouterr()
        assert leaks([out, err]) == [], command
    for name in ("x.jsonl", "x.csv", "x.evcap", "exact.csv"):
        assert leaks([(tmp_path / name).read_bytes().decode("utf-8", "replace")]) == []
    assert main(["save", str(path), str(tmp_path / "saved.evcap")]) == 0
    assert "take the masks off" in capfd.readouterr().out
    assert main(["info", str(tmp_path / "saved.evcap"), "--format", "table"]) == 0
    assert "stored in clear" in capfd.readouterr().out


@pytest.mark.parametrize("by", ["category", "type"])
def test_a_plot_without_a_window_is_the_same_for_every_secret(qapp: QApplication, tmp_path: Path, by: str) -> None:
    pictures_of = []
    for secret in (SECRET, OTHER):
        out = tmp_path / f"{secret}.png"
        assert program(["plot", str(planted(tmp_path / f"{secret}.evcap", secret)), "-o", str(out), "--by", by]) == 0
        pictures_of.append(out.read_bytes())
    assert pictures_of[0] == pictures_of[1]


def test_the_mouse_finds_no_secret_in_tooltips(qtbot: QtBot, masked: MainWindow) -> None:
    assert masked.panes is not None
    tips = []
    for widget in masked.findChildren(QWidget):
        if widget.isVisible():
            QTest.mouseMove(widget, QPoint(widget.width() // 2, widget.height() // 2))
            tips += [widget.toolTip(), widget.whatsThis(), widget.statusTip()]
    assert leaks(tips) == []


def test_commands_and_exports_hide_what_a_profile_hides(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(place, f'{{"secret":"{SECRET}","n":{place}}}') for place in range(9)])])
    window.profiling.profiles.change(masks=MaskRules(("data.secret",)))
    shown(qtbot, window, path, 9)
    window.events.choose_row(0)
    wait_for_event(qtbot, window, 1)
    run(window, "Replay the stream of this event")
    qtbot.waitUntil(lambda: bool(window.replay.replaying.look), timeout=_WAIT_MS)
    clipboard, commands = QGuiApplication.clipboard(), []
    for words in ("Copy the command", "Copy the command that writes this record", "Copy the command of this state"):
        clipboard.setText("")
        run(window, words)
        qtbot.waitUntil(lambda: bool(clipboard.text()), timeout=_WAIT_MS)
        commands.append(clipboard.text())
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0
        printed = capfd.readouterr().out
        assert leaks([printed]) == []
        assert SIGN in printed
    assert window.selection is not None
    window.selection.choose_filter("data.n > 3")
    qtbot.waitUntil(lambda: window.events.model.rows == 5, timeout=_WAIT_MS)
    for form in ("jsonl", "csv", "evcap"):
        out = tmp_path / f"out.{form}"
        monkeypatch.setattr("app.exporting.QFileDialog.getSaveFileName", lambda *_, out=out: (str(out), ""))
        run(window, "Export what is listed")
        qtbot.waitUntil(lambda: not window.chrome.saving.is_running, timeout=_WAIT_MS)
        assert "5 events · what the masks hide is hidden in it" in window.chrome.saving.text.whole_text()
        assert leaks([out.read_bytes().decode("utf-8", "replace")]) == []
