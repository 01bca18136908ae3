"""The metrics pane: events and bytes a second, live, with what was not read hatched. A click is a moment, a drag a range.

Reads rollups through the session, a few times a second and only while it can be seen. Read `plots` for the drawing.
"""

from __future__ import annotations

import csv
import io
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from PySide6.QtCore import QEvent, QPoint, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.legend import Legend
from app.models.bar_counts import unread
from app.models.event_look import zone_name
from app.plain import Panel, set_tip
from app.plot_menu import show_plot_menu
from app.plots import Hatched, Line, TimeLines, busiest, line_colors
from app.selection import Selection
from app.session import Session
from inspector.capture.gaps import Gap, gaps
from inspector.capture.reader import CaptureReader
from inspector.capture.rollup import GROUPINGS, Throughput, throughput

_LIVE_MS = 40
_GAPS_MS = 5_000
_DIM_MS = 300
_MOST_POINTS = 400
_SPANS: dict[str, int | None] = {"last 5 min": 300, "last hour": 3_600, "all": None}
_LEAST_CHARACTERS = 5
"""A box of choices is this wide where room is short."""
_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The answer to one question."""

    found: Throughput | None
    by: str
    is_live: bool


class MetricsPane(Panel):
    """Two plots that share their time axis."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Throughput")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self._seen: _Seen | None = None
        self._gaps: list[Gap] = []
        self._has_gaps = False
        self._is_asking = self._is_stale = False
        self._dressed = style.tokens()
        self._build()
        self._soon = QTimer(self, singleShot=True, interval=_LIVE_MS)
        self._soon.timeout.connect(self._ask)
        self._gaps_soon = QTimer(self, singleShot=True, interval=0)
        self._gaps_soon.timeout.connect(self._ask_gaps)
        self._dim = QTimer(self, singleShot=True, interval=_DIM_MS)
        self._dim.timeout.connect(lambda: self._plots.setEnabled(False))
        session.watermark_changed.connect(self._changed)
        session.capture_ended.connect(self._changed)
        selection.time_range_changed.connect(self._range_changed)

    def _build(self) -> None:
        self.by, self.span = QComboBox(), QComboBox()
        self.by.addItems([f"by {name}" for name in GROUPINGS])
        self.by.setCurrentText("by log")
        self.span.addItems([*_SPANS, "selected range"])
        self.span.setCurrentText("all")
        for box, words in ((self.by, "What the lines are"), (self.span, "Which times are shown")):
            box.setAccessibleName(words)
            set_tip(box, words)
            box.setMinimumContentsLength(_LEAST_CHARACTERS)
            box.currentIndexChanged.connect(lambda _index: self._ask())
        self.copy_button = QPushButton("Copy data")
        set_tip(self.copy_button, "The shown numbers as CSV, safe for spreadsheets")
        self.copy_button.clicked.connect(self.copy_data)
        self.corner.addStretch(1)
        for widget in (self.by, self.span, self.copy_button):
            self.corner.addWidget(widget)
        self.events, self.bytes = TimeLines("Events a second"), TimeLines("Bytes a second")
        for plot, unit in ((self.events, "events/s"), (self.bytes, "bytes/s")):
            plot.getPlotItem().getAxis("left").setLabel(unit)
            plot.clicked.connect(lambda second: self._selection.go_to_moment(self.events.step_at(second)))
            plot.brushed.connect(self._brushed)
            plot.hovered.connect(self._hovered)
            plot.menu_wanted.connect(self._menu)
        self._plots = QWidget()
        self.legend = Legend()
        self.legend.menu_wanted.connect(lambda name, at: self._menu(None, name, at))
        said = QHBoxLayout()
        said.setContentsMargins(4, 0, style.INSIDE_PX, 0)
        said.addWidget(self.legend, 3)
        said.addWidget(self.note, 4)
        self.body.addLayout(said)
        whole, row = QVBoxLayout(self._plots), QHBoxLayout()
        whole.setContentsMargins(4, 0, 4, 4)
        whole.addLayout(row, 1)
        row.setSpacing(style.GAP_PX)
        row.addWidget(self.events)
        row.addWidget(self.bytes)
        self.empty = Empty("Nothing to plot yet.", "Events with a time are plotted as they are captured.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._plots)
        self.body.addWidget(self._stack, 1)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        for plot in (self.events, self.bytes):
            plot.set_zone(zone)
        self._say()

    def choose(self, by: str, span: str) -> None:
        """Plots by one of `GROUPINGS`, over the times of that name."""
        self.by.setCurrentText(f"by {by}")
        self.span.setCurrentText(span)

    def chosen(self) -> tuple[str, str]:
        """What `choose` would be told."""
        return GROUPINGS[self.by.currentIndex()], self.span.currentText()

    # ---- asking

    def _changed(self, _what: object = None) -> None:
        self._is_stale = True
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks again at what changed while it was hidden."""
        super().showEvent(event)
        self._changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Costs nothing while it cannot be seen."""
        super().hideEvent(event)
        self._soon.stop()

    def _ask(self) -> None:
        if self._session.watermark is None:
            return
        if self._is_asking:
            self._is_stale = True
            return
        self._is_asking, self._is_stale = True, False
        by, is_live = GROUPINGS[self.by.currentIndex()], self._session.is_capturing or self._session.work.lets_go
        last_s, span_s = _SPANS.get(self.span.currentText()), self._chosen_range()

        def look(reader: CaptureReader) -> _Seen:
            return _Seen(throughput(reader, by, most_points=_MOST_POINTS, last_s=last_s, span_s=span_s), by, is_live)

        self._dim.start()
        self._session.work.run(look, self._show, self._fail, lane="metrics")

    def _chosen_range(self) -> tuple[int, int] | None:
        wanted = self._selection.time_range
        if self.span.currentText() in _SPANS or wanted is None:
            return None
        return wanted[0] // 1_000_000, -(-wanted[1] // 1_000_000)

    def _ask_gaps(self) -> None:
        if self.isVisible():
            self._session.work.run(gaps, self._show_gaps, lambda _sentence: None, lane="gaps")

    # ---- showing

    def _show(self, seen: _Seen) -> None:
        self._done()
        self._seen = seen
        if seen.found is None:
            self.empty.show_text("Nothing to plot yet.", "Events with a time are plotted as they are captured.")
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        found = seen.found
        cut = 1 if seen.is_live and found.width_s <= 60 else 0  # the newest step is still being filled: it would be a dip
        for plot, counts in ((self.events, found.events), (self.bytes, found.bytes)):
            plot.show_lines(found.first_s, found.width_s, _without_newest(busiest(counts, found.width_s), cut))
        self.legend.show_colors(line_colors(self.events.lines))
        if not self._gaps_soon.isActive():
            self._gaps_soon.start(_GAPS_MS if self._has_gaps else 0)
        self._draw_gaps()
        self._say()
        self._describe()

    def _fail(self, sentence: str) -> None:
        self._done()
        if sentence != "stopped":
            self.note.show_text(f"The throughput could not be read: {sentence}")

    def _done(self) -> None:
        self._is_asking = False
        self._dim.stop()
        self._plots.setEnabled(True)
        if self._is_stale and self.isVisible():
            self._soon.start()

    def _show_gaps(self, found: list[Gap]) -> None:
        self._gaps, self._has_gaps = found, True
        self._draw_gaps()
        self._say()

    def _draw_gaps(self) -> None:
        times = self.events.times
        if not len(times):
            return
        first_us, until_us = int(times[0] * 1_000_000), int(times[-1] * 1_000_000)
        found = [(max(low / 1e6, times[0]), min(high / 1e6, times[-1]), text) for low, high, text in unread(self._gaps, first_us, until_us)]
        stretches = [Hatched(low, high, text) for low, high, text in found if low < high]
        for plot in (self.events, self.bytes):
            plot.show_hatched(stretches)

    def _say(self, place: int | None = None) -> None:
        """The line above the plots: the numbers under the crosshair, else how the plot is to be read."""
        if self._seen is None or self._seen.found is None or not len(self.events.times):
            return
        if place is not None:
            at = datetime.fromtimestamp(self.events.times[place], self._zone).strftime("%Y-%m-%d %H:%M:%S")
            rates = " · ".join(f"{name} {values[place]:,.1f}/s" for name, values in self.events.lines.items())
            self.note.show_text(f"{at} {zone_name(self._zone)} · {rates}")
            return
        missing = sum(gap.positions for gap in self._gaps)
        parts = [f"{self._seen.found.width_s:,} s steps", f"event time ({zone_name(self._zone)})"]
        self.note.show_text(" · ".join([*parts, *([f"{missing:,} positions not read"] if missing else [])]))

    def _describe(self) -> None:
        """The newest numbers in words, for those who do not see the lines."""
        for plot, unit in ((self.events, "events"), (self.bytes, "bytes")):
            newest = ", ".join(f"{name} {values[-1]:,.1f}" for name, values in plot.lines.items() if len(values))
            plot.setAccessibleDescription(f"newest {unit} a second: {newest}")

    # ---- pointing

    def _hovered(self, place: object) -> None:
        for plot in (self.events, self.bytes):
            plot.point(place if isinstance(place, int) else None)
        self._say(place if isinstance(place, int) and place < len(self.events.times) else None)

    def _brushed(self, stretch: object) -> None:
        assert isinstance(stretch, tuple)
        self._selection.choose_time_range((int(stretch[0] * 1_000_000), int(stretch[1] * 1_000_000) + 1))

    def _menu(self, span: object, name: object, at: QPoint) -> None:
        show_plot_menu(
            self,
            at,
            self._selection,
            by=GROUPINGS[self.by.currentIndex()],
            names=list(self.events.lines),
            pointed=name if isinstance(name, str) else None,
            span_us=span if isinstance(span, tuple) else None,
        )

    def _range_changed(self, span: object) -> None:
        stretch = (span[0] / 1e6, span[1] / 1e6) if isinstance(span, tuple) else None
        for plot in (self.events, self.bytes):
            plot.show_brush(stretch)
        if self.span.currentText() not in _SPANS:
            self._ask()

    def copy_data(self) -> None:
        """Copies the shown numbers as CSV: a time and a rate for each line."""
        out = io.StringIO()
        lines = csv.writer(out)
        tables = (("events/s", self.events.lines), ("bytes/s", self.bytes.lines))
        names = [(unit, name) for unit, table in tables for name in table]
        lines.writerow(["time", *(_cell(f"{name} {unit}") for unit, name in names)])
        columns = [table[name] for _, table in tables for name in table]
        for place, second in enumerate(self.events.times):
            lines.writerow(
                [datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), *(f"{values[place]:g}" for values in columns)]
            )
        QGuiApplication.clipboard().setText(out.getvalue())

    def copy_command(self) -> None:
        """Copies the command that prints these numbers."""
        if self._seen is not None and self._seen.found is not None:
            command = ["eventscope", "count", str(self._session.path), "--by", self._seen.by, "--every", f"{self._seen.found.width_s}s"]
            QGuiApplication.clipboard().setText(self._session.said(shlex.join(command)))

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "bytes") and self._dressed is not style.tokens():
            self._dressed = style.tokens()
            for plot in (self.events, self.bytes):
                plot.dress()
            self.legend.show_colors(line_colors(self.events.lines))


def _without_newest(lines: dict[str, Line], cut: int) -> dict[str, Line]:
    return {name: values[: len(values) - cut] if len(values) > 1 else values for name, values in lines.items()}


def _cell(text: str) -> str:
    """A name as a spreadsheet takes it: never a formula."""
    return f"'{text}" if text.startswith(_SPREADSHEET) else text
