"""The pane of plots: the command's numbers, gaps with their number, moments, ranges, alarms, tables, files; asked no more than is good."""

from __future__ import annotations

import csv
import io
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.messages import Messages
from app.models.plot_spec import LOG, STACKED, PlotSpec, Threshold, standard
from app.models.plotted import csv_text
from app.panes.metrics import MetricsPane
from app.plot_card import PlotCard
from app.selection import Selection
from app.session import Session
from inspector.capture.gaps import gaps
from inspector.capture.reader import CaptureReader
from inspector.capture.writer import CaptureWriter, Progress
from inspector.event import Flag, parse_time
from inspector.lag import resets
from inspector.lag.report import recorded
from inspector.metrics import names
from inspector.sources.samples import COMMITTED, LAG_POSITIONS, LOG_END, Sample, label_of
from tests.app.captures import Growing, capture
from tests.replay.captures import Log, Written, write

_WAIT_MS = 60_000
_NOON_US = parse_time("2026-11-23T12:00:00Z")
_NOON_S = _NOON_US / 1e6

Opened = tuple[MetricsPane, Selection, Session]


def opened(qtbot: QtBot, path: Path, messages: Messages, plots: tuple[PlotSpec, ...] = standard()) -> Opened:
    session = Session(path, messages)
    session.start()
    selection = Selection()
    made = MetricsPane(session, selection)
    qtbot.addWidget(made)
    made.choose(plots, ("all", "auto"))
    made.resize(900, 260)
    made.show()
    return made, selection, session


def wait_for_numbers(qtbot: QtBot, pane: MetricsPane) -> None:
    qtbot.waitUntil(lambda: bool(pane.cards) and all(card.shown is not None for card in pane.cards), timeout=_WAIT_MS)


@pytest.fixture
def pane(qtbot: QtBot, messages: Messages, tmp_path: Path) -> Iterator[Opened]:
    """Ten events a second for a minute, of two types; those of ten seconds in the middle were not read."""
    events = [Written(n, '{"n":1}', time_us=_NOON_US + n * 100_000, type="A" if n % 5 else "B") for n in range(600) if not 200 <= n < 300]
    path = write(tmp_path / "a.evcap", [Log(events, read=[(0, 200), (300, 600)])])
    found = opened(qtbot, path, messages)
    wait_for_numbers(qtbot, found[0])
    yield found
    found[2].close()


def shown_by(qtbot: QtBot, pane: MetricsPane, *plots: PlotSpec) -> list[PlotCard]:
    """Other plots, with their numbers."""
    pane.choose(plots, ("all", "auto"))
    wait_for_numbers(qtbot, pane)
    return pane.cards


