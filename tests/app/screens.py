"""Pictures of the window in its states: `python -m tests.app.screens FOLDER [--look dark] [--size 2560x1440] [--scale 2] [SCENE…]`.

Every state is a real one: a damaged file, a held reader, a killed process. The pictures are for eyes; `test_screens` checks
of the same scenes what can be checked without. They are never committed.
"""

from __future__ import annotations

import argparse
import gzip
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMimeData, QPoint, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app import fold, style
from app.dialogs.captures import CapturesDialog
from app.dialogs.colors import ColorsDialog
from app.dialogs.connect import ConnectDialog
from app.dialogs.decode_again import DecodeAgainDialog
from app.dialogs.details import DetailsDialog
from app.dialogs.help import HelpDialog
from app.dialogs.importing import ImportDialog
from app.dialogs.indexes import IndexesDialog
from app.dialogs.masks import MasksDialog
from app.dialogs.name import NameDialog
from app.dialogs.palette import Palette
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.profiles import ProfilesDialog
from app.dialogs.this_field import ThisFieldDialog
from app.main_window import MainWindow
from app.messages import Messages
from app.models.color_rules import ColorRule
from app.models.profile import MaskRules, Profile
from app.panes.event import EventPane
from app.panes.findings import FindingsPane
from app.panes.metrics import MetricsPane
from app.panes.replay import ReplayPane
from app.panes.states import StatesPane
from app.plot_menu import show_plot_menu
from app.selection import Selection
from inspector.event import Flag
from inspector.sources import SourceInfo
from tests import encodings
from tests.app import drift_scene, finding_captures, plot_scenes, projection_scenes, replay_scenes, schema_captures, shop_scene
from tests.app.captures import Growing
from tests.formats import pipe_format
from tests.replay.captures import Log, Written, write

_WAIT_S = 15.0
_START_US = 1_795_420_800_000_000
_TYPES = ("OrderPlaced", "PaymentAuthorised", "OrderShipped", "OrderDelivered")


class Stage:
    """One window over captures made in a folder, and the ways of waiting for what it shows."""

    def __init__(self, qt: QApplication, folder: Path, size: tuple[int, int]) -> None:
        self.qt, self.folder, self.size = qt, folder, size
        self.messages = Messages(qt)
        settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow(self.messages, settings)
        self.window.resize(*size)
        self.window.show()
        self.shown: QWidget = self.window
        """What the picture is of."""
        self.after: Callable[[], None] = lambda: None
        """What is to be undone after the picture."""

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Turns the event loop until something is so. Raises TimeoutError."""
        end_s = time.monotonic() + _WAIT_S
        while not is_so():
            if time.monotonic() > end_s:
                raise TimeoutError("the state to be shown did not come")
            self.qt.processEvents()
            time.sleep(0.002)

    def settle(self, seconds: float = 0.3) -> None:
        """Lets what is under way come to rest."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.qt.processEvents()
            time.sleep(0.002)

    def capture(self) -> Path:
        """A capture of a small shop with every state of an event, gaps and a lost stretch."""
        path = self.folder / "shop.evcap"
        return path if path.exists() else _shop(path)

    def open(self, path: Path | None = None, rows: int = 0) -> None:
        """Opens a capture and waits for its rows."""
        self.window.open_capture(path or self.capture())
        self.wait(lambda: self.window.events.model.rows > rows)
        self.settle()

    def choose(self, row: int) -> None:
        """Makes a row current and waits for its event and its replay."""
        self.window.events.choose_row(row)
        event, replay = self._panes()
        self.wait(lambda: event.shown is not None and event.shown.seq > 0)
        self.wait(lambda: bool(replay.controls.applied.whole_text()))
        self.settle()

    def _panes(self) -> tuple[EventPane, ReplayPane]:
        assert self.window.panes is not None
        return self.window.panes.event_pane, self.window.panes.replay_pane

    @property
    def replay(self) -> ReplayPane:
        """The replay pane."""
        return self._panes()[1]

    @property
    def states(self) -> StatesPane:
        """The pane of all aggregates at a time, in front."""
        assert self.window.panes is not None
        self.window.panes.show_pane("All at a time", on=True)
        return self.window.panes.states_pane

    @property
    def plots(self) -> MetricsPane:
        """The plots, in front."""
        assert self.window.panes is not None
        self.window.panes.show_pane("Plots", on=True)
        return self.window.panes.metrics_pane

    def tab(self, name: str) -> None:
        """Shows a tab of the event pane."""
        assert self.window.panes is not None
        self.window.panes.event_pane.show_tab(name)
        self.settle(0.15)

    def dialog(self, made: QWidget) -> None:
        """Shows a dialog: the picture is of it."""
        made.show()
        self.shown = made
        self.settle()

    def close(self) -> None:
        """Ends everything."""
        self.after()
        if self.shown is not self.window:
            self.shown.close()
        self.window.close()
        fold.wait_for_all()
        self.window.deleteLater()
        self.messages.deleteLater()
        self.qt.processEvents()


def _shop(path: Path) -> Path:
    events = []
    for number in range(900):
        order, step = number // 4, number % 4
        lines = f'[{{"sku":"sku-{step}","qty":{step + 1}}}]'
        value = f'{{"order_id":"order-{order}","status":"{_TYPES[step]}","total":{10 + order}.50,"lines":{lines}}}'
        time_us = _START_US + number * 400_000 + (60_000_000 if number > 500 else 0)
        named = Written(number, value, f"order-{order}", step + 1, time_us, _TYPES[step])
        events.append(replace(named, event_id=f"e-{number}", actor="checkout", category="order"))
    odd = [
        Written(0, None, "order-1", time_us=_START_US, type="OrderDeleted", flags=0, category="order"),
        Written(1, "\x00\x01 not json", "order-2", time_us=_START_US, flags=int(Flag.undecodable), category="order"),
        Written(2, '{"a":1}', "order-3", time_us=_START_US, flags=int(Flag.aborted), category="order"),
        Written(3, '{"a":1}', "order-4", time_us=_START_US, flags=int(Flag.late), category="order"),
        Written(4, "", "order-5", time_us=_START_US, category="order", is_document=False),
    ]
    lost = [(5, 40, "retention"), (40, 90, "not fetched")]
    return write(path, [Log(odd, "shop.orders", 1, read=[(0, 5)], first=0, end=90, absent=lost), Log(events, "shop.orders", 0)])


# ---- scenes


def start(stage: Stage) -> None:
    """Nothing is open."""


def start_recent(stage: Stage) -> None:
    """Nothing is open, and there are captures that were."""
    stage.open()
    stage.window.close_capture()
    stage.settle()


def full(stage: Stage) -> None:
    """A capture with an event and its replay."""
    stage.open()
    stage.choose(300)


def empty(stage: Stage) -> None:
    """A capture without events."""
    with Growing(stage.folder / "empty.evcap") as growing:
        growing.append(0)
    stage.window.open_capture(stage.folder / "empty.evcap")
    stage.settle(0.8)


def loading(stage: Stage) -> None:
    """Another event is asked for, and its answer is awaited."""
    stage.open()
    stage.choose(300)
    assert stage.window.session is not None
    stage.window.session.work.hold()
    stage.window.events.choose_row(500)
    stage.settle(0.6)