def printed(pane: MetricsPane, card: PlotCard) -> str:
    """What the copied command prints."""
    pane.doing.copy_command(card)
    words = shlex.split(QGuiApplication.clipboard().text())
    command = [sys.executable, "-m", "inspector.cli", *words[1:], "--format", "csv"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


# ---- numbers


def test_rates_are_those_of_the_rollup(pane: Opened) -> None:
    events, sizes = pane[0].cards
    assert list(events.plot.lines) == ["orders"]
    assert list(events.plot.lines["orders"]) == [10.0] * 20 + [0.0] * 10 + [10.0] * 30
    assert sum(sizes.plot.lines["orders"]) > 0


@pytest.mark.parametrize("name", names())
def test_every_metric_shows_what_the_command_prints(qtbot: QtBot, pane: Opened, name: str) -> None:
    subject = pane[0]
    subject.choose((PlotSpec(name),), ("all", "10 s"))
    (card,) = subject.cards
    qtbot.waitUntil(lambda: card.shown is not None or "Nothing" in card.empty.sentence(), timeout=_WAIT_MS)
    if card.shown is None:
        return  # the capture has nothing of the kind
    subject.doing.copy_data(card)
    assert QGuiApplication.clipboard().text() == csv_text(card.shown.answer)
    assert printed(subject, card) == csv_text(card.shown.answer)
    for line in card.shown.answer.series:
        assert list(card.plot.lines[line.label or "none"]) == pytest.approx([np.nan if v is None else v for v in line.values], nan_ok=True)


def test_a_plot_of_some_events_by_a_label_shows_what_the_command_prints(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    (card,) = shown_by(qtbot, subject, PlotSpec("events", "type", 'type == "B"'))
    assert list(card.plot.lines) == ["B"]
    subject.span.setCurrentText("selected range")
    selection.choose_time_range((_NOON_US + 5_000_000, _NOON_US + 15_000_000))
    qtbot.waitUntil(lambda: card.shown is not None and len(card.plot.times) == 10, timeout=_WAIT_MS)
    assert card.shown is not None
    assert printed(subject, card).startswith("time,metric,label,value,unit,guarded\r\n2026-11-23T12:00:05.000000Z,events,B,2.0,events/s")
    assert printed(subject, card) == csv_text(card.shown.answer)
    assert card.accessibleName() == "Events a second by type"
    assert card.state.whole_text() == 'only type == "B"'


def test_what_was_not_read_is_a_gap_with_its_number(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    qtbot.waitUntil(lambda: "100 positions not read" in subject.note.whole_text(), timeout=_WAIT_MS)
    for card in subject.cards:
        (hatch,) = card.plot.hatched
        assert (hatch.from_s - _NOON_S, hatch.until_s - _NOON_S, hatch.text) == pytest.approx((19.9, 30.0, "100 not fetched"))


def test_gaps_lie_between_the_times_of_their_neighbours(tmp_path: Path) -> None:
    events = [Written(n, '{"n":1}', time_us=_NOON_US + n) for n in (5, 6, 9)]
    path = write(tmp_path / "a.evcap", [Log(events, first=0, end=12, read=[(5, 7), (9, 10)], absent=[(0, 5, "retention")])])
    with CaptureReader(path) as reader:
        found = [(gap.positions, gap.reason, gap.from_us, gap.until_us) for gap in gaps(reader)]
    assert found == [
        (5, "retention", None, _NOON_US + 5),
        (2, "not fetched", _NOON_US + 6, _NOON_US + 9),
        (2, "not fetched", _NOON_US + 9, None),
    ]


def test_what_is_unknown_is_a_gap_in_the_line(qtbot: QtBot, pane: Opened) -> None:
    (card,) = shown_by(qtbot, pane[0], PlotSpec("size", "log"))
    values = card.plot.lines["orders"]
    assert np.isnan(values[20:30]).all()
    assert not np.isnan(np.delete(values, range(20, 30))).any()
    drawn = card.plot._curves["orders"].getData()[1]
    assert np.isnan(drawn).sum() == 10


def test_an_answer_that_has_nothing_and_a_metric_that_is_none_say_so(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    plots = PlotSpec("events"), PlotSpec("no-such"), PlotSpec("events", "colour")
    subject, _, session = opened(qtbot, capture(tmp_path / "a.evcap", 0), messages, plots)
    events, unknown, mistold = subject.cards
    assert events.empty.sentence() == "The numbers are being read …"
    qtbot.waitUntil(lambda: "Nothing to plot yet" in events.empty.sentence(), timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: "cannot be plotted" in mistold.empty.sentence(), timeout=_WAIT_MS)
    qtbot.waitUntil(lambda: "cannot be plotted" in unknown.empty.sentence(), timeout=_WAIT_MS)
    assert "no metric named 'no-such'" in unknown.empty._hint.whole_text()
    assert "not told by 'colour'" in mistold.empty._hint.whole_text()
    session.close()


# ---- pointing


def test_a_click_is_a_moment_and_a_drag_a_range(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    plot = subject.cards[1].plot
    plot._box.clicked.emit(_NOON_S + 12)
    assert moments == [(_NOON_US + 12_000_000, _NOON_US + 13_000_000)]
    plot._box.brushed.emit((_NOON_S + 5, _NOON_S + 8), True)
    assert selection.time_range == (_NOON_US + 5_000_000, _NOON_US + 8_000_001)
    assert all(card.plot._brush.isVisible() for card in subject.cards)
    subject.span.setCurrentText("selected range")
    qtbot.waitUntil(lambda: all(len(card.plot.times) == 4 for card in subject.cards), timeout=_WAIT_MS)


def test_a_real_click_reaches_the_moment_under_it(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    plot = subject.cards[0].plot
    at = plot.mapFromScene(plot._box.mapViewToScene(QPointF(_NOON_S + 40, 5)))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(moments) == 1, timeout=_WAIT_MS)
    assert moments == [(_NOON_US + 40_000_000, _NOON_US + 41_000_000)]


def test_the_keyboard_reads_all_plots_and_goes_to_moments(pane: Opened) -> None:
    subject, selection, _ = pane
    moments: list[object] = []
    selection.moment_wanted.connect(moments.append)
    events, sizes = subject.cards
    QTest.keyClick(events.plot, Qt.Key.Key_Left)
    assert subject.note.whole_text() == "2026-11-23 12:00:59 UTC"
    assert events.legend.accessibleDescription() == "orders 10.0"
    assert sizes.legend.accessibleDescription().startswith("orders ")
    assert sizes.plot._cross.isVisible()
    QTest.keyClick(events.plot, Qt.Key.Key_Return)
    assert moments == [(_NOON_US + 59_000_000, _NOON_US + 60_000_000)]
    assert events.plot.accessibleDescription().startswith("newest events/s: orders 10.0")
    assert events.plot.accessibleName() == "Events a second by log"
    QTest.keyClick(sizes.plot, Qt.Key.Key_Home)
    assert subject.note.whole_text() == "2026-11-23 12:00:00 UTC"


def test_all_plots_have_one_axis_of_time(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    first, second, third = shown_by(qtbot, subject, PlotSpec("events"), PlotSpec("size", "type", 'type == "B"'), PlotSpec("bytes", "type"))
    assert first.plot.viewRange()[0] == second.plot.viewRange()[0] == third.plot.viewRange()[0]
    left = [card.plot.mapFromScene(card.plot._box.sceneBoundingRect()).boundingRect().left() for card in (first, second, third)]
    assert len(set(left)) == 1


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_only_the_events_of_a_line(qtbot: QtBot, pane: Opened) -> None:
    subject, selection, _ = pane
    (card,) = shown_by(qtbot, subject, PlotSpec("events", "type", "seq > 5"))
    card.menu_wanted.emit(None, "B", QPoint(5, 5))
    menu = next(menu for menu in subject.findChildren(QMenu) if menu.accessibleName() == "What to do with this plot")
    texts = [action.text() for action in menu.actions()]
    assert "This plot" in texts
    next(action for action in menu.actions() if action.text().startswith("Filter by")).trigger()
    assert selection.filter == 'seq > 5 && type == "B"'
    menu.close()


# ---- drawing


def test_stacked_lines_stand_on_each_other_and_logarithms_leave_zeros_out(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    (card,) = shown_by(qtbot, subject, PlotSpec("events", "type", scale=STACKED))
    assert list(card.plot._curves) == ["A", "B"]
    assert list(card.plot._curves["B"].getData()[1][:3]) == [10.0, 10.0, 10.0]
    assert list(card.plot._curves["A"].getData()[1][:3]) == [8.0, 8.0, 8.0]
    assert card.plot.name_at(_NOON_S + 2, 9.0) == "B"
    subject.doing.set_scale(card, LOG)
    assert "zeros have no place on a log scale" in card.state.whole_text()
    assert card.plot._curves["B"].getData()[1][0] == pytest.approx(np.log10(2.0))
    assert np.isnan(card.plot._curves["B"].getData()[1][25])
    assert subject.chosen()[0] == (PlotSpec("events", "type", scale=LOG),)


def test_forty_lines_are_drawn_and_the_table_has_all(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    events = [Written(n, "{}", time_us=_NOON_US + n * 10_000, type=f"T{n % 55:02}") for n in range(1_100)]
    path = write(tmp_path / "a.evcap", [Log(events)])
    subject, _, session = opened(qtbot, path, messages, (PlotSpec("events", "type", has_table=True),))
    wait_for_numbers(qtbot, subject)
    (card,) = subject.cards
    assert len(card.plot.lines) == 40
    assert card.table.rowCount() == 55
    assert "40 of 55 lines are drawn" in card.state.whole_text()
    assert len(card.legend.places()) < 40
    subject.doing.set_scale(card, STACKED)
    assert sum(values[0] for values in card.plot.lines.values()) == pytest.approx(100.0)
    session.close()


def test_the_table_has_latest_least_greatest_and_mean_and_is_sorted(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    (card,) = shown_by(qtbot, subject, PlotSpec("events", "type"))
    QAbstractItemModelTester(card.table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert not card.view.isVisible()
    subject.doing.show_table(card, on=True)
    assert card.view.isVisible()

    def rows() -> list[list[object]]:
        table = card.table
        return [[table.data(table.index(row, column)) for column in range(5)] for row in range(table.rowCount())]

    assert rows() == [["A", "8.0", "0", "8.0", "6.7"], ["B", "2.0", "0", "2.0", "1.7"]]
    card.view.setCurrentIndex(card.table.index(0, 0))
    assert card.plot._chosen == "A"
    card.view.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in rows()] == ["B", "A"]
    assert card.table.rows[card.view.row()][0] == "A"
    subject.feeds.look_at(subject.feeds._look)
    qtbot.waitUntil(lambda: not subject.feed(card).is_stale and not subject.feed(card).is_reading, timeout=_WAIT_MS)
    assert [row[0] for row in rows()] == ["B", "A"]


# ---- alarms and marks


def test_an_alarm_is_said_once_while_it_stays(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(1_000)
        subject, _, session = opened(qtbot, growing.path, messages, (PlotSpec("undecodable", "all", threshold=Threshold(10.0)),))
        said: list[object] = []
        subject.alarmed.connect(said.append)
        wait_for_numbers(qtbot, subject)
        (card,) = subject.cards
        assert said == []
        for _ in range(2):
            before = subject.feed(card).at_s
            growing.append_values([b"\x00"] * 4_000, flags=int(Flag.undecodable))
            qtbot.waitUntil(lambda before=before: subject.feed(card).at_s > before and bool(card.alarmed), timeout=_WAIT_MS)  # type: ignore[misc]
        assert said == ["Share of undecodable events: all events: 100.0 % is above 10"]
        assert card.state.whole_text().startswith("▲ all events: 100.0 % is above 10")
        assert card.state.property("role") == "bad"
        growing.append(5_000)
        qtbot.waitUntil(lambda: not card.alarmed, timeout=_WAIT_MS)
        growing.append_values([b"\x00"] * 4_000, flags=int(Flag.undecodable))
        qtbot.waitUntil(lambda: len(said) == 2, timeout=_WAIT_MS)
        session.close()


def test_an_alarm_watches_while_it_is_hidden(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    subject, _, session = opened(qtbot, capture(tmp_path / "a.evcap", 5_000), messages, (PlotSpec("events", threshold=Threshold(1.0)),))
    subject.hide()
    said: list[object] = []
    subject.alarmed.connect(said.append)
    qtbot.waitUntil(lambda: len(said) == 1, timeout=_WAIT_MS)
    session.close()


def test_notes_are_ticks_on_the_axis_with_their_words(qtbot: QtBot, pane: Opened) -> None:
    subject, _, session = pane
    session.notes.add(101, "look <b>here</b>")
    plot = subject.cards[0].plot
    qtbot.waitUntil(lambda: len(plot.marks) == 1, timeout=_WAIT_MS)
    (mark,) = plot.marks
    assert mark.at_s == pytest.approx(_NOON_S + 10)
    assert mark.text == "note: look <b>here</b>"
    plot.hovered.emit(_NOON_S + 10)
    assert subject.note.whole_text() == "2026-11-23 12:00:10 UTC · note: look <b>here</b>"
    plot._point(_NOON_S + 10)
    assert "&lt;b&gt;" in plot.viewport().toolTip()


def test_resets_are_ticks_in_every_plot_with_what_was_set_back(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    path = capture(tmp_path / "a.evcap", 200)
    commits = {0: [900, 950, 100, 150], 1: [1_234, 1_250, 1_000, 1_100], 2: [5, 6, 7, 8]}
    with CaptureWriter(path, floor_bytes=0) as writer:
        reading = writer.begin(1, {}, isolation="", filter_text=None, settings={})
        noted = [
            Sample(metric, label, int((_NOON_S + 5 * look) * 1e6), value)
            for partition, values in commits.items()
            for look, value in enumerate(values)
            for metric, label in (
                (COMMITTED, label_of("billing", "orders", partition)),
                (LAG_POSITIONS, label_of("billing", "orders", partition)),
                (LOG_END, label_of("orders", partition)),
            )
        ]
        writer.append(reading, [], None, Progress(samples=noted))
    subject, _, session = opened(qtbot, path, messages, (PlotSpec("events"), PlotSpec("lag")))
    wait_for_numbers(qtbot, subject)
    text = "↺ billing was set back in orders/0 from 950 to 100, orders/1 from 1,250 to 1,000"
    for card in subject.cards:
        qtbot.waitUntil(lambda card=card: len(card.plot.marks) == 1, timeout=_WAIT_MS)  # type: ignore[misc]
        (mark,) = card.plot.marks
        assert (mark.at_s, mark.text, mark.role) == (_NOON_S + 10, text, "warn")
    subject.cards[1].plot._point(_NOON_S + 10)
    assert text in subject.cards[1].plot.viewport().toolTip()
    with CaptureReader(path) as reader:
        (account,) = recorded(reader)
        said = [(row.standing.place, reset) for row in account.rows for reset in row.resets]
        assert sorted((one.place, one.reset) for one in resets.seen(reader, 10)) == said
    session.close()


# ---- the set of plots


def test_plots_are_added_moved_removed_and_reset(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    dialog = subject.doing.add_plot()
    dialog.what.setCurrentIndex(dialog._names.index("late"))
    dialog.by.setCurrentIndex(dialog.by.findText("header …"))
    assert not dialog.ok.isEnabled()
    dialog.header.setText("producer")
    dialog.filter.setText("seq >")
    assert "column 6" in dialog.wrong.whole_text()
    dialog.filter.setText("seq > 5")
    dialog.side.setCurrentIndex(2)
    assert "say the number" in dialog.wrong.whole_text()
    dialog.value.setText("a lot")
    assert "is no number" in dialog.wrong.whole_text()
    dialog.value.setText("0.5")
    dialog.keep()
    late = PlotSpec("late", "header:producer", "seq > 5", threshold=Threshold(0.5, is_above=False))
    assert subject.chosen()[0] == (*standard(), late)
    wait_for_numbers(qtbot, subject)
    card = subject.cards[2]
    assert card.alarmed == {"none": 0.0}
    subject.doing.move_plot(card, -1)
    assert [spec.metric for spec in subject.chosen()[0]] == ["events", "late", "bytes"]
    subject.doing.remove_plot(subject.cards[0])
    assert [spec.metric for spec in subject.chosen()[0]] == ["late", "bytes"]
    for each in list(subject.cards):
        subject.doing.remove_plot(each)
    assert subject.empty.isVisible()
    subject.doing.reset_plots()
    assert subject.chosen() == (standard(), ("all", "auto"))


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_the_menu_of_a_plot_does_what_it_says(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    card = subject.cards[0]
    card.menu_button.click()
    menu = next(menu for menu in subject.findChildren(QMenu) if menu.accessibleName() == "What to do with this plot")
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Lines"].isChecked()
    assert not actions["Move before"].isEnabled()
    actions["Stacked"].trigger()
    assert card.spec.scale == STACKED
    actions["Stop reading"].trigger()
    assert subject.feed(card).is_halted
    assert "reading was stopped" in card.state.whole_text()
    menu.close()
    subject.doing.turn_reading(card, on=True)
    qtbot.waitUntil(lambda: card.state.isHidden() and not subject.feed(card).is_stale, timeout=_WAIT_MS)


def test_many_plots_scroll(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    shown_by(qtbot, subject, *[PlotSpec("events", by) for by in ("log", "type", "category", "partition") * 3])
    assert subject.grid.verticalScrollBar().maximum() > 0
    assert all(card.plot.height() > 60 for card in subject.cards)


# ---- files


def test_saved_numbers_are_those_shown_and_no_formula(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    path = write(tmp_path / "a.evcap", [Log([Written(0, "{}", time_us=_NOON_US)], name="=cmd()")])
    subject, _, session = opened(qtbot, path, messages)
    wait_for_numbers(qtbot, subject)
    subject.doing.write(subject.cards[0], tmp_path / "a.csv", picture=False)
    header, row = csv.reader(io.StringIO((tmp_path / "a.csv").read_text()))
    assert header == ["time", "metric", "label", "value", "unit", "guarded"]
    assert row == ["2026-11-23T12:00:00.000000Z", "events", "'=cmd()", "1.0", "events/s", "label"]
    subject.doing.write(subject.cards[0], tmp_path / "none" / "a.csv", picture=False)
    assert "cannot write" in subject.notice.text.whole_text()
    session.close()


@pytest.mark.parametrize("has_table", [False, True])
def test_a_saved_picture_shows_the_plot(qtbot: QtBot, pane: Opened, tmp_path: Path, *, has_table: bool) -> None:
    subject = pane[0]
    (card,) = shown_by(qtbot, subject, PlotSpec("events", "type", has_table=has_table))
    subject.doing.write(card, tmp_path / "a.png", picture=True)
    image = QImage(str(tmp_path / "a.png"))
    assert image.width() >= 1_200
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colors) > 10
    subject.doing.write(card, tmp_path / "none" / "a.png", picture=True)
    assert "cannot write" in subject.notice.text.whole_text()


# ---- when it asks


def test_a_live_capture_is_drawn_as_it_grows_and_only_while_seen(qtbot: QtBot, messages: Messages, tmp_path: Path) -> None:
    with Growing(tmp_path / "a.evcap") as growing:
        growing.append(1_000)
        subject, _, session = opened(qtbot, growing.path, messages)
        wait_for_numbers(qtbot, subject)
        plot = subject.cards[0].plot
        before = len(plot.times)
        growing.append(100_000)
        qtbot.waitUntil(lambda: len(plot.times) > before, timeout=_WAIT_MS)
        subject.hide()
        qtbot.waitUntil(lambda: not any(subject.feed(card).is_reading for card in subject.cards), timeout=_WAIT_MS)
        asked = [subject.feed(card).at_s for card in subject.cards]
        subject.feeds.grown()
        subject.feeds._ask_due()
        assert not any(subject.feed(card).is_reading for card in subject.cards)
        assert [subject.feed(card).at_s for card in subject.cards] == asked
        session.close()


def test_a_slow_answer_is_asked_for_less_often_and_one_at_a_time(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    first, second, _ = shown_by(qtbot, subject, PlotSpec("size"), PlotSpec("largest"), PlotSpec("events"))
    qtbot.waitUntil(lambda: not any(subject.feed(card).is_reading for card in subject.cards), timeout=_WAIT_MS)
    slow, other = subject.feed(first), subject.feed(second)
    slow.took_s = 3.0
    assert slow.pause_s == 30.0
    slow._due_s = time.monotonic() + slow.pause_s
    subject.feeds.grown()
    subject.feeds._ask_due()
    assert not slow.is_reading
    other.took_s, slow._due_s, other._due_s = 3.0, 0.0, 0.0
    other.stop()
    other.is_stale = True
    subject.feeds._ask_due()
    assert [slow.is_reading, other.is_reading].count(True) == 1
    qtbot.waitUntil(lambda: not slow.is_stale and not other.is_stale, timeout=_WAIT_MS)


def test_light_turned_dark_is_followed(qtbot: QtBot, pane: Opened) -> None:
    subject = pane[0]
    for card in subject.cards:
        card.dress()
    subject.set_zone(parse_zone())
    assert "Asia/Kolkata" in subject.note.whole_text() or "+05:30" in subject.note.whole_text()


def parse_zone() -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Kolkata")