def damaged(stage: Stage) -> None:
    """A file that was cut."""
    whole = stage.capture().read_bytes()
    (stage.folder / "cut.evcap").write_bytes(whole[: len(whole) // 2])
    stage.window.open_capture(stage.folder / "cut.evcap")
    stage.settle(1.0)


def missing(stage: Stage) -> None:
    """A file that is not there."""
    stage.window.open_capture(stage.folder / "nowhere.evcap")
    stage.settle(0.6)


def undecodable(stage: Stage) -> None:
    """An event that could not be decoded: its bytes and why."""
    stage.open()
    stage.choose(1)


def tombstone(stage: Stage) -> None:
    """A tombstone."""
    stage.open()
    stage.choose(0)


def headers(stage: Stage) -> None:
    """Headers of an event that has none, in the tab."""
    stage.open()
    stage.choose(300)
    stage.tab("Headers")


def value(stage: Stage) -> None:
    """The value as text."""
    stage.open()
    stage.choose(300)
    stage.tab("Value")


def hexadecimal(stage: Stage) -> None:
    """The bytes."""
    stage.open()
    stage.choose(300)
    stage.tab("Hex")


def compare(stage: Stage) -> None:
    """Two events compared."""
    stage.open()
    stage.choose(300)
    assert stage.window.panes is not None
    stage.window.panes.event_pane.compare_with()
    stage.choose(307)


def filtered(stage: Stage) -> None:
    """A filter in force, said in words."""
    stage.open()
    stage.choose(300)
    assert stage.window.selection is not None
    stage.window.selection.choose_filter('type == "OrderPlaced" && data.total > 100')
    stage.settle(0.6)


def nothing_matches(stage: Stage) -> None:
    """A filter that nothing matches."""
    stage.open()
    assert stage.window.selection is not None
    stage.window.selection.choose_filter('type == "Nothing"')
    stage.settle(0.6)


def unread_offered(stage: Stage) -> None:
    """What the source has beyond the list, offered at its end."""
    events = [
        Written(40_000 + n, f'{{"order_id":"order-{n}"}}', f"order-{n}", 1, _START_US + n * 400_000, "OrderPlaced") for n in range(200)
    ]
    log = Log(events, "shop.orders", 3, read=[(40_000, 40_200)], first=0, end=40_200)
    stage.open(write(stage.folder / "deep.evcap", [log], SourceInfo("kafka", "kafka://127.0.0.1:1", "c")))
    assert stage.window.panes is not None
    stage.window.panes.reach.offer_older()
    bar = stage.window.panes.reach.bar
    stage.wait(bar.isVisible)
    bar.show_countdown(time.time_ns() // 1000 + 7_500_000_000)
    stage.settle()


def unread_failed(stage: Stage) -> None:
    """The source of a capture does not answer."""
    unread_offered(stage)
    assert stage.window.panes is not None
    reach = stage.window.panes.reach
    reach.fetching.start()
    stage.wait(lambda: bool(reach.fetching.error))
    stage.settle()


def wrong_filter(stage: Stage) -> None:
    """A filter with a mistake."""
    stage.open()
    assert stage.window.selection is not None
    stage.window.selection.choose_filter("data.total > ")
    stage.settle(0.6)


def filter_typed(stage: Stage) -> None:
    """A filter being typed: what may stand there, and the filter in words."""
    stage.open()
    bar = stage.window.chrome.filter
    bar.take_focus()
    stage.wait(lambda: bool(bar.box.known.places))
    QTest.keyClicks(bar.box, 'type == "OrderPlaced" && data.')
    stage.settle(0.3)


def filter_mistaken(stage: Stage) -> None:
    """A filter being typed with a mistake, and what is wrong with it."""
    stage.open()
    bar = stage.window.chrome.filter
    bar.take_focus()
    QTest.keyClicks(bar.box, 'typ == "OrderPlaced"')
    stage.settle(0.3)


def columns_added(stage: Stage) -> None:
    """Places of the events as columns."""
    stage.open()
    stage.choose(300)
    assert stage.window.selection is not None
    for place in ("data.total", "data.status"):
        stage.window.selection.show_column(place)
    stage.settle()


def colored(stage: Stage) -> None:
    """Colour rules and a stream with a colour of its own, with the dialog's rules."""
    stage.open()
    stage.choose(300)
    assert stage.window.panes is not None
    rules = [ColorRule('type == "PaymentAuthorised"', 2), ColorRule('type == "OrderPlaced"', 3), ColorRule("data.total > 80", 8)]
    stage.window.panes.coloring.keep(rules)
    stage.window.panes.coloring.paint(6, 'stream == "order-72"')
    stage.settle()


def reference(stage: Stage) -> None:
    """Times told relative to an event, with colours, notes and what is undecodable on the map of the list."""
    colored(stage)
    assert stage.window.session is not None
    for seq in (40, 301, 302, 700):
        stage.window.session.notes.add(seq, "looked at")
    stage.window.events.view.header.show_column("since_above", on=True)
    stage.window.events.to_do.refer(296)
    stage.settle(1.0)


def map_of_matches(stage: Stage) -> None:
    """A filter in force: where its matches are among all events, on the map of the list."""
    stage.open()
    assert stage.window.selection is not None
    stage.window.selection.choose_filter("data.total > 60 && data.total < 110 || data.total == 12.5")
    stage.settle(1.0)


def color_rules(stage: Stage) -> None:
    """The dialog of colour rules."""
    stage.open()
    assert stage.window.panes is not None
    coloring = stage.window.panes.coloring
    rules = [ColorRule('type == "PaymentAuthorised"', 2), ColorRule('type == "OrderPlaced" && data.total > 900', 3, is_on=False)]
    coloring.keep([*rules, ColorRule('"undecodable" in flags', 9)])
    stage.dialog(ColorsDialog(coloring, "data.total > 80", stage.window))


def timeline_range(stage: Stage) -> None:
    """A range in force, on the timeline and in every pane."""
    stage.open()
    stage.choose(300)
    assert stage.window.selection is not None
    stage.window.selection.choose_time_range((_START_US + 60_000_000, _START_US + 150_000_000))
    stage.settle(0.8)


def plot_menu(stage: Stage) -> None:
    """What can be done with a name in the timeline."""
    stage.open()
    stage.choose(5)
    assert stage.window.panes is not None
    pane = stage.window.panes.timeline_pane
    names = list(pane.view.bars.counts)
    show_plot_menu(pane, QPoint(40, 40), Selection(pane), by="type", names=names, pointed=names[0], span_us=pane.view.bars.span(1))
    stage.shown = next(menu for menu in pane.findChildren(QMenu) if menu.accessibleName() == "What to do with this plot")
    stage.settle()


def timeline_zoomed(stage: Stage) -> None:
    """The timeline by what the filter matches, zoomed down to single events."""
    stage.open()
    stage.choose(300)
    assert stage.window.panes is not None
    assert stage.window.selection is not None
    stage.window.selection.choose_filter("data.total > 80")
    stage.window.panes.timeline_pane.tell_by("match")
    stage.window.panes.timeline_pane.look_at((_START_US + 100_000_000, _START_US + 130_000_000))
    stage.settle(1.0)


def jump(stage: Stage) -> None:
    """The box that goes to a time or an offset."""
    stage.open()
    stage.choose(300)
    stage.window.events.open_jump()
    stage.settle(0.2)


def navigator_search(stage: Stage) -> None:
    """A search in the navigator."""
    stage.open()
    assert stage.window.panes is not None
    stage.window.panes.navigator_pane.search.setText("order-12")
    stage.settle(0.6)


def navigator_nothing(stage: Stage) -> None:
    """A search in the navigator that finds nothing."""
    stage.open()
    assert stage.window.panes is not None
    stage.window.panes.navigator_pane.search.setText("nobody")
    stage.settle(0.6)


def replay_failed(stage: Stage) -> None:
    """The replay process was killed twice at one question."""
    stage.open()
    stage.choose(300)
    replaying = stage.window.replay.replaying
    process = replaying.fold._process
    assert process is not None
    os.kill(process.processId(), signal.SIGSTOP)
    stage.window.replay.step(-1)
    stage.settle(3.8)


def note(stage: Stage) -> None:
    """A note is being written."""
    stage.open()
    stage.choose(300)
    assert stage.window.session is not None
    stage.window.session.notes.add(301, "paid twice?")
    stage.settle()
    assert stage.window.note_bar is not None
    stage.window.note_bar.open()
    stage.settle(0.2)


def log(stage: Stage) -> None:
    """The messages, and an error in its bar."""
    stage.open()
    stage.messages.say("error", "kafka://prod:9092 does not answer: connection refused; what was read stays")
    stage.window.chrome.errors.show_error("kafka://prod:9092 does not answer: connection refused; what was read stays", can_go_on=True)
    stage.window.chrome.toggle_log(on=True)
    stage.settle()


def evidence(stage: Stage) -> None:
    """A capture marked as evidence."""
    path = stage.folder / "evidence.evcap"
    path.write_bytes(stage.capture().read_bytes())
    stage.open(path)
    stage.window.chrome.evidence.mark(path)
    stage.wait(lambda: "is evidence" in stage.window.chrome.evidence.text.whole_text())
    stage.settle()


def this_field(stage: Stage) -> None:
    """What a field is, tried on some events."""
    _say(stage, "type", "data.status")


def this_field_time(stage: Stage) -> None:
    """A field that is no time anywhere, and why."""
    _say(stage, "time", "data.order_id")


def _say(stage: Stage, field: str, place: str) -> None:
    stage.open()
    stage.choose(300)
    assert stage.window.selection is not None
    stage.window.selection.say_meaning(field, place)
    (dialog,) = stage.window.findChildren(ThisFieldDialog)
    stage.wait(lambda: dialog.answer is not None)
    stage.shown = dialog
    stage.settle()


def decoded_again(stage: Stage) -> None:
    """A capture that was decoded again by a rule of the user's."""
    _say(stage, "stream", "data.order_id")
    (dialog,) = stage.window.findChildren(ThisFieldDialog)
    stage.shown = stage.window
    dialog.write.click()
    stage.wait(lambda: "decoded again," in stage.window.chrome.decoding.text.whole_text())
    stage.settle(0.8)


def indexed(stage: Stage) -> None:
    """A field that was indexed: what the bar and the list say."""
    stage.open()
    selection, indexing = stage.window.selection, stage.window.chrome.indexing
    assert selection is not None
    selection.choose_filter('data.order_id == "order-7"')
    stage.settle()
    indexing.index("data.order_id")
    stage.wait(lambda: stage.window.events.lister.is_looked_up)
    stage.settle()


def indexes(stage: Stage) -> None:
    """The indexed fields."""
    indexed(stage)
    assert stage.window.session is not None
    stage.dialog(IndexesDialog(stage.window.session, stage.window.chrome.indexing, "", stage.window))


def _findings(stage: Stage, path: Path) -> FindingsPane:
    stage.open(path)
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Findings", on=True)
    stage.window.panes._middle.setSizes([300, 330])
    stage.settle()
    return stage.window.panes.findings_pane


def findings(stage: Stage) -> None:
    """What the checks found, and all about one of it."""
    pane = _findings(stage, finding_captures.faulty(stage.folder / "faulty.evcap"))
    pane.checking.run()
    stage.wait(lambda: not pane.checking.is_running and bool(pane.table.rows))
    pane.take_focus()
    stage.settle()


def findings_none(stage: Stage) -> None:
    """The checks found nothing."""
    pane = _findings(stage, finding_captures.clean(stage.folder / "clean.evcap"))
    pane.checking.run()
    stage.wait(lambda: not pane.checking.is_running and pane.checking.found is not None and bool(pane.checking.found.rules))
    stage.settle()


def findings_running(stage: Stage) -> None:
    """The checks run: their process is held while the picture is taken."""
    pane = _findings(stage, finding_captures.faulty(stage.folder / "faulty.evcap"))
    pane.checking.run()
    stage.wait(lambda: pane.checking.number > 1)
    child = pane.checking._job._child
    assert child is not None
    pid = child._process.processId()
    os.kill(pid, signal.SIGSTOP)
    stage.settle()
    stage.after = lambda: os.kill(pid, signal.SIGCONT)


def findings_fresh(stage: Stage) -> None:
    """No checks were run yet."""
    _findings(stage, finding_captures.faulty(stage.folder / "faulty.evcap"))


def _schemas(stage: Stage, *versions: int) -> None:
    stage.open(schema_captures.shop(stage.folder / "schemas.evcap"))
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Schemas", on=True)
    stage.window.panes._middle.setSizes([300, 330])
    view = stage.window.panes.schemas_pane.view
    stage.wait(lambda: view.tree.rowCount() > 3)
    for row in view.tree.rows:
        view.open_row(row.key)
    stage.settle(0.8)
    flags = view.selectionModel().SelectionFlag
    known = {one.schema.version: one.key for row in view.tree.rows for one in row.inner if one.schema is not None}
    for version in versions:
        view.selectionModel().select(view.tree.find(known[version]), flags.Select | flags.Rows)
    stage.settle(0.4)


def schemas(stage: Stage) -> None:
    """Versions by type, and the text of a schema."""
    _schemas(stage, 2)


def schemas_compared(stage: Stage) -> None:
    """What differs between two versions."""
    _schemas(stage, 2, 3)


def schemas_shape(stage: Stage) -> None:
    """A shape of documents that declare nothing."""
    _schemas(stage)
    assert stage.window.panes is not None
    view = stage.window.panes.schemas_pane.view
    shape = next(one for row in view.tree.rows for one in row.inner if one.shape is not None and one.shape.missing)
    view.setCurrentIndex(view.tree.find(shape.key))
    stage.settle(0.4)


def schemas_none(stage: Stage) -> None:
    """A capture without events, in the schemas pane."""
    empty(stage)
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Schemas", on=True)
    stage.settle(0.6)


def _undecodable(stage: Stage) -> EventPane:
    stage.open(schema_captures.shop(stage.folder / "schemas.evcap"))
    stage.choose(441)
    assert stage.window.panes is not None
    return stage.window.panes.event_pane


def schema_missing(stage: Stage) -> None:
    """An event whose schema nobody has: its bytes, the reason, and the way to ask why."""
    _undecodable(stage)


def explained(stage: Stage) -> None:
    """Every decoder tried on a value that does not decode."""
    pane = _undecodable(stage)
    pane.explain()
    assert pane.explaining is not None
    stage.wait(lambda: pane.explaining is not None and pane.explaining.found is not None)
    stage.shown = pane.explaining
    stage.settle(0.4)


def explained_json(stage: Stage) -> None:
    """What else a value may be that is JSON."""
    stage.open()
    stage.choose(300)
    assert stage.window.panes is not None
    pane = stage.window.panes.event_pane
    pane.explain()
    stage.wait(lambda: pane.explaining is not None and pane.explaining.found is not None)
    assert pane.explaining is not None
    stage.shown = pane.explaining
    stage.settle(0.4)


def _decoded(stage: Stage, number: int) -> EventPane:
    """Orders that the real decoders read, half of them Avro and half Protobuf; one is chosen."""
    orders = encodings.orders(200)
    values = [*encodings.encoded(orders[:100], "avro"), *encodings.encoded(orders[100:], "protobuf")]
    keys = [order["order"].encode() for order in orders]
    profile = '[[log]]\nname = "orders"\ntype = "data.kind"\nstream = "data.order"\n'
    stage.open(encodings.capture_of(stage.folder / "encoded.evcap", values, keys, profile=profile))
    stage.choose(number)
    assert stage.window.panes is not None
    return stage.window.panes.event_pane


def _hex_decoded(stage: Stage, number: int) -> None:
    pane = _decoded(stage, number)
    stage.tab("Hex")
    stage.wait(lambda: pane.hex.spans.seq == pane.hex._seq)
    pane.hex.show_field(("address", "city"))
    stage.settle(0.4)


def hex_avro(stage: Stage) -> None:
    """The bytes of a field of an Avro record."""
    _hex_decoded(stage, 20)


def hex_protobuf(stage: Stage) -> None:
    """The bytes of a field of a Protobuf message."""
    _hex_decoded(stage, 150)


def schemas_decoded(stage: Stage) -> None:
    """The versions of what was decoded: Avro and Protobuf."""
    _decoded(stage, 20)
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Schemas", on=True)
    view = stage.window.panes.schemas_pane.view
    stage.wait(lambda: view.tree.rowCount() > 0)
    view.open_row(view.tree.rows[0].key)
    stage.settle(0.4)
    view.setCurrentIndex(view.tree.find(view.tree.rows[0].inner[0].key))
    stage.settle(0.6)


def _explained(stage: Stage, number: int) -> None:
    pane = _decoded(stage, number)
    pane.explain()
    stage.wait(lambda: pane.explaining is not None and pane.explaining.found is not None)
    assert pane.explaining is not None
    stage.shown = pane.explaining
    stage.settle(0.4)


def explained_avro(stage: Stage) -> None:
    """What else an Avro record may be."""
    _explained(stage, 20)


def explained_protobuf(stage: Stage) -> None:
    """What else a Protobuf message may be."""
    _explained(stage, 150)


def hex_field(stage: Stage) -> None:
    """The bytes of a field, marked."""
    stage.open()
    stage.choose(300)
    stage.tab("Hex")
    assert stage.window.panes is not None
    hexes = stage.window.panes.event_pane.hex
    stage.wait(lambda: hexes.spans.seq == stage.window.panes.event_pane.hex._seq if stage.window.panes else False)
    hexes.show_field(("lines", 0, "sku"))
    stage.settle(0.4)


def decode_again(stage: Stage) -> None:
    """Where schemas may be found before a capture is decoded again."""
    _undecodable(stage)
    assert stage.window.selection is not None
    stage.window.selection.decode_again()
    stage.wait(lambda: bool(stage.window.findChildren(DecodeAgainDialog)))
    (dialog,) = stage.window.findChildren(DecodeAgainDialog)
    dialog.registry.setText("http://registry.shop:8081")
    stage.shown = dialog
    stage.settle()


def connect_registry(stage: Stage) -> None:
    """A cluster with a schema registry."""
    dialog = ConnectDialog(stage.window)
    dialog.page.kafka.servers.setText("broker1.prod:9093")
    dialog.page.kafka.registry.setText("https://registry.prod")
    stage.dialog(dialog)


def palette(stage: Stage) -> None:
    """Everything that can be done."""
    stage.open()
    stage.dialog(Palette(stage.window.actions_table, stage.window))


def keys(stage: Stage) -> None:
    """The sheet of keys."""
    stage.dialog(HelpDialog(stage.window.actions_table, stage.window))


def preferences(stage: Stage) -> None:
    """Preferences."""
    from app.preferences import Preferences

    stage.dialog(PreferencesDialog(Preferences(), stage.window))


def connect(stage: Stage) -> None:
    """Where to connect to."""
    stage.dialog(ConnectDialog(stage.window))


def connect_store(stage: Stage) -> None:
    """An event store as the source."""
    dialog = ConnectDialog(stage.window)
    dialog.page.tabs.setCurrentIndex(1)
    stage.dialog(dialog)


def unsaved(stage: Stage) -> None:
    """Captures that were not saved."""
    stage.window.library.refresh()
    stage.dialog(CapturesDialog(stage.window.library, stage.window))


def profile_menu(stage: Stage) -> None:
    """The menu of profiles in the corner of the status line, as a picture of its own."""
    stage.open()
    _profiles(stage)
    assert stage.window.status_line is not None
    menu = stage.window.status_line.profile.make_menu()
    menu.adjustSize()
    stage.shown = menu
    stage.settle()


def profiles(stage: Stage) -> None:
    """The list of profiles."""
    stage.open()
    _profiles(stage)
    stage.window.profiling.manage()
    stage.dialog(stage.window.findChildren(ProfilesDialog)[0])


def masks(stage: Stage) -> None:
    """The form of masks, with the current event as they leave it."""
    stage.open()
    stage.window.events.choose_row(40)
    stage.settle()
    stage.window.profiling.profiles.change(masks=MaskRules(("data.order_id", "**.email", 'headers["authorization"]', "key"), ("email",)))
    stage.settle()
    stage.window.profiling.edit_masks()
    stage.dialog(stage.window.findChildren(MasksDialog)[0])
    stage.settle(0.6)


def masks_mistaken(stage: Stage) -> None:
    """A mask that is wrong."""
    stage.open()
    stage.window.profiling.edit_masks()
    dialog = stage.window.findChildren(MasksDialog)[0]
    dialog.paths.setPlainText("data.customer.email\ncustomer..card")
    stage.dialog(dialog)
    stage.settle(0.6)


def masked(stage: Stage) -> None:
    """The window under the masks of a profile."""
    stage.open()
    _profiles(stage)
    stage.window.profiling.profiles.use("Support desk")
    stage.wait(lambda: stage.window.events.model.known(0) is not None)
    stage.window.events.choose_row(40)
    stage.settle(2.0)


def name_taken(stage: Stage) -> None:
    """A name that another profile has."""
    stage.window.profiling.save_as()
    dialog = stage.window.findChildren(NameDialog)[0]
    dialog.line.setText("Default")
    dialog.keep()
    stage.dialog(dialog)


def _profiles(stage: Stage) -> None:
    kept = stage.window.profiling.profiles
    kept.add(Profile("Payments", colors=(ColorRule('type == "PaymentAuthorised"', 3),), filters=("data.total > 100",)))
    kept.add(Profile("Support desk", masks=MaskRules(("data.order_id", "stream", "key"), ("email", "card"))))
    kept.use("Payments")


def _exports(stage: Stage) -> Path:
    """A folder with exports of several kinds, damage, and what is left out."""
    folder = stage.folder / "exports 2026-11-23"
    folder.mkdir()
    rows = [
        f'{{"type":"{_TYPES[n % 4]}","order_id":"order-{n // 4}","time":"2026-11-23T08:{n % 60:02}:00Z","total":{10 + n}.50}}'
        for n in range(400)
    ]
    (folder / "orders.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "orders-older.jsonl.gz").write_bytes(gzip.compress("\n".join(rows[:90]).encode() + b'\n{"type":"OrderPla\n\xff\xfe\n'))
    table = [f"order-{n}|2026-11-23 09:{n:02}:00|EUR|{10 + n}.50" for n in range(30)]
    (folder / "payments.psv").write_text("\n".join(["order|paid_time|currency|amount", *table]) + "\n", encoding="utf-8")
    (folder / "photo.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "a\u202egpj.exe").write_bytes(b"\x00\x01")
    os.mkfifo(folder / "pipe")
    (folder / "hosts").symlink_to("/etc/hosts")
    return folder


def _asked(stage: Stage, *paths: Path) -> ImportDialog:
    os.environ["PYTHONPATH"] = pipe_format.install(stage.folder)
    stage.window.importer.ask(paths)
    dialog = stage.window.importer.dialog
    assert dialog is not None
    stage.shown = dialog
    return dialog


def _seen(stage: Stage, *paths: Path) -> ImportDialog:
    dialog = _asked(stage, *paths)
    stage.wait(lambda: not dialog.busy.isVisible() or dialog.problem.isVisible())
    stage.settle()
    return dialog


def import_looking(stage: Stage) -> None:
    """The import dialog while the files are looked at."""
    _asked(stage, _exports(stage))
    stage.settle(0.05)


def import_recognised(stage: Stage) -> None:
    """Files of several kinds, one of which asks for a zone."""
    _seen(stage, _exports(stage))


def import_question(stage: Stage) -> None:
    """Times without a zone, and a mapping of columns."""
    dialog = _seen(stage, _exports(stage))
    row = next(n for n, group in enumerate(dialog.seen.groups) if "zone" in group.questions)
    dialog.list.setCurrentIndex(dialog.groups.index(row, 0))
    stage.settle()


def import_unknown(stage: Stage) -> None:
    """A file that no format fits."""
    _seen(stage, _exports(stage) / "photo.bin")


def import_nothing(stage: Stage) -> None:
    """A folder without anything to read."""
    folder = stage.folder / "nothing"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    _seen(stage, folder)


def import_error(stage: Stage) -> None:
    """What was to be imported is gone."""
    _seen(stage, stage.folder / "gone.jsonl")


def _imported(stage: Stage, path: Path) -> None:
    dialog = _seen(stage, path)
    dialog.begin()
    stage.shown = stage.window
    bar = stage.window.chrome.importing
    stage.wait(lambda: bar.text.whole_text()[:1] in {"✓", "!"})
    stage.wait(lambda: stage.window.events.model.rows > 0)
    stage.settle(2.5)


def import_done(stage: Stage) -> None:
    """An import that read everything."""
    _imported(stage, _exports(stage) / "orders.jsonl")


def import_damage(stage: Stage) -> None:
    """An import that met damage."""
    _imported(stage, _exports(stage) / "orders-older.jsonl.gz")


def import_running(stage: Stage) -> None:
    """An import under way."""
    path = stage.folder / "large.jsonl"
    line = '{"type":"OrderPlaced","order_id":"order-1","time":"2026-11-23T08:00:00Z","total":10.50}\n'
    path.write_text(line * 2_000_000, encoding="utf-8")
    _seen(stage, path).begin()
    stage.shown = stage.window
    bar = stage.window.chrome.importing
    stage.wait(lambda: "events stored" in bar.text.whole_text() and bar.progress.value() > 20)
    stage.settle(0.5)


def import_stopped(stage: Stage) -> None:
    """An import that was stopped."""
    import_running(stage)
    bar = stage.window.chrome.importing
    bar.stop()
    stage.wait(lambda: bar.text.whole_text().startswith("!"))
    stage.settle()


def dropping(stage: Stage) -> None:
    """Something is dragged over the window."""
    stage.open()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(stage.folder))])
    none, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    stage.window.chrome.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, none, keys))
    stage.settle(0.1)


def details(stage: Stage) -> None:
    """What a capture knows of the files that were read into it."""
    folder = _exports(stage)
    dialog = _seen(stage, folder)
    dialog.asked.left_open.add(("pipes", "zone"))
    dialog._show_state()
    dialog.begin()
    stage.wait(lambda: stage.window.chrome.importing.text.whole_text()[:1] in {"✓", "!"})
    stage.window.importer.show_details()
    (found,) = stage.window.findChildren(DetailsDialog)
    stage.wait(lambda: bool(found.found))
    stage.shown = found
    found.view.setCurrentIndex(found.table.index(1, 0))
    stage.settle()


SCENES: dict[str, Callable[[Stage], None]] = {
    scene.__name__: scene
    for scene in (
        start,
        start_recent,
        full,
        empty,
        loading,
        damaged,
        missing,
        undecodable,
        tombstone,
        headers,
        value,
        hexadecimal,
        compare,
        filtered,
        nothing_matches,
        unread_offered,
        unread_failed,
        wrong_filter,
        filter_typed,
        filter_mistaken,
        columns_added,
        colored,
        reference,
        map_of_matches,
        color_rules,
        timeline_range,
        timeline_zoomed,
        plot_menu,
        jump,
        navigator_search,
        navigator_nothing,
        replay_failed,
        note,
        log,
        evidence,
        this_field,
        this_field_time,
        decoded_again,
        indexed,
        indexes,
        findings,
        findings_none,
        findings_running,
        findings_fresh,
        schemas,
        schemas_compared,
        schemas_shape,
        schemas_none,
        schema_missing,
        explained,
        explained_json,
        hex_field,
        hex_avro,
        hex_protobuf,
        schemas_decoded,
        explained_avro,
        explained_protobuf,
        decode_again,
        connect_registry,
        palette,
        keys,
        preferences,
        connect,
        connect_store,
        unsaved,
        profile_menu,
        profiles,
        masks,
        masks_mistaken,
        masked,
        name_taken,
        import_looking,
        import_recognised,
        import_question,
        import_unknown,
        import_nothing,
        import_error,
        import_done,
        import_damage,
        import_running,
        import_stopped,
        dropping,
        details,
    )
}
SCENES |= replay_scenes.SCENES
SCENES |= shop_scene.SCENES
SCENES |= plot_scenes.SCENES
SCENES |= projection_scenes.SCENES
SCENES |= drift_scene.SCENES


def main() -> int:
    """Makes the pictures asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("scene", nargs="*", choices=[*SCENES, []], default=[])
    parser.add_argument("--look", choices=("light", "dark"), default="light")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--scale", default="1")
    given = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = given.scale
    width, _, height = given.size.partition("x")
    given.folder.mkdir(parents=True, exist_ok=True)
    qt = QApplication(sys.argv[:1])
    style.apply(qt, given.look)
    for name in given.scene or SCENES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["EVENTSCOPE_HOME"] = f"{folder}/home"
            stage = Stage(qt, Path(folder), (int(width), int(height)))
            SCENES[name](stage)
            picture = given.folder / f"{name}-{given.look}-{given.size}{'' if given.scale == '1' else f'-{given.scale}x'}.png"
            stage.shown.grab().save(str(picture))
            stage.close()
        print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
